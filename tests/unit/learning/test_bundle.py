# SPDX-License-Identifier: Apache-2.0
"""From a sum to what crosses and is taken over; and every alteration on the way, each found by the name of its step."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from comity.errors import CallerError, OperatorError, PolicyDenied, TrustFailure
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.learning import accounting, bundle, importer, release
from comity.learning.budget import Budget, Limits
from comity.learning.bundle import Bundle, Statement
from comity.learning.queries import SCALE, Histogram
from comity.learning.secure_sum import Total
from comity.policy.engine import Engine
from comity.policy.facts import Controller, Data, Facts, Provider, Subject
from comity.ports import SystemRandom
from comity.storage.database import Database
from comity.storage.open import open_database
from comity.transparency import changes
from comity.transparency.ledger import Ledger
from comity.transparency.log_key import signer_of
from comity.transparency.note import Signer
from tests.fakes import FakeClock

WORDS = load_vocabulary()
ENGINE = Engine(load_packs(), WORDS)
QUERY = Histogram(name="hours", pipeline="hours", field="hour", edges=(6.0, 12.0, 18.0), clip=4, each_max=1)
QUERIES = {QUERY.name: QUERY}
SUM = Total(np.array([900, 200, 0, 1200], dtype=np.uint64) * np.uint64(SCALE), 2500)
OTHER = Signer("comity.invalid/importer", b"i" * 32)


def facts(state: str = "anonymised_verified", source: str = "CN", to: str = "EEA") -> Facts:
    there = frozenset({to})
    return Facts(
        as_of=date(2026, 11, 23), subject=Subject(location=source), controller=Controller(established=frozenset({source})),
        data=Data(state=state, collected_in=source),
        provider=Provider(
            id="region-" + to, kind="self_hosted", operator_region=to, processing=there, storage=there, access=there, generative=False
        ),
    )  # fmt: skip


class World(NamedTuple):
    releasing: release.Releasing
    budget: Budget
    ledger: Ledger
    state: Database
    signer: Signer

    async def release(self, total: Total = SUM, **more: Any) -> Bundle:
        asked: dict[str, Any] = {"budget": self.budget, "epsilon": 2.0, "delta": 1e-6, "facts": facts(), **more}
        return await self.releasing.release(total, QUERY, "2026-11", **asked)

    async def changes(self) -> list[tuple[str, str]]:
        found = await self.ledger.database.read(lambda: changes.page(None, 100))
        return [(each.change.what, each.change.of) for each in reversed(found)]


@pytest.fixture
async def world(home: Path) -> AsyncIterator[World]:
    clock = FakeClock()
    ledger = await Ledger.open(home, clock=clock, random=SystemRandom(), record_seconds_max=10)
    state = await open_database(home / "state.db", "state", seconds_max=10)
    limits = Limits(epsilon_window=2.1, epsilon_total=8.0, delta=1e-6)
    signer = signer_of(home, SystemRandom())
    yield World(
        release.Releasing(
            engine=ENGINE, vocabulary=WORDS, dischargers=frozenset(), evidence=frozenset(), ledger=ledger, signer=signer, clock=clock
        ),
        Budget(state, region="CN", pipeline="hours", limits=limits, clock=clock), ledger, state, signer,
    )  # fmt: skip
    await state.aclose()
    await ledger.aclose()


def raw(made: Bundle) -> bytes:
    return msgspec.json.encode(made)


async def test_an_answer_crosses_with_its_decision_price_and_hash_and_is_taken_over(world: World) -> None:
    made = await world.release()
    found = bundle.verify(raw(made), vkey=world.signer.verifier.vkey, queries=QUERIES)
    said = found.statement
    assert (said.region, said.window, said.cohort, said.spent, said.decision.effect) == ("CN", "2026-11", 2000, 1, "allow")
    assert said.decision.destination == ("EEA",) and said.decision.policy == ENGINE.digest
    assert (await world.ledger.bundle(said.decision.receipt))["receipt"]["policy"] == ENGINE.digest
    assert said.budget == (await world.budget.events())[0].head
    assert np.abs(found.answer / SCALE - [900, 200, 0, 1200]).max() < 30  # a deviation of five
    assert not (found.answer == SUM.vector.astype(np.int64)).any()

    verdict = importer.judged([0.1] * 50, [0.2, 0.3] * 25)
    taken = await importer.imported(made, verdict, pipeline="hours", signer=OTHER, ledger=world.ledger, clock=FakeClock())
    again = bundle.verify(raw(taken), vkey=world.signer.verifier.vkey, queries=QUERIES, countersigner=OTHER.verifier.vkey)
    assert again.statement == said and bundle.hash_of(taken) == bundle.hash_of(made)
    assert await world.changes() == [("learning.released", bundle.hash_of(made)), ("learning.imported", bundle.hash_of(made))]


async def test_too_few_the_law_and_the_budget_each_stop_it_before_any_noise(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(release, "noised", lambda *_: drawn.append(1))
    with pytest.raises(CallerError) as raised:
        await world.release(Total(SUM.vector, 999))
    assert raised.value.code == "learning.cohort"
    with pytest.raises(PolicyDenied) as denied:
        await world.release(facts=facts("raw"))
    assert denied.value.code == "policy.deny" and denied.value.receipt
    assert await world.budget.events() == []
    with pytest.raises(CallerError) as raised:
        await world.release(epsilon=2.5)
    assert raised.value.code == "learning.budget_spent"
    with pytest.raises(CallerError):
        await world.release(Total(SUM.vector[:3], 2500))
    assert not drawn and await world.budget.events() == [] and await world.changes() == []


async def test_what_fails_after_it_was_paid_for_stays_paid_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OperatorError("no noise")

    monkeypatch.setattr(release, "noised", fails)
    with pytest.raises(OperatorError):
        await world.release()
    assert len(await world.budget.events()) == 1
    monkeypatch.undo()
    with pytest.raises(CallerError) as raised:
        await world.release()
    assert raised.value.code == "learning.budget_spent"


# -- what was altered, by the region itself too ----------------------------------------------------------------------


async def test_the_noise_of_a_false_claim_is_found(world: World) -> None:
    made = await world.release()
    statement, answer = bundle.verify(raw(made), vkey=world.signer.verifier.vkey, queries=QUERIES)
    change = msgspec.structs.replace
    wrong: list[tuple[str, Statement]] = [
        ("noise", change(statement, sigma=statement.sigma / 10)),
        ("noise", change(statement, epsilon=1.0)),
        ("noise", change(statement, delta=1e-9)),
        ("noise", change(statement, epsilon=0.0)),
        ("noise", change(statement, sigma=1.0)),
        ("query", change(statement, query=change(QUERY, clip=5))),
        ("query", change(statement, query=change(QUERY, name="salaries"))),
        ("shape", change(statement, query=change(QUERY, clip=0))),
        ("shape", change(statement, format="comity.learning.v0")),
        ("cohort", change(statement, cohort=999)),
        ("cohort", change(statement, cohort=1234)),
        ("decision", change(statement, decision=change(statement.decision, effect="deny"))),
        ("decision", change(statement, decision=change(statement.decision, receipt=""))),
        ("vector", change(statement, vector="0" * 64)),
    ]
    key = world.signer.verifier.vkey
    for step, each in wrong:
        false = raw(bundle.signed(each, answer, world.signer))
        failed(step, lambda false=false: bundle.verify(false, vkey=key, queries=QUERIES))  # type: ignore[misc]


async def test_what_was_altered_on_the_way_is_found(world: World) -> None:
    made, key = await world.release(), world.signer.verifier.vkey
    other = Signer(world.signer.verifier.name, b"x" * 32)

    def verified(vkey: str = key, countersigner: str = "", **more: Any) -> Callable[[], Any]:
        altered = msgspec.structs.replace(made, **more)
        return lambda: bundle.verify(raw(altered), vkey=vkey, queries=QUERIES, countersigner=countersigner)

    vector = bytearray(base64.b64decode(made.vector))
    vector[0] ^= 1
    failed("vector", verified(vector=base64.b64encode(vector).decode()))
    failed("vector", verified(vector=made.vector[:-1] + "*"))
    failed("signature", verified(note=made.note.replace('"cohort":2000', '"cohort":4000')))
    failed("signature", verified(vkey=other.verifier.vkey))
    failed("signature", verified(note="nothing"))
    failed("key", verified(vkey="nothing"))
    failed("countersignature", verified(countersigner=OTHER.verifier.vkey))
    failed("query", lambda: bundle.verify(raw(made), vkey=key, queries={}))
    for each in (b"", b"{}", b"[" * 4000, raw(made)[:-1], bytes(bundle.BUNDLE_BYTES_MAX + 1)):
        failed("shape", lambda each=each: bundle.verify(each, vkey=key, queries=QUERIES))  # type: ignore[misc]


async def test_any_byte_of_a_bundle_counts(world: World) -> None:
    made, key = raw(await world.release()), world.signer.verifier.vkey
    for at in range(0, len(made), 7):
        altered = bytearray(made)
        altered[at] ^= 1
        with pytest.raises(TrustFailure):
            bundle.verify(bytes(altered), vkey=key, queries=QUERIES)


def failed(step: str, call: Callable[[], Any]) -> None:
    with pytest.raises(TrustFailure) as raised:
        call()
    assert raised.value.step == step


# -- whether it helps ------------------------------------------------------------------------------------------------


async def test_what_does_not_help_is_refused_with_its_figures(world: World) -> None:
    made = await world.release()
    verdict = importer.judged([0.1] * 40, [0.1, 0.11] * 20)
    assert verdict.accepted
    for worse in (importer.judged([0.1] * 40, [0.0, 0.21] * 20), importer.judged([0.1] * 20, [0.2] * 20), importer.judged([], [])):
        with pytest.raises(CallerError, match="standard error") as raised:
            await importer.imported(made, worse, pipeline="hours", signer=OTHER, ledger=world.ledger, clock=FakeClock())
        assert raised.value.code == "learning.no_gain" and str(worse.people) in str(raised.value)
    assert [what for what, _ in await world.changes()] == ["learning.released", *["learning.refused"] * 3]


def test_the_error_is_of_the_differences() -> None:
    verdict = importer.judged([0.0, 1.0, 0.0, 1.0], [0.1, 1.1, 0.3, 1.1])
    assert (verdict.people, round(verdict.gain, 6), round(verdict.error, 6)) == (4, 0.15, 0.05)
    for without, having in (([1.0], [1.0, 2.0]), ([float("nan")] * 3, [1.0] * 3)):
        with pytest.raises(CallerError):
            importer.judged(without, having)


@pytest.mark.parametrize(("devices", "told"), [(1000, 1000), (1999, 1000), (2000, 2000), (4095, 4000), (1_000_000, 512_000)])
def test_how_many_took_part_is_told_in_steps(devices: int, told: int) -> None:
    assert bundle.band(devices) == told


def test_a_release_without_the_extra_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comity.learning.extra.import_module", lambda name: (_ for _ in ()).throw(ModuleNotFoundError(name)))
    with pytest.raises(OperatorError, match="not installed"):
        accounting.noise_for(QUERY, 2.0, 1e-6)
