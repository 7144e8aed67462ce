# SPDX-License-Identifier: Apache-2.0
"""Attacks on the sealed path over real sockets: two nodes with two witnesses, a process each, and a hostile relay before them.

Each ends in a TrustFailure that names its step: 502 at the proxy, exit code 5 at `comity ask`; nothing in clear passed the relay, nothing
that was refused reached whoever answers behind the node, and the record says what happened.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.gateway.allowance.shown import fresh
from comity.lab import sealed
from comity.lab.process import Process, Reply, ask, call
from comity.lab.sealed import Home, Pins, Witness
from comity.lab.worlds import BESIDE, NODE
from comity.ports import SystemClock, SystemRandom
from comity.seal.epochs import Keys
from comity.seal.kem import X25519
from comity.storage.home import secret_key
from comity.transparency.entry import encoded, parse
from comity.transparency.note import Checkpoint, checkpoint_text
from comity.transparency.reader import Reader
from comity.transparency.tlog import signer_in
from comity.transparency.witness import KEY, PATH, Request, keys_of, written
from tests.live import hostile
from tests.live.hostile import Attack, Hostile
from tests.live.places import EchoPartner
from tests.logs import MemoryLog
from tests.simulated.worlds import subject

TEXT = "请回复 zhang.wei@example.cn，电话 13812345678，谢谢"
LONG = TEXT + "再见" * 8000
"""Its answer takes several sealed chunks, however it comes."""
HEAD = """\
evidence = ["assessment:cn_pipia", "notice:cross_border_recipient"]
[controller]
name = "Example Ltd"
established = ["US"]
[service]
public = true
[defaults]
legal_basis = "consent"
task = "writing_assistant"
[server]
port = 0
"""
AT = """
[[deployments]]
id = "{name}"
provider = "node"
base_url = "{base}/{name}"
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]
api_key = {{ env = "LAB_KEY_NODE" }}
context_tokens = 100_000
"""
Document = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class World:
    folder: Path
    partner: EchoPartner
    witnesses: list[Witness]
    homes: dict[str, Home]
    nodes: dict[str, Process]
    pins: dict[str, Pins]
    relay: Hostile
    key: str
    deployments: list[str] = field(default_factory=list)
    proxy: Process | None = None

    def add(self, name: str, attack: Attack, pins: Pins, **terms: str) -> None:
        """A deployment whose relay does that.  ``terms``: what is asked of the node otherwise, as TOML."""
        told = pins.trust(plaintext_at="node")
        for member, value in terms.items():
            told = "".join(f"{member} = {value}\n" if line.startswith(f"{member} = ") else line for line in told.splitlines(keepends=True))
        self.relay.attacks[name] = attack
        self.deployments.append(AT.format(name=name, base=self.relay.base) + told)

    @property
    def config(self) -> Path:
        path = self.folder / "device.toml"
        path.write_text(HEAD + "".join(self.deployments), encoding="utf-8")
        return path

    def stolen(self) -> MemoryLog:
        """An empty log under the keys of the node's own log and of its witnesses: all of them conspire."""
        made = MemoryLog()
        made.signer = signer_in(self.homes["cn"].path, SystemRandom())
        made.witnesses = [
            keys_of(f"{each.process.name}.example/log", secret_key(self.folder / each.process.name / KEY, SystemRandom()))[0]
            for each in self.witnesses
        ]
        assert made.trust().log == self.pins["cn"].log and made.trust().witnesses == self.pins["cn"].witnesses
        return made

    def honest(self) -> dict[str, Any]:
        document: dict[str, Any] = call(self.nodes["cn"].base, "GET", hostile.DOCUMENT).json()
        return document


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("attacks")
    key, builder = fresh(SystemRandom()), Ed25519PrivateKey.generate()
    environment = {"LAB_KEY_SERVER": "none", "LAB_KEY_NODE": key}
    with ExitStack() as stack:
        partner = stack.enter_context(EchoPartner())
        homes = {name: Home(folder, f"{name}-node", builder) for name in ("cn", "us")}
        witnesses = sealed.witnesses([each.log for each in homes.values()], folder=folder, stack=stack)
        nodes, pins = dict[str, Process](), dict[str, Pins]()
        for name, home in homes.items():
            model = BESIDE.format(server=partner.base).replace('"CN"', f'"{name.upper()}"') + "context_tokens = 100_000\n"
            section = home.section(pool=f"{name}-assist", region=name.upper(), witnesses=witnesses, key=key)
            nodes[name] = stack.enter_context(home.start(NODE + section + model, environment))
        for process in nodes.values():
            sealed.until_ready(process.wait_ready())
        for name, home in homes.items():
            policy = parse(base64.b64decode(call(nodes[name].base, "GET", hostile.DOCUMENT).json()["proofs"][0]["entry"])).policy
            pins[name] = Pins(f"{name}-assist", home.log, tuple(each.key for each in witnesses), home.image, home.builder, policy)
        relay = stack.enter_context(Hostile(nodes["cn"].base))
        made = World(folder, partner, witnesses, homes, nodes, pins, relay, key)
        plan(made)
        words = ["comity.cli.main", "--config", str(made.config), "--home", str(folder / "device"), "--json", "proxy", "--no-device"]
        made.proxy = stack.enter_context(Process("device", words, log=folder / "device.log", environment=environment)).wait_ready()
        yield made


# -- what is done ------------------------------------------------------------------------------------------------------


def edited(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Document:
    """Each entry changed, under the proof that it had."""

    def edit(document: dict[str, Any]) -> dict[str, Any]:
        return document | {"proofs": [each | {"entry": entry_with(each["entry"], change)} for each in document["proofs"]]}

    return edit


def entry_with(entry: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
    told = change(json.loads(base64.b64decode(entry)))
    raw = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.b64encode(encoded(parse(raw))).decode()


def proved_by(log: MemoryLog, at: Callable[[], datetime], change: Callable[[dict[str, Any]], dict[str, Any]] = lambda entry: entry,
              *, witnesses: int | None = None, further: int = 0) -> Document:  # fmt: skip
    """Each entry, perhaps changed, put into ``log`` and proved to be there; so many ``further`` ones behind them."""

    def edit(document: dict[str, Any]) -> dict[str, Any]:
        raws = [base64.b64decode(entry_with(each["entry"], change)) for each in document["proofs"]]
        for raw in raws:
            log.prove(raw, at())
        for number in range(further):
            log.prove(b"further %d" % number, at())
        rows = [{"entry": base64.b64encode(raw).decode(), "proof": log.prove(raw, at(), witnesses=witnesses)} for raw in raws]
        return document | {"proofs": rows}

    return edit


def now() -> datetime:
    return SystemClock().now()


def without(name: str) -> Document:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        for each in document["proofs"]:
            lines = each["proof"].splitlines(keepends=True)
            each["proof"] = "".join(line for line in lines if not line.startswith(f"\u2014 {name} "))
        return document

    return edit


def thief(kem: int | None = None) -> Callable[[dict[str, Any]], dict[str, Any]]:
    keys = Keys(SystemClock(), SystemRandom()) if kem is None else Keys(SystemClock(), SystemRandom(), kem=kem)
    key = base64.b64encode(keys.tend()[0].config.encoded).decode()
    return lambda entry: entry | {"key": key}


def plan(world: World) -> None:
    cn, us = world.pins["cn"], world.pins["us"]
    clock = now
    old: dict[str, bytes] = {}

    def kept(answer: bytes) -> bytes:
        """The first answer, given to everybody."""
        return old.setdefault("answer", answer)

    world.add("honest", Attack(), cn)
    world.add("swapped-key", Attack(document=edited(thief())), cn)
    world.add("unlogged", Attack(document=proved_by(MemoryLog(name="log.example/other"), clock)), cn)
    world.add("old-checkpoint", Attack(document=proved_by(world.stolen(), lambda: clock() - timedelta(days=2))), cn)
    world.add("second-history", Attack(document=proved_by(world.stolen(), clock, thief(), witnesses=0)), cn)
    world.add("stolen-log", Attack(document=proved_by(world.stolen(), clock, thief())), cn)
    world.add("split-view", Attack(document=proved_by(world.stolen(), clock, lambda entry: entry | {"operator": "Another"})), cn)
    world.add("longer", Attack(document=proved_by(world.stolen(), clock, further=3)), cn)
    world.add("dropped-cosignature", Attack(document=without("witness-2.example/log")), cn)
    world.add("another-pool", Attack(), cn, pool='"eu-assist"')
    world.add("another-law", Attack(), cn, policy=f'"{"ab" * 32}"')
    world.add("another-image", Attack(), cn, images=f'["sha256:{"0" * 64}"]')
    world.add("another-builder", Attack(), cn, builders=f'["{"0" * 64}"]')
    world.add("another-region", Attack(document=lambda _: call(world.nodes["us"].base, "GET", hostile.DOCUMENT).json()), us)
    world.add("another-node", Attack(document=lambda _: call(world.nodes["us"].base, "GET", hostile.DOCUMENT).json()), cn)
    world.add("not-even-claimed", Attack(), cn, level='"A2"')
    world.add("software-as-hardware", Attack(document=proved_by(world.stolen(), clock, lambda entry: entry | {"level": "A2"})), cn,
              level='"A2"')  # fmt: skip
    world.add("downgraded-suite", Attack(document=proved_by(world.stolen(), clock, thief(X25519))), cn)
    world.add("cut", Attack(answer=hostile.cut), cn)
    world.add("cut-connection", Attack(answer=hostile.cut, whole=False), cn)
    world.add("reordered", Attack(answer=hostile.swapped), cn)
    world.add("repeated", Attack(answer=hostile.repeated), cn)
    world.add("left-out", Attack(answer=hostile.left_out), cn)
    world.add("altered", Attack(answer=hostile.bent), cn)
    world.add("old-answer", Attack(answer=kept), cn)
    world.add("replay", Attack(request=lambda sealed: [sealed, sealed]), cn)
    world.add("replay-shown", Attack(request=lambda sealed: [sealed, sealed], back=1), cn)
    world.add("altered-request", Attack(request=lambda sealed: [sealed[:-1] + bytes([sealed[-1] ^ 1])]), cn)
    world.add("sent-to-another-pool", Attack(sealed_to=world.nodes["us"].base), cn)


BEFORE = {
    "swapped-key": "proof",
    "unlogged": "checkpoint",
    "old-checkpoint": "freshness",
    "second-history": "witnesses",
    "dropped-cosignature": "witnesses",
    "another-pool": "pool",
    "another-law": "policy",
    "another-image": "image",
    "another-builder": "builder",
    "another-region": "region",
    "another-node": "checkpoint",
    "stolen-log": "commitment",
    "not-even-claimed": "level",
    "software-as-hardware": "level",
    "downgraded-suite": "suite",
}
BEHIND = {
    "cut": "truncated",
    "cut-connection": "truncated",
    "reordered": "open",
    "repeated": "open",
    "left-out": "open",
    "altered": "open",
}


# -- how it ends -------------------------------------------------------------------------------------------------------


def through_proxy(world: World, name: str, *, stream: bool = False, text: str = TEXT) -> Reply:
    assert world.proxy is not None
    body = {"model": name, "stream": stream, "messages": [{"role": "user", "content": text}]}
    return ask(world.proxy.base, body, subject("CN"))


def by_hand(world: World, name: str, home: Path, config: str = "device.toml") -> tuple[int, dict[str, Any]]:
    """`comity ask`: its exit code, and its error."""
    words = ["--json", "--config", str(world.folder / config), "--home", str(home), "ask", "--model", name]
    done = subprocess.run(
        [sys.executable, "-m", "comity.cli.main", *words, "--subject", subject("CN")["Comity-Subject"], TEXT],
        capture_output=True, check=False, timeout=120, env={**os.environ, "LAB_KEY_NODE": world.key},
    )  # fmt: skip
    return done.returncode, json.loads(done.stderr.splitlines()[-1])["error"] if done.returncode else {}


def nothing_in_clear(world: World) -> None:
    seen = bytes(world.relay.seen)
    assert b"/comity/v1/node" in seen
    words = (TEXT, "zhang.wei", "13812345678", "谢谢", "人工智能", world.key, "u-81", "chat/completions", "location=", "comity-subject",
             "authorization", "writing_assistant")  # fmt: skip
    for word in words:
        assert word.encode() not in seen and json.dumps(word)[1:-1].encode() not in seen, word
    assert all("zhang.wei" not in str(body) and "13812345678" not in str(body) for body in world.partner.bodies)


def recorded(home: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of the last: its outcome comes after its answer."""
    for _ in range(200):
        with Reader(home) as reader:
            last = reader.last()
        if last.outcome is not None:
            return last.receipt, last.outcome
        threading.Event().wait(0.05)
    raise AssertionError("no outcome was recorded")


@pytest.mark.parametrize(("name", "step"), BEFORE.items(), ids=BEFORE)
def test_what_does_not_prove_itself_is_sent_nothing(world: World, name: str, step: str, tmp_path: Path) -> None:
    asked, sealed_before = len(world.partner.bodies), world.relay.seen.count(b"POST /")
    reply = through_proxy(world, name)
    error = reply.json()["error"]
    assert (reply.status, error["code"]) == (502, f"trust.{step}"), reply.body
    code, told = by_hand(world, name, tmp_path)
    assert (code, told["code"]) == (5, f"trust.{step}"), told
    for home in (world.folder / "device", tmp_path):
        receipt, outcome = recorded(home)
        assert (receipt["deployment"], receipt["node"], receipt["plaintext_at"]) == (name, "", "none")
        assert (outcome["status"], outcome.get("sealed", "")) == (f"trust.{step}", "")
    assert (len(world.partner.bodies), world.relay.seen.count(b"POST /")) == (asked, sealed_before)
    nothing_in_clear(world)


def test_software_evidence_never_passes_for_hardware(world: World, tmp_path: Path) -> None:
    _, told = by_hand(world, "software-as-hardware", tmp_path)
    assert "no hardware root of trust: the operator can read this" in told["message"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("name", "step"), BEHIND.items(), ids=BEHIND)
def test_an_answer_that_was_touched_is_none(world: World, name: str, step: str, stream: bool) -> None:
    reply = through_proxy(world, name, stream=stream, text=LONG)
    if reply.status == 200:  # what came before was whole, and was shown: the stream ends in an error, never as if it were over
        assert stream and b"[DONE]" not in reply.body
        error = json.loads(reply.body.rstrip().rsplit(b"data: ", 1)[1])["error"]
    else:
        error = reply.json()["error"]
        assert reply.status == 502, reply.body
    assert error["code"] == f"trust.{step}", reply.body
    receipt, outcome = recorded(world.folder / "device")
    assert receipt["deployment"] == name and len(receipt["node"]) == 64
    assert outcome["status"] == f"trust.{step}" and len(outcome["sealed"]) == 64 and not outcome.get("received")
    nothing_in_clear(world)


def test_at_the_command_line_a_touched_answer_ends_in_5(world: World, tmp_path: Path) -> None:
    code, told = by_hand(world, "cut", tmp_path)
    assert (code, told["code"]) == (5, "trust.truncated")


def test_at_the_command_line_through_a_running_proxy_it_is_5_too(world: World, tmp_path: Path) -> None:
    assert world.proxy is not None
    (world.folder / "there.toml").write_text(f"[server]\nport = {world.proxy.port}\n", encoding="utf-8")
    code, told = by_hand(world, "dropped-cosignature", tmp_path, "there.toml")
    assert (code, told["code"]) == (5, "trust.witnesses")
    assert not list(tmp_path.iterdir()), "asked there, not here"


def test_an_answer_to_another_request_is_none(world: World) -> None:
    assert through_proxy(world, "old-answer").status == 200
    reply = through_proxy(world, "old-answer")
    assert (reply.status, reply.json()["error"]["code"]) == (502, "trust.open")
    nothing_in_clear(world)


def test_a_second_history_is_shown_to_nobody_who_saw_the_first(world: World, tmp_path: Path) -> None:
    """The log and both witnesses conspire, and sign well: whoever saw the other tree of that size is not taken in."""
    assert through_proxy(world, "honest").status == 200
    sealed_before = world.relay.seen.count(b"POST /")
    reply = through_proxy(world, "split-view")
    assert (reply.status, reply.json()["error"]["code"]) == (502, "trust.log")
    assert by_hand(world, "honest", tmp_path)[0] == 0
    assert world.relay.seen.count(b"POST /") == sealed_before + 1
    code, told = by_hand(world, "split-view", tmp_path)
    assert (code, told["code"]) == (5, "trust.log")
    assert world.relay.seen.count(b"POST /") == sealed_before + 1
    nothing_in_clear(world)


def test_a_log_that_takes_something_back_is_not_trusted_again(world: World, tmp_path: Path) -> None:
    """A client was shown a longer log: the shorter one, though it was once true and is signed well, is an old state for it."""
    assert by_hand(world, "longer", tmp_path)[0] == 0
    sealed_before = world.relay.seen.count(b"POST /")
    for _ in range(2):
        code, told = by_hand(world, "honest", tmp_path)
        assert (code, told["code"]) == (5, "trust.log")
    assert world.relay.seen.count(b"POST /") == sealed_before


def test_no_honest_witness_signs_a_second_history(world: World) -> None:
    """Which is why a log alone cannot show one: of two trees of one size a witness signs the first that it saw."""
    log = world.stolen()
    text = checkpoint_text(Checkpoint(log.signer.verifier.name, 1, b"x" * 32))
    for each in world.witnesses:
        reply = call(each.url, "POST", PATH, written(Request(1, (), log.signer.note(text))))
        assert reply.status == 409, reply.body


def test_a_request_that_is_sent_twice_is_opened_once(world: World) -> None:
    asked, log = len(world.partner.bodies), crossings(world, "cn")
    assert through_proxy(world, "replay").status == 200
    first, second = world.relay.attacks["replay"].replies[-2:]
    assert first.status == 200 and (second.status, second.json()["step"]) == (422, "replay")
    assert (len(world.partner.bodies), crossings(world, "cn")) == (asked + 1, log + 1)
    reply = through_proxy(world, "replay-shown")  # the refusal goes back, and the answer is kept from whoever asked
    assert (reply.status, reply.json()["error"]["code"]) == (502, "trust.replay")
    assert recorded(world.folder / "device")[1]["status"] == "trust.replay"
    assert (len(world.partner.bodies), crossings(world, "cn")) == (asked + 2, log + 2)
    nothing_in_clear(world)


@pytest.mark.parametrize(
    ("name", "status", "step"), [("altered-request", 422, "truncated"), ("sent-to-another-pool", 400, "key-config")],
    ids=["altered", "another-pool"],
)  # fmt: skip
def test_a_request_that_a_node_does_not_open_is_answered_by_nobody(world: World, name: str, status: int, step: str) -> None:
    """The node says so outside the seal, where anybody on the way could say it too: it ends the request, and no other place is asked."""
    asked, logs = len(world.partner.bodies), [crossings(world, each) for each in world.nodes]
    reply = through_proxy(world, name)
    assert (reply.status, reply.json()["error"]["code"]) == (502, f"trust.{step}"), reply.body
    refused = world.relay.attacks[name].replies[-1]
    assert (refused.status, refused.json()["step"]) == (status, step)
    assert recorded(world.folder / "device")[1]["status"] == f"trust.{step}"
    assert (len(world.partner.bodies), [crossings(world, each) for each in world.nodes]) == (asked, logs)
    nothing_in_clear(world)


def crossings(world: World, name: str) -> int:
    """Records of a node."""
    try:
        with Reader(world.homes[name].path) as reader:
            return reader.last().place + 1
    except Exception as error:
        assert getattr(error, "code", "") in ("receipt.unknown", "storage.unavailable"), error
        return 0


def test_what_is_honest_is_answered_and_both_receipts_say_so(world: World) -> None:
    reply = through_proxy(world, "honest")
    assert reply.status == 200 and reply.text().startswith(TEXT)
    receipt, outcome = recorded(world.folder / "device")
    theirs = outcome["received"]["receipt"]
    assert (outcome["status"], theirs["sealed"], theirs["node"]) == ("ok", outcome["sealed"], receipt["node"])
    nothing_in_clear(world)
