# SPDX-License-Identifier: Apache-2.0
"""What was found in a text.  A Finding holds places and types, never the text itself."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`start` and `end` are code points of the caller's text, end exclusive."""

    type: str  # EMAIL | PHONE | BANK_CARD | NATIONAL_ID | SECRET | …
    category: str | None  # id in the vocabulary, or None where the law has no category for it (a secret)
    start: int
    end: int
    recognizer: str


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What all texts of one request carry.

    by_text:    findings of each text, in the order the texts were given; empty for a text whose scan failed
    categories: vocabulary ids found
    types:      types found
    failed:     a recogniser broke: the request must be treated as carrying unknown personal data
    images:     the request's images as they leave, what was found painted over; empty where none were read: they leave as they came
    """

    by_text: tuple[tuple[Finding, ...], ...] = ()
    categories: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    failed: bool = False
    images: tuple[str, ...] = ()


def masked(text: str, findings: Sequence[Finding]) -> str:
    """Each finding replaced by its type, for what no answer brings back: equal texts stay equal, and nobody can be told apart."""
    out, at = [], 0
    for finding in sorted(findings, key=lambda finding: finding.start):
        out += [text[at : finding.start], finding.type]
        at = finding.end
    return "".join(out) + text[at:]
