# SPDX-License-Identifier: Apache-2.0
"""Files and batches over HTTP, in OpenAI's form: `/v1/files` and `/v1/batches`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from msgspec import Meta

from comity.errors import CallerError, StorageFailure
from comity.gateway.exchange import Disconnected, Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read.asked import Query, read
from comity.gateway.read.roles import CALL, require
from comity.wire.batch import SECONDS_MIN, asked_of, page
from comity.wire.forms import parsed

if TYPE_CHECKING:
    from comity.gateway.app import App

FORM_BYTES_MAX = 65_536
"""Of a form, around the file in it."""
BODY_BYTES_MAX = 65_536
BYTES = (b"content-type", b"application/octet-stream")
FACTS = ("comity-subject", "comity-purpose", "comity-task")
Id = Annotated[str, Meta(max_length=64)]


class FilesAsked(Query, frozen=True, kw_only=True):
    after: Id = ""
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 10_000
    order: Literal["asc", "desc"] = "desc"
    purpose: Id = ""


class BatchesAsked(Query, frozen=True, kw_only=True):
    after: Id = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class Upload(NamedTuple):
    name: str
    content: bytes
    seconds: int | None


def upload(body: bytes, content_type: str) -> Upload:
    """Raises CallerError."""
    said: dict[str, str] = {}
    name, content = "", b""
    for field in parsed(body, content_type):
        if field.name == "file":
            name, content = field.filename or "batch.jsonl", field.value
        elif field.name in ("purpose", "expires_after[anchor]", "expires_after[seconds]"):
            said[field.name] = field.text()
        else:
            raise CallerError(
                f"unknown field `{field.name[:64]}`", code="request.unknown_field", field=field.name[:64],
                hint="a file is sent with `file`, `purpose` and perhaps `expires_after`",
            )  # fmt: skip
    if said.get("purpose") != "batch":
        raise CallerError("`purpose` is not `batch`", code="request.invalid", field="purpose", hint="files are kept for batches alone")
    seconds = said.get("expires_after[seconds]", "")
    if seconds and not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10 and int(seconds) >= SECONDS_MIN):
        raise CallerError(f"`expires_after[seconds]` is no number of at least {SECONDS_MIN}", code="request.invalid", field="expires_after")
    if said.get("expires_after[anchor]", "created_at") != "created_at":
        raise CallerError("`expires_after[anchor]` is not `created_at`", code="request.invalid", field="expires_after")
    return Upload(name, content, int(seconds) if seconds else None)


async def new_file(app: App, exchange: Exchange, call: str) -> int:
    key, batches = require(app.callers, exchange, CALL), app.world.batches
    body = await app.body(exchange, batches.config.file_bytes_max + FORM_BYTES_MAX)
    sent = await asyncio.to_thread(upload, body, exchange.headers.get("content-type", ""))
    if len(sent.content) > batches.config.file_bytes_max:
        raise CallerError(
            f"the file is larger than {batches.config.file_bytes_max} bytes", code="request.too_large", status=413, field="file",
            hint="send several, or raise `batch.file_bytes_max`",
        )  # fmt: skip
    return await _told(exchange, await batches.add(key.id, sent.name, sent.content, sent.seconds))


async def list_files(app: App, exchange: Exchange, call: str) -> int:
    key, asked = require(app.callers, exchange, CALL), read(exchange.query, FilesAsked)
    rows, more = await app.world.batches.files(
        key.id, after=asked.after, limit=asked.limit, purpose=asked.purpose, newest_first=asked.order == "desc"
    )
    return await _told(exchange, page(rows, has_more=more))


async def file(app: App, exchange: Exchange, call: str) -> int:
    key = require(app.callers, exchange, CALL)
    return await _told(exchange, await app.world.batches.file(_name(exchange), key.id))


async def content(app: App, exchange: Exchange, call: str) -> int:
    """A file that goes while it is read is cut off, so that a caller can tell."""
    key = require(app.callers, exchange, CALL)
    try:
        async for piece in app.world.batches.content(_name(exchange), key.id):
            if not exchange.begun:
                await exchange.begin(200, [BYTES, NO_STORE])
            await exchange.write(piece)
    except StorageFailure:
        if exchange.begun:
            raise Disconnected from None
        raise
    await exchange.end()
    return 200


async def delete_file(app: App, exchange: Exchange, call: str) -> int:
    key, name = require(app.callers, exchange, CALL), _name(exchange)
    await app.world.batches.delete(name, key.id)
    return await _told(exchange, {"id": name, "object": "file", "deleted": True})


async def new_batch(app: App, exchange: Exchange, call: str) -> int:
    """The facts in its headers are those of every line that says nothing else."""
    key = require(app.callers, exchange, CALL)
    asked = asked_of(await exchange.body(BODY_BYTES_MAX))
    facts = {name: exchange.headers[name] for name in FACTS if name in exchange.headers}
    app.world.locator.locate(facts, key)  # what is wrong for every line is told at once
    return await _told(exchange, await app.world.batches.create(key.id, asked, facts))


async def list_batches(app: App, exchange: Exchange, call: str) -> int:
    key, asked = require(app.callers, exchange, CALL), read(exchange.query, BatchesAsked)
    rows, more = await app.world.batches.batches(key.id, after=asked.after, limit=asked.limit)
    return await _told(exchange, page(rows, has_more=more))


async def batch(app: App, exchange: Exchange, call: str) -> int:
    key = require(app.callers, exchange, CALL)
    return await _told(exchange, await app.world.batches.batch(_name(exchange), key.id))


async def cancel_batch(app: App, exchange: Exchange, call: str) -> int:
    key = require(app.callers, exchange, CALL)
    return await _told(exchange, await app.world.batches.cancel(_name(exchange), key.id))


ROUTES = {
    "/v1/files": {"GET": list_files, "POST": new_file},
    "/v1/files/{id}": {"GET": file, "DELETE": delete_file},
    "/v1/files/{id}/content": {"GET": content},
    "/v1/batches": {"GET": list_batches, "POST": new_batch},
    "/v1/batches/{id}": {"GET": batch},
    "/v1/batches/{id}/cancel": {"POST": cancel_batch},
}


def _name(exchange: Exchange) -> str:
    return exchange.path.split("/")[3]


async def _told(exchange: Exchange, said: object) -> int:
    await exchange.respond(200, encode(said), [JSON, NO_STORE])
    return 200
