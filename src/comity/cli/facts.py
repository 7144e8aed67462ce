# SPDX-License-Identifier: Apache-2.0
"""Facts as flags: the common ones by short names, each of the type that its struct says; the rest are written in a file."""

from __future__ import annotations

import argparse
from datetime import date
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from comity.errors import CallerError

FLAGS = {
    "location": "subject.location", "residence": "subject.residence", "age": "subject.age",
    "consent": "consent", "legal-basis": "legal_basis", "purpose": "purpose", "feature": "feature",
    "category": "data.categories", "collected-in": "data.collected_in", "important": "data.important_data",
    "established": "controller.established", "us-person": "controller.us_person", "public": "service.public",
    "kind": "provider.kind", "operator": "provider.operator_region", "covered-person": "provider.covered_person",
    "processing": "provider.processing", "storage": "provider.storage", "access": "provider.access",
    "trains": "provider.trains_on_input", "filing": "provider.filings", "mechanism": "provider.mechanisms",
    "certification": "provider.certifications", "safeguard": "safeguards", "residency": "tenant.residency",
}  # fmt: skip
ANYWHERE = "any-but:"


def add(parser: argparse.ArgumentParser) -> None:
    """The flags have no lines of their own in the help: the usage names them."""
    for flag, path in FLAGS.items():
        kind = kind_of(path)
        if kind is bool:
            parser.add_argument(f"--{flag}", dest=path, action="store_true", default=None, help=argparse.SUPPRESS)
        else:
            parser.add_argument(f"--{flag}", dest=path, type=int if kind is int else str, help=argparse.SUPPRESS)


def usage(leading: str, columns: int = 80) -> str:
    """``leading``, and every flag by its name, in lines of ``columns``."""
    lines = [leading, "[facts:"]
    for flag in FLAGS:
        if len(lines[-1]) + len(flag) + 12 > columns:
            lines.append("")
        lines[-1] += f" --{flag}"
    return "\n       ".join(lines) + "]"


def said(args: argparse.Namespace) -> dict[str, Any]:
    """The members that were given, as JSON has them."""
    tree: dict[str, Any] = {}
    for path in FLAGS.values():
        value = getattr(args, path)
        if value is not None:
            *above, name = path.split(".")
            at = tree
            for step in above:
                at = at.setdefault(step, {})
            at[name] = _value(value, kind_of(path))
    return tree


def _value(value: Any, kind: type) -> Any:
    """`CN,HK` is a list; `any-but:CN` a pool that may be anywhere else, `any-but:` one that may be anywhere."""
    if kind is not frozenset:
        return value
    if value.startswith(ANYWHERE):
        return {"any_except": _words(value.removeprefix(ANYWHERE))}
    return _words(value)


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


@cache
def kind_of(path: str) -> type:
    """`str`, `int`, `bool`, or `frozenset` for all that holds several."""
    from comity.policy.facts import Facts

    said: Any = Facts
    for step in path.split("."):
        said = get_type_hints(said)[step]
    choices = {get_origin(each) or each for each in (said, *get_args(said))}
    return next(kind for kind in (frozenset, bool, int, str) if kind in choices)


def day(value: str) -> date | None:
    """Raises CallerError."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise CallerError(f"as_of: `{value[:32]}` is no day", code="facts.invalid", field="as_of", hint="write it as YYYY-MM-DD") from None
