# SPDX-License-Identifier: Apache-2.0
"""A report of an installation, on either engine: its log, with the evidence and the nodes that lie beside it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from comity.accord.evidence import Entry, encode
from comity.config import Config
from comity.errors import CallerError
from comity.gateway.locate import pseudonym
from comity.gateway.reporting import known_as, pseudonym_of, report
from comity.gateway.whereabouts import Whereabouts
from comity.ports import SystemRandom
from comity.storage.open import open_database
from comity.storage.state import DATABASE as STATE
from comity.storage.state import State
from comity.transparency.entry import encoded
from comity.transparency.ledger import Ledger
from comity.transparency.log_key import Place
from comity.transparency.met import keep
from comity.transparency.report.gather import Asked
from comity.transparency.report.shapes import EVIDENCE
from comity.transparency.tlog import DATABASE as NODE_LOG
from comity.transparency.tlog import TLog, signer_of
from tests.fakes import FakeClock
from tests.logs import MemoryLog, node_entry
from tests.reports import OTHER, Log, audited, members

KEY = b"k" * 32


def where(place: Place) -> Whereabouts:
    return Whereabouts(place, place / STATE if isinstance(place, Path) else place.url)


async def recorded(place: Place, clock: FakeClock, nodes: Callable[[str], Awaitable[list[str]]]) -> str:
    """One receipt for each of ``nodes`` (made with the key of the log that they record in), of one person and of another; the person's
    pseudonym."""
    state = await State.open(await open_database(where(place).state, "state", seconds_max=10))
    who = pseudonym(await state.key("subject", KEY), "u-81")
    document = hashlib.sha256(b"d").hexdigest()
    await state.add(encode(Entry(kind="processor_contract", document_sha256=document, approver="A. Officer", at=clock.now())))
    await state.add(encode(Entry(kind="cn_genai", document_sha256=document, approver="A", at=clock.now(), valid_to=date(2020, 1, 1))))
    log = Log(await Ledger.open(place, clock=clock, random=SystemRandom(), record_seconds_max=30), place, clock)  # type: ignore[arg-type]
    for node in await nodes(log.ledger.vkey):
        await log.add(who, node=node, sealed="ab" * 32)
        await log.add(OTHER)
    await log.ledger.aclose()
    await state.aclose()
    return who


def reported(place: Place, subject: str | None, clock: FakeClock, config: Config | None = None) -> bytes:
    """As a command makes it: from a thread without a loop."""
    out = io.BytesIO()
    report(where(place), config or Config(), Asked(subject), clock.now(), out)
    return out.getvalue()


async def test_it_holds_what_lies_beside_the_log(place: Place, clock: FakeClock) -> None:
    public, unknown = MemoryLog(), "cd" * 32

    async def named(vkey: str) -> list[str]:
        return [hashlib.sha256(public.append(node_entry(receipts=vkey))).hexdigest(), unknown]

    who = await recorded(place, clock, named)
    [raw] = public.entries
    name = hashlib.sha256(raw).hexdigest()
    state = await open_database(where(place).state, "state", seconds_max=10)
    first = public.prove(raw, clock.now())
    await state.write(partial(keep, name, raw, first))
    clock.advance(3600)
    await state.write(partial(keep, name, raw, public.prove(raw, clock.now())))  # the first proof is the one that counts
    await state.aclose()
    assert await asyncio.to_thread(pseudonym_of, where(place), "u-81") == who
    made = await asyncio.to_thread(reported, place, who, clock)
    found = audited(made)
    assert found.manifest.receipts == 2 and found.nodes == 2 and found.nodes_missing == (unknown,)
    [vouched] = json.loads(members(made)[EVIDENCE])
    assert (vouched["kind"], vouched["approver"], vouched["valid_to"]) == ("processor_contract", "A. Officer", "")
    assert members(made)[f"nodes/{name}.proof"].decode() == first
    strict = await asyncio.to_thread(reported, place, who, clock, Config(evidence_check_required=True))
    assert json.loads(members(strict)[EVIDENCE]) == [], "nobody made sure of it, so no decision counts it"
    names = await asyncio.to_thread(known_as, where(place), who)
    assert names.keys() == {"cn-assist"} and who not in names["cn-assist"]


async def test_a_node_s_own_entry_comes_from_its_own_log(place: Place, clock: FakeClock) -> None:
    entries = list[bytes]()

    async def named(vkey: str) -> list[str]:
        entries.append(encoded(node_entry(receipts=vkey)))
        return [hashlib.sha256(entries[0]).hexdigest()]

    who = await recorded(place, clock, named)
    [raw] = entries
    name = hashlib.sha256(raw).hexdigest()
    nodes = await TLog.open(place / NODE_LOG if isinstance(place, Path) else place.url, signer_of(b"n" * 32), seconds_max=10)
    await nodes.append([b"another", raw, b"a third"])
    assert audited(await asyncio.to_thread(reported, place, who, clock)).nodes_missing == (name,)  # nobody has seen it yet
    note = await nodes.heads.sign(await nodes.ready())
    await nodes.heads.keep(note)
    await nodes.append([b"later"])
    found = audited(await asyncio.to_thread(reported, place, who, clock))
    assert found.nodes_missing == () and found.entries == {name: raw}
    await nodes.aclose()


async def test_where_nobody_was_ever_named_nobody_can_be_meant(home: Path) -> None:
    with pytest.raises(CallerError) as raised:
        await asyncio.to_thread(pseudonym_of, where(home), "u-81")
    assert raised.value.code == "report.nobody"
    state = await open_database(home / STATE, "state", seconds_max=10)
    await state.aclose()
    with pytest.raises(CallerError):
        await asyncio.to_thread(pseudonym_of, where(home), "u-81")
