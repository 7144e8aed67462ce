# SPDX-License-Identifier: Apache-2.0
"""What a seal costs a stream, over all roles: milliseconds of CPU for an answer of 200 events that come over four seconds.

python -m benchmarks.sealed [STREAMS]      STREAMS: at once, 25 without it

Client, relay, node and partner are one process on loopback, so that its time is theirs together.  The same question is asked in the
clear of the gateway; sealed, of the node; and sealed, through the relay.  What is more than in the clear is what sealing costs: the second
connection of a relay, its reading and writing, the beat's timers and the receipt inside are in it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

from comity.config import Config, Defaults, DeploymentConfig, LimitsConfig, NodeConfig, RelayConfig
from comity.gateway.app import App
from comity.gateway.exchange import Answering
from comity.gateway.roles.node import Node
from comity.gateway.roles.relay import Relay
from comity.gateway.roles.sealed import Doors
from comity.gateway.serve import bind
from comity.gateway.server.server import Server
from comity.gateway.world import build
from comity.ports import SystemClock, SystemRandom, SystemSecrets
from comity.seal import AnswerReader, ask
from comity.seal.bind import Binding
from comity.seal.chunked import REQUEST_TYPE
from comity.seal.http import Request
from comity.seal.keyconfig import decode
from comity.transparency.entry import parse

EVENTS, PAUSE_SECONDS, ROUNDS = 200, 0.02, 7
CHAT = "/v1/chat/completions"
BODY = json.dumps({"messages": [{"role": "user", "content": "x" * 4000}], "stream": True}).encode()
CHUNK = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
CN = frozenset({"CN"})
PLACE = DeploymentConfig(
    id="cn", provider="self-hosted", base_url="http://127.0.0.1:9/v1", model="m", processing=CN, storage=CN, access=CN, operator="CN",
    evidence=("processor_contract",),
)  # fmt: skip
CLOCK, RANDOM = SystemClock(), SystemRandom()


class Steady:
    """A partner that says an event, waits, and says the next."""

    def __init__(self) -> None:
        self.content_type = "text/event-stream"
        self.rate_limits: dict[str, str] = {}

    async def send(self, deployment: object, request: object) -> Any:
        return self

    async def chunks(self) -> AsyncIterator[bytes]:
        for number in range(EVENTS - 1):
            choice = {"index": 0, "delta": {"content": f"word{number} "}, "finish_reason": "stop" if number == EVENTS - 2 else None}
            yield b"data: " + json.dumps({**CHUNK, "choices": [choice]}).encode() + b"\n\n"
            await asyncio.sleep(PAUSE_SECONDS)
        yield b"data: [DONE]\n\n"

    async def aclose(self) -> None: ...


async def said(port: int, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The body of an answer in chunks, as bytes on the wire: what is read of them is the caller's."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    lines += f"host: localhost\r\nconnection: close\r\ncontent-length: {len(body)}\r\n"
    writer.write(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
    raw = await reader.read()
    writer.close()
    head, _, rest = raw.partition(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0], raw[:400]
    out = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        out, rest = out + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return out


async def served(answering: Answering) -> int:
    listening = bind("127.0.0.1", 0)
    await Server(answering, limits=LimitsConfig, clock=CLOCK).listen(listening)
    port: int = listening.getsockname()[1]
    return port


async def main(streams: int) -> None:
    home = Path(tempfile.mkdtemp())
    node_config = NodeConfig(pool="cn-assist", region="CN", operator="Example Ltd")
    config = Config(
        deployments=(PLACE,), node=node_config, evidence=("assessment:cn_pipia",), defaults=Defaults(legal_basis="consent"),
    )  # fmt: skip
    world = await build(config, home=home, clock=CLOCK, random=RANDOM, secrets=SystemSecrets(), providers={"cn": Steady()})  # type: ignore[dict-item]
    node = await Node.open(config, home=home, clock=CLOCK, random=RANDOM, secrets=SystemSecrets())
    assert node is not None
    world = await node.offered(world)
    assert world.offers is not None
    await node.tend(world.offers)
    app = App(world)
    plain, sealed = await served(app.answer), await served(Doors(app, published=node.published).answer)
    relay = Relay(Config(), RelayConfig(operator="Relay Ltd", pools={"cn-assist": f"http://127.0.0.1:{sealed}"}))
    relayed = await served(relay.answer)
    entry = parse(base64.b64decode(json.loads(world.offers.document)["proofs"][0]["entry"]))
    key = decode(entry.key_bytes)
    binding = Binding(pool=entry.pool, key=key.hash, policy=entry.policy, labels=entry.labels)
    subject = 'location="CN", consent=(general)'
    question = Request(method="POST", path=CHAT, fields=((b"comity-subject", subject.encode()),))

    async def in_the_clear() -> None:
        answer = await said(plain, CHAT, BODY, {"comity-subject": subject})
        assert answer.count(b"data: ") == EVENTS

    def asked(port: int, path: str) -> Callable[[], Awaitable[None]]:
        async def one() -> None:
            data, exchange = ask(key, binding, question, BODY, RANDOM)
            headers = {"content-type": REQUEST_TYPE, "comity-key": key.header, "incremental": "?1"}
            reader = AnswerReader(exchange)
            events = reader.feed(await said(port, path, data, headers)) + reader.finish()
            assert b"".join(each for each in events if isinstance(each, bytes)).count(b"data: ") == EVENTS

        return one

    ways = {
        "in the clear": in_the_clear, "sealed": asked(sealed, "/comity/v1/sealed"),
        "sealed, through a relay": asked(relayed, "/cn-assist/comity/v1/sealed"),
    }  # fmt: skip
    costs: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, way in ways.items():
            begun = time.process_time()
            await asyncio.gather(*[way() for _ in range(streams)])
            if number:  # the first warms up
                costs[name].append((time.process_time() - begun) / streams * 1000)
    base = min(costs["in the clear"])
    print(f"{f'{EVENTS} events, {streams} streams at once, ms of CPU each':52}{'least':>8}{'median':>8}{'more':>8}")
    for name, all_ in costs.items():
        print(f"{name:52}{min(all_):8.2f}{statistics.median(all_):8.2f}{min(all_) - base:8.2f}")
    await relay.aclose()
    await node.aclose()
    await world.aclose()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25))
