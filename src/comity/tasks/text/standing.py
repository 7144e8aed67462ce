# SPDX-License-Identifier: Apache-2.0
"""Where a piece of an answer stands in the caller's text: by its characters, else by its words where only spaces and case differ."""

from __future__ import annotations

import re

from comity.tasks.shapes import Evidence

NOWHERE = -1
_EDGES = " \t\r\n\"'“”‘’「」『』.。…"


def standing(text: str, piece: str) -> Evidence:
    """``start`` is NOWHERE where it does not stand there; else ``text`` is the caller's own spelling of it."""
    wanted = piece.strip()
    for form in dict.fromkeys((wanted, wanted.strip(_EDGES))):
        if form and (at := text.find(form)) >= 0:
            return Evidence(text=form, start=at, end=at + len(form))
    words = wanted.strip(_EDGES).split()
    if words and len(wanted) <= 4000:
        found = re.search(r"\s+".join(map(re.escape, words)), text, re.I)
        if found is not None:
            return Evidence(text=found[0], start=found.start(), end=found.end())
    return Evidence(text=wanted, start=NOWHERE, end=NOWHERE)
