# SPDX-License-Identifier: Apache-2.0
"""A sealed node in memory, behind the client's own egress: real keys, a real log with witnesses, real seals.  Attacks are edits of it.

Everything that left the client in clear is in `seen`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from comity.client.provider import NodeProvider, node_provider
from comity.config import LimitsConfig, TrustConfig
from comity.errors import ComityError
from comity.policy import facts
from comity.ports import Random, SystemRandom
from comity.providers.base import Deployment
from comity.providers.http import HttpAnswer, Outgoing
from comity.providers.http1.head import Head
from comity.seal import AnswerWriter, QuestionReader, once
from comity.seal.bind import Binding
from comity.seal.chunked import REQUEST_TYPE, RESPONSE_TYPE
from comity.seal.epochs import Epoch, Keys
from comity.seal.http import Fields, Request, Response
from comity.seal.keyconfig import parse_header
from comity.seal.padding import BODY_BYTES_MIN, bucket
from comity.storage.database import Database
from comity.transparency.entry import encoded, parse, written
from comity.transparency.ids import Ids
from comity.transparency.merkle import Frontier, inclusion_proof
from comity.transparency.note import Checkpoint, checkpoint_text
from comity.transparency.receipt import Receipt, leaf_of, to_json
from comity.transparency.receipt import encoded as receipt_form
from comity.transparency.tiles import Edge, Tile, parse_path
from comity.transparency.verify import FORMAT
from tests.fakes import FakeClock, SeededRandom
from tests.logs import RECEIPTS, MemoryLog, node_entry

POOL = "cn-assist"
POLICY = "ab" * 32
Answering = Callable[[Request, bytes], tuple[Response, list[bytes]]]


def echo(head: Request, body: bytes) -> tuple[Response, list[bytes]]:
    """Says back the last message, as a stream where one was asked for."""
    asked = json.loads(body)
    said = asked["messages"][-1]["content"]
    if not asked.get("stream"):
        usage = {"prompt_tokens": 3, "completion_tokens": 4}
        whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "echo", "usage": usage,
                 "choices": [{"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}]}  # fmt: skip
        return Response(status=200, fields=((b"content-type", b"application/json"),)), [json.dumps(whole).encode()]
    deltas = [*({"content": said[at : at + 3]} for at in range(0, len(said), 3)), {}]
    events = [{"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "echo",
               "choices": [{"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}]} for delta in deltas]  # fmt: skip
    pieces = [b"data: " + json.dumps(each).encode() + b"\n\n" for each in events] + [b"data: [DONE]\n\n"]
    return Response(status=200, fields=((b"content-type", b"text/event-stream"),)), pieces


class Pieces:
    """A body that comes as it was cut."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.left = [each for each in pieces if each]
        self.released = False

    def ready(self) -> bytes:
        return b""

    async def piece(self, seconds: float) -> bytes:
        return self.left.pop(0) if self.left else b""

    def release(self) -> None:
        self.released = True


@dataclass
class Node:
    """``edit_document``, ``edit_request``, ``edit_answer`` are where whoever stands between can put a hand in."""

    clock: FakeClock
    random: Random = field(default_factory=lambda: SeededRandom(b"node"))
    log: MemoryLog = field(default_factory=MemoryLog)
    terms: dict[str, Any] = field(default_factory=dict)  # what the entry says otherwise
    answering: Answering = echo
    edit_document: Callable[[dict[str, Any]], Any] = lambda document: document
    edit_request: Callable[[bytes], bytes] = lambda sealed: sealed
    edit_answer: Callable[[list[bytes]], list[bytes]] = lambda pieces: pieces
    edit_receipt: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda receipt: receipt
    attests: Callable[[Epoch], bytes] | None = None
    proves: Callable[[bytes], str] | None = None
    opens: Keys | None = None  # with which it opens what it is sent, where that is another's
    bound: dict[str, Any] = field(default_factory=dict)  # what it takes requests to be bound to, where that is another
    seen: list[bytes] = field(default_factory=list)
    asked: list[tuple[Request, bytes]] = field(default_factory=list)
    failures: list[ComityError] = field(default_factory=list)  # that opening ended in

    def __post_init__(self) -> None:
        self.keys = Keys(self.clock, self.random)
        self.signer = RECEIPTS
        self._ids = Ids(self.clock, self.random)
        self._entries: dict[bytes, bytes] = {}

    # -- its log -----------------------------------------------------------------------------------------------------

    def entry(self, hash_: bytes) -> bytes:
        return self._entries[hash_]

    def publish(self) -> dict[str, Any]:
        proofs = []
        for epoch in self.keys.tend():
            raw = self._entries.get(epoch.config.hash)
            if raw is None:
                said: dict[str, Any] = {
                    "key": base64.b64encode(epoch.config.encoded).decode(), "since": written(epoch.since), "until": written(epoch.until),
                    "pool": POOL, "policy": POLICY, "labels": ("explicit", "implicit"),
                }  # fmt: skip
                if self.attests is not None:
                    said["evidence"] = base64.b64encode(self.attests(epoch)).decode()
                raw = self._entries[epoch.config.hash] = encoded(node_entry(**{**said, **self.terms}))
                self.log.append(raw)
        for raw in self._entries.values():
            if parse(raw).until > written(self.clock.now()):
                proof = self.proves(raw) if self.proves is not None else self.log.prove(raw, self.clock.now())
                proofs.append({"entry": base64.b64encode(raw).decode(), "proof": proof})
        return {"format": "comity.node.v1", "proofs": proofs}

    # -- the client's egress -----------------------------------------------------------------------------------------

    async def open(self, deployment: Deployment, out: Outgoing, *, code_of: Any = None) -> HttpAnswer:
        self.seen += [out.path.encode(), repr(sorted(out.headers.items())).encode(), out.body]
        if out.path == "/comity/v1/node":
            return await self._said(out, 200, "application/json", [json.dumps(self.edit_document(self.publish())).encode()])
        if out.path.startswith("/tlog/nodes/"):
            return await self._said(out, 200, "application/octet-stream", [self._tile(parse_path(out.path.removeprefix("/tlog/nodes/")))])
        assert out.path == "/comity/v1/sealed" and out.headers["content-type"] == REQUEST_TYPE
        named = parse_header(out.headers["comity-key"])
        reader = QuestionReader(lambda key_id: (self.opens or self.keys).find(key_id, named), lambda hash_: self._terms(hash_))
        sealed = self.edit_request(out.body)
        try:
            events = reader.feed(sealed) + reader.finish()
        except ComityError as error:
            self.failures.append(error)
            status = 400 if error.code in ("trust.epoch", "trust.key-config") else 422
            return await self._said(out, status, "application/problem+json", [json.dumps({"code": error.code}).encode()], code_of)
        head = next(each for each in events if isinstance(each, Request))
        body = b"".join(each for each in events if isinstance(each, bytes))
        once(head, reader.exchange)
        self.asked.append((head, body))
        response, pieces = self.answering(head, body)
        streams = (b"content-type", b"text/event-stream") in response.fields
        writer = AnswerWriter(reader.exchange, self.random, least=0 if streams else BODY_BYTES_MIN)
        out_pieces = [writer.start(response), *map(writer.beat if streams else writer.piece, pieces)]
        out_pieces.append(writer.close(self._trailers(sealed, named, response.status)))
        return await self._said(out, 200, RESPONSE_TYPE, self.edit_answer(out_pieces))

    def _terms(self, hash_: bytes) -> Binding:
        entry = parse(self.entry(hash_))
        said = {"pool": entry.pool, "policy": entry.policy, "labels": entry.labels, **self.bound}
        return Binding(key=hash_, **said)

    async def _said(self, out: Outgoing, status: int, kind: str, pieces: list[bytes], code: Any = None) -> HttpAnswer:
        answer = HttpAnswer(Pieces(pieces), Head(status, 1, {"content-type": kind}), LimitsConfig(), out, code or (lambda body: ""))
        await answer.accept()
        return answer

    def _tile(self, tile: Tile) -> bytes:
        edge, full = Edge(), {}
        for entry in self.log.entries:
            full.update(edge.append([entry]))
        unfinished = dict(edge.unfinished())
        found = full.get(tile.full) or next(raw for at, raw in unfinished.items() if at[:2] == tile[:2])
        return found[: tile.width * 32]

    def _trailers(self, sealed: bytes, named: bytes, status: int) -> Fields:
        entry, key = self.entry(named), self.signer.verifier
        terms = parse(entry)
        said = to_json(Receipt(
            id=self._ids.ulid(), at="2026-11-23T12:00Z", issuer=key.name, key=key.id.hex(), effect="allow", source="CN",
            destination=("CN",), deployment="qwen", policy=terms.policy, plaintext_at=terms.plaintext_at, level="A0",
            size_bucket=bucket(len(sealed), 256),
            node=hashlib.sha256(entry).hexdigest(), sealed=hashlib.sha256(sealed).hexdigest(),
        ))  # fmt: skip
        edited = self.edit_receipt(said)
        if edited is None:
            return ()
        form, salt, tree = receipt_form(msgspec.convert(edited, Receipt)), self.random.token(32), Frontier()
        tree.append(leaf_of(salt, form))
        text = checkpoint_text(Checkpoint(self.signer.verifier.name, 1, tree.root()))
        bundle = {"format": FORMAT, "receipt": json.loads(form), "salt": base64.b64encode(salt).decode(),
                  "signature": base64.b64encode(self.signer.sign(form)).decode(), "index": 0,
                  "inclusion": [base64.b64encode(each).decode() for each in inclusion_proof(0, 1, lambda *_: b"")],
                  "checkpoint": self.signer.note(text), "vkey": self.signer.verifier.vkey}  # fmt: skip
        raw = base64.urlsafe_b64encode(json.dumps(bundle).encode()).rstrip(b"=")
        return ((b"comity-receipt-bundle", raw),)

    async def aclose(self) -> None:
        pass

    # -- who asks it -------------------------------------------------------------------------------------------------

    def trust(self, **changed: Any) -> TrustConfig:
        pinned = self.log.trust()
        return TrustConfig(**{"pool": POOL, "log": pinned.log, "witnesses": pinned.witnesses, "quorum": pinned.quorum, **changed})

    def client(self, database: Database, **changed: Any) -> tuple[NodeProvider, Deployment]:
        """``changed``: of what is asked of it, and ``processing`` of where it is said to be."""
        place = changed.pop("processing", frozenset({"CN"}))
        made = Deployment(
            id="cn-node", provider="node", dialect="openai", model="auto", base_url="https://relay.example:443/cn-assist",
            egress="relay.example:443", facts=facts.Provider(id="cn-node", kind="self_hosted", processing=place),
        )  # fmt: skip
        egress: Any = self
        provider = node_provider(
            {"cn-node": made}, {"cn-node": self.trust(**changed)}, egress=egress, keys={"cn-node": "ck-secret"}, seen=database,
            limits=LimitsConfig(), random=SystemRandom(), clock=self.clock,
        )  # fmt: skip
        return provider, made
