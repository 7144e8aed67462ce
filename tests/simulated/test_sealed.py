# SPDX-License-Identifier: Apache-2.0
"""The sealed door on the real front door, law and record: what comes sealed is answered sealed, and what does not hold reaches nobody."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.config import DeploymentConfig, KeyConfig
from comity.errors import OperatorError, StorageFailure, TrustFailure
from comity.gateway.roles.evidence import SIGNING_KEY, evidence_of
from comity.gateway.roles.sealed import DOCUMENT, SEALED
from comity.gateway.roles.terms import at_node
from comity.jurisdictions.vocab import load_vocabulary
from comity.seal import bhttp
from comity.seal.attestation import Expected
from comity.seal.attestation import verify as check_evidence
from comity.seal.attestation.software import ImageStatement, sign_image
from comity.seal.bind import Binding, Replays
from comity.seal.bounds import PIECES_FREE
from comity.seal.chunked import REQUEST_TYPE, request_writer
from comity.seal.epochs import Keys
from comity.seal.hpke import DEFAULT, TAG_BYTES
from comity.seal.http import Request, Response
from comity.seal.keyconfig import decode
from comity.seal.ohttp import REQUEST_TYPE as WHOLE
from comity.seal.ohttp import RESPONSE_TYPE as WHOLE_ANSWER
from comity.seal.ohttp import open_response, seal_request
from comity.seal.varint import decoded, size_of
from comity.storage.home import secret_key
from comity.transparency.entry import parse
from comity.transparency.trust import proven
from comity.transparency.verify import verify
from tests.sealing import CHAT, NODE, RANDOM, SealedNode, Wire, opened, sealed_node, sealed_to
from tests.simulated.worlds import BEIJING, DEVICE, VIRGINIA, FixedClock, config, said_in_stream, subject

PHONE = "13812345678"
ASKED = {"messages": [{"role": "user", "content": f"你好，我的电话是{PHONE}"}]}
PARTNER = msgspec.structs.replace(BEIJING, base_url="https://llm.example.cn/v1")


@pytest.fixture
async def node(home: Path) -> AsyncIterator[SealedNode]:
    made = await sealed_node(config(BEIJING, VIRGINIA), home)
    yield made
    await made.aclose()


def asked_of(node: SealedNode) -> int:
    return sum(len(partner.received) for partner in node.sim.partners.values())


# -- what is answered -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
async def test_what_comes_sealed_is_answered_sealed_with_its_receipt(node: SealedNode, stream: bool) -> None:
    wire, exchange = await node.sealed({**ASKED, "stream": stream}, subject("CN"))
    await node.doors.answer(wire)
    answer, sealed = opened(exchange, wire.said), b"".join(wire.sent)
    said = said_in_stream(answer.body) if stream else answer.json()["choices"][0]["message"]["content"]
    assert (wire.status, answer.status) == (200, 200) and PHONE in said
    bundle = answer.receipt
    assert bundle is not None and verify(bundle, vkey=node.sim.world.ledger.vkey)
    receipt = bundle["receipt"]
    assert receipt["id"] == answer.headers["comity-receipt"] and receipt["effect"] == "allow"
    assert receipt["sealed"] == hashlib.sha256(sealed).hexdigest()
    assert receipt["node"] == hashlib.sha256(node.entries.log.entries[0]).hexdigest()
    assert (receipt["plaintext_at"], receipt["level"], receipt["destination"]) == ("node", "A0", ["CN"])
    assert receipt["size_bucket"] >= len(sealed)
    outside = wire.said + sealed + repr(wire.answered).encode()
    for inside in (PHONE, "你好", "qwen-beijing", receipt["id"]):
        assert inside.encode() not in outside


async def test_what_is_no_chat_is_answered_too(node: SealedNode) -> None:
    models = await node.ask(b"", path="/v1/models", method="GET")
    assert {row["id"] for row in models.json()["data"]} == {"auto", "qwen-beijing", "us-virginia"} and models.receipt is None
    answer = await node.ask(ASKED, subject("CN"))
    again = await node.ask(b"", path=f"/comity/v1/receipts/{answer.headers['comity-receipt']}", method="GET")
    assert answer.receipt is not None and again.json()["receipt"] == answer.receipt["receipt"]


async def test_a_refusal_stays_inside_and_has_its_receipt(node: SealedNode) -> None:
    answer = await node.ask({**ASKED, "model": "us-virginia"}, subject("CN"))
    assert answer.status == 451 and answer.json()["error"]["decision"]["remedies"] and answer.receipt is not None
    assert (answer.receipt["receipt"]["effect"], answer.receipt["receipt"]["plaintext_at"]) == ("deny", "none")
    assert answer.receipt["receipt"]["sealed"] and not asked_of(node)


@pytest.mark.parametrize(
    ("body", "path", "method", "status", "code"),
    [
        (b"{", CHAT, "POST", 400, "request.malformed"),
        (b"{}", "/nowhere", "POST", 404, "request.unknown_path"),
        (b"{}", SEALED, "POST", 404, "request.unknown_path"),  # no seal inside a seal
        (b"", DOCUMENT, "GET", 404, "request.unknown_path"),
        (b"", "/metrics", "GET", 404, "request.unknown_path"),
        (b"", "/comity/v1/keys", "GET", 404, "request.unknown_path"),
        (b"", "/comity/v1/decisions", "GET", 404, "request.unknown_path"),
        (b"", "/v1/models", "HEAD", 404, "request.unknown_path"),
        (b"{}", "/v1/models", "POST", 405, "request.method"),
        (b"{}", "/v1/chat%00", "POST", 400, "http.invalid"),
        (b"x" * 4_194_305, CHAT, "POST", 413, "request.too_large"),
    ],
)
async def test_errors_stay_inside(node: SealedNode, body: bytes, path: str, method: str, status: int, code: str) -> None:
    answer = await node.ask(body, subject("CN"), path=path, method=method)
    assert (answer.status, answer.json()["error"]["code"]) == (status, code)
    assert not asked_of(node)


@pytest.mark.parametrize(
    ("authority", "fields", "status"),
    [
        ("node.example", {}, 200),
        ("", {}, 200),
        ("", {"host": "NODE.example"}, 200),
        ("elsewhere.example", {}, 421),
        ("node.example", {"host": "elsewhere.example"}, 400),
    ],
)
async def test_the_host_inside_is_the_node_s_own(node: SealedNode, authority: str, fields: Mapping[str, str], status: int) -> None:
    entry = await node.entry()
    made = decode(entry.key_bytes)
    binding = Binding(pool=entry.pool, key=made.hash, policy=entry.policy, labels=entry.labels)
    wire, exchange = sealed_to(made, binding, ASKED, {**subject("CN"), **fields}, authority=authority)
    await node.doors.answer(wire)
    assert opened(exchange, wire.said).status == status


async def test_keys_are_shown_inside(home: Path) -> None:
    key = KeyConfig(id="app", sha256=hashlib.sha256(b"s3cret").hexdigest(), may_assert_subject=True)
    node = await sealed_node(config(BEIJING, keys=(key,)), home)
    try:
        assert (await node.ask(ASKED, subject("CN"))).status == 401
        assert (await node.ask(ASKED, {**subject("CN"), "Authorization": "Bearer s3cret"})).status == 200
        wire, exchange = await node.sealed(ASKED, subject("CN"))
        wire.headers = {**wire.headers, "authorization": "Bearer s3cret"}  # outside the seal it is nobody's key
        await node.doors.answer(wire)
        assert opened(exchange, wire.said).status == 401
    finally:
        await node.aclose()


@pytest.mark.parametrize("stream", [False, True])
async def test_the_whole_form_of_oblivious_http_is_taken_as_well(node: SealedNode, stream: bool) -> None:
    entry = await node.entry()
    made = decode(entry.key_bytes)
    binding = Binding(pool=entry.pool, key=made.hash, policy=entry.policy, labels=entry.labels)
    fields = tuple((name.lower().encode(), value.encode()) for name, value in subject("CN").items())
    request = Request(method="POST", authority="node.example", path=CHAT, fields=(*fields, *binding.fields(RANDOM)))
    data, exchange = seal_request(made, DEFAULT, bhttp.encode(request, json.dumps({**ASKED, "stream": stream}).encode()), RANDOM)
    wire = Wire(sent=[data], headers={"host": "node.example", "content-type": WHOLE, "comity-key": made.header})
    await node.doors.answer(wire)
    assert dict(wire.answered)[b"content-type"] == WHOLE_ANSWER.encode()
    message = bhttp.decode(open_response(exchange, wire.said))
    assert isinstance(message.head, Response) and message.head.status == 200
    assert [name for name, _ in message.trailers] == [b"comity-receipt-bundle"]
    assert PHONE.encode() in message.content or PHONE in said_in_stream(message.content)


def lengths(sealed: bytes, at: int = 32) -> list[int]:
    """Of an answer's chunks, as they stand in clear for whoever carries it."""
    found: list[int] = []
    while True:
        size = size_of(sealed[at])
        length, at = decoded(sealed[at : at + size]), at + size
        if not length:
            return [*found, len(sealed) - at]
        found.append(length - TAG_BYTES)
        at += length


async def test_an_answer_s_chunks_say_only_its_power_of_two_and_not_whether_it_is_a_refusal(node: SealedNode) -> None:
    asked: list[dict[str, Any]] = [{"messages": [{"role": "user", "content": "x" * length}]} for length in (1, 40, 400)]
    asked += [{**asked[0], "model": "us-virginia"}, {**asked[0], "model": "us-virginia", "stream": True}]
    seen = []
    for body in asked:
        wire, exchange = await node.sealed(body, subject("CN"))
        await node.doors.answer(wire)
        seen.append((opened(exchange, wire.said).status, lengths(wire.said), wire.answered))
    assert [status for status, *_ in seen] == [200, 200, 200, 451, 451]
    assert all(found == [4096, TAG_BYTES] and headers == seen[0][2] for _, found, headers in seen)


async def test_a_stream_s_chunks_are_powers_of_two_its_head_and_its_receipt_too(node: SealedNode) -> None:
    wire, exchange = await node.sealed({**ASKED, "stream": True}, subject("CN"))
    await node.doors.answer(wire)
    found = lengths(wire.said)
    assert opened(exchange, wire.said).receipt is not None
    assert len(found) >= 3 and found[-1] == TAG_BYTES and all(each.bit_count() == 1 and each >= 256 for each in found[:-1])


# -- what does not open -----------------------------------------------------------------------------------------------


async def refused(node: SealedNode, wire: Wire) -> tuple[int, str, str]:
    await node.doors.answer(wire)
    problem = wire.problem
    assert not asked_of(node) and problem["status"] == wire.status
    return wire.status, problem.get("step", ""), problem["type"].rpartition("#")[2]


async def test_a_request_is_heard_once(node: SealedNode) -> None:
    wire, _ = await node.sealed({"messages": [{"role": "user", "content": "x"}], "model": "us-virginia"}, subject("CN"))
    await node.doors.answer(wire)
    assert wire.status == 200
    assert await refused(node, Wire(sent=wire.sent, headers=wire.headers)) == (422, "replay", "about:blank")


@pytest.mark.parametrize("bound", [{"pool": "us-assist"}, {"policy": "ab" * 32}, {"labels": ("explicit",)}])
async def test_what_was_meant_for_others_or_on_other_terms_is_refused(node: SealedNode, bound: dict[str, Any]) -> None:
    wire, _ = await node.sealed(ASKED, subject("CN"), **bound)
    assert await refused(node, wire) == (422, "bind", "about:blank")


async def test_a_key_that_is_not_here_is_told_as_rfc_9458_says(node: SealedNode) -> None:
    entry, clock = await node.entry(), node.sim.clock
    (here,) = node.offers.keys.tend()
    other = Keys(clock, RANDOM).tend()[0].config  # another node's, under the same byte
    assert other.key_id == here.config.key_id
    binding = Binding(pool=entry.pool, key=other.hash, policy=entry.policy, labels=entry.labels)
    wire, _ = sealed_to(other, binding, ASKED)
    assert await refused(node, wire) == (400, "key-config", "ohttp-key")
    wire, _ = await node.sealed(ASKED, subject("CN"))
    clock.advance(hours=7)
    assert await refused(node, wire) == (400, "epoch", "ohttp-key")


async def test_a_key_that_does_not_stand_in_the_log_opens_nothing(node: SealedNode) -> None:
    wire, _ = await node.sealed(ASKED, subject("CN"))
    node.offers.withdraw()
    assert await refused(node, wire) == (400, "epoch", "ohttp-key")
    assert (await node.document()) == [] and not node.offers.ready


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data[:-1], (422, "truncated", "about:blank")),
        (lambda data: data[:-40], (422, "truncated", "about:blank")),
        (lambda data: data[:-30] + bytes([data[-30] ^ 1]) + data[-29:], (422, "open", "about:blank")),
        (lambda data: data[:300] + bytes([data[300] ^ 1]) + data[301:], (422, "open", "about:blank")),
        (lambda data: data[:3], (422, "truncated", "about:blank")),
        (lambda data: b"", (422, "truncated", "about:blank")),
        (lambda data: data[:1] + b"\x00\x10" + data[3:], (400, "", "ohttp-key")),  # P-256: not supported
        (lambda data: data[:5] + b"\x00\x09" + data[7:], (400, "", "ohttp-key")),
    ],
)
async def test_what_was_cut_or_changed_on_the_way_is_refused(node: SealedNode, change: Any, told: tuple[int, str, str]) -> None:
    wire, _ = await node.sealed(ASKED, subject("CN"))
    wire.sent = [change(b"".join(wire.sent))]
    assert await refused(node, wire) == told


@given(data=st.one_of(st.binary(max_size=3000), st.tuples(st.integers(0, 3000), st.integers(1, 255))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_comes_is_opened_or_refused_as_the_sender_s_fault(node: SealedNode, data: bytes | tuple[int, int]) -> None:
    wire, _ = await node.sealed({"messages": []}, subject("CN"))
    good = b"".join(wire.sent)
    if isinstance(data, bytes):
        wire.sent = [good[:3] + data if len(data) % 2 else data]
    else:
        at = data[0] % len(good)
        wire.sent = [good[:at] + bytes([good[at] ^ data[1]]) + good[at + 1 :]]
    await node.doors.answer(wire)
    assert wire.status in (400, 413, 422) and wire.problem["code"].partition(".")[0] in ("seal", "trust")


def keyed(**terms: Any) -> KeyConfig:
    return KeyConfig(id="app", sha256=hashlib.sha256(b"s3cret").hexdigest(), may_assert_subject=True, **terms)


SHOWN = {"Authorization": "Bearer s3cret"}


async def test_whoever_has_no_key_fills_nothing_and_a_key_makes_a_request_heard(home: Path) -> None:
    node = await sealed_node(config(BEIJING, keys=(keyed(),)), home)
    try:
        entry = await node.entry()
        replays = node.offers.keys.find(decode(entry.key_bytes).key_id).replays
        wire, exchange = await node.sealed(ASKED, {**subject("CN"), "Authorization": "Bearer wrong"})
        for _ in range(3):
            again = Wire(sent=wire.sent, headers=wire.headers)
            await node.doors.answer(again)
            assert opened(exchange, again.said).status == 401
        assert len(replays) == 0 and node.app.metrics.requests[CHAT, "401"] == 3
        wire, _ = await node.sealed(ASKED, {**subject("CN"), **SHOWN})
        await node.doors.answer(wire)
        assert len(replays) == 1
        again = Wire(sent=wire.sent, headers=wire.headers)
        await node.doors.answer(again)
        assert (again.status, again.problem["step"]) == (422, "replay") and asked_of(node) == 1
    finally:
        await node.aclose()


async def test_of_two_copies_at_once_one_is_answered(home: Path) -> None:
    node = await sealed_node(config(BEIJING, keys=(keyed(),)), home)
    try:
        wire, _ = await node.sealed(ASKED, {**subject("CN"), **SHOWN})
        both = [Stalled(sent=wire.sent, headers=wire.headers) for _ in range(2)]
        asking = [asyncio.ensure_future(node.doors.answer(each)) for each in both]
        for each in both:
            await each.reached.wait()  # of both all but the end has come
        for each in both:
            each.go.set()
        await asyncio.gather(*asking)
        assert sorted(each.status for each in both) == [200, 422] and asked_of(node) == 1
    finally:
        await node.aclose()


@dataclass
class Stalled(Wire):
    """All but its last piece comes; then it waits."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def pieces(self, bytes_max: int) -> AsyncGenerator[bytes, None]:
        for piece in self.sent[:-1]:
            yield piece
        self.reached.set()
        await self.go.wait()
        yield self.sent[-1]


async def test_what_is_being_read_counts_among_what_is_asked_at_once(home: Path) -> None:
    made = config(BEIJING)
    node = await sealed_node(msgspec.structs.replace(made, limits=msgspec.structs.replace(made.limits, concurrent_requests_max=2)), home)
    try:
        waiting = []
        for _ in range(2):
            wire, _ = await node.sealed(ASKED, subject("CN"))
            waiting.append(Stalled(sent=wire.sent, headers=wire.headers))
        asking = [asyncio.ensure_future(node.doors.answer(each)) for each in waiting]
        for each in waiting:
            await each.reached.wait()
        assert node.app.metrics.in_flight == 2
        wire, _ = await node.sealed(ASKED, subject("CN"))
        await node.doors.answer(wire)
        assert (wire.status, wire.problem["code"]) == (503, "server.busy")
        for each in waiting:
            each.go.set()
        await asyncio.gather(*asking)
        assert [each.status for each in waiting] == [200, 200] and node.app.metrics.in_flight == 0
    finally:
        await node.aclose()


async def test_what_is_held_of_all_requests_together_is_bounded(home: Path) -> None:
    made = config(BEIJING)
    node = await sealed_node(msgspec.structs.replace(made, limits=msgspec.structs.replace(made.limits, bodies_bytes_max=6000)), home)
    try:
        long, _ = await node.sealed({"messages": [{"role": "user", "content": "x" * 1500}]}, subject("CN"))
        waiting = Stalled(sent=long.sent, headers=long.headers)
        asking = asyncio.ensure_future(node.doors.answer(waiting))
        await waiting.reached.wait()
        wire, _ = await node.sealed({"messages": [{"role": "user", "content": "x" * 1500}]}, subject("CN"))
        await node.doors.answer(wire)
        assert (wire.status, wire.problem["code"]) == (503, "server.busy")
        waiting.go.set()
        await asking
        assert waiting.status == 200 and (await node.ask(ASKED, subject("CN"))).status == 200  # there is room again
    finally:
        await node.aclose()


@pytest.mark.parametrize("whole", [False, True])
async def test_content_in_tiny_pieces_is_refused_before_it_costs_much(node: SealedNode, whole: bool) -> None:
    entry = await node.entry()
    made = decode(entry.key_bytes)
    binding = Binding(pool=entry.pool, key=made.hash, policy=entry.policy, labels=entry.labels)
    head = bhttp.start(Request(method="POST", path=CHAT, fields=binding.fields(RANDOM)))
    message = head + b"\x01a" * (2 * PIECES_FREE) + bhttp.end()
    if whole:
        data, _ = seal_request(made, DEFAULT, message, RANDOM)
    else:
        writer, _ = request_writer(made, DEFAULT, RANDOM)
        data = writer.close(message)
    wire = Wire(sent=[data], headers={"host": "node.example", "content-type": WHOLE if whole else REQUEST_TYPE, "comity-key": made.header})
    await node.doors.answer(wire)
    assert (wire.status, wire.problem["code"]) == (413, "seal.too_large") and not asked_of(node)


FILES = [("GET", "/v1/files"), ("POST", "/v1/files"), ("GET", "/v1/files/file-x"), ("DELETE", "/v1/files/file-x"),
         ("GET", "/v1/files/file-x/content"), ("GET", "/v1/batches"), ("POST", "/v1/batches"),
         ("POST", "/v1/batches/b/cancel")]  # fmt: skip


async def test_files_at_a_node_are_for_callers_with_a_key_of_their_own(node: SealedNode, tmp_path: Path) -> None:
    for method, path in FILES:
        answer = await node.ask(b"", path=path, method=method)
        assert (answer.status, answer.json()["error"]["code"]) == (403, "key.needed"), path
    (tmp_path / "keyed").mkdir()
    owned = await sealed_node(config(BEIJING, keys=(keyed(),)), tmp_path / "keyed")
    try:
        assert (await owned.ask(b"", SHOWN, path="/v1/files", method="GET")).json()["data"] == []
        assert (await owned.ask(b"", path="/v1/files", method="GET")).status == 401
    finally:
        await owned.aclose()


async def test_a_caller_who_leaves_while_it_sends_asked_nothing(node: SealedNode) -> None:
    wire, _ = await node.sealed(ASKED, subject("CN"))
    wire.sent, wire.cut = wire.sent[:-1], True
    await node.doors.answer(wire)
    assert not wire.begun and not asked_of(node)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "application/json"}, 415),
        ({"comity-key": ""}, 400),
        ({"comity-key": "sha256/zz"}, 400),
        ({"host": "evil.example"}, 421),
    ],
)
async def test_what_is_no_sealed_request_is_refused(node: SealedNode, headers: dict[str, str], status: int) -> None:
    wire, _ = await node.sealed(ASKED, subject("CN"))
    wire.headers = {**wire.headers, **headers}
    assert (await refused(node, wire))[0] == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", CHAT, 404), ("GET", "/v1/models", 404), ("GET", "/metrics", 404), ("GET", "/comity/v1/decisions", 404), ("GET", SEALED, 405),
     ("GET", "/healthz", 200), ("GET", "/readyz", 200), ("GET", DOCUMENT, 200),
     ("GET", "/tlog/nodes/checkpoint", 200), ("GET", "/tlog/nodes/x", 404), ("GET", "/", 404)],
)  # fmt: skip
async def test_outside_the_seal_little_is_open(node: SealedNode, method: str, path: str, status: int) -> None:
    assert (await node.open(method, path)).status == status
    assert not asked_of(node)


# -- streams ----------------------------------------------------------------------------------------------------------


async def test_a_caller_who_leaves_a_stream_stops_the_partner(node: SealedNode) -> None:
    wire, _ = await node.sealed({**ASKED, "stream": True}, subject("CN"))
    wire.room, began = asyncio.Event(), asyncio.Event()  # the first is never set: it stopped reading
    wire.wrote = began.set
    answering = asyncio.ensure_future(node.doors.answer(wire))
    await began.wait()
    wire.leave()
    await answering
    (answer,) = node.sim.partners["qwen-beijing"].answers
    assert answer.closed and not wire.whole


async def test_a_partner_s_cut_stream_ends_in_an_error_inside(node: SealedNode) -> None:
    node.sim.partners["qwen-beijing"].cut = True
    answer = await node.ask({**ASKED, "stream": True}, subject("CN"))
    events = [json.loads(line[6:]) for line in answer.body.split(b"\n") if line.startswith(b"data: ")]
    assert events[-1]["error"]["code"] == "provider.failed" and b"[DONE]" not in answer.body and answer.receipt is not None


@pytest.mark.parametrize("stream", [False, True])
async def test_without_its_receipt_no_answer_ends_well(node: SealedNode, monkeypatch: pytest.MonkeyPatch, stream: bool) -> None:
    async def gone(reference: str) -> dict[str, Any]:
        raise StorageFailure("the record cannot be read")

    wire, exchange = await node.sealed({**ASKED, "stream": stream}, subject("CN"))
    monkeypatch.setattr(node.app.world.ledger, "bundle", gone)
    await node.doors.answer(wire)
    if stream:
        assert wire.begun and not wire.whole  # cut: what opens it says truncated
    else:
        assert opened(exchange, wire.said).status == 503


# -- keys, terms, readiness -------------------------------------------------------------------------------------------


async def test_each_key_is_proved_in_the_document_before_it_is_used(node: SealedNode) -> None:
    clock, trust = node.sim.clock, node.entries.log.trust()
    (row,) = await node.document()
    entry = await node.entry()
    assert proven(base64.b64decode(row["entry"]), row["proof"], trust, clock.now()).index == 0
    assert (entry.pool, entry.region, entry.url, entry.policy) == ("cn-assist", "CN", NODE.url, node.sim.world.engine.digest)
    assert (entry.plaintext_at, entry.processing, entry.egress) == ("node", ("CN", "US"), ("127.0.0.1:9",))
    clock.advance(hours=5, minutes=50)  # ten minutes before the next epoch
    assert await node.node.tend(node.offers)
    rows = await node.document()
    assert len(rows) == 2 and rows[0]["entry"] == row["entry"]
    clock.advance(minutes=11)
    (after,) = await node.document()
    assert after["entry"] == rows[1]["entry"] and (await node.ask(ASKED, subject("CN"))).status == 200


async def test_a_key_that_too_few_have_witnessed_is_shown_to_nobody(home: Path) -> None:
    node = await sealed_node(config(BEIJING), home)
    try:
        node.entries.signing = 1
        node.sim.clock.advance(hours=7)
        assert not await node.node.tend(node.offers)
        assert await node.document() == []
        ready = await node.open("GET", "/readyz")
        assert ready.status == 503 and json.loads(ready.said)["parts"]["node"] == "unwitnessed"
        node.entries.signing = 2
        assert await node.node.tend(node.offers)
        assert len(await node.document()) == 1 and (await node.open("GET", "/readyz")).status == 200
    finally:
        await node.aclose()


async def test_a_key_that_heard_half_of_what_it_may_gives_way_to_another(node: SealedNode) -> None:
    before = await node.entry()
    node.offers.keys.find(decode(before.key_bytes).key_id).replays = Replays(4)
    wire, _ = await node.sealed(ASKED, subject("CN"))  # sealed to the old, and late
    assert (await node.ask(ASKED, subject("CN"))).status == 200
    assert await node.node.renew(node.offers) and await node.entry() == before  # a quarter
    heard, _ = await node.sealed(ASKED, subject("CN"))
    await node.doors.answer(heard)
    node.entries.signing = 0
    assert not await node.node.renew(node.offers) and await node.entry() == before  # no successor yet: it goes on
    assert (await node.ask(ASKED, subject("CN"))).status == 200
    node.entries.signing = 2
    assert await node.node.renew(node.offers)
    after = await node.entry()
    assert len(await node.document()) == 1 and node.offers.ready
    assert after.key != before.key and msgspec.structs.replace(after, key=before.key) == before
    for old in (wire, Wire(sent=heard.sent, headers=heard.headers)):  # what it never heard, and what it had
        await node.doors.answer(old)
        assert (old.status, old.problem["step"]) == (400, "key-config")
    assert (await node.ask(ASKED, subject("CN"))).status == 200
    assert asked_of(node) == 4


async def test_other_terms_have_other_keys_and_are_taken_up_once_witnessed(node: SealedNode) -> None:
    world, before = node.app.world, node.offers
    assert await node.node.offers(world, before) is before
    moved = replace(world, deployments={"qwen-beijing": world.deployments["qwen-beijing"]})
    node.entries.signing = 0
    with pytest.raises(OperatorError) as raised:
        await node.node.offers(moved, before)
    assert raised.value.code == "node.unwitnessed"
    node.entries.signing = 2
    after = await node.node.offers(moved, before)
    assert after is not before and after.ready and after.terms.processing == ("CN",)
    wire, _ = await node.sealed(ASKED, subject("CN"))  # to the old key
    node.app.take_up(replace(moved, offers=after))
    assert await refused(node, wire) == (400, "key-config", "ohttp-key")
    assert (await node.ask(ASKED, subject("CN"))).status == 200


async def test_what_came_under_terms_that_went_meanwhile_is_not_answered_under_others(node: SealedNode) -> None:
    world, before = node.app.world, node.offers
    moved = replace(world, deployments={"qwen-beijing": world.deployments["qwen-beijing"]})
    after = await node.node.offers(moved, before)
    wire, _ = await node.sealed(ASKED, subject("CN"))
    pieces = list(wire.sent)

    class Reloading(list[bytes]):
        def __iter__(self) -> Iterator[bytes]:
            for each in pieces:
                node.app.take_up(replace(moved, offers=after))
                yield each

    wire.sent = Reloading()
    assert await refused(node, wire) == (400, "key-config", "ohttp-key")


async def test_who_could_read_it_is_said_by_where_the_model_is(home: Path) -> None:
    node = await sealed_node(config(PARTNER, msgspec.structs.replace(BEIJING, id="beside")), home)
    try:
        assert (await node.entry()).plaintext_at == "upstream"
        for name, where in (("qwen-beijing", "upstream"), ("beside", "node")):
            answer = await node.ask({**ASKED, "model": name}, subject("CN"))
            assert answer.receipt is not None and answer.receipt["receipt"]["plaintext_at"] == where
    finally:
        await node.aclose()


async def test_where_a_partner_reads_it_the_level_stays_below_hardware(home: Path) -> None:
    node = await sealed_node(config(PARTNER, msgspec.structs.replace(BEIJING, id="beside")), home)
    try:
        attested = msgspec.structs.replace(NODE, level="A2")
        made = at_node(attested, node.app.world.deployments, load_vocabulary())
        assert (made["qwen-beijing"].level, made["beside"].level) == ("A1", "A2")
    finally:
        await node.aclose()


async def test_a_key_s_evidence_is_made_with_it_and_holds_for_it_alone(home: Path, tmp_path: Path) -> None:
    builder, image = Ed25519PrivateKey.generate(), "sha256:" + "5a" * 32
    signing = Ed25519PrivateKey.from_private_bytes(secret_key(home / SIGNING_KEY, RANDOM)).public_key().public_bytes_raw().hex()
    statement = ImageStatement(image=image, node=signing, since="2026-11-01T00:00:00Z", until="2027-02-01T00:00:00Z")
    (tmp_path / "image.json").write_bytes(sign_image(statement, builder))
    clock, attested = FixedClock(), msgspec.structs.replace(NODE, level="A1", image=image, evidence=str(tmp_path / "image.json"))
    made = evidence_of(attested, home=home, clock=clock, random=RANDOM)
    node = await sealed_node(config(BEIJING), home, node=attested, clock=clock, evidence=made)
    try:
        clock.advance(hours=5, minutes=50)
        assert await node.node.tend(node.offers)
        now, early = [parse(base64.b64decode(row["entry"])) for row in await node.document()]
        keys = [decode(each.key_bytes).hash for each in (now, early)]
        wanted = Expected(key=keys[0], image=image, level="A1", builders=(builder.public_key().public_bytes_raw().hex(),))
        assert check_evidence(now.evidence_bytes, None, clock.now(), wanted).level == "A1"
        check_evidence(early.evidence_bytes, None, clock.now(), msgspec.structs.replace(wanted, key=keys[1]))
        with pytest.raises(TrustFailure):
            check_evidence(early.evidence_bytes, None, clock.now(), wanted)
        answer = await node.ask(ASKED, subject("CN"))
        assert (
            answer.receipt is not None and answer.receipt["receipt"]["level"] == "A1" and 'level="A1"' in answer.headers["comity-decision"]
        )
        refused = await node.ask({**ASKED, "messages": []}, subject("CN"))
        assert refused.receipt is None
    finally:
        await node.aclose()


async def test_a_model_in_the_node_is_where_the_node_is(home: Path) -> None:
    with pytest.raises(OperatorError) as raised:
        await sealed_node(config(DEVICE), home)
    assert raised.value.field == "deployments[0]"
    own = DeploymentConfig(
        id="inside", provider="embedded", processing=frozenset({"CN"}), storage=frozenset({"CN"}), access=frozenset({"CN"}), operator="CN",
        evidence=("processor_contract", "cn_genai"),
    )  # fmt: skip
    node = await sealed_node(config(own), home)
    try:
        answer = await node.ask(ASKED, subject("CN"))
        assert answer.receipt is not None
        receipt = answer.receipt["receipt"]
        assert (answer.headers["comity-region"], receipt["plaintext_at"], receipt["destination"]) == ("CN", "node", ["CN"])
        assert (await node.ask(ASKED, subject("RU"))).status == 451  # it is not where this person is
    finally:
        await node.aclose()
