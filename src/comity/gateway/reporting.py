# SPDX-License-Identifier: Apache-2.0
"""A privacy report of this installation: its log, with the law, the evidence and the nodes that lie elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import IO, Any, TypeVar

from comity import __version__
from comity.accord.evidence import register
from comity.client.told import name_at
from comity.config import Config
from comity.errors import CallerError, StorageFailure
from comity.gateway.locate import pseudonym
from comity.gateway.whereabouts import Whereabouts
from comity.jurisdictions.load import shipped
from comity.storage.database import Script, Statement
from comity.storage.open import look_into
from comity.storage.schema import Which
from comity.storage.state import glimpse
from comity.transparency.log_key import standing_signer
from comity.transparency.met import Met, kept, own, pools
from comity.transparency.report.gather import Asked, Beside, made, texts_of
from comity.transparency.report.shapes import Manifest, Vouched
from comity.transparency.rows import DATABASE
from comity.transparency.tlog import DATABASE as NODE_LOG

T = TypeVar("T")
SECONDS_MAX = 10.0  # for an answer of a server


def pseudonym_of(where: Whereabouts, name: str) -> str:
    """Of the person that callers name so.  Raises CallerError where nobody was ever named here."""
    key = _looked(where.state, "state", _subject_key)
    if key is None:
        raise _nobody()
    return pseudonym(key, name)


def report(where: Whereabouts, config: Config, asked: Asked, now: datetime, out: IO[bytes]) -> Manifest:
    """Beside running gateways: it only reads.  Raises CallerError, StorageFailure, TrustFailure."""
    log = look_into(where.log / DATABASE if isinstance(where.log, Path) else where.log.url, "log", seconds_max=SECONDS_MAX)
    try:
        beside = Beside(
            now, f"comity {__version__}", texts_of(_folders(config)), tuple(_vouched(where, config, now)), partial(_node, where)
        )
        return made(log.look, standing_signer(where.log), asked, beside, out)
    finally:
        log.close()


def known_as(where: Whereabouts, pseudonym: str) -> dict[str, str]:
    """By pool, the name under which its nodes know the person of ``pseudonym``: what their operator is to be asked for."""
    return {pool: name_at(pseudonym, pool) for pool in _looked(where.state, "state", pools) or ()}


def _node(where: Whereabouts, entry: str) -> Met | None:
    """Of the nodes that were asked from here, or of this node's own log."""
    found = _looked(where.state, "state", partial(kept, entry))
    nodes = where.log / NODE_LOG if isinstance(where.log, Path) else where.log.url
    return found or _looked(nodes, "tlog", partial(own, entry))


def _looked(where: Path | str, which: Which, script: Callable[[], Script[T | None]]) -> T | None:
    """None where there is no such database."""
    try:
        into = look_into(where, which, seconds_max=SECONDS_MAX)
    except StorageFailure as error:
        if error.code != "storage.absent":
            raise
        return None
    try:
        return into.look(script)
    finally:
        into.close()


def _folders(config: Config) -> Iterator[Any]:
    """Of the packs in force, as the engine has them."""
    here = files("comity.jurisdictions").joinpath("packs")
    yield from (here.joinpath(name) for name in dict.fromkeys(config.packs.enabled or shipped()))
    yield from map(Path, config.packs.extra)


def _vouched(where: Whereabouts, config: Config, now: datetime) -> Iterator[Vouched]:
    """What decisions count, and no more."""
    for each in register(glimpse(where.state, {})[1]):
        entry = each.entry
        if each.state(now.date()) == "valid" and (entry.check is not None or not config.evidence_check_required):
            yield Vouched(
                number=each.number, kind=entry.kind, scope=entry.scope, document_sha256=entry.document_sha256, approver=entry.approver,
                at=entry.at.isoformat(), valid_from=str(entry.valid_from or ""), valid_to=str(entry.valid_to or ""),
            )  # fmt: skip


def _subject_key() -> Script[bytes | None]:
    found = yield Statement("SELECT key FROM keys WHERE name = ?", ("subject",))
    return bytes(found[0][0]) if found else None


def _nobody() -> CallerError:
    return CallerError(
        "nobody was ever named here", code="report.nobody", status=404, hint="is it the right home? comity --home DIR report …"
    )
