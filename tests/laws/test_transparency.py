# SPDX-License-Identifier: Apache-2.0
"""Laws of the log: every proof of every size holds, and nothing else does."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import TrustFailure
from comity.transparency.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    leaf_hash,
    node_hash,
    peaks_of,
)  # fmt: skip
from comity.transparency.note import Checkpoint, Signer, checkpoint_text
from comity.transparency.receipt import Receipt, encoded, leaf_of, to_json
from comity.transparency.verify import FORMAT, verify

LEAVES = [leaf_hash(n.to_bytes(2, "big")) for n in range(300)]
SIGNER = Signer("example.invalid/log", b"s" * 32)


def plain_root(leaves: Sequence[bytes]) -> bytes:
    """MTH as RFC 6962 section 2.1 writes it, with nothing clever: the oracle."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return node_hash(plain_root(leaves[:middle]), plain_root(leaves[middle:]))


@cache
def tree() -> tuple[dict[tuple[int, int], bytes], list[bytes]]:
    """Every complete subtree of 300 leaves, and the root at every size."""
    nodes: dict[tuple[int, int], bytes] = {}
    frontier, roots = Frontier(), [EMPTY_ROOT]
    for leaf in LEAVES:
        for level, index, value in frontier.append(leaf):
            nodes[level, index] = value
        roots.append(frontier.root())
    return nodes, roots


def node(level: int, index: int) -> bytes:
    return tree()[0][level, index]


def test_the_roots_are_those_of_the_plain_definition() -> None:
    assert [plain_root(LEAVES[:size]) for size in range(301)] == tree()[1]


def test_a_frontier_can_be_taken_up_at_any_size() -> None:
    for size in range(300):
        frontier = Frontier(size, [node(level, index) for level, index in peaks_of(size)])
        assert frontier.root() == tree()[1][size]
        frontier.append(LEAVES[size])
        assert frontier.root() == tree()[1][size + 1]


@pytest.mark.parametrize("size", range(1, 301))
def test_every_leaf_of_every_size_is_proved_and_no_other(size: int) -> None:
    root = tree()[1][size]
    for index in range(size):
        proof = inclusion_proof(index, size, node)
        assert inclusion_holds(index, size, LEAVES[index], proof, root)
        assert not inclusion_holds(index, size, LEAVES[(index + 1) % 300], proof, root)
        assert not inclusion_holds(index, size, LEAVES[index], [*proof, root], root)
        assert not inclusion_holds(size, size, LEAVES[index], proof, root)
        if proof:
            assert not inclusion_holds(index, size, LEAVES[index], proof[:-1], root)


def flipped(value: bytes, bit: int) -> bytes:
    at = bit % (len(value) * 8)
    return value[: at // 8] + bytes([value[at // 8] ^ 1 << at % 8]) + value[at // 8 + 1 :]


@given(st.integers(1, 300), st.data())
def test_any_flipped_bit_fails(size: int, data: st.DataObject) -> None:
    index, bit = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, 255))
    proof, root = inclusion_proof(index, size, node), tree()[1][size]
    assert not inclusion_holds(index, size, flipped(LEAVES[index], bit), proof, root)
    assert not inclusion_holds(index, size, LEAVES[index], proof, flipped(root, bit))
    for at in range(len(proof)):
        assert not inclusion_holds(index, size, LEAVES[index], [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]], root)


def test_every_smaller_log_is_inside_the_larger() -> None:
    roots = tree()[1]
    pairs = [(old, size) for size in range(1, 65) for old in range(1, size + 1)] + [
        (old, size) for size in (255, 256, 257, 300) for old in range(1, size, 7)
    ]
    for old, size in pairs:
        proof = consistency_proof(old, size, node)
        assert consistency_holds(old, size, roots[old], roots[size], proof), (old, size)
        assert not consistency_holds(old, size, flipped(roots[old], old), roots[size], proof)
        assert not consistency_holds(old, size, roots[old], flipped(roots[size], size), proof)
        for at in range(len(proof)):
            assert not consistency_holds(old, size, roots[old], roots[size], [*proof[:at], flipped(proof[at], at), *proof[at + 1 :]])
        assert not consistency_holds(old, size, roots[old], roots[size], [*proof, roots[1]])


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0)])
def test_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, size, node)
    assert not inclusion_holds(index, size, LEAVES[0], [], LEAVES[0])


# -- bundles ------------------------------------------------------------------------------------------------------


@cache
def bundles() -> tuple[dict[str, Any], ...]:
    """Nine receipts in one log, each with its bundle against the last head."""
    frontier, nodes, made = Frontier(), dict[tuple[int, int], bytes](), []
    key = SIGNER.verifier
    for n in range(9):
        receipt = Receipt(
            id=f"01J{n}",
            at="2026-11-23T12:00Z",
            issuer=key.name,
            key=key.id.hex(),
            effect="allow",
            source="CN",
            reasons=("cn-pipl-21",),
            size_bucket=256,
        )
        form, salt = encoded(receipt), hashlib.sha256(bytes([n])).digest()
        made.append((receipt, form, salt))
        for level, index, value in frontier.append(leaf_of(salt, form)):
            nodes[level, index] = value
    note = SIGNER.note(checkpoint_text(Checkpoint(key.name, frontier.size, frontier.root())))

    def text(raw: bytes) -> str:
        return base64.b64encode(raw).decode()

    return tuple(
        {
            "format": FORMAT, "receipt": to_json(receipt), "salt": text(salt), "signature": text(SIGNER.sign(form)), "index": n,
            "inclusion": [text(each) for each in inclusion_proof(n, 9, lambda level, index: nodes[level, index])],
            "checkpoint": note, "vkey": key.vkey,
        }
        for n, (receipt, form, salt) in enumerate(made)
    )  # fmt: skip


def test_each_bundle_verifies_with_and_without_a_pinned_key() -> None:
    for n, bundle in enumerate(bundles()):
        assert verify(bundle, vkey=SIGNER.verifier.vkey).key_pinned
        found = verify(bundle)
        assert (found.index, found.size, found.key_pinned) == (n, 9, False)


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        return [path, *(leaf for name in value for leaf in leaves_of(value[name], (*path, name)))]
    if isinstance(value, list) and value:
        return [path, *(leaf for at in range(len(value)) for leaf in leaves_of(value[at], (*path, at)))]
    return [path]


@given(st.sampled_from(range(9)), st.data())
def test_any_change_to_a_bundle_fails_by_the_name_of_a_step(n: int, data: st.DataObject) -> None:
    bundle = copy.deepcopy(bundles()[n])
    path = data.draw(st.sampled_from([path for path in leaves_of(bundle) if path]))
    here: Any = bundle
    for step in path[:-1]:
        here = here[step]
    old = here[path[-1]]
    kind = data.draw(st.sampled_from(["remove", "text", "flip", "number", "other"]))
    if kind == "remove":
        del here[path[-1]]
    elif kind == "flip" and isinstance(old, str) and old:
        at = data.draw(st.integers(0, len(old) - 1))
        here[path[-1]] = old[:at] + chr(ord(old[at]) ^ 1) + old[at + 1 :]
    elif kind == "number":
        here[path[-1]] = data.draw(st.integers(-(2**65), 2**65))
    elif kind == "text":
        here[path[-1]] = data.draw(st.text())
    else:
        other = bundles()[(n + 1) % 9]
        for step in path:
            other = other[step] if not isinstance(other, list) or step < len(other) else None  # type: ignore[assignment]
        here[path[-1]] = other
    if bundle == bundles()[n]:
        return
    with pytest.raises(TrustFailure) as raised:
        verify(bundle, vkey=SIGNER.verifier.vkey)
    assert raised.value.step in {"shape", "key", "signature", "checkpoint", "inclusion"} and raised.value.exit_code == 5


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.floats(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_garbage_is_only_a_trust_failure(value: Any) -> None:
    with pytest.raises(TrustFailure):
        verify(value)


def test_a_log_that_another_key_signed_is_not_the_pinned_one() -> None:
    with pytest.raises(TrustFailure) as raised:
        verify(bundles()[0], vkey=Signer("example.invalid/log", b"t" * 32).verifier.vkey)
    assert raised.value.step == "key"
