# SPDX-License-Identifier: Apache-2.0
"""May it go, and on what terms: Facts -> Decision.

Owns the engine, its cache, and the check that every obligation has a discharger.
Will not do input or output of any kind, read a clock, or name a country.
"""
