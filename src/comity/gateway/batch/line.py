# SPDX-License-Identifier: Apache-2.0
"""One line of a batch: a request of its own through the seven steps, under its own facts, for the key that submitted it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from comity.config import KeyConfig
from comity.errors import CallerError, ComityError, LimitReached, PolicyDenied, ProviderFailure, StorageFailure
from comity.gateway.callers import LOCAL
from comity.gateway.doors import DOORS
from comity.gateway.http import encode, error_body
from comity.gateway.logs import place_of
from comity.gateway.owed import paid
from comity.gateway.pipeline import Call
from comity.gateway.read.roles import CALL, roles_of
from comity.gateway.world import World
from comity.wire.batch import Entry, Line, LineError, Response

if TYPE_CHECKING:
    from comity.gateway.app import App
    from comity.gateway.batch.queue import Fate

log = logging.getLogger("comity.gateway")
STORAGE_SECONDS = 5
SAID = {
    "batch.cancelled": "the batch was cancelled before this line was sent",
    "batch.expired": "the batch's time was over before this line was sent",
    "batch.stopped": "the key of this batch holds no longer, so this line was not sent",
    "batch.interrupted": "the gateway that had this line ended meanwhile: it may have been sent, and is not sent twice",
}


class Later(Exception):
    """Nothing was sent; after ``seconds`` it may pass."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = max(seconds, 1)


def holder_of(world: World, name: str) -> KeyConfig | None:
    """The terms of the key with that id, for as long as it holds.  Raises StorageFailure."""
    register = world.accounts.register.now()
    key = next((key for key in world.config.keys if key.id == name), None)
    if key is None:
        held = (held for held in register.by_hash.values() if held.key.terms.id == name and held.key.revoked is None)
        key = next((each.key.terms for each in held), None)
    if key is None:
        return LOCAL if name == LOCAL.id and not world.config.keys and not register.any else None
    over = key.expires is not None and world.clock.now().date() > key.expires
    return None if over or CALL not in roles_of(key) else key


def unsent(call: str, line: Line, fate: Fate) -> Entry:
    return Entry(id=f"batch_req_{call}", custom_id=line.custom_id, response=None, error=LineError(code=fate, message=SAID[fate]))


async def asked(app: App, line: Line, headers: Mapping[str, str], key: KeyConfig, call: str) -> Entry:
    """What became of it.  Raises Later."""
    try:
        return await _answered(app, line, _facts(line, headers), key, call)
    except LimitReached as error:
        if error.code != "budget.exhausted":
            raise Later(error.retry_after_seconds) from None
        return _refused(app, line, error, call)
    except StorageFailure:  # what could not be recorded was not sent
        raise Later(STORAGE_SECONDS) from None
    except ProviderFailure as error:
        if error.code == "provider.exhausted" and not error.attempts:  # every place is full, or left alone for now
            raise Later(error.retry_after_seconds or STORAGE_SECONDS) from None
        return _refused(app, line, error, call)
    except ComityError as error:
        return _refused(app, line, error, call)
    except Exception as error:  # noqa: BLE001 - a bug of ours: this line ends with it, without content, and the others go on
        log.error("line %s of a batch failed in an unforeseen way: %s at %s", call, type(error).__name__, place_of(error))
        return _refused(app, line, ComityError("an unforeseen error; the operator's log names it", code="internal"), call)


def _facts(line: Line, headers: Mapping[str, str]) -> dict[str, str]:
    own = {f"comity-{name}": value for name, value in msgspec.to_builtins(line.comity).items() if value is not None}
    return {**headers, **own}


async def _answered(app: App, line: Line, headers: Mapping[str, str], key: KeyConfig, call: str) -> Entry:
    door, body = DOORS[line.url], bytes(line.body)
    request, dropped = door.decode(body, "application/json", key.unknown_fields == "drop")
    if request.stream:
        raise CallerError("a line of a batch cannot be streamed", code="batch.stream", field="stream", hint="leave `stream` out")
    asked = Call(id=call, request=request, door=door, headers=headers, key=key, size=len(body), dropped=dropped)
    with app.world.users:  # of the world that answers now: the one in which the line was read may be on its way out
        served = await app.pipeline.run(asked)
        try:
            app.metrics.decisions["allow", served.candidate.deployment.id] += 1
            said = await served.whole()
        finally:
            await paid(served.over())  # also where this line is cut short
    app.metrics.requests["batch", "200"] += 1
    told = {name.decode(): value.decode("latin-1") for name, value in served.headers if name.startswith(b"comity-")}
    response = Response(status_code=200, request_id=call, body=msgspec.Raw(said.body))
    return Entry(id=f"batch_req_{call}", custom_id=line.custom_id, response=response, error=None, comity=told)


def _refused(app: App, line: Line, error: ComityError, call: str) -> Entry:
    app.metrics.requests["batch", str(error.status)] += 1
    told: dict[str, str] = {}
    if isinstance(error, PolicyDenied):
        effect = str(error.decision.get("effect", "deny"))
        app.metrics.decisions[effect, ""] += 1
        told = {"comity-decision": effect, "comity-receipt": error.receipt}
    shape, body = DOORS[line.url].error, error_body(error, call)
    response = Response(status_code=error.status, request_id=call, body=msgspec.Raw(encode(shape(body) if shape is not None else body)))
    said = LineError(code=error.code, message=str(error))
    return Entry(id=f"batch_req_{call}", custom_id=line.custom_id, response=response, error=said, comity=told)
