# SPDX-License-Identifier: Apache-2.0
"""Tokens: what they look like, what counts as one when it comes back, and what never does."""

from __future__ import annotations

import copy
import json
import pickle
import re

import pytest

from comity.errors import CallerError
from comity.privacy.findings import Finding
from comity.privacy.pseudonym import NONCE_CHARACTERS, TOKEN_CHARACTERS_MAX, Vault, escape
from comity.privacy.scan import scan

NONCE = bytes(range(1, 9))
MAIL = "Write to lena@vogel.io or call +49 30 1234567."


def found(kind: str, start: int, end: int) -> Finding:
    return Finding(type=kind, category=None, start=start, end=end, recognizer="given")


def hiding(*originals: tuple[str, str], nonce: bytes = NONCE) -> tuple[Vault, list[str]]:
    vault = Vault(nonce)
    return vault, [vault.protect(original, [found(kind, 0, len(original))]) for kind, original in originals]


def suffix(vault: Vault) -> str:
    return vault._nonce


def test_a_token_says_type_number_and_nonce() -> None:
    vault = Vault(NONCE)
    sent = vault.protect(MAIL, scan(MAIL))
    assert re.fullmatch(r"Write to EMAIL_1_(\w{5}) or call PHONE_2_\1\.", sent)
    assert vault.restore(sent) == MAIL
    assert len(vault) == 2


def test_a_token_is_made_of_what_nobody_escapes() -> None:
    for seed in range(300):
        _, (token,) = hiding(("NATIONAL_ID", "x"), nonce=seed.to_bytes(8, "little") * 2)
        assert re.fullmatch(r"NATIONAL_ID_1_[CDGHJKLMPQVWXZ][BCDFGHJKLMNPQRTVWXZ2-9]{3}[2-9]", token)
        assert json.dumps(token) == f'"{token}"' and len(token) <= TOKEN_CHARACTERS_MAX


def test_nonces_differ() -> None:
    assert len({suffix(Vault(seed.to_bytes(8, "big"))) for seed in range(2000)}) == 2000
    with pytest.raises(ValueError, match="8 bytes"):
        Vault(b"short")


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("EMAIL", ["lena@vogel.io", "Lena@Vogel.IO", "ｌｅｎａ@vogel.io", "le\u200bna@vogel.io"]),
        ("PHONE", ["138 1234 5678", "13812345678", "138-1234-5678", "１３８１２３４５６７８"]),
        ("BANK_CARD", ["4111 1111 1111 1111", "4111-1111-1111-1111"]),
        ("NATIONAL_ID", ["11010519491231002x", "11010519491231002X"]),
    ],
)
def test_one_value_has_one_token_and_comes_back_as_first_written(kind: str, spellings: list[str]) -> None:
    vault, tokens = hiding(*((kind, each) for each in spellings))
    assert len(set(tokens)) == 1 == len(vault)
    assert vault.restore(tokens[-1]) == spellings[0]


@pytest.mark.parametrize(
    ("kind", "others"),
    [
        ("SECRET", ["abc", "ABC", "a-bc"]),
        ("PHONE", ["+86 138", "138", "1380"]),
        ("EMAIL", ["a@b.cc", "a@b.co"]),
        ("PHONE", ["---", "***"]),
        ("PHONE", ["1", "１1"]),
    ],
)
def test_different_values_have_different_tokens(kind: str, others: list[str]) -> None:
    vault, tokens = hiding(*((kind, each) for each in others))
    assert len(set(tokens)) == len(others)
    assert [vault.restore(token) for token in tokens] == others


def test_one_string_of_two_types_has_two_tokens() -> None:
    vault, tokens = hiding(("PHONE", "12345678"), ("BANK_ACCOUNT", "12345678"))
    assert [vault.restore(token) for token in tokens] == ["12345678"] * 2 and len(set(tokens)) == 2


@pytest.mark.parametrize(
    "change",
    [
        str,
        str.lower,
        str.title,
        lambda token: token.replace("_", " "),
        lambda token: token.replace("_", "-"),
        lambda token: token.replace("_", "\\_"),
        lambda token: token.replace("_", " _ "),
        lambda token: token.replace("_", ""),
        lambda token: token.replace("_1_", "_1 "),
        lambda token: token.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),  # full width
        lambda token: token.replace("EMAIL", "E-MAIL"),
        lambda token: token.replace("EMAIL", "e-mail"),
    ],
)
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("", ""),
        ("to ", "."),
        ("**", "**"),
        ("`", "`"),
        ("【", "】"),
        ("［", "］"),
        ("<", ">"),
        ("请写给", "的邮箱"),
        ("", "'s"),
        ("", "s"),
        ("(mailto:", ")"),
        ('"', '"'),
        ("_", "_"),
    ],
)
def test_what_models_make_of_a_token_is_still_one(change: object, left: str, right: str) -> None:
    vault, (token,) = hiding(("EMAIL", "lena@vogel.io"))
    assert vault.restore(left + change(token) + right) == left + "lena@vogel.io" + right  # type: ignore[operator]


@pytest.mark.parametrize(
    "change",
    [
        lambda token, nonce: token.replace(nonce, "Q7Q77" if nonce != "Q7Q77" else "Q7Q78"),  # another request's
        lambda token, nonce: token.removesuffix("_" + nonce),  # no nonce
        lambda token, nonce: token.replace("_1_", "_2_"),  # no such number
        lambda token, nonce: token.replace("_1_", "_01_"),
        lambda token, nonce: token.replace("_1_", "__"),
        lambda token, nonce: token.replace("EMAIL", "PHONE"),  # number 1 is no phone
        lambda token, nonce: token.replace("EMAIL_", ""),
        lambda token, nonce: token[:-1],
        lambda token, nonce: token.replace("_1_", "_" * 5 + "1_"),
        lambda token, nonce: "th" + token.lower(),  # the end of a word
        lambda token, nonce: nonce,
        lambda token, nonce: token.replace(nonce, nonce[:2] + " " + nonce[2:]),
    ],
)
def test_what_is_not_a_token_of_this_vault_stays(change: object) -> None:
    vault, (token, _) = hiding(("EMAIL", "lena@vogel.io"), ("SECRET", "s"))
    text = change(token, suffix(vault))  # type: ignore[operator]
    assert vault.restore(text) == text
    assert vault.restore_part(text, last=True) == (text, "")


def test_number_twelve_is_not_number_one() -> None:
    vault, tokens = hiding(*(("SECRET", f"s{n}") for n in range(1, 13)))
    assert vault.restore(" ".join(tokens)) == " ".join(f"s{n}" for n in range(1, 13))


def test_a_type_inside_another_type() -> None:
    vault, (card, bank, number) = hiding(("CARD", "a"), ("BANK_CARD", "b"), ("ID", "c"))
    assert vault.restore(f"BANK_{card} {bank} NATIONAL_{number}") == "BANK_a b NATIONAL_c"


def test_text_that_a_caller_wrote_is_never_somebody_s_data() -> None:
    """Even with the nonce, which nobody can know before the answer: that place is hidden, and comes back as it was."""
    nonce = suffix(Vault(NONCE))
    for lookalike in (f"EMAIL_1_{nonce}", f"email 1 {nonce.lower()}", nonce, f"x{nonce}{nonce}", f"EMAIL_1_{nonce[:2]}\u200b{nonce[2:]}"):
        vault = Vault(NONCE)
        text = f"lena@vogel.io wrote {lookalike}."
        sent = vault.protect(text, scan(text))
        assert vault.restore(sent) == text
    vault = Vault(NONCE)
    assert vault.protect("lena@vogel.io", [found("EMAIL", 0, 13)]) == f"EMAIL_1_{nonce}"
    other = vault.protect(f"say EMAIL_1_{nonce}", [])
    assert other == f"say EMAIL_1_TEXT_2_{nonce}"
    assert vault.restore(other) == f"say EMAIL_1_{nonce}"


def test_a_nonce_in_an_escape_is_one_too() -> None:
    nonce = suffix(Vault(NONCE))
    written = "".join(f"\\u{ord(letter):04x}" for letter in nonce)
    vault, text = Vault(NONCE), f'{{"a":"EMAIL_1_{written}","b":"x"}}'
    sent = vault.protect(text, [found("EMAIL", text.index("x"), text.index("x") + 1)])
    read = json.loads(sent)
    assert read["a"].count(nonce) == 1 and read["a"].startswith("EMAIL_1_TEXT_")
    assert json.loads(vault.restore(json.dumps(read), in_json=True)) == json.loads(text)


def test_an_escape_is_no_part_of_a_token() -> None:
    vault, _ = hiding(("EMAIL", "lena@vogel.io"), ("NATIONAL_ID", "7"))
    nonce = suffix(vault)
    for inside in (f"\\u00AEMAIL_1_{nonce}", f"\\\\\\u00AEMAIL_1_{nonce}", f"\\national_id_2_{nonce}"):
        assert vault.restore(f'{{"a":"{inside}"}}', in_json=True) == f'{{"a":"{inside}"}}'
    after = f'{{"a":"\\\\u00AEMAIL_1_{nonce}"}}'  # here the backslash is escaped, and `u00A` is text
    assert json.loads(vault.restore(after, in_json=True)) == {"a": "\\u00Alena@vogel.io"}


def test_text_without_findings_is_the_very_same() -> None:
    text = "nothing to hide" * 3
    assert Vault(NONCE).protect(text, []) is text
    assert Vault(NONCE).restore(text) is text


class TestJson:
    def sent(self, text: str, vault: Vault) -> str:
        return vault.protect(text, scan(text))

    def test_strings_keep_their_quotes_and_numbers_become_strings(self) -> None:
        vault = Vault(NONCE)
        sent = self.sent('{"to":"lena@vogel.io","card":4111111111111111,"n":[12,true,null]}', vault)
        assert sent == f'{{"to":"EMAIL_1_{suffix(vault)}","card":"BANK_CARD_2_{suffix(vault)}","n":[12,true,null]}}'
        assert vault.restore(sent, in_json=True) == '{"to":"lena@vogel.io","card":"4111111111111111","n":[12,true,null]}'

    def test_an_escaped_value_has_the_token_of_the_plain_one(self) -> None:
        vault = Vault(NONCE)
        plain = vault.protect("lena@vogel.io", [found("EMAIL", 0, 13)])
        assert self.sent('{"to":"le\\u006ea@vogel.io"}', vault) == f'{{"to":"{plain}"}}'

    def test_an_original_is_escaped_where_it_is_put_in_json_only(self) -> None:
        secret = 'a"b\\c\nd\x01é😀'
        vault, (token,) = hiding(("SECRET", secret))
        assert json.loads(vault.restore(f'{{"s":"{token}"}}', in_json=True)) == {"s": secret}
        assert vault.restore(f"s is {token}") == f"s is {secret}"

    def test_a_finding_over_several_strings_hides_each_and_keeps_the_structure(self) -> None:
        text = '{"a":"one","b":[2,"three"],"c":true}'
        vault = Vault(NONCE)
        sent = vault.protect(text, [found("SECRET", 7, len(text) - 1)])
        assert json.loads(sent).keys() != {"a"} and json.loads(vault.restore(sent, in_json=True)) == json.loads(text) | {
            "b": ["2", "three"]
        }
        assert not re.search("one|three|2,", sent.replace(suffix(vault), ""))

    def test_a_finding_that_cuts_an_escape_takes_all_of_it(self) -> None:
        text = '{"a":"x\\u0041y"}'
        vault = Vault(NONCE)
        sent = vault.protect(text, [found("SECRET", 9, 10), found("SECRET", 10, 14)])
        assert json.loads(sent)["a"].startswith("xSECRET_1_")
        assert json.loads(vault.restore(sent, in_json=True)) == {"a": "xAy"}

    def test_names_of_members_are_hidden_too(self) -> None:
        vault = Vault(NONCE)
        assert "lena" not in (sent := self.sent('{"lena@vogel.io":{"x":1}}', vault))
        assert json.loads(vault.restore(sent, in_json=True)) == {"lena@vogel.io": {"x": 1}}


@pytest.mark.parametrize(
    "findings",
    [[(0, 11)], [(-1, 2)], [(3, 3)], [(4, 2)], [(0, 4), (3, 6)], [(5, 6), (0, 2)], [(10, 11)]],
)
def test_findings_of_another_text_are_refused_without_saying_the_text(findings: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="not of this text") as raised:
        Vault(NONCE).protect("0123secret", [found("SECRET", start, end) for start, end in findings])
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("kind", ["", "email", "A1", "_A", "A_", "A" * 25, "A-B", "A_B_C_D_E"])
def test_a_type_that_cannot_name_a_token_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="cannot name"):
        Vault(NONCE).protect("x", [found(kind, 0, 1)])


def test_a_vault_shows_and_hands_out_nothing() -> None:
    vault, _ = hiding(("SECRET", "hunter22"), ("EMAIL", "lena@vogel.io"))
    assert repr(vault) == str(vault) == f"{vault}" == "Vault(2 held)"
    with pytest.raises(TypeError):
        pickle.dumps(vault)
    with pytest.raises(TypeError):
        copy.deepcopy(vault)


def test_a_full_vault_lets_nothing_out() -> None:
    vault = Vault(NONCE, originals_max=2)
    text = "a@b.cc d@e.ff g@h.ii"
    findings = [found("EMAIL", start, start + 6) for start in (0, 7, 14)]
    with pytest.raises(CallerError) as raised:
        vault.protect(text, findings)
    assert (raised.value.code, raised.value.status) == ("request.too_large", 413) and "@" not in str(raised.value)
    assert vault.protect(text, findings[:2]).endswith(" g@h.ii"), "what it holds it still hides"


def test_erased_is_erased_and_numbers_begin_again() -> None:
    vault, (token,) = hiding(("EMAIL", "lena@vogel.io"))
    vault.erase()
    assert len(vault) == 0 and vault.restore(token) == token
    assert vault.protect("x", [found("SECRET", 0, 1)]) == f"SECRET_1_{suffix(vault)}"


def test_a_conversation_has_one_token_for_one_value() -> None:
    vault = Vault(NONCE)
    turns = ["Write to lena@vogel.io.", "lena@vogel.io did not answer, ask otto@vogel.io.", "And LENA@vogel.io?"]
    sent = [vault.protect(turn, scan(turn)) for turn in turns]
    assert [re.findall(r"EMAIL_(\d)", each) for each in sent] == [["1"], ["1", "2"], ["1"]]


@pytest.mark.parametrize("text", ["", "plain", '"', "\\", "\n\r\t\b\x00\x1f\x7f", "é😀\u2028"])
def test_escaping_is_that_of_json(text: str) -> None:
    assert json.loads(f'"{escape(text)}"') == text


class TestWaiting:
    """Only what could still become a token of this vault waits."""

    @pytest.mark.parametrize(
        ("text", "waits"),
        [
            ("hello E", "E"),
            ("hello e", "e"),
            ("the", ""),
            ("thE", "E"),
            ("EMAI", "EMAI"),
            ("write to EMAIL_", "EMAIL_"),
            ("EMAIL_1", "EMAIL_1"),
            ("EMAIL_12", ""),
            ("EMAIL_2", ""),
            ("EMAIL_0", ""),
            ("EMAIL_1_", "EMAIL_1_"),
            ("E-MAIL 1", "E-MAIL 1"),
            ("EMAIL is", ""),
            ("EMAIL  ", "EMAIL  "),
            ("EMAIL     ", ""),
            ("PHONE_2 ", "PHONE_2 "),
            ("PHONE_1", ""),
            ("NATIONAL", "NATIONAL"),
            ("national id", "national id"),
            ("NATIONAL_IDEAS", ""),
            ("\\e", ""),
            ("中e", "e"),
            ("", ""),
            ("1", ""),
            ("_", ""),
            ("EEMAIL", "EMAIL"),
            ("ＥＭ", "ＥＭ"),
        ],
    )
    def test_what_waits(self, text: str, waits: str) -> None:
        vault, _ = hiding(("EMAIL", "a@b.cc"), ("PHONE", "123"), ("NATIONAL_ID", "456"))
        assert vault.restore_part(text) == (text[: len(text) - len(waits)], waits)
        assert vault.restore_part(text, last=True) == (text, "")

    def test_the_nonce_decides_as_it_comes(self) -> None:
        vault, (token,) = hiding(("EMAIL", "a@b.cc"))
        for size in range(1, NONCE_CHARACTERS):
            begun = token[:-size]
            assert vault.restore_part(begun) == ("", begun)
            wrong = begun[:-1] + "S"  # no nonce has one
            assert vault.restore_part(wrong) == (wrong, "")
        assert vault.restore_part(token) == ("a@b.cc", "")

    def test_what_stood_before_says_whether_a_word_begins(self) -> None:
        vault, _ = hiding(("EMAIL", "a@b.cc"))
        assert vault.restore_part("e", before="th") == ("e", "")
        assert vault.restore_part("e", before="th ") == ("", "e")

    def test_an_empty_vault_waits_for_nothing(self) -> None:
        assert Vault(NONCE).restore_part("EMAIL_1_") == ("EMAIL_1_", "")
