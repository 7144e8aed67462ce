# SPDX-License-Identifier: Apache-2.0
"""How the founding case is told: in English and Chinese, each claim measured before it is said; the first that does not hold ends it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from operator import itemgetter
from typing import Literal

import msgspec

from comity.errors import ComityError
from comity.gateway.story import Act, Claim, End, Promise, Said, Shown, continued
from comity.lab.capture import Capture
from comity.lab.process import Process, call

Form = Literal["text", "acts", "lines"]


class Broken(ComityError):
    """A claim of the story did not hold."""

    default_code = "case.broken"
    exit_code = 1


class Teller:
    """Prints the story; ``form`` `acts` prints it whole as JSON once it is over, `lines` a line of JSON as each thing is told."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._acts: tuple[Act, ...] = ()

    def act(self, number: int, english: str, chinese: str) -> None:
        self._tell(Act(act=number, title=Said(en=english, zh=chinese)), f"\n{number}. {english}\n   {chinese}")

    def show(self, label: str, label_zh: str, value: str, value_zh: str = "") -> None:
        """``value_zh``: where what was found is said in words of ours."""
        lines = value.strip().splitlines() or [""]
        name = label if label == label_zh else f"{label} {label_zh}"
        text = f"     {name}: {lines[0][:150]}" + "".join(f"\n       {line[:150]}" for line in lines[1:6])
        self._tell(Shown(label=Said(en=label, zh=label_zh), value=Said(en=value, zh=value_zh or value)), text)

    def holds(self, claim: bool, english: str, chinese: str, promise: Promise | None = None) -> None:
        said = Claim(claim=Said(en=english, zh=chinese), holds=claim, promise=promise)
        self._tell(said, f"   {'✓' if claim else '✗'} {english} · {chinese}")
        if not claim:
            self.end(held=False)
            raise Broken(f"act {self._acts[-1].act}: this did not hold: {english}")

    def not_run(self, english: str, chinese: str, promise: Promise | None = None) -> None:
        said = Claim(claim=Said(en=english, zh=chinese), holds=None, promise=promise)
        self._tell(said, f"   NOT RUN: {english} · 未测：{chinese}")

    def end(self, *, held: bool = True) -> None:
        if self._form == "acts" and held:
            print(json.dumps({"acts": msgspec.to_builtins(self._acts)}, ensure_ascii=False, indent=2))
        elif self._form == "lines":
            print(msgspec.json.encode(End(held=held)).decode(), flush=True)

    def _tell(self, line: Act | Shown | Claim, text: str) -> None:
        self._acts = continued(self._acts, line)
        if self._form != "acts":
            print(text if self._form == "text" else msgspec.json.encode(line).decode(), flush=True)


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
