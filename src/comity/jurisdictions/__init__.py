# SPDX-License-Identifier: Apache-2.0
"""Packs: dated, cited facts, tables and Cedar policies, one folder a jurisdiction.

Owns loading and checking them, the vocabulary, and the tree of regions.
Will not decide anything: it reads.
"""
