# SPDX-License-Identifier: Apache-2.0
"""An entry is trusted for its proof, its log's key and its witnesses, each step by its own name; and for nothing less."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import OperatorError, TrustFailure
from comity.transparency.canonical import canonical
from comity.transparency.entry import encoded, parse
from comity.transparency.note import COSIGNED_ED25519, Signer, parse_note
from comity.transparency.tlog_proof import TLogProof, written
from comity.transparency.tlog_proof import parse as parse_proof
from comity.transparency.trust import AHEAD_SECONDS_MAX, Trust, proven
from tests.logs import MemoryLog, node_entry

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENTRY = node_entry()
RAW = encoded(ENTRY)


def filled(witnesses: int = 2, entries: int = 5) -> MemoryLog:
    log = MemoryLog(witnesses)
    for n in range(entries):
        log.append(node_entry(pool=f"pool-{n}"))
    return log


def step(entry: bytes, proof: str, trust: Trust, now: datetime = NOW) -> str:
    with pytest.raises(TrustFailure) as raised:
        proven(entry, proof, trust, now)
    assert raised.value.code == f"trust.{raised.value.step}"
    return raised.value.step


def test_what_is_proved_and_witnessed_holds() -> None:
    log = filled(3)
    found = proven(RAW, log.prove(ENTRY, NOW), log.trust(quorum=2), NOW)
    assert (found.index, found.size, [each.witness for each in found.witnessed]) == (5, 6, [f"witness.example/{n}" for n in range(3)])
    assert {each.at for each in found.witnessed} == {NOW}
    assert parse(RAW) == ENTRY and ENTRY.stands_at(NOW) and not ENTRY.stands_at(NOW + timedelta(days=1))


def test_an_entry_that_was_never_logged() -> None:
    log = filled()
    proof = log.prove(ENTRY, NOW)
    assert step(encoded(node_entry(region="DE")), proof, log.trust()) == "proof"
    assert step(RAW, log.prove(log.entries[0], NOW), log.trust()) == "proof"


def test_a_log_of_another_key() -> None:
    log, other = filled(), MemoryLog(name="log.example/others")
    assert step(RAW, other.prove(ENTRY, NOW), log.trust()) == "checkpoint"
    same_name = MemoryLog()
    same_name.signer = Signer(log.signer.verifier.name, b"x" * 32)
    assert step(RAW, same_name.prove(ENTRY, NOW), log.trust()) == "checkpoint"


def test_one_witness_too_few() -> None:
    log = filled(3)
    assert step(RAW, log.prove(ENTRY, NOW, witnesses=1), log.trust(quorum=2)) == "witnesses"
    assert proven(RAW, log.prove(ENTRY, NOW, witnesses=2), log.trust(quorum=2), NOW).size == 6


def test_one_witness_does_not_count_twice_nor_one_that_is_not_pinned() -> None:
    log = filled(2)
    proof = log.prove(ENTRY, NOW, witnesses=1)
    text, _ = parse_note(parse_proof(proof).checkpoint)
    again = str(log.witnesses[0].cosignature(text, int(NOW.timestamp()) + 1))
    stranger = str(Signer("witness.example/1", b"x" * 32, COSIGNED_ED25519).cosignature(text, int(NOW.timestamp())))
    assert step(RAW, proof + again + stranger, log.trust()) == "witnesses"


def test_a_witness_s_signature_that_does_not_hold_is_not_passed_over() -> None:
    log = filled(3)
    spoilt = log.prove(ENTRY, NOW, witnesses=2)
    text, _ = parse_note(parse_proof(spoilt).checkpoint)
    line = log.witnesses[2].cosignature(text, int(NOW.timestamp()))
    bad = line._replace(signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    assert step(RAW, spoilt + str(bad), log.trust(quorum=2)) == "witnesses"


@pytest.mark.parametrize(
    ("after", "held"),
    [
        (timedelta(seconds=600), True),
        (timedelta(seconds=601), False),
        (-timedelta(seconds=AHEAD_SECONDS_MAX), True),
        (-timedelta(seconds=AHEAD_SECONDS_MAX + 1), False),
    ],
)
def test_a_checkpoint_grows_stale_and_none_is_from_the_future(after: timedelta, held: bool) -> None:
    log = filled()
    proof, trust = log.prove(ENTRY, NOW), log.trust(age_seconds_max=600)
    if held:
        assert proven(RAW, proof, trust, NOW + after).size == 6
    else:
        assert step(RAW, proof, trust, NOW + after) == "freshness"


def test_one_fresh_signature_does_not_freshen_the_others() -> None:
    log = filled(2)
    proof = log.prove(ENTRY, NOW, witnesses=1)
    text, _ = parse_note(parse_proof(proof).checkpoint)
    later = NOW + timedelta(days=2)
    assert step(RAW, proof + str(log.witnesses[1].cosignature(text, int(later.timestamp()))), log.trust(), later) == "freshness"


def test_a_time_that_no_calendar_has() -> None:
    log = filled(1)
    proof = log.prove(ENTRY, NOW, witnesses=0)
    text, _ = parse_note(parse_proof(proof).checkpoint)
    assert step(RAW, proof + str(log.witnesses[0].cosignature(text, (1 << 63) - 1)), log.trust()) == "freshness"


KEYS = [each.verifier.vkey for each in MemoryLog(3).witnesses]
LOG = MemoryLog().signer.verifier.vkey
TWICE = Signer("witness.example/again", bytes([2]) * 32, COSIGNED_ED25519).verifier.vkey
OWN = Signer("witness.example/own", MemoryLog().signer.verifier.name.encode().ljust(32, b"-")[:32], COSIGNED_ED25519).verifier.vkey


@pytest.mark.parametrize(
    "wrong",
    [
        {"log": KEYS[0]},
        {"log": "no key"},
        {"witnesses": (LOG,), "quorum": 1},
        {"witnesses": ("no key",), "quorum": 1},
        {"witnesses": (KEYS[0], KEYS[0])},
        {"witnesses": (KEYS[1], TWICE)},
        {"witnesses": (KEYS[1], OWN)},
        {"witnesses": (KEYS[0],)},
        {"witnesses": ()},
        {"witnesses": (), "quorum": 0},
        {"quorum": 0},
        {"quorum": -1},
        {"age_seconds_max": 0},
    ],
)
def test_a_trust_that_could_be_had_for_less_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OperatorError):
        Trust(**{"log": LOG, "witnesses": tuple(KEYS), **wrong})


# -- the text of a proof ---------------------------------------------------------------------------------------------


def test_a_proof_is_written_as_it_is_read() -> None:
    proof = TLogProof(index=73894, path=(b"a" * 32, b"b" * 32), checkpoint=MemoryLog().checkpoint(NOW))
    assert parse_proof(written(proof)) == proof
    head, _, rest = written(proof).partition("\n")
    assert parse_proof(f"{head}\nextra {base64.b64encode(b'more').decode()}\n{rest}") == proof


@given(
    st.text() | st.text().map("c2sp.org/tlog-proof@v1\nindex 0\n".__add__) | st.text().map("c2sp.org/tlog-proof@v1\nindex 0\n\n".__add__)
)
def test_garbage_is_only_a_trust_failure(text: str) -> None:
    assert step(RAW, text, MemoryLog().trust()) in {"proof", "checkpoint"}


@given(st.data())
def test_any_change_to_a_proof_fails(data: st.DataObject) -> None:
    log = filled()
    raw = log.prove(ENTRY, NOW).encode()
    at, bit = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7))
    changed = (raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]).decode("utf-8", "replace")
    assert step(RAW, changed, log.trust()) in {"proof", "checkpoint", "witnesses"}


# -- the entry itself ------------------------------------------------------------------------------------------------


def unread(raw: bytes) -> None:
    with pytest.raises(TrustFailure) as raised:
        parse(raw)
    assert (raised.value.step, raised.value.code) == ("entry", "trust.entry")


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "comity.node-entry.v2"}, {"pool": ""}, {"region": ""}, {"receipts": ""}, {"receipts": KEYS[0]},
        {"key": ""}, {"key": "AQAgAB=="}, {"pool": "\u202ecn"},
        {"since": "2026-11-25T00:00:00Z"}, {"since": "2026-11-23"}, {"since": "2026-11-23T0:00:00Z"}, {"level": "A1"}, {"level": "B0"},
        {"evidence": "QUFB"}, {"image": "sha256:ab"}, {"policy": "ab"}, {"egress": ["b:1", "a:1"]}, {"egress": ["a:1", "a:1"]},
        {"egress": ["a"]}, {"processing": [""]}, {"labels": ["b", "a"]}, {"retention_months": -1}, {"padding_bytes_min": -1},
        {"beat_milliseconds": 0.5}, {"plaintext_at": "none"}, {"more": 1}, {"operator": "x" * 70_000},
    ],
)  # fmt: skip
def test_an_entry_says_what_one_says(changed: dict[str, Any]) -> None:
    import msgspec

    unread(canonical({**msgspec.to_builtins(ENTRY), **changed}))


def test_an_entry_has_one_spelling() -> None:
    unread(RAW.replace(b",", b", ", 1))
    unread(RAW.replace(b"Example", b"\\u0045xample"))
    with pytest.raises(ValueError, match="host:port"):
        encoded(node_entry(egress=("x",)))


@given(st.binary() | st.text().map(str.encode))
def test_garbage_is_no_entry(raw: bytes) -> None:
    unread(raw)
