# SPDX-License-Identifier: Apache-2.0
"""Calls before they are calls, and how one becomes another."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec

from comity.tasks.assist.intents import Intent
from comity.tasks.assist.plan import Argument, Call, Question, Span


class Draft(msgspec.Struct, kw_only=True):
    """A call as it becomes one over several turns."""

    intent: Intent
    said: Span
    arguments: dict[str, Argument] = {}
    question: Question | None = None
    by: str = ""
    why: str = ""

    def call(self) -> Call:
        return Call(intent=self.intent.name, said=self.said, arguments=self.arguments, chosen_by=self.by, why=self.why)


class Branches(msgspec.Struct, kw_only=True):
    asks: Draft
    holds: Any
    then: list[Draft]
    otherwise: list[Draft]


class Abstain(Exception):
    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code, self.words = code, words


def first_of(draft: Draft, found: dict[str, Argument]) -> dict[str, Argument]:
    """An alarm that is to ring on weekdays first rings on one."""
    repeat = next((found[each.name] for each in draft.intent.parameters if each.kind == "recurrence" and each.name in found), None)
    at = next((each.name for each in draft.intent.parameters if each.kind == "datetime"), "")
    first = found.get(at) or draft.arguments.get(at)
    days = re.search(r"BYDAY=([A-Z,]+)", str(repeat.value)) if repeat is not None else None
    if days is None or first is None:
        return {}
    moment = datetime.fromisoformat(first.value)
    while ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][moment.weekday()] not in days.group(1):
        moment += timedelta(days=1)
    return {at: msgspec.structs.replace(first, value=moment.isoformat(timespec="minutes"))}


def unread_of(draft: Draft) -> Question | None:
    """What was not read of one request is not read the better for another in its place."""
    return draft.question if draft.question is not None and draft.question.why == "unread" else None


def standing(argument: Argument, text: str, whole: Span) -> Argument:
    """With spans that stand in the turn as it was said."""
    spans = tuple(each if each.turn != whole.turn or text[each.start : each.end] == each.text else whole for each in argument.said)
    return msgspec.structs.replace(argument, said=spans)
