# SPDX-License-Identifier: Apache-2.0
"""The catalog's shapes, strictly decoded, each file read when it is first asked for."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from comity.config import AnyExceptConfig


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


Where = tuple[str, ...] | AnyExceptConfig


class Models(Shape, frozen=True, kw_only=True):
    """What a model of this provider can do where nothing more exact is known."""

    context_tokens: int
    tools: bool
    json_schema: bool
    languages: tuple[str, ...] = ()


class Region(Shape, frozen=True, kw_only=True):
    """``storage`` is absent where no source says it; ``access`` where none does, and then it is taken as wide as it may be."""

    id: str
    operator: str
    scopes: dict[str, Where]
    storage: Where | None = None
    access: Where | None = None
    hosts: tuple[str, ...] = ()
    workspace_host: str = ""


class Partner(Shape, frozen=True, kw_only=True):
    id: str
    name: str
    dialect: str
    domains: tuple[str, ...]
    path: str
    needs_key: bool
    parent: str
    source: str
    read: date
    models: Models
    regions: tuple[Region, ...]
    covered_person: bool = False

    def region_of(self, host: str) -> str:
        """The region a host of this partner stands in; "" where the catalog does not know the host."""
        for region in self.regions:
            if host in region.hosts or (region.workspace_host and host.endswith(region.workspace_host.removeprefix("{workspace}"))):
                return region.id
        return ""


@cache
def partners() -> dict[str, Partner]:
    """By id."""
    data = files("comity.providers.catalog").joinpath("data")
    names = sorted(each.name for each in data.iterdir() if each.name.endswith(".toml"))
    found = [msgspec.convert(tomllib.loads(data.joinpath(name).read_text(encoding="utf-8")), Partner, strict=True) for name in names]
    return {partner.id: partner for partner in found}


def partner_of(host: str) -> Partner | None:
    """Whose domain a host (lower case, no trailing point) lies in."""
    for partner in partners().values():
        if any(host == domain or host.endswith("." + domain) for domain in partner.domains):
            return partner
    return None
