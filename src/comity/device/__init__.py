# SPDX-License-Identifier: Apache-2.0
"""Local runtimes, and a provider with no network; personal context that stays.

Owns model manifests, fetching with a checked hash, and the process that runs native code.
Will not send anything anywhere.
"""
