# SPDX-License-Identifier: Apache-2.0
"""A world of regions on one machine: stand-in partners and the founding case.

Owns processes that play partners with real models on loopback.
Will not be reachable from any other machine.
"""
