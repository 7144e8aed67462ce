# SPDX-License-Identifier: Apache-2.0
"""Does what rules say through the assistant: notices are shown, what is bound to the person's files is done and journalled there, and the
rest is handed to a program of the person's, if there is one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from comity.errors import CallerError
from comity.tasks.assist.doing import Doer
from comity.tasks.assist.intents import Intents
from comity.tasks.assist.journal import Journal
from comity.tasks.automate.surroundings import Outcome
from comity.tasks.automate.telling import NOTICE

Handed = Callable[[str, Mapping[str, Any], str], Awaitable[bool]]
"""Intent, arguments, key: whether it was done."""
BY = "rule "


class Through:
    """``every``: all intents that rules may name; ``bound`` those that the person's files can do."""

    def __init__(
        self, every: Intents, bound: Intents, doer: Doer, journal: Journal, show: Callable[[str], None], hand: Handed | None = None
    ) -> None:
        self._every, self._bound, self._doer, self._journal = every, bound, doer, journal
        self._show, self._hand = show, hand

    async def run(self, intent: str, arguments: Mapping[str, Any], key: str, *, permitted: bool) -> Outcome:
        if intent == NOTICE:
            self._show(str(arguments.get("text", "")))
            return Outcome(done=True)
        if intent in to_confirm(self._every, (intent,)) and not permitted:
            return Outcome(done=False, waits=True, error="needs_confirming")
        if intent in self._bound:
            found = self._bound.named(intent)
            try:
                made = await self._doer.call(found, arguments, allowed_by=BY + key, by="rule", why=key)
            except TypeError:  # what is bound to it takes other arguments
                raise CallerError(
                    f"nothing here does `{intent}`", code="assist.not_bound", status=501, hint="bind a function to it"
                ) from None
            told = ", ".join(map(str, made.answer)) if isinstance(made.answer, list | tuple) else str(made.answer or "")
            return Outcome(done=not made.error, error=made.error, told=told)
        if self._hand is not None:
            return Outcome(done=True) if await self._hand(intent, arguments, key) else Outcome(done=False, error="handed_and_failed")
        return Outcome(done=False, error="assist.not_bound")

    async def known(self, key: str) -> Outcome | None:
        """By the assistant's journal."""
        found = next((each for each in self._journal if each.allowed_by == BY + key and each.what in ("done", "failed")), None)
        return None if found is None else Outcome(done=found.what == "done", error=found.error)


def to_confirm(intents: Intents, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those that ask first, unless the person let the rule do them when it was switched on."""
    return tuple(dict.fromkeys(each for each in names if each not in intents or intents.named(each).confirm != "never"))
