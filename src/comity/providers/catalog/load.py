# SPDX-License-Identifier: Apache-2.0
"""The catalog, strictly decoded, read when first asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from comity.providers.catalog.shapes import Partner


def decoded(text: str) -> Partner:
    """Raises tomllib.TOMLDecodeError or msgspec.ValidationError: a broken catalog is a bug, not a setting."""
    return msgspec.convert(tomllib.loads(text), Partner, strict=True)


@cache
def partners() -> Mapping[str, Partner]:
    """By id."""
    data = files("comity.providers.catalog").joinpath("data")
    names = sorted(each.name for each in data.iterdir() if each.name.endswith(".toml"))
    found = [decoded(data.joinpath(name).read_text(encoding="utf-8")) for name in names]
    return {partner.id: partner for partner in found}


def partner_of(host: str) -> Partner | None:
    """Whose domain a host (as `hosts.endpoint` gives it) lies in."""
    for partner in partners().values():
        if any(host == domain or host.endswith("." + domain) for domain in partner.domains):
            return partner
    return None
