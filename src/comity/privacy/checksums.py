# SPDX-License-Identifier: Apache-2.0
"""Check digits.  Each takes bare digits (and letters where the number has them) and says whether they agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def real_date(year: str, month: str, day: str) -> bool:
    """Whether the calendar has it, and it is not before 1850 (nobody alive) or after 2099."""
    try:
        return 1850 <= date(int(year), int(month), int(day)).year <= 2099
    except ValueError:
        return False


_DOUBLED = str.maketrans("0123456789", "0246813579")  # the digits of what each is doubled, summed


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    return (sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2].translate(_DOUBLED)))) % 10 == 0


_NUMBERED = str.maketrans({letter: str(10 + place) for place, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")})


def iban(value: str) -> bool:
    """ISO 13616: moved, letters as numbers, remainder 1 by 97."""
    return int((value[4:] + value[:4]).translate(_NUMBERED)) % 97 == 1


def cn_resident_id(value: str) -> bool:
    """GB 11643-1999: birth date and the ISO 7064 mod 11-2 check character."""
    if not real_date(value[6:10], value[10:12], value[12:14]):
        return False
    return "10X98765432"[_weighted(value[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11] == value[17].upper()


def gb_nhs(digits: str) -> bool:
    """NHS number: modulus 11, weights 10 to 2; a remainder that asks for 10 is never issued."""
    check = 11 - _weighted(digits[:9], range(10, 1, -1)) % 11
    return check != 10 and check % 11 == int(digits[9])


def de_tax_id(digits: str) -> bool:
    """Steuerliche Identifikationsnummer: ISO 7064 mod 11,10; one digit repeats, none leads with zero."""
    product = 10
    for digit in digits[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return digits[0] != "0" and len(set(digits[:10])) in (8, 9) and (11 - product) % 10 == int(digits[10])


def fr_nir(value: str) -> bool:
    """Numéro d'inscription au répertoire: key 97 less the remainder; Corsica's 2A and 2B count as 19 and 18."""
    body = value[:13].upper().replace("2A", "19").replace("2B", "18")
    return body.isdigit() and 97 - int(body) % 97 == int(value[13:])


def nl_bsn(digits: str) -> bool:
    """Burgerservicenummer: the eleven test, the last digit counted negative."""
    return (_weighted(digits[:8], range(9, 1, -1)) - int(digits[8])) % 11 == 0 and digits != "000000000"


def es_dni(value: str) -> bool:
    """DNI and NIE: letter by the remainder of 23; X, Y, Z lead as 0, 1, 2."""
    number = value[:-1].upper().translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == value[-1].upper()


# Verhoeff's dihedral tables, row n of the permutation being its n-th power.
_DIHEDRAL = [[(a + b) % 5 if a < 5 and b < 5 else 5 + (a + b) % 5 if a < 5 else 5 + (a - b) % 5 if b < 5 else (a - b) % 5
              for b in range(10)] for a in range(10)]  # fmt: skip
_STEP = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def verhoeff(digits: str) -> bool:
    """Verhoeff 1969; Aadhaar's check digit."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(place % 8):
            value = _STEP[value]
        check = _DIHEDRAL[check][value]
    return check == 0


def jp_my_number(digits: str) -> bool:
    """行政手続における特定の個人を識別するための番号, order 85 of 2014 article 5."""
    rest = _weighted(digits[10::-1], (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def kr_rrn(digits: str) -> bool:
    """A real date, and a century digit that fits it.  Numbers issued since October 2020 have no check digit."""
    century = {"1": "19", "2": "19", "5": "19", "6": "19", "3": "20", "4": "20", "7": "20", "8": "20", "9": "18", "0": "18"}
    return real_date(century[digits[6]] + digits[:2], digits[2:4], digits[4:6])


def sg_nric(value: str) -> bool:
    """NRIC and FIN: weights 2 7 6 5 4 3 2, offset 4 for T and G, 3 for M."""
    head, digits, tail = value[0].upper(), value[1:8], value[8].upper()
    total = _weighted(digits, (2, 7, 6, 5, 4, 3, 2)) + {"S": 0, "F": 0, "T": 4, "G": 4, "M": 3}[head]
    if head == "M":
        return "KLJNPQRTUWX"[10 - total % 11] == tail
    return ("JZIHGFEDCBA" if head in "ST" else "XWUTRQPNMLK")[total % 11] == tail


def tw_id(value: str) -> bool:
    """身分證: letter as two digits, weights 1 9 8 … 1 1, sum divisible by ten."""
    lead = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(value[0].upper())
    return (lead // 10 + lead % 10 * 9 + _weighted(value[1:9], range(8, 0, -1)) + int(value[9])) % 10 == 0


def hk_id(value: str) -> bool:
    """HKID without brackets: letters as A=10 … Z=35, a missing first letter 36; weights 9 to 1, divisible by 11."""
    letters = value.upper().rjust(9, " ")
    values = [36 if c == " " else int(c, 36) for c in letters[:8]]
    check = 10 if letters[8] == "A" else int(letters[8])
    return (sum(v * w for v, w in zip(values, range(9, 1, -1), strict=True)) + check) % 11 == 0


def br_cpf(digits: str) -> bool:
    """Cadastro de Pessoas Físicas: two modulus-11 digits; all equal is not issued."""
    for size in (9, 10):
        if _weighted(digits[:size], range(size + 1, 1, -1)) * 10 % 11 % 10 != int(digits[size]):
            return False
    return len(set(digits)) > 1


def it_codice_fiscale(value: str) -> bool:
    """Decreto ministeriale 23/12/1976: odd places by a table, even ones as they are; remainder of 26 as a letter."""
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    total = 0
    for place, letter in enumerate(value[:15].upper()):
        number = int(letter) if letter.isdigit() else ord(letter) - 65
        total += number if place % 2 else odd[number]
    return chr(65 + total % 26) == value[15].upper()


_NEVER_NINO = re.compile("[DFIQUV]|.[DFIQUVO]|BG|GB|KN|NK|NT|TN|ZZ")


def gb_nino(value: str) -> bool:
    """National Insurance number: no check digit, but letters that are never issued (HMRC NIM39110)."""
    return _NEVER_NINO.match(value.upper()) is None


def icao_731(value: str) -> bool:
    """ICAO 9303 part 3: weights 7 3 1, letters as A=10 …, `<` as 0; the last place is the check digit."""
    total = sum((0 if c == "<" else int(c, 36)) * (7, 3, 1)[place % 3] for place, c in enumerate(value[:-1].upper()))
    return value[-1].isdigit() and total % 10 == int(value[-1])


def au_tfn(digits: str) -> bool:
    """Tax file number: weights 1 4 3 7 5 8 6 9 10, divisible by 11."""
    return _weighted(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def au_medicare(digits: str) -> bool:
    """Medicare card: leads with 2 to 6; the ninth digit is the weighted sum of eight."""
    return digits[0] in "23456" and _weighted(digits[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(digits[8])


def pl_pesel(digits: str) -> bool:
    """PESEL: weights 1 3 7 9; the month tells the century."""
    century, month = divmod(int(digits[2:4]), 20)
    year = ("19", "20", "21", "22", "18")[century] + digits[:2]
    check = -_weighted(digits[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10
    return check == int(digits[10]) and real_date(year, str(month), digits[4:6])


def _some_century(year: str, month: str, day: str) -> bool:
    return real_date("20" + year, month, day) or real_date("19" + year, month, day)


def se_personnummer(digits: str) -> bool:
    """Personnummer and samordningsnummer (day plus 60): Luhn over the last ten digits."""
    digits = digits[-10:]
    return luhn(digits) and _some_century(digits[:2], digits[2:4], str(int(digits[4:6]) % 60))


def fi_hetu(value: str) -> bool:
    """Henkilötunnus: remainder of 31 as a character; the century sign is left out of ``value``."""
    number = value[:6] + value[-4:-1]
    good = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(number) % 31] == value[-1].upper()
    return good and _some_century(value[4:6], value[2:4], value[:2])


def dk_cpr(digits: str) -> bool:
    """CPR-nummer: a real date; since 2007 numbers are issued that fail the old modulus."""
    return _some_century(digits[4:6], digits[2:4], digits[:2])


def no_fodselsnummer(digits: str) -> bool:
    """Fødselsnummer and D-nummer: two modulus-11 digits."""
    first = -_weighted(digits[:9], (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
    second = -_weighted(digits[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return [first, second] == [int(digits[9]), int(digits[10])]


def be_rijksregister(digits: str) -> bool:
    """Rijksregisternummer: 97 less the remainder; births from 2000 count with a 2 before."""
    return any(97 - int(lead + digits[:9]) % 97 == int(digits[9:]) for lead in ("", "2"))


def ean13(digits: str) -> bool:
    """GS1's check digit; the Swiss AHV number is one that starts with 756."""
    return _weighted(digits, (1, 3) * 6 + (1,)) % 10 == 0


def pt_nif(digits: str) -> bool:
    """Número de identificação fiscal of a person: modulus 11, leads with 1, 2, 3 or 45."""
    check = -_weighted(digits[:8], range(9, 1, -1)) % 11
    return (digits[0] in "123" or digits[:2] == "45") and int(digits[8]) == check % 10


def ie_pps(value: str) -> bool:
    """Personal Public Service number: weights 8 to 2, a second letter by 9; remainder of 23 as a letter."""
    total = _weighted(value[:7], range(8, 1, -1))
    if len(value) == 9 and value[8].upper() != "W":
        total += (ord(value[8].upper()) - 64) * 9
    return "WABCDEFGHIJKLMNOPQRSTUV"[total % 23] == value[7].upper()


def mx_curp(value: str) -> bool:
    """Clave Única de Registro de Población: weights 18 to 2 over an alphabet with Ñ."""
    alphabet = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
    total = sum(alphabet.index(letter) * (18 - place) for place, letter in enumerate(value[:17].upper()))
    return str(-total % 10) == value[17]


def tr_kimlik(digits: str) -> bool:
    """T.C. kimlik numarası: two digits from the sums of odd and even places."""
    numbers = [int(digit) for digit in digits]
    tenth = (7 * sum(numbers[0:9:2]) - sum(numbers[1:8:2])) % 10
    return numbers[0] != 0 and numbers[9:] == [tenth, sum(numbers[:10]) % 10]


def za_id(digits: str) -> bool:
    """South African identity number: date and Luhn."""
    return luhn(digits) and _some_century(digits[:2], digits[2:4], digits[4:6])


def th_id(digits: str) -> bool:
    """Thai citizen number: weights 13 to 2, modulus 11."""
    return (11 - _weighted(digits[:12], range(13, 1, -1)) % 11) % 10 == int(digits[12])


def my_nric(digits: str) -> bool:
    """MyKad: a real date."""
    return _some_century(digits[:2], digits[2:4], digits[4:6])


def ro_cnp(digits: str) -> bool:
    """Cod numeric personal: weights 2 7 9 1 4 6 3 5 8 2 7 9; ten is written 1."""
    rest = _weighted(digits[:12], (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return int(digits[12]) == (1 if rest == 10 else rest) and _some_century(digits[1:3], digits[3:5], digits[5:7])


def cz_rodne_cislo(digits: str) -> bool:
    """Rodné číslo of ten digits: divisible by 11; women's months count from 51."""
    month = int(digits[2:4]) % 50
    return int(digits) % 11 == 0 and _some_century(digits[:2], str(month - 20 if month > 20 else month), digits[4:6])


def at_svnr(digits: str) -> bool:
    """Sozialversicherungsnummer: weights 3 7 9 0 5 8 4 2 1 6; the fourth digit checks."""
    return _weighted(digits, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11 == int(digits[3])


def cl_rut(value: str) -> bool:
    """Rol Único Tributario: weights 2 to 7 from the right, modulus 11, ten as K."""
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(value[:-1])))
    return "0123456789K"[-total % 11] == value[-1].upper()
