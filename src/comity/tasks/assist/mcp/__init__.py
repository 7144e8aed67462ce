# SPDX-License-Identifier: Apache-2.0
"""Intents for other agents, and other servers' tools as intents, by the Model Context Protocol (official SDK, standard input and output).

Another agent's call is not the user's word: what changes anything is confirmed by the user, through that agent's own form, or refused.
Another server's descriptions are shown to the user and read by nobody else.
"""
