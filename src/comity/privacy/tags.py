# SPDX-License-Identifier: Apache-2.0
"""Tags that somebody else put in place of originals: `<PERSON_3>`, `[PERSON_3]`, `{{PERSON_3}}`, `PERSON_3`.

They have no nonce, so any text of these forms with a known type and number is taken for one.  In brackets case, spacing and
the kind of bracket may have changed on the way, and a JSON or HTML writer may have escaped them; bare, only the exact form counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from comity.privacy.findings import Finding
from comity.privacy.normalise import fold
from comity.privacy.pseudonym import BETWEEN, NONCE_BYTES_MIN, Forms, KeptTokens, Vault, beginnings, spelt

_TAG = re.compile(
    r"(?:[<\[({《【〈「⟦]{0,2}) ?(?P<type>[^\W\d_]+(?:[_ -][^\W\d_]+)*)[_ -]?(?P<number>[0-9]{1,6}) ?(?:[>\])}》】〉」⟧]{0,2})"
)
_OPEN = r"(?:\\?[<\[({《【〈「⟦]|\\u003c|&lt;)"
_CLOSE = r"(?:\\?[>\])}》】〉」⟧]|\\u003e|&gt;)"
_OPEN_BEGUN = r"\\(?:u(?:0(?:03?)?)?)?|&(?:lt?)?"
_CLOSE_BEGUN = r"\\(?:u(?:0(?:03?)?)?)?|&(?:gt?)?"
_NUMBER = r"(?P<number>0|[1-9][0-9]{0,5})"
_GAP = " {0,2}"
_OPENED = re.compile(rf"{_OPEN}{_GAP}\Z")
_CLOSING = re.compile(rf"{_GAP}/?(?:{_CLOSE_BEGUN})?")  # what may yet become the closing bracket
_FLAGS = re.IGNORECASE | re.ASCII


class ForeignTags(Vault):
    """Restores tags of ``mapping``, {tag: original}; it hides nothing.

    Raises ValueError for a tag without a type and a number; `surrogate.SurrogateVault.of` takes any string.
    """

    __slots__ = ()

    def __init__(self, mapping: Mapping[str, str]) -> None:
        super().__init__(bytes(NONCE_BYTES_MIN), originals_max=len(mapping))
        self._nonce = ""
        kinds: set[str] = set()
        for tag, original in mapping.items():
            said = _TAG.fullmatch(fold(tag))
            if said is None:
                raise ValueError("a tag needs a type and a number")
            kind = re.sub("[ -]", "_", said["type"].upper())
            kinds.add(kind)
            self._hold(kind, int(said["number"]), original)
        self._types = tuple(sorted(kinds))
        self._forms = _forms(self._types)

    def protect(self, text: str, findings: Sequence[Finding]) -> str:
        raise TypeError("tags of somebody else are restored, not made")

    def kept(self) -> KeptTokens:
        raise TypeError("tags of somebody else are not kept")

    def _claimed(self, found: re.Match[str], in_json: bool, *, last: bool = True) -> str | None:
        bare, start, end = found["open"] is None, found.start(), found.end()
        before, after = found.string[max(0, start - 12) : start], found.string[end : end + 12]
        if bare and not _is_bare(found, found[0].replace("\\", "")):
            return None
        if not last:
            if bare and (not after or (_OPENED.search(before) and _CLOSING.fullmatch(after))):
                return None  # one more digit, or the closing bracket, may follow
            if not (bare or after) and found["twice"] is None and before.endswith(found["open"]):
                return None  # one more bracket may follow
        return self._original(found["type"], int(found["number"]))

    def _waits(self, found: re.Match[str], in_json: bool) -> bool:
        if found["open"] is None and not found["part"] and not _is_bare(found, found[0].replace("\\", "")):
            return False
        return found["number"] is None or self._numbered(found["type"], found["number"], whole=found.end("number") < found.end())


def _forms(types: tuple[str, ...]) -> Forms:
    letters = [spelt(kind) for kind in types]
    any_type = f"(?P<type>{'|'.join(map(''.join, letters))})"
    # A backslash belongs to the opening bracket only where one belongs to the closing bracket too.
    opening = _OPEN.replace(r"\\?", r"(?P<marked>\\)?", 1)
    tag = rf"(?:(?P<open>{opening})(?P<twice>(?P=open))?{_GAP})?{any_type}{BETWEEN}{{0,4}}{_NUMBER}"
    close = rf"(?(marked)(?=\\){_CLOSE}|{_CLOSE})"
    end = rf"(?(open){_GAP}/?(?(twice){close}{close}|{close})|(?![0-9A-Za-z_]))"
    begun = (
        rf"(?P<open>{_OPEN}{{1,2}}{_GAP})?(?:(?P<begun>{'|'.join(map(beginnings, letters))})"
        rf"|{any_type}{BETWEEN}{{0,4}}(?:{_NUMBER}(?:{_GAP}/?{_CLOSE}?(?:{_CLOSE_BEGUN})?)?)?)?(?P<part>{_OPEN_BEGUN})?"
    )
    return Forms(re.compile(tag + end, _FLAGS), re.compile(rf"(?:{begun})\Z", _FLAGS))


def _is_bare(found: re.Match[str], said: str) -> bool:
    """Without brackets around it, a tag, or its beginning, is exactly as it was made, and a word of its own."""
    before = found.string[max(0, found.start() - 4) : found.start()]
    if said.upper() != said or " " in said or "-" in said or before.endswith(("<", "[", "{", "⟦", "_", "&lt;")):
        return False
    return not (before[-1:].isascii() and before[-1:].isalnum())
