# SPDX-License-Identifier: Apache-2.0
"""Decision + catalog + health -> ordered attempts, strictly inside what was allowed.

Owns the RoutePlan.
Will not read an adapter or widen a decision.
"""
