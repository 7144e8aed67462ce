# SPDX-License-Identifier: Apache-2.0
"""Events tell each decision once, in the order of the log, to whoever keeps up; the rest are told that they do not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from comity.errors import CallerError, OperatorError, StorageFailure
from comity.gateway.exchange import Headers
from comity.gateway.read import events, hub
from comity.gateway.signin.browser import COOKIE
from comity.gateway.signin.sessions import Session
from comity.transparency.queries import following
from tests.unit.gateway.read.conftest import Reading

WAIT_SECONDS = 20.0


class Listening:
    """An Exchange of one who reads events; `held` makes writing wait, as a slow connection does."""

    method, path, query = "GET", "/comity/v1/events", ""

    def __init__(self, **headers: str) -> None:
        self.headers = {"host": "127.0.0.1", **{name.replace("_", "-"): value for name, value in headers.items()}}
        self.begun, self.ended, self.raw = False, False, b""
        self.held = asyncio.Event()
        self.held.set()
        self.gone: Callable[[], None] | None = None
        self._more = asyncio.Event()

    async def body(self, bytes_max: int) -> bytes:
        return b""

    async def respond(self, status: int, body: bytes, headers: Headers) -> None:
        raise AssertionError("events are no whole answer")

    async def begin(self, status: int, headers: Headers) -> None:
        assert status == 200 and (b"content-type", b"text/event-stream; charset=utf-8") in headers
        self.begun = True

    async def write(self, piece: bytes) -> None:
        await self.held.wait()
        self.raw += piece
        self._more.set()

    async def end(self) -> None:
        self.ended = True
        self._more.set()

    def on_gone(self, call: Callable[[], None] | None) -> None:
        self.gone = call

    def told(self) -> list[dict[str, Any]]:
        blocks = [dict(line.split(": ", 1) for line in each.splitlines()) for each in self.raw.decode().split("\n\n") if "event: " in each]
        return [{"id": block.get("id"), "event": block["event"], "data": json.loads(block["data"])} for block in blocks]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not holds():
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def heard(reading: Reading, exchange: Listening) -> AsyncIterator[Listening]:
    """While inside, ``exchange`` is being answered."""
    answering = asyncio.create_task(events.events(reading.app, exchange, "call"))
    try:
        await exchange.until(lambda: exchange.begun and bool(exchange.raw))
        yield exchange
    finally:
        exchange.held.set()
        if exchange.gone is not None:
            exchange.gone()
        assert await answering == 200


async def made(reading: Reading, count: int = 1) -> list[str]:
    found = []
    for _ in range(count):
        found.append((await reading.ask()).headers["comity-receipt"])
        reading.app.hub.recorded()
    return found


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(hub, "GATHER_SECONDS", 0.0)


async def settled(reading: Reading) -> None:
    """The follower has taken its first look, so what follows is new to it."""
    async with asyncio.timeout(WAIT_SECONDS):
        while reading.app.hub.place is None:  # noqa: ASYNC110 - nobody tells of it, and nobody else needs to know
            await asyncio.sleep(0)


async def test_each_decision_is_told_once_in_order_to_everybody(reading: Reading) -> None:
    await made(reading, 2)  # before anybody listens
    async with heard(reading, Listening()) as one, heard(reading, Listening()) as other:
        await settled(reading)
        receipts = await made(reading, 5)
        for each in (one, other):
            await each.until(lambda each=each: len(each.told()) == 5)
            assert [event["data"]["id"] for event in each.told()] == receipts
            assert [event["id"] for event in each.told()] == ["2", "3", "4", "5", "6"]
            assert {event["event"] for event in each.told()} == {"decision"}
    assert one.ended and other.ended


async def test_it_is_told_without_being_told_of(reading: Reading) -> None:
    """Another gateway on the same database publishes to nobody here."""
    async with heard(reading, Listening()) as listener:
        await settled(reading)
        receipt = (await reading.ask()).headers["comity-receipt"]
        await listener.until(lambda: bool(listener.told()))
        assert [event["data"]["id"] for event in listener.told()] == [receipt]


@pytest.mark.parametrize("seen", [0, 3, 6, 99])
async def test_who_comes_back_misses_nothing_and_hears_nothing_twice(reading: Reading, seen: int) -> None:
    await made(reading, 7)
    async with heard(reading, Listening(last_event_id=str(seen))) as listener:
        await settled(reading)
        await made(reading, 2)
        expected = [str(place) for place in range(min(seen, 8) + 1, 9)]
        if expected:
            await listener.until(lambda: len(listener.told()) >= len(expected))
        assert [event["id"] for event in listener.told()] == expected


@pytest.mark.parametrize("said", ["x", "-1", "1.5", "٣", "9" * 19, " "])
def test_an_id_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(CallerError) as refused:
        events.last_seen(said)
    assert (refused.value.code, refused.value.field) == ("request.query", "last-event-id")


async def test_a_slow_listener_is_told_so_and_costs_no_more(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "WAITING_MAX", 3)
    async with heard(reading, Listening()) as slow, heard(reading, Listening()) as brisk:
        await settled(reading)
        slow.held.clear()
        receipts = []
        for count in range(1, 9):
            receipts += await made(reading)
            await brisk.until(lambda count=count: len(brisk.told()) == count)
        slow.held.set()
        await slow.until(lambda: any(event["event"] == "dropped" for event in slow.told()))
        last = slow.told()[-1]
        assert last["event"] == "dropped" and last["data"]["code"] == "events.behind"
        assert len(slow.told()) < 8 and [event["data"]["id"] for event in brisk.told()] == receipts
    assert slow.ended


async def test_who_signs_out_hears_no_more(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that goes on outlives what it was begun with: a session that ended, a key that was revoked."""
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.01)
    sessions = reading.sim.world.sessions
    begun = await sessions.begin(Session("console:viewer", "viewer"), 600)
    cookie = Listening(cookie=f"{COOKIE}={begun.token}")
    await reading.app.callers.admit(cookie)
    async with heard(reading, cookie) as listener:
        await settled(reading)
        await sessions.end(begun.token)
        reading.sim.clock.advance(seconds=events.ASKED_AGAIN_SECONDS)
        await made(reading)
        await listener.until(lambda: listener.ended)
        assert [(event["event"], event["data"]["code"]) for event in listener.told()] == [("dropped", "session.over")]


async def test_silence_is_broken_by_comments(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.01)
    async with heard(reading, Listening()) as listener:
        await listener.until(lambda: listener.raw.count(b": still here\n\n") >= 2)


async def test_who_leaves_is_forgotten_and_nobody_follows_for_nobody(reading: Reading) -> None:
    async with heard(reading, Listening()):
        assert reading.app.hub.listeners == 1
    assert reading.app.hub.listeners == 0 and reading.app.hub.place is None
    reading.app.hub.recorded()


async def test_when_the_gateway_goes_listeners_end(reading: Reading) -> None:
    async with heard(reading, Listening()) as listener:
        listener.gone = None
        reading.app.hub.close()
    assert listener.ended


async def test_so_many_may_listen(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LISTENERS_MAX", 1)
    async with heard(reading, Listening()):
        with pytest.raises(OperatorError) as refused:
            await events.events(reading.app, Listening(), "call")
    assert (refused.value.code, refused.value.status) == ("server.busy", 503)


async def test_a_record_that_cannot_be_read_for_a_while_is_told_afterwards(reading: Reading, home: Path) -> None:
    look, broken = reading.app.hub._look, True

    async def faulty(script: Any) -> Any:
        if broken:
            raise StorageFailure("the record cannot be read")
        return await look(script)

    async with heard(reading, Listening()) as listener:
        await settled(reading)
        reading.app.hub._look = faulty
        receipts = await made(reading, 3)
        broken = False
        await listener.until(lambda: len(listener.told()) == 3)
        assert [event["data"]["id"] for event in listener.told()] == receipts


async def test_what_follows_ends_where_nothing_does(reading: Reading) -> None:
    await made(reading, 3)
    entries, place = await reading.app.hub._look(lambda: following(1, 10))
    assert ([entry.place for entry in entries], place) == ([1, 2], 3)
    assert await reading.app.hub._look(lambda: following(3, 10)) == ([], 3)
