# SPDX-License-Identifier: Apache-2.0
"""The official `openai` client, unchanged but for its base URL, through `comity proxy`, a relay and a node, a process each."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

import comity
from comity.errors import TrustFailure
from comity.gateway.library.config import client_config
from comity.lab.process import Process, call
from comity.transparency.reader import Reader
from comity.transparency.verify import verify
from tests.live.sealed import KEY, Roles, node_of, proxy, sealed_path
from tests.simulated.worlds import subject

TEXT = "请回复 zhang.wei@example.cn，电话 13812345678，谢谢"
WORDS = (TEXT, "zhang.wei", "13812345678", "谢谢", "人工智能", KEY, "u-81", "chat/completions", "location=")
PLAIN = [form for word in WORDS for form in (word.encode(), json.dumps(word).encode()[1:-1])]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sealed")


@pytest.fixture(scope="module")
def path(folder: Path) -> Iterator[Roles]:
    with sealed_path(folder) as made:
        yield made


@pytest.fixture(scope="module")
def device(folder: Path, path: Roles) -> Iterator[Process]:
    with proxy(folder, path) as made:
        yield made


@pytest.fixture
def client(device: Process) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=device.base + "/v1", api_key="none", default_headers=subject("CN"), max_retries=0) as made:
        yield made


def unread(path: Roles) -> None:
    """Neither wire, nor anything that the relay wrote, holds a word of what was asked, answered or shown as a key."""
    for wire in (path.before_relay, path.before_node):
        assert wire.seen and b"message/ohttp-chunked-req" in wire.seen
        for word in PLAIN:
            assert word not in wire.seen
    relay = path.trust.parent / "relay"
    assert not relay.exists() or not [each for each in relay.rglob("*") if each.is_file()]
    assert (path.trust.parent / "relay.log").read_bytes() == b""


def test_a_whole_answer_comes_back_restored(client: openai.OpenAI, path: Roles, folder: Path, device: Process) -> None:
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=[{"role": "user", "content": TEXT}])
    content = raw.parse().choices[0].message.content or ""
    assert content.startswith(TEXT) and content.count("人工智能生成") == 1
    assert raw.headers["comity-region"] == "CN"
    assert "13812345678" not in str(path.partner.bodies[-1]) and "zhang.wei" not in str(path.partner.bodies[-1])
    unread(path)


def test_a_stream_comes_back_restored(client: openai.OpenAI, path: Roles) -> None:
    with client.chat.completions.create(model="auto", messages=[{"role": "user", "content": TEXT}], stream=True) as stream:
        content = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert content.startswith(TEXT) and content.count("人工智能生成") == 1
    unread(path)


def test_both_receipts_are_kept_and_agree(client: openai.OpenAI, device: Process, folder: Path) -> None:
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=[{"role": "user", "content": TEXT}])
    receipt = raw.headers["comity-receipt"]
    own = verify(call(device.base, "GET", f"/comity/v1/receipts/{receipt}").json()).receipt
    for _ in range(200):  # the outcome is recorded once the caller has it all
        with Reader(folder / "device") as reader:
            record = reader.record(receipt)
        if record.outcome is not None:
            break
        threading.Event().wait(0.05)
    assert record.outcome is not None and record.outcome["status"] == "ok"
    theirs = verify(record.outcome["received"]).receipt
    assert theirs["node"] == own["node"] and theirs["sealed"] == record.outcome["sealed"] and theirs["plaintext_at"] == "node"
    (row, *_) = call(device.base, "GET", "/comity/v1/decisions?limit=1").json()["data"]
    assert row["outcome"]["sealed"] == theirs["sealed"] and "received" not in row["outcome"]
    detail = call(device.base, "GET", f"/comity/v1/decisions/{receipt}").json()
    assert detail["decision"]["outcome"]["received"]["receipt"] == theirs


def test_a_refusal_of_the_device_s_own_law_sends_nothing(client: openai.OpenAI, path: Roles) -> None:
    before = len(path.before_relay.seen)
    with pytest.raises(openai.APIStatusError) as raised:
        there = client.with_options(default_headers=subject("BR"))
        there.chat.completions.create(model="auto", messages=[{"role": "user", "content": TEXT}])
    assert raised.value.status_code == 451
    assert len(path.before_relay.seen) == before


def test_the_client_in_this_process(path: Roles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_KEY", KEY)
    who = subject("CN")["Comity-Subject"]
    with comity.Client(trust=path.trust, base_url=path.base, home=tmp_path / "here", device=False, subject=who) as client:
        with client.chat.completions.create(messages=[{"role": "user", "content": TEXT}], stream=True) as stream:
            content = "".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices)
        assert content.startswith(TEXT)
        receipts = client.last_receipt
        theirs = verify(receipts["node"]).receipt
        assert theirs["node"] == verify(receipts["own"]).receipt["node"] and theirs["sealed"] == receipts["sealed"]
        assert theirs["destination"] == ["CN"]
    unread(path)


def test_an_unpinned_node_is_sent_nothing(path: Roles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is as it should be but one witness's key: the answer is a TrustFailure, and nothing sealed leaves."""
    import msgspec

    monkeypatch.setenv("NODE_KEY", KEY)
    config = client_config(path.trust, node=path.base, device=False)
    (node,) = config.deployments
    assert node.trust is not None
    name, _, _ = node.trust.witnesses[1].rpartition("+")
    other = _another_witness(name.partition("+")[0])
    trust = msgspec.structs.replace(node.trust, witnesses=(node.trust.witnesses[0], other))
    config = msgspec.structs.replace(config, deployments=(msgspec.structs.replace(node, trust=trust),))
    before = path.before_node.seen.count(b"message/ohttp-chunked-req")
    made = comity.Client(config=config, home=tmp_path / "here", subject=subject("CN")["Comity-Subject"])
    with made as client, pytest.raises(TrustFailure) as raised:
        client.chat.completions.create(messages=[{"role": "user", "content": TEXT}])
    assert raised.value.step == "witnesses"
    assert path.before_node.seen.count(b"message/ohttp-chunked-req") == before


def _another_witness(name: str) -> str:
    from comity.transparency.note import COSIGNED_ED25519, Signer

    return Signer(name, b"x" * 32, COSIGNED_ED25519).verifier.vkey


def test_a_node_that_is_killed_is_a_failure_and_its_successor_is_checked_anew(
    client: openai.OpenAI, path: Roles, folder: Path, device: Process
) -> None:
    path.node.kill()
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(model="auto", messages=[{"role": "user", "content": TEXT}])
    assert raised.value.status_code in (502, 503, 504)
    before = path.before_node.seen.count(b"GET /comity/v1/node")
    with node_of(folder, path.node.port) as successor:
        successor.wait_ready()
        for _ in range(200):  # its new key is to be seen by the witnesses first
            if call(successor.base, "GET", "/readyz").status == 200:
                break
            threading.Event().wait(0.1)
        answer = client.chat.completions.create(model="auto", messages=[{"role": "user", "content": TEXT}])
        assert (answer.choices[0].message.content or "").startswith(TEXT)
    assert path.before_node.seen.count(b"GET /comity/v1/node") == before + 1  # other keys: fetched and proved again, once
    unread(path)
