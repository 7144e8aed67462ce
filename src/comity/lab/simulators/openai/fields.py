# SPDX-License-Identifier: Apache-2.0
"""Fields of a request, read strictly: a wrong type is refused by name, as OpenAI does.  And the form that files come in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from comity.lab.simulators.answer import Request, Trouble

One = TypeVar("One", str, int, float, bool, list[Any], dict[str, Any])
NAMES = {str: "a string", int: "an integer", float: "a number", bool: "a boolean", list: "an array", dict: "an object"}
PARTS_MAX = 64


class Fields:
    """An object of a request and where it stands in it."""

    def __init__(self, held: Any, at: str = "") -> None:
        if not isinstance(held, Mapping):
            raise wrong(at or "body", "an object")
        self.held, self._at = held, at

    def path(self, name: str) -> str:
        return f"{self._at}.{name}" if self._at else name

    def maybe(self, name: str, kind: type[One]) -> One | None:
        value = self.held.get(name)
        if value is None:
            return None
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return kind(value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise wrong(self.path(name), NAMES[kind])
        return value

    def must(self, name: str, kind: type[One]) -> One:
        value = self.maybe(name, kind)
        if value is None:
            raise Trouble(
                "parameter", f"Missing required parameter: '{self.path(name)}'.", field=self.path(name), code="missing_required_parameter"
            )
        return value

    def whole(self, name: str, default: int | None, least: int, most: int) -> int | None:
        value = self.maybe(name, int)
        if value is not None and not least <= value <= most:
            raise Trouble("parameter", f"Invalid '{self.path(name)}': must be from {least} to {most}.", field=self.path(name))
        return default if value is None else value

    def choice(self, name: str, known: Collection[str], default: str) -> str:
        value = self.maybe(name, str)
        if value is not None and value not in known:
            told = ", ".join(f"'{each}'" for each in known)
            raise Trouble(
                "parameter", f"Invalid value for '{self.path(name)}': here it may be {told}.", field=self.path(name), code="invalid_value"
            )
        return default if value is None else value

    def inner(self, name: str) -> Fields:
        return Fields(self.held.get(name) or {}, self.path(name))

    def each(self, name: str) -> list[Fields]:
        return [Fields(one, f"{self.path(name)}[{place}]") for place, one in enumerate(self.maybe(name, list) or [])]

    def texts(self, name: str) -> tuple[str, ...]:
        """One text, or a list of them."""
        value = self.held.get(name)
        listed = [value] if isinstance(value, str) else value or []
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise wrong(self.path(name), "a string or an array of strings")
        return tuple(listed)

    def only(self, known: Collection[str]) -> None:
        """A field that is not known is refused, not passed over: https://developers.openai.com/docs/guides/error-codes, 400."""
        for name in self.held:
            if name not in known:
                raise Trouble("parameter", f"Unknown parameter: '{self.path(name)}'.", field=self.path(name), code="unknown_parameter")


def wrong(path: str, wanted: str) -> Trouble:
    return Trouble("parameter", f"Invalid type for '{path}': expected {wanted}.", field=path, code="invalid_type")


def form(request: Request) -> tuple[dict[str, list[str]], dict[str, bytes]]:
    """The fields and the files of a `multipart/form-data` body (RFC 7578)."""
    found = re.match(r'multipart/form-data\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))', request.headers.get("content-type", ""), re.I)
    if found is None:
        raise Trouble("body", "The body must be multipart/form-data.")
    mark = b"--" + (found[1] or found[2]).encode("latin-1")
    parts = (b"\r\n" + request.body).split(b"\r\n" + mark)[1:]
    if len(parts) > PARTS_MAX or not parts or not parts[-1].startswith(b"--"):
        raise Trouble("body", "The form does not end, or has too many parts.")
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for part in parts[:-1]:
        head, blank, held = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'(?i)^content-disposition:\s*form-data;.*?\bname="([^"]*)"', head, re.M)
        if name is None or not blank:
            raise Trouble("body", "A part of the form has no name.")
        if re.search(rb"(?i)^content-disposition:.*\bfilename\*?=", head, re.M):
            files[name[1].decode("utf-8", "replace")] = held
        else:
            fields.setdefault(name[1].decode("utf-8", "replace").removesuffix("[]"), []).append(held.decode("utf-8", "replace"))
    return fields, files
