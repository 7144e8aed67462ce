# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on purpose: which request is struck, and what becomes of its answer.

A plan is posted to `/_lab/faults`; a request may also name its own in the header `x-lab-fault` (a kind, or a Fault as JSON).
No clock and no randomness of the machine: chance is SHA-256 over the plan's seed, so a drill can be run again.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Literal

import msgspec

from comity.lab.simulators.answer import Answer, Trouble, ready

PAD = b" " * 65_536
Kind = Literal[
    "status", "hang", "cut", "drip", "malformed", "content_type", "filter", "break", "oversized", "redirect", "compressed"
]  # fmt: skip


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that goes wrong.

    status        the partner's own error for a `trouble` or of a `status` (and `code`), with `retry_after` seconds
    hang          nothing for `seconds` (0: until the caller leaves), then the answer
    cut           the connection ends after `at` bytes of the body
    drip          `at` bytes (at least 1) every `seconds`
    malformed     JSON that ends in its middle; in a stream, one event of it
    content_type  the same bytes, called `content_type`
    filter        the partner's inspection of content: of the request (`where` input) or of the answer (output)
    break         a stream that ends half way in the partner's own error event
    oversized     an answer of at least `at` bytes, padded so that it would still be valid
    redirect      307 to `location`, a host of somebody else
    compressed    gzip, whatever was accepted
    """

    kind: Kind
    status: int = 0  # 0: the dialect's own
    trouble: Literal["", "key", "forbidden", "model", "parameter", "too_large", "rate", "quota", "server", "overloaded", "timeout"] = ""
    code: str = ""
    retry_after: float | None = None
    at: int = 0
    seconds: float = 0.0
    content_type: str = "text/html; charset=utf-8"
    where: Literal["input", "output"] = "input"
    location: str = "http://elsewhere.invalid/"
    times: int | None = 1  # requests it strikes before it is spent; null: never spent
    share: float = 1.0  # of the requests that it could strike
    path: str = ""  # only requests whose path ends so


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    faults: tuple[Fault, ...]
    seed: int = 0


class Faults:
    """The plan under way.  The first fault that can strike a request does; each counts its own strikes."""

    def __init__(self) -> None:
        self._left: list[tuple[Fault, int | None]] = []
        self._seed = self._drawn = 0

    def plan(self, plan: Plan) -> None:
        self._left = [(fault, fault.times) for fault in plan.faults]
        self._seed, self._drawn = plan.seed, 0

    def left(self) -> list[Fault]:
        return [msgspec.structs.replace(fault, times=times) for fault, times in self._left]

    def strike(self, path: str) -> Fault | None:
        for place, (fault, times) in enumerate(self._left):
            if path.endswith(fault.path) and (fault.share >= 1 or self._chance() < fault.share):
                if times is not None:
                    self._left[place : place + 1] = [(fault, times - 1)] if times > 1 else []
                return fault
        return None

    def _chance(self) -> float:
        self._drawn += 1
        return int.from_bytes(hashlib.sha256(b"%d %d" % (self._seed, self._drawn)).digest()[:8], "big") / 2**64


def named(header: str) -> Fault:
    """What `x-lab-fault` names; ValueError when it names nothing."""
    return msgspec.json.decode(header, type=Fault) if header.startswith("{") else msgspec.convert({"kind": header}, Fault)


def refusal(fault: Fault) -> Trouble | None:
    """The trouble that comes instead of an answer, in whichever form the dialect has for it."""
    if fault.kind == "filter" and fault.where == "input":
        return Trouble("inspection", "Input data may contain inappropriate content.")
    if fault.kind != "status":
        return None
    meant = {401: "key", 403: "forbidden", 404: "model", 408: "timeout", 413: "too_large", 429: "rate", 500: "server", 503: "overloaded",
             504: "timeout"}  # fmt: skip
    kind = fault.trouble or meant.get(
        fault.status, "parameter" if 400 <= fault.status < 500 else "server" if fault.status else "overloaded"
    )
    return Trouble(kind, "This error was asked for.", status=fault.status, code=fault.code, retry_after=fault.retry_after)


def spoil(fault: Fault, answer: Answer, broken: bytes) -> Answer:
    """The answer as it arrives.  ``broken``: the event with which the dialect ends a stream that fails."""
    change = msgspec.structs.replace
    match fault.kind:
        case "cut":
            return change(answer, headers={**answer.headers, **_length(answer)}, pieces=_first(answer, fault.at), cut=True)
        case "drip":
            return change(answer, pieces=_drops(answer, max(1, fault.at)), pause=fault.seconds)
        case "malformed":
            return change(answer, pieces=_malformed(answer))
        case "content_type":
            return change(answer, headers={**answer.headers, "content-type": fault.content_type})
        case "break" if answer.streamed:
            return change(answer, pieces=_half(answer, broken))
        case "oversized":
            return change(answer, pieces=_padded(answer, fault.at))
        case "redirect":
            return Answer(status=307, headers={"location": fault.location}, pieces=(b"",))
        case "compressed":
            return change(answer, headers={**answer.headers, "content-encoding": "gzip"}, pieces=_compressed(answer))
    return answer


def _length(answer: Answer) -> dict[str, str]:
    """A whole answer that is cut had promised its length."""
    return {"content-length": str(sum(map(len, answer.pieces)))} if isinstance(answer.pieces, tuple) and not answer.streamed else {}


# Each of these takes pieces as they come, so that what is spoilt is still a stream.


async def _first(answer: Answer, size: int) -> AsyncIterator[bytes]:
    async for piece in ready(answer.pieces):
        if len(piece) >= size:
            yield piece[:size]
            return
        size -= len(piece)
        yield piece


async def _drops(answer: Answer, size: int) -> AsyncIterator[bytes]:
    async for piece in ready(answer.pieces):
        for start in range(0, len(piece), size):
            yield piece[start : start + size]


async def _malformed(answer: Answer) -> AsyncIterator[bytes]:
    """A whole answer without its last third; of a stream the third event without its second half."""
    number = 0
    async for piece in ready(answer.pieces):
        number += 1
        if not answer.streamed:
            yield piece[: len(piece) * 2 // 3]
        else:
            yield piece[: len(piece) // 2] + b"\n\n" if number == 3 else piece


async def _half(answer: Answer, broken: bytes) -> AsyncIterator[bytes]:
    all_of_it = [piece async for piece in ready(answer.pieces)]
    for piece in all_of_it[: len(all_of_it) // 2]:
        yield piece
    yield broken


async def _padded(answer: Answer, size: int) -> AsyncIterator[bytes]:
    """Blanks after JSON, comments before the last event of a stream: a reader without a limit would take it all."""
    last = b""
    async for piece in ready(answer.pieces):
        yield last
        last, size = piece, size - len(piece)
    if not answer.streamed:
        yield last
        last = b""
    for pad in _pads(size):
        yield b":" + pad + b"\n\n" if answer.streamed else pad
    yield last


def _pads(size: int) -> Iterator[bytes]:
    for left in range(size, 0, -len(PAD)):
        yield PAD[:left]


async def _compressed(answer: Answer) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    async for piece in ready(answer.pieces):
        yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()
