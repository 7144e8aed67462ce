# SPDX-License-Identifier: Apache-2.0
"""Sessions and the one-time passes that begin them: in the state, where every gateway that shares it sees them at once.

Of a token only SHA-256 is kept.  A session that was begun with a key holds for as long as the key does, and may do what the key may.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import partial
from typing import NamedTuple

from comity.errors import CallerError
from comity.gateway.allowance.shown import digest
from comity.ports import Clock, Random
from comity.storage.database import Database, Script, Statement

TOKEN_BYTES = 32
PASS_SECONDS = 600
PERSON = "subject"
"""The role of whoever may see what is theirs, and nothing else."""


class Session(NamedTuple):
    """``key``: SHA-256 of the key that it was begun with; ``subject``: the pseudonym of the person who may see what is theirs."""

    name: str
    role: str
    key: str = ""
    subject: str = ""
    until: int = 0  # seconds since 1970


OWNER = Session("console:admin", "admin")
"""Whoever started the gateway, or has its home: the one that a printed link is for.  No key of the state can be called so."""


class Begun(NamedTuple):
    token: str  # for the cookie, and nowhere else
    session: Session


def fresh(random: Random) -> str:
    return urlsafe_b64encode(random.token(TOKEN_BYTES)).decode().rstrip("=")


class Sessions:
    """Raises StorageFailure."""

    def __init__(self, database: Database, *, clock: Clock, random: Random) -> None:
        self._database, self._clock, self._random = database, clock, random

    async def offer(self, session: Session, seconds: int = PASS_SECONDS) -> str:
        """A pass for one such session."""
        token = fresh(self._random)
        await self.hold(token, session, self._now() + seconds)
        return token

    async def hold(self, token: str, session: Session, until: int) -> None:
        """A pass that was made before; held again, it is no newer."""
        await self._database.write(partial(_hold, digest(token), session, until, self._now()))

    async def enter(self, token: str, seconds: int, *, person: bool = False) -> Begun | None:
        """The session of a pass, which is then used up; None for what is none.  ``person``: a pass to one person's own page.

        Raises CallerError for one that was used, or is over.  Whatever is none costs a look, and the writer nothing."""
        if not await self._database.read(partial(_known, digest(token))):
            return None
        made, now = fresh(self._random), self._now()
        session = await self._database.write(partial(_enter, digest(token), digest(made), now, now + seconds, person))
        return Begun(made, session) if session is not None else None

    async def begin(self, session: Session, seconds: int) -> Begun:
        made, now = fresh(self._random), self._now()
        begun = session._replace(until=now + seconds)
        await self._database.write(partial(_begin, digest(made), begun, now))
        return Begun(made, begun)

    async def find(self, token: str) -> Session | None:
        return await self._database.read(partial(_find, digest(token), self._now()))

    async def end(self, token: str) -> None:
        if await self.find(token) is None:
            return
        await self._database.write(partial(_end, digest(token)))

    async def end_all(self) -> int:
        """Whoever is signed in is so no more, and what would sign somebody in serves no more; links for persons do.  How many were."""
        return await self._database.write(_end_all)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _hold(sha256: str, session: Session, until: int, now: int) -> Script[None]:
    yield Statement("DELETE FROM passes WHERE until <= ?", (now - PASS_SECONDS,))  # a while after its end it is still said why
    yield Statement(
        "INSERT INTO passes VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING", (sha256, session.name, session.role, session.subject, until)
    )


def _known(sha256: str) -> Script[bool]:
    return bool((yield Statement("SELECT 1 FROM passes WHERE sha256 = ?", (sha256,))))


def _enter(sha256: str, made: str, now: int, until: int, person: bool) -> Script[Session | None]:
    found = yield Statement("SELECT name, role, subject, until, used FROM passes WHERE sha256 = ?", (sha256,))
    if not found or person is not bool(found[0][2]):
        return None
    name, role, subject, holds, used = found[0]
    if used:
        raise _spent("this link was used already", "session.pass_used")
    if holds <= now:
        raise _spent("this link is over", "session.pass_expired")
    yield Statement("UPDATE passes SET used = 1 WHERE sha256 = ?", (sha256,))
    begun = Session(name, role, subject=subject, until=until)
    yield from _begin(made, begun, now)
    return begun


def _begin(sha256: str, session: Session, now: int) -> Script[None]:
    yield Statement("DELETE FROM sessions WHERE until <= ?", (now,))
    yield Statement(
        "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)",
        (sha256, session.name, session.role, session.key, session.subject, session.until),
    )


def _find(sha256: str, now: int) -> Script[Session | None]:
    found = yield Statement("SELECT name, role, key, subject, until FROM sessions WHERE sha256 = ? AND until > ?", (sha256, now))
    return Session(*found[0]) if found else None


def _end(sha256: str) -> Script[None]:
    yield Statement("DELETE FROM sessions WHERE sha256 = ?", (sha256,))


def _end_all() -> Script[int]:
    yield Statement("DELETE FROM passes WHERE subject = ''")
    count = int((yield Statement("SELECT count(*) FROM sessions"))[0][0])
    yield Statement("DELETE FROM sessions")
    return count


def _spent(message: str, code: str) -> CallerError:
    return CallerError(message, code=code, status=401, field="token", hint="a link serves once: ask for another")
