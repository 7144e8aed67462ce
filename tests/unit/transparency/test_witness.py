# SPDX-License-Identifier: Apache-2.0
"""A witness, by C2SP tlog-witness: each answer by its status, and never two stories of one log."""

from __future__ import annotations

import asyncio
import json
import random as chance
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.transparency.merkle import EMPTY_ROOT, Frontier, consistency_proof, leaf_hash
from comity.transparency.note import (
    COSIGNED,
    COSIGNED_ED25519,
    COSIGNED_MLDSA44,
    Checkpoint,
    Signer,
    Verifier,
    checkpoint_text,
    parse_checkpoint,
    parse_lines,
    parse_note,
    parse_vkey,
    said_at,
)  # fmt: skip
from comity.transparency.witness import PROOF_LINES_MAX, SIZE_TYPE, Accepted, Answer, Request, Witness, keys_of, log_of, parse, written
from tests.fakes import FakeClock

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LOG = Signer("log.example/nodes", b"l" * 32)
KEYS = keys_of("witness.example/1", b"w" * 32)


class Tree:
    def __init__(self, entries: Sequence[bytes]) -> None:
        self._nodes: dict[tuple[int, int], bytes] = {}
        self.roots = [EMPTY_ROOT]
        tree = Frontier()
        for n, entry in enumerate(entries):
            self._nodes[0, n] = leaf_hash(entry)
            self._nodes.update({(level, index): value for level, index, value in tree.append(leaf_hash(entry))})
            self.roots.append(tree.root())

    def note(self, size: int, signer: Signer = LOG) -> str:
        return signer.note(checkpoint_text(Checkpoint(signer.verifier.name, size, self.roots[size])))

    def request(self, old: int, size: int) -> Request:
        proof = consistency_proof(old, size, lambda level, index: self._nodes[level, index]) if 0 < old < size else []
        return Request(old, tuple(proof), self.note(size))


TREE = Tree([b"entry %d" % n for n in range(40)])
OTHER = Tree([b"entry %d" % n for n in range(5)] + [b"another %d" % n for n in range(35)])


async def opened(tmp_path: Path) -> Witness:
    return await Witness.open(tmp_path / "w.db", KEYS, [LOG.verifier], clock=FakeClock(NOW), seconds_max=10)


@pytest.fixture
async def witness(tmp_path: Path) -> AsyncIterator[Witness]:
    found = await opened(tmp_path)
    yield found
    await found.aclose()


def signed(answer: Answer, note: str) -> None:
    assert answer.status == 200
    text, _ = parse_note(note)
    lines = parse_lines(answer.body)
    for signer in KEYS:
        [mine] = signer.verifier.among(lines)
        assert signer.verifier.holds(text.encode(), mine.signature) and said_at(mine.signature) == NOW.timestamp()


async def test_it_signs_a_log_that_has_only_grown(witness: Witness) -> None:
    for old, size in ((0, 3), (3, 3), (3, 4), (4, 40)):
        request = TREE.request(old, size)
        signed(await witness.add(written(request)), request.note)


async def test_it_remembers_through_a_restart(tmp_path: Path) -> None:
    for old, size in ((0, 3), (3, 40)):
        witness = await opened(tmp_path)
        assert (await witness.add(written(TREE.request(old, size)))).status == 200
        await witness.aclose()
    witness = await opened(tmp_path)
    assert await witness.add(written(TREE.request(3, 40))) == Answer(409, "40\n", SIZE_TYPE)
    await witness.aclose()


async def test_a_split_view_is_refused_at_every_size(witness: Witness) -> None:
    """Two checkpoints of one size, and whatever else another history could ask for."""
    assert (await witness.add(written(TREE.request(0, 10)))).status == 200
    for old, size, status in ((10, 10, 409), (10, 11, 422), (10, 40, 422), (0, 10, 409), (5, 10, 409), (5, 40, 409), (0, 40, 409)):
        answer = await witness.add(written(OTHER.request(old, size)))
        assert answer.status == status, (old, size)
        if status == 409:
            assert (answer.body, answer.type) == ("10\n", SIZE_TYPE)
    for old, size in ((10, 9), (9, 9), (3, 9)):
        assert (await witness.add(written(TREE.request(0, size)._replace(old=old)))).status in (400, 409)
    assert (await witness.add(written(TREE.request(10, 11)))).status == 200


async def test_a_proof_must_be_the_one(witness: Witness) -> None:
    await witness.add(written(TREE.request(0, 10)))
    good = TREE.request(10, 20)
    for proof in ((), good.proof[:-1], (*good.proof, bytes(32)), good.proof[::-1], (bytes(32), *good.proof[1:])):
        assert (await witness.add(written(good._replace(proof=proof)))).status == 422
    assert (await witness.add(written(TREE.request(10, 10)._replace(proof=(bytes(32),))))).status == 422
    assert (await witness.add(written(good))).status == 200


async def test_the_first_checkpoint_needs_no_proof_and_takes_none(witness: Witness) -> None:
    assert (await witness.add(written(TREE.request(0, 10)._replace(proof=(bytes(32),))))).status == 422
    assert (await witness.add(written(TREE.request(0, 10)))).status == 200


async def test_an_empty_log_has_one_root(witness: Witness) -> None:
    wrong = LOG.note(checkpoint_text(Checkpoint(LOG.verifier.name, 0, bytes(32))))
    assert (await witness.add(written(Request(0, (), wrong)))).status == 400
    assert (await witness.add(written(TREE.request(0, 0)))).status == 200
    assert (await witness.add(written(TREE.request(0, 4)))).status == 200


async def test_only_logs_that_it_watches_and_only_by_their_key(witness: Witness) -> None:
    stranger, forger = Signer("log.example/else", b"l" * 32), Signer(LOG.verifier.name, b"f" * 32)
    assert (await witness.add(written(Request(0, (), TREE.note(4, stranger))))).status == 404
    assert (await witness.add(written(Request(0, (), TREE.note(4, forger))))).status == 403
    both = TREE.note(4) + str(parse_note(TREE.note(4, forger))[1][0])
    assert (await witness.add(written(Request(0, (), both)))).status == 200  # signatures of unknown keys are passed over


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"old 0\n", b"old 0\n\n", b"old\n\nx", b"old 00\n\n" + TREE.note(4).encode(), b"old -1\n\n" + TREE.note(4).encode(),
        b"old 0\nAAAA\n\n" + TREE.note(4).encode(), b"old 0\n\n\xff", b"new 0\n\n" + TREE.note(4).encode(),
        b"old 5\n\n" + TREE.note(4).encode(), b"old 0\n" + b"A" * 43 + b"=\n" * (PROOF_LINES_MAX + 1) + b"\n" + TREE.note(4).encode(),
        b"old 0\n\n" + TREE.note(4).encode()[:-1], b"x" * 300_000,
    ],
)  # fmt: skip
async def test_what_is_no_request(raw: bytes, witness: Witness) -> None:
    assert (await witness.add(raw)).status == 400


@given(st.binary(max_size=200) | st.text().map(lambda text: f"old 0\n\n{text}".encode()))
def test_garbage_is_refused_and_raises_nothing(raw: bytes) -> None:
    try:
        request = parse(raw)
    except ValueError:
        return
    assert not isinstance(log_of(request, {LOG.verifier.name: [LOG.verifier]}), Accepted)


def test_a_request_is_read_as_it_is_written() -> None:
    request = TREE.request(7, 39)
    assert request.proof and parse(written(request)) == request


async def test_of_many_at_once_no_two_signed_heads_disagree(tmp_path: Path) -> None:
    """Every signature that ever left is for one history, and each is inside the next."""
    witness = await opened(tmp_path)
    draw, heads = chance.Random(7), list[Checkpoint]()

    async def ask(tree: Tree) -> None:
        for _ in range(60):
            size = draw.randrange(1, 41)
            request = tree.request(draw.randrange(0, size + 1), size)
            answer = await witness.add(written(request))
            if answer.status == 409 and 0 < int(answer.body) <= size:
                request = tree.request(int(answer.body), size)
                answer = await witness.add(written(request))
            if answer.status == 200:
                heads.append(parse_checkpoint(parse_note(request.note)[0]))

    await asyncio.gather(ask(TREE), ask(OTHER), ask(TREE), ask(OTHER))
    await witness.aclose()
    assert len({head.size for head in heads}) > 3
    mine = [tree for tree in (TREE, OTHER) if all(tree.roots[head.size] == head.root for head in heads)]
    assert mine, "one history holds all that was signed"
    sizes = [head.size for head in heads]
    assert sizes == sorted(sizes)


# -- cosignatures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", COSIGNED)
def test_a_cosignature_holds_for_its_text_its_time_and_its_name(kind: int) -> None:
    signer = Signer("witness.example/1", b"w" * 32, kind)  # type: ignore[arg-type]
    key, text = signer.verifier, checkpoint_text(Checkpoint("log.example/nodes", 9, b"r" * 32))
    line = signer.cosignature(text, 1679315147)
    assert key.holds(text.encode(), line.signature) and said_at(line.signature) == 1679315147
    assert parse_vkey(key.vkey, *COSIGNED) == key
    with pytest.raises(ValueError, match="Ed25519"):
        parse_vkey(key.vkey)
    for at in (0, 7, 8, -1):
        changed = bytearray(line.signature)
        changed[at] ^= 1
        assert not key.holds(text.encode(), bytes(changed))
    other = checkpoint_text(Checkpoint("log.example/nodes", 10, b"r" * 32))
    assert not key.holds(other.encode(), line.signature) and not key.holds(text.encode(), line.signature[:-1])
    if kind == COSIGNED_MLDSA44:  # it says whose it is, which Ed25519's does not
        assert not key._replace(name="witness.example/2").holds(text.encode(), line.signature)
    assert not key.holds(b"no checkpoint", line.signature)
    assert not key.holds(text.encode(), b"\xff" + line.signature[1:])  # a time that no calendar has
    long = checkpoint_text(Checkpoint("x" * 256, 9, b"r" * 32))
    if kind == COSIGNED_MLDSA44:
        with pytest.raises(ValueError, match="too long"):
            signer.cosignature(long, 1)
    assert str(line).startswith("\u2014 witness.example/1 ") and parse_lines(str(line)) == [line]


def test_what_ml_dsa_signs_is_what_c2sp_says() -> None:
    """tlog-cosignature, "ML-DSA-44 signed message": put together here by hand, with no line of the code under test."""
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

    signer = Signer("w.example", b"w" * 32, COSIGNED_MLDSA44)
    line = signer.cosignature(checkpoint_text(Checkpoint("log.example", 259, b"r" * 32)), 2)
    message = b"subtree/v1\n\0" + b"\x09w.example" + bytes(7) + b"\x02" + b"\x0blog.example" + bytes(8) + bytes(6) + b"\x01\x03" + b"r" * 32
    MLDSA44PublicKey.from_public_bytes(signer.verifier.public).verify(line.signature[8:], message)
    assert line.signature[:8] == bytes(7) + b"\x02"


def test_what_ed25519_signs_is_what_c2sp_says() -> None:
    """tlog-cosignature, "Ed25519 signed message"."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    signer = Signer("w.example", b"w" * 32, COSIGNED_ED25519)
    line = signer.cosignature(text, 1679315147)
    Ed25519PublicKey.from_public_bytes(signer.verifier.public).verify(
        line.signature[8:], b"cosignature/v1\ntime 1679315147\n" + text.encode()
    )


@pytest.mark.parametrize(
    "line",
    [
        "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n",
        "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn"
        "/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n",
    ],
)
def test_c2sp_s_own_lines_are_read_as_they_are_written(line: str) -> None:
    [read] = parse_lines(line)
    assert str(read) == line
    if "w1" in line:
        assert len(read.signature) == 72 and said_at(read.signature) == 1679315147


def test_a_public_witness_s_signature_of_a_public_log_holds() -> None:
    real = json.loads((VECTORS / "cosigned-checkpoint.json").read_text(encoding="utf-8"))
    key, (text, lines) = parse_vkey(real["witness"], COSIGNED_ED25519), parse_note(real["note"])
    [mine] = key.among(lines)
    assert key.holds(text.encode(), mine.signature) and datetime.fromtimestamp(said_at(mine.signature), UTC).year == 2026
    assert parse_checkpoint(text).size == 1432088532
    assert not key.holds(text.replace("1432088532", "1432088533").encode(), mine.signature)
    assert len(lines) == 6 and sum(key.holds(text.encode(), line.signature) for line in lines) == 1


def test_a_key_of_one_kind_is_not_taken_for_another() -> None:
    public = KEYS[1].verifier.public
    ed = Verifier("x", b"", public)
    assert KEYS[1].verifier.id != ed.id
    with pytest.raises(ValueError, match="cosign"):
        KEYS[0].note("text\n")
    with pytest.raises(ValueError, match="cosigns nothing"):
        LOG.cosignature(checkpoint_text(Checkpoint("x", 1, bytes(32))), 1)


@pytest.mark.parametrize("size", [1 << 63, 10**19, (1 << 64) - 1, 1 << 64, 10**20])
async def test_a_size_that_no_tree_has_is_refused_like_any_other_that_is_none(witness: Witness, size: int) -> None:
    """Though its log has signed it; and the witness goes on."""
    note = LOG.note(checkpoint_text(Checkpoint(LOG.verifier.name, size, bytes([3]) * 32)))
    assert (await witness.add(written(Request(0, (), note)))).status == 400
    assert (await witness.add(written(Request(size, (), TREE.note(3))))).status == 400
    assert (await witness.add(written(TREE.request(0, 3)))).status == 200


async def test_the_largest_size_that_there_is_is_kept(witness: Witness) -> None:
    note = LOG.note(checkpoint_text(Checkpoint(LOG.verifier.name, (1 << 63) - 1, bytes([3]) * 32)))
    assert (await witness.add(written(Request(0, (), note)))).status == 200
    assert (await witness.add(written(TREE.request(0, 3)))).body == f"{(1 << 63) - 1}\n"
