# SPDX-License-Identifier: Apache-2.0
"""The gates of a text task: what every kind of answer must hold to, in one place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from comity.tasks.shapes import Evidence, Gate

SURE_MIN = -1.6
"""Mean log-probability of a token below which a model wrote what it hardly believed itself."""
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LETTER = re.compile(r"[^\W\d_]")


def checked(
    kind: str, *, source: str, answer: str, language: str, sure: float | None, to: str = "", most: int = 0, question: str = "",
    evidence: Sequence[Evidence] | None = None,
) -> tuple[Gate, ...]:  # fmt: skip
    """``kind``: one of `gates.check.KINDS`, or `keywords`.  ``most``: characters of an answer."""
    from comity.tasks.gates.check import KINDS, check

    gates = [_language(answer, to or language)] if kind != "extraction" else []
    if most:
        gates.append(Gate(name="length", passed=len(answer) <= most, why="" if len(answer) <= most else "too_long"))
    if evidence is not None:
        gates.append(verbatim(source, evidence))
    if kind in KINDS:
        gates += check(kind, source=source, answer=answer, language=language, to=to, question=question)
    if sure is not None:
        gates.append(Gate(name="sure", passed=sure >= SURE_MIN, why="" if sure >= SURE_MIN else "unsure"))
    return tuple(gates)


def verbatim(source: str, evidence: Sequence[Evidence]) -> Gate:
    wrong = next((each for each in evidence if source[each.start : each.end] != each.text or not each.text), None)
    return Gate(name="evidence", passed=wrong is None, why="" if wrong is None else "not_verbatim", said=wrong.text if wrong else "")


def _language(answer: str, language: str) -> Gate:
    """By script: Chinese is mostly Han, and no language without Han is."""
    letters = len(_LETTER.findall(answer))
    share = len(_HAN.findall(answer)) / letters if letters else 0.0
    base = language.partition("-")[0]
    right = True if letters < 4 or base == "ja" else share >= 0.3 if base == "zh" else share <= 0.2
    return Gate(name="language", passed=right, why="" if right else "other_language")
