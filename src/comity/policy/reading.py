# SPDX-License-Identifier: Apache-2.0
"""Facts from JSON, as a person or a program wrote them; what is wrong is named by its member, with the nearest member there is."""

from __future__ import annotations

import difflib
import re
from typing import Any, get_args, get_type_hints

import msgspec

from comity.errors import CallerError
from comity.policy.facts import Facts

SEE = "see docs/reference/packs.md"
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`")
_STEP = re.compile(r"[^.\[\]]+")


def facts_of(tree: object) -> Facts:
    """The shape alone is looked at: whether each word is one of the vocabulary is the engine's question.  Raises CallerError."""
    try:
        return msgspec.convert(tree, Facts)
    except msgspec.ValidationError as error:
        raise misshapen(error, Facts, "facts") from None


def misshapen(error: msgspec.ValidationError, shape: type, what: str) -> CallerError:
    """``what``: the word before the member that is wrong."""
    said, _, where = str(error).replace("'", "`").partition(" - at `$")
    field = where.rstrip("`").removeprefix(".")
    unknown = _UNKNOWN.search(said)
    near = difflib.get_close_matches(unknown["name"], _members(shape, field), n=1) if unknown else []
    return CallerError(
        f"{what}{'.' if field and field[0] != '[' else ''}{field}: {said[:1].lower()}{said[1:]}", code="facts.invalid",
        field=field or (unknown["name"] if unknown else ""), hint=f"did you mean `{near[0]}`?" if near else SEE,
    )  # fmt: skip


def located(error: CallerError, where: str) -> CallerError:
    """The same, with which of several facts it is: a line, a place in a list, a scenario's id."""
    step = "" if not error.field or error.field[0] == "[" else "."
    return CallerError(f"{where}: {error}", code=error.code, hint=error.hint, field=f"{where}{step}{error.field}")


def _members(shape: Any, path: str) -> list[str]:
    """Names that the object at ``path`` may have."""
    for step in filter(str.isidentifier, _STEP.findall(path)):
        hint = get_type_hints(shape).get(step)
        shape = next((each for each in (hint, *get_args(hint)) if hasattr(each, "__struct_fields__")), None)
        if shape is None:
            return []
    return list(shape.__struct_fields__)
