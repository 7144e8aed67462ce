# SPDX-License-Identifier: Apache-2.0
"""From a folder to a Pack, refusing what could not be stood by: a rule without a citation, a word nobody defined, a wrong date.

Every refusal is an OperatorError that names the file, the line where there is one, the reason and the mend.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from comity.errors import OperatorError
from comity.jurisdictions.pack import Case, Fact, Head, Pack, Rule, Shape, Table
from comity.jurisdictions.rules import Fault, Piece, pieces, rule_of
from comity.jurisdictions.schema import schema_of
from comity.jurisdictions.vocab import Vocabulary, load_vocabulary

SEE = "see docs/reference/packs.md"
_STEP = re.compile(r"(?: - at `\$\.?|unknown field `)(?P<name>\w+)(?:\[(?P<number>\d+)\])?")
_MEMBER = re.compile(r" - at `\$\.?([^`]*)`")
_TOML_LINE = re.compile(r" \(at line (\d+), column \d+\)")
T = TypeVar("T")


def shipped() -> tuple[str, ...]:
    """Ids of the packs in the wheel, in the order they are asked."""
    folders = files("comity.jurisdictions").joinpath("packs").iterdir()
    return tuple(sorted(each.name for each in folders if each.is_dir() and each.name[0] not in "._"))


def load_packs(enabled: Sequence[str] = (), extra: Sequence[Path] = ()) -> tuple[Pack, ...]:
    """Those enabled (none named: all that ship), then ``extra`` folders.  Raises OperatorError."""
    vocabulary, known = load_vocabulary(), shipped()
    for name in enabled:
        if name not in known:
            raise OperatorError(
                f"no pack `{name[:64]}` ships", code="pack.unknown", field="packs.enabled", hint=f"there are: {', '.join(known)}"
            )
    packs = (*map(_shipped_pack, dict.fromkeys(enabled or known)), *(load_pack(folder, vocabulary) for folder in extra))
    names = [pack.head.id for pack in packs]
    for name in names:
        if names.count(name) > 1:
            raise OperatorError(f"two packs are called `{name}`", code="pack.invalid", field="packs.extra", hint="give one another id")
    return packs


@cache
def _shipped_pack(name: str) -> Pack:
    """What is in the wheel does not change under a running program: read once."""
    return load_pack(files("comity.jurisdictions").joinpath("packs", name), load_vocabulary())


def load_pack(folder: Traversable, vocabulary: Vocabulary) -> Pack:
    """Raises OperatorError: the first of its problems."""
    reader = _Reader(folder, vocabulary)
    pack = reader.pack()
    if pack is None or reader.problems:
        raise reader.problems[0]
    return pack


def check_packs(folders: Iterable[Traversable], texts: Iterable[Path] = ()) -> list[OperatorError]:
    """Every problem of every folder, in the order of reading; none: each would load.

    ``texts``: laws as they were read; a fact that quotes one of them (by its SHA-256) must quote what stands there.
    """
    held = {hashlib.sha256(raw).hexdigest(): raw.decode() for raw in (path.read_bytes() for path in texts)}
    problems: list[OperatorError] = []
    for folder in folders:
        reader = _Reader(folder, load_vocabulary())
        pack = reader.pack()
        if pack is not None:
            reader.check_quotes(pack, held)
        problems += reader.problems
    return problems


class _Facts(Shape, frozen=True, kw_only=True):
    """`facts.toml`."""

    facts: tuple[Fact, ...]


class _Cases(Shape, frozen=True, kw_only=True):
    """`tests.json`."""

    base: dict[str, Any]
    cases: tuple[Case, ...]


class _Reader:
    """Reads one folder; what is wrong is kept in ``problems``, and reading goes on as far as it can."""

    def __init__(self, folder: Traversable, vocabulary: Vocabulary) -> None:
        self._folder, self._vocabulary = folder, vocabulary
        self._sum = hashlib.sha256()
        self.problems: list[OperatorError] = []

    def pack(self) -> Pack | None:
        head = self._decoded("pack.toml", Head)
        tenant = head is not None and head.tenant
        listed = self._decoded("facts.toml", _Facts) if self._must_have("facts.toml", tenant) else _Facts(facts=())
        tables = self._tables() if self._must_have("tables.toml", tenant) else {}
        if head is None or listed is None or tables is None:
            return None
        self._check_head(head)
        before = len(self.problems)
        facts = {fact.id: fact for fact in listed.facts}
        self._check_facts(listed.facts)
        for name, table in tables.items():
            self._check_table(name, table, facts, tenant=tenant)
        # What rests on a broken fact, table or rule is not told as broken too.
        rules = self._rules(facts, tables, tenant=tenant) if len(self.problems) == before else ()
        cases = self._cases({rule.id for rule in rules}) if len(self.problems) == before else ()
        return Pack(head=head, facts=facts, tables=tables, rules=rules, cases=cases, digest=self._sum.hexdigest())

    def _must_have(self, name: str, tenant: bool) -> bool:
        return not tenant or self._folder.joinpath(name).is_file()

    # -- files ---------------------------------------------------------------------------------------------------

    def _text(self, name: str, *, decides: bool = True) -> str | None:
        try:
            raw = self._folder.joinpath(name).read_bytes()
            text = raw.decode()
        except (OSError, UnicodeDecodeError) as error:
            why = (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is not UTF-8"
            self._wrong(name, f"cannot be read: {why}", mend="a pack is pack.toml, facts.toml, tables.toml and *.cedar")
            return None
        if decides:
            self._sum.update(name.encode() + b"\0" + len(raw).to_bytes(8, "big") + raw)
        return text

    def _decoded(self, name: str, shape: type[T], *, decides: bool = True) -> T | None:
        text = self._text(name, decides=decides)
        if text is None:
            return None
        read: Callable[[str], Any] = tomllib.loads if name.endswith(".toml") else msgspec.json.decode
        try:
            return msgspec.convert(read(text), shape, strict=True)
        except tomllib.TOMLDecodeError as error:
            found = _TOML_LINE.search(str(error))
            self._wrong(name, f"is not TOML: {_TOML_LINE.sub('', str(error))}", line=int(found[1]) if found else 0)
        except msgspec.ValidationError as error:
            found = _MEMBER.search(str(error))
            said = _MEMBER.sub("", str(error))
            self._wrong(name, said[:1].lower() + said[1:] + (f" (`{found[1]}`)" if found else ""), line=_member_line(text, str(error)))
        except msgspec.DecodeError as error:
            self._wrong(name, f"is not JSON: {error}")
        return None

    def _tables(self) -> dict[str, Table] | None:
        read = self._decoded("tables.toml", dict[str, Any])
        if read is None:
            return None
        out: dict[str, Table] = {}
        for name, value in read.items():
            try:
                out[name] = msgspec.convert(value, Table, strict=True)
            except msgspec.ValidationError as error:
                said = _MEMBER.sub(r" (`\1`)", str(error))
                self._wrong("tables.toml", f"table `{name}`: {said[:1].lower()}{said[1:]}", at=f"[{name}]")
        return out if len(out) == len(read) else None

    def _wrong(self, name: str, why: str, *, line: int = 0, at: str = "", mend: str = "") -> None:
        """``at``: text that stands on the line that is wrong."""
        if at:
            text = self._folder.joinpath(name).read_text(encoding="utf-8")
            place = text.find(at)
            line = text.count("\n", 0, place) + 1 if place >= 0 else 0
        where = f"{self._folder.name}/{name}" + (f":{line}" if line else "")
        self.problems.append(OperatorError(f"{where}: {why}", code="pack.invalid", field=where, hint=mend or SEE))

    # -- what they say -------------------------------------------------------------------------------------------

    def _is_region(self, name: str) -> bool:
        try:
            return bool(self._vocabulary.canonical(name))
        except KeyError:
            return False

    def _check_head(self, head: Head) -> None:
        for region in (*head.regions, *head.not_covered):
            if not self._is_region(region):
                self._wrong("pack.toml", f"`{region}` is not a region", at=f'"{region}"')
        if bool(head.regions) is not bool(head.applies) or not (head.regions or head.tenant):
            self._wrong("pack.toml", "applies to nobody: `regions` and `applies` must not be empty")
        if date.max in (head.verified_through, head.horizon) and not head.tenant:
            self._wrong("pack.toml", "does not say up to when: `verified_through` and `horizon`")
        if head.horizon < head.verified_through:
            self._wrong("pack.toml", "its horizon lies before the day it was verified through", at="horizon")
        if not re.fullmatch(r"\d+\.\d+\.\d+", head.version):
            self._wrong("pack.toml", f"`{head.version}` is not a version like 1.2.3", at="version")

    def _check_facts(self, listed: Iterable[Fact]) -> None:
        seen: set[str] = set()
        for fact in listed:
            at = f'id = "{fact.id}"'
            if fact.id in seen:
                self._wrong("facts.toml", f"two facts are called `{fact.id}`", at=at)
            seen.add(fact.id)
            if bool(fact.quote) != bool(re.fullmatch(r"[0-9a-f]{64}", fact.text_sha256)):
                self._wrong("facts.toml", f"fact `{fact.id}` has a quote without the SHA-256 of its text, or the reverse", at=at)
            if fact.effective is not None and fact.effective_to is not None and fact.effective_to < fact.effective:
                self._wrong("facts.toml", f"fact `{fact.id}` ends before it begins", at=at)

    def check_quotes(self, pack: Pack, texts: Mapping[str, str]) -> None:
        for fact in pack.facts.values():
            if fact.quote and fact.quote not in texts.get(fact.text_sha256, fact.quote):
                self._wrong("facts.toml", f"fact `{fact.id}` quotes what does not stand in its text", at=f'id = "{fact.id}"')

    def _check_table(self, name: str, table: Table, facts: Mapping[str, Fact], *, tenant: bool) -> None:
        def wrong(why: str) -> None:
            self._wrong("tables.toml", f"table `{name}` {why}", at=f"[{name}]")

        if table.fact not in facts and not (tenant and not table.fact):
            wrong(f"cites `{table.fact}`, which is no fact of this pack")
        if not table.values:
            wrong("has no value")
        days = [dated.since for dated in table.values]
        if days != sorted(set(days)):
            wrong("has days that are not in order")
        if len({isinstance(dated.value, int) for dated in table.values}) > 1:
            wrong("mixes numbers and words")
        for dated in table.values if table.regions else ():
            words = () if isinstance(dated.value, int) else dated.value
            for word in words:
                if not self._is_region(word):
                    wrong(f"has `{word}`, which is not a region")

    def _rules(self, facts: Mapping[str, Fact], tables: Mapping[str, Table], *, tenant: bool) -> tuple[Rule, ...]:
        names = sorted(each.name for each in self._folder.iterdir() if each.name.endswith(".cedar"))
        if not names:
            self._wrong("*.cedar", "there are no rules")
        read: list[tuple[str, Piece, Rule]] = []
        for name in names:
            for piece in pieces(self._text(name) or ""):
                try:
                    read.append((name, piece, rule_of(piece, facts, self._vocabulary, tenant=tenant)))
                except Fault as fault:
                    self._wrong(name, fault.why, line=fault.line, mend=fault.mend)
        for at, (name, piece, rule) in enumerate(read):
            if any(other.id == rule.id and other.overlaps(rule) for _, _, other in read[:at]):
                why = f"two versions of rule `{rule.id}` are valid on the same day"
                self._wrong(name, why, line=piece.line, mend="give one another id, or end one before the other begins")
        if not self.problems:
            self._check_types(read, schema_of(tables, (rule for _, _, rule in read)))
        return tuple(rule for _, _, rule in read)

    def _check_types(self, read: Sequence[tuple[str, Piece, Rule]], schema: str) -> None:
        import cedarpy

        held = cedarpy.validate_policies("\n".join(piece.text for _, piece, _ in read), schema)
        for fault in held.errors:  # Cedar numbers policies as they stand: policy0, policy1, …
            name, piece, rule = read[int(fault.policy_id.removeprefix("policy"))]
            said = fault.error.removeprefix(f"for policy `{fault.policy_id}`, ")
            self._wrong(name, f"rule `{rule.id}`: {said}", line=piece.line, mend="what a rule may read: docs/reference/packs.md")

    def _cases(self, rules: set[str]) -> tuple[Case, ...]:
        if not self._folder.joinpath("tests.json").is_file():
            return ()
        read = self._decoded("tests.json", _Cases, decides=False)
        if read is None:
            return ()
        for case in read.cases:
            for rule in (*case.rules, *case.owes):
                if rule not in rules:
                    self._wrong("tests.json", f"case `{case.name}` names rule `{rule}`, which is not there", at=f'"{rule}"')
        return tuple(msgspec.structs.replace(case, facts=merged(read.base, case.facts)) for case in read.cases)


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the members of ``change``; objects member by member, all else replaced."""
    out = dict(base)
    for name, value in change.items():
        before = out.get(name)
        out[name] = merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return out


def _member_line(text: str, said: str) -> int:
    """The line where `version`, an unknown field, or the fourth of `facts[3].article` begins; 0 if it is not found."""
    found = _STEP.search(said)
    if found is None:
        return 0
    starts = [match.start() for match in re.finditer(rf'^(?:\[+{found["name"]}\]|[ {{]*"?{found["name"]}"? *[=:])', text, re.M)]
    at = int(found["number"] or 0)
    return text.count("\n", 0, starts[at]) + 1 if at < len(starts) else 0
