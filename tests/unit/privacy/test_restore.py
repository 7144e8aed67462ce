# SPDX-License-Identifier: Apache-2.0
"""One text, piece by piece: nothing late, nothing lost, escaped as its place asks."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.privacy.findings import Finding
from comity.privacy.normalise import is_json
from comity.privacy.pseudonym import TOKEN_CHARACTERS_MAX, Pseudonyms, Vault
from comity.privacy.restore import Restorer, opens_json, restore_body, restore_text
from comity.privacy.surrogate import SurrogateVault

ORIGINAL = 'Le"na\\ 😀\n\tÖ'
NONCE = bytes(range(1, 9))


def found(kind: str, start: int, end: int) -> Finding:
    return Finding(type=kind, category=None, start=start, end=end, recognizer="given")


def hiding(*originals: tuple[str, str]) -> tuple[Vault, list[str]]:
    vault = Vault(NONCE)
    return vault, [vault.protect(original, [found(kind, 0, len(original))]) for kind, original in originals]


VAULT, (TOKEN,) = hiding(("EMAIL", ORIGINAL))


def fed(vault: Pseudonyms, pieces: list[str], in_json: bool | None = None) -> str:
    restorer = Restorer(vault, in_json)
    return "".join(map(restorer.feed, pieces)) + restorer.flush()


def test_what_cannot_begin_a_stand_in_goes_out_at_once() -> None:
    restorer = Restorer(VAULT)
    assert [restorer.feed(piece) for piece in ("Hello", " <b>", "to ", TOKEN[:7], TOKEN[7:] + "!")] == [
        "Hello",
        " <b>",
        "to ",
        "",
        ORIGINAL + "!",
    ]
    assert restorer.flush() == ""


def test_what_waits_is_what_came() -> None:
    text = json.dumps({"é": "\n😀 EMAIL_", "b": [json.dumps({"c": TOKEN, "d": "é\ud83d"})]})
    for in_json in (True, False):
        restorer, given_out = Restorer(VAULT, in_json), 0
        for at, letter in enumerate(text, 1):
            before = restorer.waits
            out = restorer.feed(letter)
            assert text[:at].endswith(restorer.waits)
            assert len(restorer.waits) <= len(TOKEN) + 24
            if len(before) + 1 == len(out) + len(restorer.waits):
                assert before + letter == out + restorer.waits
            given_out += len(out)
        assert given_out


@pytest.mark.parametrize("depth", range(1, 6))
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_within_json_to_any_depth(depth: int, ascii_only: bool) -> None:
    def nested(value: str) -> str:
        said: Any = {"é": value, "n": 1.50, "q": '"'}
        for _ in range(depth - 1):
            said = {"body": json.dumps(said, ensure_ascii=ascii_only), "to": value}
        return json.dumps(said, ensure_ascii=ascii_only)

    text, want = nested(TOKEN), unnested(nested(ORIGINAL))
    for size in (1, 2, 3, 5, 8, 13, len(text)):
        assert unnested(fed(VAULT, [text[at : at + size] for at in range(0, len(text), size)], True)) == want


def unnested(text: str) -> Any:
    value = json.loads(text)
    return value | {"body": unnested(value["body"])} if "body" in value else value


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ('{"a": "caf\\u00e9 \\/ \\q \\ud83d\\ude42 \\ud83d"}', None),  # escapes that nobody needs, unknown, paired, halved
        ('{"a": "\\u00e9 %s \\u00e9 \\/"}', '{"a": "\\u00e9 %s \\u00e9 \\/"}'),
        ('{"a": "x\\', None),
        ('{"a": "x\\u00', None),
        ('{"a": "x\\ud83d\\u', None),
        ('{"a": "x\\ud83dx\\uZZ %s"}', '{"a": "x\\ud83dx\\uZZ %s"}'),
        ('{"a": "\\\\u003c %s \\\\"}', '{"a": "\\\\u003c %s \\\\"}'),
        ('{"a": "%s', '{"a": "%s'),
        ('[1] see "%s', '[1] see "%s'),
        ('{"a": "\\u0045MAIL\\u005f1_%s\\ud83d\\ude42"}', '{"a": "%s\\ud83d\\ude42"}'),
    ],
)
def test_escapes_around_stand_ins_stay_as_they_were_written(text: str, want: str | None) -> None:
    sent = text.replace("%s", TOKEN[len("EMAIL_1_") :] if "MAIL" in text else TOKEN)
    escaped = json.dumps(ORIGINAL, ensure_ascii=False)[1:-1]
    expected = sent if want is None else want.replace("%s", escaped)
    for cut in range(len(sent) + 1):
        assert fed(VAULT, [sent[:cut], sent[cut:]], True) == expected
    assert fed(VAULT, list(sent), True) == expected


def test_outside_of_strings_nothing_is_escaped() -> None:
    assert fed(VAULT, [f'{{"a": {TOKEN}, "b": "{TOKEN}"}}'], True).startswith('{"a": ' + ORIGINAL + ', "b": "Le\\"na')
    assert fed(VAULT, [f"[1] {TOKEN}"]) == f"[1] {ORIGINAL}"


def test_halves_of_a_surrogate_pair_meet_again() -> None:
    restorer = Restorer(VAULT)
    assert [restorer.feed(piece) for piece in ("b\ud83d", "", "\ude42c", "\ud83d", "x", "\ud83d")] == ["b", "", "🙂c", "", "\ud83dx", ""]
    assert restorer.waits == "\ud83d" == restorer.flush()


def test_whole_texts_and_bodies_that_do_not_change_are_the_very_same() -> None:
    text = "Dear Mr. EMAIL_9"
    body = {"a": [text, {"b": text, text: 1}], "c": None, "arguments": '{"é": "\\u00e9"}', "n": 1.5}
    assert restore_text(VAULT, text) is text and restore_body(VAULT, body) is body
    assert restore_body(VAULT, {"a": [TOKEN, {TOKEN: TOKEN}]}) == {"a": [ORIGINAL, {ORIGINAL: ORIGINAL}]}


def test_what_lies_too_deep_stays_as_it_is() -> None:
    def nested(text: str, depth: int) -> Any:
        value: Any = text
        for _ in range(depth):
            value = [value]
        return value

    assert restore_body(VAULT, nested(TOKEN, 100)) == nested(ORIGINAL, 100)
    deep = nested(TOKEN, 50_000)
    assert restore_body(VAULT, deep) is deep
    restore_text(VAULT, '["' + TOKEN + "[" * 100_000, True)


KINDS = ("SECRET", "PERSON", "ID", "E", "TEXT_A")  # types of which each spelling is a value of its own
PIECES = [
    *KINDS, "EMAIL", "_", "1", "2", "3", "<", ">", "[", "]", "{", "}", '"', "\\", "\\u00", " ", "\n", "é", "＿", "n",
    "张伟", "Anna", "Weber", "'s", "-", "\u200b", "\U0001f642", "i", "ß",
]  # fmt: skip


@st.composite
def conversations(draw: st.DrawFn, vault: Pseudonyms, nonce: str) -> tuple[str, list[Finding]]:
    text = "".join(draw(st.lists(st.sampled_from([*PIECES, nonce, nonce.lower(), nonce[:3], nonce[3:]]), max_size=14)))
    findings, at = [], 0
    while at < len(text) and draw(st.booleans()):
        start = draw(st.integers(at, len(text) - 1))
        end = draw(st.integers(start + 1, min(len(text), start + 12)))
        findings.append(found(draw(st.sampled_from(KINDS)), start, end))
        at = end
    return text, findings


def echo_is_identity(data: st.DataObject) -> None:
    """What an echoing model says, in pieces of any size, reads as what the caller wrote, through a text and through arguments."""
    nonce = data.draw(st.binary(min_size=8, max_size=8))
    vault = Vault(nonce)
    for text, findings in data.draw(st.lists(conversations(vault, vault._nonce), min_size=1, max_size=3)):
        sent = vault.protect(text, findings)
        restorer = Restorer(vault)
        for piece in cut(data, sent):
            restorer.feed(piece)
            assert len(restorer.waits) <= TOKEN_CHARACTERS_MAX or opens_json(sent)
        if is_json(text):  # comes back equal, not byte for byte: `test_json_stays_json_and_comes_back_equal`
            continue
        assert fed(vault, cut(data, sent), False) == text
        if opens_json(sent):  # half a JSON text: within arguments it is taken for a whole one
            continue
        arguments = json.dumps({"a": sent, sent: [1, sent]}, ensure_ascii=data.draw(st.booleans()))
        assert json.loads(fed(vault, cut(data, arguments), True)) == {"a": text, text: [1, text]}


def cut(data: st.DataObject, text: str) -> list[str]:
    cuts = [0, *sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8))), len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]


@settings(max_examples=300)
@given(st.data())
def test_protected_echoed_in_pieces_and_restored_is_what_it_was(data: st.DataObject) -> None:
    echo_is_identity(data)


@pytest.mark.full
@settings(max_examples=10_000)
@given(st.data())
def test_that_ten_thousand_times(data: st.DataObject) -> None:
    echo_is_identity(data)


@settings(max_examples=200)
@given(st.data(), st.booleans())
def test_any_cutting_equals_the_whole_with_surrogates(data: st.DataObject, in_json: bool) -> None:
    vault = SurrogateVault.of(
        {"Anna Weber": 'Lena "Leni" Vogel', "张伟": "李雷", "张伟民": "王小明", "a@b.io": "l@v.de"}, {"Anna": "Lena", "Weber": "Vogel"}
    )
    words = st.sampled_from(["Anna", "Weber", "张伟", "民", "a@b.io", " ", ".", "'s", "s", "\\u5f20", "\\n", '"', "{", "W", "Ann", "-"])
    text = "".join(data.draw(st.lists(words, max_size=12)))
    assert fed(vault, cut(data, text), in_json) == fed(vault, [text], in_json)
