# SPDX-License-Identifier: Apache-2.0
"""Agreements between people: the evidence register; consent records; later proposals with a quorum, dossiers.

Owns what people vouch for: who said it, on which document, for how long.
Will not judge whether it suffices: packs say what is owed, policy holds the two together.
"""
