# SPDX-License-Identifier: Apache-2.0
"""The catalog's shapes, strictly decoded, read when first asked for.  A table that names no source of its own file is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from comity.config import AnyExceptConfig


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


Where = tuple[str, ...] | AnyExceptConfig


class Source(Shape, frozen=True, kw_only=True):
    """``says``: what was read there, in our words."""

    url: str
    read: date
    says: str


class Sourced(Shape, frozen=True, kw_only=True):
    """All that one table holds was read in one place: a key of the file's `[sources]`."""

    source: str


class Group(Sourced, frozen=True, kw_only=True):
    """Whom the entities belong to.  Staff at ``seat`` may reach what they store, unless a contract says less."""

    seat: str
    covered_person: bool = False  # 28 CFR 202.211


class Entity(Sourced, frozen=True, kw_only=True):
    """Who contracts; which of them it is depends on the customer."""

    name: str
    organised: str


class Wire(Sourced, frozen=True, kw_only=True):
    """``rename``: members of OpenAI's chat request that this partner calls otherwise."""

    rename: dict[str, str]


class Scope(Sourced, frozen=True, kw_only=True):
    """Where inference runs.  ``model_suffix``: the scope is chosen by the model's name, which must end so."""

    id: str
    processing: Where
    model_suffix: str = ""


class Region(Sourced, frozen=True, kw_only=True):
    """``storage`` and ``access`` are absent where no source says them.  Hosts without region or scope are no hosts here."""

    id: str
    organised: str  # where the entity is that contracts here, unless the operator's contract names another of the catalog
    scopes: tuple[Scope, ...]
    storage: Where | None = None
    access: Where | None = None
    hosts: tuple[str, ...] = ()
    workspace_host: str = ""  # `{workspace}` stands for the first label


class Model(Sourced, frozen=True, kw_only=True):
    """What is absent is not stated; the partner itself then refuses what its model cannot do."""

    id: str
    context_tokens: int | None = None
    tools: bool | None = None
    json_schema: bool | None = None
    languages: tuple[str, ...] = ()


class Partner(Shape, frozen=True, kw_only=True):
    id: str
    name: str
    dialect: Literal["openai"]
    domains: tuple[str, ...]  # a host below one is this partner's, whether or not a region is known for it
    path: str
    key: Literal["bearer", "none"]
    group: Group
    entities: tuple[Entity, ...]
    regions: tuple[Region, ...]
    sources: dict[str, Source]
    wire: Wire | None = None
    models: tuple[Model, ...] = ()

    def __post_init__(self) -> None:
        cited = {table.source for table in self.tables()}
        if cited != self.sources.keys():
            odd = ", ".join(sorted(cited ^ self.sources.keys()))
            raise ValueError(f"cited without being listed, or listed without being cited: {odd}")
        unknown = {region.organised for region in self.regions} - {entity.organised for entity in self.entities}
        if unknown:
            raise ValueError(f"no entity is organised in {', '.join(sorted(unknown))}")

    def tables(self) -> Iterator[Sourced]:
        yield self.group
        yield from self.entities
        yield from (self.wire,) if self.wire is not None else ()
        yield from self.models
        for region in self.regions:
            yield region
            yield from region.scopes

    def region_of(self, host: str) -> str:
        """The region a host of this partner stands in; "" where the catalog does not know the host."""
        for region in self.regions:
            if host in region.hosts or (region.workspace_host and host.endswith(region.workspace_host.removeprefix("{workspace}"))):
                return region.id
        return ""


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
