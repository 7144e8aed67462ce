# SPDX-License-Identifier: Apache-2.0
"""Events of a sealed stream go on the beat and whole, whenever and however cut they come; the end waits for none."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from comity.gateway.exchange import Disconnected
from comity.gateway.roles.pace import HELD_BYTES_MAX, Paced
from comity.seal.padding import Beat
from tests import virtual


class LoopClock:
    """The virtual loop's own time."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Sent:
    def __init__(self, *, seconds: float = 0.05) -> None:
        self.began = asyncio.get_running_loop().time()
        self.pieces: list[tuple[float, bytes]] = []
        self.paced = Paced(Beat(LoopClock(), seconds=seconds), self.send)

    async def send(self, piece: bytes) -> None:
        self.pieces.append((round(asyncio.get_running_loop().time() - self.began, 3), piece))


def test_events_are_gathered_until_the_beat_and_go_whole() -> None:
    async def said() -> None:
        sent = Sent()
        await sent.paced.add(b"data: 1\n\ndata: 2\n")
        await asyncio.sleep(0.01)
        await sent.paced.add(b"\ndata: 3\n\nda")
        await asyncio.sleep(0.07)
        assert sent.pieces == [(0.05, b"data: 1\n\ndata: 2\n\ndata: 3\n\n")]
        await sent.paced.add(b"ta: 4\n\n")
        await asyncio.sleep(0.03)
        await sent.paced.add(b"data: [DONE]\n\n")
        await sent.paced.close()
        assert b"".join(piece for _, piece in sent.pieces) == b"data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\ndata: [DONE]\n\n"
        assert [at for at, _ in sent.pieces] == [0.05, 0.1, 0.11]

    virtual.run(said())


def test_a_silent_partner_s_last_event_goes_on_its_beat_all_the_same() -> None:
    async def said() -> None:
        sent = Sent()
        await sent.paced.add(b"data: 1\n\n")
        await asyncio.sleep(3)
        assert sent.pieces == [(0.05, b"data: 1\n\n")]
        await sent.paced.add(b"data: 2\n\n")  # after a silence the beat goes on as it was counted
        await asyncio.sleep(1)
        assert sent.pieces[1] == (3.05, b"data: 2\n\n")
        await sent.paced.aclose()

    virtual.run(said())


def test_each_goes_at_once_where_there_is_no_beat() -> None:
    async def said() -> None:
        sent = Sent(seconds=0)
        for number in range(3):
            await sent.paced.add(b"data: %d\n\n" % number)
            await asyncio.sleep(0.01)
        await sent.paced.close()
        assert [at for at, _ in sent.pieces] == [0.0, 0.01, 0.02]

    virtual.run(said())


def test_whoever_does_not_read_holds_up_whoever_writes() -> None:
    async def said() -> None:
        sent, room = Sent(), asyncio.Event()

        async def stalled(piece: bytes) -> None:
            sent.pieces.append((0, piece))
            await room.wait()

        sent.paced._send = stalled
        event, written = b"data: " + b"x" * 8000 + b"\n\n", 0

        async def writes() -> None:
            nonlocal written
            for _ in range(64):
                await sent.paced.add(event)
                written += len(event)
            await sent.paced.close()

        writing = asyncio.ensure_future(writes())
        await asyncio.sleep(10)
        assert written <= 2 * (HELD_BYTES_MAX + len(event))  # what is being sent, and what waits
        room.set()
        await writing
        assert sum(len(piece) for _, piece in sent.pieces) == 64 * len(event)

    virtual.run(said())


def test_that_the_caller_left_is_heard_by_whoever_writes() -> None:
    async def said() -> None:
        sent = Sent()

        async def gone(piece: bytes) -> None:
            raise Disconnected

        sent.paced._send = gone
        await sent.paced.add(b"data: 1\n\n")
        await asyncio.sleep(0.06)
        with pytest.raises(Disconnected):
            await sent.paced.add(b"data: 2\n\n")
        await sent.paced.aclose()

    virtual.run(said())
