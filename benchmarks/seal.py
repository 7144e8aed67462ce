# SPDX-License-Identifier: Apache-2.0
"""What sealing costs: microseconds of one core for each step, the median of several rounds; messages a second for seal and open together.

python benchmarks/seal.py [SIZE]      SIZE: bytes of one message, 4096 without it

Then a question of 4 KiB and its answer of 200 events, each a chunk of its own, as client and node have it: bound, padded, in binary HTTP.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from comity.ports import SystemRandom
from comity.seal import AnswerReader, AnswerWriter, QuestionReader, ask, bhttp, ohttp
from comity.seal.bind import Binding, Replays, check
from comity.seal.epochs import KeyPair
from comity.seal.hpke import AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, HKDF_SHA256, Suite
from comity.seal.http import Request, Response
from comity.seal.kem import X25519, XWING
from comity.seal.ohttp import Exchange
from comity.seal.padding import padded

ROUNDS, REPEATS, EVENTS = 9, 200, 200
EVENT = b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" word"}}]}\n\n'
RANDOM = SystemRandom()
HEAD = Request(method="POST", authority="node.invalid", path="/v1/chat/completions", fields=(
    (b"content-type", b"application/json"), (b"accept", b"text/event-stream"), (b"authorization", b"Bearer " + b"k" * 40)))  # fmt: skip


def cost(step: Callable[[], object], repeats: int = REPEATS) -> float:
    """Microseconds of CPU."""
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time_ns()
        for _ in range(repeats):
            step()
        rounds.append((time.process_time_ns() - begun) / repeats / 1000)
    return statistics.median(rounds)


def row(name: str, *values: float) -> None:
    print(f"{name:42}" + "".join(f"{value:12,.1f}" for value in values))


def suites(size: int) -> None:
    print(f"{f'one message of {size} bytes, µs':42}{'seal':>12}{'open':>12}{'answer':>12}{'open it':>12}{'seal+open/s':>12}")
    for kem in (X25519, XWING):
        pair = KeyPair(1, kem, RANDOM.token(32))
        for aead in (AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305):
            suite, message = Suite(kem, HKDF_SHA256, aead), bytes(size)
            sealed, client = ohttp.seal_request(pair.config, suite, message, RANDOM)
            _, node = ohttp.open_request(sealed, lambda _, pair=pair: pair)  # type: ignore[misc]
            answer = ohttp.seal_response(node, message, RANDOM)
            seal = cost(lambda: ohttp.seal_request(pair.config, suite, message, RANDOM))  # noqa: B023
            open_ = cost(lambda: ohttp.open_request(sealed, lambda _: pair))  # noqa: B023
            back = cost(lambda: ohttp.seal_response(node, message, RANDOM))  # noqa: B023
            opened = cost(lambda: ohttp.open_response(client, answer))  # noqa: B023
            row(str(suite), seal, open_, back, opened, 1e6 / (seal + open_))


def stream() -> None:
    pair = KeyPair(1, XWING, RANDOM.token(32))
    binding = Binding(pool="cn-assist", key=pair.config.hash, policy="ab" * 32)

    def asked() -> tuple[bytes, Exchange]:
        return ask(pair.config, binding, HEAD, b"x" * 4096, RANDOM)

    def heard(question: bytes) -> Exchange:
        reader = QuestionReader(lambda _: pair, lambda _: binding)
        reader.feed(question)
        reader.finish()
        return reader.exchange

    def sealed(exchange: Exchange) -> list[bytes]:
        writer = AnswerWriter(exchange, RANDOM, least=0)
        out = [writer.start(Response(status=200, fields=((b"content-type", b"text/event-stream"),)))]
        return [*out, *(writer.beat(EVENT) for _ in range(EVENTS)), writer.close()]

    def opened(exchange: Exchange, parts: list[bytes]) -> int:
        reader = AnswerReader(exchange)
        events = [event for part in parts for event in reader.feed(part)] + reader.finish()
        return sum(len(each) for each in events if isinstance(each, bytes))

    questions = iter([asked()[0] for _ in range(ROUNDS * REPEATS)])  # each is heard once
    question, client = asked()
    node = heard(question)
    parts = sealed(node)
    assert opened(client, parts) == EVENTS * len(EVENT)
    costs = [cost(asked), cost(lambda: heard(next(questions))), cost(lambda: sealed(node), 10), cost(lambda: opened(client, parts), 10)]
    print(f"\n{f'a 4 KiB question and {EVENTS} events, µs':42}{'ask':>12}{'hear':>12}{'answer':>12}{'read':>12}{'all':>12}")
    row("whole", *costs, sum(costs))
    row("a chunk", 0, 0, costs[2] / EVENTS, costs[3] / EVENTS, (costs[2] + costs[3]) / EVENTS)


def beside(size: int) -> None:
    content = b"x" * size
    message = padded(bhttp.encode(HEAD, content))
    pair = KeyPair(1, XWING, RANDOM.token(32))
    binding = Binding(pool="cn-assist", key=pair.config.hash, policy="ab" * 32, labels=("explicit",))
    fields = binding.fields(RANDOM)
    print(f"\n{'beside it, µs':42}")
    row("binary HTTP, padded: write", cost(lambda: padded(bhttp.encode(HEAD, content))))
    row("binary HTTP, padded: read", cost(lambda: bhttp.decode(message)))
    row("binding and replay: write", cost(lambda: binding.fields(RANDOM)))
    row("binding and replay: check", cost(lambda: Replays().once(check(fields, binding))))
    row("a new key of the default suite", cost(lambda: KeyPair(1, XWING, RANDOM.token(32))))


if __name__ == "__main__":
    bytes_ = int(sys.argv[1]) if len(sys.argv) > 1 else 4096
    suites(bytes_)
    stream()
    beside(bytes_)
