# SPDX-License-Identifier: Apache-2.0
"""What devices and the one who sums say to each other, and how long it may be.  Each bears its round and the device it is from or for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, NoReturn

import msgspec

from comity.errors import CallerError
from comity.learning.queries import DEVICES_MAX, LENGTH_MAX
from comity.learning.shamir import SHARE_BYTES

NEIGHBOURS_MAX = 256
COMMITMENT_BYTES = 32
SEALED_BYTES = 2 * SHARE_BYTES + 16  # two shares and AES-GCM's tag
MESSAGE_BYTES_MAX = 8 * LENGTH_MAX + 4096
ENTRY_BYTES = 8

Device = Annotated[int, msgspec.Meta(ge=1, le=DEVICES_MAX)]
RoundId = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Share = Annotated[bytes, msgspec.Meta(min_length=SHARE_BYTES, max_length=SHARE_BYTES)]
Sealed = Annotated[bytes, msgspec.Meta(min_length=SEALED_BYTES, max_length=SEALED_BYTES)]
Commitment = Annotated[bytes, msgspec.Meta(min_length=COMMITMENT_BYTES, max_length=COMMITMENT_BYTES)]
Sealings = Annotated[dict[Device, Sealed], msgspec.Meta(max_length=NEIGHBOURS_MAX)]
Shares = Annotated[dict[Device, Share], msgspec.Meta(max_length=NEIGHBOURS_MAX)]
Devices = Annotated[tuple[Device, ...], msgspec.Meta(max_length=NEIGHBOURS_MAX)]


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    round: RoundId
    device: Device


class Keys(msgspec.Struct, frozen=True, array_like=True):
    sealing: Key  # X25519: shares are sealed to it
    masking: Key  # X25519: masks are agreed with it


class Advertised(Message, frozen=True, kw_only=True, tag="advertised"):
    """From a device: it takes part."""

    keys: Keys


class Neighbourhood(Message, frozen=True, kw_only=True, tag="neighbourhood"):
    """To a device: with whom it masks."""

    threshold: int
    keys: Annotated[dict[Device, Keys], msgspec.Meta(min_length=1, max_length=NEIGHBOURS_MAX)]


class Shared(Message, frozen=True, kw_only=True, tag="shared"):
    """From a device: shares of its two secrets, sealed to each neighbour, and SHA-256 of its own mask's seed."""

    sealed: Sealings
    commitment: Commitment


class Delivered(Message, frozen=True, kw_only=True, tag="delivered"):
    """To a device: what those neighbours sealed to it that went on."""

    sealed: Sealings


class Masked(Message, frozen=True, kw_only=True, tag="masked"):
    """From a device: its vector under all its masks, little-endian."""

    vector: Annotated[bytes, msgspec.Meta(max_length=ENTRY_BYTES * LENGTH_MAX)]


class Asked(Message, frozen=True, kw_only=True, tag="asked"):
    """To a device: of which neighbours the vector came, and of which it did not."""

    alive: Devices
    gone: Devices


class Revealed(Message, frozen=True, kw_only=True, tag="revealed"):
    """From a device: shares of the own mask of those alive, and of the masking key of those gone."""

    alive: Shares
    gone: Shares


Said = Advertised | Shared | Masked | Revealed
Reason = Literal["malformed", "duplicate", "late", "early", "inconsistent", "unknown"]
_decode: Callable[[bytes], Said] = msgspec.msgpack.Decoder(Said).decode
encoded = msgspec.msgpack.Encoder().encode


def received(raw: bytes) -> Said:
    """A device's message.  Raises CallerError."""
    if len(raw) > MESSAGE_BYTES_MAX:
        refused("malformed", f"a message has at most {MESSAGE_BYTES_MAX} bytes")
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        refused("malformed", "this is no message of a device")


def refused(reason: Reason, why: str) -> NoReturn:
    raise CallerError(why, code=f"learning.{reason}", hint="nothing of this message was taken")
