# SPDX-License-Identifier: Apache-2.0
"""How the founding case is told: in English and Chinese, each claim measured before it is said; the first that does not hold ends it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from comity.errors import ComityError
from comity.lab.capture import Capture
from comity.lab.process import Process, call


class Broken(ComityError):
    """A claim of the story did not hold."""

    default_code = "case.broken"
    exit_code = 1


class Teller:
    """Prints the story; `--json` collects the same evidence instead."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self.evidence: list[dict[str, Any]] = []

    def act(self, number: int, english: str, chinese: str) -> None:
        self.evidence.append({"act": number, "title": english, "claims": []})
        self._say(f"\n{number}. {english}\n   {chinese}")

    def show(self, label: str, value: str) -> None:
        self.evidence[-1].setdefault("shown", {})[label] = value
        lines = value.strip().splitlines() or [""]
        self._say(f"     {label}: {lines[0][:150]}" + "".join(f"\n       {line[:150]}" for line in lines[1:6]))

    def holds(self, claim: bool, english: str, chinese: str) -> None:
        self.evidence[-1]["claims"].append({"claim": english, "holds": claim})
        self._say(f"   {'✓' if claim else '✗'} {english} · {chinese}")
        if not claim:
            raise Broken(f"act {self.evidence[-1]['act']}: this did not hold: {english}")

    def not_run(self, what: str) -> None:
        self.evidence[-1]["claims"].append({"claim": what, "holds": None})
        self._say(f"   NOT RUN: {what}")

    def _say(self, text: str) -> None:
        if not self._json:
            print(text, flush=True)


class Wire:
    """What reached a process, by its port: captured packets where that is permitted, else a partner's own counters."""

    def __init__(self, capture: Capture | None) -> None:
        self._capture = capture

    def received(self, partner: Process) -> bytes:
        if self._capture is not None:
            return self._capture.payload(partner.port)
        counters = call(partner.base, "GET", "/_lab/received").json()
        return b"".join(json.dumps(body, ensure_ascii=False).encode() for body in map(itemgetter("body"), counters["received"]))

    def silent(self, partner: Process) -> bool:
        if self._capture is not None:
            return self._capture.segments(partner.port) == 0
        counters = call(partner.base, "GET", "/_lab/received").json()
        return bool(counters["requests"] == 0)

    def passed(self, processes: Sequence[Process]) -> bytes | None:
        """All that went to them and came from them; None where packets cannot be captured: who passes bytes on has no counters."""
        if self._capture is None:
            return None
        return b"".join(self._capture.payload(each.port) + self._capture.answers(each.port) for each in processes)
