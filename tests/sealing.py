# SPDX-License-Identifier: Apache-2.0
"""A node in memory: the real front door, law and record behind the real sealed door, its keys in a log that witnesses sign.

`Wire` is what lies between a client and the door: it can be cut, stalled and listened to.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from comity.config import Config, NodeConfig
from comity.gateway.app import App
from comity.gateway.exchange import Disconnected, Headers, Seal
from comity.gateway.roles.node import Node
from comity.gateway.roles.sealed import DOCUMENT, SEALED, Doors
from comity.gateway.roles.terms import Offers
from comity.ports import SystemRandom
from comity.seal import AnswerReader, ask
from comity.seal.bind import Binding
from comity.seal.chunked import REQUEST_TYPE
from comity.seal.http import Fields, Request, Response, Trailers
from comity.seal.keyconfig import KeyConfig, decode
from comity.transparency.entry import NodeEntry, parse
from comity.transparency.publish import Published
from tests.logs import MemoryLog
from tests.simulated.worlds import FixedClock, Sim, simulate

NODE = NodeConfig(pool="cn-assist", region="CN", operator="Example Ltd", url="https://node.example")
CHAT = "/v1/chat/completions"
RANDOM = SystemRandom()


class Entries:
    """A log on `MemoryLog`: `signing` of its two witnesses answer, two are needed."""

    def __init__(self, clock: FixedClock) -> None:
        self.log, self.clock, self.signing = MemoryLog(2), clock, 2

    async def append(self, entries: Sequence[bytes]) -> Sequence[int]:
        for each in entries:
            self.log.append(each)
        return range(len(self.log.entries) - len(entries), len(self.log.entries))

    async def publish(self) -> Published:
        names = tuple(each.verifier.name for each in self.log.witnesses[self.signing :])
        return Published(len(self.log.entries), self.signing >= 2, names)

    async def proof(self, index: int) -> str:
        return self.log.prove(self.log.entries[index], self.clock.now())

    async def file(self, path: str) -> bytes | None:
        return self.log.checkpoint(self.clock.now()).encode() if path == "checkpoint" else None

    async def aclose(self) -> None: ...


@dataclass
class Wire:
    """An Exchange whose other end is a test."""

    method: str = "POST"
    path: str = SEALED
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: Sequence[bytes] = ()
    cut: bool = False  # the caller leaves before all was sent
    seal: Seal | None = None
    begun: bool = False
    status: int = 0
    answered: Headers = ()
    whole: bool = False
    written: list[bytes] = field(default_factory=list)
    wrote: Callable[[], Any] = lambda: None
    room: asyncio.Event | None = None  # while it is not set the caller does not read
    _gone: Callable[[], None] | None = None
    left: bool = False

    @property
    def said(self) -> bytes:
        return b"".join(self.written)

    async def body(self, bytes_max: int) -> bytes:
        return b"".join([piece async for piece in self.pieces(bytes_max)])

    async def pieces(self, bytes_max: int) -> AsyncGenerator[bytes, None]:
        for piece in self.sent:
            yield piece
        if self.cut:
            raise Disconnected

    async def respond(self, status: int, body: bytes, headers: Headers) -> None:
        await self.begin(status, headers)
        self.written.append(body)
        self.whole = True

    async def begin(self, status: int, headers: Headers) -> None:
        assert not self.begun
        self.begun, self.status, self.answered = True, status, headers

    async def write(self, piece: bytes) -> None:
        if self.left:
            raise Disconnected
        self.written.append(piece)
        self.wrote()
        if self.room is not None:
            await self.room.wait()

    async def end(self) -> None:
        self.whole = True

    def on_gone(self, call: Callable[[], None] | None) -> None:
        self._gone = call

    def leave(self) -> None:
        self.left = True
        if self._gone is not None:
            self._gone()

    @property
    def problem(self) -> dict[str, Any]:
        assert dict(self.answered)[b"content-type"] == b"application/problem+json"
        read: dict[str, Any] = json.loads(self.said)
        return read


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    receipt: dict[str, Any] | None

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class SealedNode:
    sim: Sim
    app: App
    node: Node
    entries: Entries
    doors: Doors

    @property
    def offers(self) -> Offers:
        offers = self.app.world.offers
        assert offers is not None
        return offers

    async def open(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Wire:
        """Asked outside the seal."""
        wire = Wire(method=method, path=path, headers={"host": "node.example", **(headers or {})})
        await self.doors.answer(wire)
        return wire

    async def document(self) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = json.loads((await self.open("GET", DOCUMENT)).said)["proofs"]
        return rows

    async def entry(self) -> NodeEntry:
        return parse(base64.b64decode((await self.document())[0]["entry"]))

    async def sealed(self, body: Mapping[str, Any] | bytes, headers: Mapping[str, str] | None = None, *, path: str = CHAT,
                     method: str = "POST", **bound: Any) -> tuple[Wire, Any]:  # fmt: skip
        """What a client sends, and what opens its answer."""
        entry = await self.entry()
        config = decode(entry.key_bytes)
        binding = Binding(**{"pool": entry.pool, "key": config.hash, "policy": entry.policy, "labels": entry.labels, **bound})
        return sealed_to(config, binding, body, headers, path=path, method=method)

    async def ask(self, body: Mapping[str, Any] | bytes, headers: Mapping[str, str] | None = None, **more: Any) -> Answered:
        wire, exchange = await self.sealed(body, headers, **more)
        await self.doors.answer(wire)
        assert (wire.status, wire.whole) == (200, True), wire.said
        return opened(exchange, wire.said)

    async def aclose(self) -> None:
        await self.sim.aclose()


def sealed_to(
    config: KeyConfig, binding: Binding, body: Mapping[str, Any] | bytes, headers: Mapping[str, str] | None = None, *, path: str = CHAT,
    method: str = "POST", authority: str = "node.example",
) -> tuple[Wire, Any]:  # fmt: skip
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields: Fields = tuple((name.lower().encode(), value.encode()) for name, value in (headers or {}).items())
    asked = Request(method=method, authority=authority, path=path, fields=fields)
    data, exchange = ask(config, binding, asked, raw, RANDOM)
    pieces = [data[at : at + 700] for at in range(0, len(data), 700)]
    return Wire(sent=pieces, headers={"host": "node.example", "content-type": REQUEST_TYPE, "comity-key": config.header}), exchange


def opened(exchange: Any, data: bytes) -> Answered:
    reader = AnswerReader(exchange)
    events = reader.feed(data) + reader.finish()
    head = next(each for each in events if isinstance(each, Response))
    trailers = next(each for each in events if isinstance(each, Trailers))
    content = b"".join(each for each in events if isinstance(each, bytes))
    bundles = [value for name, value in trailers.fields if name == b"comity-receipt-bundle"]
    receipt = json.loads(base64.urlsafe_b64decode(bundles[0] + b"==")) if bundles else None
    return Answered(head.status, {name.decode(): value.decode() for name, value in head.fields}, content, receipt)


async def sealed_node(
    made: Config, home: Path, *, node: NodeConfig = NODE, clock: FixedClock | None = None, evidence: Callable[[Any], str] = lambda epoch: ""
) -> SealedNode:
    clock = clock or FixedClock()
    sim = await simulate(msgspec.structs.replace(made, node=node), home, clock=clock)
    entries = Entries(clock)
    role = Node(node, entries, evidence=evidence, clock=clock, random=RANDOM)
    world = sim.world = await role.offered(sim.world)
    assert world.offers is not None
    await role.tend(world.offers)
    app = App(world)

    return SealedNode(sim, app, role, entries, Doors(app, published=role.published))
