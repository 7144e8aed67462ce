# SPDX-License-Identifier: Apache-2.0
"""Keys over HTTP, for whoever has the role `admin`: `/comity/v1/keys`.

A key is in the answer to the request that made it, and nowhere else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from comity.config import KeyConfig
from comity.errors import CallerError
from comity.gateway.allowance.keys import OVERLAP_SECONDS, Made
from comity.gateway.allowance.spend import Account
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read.roles import ADMIN, require
from comity.gateway.signin.changes import changed
from comity.policy.reading import misshapen

if TYPE_CHECKING:
    from comity.gateway.app import App

BODY_BYTES_MAX = 65_536


class Rotate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /comity/v1/keys/{id}`."""

    overlap_seconds: int = OVERLAP_SECONDS


def terms_of(tree: Any, what: str) -> KeyConfig:
    """A key's terms as in `[[keys]]`, without its hash.  Raises CallerError."""
    if not isinstance(tree, dict) or "sha256" in tree:
        raise CallerError(f"{what}: is not the terms of a key", code="key.invalid", hint='for example {"id": "app"}; the key is made here')
    try:
        return msgspec.convert(tree | {"sha256": ""}, KeyConfig, strict=True)
    except msgspec.ValidationError as error:
        raise _invalid(error, KeyConfig, what) from None


def told(made: Made) -> dict[str, Any]:
    """What anybody may know of a key: its terms and instants."""
    terms = {name: value for name, value in msgspec.to_builtins(made.terms).items() if name != "sha256" and value not in (None, "", [])}
    return terms | {"made": _at(made.made), "rotated": _at(made.rotated), "revoked": _at(made.revoked)}


def spent(account: Account) -> dict[str, Any]:
    """Amounts in millionths of the currency; `unsettled` is the part of `held` that nobody will settle any more, and counts as spent."""
    name, period, currency = account.line
    return {
        "account": name, "period": period, "currency": currency, "spent_micros": account.settled, "held_micros": account.held,
        "unsettled_micros": account.unsettled,
    }  # fmt: skip


async def list_keys(app: App, exchange: Exchange, call: str) -> int:
    """Keys of the state, and what every account has spent."""
    require(app.callers, exchange, ADMIN)
    keys = app.world.accounts.keys
    body = {"keys": [told(each) for each in await keys.listed()], "spend": [spent(each) for each in await keys.spend()]}
    await exchange.respond(200, encode(body), [JSON, NO_STORE])
    return 200


async def new_key(app: App, exchange: Exchange, call: str) -> int:
    """Terms -> a key, shown once."""
    admin = require(app.callers, exchange, ADMIN)
    terms = terms_of(_decoded(await exchange.body(BODY_BYTES_MAX)), "body")
    keys = app.world.accounts.keys
    keys.check(terms)
    await changed(app, admin, "key.made", terms.id)
    key = await keys.new(terms)
    await exchange.respond(201, encode({"id": terms.id, "key": key}), [JSON, NO_STORE])
    return 201


async def rotate_key(app: App, exchange: Exchange, call: str) -> int:
    """Another key for an id, shown once; the old one holds beside it for `overlap_seconds`."""
    admin = require(app.callers, exchange, ADMIN)
    name, body = exchange.path.rpartition("/")[2], await exchange.body(BODY_BYTES_MAX)
    try:
        asked = msgspec.convert(_decoded(body), Rotate, strict=True) if body else Rotate()
    except msgspec.ValidationError as error:
        raise _invalid(error, Rotate, "body") from None
    keys = app.world.accounts.keys
    await keys.check_standing(name)
    await changed(app, admin, "key.rotated", name)
    key = await keys.rotate(name, asked.overlap_seconds)
    await exchange.respond(200, encode({"id": name, "key": key}), [JSON, NO_STORE])
    return 200


async def revoke_key(app: App, exchange: Exchange, call: str) -> int:
    """Holds nowhere from the next request on."""
    admin = require(app.callers, exchange, ADMIN)
    name = exchange.path.rpartition("/")[2]
    keys = app.world.accounts.keys
    await keys.check_standing(name)
    await changed(app, admin, "key.revoked", name)
    await keys.revoke(name)
    await exchange.respond(200, encode({"id": name, "revoked": True}), [JSON, NO_STORE])
    return 200


ROUTES = {
    "/comity/v1/keys": {"GET": list_keys, "POST": new_key},
    "/comity/v1/keys/{id}": {"POST": rotate_key, "DELETE": revoke_key},
}


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CallerError("the body is not JSON in UTF-8", code="request.malformed", hint='for example {"id": "app"}') from None


def _invalid(error: msgspec.ValidationError, shape: type, what: str) -> CallerError:
    said = misshapen(error, shape, what)
    return CallerError(str(said), code="key.invalid", field=said.field, hint=said.hint)


def _at(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
