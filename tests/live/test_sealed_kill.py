# SPDX-License-Identifier: Apache-2.0
"""`kill -9` of a node under load: what it acknowledged is in its log, its logs are what any witness ever signed, its client goes on."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.gateway.allowance.shown import fresh
from comity.lab import sealed
from comity.lab.process import Process, ask
from comity.lab.sealed import Home, Pins, Witness
from comity.lab.worlds import BESIDE, NODE
from comity.ports import SystemRandom
from comity.transparency import published
from comity.transparency.merkle import Frontier, leaf_hash
from comity.transparency.note import parse_vkey
from comity.transparency.reader import Reader
from comity.transparency.store import Store, store_at
from comity.transparency.tiles import ENTRIES, WIDTH, entries_of, tile_of
from comity.transparency.verify import verify
from tests.live.places import EchoPartner
from tests.live.sealed import Tap
from tests.live.test_sealed_attacks import AT, HEAD
from tests.simulated.worlds import subject

CALLERS = 6
PUBLISH = """
[publish]
store = "{store}"
seconds = 1.0
fill = 8
{witnesses}
"""
PATIENT = """
[routing]  # a place that was killed is asked again at once: what it says is what is looked at
failures_max = 1000000
failure_share_max = 2.0
attempts_max = 1
"""
HEADS = re.compile(rb"(comity\.invalid/[0-9a-z/]+)\n([0-9]+)\n([A-Za-z0-9+/]{43}=)\n")
CLEAR = re.compile(r"provider\.[a-z_]+|trust\.truncated|node\.[a-z_]+")
"""How a request may end whose node was killed: it did not answer, or its answer was cut."""


class Load:
    """Callers that go on whatever becomes of the node; `acknowledged` are the device's receipts of what was answered to the end."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._over, self._news = threading.Event(), threading.Condition()
        self.acknowledged: list[str] = []
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._call, args=(number,)) for number in range(CALLERS)]

    def _call(self, number: int) -> None:
        body = {"messages": [{"role": "user", "content": f"hello {number}, 13812345678"}], "stream": number % 2 == 0}
        while not self._over.is_set():
            reply = ask(self._base, body, subject("CN"))
            failed = failure(reply.body) if reply.status != 200 or b'"error"' in reply.body else ""
            with self._news:
                if failed:
                    self.failures.append(failed)
                else:
                    self.acknowledged.append(reply.headers["comity-receipt"])
                self._news.notify_all()
            if failed:
                self._over.wait(0.05)

    def until(self, further: int) -> None:
        with self._news:
            end = len(self.acknowledged) + further
            assert self._news.wait_for(lambda: len(self.acknowledged) >= end, timeout=120), self.failures[-20:]

    def __enter__(self) -> Load:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join(60)


def failure(body: bytes) -> str:
    last = body.rstrip().rsplit(b"data: ", 1)[-1]
    return str(json.loads(last)["error"]["code"])


def log_key(home: Path) -> str:
    words = [sys.executable, "-m", "comity.cli.main", "--home", str(home), "log", "key"]
    return subprocess.run(words, capture_output=True, check=True, timeout=60).stdout.decode().strip()


@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.full)])
def test_what_a_killed_node_acknowledged_is_there(tmp_path: Path, rounds: int) -> None:
    key = fresh(SystemRandom())
    environment = {"LAB_KEY_SERVER": "none", "LAB_KEY_NODE": key}
    with ExitStack() as stack:
        partner = stack.enter_context(EchoPartner())
        home = Home(tmp_path, "node", Ed25519PrivateKey.generate())
        tiles = tmp_path / "crossing"
        model = BESIDE.format(server=partner.base)
        first = home.start(NODE + home.section(pool="cn-assist", region="CN", witnesses=(), key=key) + model, environment)
        with first:  # it makes the log of its record, whose key the witnesses are told
            port = first.wait_ready().port
        crossing = log_key(home.path)
        witnesses, taps = [], []
        for each in sealed.witnesses((home.log, crossing), folder=tmp_path, stack=stack):
            taps.append(stack.enter_context(Tap(each.process.port)))  # what passes there is what is signed, or asked to be
            witnesses.append(Witness(each.process, taps[-1].base, each.key))
        asked = "".join(f'\n[[publish.witnesses]]\nurl = "{each.url}"\nkey = "{each.key}"\n' for each in witnesses)
        config = (
            NODE.replace("port = 0", f"port = {port}")
            + home.section(pool="cn-assist", region="CN", witnesses=witnesses, key=key)
            + PUBLISH.format(store=tiles, witnesses=asked)
            + model
        )
        pins = Pins("cn-assist", home.log, tuple(each.key for each in witnesses), home.image, home.builder, "")
        device, base = tmp_path / "device", f"http://127.0.0.1:{port}"
        (tmp_path / "device.toml").write_text(
            HEAD + PATIENT + AT.format(name="cn-assist", base=base).replace("/cn-assist", "") + pins.trust(plaintext_at="node"),
            encoding="utf-8",
        )
        words = ["comity.cli.main", "--config", str(tmp_path / "device.toml"), "--home", str(device), "--json", "proxy", "--no-device"]
        running = home.start(config, environment)
        sealed.until_ready(running.wait_ready())
        proxy = stack.enter_context(Process("device", words, log=tmp_path / "device.log", environment=environment)).wait_ready()
        try:
            with Load(proxy.base) as load:
                for number in range(rounds):
                    if number % 5 != 4:  # each fifth time it is killed before it has said anything
                        load.until(2 + 11 * number % 17)
                    running.kill()
                    running = home.start(config, environment).wait_ready()
                load.until(CALLERS)  # the client goes on, with the new key
        finally:
            running.stop()
        proxy.stop()
    assert all(CLEAR.fullmatch(each) for each in load.failures), set(load.failures)
    assert rounds <= len(load.failures)
    receipts = theirs_of(device, load.acknowledged)
    with Reader(home.path) as reader:
        for receipt, bundle in receipts.items():
            assert verify(bundle, vkey=crossing).receipt == verify(reader.bundle(receipt), vkey=crossing).receipt
    seen = {match.groups() for tap in taps for match in HEADS.finditer(tap.seen)}
    nodes = asyncio.run(roots(store_at(str(home.path / "nodelog")), home.log))
    crossings = asyncio.run(roots(store_at(str(tiles)), crossing))
    of = {home.log.partition("+")[0]: nodes, crossing.partition("+")[0]: crossings}
    assert {origin.decode() for origin, _, _ in seen} == set(of)
    shown = [each for each in seen if int(each[1]) < len(of[each[0].decode()])]  # the last may have been signed and not shown any more
    for origin, size, root in shown:
        assert of[origin.decode()][int(size)] == base64.b64decode(root)
    assert len(shown) > rounds and len(seen) - len(shown) <= 2
    assert len(nodes) - 1 > rounds, "a key for each start"


def theirs_of(device: Path, acknowledged: list[str]) -> dict[str, dict[str, Any]]:
    """The node's receipts that came inside its sealed answers, by their id."""
    found = {}
    with Reader(device) as reader:
        for each in acknowledged:
            outcome = reader.record(each).outcome
            assert outcome is not None and outcome["status"] == "ok"
            found[outcome["received"]["receipt"]["id"]] = outcome["received"]
    assert len(found) == len(acknowledged)
    return found


async def roots(store: Store, vkey: str) -> list[bytes]:
    """Of every size that the published log ever had, from its entries, once all of it was checked."""
    size = 0
    async for _, head, *_ in published.whole(store.get, parse_vkey(vkey)):
        size = head.checkpoint.size
    tree, found = Frontier(), [Frontier().root()]
    for begin in range(0, size, WIDTH):
        tile = tile_of(ENTRIES, begin, size)
        raw = await store.get(tile.path)
        assert raw is not None
        for entry in entries_of(raw, tile.width):
            tree.append(leaf_hash(entry))
            found.append(tree.root())
    return found
