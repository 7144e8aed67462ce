# SPDX-License-Identifier: Apache-2.0
"""The catalog's shapes.  A table that names no source of its own file is refused, and so is a source that nothing cites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import msgspec

from comity.config import AnyExceptConfig
from comity.wire.request import MediumKind, Operation

KEY = re.compile(r"bearer|none|sigv4|google|header:[a-z][a-z0-9-]*")


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


Where = tuple[str, ...] | AnyExceptConfig


class Source(Shape, frozen=True, kw_only=True):
    """``says``: what was read there, in our words."""

    url: str
    read: date
    says: str

    def __post_init__(self) -> None:
        if not self.url.startswith("https://") or not self.says:
            raise ValueError("a source is a page (https://…) and what it says")


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


class Dialect(Sourced, frozen=True, kw_only=True):
    """A wire dialect that the partner speaks below ``path`` (`{region}` and `{project}` stand for the deployment's), for which
    operations, and how a key is shown there.  ``stores``: its answers may name what is kept at one of the region's stores."""

    path: str
    operations: tuple[Operation, ...]
    key: str = "bearer"
    stores: bool = False
    wire: Wire | None = None

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.key) or not self.operations:
            raise ValueError("a dialect has a key scheme and at least one operation")


class Scope(Sourced, frozen=True, kw_only=True):
    """Where inference runs: ``processing``; absent where no source says it, when ``among`` is at least a part of it.  ``pool``: the
    partner schedules it among all of them.  ``models``: the scope is chosen by the model's name, which has this form, such as that.
    ``send``: members that every request carries, so that the partner keeps it in the scope."""

    id: str
    processing: Where | None = None
    among: tuple[str, ...] = ()
    pool: bool = False
    models: str = ""
    send: dict[str, str] = {}
    such_as: str = ""

    def __post_init__(self) -> None:
        if bool(self.models) != bool(self.such_as) or not self.takes(self.such_as):
            raise ValueError(f"scope {self.id}: a form of names has an example that fits it")

    def takes(self, model: str) -> bool:
        return not self.models or re.fullmatch(self.models, model) is not None


class Store(Sourced, frozen=True, kw_only=True):
    """A further host, which keeps results and files of requests for a while."""

    host: str


class Region(Sourced, frozen=True, kw_only=True):
    """``organised``, ``storage`` and ``access`` are absent where no source says them.  Hosts without region or scope are no hosts here."""

    id: str
    organised: str = ""  # where the entity is that contracts here, unless the operator's contract names another of the catalog
    scopes: tuple[Scope, ...]
    storage: Where | None = None
    access: Where | None = None
    hosts: tuple[str, ...] = ()
    workspace_host: str = ""  # `{workspace}` stands for the first label
    stores: tuple[Store, ...] = ()


class Price(Sourced, frozen=True, kw_only=True):
    """Of a million tokens, at the lowest tier; ``regions`` empty: everywhere."""

    currency: str
    input: float
    output: float
    regions: tuple[str, ...] = ()


class Model(Sourced, frozen=True, kw_only=True):
    """What is absent is not stated; the partner itself then refuses what its model cannot do.  ``family``: names that go on with a
    hyphen are meant too."""

    id: str
    family: bool = False
    operations: tuple[Operation, ...] = ("chat",)
    inputs: tuple[MediumKind, ...] | None = None
    hears: bool = False  # a chat with it must hold a sound
    context_tokens: int | None = None
    tools: bool | None = None
    json_schema: bool | None = None
    languages: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()

    def means(self, name: str) -> bool:
        return name == self.id or (self.family and name.startswith(f"{self.id}-"))


class Partner(Shape, frozen=True, kw_only=True):
    """``dialects``: where the operator names none, the first is spoken that offers what the model does."""

    id: str
    name: str
    domains: tuple[str, ...]  # a host below one is this partner's, whether or not a region is known for it
    dialects: dict[str, Dialect]
    group: Group
    regions: tuple[Region, ...]
    sources: dict[str, Source]
    entities: tuple[Entity, ...] = ()  # all of them, or none where no source lists all
    models: tuple[Model, ...] = ()

    def __post_init__(self) -> None:
        cited = {table.source for table in self.tables()}
        if cited != self.sources.keys():
            odd = ", ".join(sorted(cited ^ self.sources.keys()))
            raise ValueError(f"cited without being listed, or listed without being cited: {odd}")
        unknown = {region.organised for region in self.regions if region.organised} - {entity.organised for entity in self.entities}
        if unknown:
            raise ValueError(f"no entity is organised in {', '.join(sorted(unknown))}")
        offered = {operation for dialect in self.dialects.values() for operation in dialect.operations}
        for model in self.models:
            if not model.operations or not offered.issuperset(model.operations):
                raise ValueError(f"model {model.id}: no dialect offers what it does")

    def tables(self) -> Iterator[Sourced]:
        yield self.group
        yield from self.entities
        for dialect in self.dialects.values():
            yield dialect
            yield from (dialect.wire,) if dialect.wire is not None else ()
        for model in self.models:
            yield model
            yield from model.prices
        for region in self.regions:
            yield region
            yield from region.scopes
            yield from region.stores

    def places(self, region: str, scope: str) -> Iterator[tuple[str, Sourced]]:
        """The tables that say where something of that region and scope is, and whose it is."""
        yield "group", self.group
        for each in self.regions:
            if each.id == region:
                yield "region", each
                yield from (("scope", one) for one in each.scopes if one.id == scope)

    def region_of(self, host: str) -> str:
        """The region a host of this partner stands in; "" where no host shows it."""
        ids = [
            region.id
            for region in self.regions
            if host in region.hosts or (region.workspace_host and host.endswith(region.workspace_host.removeprefix("{workspace}")))
        ]
        return ids[0] if len(ids) == 1 else ""

    def model(self, name: str) -> Model | None:
        """The entry that means this name most closely."""
        return max((model for model in self.models if model.means(name)), key=lambda model: len(model.id), default=None)

    def cited(self, table: Sourced) -> str:
        source = self.sources[table.source]
        return f"{source.says} (read {source.read} at {source.url})"
