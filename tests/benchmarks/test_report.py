# SPDX-License-Identifier: Apache-2.0
"""The verdict can say no: each promise, broken alone, is told as broken."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks.harness.report import Results, Span, noise, span, streams, verdicts, whole_answers

GOOD = {"direct": (90_000.0, 100.0), "comity": (9000.0, 600.0), "litellm": (100.0, 9100.0)}
"""Requests a second, and p50 in microseconds (p99: twice that)."""


def row(gateway: str, load: str, *, number: int = 1, speed: float = 1.0, **more: Any) -> dict[str, Any]:
    per_second, p50 = GOOD[gateway]
    latency = {"p50": p50, "p99": 2 * p50}
    return {
        "gateway": gateway, "load": load, "round": number, "per_second": per_second * speed, "answered": 1000, "events": 5200,
        "chunks_per_second": 5000.0, "cpu_seconds": 0.1, "latency": latency, "first_byte": latency, "delta": latency, "errors": 0,
        "forwarded": 1010, "marked": 0, "others": 0.01, "stolen": 0.0,
    } | more  # fmt: skip


def rows(**change: Any) -> list[dict[str, Any]]:
    """Two rounds; ``change`` is of Comity's."""
    loads = ("mixed", "plain", "personal", "paced", "streams", "paced streams")
    return [row(gateway, load, number=number, **(change if gateway == "comity" else {}))
            for number in (0, 1, 2) for gateway in GOOD for load in loads]  # fmt: skip


FORWARDED = 3 * 6 * 1010
ABOUT = {"comity": {"cold_s": [0.9, 0.8, 1.2], "idle_mb": 60.0, "after_mb": 80.0, "import_ms": [30.0]}}


def broken(measured: list[dict[str, Any]], records: int = FORWARDED, **about: Any) -> list[str]:
    told = verdicts(Results(measured), records=records, about={"comity": ABOUT["comity"] | about})
    return [verdict.said for verdict in told if not verdict.kept]


def test_nothing_is_broken_where_all_is_kept() -> None:
    assert broken(rows()) == []
    assert len(verdicts(Results(rows()), records=FORWARDED, about=ABOUT)) == 13


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"speed": 0.83}, "promised 80"),
        ({"cpu_seconds": 0.151}, "request, mixed"),
        ({"events": 3900}, "of a chunk"),
        ({"errors": 1}, "answered whole"),
        ({"marked": 1}, "nothing personal"),
        ({"latency": {"p50": 9200.0, "p99": 300.0}}, "latency, p50"),
        ({"latency": {"p50": 200.0, "p99": 18_300.0}}, "latency, p99"),
        ({"latency": {}}, "latency, p50"),
        ({"latency": {"p50": 901.0, "p99": 1000.0}}, "promised 800"),
        ({"latency": {"p50": 200.0, "p99": 3201.0}}, "promised 3000"),
        ({"per_second": 0.0}, "promised 80"),
    ],
)
def test_a_promise_that_is_broken_is_told(change: dict[str, Any], word: str) -> None:
    assert any(word in said for said in broken(rows(**change)))


@pytest.mark.parametrize(
    ("about", "word"),
    [
        ({"cold_s": [1.1, 0.9, 1.2]}, "first good answer"),
        ({"after_mb": 151.0}, "memory"),
        ({"import_ms": [51.0]}, "import"),
        ({"import_ms": []}, "import"),
    ],
)
def test_a_footprint_that_is_too_large_is_told(about: dict[str, Any], word: str) -> None:
    (said,) = broken(rows(), **about)
    assert word in said


def test_a_request_without_its_record_is_told() -> None:
    assert [said for said in broken(rows(), FORWARDED - 1) if "record" in said]


def test_what_goes_wrong_in_the_warm_up_counts_and_its_speed_does_not() -> None:
    measured = rows()
    first = next(each for each in measured if each["gateway"] == "comity" and each["round"] == 0)
    first |= {"marked": 1, "per_second": 1.0}
    assert len(broken(measured)) == 1


def test_ratios_are_taken_within_a_round() -> None:
    """A machine twice as slow in one round is twice as slow for both."""
    measured = rows()
    for each in measured:
        if each["round"] == 2:
            each["per_second"] /= 2
    assert Results(measured).times("comity", "litellm", "plain") == Span(90, 90, 90)


def test_without_litellm_nothing_is_said_of_it() -> None:
    alone = [each for each in rows() if each["gateway"] != "litellm"]
    assert not any("LiteLLM" in verdict.said for verdict in verdicts(Results(alone), records=FORWARDED, about=ABOUT))
    assert "90.0" not in whole_answers(Results(alone))


def test_the_tables_have_the_figures() -> None:
    table = whole_answers(Results(rows()))
    comity = next(line for line in table.splitlines() if line.startswith("| comity"))
    assert [cell.strip() for cell in comity.split("|")[1:-1]] == ["comity", *["9,000", "90.0", "100"] * 3]
    lengths = {len(line) for line in table.splitlines()}
    assert len(lengths) == 1
    assert "19.2" in streams(Results(rows()))  # 0.1 s for 5,200 events


def test_spans_and_noise_are_told() -> None:
    assert span(Span.of([3, 1, 2])) == "2 (1–3)"
    assert span(Span.of([1000])) == "1,000"
    assert span(Span.of([])) == "–"
    assert noise(Results(rows())).startswith("quiet")
    assert noise(Results([each | {"stolen": 0.2} for each in rows()])).startswith("noisy")
