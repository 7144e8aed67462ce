# SPDX-License-Identifier: Apache-2.0
"""Each attack ends in a TrustFailure that names the step, and nothing that was asked stands in clear in anything that was sent."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.client.provider import NodeProvider
from comity.errors import ProviderFailure, TrustFailure
from comity.gateway.locate import Nexus
from comity.policy.facts import Subject
from comity.providers.base import Deployment
from comity.seal.attestation.software import ImageStatement, KeyStatement, sign_image, sign_key
from comity.seal.epochs import Keys
from comity.seal.http import Response
from comity.seal.kem import X25519
from comity.storage.database import Database
from comity.storage.open import open_database
from comity.transparency.entry import encoded, parse, written
from comity.transparency.note import Signer
from comity.wire.chat import ChatRequest, Message
from tests.fakes import FakeClock, SeededRandom
from tests.logs import MemoryLog
from tests.nodes import Node

SECRET = "my number is 13812345678"
WHO = Nexus(subject=Subject(location="CN", residence="US", age=35), consent=frozenset({"general"}), purpose="assist", pseudonym="ab" * 16)
ASK = ChatRequest(messages=(Message(role="user", content=SECRET),))
STREAM = ChatRequest(messages=(Message(role="user", content=SECRET),), stream=True)


@pytest.fixture
def node(clock: FakeClock) -> Node:
    return Node(clock)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[Database]:
    made = await open_database(tmp_path / "state.db", "state", seconds_max=5)
    yield made
    await made.aclose()


async def answered(client: tuple[NodeProvider, Deployment], request: ChatRequest = ASK) -> bytes:
    provider, deployment = client
    crossing = await provider.crossing(deployment, WHO)
    answer = await crossing.send(deployment, request)
    try:
        return b"".join([piece async for piece in answer.chunks()])
    finally:
        await answer.aclose()


async def refused(node: Node, client: tuple[NodeProvider, Deployment], step: str, *, sealed: bool = False, stream: bool = False) -> None:
    """``sealed``: the request left, sealed; otherwise nothing of it did."""
    with pytest.raises(TrustFailure) as raised:
        await answered(client, STREAM if stream else ASK)
    assert raised.value.step == step and raised.value.code == f"trust.{step}"
    in_clear(node)
    assert bool(node.asked) is sealed
    if not sealed:
        assert b"/comity/v1/sealed" not in node.seen


def in_clear(node: Node) -> None:
    seen = b"\n".join(node.seen)
    for word in (
        SECRET.encode(),
        b"13812345678",
        b"ck-secret",
        b"messages",
        b"residence",
        b"abab",
        b"assist;",
        b"chat/completions",
        b"general",
    ):
        assert word not in seen


# -- what holds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [ASK, STREAM], ids=["whole", "stream"])
async def test_what_holds_is_answered_and_its_receipt_is_kept(node: Node, state: Database, request_: ChatRequest) -> None:
    provider, deployment = node.client(state)
    crossing = await provider.crossing(deployment, WHO)
    answer = await crossing.send(deployment, request_)
    said = b"".join([piece async for piece in answer.chunks()])
    assert b"".join(node.answering(*node.asked[0])[1]) == said
    assert crossing.received is not None and crossing.received["receipt"]["sealed"] == crossing.sealed
    assert crossing.known is not None and crossing.received["receipt"]["node"] == crossing.known.hash
    in_clear(node)


async def test_no_key_is_shown_by_what_holds_it(node: Node, state: Database) -> None:
    provider, deployment = node.client(state)
    crossing = await provider.crossing(deployment, WHO)
    assert "ck-secret" not in f"{provider!r} {provider._sealing!r} {crossing!r} {crossing.known!r}"


async def test_inside_the_seal_the_node_gets_the_facts_and_a_pseudonym_of_its_own(node: Node, state: Database) -> None:
    await answered(node.client(state))
    fields = dict(node.asked[0][0].fields)
    told = fields[b"comity-subject"].decode()
    assert 'location="CN", residence="US", age=35, consent=(general)' in told and "abab" not in told
    assert fields[b"authorization"] == b"Bearer ck-secret" and fields[b"comity-purpose"] == b"assist"
    other = Node(node.clock, log=MemoryLog(name="log.example/eu"), terms={"pool": "eu-assist"})
    await answered(other.client(state, pool="eu-assist"))
    assert dict(other.asked[0][0].fields)[b"comity-subject"] != fields[b"comity-subject"]


async def test_a_node_is_checked_once_for_as_long_as_its_key_is_used(node: Node, state: Database) -> None:
    client = node.client(state)
    await answered(client)
    await answered(client)
    assert node.seen.count(b"/comity/v1/node") == 1
    node.clock.advance(6 * 3600)
    await answered(client)
    assert node.seen.count(b"/comity/v1/node") == 2
    assert len({head.fields for head, _ in node.asked}) == 3  # each with its own replay id


async def test_a_proof_that_grows_stale_is_asked_for_anew(node: Node, state: Database) -> None:
    client = node.client(state, checkpoint_seconds_max=600)
    await answered(client)
    node.clock.advance(601)
    await answered(client)
    assert node.seen.count(b"/comity/v1/node") == 2
    then = node.clock.now()
    node.clock.advance(601)
    node.proves = lambda raw: node.log.prove(raw, then)  # nobody signs any more
    with pytest.raises(TrustFailure) as raised:
        await answered(client)
    assert raised.value.step == "freshness" and len(node.asked) == 2


async def test_a_log_that_grows_is_followed_from_its_tiles(node: Node, state: Database) -> None:
    await answered(node.client(state))
    for number in range(700):
        node.log.append(b"another node's entry %d" % number)
    await answered(node.client(state))  # another start of the client, on the same state
    assert any(b"/tlog/nodes/tile/" in each for each in node.seen)


async def test_a_node_that_has_other_keys_by_now_is_checked_again(node: Node, state: Database) -> None:
    client = node.client(state)
    await answered(client)
    node.keys = Keys(node.clock, SeededRandom(b"started again"))
    node._entries.clear()
    with pytest.raises(ProviderFailure) as raised:
        await answered(client)
    assert raised.value.retryable and raised.value.kind == "protocol"
    await answered(client)
    assert node.seen.count(b"/comity/v1/node") == 2


# -- before anything is sealed ---------------------------------------------------------------------------------------


def swap(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Node], None]:
    """The entry is another than the one in the log."""

    def edit(node: Node) -> None:
        def edited(document: dict[str, Any]) -> dict[str, Any]:
            for each in document["proofs"]:
                entry = json.loads(base64.b64decode(each["entry"]))
                raw = encoded(parse(json.dumps(change(entry), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()))
                each["entry"] = base64.b64encode(raw).decode()
            return document

        node.edit_document = edited

    return edit


async def test_a_swapped_key_config(node: Node, state: Database) -> None:
    thief = Keys(node.clock, SeededRandom(b"thief")).tend()[0].config
    swap(lambda entry: entry | {"key": base64.b64encode(thief.encoded).decode()})(node)
    await refused(node, node.client(state), "proof")


async def test_an_unlogged_node(node: Node, state: Database) -> None:
    """Its own log, signed well, with witnesses of its own: none of them pinned."""
    client = node.client(state)
    node.log = MemoryLog(name="log.example/other")
    await refused(node, client, "checkpoint")


async def test_a_stale_checkpoint(node: Node, state: Database) -> None:
    client = node.client(state)
    then = node.clock.now() - timedelta(days=2)
    node.proves = lambda raw: node.log.prove(raw, then)
    await refused(node, client, "freshness")


async def test_a_checkpoint_from_the_future(node: Node, state: Database) -> None:
    client = node.client(state)
    node.proves = lambda raw: node.log.prove(raw, node.clock.now() + timedelta(days=1))
    await refused(node, client, "freshness")


async def test_one_witness_too_few(node: Node, state: Database) -> None:
    client = node.client(state)
    node.proves = lambda raw: node.log.prove(raw, node.clock.now(), witnesses=1)
    await refused(node, client, "witnesses")


async def test_a_split_view(node: Node, state: Database) -> None:
    """Two trees of one size, both signed by the log and its witnesses (which conspire): whoever saw one does not take the other."""
    await answered(node.client(state))
    size = len(node.log.entries)
    other = Node(node.clock, SeededRandom(b"split"))
    other.publish()
    assert len(other.log.entries) == size and other.log.entries != node.log.entries
    await refused(other, other.client(state), "log")


async def test_a_log_that_takes_something_back(node: Node, state: Database) -> None:
    for number in range(5):
        node.log.append(b"%d" % number)
    await answered(node.client(state))
    other = Node(node.clock, SeededRandom(b"shorter"))
    await refused(other, other.client(state), "log")


async def test_a_log_that_rewrites_what_it_showed(node: Node, state: Database) -> None:
    await answered(node.client(state))
    other = Node(node.clock, SeededRandom(b"longer"))
    for number in range(5):
        other.log.append(b"%d" % number)
    await refused(other, other.client(state), "log")
    assert any(b"/tlog/nodes/tile/" in each for each in other.seen)


async def test_the_wrong_pool(node: Node, state: Database) -> None:
    await refused(node, node.client(state, pool="cn-other"), "pool")


async def test_a_downgraded_suite(clock: FakeClock, state: Database) -> None:
    node = Node(clock)
    node.keys = Keys(clock, SeededRandom(b"weak"), kem=X25519)
    await refused(node, node.client(state), "suite")
    await answered(node.client(state, suites=("mlkem768-x25519", "x25519")))  # and only who says so takes it


@pytest.mark.parametrize("terms", [{"region": "US"}, {"processing": ("CN", "US")}, {"processing": ("XX",)}, {"region": "nowhere"}], ids=str)
async def test_a_region_mismatch(node: Node, state: Database, terms: dict[str, Any]) -> None:
    node.terms = terms
    await refused(node, node.client(state), "region")


async def test_a_partner_beyond_a_node_that_is_to_read_alone(node: Node, state: Database) -> None:
    await refused(node, node.client(state, plaintext_at="node"), "plaintext_at")


async def test_another_law(node: Node, state: Database) -> None:
    await refused(node, node.client(state, policy="cd" * 32), "policy")


async def test_another_software(node: Node, state: Database) -> None:
    await refused(node, node.client(state, images=(f"sha256:{'1' * 64}",)), "image")


async def test_a_level_that_it_does_not_even_claim(node: Node, state: Database) -> None:
    node.terms = {"image": f"sha256:{'1' * 64}"}
    await refused(node, node.client(state, level="A1"), "level")


BUILDER, SIGNING = Ed25519PrivateKey.from_private_bytes(b"b" * 32), Ed25519PrivateKey.from_private_bytes(b"s" * 32)
IMAGE = f"sha256:{'1' * 64}"


def attested(node: Node, level: str) -> str:
    """By software alone, and well; returns the builder's key."""
    image = sign_image(
        ImageStatement(
            image=IMAGE, node=SIGNING.public_key().public_bytes_raw().hex(), since="2026-11-01T00:00:00Z", until="2027-01-01T00:00:00Z"
        ),
        BUILDER,
    )
    node.terms = {"level": level, "image": IMAGE}
    node.attests = lambda epoch: sign_key(
        image, KeyStatement(key=epoch.config.hash.hex(), since=written(epoch.since), until=written(epoch.until)), SIGNING
    )
    return BUILDER.public_key().public_bytes_raw().hex()


async def test_software_evidence_comes_to_a1(node: Node, state: Database) -> None:
    builder = attested(node, "A1")
    provider, deployment = node.client(state, level="A1", builders=(builder,), images=(IMAGE,))
    assert (await provider.known(deployment)).level == "A1"
    await answered((provider, deployment))


async def test_a2_demanded_from_software_evidence(node: Node, state: Database) -> None:
    builder = attested(node, "A2")
    with pytest.raises(TrustFailure, match="no hardware root of trust: the operator can read this"):
        await answered(node.client(state, level="A2", builders=(builder,)))
    await refused(node, node.client(state, level="A2", builders=(builder,)), "level")


async def test_evidence_for_another_key(node: Node, state: Database) -> None:
    builder, good = attested(node, "A1"), node.attests
    assert good is not None
    thief = Keys(node.clock, SeededRandom(b"thief")).tend()[0]
    node.attests = lambda _: good(thief)
    await refused(node, node.client(state, level="A1", builders=(builder,)), "commitment")


async def test_a_builder_whom_nobody_pinned(node: Node, state: Database) -> None:
    attested(node, "A1")
    await refused(node, node.client(state, level="A1", builders=("00" * 32,)), "builder")


@pytest.mark.parametrize("days", [-1, 1])
async def test_an_entry_whose_time_it_is_not(node: Node, state: Database, days: int) -> None:
    client = node.client(state)
    node.publish()
    document = node.publish()
    node.edit_document = lambda _: document
    if days > 0:
        node.clock.advance(days=1)
    else:
        node.clock.set(node.clock.now() - timedelta(days=1))
    await refused(node, client, "validity")


CLAIMS_NOTHING: list[Any] = [
    [],
    {},
    {"format": "comity.node.v2", "proofs": [{"entry": "", "proof": ""}]},
    {"format": "comity.node.v1", "proofs": [{"entry": "%", "proof": ""}]},
    {"format": "comity.node.v1", "proofs": [{"entry": "e30=", "proof": ""}]},
    {"format": "comity.node.v1", "proofs": [{"entry": "e30=", "proof": ""}] * 17},
]


@pytest.mark.parametrize("document", CLAIMS_NOTHING, ids=range(6))
async def test_a_document_that_is_none(node: Node, state: Database, document: Any) -> None:
    node.edit_document = lambda _: document
    await refused(node, node.client(state), "entry")


async def test_a_node_that_only_starts_claims_nothing_and_is_sent_nothing(node: Node, state: Database) -> None:
    node.edit_document = lambda document: document | {"proofs": []}
    with pytest.raises(ProviderFailure) as raised:
        await answered(node.client(state))
    assert raised.value.kind == "unavailable" and b"/comity/v1/sealed" not in node.seen


async def test_a_key_that_is_none(node: Node, state: Database) -> None:
    node.terms = {"key": base64.b64encode(b"\x01\xff\xff" + bytes(40)).decode()}
    await refused(node, node.client(state), "key-config")


# -- after it was sealed ---------------------------------------------------------------------------------------------


async def test_a_replay(node: Node, state: Database) -> None:
    """Whoever stands between sends again what was sent before: the node refuses, and the client gets no answer to another question."""
    client = node.client(state)
    kept: list[bytes] = []

    def again(sealed: bytes) -> bytes:
        kept.append(sealed)
        return kept[0]

    node.edit_request = again
    await answered(client)
    with pytest.raises(TrustFailure) as raised:
        await answered(client)
    assert raised.value.step == "replay" and [error.code for error in node.failures] == ["trust.replay"] and len(node.asked) == 1
    in_clear(node)


@pytest.mark.parametrize("at", [1200, -5])
async def test_an_altered_request(node: Node, state: Database, at: int) -> None:
    def altered(sealed: bytes) -> bytes:
        raw = bytearray(sealed)
        raw[at] ^= 1
        return bytes(raw)

    node.edit_request = altered
    with pytest.raises(TrustFailure) as raised:
        await answered(node.client(state))
    assert raised.value.step == node.failures[0].code.removeprefix("trust.") and raised.value.step in ("open", "truncated")
    assert not node.asked
    in_clear(node)


async def test_a_request_that_was_brought_to_another_node(node: Node, state: Database) -> None:
    node.opens = Keys(node.clock, SeededRandom(b"another's"))
    with pytest.raises(TrustFailure) as raised:
        await answered(node.client(state))
    assert raised.value.step == "key-config" and not node.asked
    in_clear(node)


async def test_a_replayed_answer(node: Node, state: Database) -> None:
    client = node.client(state)
    kept: list[list[bytes]] = []

    def again(pieces: list[bytes]) -> list[bytes]:
        kept.append(pieces)
        return kept[0]

    node.edit_answer = again
    await answered(client)
    with pytest.raises(TrustFailure) as raised:
        await answered(client)
    assert raised.value.step == "open"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("keep", [0, 1, 2, -1], ids=["nothing", "head", "some", "all-but-the-end"])
async def test_a_cut_stream(node: Node, state: Database, keep: int, stream: bool) -> None:
    node.edit_answer = lambda pieces: pieces[:keep]
    await refused(node, node.client(state), "truncated", sealed=True, stream=stream)


async def test_a_cut_connection(node: Node, state: Database) -> None:
    class Broken(list[bytes]):
        def pop(self, _: Any = 0) -> bytes:
            from comity.providers.http1.head import Broken as Cut

            if len(self) == 1:
                raise Cut("cut")
            return super().pop(0)

    node.edit_answer = lambda pieces: pieces
    answer = node._said

    async def broken(out: Any, status: int, kind: str, pieces: list[bytes]) -> Any:
        made = await answer(out, status, kind, pieces)
        if kind.startswith("message/"):
            made._connection.left = Broken(made._connection.left)  # type: ignore[union-attr]
        return made

    node._said = broken  # type: ignore[method-assign]
    await refused(node, node.client(state), "truncated", sealed=True, stream=True)


async def test_reordered_chunks(node: Node, state: Database) -> None:
    node.edit_answer = lambda pieces: [*pieces[:2], pieces[3], pieces[2], *pieces[4:]]
    await refused(node, node.client(state), "open", sealed=True, stream=True)


@pytest.mark.parametrize("at", [40, 200, -40])
async def test_altered_chunks(node: Node, state: Database, at: int) -> None:
    def altered(pieces: list[bytes]) -> list[bytes]:
        raw = bytearray(b"".join(pieces))
        raw[at] ^= 1
        return [bytes(raw)]

    node.edit_answer = altered
    with pytest.raises(TrustFailure) as raised:
        await answered(node.client(state), STREAM)
    assert raised.value.step in ("open", "truncated", "size")
    in_clear(node)


async def test_what_came_before_a_cut_is_never_shown_as_whole(node: Node, state: Database) -> None:
    node.edit_answer = lambda pieces: pieces[:4]
    provider, deployment = node.client(state)
    answer = await (await provider.crossing(deployment, WHO)).send(deployment, STREAM)
    got: list[bytes] = []
    with pytest.raises(TrustFailure):
        async for piece in answer.chunks():
            got.append(piece)
    assert b"[DONE]" not in b"".join(got)


async def test_a_node_that_decided_for_another_pool(node: Node, state: Database) -> None:
    """It binds to other terms than its entry says: the client's request does not open there."""
    node.bound = {"pool": "cn-other"}
    with pytest.raises(TrustFailure) as raised:
        await answered(node.client(state))
    assert raised.value.step == "bind" and [error.code for error in node.failures] == ["trust.bind"] and not node.asked


# -- its receipt -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "changed",
    [{"sealed": "00" * 32}, {"node": "00" * 32}, {"policy": "00" * 32}, {"destination": ["CN", "US"]}, {"effect": "deny"}],
    ids=lambda changed: next(iter(changed)),
)
async def test_a_receipt_that_says_something_else(node: Node, state: Database, changed: dict[str, Any], stream: bool) -> None:
    node.edit_receipt = lambda receipt: receipt | changed
    await refused(node, node.client(state), "receipt", sealed=True, stream=stream)


LESS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no place": ({}, {"destination": []}),
    "no deployment": ({}, {"deployment": ""}),
    "no reader": ({}, {"plaintext_at": "none"}),
    "the device as its reader": ({}, {"plaintext_at": "device"}),
    "a reader that is none": ({}, {"plaintext_at": "everyone"}),
    "a better machine than the entry's": ({"plaintext_at": "node", "egress": ()}, {"level": "A3"}),
    "a level that is none": ({}, {"level": ""}),
    "a smaller size": ({}, {"size_bucket": 256}),
    "a larger size": ({}, {"size_bucket": 65536}),
    "no size": ({}, {"size_bucket": 0}),
}


@pytest.mark.parametrize("name", LESS)
async def test_a_receipt_that_contradicts_its_answer(node: Node, state: Database, name: str) -> None:
    node.terms, changed = LESS[name]
    node.edit_receipt = lambda receipt: receipt | changed
    await refused(node, node.client(state), "receipt", sealed=True)


async def test_a_receipt_of_another_log_than_the_node_s_entry_names(node: Node, state: Database) -> None:
    """A log made for this person alone: each receipt verifies, and whoever looks into the node's log misses none."""
    node.signer = Signer("receipts.example/log", b"t" * 32)
    await refused(node, node.client(state), "key", sealed=True)
    open_ = Node(node.clock, log=MemoryLog(name="log.example/open"), terms={"receipts": node.signer.verifier.vkey})
    open_.signer = node.signer  # it would have to say so in public
    assert await answered(open_.client(state))


@pytest.mark.parametrize("edit", [{}, {"plaintext_at": "none", "destination": [], "deployment": "", "effect": "deny"}])
async def test_a_receipt_of_what_was_refused(node: Node, state: Database, edit: dict[str, Any]) -> None:
    """It is held to the same, save that nobody need have computed or read it."""
    refusal = json.dumps({"error": {"message": "no", "code": "policy.deny"}}).encode()
    node.answering = lambda head, body: (Response(status=451, fields=((b"content-type", b"application/json"),)), [refusal])
    node.edit_receipt = lambda receipt: receipt | edit
    with pytest.raises(ProviderFailure):
        await answered(node.client(state))
    for changed in ({"level": "A2"}, {"plaintext_at": "device"}, {"size_bucket": 1}, {"sealed": "00" * 32}):
        node.edit_receipt = lambda receipt, changed=changed: receipt | edit | changed  # type: ignore[misc]
        with pytest.raises(TrustFailure) as raised:
            await answered(node.client(state))
        assert raised.value.step == "receipt", changed


async def test_a_stand_in_of_the_lab_may_answer_and_says_so(node: Node, state: Database) -> None:
    node.edit_receipt = lambda receipt: receipt | {"stand_in": True}
    provider, deployment = node.client(state)
    crossing = await provider.crossing(deployment, WHO)
    answer = await crossing.send(deployment, ASK)
    assert b"".join([piece async for piece in answer.chunks()])
    assert crossing.received is not None and crossing.received["receipt"]["stand_in"] is True


async def test_a_receipt_of_a_partner_where_there_is_to_be_none(node: Node, state: Database) -> None:
    node.terms = {"plaintext_at": "node", "egress": ()}
    node.edit_receipt = lambda receipt: receipt | {"plaintext_at": "upstream"}
    await refused(node, node.client(state, plaintext_at="node"), "receipt", sealed=True)


async def test_no_receipt(node: Node, state: Database) -> None:
    node.edit_receipt = lambda _: None
    await refused(node, node.client(state), "receipt", sealed=True)
