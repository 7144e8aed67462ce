# SPDX-License-Identifier: Apache-2.0
"""Requests driven among places that fail as drawn, on a clock that jumps: what was asked, how often, and what is left behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import DeploymentConfig
from comity.errors import ProviderFailure, TrustFailure
from comity.gateway.attempts import Moved, first
from comity.policy.decision import Effect
from comity.routing.retry import elsewhere
from comity.routing.run import Trip, Visit
from tests.routes import ASK, LoopClock, place, route, router, trip
from tests.virtual import run


class Fate(NamedTuple):
    """What becomes of one attempt, after so many seconds; "" has something for the caller."""

    seconds: float
    kind: str = ""
    status: int = 0
    retry_after: int | None = None

    def failure(self) -> ProviderFailure:
        final = self.kind in ("content", "refused") or 400 <= self.status < 429
        return ProviderFailure(
            "it failed", kind=self.kind, upstream_status=self.status, retryable=not final, retry_after_seconds=self.retry_after
        )


FATES = st.builds(
    lambda seconds, end: Fate(seconds, *end),
    st.sampled_from((0.0, 0.01, 0.2, 1.0, 7.0)),
    st.sampled_from(
        (("",), ("",), ("",), ("connect",), ("timeout",), ("protocol",), ("content", 400), ("status", 400), ("status", 429, 1),
         ("status", 429), ("status", 429, 600), ("status", 503), ("status", 401), ("refused",))
    ),
)  # fmt: skip
SETTINGS = st.fixed_dictionaries(
    {
        "balance": st.sampled_from(("order", "weighted", "latency")), "attempts_max": st.integers(1, 6), "rounds_max": st.integers(1, 3),
        "hedge": st.booleans(), "hedge_after_ms": st.sampled_from((50, 500)), "retries_min": st.integers(0, 6),
        "retry_share_max": st.sampled_from((0.0, 0.2, 1.0)), "queue_max": st.integers(0, 4), "failures_max": st.integers(1, 5),
        "queue_seconds_max": st.sampled_from((0.5, 5.0)),
    }
)  # fmt: skip
PLACES = st.lists(st.tuples(st.sampled_from(list(Effect)), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=4)


class World:
    """Places that do as they are fated, and note what they were asked."""

    def __init__(self, fates: list[Fate]) -> None:
        self._fates = fates
        self.asked: list[tuple[int, str]] = []  # (request, place)
        self.inflight: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.open: set[tuple[int, int]] = set()  # answers that somebody has still to close
        self.recorded: Counter[tuple[int, int]] = Counter()  # (request, attempt) -> records
        self.ended: Counter[tuple[int, int]] = Counter()
        self.answered_at: dict[int, int] = {}  # request -> how many attempts had been asked for it when it was answered
        self.visits: dict[tuple[int, int], Visit] = {}

    def attempt(self, request: int):  # type: ignore[no-untyped-def]
        async def attempt(visit: Visit) -> tuple[int, int]:
            name, mine = visit.candidate.deployment.id, (request, visit.number)
            assert request not in self.answered_at, "asked after somebody had answered the caller"
            fate = self._fates[len(self.asked) % len(self._fates)]
            self.asked.append((request, name))
            self.recorded[mine] += 1
            self.visits[mine] = visit
            self.inflight[name] += 1
            self.most[name] = max(self.most[name], self.inflight[name])
            ended = True
            try:
                await asyncio.sleep(fate.seconds)
                if fate.kind:
                    raise fate.failure()
                ended = False
                self.open.add(mine)
                return mine
            finally:
                if ended:
                    self.ended[mine] += 1
                    self.inflight[name] -= 1

        return attempt

    async def close(self, mine: tuple[int, int]) -> None:
        visit = self.visits[mine]
        self.open.remove(mine)
        self.ended[mine] += 1
        self.inflight[visit.candidate.deployment.id] -= 1
        visit.over()


@given(PLACES, st.lists(FATES, min_size=1, max_size=12), SETTINGS, st.lists(st.sampled_from((0.0, 0.1, 3.0)), min_size=1, max_size=25))
def test_whatever_fails_only_allowed_places_are_asked_and_everything_is_accounted_for(
    drawn: list[tuple[Effect, int, int]], fates: list[Fate], settings: dict[str, object], gaps: list[float]
) -> None:
    places = [place(f"p{n}", priority=priority, concurrency_max=most) for n, (_, priority, most) in enumerate(drawn)]
    effects = [effect for effect, _, _ in drawn]
    allowed = {each.id for each, effect in zip(places, effects, strict=True) if effect is Effect.ALLOW}
    world = World(fates)

    async def all_of_them() -> None:
        made = router(*places, clock=LoopClock(), **settings)

        async def one(number: int) -> None:
            trip = Trip(made, route(places, effects), ASK, f"k{number}")
            try:
                mine = await first(trip, world.attempt(number), world.close)
            except ProviderFailure as failure:
                told = [row["deployment"] for row in failure.attempts] + [row["deployment"] for row in failure.lawful]
                if failure.kind != "content":
                    assert set(told) == allowed, "each allowed place is told of: asked, or why not"
                    assert len(failure.attempts) == sum(request == number for request, _ in world.asked)
                return
            world.answered_at[number] = len(world.asked)
            await asyncio.sleep(0.3)
            await world.close(mine)

        async with asyncio.TaskGroup() as group:
            for number, gap in enumerate(gaps):
                await asyncio.sleep(gap)
                group.create_task(one(number))
        for each in made.places.values():
            assert each.inflight == 0 and not len(made.queue), "no slot and nobody who waits is left"

    run(all_of_them())
    assert {name for _, name in world.asked} <= allowed
    assert not world.open and world.recorded == world.ended and set(world.recorded.values()) <= {1}, "each attempt has one end"
    for each in places:
        assert not each.concurrency_max or world.most[each.id] <= each.concurrency_max
    tries = Counter(request for request, _ in world.asked)
    assert all(count <= int(str(settings["attempts_max"])) for count in tries.values())
    assert all(count <= int(str(settings["rounds_max"])) for count in Counter(world.asked).values())


@given(st.integers(0, 8), st.sampled_from((0.0, 0.2, 0.5)), st.integers(1, 60))
def test_attempts_after_the_first_stay_within_their_share(floor: int, share: float, requests: int) -> None:
    places = [place("a"), place("b")]
    world = World([Fate(0.0, "connect")])

    async def all_at_once() -> None:
        made = router(*places, clock=LoopClock(), retries_min=floor, retry_share_max=share, failures_max=10_000, failure_share_max=2.0)
        for number in range(requests):
            with pytest.raises(ProviderFailure):
                await first(trip(made, places), world.attempt(number), world.close)

    run(all_at_once())
    assert len(world.asked) - requests <= max(floor, int(share * requests))


def drive(places: list[DeploymentConfig], fates: list[Fate], **settings: object) -> tuple[World, tuple[int, int] | ProviderFailure, float]:
    world = World(fates)

    async def one() -> tuple[tuple[int, int] | ProviderFailure, float]:
        began = asyncio.get_running_loop().time()
        made = router(*places, clock=LoopClock(), **settings)
        try:
            mine = await first(trip(made, places), world.attempt(0), world.close)
            await world.close(mine)
            return mine, asyncio.get_running_loop().time() - began
        except ProviderFailure as failure:
            return failure, asyncio.get_running_loop().time() - began

    answer, seconds = run(one())
    return world, answer, seconds


def names(world: World) -> list[str]:
    return [name for _, name in world.asked]


def test_another_place_is_asked_at_once_and_the_same_one_after_a_pause() -> None:
    down = Fate(0.0, "connect")
    world, answer, seconds = drive([place("a"), place("b")], [down, down, Fate(0.0)])
    assert names(world)[:2] == ["a", "b"] and len(world.asked) == 3 and answer == (0, 3) and 0 < seconds <= 0.2


def test_what_a_partner_asks_to_wait_is_waited_for_when_it_is_short() -> None:
    _, answer, seconds = drive([place("a")], [Fate(0.0, "status", 429, 2), Fate(0.0)])
    assert answer == (0, 2) and 2 <= seconds <= 2.5
    _, answer, seconds = drive([place("a")], [Fate(0.0, "status", 429, 30), Fate(0.0)])
    assert isinstance(answer, ProviderFailure) and answer.status == 429 and answer.retry_after_seconds == 30 and seconds == 0


@pytest.mark.parametrize(("kind", "status"), [("content", 400), ("refused", 0), ("status", 400)])
def test_what_is_final_is_asked_of_nobody_else(kind: str, status: int) -> None:
    world, answer, _ = drive([place("a"), place("b")], [Fate(0.0, kind, status)])
    assert names(world) == ["a"] and isinstance(answer, ProviderFailure)
    assert not elsewhere(Fate(0.0, kind, status).failure())


def test_a_trust_failure_ends_everything() -> None:
    asked: list[str] = []

    async def attempt(visit: Visit) -> None:
        asked.append(visit.candidate.deployment.id)
        raise TrustFailure("its key is not the pinned one", step="key")

    async def one() -> None:
        made = router(place("a"), place("b"), clock=LoopClock(), hedge=True, hedge_after_ms=1)
        with pytest.raises(TrustFailure):
            await first(trip(made, [place("a"), place("b")]), attempt, lambda _: asyncio.sleep(0))
        assert made.places["a"].inflight == 0

    run(one())
    assert asked == ["a"]


def test_a_slow_place_is_hedged_and_the_slower_one_is_ended() -> None:
    world, answer, seconds = drive([place("a"), place("b")], [Fate(7.0), Fate(0.2)], hedge=True, hedge_after_ms=500)
    assert names(world) == ["a", "b"] and answer == (0, 2) and seconds == pytest.approx(0.7)
    assert world.visits[0, 1].outrun and not world.visits[0, 2].outrun and world.ended[0, 1] == 1


def test_both_may_fail_and_the_next_is_asked() -> None:
    down = Fate(1.0, "connect")
    world, answer, _ = drive([place("a"), place("b"), place("c")], [down, down, Fate(0.0)], hedge=True, hedge_after_ms=500)
    assert names(world) == ["a", "b", "c"] and answer == (0, 3)


def test_nobody_is_hedged_before_enough_is_known_of_a_place() -> None:
    world, _, seconds = drive([place("a"), place("b")], [Fate(7.0)], hedge=True)
    assert names(world) == ["a"] and seconds == 7.0


def test_a_caller_who_leaves_ends_every_attempt() -> None:
    world = World([Fate(7.0)])

    async def one() -> None:
        places = [place("a"), place("b")]
        made = router(*places, clock=LoopClock(), hedge=True, hedge_after_ms=100)
        task = asyncio.create_task(first(trip(made, places), world.attempt(0), world.close))
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert all(each.inflight == 0 for each in made.places.values())

    run(one())
    assert names(world) == ["a", "b"] and world.ended == world.recorded
    assert not any(visit.outrun for visit in world.visits.values())


def test_a_caller_who_leaves_while_the_slower_one_is_ended_leaves_nothing_open() -> None:
    """The winner is known, the loser takes its time to end, and then the caller goes."""
    closed: list[int] = []

    async def attempt(visit: Visit) -> int:
        try:
            await asyncio.sleep(7.0 if visit.number == 1 else 0.1)
        except asyncio.CancelledError:
            await asyncio.sleep(1.0)
            raise
        return visit.number

    async def close(number: int) -> None:
        closed.append(number)

    async def one() -> None:
        places = [place("a"), place("b")]
        made = router(*places, clock=LoopClock(), hedge=True, hedge_after_ms=100)
        task = asyncio.create_task(first(trip(made, places), attempt, close))
        await asyncio.sleep(0.5)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(one())
    assert closed == [2]


def test_where_every_place_is_full_they_wait_in_line_and_not_for_ever() -> None:
    world = World([Fate(1.0)])
    order: list[int] = []

    async def all_of_them() -> None:
        only = [place("a", concurrency_max=1)]
        made = router(*only, clock=LoopClock(), queue_max=3, queue_seconds_max=2.5)

        async def one(number: int) -> None:
            try:
                mine = await first(trip(made, only), world.attempt(number), world.close)
            except ProviderFailure as failure:
                assert failure.status == 503 and failure.retry_after_seconds == 1 and not failure.attempts
                assert [row["why"] for row in failure.lawful] == ["full"]
                return
            order.append(number)
            await world.close(mine)

        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(one(number))
        assert made.places["a"].inflight == 0 and not len(made.queue)

    run(all_of_them())
    assert order == [0, 1, 2], "the fourth's time was over, and the fifth found the line full"
    assert world.most["a"] == 1


def test_one_who_leaves_the_line_takes_no_slot_with_them() -> None:
    world = World([Fate(1.0)])

    async def all_of_them() -> None:
        only = [place("a", concurrency_max=1)]
        made = router(*only, clock=LoopClock())
        tasks = [asyncio.create_task(first(trip(made, only), world.attempt(n), world.close)) for n in range(3)]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        await world.close(await tasks[0])
        await world.close(await tasks[2])
        assert made.places["a"].inflight == 0 and not len(made.queue)

    run(all_of_them())


def test_an_attempt_that_is_not_made_counts_as_none() -> None:
    async def one() -> None:
        places = [place("a")]
        made = router(*places, clock=LoopClock())
        way = trip(made, places)
        numbers: list[int] = []

        async def moved(visit: Visit) -> int:
            numbers.append(visit.number)
            raise Moved("standing")

        async def kept(visit: Visit) -> int:
            visit.over()
            return visit.number

        with pytest.raises(Moved):
            await first(way, moved, lambda _: asyncio.sleep(0))
        assert made.places["a"].inflight == 0
        assert await first(way, kept, lambda _: asyncio.sleep(0)) == 1

    run(one())
