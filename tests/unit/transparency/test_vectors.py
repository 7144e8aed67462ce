# SPDX-License-Identifier: Apache-2.0
"""What others published: Merkle proofs, signed notes, checkpoints; the forms of RFC 8785 against another implementation."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from comity.transparency.canonical import INTEGER_MAX, canonical
from comity.transparency.merkle import inclusion_holds
from comity.transparency.note import opened, parse_checkpoint, parse_vkey

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
PROOFS: list[dict[str, Any]] = json.loads((VECTORS / "merkle-inclusion-proofs.json").read_text())
NOTES: dict[str, Any] = json.loads((VECTORS / "signed-note.json").read_text())


def unpacked(text: str | None) -> bytes:
    return base64.b64decode(text or "")


@pytest.mark.parametrize("vector", PROOFS, ids=lambda vector: vector["file"].removeprefix("testdata/inclusion/"))
def test_merkle_inclusion(vector: dict[str, Any]) -> None:
    proof = [unpacked(each) for each in vector["proof"] or ()]
    held = inclusion_holds(vector["leafIdx"], vector["treeSize"], unpacked(vector["leafHash"]), proof, unpacked(vector["root"]))
    assert held is not vector["wantErr"]


def test_the_vectors_are_all_there() -> None:
    assert (len(PROOFS), sum(vector["wantErr"] for vector in PROOFS)) == (98, 92)


def test_a_note_is_opened_by_each_of_its_keys() -> None:
    for vkey in NOTES["vkeys"]:
        key = parse_vkey(vkey)
        assert key.vkey == vkey and opened(NOTES["note_both"], key) == NOTES["text"]
    example = NOTES["c2sp_example"]
    assert opened(example["note"], parse_vkey(example["vkey"])) == "This is an example message.\n"


@pytest.mark.parametrize("vkey", [*NOTES["bad_vkeys"], "", "name", "name+00+", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"])
def test_a_broken_key_is_refused(vkey: str) -> None:
    with pytest.raises(ValueError):
        parse_vkey(vkey)


def test_a_note_that_another_signed_is_not_opened() -> None:
    peter, enoch = map(parse_vkey, NOTES["vkeys"])
    with pytest.raises(ValueError, match="not signed by this key"):
        opened(NOTES["text"] + "\n" + NOTES["sig_enoch"], peter)
    for note in ("", NOTES["text"], NOTES["note_both"][:-1], NOTES["note_both"].replace("cryptography", "Cryptography"),
                 NOTES["note_both"] + NOTES["sig_peter"], NOTES["note_both"].replace("\u2014 ", "- ")):  # fmt: skip
        with pytest.raises(ValueError):
            opened(note, peter)
            opened(note, enoch)


@pytest.mark.parametrize("size", range(8))
def test_a_log_of_others_is_read(size: int) -> None:
    key = parse_vkey((VECTORS / "tessera-log.vkey").read_text())
    head = parse_checkpoint(opened((VECTORS / f"checkpoint.{size}").read_text(encoding="utf-8"), key))
    assert (head.origin, head.size, len(head.root)) == ("example.com/log/testdata", size, 32)


ROOT = "IrSXADBqJ7EQoUODSDKROySgNveeL6CFhik2w/+fS7U="


@pytest.mark.parametrize("text", ["", "a\n1\n", f"a\n01\n{ROOT}\n", f"a\n-1\n{ROOT}\n",
                                  "a\n1\nAAAA\n", "a\n1\n!\n", "a\n\n1\n", f"a\n1\n{ROOT}"])  # fmt: skip
def test_a_broken_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_checkpoint(text)


texts = st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from('\u2028\uffff\U0001f600\ue000"\\\x00\x1f\x7f/'), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_the_canonical_form_is_rfc_8785_s(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, -(2**53), "\ud800", {"\udc00": 1}, {1: 2}, b"x", [{"a": [1.0]}]])
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical(value)
