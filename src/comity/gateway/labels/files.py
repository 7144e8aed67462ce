# SPDX-License-Identifier: Apache-2.0
"""Labels in files: `label` and `stream_label` write them, `read` finds them, `require` says beforehand whether they can be.

A duty that a format cannot bear is refused, never passed over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from comity.gateway.duties import Duties
from comity.gateway.labels.fields import Fields


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's signature for C2PA: PEM, as read from where the configuration says."""

    certificates: bytes
    key: bytes
    algorithm: str = "es256"
    name: str = "Comity"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One label that a file carries.  ``kind``: aigc | source_type | c2pa | notice | rhythm; ``where``: its place in the format."""

    kind: str
    where: str
    fields: dict[str, str] = {}
    value: str = ""
    valid: bool | None = None


def require(kind: str, owed: Duties, *, signer: Signer | None = None) -> None:
    """Raises where a file of that content type could not carry what is owed: to be asked before anything is sent."""
    raise NotImplementedError


def label(data: bytes, kind: str, owed: Duties, fields: Fields, *, signer: Signer | None = None) -> bytes:
    """The file with all that is owed.  ``kind``: its content type."""
    raise NotImplementedError


def stream_label(chunks: AsyncIterator[bytes], kind: str, owed: Duties, fields: Fields) -> AsyncIterator[bytes]:
    """The same for sound that is heard while it comes: labels stand before its first sample."""
    raise NotImplementedError


def read(data: bytes) -> list[Found]:
    """Every label found, whatever it says; empty where there is none."""
    raise NotImplementedError
