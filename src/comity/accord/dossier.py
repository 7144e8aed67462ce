# SPDX-License-Identifier: Apache-2.0
"""Drafts of what a regulator asks for: each statement with its source, and each thing that Comity cannot know as a marked question.

It is a function of what was gathered, the packs and a template: the same facts make the same document, to the letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import msgspec

from comity.accord.dossier_facts import (
    Article,
    Catalog,
    Configured,
    Counted,
    Facts,
    Gathered,
    Logged,
    Named,
    Program,
    Register,
    Source,
    Value,
)
from comity.accord.dossier_template import NAME, Pair, Part, Section, Statement, Template, said
from comity.accord.evidence import EVERYWHERE
from comity.jurisdictions import document as tree
from comity.jurisdictions.document import Code, Document, Item, Items, Link, OpenQuestion, Paragraph, Run, Target
from comity.jurisdictions.pack import WEAK, Fact, Pack
from comity.jurisdictions.plain import LANGUAGES, Language, Words
from comity.jurisdictions.vocab import Vocabulary


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    id: str  # where it stands in the document
    text: str


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    jurisdiction: str
    as_of: date
    packs: tuple[str, ...]
    statements: int  # that have a source
    questions: tuple[Asked, ...]  # that somebody must answer
    document: Document


def drafted(
    template: Template, packs: tuple[Pack, ...], parts: Iterable[Part], gathered: Gathered, language: Language, vocabulary: Vocabulary
) -> Dossier:
    return _Draft(template, packs, gathered, language, vocabulary).dossier(tuple(parts))


class _Draft:
    def __init__(self, template: Template, packs: tuple[Pack, ...], gathered: Gathered, language: Language, vocabulary: Vocabulary) -> None:
        self._template, self._packs, self._is = template, packs, gathered
        self._words, self._at, self._between = Words(language), LANGUAGES.index(language), said()
        self._facts = Facts(gathered, packs, self._words, self._said, vocabulary)
        self._held: Mapping[str, tuple[Pack, Fact]] = {name: (pack, fact) for pack in packs for name, fact in pack.facts.items()}
        self._cited: dict[Source, str] = {}  # and where it stands among the sources
        self._questions: list[Asked] = []
        self._statements = 0

    def dossier(self, parts: tuple[Part, ...]) -> Dossier:
        told = tuple(tree.Section(self._pick(part.title), tuple(self._part(part))) for part in parts)
        sources = self._sources()  # before what is still asked: an article that nobody read is asked about there
        blocks: tuple[tree.Block, ...] = (*self._opening(), *told, self._asked_again(), sources)
        return Dossier(
            jurisdiction=self._template.jurisdiction, as_of=self._is.day, packs=tuple(pack.name for pack in self._packs),
            statements=self._statements, questions=tuple(self._questions),
            document=Document(self._pick(self._template.title), self._words.language, blocks),
        )  # fmt: skip

    # -- parts -----------------------------------------------------------------------------------------------------

    def _opening(self) -> Iterator[Paragraph]:
        words, head = self._words, self._packs[0].head
        yield self._line("draft")
        yield self._line("as_of", day=words.day(self._is.day), packs=words.listed(pack.name for pack in self._packs))
        yield self._line("counts", statements=str(self._statements), questions=str(len(self._questions)))
        if self._is.day > head.horizon:
            yield self._line("past_horizon", day=words.day(self._is.day), horizon=words.day(head.horizon))
        for pack in self._packs:
            if pack.head.reviewed_by:
                yield self._line("reviewed", pack=words.pack(pack), names=words.listed(pack.head.reviewed_by))
            else:
                yield self._line("not_reviewed", pack=words.pack(pack))

    def _part(self, part: Part) -> Iterator[tree.Block]:
        yield Paragraph((self._pick(part.about),))
        for section in part.sections:
            items = tuple(self._section(section))
            if items:
                yield tree.Section(self._pick(section.title), (Items(items),))

    def _section(self, section: Section) -> Iterator[Item]:
        for statement in section.statements:
            if not statement.each:
                yield self._one(statement, {})
                continue
            items = list(self._facts.items(statement.each))
            yield from (self._one(statement, item) for item in items)
            if not items and statement.none[0]:
                sources = (*self._articles(statement), *self._facts.from_(statement.each))
                yield self._stated(self._fill(statement.none, {}), statement, sources)

    def _one(self, statement: Statement, item: Named) -> Item:
        """What is said, or else asked."""
        values: dict[str, Value] = {**self._facts.general, **item}
        if statement.needs:
            values["shown"] = self._facts.shown(statement.needs, item["id"].text if "id" in item else EVERYWHERE)
        named = dict.fromkeys((*NAME.findall(statement.say[0]), *(("shown",) if statement.needs else ())))
        sources: list[Source] = [*self._articles(statement)]
        for name in named:
            sources += values[name].sources
        if statement.say[0] and all(values[name].text for name in named):
            return self._stated(self._fill(statement.say, values), statement, sources)
        names = (*NAME.findall(statement.ask[0]), *(name for name in named if not values[name].text))
        known = [source for name in names for source in values[name].sources]
        return self._asked(self._fill(statement.ask, values), statement, [*self._articles(statement), *known])

    def _stated(self, text: str, statement: Statement, sources: Iterable[Source]) -> Item:
        self._statements += 1
        return Item((self._dated(text, statement),), self._resting_on(sources))

    def _asked(self, text: str, statement: Statement, sources: Iterable[Source]) -> Item:
        return Item((self._question(self._dated(text, statement)),), self._resting_on(sources, "concerns"))

    def _question(self, text: str) -> OpenQuestion:
        made = Asked(id=f"q{len(self._questions) + 1}", text=text)
        self._questions.append(made)
        return OpenQuestion(self._said("question", n=str(len(self._questions)), text=text), made.id)

    def _dated(self, text: str, statement: Statement) -> str:
        """What an article asks that is not in force on the day is said to be of the day when it is."""
        facts, day, words = [self._held[name][1] for name in statement.cites], self._is.day, self._words
        begins = max((fact.effective for fact in facts if fact.effective is not None and fact.effective > day), default=None)
        if begins is not None:
            return self._said("begins", day=words.day(begins), text=text)
        ended = min((fact.effective_to for fact in facts if fact.effective_to is not None and fact.effective_to < day), default=None)
        return self._said("ended", day=words.day(ended), text=text) if ended is not None else text

    def _asked_again(self) -> tree.Section:
        items = tuple(Item((Link(self._said("number", n=asked.id[1:]), asked.id), " ", asked.text)) for asked in self._questions)
        about = self._line("questions_about" if items else "no_questions")
        return tree.Section(self._said("questions"), (about, Items(items)) if items else (about,))

    # -- sources -----------------------------------------------------------------------------------------------------

    def _articles(self, statement: Statement) -> Iterator[Article]:
        return (Article(self._held[name][0].head.id, name) for name in statement.cites)

    def _resting_on(self, sources: Iterable[Source], label: str = "source") -> tuple[Item, ...]:
        runs: list[Run] = []
        for source in dict.fromkeys(sources):
            to = self._cited.setdefault(source, f"s{len(self._cited) + 1}")
            runs += [self._words.said("semicolon") if runs else self._said(label), Link(self._short(source), to)]
        return (Item(tuple(runs)),) if runs else ()

    def _short(self, source: Source) -> str:
        if isinstance(source, Article):
            return self._words.citation(self._held[source.fact][1])
        if isinstance(source, Catalog):
            return self._said("catalog", partner=source.partner, of=self._said(f"of_{source.of}"), day=self._words.day(source.read))
        if isinstance(source, Configured):
            return self._said("configured", path=source.path)
        if isinstance(source, Register):
            return self._said("registered", n=str(source.number))
        if isinstance(source, Program):
            return self._said("program", obligation=source.obligation)
        if isinstance(source, Counted):
            return self._said("counted", counter=source.counter)
        return self._said("logged", since=self._words.day(source.since.date()), before=self._words.day(source.last))

    def _sources(self) -> tree.Section:
        items = tuple(Item((Target(self._short(source), to),), tuple(self._below(source))) for source, to in self._cited.items())
        return tree.Section(self._said("sources"), (self._line("sources_about"), Items(items)))

    def _below(self, source: Source) -> Iterator[Item]:
        words = self._words
        if isinstance(source, Article):
            fact = self._held[source.fact][1]
            if fact.effective is not None:
                yield Item((self._said("in_force", day=words.day(fact.effective)), " ", Code(fact.id)))
            if fact.quote:
                yield Item((words.said("quote", quote=fact.quote),))
            yield Item((words.sentence(words.said("read", confidence=words.confidence(fact.confidence))),))
            yield Item((words.said("read_at"), Code(fact.source)))
            if fact.confidence in WEAK:
                yield Item((self._question(self._said("unread", article=words.citation(fact))),))
        elif isinstance(source, Catalog):
            yield Item((self._said("says", text=source.says),))
            yield Item((words.said("read_at"), Code(source.url)))
        elif isinstance(source, Register):
            yield Item((self._said("document"), Code(source.document_sha256)))
        elif isinstance(source, Program):
            yield Item((self._said("does", text=source.does),))
        elif isinstance(source, Logged):
            key = "look_whole" if source.complete else "look_partial"
            yield Item((self._said(key, records=words.number(source.records)),))
            yield Item(
                (self._said("query"), Code(f"comity records export --from {source.since.isoformat()} --to {source.before.isoformat()}"))
            )

    # -- small things ------------------------------------------------------------------------------------------------

    def _pick(self, pair: Pair) -> str:
        return pair[self._at]

    def _fill(self, pair: Pair, values: Named) -> str:
        known = {**self._facts.general, **values}
        return NAME.sub(lambda found: known[found[1]].text, self._pick(pair))

    def _said(self, key: str, **values: str) -> str:
        return NAME.sub(lambda found: values[found[1]], self._pick(self._between[key]))

    def _line(self, key: str, **values: str) -> Paragraph:
        return Paragraph((self._said(key, **values),))
