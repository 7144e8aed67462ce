# SPDX-License-Identifier: Apache-2.0
"""Check digits against numbers that standards, registries and issuers print as examples."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comity.privacy import checksums

GOOD: list[tuple[Callable[[str], bool], str]] = [
    (checksums.luhn, "79927398713"),  # the example of most textbooks
    (checksums.luhn, "4111111111111111"),  # the networks' test cards
    (checksums.luhn, "378282246310005"),
    (checksums.luhn, "6200000000000005"),
    (checksums.iban, "GB82WEST12345698765432"),  # SWIFT's registry
    (checksums.iban, "DE89370400440532013000"),
    (checksums.iban, "FR1420041010050500013M02606"),
    (checksums.iban, "NL91ABNA0417164300"),
    (checksums.cn_resident_id, "11010519491231002X"),  # GB 11643-1999
    (checksums.cn_resident_id, "11010519491231002x"),
    (checksums.cn_resident_id, "440524188001010014"),
    (checksums.gb_nhs, "9434765919"),  # NHS Digital's test range
    (checksums.gb_nhs, "4010232137"),
    (checksums.de_tax_id, "86095742719"),  # Bundeszentralamt für Steuern
    (checksums.de_tax_id, "47036892816"),
    (checksums.fr_nir, "255081416802538"),
    (checksums.fr_nir, "184127645108946"),
    (checksums.nl_bsn, "111222333"),  # RvIG's test number
    (checksums.nl_bsn, "123456782"),
    (checksums.es_dni, "12345678Z"),
    (checksums.es_dni, "X1234567L"),
    (checksums.es_dni, "y1234567x"),
    (checksums.verhoeff, "2363"),  # 236 and its check digit, as in Verhoeff's own text
    (checksums.verhoeff, "999941057058"),  # UIDAI's test number
    (checksums.jp_my_number, "123456789018"),
    (checksums.kr_rrn, "8001011234567"),
    (checksums.sg_nric, "S1234567D"),
    (checksums.sg_nric, "T1234567J"),
    (checksums.sg_nric, "F1234567N"),
    (checksums.sg_nric, "g1234567x"),
    (checksums.tw_id, "A123456789"),
    (checksums.hk_id, "A1234563"),
    (checksums.hk_id, "G123456A"),
    (checksums.hk_id, "AB9876543"),
    (checksums.br_cpf, "52998224725"),
    (checksums.br_cpf, "11144477735"),
    (checksums.it_codice_fiscale, "RSSMRA85T10A562S"),  # the Agenzia delle Entrate's specimen
    (checksums.icao_731, "L898902C36"),  # ICAO 9303 part 4, appendix B
    (checksums.icao_731, "T220001293"),  # Bundesdruckerei's specimen
    (checksums.au_tfn, "123456782"),  # the Australian Taxation Office's test number
    (checksums.au_medicare, "2123456701"),
    (checksums.pl_pesel, "44051401359"),
    (checksums.se_personnummer, "8112189876"),  # Skatteverket's example
    (checksums.fi_hetu, "131052308T"),  # Digi- ja väestötietovirasto's example, without its sign
    (checksums.no_fodselsnummer, "15108695088"),
    (checksums.be_rijksregister, "85073003328"),
    (checksums.be_rijksregister, "17073003384"),
    (checksums.ean13, "7569217076985"),  # Zentrale Ausgleichsstelle's example
    (checksums.pt_nif, "123456789"),
    (checksums.ie_pps, "1234567T"),
    (checksums.ie_pps, "1234567FA"),
    (checksums.mx_curp, "BOXW310820HNERXN09"),
    (checksums.tr_kimlik, "10000000146"),
    (checksums.za_id, "8001015009087"),
    (checksums.th_id, "1234545678781"),
    (checksums.ro_cnp, "1630615123457"),
    (checksums.cz_rodne_cislo, "7103192745"),
    (checksums.at_svnr, "1237010180"),
    (checksums.cl_rut, "125319092"),
]

BAD: list[tuple[Callable[[str], bool], str]] = [
    (checksums.cn_resident_id, "110105194913310020"),  # a thirteenth month
    (checksums.cn_resident_id, "110105184912310028"),  # nobody alive
    (checksums.nl_bsn, "000000000"),
    (checksums.br_cpf, "11111111111"),  # checks, and is never issued
    (checksums.de_tax_id, "01234567892"),  # leads with zero
    (checksums.de_tax_id, "11111111111"),  # one digit all along
    (checksums.kr_rrn, "8013011234567"),
    (checksums.fr_nir, "2550814168A2538"),
    (checksums.au_medicare, "1123456701"),  # leads with one
    (checksums.pl_pesel, "44053201359"),
    (checksums.se_personnummer, "8113189876"),
    (checksums.dk_cpr, "3113625629"),  # a thirteenth month
    (checksums.my_nric, "771305021234"),
    (checksums.pt_nif, "512345678"),  # a company's
    (checksums.tr_kimlik, "00000000146"),
    (checksums.gb_nino, "BG123456C"),  # prefixes that are never issued
    (checksums.gb_nino, "DA123456C"),
    (checksums.gb_nino, "AO123456C"),
    (checksums.cz_rodne_cislo, "7113192745"),
]


@pytest.mark.parametrize(("good", "number"), GOOD, ids=lambda value: getattr(value, "__name__", value))
def test_a_published_number_checks(good: Callable[[str], bool], number: str) -> None:
    assert good(number)


@pytest.mark.parametrize(("good", "number"), BAD, ids=lambda value: getattr(value, "__name__", value))
def test_a_number_that_cannot_be_does_not(good: Callable[[str], bool], number: str) -> None:
    assert not good(number)


# Korea dropped its digit, Taiwan and Mexico weigh some places by a factor of ten, Thailand folds eleven remainders into ten digits,
# and the last digit of a Medicare card counts reissues.
LOOSE = (checksums.kr_rrn, checksums.tw_id, checksums.mx_curp, checksums.th_id, checksums.au_medicare)


@pytest.mark.parametrize(
    ("good", "number"),
    [(good, number) for good, number in GOOD if good not in LOOSE],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_any_one_digit_wrong_is_seen(good: Callable[[str], bool], number: str) -> None:
    for place, digit in enumerate(number):
        if digit.isdigit():
            for other in "0123456789":
                changed = number[:place] + other + number[place + 1 :]
                assert other == digit or not good(changed), changed


@pytest.mark.parametrize(
    ("year", "month", "day", "real"),
    [
        ("2024", "02", "29", True),
        ("2023", "02", "29", False),
        ("1850", "01", "01", True),
        ("1849", "12", "31", False),
        ("2100", "01", "01", False),
        ("2000", "00", "10", False),
        ("2000", "13", "10", False),
        ("0000", "01", "01", False),
    ],
)
def test_a_date_is_one_of_the_calendar(year: str, month: str, day: str, real: bool) -> None:
    assert checksums.real_date(year, month, day) is real
