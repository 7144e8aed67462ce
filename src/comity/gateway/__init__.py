# SPDX-License-Identifier: Apache-2.0
"""The seven steps, and the roles that run them.

Owns the pipeline, the front door, callers' keys and limits, and the discharging of obligations.
Will not hold a rule of law or a partner's wire format.
"""
