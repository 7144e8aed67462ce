# SPDX-License-Identifier: Apache-2.0
"""Laws of hiding and restoring, over texts made of pieces of tokens."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from comity.privacy.findings import Finding
from comity.privacy.normalise import fold, view
from comity.privacy.pseudonym import BEFORE_CHARACTERS, TOKEN_CHARACTERS_MAX, Vault
from comity.privacy.scan import scan
from comity.privacy.stream import ChunkRestorer, opens_json, restore_completion

NONCES = st.binary(min_size=8, max_size=8)
TYPES = ("EMAIL", "PHONE", "NATIONAL_ID", "ID", "CARD", "BANK_CARD", "SECRET", "TEXT")
BITS = [
    "EMAIL",
    "E",
    "e",
    "email",
    "E-",
    "NATIONAL_",
    "NATIONAL",
    "ID",
    "id",
    "CARD",
    "BANK_",
    "SECRET",
    "TEXT",
    "PHONE",
    "_",
    " ",
    "-",
    "\\",
    "\\_",
    "_1",
    "_2_",
    "1",
    "12",
    "3",
    "\\u",
    "\\u00",
    "\\n",
    '"',
    "{",
    "}",
    "[",
    "]",
    '{"',
    ":",
    ",",
    "中",
    "＿",
    "１",
    "Ｅ",
    "İ",
    "ß",
    "ſ",
    "K",
    "\u200b",
    "\n",
    "é",
    "😀",
    "x",
    "\x00",
]


def nonce_of(nonce: bytes) -> str:
    token = Vault(nonce).protect("x", [found("SECRET", 0, 1)])
    return token.removeprefix("SECRET_1_")


def found(kind: str, start: int, end: int) -> Finding:
    return Finding(type=kind, category=None, start=start, end=end, recognizer="given")


@st.composite
def texts(draw: st.DrawFn, nonce: str, size: int = 24) -> str:
    """Made of pieces of tokens with this very nonce: what no caller can know."""
    whole = [f"{kind}_{number}_{nonce}" for kind in ("EMAIL", "ID", "TEXT") for number in (1, 2)]
    pieces = [*BITS, nonce, nonce.lower(), nonce[:2], nonce[2:], nonce[-1], "_" + nonce, *whole, *[each.lower() for each in whole]]
    return "".join(draw(st.lists(st.sampled_from(pieces), max_size=size)))


@st.composite
def found_in(draw: st.DrawFn, text: str, types: tuple[str, ...] = TYPES) -> list[Finding]:
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    return [found(draw(st.sampled_from(types)), start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]


@st.composite
def hidden(draw: st.DrawFn, types: tuple[str, ...] = ("SECRET", "ID", "CARD", "TEXT")) -> tuple[bytes, list[tuple[str, list[Finding]]]]:
    """A nonce, and texts of one request with findings; of types whose values have one spelling only."""
    nonce = draw(NONCES)
    written = draw(st.lists(texts(nonce_of(nonce)), min_size=1, max_size=3))
    return nonce, [(text, draw(found_in(text, types))) for text in written]


@given(hidden())
def test_what_was_hidden_comes_back_and_nothing_else_changes(case: tuple[bytes, list[tuple[str, list[Finding]]]]) -> None:
    nonce, request = case
    vault = Vault(nonce)
    sent = [vault.protect(text, findings) for text, findings in request]
    for (text, _), outgoing in zip(request, sent, strict=True):
        in_json = opens_json(text) and is_json(text)
        if not in_json:
            assert vault.restore(outgoing) == text


@given(hidden(TYPES))
def test_the_nonce_leaves_in_tokens_alone(case: tuple[bytes, list[tuple[str, list[Finding]]]]) -> None:
    nonce, request = case
    vault, said = Vault(nonce), nonce_of(nonce)
    for text, findings in request:
        sent = vault.protect(text, findings)
        plain = view(sent).text.lower()
        tokens = re.findall(rf"(?:{'|'.join(TYPES)})_[1-9][0-9]*_{said}", sent)
        assert plain.count(said.lower()) == len(tokens)


@given(hidden(TYPES))
def test_nothing_found_is_in_what_left(case: tuple[bytes, list[tuple[str, list[Finding]]]]) -> None:
    """What stands around the tokens is what stood around the findings, piece by piece."""
    nonce, request = case
    vault, said = Vault(nonce), nonce_of(nonce)
    for text, findings in request:
        if is_json(text):
            continue
        sent = vault.protect(text, findings)
        around = re.split(rf"(?:{'|'.join(sorted(TYPES, key=len, reverse=True))})_[1-9][0-9]*_{said}", sent)
        kept, done = "", 0
        for finding in findings:
            kept += text[done : finding.start] + "\0"
            done = finding.end
        kept += text[done:]
        # Places that held the nonce by chance are hidden too: what is left is the rest, in order.
        rest = iter(kept)
        assert all(letter in rest for piece in around for letter in piece)


@given(st.data(), NONCES, NONCES)
def test_a_vault_leaves_the_tokens_of_another_alone(data: st.DataObject, mine: bytes, theirs: bytes) -> None:
    if nonce_of(mine) == nonce_of(theirs):
        return
    text = data.draw(texts(nonce_of(theirs)).filter(lambda text: nonce_of(mine).lower() not in text.lower()))
    vault = Vault(mine)
    for kind in TYPES:
        vault.protect("somebody", [found(kind, 0, 8)])
    assert vault.restore(text) == text


def is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False


def same(a: Any, b: Any) -> bool:
    """Equal, but a number that was hidden comes back as the string of its digits."""
    if isinstance(a, dict):
        return isinstance(b, dict) and len(a) == len(b) and all(x == y and same(a[x], b[y]) for x, y in zip(a, b, strict=True))
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (isinstance(a, int) and b == str(a))


@given(st.data(), NONCES, st.booleans())
def test_json_stays_json_and_comes_back_equal(data: st.DataObject, nonce: bytes, ascii_only: bool) -> None:
    words = texts(nonce_of(nonce), 8)
    leaves = st.one_of(words, st.integers(-(10**18), 10**18), st.booleans(), st.none())
    value = data.draw(st.dictionaries(words, st.one_of(leaves, st.lists(leaves, max_size=3), st.dictionaries(words, leaves)), max_size=3))
    text = json.dumps(value, ensure_ascii=ascii_only)
    findings = data.draw(found_in(text, ("SECRET", "ID")))
    vault = Vault(nonce)
    sent = vault.protect(text, findings)
    assert isinstance(json.loads(sent), dict)
    assert same(value, json.loads(vault.restore(sent, in_json=True)))


@given(st.data(), NONCES, st.booleans())
def test_any_cutting_equals_whole(data: st.DataObject, nonce: bytes, in_json: bool) -> None:
    vault = Vault(nonce)
    for kind in data.draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=14)):
        vault.protect(original := f'a"{len(vault)}\n', [found(kind, 0, len(original))])
    text = data.draw(texts(nonce_of(nonce), 40))
    cuts = [0, *sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=20))), len(text)]
    out, waits, before = "", "", ""
    for start, end in pairwise(cuts):
        part = waits + text[start:end]
        given_out, waits = vault.restore_part(part, before=before, in_json=in_json)
        out += given_out
        assert len(waits) <= TOKEN_CHARACTERS_MAX
        assert not waits or could_become_a_token(vault, nonce_of(nonce), before + part[: len(part) - len(waits)], waits, in_json)
        before = (before + part[: len(part) - len(waits)])[-BEFORE_CHARACTERS:]
    assert out + vault.restore_part(waits, before=before, in_json=in_json, last=True)[0] == vault.restore(text, in_json=in_json)


def could_become_a_token(vault: Vault, nonce: str, before: str, waits: str, in_json: bool) -> bool:
    """Whether some end makes a token that begins where ``waits`` does: the guard against waiting for nothing."""
    tokens = [f"{kind}_{number}_{nonce}" for number, (kind, _) in enumerate(vault._originals, 1)]
    whole = vault._forms.whole
    for token in tokens:
        for cut in range(1, len(token) + 1):
            text = before + waits + token[cut:]
            at = whole.match(fold(text), len(before))
            if at is not None and vault._claimed(at, in_json) is not None:
                return True
    return False


KINDS = ("content", "refusal", "reasoning_content", "tool")


@given(st.data(), NONCES)
def test_a_stream_of_chunks_equals_the_whole_answer(data: st.DataObject, nonce: bytes) -> None:
    vault = Vault(nonce)
    for kind in ("EMAIL", "ID", "SECRET"):
        vault.protect('Le"na\\', [found(kind, 0, 6)])
    said = texts(nonce_of(nonce), 10)
    written = {
        (index, kind, number): data.draw(said)
        for index in range(data.draw(st.integers(1, 2)))
        for kind in data.draw(st.sets(st.sampled_from(KINDS), min_size=1))
        for number in range(2 if kind == "tool" else 1)
    }
    waiting = {key: text for key, text in written.items() if text}
    chunks: list[dict[str, Any]] = []
    while waiting:
        key = data.draw(st.sampled_from(sorted(waiting)))
        size = data.draw(st.integers(1, 12))
        piece, waiting[key] = waiting[key][:size], waiting[key][size:]
        if not waiting[key]:
            del waiting[key]
        last = not any(other[0] == key[0] for other in waiting) and data.draw(st.booleans())
        chunks.append(chunk(key, piece, "stop" if last else None))
    restorer = ChunkRestorer(vault)
    out = [new for each in chunks for new in restorer.feed(each)] + restorer.flush()
    whole = restore_completion(vault, {"choices": whole_choices(written)})
    assert collected(out) == {key: text for key, text in of_whole(whole).items() if text}


def chunk(key: tuple[int, str, int], text: str, finish: str | None) -> dict[str, Any]:
    index, kind, number = key
    delta = {"tool_calls": [{"index": number, "function": {"arguments": text}}]} if kind == "tool" else {kind: text}
    return {"id": "c", "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}


def collected(chunks: list[dict[str, Any]]) -> dict[tuple[int, str, int], str]:
    """What a client puts together; text of a choice after its finish would be lost, and fails here."""
    out: dict[tuple[int, str, int], str] = {}
    ended: set[int] = set()
    for each in chunks:
        for choice in each["choices"]:
            index, delta = choice["index"], choice["delta"]
            parts = [((index, kind, 0), text) for kind, text in delta.items() if kind != "tool_calls"]
            parts += [((index, "tool", call["index"]), call["function"]["arguments"]) for call in delta.get("tool_calls", [])]
            for key, text in parts:
                assert not text or index not in ended
                out[key] = out.get(key, "") + text
            if choice["finish_reason"]:
                ended.add(index)
    return {key: text for key, text in out.items() if text}


def whole_choices(written: dict[tuple[int, str, int], str]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for index in sorted({key[0] for key in written}):
        message: dict[str, Any] = {kind: text for (at, kind, _), text in written.items() if at == index and kind != "tool"}
        calls = [text for (at, kind, _), text in sorted(written.items()) if at == index and kind == "tool"]
        out.append({"index": index, "message": message | {"tool_calls": [{"function": {"arguments": text}} for text in calls]}})
    return out


def of_whole(body: dict[str, Any]) -> dict[tuple[int, str, int], str]:
    out: dict[tuple[int, str, int], str] = {}
    for choice in body["choices"]:
        for kind, text in choice["message"].items():
            if kind == "tool_calls":
                out |= {(choice["index"], "tool", n): call["function"]["arguments"] for n, call in enumerate(text)}
            else:
                out[choice["index"], kind, 0] = text
    return out


LOOKALIKES = [
    "lena@vogel.io",
    "@",
    "a.b",
    "http://u:p",
    "@h",
    "sk-",
    "proj-",
    "A1b2C3d4E5f6G7h8",
    "138",
    "1234",
    "5678",
    " ",
    "-",
    "+86",
    "4111 1111 1111 1111",
    "11010519491231002X",
    "password",
    ": ",
    "密码",
    "：",
    "hunter22!",
    "eyJ",
    ".",
    "：",
    "１",
    "３",
    "\u200b",
    "中文",
    "手机",
    "身份证",
    "\n",
    "{",
    '"',
    "\\",
    "\\u0031",
    "}",
    "\ud800",
    "İ",
    "-----BEGIN PRIVATE KEY-----",
    "00:",
    "::",
    "[at]",
    " dot ",
    "(",
    ")",
    "/",
    "GB29",
    "NWBK",
    "x",
    "9",
    "=",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(LOOKALIKES), max_size=30).map("".join)))
def test_a_scan_is_total_and_its_findings_are_in_order_and_in_range(text: str) -> None:
    done = 0
    for finding in scan(text):
        assert done <= finding.start < finding.end <= len(text)
        done = finding.end


@given(st.lists(st.sampled_from(LOOKALIKES), max_size=30).map("".join), NONCES)
def test_what_is_scanned_is_hidden_and_comes_back(text: str, nonce: bytes) -> None:
    """The whole way with the product's own recognisers; spellings of one value come back as the first of them."""
    vault, findings = Vault(nonce), scan(text)
    sent = vault.protect(text, findings)
    if is_json(text):
        json.loads(sent)
    else:
        back = vault.restore(sent)
        for finding in findings:
            if finding.type == "SECRET":
                assert text[finding.start : finding.end] in back
        assert vault.protect(text, findings) == sent, "the same request, the same tokens"
