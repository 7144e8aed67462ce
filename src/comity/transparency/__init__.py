# SPDX-License-Identifier: Apache-2.0
"""Merkle logs, their entries, checkpoints, proofs, tiles and witnesses; receipts.

Owns canonical form, hashing, signing and offline verification.
Will not know what a request said: it sees commitments and codes.
"""
