# SPDX-License-Identifier: Apache-2.0
"""The paths of the read API: what each is asked, what it answers, and what OpenAPI says of it, in one row each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from comity.accord.dossier import Dossier
from comity.config import Role
from comity.gateway.dossiers import dossier
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode, etag_of, respond_lasting
from comity.gateway.read import (
    asked,
    cases,
    decisions,
    deployments,
    drills,
    flows,
    law,
    log,
    metrics,
    packs,
    reports,
    resilience,
    shapes,
    vocabulary,
)
from comity.gateway.read.events import events
from comity.gateway.read.roles import OFFICER, READ, require
from comity.gateway.read.whatif import whatif
from comity.gateway.resilience import Report
from comity.gateway.signin.changes import changes
from comity.gateway.signin.erasures import erasures
from comity.gateway.signin.shapes import ChangePage, ErasurePage

if TYPE_CHECKING:
    from comity.gateway.app import App, Handler

BASE = "/comity/v1"
TEXT = (b"content-type", b"text/plain; charset=utf-8")
REVALIDATED = (b"cache-control", b"private, no-cache")


class Path(NamedTuple):
    """``look``: the app, what the query asks, and the last part of the path where that is a name."""

    path: str
    says: str
    look: Callable[[App, Any, str], Awaitable[Any]]
    query: type[asked.Query]
    answer: type
    lasting: bool = False  # the same for as long as its ETag
    role: Role = READ


PATHS = (
    Path("/decisions", "Recorded decisions, the newest first.", decisions.decisions, asked.Decisions, shapes.DecisionPage),
    Path("/decisions/{id}", "One decision: facts, candidates, articles, obligations, attempts.", decisions.decision, asked.Query,
         shapes.DecisionDetail),
    Path("/deployments", "Deployments: places, sources, evidence, prices, health.", deployments.deployments, asked.Query,
         shapes.DeploymentPage),
    Path("/resilience", "Who may answer whom, and what goes dark without one of them.", resilience.resilience, asked.Query, Report),
    Path("/drills/{id}", "How a drill went.", drills.drill, asked.Query, drills.Drill),
    Path("/cases", "Runs of the founding case, the newest first.", cases.cases, asked.Query, cases.CasePage),
    Path("/cases/{id}", "One run of it, as told so far.", cases.case, asked.Query, cases.Case),
    Path("/flows", "What went where, minute by minute.", flows.flows, asked.Flows, shapes.FlowPage),
    Path("/packs", "The laws that are held.", packs.packs, asked.AsOf, shapes.PackPage, True),
    Path("/packs/{id}", "One pack: rules, tables and articles in force, and what changes next.", packs.pack, asked.AsOf,
         shapes.PackDetail, True),
    Path("/packs/compare", "Two laws: what each has that the other has not, by topic.", law.compare, asked.Compare, shapes.Comparison,
         True),
    Path("/timeline", "What comes into force or goes out of it after a day, over all packs.", law.timeline, asked.Timeline,
         shapes.Timeline, True),
    Path("/guidelines", "What one may do with data under a law, for people to read.", law.guidelines, asked.Guidelines,
         shapes.Guidelines, True),
    Path("/dossiers/{id}", "Drafts of what a regulator asks for, of CN, EEA or US.", dossier, asked.Dossiers, Dossier, role=OFFICER),
    Path("/vocabulary", "The words of facts, evidence and decisions, in English and Chinese.", vocabulary.words, asked.Query,
         shapes.WordPage, True),
    Path("/log", "The log's head and key, and what of it is published and witnessed.", log.head, asked.Query, shapes.LogHead),
    Path("/log/checkpoint", "The newest signed tree head, as C2SP's note.", log.checkpoint, asked.Query, str),
    Path("/log/consistency", "That the log has only grown between two sizes.", log.consistency, asked.Consistency, shapes.Consistency),
    Path("/log/entries", "What the log holds at some places.", log.entries, asked.Entries, shapes.LogEntries),
    Path("/reports", "Reports that can be asked for.", reports.reports, asked.Query, shapes.ReportPage),
    Path("/reports/{id}", "One report: rows of counts.", reports.report, asked.Report, shapes.ReportAnswer),
    Path("/changes", "What was changed here, by whom, the newest first.", changes, asked.Places, ChangePage, role=OFFICER),
    Path("/erasures", "What persons asked to have erased, the newest first.", erasures, asked.Ids, ErasurePage, role=OFFICER),
    Path("/metrics", "What `/metrics` says, as JSON.", metrics.metrics, asked.Query, shapes.MetricPage),
)  # fmt: skip


def handler(path: Path) -> Handler:
    async def handle(app: App, exchange: Exchange, call: str) -> int:
        require(app.callers, exchange, path.role)
        question = asked.read(exchange.query, path.query)
        answer = await path.look(app, question, exchange.path.rpartition("/")[2])
        if isinstance(answer, str):
            await exchange.respond(200, answer.encode(), [TEXT, NO_STORE])
            return 200
        return await _respond(exchange, encode(answer), lasting=path.lasting)

    return handle


async def openapi(app: App, exchange: Exchange, call: str) -> int:
    """For whoever holds a key: it says what there is, and nothing of what is in it."""
    from comity.gateway.read.openapi import document

    app.callers.caller(exchange.headers)
    return await _respond(exchange, document(), lasting=True)


async def _respond(exchange: Exchange, body: bytes, *, lasting: bool) -> int:
    if not lasting:
        await exchange.respond(200, body, [JSON, NO_STORE])
        return 200
    return await respond_lasting(exchange, body, etag_of(body), [REVALIDATED], kind=JSON)


GETS: dict[str, dict[str, Handler]] = {BASE + path.path: {"GET": handler(path)} for path in PATHS}
ROUTES: dict[str, dict[str, Handler]] = {
    **GETS,
    f"{BASE}/events": {"GET": events},
    f"{BASE}/whatif": {"POST": whatif},
    f"{BASE}/drills": {"POST": drills.begin},
    f"{BASE}/cases": {**GETS[f"{BASE}/cases"], "POST": cases.begin},
    f"{BASE}/openapi.json": {"GET": openapi},
}
