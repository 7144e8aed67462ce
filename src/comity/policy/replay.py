# SPDX-License-Identifier: Apache-2.0
"""Recorded facts decided again, under the law of another day or under other packs: what flips, by which rule, in how many records.

The facts stay what the record says, and so does the evidence that was in force: an allow whose obligations neither code nor that
evidence meets is a denial, as it would be in the gateway.  Where a line has no `evidence`, law is compared with law: what an allow owes
is told, and which of that no code meets; a recorded denial for want of evidence alone then says nothing, and the law of its own day
stands for it.
Each distinct judgement is decided once and counted by its records, so the memory this takes is that of the distinct ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence, Set
from datetime import date
from typing import Annotated, NamedTuple

import msgspec

from comity.errors import CallerError
from comity.jurisdictions.vocab import Vocabulary, bare
from comity.policy.decision import Citation, Decision, Effect, Reason
from comity.policy.discharge import UNDISCHARGED, hold
from comity.policy.engine import Engine
from comity.policy.facts import Facts
from comity.policy.reading import facts_of, located, misshapen
from comity.policy.words import checked

BATCH = 256
PLACES_MAX = 256  # of one record: more is no catalog, and one record may not hold a gateway up
EXAMPLES_MAX = 5
SILENCE = "no-rule"
SEE = "see docs/howto/replay-under-another-law.md"
_NONE = msgspec.Raw(b"")


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One recorded judgement, or several that are alike.  ``facts``: as a record has them (shared once, then `providers`), or with one
    `provider`; beside each provider, the `evidence` in force.  ``decision``: as a record has it; without one, what was decided is what
    the law says on the facts' own day."""

    id: str = ""
    n: Annotated[int, msgspec.Meta(ge=1)] = 1  # records
    facts: msgspec.Raw
    decision: msgspec.Raw = _NONE


_line = msgspec.json.Decoder(Line).decode


def line_of(raw: bytes, where: str) -> Line:
    """Raises CallerError."""
    try:
        return _line(raw)
    except msgspec.ValidationError as error:
        raise located(misshapen(error, Line, "record"), where) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CallerError(f"{where}: is not JSON", code="facts.invalid", field=where, hint="one record a line; " + SEE) from None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Places that are decided otherwise, for the same reasons.  Effects that are the same: an allow, on other terms."""

    before: Effect
    after: Effect
    was: tuple[Reason, ...] = ()
    now: tuple[Reason, ...] = ()
    owed: tuple[str, ...] = ()  # of an allow, and not before
    owed_no_more: tuple[str, ...] = ()
    needs_evidence: tuple[str, ...] = ()  # of what is owed: met by no code, where the record says of no evidence
    citations: tuple[Citation, ...] = ()
    deployments: tuple[str, ...] = ()
    records: int = 0
    distinct: int = 0
    examples: tuple[str, ...] = ()

    @property
    def flips(self) -> bool:
        return self.before is not self.after


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule flips: it stands against what is decided now, or stood against what was decided before and is allowed now."""

    rule: str
    pack: str
    text: str
    before: Effect
    after: Effect
    records: int = 0
    distinct: int = 0


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    as_of: date | None  # None: each on its own day
    packs: tuple[str, ...]  # that were asked
    sketches: tuple[str, ...]  # of those asked before or after: no more than a sketch
    records: int
    distinct: int
    flipped: int  # records with a place that flips
    before: dict[str, int]  # records by effect: allow, if any place is allowed
    after: dict[str, int]
    flips: tuple[Change, ...]  # the most frequent first
    terms: tuple[Change, ...]  # allowed before and after, on other terms
    rules: tuple[Flip, ...] = ()  # the same flips by the rules that make them; a record that two rules flip counts for both


class _Case(NamedTuple):
    facts: Facts
    evidence: frozenset[str] | None  # None: nobody said
    recorded: Decision | None


class _Row(Decision, frozen=True, kw_only=True):
    deployment: str


class _Recorded(msgspec.Struct, frozen=True, kw_only=True):
    candidates: tuple[_Row, ...]


class _Tally:
    """One distinct judgement; ``line`` until it is decided."""

    __slots__ = ("after", "before", "changes", "examples", "line", "records", "where")

    def __init__(self, line: Line, where: str) -> None:
        self.line: Line | None = line
        self.where = where
        self.records = 0
        self.examples: list[str] = []
        self.before = self.after = Effect.DENY
        self.changes: tuple[tuple[Change, tuple[str, ...]], ...] = ()


class Replay:
    """`add` each line, then ask for the `result`.

    ``law`` is asked on ``as_of`` (None: each on its own day); ``standing``, the law as it is held now, decides what was decided where
    no record says it.  ``dischargers``: obligations that code meets.
    """

    def __init__(self, *, law: Engine, standing: Engine, as_of: date | None, vocabulary: Vocabulary, dischargers: Set[str]) -> None:
        self._law, self._standing, self._as_of = law, standing, as_of
        self._vocabulary, self._dischargers = vocabulary, dischargers
        self._tallies: dict[bytes, _Tally] = {}
        self._waiting: list[_Tally] = []
        self._asked_before: set[str] = set()
        self._asked: set[str] = set()
        self._sketches = {pack.name for pack in (*law.packs, *standing.packs) if pack.head.depth == "sketch"}

    def add(self, line: Line, where: str) -> None:
        """``where`` names the line in errors.  Raises CallerError, at the latest when the line's batch is decided."""
        digest = hashlib.blake2b(line.facts, digest_size=16)
        digest.update(b"\0")  # stands in no JSON
        digest.update(line.decision)
        key = digest.digest()
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = _Tally(line, where)
            self._waiting.append(tally)
            if len(self._waiting) >= BATCH:
                self.settle()
        tally.records += line.n
        if len(tally.examples) < EXAMPLES_MAX:
            tally.examples.append(line.id or where)

    def settle(self) -> None:
        """Decides what waits."""
        waiting, self._waiting = self._waiting, []
        cases = [self._cases(tally) for tally in waiting]
        flat = [case for row in cases for case in row]
        unsaid = [case for case in flat if case.recorded is None]
        after = iter(self._held(self._law.decide_many([self._moved(case.facts) for case in flat]), flat))
        before = iter(self._held(self._standing.decide_many([case.facts for case in unsaid]), unsaid))
        for tally, row in zip(waiting, cases, strict=True):
            decided = [(case, case.recorded or next(before), next(after)) for case in row]
            tally.before = _overall(was.effect for _, was, _ in decided)
            tally.after = _overall(now.effect for _, _, now in decided)
            for _, was, now in decided:
                self._asked_before.update(was.packs)
                self._asked.update(now.packs)
            tally.changes = self._changed(decided)
            tally.line = None

    def result(self) -> Replayed:
        self.settle()
        found: dict[Change, tuple[set[str], list[int], list[str]]] = {}
        before, after = dict.fromkeys(map(str, Effect), 0), dict.fromkeys(map(str, Effect), 0)
        flipped, by_rule = 0, dict[Flip, list[int]]()
        for tally in self._tallies.values():
            before[tally.before] += tally.records
            after[tally.after] += tally.records
            flipped += tally.records * any(change.flips for change, _ in tally.changes)
            for flip in {flip for change, _ in tally.changes if change.flips for flip in _flips(change)}:
                by_rule.setdefault(flip, []).append(tally.records)
            for change, deployments in tally.changes:
                places, counted, examples = found.setdefault(change, (set(), [], []))
                places.update(deployments)
                counted.append(tally.records)
                examples += tally.examples
        changes = sorted(
            (msgspec.structs.replace(change, deployments=tuple(sorted(places)), records=sum(counted), distinct=len(counted),
                                     examples=tuple(examples[:EXAMPLES_MAX])) for change, (places, counted, examples) in found.items()),
            key=lambda change: -change.records,
        )  # fmt: skip
        return Replayed(
            as_of=self._as_of, packs=tuple(sorted(self._asked)),
            sketches=tuple(sorted(self._sketches & (self._asked | self._asked_before))),
            records=sum(tally.records for tally in self._tallies.values()), distinct=len(self._tallies), flipped=flipped,
            before=before, after=after, flips=tuple(change for change in changes if change.flips),
            terms=tuple(change for change in changes if not change.flips),
            rules=tuple(
                msgspec.structs.replace(flip, records=sum(counted), distinct=len(counted))
                for flip, counted in sorted(by_rule.items(), key=lambda each: (-sum(each[1]), each[0].rule))
            ),
        )  # fmt: skip

    def _moved(self, facts: Facts) -> Facts:
        return facts if self._as_of is None else msgspec.structs.replace(facts, as_of=self._as_of)

    def _held(self, decisions: Iterable[Decision], cases: Iterable[_Case]) -> list[Decision]:
        return [
            made if case.evidence is None else hold(made, self._dischargers, case.evidence, self._vocabulary)
            for made, case in zip(decisions, cases, strict=True)
        ]

    def _cases(self, tally: _Tally) -> list[_Case]:
        assert tally.line is not None
        try:
            places = _places(tally.line.facts)
            for facts, evidence in places:
                checked(facts, self._vocabulary)
                self._known(evidence or frozenset())
            recorded = _decisions(tally.line.decision, places)
            return [_Case(facts, evidence, made) for (facts, evidence), made in zip(places, recorded, strict=True)]
        except CallerError as error:
            raise located(error, tally.where) from None

    def _known(self, evidence: Iterable[str]) -> None:
        for kind in sorted(evidence):
            if not self._vocabulary.is_evidence(kind):
                near = self._vocabulary.nearest_evidence(kind)
                raise CallerError(
                    f"facts.evidence: `{kind}` is no kind of evidence", code="facts.invalid", field="evidence",
                    hint=f"did you mean `{near}`?" if near else "see docs/reference/configuration.md for the kinds",
                )  # fmt: skip

    def _changed(self, decided: Iterable[tuple[_Case, Decision, Decision]]) -> tuple[tuple[Change, tuple[str, ...]], ...]:
        out: dict[Change, list[str]] = {}
        for case, before, after in decided:
            change = between(before, after, self._dischargers if case.evidence is None else None)
            if change is not None:
                out.setdefault(change, []).append(case.facts.provider.id)
        return tuple((change, tuple(deployments)) for change, deployments in out.items())


def between(before: Decision, after: Decision, dischargers: Set[str] | None = None) -> Change | None:
    """None where nothing differs but words.  ``dischargers``, where nobody says which evidence there is: what no code meets is told."""
    had, has = {duty.id: duty for duty in before.obligations}, {duty.id: duty for duty in after.obligations}
    owed = [has[name] for name in sorted(has.keys() - had.keys())]
    owed_no_more = [had[name] for name in sorted(had.keys() - has.keys())] if after.effect is Effect.ALLOW else []
    was: tuple[Reason, ...] = ()
    now: tuple[Reason, ...] = ()
    if before.effect is not after.effect:
        was, now = _speaking(before, after), _speaking(after, before)
    elif not owed and not owed_no_more:
        return None
    cited = {reason.fact for reason in (*was, *now)} | {fact for duty in (*owed, *owed_no_more) for fact in duty.facts}
    citations = {each.fact: each for each in (*before.citations, *after.citations) if each.fact in cited}
    return Change(
        before=before.effect, after=after.effect, was=was, now=now, owed=tuple(duty.id for duty in owed),
        owed_no_more=tuple(duty.id for duty in owed_no_more),
        needs_evidence=tuple(duty.id for duty in owed if dischargers is not None and bare(duty.id) not in dischargers),
        citations=tuple(citations[fact] for fact in sorted(citations)),
    )  # fmt: skip


def _flips(change: Change) -> Iterable[Flip]:
    for reason in change.now or change.was:
        yield Flip(rule=reason.rule or reason.fact, pack=reason.pack, text=reason.text, before=change.before, after=change.after)


def _speaking(decision: Decision, other: Decision) -> tuple[Reason, ...]:
    """What stands against it.  The grounds of an allow are told only where the other is silent: there they are what came or lapsed."""
    if decision.effect is Effect.ALLOW and all(reason.fact != SILENCE for reason in other.reasons):
        return ()
    return decision.reasons


def _overall(effects: Iterable[Effect]) -> Effect:
    """Of a request with several places: allowed, if any is."""
    found = set(effects)
    return next((effect for effect in (Effect.ALLOW, Effect.ESCALATE) if effect in found), Effect.DENY)


_Place = tuple[Facts, frozenset[str] | None]


def _places(raw: msgspec.Raw) -> list[_Place]:
    """Facts for each place, and the evidence that was in force for it; None where nobody said."""
    tree = _json(raw, "facts")
    if isinstance(tree, dict) and isinstance(tree.get("providers"), list):
        shared = {name: value for name, value in tree.items() if name != "providers"}
        rows = tree["providers"]
        if not all(isinstance(row, dict) for row in rows):
            raise CallerError("facts.providers: expected objects", code="facts.invalid", field="providers", hint=SEE)
        if len(rows) > PLACES_MAX:
            raise CallerError(
                f"facts.providers: {len(rows)} places in one record", code="facts.invalid", field="providers", hint=f"at most {PLACES_MAX}"
            )
        return [_place(shared | row) for row in rows]
    return [_place(tree)]


def _place(tree: object) -> _Place:
    if not isinstance(tree, dict) or "evidence" not in tree:
        return facts_of(tree), None
    evidence = tree["evidence"]
    if not isinstance(evidence, list) or not all(isinstance(kind, str) for kind in evidence):
        raise CallerError("facts.evidence: expected words", code="facts.invalid", field="evidence", hint=SEE)
    return facts_of({name: value for name, value in tree.items() if name != "evidence"}), frozenset(evidence)


def _decisions(raw: msgspec.Raw, places: Sequence[_Place]) -> Sequence[Decision | None]:
    tree = _json(raw, "decision") if bytes(raw) else None
    if tree is None:
        return [None] * len(places)
    try:
        rows = msgspec.convert(tree, _Recorded).candidates
    except msgspec.ValidationError as error:
        raise misshapen(error, _Recorded, "decision") from None
    if [row.deployment for row in rows] != [facts.provider.id for facts, _ in places]:
        raise CallerError(
            "decision.candidates: not one for each provider of the facts, in their order", code="facts.invalid",
            field="decision.candidates", hint="leave `decision` out, and the law of the facts' own day stands for it",
        )  # fmt: skip
    return [None if evidence is None and _for_want_of_evidence(row) else row for row, (_, evidence) in zip(rows, places, strict=True)]


def _for_want_of_evidence(decision: Decision) -> bool:
    return bool(decision.reasons) and all(reason.rule.startswith(UNDISCHARGED) for reason in decision.reasons)


def _json(raw: msgspec.Raw, what: str) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CallerError(f"{what}: is not JSON", code="facts.invalid", field=what, hint="one JSON object") from None
