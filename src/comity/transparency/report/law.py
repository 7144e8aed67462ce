# SPDX-License-Identifier: Apache-2.0
"""The packs' own text in a report: that it is what a policy digest stands for, and what its rules and articles say.

Whoever makes a report and whoever audits it read the text by this one file.  It asks for no vocabulary and no Cedar: a pack that a later
version would no longer load is read like any other.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Any

from comity.transparency.report.shapes import Article, Told

Text = dict[str, bytes]
"""The files of one pack that decide, by name, in the order of its digest."""
_FIRST = ("pack.toml", "facts.toml", "tables.toml")
_SAID = r'(?:\\.|[^"\\])*+'  # possessive, as all that repeats here: whatever a text holds, it is gone over once
_ANNOTATION = re.compile(rf'//[^\n]*|@(?P<name>\w++)\s*+\(\s*+"(?P<said>{_SAID})"\s*+\)|"{_SAID}(?:"|(?P<open>\\?\Z))|(?P<end>;)', re.S)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))", re.S)
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


def text_of(folder: Traversable) -> Text:
    return ordered({each.name: each.read_bytes() for each in folder.iterdir() if each.name in _FIRST or each.name.endswith(".cedar")})


def ordered(files: Mapping[str, bytes]) -> Text:
    return {name: files[name] for name in (*(name for name in _FIRST if name in files), *sorted(files.keys() - set(_FIRST)))}


def digest_of(text: Text) -> str:
    """As the pack's loader takes it (`jurisdictions/load.py`); a test holds the two together."""
    digest = hashlib.sha256()
    for name, raw in text.items():
        digest.update(name.encode() + b"\0" + len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def name_of(text: Text) -> str:
    """`cn@0.1.0`.  Raises ValueError."""
    head = _toml(text, "pack.toml")
    return f"{head.get('id')}@{head.get('version')}"


def policy_of(packs: Iterable[tuple[str, str]]) -> str:
    """The policy digest of packs by name and digest, as the engine takes it (`policy/engine.py`)."""
    return hashlib.sha256("\n".join(f"{name} {digest}" for name, digest in sorted(packs)).encode()).hexdigest()


def told(texts: Mapping[str, Text], rules: Iterable[str], facts: Iterable[str]) -> tuple[dict[str, tuple[Told, ...]], dict[str, Article]]:
    """What ``texts`` (by pack) say of the ids named.  Raises ValueError where a text cannot be read."""
    wanted_rules, wanted_facts = set(rules), set(facts)
    found: dict[str, list[Told]] = {}
    articles: dict[str, Article] = {}
    for pack in sorted(texts):
        for said in (each for name, raw in texts[pack].items() if name.endswith(".cedar") for each in policies(raw.decode())):
            if said.get("id") in wanted_rules:
                rule = _told(pack, said)
                found.setdefault(said["id"], []).append(rule)
                wanted_facts.update(rule.facts)
    for pack in sorted(texts):
        for fact in _toml(texts[pack], "facts.toml").get("facts", ()):
            if isinstance(fact, dict) and fact.get("id") in wanted_facts:
                words = ("instrument", "article", "summary", "source", "confidence")
                articles[fact["id"]] = Article(**{word: str(fact.get(word, "")) for word in words})
    return {name: tuple(found[name]) for name in sorted(found)}, dict(sorted(articles.items()))


def policies(cedar: str) -> list[dict[str, str]]:
    """The annotations of each policy of a file, in order.  Raises ValueError for a string without an end."""
    made, here = list[dict[str, str]](), dict[str, str]()
    for part in _ANNOTATION.finditer(cedar):
        if part["open"] is not None:
            raise ValueError("a string has no end")
        if part["end"]:
            made.append(here)
            here = {}
        elif part["name"]:
            here[part["name"]] = _ESCAPE.sub(_meant, part["said"])
    return made


def _told(pack: str, said: Mapping[str, str]) -> Told:
    return Told(
        pack=pack, valid_from=said.get("valid_from", ""), valid_to=said.get("valid_to", ""), text=said.get("text", ""),
        text_zh=said.get("text_zh", ""), facts=_words(said, "cite"), obligation=said.get("obligation", ""), remedies=_words(said, "remedy"),
    )  # fmt: skip


def on(versions: Sequence[Told], day: str) -> Told | None:
    """The version of a rule that stands on ``day`` (`2026-11-23`)."""
    return next((each for each in versions if (not each.valid_from or each.valid_from <= day) and (each.valid_to or day) >= day), None)


def _words(said: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(said.get(name, "").split())


def _meant(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(min(int(escape[1], 16), 0x10FFFF))
    return _SHORT.get(escape[2], escape[2])


def _toml(text: Text, name: str) -> dict[str, Any]:
    return tomllib.loads(text.get(name, b"").decode())  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
