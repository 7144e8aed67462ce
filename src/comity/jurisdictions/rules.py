# SPDX-License-Identifier: Apache-2.0
"""From a `.cedar` file to Rules: every annotation checked against the pack's facts and the vocabulary, each with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from comity.jurisdictions.pack import TENANT_POLICY, WEAK, Fact, Rule
from comity.jurisdictions.schema import paths
from comity.jurisdictions.vocab import Vocabulary

ANNOTATIONS = frozenset({"id", "cite", "owner", "text", "text_zh", "remedy", "effect", "term", "obligation", "valid_from", "valid_to"})
_ID = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_TERM = re.compile(r"[a-z][a-z0-9_]*")
_DEPLOYMENT = {("provider",), ("provider", "id")}
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;|[^";/]+|.', re.S)


class Piece(NamedTuple):
    """One policy of a file, and the line of its first word."""

    line: int
    text: str


class Fault(Exception):
    """Why a rule is refused; the reader adds the file."""

    def __init__(self, line: int, why: str, mend: str = "") -> None:
        super().__init__(why)
        self.line, self.why, self.mend = line, why, mend


def pieces(text: str) -> Iterator[Piece]:
    """A file cut behind each `;`, so that one broken rule is named by its line and does not hide the next."""
    line, start, kept = 1, 0, ""
    for part in _TOKEN.findall(text):
        if not start and part.strip() and not part.startswith("//"):
            start = line + part[: len(part) - len(part.lstrip())].count("\n")
        kept += part
        line += part.count("\n")
        if part == ";":
            yield Piece(start, kept)
            start, kept = 0, ""
    if start:
        yield Piece(start, kept)


def parsed(piece: Piece) -> dict[str, Any]:
    """The Cedar JSON of one policy.  Raises Fault."""
    import cedarpy

    try:
        made = json.loads(cedarpy.policies_to_json_str(piece.text))
    except ValueError as error:
        raise Fault(piece.line, f"is not Cedar: {error}") from None
    if made["templates"] or len(made["staticPolicies"]) != 1:
        raise Fault(piece.line, "is a template, which packs do not use")
    (body,) = made["staticPolicies"].values()
    return dict(body)


def rule_of(piece: Piece, facts: Mapping[str, Fact], vocabulary: Vocabulary, *, tenant: bool = False) -> Rule:
    """Raises Fault for whatever could not be stood by.  A ``tenant``'s rule has an owner where the law's has a citation."""
    body = parsed(piece)
    said: dict[str, str] = {name: value or "" for name, value in (body.pop("annotations", None) or {}).items()}
    name = said.get("id", "")

    def refuse(why: str, mend: str = "") -> Fault:
        return Fault(piece.line, f"rule `{name}` {why}", mend)

    if not _ID.fullmatch(name):
        raise refuse("has no `@id` of lower-case words with points between")
    for word in sorted(set(said) - ANNOTATIONS):
        raise refuse(f"has `@{word}`, which is no annotation of packs", f"there are: {', '.join(sorted(ANNOTATIONS))}")
    cited = tuple(said.get("cite", "").split())
    if tenant and (cited or not said.get("owner", "").strip()):
        why = "cites a law" if cited else "has no owner"
        raise refuse(why, 'a tenant\'s rule is its own: `@owner("privacy@example.com")` in place of `@cite`')
    if not tenant and "owner" in said:
        raise refuse("has an `@owner`, which only a tenant's rule has", 'cite the law, or make it a tenant\'s pack: `depth = "tenant"`')
    if not cited and not tenant:
        raise refuse("cites nothing", "every rule rests on a fact: `@cite`")
    for fact in cited:
        if fact not in facts:
            raise refuse(f"cites `{fact}`, which is no fact of this pack", "add it to facts.toml, with where it was read")
    action = (body["action"].get("entity") or {}).get("id", "")
    if action not in ("define", "process", "owe"):
        raise refuse("is about no one action", 'action == Action::"define", "process" or "owe"')
    effect = body["effect"]
    if effect == "forbid" and action != "process":
        raise refuse(f"forbids to `{action}`", "a term or an obligation is a permit")
    if not tenant and not _DEPLOYMENT.isdisjoint(paths(body)):
        raise refuse("reads which deployment it is, and the law is the same for all", "say what it is about the deployment that matters")
    if tenant and effect == "permit" and action == "process":
        raise refuse("allows, and a tenant's policy only narrows what the law allows", "say what it forbids, and `unless` what")
    rule = Rule(
        id=name, effect=effect, action=action, escalates=said.get("effect") == "escalate",
        facts=(TENANT_POLICY,) if tenant else cited, owner=said.get("owner", ""), text=said.get("text", ""),
        text_zh=said.get("text_zh", ""),
        remedies=tuple(said.get("remedy", "").split()), obligation=said.get("obligation", ""), term=said.get("term", ""),
        valid_from=_day(said, "valid_from", refuse), valid_to=_day(said, "valid_to", refuse), body=body,
    )  # fmt: skip
    _check_words(rule, said, refuse, vocabulary)
    _check_days(rule, [facts[fact] for fact in cited], refuse)
    return rule


def _check_words(rule: Rule, said: Mapping[str, str], refuse: Any, vocabulary: Vocabulary) -> None:
    if (rule.action == "owe") is not bool(rule.obligation):
        raise refuse("must have an `@obligation`" if rule.action == "owe" else "has an `@obligation`, which only an `owe` rule has")
    if (rule.action == "define") is not bool(rule.term):
        raise refuse("must have a `@term`" if rule.action == "define" else "has a `@term`, which only a `define` rule has")
    if rule.term and not _TERM.fullmatch(rule.term):
        raise refuse(f"defines `{rule.term}`, which is no lower-case word")
    if rule.term and '"attr": "term"' in json.dumps(rule.body):
        raise refuse("defines a term by a term", "say what it is made of")
    if rule.obligation and not vocabulary.is_obligation(rule.obligation):
        raise refuse(f"owes `{rule.obligation}`, which is no obligation of the vocabulary")
    if rule.action == "process" and not rule.text:
        raise refuse("does not say why", "one plain sentence: `@text`")
    if said.get("effect", "deny") not in ("deny", "escalate") or ("effect" in said and rule.effect != "forbid"):
        raise refuse("has a wrong `@effect`", "deny or escalate, on a forbid")
    if rule.remedies and rule.effect != "forbid":
        raise refuse("has a `@remedy`, which only a forbid has")
    for remedy in rule.remedies:
        if remedy not in vocabulary.remedies:
            raise refuse(f"has `{remedy}`, which is no remedy of the vocabulary")


def _check_days(rule: Rule, cited: list[Fact], refuse: Any) -> None:
    """A rule applies while each fact that it cites does; or, if it only escalates or allows, wholly before one of them began."""
    since, until = rule.valid_from, rule.valid_to
    if since is not None and until is not None and until < since:
        raise refuse("is valid to a day before it is valid from")
    ground = rule.action == "process" and rule.effect == "permit"
    for fact in cited:
        if ground and fact.confidence in WEAK:
            raise refuse(f"allows on `{fact.id}`, which is only {fact.confidence}", "find a source, or escalate")
        before = until is not None and fact.effective is not None and until < fact.effective
        if before and (ground or rule.escalates):
            continue
        if fact.effective is not None and (since is None or since < fact.effective):
            raise refuse(f"applies before `{fact.id}` does ({fact.effective})", "add `@valid_from`")
        if fact.effective_to is not None and (until is None or until > fact.effective_to):
            raise refuse(f"applies after `{fact.id}` has ended ({fact.effective_to})", "add `@valid_to`")


def _day(said: Mapping[str, str], key: str, refuse: Any) -> date | None:
    if key not in said:
        return None
    try:
        return date.fromisoformat(said[key])
    except ValueError:
        raise refuse(f"has `@{key}` `{said[key]}`, which is no day", "YYYY-MM-DD") from None
