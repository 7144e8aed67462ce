# SPDX-License-Identifier: Apache-2.0
"""What is known of the places over a change of configuration, and what operators are shown of it."""

from __future__ import annotations

from comity.config import Config, RoutingConfig
from comity.errors import ProviderFailure
from comity.routing.router import Router
from comity.routing.run import Full, Visit
from tests.fakes import FakeClock, SeededRandom
from tests.routes import KEY, candidate, place, router, trip

A, B = place("a", concurrency_max=1), place("b")


def after(before: Router, *places: object, **settings: object) -> Router:
    config = Config(deployments=places, routing=RoutingConfig(**settings))  # type: ignore[arg-type]
    made = {each.id: candidate(each).deployment for each in config.deployments}
    return Router(config, config.deployments, made, clock=before.clock, random=SeededRandom(), key=KEY, before=before)


def test_what_the_file_says_as_before_goes_on_as_it_was() -> None:
    old = router(A, B)
    under_way = trip(old, [A]).step()
    assert isinstance(under_way, Visit)
    new = after(old, A, place("b", weight=2.0), place("c"))
    assert new.places["a"] is old.places["a"] and new.places["b"] is not old.places["b"]
    assert isinstance(trip(new, [A]).step(), Full), "one at once, through whichever configuration it came"
    under_way.over()
    assert isinstance(trip(new, [A]).step(), Visit)


def test_other_settings_begin_anew() -> None:
    old = router(A, B)
    assert after(old, A, B, failures_max=2).places["a"] is not old.places["a"]


def test_operators_see_how_each_place_is_doing() -> None:
    clock = FakeClock()
    made = router(A, B, clock=clock, failures_max=1)
    for _ in range(20):
        visit = trip(made, [B]).step()
        assert isinstance(visit, Visit)
        clock.advance(0.05)
        visit.answered()
        visit.over()
    visit = trip(made, [A]).step()
    assert isinstance(visit, Visit)
    seen = made.health.snapshot()
    assert seen["a"]["inflight"] == 1
    assert seen["b"] == {
        "state": "closed", "inflight": 0, "answers": 20, "failures": 0, "last_failure": "", "p50_ms": 50.0, "p95_ms": 50.0,
        "parked_seconds": 0.0,
    }  # fmt: skip
    visit.over(ProviderFailure("it is down", kind="connect"))
    now = made.health.snapshot()["a"]
    assert (now["state"], now["failures"], now["last_failure"], now["parked_seconds"]) == ("open", 1, "it is down", 5.0)
