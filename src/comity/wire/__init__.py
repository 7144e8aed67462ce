# SPDX-License-Identifier: Apache-2.0
"""Shapes that callers see: chat requests, answers, models.

Owns the field lists: what is not listed here is refused or dropped aloud, never forwarded.
Will not know law, providers, clocks or storage.
"""
