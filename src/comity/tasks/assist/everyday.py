# SPDX-License-Identifier: Apache-2.0
"""The intents of an everyday assistant (`everyday.toml`), declared without functions: whoever keeps the state binds them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec

from comity.tasks.assist.intents import Intent, Intents, Parameter, Policy, Words
from comity.tasks.shapes import Shape


class _Declared(Shape, frozen=True, kw_only=True):
    name: str
    says: str
    says_in: Mapping[str, str] = {}
    confirm: Policy
    reads_only: bool = False
    undo: bool = False
    cues: Words = {}  # noqa: RUF012 - frozen
    weak: Words = {}  # noqa: RUF012 - frozen
    opposite: Words = {}  # noqa: RUF012 - frozen
    examples: Words = {}  # noqa: RUF012 - frozen
    parameters: tuple[Parameter, ...] = ()


class _File(Shape, frozen=True, kw_only=True):
    intents: tuple[_Declared, ...]


@lru_cache(1)
def _file() -> _File:
    text = files("comity.tasks.assist").joinpath("everyday.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _File)


def everyday(
    runs: Mapping[str, Callable[..., Any]] | None = None, undoes: Mapping[str, Callable[[Any], Any]] | None = None, *, all_: bool = True
) -> Intents:
    """``runs`` and ``undoes``: by the intent's name.  Not ``all_``: only those that have a function, since nothing else can be done."""
    runs, undoes = runs or {}, undoes or {}
    return Intents(
        [
            Intent(
                name=each.name, says=each.says, says_in=each.says_in, confirm=each.confirm, reads_only=each.reads_only, cues=each.cues,
                weak=each.weak, opposite=each.opposite, examples=each.examples, parameters=each.parameters, run=runs.get(each.name),
                undo=undoes.get(each.name) if each.undo else None,
            )
            for each in _file().intents
            if all_ or each.name in runs
        ]
    )  # fmt: skip
