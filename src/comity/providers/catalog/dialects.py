# SPDX-License-Identifier: Apache-2.0
"""What each wire dialect can carry, as data: operation → feature → how that is known."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

Known = Literal["live", "sdk", "doc"]
Table = dict[str, dict[str, dict[str, Known]]]


@cache
def dialects() -> Mapping[str, Mapping[str, Mapping[str, Known]]]:
    """By dialect, operation and feature."""
    text = files("comity.providers.catalog").joinpath("dialects.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Table, strict=True)


def features(dialect: str) -> Mapping[str, frozenset[str]]:
    """By operation; an operation that is not there cannot be asked for in this dialect."""
    return {operation: frozenset(table) for operation, table in dialects().get(dialect, {}).items()}
