# SPDX-License-Identifier: Apache-2.0
"""A storm: every partner a process of its own that fails in every way the lab knows, and a gateway that has to live with it.

Each request is answered whole, or broken off aloud, or refused with the full list of who was asked; each attempt has a record with one
outcome; nobody across the border is asked anything.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args

from comity.lab.process import Process, Reply, ask, call
from comity.lab.simulators import faults
from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import simulator
from comity.storage.database import Row, Script, Statement
from comity.transparency.reader import Reader
from tests.live.places import BEIJING, gateway
from tests.simulated.worlds import subject

CALLERS, PLACES = 24, 4
SHARE = 0.03  # of each kind of fault, at each place
PHONE = "13812345678"
PLACE = """
[[deployments]]
id = "beijing-{n}"
provider = "self-hosted"
base_url = "{base}/v1"
api_key = {{ env = "LAB_KEY" }}
model = "echo"
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]
"""
MORE = """
[limits]
first_byte_seconds_max = 1.0
idle_seconds_max = 1.0

[routing]
balance = "weighted"
hedge = true
hedge_after_ms = 150
backoff_seconds = 0.02
backoff_seconds_max = 0.2
retry_share_max = 1.0
failures_max = 10
failure_share_max = 0.8
open_seconds = 0.1
open_seconds_max = 0.5
queue_max = 256
"""
OWN = ("status", "drip", "cut", "oversized")  # which say more than their kind
PLAN = {
    "seed": 7,
    "faults": [
        *({"kind": kind, "times": None, "share": SHARE} for kind in get_args(faults.Kind) if kind not in OWN),
        {"kind": "drip", "times": None, "share": SHARE, "at": 40, "seconds": 0.002},
        {"kind": "cut", "times": None, "share": SHARE, "at": 150},
        {"kind": "oversized", "times": None, "share": SHARE, "at": 100_000},
        *({"kind": "status", "status": status, "times": None, "share": SHARE / 2} for status in (408, 500, 503)),
        {"kind": "status", "status": 429, "retry_after": 1, "times": 1, "share": SHARE},
    ],
}  # fmt: skip


def rows(sql: str) -> Script[list[Row]]:
    return (yield Statement(sql))


class Storm:
    def __init__(self, base: str, requests: int) -> None:
        self._base, self._numbers = base, itertools.count()
        self._requests, self._breath = requests, threading.Event()
        self.told: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self) -> None:
        threads = [threading.Thread(target=self._caller) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _caller(self) -> None:
        while (number := next(self._numbers)) < self._requests:
            text, stream = f"request number {number:05}, {PHONE}, and that is all", number % 2 == 0
            body = {"messages": [{"role": "user", "content": text}], "stream": stream}
            reply = ask(self._base, body, subject("CN", name=f"u-{number}"))
            if reply.status != 200:
                self._breath.wait(0.5)  # as a client would, who was told to come back
            try:
                self.told[self._said(reply, text, stream)] += 1
            except Exception as error:
                self.wrong.append(f"{number}: {error!r} {reply.status} {reply.body[:400]!r}")

    def _said(self, reply: Reply, text: str, stream: bool) -> str:
        if reply.status != 200:
            error = reply.json()["error"]
            if error["code"] == "provider.exhausted":
                named = {row["deployment"] for row in (*error["attempts"], *error["lawful"])}
                assert named == {f"beijing-{n}" for n in range(PLACES)}, "the full list"
                assert all(row.get("kind") or row.get("status") for row in error["attempts"])
            else:
                assert error["code"] in ("provider.content_refused", "provider.failed"), error
            return str(error["code"])
        if not stream:
            assert reply.text().count(text) == 1
            return "whole"
        events = [line[6:] for line in reply.body.split(b"\n") if line.startswith(b"data: ")]
        if events[-1] == b"[DONE]":
            assert reply.text().count(text) == 1
            return "whole"
        assert "error" in json.loads(events[-1]), "a stream that breaks off says so"
        said = "".join(choice["delta"].get("content") or "" for event in events[:-1] for choice in json.loads(event)["choices"])
        assert said.count("request number") <= 1, "begun twice"
        return "broken off"


def storm(folder: Path, requests: int) -> None:
    with ExitStack() as stack:
        partners: list[Process] = [
            stack.enter_context(simulator(f"p{n}", dialect="vllm", region="cn-beijing", folder=folder)) for n in range(PLACES + 1)
        ]
        for each in partners:
            each.wait_ready()
        *beijing, virginia = partners
        for number, each in enumerate(beijing):
            assert call(each.base, "POST", "/_lab/faults", json.dumps(PLAN | {"seed": number}).encode()).status == 200
        head, _, abroad = BEIJING.partition("[[deployments]]")
        abroad = "[[deployments]]" + abroad.rpartition("[[deployments]]")[2].format(base=virginia.base)
        config = head + "".join(PLACE.format(n=n, base=each.base) for n, each in enumerate(beijing)) + abroad + MORE
        key = {"LAB_KEY": LAB_KEY.format(region="cn-beijing")}
        process = stack.enter_context(gateway(folder, config, environment=key))
        made = Storm(process.base, requests)
        made.run()
        assert not made.wrong, made.wrong[:3]
        assert made.told.total() == requests, "none lost"
        assert made.told["whole"] > requests / 2, made.told
        received = [call(each.base, "GET", "/_lab/received").json()["requests"] for each in partners]
        assert received[-1] == 0, "nobody across the border"
        process.stop()
    with Reader.open(folder / "gateway") as reader:
        ends = reader._look(lambda: rows("SELECT o.outcome FROM records r LEFT JOIN outcomes o ON o.id = r.id"))
        assert len(ends) >= sum(received), "everything that was sent is recorded"
        assert all(end is not None for (end,) in ends), "with an outcome"
        outcomes: Counter[Any] = Counter(json.loads(end)["status"] for (end,) in ends)
        assert outcomes["ok"] == made.told["whole"], "none answered twice"


def test_a_storm_loses_nothing_and_crosses_nothing(tmp_path: Path) -> None:
    storm(tmp_path, 1000)
