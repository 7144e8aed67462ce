# SPDX-License-Identifier: Apache-2.0
"""The sealed client: a node is one more deployment, asked through a seal once it has proved what it is.

Owns the check of a node before anything is sealed to it, the sealing and opening around one request, and the check of the receipt that
the node gives.  Will not send a byte in clear, ask a node that did not prove itself, or show a cut answer as whole.
"""
