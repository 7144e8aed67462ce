# SPDX-License-Identifier: Apache-2.0
"""From a sum to a bundle, in the one order in which nothing can leave that was not allowed, recorded and paid for.

1. enough took part      2. the law allows it to cross      3. that decision is durable      4. its price is spent, durably
5. the noise is drawn    6. the statement is signed, and its hash is in the log
"""

from __future__ import annotations

import hashlib

import msgspec

from comity.errors import CallerError, PolicyDenied
from comity.jurisdictions.vocab import Vocabulary
from comity.learning import accounting
from comity.learning.budget import Budget
from comity.learning.bundle import Bundle, Crossing, Statement, band, hash_of, raw_of, signed
from comity.learning.noise import noised
from comity.learning.queries import Query
from comity.learning.secure_sum import Total
from comity.policy.decision import Decision, Effect
from comity.policy.discharge import hold
from comity.policy.engine import Engine, as_json
from comity.policy.facts import AnyExcept, Facts
from comity.ports import Clock
from comity.transparency.ledger import Ledger
from comity.transparency.note import Signer
from comity.transparency.receipt import Receipt, minute

_encode = msgspec.json.Encoder(order="deterministic").encode


class Releasing:
    """Of one region.  ``signer``: the key of its log.  ``dischargers``, ``evidence``: what meets the obligations of an allow."""

    def __init__(
        self, *, engine: Engine, vocabulary: Vocabulary, dischargers: frozenset[str], evidence: frozenset[str], ledger: Ledger,
        signer: Signer, clock: Clock,
    ) -> None:  # fmt: skip
        self._engine, self._vocabulary, self._dischargers, self._evidence = engine, vocabulary, dischargers, evidence
        self._ledger, self._signer, self._clock = ledger, signer, clock

    async def release(
        self, total: Total, query: Query, window: str, *, budget: Budget, epsilon: float, delta: float, facts: Facts
    ) -> Bundle:
        """``facts``: of the crossing, as the operator states them: where to, on what terms, and in which state the data are.

        Raises CallerError (too few, over budget), PolicyDenied, StorageFailure, TrustFailure; then nothing was released."""
        if len(total.vector) != query.length:
            raise CallerError("the sum is not of this query", code="learning.inconsistent")
        cohort = band(total.devices)
        sigma = accounting.noise_for(query, epsilon, delta)
        crossing = await self._decided(facts)
        spent = await budget.spend(query, window, sigma)
        answer = noised(total.vector, sigma)
        statement = Statement(
            region=budget.region, window=window, at=spent.event.at, query=query, sigma=sigma, epsilon=epsilon, delta=delta, cohort=cohort,
            spent=spent.event.number, budget=spent.head, decision=crossing, vector=hashlib.sha256(raw_of(answer)).hexdigest(),
        )  # fmt: skip
        made = signed(statement, answer, self._signer)
        await self._ledger.changed(self._clock.now(), by=query.pipeline, role="learning", what="learning.released", of=hash_of(made))
        return made

    async def _decided(self, facts: Facts) -> Crossing:
        """An allow, once it is recorded; whatever else it is is recorded too, and raised."""
        decision = hold(self._engine.decide(facts), self._dischargers, self._evidence, self._vocabulary)
        receipt = self._receipt(facts, decision)
        await self._ledger.record(receipt, request_id=self._ledger.new_id(), subject=None, facts=_encode(facts), decision=_encode(decision))
        if decision.effect is not Effect.ALLOW:
            effect = decision.effect.value
            raise PolicyDenied(
                "the law does not let this answer cross", decision=as_json(decision), receipt=receipt.id, code="policy." + effect
            )
        return Crossing(
            receipt=receipt.id, effect=receipt.effect, destination=receipt.destination, policy=receipt.policy,
            obligations=receipt.obligations,
        )  # fmt: skip

    def _receipt(self, facts: Facts, decision: Decision) -> Receipt:
        to = facts.provider.processing
        if isinstance(to, AnyExcept):
            raise CallerError("an answer crosses to a place that is named", code="learning.inconsistent", field="provider.processing")
        return Receipt(
            id=self._ledger.new_id(), at=minute(self._clock.now()), issuer=self._ledger.origin, key=self._ledger.key_id,
            effect=decision.effect.value, source=facts.data.collected_in or "", destination=tuple(sorted(to)), deployment=facts.provider.id,
            reasons=tuple(dict.fromkeys(each.fact for each in decision.reasons)),
            rules=tuple(dict.fromkeys(each.rule for each in decision.reasons if each.rule)),
            obligations=tuple(each.id for each in decision.obligations), packs=decision.packs, policy=decision.digest,
        )  # fmt: skip
