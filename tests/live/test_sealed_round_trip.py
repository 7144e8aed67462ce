# SPDX-License-Identifier: Apache-2.0
"""client → relay → node → a partner that streams, a process each: what the relay saw, passed on, wrote and held has nothing readable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.gateway.allowance.shown import fresh
from comity.lab import sealed
from comity.lab.process import Process, Reply, ask, call
from comity.lab.sealed import Home, Pins
from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import BEYOND, NODE, simulator
from comity.ports import SystemRandom
from comity.transparency.reader import Reader
from comity.transparency.verify import verify
from tests.live.sealed import Tap
from tests.live.test_sealed_attacks import AT, HEAD, recorded
from tests.simulated.worlds import subject

TEXT = "请回复 zhang.wei@example.cn，电话 13812345678，关于春季发布会的筹备情况，谢谢"
PERSONAL = ("zhang.wei", "13812345678", "春季发布会", "谢谢")
HEADERS = ("comity-subject", "location=", "authorization", "writing_assistant", "chat/completions", "u-81", "人工智能")
NAMES = {"host", "content-type", "comity-key", "incremental", "accept", "content-length", "transfer-encoding", "user-agent"}


@dataclass
class Path3:
    folder: Path
    partner: Process
    node: Process
    relay: Process
    device: Process
    before_relay: Tap
    before_node: Tap
    key: str


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path3]:
    folder, key = tmp_path_factory.mktemp("path"), fresh(SystemRandom())
    environment = {"LAB_KEY_BEIJING": LAB_KEY.format(region="cn-beijing"), "LAB_KEY_NODE": key}
    with ExitStack() as stack:
        beijing = simulator("beijing", dialect="model-studio", region="cn-beijing", folder=folder, more=("--pace", "0.02"))
        partner = stack.enter_context(beijing).wait_ready()
        home = Home(folder, "node", Ed25519PrivateKey.generate())
        witnesses = sealed.witnesses((home.log,), folder=folder, stack=stack)
        section = home.section(pool="cn-assist", region="CN", witnesses=witnesses, key=key)
        node = stack.enter_context(home.start(NODE + section + BEYOND.format(beijing=partner.base), environment)).wait_ready()
        sealed.until_ready(node)
        before_node = stack.enter_context(Tap(node.port))
        relay = sealed.relay({"cn-assist": before_node.base}, operator="Another Ltd", folder=folder)
        before_relay = stack.enter_context(Tap(stack.enter_context(relay).wait_ready().port))
        pins = Pins("cn-assist", home.log, tuple(each.key for each in witnesses), home.image, home.builder, "")
        written = folder / "device.toml"
        written.write_text(
            HEAD + AT.format(name="cn-assist", base=before_relay.base) + pins.trust(plaintext_at="upstream"), encoding="utf-8"
        )
        words = ["comity.cli.main", "--config", str(written), "--home", str(folder / "device"), "--json", "proxy", "--no-device"]
        device = stack.enter_context(Process("device", words, log=folder / "device.log", environment=environment)).wait_ready()
        yield Path3(folder, partner, node, relay, device, before_relay, before_node, key)


def asked(path: Path3, *, stream: bool) -> Reply:
    reply = ask(path.device.base, {"model": "auto", "stream": stream, "messages": [{"role": "user", "content": TEXT}]}, subject("CN"))
    assert reply.status == 200, reply.body
    return reply


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_what_is_asked_comes_back_restored_and_receipted(path: Path3, stream: bool) -> None:
    reply = asked(path, stream=stream)
    assert reply.text().startswith(TEXT) and reply.text().count("人工智能生成") == 1
    body = call(path.partner.base, "GET", "/_lab/received").json()["received"][-1]["body"]
    assert bool(body.get("stream")) is stream and "春季发布会" in body["messages"][-1]["content"]
    assert "13812345678" not in json.dumps(body) and "zhang.wei" not in json.dumps(body)
    receipt, outcome = recorded(path.folder / "device")
    theirs = verify(outcome["received"]).receipt
    assert (receipt["plaintext_at"], theirs["plaintext_at"], theirs["sealed"]) == ("upstream", "upstream", outcome["sealed"])
    with Reader(path.folder / "node") as reader:
        assert verify(reader.bundle(theirs["id"])).receipt == theirs


def test_the_relay_saw_passed_on_and_kept_nothing_readable(path: Path3) -> None:
    asked(path, stream=True)
    wires = path.before_relay.seen + path.before_node.seen
    assert wires.count(b"message/ohttp-chunked-req") >= 2 and b"message/ohttp-chunked-res" in wires
    for word in (*PERSONAL, *HEADERS, path.key):
        assert word.encode() not in wires and json.dumps(word)[1:-1].encode() not in wires, word
    assert not (path.folder / "relay").exists() and (path.folder / "relay.log").read_bytes() == b""


def test_the_node_is_told_nothing_of_who_asked(path: Path3) -> None:
    """Of the headers that came the relay passes on its own list, and it adds none of the address that they came from."""
    asked(path, stream=False)
    heads = re.findall(rb"(?:GET|POST) /comity/v1/[a-z]+ HTTP/1\.1\r\n(.*?)\r\n\r\n", path.before_node.seen, re.DOTALL)
    names = {line.partition(b":")[0].decode().lower() for head in heads for line in head.split(b"\r\n")}
    assert len(heads) >= 2 and names <= NAMES, names
    assert all(b"user-agent: comity" in head.split(b"\r\n") for head in heads), "the relay's own"


def test_a_stream_comes_on_a_beat_while_the_partner_speaks(path: Path3) -> None:
    """Sealed chunks reach the client one by one: they are not gathered by anybody on the way."""
    before = len(path.before_relay.seen)
    asked(path, stream=True)
    passed = path.before_relay.seen[before:]
    head, answer = passed[passed.index(b"content-type: message/ohttp-chunked-res") :].split(b"\r\n\r\n", 1)
    assert b"transfer-encoding: chunked" in head
    assert len(re.findall(rb"\r\n[0-9a-f]+\r\n", answer)) >= 4, "as they came"


def test_the_relay_s_memory_holds_no_word(path: Path3) -> None:
    asked(path, stream=True)
    try:
        held = memory(path.relay.pid)
        control = memory(path.node.pid)
    except OSError as error:
        pytest.skip(f"the memory of a process cannot be read here: {error.strerror}")
    key = path.key.encode()
    assert any(b"message/ohttp-chunked-req" in each for each in held)
    assert not any(word.encode() in each for each in held for word in PERSONAL) and not any(key in each for each in held)
    assert any("春季发布会".encode() in each for each in control), "and it would be found: the node opened it"


def memory(pid: int) -> list[bytes]:
    """What a process may write to, as it is now."""
    found = []
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            where, rights, *_ = line.split()
            if rights.startswith("rw") and not line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                begin, end = (int(edge, 16) for edge in where.split("-"))
                mem.seek(begin)
                found.append(mem.read(end - begin))
    return found
