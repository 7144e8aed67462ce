# SPDX-License-Identifier: Apache-2.0
"""A world of regions on one machine: stand-in partners, simulated ones with their faults, and the founding case.

Owns processes that play partners on loopback, with real models or from their documentation.
Will not be reachable from any other machine.
"""
