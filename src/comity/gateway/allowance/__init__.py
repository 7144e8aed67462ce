# SPDX-License-Identifier: Apache-2.0
"""What a caller may do and how much of it: keys, rates, budgets.

Owns what is counted against a key or its tenant.  Will not decide where anything may go: the law does, and an allowance only narrows.
"""
