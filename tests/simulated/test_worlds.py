# SPDX-License-Identifier: Apache-2.0
"""Worlds drawn at random, each run on a clock that jumps: whatever fails, is slow, leaves, is withdrawn or is configured anew meanwhile,
no byte reaches a place that the law does not allow, by the word of an engine that is asked again from the record alone."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.accord.evidence import Entry, encode
from comity.config import (
    BudgetConfig,
    Config,
    ControllerConfig,
    DeploymentConfig,
    PacksConfig,
    PriceConfig,
    RatesConfig,
    RoutingConfig,
    ServiceConfig,
)
from comity.errors import ComityError, ProviderFailure, StorageFailure
from comity.gateway import world as worlds
from comity.gateway.app import App
from comity.gateway.batch.line import Later
from comity.gateway.batch.line import asked as line_asked
from comity.gateway.callers import LOCAL
from comity.gateway.doors import CHAT
from comity.gateway.duties import DISCHARGERS
from comity.gateway.pipeline import Call, Pipeline
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.decision import Effect
from comity.policy.discharge import hold
from comity.policy.engine import Engine
from comity.policy.reading import facts_of
from comity.ports import SystemSecrets
from comity.privacy.guard import Guard
from comity.providers.base import Answer, Deployment
from comity.storage.state import State
from comity.transparency.ledger import Ledger, _End, _New
from comity.transparency.log_key import Shared, signer_of
from comity.wire.batch import Line
from comity.wire.chat import ChatRequest
from comity.wire.decode import decode_chat
from tests.fakes import SeededRandom
from tests.simulated.inline import Disk, Inline
from tests.simulated.worlds import _stream, _whole, config, deployment, subject, volumes
from tests.virtual import run

PHONE = "13812345678"
TEXTS = ("hello", f"call {PHONE}", "my passport is E12345678, I am HIV positive", "salut, né le 3 mai 1980")
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
BEGAN = MIDNIGHT - timedelta(seconds=4)
WRITES_SECONDS_MAX = 2.0
"""As long as a decision may be on its way from the law to the partner: all that is written for it, behind all that others write."""
DECLARED = ("assessment:cn_pipia", "notice:cross_border_recipient", "notice:sensitive_necessity")
PRICE = PriceConfig(currency="USD", input=1.0, output=1.0)
CEILING = 8_000  # millionths: five or six requests of this size at once


class Fate(NamedTuple):
    """What a place does with one request."""

    seconds: float
    kind: str = ""
    status: int = 0
    pause: float = 0.0  # between two pieces of its answer


class Ask(NamedTuple):
    after: float
    location: str
    consent: str
    person: int
    text: str
    stream: bool
    leaves: float | None  # the caller waits no longer than that
    batch: bool = False  # it is a line of one


class Law(NamedTuple):
    """What a configuration says."""

    packs: tuple[str, ...]
    public: bool
    established: frozenset[str]
    declared: frozenset[str]
    places: tuple[tuple[frozenset[str], tuple[str, ...]], ...]
    people: int
    routing: dict[str, Any]
    device: bool

    def config(self) -> Config:
        made: list[DeploymentConfig] = [
            deployment(f"p{n}", where, evidence=tuple(sorted(set(own))), price=PRICE, concurrency_max=n % 3)
            for n, (where, own) in enumerate(self.places)
        ]
        return config(
            *made, *([DeploymentConfig(id="device", provider="embedded", evidence=("cn_genai",))] if self.device else []),
            packs=PacksConfig(enabled=self.packs), service=ServiceConfig(public=self.public), evidence=tuple(sorted(self.declared)),
            controller=ControllerConfig(name="Example Ltd", established=self.established), volumes=volumes(cn_ytd_pi=self.people),
            routing=RoutingConfig(backoff_seconds=0.05, open_seconds=0.5, **self.routing),
        )  # fmt: skip


class Moment(NamedTuple):
    """Something that happens to the world."""

    after: float
    what: str  # add, withdraw, reload
    scope: int = 0


WHOLE = ("processor_contract", "cn_genai")
OWN = (WHOLE, WHOLE, WHOLE, ("processor_contract", "cn_genai:2026-11-23"), (*WHOLE, "cac_scc"), ("processor_contract",), ())
EVERYWHERE = tuple((frozenset({each}), WHOLE) for each in ("CN", "DE", "US"))  # so that most of what is asked has somewhere to go
PLACES = st.lists(
    st.tuples(st.sampled_from([frozenset({each}) for each in ("CN", "CN", "DE", "US", "SG")]), st.sampled_from(OWN)), min_size=1, max_size=3
).map(lambda drawn: (*drawn, *EVERYWHERE))
LAWS = st.builds(
    Law,
    packs=st.sampled_from((*[("cn", "eea", "us", "sg")] * 4, ("cn", "eea", "us"), ("cn", "us"), ("cn",), ("eea", "us"))),
    public=st.booleans(), established=st.sampled_from((frozenset({"US"}), frozenset({"US"}), frozenset({"CN"}), frozenset({"DE", "US"}))),
    declared=st.sampled_from((frozenset(DECLARED), frozenset(DECLARED), frozenset(DECLARED[1:]), frozenset())), places=PLACES,
    people=st.sampled_from((0, 0, 99_998, 150_000)),
    routing=st.fixed_dictionaries(
        {"balance": st.sampled_from(("order", "weighted", "latency")), "attempts_max": st.integers(2, 6), "rounds_max": st.integers(1, 3),
         "hedge": st.booleans(), "hedge_after_ms": st.sampled_from((20, 300)), "retry_share_max": st.just(1.0)}
    ),
    device=st.sampled_from((False, False, False, False, True)),
)  # fmt: skip
FATES = st.lists(
    st.builds(
        lambda seconds, end, pause: Fate(seconds, *end, pause=pause),
        st.sampled_from((0.0, 0.01, 0.1, 1.0, 5.0)),
        st.sampled_from((("",), ("",), ("",), ("connect",), ("timeout",), ("protocol",), ("status", 503), ("status", 429), ("content", 400),
                         ("cut",), ("garbled",), ("bug",))),
        st.sampled_from((0.0, 0.0, 0.3)),
    ),
    min_size=4, max_size=12,
)  # fmt: skip
ASKS = st.lists(
    st.builds(
        Ask, after=st.sampled_from((0.0, 0.0, 0.2, 1.5)), location=st.sampled_from(("CN", "CN", "CN", "DE", "US", "US", "SG")),
        consent=st.sampled_from(("general", *["general separate_cross_border"] * 4, "")),
        person=st.integers(0, 5), text=st.sampled_from(TEXTS), stream=st.booleans(),
        leaves=st.sampled_from((None, None, None, None, 0.0, 0.005, 0.015, 0.05, 0.9)), batch=st.sampled_from((False, False, True)),
    ),
    min_size=3, max_size=10,
)  # fmt: skip
MOMENTS = st.lists(
    st.builds(
        Moment, after=st.sampled_from((0.0, 0.1, 0.7, 2.0)), what=st.sampled_from(("add", "withdraw", "reload")), scope=st.integers(0, 5)
    ),
    max_size=6,
)  # fmt: skip
QUIET = tuple(Disk(seconds) for seconds in (0.0, 0.0, 0.001, 0.004, 0.01) * 5)
DISKS = st.lists(st.sampled_from((*QUIET, Disk(0.01, "lost"), Disk(0.01, "kept"))), min_size=8, max_size=40)


class Clock:
    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=self.monotonic() - 1000.0)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


@cache
def engine(packs: tuple[str, ...], whose: str) -> Engine:
    """``whose``: the gateway's own, or the oracle's, which shares nothing with it."""
    return Engine(load_packs(packs, []), load_vocabulary())


@cache
def guard() -> Guard:
    return Guard("rules", (), cache_key=b"", finders_seconds_max=1.0, clock=Clock(), random=SeededRandom())


@dataclass
class Asked:
    """One caller's request, as the test knows it."""

    ask: Ask
    id: str
    config: Config
    begun: bool = False  # something of an answer is with the caller
    attempts: set[str] = field(default_factory=set)  # records that stand for bytes


CALL: ContextVar[Asked] = ContextVar("call")


class Spoken:
    content_type = "text/event-stream"

    def __init__(self, pieces: list[bytes], pause: float, cut: bool) -> None:
        self._pieces, self._pause, self._cut, self.closed = pieces, pause, cut, False
        self.rate_limits: dict[str, str] = {}

    async def _chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await asyncio.sleep(self._pause)
            yield piece
        if self._cut:
            raise ProviderFailure("the stream was cut", kind="protocol", retryable=False)

    def chunks(self) -> AsyncIterator[bytes]:
        return self._chunks()

    async def aclose(self) -> None:
        self.closed = True


class Everywhere:
    """Every partner, and who judges what reaches one."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.answers: list[Spoken] = []
        self.sent: Counter[str] = Counter()
        self.charged = 0  # millionths, as a partner that took the request counts them

    async def send(self, deployment: Deployment, request: ChatRequest) -> Answer:
        try:
            self.scene.judge(CALL.get(), deployment, request)
        except AssertionError as error:  # whoever asked may have been ended, and its errors with it
            self.scene.wrong.append(str(error))
            raise
        self.sent[deployment.id] += 1
        fate = next(self.scene.fates)
        await asyncio.sleep(fate.seconds)
        if fate.kind == "bug":
            self._charge(deployment, 1)
            raise RuntimeError("nobody foresaw this")
        if fate.kind in ("connect", "timeout", "protocol", "status", "content"):
            if fate.kind in ("timeout", "protocol"):
                self._charge(deployment, 1)
            raise ProviderFailure("it failed", kind=fate.kind, upstream_status=fate.status, retryable=fate.kind != "content")
        self._charge(deployment, 7)
        raw = _stream("all is well") if request.stream else _whole("all is well")
        if fate.kind == "garbled":
            raw = b"data: {" + raw[9:]
        if fate.kind == "cut":
            raw = raw[: len(raw) // 2]
        self.answers.append(answer := Spoken([raw[at : at + 90] for at in range(0, len(raw), 90)], fate.pause, fate.kind == "cut"))
        return answer

    def _charge(self, deployment: Deployment, tokens: int) -> None:
        self.charged += 0 if deployment.on_device else tokens

    async def aclose(self) -> None: ...


class Scene:
    def __init__(self, laws: list[Law], fates: list[Fate], log: list[Disk], state: list[Disk]) -> None:
        self.laws, self.fates = laws, cycle(fates)
        self.log, self.state = Inline("log", cycle([Disk()])), Inline("state", cycle([Disk()]))
        self.disks = cycle(log), cycle(state)
        self.registered: dict[int, tuple[str, float, float]] = {}  # number -> scope, and from when until when it stood
        self.partners = Everywhere(self)
        self.wrong: list[str] = []
        self.clock = Clock()
        self.key = msgspec.structs.replace(
            LOCAL, budget=BudgetConfig(amount=CEILING / 1e6, currency="USD"), limits=RatesConfig(concurrent=5), id="app"
        )  # fmt: skip

    async def open(self, *_: Any) -> tuple[Ledger, State]:
        signer = signer_of(Shared("", b"k" * 32), SeededRandom())
        return Ledger(self.log, lock=None, signer=signer, clock=self.clock, random=SeededRandom()), await State.open(self.state)

    async def build(self, law: Law, before: worlds.World | None = None) -> worlds.World:
        made = law.config()
        providers = {each.id: self.partners for each in made.deployments}
        return await worlds.build(
            made, home=Path("nowhere"), clock=self.clock, random=SeededRandom(f"{id(law)}".encode()), secrets=SystemSecrets(),
            providers=providers, before=before,
        )  # fmt: skip

    async def play(self, asks: list[Ask], moments: list[Moment]) -> None:
        self.world = await self.build(self.laws[0])
        self.log._disk, self.state._disk = self.disks
        async with asyncio.TaskGroup() as group:
            group.create_task(self.change(moments))
            for ask in asks:
                await asyncio.sleep(ask.after)
                group.create_task(self.one(ask))
        await self.log.aclose()
        await self.state.aclose()
        await self.world.ledger._keeper.aclose()

    async def change(self, moments: list[Moment]) -> None:
        others = cycle(self.laws[::-1])
        for moment in moments:
            await asyncio.sleep(moment.after)
            try:
                if moment.what == "reload":
                    self.world = await self.build(next(others), self.world)
                elif moment.what == "add":
                    scope = f"p{moment.scope}" if moment.scope < 5 else "*"
                    began = self.clock.monotonic()
                    entry = Entry(kind=DECLARED[0], document_sha256="a" * 64, scope=scope, approver="DPO", at=self.clock.now())
                    number = await self.world.state.add(encode(entry))
                    self.registered[number] = (scope, began, float("inf"))
                elif standing := [number for number, (_, _, until) in self.registered.items() if until == float("inf")]:
                    await self.world.state.add(encode(Entry(withdraws=standing[0], approver="DPO", at=self.clock.now())))
                    self.registered[standing[0]] = (*self.registered[standing[0]][:2], self.clock.monotonic())
            except ComityError as error:
                assert error.code.startswith("storage.")
                if moment.what == "add":  # whether it stands is not known
                    self.registered[-len(self.registered) - 1] = (scope, began, float("inf"))

    async def one(self, ask: Ask) -> None:
        world = self.world
        asked = Asked(ask, world.ledger.new_id(), world.config)
        CALL.set(asked)
        try:
            async with asyncio.timeout(ask.leaves):
                await self.answered(asked, Pipeline(world))
        except TimeoutError:
            pass
        except ComityError as error:
            assert error.code not in ("internal", "decision.moved"), error
            if isinstance(error, StorageFailure) and not asked.begun:
                assert not asked.attempts, "who is told that the database fails knows that nothing was sent"
        except RuntimeError as error:
            assert "foresaw" in str(error)

    async def answered(self, asked: Asked, pipeline: Pipeline) -> None:
        ask = asked.ask
        raw = msgspec.json.encode({"messages": [{"role": "user", "content": ask.text}], "stream": ask.stream, "max_tokens": 50})
        request, _ = decode_chat(raw)
        who = subject(ask.location, consent=ask.consent, name=f"u-{ask.person}")
        headers = {name.lower(): value for name, value in who.items()}
        if ask.batch:
            body = msgspec.Raw(raw.replace(b'"stream":true', b'"stream":false'))
            line = Line(custom_id="a", method="POST", url="/v1/chat/completions", body=body)
            try:
                await line_asked(App(pipeline._world), line, headers, self.key, asked.id)
            except Later:
                assert not asked.attempts, "it will be sent again"
            return
        served = await pipeline.run(Call(id=asked.id, request=request, door=CHAT, headers=headers, key=self.key, size=len(raw)))
        asked.begun = True
        try:
            if ask.stream:
                async for _ in served.stream():
                    pass
            else:
                await served.whole()
        finally:
            closing = asyncio.ensure_future(served.close())
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:
                await closing
                raise

    # -- the oracle ----------------------------------------------------------------------------------------------------

    def judge(self, asked: Asked, deployment: Deployment, request: ChatRequest) -> None:
        """At the moment in which bytes arrive at ``deployment``."""
        assert not asked.begun, "asked although an answer is with the caller"
        rows = self.log.db.execute(
            "SELECT r.id, r.receipt, j.facts FROM records r JOIN judgements j ON j.digest = r.judgement"
            " LEFT JOIN outcomes o ON o.id = r.id WHERE r.request = ? AND o.id IS NULL", (asked.id,),
        ).fetchall()  # fmt: skip
        mine = [row for row in rows if msgspec.json.decode(row[1])["deployment"] == deployment.id and row[0] not in asked.attempts]
        assert mine, "bytes without a durable record of their own"
        name, _, facts = mine[-1]
        asked.attempts.add(name)
        assert name not in {job.id for job in self.log.failed if isinstance(job, _New)}, "sent although its record was said to be lost"
        if not deployment.on_device:
            assert PHONE.encode() not in msgspec.json.encode(request)

        tree = msgspec.json.decode(facts)
        place = next(each for each in tree.pop("providers") if each["provider"]["id"] == deployment.id)
        evidence = frozenset(place.pop("evidence"))
        case = facts_of(tree | place)
        law = engine(asked.config.packs.enabled, "oracle")
        decision = hold(law.decide(case), DISCHARGERS, evidence, load_vocabulary())
        assert decision.effect is Effect.ALLOW, f"{deployment.id}: {decision.reasons}"

        # ... and the record tells the truth
        configured = next(each for each in asked.config.deployments if each.id == deployment.id)
        assert case.subject.location == asked.ask.location
        assert deployment.on_device or case.provider.processing == configured.processing
        now = self.clock.now()
        assert case.as_of in (now.date(), (now - timedelta(seconds=WRITES_SECONDS_MAX)).date())
        assert evidence <= self.in_force(asked.config, configured, case.as_of)

    def in_force(self, config: Config, place: DeploymentConfig, day: date) -> set[str]:
        """What may be leaned on for bytes that arrive now."""
        found = set()
        for item in (*config.evidence, *place.evidence):
            kind, _, until = item.rpartition(":") if item[-2:].isdigit() and item[-3] == "-" and ":" in item else (item, "", "")
            if not until or day <= date.fromisoformat(until):
                found.add(kind)
        now = self.clock.monotonic()
        for scope, since, until_ in self.registered.values():
            if scope in ("*", place.id) and since <= now and until_ >= now - WRITES_SECONDS_MAX:
                found.add(DECLARED[0])
        return found

    def settled(self) -> None:
        """When nobody is answered any more."""
        assert not self.wrong
        lost = {job.id for job in self.log.failed if isinstance(job, _New | _End)}
        open_ = {row[0] for row in self.log.db.execute(
            "SELECT r.id FROM records r LEFT JOIN outcomes o ON o.id = r.id WHERE o.id IS NULL"
            " AND json_extract(CAST(r.receipt AS TEXT), '$.effect') = 'allow'"
        )}  # fmt: skip
        assert open_ <= lost, "each record has an outcome, unless the disk took it"
        assert all(answer.closed for answer in self.partners.answers), "an answer was left open"
        assert all(each.inflight == 0 for each in self.world.router.places.values()) and not len(self.world.router.queue)
        running = [row for row in self.state.db.execute("SELECT counted FROM minutes") if json.loads(row[0]).get("running")]
        assert self.state.failed or not running, "a request that ended still counts as running"
        lines = self.state.db.execute("SELECT sum(settled), sum(held) FROM spend").fetchone()
        spent, held = (int(each or 0) for each in lines)
        assert self.partners.charged <= spent + held <= CEILING
        assert self.state.failed or not held, "money is held for nobody"


def play(laws: list[Law], fates: list[Fate], asks: list[Ask], moments: list[Moment], log: list[Disk], state: list[Disk]) -> Scene:
    scene: list[Scene] = []

    async def inline(function: Any, *arguments: Any) -> Any:
        return function(*arguments)

    async def work() -> None:
        scene.append(made := Scene(laws, fates, log, state))
        await made.play(asks, moments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worlds.asyncio, "to_thread", inline)
        patch.setattr(worlds, "_law", lambda config, _: engine(config.packs.enabled, "gateway"))
        patch.setattr(worlds, "guard_of", lambda *_, **__: guard())
        patch.setattr(worlds, "_opened", lambda *_: scene[-1].open())
        run(work())
    return scene[-1]


@settings(max_examples=max(200, 2 * settings.default.max_examples))
@given(st.lists(LAWS, min_size=1, max_size=2), FATES, ASKS, MOMENTS, DISKS, DISKS)
def test_no_byte_reaches_a_place_that_is_not_allowed(
    laws: list[Law], fates: list[Fate], asks: list[Ask], moments: list[Moment], log: list[Disk], state: list[Disk]
) -> None:
    play(laws, fates, asks, moments, log, state).settled()


CALM = Law(
    packs=("cn", "us"), public=True, established=frozenset({"US"}), declared=frozenset(DECLARED),
    places=tuple((frozenset({"CN"}), WHOLE) for _ in range(2)), people=0,
    routing={"hedge": True, "hedge_after_ms": 20, "retry_share_max": 1.0}, device=False,
)  # fmt: skip
HELLO = Ask(after=0.0, location="CN", consent="general", person=0, text="hello", stream=False, leaves=None)


@pytest.mark.parametrize("stream", [False, True])
def test_at_whatever_moment_the_caller_leaves(stream: bool) -> None:
    """The first place is slow and the second is asked beside it; each write takes a while, so that a caller leaves in every step of it."""
    ends: Counter[str] = Counter()
    for leaves in range(0, 140, 2):
        ask = HELLO._replace(stream=stream, leaves=leaves / 1000)
        scene = play([CALM], [Fate(5.0), Fate(0.01)], [ask], [], [Disk(0.01)], [Disk(0.007)])
        scene.settled()
        ends.update(row[0] for row in scene.log.db.execute("SELECT json_extract(CAST(outcome AS TEXT), '$.status') FROM outcomes"))
    assert ends["caller.gone"] and ends["provider.outrun"] and ends["ok"], ends


@pytest.mark.parametrize("end", ["lost", "kept"])
@pytest.mark.parametrize("which", ["log", "state"])
def test_whichever_write_fails(which: str, end: Any) -> None:
    sent = 0
    for number in range(12):
        failing = [*[Disk()] * number, Disk(0.0, end), *[Disk()] * 60]
        log, state = ([Disk()], failing) if which == "state" else (failing, [Disk()])
        scene = play([CALM], [Fate(0.1), Fate(0.01, "protocol"), Fate(0.1)], [HELLO, HELLO._replace(stream=True)], [], log, state)
        scene.settled()
        sent += scene.partners.sent.total()
    assert sent


def test_evidence_withdrawn_while_the_disk_is_slow_is_not_leaned_on() -> None:
    """The decision is on its way to the disk for three seconds; after one of them what it rests on is gone."""
    law = CALM._replace(public=False, declared=frozenset(DECLARED[1:]), places=((frozenset({"US"}), WHOLE),))
    ask = HELLO._replace(after=0.5, consent="general separate_cross_border")
    moments = [Moment(0.0, "add", 5), Moment(1.0, "withdraw")]
    scene = play([law], [Fate(0.0)], [ask], moments[:1], [Disk(3.0)], [Disk()])
    assert scene.partners.sent.total() == 1, "with it, it may be sent"
    scene = play([law], [Fate(0.0)], [ask], moments, [Disk(3.0)], [Disk()])
    scene.settled()
    assert not scene.partners.sent
    ends = [row[0] for row in scene.log.db.execute("SELECT json_extract(CAST(outcome AS TEXT), '$.status') FROM outcomes")]
    assert ends == ["decision.moved"]
