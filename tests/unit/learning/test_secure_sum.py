# SPDX-License-Identifier: Apache-2.0
"""The secure sum: exact whoever drops out, blind whoever comes late, and every message that is not in order refused by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np
import pytest

from comity.errors import CallerError, TrustFailure
from comity.learning import graph, shamir
from comity.learning.messages import Advertised, Asked, Keys, Masked, Revealed, encoded, received
from comity.learning.participant import Participant
from comity.learning.secure_sum import SecureSum, Total
from tests.fakes import SeededRandom


class Fast:
    """Of the machine's own source: a test of thousands of devices would otherwise be one of SHA-256 in Python."""

    def token(self, size: int) -> bytes:
        return os.urandom(size)


def vectors(devices: int, length: int) -> Any:
    return np.random.default_rng(7).integers(0, 1 << 40, (devices, length), dtype=np.uint64)


class Round:
    """Devices 1 to n of one process, and the one who sums; messages go through their bytes."""

    def __init__(self, given: Any, random: Any) -> None:
        self.given, self.server = given, SecureSum("r1", given.shape[1], random)
        self.devices = {number: Participant("r1", number, random) for number in range(1, len(given) + 1)}

    def send(self, message: Any) -> None:
        self.server.take(received(encoded(message)))

    def advertised(self) -> dict[int, Any]:
        for device in self.devices.values():
            self.send(device.advertise())
        return self.server.neighbourhoods()

    def shared(self, without: Collection[int] = ()) -> dict[int, Any]:
        for number, told in self.advertised().items():
            if number not in without:
                self.send(self.devices[number].share(told))
        return self.server.deliveries()

    def masked(self, without: Collection[int] = (), before: Collection[int] = ()) -> tuple[dict[int, Any], dict[int, Masked]]:
        """What the server asks, and the vectors that came too late."""
        late = {}
        for number, told in self.shared(before).items():
            message = self.devices[number].mask(told, self.given[number - 1])
            if number in without:
                late[number] = message
            else:
                self.send(message)
        return self.server.questions(), late

    def total(self, before: Collection[int] = (), without: Collection[int] = (), silent: Collection[int] = ()) -> Total:
        for number, asked in self.masked(without, before)[0].items():
            if number not in silent:
                self.send(self.devices[number].reveal(asked))
        return self.server.total()


def exact(total: Total, given: Any, gone: Collection[int]) -> bool:
    left = [number - 1 for number in range(1, len(given) + 1) if number not in gone]
    return total.devices == len(left) and bool((total.vector == given[left].sum(axis=0, dtype=np.uint64)).all())


@pytest.mark.parametrize("gone", [((), (), ()), ((3,), (), ()), ((), (1, 12), ()), ((2,), (5,), (7,))], ids=str)
def test_the_sum_is_exact_whoever_drops_out_and_when(gone: tuple[Collection[int], ...]) -> None:
    given = vectors(12, 5)
    assert exact(Round(given, SeededRandom()).total(*gone), given, {*gone[0], *gone[1]})


def test_of_three_hundred_with_drop_outs() -> None:
    given = vectors(300, 64)
    gone = set(range(10, 300, 20))  # one in twenty
    assert exact(Round(given, Fast()).total(without=gone, silent={1, 2}), given, gone)


@pytest.mark.full
def test_of_five_thousand_with_one_in_twenty_gone() -> None:
    given = vectors(5000, 64)
    gone = set(range(10, 5000, 20))
    assert len(gone) == 250
    assert exact(Round(given, Fast()).total(before=set(range(10, 1000, 20)), without=gone), given, gone)


def test_a_sum_wraps_around_and_no_masked_vector_shows_its_own() -> None:
    given = np.full((4, 3), 2**64 - 1, dtype=np.uint64)
    round_ = Round(given, SeededRandom())
    seen = []
    take = round_.server.take
    round_.server.take = lambda message: (seen.append(message), take(message))[1]  # type: ignore[method-assign, func-returns-value]
    assert exact(round_.total(), given, ())
    entries = [entry for message in seen if isinstance(message, Masked) for entry in np.frombuffer(message.vector, dtype="<u8")]
    assert len(set(entries)) == 12 and 2**64 - 1 not in entries


def test_a_late_vector_stays_hidden_although_its_agreed_masks_are_known() -> None:
    """The server has all that it was given: with the masking key of the late one it takes the agreed masks off, and its own is left."""
    from comity.learning.participant import agreed, private_key

    given = vectors(6, 4)
    round_ = Round(given, SeededRandom())
    asked, late = round_.masked(without={3})
    for number, each in asked.items():
        round_.send(round_.devices[number].reveal(each))
    with pytest.raises(CallerError, match="over") as raised:
        round_.send(late[3])
    assert raised.value.code == "learning.late"
    private = private_key(round_.server._joined(3))
    bare = np.frombuffer(late[3].vector, dtype="<u8").copy()
    for other in round_.server._went_on(3):
        bare -= agreed(private, round_.server._keys[other].masking, "r1", 3, other, 4)
    assert not (bare == given[2]).any()
    assert exact(round_.server.total(), given, {3})


def test_with_too_few_left_nothing_is_known() -> None:
    round_ = Round(vectors(8, 4), SeededRandom())
    with pytest.raises(TrustFailure) as raised:
        round_.total(silent=set(range(1, 6)))
    assert raised.value.step == "sum"


def code(call: Callable[[], Any]) -> str:
    with pytest.raises(CallerError) as raised:
        call()
    return raised.value.code


def test_messages_out_of_order_are_refused_by_name() -> None:
    round_ = Round(vectors(5, 4), SeededRandom())
    hello = round_.devices[1].advertise()
    round_.send(hello)
    assert code(lambda: round_.send(hello)) == "learning.duplicate"
    assert code(lambda: round_.send(msgspec.structs.replace(hello, round="r2"))) == "learning.unknown"
    assert code(lambda: round_.send(Masked(round="r1", device=1, vector=bytes(32)))) == "learning.early"
    for number in range(2, 6):
        round_.send(round_.devices[number].advertise())
    told = round_.server.neighbourhoods()
    shares = {number: round_.devices[number].share(each) for number, each in told.items()}
    assert code(lambda: round_.send(hello)) == "learning.late"
    assert code(lambda: round_.send(msgspec.structs.replace(shares[1], device=99))) == "learning.unknown"
    few = dict(list(shares[1].sealed.items())[1:])
    assert code(lambda: round_.send(msgspec.structs.replace(shares[1], sealed=few))) == "learning.inconsistent"
    for each in shares.values():
        round_.send(each)
    assert code(lambda: round_.send(shares[1])) == "learning.duplicate"
    vectors_ = {number: round_.devices[number].mask(each, round_.given[number - 1]) for number, each in round_.server.deliveries().items()}
    assert code(lambda: round_.send(msgspec.structs.replace(vectors_[1], vector=bytes(40)))) == "learning.malformed"
    for each in vectors_.values():
        round_.send(each)
        assert code(lambda each=each: round_.send(each)) == "learning.duplicate"
    told_last = {number: round_.devices[number].reveal(each) for number, each in round_.server.questions().items()}
    other = msgspec.structs.replace(told_last[1], gone=told_last[1].alive, alive={})
    assert code(lambda: round_.send(other)) == "learning.inconsistent"
    beyond = dict.fromkeys(told_last[1].alive, b"\xff" * 33)
    assert code(lambda: round_.send(msgspec.structs.replace(told_last[1], alive=beyond))) == "learning.malformed"
    for each in told_last.values():
        round_.send(each)
    assert code(lambda: round_.send(told_last[1])) == "learning.duplicate"
    assert exact(round_.server.total(), round_.given, ())


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\xc1", b"\x80", encoded({"type": "advertised", "round": "r1", "device": 1, "keys": [b"short", bytes(32)]}),
        encoded({"type": "masked", "round": "r1", "device": 0, "vector": b""}),
        encoded({"type": "masked", "round": "r1", "device": 1, "vector": b"", "more": 1}),
        encoded({"type": "revealed", "round": "r1", "device": 1, "alive": {n: bytes(33) for n in range(1, 300)}, "gone": {}}),
        bytes(20_000_000),
    ],
    ids=["nothing", "no msgpack", "empty", "short key", "device 0", "one field more", "too many", "too long"],
)  # fmt: skip
def test_what_is_no_message_is_malformed(raw: bytes) -> None:
    assert code(lambda: received(raw)) == "learning.malformed"


def test_shares_that_were_swapped_are_found() -> None:
    round_ = Round(vectors(5, 4), SeededRandom())
    asked, _ = round_.masked(without={2})
    for number, each in asked.items():
        said = round_.devices[number].reveal(each)
        round_.send(
            msgspec.structs.replace(said, alive={one: (5 + int.from_bytes(share)).to_bytes(33) for one, share in said.alive.items()})
        )
    with pytest.raises(TrustFailure, match="own mask"):
        round_.server.total()


# -- what a device does not let itself be asked ----------------------------------------------------------------------


def test_a_device_never_gives_both_secrets_of_one_neighbour_nor_answers_twice() -> None:
    round_ = Round(vectors(5, 4), SeededRandom())
    asked, _ = round_.masked()
    one = asked[1]
    for told in (
        Asked(round="r1", device=1, alive=one.alive, gone=one.alive[:1]),
        Asked(round="r1", device=1, alive=one.alive[:1], gone=()),
        Asked(round="r1", device=1, alive=(), gone=one.alive),
        Asked(round="r2", device=1, alive=one.alive, gone=()),
        Asked(round="r1", device=1, alive=(*one.alive, 77), gone=()),
    ):
        with pytest.raises(TrustFailure):
            device = round_.devices[1]
            device._step = 3
            device.reveal(told)
    round_.devices[2].reveal(asked[2])
    with pytest.raises(TrustFailure, match="twice"):
        round_.devices[2].reveal(asked[2])


def test_a_device_refuses_neighbours_that_could_not_protect_it() -> None:
    round_ = Round(vectors(5, 4), SeededRandom())
    told = round_.advertised()
    for wrong in (
        msgspec.structs.replace(told[1], threshold=1),
        msgspec.structs.replace(told[1], threshold=9),
        msgspec.structs.replace(told[1], keys={**told[1].keys, 1: told[2].keys[1]}),
        told[2],
        msgspec.structs.replace(told[1], keys={**told[1].keys, 2: Keys(bytes(32), bytes(32))}),
    ):
        device = Participant("r1", 1, SeededRandom(b"again"))
        device.advertise()
        with pytest.raises(TrustFailure):
            device.share(wrong)


def test_a_device_notices_altered_shares() -> None:
    round_ = Round(vectors(5, 4), SeededRandom())
    told = round_.shared()
    other, sealed = next(iter(told[1].sealed.items()))
    altered = msgspec.structs.replace(told[1], sealed={**told[1].sealed, other: bytes([sealed[0] ^ 1]) + sealed[1:]})
    with pytest.raises(TrustFailure, match="altered"):
        round_.devices[1].mask(altered, round_.given[0])


# -- the parts -------------------------------------------------------------------------------------------------------


def test_the_field_s_prime_is_prime() -> None:
    odd, twos = shamir.PRIME - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in range(2, 60):  # Miller and Rabin
        found = pow(base, odd, shamir.PRIME)
        assert found in (1, shamir.PRIME - 1) or any(pow(found, 2**each, shamir.PRIME) == shamir.PRIME - 1 for each in range(twos))


def test_any_so_many_shares_make_the_secret_and_fewer_do_not() -> None:
    for secret in (bytes(32), b"\xff" * 32, SeededRandom().token(32)):
        shares = shamir.split(secret, [1, 5, 9, 70, 1 << 20], 3, SeededRandom())
        assert shamir.joined(dict(list(shares.items())[:3])) == shamir.joined(dict(list(shares.items())[2:])) == secret
        assert shamir.joined(shares) == secret
        with suppress(ValueError):
            assert shamir.joined(dict(list(shares.items())[:2])) != secret


@pytest.mark.parametrize("devices", [3, 4, 5, 60, 100, 1000])
def test_a_ring_is_mutual_and_as_dense_as_its_degree(devices: int) -> None:
    found = graph.degree(devices)
    ring = graph.ring(list(range(1, devices + 1)), found.neighbours, SeededRandom())
    assert all(len(set(others)) == found.neighbours and device not in others for device, others in ring.items())
    assert all(device in ring[other] for device, others in ring.items() for other in others)
    assert found.neighbours < 2 * found.threshold <= 2 * found.neighbours


def test_a_degree_keeps_its_bounds() -> None:
    for devices in (300, 5000, 100_000):
        neighbours, threshold = graph.degree(devices)
        assert devices * graph._at_least(neighbours, 2 * threshold - neighbours, graph.CORRUPT_SHARE) <= 2**-40
        assert devices * graph._at_least(neighbours, neighbours - threshold + 1, graph.GONE_SHARE) <= 2**-10
    with pytest.raises(CallerError, match="3 devices"):
        graph.degree(2)


def test_types_of_messages_are_told_apart() -> None:
    for message in (
        Advertised(round="r1", device=1, keys=Keys(bytes(32), bytes(32))), Revealed(round="r1", device=1, alive={2: bytes(33)}, gone={}),
    ):  # fmt: skip
        assert received(encoded(message)) == message
