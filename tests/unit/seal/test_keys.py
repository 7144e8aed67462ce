# SPDX-License-Identifier: Apache-2.0
"""Key configurations as they are published, and a node's keys over time."""

from __future__ import annotations

import gc
import weakref
from datetime import timedelta

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from comity.errors import CallerError, OperatorError, TrustFailure
from comity.seal import kem, ohttp
from comity.seal.epochs import EARLY, EPOCH, GRACE, KeyPair, Keys
from comity.seal.hpke import AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, DEFAULT, HKDF_SHA256, Suite
from comity.seal.kem import X25519, XWING
from comity.seal.keyconfig import KeyConfig, decode, decode_list, encode_list, parse_header
from tests.fakes import FakeClock, SeededRandom

SEED = bytes(range(32))
PAIR = KeyPair(7, XWING, SEED)


def test_a_configuration_survives_being_written() -> None:
    assert decode(PAIR.config.encoded) == PAIR.config
    assert decode_list(encode_list([PAIR.config, KeyPair(8, X25519, SEED).config])) == (PAIR.config, KeyPair(8, X25519, SEED).config)
    assert parse_header(PAIR.config.header) == PAIR.config.hash and len(PAIR.config.hash) == 32


def test_a_node_offers_the_default_suite_first() -> None:
    assert PAIR.config.suites[0] == DEFAULT == PAIR.config.choose()


def test_a_key_that_offers_only_something_weaker_is_not_used() -> None:
    weaker = KeyPair(7, XWING, SEED, [(HKDF_SHA256, AES_128_GCM)]).config
    classical = KeyPair(7, X25519, SEED).config
    for config in (weaker, classical):
        with pytest.raises(TrustFailure) as failed:
            config.choose()
        assert failed.value.step == "suite"
    assert classical.choose([DEFAULT, Suite(X25519)]) == Suite(X25519)


def test_what_is_foreign_in_a_list_is_passed_over_and_a_list_of_nothing_else_is_refused() -> None:
    foreign = b"\x01\x00\x10" + bytes(65) + b"\x00\x04\x00\x01\x00\x01"
    entry = len(foreign).to_bytes(2, "big") + foreign
    assert decode_list(entry + encode_list([PAIR.config])) == (PAIR.config,)
    with pytest.raises(CallerError, match="P-256"):
        decode_list(entry)
    with pytest.raises(CallerError, match="P-256"):
        decode(foreign)


WRITTEN, KEYED = PAIR.config.encoded, PAIR.config.encoded[:1219]


@pytest.mark.parametrize(
    "cut", [b"", b"\x01", b"\x01\x00", WRITTEN[:-1], WRITTEN + b"\0", KEYED, KEYED + b"\x00\x00", KEYED + b"\x00\x02\x00\x01"]
)
def test_a_configuration_that_does_not_add_up_is_refused(cut: bytes) -> None:
    with pytest.raises(CallerError):
        decode(cut)
    if cut:
        with pytest.raises(CallerError):
            decode_list(len(cut).to_bytes(2, "big") + cut)
    with pytest.raises(CallerError):
        decode_list(encode_list([PAIR.config])[:-1])


def test_a_list_of_nothing_or_of_too_much_is_refused() -> None:
    for data in (b"", b"\0", b"\0\0", encode_list([PAIR.config] * 60)):
        with pytest.raises(CallerError):
            decode_list(data)


def test_bytes_that_are_no_key_are_refused_before_anything_is_sealed() -> None:
    out_of_range = KeyConfig(1, XWING, b"\xff" * 1216, [(HKDF_SHA256, AES_256_GCM)])
    with pytest.raises(CallerError, match="no public key"):
        _ = out_of_range.key
    nobody = KeyConfig(1, X25519, bytes(32), [(HKDF_SHA256, AES_256_GCM)])
    with pytest.raises(TrustFailure) as failed:
        ohttp.seal_request(nobody, Suite(X25519), b"plain", SeededRandom())
    assert failed.value.step == "key-config"


def test_a_library_without_ml_kem_is_said_and_nothing_else_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Absent:
        @staticmethod
        def from_seed_bytes(_: bytes) -> None:
            raise UnsupportedAlgorithm("ML-KEM")

        from_public_bytes = from_seed_bytes

    monkeypatch.setattr(kem, "MLKEM768PrivateKey", Absent)
    monkeypatch.setattr(kem, "MLKEM768PublicKey", Absent)
    for attempt in (lambda: KeyPair(1, XWING, SEED).private, lambda: kem.public_key(XWING, PAIR.config.public)):
        with pytest.raises(OperatorError) as failed:
            attempt()
        assert failed.value.code == "seal.no_mlkem"


@pytest.mark.parametrize("value", ["", "sha256/", "sha256/" + "0" * 63, "sha256/" + "0" * 65, "sha256/" + "A" * 64, "sha512/" + "0" * 64,
                                   "sha256/" + "0" * 64 + "\n", "0" * 64])  # fmt: skip
def test_comity_key_is_written_in_one_way(value: str) -> None:
    with pytest.raises(CallerError):
        parse_header(value)


# -- epochs ------------------------------------------------------------------------------------------------------------


def keys(clock: FakeClock) -> Keys:
    return Keys(clock, SeededRandom(), kem=X25519)


def test_one_key_is_published_and_the_next_one_early() -> None:
    clock = FakeClock()  # twelve o'clock: an epoch begins
    held = keys(clock)
    (current,) = held.tend()
    assert (current.since, current.until) == (clock.now(), clock.now() + EPOCH)
    clock.advance((EPOCH - EARLY).total_seconds() - 1)
    assert [each.config for each in held.tend()] == [current.config]
    clock.advance(1)
    again, following = held.tend()
    assert again == current and following.since == current.until
    assert following.since - clock.now() >= timedelta(minutes=10)
    clock.advance(EARLY.total_seconds())
    assert held.tend() == (following,)


def test_a_key_opens_until_its_grace_is_over_and_then_is_gone() -> None:
    clock = FakeClock()
    held = keys(clock)
    (current,) = held.tend()
    sealed, _ = ohttp.seal_request(current.config, current.config.suites[0], b"plain", SeededRandom(b"client"))
    clock.advance((EPOCH + GRACE).total_seconds() - 1)
    assert ohttp.open_request(sealed, held.find)[0] == b"plain"
    clock.advance(1)
    assert GRACE.total_seconds() <= 300
    for moved in (0, -3600):  # nor does a clock that is put back bring it back
        clock.set(clock.now() + timedelta(seconds=moved))
        with pytest.raises(TrustFailure) as failed:
            ohttp.open_request(sealed, held.find)
        assert failed.value.step == "epoch"


def test_the_private_key_of_an_epoch_that_is_over_is_held_by_nothing() -> None:
    clock = FakeClock()
    held = keys(clock)
    (current,) = held.tend()
    private = weakref.ref(held.find(current.config.key_id).private)
    clock.advance((EPOCH + GRACE).total_seconds())
    held.tend()
    gc.collect()
    assert private() is None


def test_no_two_epochs_share_a_key() -> None:
    clock = FakeClock()
    held = keys(clock)
    seen = set()
    for _ in range(300):
        seen |= {each.config.public for each in held.tend()}
        clock.advance(EPOCH.total_seconds())
    assert len(seen) == 300


def test_another_key_under_the_same_byte_is_refused_before_it_is_tried() -> None:
    clock = FakeClock()
    held, other = keys(clock), Keys(clock, SeededRandom(b"other"), kem=X25519)
    (current,), (foreign,) = held.tend(), other.tend()
    assert current.config.key_id == foreign.config.key_id
    assert held.find(current.config.key_id, current.config.hash).config == current.config
    with pytest.raises(TrustFailure) as failed:
        held.find(current.config.key_id, foreign.config.hash)
    assert failed.value.step == "key-config"
    with pytest.raises(TrustFailure):
        held.find(current.config.key_id ^ 1)


def test_a_suite_that_the_key_does_not_offer_is_refused() -> None:
    pair = KeyPair(7, X25519, SEED, [(HKDF_SHA256, CHACHA20_POLY1305)])
    wider = KeyPair(7, X25519, SEED)
    sealed, _ = ohttp.seal_request(wider.config, Suite(X25519), b"plain", SeededRandom())
    with pytest.raises(TrustFailure) as failed:
        ohttp.open_request(sealed, lambda _: pair)
    assert failed.value.step == "suite"
    with pytest.raises(TrustFailure):
        ohttp.seal_request(pair.config, Suite(X25519), b"plain", SeededRandom())


@pytest.mark.parametrize("times", [(EPOCH, timedelta(), GRACE), (EPOCH, EPOCH * 2, GRACE), (EPOCH, EARLY, EPOCH), (EPOCH, EARLY, -GRACE)])
def test_times_that_would_mix_epochs_up_are_refused(times: tuple[timedelta, timedelta, timedelta]) -> None:
    epoch, early, grace = times
    with pytest.raises(CallerError):
        Keys(FakeClock(), SeededRandom(), epoch=epoch, early=early, grace=grace)
