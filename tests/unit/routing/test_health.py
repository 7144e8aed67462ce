# SPDX-License-Identifier: Apache-2.0
"""A breaker against a plain model of it; what an error says of a place; how soon a place answers."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from comity.config import RoutingConfig
from comity.errors import CallerError, ProviderFailure, StorageFailure
from comity.routing.health import Breaker, Health, Latency, Verdict, verdict
from comity.routing.window import Window

SETTINGS = RoutingConfig(failures_max=3, open_seconds=5.0, open_seconds_max=20.0, window_seconds=60.0)


class BreakerMachine(RuleBasedStateMachine):
    """The model keeps every answer with its time, and says what the breaker may do from the words of the configuration alone."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(SETTINGS)
        self.now = 1000.0
        self.answers: list[tuple[float, bool]] = []  # while closed
        self.open_for = 0.0
        self.opened_at = 0.0
        self.under_way: list[bool] = []  # attempts; True: the trial

    @property
    def cooled(self) -> bool:
        return self.now >= self.opened_at + self.open_for

    def opens(self) -> None:
        self.open_for = min(self.open_for * 2 or 5.0, 20.0)
        self.opened_at = self.now

    @rule(seconds=st.sampled_from((0.1, 1.0, 4.9, 5.0, 25.0, 100.0)))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.breaker.allows(self.now))
    @rule()
    def begin(self) -> None:
        trial = self.breaker.begin()
        assert trial == bool(self.open_for)
        if trial:
            assert self.cooled and True not in self.under_way, "one trial at a time, and not before its time"
        self.under_way.append(trial)

    @precondition(lambda self: self.under_way)
    @rule(said=st.sampled_from(("good", "bad", "neither")), which=st.integers(0, 50))
    def end(self, said: Verdict, which: int) -> None:
        trial = self.under_way.pop(which % len(self.under_way))
        self.breaker.end(self.now, said, trial=trial)
        if trial:
            if said == "good":
                self.open_for, self.answers = 0.0, []
            elif said == "bad":
                self.opens()
        elif not self.open_for and said != "neither":
            self.answers.append((self.now, said == "good"))
            last = [good for _, good in self.answers[-3:]]
            if said == "bad" and (last == [False] * 3 or self.surely_too_many()):
                self.opens()
            elif self.breaker.state(self.now) != "closed":  # between five and six sixths of a window the model cannot say
                assert said == "bad" and self.maybe_too_many()
                self.opens()

    def failed(self, seconds: float) -> tuple[int, int]:
        recent = [good for at, good in self.answers if at > self.now - seconds]
        return len(recent), recent.count(False)

    def surely_too_many(self) -> bool:
        (fewer, fewer_bad), (more, more_bad) = self.failed(50.0), self.failed(60.0)
        return (fewer, fewer_bad) == (more, more_bad) and more >= 20 and more_bad >= 0.5 * more

    def maybe_too_many(self) -> bool:
        return self.failed(60.0)[0] >= 20 or self.failed(50.0)[0] >= 20

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        state = self.breaker.state(self.now)
        assert (state == "closed") == (not self.open_for)
        if self.open_for:
            assert (state == "half_open") == self.cooled
        trial = True in self.under_way
        assert self.breaker.allows(self.now) == (not self.open_for or (self.cooled and not trial))


TestBreaker = BreakerMachine.TestCase


def test_half_of_many_failing_opens_it_too() -> None:
    breaker = Breaker(SETTINGS)
    for number in range(19):
        breaker.end(1000.0, "bad" if number % 2 else "good", trial=False)
    assert breaker.state(1000.0) == "closed"
    breaker.end(1000.0, "bad", trial=False)
    assert breaker.state(1000.0) == "open"


def test_who_looks_and_finds_it_answering_lets_the_next_request_try() -> None:
    breaker = Breaker(SETTINGS)
    for _ in range(3):
        breaker.end(1000.0, "bad", trial=False)
    assert not breaker.allows(1001.0)
    breaker.reachable(1001.0)
    assert breaker.allows(1001.0) and breaker.begin() and not breaker.allows(1001.0)


def failure(kind: str = "status", status: int = 0, wait: int | None = None) -> ProviderFailure:
    return ProviderFailure("it failed", kind=kind, upstream_status=status, retry_after_seconds=wait)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, "good"), (failure("connect"), "bad"), (failure("timeout"), "bad"), (failure("protocol"), "bad"),
        (failure(status=503), "bad"), (failure(status=401), "bad"), (failure(status=404), "bad"), (failure(status=429), "busy"),
        (failure(status=400), "good"), (failure(status=422), "good"), (failure("content", 400), "good"),
        (failure(status=200), "bad"),  # an error where its stream would go on
        (failure("refused"), "neither"), (failure("unsupported"), "neither"), (StorageFailure("full"), "neither"),
        (CallerError("wrong"), "neither"), (KeyboardInterrupt(), "neither"),
    ],
)  # fmt: skip
def test_what_an_end_says_of_a_place(error: BaseException | None, said: str) -> None:
    assert verdict(error) == said


def test_a_place_that_is_asked_too_much_is_left_until_the_time_it_names_and_its_breaker_stays_closed() -> None:
    health = Health(SETTINGS)
    for _ in range(10):
        health.end(1000.0, failure(status=429, wait=7), trial=False)
    assert health.closed_to(1006.9) == "parked" and health.closed_to(1007.0) == ""
    assert health.breaker.state(1000.0) == "closed"


def test_without_a_time_it_is_left_longer_each_time_until_it_answers() -> None:
    health, now, waits = Health(SETTINGS), 1000.0, []
    for _ in range(8):
        for _ in range(5):  # five under way are told so at once
            health.end(now, failure(status=429), trial=False)
        waits.append(health.parked_until - now)
        now = health.parked_until
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    health.end(now, None, trial=False)
    health.end(now, failure(status=429), trial=False)
    assert health.parked_until - now == 1


def test_an_average_follows_and_forgets() -> None:
    latency = Latency()
    assert latency.average(1000.0) == 0.0
    for _ in range(30):
        latency.add(1000.0, 0.2)
    latency.add(1000.0, 1.2)
    assert latency.average(1000.0) == pytest.approx(0.4)
    assert latency.average(1030.0) == pytest.approx(0.2)


def test_the_slow_end_is_known_after_enough_answers_and_of_the_last_ones_only() -> None:
    latency = Latency()
    for number in range(19):
        latency.add(0.0, float(number))
    assert latency.quantile(0.95) is None
    for number in range(200):
        latency.add(0.0, float(number % 64))
    assert latency.quantile(0.95) == 60.0 and latency.quantile(0.5) == 32.0


def test_a_window_forgets_what_is_older_than_it_says() -> None:
    window = Window(60.0)
    window.add(1000.0, 3, 1)
    window.turn(1049.9)
    assert (window.first, window.second) == (3, 1)
    window.turn(1060.1)
    assert (window.first, window.second) == (0, 0)
    window.add(5000.0, 1, 0)
    window.add(4000.0, 1, 0)  # a clock never goes back; should it, nothing breaks
    assert window.first == 2
