# SPDX-License-Identifier: Apache-2.0
"""The rules in force on a day, as a document that a product team can follow and a lawyer can check.

Each rule stands once: under using data, or under sharing it, as its own conditions say (`conditions.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import get_args

from comity.jurisdictions.conditions import shares, tables_of
from comity.jurisdictions.document import Block, Code, Document, Item, Items, Link, Paragraph, Run, Section, Target
from comity.jurisdictions.pack import Confidence, Fact, Pack, Rule
from comity.jurisdictions.plain import Language, Words
from comity.jurisdictions.vocab import Vocabulary

PHASES = {"pre": ("pre",), "in_flight": ("in_flight", "output"), "post": ("post",), "organisational": ("organisational",)}
"""Headings of what is owed, and the phases that stand under each."""


def guidelines(packs: Sequence[Pack], day: date, language: Language, vocabulary: Vocabulary) -> Document:
    """One part for each pack; of a single pack, that part alone."""
    words = Words(language)
    parts = [tuple(_Part(pack, day, words, vocabulary).blocks()) for pack in packs]
    title = words.said("title", packs=words.said("comma").join(map(words.pack, packs)))
    if len(parts) == 1:
        return Document(title, language, parts[0])
    return Document(title, language, tuple(Section(words.pack(pack), part) for pack, part in zip(packs, parts, strict=True)))


class _Part:
    """What one pack says."""

    def __init__(self, pack: Pack, day: date, words: Words, vocabulary: Vocabulary) -> None:
        self._pack, self._day, self._words, self._vocabulary = pack, day, words, vocabulary
        self._rules = [rule for rule in pack.rules if rule.valid_on(day)]
        self._read = frozenset().union(*map(tables_of, self._rules))
        self._cited: dict[str, None] = {}  # as they were shown

    def blocks(self) -> Iterator[Block]:
        yield from self._opening()
        yield self._who()
        for sharing in (False, True):
            section = self._about(sharing)
            if section.blocks:
                yield section
        yield from self._terms()
        yield from self._tables()
        yield self._changes()
        yield self._sources()
        yield from self._further()
        yield self._checked()

    # -- before the rules ----------------------------------------------------------------------------------------

    def _opening(self) -> Iterator[Block]:
        head, words = self._pack.head, self._words
        if head.depth == "sketch":
            yield self._paragraph("sketch")
        if self._day > head.horizon:
            yield self._paragraph("past_horizon", day=words.day(self._day), horizon=words.day(head.horizon))
        yield self._paragraph("as_of", day=words.day(self._day), pack=self._pack.name)
        yield self._paragraph("reviewed", names=words.listed(head.reviewed_by)) if head.reviewed_by else self._paragraph("no_advice")
        if not all(map(words.speaks, self._rules)):
            yield self._paragraph("english_only")
        if not any(rule.action == "process" for rule in self._rules):
            yield self._paragraph("nothing")

    def _who(self) -> Section:
        head, words = self._pack.head, self._words
        blocks: list[Block] = [
            self._paragraph("who_any", regions=words.listed(map(words.region, head.regions))),
            Items(tuple(Item((words.sentence(words.applies(name)),)) for name in head.applies)),
        ]
        if head.not_covered:
            blocks.append(self._paragraph("not_covered", regions=words.listed(map(words.region, head.not_covered))))
        return Section(words.said("who"), tuple(blocks))

    # -- the rules -----------------------------------------------------------------------------------------------

    def _about(self, sharing: bool) -> Section:
        rules = [rule for rule in self._rules if rule.action != "define" and shares(rule, self._pack) is sharing]
        blocks: list[Block] = []
        for kind in ("grounds", "forbids", "escalations"):
            found = [rule for rule in rules if rule.action == "process" and _kind(rule) == kind]
            if found:
                about = self._paragraph(f"{kind}_about")
                blocks.append(Section(self._words.said(kind), (about, Items(tuple(map(self._entry, found))))))
        owed = [(heading, [rule for rule in rules if self._phase(rule) in phases]) for heading, phases in PHASES.items()]
        parts = tuple(Section(self._words.said(heading), (Items(tuple(map(self._entry, found))),)) for heading, found in owed if found)
        if parts:
            blocks.append(Section(self._words.said("owes"), parts))
        if blocks and sharing:
            blocks.insert(0, self._paragraph("sharing_about"))
        return Section(self._words.said("sharing" if sharing else "using"), tuple(blocks))

    def _entry(self, rule: Rule) -> Item:
        """What a rule says, what it rests on, and what would change a refusal."""
        words = self._words
        until = self._aside("until", rule.valid_to) if rule.valid_to is not None else ""
        ways = words.said("either").join(map(words.remedy, rule.remedies))
        below = [Item((words.sentence(words.said("remedy", list=ways)),))] if ways else []
        return Item((words.sentence(words.rule(rule)), " ", Code(rule.id), until), (*below, self._rests_on(rule.facts)))

    def _terms(self) -> Iterator[Section]:
        words = self._words
        rules = [rule for rule in self._rules if rule.action == "define"]
        entries = []
        for rule in rules:
            name, entry = words.term(self._pack, rule.term), self._entry(rule)
            entries.append(Item((Target(name, self._anchor(rule.id)), words.said("colon"), *entry.runs), entry.items))
        if entries:
            yield Section(words.said("terms"), (Items(tuple(entries)),))

    def _tables(self) -> Iterator[Section]:
        words, entries = self._words, []
        for name, table in self._pack.tables.items():
            standing = table.values[table.on(self._day)]
            if standing.since <= self._day or name in self._read:  # the first value counts before its day too
                when = self._aside("since" if standing.since <= self._day else "counts_before", standing.since)
                text = words.sentence(words.table(self._pack, name, standing.value))
                entries.append(Item((text, when), (self._rests_on((table.fact,)),)))
        if entries:
            yield Section(words.said("tables"), (Items(tuple(entries)),))

    def _changes(self) -> Section:
        words, horizon = self._words, self._pack.head.horizon
        found: list[tuple[date, Item]] = []

        def note(key: str, day: date, text: str, facts: Iterable[str], rule: str = "") -> None:
            said = words.sentence(words.said(key, day=words.day(day), text=text))
            found.append((day, Item((said, *((" ", Code(rule)) if rule else ())), (self._rests_on(facts),))))

        for rule in self._pack.rules:
            if rule.valid_from is not None and self._day < rule.valid_from <= horizon:
                note("begins", rule.valid_from, words.rule(rule), rule.facts, rule.id)
            if rule.valid_to is not None and rule.valid_on(self._day) and rule.valid_to <= horizon:
                note("ends", rule.valid_to, words.rule(rule), rule.facts, rule.id)
        for name, table in self._pack.tables.items():
            for dated in table.values:
                if self._day < dated.since <= horizon:
                    note("begins", dated.since, words.table(self._pack, name, dated.value), (table.fact,))
        found.sort(key=lambda change: change[0])
        about = self._paragraph("changes_about" if found else "no_changes", day=words.day(self._day), horizon=words.day(horizon))
        blocks: list[Block] = [about, Items(tuple(item for _, item in found))] if found else [about]
        if self._day <= horizon:
            blocks.append(self._paragraph("horizon", horizon=words.day(horizon)))
        return Section(words.said("changes"), tuple(blocks))

    # -- what they rest on ---------------------------------------------------------------------------------------

    def _sources(self) -> Section:
        words = self._words
        cited = [fact for fact in self._pack.facts.values() if fact.id in self._cited]
        blocks: list[Block] = [self._paragraph("sources_about")]
        if words.said("summaries"):
            blocks.append(self._paragraph("summaries"))
        return Section(words.said("sources"), (*blocks, Items(tuple(map(self._source, cited)))))

    def _further(self) -> Iterator[Section]:
        words = self._words
        rest = [
            fact for fact in self._pack.facts.values()
            if fact.id not in self._cited and (fact.effective or date.min) <= self._day <= (fact.effective_to or date.max)
        ]  # fmt: skip
        if rest:
            yield Section(words.said("further"), (self._paragraph("further_about"), Items(tuple(map(self._source, rest)))))

    def _source(self, fact: Fact) -> Item:
        words = self._words
        runs: list[Run] = [Target(words.citation(fact), self._anchor(fact.id)), " ", Code(fact.id)]
        if fact.effective is not None:
            runs.append(self._aside("since", fact.effective))
        below: list[tuple[Run, ...]] = []
        if not words.said("summaries"):  # summaries and notes are in English only
            below.append((fact.summary,))
        if fact.quote:
            below.append((words.said("quote", quote=fact.quote),))
        below.append((words.sentence(words.said("read", confidence=words.confidence(fact.confidence))),))
        below.append((words.said("read_at"), Code(fact.source)))
        if fact.note and not words.said("summaries"):
            below.append((words.said("note", note=fact.note),))
        return Item(tuple(runs), tuple(map(Item, below)))

    def _checked(self) -> Section:
        head, words = self._pack.head, self._words
        said = [self._paragraph("reviewed", names=words.listed(head.reviewed_by)) if head.reviewed_by else self._paragraph("no_advice")]
        said.append(self._paragraph(f"depth_{head.depth}"))
        said.append(self._paragraph("read_through", day=words.day(head.verified_through), horizon=words.day(head.horizon)))
        if words.note(self._pack):
            said.append(Paragraph((words.said("note", note=words.note(self._pack)),)))
        counts = Counter(self._pack.facts[name].confidence for name in self._cited)
        said.append(self._paragraph("confidence", n=str(counts.total())))
        rows = [
            Item((words.sentence(words.said("counted", n=str(counts[name]), confidence=words.confidence(name))),))
            for name in get_args(Confidence) if counts[name]
        ]  # fmt: skip
        last = [self._paragraph("quotes_mirrored")] if any(self._pack.facts[name].quote for name in self._cited) else []
        last.append(self._paragraph("digest", pack=self._pack.name, digest=self._pack.digest))
        return Section(words.said("checked"), (*said, Items(tuple(rows)), *last))

    # -- small things --------------------------------------------------------------------------------------------

    def _paragraph(self, key: str, **values: str) -> Paragraph:
        return Paragraph((self._words.said(key, **values),))

    def _phase(self, rule: Rule) -> str:
        return self._vocabulary.phase_of(rule.obligation) if rule.obligation else ""

    def _anchor(self, fact: str) -> str:
        return f"{self._pack.head.id}.{fact}"

    def _aside(self, key: str, day: date) -> str:
        """When, in brackets."""
        return self._words.said("brackets", text=self._words.said(key, day=self._words.day(day)))

    def _rests_on(self, facts: Iterable[str]) -> Item:
        """Each a link to its source."""
        runs: list[Run] = [self._words.said("rests_on")]
        for at, name in enumerate(facts):
            self._cited[name] = None
            runs += [self._words.said("semicolon")] if at else []
            runs.append(Link(self._words.citation(self._pack.facts[name]), self._anchor(name)))
        return Item(tuple(runs))


def _kind(rule: Rule) -> str:
    if rule.effect == "permit":
        return "grounds"
    return "escalations" if rule.escalates else "forbids"
