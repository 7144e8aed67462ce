# SPDX-License-Identifier: Apache-2.0
"""From a folder to a Pack, refusing what could not be stood by: a rule without a citation, a word nobody defined, a wrong date.

Every refusal is an OperatorError that names the file, the line where there is one, the reason and the mend.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from comity.errors import OperatorError
from comity.jurisdictions.pack import Fact, Head, Pack, Rule, Table
from comity.jurisdictions.schema import schema_text
from comity.jurisdictions.vocab import Vocabulary, load_vocabulary

ANNOTATIONS = frozenset({"id", "cite", "text", "remedy", "effect", "obligation", "valid_from", "valid_to"})
_ID = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_MEMBER = re.compile(r"at `\$\.?([^`]*)`")
T = TypeVar("T")


def shipped() -> tuple[str, ...]:
    """Ids of the packs in the wheel, in the order they are asked."""
    return tuple(
        sorted(
            each.name for each in files("comity.jurisdictions").joinpath("packs").iterdir() if each.is_dir() and each.name[0] not in "._"
        )
    )


def load_packs(enabled: Sequence[str] = (), extra: Sequence[Path] = ()) -> tuple[Pack, ...]:
    """Those enabled (none named: all that ship), then ``extra`` folders.  Raises OperatorError."""
    vocabulary, known = load_vocabulary(), shipped()
    unknown = [name for name in enabled if name not in known]
    if unknown:
        raise OperatorError(
            f"no pack `{unknown[0]}` ships", code="pack.unknown", field="packs.enabled", hint=f"there are: {', '.join(known)}"
        )
    here = files("comity.jurisdictions").joinpath("packs")
    folders: list[Traversable] = [here.joinpath(name) for name in enabled or known]
    folders += extra
    packs = tuple(load_pack(folder, vocabulary) for folder in folders)
    names = [pack.head.id for pack in packs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise OperatorError(f"two packs are called `{twice}`", code="pack.invalid", field="packs.extra", hint="give one another id")
    return packs


def load_pack(folder: Traversable, vocabulary: Vocabulary) -> Pack:
    return _Reader(folder, vocabulary).pack()


class _Reader:
    def __init__(self, folder: Traversable, vocabulary: Vocabulary) -> None:
        self._folder, self._vocabulary = folder, vocabulary
        self._sum = hashlib.sha256()

    def pack(self) -> Pack:
        head = self._toml("pack.toml", Head)
        facts = {fact.id: fact for fact in self._toml("facts.toml", dict[str, tuple[Fact, ...]]).get("facts", ())}
        tables = self._toml("tables.toml", dict[str, Table])
        self._check_head(head)
        for fact in facts.values():
            if bool(fact.quote) != bool(fact.text_sha256):
                raise self._refusal(
                    "facts.toml", f"fact `{fact.id}` has a quote without the hash of its text, or the reverse", at=f'"{fact.id}"'
                )
        rules = self._rules(facts, {name: self._table(name, table, facts) for name, table in tables.items()})
        return Pack(head=head, facts=facts, tables=tables, rules=rules, digest=self._sum.hexdigest())

    # -- files ---------------------------------------------------------------------------------------------------

    def _text(self, name: str) -> str:
        try:
            raw = self._folder.joinpath(name).read_bytes()
            text = raw.decode()
        except (OSError, UnicodeDecodeError) as error:
            raise self._refusal(
                name, f"cannot be read: {type(error).__name__}", mend="a pack is pack.toml, facts.toml, tables.toml and *.cedar"
            ) from None
        self._sum.update(name.encode() + b"\0" + len(raw).to_bytes(8, "big") + raw)
        return text

    def _toml(self, name: str, shape: type[T]) -> T:
        text = self._text(name)
        try:
            return msgspec.convert(tomllib.loads(text), shape, strict=True)
        except tomllib.TOMLDecodeError as error:
            raise self._refusal(name, f"is not TOML: {error}") from None
        except msgspec.ValidationError as error:
            found = _MEMBER.search(str(error))
            raise self._refusal(name, _MEMBER.sub("", str(error)).removesuffix(" - ") + (f" (`{found[1]}`)" if found else "")) from None

    def _refusal(self, name: str, why: str, *, at: str = "", mend: str = "see docs/reference/packs.md") -> OperatorError:
        line = self._line(name, at) if at else 0
        where = f"{self._folder.name}/{name}" + (f":{line}" if line else "")
        return OperatorError(f"{where}: {why}", code="pack.invalid", field=where, hint=mend)

    def _line(self, name: str, at: str) -> int:
        text = self._folder.joinpath(name).read_text(encoding="utf-8")
        place = text.find(at)
        return text.count("\n", 0, place) + 1 if place >= 0 else 0

    # -- what it says --------------------------------------------------------------------------------------------

    def _check_head(self, head: Head) -> None:
        for region in (*head.regions, *head.not_covered):
            try:
                self._vocabulary.canonical(region)
            except KeyError:
                raise self._refusal("pack.toml", f"`{region}` is not a region", at=f'"{region}"') from None
        if head.horizon < head.verified_through:
            raise self._refusal("pack.toml", "its horizon lies before the day it was verified through", at="horizon")
        if not re.fullmatch(r"\d+\.\d+\.\d+", head.version):
            raise self._refusal("pack.toml", f"`{head.version}` is not a version like 1.2.3", at="version")

    def _table(self, name: str, table: Table, facts: dict[str, Fact]) -> int | tuple[str, ...]:
        at = f"[{name}]"
        if table.fact not in facts:
            raise self._refusal("tables.toml", f"table `{name}` cites `{table.fact}`, which is no fact of this pack", at=at)
        if not table.values:
            raise self._refusal("tables.toml", f"table `{name}` has no value", at=at)
        first = table.values[0].value
        for dated in table.values:
            if isinstance(dated.value, int) is not isinstance(first, int):
                raise self._refusal("tables.toml", f"table `{name}` mixes numbers and words", at=at)
            words = [*dated.by_location, *(dated.value if table.regions and not isinstance(dated.value, int) else ())]
            for word in words:
                try:
                    self._vocabulary.canonical(word)
                except KeyError:
                    raise self._refusal("tables.toml", f"`{word}` in table `{name}` is not a region", at=at) from None
        days = [dated.since for dated in table.values]
        if days != sorted(set(days)):
            raise self._refusal("tables.toml", f"the days of table `{name}` are not in order", at=at)
        return first

    def _rules(self, facts: dict[str, Fact], tables: dict[str, Any]) -> tuple[Rule, ...]:
        import cedarpy

        names = sorted(each.name for each in self._folder.iterdir() if each.name.endswith(".cedar"))
        rules: list[Rule] = []
        for name in names:
            text = self._text(name)
            try:
                policies = json.loads(cedarpy.policies_to_json_str(text))
                held = cedarpy.validate_policies(text, schema_text(tables))
            except ValueError as error:
                raise self._refusal(name, f"is not Cedar: {error}") from None
            order = policies["staticPolicies"]
            if policies.get("templates") or policies.get("templateLinks"):
                raise self._refusal(name, "has templates, which packs do not use")
            for fault in held.errors:
                rule = order[fault.policy_id]["annotations"].get("id", "")
                raise self._refusal(
                    name, f"rule `{rule}`: {fault.error}", at=f'@id("{rule}")', mend="the schema is in jurisdictions/schema.py"
                )
            for number in range(len(order)):
                rules.append(self._rule(name, order[f"policy{number}"], facts))
        ids = [rule.id for rule in rules]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice is not None:
            raise self._refusal(names[-1], f"two rules are called `{twice}`", at=f'@id("{twice}")')
        return tuple(rules)

    def _rule(self, name: str, body: dict[str, Any], facts: dict[str, Fact]) -> Rule:
        said: dict[str, str] = body.get("annotations") or {}
        rule = said.get("id", "")
        at = f'@id("{rule}")'

        def refuse(why: str) -> OperatorError:
            return self._refusal(name, f"rule `{rule}`: {why}", at=at)

        if not _ID.fullmatch(rule):
            raise refuse("has no `@id` of lower-case words with points between")
        unknown = sorted(set(said) - ANNOTATIONS)
        if unknown:
            raise refuse(f"`@{unknown[0]}` is no annotation that packs have")
        cited = tuple(said.get("cite", "").split())
        if not cited:
            raise refuse("cites nothing: every rule rests on a fact (`@cite`)")
        for fact in cited:
            if fact not in facts:
                raise refuse(f"cites `{fact}`, which is no fact of this pack")
        action = body["action"].get("entity", {}).get("id", "")
        if action not in ("process", "owe"):
            raise refuse("names no one action: `process` or `owe`")
        effect = body["effect"]
        obligation, remedies = said.get("obligation", ""), tuple(said.get("remedy", "").split())
        if (action == "owe") is not bool(obligation) or (action == "owe" and effect != "permit"):
            raise refuse("an `owe` rule is a permit with an `@obligation`, and no other rule has one")
        if obligation and not self._vocabulary.is_obligation(obligation):
            raise refuse(f"`{obligation}` is no obligation of the vocabulary")
        if effect == "forbid" and not said.get("text"):
            raise refuse("a forbid says in one plain sentence why (`@text`)")
        if said.get("effect", "deny") not in ("deny", "escalate") or ("effect" in said and effect != "forbid"):
            raise refuse("`@effect` is deny or escalate, and stands on a forbid")
        for remedy in remedies:
            if remedy not in self._vocabulary.remedies:
                raise refuse(f"`{remedy}` is no remedy of the vocabulary")
        since, until = (self._day(said.get(key), refuse) for key in ("valid_from", "valid_to"))
        if since is not None and until is not None and until < since:
            raise refuse("is valid to a day before it is valid from")
        self._within(since, until, [facts[fact] for fact in cited], refuse)
        return Rule(
            id=rule, effect=effect, action=action, escalates=said.get("effect") == "escalate", facts=cited, text=said.get("text", ""),
            remedies=remedies, obligation=obligation, valid_from=since, valid_to=until,
            body={key: value for key, value in body.items() if key != "annotations"},
        )  # fmt: skip

    def _day(self, text: str | None, refuse: Any) -> date | None:
        try:
            return date.fromisoformat(text) if text is not None else None
        except ValueError:
            raise refuse(f"`{text}` is not a day (YYYY-MM-DD)") from None

    def _within(self, since: date | None, until: date | None, cited: Iterable[Fact], refuse: Any) -> None:
        """A rule does not apply before the law that it rests on does, nor after."""
        for fact in cited:
            if fact.effective is not None and (since is None or since < fact.effective):
                raise refuse(f"applies before `{fact.id}` does ({fact.effective}): add `@valid_from`")
            if fact.effective_to is not None and (until is None or until > fact.effective_to):
                raise refuse(f"applies after `{fact.id}` has ended ({fact.effective_to}): add `@valid_to`")
