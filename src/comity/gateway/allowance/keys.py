# SPDX-License-Identifier: Apache-2.0
"""Keys made while a gateway runs: in the state, where every gateway that shares it sees them with its next request.

A key has the same terms there as in `comity.toml`; of the key itself only SHA-256 is kept.  Rotating gives it another, and the old one
holds for a while beside it.  A revoked key keeps its row: its id is never given to another, since records name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from comity.config import Config, KeyConfig
from comity.config.file import KEY_ID, allowance_faults
from comity.errors import CallerError
from comity.gateway.allowance.shown import digest, fresh
from comity.gateway.allowance.spend import Account, accounts
from comity.jurisdictions.vocab import Vocabulary
from comity.ports import Clock, Random
from comity.storage.database import Database, Script, Statement

REVISION = "callers"
OVERLAP_SECONDS = 86_400
_encode = msgspec.json.Encoder(order="deterministic").encode


class Made(NamedTuple):
    """Instants in seconds since 1970."""

    terms: KeyConfig
    made: int
    rotated: int | None
    revoked: int | None


class Held(NamedTuple):
    """What is known of a key by its hash; ``until``: as long as it holds after a rotation."""

    key: Made
    until: int | None


class Register(NamedTuple):
    """All keys of the state, by hash; ``any``: whether one was ever made."""

    by_hash: Mapping[str, Held]
    any: bool


class Following:
    """`script` for `Database.follow`: reads the keys again only when they changed, since much else is written to the state."""

    def __init__(self) -> None:
        self._number = -1
        self._register = Register({}, False)

    def script(self) -> Script[Register]:
        rows = yield Statement("SELECT number FROM revisions WHERE name = ?", (REVISION,))
        number = int(rows[0][0]) if rows else 0
        if number != self._number:
            made = {each.terms.id: each for each in (yield from listed())}
            hashes = yield Statement("SELECT sha256, id, until FROM caller_hashes")
            self._register = Register({sha: Held(made[name], until) for sha, name, until in hashes if name in made}, bool(made))
            self._number = number
        return self._register


def listed() -> Script[list[Made]]:
    """A row that a newer gateway wrote in words that this one does not know gives nobody anything here."""
    rows = yield Statement("SELECT terms, made, rotated, revoked FROM callers ORDER BY id")
    out = []
    for terms, made, rotated, revoked in rows:
        try:
            out.append(Made(msgspec.json.decode(terms, type=KeyConfig), made, rotated, revoked))
        except msgspec.ValidationError:
            continue
    return out


def _changed() -> Script[None]:
    yield Statement("INSERT INTO revisions VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET number = revisions.number + 1", (REVISION,))


def _new(terms: KeyConfig, sha256: str, at: int) -> Script[None]:
    if (yield Statement("SELECT id FROM callers WHERE id = ?", (terms.id,))):
        raise taken(terms.id)
    yield Statement("INSERT INTO callers VALUES (?, ?, ?, NULL, NULL)", (terms.id, _encode(terms).decode(), at))
    yield Statement("INSERT INTO caller_hashes VALUES (?, ?, NULL)", (sha256, terms.id))
    yield from _changed()


def _rotate(name: str, sha256: str, at: int, overlap_seconds: int) -> Script[None]:
    yield from _standing(name)
    yield Statement("DELETE FROM caller_hashes WHERE id = ? AND until IS NOT NULL", (name,))
    if overlap_seconds:
        yield Statement("UPDATE caller_hashes SET until = ? WHERE id = ?", (at + overlap_seconds, name))
    else:
        yield Statement("DELETE FROM caller_hashes WHERE id = ?", (name,))
    yield Statement("INSERT INTO caller_hashes VALUES (?, ?, NULL)", (sha256, name))
    yield Statement("UPDATE callers SET rotated = ? WHERE id = ?", (at, name))
    yield from _changed()


def _revoke(name: str, at: int) -> Script[None]:
    yield from _standing(name)
    yield Statement("UPDATE callers SET revoked = ? WHERE id = ?", (at, name))
    yield from _changed()


def _standing(name: str) -> Script[None]:
    rows = yield Statement("SELECT revoked FROM callers WHERE id = ?", (name,))
    if not rows:
        raise CallerError(f"there is no key `{name[:64]}`", code="key.unknown", status=404, field="id", hint="see `comity keys list`")
    if rows[0][0] is not None:
        raise CallerError(f"key `{name[:64]}` is revoked", code="key.revoked", status=409, field="id", hint="make one with another id")


class Keys:
    """Makes, rotates and revokes.  A key is returned once, and is nowhere afterwards.  Raises CallerError, StorageFailure."""

    def __init__(self, database: Database, *, config: Config, clock: Clock, random: Random, vocabulary: Vocabulary) -> None:
        self._database, self._config, self._clock, self._random = database, config, clock, random
        self._vocabulary = vocabulary

    async def new(self, terms: KeyConfig) -> str:
        """``terms.sha256`` is left out."""
        self.check(terms)
        key, at = fresh(self._random), self._at()
        await self._database.write(lambda: _new(terms, digest(key), at))
        return key

    async def rotate(self, name: str, overlap_seconds: int = OVERLAP_SECONDS) -> str:
        if overlap_seconds < 0:
            raise CallerError(
                "an overlap is no time below zero", code="key.invalid", field="overlap_seconds", hint="0 ends the old key at once"
            )
        key, at = fresh(self._random), self._at()
        await self._database.write(lambda: _rotate(name, digest(key), at, overlap_seconds))
        return key

    async def revoke(self, name: str) -> None:
        at = self._at()
        await self._database.write(lambda: _revoke(name, at))

    async def listed(self) -> list[Made]:
        return await self._database.read(listed)

    async def spend(self) -> list[Account]:
        at = self._at()
        return await self._database.read(lambda: accounts(at))

    def _at(self) -> int:
        return int(self._clock.now().timestamp())

    async def check_standing(self, name: str) -> None:
        """Whether `rotate` and `revoke` have what to do."""
        await self._database.read(lambda: _standing(name))

    def check(self, terms: KeyConfig) -> None:
        if not KEY_ID.fullmatch(terms.id):
            hint = "letters, digits, `.`, `_` and `-`, at most 64, and not `subject`"
            raise CallerError(f"`{terms.id[:64]}` is no id of a key", code="key.invalid", field="id", hint=hint)
        if terms.id in {key.id for key in self._config.keys}:
            raise taken(terms.id)
        tenants = [tenant.id for tenant in self._config.tenants]
        models = [deployment.id for deployment in self._config.deployments] or ["device"]
        _known("tenant", (terms.tenant,) if terms.tenant else (), tenants)
        _known("models", terms.models, models)
        check_words(terms, self._vocabulary)
        for place, reason, mend in allowance_faults((), terms.limits, terms.budget):
            raise CallerError(f"{'.'.join(map(str, place))} {reason}", code="key.invalid", field=".".join(map(str, place)), hint=mend)


def check_words(terms: KeyConfig, vocabulary: Vocabulary) -> None:
    """Raises CallerError for a word that is not the vocabulary's."""
    _known("purpose", (terms.purpose,) if terms.purpose else (), vocabulary.purposes)
    _known("task", (terms.task,) if terms.task else (), vocabulary.features)
    _known("purposes", terms.purposes, vocabulary.purposes)
    _known("tasks", terms.tasks, vocabulary.features)


def _known(field: str, said: Iterable[str], known: Iterable[str]) -> None:
    known = sorted(known)
    for word in said:
        if word not in known:
            hint = f"one of: {', '.join(known)}" if known else "none is configured"
            raise CallerError(f"{field}: `{word[:64]}` is not known here", code="key.invalid", field=field, hint=hint)


def taken(name: str) -> CallerError:
    hint = "an id is given once, also where its key was revoked"
    return CallerError(f"there is a key `{name[:64]}` already", code="key.taken", status=409, field="id", hint=hint)
