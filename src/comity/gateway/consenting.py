# SPDX-License-Identifier: Apache-2.0
"""Consent as facts: where it rests on records, what a caller claims counts for nothing, and a refusal says what the person can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from comity.accord.consent import ANYONE
from comity.accord.consents import Consents
from comity.accord.shown import Offer, sha256_of, text_of, words
from comity.config import Config
from comity.errors import CallerError, OperatorError
from comity.gateway.judge import Judged
from comity.gateway.locate import Nexus
from comity.gateway.subject import HEADER
from comity.jurisdictions.plain import LANGUAGES, Language
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.facts import AnyExcept
from comity.ports import Clock
from comity.providers.base import Deployment

ASKS_MAX = 16
_facts = msgspec.json.Decoder(dict[str, Any]).decode


class Consenting:
    """`located` and `stands` are asked by requests and look at memory alone.  Raises StorageFailure where nobody can say what holds."""

    def __init__(
        self, config: Config, consents: Consents, *, vocabulary: Vocabulary, deployments: Mapping[str, Deployment], clock: Clock
    ) -> None:
        self.consents, self._vocabulary, self._deployments, self._clock = consents, vocabulary, deployments, clock
        self._controller, self._contact = config.controller.name, config.console.contact
        self.recorded = config.consent.rests_on == "records"
        if self.recorded and config.defaults.subject.consent:
            raise OperatorError(
                "`defaults.subject.consent` claims what only a record can show", code="config.invalid", field="defaults.subject.consent",
                hint='leave it out, or [consent] rests_on = "claims"',
            )  # fmt: skip

    def located(self, nexus: Nexus) -> Nexus:
        """Raises CallerError for a claim that no record bears out."""
        if not self.recorded:
            return nexus
        held = self.consents.held(nexus.pseudonym, self._clock.now()) if nexus.pseudonym is not None else frozenset()
        unborne = sorted(nexus.consent - {each.consent for each in held})
        if unborne:
            raise CallerError(
                f"`consent` claims `{unborne[0]}`, and no record of this person bears it out", code="consent.unrecorded",
                field=f"{HEADER}.consent", hint="ask the person and record it: POST /comity/v1/consents; then leave `consent` out",
            )  # fmt: skip
        return msgspec.structs.replace(nexus, consent=frozenset(), recorded=held)

    def stands(self, nexus: Nexus) -> bool:
        """What was taken from records is what they say now."""
        if nexus.recorded is None or nexus.pseudonym is None:
            return True
        return self.consents.held(nexus.pseudonym, self._clock.now()) == nexus.recorded

    async def left_by(self, person: str, word: str) -> Callable[[bytes], bool]:
        """Of which facts a decision rested on that consent, now withdrawn, and on no other that still stands, nor on another basis."""
        still = {each.consent for each in await self.consents.stand(person, self._clock.now())}

        def rested(facts: bytes) -> bool:
            said = _facts(facts)
            consents = set(said.get("consent", ()))
            alone = said.get("legal_basis") in (None, "consent") and not consents & still
            return alone and word in consents and said.get("consent_source") == "recorded"

        return rested

    def asks(self, judged: Judged) -> dict[str, Any]:
        """`ask`: of each consent that would be enough, what the person would be shown and agree to.  Only where records count."""
        if not self.recorded:
            return {}
        facts, today = _facts(judged.facts), self._clock.now().date()
        made: list[dict[str, Any]] = []
        for name, consents in judged.asks:
            kinds = tuple(sorted(facts["data"]["categories"]))
            offers = [offer_of(word, self._deployments[name], (facts["purpose"],), kinds, today) for word in consents]
            if None not in offers:  # one that cannot be asked for makes the others useless
                made += [ask for offer in offers if offer is not None and (ask := self.ask(offer)) not in made]
        return {"ask": made[:ASKS_MAX]}

    def ask(self, offer: Offer) -> dict[str, Any]:
        """As it is granted, but for who says so: with each text, and its hash."""
        said = {language: self.text(offer, language) for language in LANGUAGES}
        shown = {language: {"text": text, "sha256": sha256_of(text)} for language, text in said.items()}
        told: dict[str, Any] = msgspec.to_builtins(offer)
        del told["operator"], told["provider"]
        return told | {"texts": shown, "by": "guardian" if words()[offer.consent].guardian else "self"}

    def text(self, offer: Offer, language: Language) -> str:
        return text_of(self._told(offer), language, controller=self._controller, contact=self._contact)

    def _told(self, offer: Offer) -> Offer:
        """With whence its recipient is run, where it names one.  Raises CallerError for one that is not here."""
        if offer.recipient == ANYONE:
            return offer
        if offer.recipient not in self._deployments:
            raise CallerError(
                f"consent.recipient `{offer.recipient[:64]}` is no deployment here", code="consent.invalid", field="recipient",
                hint="one of: " + ", ".join(self._deployments),
            )  # fmt: skip
        deployment = self._deployments[offer.recipient]
        run_from = deployment.facts.operator_region
        return msgspec.structs.replace(offer, operator=(run_from,) if run_from else (), provider=deployment.provider)


def offer_of(word: str, deployment: Deployment, purposes: tuple[str, ...], categories: tuple[str, ...], today: date) -> Offer | None:
    """None where it would have to name places, and nobody can say where that deployment is."""
    asked = words().get(word)
    if asked is None:
        return None
    places: frozenset[str] = frozenset()
    for place in (deployment.facts.processing, deployment.facts.storage, deployment.facts.access):
        if isinstance(place, AnyExcept):
            if "places" in asked.names:
                return None
            continue
        places |= place
    return Offer(
        consent=word, purposes=purposes, categories=categories, valid_to=today + timedelta(days=asked.days),
        recipient=deployment.id if "recipient" in asked.names else ANYONE,
        places=tuple(sorted(places)) if "places" in asked.names else (),
    )  # fmt: skip
