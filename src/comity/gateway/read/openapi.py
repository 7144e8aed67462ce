# SPDX-License-Identifier: Apache-2.0
"""The description of `/comity/v1` in OpenAPI 3.1, made from the types that the answers are encoded from.

`docs/reference/openapi.json` is this document; `python -m tests.docs.openapi` writes it, and a test holds the two together.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache
from typing import Annotated, Any, NamedTuple

import msgspec

from comity import __version__
from comity.accord.proof import Proof
from comity.config import KeyConfig
from comity.gateway.allowance.api import Rotate
from comity.gateway.api import Recorded, ReplayedHere, ScanAsked
from comity.gateway.http import encode
from comity.gateway.read.asked import Places
from comity.gateway.read.cases import Case
from comity.gateway.read.drills import Drill, DrillAsked
from comity.gateway.read.routes import BASE, PATHS, Path
from comity.gateway.read.whatif import Supposition, WhatIf
from comity.gateway.signin.browser import COOKIE
from comity.gateway.signin.shapes import (
    Ask,
    ConsentPage,
    ConsentRow,
    Ended,
    ErasureRow,
    Granted,
    Link,
    LinkAsked,
    Own,
    SignedIn,
    SignIn,
    Wanted,
    Ways,
    Withdrawn,
)
from comity.gateway.tasks import described as tasks
from comity.gateway.tasks.api import TasksAsked, TasksListed
from comity.policy.decision import Decision
from comity.policy.facts import Facts
from comity.privacy.findings import Finding
from comity.transparency.receipt import Receipt

REFERENCE = "#/components/schemas/{name}"
ABOUT = (
    "What the law says of facts, and what a gateway decided, recorded and holds. Facts, ids, codes and commitments; never content, "
    "and no person, by name or by pseudonym: persons are only counted."
)

_ROLE = "Needs a key with the role `{}`, where keys are configured."
LICENCE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


class Scanned(msgspec.Struct, frozen=True, kw_only=True):
    """Where something personal is; of several texts, a list for each."""

    profile: str
    findings: tuple[Finding | tuple[Finding, ...], ...]
    types: dict[str, int]
    categories: tuple[str, ...]


class ReplayLine(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded judgement, or ``n`` that are alike; see docs/howto/replay-under-another-law.md."""

    id: str = ""
    n: Annotated[int, msgspec.Meta(ge=1)] = 1
    facts: dict[str, Any]
    decision: dict[str, Any] = {}


class ReplayAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Another day, fewer packs, or both; and ``records``, or which of this gateway's own (then the key needs the role `read`)."""

    as_of: date | None = None
    packs: tuple[str, ...] = ()
    records: list[ReplayLine] | None = None
    recorded: Recorded | None = None


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt with all that its verification needs; see docs/reference/receipts.md."""

    format: str
    receipt: Receipt
    salt: str
    signature: str
    index: int
    inclusion: tuple[str, ...]
    checkpoint: str
    vkey: str


class Error(msgspec.Struct, frozen=True, kw_only=True):
    """`code` is one of docs/reference/errors.md; `hint` says what mends it."""

    message: str
    type: str
    param: str | None
    code: str
    hint: str
    request: str


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    error: Error


class KeyMade(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is told here, once, and nowhere else."""

    id: str
    key: str


class KeyRevoked(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    revoked: bool


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """Millionths of the currency."""

    account: str
    period: str
    currency: str
    spent_micros: int
    held_micros: int
    unsettled_micros: int


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """`keys`: terms as in `[[keys]]`, with when each was made, rotated and revoked."""

    keys: tuple[dict[str, Any], ...]
    spend: tuple[Spent, ...]


class Action(NamedTuple):
    method: str
    path: str
    says: str
    taken: Any  # None: no body
    given: Any
    status: str = "200"
    role: str = "call"
    needs: str = ""  # in place of a role
    query: Any = None


_NOBODY, _SIGNED_IN, _PERSON = "Needs no key.", "Needs a session.", "Needs the session of the person whom it is about."
_PERSON_OR_KEY = "Needs the person's own session, or a key that may say who the person is (`may_assert_subject`)."
_PERSON_OR_OFFICER = "Needs the person's own session, or the role `officer` or `admin`."
SESSIONS = (
    Action("get", "/session", "Who is signed in.", None, SignedIn, needs=_SIGNED_IN),
    Action("post", "/session", "A session, for the token of a link or a key; its cookie is set.", SignIn, SignedIn, needs=_NOBODY),
    Action("delete", "/session", "The session is over.", None, None, "204", needs=_NOBODY),
    Action("get", "/session/ways", "How one may sign in.", None, Ways, needs=_NOBODY),
    Action("get", "/session/oidc", "To the issuer that is configured.", None, None, "302", needs=_NOBODY),
    Action("get", "/session/oidc/callback", "Back from the issuer, to the pages.", None, None, "302", needs=_NOBODY),
    Action("post", "/me/links", "A one-time link to one person's own page.", LinkAsked, Link, "201", role="officer` or `admin"),
    Action("post", "/me/session", "The session of such a link; its cookie is set.", SignIn, SignedIn, needs=_NOBODY),
    Action("get", "/me", "What is known here of whoever asks.", None, Own, needs=_PERSON, query=Places),
    Action("get", "/me/report", "The signed report, as a ZIP file.", None, None, needs=_PERSON),
    Action("get", "/me/receipts/{id}", "The bundle that proves one of their receipts.", None, Bundle, needs=_PERSON),
    Action("post", "/me/erasure", "Asks to have erased what is theirs.", None, ErasureRow, needs=_PERSON),
    Action("post", "/consents/ask", "What a person would be shown and agree to.", Wanted, Ask, needs=_PERSON_OR_KEY),
    Action("post", "/consents", "Records what a person agreed to.", Granted, ConsentRow, "201", needs=_PERSON_OR_KEY),
    Action(
        "get",
        "/consents",
        "A person's own consents; for an officer everybody's, without whose.",
        None,
        ConsentPage,
        needs=_PERSON_OR_OFFICER,
        query=Places,
    ),
    Action(
        "post",
        "/consents/{id}/withdraw",
        "It holds nowhere from then on; what rested on it alone goes.",
        Withdrawn,
        Ended,
        needs=_PERSON_OR_KEY,
    ),
    Action(
        "get",
        "/consents/{id}/proof",
        "Record, text, signature and entry in the log, for an auditor.",
        None,
        Proof,
        needs=_PERSON_OR_OFFICER,
    ),
    Action("post", "/erasures/{id}", "Erases what one person asked for.", None, ErasureRow, role="officer` or `admin"),
)
ACTIONS = (
    Action("post", "/decide", "What the law says of facts, or of each of a list.", Facts | list[Facts], Decision | list[Decision]),
    Action(
        "post",
        "/whatif",
        "What each place would be told of supposed facts, and what differs from others.",
        WhatIf,
        Supposition,
        role="read",
    ),
    Action("post", "/replay", "What would flip under the law of a day, or under fewer packs.", ReplayAsked, ReplayedHere),
    Action("post", "/scan", "Where something personal is in a text.", ScanAsked, Scanned),
    Action("get", "/receipts/{id}", "The bundle that proves one receipt.", None, Bundle),
    Action("post", "/drills", "Takes a partner away in the lab; one run of it at a time.", DrillAsked, Drill, "202", role="engineer"),
    Action("post", "/cases", "Tells the founding case in the lab; one run of it at a time.", None, Case, "202", role="engineer"),
    Action("get", "/keys", "Keys of the state, and what each account has spent.", None, Keys, role="admin"),
    Action("post", "/keys", "A new key, shown once.", KeyConfig, KeyMade, "201", role="admin"),
    Action(
        "post", "/keys/{id}", "Another key for an id, shown once; the old one holds beside it for a while.", Rotate, KeyMade, role="admin"
    ),
    Action("delete", "/keys/{id}", "A key that holds nowhere from the next request on.", None, KeyRevoked, role="admin"),
    *SESSIONS,
)
SEVERAL = {path for path, count in Counter(each.path for each in (*ACTIONS, *PATHS)).items() if count > 1}


@cache
def document() -> bytes:
    return encode(tree())


def tree() -> dict[str, Any]:
    types = [Failed, *(each for action in ACTIONS for each in (action.taken, action.given) if each is not None)]
    types += [path.answer for path in PATHS if path.answer is not str]
    asked, given = tasks.asked(), tasks.given()
    types += [TasksListed, *asked, *given]
    made, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    terms = components["KeyConfig"]  # a key's terms are told, and its hash never is: the key is made here
    del terms["properties"]["sha256"]
    terms["required"].remove("sha256")
    schema = {id(kind): said for kind, said in zip(types, made, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for action in ACTIONS:
        paths.setdefault(BASE + action.path, {})[action.method] = _action(action, schema)
    for each in PATHS:
        paths.setdefault(BASE + each.path, {})["get"] = _read(each, schema.get(id(each.answer)))
    listed = _operation("/tasks", "Every task, and whether it can be had.", schema[id(TasksListed)])
    paths[f"{BASE}/tasks"] = {"get": _asking(listed, TasksAsked) | {"description": _ROLE.format("call")}}
    paths[f"{BASE}/tasks/{{id}}"] = {"post": _task([schema[id(each)] for each in asked], [schema[id(each)] for each in given])}
    paths[f"{BASE}/events"] = {"get": _events()}
    described = _operation("/openapi.json", "This description.", {"type": "object"})
    paths[f"{BASE}/openapi.json"] = {"get": described}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Comity", "version": __version__, "description": ABOUT, "license": LICENCE},
        "servers": [{"url": "/", "description": "this gateway"}],
        "security": [{"bearer": []}, {"key": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {"Refused": _answered("an error; `error.code` is stable", _json({"$ref": REFERENCE.format(name="Failed")}))},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "a key of this gateway; none where none is configured"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE,
                            "description": "of a browser; what changes something needs `Comity-CSRF` beside it"},
            },
        },
    }  # fmt: skip


def _action(action: Action, schema: dict[int, Any]) -> dict[str, Any]:
    made = _operation(action.path, action.says, schema.get(id(action.given)), named="{id}" in action.path)
    if action.path in SEVERAL:
        made["operationId"] = action.method + made["operationId"].capitalize()
    if action.query is not None:
        made = _asking(made, action.query)
    made["description"] = action.needs or _ROLE.format(action.role)
    made["responses"][action.status] = made["responses"].pop("200")
    if action.given is None:
        content = {"application/zip": {"schema": {"type": "string", "format": "binary"}}} if action.path == "/me/report" else {}
        made["responses"][action.status] = _answered("as asked", content)
    return made if action.taken is None else made | {"requestBody": _json_body(schema[id(action.taken)])}


def _read(path: Path, schema: dict[str, Any] | None) -> dict[str, Any]:
    made = _asking(_operation(path.path, path.says, schema, named="{id}" in path.path), path.query)
    made["description"] = _ROLE.format(f"{path.role}` or `admin")
    if path.lasting:
        etag = {"name": "if-none-match", "in": "header", "required": False, "schema": {"type": "string"}}
        made["parameters"].append(etag)
        made["responses"]["304"] = {"description": "as the `ETag` that was sent"}
    return made


def _asking(made: dict[str, Any], query_shape: Any) -> dict[str, Any]:
    """With what may be asked in the query."""
    (query,), inner = msgspec.json.schema_components([query_shape], ref_template=REFERENCE)
    members = inner[query["$ref"].rpartition("/")[2]]["properties"]
    for name, said in members.items():
        what = dict(said)
        parameter = {"name": name, "in": "query", "required": False, "schema": what}
        if "description" in what:
            parameter["description"] = what.pop("description")
        made["parameters"].append(parameter)
    return made


def _task(asked: list[dict[str, Any]], given: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each task by its name: what it takes is one of the shapes, and what it gives."""
    made = _operation("/tasks/{id}", "A task by its name, done here or where the law lets it.", {"anyOf": given}, named=True)
    made["operationId"], made["description"] = "doTask", _ROLE.format("call") + " Files are base64, or parts of a form."
    return made | {"requestBody": _json_body({"anyOf": asked})}


def _operation(path: str, says: str, schema: dict[str, Any] | None, *, named: bool = False) -> dict[str, Any]:
    content = _json(schema) if schema is not None else {"text/plain": {"schema": {"type": "string"}}}
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}] if named else []
    name = "".join(word.strip("{}").capitalize() for word in path.replace(".", "/").split("/"))
    return {
        "operationId": name[:1].lower() + name[1:], "summary": says, "parameters": parameters,
        "responses": {"200": _answered("as asked", content), "4XX": {"$ref": "#/components/responses/Refused"},
                      "5XX": {"$ref": "#/components/responses/Refused"}},
    }  # fmt: skip


def _events() -> dict[str, Any]:
    made = _operation("/events", "Decisions as they happen, as server-sent events.", None)
    stream = {"text/event-stream": {"schema": {"type": "string", "description": "events `decision`; the data is a DecisionRow"}}}
    made["responses"]["200"] = _answered("a stream that does not end", stream)
    resume = "the id of the last event that was seen: what came after it is told first"
    made["parameters"] = [{"name": "last-event-id", "in": "header", "required": False, "description": resume, "schema": {"type": "string"}}]
    made["description"] = _ROLE.format("read` or `admin") + " A listener that does not keep up gets an event `dropped`."
    return made


def _json_body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": _json(schema)}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _answered(says: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"description": says, "content": content}
