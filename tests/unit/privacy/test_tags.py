# SPDX-License-Identifier: Apache-2.0
"""Tags that somebody else made: which changes on the way they survive, and what is none of them."""

from __future__ import annotations

import pytest

from comity.privacy.tags import ForeignTags

MAPPING = {
    "<PERSON_3>": "Lena Vogel",
    "<PERSON_1>": "Bo",
    "<EMAIL_1>": "x@y.z",
    "{{NATIONAL_ID_12}}": '12"3',
    "[姓名_1]": "张伟",
}
LENA = "Lena Vogel"


def cuts(text: str) -> list[list[str]]:
    return [[text], list(text), *([text[:at], text[at:]] for at in range(1, len(text)))]


def restored(pieces: list[str], *, in_json: bool = False) -> str:
    vault, out, waits, before = ForeignTags(MAPPING), "", "", ""
    for piece in pieces:
        text = waits + piece
        given_out, waits = vault.restore_part(text, before=before, in_json=in_json)
        before = (before + text[: len(text) - len(waits)])[-32:]
        out += given_out
    return out + vault.restore_part(waits, before=before, in_json=in_json, last=True)[0]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Call <PERSON_3>.", f"Call {LENA}."),
        ("(<PERSON_3>)", f"({LENA})"),
        ("(PERSON_3)", LENA),
        ("{{PERSON_3}}!", f"{LENA}!"),
        ("[[PERSON_3]]", LENA),
        ("【PERSON_3】", LENA),
        ("< person - 3 >", LENA),
        ("＜ＰＥＲＳＯＮ＿３＞", LENA),
        ("<PERSON\\_3>", LENA),
        ("<PERSON_3/>s", f"{LENA}s"),
        ("<PERSON_3>'s", f"{LENA}'s"),
        ("**<PERSON_3>**", f"**{LENA}**"),
        ("<b><PERSON_3></b>", f"<b>{LENA}</b>"),
        ("&lt;PERSON_3&gt;", LENA),
        ("<<PERSON_3>", f"<{LENA}"),
        ("<PER<PERSON_3>", f"<PER{LENA}"),
        ("PERSON_3's `PERSON_1`", f"{LENA}'s `Bo`"),
        ("<E-MAIL_1><PERSON_1>", "x@y.zBo"),
        ("<national id 12>", '12"3'),
        ("<姓名_1>", "张伟"),
    ],
)
def test_a_tag_comes_back_however_it_is_cut(text: str, wanted: str) -> None:
    for pieces in cuts(text):
        assert restored(pieces) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "<PERSON_3", "<PERSON_31>", "<PERSON_2>", "XPERSON_3", "person_3", "PERSON 3", "PERSON_33 PERSON_1a", "<PERSON_>", "_PERSON_3",
        "a < b & c \\ d", "<b>bold</b>", "<PERSON3x>", "<EMAIL_3>", "<PERSON_03>", "everyone's e-mail",
    ],
)  # fmt: skip
def test_what_is_no_tag_stays_however_it_is_cut(text: str) -> None:
    for pieces in cuts(text):
        assert restored(pieces) == text


def test_in_json_originals_are_escaped_and_so_may_the_brackets_be() -> None:
    for text in ('{"n":"\\u003cNATIONAL_ID_12\\u003e"}', '{"n":"<NATIONAL_ID_12>"}'):
        for pieces in cuts(text):
            assert restored(pieces, in_json=True) == '{"n":"12\\"3"}'


@pytest.mark.parametrize(
    ("text", "waits"), [("x <", "<"), ("the", ""), ("PERSON_1", "PERSON_1"), ("<EMAIL_1", "<EMAIL_1"), ("<EMAIL_2", ""), ("a & ", "")]
)
def test_only_a_beginning_waits(text: str, waits: str) -> None:
    assert ForeignTags(MAPPING).restore_part(text)[1] == waits


def test_it_restores_and_does_no_more() -> None:
    vault = ForeignTags(MAPPING)
    assert len(vault) == 5 and repr(vault) == "ForeignTags(5 held)"
    with pytest.raises(TypeError):
        vault.protect("x", [])
    with pytest.raises(ValueError, match="a type and a number"):
        ForeignTags({"Anna Keller": "Lena"})
    vault.erase()
    assert vault.restore("<PERSON_3>") == "<PERSON_3>"
