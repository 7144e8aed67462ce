# SPDX-License-Identifier: Apache-2.0
"""`/comity/v1/consents`: what a person agreed to, recorded and taken back, by themselves or by whoever may say who they are.

The text is made here, from the same facts as when it was asked for; what an app showed counts only where it is that text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from comity.accord.consent import SALT_BYTES, Consent, Record, Withdrawal, checked, commitment, decoded, encoded, signed_form, worded, wrong
from comity.accord.consents import Kept, consent_in, kept, unknown, withdrawn
from comity.accord.proof import GRANTED, WITHDRAWN, proof_of
from comity.accord.shown import Offer, offered, sha256_of, words
from comity.errors import CallerError
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read import asked
from comity.gateway.read.roles import CALL, OFFICER, console_role, require
from comity.gateway.signin.api import body_of
from comity.gateway.signin.erasures import Erasure, done_with, owed, shown
from comity.gateway.signin.sessions import PERSON
from comity.gateway.signin.shapes import ConsentPage, ConsentRow, Ended, Granted, Wanted, Withdrawn, instant
from comity.jurisdictions.vocab import load_vocabulary

if TYPE_CHECKING:
    from comity.config import KeyConfig
    from comity.gateway.app import App
    from comity.gateway.world import World

NAME_LETTERS_MAX = 256


async def ask(app: App, exchange: Exchange, call: str) -> int:
    """What the person would be shown."""
    _speaking(app, exchange)
    wanted = await body_of(exchange, Wanted)
    latest = app.world.clock.now().date() + timedelta(days=words()[wanted.consent].days if wanted.consent in words() else 0)
    offer = _offer(wanted, wanted.valid_to or latest)
    await exchange.respond(200, encode(app.world.consenting.ask(offer)), [JSON, NO_STORE])
    return 200


async def grant(app: App, exchange: Exchange, call: str) -> int:
    own, key = _speaking(app, exchange)
    said = await body_of(exchange, Granted)
    person = _person(app, own, said.subject)
    world, now = app.world, app.world.clock.now()
    offer = _offer(said, said.valid_to)
    known = words()[offer.consent]
    record = Consent(
        id=world.ledger.new_id(), person=person, consent=said.consent, purposes=said.purposes, categories=said.categories,
        recipient=said.recipient, places=said.places, language=said.language, text_sha256=said.text_sha256, by=said.by,
        guardian=world.locator.pseudonym(_name(said.guardian, "guardian")) if said.guardian else "", relation=said.relation,
        channel=said.channel, at=int(now.timestamp()), valid_to=said.valid_to,
    )  # fmt: skip
    checked(record, guardians=known.guardian)
    if not now.date() <= said.valid_to <= now.date() + timedelta(days=known.days):
        raise wrong("valid_to", f"is over, or more than {known.days} days away", "the one that was asked")
    text = world.consenting.text(offer, said.language)
    if sha256_of(text) != said.text_sha256:
        raise wrong("text_sha256", "is not of the text that is shown for this", "show that of POST /comity/v1/consents/ask")
    made = await _entered(app, key, record, GRANTED)
    await world.consenting.consents.grant(made, text, said.language)
    found, _ = await world.consenting.consents.one(record.id)
    await exchange.respond(201, encode(_row(found, None, world)), [JSON, NO_STORE])
    return 201


async def withdraw(app: App, exchange: Exchange, call: str) -> int:
    """It holds nowhere from then on; what rested on it alone goes, and what is still being answered goes later."""
    own, key = _speaking(app, exchange)
    said = await body_of(exchange, Withdrawn)
    person = _person(app, own, said.subject)
    world, name = app.world, exchange.path.split("/")[-2]
    found, gone = await world.consenting.consents.one(name)
    if found.person != person:
        raise unknown()  # the same as for what is not there: whose it is is nobody else's business
    if gone is not None:
        raise withdrawn()
    at = int(world.clock.now().timestamp())
    record = Withdrawal(id=world.ledger.new_id(), person=person, withdraws=name, channel=worded(said.channel, "channel"), at=at)
    made = await _entered(app, key, record, WITHDRAWN)
    erasure = Erasure(record.id, person, at, None, 0, 0, "", 0, consent_in(found).consent)
    await world.consenting.consents.withdraw(made, partial(owed, erasure))
    done = await done_with(world, erasure)
    await exchange.respond(200, encode(Ended(consent=_row(found, made, world), erasure=shown(done))), [JSON, NO_STORE])
    return 200


async def listed(app: App, exchange: Exchange, call: str) -> int:
    """A person's own, or for an officer everybody's, without whose."""
    person, query = _reader(app, exchange), asked.read(exchange.query, asked.Places)
    found = await app.world.consenting.consents.page(person, query.after, query.limit)
    rows = tuple(_row(each, gone, app.world) for each, gone in found)
    page = ConsentPage(data=rows, after=rows[-1].number if len(rows) == query.limit else None)
    await exchange.respond(200, encode(page), [JSON, NO_STORE])
    return 200


async def proof(app: App, exchange: Exchange, call: str) -> int:
    person, world, name = _reader(app, exchange), app.world, exchange.path.split("/")[-2]
    found, gone = await world.consenting.consents.one(name)
    if person not in ("", found.person):
        raise unknown()
    said = await world.consenting.consents.text(found)
    made = await world.ledger.database.read(partial(proof_of, found, gone, said, world.ledger.verifier))
    await exchange.respond(200, encode(made), [JSON, NO_STORE])
    return 200


async def _entered(app: App, key: KeyConfig | None, record: Record, what: str) -> Kept:
    """In the log by its commitment, and signed; it counts once it lies in the state too."""
    world, raw = app.world, encoded(record)
    salt = world.random.token(SALT_BYTES)
    by, role = (key.id, console_role(key)) if key is not None else (PERSON, PERSON)
    place = await world.ledger.changed(world.clock.now(), by=by, role=role, what=what, of=commitment(salt, raw))
    return kept(record, salt, world.ledger.signed(signed_form(raw)), place)


def _speaking(app: App, exchange: Exchange) -> tuple[str, KeyConfig | None]:
    """The pseudonym of the person whose own session it is, else "" and a key that may say who a person is.  Raises CallerError."""
    session = app.callers.session(exchange.headers)
    if session is not None and session.subject:
        return session.subject, None
    key = require(app.callers, exchange, CALL)
    if not key.may_assert_subject:
        raise CallerError(
            "this key may not say who the person is", code="request.subject_not_trusted", status=403, field="subject",
            hint="set `may_assert_subject` for the key, or let the person do it on their own page",
        )  # fmt: skip
    return "", key


def _person(app: App, own: str, named: str) -> str:
    """Whose consent it is."""
    if own and named:
        raise wrong("subject", "is not said in a person's own session", "leave it out")
    return own or app.world.locator.pseudonym(_name(named, "subject"))


def _name(named: str, field: str) -> str:
    if not 0 < len(named) <= NAME_LETTERS_MAX:
        raise wrong(field, "names nobody", f"as callers name the person, at most {NAME_LETTERS_MAX} letters")
    return named


def _reader(app: App, exchange: Exchange) -> str:
    """The person whose own session it is; "" for an officer."""
    session = app.callers.session(exchange.headers)
    if session is not None and session.subject:
        return session.subject
    require(app.callers, exchange, OFFICER)
    return ""


def _offer(said: Wanted | Granted, valid_to: date) -> Offer:
    """Raises CallerError."""
    offer = Offer(
        consent=said.consent, purposes=said.purposes, categories=said.categories, recipient=said.recipient, places=said.places,
        valid_to=valid_to,
    )  # fmt: skip
    return offered(offer, load_vocabulary())


def _row(found: Kept, gone: Kept | None, world: World) -> ConsentRow:
    record, taken = consent_in(found), decoded(gone.record) if gone is not None else None
    told = {name: getattr(record, name) for name in ConsentRow.__struct_fields__ if hasattr(record, name) and name not in ("at", "state")}
    return ConsentRow(
        **told, number=found.number, at=instant(record.at), state="withdrawn" if gone is not None else record.state(world.clock.now()),
        withdrawn_at=instant(taken.at) if isinstance(taken, Withdrawal) else None,
    )  # fmt: skip


ROUTES: Mapping[str, Mapping[str, Any]] = {
    "/comity/v1/consents": {"GET": listed, "POST": grant},
    "/comity/v1/consents/ask": {"POST": ask},
    "/comity/v1/consents/{id}/withdraw": {"POST": withdraw},
    "/comity/v1/consents/{id}/proof": {"GET": proof},
}
