# SPDX-License-Identifier: Apache-2.0
"""What is made to stand in: lists of names, and numbers that keep their form and belong to nobody."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from typing import Any

import pytest

from comity.privacy import checksums
from comity.privacy.surrogate import SurrogateVault
from comity.privacy.surrogates.lexicon import FAMILY, FEMALE, MALE, chinese, pool
from tests.hiding import NONCE, one, sent


class TestLists:
    def test_there_are_names_enough(self) -> None:
        assert min(len(set(pool("en", role))) for role in (FEMALE, MALE)) > 250 and len(set(pool("en", FAMILY))) >= 400
        lists = chinese()
        assert len(lists.families) > 300 and len(set(lists.stand_ins)) >= 90 and len(lists.compounds) >= 20
        assert len(set(lists.female + lists.male + lists.neutral)) >= 200

    def test_a_name_has_one_gender_and_one_role(self) -> None:
        female, male, family = (set(pool("en", role)) for role in (FEMALE, MALE, FAMILY))
        assert female.isdisjoint(male) and (female | male).isdisjoint(family)

    def test_no_given_name_in_chinese_begins_like_a_family(self) -> None:
        lists = chinese()
        assert set(lists.stand_ins).isdisjoint(lists.female + lists.male + lists.neutral + "".join(lists.titles) + lists.prefixes)
        assert not any(title[0] in lists.female + lists.male + lists.neutral for title in lists.titles if len(title) == 1)

    def test_every_list_says_where_it_is_from(self) -> None:
        lists = tomllib.loads((resources.files("comity.privacy.surrogates") / "names.toml").read_text(encoding="utf-8"))
        assert all(each["source"] and each["licence"] in ("public domain", "CC0-1.0") for each in lists.values())


class TestNumbers:
    @pytest.mark.parametrize(
        ("original", "form"),
        [
            ("+1 (212) 555-9876", r"\+1 \(\d{3}\) 555-01\d\d"),
            ("212.555.9876", r"\d{3}\.555\.01\d\d"),
            ("+44 7911 123456", r"\+44 7700 900\d{3}"),
            ("020 7123 4567", r"02\d \d{4} \d{4}"),
            ("+49 30 1234567", r"\+49 \d\d \d{7}"),
            ("06 12 34 56 78", r"06 39 98 \d\d \d\d"),
            ("138-1234-5678", r"1(?:54|61|63|64|68|69)-\d{4}-\d{4}"),
            ("+86 13812345678", r"\+86 1(?:54|61|63|64|68|69)\d{8}"),
            ("010-12345678", r"0\d\d-1\d{7}"),
            ("+91 98765 43210", r"\+91 000\d\d \d{5}"),
        ],
    )
    def test_phones_keep_their_form_and_are_nobody_s(self, original: str, form: str) -> None:
        for nonce in range(20):
            assert re.fullmatch(form, one("PHONE", original, nonce.to_bytes(8, "big")))

    def test_a_number_comes_back_however_it_is_spaced_and_without_its_country(self) -> None:
        vault = SurrogateVault(NONCE)
        made = sent(vault, "{PHONE:+86 138 1234 5678}")
        digits = made.replace(" ", "")
        assert vault.restore(f"{digits}; {digits[:6]}-{digits[6:]}") == "+86 138 1234 5678; +86 138 1234 5678"
        assert vault.restore(f"拨打{made.removeprefix('+86 ')}。") == "拨打138 1234 5678。"
        for longer in (f"x{digits[1:]}", f"1{digits[1:]}", f"{digits}1"):
            assert vault.restore(longer) == longer

    def test_a_bracket_around_a_number_stays(self) -> None:
        vault = SurrogateVault(NONCE)
        made = sent(vault, "{PHONE:13812345678}")
        assert vault.restore(f"({made}) ({made[:3]}) {made[3:]}") == "(13812345678) 13812345678"

    @pytest.mark.parametrize("original", ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005", "6222021234567890128"])
    def test_cards_are_test_cards(self, original: str) -> None:
        made = one("BANK_CARD", original)
        digits = re.sub("[ -]", "", made)
        assert checksums.luhn(digits) and digits[:6] in ("400000", "555555", "378282", "620000")
        assert re.sub(r"\d", "0", made) == re.sub(r"\d", "0", original)

    @pytest.mark.parametrize("original", ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "fr1420041010050500013m02606"])
    def test_ibans_have_their_check_digits(self, original: str) -> None:
        made = one("BANK_ACCOUNT", original)
        assert checksums.iban(made.replace(" ", "").upper()) and made[:2] == original[:2] and len(made) == len(original)

    @pytest.mark.parametrize("original", ["11010519491231002X", "440304199003071234"])
    def test_resident_ids_are_of_no_place_and_the_same_decade(self, original: str) -> None:
        made = one("NATIONAL_ID", original)
        assert checksums.cn_resident_id(made) and made[2:4] == "99" and made[6:9] == original[6:9]
        assert int(made[16]) % 2 == int(original[16]) % 2

    @pytest.mark.parametrize(
        ("original", "check"),
        [
            ("86095742719", checksums.de_tax_id),
            ("12345678Z", checksums.es_dni),
            ("S1234567D", checksums.sg_nric),
            ("A123456789", checksums.tw_id),
            ("529.982.247-25", checksums.br_cpf),
            ("111222333", checksums.nl_bsn),
            ("943 476 5919", checksums.gb_nhs),
            ("44051401359", checksums.pl_pesel),
            ("811218-9876", checksums.se_personnummer),
            ("131052-308T", checksums.fi_hetu),
            ("01010750160", checksums.no_fodselsnummer),
            ("93.05.18-223.61", checksums.be_rijksregister),
            ("756.9217.0769.85", checksums.ean13),
            ("RSSMRA85T10A562S", checksums.it_codice_fiscale),
            ("10000000146", checksums.tr_kimlik),
            ("8001015009087", checksums.za_id),
            ("736028/5163", checksums.cz_rodne_cislo),
            ("12.345.678-5", checksums.cl_rut),
            ("1234567T", checksums.ie_pps),
            ("A123456(3)", checksums.hk_id),
        ],
    )
    def test_a_check_that_held_still_holds(self, original: str, check: Any) -> None:
        assert check(re.sub(r"[^A-Z0-9]", "", original))
        made = one("NATIONAL_ID", original)
        assert check(re.sub(r"[^A-Z0-9]", "", made)) and re.sub(r"[A-Z\d]", "0", made) == re.sub(r"[A-Z\d]", "0", original)

    def test_an_ssn_is_never_assigned(self) -> None:
        assert re.fullmatch(r"9\d\d-[0-4]\d-\d{4}", one("NATIONAL_ID", "123-45-6789"))

    @pytest.mark.parametrize(
        ("kind", "original", "form"),
        [
            ("IP", "8.8.8.8", r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+"),
            ("IP", "2606:4700::1111", r"2001:db8:[0-9a-f:]+"),
            ("MAC", "00:1A:2B:3C:4D:5E", r"[0-9A-F][26AE](:[0-9A-F]{2}){5}"),
            ("PLATE", "京A·12345", r"京A·\d{5}"),
            ("PASSPORT", "E12345678", r"E\d{8}"),
            ("SECRET", "sk-proj-A1b2C3d4E5f6G7h8", r"sk-proj-[A-Za-z0-9]{16}"),
            ("EMAIL", "info@firma.de", r"[a-z]+\d*@example\.(com|org|net)"),
            ("EMAIL", "j.doe99 [at] firma [dot] de", r"[a-z]+\.[a-z]+\d\d \[at\] example \[dot\] (com|org|net)"),
            ("USERNAME", "@night_owl", r"@[a-z]+_[a-z]+"),
            ("ADDRESS", "12 Baker Street, London", r"\d\d [A-Z][a-z]+ Street, [A-Z][a-z]+"),
            ("ADDRESS", "Hauptstraße 5, 10115 Berlin", r"[A-Z]\w+straße \d, \d{5} [A-Z][a-z]+"),
            ("ADDRESS", "广东省深圳市南山区科苑路15号3栋", r"广东省深圳市\w{2}区\w{2}路\d\d号\d栋"),
        ],
    )
    def test_forms(self, kind: str, original: str, form: str) -> None:
        made = one(kind, original)
        assert re.fullmatch(form, made) and made != original

    @pytest.mark.parametrize(
        "original", ["1990-05-23", "23.05.1990", "05/23/1990", "1990年5月23日", "May 3, 1990", "3 mai 1990", "19900523", "05/1990"]
    )
    def test_births_move_by_two_years_at_most(self, original: str) -> None:
        for nonce in range(30):
            made = one("DOB", original, nonce.to_bytes(8, "big"))
            year = int(re.search("19[89][0-9]", made)[0])  # type: ignore[index]
            assert 1988 <= year <= 1992 and year != 1990 and len(made) in range(len(original) - 1, len(original) + 2)
            if re.fullmatch(r"\d{2}/\d{4}", made):
                assert 1 <= int(made[:2]) <= 12

    def test_a_mail_address_bears_its_owner_s_stand_in(self) -> None:
        vault = SurrogateVault(NONCE)
        given_name, family = sent(vault, "{PERSON:Lena Vogel}").lower().split(" ")
        assert sent(vault, "{EMAIL:lena.vogel@vogel.io}").startswith(f"{given_name}.{family}@example.")
        other = sent(vault, "{EMAIL:lena.vogel2@vogel.io}")
        assert other.split("@")[1] == sent(vault, "{EMAIL:lena.vogel@vogel.io}").split("@")[1], "one domain, one domain"

    def test_spellings_of_one_number_share_their_digits(self) -> None:
        vault = SurrogateVault(NONCE)
        a, b = sent(vault, "{PHONE:138 1234 5678}"), sent(vault, "{PHONE:138-1234-5678}")
        assert a.replace(" ", "-") == b

    def test_a_range_that_is_too_small_is_left(self) -> None:
        vault = SurrogateVault(NONCE)
        made = {sent(vault, f"{{IP:8.8.{n // 200}.{n % 200 + 1}}}") for n in range(1000)}
        assert len(made) == 1000
