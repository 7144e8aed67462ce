# SPDX-License-Identifier: Apache-2.0
"""Receipts of both versions: each has its own members, is proved as it was signed, and commits to what a decision rested on."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from comity.errors import TrustFailure
from comity.ports import SystemRandom
from comity.transparency.canonical import canonical
from comity.transparency.ledger import Ledger
from comity.transparency.log_key import Place
from comity.transparency.reader import Reader
from comity.transparency.receipt import MEMBERS, Receipt, commitment, encoded, grounds, to_json
from comity.transparency.rows import Record
from comity.transparency.verify import verify
from tests.fakes import FakeClock

NEW = {"node", "sealed", "consent"}


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    made = await Ledger.open(place, clock=FakeClock(), random=SystemRandom(), record_seconds_max=10)
    yield made
    await made.aclose()


def receipt_of(ledger: Ledger, **more: Any) -> Receipt:
    return Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow", **more)


async def recorded(ledger: Ledger, receipt: Receipt, grounds: bytes = b"") -> dict[str, Any]:
    await ledger.record(receipt, request_id="r", subject=None, facts=b"{}", decision=b"{}", grounds=grounds)
    return await ledger.bundle(receipt.id)


async def newest(place: Place) -> Record:
    def inside() -> Record:
        with Reader.open(place) as reader:
            return reader.last()

    return await asyncio.to_thread(inside)


async def test_a_receipt_of_version_1_is_read_and_proved_as_it_was_signed(ledger: Ledger, place: Place) -> None:
    bundle = await recorded(ledger, receipt_of(ledger, version=1, source="FR"))
    assert not NEW & bundle["receipt"].keys() and bundle["receipt"]["version"] == 1
    assert verify(bundle, vkey=ledger.vkey).receipt["source"] == "FR"
    assert (await newest(place)).receipt == bundle["receipt"]
    for name in NEW:
        with pytest.raises(TrustFailure) as raised:
            verify({**bundle, "receipt": {**bundle["receipt"], name: ""}})
        assert raised.value.step == "shape"


async def test_a_receipt_of_version_2_has_all_of_its_members(ledger: Ledger, place: Place) -> None:
    bundle = await recorded(ledger, receipt_of(ledger, node="n" * 64, sealed="s" * 64))
    assert bundle["receipt"].keys() == MEMBERS[2] and bundle["receipt"]["version"] == 2
    found = verify(bundle, vkey=ledger.vkey).receipt
    assert (found["node"], found["sealed"], found["consent"]) == ("n" * 64, "s" * 64, "")
    assert (await newest(place)).receipt == bundle["receipt"]
    for name in NEW:
        without = {each: value for each, value in bundle["receipt"].items() if each != name}
        with pytest.raises(TrustFailure) as raised:
            verify({**bundle, "receipt": without})
        assert raised.value.step == "shape"


@pytest.mark.parametrize("version", MEMBERS)
def test_each_version_s_own_encoder_writes_the_canonical_form(version: int) -> None:
    receipt = Receipt(id="i", at="t", issuer="o", key="k", effect="deny", reasons=("é", '"'), version=version)
    assert encoded(receipt) == canonical(to_json(receipt)) and to_json(receipt).keys() == MEMBERS[version]


async def test_what_a_decision_rested_on_is_committed_to_under_the_receipt_s_own_salt(ledger: Ledger) -> None:
    import base64

    words = grounds({"separate_cross_border", "general"}, "consent")
    assert words == b'["consent:general","consent:separate_cross_border","legal_basis:consent"]'
    first, second = [await recorded(ledger, receipt_of(ledger), words) for _ in range(2)]
    salt = base64.b64decode(first["salt"])
    assert first["receipt"]["consent"] == hashlib.sha256(b"comity.consent.v1\x00" + salt + words).hexdigest() == commitment(salt, words)
    assert first["receipt"]["consent"] != second["receipt"]["consent"]  # two of a kind are not known as such
    assert verify(first, vkey=ledger.vkey) and b"general" not in canonical(first["receipt"])


def test_where_nothing_of_the_person_s_was_relied_on_nothing_is_committed_to() -> None:
    assert grounds(frozenset(), None) == b"" and commitment(b"s" * 32, b"") == ""
