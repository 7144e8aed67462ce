# SPDX-License-Identifier: Apache-2.0
"""Every error code that the source can raise, read from its syntax trees; and what `docs/reference/errors.md` says of them.

    python -m tests.tidy.codes     lists what is missing, left over or told wrongly

A code is written out (`code="request.invalid"`), is a class's own (`default_code`), is a parameter's default, or is put together
from a prefix and a word (`f"trust.{step}"`), where the words are those that the function is called with, or those its type allows.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from comity import errors
from tests.tidy.tree import ROOT, SOURCE

PAGE = ROOT / "docs" / "reference" / "errors.md"
ROW = re.compile(
    r"^\| `(?P<code>[a-z0-9_.-]+)` \| (?P<status>[\d, –]+) \| (?P<exit>[\d, –]+) \| (?P<meaning>[^|]+) \| (?P<mend>[^|]+) \|$", re.M
)
Told = tuple[frozenset[int], frozenset[int]]
"""HTTP statuses and exit codes."""
CLASSES = {name: made for name, made in vars(errors).items() if isinstance(made, type) and issubclass(made, errors.ComityError)}


class Raised(NamedTuple):
    """One code as it is raised somewhere.  ``open``: a status is worked out as it is raised, so the page may name more."""

    code: str
    statuses: frozenset[int]
    exits: frozenset[int]
    open: bool
    where: str


def _given(call: ast.Call, name: str, otherwise: int) -> tuple[frozenset[int], bool]:
    value = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    if value is None:
        return frozenset({otherwise}), False
    choices = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    numbers = frozenset(each.value for each in choices if isinstance(each, ast.Constant) and isinstance(each.value, int))
    return numbers, len(numbers) < len(choices)


def _classes(trees: Iterable[ast.Module]) -> dict[str, type[errors.ComityError]]:
    """Every class that makes an error, by name; those defined outside `errors.py` included."""
    known = dict(CLASSES)
    for tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef) or node.name in known:
                continue
            base = next((known[each.id] for each in node.bases if isinstance(each, ast.Name) and each.id in known), None)
            if base is not None:
                lines = [line for line in node.body if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)]
                known[node.name] = type(node.name, (base,), {line.targets[0].id: line.value.value for line in lines})  # type: ignore[attr-defined]
    return known


def _allowed(tree: ast.Module, annotation: ast.expr | None) -> Iterator[str]:
    """What a parameter may be whose type is a `Literal` that its module names."""
    if isinstance(annotation, ast.Name):
        named = (line for line in tree.body if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == annotation.id)
        for line in named:
            if isinstance(line.value, ast.Subscript) and getattr(line.value.value, "id", "") == "Literal":
                yield from (each.value for each in ast.walk(line.value.slice) if isinstance(each, ast.Constant))


def _words(tree: ast.Module, function: ast.FunctionDef | ast.AsyncFunctionDef, parameter: str) -> Iterator[str]:
    """Constants that ``function`` is called with for ``parameter`` anywhere in its module, and the parameter's own default."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    names = [each.arg for each in arguments]
    for name, default in zip(reversed(names), reversed(function.args.defaults), strict=False):
        if name == parameter and isinstance(default, ast.Constant):
            yield default.value
    for each, given in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        if each.arg == parameter and isinstance(given, ast.Constant):
            yield given.value
    yield from _allowed(tree, next((each.annotation for each in arguments if each.arg == parameter), None))
    at = names.index(parameter) - (names[0] == "self") if parameter in names else -1
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or getattr(call.func, "id", getattr(call.func, "attr", "")) != function.name:
            continue
        given_here = [keyword.value for keyword in call.keywords if keyword.arg == parameter]
        given_here += call.args[at : at + 1] if at >= 0 else []
        yield from (value.value for value in given_here if isinstance(value, ast.Constant))


def _spelled(tree: ast.Module, value: ast.expr, around: ast.FunctionDef | ast.AsyncFunctionDef | None) -> Iterator[str]:
    """The codes that ``value`` can be."""
    if isinstance(value, ast.Constant):
        yield str(value.value)
    elif isinstance(value, ast.IfExp):
        yield from _spelled(tree, value.body, around)
        yield from _spelled(tree, value.orelse, around)
    elif isinstance(value, ast.Name) and around is not None:
        yield from (str(word) for word in _words(tree, around, value.id))
    elif isinstance(value, ast.JoinedStr) and len(value.values) == 2 and around is not None:
        prefix, rest = value.values
        if isinstance(prefix, ast.Constant) and isinstance(rest, ast.FormattedValue) and isinstance(rest.value, ast.Name):
            yield from (f"{prefix.value}{word}" for word in _words(tree, around, rest.value.id))
    elif isinstance(value, ast.BinOp) and isinstance(value.left, ast.Constant):  # "policy." + the effect
        yield from (f"{value.left.value}{effect}" for effect in ("deny", "escalate"))


@cache
def raised() -> list[Raised]:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
    classes = _classes(trees.values())
    found: list[Raised] = []
    for path, tree in trees.items():
        around: dict[ast.AST, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                around.update(dict.fromkeys(ast.walk(function), function))
        for call in ast.walk(tree):
            made = classes.get(getattr(call.func, "id", "")) if isinstance(call, ast.Call) else None
            if made is None or not isinstance(call, ast.Call):
                continue
            coded = next((keyword.value for keyword in call.keywords if keyword.arg == "code"), None)
            codes = [made.default_code] if coded is None else list(_spelled(tree, coded, around.get(call)))
            statuses, open_status = _given(call, "status", made.status)
            exits, open_exit = _given(call, "exit_code", made.exit_code)
            where = f"{path.relative_to(ROOT).as_posix()}:{call.lineno}"
            found += [Raised(code, statuses, exits, open_status or open_exit, where) for code in dict.fromkeys(codes) if code]
    return found


def in_source() -> dict[str, Told]:
    told: dict[str, Told] = {}
    for each in raised():
        statuses, exits = told.get(each.code, (frozenset(), frozenset()))
        told[each.code] = (statuses | each.statuses, exits | each.exits)
    return told


def in_page() -> dict[str, Told]:
    if not PAGE.exists():
        return {}
    return {row["code"]: (_numbers(row["status"]), _numbers(row["exit"])) for row in ROW.finditer(PAGE.read_text(encoding="utf-8"))}


def _numbers(text: str) -> frozenset[int]:
    return frozenset(int(number) for number in re.findall(r"\d+", text))


def differences() -> list[str]:
    source, page = in_source(), in_page()
    where, opens = {each.code: each.where for each in raised()}, {each.code for each in raised() if each.open}
    out = [f"raised nowhere: `{code}`" for code in sorted(page.keys() - source.keys())]
    for code, (statuses, exits) in sorted(source.items()):
        row = f"| `{code}` | {_list(statuses)} | {_list(exits)} | … | … |   ({where[code]})"
        if code not in page:
            out.append("not in the page: " + row)
        elif page[code] != (statuses, exits) and not (code in opens and statuses <= page[code][0] and exits <= page[code][1]):
            out.append("told otherwise: " + row)
    return out


def _list(numbers: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


if __name__ == "__main__":
    print("\n".join(differences()) or "docs/reference/errors.md is whole")
