# SPDX-License-Identifier: Apache-2.0
"""`/comity/v1/tasks`: what can be done and where, and doing it.  Keys, subjects, purposes, limits and records are those of any request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from comity.errors import CallerError
from comity.gateway.exchange import Exchange, cancelled_when_gone
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read.asked import Query, read
from comity.gateway.read.roles import CALL, require
from comity.gateway.tasks.places import GatewayPlaces
from comity.tasks.availability import availability
from comity.tasks.capability import Length, matrix
from comity.tasks.registry import TASKS, Entry, input_of, named, task_of
from comity.tasks.run import Terms, run
from comity.tasks.shapes import Availability, Shape
from comity.wire.decode import refusal
from comity.wire.forms import parsed

if TYPE_CHECKING:
    from comity.config import KeyConfig
    from comity.gateway.app import App

TERMS = Terms.__struct_fields__


class TasksAsked(Query, frozen=True, kw_only=True):
    language: Annotated[str, Meta(max_length=20, description="of the input, BCP 47")] = "en"
    length: Annotated[Length, Meta(description="of the input: up to 300 tokens, up to 1500, more")] = "short"
    to: Annotated[str, Meta(max_length=20, description="language to translate into")] = ""
    task: Annotated[str, Meta(max_length=64, description="that one alone")] = ""


class TaskListed(Shape, frozen=True, kw_only=True):
    """One task, and whether it can be had for that language and length."""

    name: str
    says: str
    operation: str
    availability: Availability


class TasksListed(Shape, frozen=True, kw_only=True):
    language: str
    length: Length
    tasks: tuple[TaskListed, ...]


async def listed(app: App, exchange: Exchange, call: str) -> int:
    key = require(app.callers, exchange, CALL)
    asked = read(exchange.query, TasksAsked)
    made = await tasks_listed(_places(app, exchange, key, call), language=asked.language, length=asked.length, to=asked.to, only=asked.task)
    await exchange.respond(200, encode(made), [JSON, NO_STORE])
    return 200


async def tasks_listed(places: GatewayPlaces, *, language: str, length: Length, to: str = "", only: str = "") -> TasksListed:
    rows = []
    for name, entry in ({only: named(only)} if only else TASKS).items():
        task = task_of(name)
        goes_to = (to or ("zh" if language.partition("-")[0] != "zh" else "en")) if "to" in input_of(name).__struct_fields__ else ""
        had = await availability(task, places, matrix(), language=language, length=length, to=goes_to, unmeasured=entry.alone)
        rows.append(TaskListed(name=name, says=entry.says, operation=task.operation, availability=had))
    return TasksListed(language=language, length=length, tasks=tuple(rows))


async def done(app: App, exchange: Exchange, call: str) -> int:
    """An input -> its Result; that it abstained is an answer, and says why."""
    key = require(app.callers, exchange, CALL)
    name = exchange.path.rsplit("/", 1)[1]
    entry = named(name)
    body = await app.body(exchange)
    asked, terms = decoded(name, entry, body, exchange.headers.get("content-type", ""))
    places = _places(app, exchange, key, call)
    try:
        with app.world.users, cancelled_when_gone(exchange):
            result = await run(app.world.tasks.task_of(name), asked, places, matrix(), terms)
    finally:
        app.hub.recorded()
    seen = app.seen.get(call)
    if seen is not None and places.last is not None:
        seen.served(places.last)
    await exchange.respond(200, encode(result), [JSON, NO_STORE, *places.headers_of(result)])
    return 200


def decoded(name: str, entry: Entry, body: bytes, content_type: str) -> tuple[msgspec.Struct, Terms]:
    """The task's input, and how it is to be done.  Raises CallerError with the path of what is wrong."""
    form, shape = content_type.lower().startswith("multipart/form-data"), input_of(name)
    tree = _form(entry.file, shape, body, content_type) if form else _tree(body)
    said: dict[str, Any] = ({"where": "device"} if entry.here else {}) | ({"unmeasured": "try"} if entry.alone else {})
    said |= {member: tree.pop(member) for member in TERMS if member in tree}
    try:
        return msgspec.convert(tree, shape, strict=not form), msgspec.convert(said, Terms, strict=not form)
    except msgspec.ValidationError as error:
        raise refusal(error) from None


def _tree(body: bytes) -> dict[str, Any]:
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CallerError("the body is not JSON in UTF-8", code="request.malformed", hint='for example {"text": "…"}') from None
    if not isinstance(tree, dict):
        raise CallerError("the body is no JSON object", code="request.malformed", hint='for example {"text": "…"}')
    return tree


def _form(file: str, shape: type[msgspec.Struct], body: bytes, content_type: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for field in parsed(body, content_type):
        if field.name in tree:
            raise CallerError(f"`{field.name[:64]}` stands twice in the form", code="request.malformed", field=field.name[:64])
        tree[field.name] = field.value if field.name == file else field.text()
        if field.name == file and field.content_type and "content_type" in shape.__struct_fields__:
            tree.setdefault("content_type", field.content_type)
    return tree


def _places(app: App, exchange: Exchange, key: KeyConfig, call: str) -> GatewayPlaces:
    seen = app.seen.get(call)
    trace = seen.trace if seen is not None else None
    return GatewayPlaces(app.pipeline, app.world, key=key, headers=exchange.headers, call=call, trace=trace)


ROUTES: Mapping[str, Mapping[str, Any]] = {"/comity/v1/tasks": {"GET": listed}, "/comity/v1/tasks/{id}": {"POST": done}}
