# SPDX-License-Identifier: Apache-2.0
"""Keys of the state: made once, seen by every gateway, never at rest, and gone when they are revoked."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from comity.config import BudgetConfig, Config, DeploymentConfig, KeyConfig, RatesConfig, TenantConfig
from comity.errors import CallerError
from comity.gateway.allowance.keys import Following, Keys
from comity.gateway.allowance.shown import digest, fresh
from comity.gateway.callers import LOCAL, Callers
from comity.jurisdictions.vocab import load_vocabulary
from comity.storage.database import Database
from tests.fakes import FakeClock, SeededRandom
from tests.unit.gateway.allowance.conftest import Opened

FILE = KeyConfig(id="file", sha256=digest("of the file"))
CONFIG = Config(keys=(FILE,), tenants=(TenantConfig(id="acme"),), deployments=(DeploymentConfig(id="here", provider="embedded"),))
BARE = Config()


def keys(database: Database, clock: FakeClock, config: Config = CONFIG) -> Keys:
    return Keys(database, config=config, clock=clock, random=SeededRandom(), vocabulary=load_vocabulary())


async def callers(database: Database, clock: FakeClock, config: Config = CONFIG) -> Callers:
    return Callers(config, await database.follow(Following().script), clock)


def shown(key: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {key}"}


async def eventually(callers: Callers, key: str, code: str) -> None:
    """At once where the state is a file; within a second where it is a server."""
    async with asyncio.timeout(20):
        while refused(callers, key) != code:  # noqa: ASYNC110 - what is waited for is another process's word
            await asyncio.sleep(0)


def refused(callers: Callers, key: str) -> str:
    """The code; "" when it is let in."""
    try:
        callers.caller(shown(key))
    except CallerError as error:
        assert error.status == 401 and (not key or key not in str(error)) and digest(key) not in str(error)
        return error.code
    return ""


def terms(name: str = "app", **more: Any) -> KeyConfig:
    return KeyConfig(id=name, sha256="", **more)


async def test_a_key_holds_on_every_gateway_until_it_is_revoked(gateways: Opened) -> None:
    clock = FakeClock()
    here, there = await gateways(), await gateways()
    register, other = keys(here, clock), await callers(there, clock)
    wanted = terms(tenant="acme", models=("here",), tasks=("writing_assistant",), budget=BudgetConfig(amount=5, currency="USD"))
    key = await register.new(wanted)
    await eventually(other, key, "")
    assert other.caller(shown(key)) == wanted
    assert other.caller(shown("of the file")) is FILE
    await register.revoke("app")
    await eventually(other, key, "key.revoked")
    [made] = await register.listed()
    assert made.revoked == int(clock.now().timestamp())


async def test_a_rotated_key_holds_beside_its_successor_for_a_while(database: Database) -> None:
    clock = FakeClock()
    register, known = keys(database, clock), await callers(database, clock)
    first = await register.new(terms())
    second = await register.rotate("app", 60)
    await eventually(known, second, "")
    clock.advance(59)
    assert refused(known, first) == ""
    clock.advance(1)
    assert refused(known, first) == "key.expired" and refused(known, second) == ""
    third = await register.rotate("app", 0)
    await eventually(known, second, "request.unauthenticated")
    assert refused(known, third) == ""


async def test_of_two_rotations_only_the_last_two_keys_hold(database: Database) -> None:
    clock = FakeClock()
    register, known = keys(database, clock), await callers(database, clock)
    made = [await register.new(terms()), await register.rotate("app"), await register.rotate("app")]
    await eventually(known, made[2], "")
    assert [refused(known, key) for key in made] == ["request.unauthenticated", "", ""]


async def test_typos_and_strangers_are_told_apart(database: Database) -> None:
    clock = FakeClock()
    known = await callers(database, clock)
    key = await keys(database, clock).new(terms())
    await eventually(known, key, "")
    assert refused(known, key[:-1]) == "key.mistyped"
    assert refused(known, key[:5] + ("x" if key[5] != "x" else "y") + key[6:]) == "key.mistyped"
    assert refused(known, fresh(SeededRandom(b"another"))) == "request.unauthenticated"
    assert refused(known, "") == refused(known, "s3cret") == "request.unauthenticated"


async def test_nobody_owns_a_gateway_for_which_a_key_was_ever_made(database: Database) -> None:
    clock = FakeClock()
    known, register = await callers(database, clock, BARE), keys(database, clock, BARE)
    assert known.caller({}) is LOCAL
    await register.new(terms())
    await eventually(known, "", "request.unauthenticated")
    await register.revoke("app")
    await asyncio.sleep(0)
    assert refused(known, "") == "request.unauthenticated"


async def test_a_key_expires_at_the_end_of_its_last_day(database: Database) -> None:
    clock = FakeClock()
    known = await callers(database, clock)
    key = await keys(database, clock).new(terms(expires=date(2026, 11, 23)))
    await eventually(known, key, "")
    clock.advance(12 * 3600 - 1)
    assert refused(known, key) == ""
    clock.advance(1)
    assert refused(known, key) == "key.expired"


@pytest.mark.parametrize(
    ("wanted", "code", "field"),
    [
        (terms("file"), "key.taken", "id"),
        (terms("a b"), "key.invalid", "id"),
        (terms("subject"), "key.invalid", "id"),
        (terms(tenant="nobody"), "key.invalid", "tenant"),
        (terms(models=("there",)), "key.invalid", "models"),
        (terms(tasks=("mischief",)), "key.invalid", "tasks"),
        (terms(purposes=("mischief",)), "key.invalid", "purposes"),
        (terms(budget=BudgetConfig(amount=-1, currency="USD")), "key.invalid", "budget.amount"),
        (terms(budget=BudgetConfig(amount=1, currency="$")), "key.invalid", "budget.currency"),
        (terms(limits=RatesConfig(concurrent=-1)), "key.invalid", "limits.concurrent"),
    ],
)
async def test_terms_that_cannot_hold_are_refused(database: Database, wanted: KeyConfig, code: str, field: str) -> None:
    with pytest.raises(CallerError) as error:
        await keys(database, FakeClock()).new(wanted)
    assert (error.value.code, error.value.field) == (code, field)


async def test_an_id_is_given_once(database: Database) -> None:
    register = keys(database, FakeClock())
    await register.new(terms())
    await register.revoke("app")
    for again in (register.new(terms()), register.rotate("app"), register.revoke("app"), register.revoke("nobody")):
        with pytest.raises(CallerError) as error:
            await again
        assert error.value.code in ("key.taken", "key.revoked", "key.unknown")


async def test_no_key_is_at_rest(tmp_path: Path) -> None:
    from comity.storage.open import open_database

    database = await open_database(tmp_path / "state.db", "state", seconds_max=20.0)
    register = keys(database, FakeClock())
    made = [await register.new(terms()), await register.rotate("app")]
    await database.aclose()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(key.encode() in held for key in made) and digest(made[1]).encode() in held


async def test_what_a_newer_gateway_wrote_gives_nobody_anything(tmp_path: Path) -> None:
    from comity.storage.open import open_database

    clock = FakeClock()
    database = await open_database(tmp_path / "state.db", "state", seconds_max=20.0)
    key = await keys(database, clock).new(terms())
    await database.aclose()
    db = sqlite3.connect(tmp_path / "state.db")
    db.execute("UPDATE callers SET terms = json_set(terms, '$.unknown_here', 1)")
    db.commit()
    db.close()
    database = await open_database(tmp_path / "state.db", "state", seconds_max=20.0)
    assert refused(await callers(database, clock), key) == "request.unauthenticated"
    await database.aclose()
