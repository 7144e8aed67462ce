# SPDX-License-Identifier: Apache-2.0
"""Money, limits and volumes to the last unit while gateways are killed under load: one on a home of its own, and two on one server,
in turns.  What passed is counted by the partner, who knows nothing of either."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from comity.errors import ComityError
from comity.gateway.allowance.spend import Account, accounts
from comity.lab.process import Process, ask
from comity.storage.database import Row, Script, Statement
from comity.storage.open import look_into
from comity.storage.state import DATABASE
from comity.transparency.log_key import Place, Shared
from comity.transparency.merkle import Frontier
from comity.transparency.note import opened, parse_checkpoint, parse_vkey
from comity.transparency.reader import Reader
from comity.transparency.verify import verify
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

CALLERS = 8
BUDGET = 700_000  # millionths
COST = 3 * 1 + 4 * 1000  # of what the partner says that it used, at the prices below
PERSONS_LEFT = 60  # below the 100,000 at which an export needs more
PER_MINUTE = 40
BOTH = "general separate_cross_border"
REFUSED = ("money budget.exhausted", "people policy.deny", "minute limit.reached")
KEYS = ("money", "people", "minute")
MORE = f"""
price = {{ currency = "USD", input = 1.0, output = 1000.0 }}

[volumes]
cn_ytd_pi = {100_000 - 1 - PERSONS_LEFT}

[[keys]]
id = "money"
sha256 = "{{money}}"
may_assert_subject = true
budget = {{ amount = {BUDGET / 1e6}, currency = "USD" }}

[[keys]]
id = "people"
sha256 = "{{people}}"
may_assert_subject = true

[[keys]]
id = "minute"
sha256 = "{{minute}}"
may_assert_subject = true
limits = {{ requests_per_minute = {PER_MINUTE} }}
""".replace("{{", "{").replace("}}", "}")


def written(partner: str, stored: str) -> str:
    config, more = BEIJING.replace("public = true", "public = false").replace("{base}", partner), MORE
    for key in KEYS:
        more = more.replace(f"{{{key}}}", hashlib.sha256(key.encode()).hexdigest())
    return config + more + stored


class Stamped(list[dict[str, Any]]):
    """When each came."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def append(self, body: dict[str, Any]) -> None:
        self.at.append(time.monotonic())
        super().append(body)


class Fleet:
    """Gateways and who asks them: whoever is not answered asks another."""

    def __init__(self) -> None:
        self.processes: dict[str, Process] = {}
        self.receipts: list[str] = []
        self.told: Counter[str] = Counter()
        self._over = threading.Event()
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._asking, args=(number,)) for number in range(CALLERS)]

    def __enter__(self) -> Fleet:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join(60)

    def _asking(self, number: int) -> None:
        while not self._over.is_set():
            mine = next(self._numbers)
            key, live = KEYS[mine % 3], list(self.processes.values())
            body = {"model": "us-virginia", "max_tokens": 5, "messages": [{"role": "user", "content": f"{key} {mine:06}"}]}
            who = subject("CN", consent=BOTH, name=f"u-{mine}") if key == "people" else subject("US")
            try:
                reply = ask(live[(number + mine) % len(live)].base, body, {**who, "authorization": f"Bearer {key}"})
            except (OSError, http.client.HTTPException, ValueError, ComityError, IndexError, ZeroDivisionError):
                continue
            if reply.status == 200:
                self.receipts.append(reply.headers["comity-receipt"])
                self.told[f"{key} 200"] += 1
            else:
                self.told[f"{key} {reply.json()['error']['code']}"] += 1

    def wait_for(self, enough: Callable[[], bool]) -> None:
        tick = threading.Event()
        for _ in range(2400):
            if enough():
                return
            tick.wait(0.05)
        raise AssertionError(f"the gateways do not go on: {self.told}")

    def more(self, told: int) -> None:
        until = self.told.total() + told
        self.wait_for(lambda: self.told.total() >= until)


def rows(sql: str) -> Script[list[Row]]:
    return (yield Statement(sql))


def run(tmp_path: Path, place: Place, kills: int) -> None:
    if isinstance(place, Shared):
        (tmp_path / "url").write_text(place.url)
        (tmp_path / "key").write_text(place.key.hex())
        stored = f"\n[storage]\nurl = {{ file = '{tmp_path / 'url'}' }}\nlog_key = {{ file = '{tmp_path / 'key'}' }}\n"
        names: tuple[str, ...] = ("one", "two")
    else:
        stored, names = "", ("one",)
    state = place.url if isinstance(place, Shared) else tmp_path / "one" / DATABASE
    with EchoPartner() as partner, ExitStack() as stack:
        partner.bodies = Stamped()
        config = written(partner.base, stored)
        fleet = Fleet()
        for name in names:
            fleet.processes[name] = stack.enter_context(gateway(tmp_path, config, name=name))
        with fleet:
            for number in range(kills):
                fleet.more(30)
                name = names[number % len(names)]
                fleet.processes[name].kill()
                fleet.processes[name] = stack.enter_context(gateway(tmp_path, config, name=name))
            fleet.wait_for(lambda: all(fleet.told[each] for each in REFUSED))
            fleet.more(30)
        for process in fleet.processes.values():
            process.stop()
        check(partner, fleet, state)
    with Reader.open(place if isinstance(place, Shared) else tmp_path / "one") as reader:
        assert len(set(fleet.receipts)) == len(fleet.receipts) > 0
        for receipt in fleet.receipts:
            assert verify(reader.bundle(receipt), vkey=reader.vkey).receipt["id"] == receipt
        head = parse_checkpoint(opened(reader.checkpoint(), parse_vkey(reader.vkey)))
        found = reader._look(lambda: rows("SELECT idx, leaf FROM records ORDER BY idx"))
    assert [row[0] for row in found] == list(range(head.size)), "one log, without a gap"
    tree = Frontier()
    for row in found:
        tree.append(row[1])
    assert tree.root() == head.root


def check(partner: EchoPartner, fleet: Fleet, state: Path | str) -> None:
    said = [body["messages"][-1]["content"] for body in partner.bodies]
    money, people = [each for each in said if each.startswith("money")], {each for each in said if each.startswith("people")}
    into = look_into(state, "state", seconds_max=5)
    try:
        lines: list[Account] = into.look(lambda: accounts(0))
    finally:
        into.close()
    settled, held = sum(each.settled for each in lines), sum(each.held for each in lines)
    assert len(money) * COST <= settled + held <= BUDGET, "not by one millionth"
    assert settled % COST == 0, "what was settled is what the partner says that it cost; the rest is what gateways held when they died"
    assert len(money) >= fleet.told["money 200"]
    assert len(people) <= PERSONS_LEFT
    assert fleet.told["people 200"] <= PERSONS_LEFT
    at = [when for body, when in zip(partner.bodies, partner.bodies.at, strict=True)  # type: ignore[attr-defined]
          if body["messages"][-1]["content"].startswith("minute")]  # fmt: skip
    for first in range(len(at)):
        assert sum(at[first] <= when < at[first] + 60 for when in at) <= PER_MINUTE


def test_nothing_is_passed_while_gateways_are_killed(tmp_path: Path, place: Place) -> None:
    run(tmp_path, place, 2)


@pytest.mark.full
def test_nothing_is_passed_through_a_series_of_kills(tmp_path: Path, place: Place) -> None:
    run(tmp_path, place, 20)
