# SPDX-License-Identifier: Apache-2.0
"""On which line of a TOML text each key stands.  tomllib says what a document means; this says where it says it.

Walks a text that tomllib has accepted, so it need only know where each token ends, never whether it is right.
"""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]
"""`("deployments", 1, "scope")`: names of keys, and places in arrays from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")  # numbers, booleans, dates
# Longest first; a multi-line string may end with up to two quotes of its own before the three that close it.
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}(?!")', re.DOTALL),
    re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\])*"'),
    re.compile(r"'[^']*'"),
)


def lines(text: str) -> dict[Path, int]:
    """Line (from 1) of every key, table and array element.  ``text`` must be valid TOML."""
    return _Walk(text).document()


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}  # of arrays of tables
        self._line, self._counted = 1, 0

    def document(self) -> dict[Path, int]:
        table: Path = ()
        self._pass(_BLANK)
        while self._at < len(self._text):
            line = self._here()
            if self._take("[["):
                table = self._inside(self._key())
                self._found.setdefault(table, line)
                table = (*table, self._lengths.setdefault(table, 0))
                self._lengths[table[:-1]] += 1
                self._found[table] = line
                self._take("]]")
            elif self._take("["):
                table = self._inside(self._key())
                self._found[table] = line  # a header says more than the mention of a table inside it
                self._take("]")
            else:
                self._pair(table)
            self._pass(_BLANK)
        return self._found

    def _pair(self, table: Path) -> None:
        line, key = self._here(), self._key()
        for end in range(1, len(key)):
            self._found.setdefault((*table, *key[:end]), line)
        self._take("=")
        self._value((*table, *key), line)

    def _value(self, path: Path, line: int) -> None:
        self._found[path] = line
        self._pass(_SPACE)
        if self._take("["):
            place = 0
            while self._more("]"):
                self._value((*path, place), self._here())
                place += 1
        elif self._take("{"):
            while self._more("}"):
                self._pair(path)
        elif not self._string():
            self._pass(_SCALAR)

    def _more(self, closing: str) -> bool:
        """At the next member of an array or inline table; False once it is closed."""
        self._pass(_BLANK)
        if self._take(","):
            self._pass(_BLANK)
        return not self._take(closing)

    def _inside(self, key: Path) -> Path:
        """A header's path: a name that is an array of tables means its last element."""
        path: Path = ()
        for name in key[:-1]:
            path = (*path, name)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
            self._found.setdefault(path, self._here())
        return (*path, key[-1])

    def _key(self) -> Path:
        names: list[str] = []
        while True:
            self._pass(_SPACE)
            start = self._at
            if self._string():
                names.append(str(tomllib.loads("_ = " + self._text[start : self._at])["_"]))
            else:
                names.append(self._pass(_BARE_KEY))
            self._pass(_SPACE)
            if not self._take("."):
                return tuple(names)

    def _string(self) -> bool:
        return any(self._pass(kind) for kind in _STRINGS)

    def _pass(self, what: re.Pattern[str]) -> str:
        found = what.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found.group()

    def _take(self, word: str) -> bool:
        found = self._text.startswith(word, self._at)
        self._at += len(word) * found
        return found

    def _here(self) -> int:
        """The line we are at; counted onwards from where it was last asked."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line
