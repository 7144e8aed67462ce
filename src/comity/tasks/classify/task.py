# SPDX-License-Identifier: Apache-2.0
"""`classify` as a task: labels, with what each is for or a few examples, and one text."""

from __future__ import annotations

import hashlib

import msgspec

from comity.errors import CallerError
from comity.tasks.classify.chooser import MARGIN_MIN, Choice, Chooser, Label
from comity.tasks.language import UNKNOWN, language_of
from comity.tasks.shapes import Draft, Gate
from comity.tasks.task import Ask
from comity.tasks.vectors import Maker, vectors_of
from comity.wire.request import Operation

CHARACTERS_MAX = 20_000


class Classify(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``outside``: texts that belong to none of the labels.  ``language``: "" where it is to be seen by the text."""

    text: str
    labels: tuple[Label, ...]
    outside: tuple[str, ...] = ()
    language: str = ""
    margin: float = MARGIN_MIN  # how far the best label must be ahead of the second

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > CHARACTERS_MAX:
            raise CallerError(f"the text has not 1 to {CHARACTERS_MAX} characters", code="request.invalid", field="text")
        if len(self.labels) < 2:
            raise CallerError("there are fewer than two labels", code="request.invalid", field="labels", hint="name what it may be")
        if not 0 <= self.margin <= 1:
            raise CallerError("`margin` is not between 0 and 1", code="request.invalid", field="margin")


CHOOSERS_MAX = 8
"""Kept from one call to the next, the last ones used; one over 384 numbers and 30 labels takes 2 MB."""


class ClassifyTask:
    name = "classify"
    operation: Operation = "embeddings"

    def __init__(self) -> None:
        self._choosers: dict[tuple[bytes, Maker], Chooser] = {}

    def language(self, asked: Classify) -> str:
        tag = asked.language or language_of(asked.text).tag.partition("-")[0]
        return "en" if tag == UNKNOWN else tag

    def size(self, asked: Classify) -> int:
        return len(asked.text)

    async def draft(self, asked: Classify, ask: Ask) -> Draft[Choice]:
        seen = await vectors_of((asked.text,), ask)
        chooser = await self._chooser(asked, seen.by, ask)
        (choice,) = chooser.of(seen, margin_min=asked.margin)
        return Draft(value=choice, abstained=choice.abstained, why=choice.why, sure=choice.sure, margin=choice.margin)

    async def _chooser(self, asked: Classify, by: Maker, ask: Ask) -> Chooser:
        """Whoever names the same labels and examples, and whose texts the same model reads, has the same one."""
        said = hashlib.sha256(msgspec.json.encode((asked.labels, asked.outside))).digest()
        chooser = self._choosers.pop((said, by), None) or await Chooser.fit(asked.labels, ask, outside=asked.outside)
        self._choosers[said, chooser.by] = chooser
        while len(self._choosers) > CHOOSERS_MAX:
            del self._choosers[next(iter(self._choosers))]
        return chooser

    def gates(self, asked: Classify, draft: Draft[Choice]) -> tuple[Gate, ...]:
        """What is out of scope is an answer, not a fault: that none fits is said by the draft itself."""
        known = draft.value.label in {label.id for label in asked.labels}
        return (Gate(name="schema", passed=known, why="" if known else "label_unknown"),)
