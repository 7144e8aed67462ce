# SPDX-License-Identifier: Apache-2.0
"""What others published: Merkle proofs, signed notes, checkpoints; the forms of RFC 8785 against another implementation."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from comity.transparency.canonical import canonical
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


def test_the_signature_has_one_spelling() -> None:
    """68 bytes leave two bits of their base64 unused; whoever sets them has changed the note."""
    example = NOTES["c2sp_example"]
    key, note = parse_vkey(example["vkey"]), example["note"]
    assert note.endswith("=\n")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = letters.index(note[-3])
    assert opened(note[:-3] + letters[at] + note[-2:], key)
    for slack in (1, 2, 3):
        with pytest.raises(ValueError, match="not base64"):
            opened(note[:-3] + letters[at ^ slack] + note[-2:], key)


def test_as_many_signatures_as_c2sp_asks_for_are_passed_over() -> None:
    example = NOTES["c2sp_example"]
    others = "".join(f"\u2014 other{n}.example {base64.b64encode(bytes(5000)).decode()}\n" for n in range(15))
    assert opened(example["note"] + others, parse_vkey(example["vkey"])) == "This is an example message.\n"
    for spoilt in (
        "\u2014 a+b AAAAAAAA\n",
        "\u2014 a\xa0b AAAAAAAA\n",
        "\u2014 a AAAA\n",
        "\u2014 a\n",
        "text\n",
        "\u2014 \ud800 AAAAAAAA\n",
    ):
        with pytest.raises(ValueError):
            opened(example["note"] + spoilt, parse_vkey(example["vkey"]))


@pytest.mark.parametrize("size", range(8))
def test_a_log_of_others_is_read(size: int) -> None:
    key = parse_vkey((VECTORS / "tessera-log.vkey").read_text().strip())
    head = parse_checkpoint(opened((VECTORS / f"checkpoint.{size}").read_text(encoding="utf-8"), key))
    assert (head.origin, head.size, len(head.root)) == ("example.com/log/testdata", size, 32)


ROOT = "IrSXADBqJ7EQoUODSDKROySgNveeL6CFhik2w/+fS7U="


@pytest.mark.parametrize("text", ["", "a\n1\n", f"a\n01\n{ROOT}\n", f"a\n-1\n{ROOT}\n",
                                  "a\n1\nAAAA\n", "a\n1\n!\n", "a\n\n1\n", f"a\n1\n{ROOT}"])  # fmt: skip
def test_a_broken_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_checkpoint(text)


# RFC 8785 appendix B.
NUMBERS = {
    "0000000000000000": "0", "8000000000000000": "0", "0000000000000001": "5e-324", "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308", "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992", "c340000000000000": "-9007199254740992", "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22", "44b52d02c7e14af6": "1e+23", "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000", "444b1ae4d6e2ef4f": "999999999999999900000", "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7", "3eb0c6f7a0b5ed8d": "0.000001", "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325", "41b3de4355555555": "333333333.3333333", "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343", "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}  # fmt: skip


@pytest.mark.parametrize("bits", NUMBERS)
def test_numbers_are_ecmascript_s(bits: str) -> None:
    assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]) == NUMBERS[bits].encode()


def test_the_example_of_rfc_8785() -> None:
    """Section 3.2.3: members in the order of their UTF-16 code units."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(json.loads(canonical(dict.fromkeys(names, 0)))) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    literals = {"literals": [None, True, False], "string": '\u20ac$\x0f\nA\'B"\\\\"/', "numbers": [333333333.33333329, 1e30, 4.5, 2e-3]}
    assert canonical(literals) == (
        b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 2**53, -(2**53), "\ud800", {"\udc00": 1}, {1: 2}, b"x",
                                   [{"a": [{1}]}], DEEP], ids=lambda value: type(value).__name__)  # fmt: skip
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="canonical form"):
        canonical(value)
