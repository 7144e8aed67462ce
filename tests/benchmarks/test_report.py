# SPDX-License-Identifier: Apache-2.0
"""The verdict can say no: each promise, broken alone, is told as broken."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks.harness.report import Results, Span, noise, span, streams, verdicts, whole_answers

GOOD = {"direct": (90_000.0, 100.0), "comity": (3000.0, 1100.0), "litellm": (100.0, 9100.0)}
"""Requests a second, and p50 in microseconds (p99: twice that)."""


def row(gateway: str, load: str, *, number: int = 1, speed: float = 1.0, **more: Any) -> dict[str, Any]:
    per_second, p50 = GOOD[gateway]
    latency = {"p50": p50, "p99": 2 * p50}
    return {
        "gateway": gateway, "load": load, "round": number, "per_second": per_second * speed, "answered": 1000, "events": 5200,
        "chunks_per_second": 5000.0, "cpu_seconds": 0.5, "latency": latency, "first_byte": latency, "delta": latency, "errors": 0,
        "forwarded": 1010, "marked": 0, "others": 0.01, "stolen": 0.0,
    } | more  # fmt: skip


def rows(**change: Any) -> list[dict[str, Any]]:
    """Two rounds; ``change`` is of Comity's."""
    loads = ("plain", "personal", "paced", "streams", "paced streams")
    return [row(gateway, load, number=number, **(change if gateway == "comity" else {}))
            for number in (0, 1, 2) for gateway in GOOD for load in loads]  # fmt: skip


FORWARDED = 3 * 5 * 1010


def broken(measured: list[dict[str, Any]], records: int = FORWARDED) -> list[str]:
    return [verdict.said for verdict in verdicts(Results(measured), records=records) if not verdict.kept]


def test_nothing_is_broken_where_all_is_kept() -> None:
    assert broken(rows()) == []
    assert len(verdicts(Results(rows()), records=FORWARDED)) == 6


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"speed": 0.83}, "promised 25"),
        ({"errors": 1}, "answered whole"),
        ({"marked": 1}, "nothing personal"),
        ({"latency": {"p50": 9200.0, "p99": 300.0}}, "latency, p50"),
        ({"latency": {"p50": 200.0, "p99": 18_300.0}}, "latency, p99"),
        ({"latency": {}}, "latency, p50"),
        ({"per_second": 0.0}, "promised 25"),
    ],
)
def test_a_promise_that_is_broken_is_told(change: dict[str, Any], word: str) -> None:
    assert any(word in said for said in broken(rows(**change)))


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
    assert Results(measured).times("comity", "litellm", "plain") == Span(30, 30, 30)


def test_without_litellm_nothing_is_said_of_it() -> None:
    alone = [each for each in rows() if each["gateway"] != "litellm"]
    assert not any("LiteLLM" in verdict.said for verdict in verdicts(Results(alone), records=FORWARDED))
    assert "30.0" not in whole_answers(Results(alone))


def test_the_tables_have_the_figures() -> None:
    table = whole_answers(Results(rows()))
    comity = next(line for line in table.splitlines() if line.startswith("| comity"))
    assert [cell.strip() for cell in comity.split("|")[1:-1]] == ["comity", "3,000", "30.0", "500", "3,000", "30.0", "500"]
    lengths = {len(line) for line in table.splitlines()}
    assert len(lengths) == 1
    assert "96.2" in streams(Results(rows()))  # 0.5 s for 5,200 events


def test_spans_and_noise_are_told() -> None:
    assert span(Span.of([3, 1, 2])) == "2 (1–3)"
    assert span(Span.of([1000])) == "1,000"
    assert span(Span.of([])) == "–"
    assert noise(Results(rows())).startswith("quiet")
    assert noise(Results([each | {"stolen": 0.2} for each in rows()])).startswith("noisy")
