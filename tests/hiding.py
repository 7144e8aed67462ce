# SPDX-License-Identifier: Apache-2.0
"""Texts with their findings marked in them, hidden and brought back: what tests of stand-ins are written in."""

from __future__ import annotations

import re

from comity.privacy.findings import Finding
from comity.privacy.pseudonym import Pseudonyms
from comity.privacy.surrogate import SurrogateVault

NONCE = bytes(range(1, 9))


def marked(text: str) -> tuple[str, list[Finding]]:
    """`{PERSON:Lena}` marks a finding."""
    out, findings, done = "", [], 0
    for found in re.finditer(r"\{([A-Z_]+):([^{}]*)\}", text):
        out += text[done : found.start()]
        findings.append(Finding(type=found[1], category=None, start=len(out), end=len(out) + len(found[2]), recognizer="given"))
        out += found[2]
        done = found.end()
    return out + text[done:], findings


def sent(vault: Pseudonyms, text: str) -> str:
    """``text`` as it leaves; that it comes back is checked on the way."""
    written, findings = marked(text)
    out = vault.protect(written, findings)
    assert vault.restore(out) == written
    return out


def one(kind: str, original: str, nonce: bytes = NONCE) -> str:
    return sent(SurrogateVault(nonce), f"{{{kind}:{original}}}")
