# SPDX-License-Identifier: Apache-2.0
"""Summarise, rewrite, translate and the rest, as typed functions on any provider.

Will own prompts per language and the gates on each answer.
Empty until the device work lands.
"""
