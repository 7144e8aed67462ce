# SPDX-License-Identifier: Apache-2.0
"""Whatever is done to what a node says, it holds or it fails by the name of a step, and never by anything else."""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.client.document import claims, in_use
from comity.client.remembered import Head, Remembered
from comity.client.told import told
from comity.errors import ProviderFailure, TrustFailure
from comity.gateway.locate import Nexus
from comity.policy.facts import Subject
from comity.storage.open import open_database
from comity.transparency.merkle import Frontier, leaf_hash
from comity.transparency.tiles import Edge, parse_path
from comity.transparency.trust import Proof
from comity.wire.chat import ChatRequest, Message
from tests.fakes import FakeClock
from tests.nodes import Node

STREAM = ChatRequest(messages=(Message(role="user", content="one two three four"),), stream=True)
NOBODY = Nexus()


async def asked(node: Node) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        state = await open_database(Path(folder) / "state.db", "state", seconds_max=5)
        try:
            provider, deployment = node.client(state)
            answer = await (await provider.crossing(deployment, NOBODY)).send(deployment, STREAM)
            return b"".join([piece async for piece in answer.chunks()])
        finally:
            await state.aclose()


@settings(max_examples=40)
@given(st.data())
def test_an_answer_that_was_touched_anywhere_is_never_whole(data: st.DataObject) -> None:
    node = Node(FakeClock())

    def touched(pieces: list[bytes]) -> list[bytes]:
        raw = bytearray(b"".join(pieces))
        at = data.draw(st.integers(0, len(raw) - 1))
        how = data.draw(st.sampled_from(["flip", "cut", "insert", "repeat"]))
        if how == "flip":
            raw[at] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "cut":
            del raw[at:]
        elif how == "insert":
            raw.insert(at, data.draw(st.integers(0, 255)))
        else:
            raw += raw[at:]
        cut = data.draw(st.integers(1, len(raw) or 1))
        return [bytes(raw[:cut]), bytes(raw[cut:])]

    node.edit_answer = touched
    with pytest.raises(TrustFailure) as raised:
        asyncio.run(asked(node))
    assert raised.value.step in ("open", "truncated", "size")


@given(st.integers(1, 500))
@settings(max_examples=20)
def test_an_answer_is_the_same_however_it_is_cut(size: int) -> None:
    node = Node(FakeClock())
    node.edit_answer = lambda pieces: [b"".join(pieces)[at : at + size] for at in range(0, len(b"".join(pieces)), size)]
    assert asyncio.run(asked(node)) == b"".join(node.answering(*node.asked[0])[1])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["format", "proofs", "entry", "proof"]), inner, max_size=4),
    max_leaves=12,
)


@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=64))
def test_a_document_is_read_or_refused(raw: bytes) -> None:
    try:
        in_use(claims(raw), FakeClock().now())
    except TrustFailure as failure:
        assert failure.step in ("entry", "validity")
    except ProviderFailure as failure:
        assert failure.kind == "unavailable"


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=40), st.integers(0, 2000))
def test_a_document_whose_entry_was_touched(noise: bytes, at: int) -> None:
    node = Node(FakeClock())
    document = node.publish()
    raw = bytearray(base64.b64decode(document["proofs"][0]["entry"]))
    at %= len(raw)
    before = bytes(raw)
    raw[at : at + len(noise)] = noise
    if bytes(raw) == before:
        return
    document["proofs"][0]["entry"] = base64.b64encode(bytes(raw)).decode()
    node.edit_document = lambda _: document
    with pytest.raises(TrustFailure) as raised:
        asyncio.run(asked(node))
    assert raised.value.step in ("entry", "validity", "proof")


@pytest.mark.parametrize(("old", "more"), [(1, 0), (1, 1), (2, 3), (7, 250), (255, 2), (256, 1), (256, 256), (300, 400), (513, 0)])
def test_a_log_that_only_grew_is_followed_whatever_its_sizes(old: int, more: int) -> None:
    entries = [b"%d" % number for number in range(old + more)]
    edge = Edge()
    tiles = {tile.path: raw for tile, raw in edge.append(entries)}
    tiles |= {tile.path: raw for tile, raw in edge.unfinished()}

    def root(size: int) -> bytes:
        tree = Frontier()
        for entry in entries[:size]:
            tree.append(leaf_hash(entry))
        return tree.root()

    gone: list[int] = []  # the status that every tile is answered with

    async def tile(path: str) -> bytes:
        parse_path(path)
        if gone or path not in tiles:
            raise ProviderFailure("none", upstream_status=gone[0] if gone else 404)
        return tiles[path]

    async def followed(*heads: Head) -> None:
        with tempfile.TemporaryDirectory() as folder:
            state = await open_database(Path(folder) / "state.db", "state", seconds_max=5)
            try:
                for size, top in heads:
                    await Remembered(state).follow("log", Proof(index=0, size=size, root=top, checkpoint="note", witnessed=()), tile)
            finally:
                await state.aclose()

    first, last = Head(old, root(old)), Head(old + more, root(old + more))
    asyncio.run(followed(first, last, last))
    asyncio.run(followed(last, first, last, first))  # nodes behind one address, of which one is behind the other
    forged, longer = Head(old, bytes(32)), Head(old + more, bytes(32))
    for heads in [(forged, last), (last, forged), (last, first, longer)]:
        with pytest.raises(TrustFailure) as raised:
            asyncio.run(followed(*heads))
        assert raised.value.step == "log"
    if more:  # a smaller tree counts as an older one only where that is shown
        for status, failure in ((404, TrustFailure), (503, ProviderFailure)):
            gone[:] = [status]
            with pytest.raises(failure):
                asyncio.run(followed(last, first))


@pytest.mark.parametrize(
    ("nexus", "said"),
    [
        (Nexus(), {"comity-subject": "consent=()", "comity-purpose": "assist"}),
        (
            Nexus(subject=Subject(location="CN-GD", age=0), collected_in="CN", consent=frozenset({"b", "a"}), feature="assist"),
            {
                "comity-subject": 'location="CN-GD", collected="CN", age=0, consent=(a b)',
                "comity-purpose": "assist",
                "comity-task": "assist",
            },
        ),
    ],
)
def test_what_a_node_is_told(nexus: Nexus, said: dict[str, Any]) -> None:
    assert told(nexus, "pool") == said


def test_a_pseudonym_is_the_pool_s_own() -> None:
    person = Nexus(pseudonym="ab" * 16)
    here, there = told(person, "cn-assist")["comity-subject"], told(person, "eu-assist")["comity-subject"]
    assert here == told(person, "cn-assist")["comity-subject"] != there
    assert "abab" not in here
