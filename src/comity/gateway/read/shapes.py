# SPDX-License-Identifier: Apache-2.0
"""What the read API answers, as types: encoded from, and described by OpenAPI from, the same structs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from comity.jurisdictions.document import Document
from comity.policy.decision import Citation, Decision, Effect, Phase, Reason
from comity.policy.facts import Place
from comity.policy.ways import Way
from comity.routing.router import Known
from comity.transparency.ledger import Outcome
from comity.transparency.receipt import Receipt

Places = Annotated[tuple[str, ...], Meta(description="regions; `!CN` in a list: anywhere but there; `device`: it stayed with the person")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    pass


# -- decisions -------------------------------------------------------------------------------------------------------


class DecisionRow(Answer, frozen=True, kw_only=True):
    """One record: a refusal, or one attempt at one allowed place."""

    id: str  # of its receipt
    index: int  # its place in the log
    at: str  # cut to the minute
    request: str
    effect: Effect
    source: str  # region where the person was
    destination: Places
    deployment: str
    stand_in: bool
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    obligations: tuple[str, ...]
    packs: tuple[str, ...]
    plaintext_at: str
    level: str
    size_bucket: int
    retention_months: int | None
    status: Annotated[str, Meta(description="`ok`, an error's code, `refused` (never sent), or `open` (being answered, or killed)")]
    outcome: Outcome | None


class DecisionPage(Answer, frozen=True, kw_only=True):
    """The newest first.  A page may be short and have a next one: a look at many records ends before it has seen them all."""

    data: tuple[DecisionRow, ...]
    next: Annotated[str | None, Meta(description="path of the next page; null: this was the last")]
    after: Annotated[str | None, Meta(description="the cursor in `next`")]


class Cited(Citation, frozen=True, kw_only=True):
    """An article as its pack states it today; without text where no loaded pack has it any more."""

    summary: str = ""
    quote: str = ""


class Owed(Answer, frozen=True, kw_only=True):
    """An obligation, and how it was met."""

    id: str
    phase: Phase
    facts: tuple[str, ...]
    met_by: Literal["code", "evidence", "nobody"]
    how: Annotated[str, Meta(description="what this program does, or the kinds of evidence that were in force")]


class CandidateJudged(Answer, frozen=True, kw_only=True):
    """A deployment, and what the law said of it."""

    deployment: str
    effect: Effect
    reasons: tuple[Reason, ...]
    obligations: tuple[Owed, ...]
    remedies: tuple[str, ...]
    citations: tuple[Cited, ...]
    packs: tuple[str, ...]
    digest: str
    as_of: date


class Links(Answer, frozen=True, kw_only=True):
    bundle: str  # all that is needed to verify the receipt


class DecisionDetail(Answer, frozen=True, kw_only=True):
    decision: DecisionRow
    facts: Annotated[dict[str, Any], Meta(description="ids of the vocabulary; what the candidates share once, then `providers`")]
    candidates: tuple[CandidateJudged, ...]
    remedies: tuple[str, ...]
    ways: tuple[Way, ...]
    attempts: Annotated[tuple[DecisionRow, ...], Meta(description="every record of the same request, in order, this one among them")]
    receipt: Receipt
    links: Links


class Judgement(Decision, frozen=True, kw_only=True):
    deployment: str


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What a record has as its decision."""

    candidates: tuple[Judgement, ...] = ()
    remedies: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()


# -- deployments -----------------------------------------------------------------------------------------------------


class Said(Answer, frozen=True, kw_only=True):
    """Where a fact of the catalog was read, and when."""

    of: str
    url: str
    read: date
    says: str


class PriceRow(Answer, frozen=True, kw_only=True):
    """Of a million tokens, at the lowest tier."""

    currency: str
    input: float
    output: float
    source: Said | None  # null: the operator's own


class EvidenceRow(Answer, frozen=True, kw_only=True):
    kind: str
    from_: Literal["configuration", "register"] = msgspec.field(name="from")
    number: int | None  # of the register
    scope: str  # a deployment's id, or `*`
    state: Literal["valid", "not yet", "expired"]
    valid_from: date | None
    valid_to: Annotated[date | None, Meta(description="the last day; null: no end is named")]
    issuer: Annotated[str, Meta(description="who issued the document; empty where nobody said")]
    check: Annotated[Literal["signature", "register", "review", "unchecked"], Meta(description="how somebody made sure of it")]
    checked: Annotated[str, Meta(description="the check in words: whose signature, which number, who looked at what and when")]
    counts: Annotated[bool, Meta(description="false: this gateway asks for a check, and it has none")]


class DeploymentRow(Answer, frozen=True, kw_only=True):
    """As configured and checked against the catalog; never a key, nor where one is kept."""

    id: str
    provider: str
    partner: str
    dialect: str
    model: str
    region: str
    scope: str
    kind: str
    role: str
    operator_region: str | None
    covered_person: bool
    processing: Place
    storage: Place
    access: Place
    egress: str
    stand_in: bool
    plaintext_at: str
    context_tokens: int
    operations: frozenset[str]
    inputs: frozenset[str]
    evidence: tuple[EvidenceRow, ...]
    prices: tuple[PriceRow, ...]
    sources: tuple[Said, ...]
    health: Annotated[Known | None, Meta(description="what routing knows of it now; null: nothing yet")]


class DeploymentPage(Answer, frozen=True, kw_only=True):
    data: tuple[DeploymentRow, ...]


# -- packs -----------------------------------------------------------------------------------------------------------


class PackHead(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    version: str
    depth: Literal["deep", "sketch", "tenant"]
    regions: tuple[str, ...]
    applies: tuple[str, ...]
    not_covered: tuple[str, ...]
    verified_through: date
    horizon: date
    reviewed_by: tuple[str, ...]
    note: str
    rules: Annotated[int, Meta(description="in force on the day")]
    facts: int
    confidence: dict[str, int]
    digest: str


class PackPage(Answer, frozen=True, kw_only=True):
    as_of: date
    digest: Annotated[str, Meta(description="of all packs together, as receipts name it (`policy`)")]
    data: tuple[PackHead, ...]


class PackRule(Answer, frozen=True, kw_only=True):
    id: str
    kind: Literal["term", "owes", "ground", "escalates", "forbids"]
    about: Literal["sharing", "using"]
    facts: tuple[str, ...]
    owner: str
    text: str
    text_zh: str
    remedies: tuple[str, ...]
    obligation: str
    term: str
    valid_from: date | None
    valid_to: date | None


class PackFact(Answer, frozen=True, kw_only=True):
    id: str
    instrument: str
    article: str
    summary: str
    source: str
    confidence: str
    effective: date | None = None
    effective_to: date | None = None
    quote: str = ""
    text_sha256: str = ""
    note: str = ""


class PackTable(Answer, frozen=True, kw_only=True):
    name: str
    fact: str
    since: date
    value: int | tuple[str, ...]


class Coming(Answer, frozen=True, kw_only=True):
    """What of the pack changes on a day after the one asked about."""

    on: date
    what: Literal["rule begins", "rule ends", "table changes", "article begins", "article ends", "horizon"]
    id: str
    text: str
    text_zh: str = ""
    facts: tuple[str, ...] = ()


class PackDetail(Answer, frozen=True, kw_only=True):
    as_of: date
    pack: PackHead
    rules: tuple[PackRule, ...]
    tables: tuple[PackTable, ...]
    facts: Annotated[tuple[PackFact, ...], Meta(description="that the rules and tables in force rest on")]
    coming: tuple[Coming, ...]


class Word(Answer, frozen=True, kw_only=True):
    id: str
    en: str
    zh: str


class TimelineRow(Coming, frozen=True, kw_only=True):
    """``name``: of the pack.  Articles as the pack states them."""

    pack: str
    name: str
    citations: tuple[Cited, ...]


class Timeline(Answer, frozen=True, kw_only=True):
    after: date
    data: tuple[TimelineRow, ...]


class PackName(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    version: str


class Held(Answer, frozen=True, kw_only=True):
    """A rule by its id, with what it says and rests on; or what a table has: its number, or the table that a word stands in."""

    value: str
    text: str = ""
    text_zh: str = ""
    facts: tuple[str, ...] = ()


class Compared(Answer, frozen=True, kw_only=True):
    about: Word
    a: tuple[Held, ...]
    b: tuple[Held, ...]


class Comparison(Answer, frozen=True, kw_only=True):
    """``topics``: what `grounds` turn on, what would change what is `forbids` or `escalates`, `obligations`, and `tables` of numbers
    and words; each row with what the one and what the other law has of it."""

    as_of: date
    a: PackName
    b: PackName
    topics: dict[str, tuple[Compared, ...]]


class Guidelines(Answer, frozen=True, kw_only=True):
    """``document``: sections, paragraphs and lists of texts, codes, links and their targets, as `comity guidelines --json` has it."""

    as_of: date
    packs: tuple[str, ...]
    document: Document


class WordPage(Answer, frozen=True, kw_only=True):
    """``words``: by the member of the facts that they may stand in, or by what they are.  An obligation may have an amount (`{n}`)."""

    words: dict[str, tuple[Word, ...]]
    regions: tuple[Word, ...]


# -- the log, and aggregates -----------------------------------------------------------------------------------------


class WitnessRow(Answer, frozen=True, kw_only=True):
    """``signed``: when, of what is shown now; null: it has not."""

    name: str
    vkey: str
    signed: datetime | None


class PublishedHead(Answer, frozen=True, kw_only=True):
    """As configured, and what was shown last: a checkpoint with its witnesses' signatures, empty where there is none."""

    store: Annotated[Literal["nowhere", "directory", "objects"], Meta(description="where the tiles are put")]
    seconds: Annotated[float, Meta(description="how often")]
    fill: Annotated[int, Meta(description="random leaves fill the log up to a multiple of so many before it is shown")]
    quorum: int
    size: int
    checkpoint: str
    witnesses: Annotated[tuple[WitnessRow, ...], Meta(description="that are asked")]


class LogHead(Answer, frozen=True, kw_only=True):
    size: int
    origin: str
    key_id: str
    vkey: Annotated[str, Meta(description="to pin: `comity log verify --vkey`")]
    checkpoint: Annotated[str, Meta(description="the newest signed tree head; empty while nothing is recorded")]
    published: PublishedHead


class Consistency(Answer, frozen=True, kw_only=True):
    """That the tree of `old` leaves is the beginning of the one of `new` (RFC 9162, 2.1.4); ``checkpoint``: the head as it is now."""

    old: int
    new: int
    proof: Annotated[tuple[str, ...], Meta(description="base64")]
    checkpoint: str


class LogEntries(Answer, frozen=True, kw_only=True):
    """Salted hashes, one for each receipt, and random ones between (base64): all that the log says to whoever holds no receipt."""

    begin: int = msgspec.field(name="from")
    size: Annotated[int, Meta(description="of the log")]
    data: tuple[str, ...]


class ReportName(Answer, frozen=True, kw_only=True):
    name: str
    says: str
    href: str


class ReportPage(Answer, frozen=True, kw_only=True):
    data: tuple[ReportName, ...]


class ReportAnswer(Answer, frozen=True, kw_only=True):
    """``rows``: of the report's own columns.  ``cohort_min``: a number of persons below it is not told (null)."""

    name: str
    since: datetime = msgspec.field(name="from")
    before: datetime = msgspec.field(name="to")
    by: Literal["day", "hour"]
    records: int
    complete: Annotated[bool, Meta(description="false: there were more records than one report looks at, and `from` is the first of them")]
    cohort_min: int
    rows: tuple[dict[str, Any], ...]


class FlowRow(Answer, frozen=True, kw_only=True):
    """Records of one minute: refusals, and each attempt."""

    at: datetime
    source: str  # region where the person was
    destination: Places
    effect: Effect
    records: int


class FlowPage(Answer, frozen=True, kw_only=True):
    since: datetime = msgspec.field(name="from")
    before: datetime = msgspec.field(name="to")
    records: int
    complete: Annotated[bool, Meta(description="false: there is more than one answer looks at; `from` is the first minute that is told")]
    rows: tuple[FlowRow, ...]


class Sample(Answer, frozen=True, kw_only=True):
    name: str
    labels: dict[str, str]
    value: float | None


class MetricFamily(Answer, frozen=True, kw_only=True):
    name: str
    type: str
    help: str
    samples: tuple[Sample, ...]


class MetricPage(Answer, frozen=True, kw_only=True):
    """What `/metrics` says, of this process, as JSON."""

    data: tuple[MetricFamily, ...]
