# SPDX-License-Identifier: Apache-2.0
"""HPKE, Oblivious HTTP, key configurations, attestation.

Will own sealing and opening and the one verification path of a node.
Will not hold an "unverified" mode. Empty until the sealing work lands; nothing here pretends to seal.
"""
