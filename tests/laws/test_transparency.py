# SPDX-License-Identifier: Apache-2.0
"""Laws of the log: every proof of every size holds, and nothing else does."""

from __future__ import annotations

import asyncio
import base64
import copy
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import TrustFailure
from comity.transparency.canonical import INTEGER_MAX, canonical
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
from comity.transparency.published import consistency, inclusion
from comity.transparency.receipt import Receipt, encoded, leaf_of, to_json
from comity.transparency.tiles import WIDTH, Edge, Tile, hashes_of
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
    for n, leaf in enumerate(LEAVES):
        nodes[0, n] = leaf
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
        bit = (index * 37 + size) % 256
        assert not inclusion_holds(index, size, flipped(LEAVES[index], bit), proof, root)
        assert not inclusion_holds(index, size, LEAVES[index], proof, flipped(root, bit))
        if proof:
            assert not inclusion_holds(index, size, LEAVES[index], proof[:-1], root)
            at = bit % len(proof)
            assert not inclusion_holds(index, size, LEAVES[index], [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]], root)


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


def consistent(old: int, size: int) -> None:
    roots = tree()[1]
    proof = consistency_proof(old, size, node)
    assert consistency_holds(old, size, roots[old], roots[size], proof), (old, size)
    assert not consistency_holds(old, size, flipped(roots[old], old), roots[size], proof)
    assert not consistency_holds(old, size, roots[old], flipped(roots[size], size), proof)
    for at in range(len(proof)):
        assert not consistency_holds(old, size, roots[old], roots[size], [*proof[:at], flipped(proof[at], at), *proof[at + 1 :]])
        assert not consistency_holds(old, size, roots[old], roots[size], [*proof[:at], *proof[at + 1 :]])
    assert not consistency_holds(old, size, roots[old], roots[size], [*proof, roots[1]])


def test_every_smaller_log_is_inside_the_larger() -> None:
    for size in range(1, 65):
        for old in range(1, size + 1):
            consistent(old, size)


@given(st.integers(65, 300), st.data())
def test_so_is_it_in_larger_ones(size: int, data: st.DataObject) -> None:
    consistent(data.draw(st.integers(1, size)), size)


@pytest.mark.parametrize("size", range(65, 301))
def test_at_every_size_some_smaller_logs_of_every_kind_are_inside_it(size: int) -> None:
    for old in {1, size & -size, 1 << size.bit_length() - 1, size // 2, size * 5 // 7, size - 1, size}:
        consistent(old, size)


@given(st.integers(0, 600), st.lists(st.integers(1, 300), max_size=6), st.data())
def test_a_tree_of_tiles_has_the_root_of_the_plain_tree_however_it_grew(begin: int, steps: list[int], data: st.DataObject) -> None:
    """Taken up again from its last tiles alone, and each tile that became full is what its entries make."""
    entries = [b"%d" % n for n in range(begin + sum(steps))]
    whole, grown, full = Frontier(), Edge(), dict[Tile, bytes]()
    for entry in entries:
        whole.append(leaf_hash(entry))
    for stop in accumulate([begin, *steps]):
        full.update(grown.append(entries[grown.size : stop]))
        last = {tile.level: hashes_of(raw, tile.width) for tile, raw in grown.unfinished()}
        grown = Edge(stop, [last.get(level, []) for level in range(-(-stop.bit_length() // 8))])
    assert grown.root() == whole.root() and grown.size == len(entries)
    bottom = b"".join(leaf_hash(entry) for entry in entries)
    held = b"".join([full[Tile(0, n)] for n in range(len(entries) // WIDTH)]) + b"".join(
        raw for tile, raw in grown.unfinished() if tile.level == 0
    )
    assert held == bottom


@given(st.integers(1, 700), st.data())
def test_proofs_from_tiles_are_those_of_the_plain_tree(size: int, data: st.DataObject) -> None:
    entries, nodes, plain, grown = [b"%d" % n for n in range(size)], dict[tuple[int, int], bytes](), Frontier(), Edge()
    for n, entry in enumerate(entries):
        nodes[0, n] = leaf_hash(entry)
        nodes.update({(level, index): value for level, index, value in plain.append(nodes[0, n])})
    files = {tile.path: raw for tile, raw in [*grown.append(entries), *grown.unfinished()]}

    async def fetch(path: str) -> bytes | None:
        return files.get(path)

    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    expected = inclusion_proof(index, size, lambda level, at: nodes[level, at])
    assert asyncio.run(inclusion(index, size, fetch)) == expected
    assert asyncio.run(consistency(old, size, fetch)) == consistency_proof(old, size, lambda level, at: nodes[level, at])


@pytest.mark.parametrize(("old", "size"), [(0, 3), (4, 3), (-1, 3)])
def test_no_log_is_inside_one_that_is_smaller(old: int, size: int) -> None:
    with pytest.raises(ValueError, match="no tree"):
        consistency_proof(old, size, node)
    assert not consistency_holds(old, size, LEAVES[0], LEAVES[0], [])


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
        nodes[0, n] = leaf_of(salt, form)
        nodes.update({(level, index): value for level, index, value in frontier.append(nodes[0, n])})
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


PINNED = st.sampled_from([SIGNER.verifier.vkey, None])
STEPS = {"shape", "key", "signature", "checkpoint", "inclusion"}
any_text = st.text(st.characters(exclude_categories=()))  # lone surrogates too: JSON can spell them
garbage = st.recursive(
    st.none() | st.booleans() | st.integers() | any_text | st.floats() | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=10,
)


def refused(bundle: Any, vkey: str | None) -> str:
    with pytest.raises(TrustFailure) as raised:
        verify(bundle, vkey=vkey)
    assert raised.value.exit_code == 5 and raised.value.code == f"trust.{raised.value.step}"
    return raised.value.step


@given(st.sampled_from(range(9)), PINNED, st.data())
def test_any_change_to_a_bundle_fails_by_the_name_of_a_step(n: int, vkey: str | None, data: st.DataObject) -> None:
    bundle = copy.deepcopy(bundles()[n])
    path = data.draw(st.sampled_from([path for path in leaves_of(bundle) if path]))
    here: Any = bundle
    for step in path[:-1]:
        here = here[step]
    old = here[path[-1]]
    kind = data.draw(st.sampled_from(["remove", "flip", "garbage", "other", "extra"]))
    if kind == "remove":
        del here[path[-1]]
    elif kind == "flip" and isinstance(old, str) and old:
        at, bit = data.draw(st.integers(0, len(old) - 1)), data.draw(st.integers(0, 7))
        here[path[-1]] = old[:at] + chr(ord(old[at]) ^ 1 << bit) + old[at + 1 :]
    elif kind == "extra" and isinstance(old, dict | list):
        if isinstance(old, dict):
            old[data.draw(st.text(st.characters(exclude_categories=()), min_size=1))] = data.draw(garbage)
        else:
            old.append(data.draw(garbage))
    elif kind == "other":
        other: Any = bundles()[(n + 1) % 9]
        for step in path:
            other = other[step] if not isinstance(other, list) or step < len(other) else None
        here[path[-1]] = other
    else:
        here[path[-1]] = data.draw(garbage)
    if bundle != bundles()[n]:
        assert refused(bundle, vkey) in STEPS


def test_every_bit_of_a_bundle_s_text_counts() -> None:
    whole = json.dumps(bundles()[4], ensure_ascii=False, separators=(",", ":")).encode()
    for at in range(len(whole)):
        for bit in range(8):
            text = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
            try:
                read = json.loads(text)
            except ValueError:
                continue
            if read != bundles()[4]:
                assert refused(read, None) in STEPS and refused(read, SIGNER.verifier.vkey) in STEPS, (at, bit)


@given(garbage, PINNED)
def test_garbage_is_only_a_trust_failure(value: Any, vkey: str | None) -> None:
    refused(value, vkey)


@given(any_text | st.sampled_from([SIGNER.verifier.vkey + " ", SIGNER.verifier.vkey.upper(), "+" * 3]))
def test_a_key_that_is_none_is_only_a_trust_failure(vkey: str) -> None:
    assert refused(bundles()[0], vkey) == "key"


def test_a_bundle_of_another_key_is_not_the_pinned_one_s_even_where_the_rest_holds() -> None:
    other = Signer("example.invalid/log", b"t" * 32).verifier.vkey
    assert refused({**bundles()[0], "vkey": other}, SIGNER.verifier.vkey) == "key"


DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize("where", [(), ("receipt",), ("inclusion",)])
@pytest.mark.parametrize("value", [{"\ud800": 1}, {"receipt": {"\udc00": "x"}}, DEEP, "\ud800"], ids=["name", "within", "deep", "text"])
def test_the_oddest_garbage_is_a_matter_of_shape(where: tuple[str, ...], value: Any) -> None:
    whole = copy.deepcopy(bundles()[0])
    bundle: Any = {**whole, **value} if isinstance(value, dict) and not where else {**whole, where[0]: value} if where else value
    assert refused(bundle, None) == "shape"


def test_a_log_that_another_key_signed_is_not_the_pinned_one() -> None:
    assert refused(bundles()[0], Signer("example.invalid/log", b"t" * 32).verifier.vkey) == "key"


def signed(receipt: dict[str, Any]) -> dict[str, Any]:
    """What someone with a key of their own can make: a log of one receipt, whatever it says, every signature good."""
    form, salt = canonical(receipt), b"s" * 32
    note = SIGNER.note(checkpoint_text(Checkpoint(SIGNER.verifier.name, 1, leaf_of(salt, form))))
    text = {"salt": salt, "signature": SIGNER.sign(form)}
    return {
        "format": FORMAT, "receipt": receipt, "index": 0, "inclusion": [], "checkpoint": note, "vkey": SIGNER.verifier.vkey,
        **{name: base64.b64encode(raw).decode() for name, raw in text.items()},
    }  # fmt: skip


def test_whoever_signs_it_a_receipt_has_a_receipt_s_shape() -> None:
    good = bundles()[0]["receipt"]
    assert verify(signed(good)).receipt == good
    without = {name: value for name, value in good.items() if name != "stand_in"}
    for bad in (
        without,
        {**good, "more": 1},
        {**good, "effect": "\x1b[2Jallow"},
        {**good, "reasons": ["\u202eevil"]},
        {**good, "size_bucket": 1.5},
        {**good, "stand_in": 1},
        {**good, "source": None},
        {**good, "version": 1},
        {**good, "version": 3},
        {name: value for name, value in good.items() if name != "consent"},
        {**good, "destination": [["CN"]]},
    ):
        assert refused(signed(bad), None) == "shape"
    assert refused(signed({**good, "issuer": "example.invalid/another"}), None) == "checkpoint"
    assert refused(signed({**good, "key": "00000000"}), None) == "key"


@given(garbage)
def test_a_signed_piece_of_garbage_is_still_garbage(value: Any) -> None:
    try:
        bundle = signed({**bundles()[0]["receipt"], "source": value})
    except ValueError:  # it has no canonical form to sign
        return
    if not isinstance(value, str) or not value.isprintable():
        refused(bundle, None)


# -- canonical form -----------------------------------------------------------------------------------------------

hostile = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from('\u2028\uffff\U0001f600\ue000"\\\x00\x1f\x7f/\b'), max_size=12
)
numbers = st.integers(-INTEGER_MAX, INTEGER_MAX) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | hostile,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hostile, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_the_canonical_form_is_rfc_8785_s(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)
    assert json.loads(canonical(value), parse_int=float) == value


@given(st.builds(Receipt, **dict.fromkeys(("id", "at", "issuer", "key", "effect", "source", "deployment", "policy"), hostile),
                 reasons=st.lists(hostile, max_size=3).map(tuple), stand_in=st.booleans(),
                 size_bucket=st.integers(0, INTEGER_MAX), retention_months=st.none() | st.integers(0, 600)))  # fmt: skip
def test_a_receipt_s_own_encoder_writes_the_canonical_form(receipt: Receipt) -> None:
    assert encoded(receipt) == canonical(to_json(receipt)) == rfc8785.dumps(to_json(receipt))
    assert msgspec.convert(to_json(receipt), Receipt, strict=True) == receipt
