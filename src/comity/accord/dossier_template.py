# SPDX-License-Identifier: Apache-2.0
"""What a dossier of a jurisdiction consists of (`dossiers/*.toml`): parts, sections, and statements in English and Chinese.

Strict: a name that nothing fills in, an article that no pack holds, a language that is missing, or a statement that could come to stand
without its source stops the load.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec

from comity.accord.dossier_facts import COLLECTIONS, GENERAL, OPEN, TABLE, VOLUME
from comity.errors import CallerError, OperatorError
from comity.jurisdictions.pack import Pack
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.volumes import COUNTERS

Pair = tuple[str, str]
"""In English and in Chinese."""
WORDS = "words.toml"
NOTHING: Pair = ("", "")
NAME = re.compile(r"\{([\w.]+)\}")


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Statement(Shape, frozen=True, kw_only=True):
    """``say`` stands where all that it names is known, and where evidence of one of the kinds in ``needs`` is in force; else ``ask``
    does.  With ``each`` it stands once for each of a collection, and ``none`` where that has nothing."""

    say: Pair = NOTHING
    ask: Pair = NOTHING
    none: Pair = NOTHING
    cites: tuple[str, ...] = ()
    each: str = ""
    needs: tuple[str, ...] = ()


class Section(Shape, frozen=True, kw_only=True):
    title: Pair
    statements: tuple[Statement, ...]


class Part(Shape, frozen=True, kw_only=True):
    id: str
    title: Pair
    about: Pair
    sections: tuple[Section, ...]


class Template(Shape, frozen=True, kw_only=True):
    """``packs``: whose articles are cited; the first one's regions are where the persons are."""

    jurisdiction: str
    title: Pair
    packs: tuple[str, ...]
    parts: tuple[Part, ...]


def template_of(name: str, packs: Sequence[Pack], vocabulary: Vocabulary) -> tuple[Template, tuple[Pack, ...]]:
    """With its packs.  Raises CallerError for a jurisdiction that has none, or whose packs are not enabled."""
    held = {pack.head.id: pack for pack in packs}
    there = {each.jurisdiction: each for each in shipped() if held.keys() >= set(each.packs)}
    template = there.get(name.upper())
    if template is None:
        raise CallerError(
            f"there is no dossier of `{name[:64]}`", code="dossier.unknown", status=404, field="jurisdiction",
            hint=f"there are: {', '.join(sorted(there))}" if there else "none of their packs is enabled: see `packs.enabled`",
        )  # fmt: skip
    own = tuple(held[each] for each in template.packs)
    checked(template, own, vocabulary)
    return template, own


def parts_of(template: Template, wanted: Iterable[str]) -> tuple[Part, ...]:
    """Those named, in the order of the template; all of them where none is.  Raises CallerError."""
    names, known = set(wanted), [part.id for part in template.parts]
    for name in sorted(names - set(known)):
        raise CallerError(
            f"this dossier has no part `{name[:64]}`", code="dossier.part", status=404, field="part", hint=f"there are: {', '.join(known)}"
        )
    return tuple(part for part in template.parts if not names or part.id in names)


def said() -> Mapping[str, Pair]:
    """What stands between the statements."""
    return msgspec.convert(_read(WORDS), dict[str, Pair])


def shipped() -> Iterator[Template]:
    for file in sorted(each.name for each in files("comity.accord").joinpath("dossiers").iterdir()):
        if file.endswith(".toml") and file != WORDS:
            yield parsed(_read(file), file)


def _read(file: str) -> dict[str, Any]:
    return tomllib.loads(files("comity.accord").joinpath("dossiers", file).read_text(encoding="utf-8"))


def parsed(table: Mapping[str, Any], file: str) -> Template:
    """Raises OperatorError."""
    try:
        return msgspec.convert(table, Template)
    except msgspec.ValidationError as error:
        raise _wrong(file, str(error)) from None


# -- strict ------------------------------------------------------------------------------------------------------------


def checked(template: Template, packs: Iterable[Pack], vocabulary: Vocabulary) -> Template:
    """Raises OperatorError naming the statement, the reason and the mend."""
    packs = tuple(packs)
    articles = {name for pack in packs for name in pack.facts}
    tables = {TABLE + name for pack in packs for name in pack.tables}
    for part in template.parts:
        for section in part.sections:
            for number, each in enumerate(section.statements, 1):
                where = f"{template.jurisdiction}, {part.id}, {section.title[0]}, statement {number}"
                for wrong in _faults(each, articles, tables, vocabulary):
                    raise _wrong(where, wrong)
    return template


def _faults(each: Statement, articles: set[str], tables: set[str], vocabulary: Vocabulary) -> Iterator[str]:
    if each.each and each.each not in COLLECTIONS:
        yield f"`{each.each}` is no collection"
        return
    item = COLLECTIONS[each.each] if each.each else {}
    known = GENERAL | tables | {VOLUME + name for name in COUNTERS} | item.keys() | ({"shown"} if each.needs else set())
    unsure = OPEN | {name for name, sure in item.items() if not sure}
    for pair in (each.say, each.ask, each.none):
        one, other = (set(NAME.findall(text)) for text in pair)
        if bool(pair[0]) != bool(pair[1]) or one != other:
            yield "English and Chinese do not name the same"
        yield from (f"nothing fills in `{name}`" for name in sorted(one - known))
    named = set(NAME.findall(each.say[0]))
    asked = set(NAME.findall(each.ask[0])) | set(NAME.findall(each.none[0]))
    if not each.say[0] and not each.ask[0]:
        yield "neither says nor asks anything"
    if (named & unsure or each.needs) and not each.ask[0]:
        yield "may not be known, and there is no question"
    if asked & (unsure | {"shown"}):
        yield "a question names what may not be known"
    if each.none[0] and not each.each:
        yield "`none` is of a collection"
    if not each.cites and not each.each and not each.needs and not named:
        yield "has no source"
    yield from (f"`{name}` is no article of its packs" for name in each.cites if name not in articles)
    yield from (f"`{kind}` is no kind of evidence" for kind in each.needs if not vocabulary.is_evidence(kind))


def _wrong(where: str, why: str) -> OperatorError:
    return OperatorError(f"dossier {where}: {why}", code="dossier.invalid", hint="a dossier that ships is broken: install Comity again")
