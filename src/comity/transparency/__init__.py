# SPDX-License-Identifier: Apache-2.0
"""The Merkle log, its entries, checkpoints, proofs and receipts.

Owns canonical form, hashing, signing and offline verification.
Will not know what a request said: it sees commitments and codes.
"""
