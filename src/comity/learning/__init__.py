# SPDX-License-Identifier: Apache-2.0
"""Federated rounds, secure aggregation and privacy accounting.

Will own what may be learnt without moving a person's data, and its budget.
Empty until the learning work lands.
"""
