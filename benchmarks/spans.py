# SPDX-License-Identifier: Apache-2.0
"""Spans that were found, held against those that should be: by type, what leaked, and what was hidden needlessly.

An item has `text`, `spans` that must be found, `negatives` that must be left alone, `optional` text that may be either, and perhaps
`eval_types`, the only types that it is labelled for.  Places are code points, ends exclusive.

    strict      start, end and type are the same
    overlap     recall: half of a span is found as its type; precision: half of what was found is of that type (optional text aside)
    leak        letters and digits of spans that nothing covers, of whatever type
    over        letters and digits hidden that belong to no span and to no optional text
    clean       items without a span in which something was found
    negatives   of which something was hidden
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

TYPES = (
    "PERSON", "EMAIL", "PHONE", "ADDRESS", "NATIONAL_ID", "PASSPORT", "DRIVER_LICENSE", "BANK_CARD", "BANK_ACCOUNT", "DOB", "IP", "PLATE",
    "USERNAME", "SECRET",
)  # fmt: skip
_REAL_PLACES = ("eponym", "zheponym")  # kinds of negatives that are places: to call one an address is no error


class Span(NamedTuple):
    start: int
    end: int
    type: str

    @property
    def places(self) -> range:
        return range(self.start, self.end)


class Measured(NamedTuple):
    """Precision, recall and their harmonic mean; None where there was nothing to find, or nothing found."""

    precision: float | None
    recall: float | None
    f1: float | None


class Tally(Counter[str]):
    """Of one type, or of all."""

    def _share(self, of: str, among: str) -> float | None:
        return self[of] / self[among] if self[among] else None

    def _measured(self, kind: str) -> Measured:
        precision, recall = self._share(f"{kind} right", "found"), self._share(f"{kind} met", "gold")
        if precision and recall:
            return Measured(precision, recall, 2 * precision * recall / (precision + recall))
        return Measured(precision, recall, 0.0 if self["gold"] or self["found"] else None)

    @property
    def strict(self) -> Measured:
        return self._measured("strict")

    @property
    def overlap(self) -> Measured:
        return self._measured("overlap")

    @property
    def leak(self) -> float | None:
        """Share of characters."""
        return self._share("left", "characters")

    @property
    def leaked_partly(self) -> float | None:
        return self._share("partly", "gold")

    @property
    def leaked_fully(self) -> float | None:
        return self._share("fully", "gold")


class Score:
    """Of items added one by one."""

    def __init__(self) -> None:
        self.types: defaultdict[str, Tally] = defaultdict(Tally)
        self.whole = Tally()
        self.negatives: defaultdict[str, Counter[str]] = defaultdict(Counter)  # by kind: number, hit

    @property
    def all(self) -> Tally:
        total = Tally()
        for each in self.types.values():
            total.update(each)
        return total

    @property
    def macro_f1(self) -> float:
        """The mean of the types that there are."""
        found = [each.overlap.f1 or 0.0 for each in self.types.values() if each["gold"]]
        return sum(found) / max(1, len(found))

    @property
    def over(self) -> float:
        return self.whole["hidden"] / max(1, self.whole["outside"])

    @property
    def clean_hit(self) -> float | None:
        return self.whole["clean hit"] / self.whole["clean"] if self.whole["clean"] else None

    @property
    def negatives_hit(self) -> float | None:
        number = sum(each["number"] for each in self.negatives.values())
        return sum(each["hit"] for each in self.negatives.values()) / number if number else None

    def add(self, item: Mapping[str, Any], found: Iterable[Span]) -> None:
        text = item["text"]
        asked = item.get("eval_types") or TYPES
        gold = [span for span in _spans(item["spans"]) if span.type in asked]
        in_gold = _covered(gold)
        optional = _covered(_spans(item.get("optional", ())))
        negatives = [(Span(each["start"], each["end"], ""), each["kind"]) for each in item.get("negatives", ())]
        every = list(dict.fromkeys(trimmed for trimmed in (_trimmed(span, text) for span in found) if trimmed.start < trimmed.end))
        counted = [
            span
            for span in every
            if (not item.get("eval_types") or span.type in asked) and not _excused(span, in_gold, optional, negatives)
        ]
        self._add_gold(text, gold, counted, _covered(every))
        self._add_found(gold, counted, optional)
        hidden = _covered(counted)
        outside = [at for at, letter in enumerate(text) if letter.isalnum() and at not in in_gold and at not in optional]
        self.whole.update({"items": 1, "outside": len(outside), "hidden": sum(at in hidden for at in outside)})
        if not gold:
            self.whole.update({"clean": 1, "clean hit": bool(counted)})
        for span, kind in negatives:
            self.negatives[kind].update({"number": 1, "hit": not hidden.isdisjoint(span.places)})

    def _add_gold(self, text: str, gold: Sequence[Span], counted: Sequence[Span], covered: set[int]) -> None:
        of_type = _by_type(counted)
        for span in gold:
            met = sum(at in of_type[span.type] for at in span.places)
            letters = [at for at in span.places if text[at].isalnum()]
            left = sum(at not in covered for at in letters)
            self.types[span.type].update({
                "gold": 1, "strict met": span in counted, "overlap met": met > 0 and 2 * met >= span.end - span.start,
                "characters": len(letters), "left": left, "partly": left > 0, "fully": left == len(letters),
            })  # fmt: skip

    def _add_found(self, gold: Sequence[Span], counted: Sequence[Span], optional: set[int]) -> None:
        of_type = _by_type(gold)
        for span in counted:
            right = sum(at in of_type[span.type] for at in span.places)
            slack = sum(at in optional and at not in of_type[span.type] for at in span.places)
            self.types[span.type].update({
                "found": 1, "strict right": span in gold,
                "overlap right": right > 0 and 2 * right >= span.end - span.start - slack,
            })  # fmt: skip


def _spans(rows: Iterable[Mapping[str, Any]]) -> list[Span]:
    return [Span(row["start"], row["end"], row["type"]) for row in rows]


def _covered(spans: Iterable[Span]) -> set[int]:
    return {at for span in spans for at in span.places}


def _by_type(spans: Iterable[Span]) -> defaultdict[str, set[int]]:
    out: defaultdict[str, set[int]] = defaultdict(set)
    for span in spans:
        out[span.type].update(span.places)
    return out


def _trimmed(span: Span, text: str) -> Span:
    """Space at the ends is neither right nor wrong."""
    start, end = max(0, span.start), min(len(text), span.end)
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end, span.type)


def _excused(span: Span, in_gold: set[int], optional: set[int], negatives: Sequence[tuple[Span, str]]) -> bool:
    """Beside every span that should be found, and yet no error."""
    if not in_gold.isdisjoint(span.places):
        return False
    if optional.issuperset(span.places):
        return True
    return span.type == "ADDRESS" and any(kind in _REAL_PLACES and at.start <= span.start and span.end <= at.end for at, kind in negatives)
