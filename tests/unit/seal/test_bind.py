# SPDX-License-Identifier: Apache-2.0
"""What a sealed request is bound to, that it is heard once, and what its size and timing give away."""

from __future__ import annotations

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError, TrustFailure
from comity.seal import bhttp
from comity.seal.bind import Binding, Replays, check
from comity.seal.http import Response
from comity.seal.padding import Beat, bucket, comment, padded
from tests.fakes import FakeClock, SeededRandom

BINDING = Binding(pool="cn-assist", key=bytes(32), policy="ab" * 32, labels=("explicit", "implicit"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]))))
def test_the_digest_is_of_the_canonical_form(pool: str, labels: list[str]) -> None:
    binding = Binding(pool=pool, key=bytes(32), policy="ab" * 32, labels=tuple(labels))
    value = {"pool": pool, "key": "00" * 32, "policy": "ab" * 32, "labels": sorted(set(labels))}
    assert binding.digest == hashlib.sha256(rfc8785.dumps(value)).digest()
    assert binding.digest == Binding(pool=pool, key=bytes(32), policy="ab" * 32, labels=tuple(reversed(labels))).digest


def test_a_request_is_heard_once_and_only_on_its_terms() -> None:
    replays, random = Replays(), SeededRandom()
    fields = BINDING.fields(random)
    for other in (
        Binding(pool="us-assist", key=BINDING.key, policy=BINDING.policy, labels=BINDING.labels),
        Binding(pool=BINDING.pool, key=b"\1" * 32, policy=BINDING.policy, labels=BINDING.labels),
        Binding(pool=BINDING.pool, key=BINDING.key, policy="cd" * 32, labels=BINDING.labels),
        Binding(pool=BINDING.pool, key=BINDING.key, policy=BINDING.policy, labels=("explicit",)),
    ):
        with pytest.raises(TrustFailure) as failed:
            check(fields, other)
        assert failed.value.step == "bind"
    replay = check(fields, BINDING)
    for _ in range(2):
        replays.new(replay)  # that uses nothing up
    replays.once(replay)
    for again in (replays.new, replays.once):
        with pytest.raises(TrustFailure) as failed:
            again(replay)
        assert failed.value.step == "replay"
    replays.once(check(BINDING.fields(random), BINDING))
    assert len(replays) == 2


def test_a_full_memory_refuses_and_forgets_nothing() -> None:
    replays, random = Replays(2), SeededRandom()
    heard = [check(BINDING.fields(random), BINDING) for _ in range(3)]
    replays.once(heard[0])
    replays.once(heard[1])
    for refused in (replays.new, replays.once):
        with pytest.raises(CallerError) as full:
            refused(heard[2])
        assert (full.value.code, full.value.status) == ("seal.full", 503)
    with pytest.raises(TrustFailure):
        replays.once(heard[0])


def test_fields_that_are_not_there_once_and_whole_are_refused() -> None:
    bound, replay = BINDING.fields(SeededRandom())
    for fields in ((), (bound,), (replay,), (bound, bound, replay), (bound, replay, replay), (bound, (replay[0], replay[1][:-2])),
                   (bound, (replay[0], replay[1].upper())), ((bound[0], bound[1] + b"00"), replay)):  # fmt: skip
        with pytest.raises(CallerError):
            check(fields, BINDING)


@pytest.mark.parametrize("wrong", [{"key": b""}, {"key": bytes(31)}, {"key": bytes(33)}, {"policy": ""}, {"policy": "AB" * 32},
                                   {"pool": "\ud800"}])  # fmt: skip
def test_a_binding_of_something_else_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(CallerError):
        _ = Binding(**{"pool": "p", "key": bytes(32), "policy": "ab" * 32} | wrong).digest  # type: ignore[arg-type]


# -- padding -----------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=3000), st.sampled_from([0, 1, 256, 1024, 1000]))
def test_a_padded_body_means_the_same_and_its_size_is_a_power_of_two(content: bytes, least: int) -> None:
    message = bhttp.encode(Response(status=200), content)
    grown = padded(message, least=least)
    assert bhttp.decode(grown) == bhttp.decode(message)
    if least:
        assert len(grown).bit_count() == 1 and least <= len(grown) < max(2 * len(message), 2 * least)
    else:
        assert grown == message


@pytest.mark.parametrize(("size", "least", "is_"), [(0, 0, 1), (1, 0, 1), (2, 0, 2), (3, 0, 4), (1025, 1024, 2048), (5, 1000, 1024)])
def test_a_bucket(size: int, least: int, is_: int) -> None:
    assert bucket(size, least) == is_


@pytest.mark.parametrize("size", range(8))
def test_a_comment_has_the_size_asked_for_and_says_nothing(size: int) -> None:
    assert len(comment(size)) == size
    assert all(line in (b"", b":" + b" " * (size - 2)) for line in comment(size).split(b"\n"))


def test_events_go_on_the_beat_whenever_they_come() -> None:
    clock = FakeClock()
    beat = Beat(clock, seconds=0.05)
    assert beat.due() is None and beat.take() == b""
    clock.advance(0.013)
    beat.add(b"data: a\n\n")
    assert beat.due() == pytest.approx(0.037) and beat.take() == b""
    clock.advance(0.02)
    beat.add(b"data: b\n\n")
    clock.advance(beat.due() or 0)
    out = beat.take()
    assert out == b"data: a\n\ndata: b\n\n"
    assert beat.due() is None and beat.take() == b""


def test_the_end_of_a_stream_waits_for_no_beat() -> None:
    clock = FakeClock()
    beat = Beat(clock, seconds=0.1)
    beat.add(b"data: a\n\n")
    assert beat.take() == b"" and beat.take(now=True) == b"data: a\n\n"
    at_once = Beat(clock, seconds=0)
    at_once.add(b"data: a\n\n")
    assert at_once.due() == 0 and at_once.take() == b"data: a\n\n"
    with pytest.raises(CallerError):
        Beat(clock, seconds=2)


@given(st.lists(st.tuples(st.integers(1, 900), st.floats(0, 0.2)), max_size=30))
def test_on_the_beat_nothing_is_lost_and_nothing_goes_between_two(events: list[tuple[int, float]]) -> None:
    clock = FakeClock()
    beat, begun = Beat(clock), clock.monotonic()
    sent, went = [], []
    for size, pause in events:
        clock.advance(pause)
        if out := beat.take():
            went.append(out)
        sent.append(b"data: " + b"x" * size + b"\n\n")
        beat.add(sent[-1])
        due = beat.due()
        assert due is not None and 0 <= due <= 0.05 + 1e-9
        if due:
            beats = (clock.monotonic() + due - begun) / 0.05
            assert beats == pytest.approx(round(beats), abs=1e-6)
    went.append(beat.take(now=True))
    assert b"".join(went) == b"".join(sent)
