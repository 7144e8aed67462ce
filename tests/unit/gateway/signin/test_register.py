# SPDX-License-Identifier: Apache-2.0
"""Passes, sessions and requests to erase on both engines: what one gateway writes holds on every other at once, and once."""

from __future__ import annotations

import asyncio

import pytest

from comity.errors import CallerError
from comity.gateway.signin.erasures import Erasures
from comity.gateway.signin.sessions import OWNER, PASS_SECONDS, PERSON, Session, Sessions
from comity.storage.database import Database, Script, Statement
from comity.transparency.retention import Erased
from tests.fakes import FakeClock, SeededRandom
from tests.unit.gateway.allowance.conftest import Opened, database, gateways  # noqa: F401 - fixtures

LENA = Session(PERSON, PERSON, subject="a-pseudonym")


def sessions(database: Database, clock: FakeClock, seed: bytes = b"a") -> Sessions:  # noqa: F811
    return Sessions(database, clock=clock, random=SeededRandom(seed))


async def count(database: Database, table: str) -> int:  # noqa: F811
    def script() -> Script[int]:
        return int((yield Statement(f"SELECT count(*) FROM {table}"))[0][0])

    return await database.read(script)


async def test_of_many_at_once_on_two_gateways_one_uses_a_pass(gateways: Opened, clock: FakeClock) -> None:  # noqa: F811
    here, there = sessions(await gateways(), clock), sessions(await gateways(), clock, b"b")
    token = await here.offer(OWNER)
    came = await asyncio.gather(*(each.enter(token, 60) for each in (here, there) * 5), return_exceptions=True)
    (begun,) = [each for each in came if not isinstance(each, BaseException)]
    assert begun is not None and {each.code for each in came if isinstance(each, CallerError)} == {"session.pass_used"}
    assert await here.find(begun.token) == await there.find(begun.token) == begun.session
    await there.end(begun.token)
    assert await here.find(begun.token) is None


async def test_what_is_over_is_found_no_more_and_goes(database: Database, clock: FakeClock) -> None:  # noqa: F811
    made = sessions(database, clock)
    first, unused = await made.begin(OWNER, 60), await made.offer(OWNER)
    clock.advance(seconds=60)
    assert await made.find(first.token) is None
    await made.begin(OWNER, 60)
    assert await count(database, "sessions") == 1
    clock.advance(seconds=2 * PASS_SECONDS)
    await made.offer(OWNER)
    assert await count(database, "passes") == 1
    assert await made.enter(unused, 60) is None


async def test_every_session_is_ended_at_once(database: Database, clock: FakeClock) -> None:  # noqa: F811
    made = sessions(database, clock)
    begun, console, theirs = [await made.begin(OWNER, 60) for _ in range(3)], await made.offer(OWNER), await made.offer(LENA)
    assert await made.end_all() == 3
    assert [await made.find(each.token) for each in begun] == [None] * 3
    assert await made.enter(console, 60) is None and await made.enter(theirs, 60, person=True) is not None


async def test_a_pass_to_a_person_s_page_is_no_other(database: Database, clock: FakeClock) -> None:  # noqa: F811
    made = sessions(database, clock)
    theirs, mine = await made.offer(LENA), await made.offer(OWNER)
    assert await made.enter(theirs, 60) is None and await made.enter(mine, 60, person=True) is None
    begun = await made.enter(theirs, 60, person=True)
    assert begun is not None and begun.session._replace(until=0) == LENA


async def test_a_request_to_erase_is_one_until_it_is_carried_out_and_then_nobody_s(gateways: Opened, clock: FakeClock) -> None:  # noqa: F811
    first, second = await gateways(), await gateways()
    here, there, made = Erasures(first), Erasures(second), sessions(first, clock)
    asked = await here.ask("A" * 26, LENA.subject, 7)
    assert await there.ask("B" * 26, LENA.subject, 8) == asked == await there.open_of(LENA.subject)
    await made.begin(LENA, 60)
    await made.offer(LENA)
    kept = await there.carried_out(asked.id, Erased(3, 1, "2027-05", 1), 9)
    assert kept.done is None and await here.open(asked.id) == kept  # something may still be answered
    done = await there.carried_out(asked.id, Erased(1, 1, "2027-05", 0), 9)
    assert (done.done, done.records, done.held, done.held_until, done.subject) == (9, 4, 1, "2027-05", "")
    assert await count(first, "sessions") == await count(first, "passes") == 0
    with pytest.raises(CallerError) as raised:
        await here.open(asked.id)
    assert raised.value.code == "erasure.done"
    again = await here.ask("C" * 26, LENA.subject, 10)
    assert [each.id for each in await there.page("", 10)] == [again.id, asked.id] and await there.page(again.id, 10) == [done]
