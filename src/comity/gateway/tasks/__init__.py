# SPDX-License-Identifier: Apache-2.0
"""Tasks behind the front door: which places there are for a caller, each asked through the seven steps, and `/comity/v1/tasks`.

Owns what a task may ask of this gateway.  Knows no prompt, and judges nothing itself.
"""
