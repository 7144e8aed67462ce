# SPDX-License-Identifier: Apache-2.0
"""Placeholders that somebody else made (`<PERSON_3>`), restored by Comity's engine: what outside test cases are written in.

They have brackets and no nonce, so their form is described here; waiting, order, escaping and release are the product's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from comity.privacy.pseudonym import _BETWEEN, Vault, _beginnings, _Forms, _spelt
from comity.privacy.stream import _Text

_OPEN, _CLOSE = r"[<\[({《【〈「]", r"[>\])}》】〉」]"


class Tagged(Vault):
    def __init__(self, mapping: Mapping[str, str]) -> None:
        super().__init__(bytes(8))
        self._nonce = ""
        for tag, original in mapping.items():
            kind, _, number = tag.strip("<>").rpartition("_")
            self._originals += [("", "")] * (int(number) - len(self._originals))
            self._originals[int(number) - 1] = (kind, original)
        kinds = sorted({kind for kind, _ in self._originals if kind})
        spelt = [_spelt(kind) for kind in kinds]
        head = rf"{_OPEN}[ ]?(?P<type>{'|'.join(map(''.join, spelt))}){_BETWEEN}{{1,4}}"
        number, end = r"(?P<number>[1-9][0-9]{0,5})", rf"(?P<nonce>)[ ]?{_CLOSE}"
        starts = "|".join(_beginnings([f"{_OPEN}[ ]?", *letters, ""]) for letters in spelt)
        begun = rf"(?P<begun>{starts})|{head}(?:{number}(?P<nonce>)[ ]?)?"
        flags = re.IGNORECASE | re.ASCII
        self._forms = _Forms(re.compile(head + number + end, flags), re.compile(rf"(?:{begun})\Z", flags))

    def _possible(self, found: re.Match[str]) -> bool:
        return found["number"] is None or int(found["number"]) <= len(self._originals)


class Restoring:
    def __init__(self, mapping: Mapping[str, str], *, in_json: bool) -> None:
        self._vault, self._text = Tagged(mapping), _Text(in_json)

    def feed(self, text: str) -> str:
        return self._text.push(self._vault, text, last=False)

    def flush(self) -> str:
        return self._text.push(self._vault, "", last=True)


def make(mapping: Mapping[str, str], mode: str, parts: object = None, style: str = "tag") -> Restoring:
    """The entry that the runner of the cases drives."""
    return Restoring(mapping, in_json=mode == "json_args")
