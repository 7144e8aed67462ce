# SPDX-License-Identifier: Apache-2.0
"""The sum of many devices' vectors, by one who sees none of them: Bell et al. (CCS 2020), on a ring in random order.

    1. advertise   each device's public keys; the ring and its degree follow from how many came
    2. share       each device's two secrets, in shares that are sealed to its neighbours
    3. mask        each device's masked vector, added up as it comes and not kept
    4. reveal      shares of the own masks of those whose vector came, of the masking keys of those that dropped out; then the sum

Each stage is closed by the caller, and what comes after is refused.  Sums are exact, modulo 2**64.  No input or output, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from comity.errors import TrustFailure
from comity.learning.extra import needed
from comity.learning.graph import degree, ring
from comity.learning.messages import (
    ENTRY_BYTES,
    Advertised,
    Asked,
    Delivered,
    Keys,
    Masked,
    Neighbourhood,
    Revealed,
    Said,
    Shared,
    refused,
)  # fmt: skip
from comity.learning.participant import agreed, commitment, private_key, public, stream
from comity.learning.queries import DEVICES_MAX
from comity.learning.shamir import PRIME, joined
from comity.ports import Random

if TYPE_CHECKING:
    from comity.learning.extra import Sum

_STAGES = (Advertised, Shared, Masked, Revealed)


class Total(NamedTuple):
    vector: Sum
    devices: int  # whose vectors are in it


class SecureSum:
    """One round of vectors of ``length`` entries.

    Raises CallerError for a message that is refused, TrustFailure where a sum cannot be made."""

    def __init__(self, round_id: str, length: int, random: Random) -> None:
        self._round, self._length, self._random = round_id, length, random
        self._stage = 0
        self._keys: dict[int, Keys] = {}
        self._ring: dict[int, tuple[int, ...]] = {}
        self._threshold = 0
        self._shared: dict[int, Shared] = {}
        self._alive: dict[int, None] = {}
        self._revealed: dict[int, Revealed] = {}
        self._sum: Sum = needed("numpy").zeros(length, dtype="uint64")

    def take(self, message: Said) -> None:
        """One message, wholly or not at all."""
        stage = _STAGES.index(type(message))
        if message.round != self._round:
            refused("unknown", "this message is of another round")
        if stage != self._stage:
            refused("late" if stage < self._stage else "early", "this stage of the round is over, or has not begun")
        if isinstance(message, Advertised):
            self._advertised(message)
            return
        if message.device not in (self._keys, self._shared, self._alive)[stage - 1]:
            refused("unknown", "this device did not take part in the stage before")
        if isinstance(message, Shared):
            self._take_shared(message)
        elif isinstance(message, Masked):
            self._take_masked(message)
        else:
            self._take_revealed(message)

    def neighbourhoods(self) -> dict[int, Neighbourhood]:
        """Ends stage 1."""
        self._close(1)
        neighbours, self._threshold = degree(len(self._keys))
        self._ring = ring(sorted(self._keys), neighbours, self._random)
        return {
            device: Neighbourhood(
                round=self._round, device=device, threshold=self._threshold, keys={one: self._keys[one] for one in others}
            )
            for device, others in self._ring.items()
        }

    def deliveries(self) -> dict[int, Delivered]:
        """Ends stage 2."""
        self._close(2)
        return {
            device: Delivered(
                round=self._round, device=device, sealed={one: self._shared[one].sealed[device] for one in self._went_on(device)}
            )
            for device in self._shared
        }

    def questions(self) -> dict[int, Asked]:
        """Ends stage 3."""
        self._close(3)
        return {device: self._asked(device) for device in self._alive}

    def total(self) -> Total:
        """Ends stage 4.  Raises TrustFailure where a mask cannot be lifted: then nothing of the sum is known to anybody."""
        self._close(4)
        for device in self._shared:
            if device in self._alive:
                seed = self._joined(device)
                if commitment(seed) != self._shared[device].commitment:
                    raise _unfinished("shares of a device's own mask are not those that it committed to")
                self._sum -= stream(seed, self._length)
                continue
            left = [one for one in self._went_on(device) if one in self._alive]
            if not left:
                continue
            private = private_key(self._joined(device))
            if public(private) != self._keys[device].masking:
                raise _unfinished("shares of a device's key are not those of the key that it showed")
            for one in left:  # what `one` added for this pair is the negative of what the device would have
                self._sum += agreed(private, self._keys[one].masking, self._round, device, one, self._length)
        return Total(self._sum, len(self._alive))

    def _close(self, stage: int) -> None:
        if self._stage != stage - 1:
            raise RuntimeError("the stages of a sum have an order")
        self._stage = stage

    def _went_on(self, device: int) -> list[int]:
        return [one for one in self._ring[device] if one in self._shared]

    def _asked(self, device: int) -> Asked:
        others = self._went_on(device)
        alive = tuple(one for one in others if one in self._alive)
        return Asked(round=self._round, device=device, alive=alive, gone=tuple(one for one in others if one not in self._alive))

    def _joined(self, device: int) -> bytes:
        """The secret of one device that its neighbours gave away."""
        given: Mapping[int, bytes] = {
            one: share
            for one in self._ring[device]
            if one in self._revealed and (share := (self._revealed[one].alive | self._revealed[one].gone).get(device)) is not None
        }
        if len(given) < self._threshold:
            raise _unfinished("too few neighbours of a device are left to lift a mask")
        try:
            return joined(dict(list(given.items())[: self._threshold]))
        except ValueError:
            raise _unfinished("shares of a device's secret make none") from None

    # -- one message each ----------------------------------------------------------------------------------------

    def _advertised(self, message: Advertised) -> None:
        if message.device in self._keys:
            refused("duplicate", "this device has advertised already")
        if not 1 <= message.device <= DEVICES_MAX or any(len(each) != 32 for each in (message.keys.sealing, message.keys.masking)):
            refused("malformed", "these are no keys of a device")
        self._keys[message.device] = message.keys

    def _take_shared(self, message: Shared) -> None:
        if message.device in self._shared:
            refused("duplicate", "this device has shared its secrets already")
        if message.sealed.keys() != set(self._ring[message.device]):
            refused("inconsistent", "these shares are not for the neighbours that the device was told")
        self._shared[message.device] = message

    def _take_masked(self, message: Masked) -> None:
        if message.device in self._alive:
            refused("duplicate", "this device's vector came already")
        if len(message.vector) != ENTRY_BYTES * self._length:
            refused("malformed", f"a vector of this round has {self._length} entries")
        self._sum += needed("numpy").frombuffer(message.vector, dtype="<u8")
        self._alive[message.device] = None

    def _take_revealed(self, message: Revealed) -> None:
        if message.device in self._revealed:
            refused("duplicate", "this device has revealed its shares already")
        asked = self._asked(message.device)
        if message.alive.keys() != set(asked.alive) or message.gone.keys() != set(asked.gone):
            refused("inconsistent", "these shares are not those that were asked for")
        if any(int.from_bytes(share, "big") >= PRIME for share in (*message.alive.values(), *message.gone.values())):
            refused("malformed", "a share is a number below the field's prime")
        self._revealed[message.device] = message


def _unfinished(why: str) -> TrustFailure:
    return TrustFailure(f"sum: {why}", step="sum", code="trust.sum", hint="begin another round; nothing of this one is known to anybody")
