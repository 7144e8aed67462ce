# SPDX-License-Identifier: Apache-2.0
"""Values for made-up items: people, numbers with valid check digits, addresses; and look-alikes that are nobody's data.

Each checksum is written from its public definition and held, in tests/unit/privacy/test_sets.py, to numbers worked out elsewhere.
"""

from __future__ import annotations

import random
import re
import string
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

Rng = random.Random
WORDS: dict[str, list[Any]] = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
Make = Callable[[Rng], str]


def digits(rng: Rng, count: int, first: str = string.digits) -> str:
    return rng.choice(first) + "".join(rng.choice(string.digits) for _ in range(count - 1))


def letters(rng: Rng, count: int, among: str = string.ascii_uppercase) -> str:
    return "".join(rng.choice(among) for _ in range(count))


def born(rng: Rng) -> tuple[int, int, int]:
    return rng.randint(1948, 2004), rng.randint(1, 12), rng.randint(1, 28)


def pick(rng: Rng, name: str) -> str:
    return str(rng.choice(WORDS[name]))


# -- check digits ----------------------------------------------------------------------------------------------------


def weighed(text: str, weights: list[int]) -> int:
    return sum(int(digit, 36) * weight for digit, weight in zip(text, weights, strict=True))


def luhn(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 * (doubled > 9)
    return str(-total % 10)


_DIHEDRAL = [[(a + b) % 5 if a < 5 and b < 5 else (a + b) % 5 + 5 if a < 5 else (a - b) % 5 + 5 if b < 5 else (a - b) % 5
              for b in range(10)] for a in range(10)]  # fmt: skip
_TURN = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]


def verhoeff(body: str) -> str:
    state = 0
    for place, digit in enumerate(reversed(body), 1):
        turned = int(digit)
        for _ in range(place % 8):
            turned = _TURN[turned]
        state = _DIHEDRAL[state][turned]
    return str(_DIHEDRAL[state].index(0))


def iban(country: str, account: str) -> str:
    number = "".join(str(int(each, 36)) for each in account + country + "00")
    return f"{country}{98 - int(number) % 97:02d}{account}"


def eleven_ten(body: str) -> str:
    """ISO 7064, mod 11,10: the German tax number."""
    product = 10
    for digit in body:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


_ODD = dict(zip(string.digits + string.ascii_uppercase,
                [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25,
                 24, 23], strict=True))  # fmt: skip


def codice(body: str) -> str:
    even = sum(int(each) if each.isdigit() else ord(each) - 65 for each in body[1::2])
    return chr(65 + (sum(_ODD[each] for each in body[::2]) + even) % 26)


def cpf(body: str) -> str:
    for length in (9, 10):
        body += str(weighed(body, list(range(length + 1, 1, -1))) * 10 % 11 % 10)
    return body[9:]


_TW = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_USCI = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CHECKS: dict[str, Callable[[str], str]] = {
    "luhn": luhn,
    "verhoeff": verhoeff,
    "de_tax": eleven_ten,
    "it_cf": codice,
    "br_cpf": cpf,
    "cn_id": lambda body: "10X98765432"[weighed(body, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11],
    "hk_id": lambda body: "0123456789A"[-(36 * 9 + weighed(body, [8, 7, 6, 5, 4, 3, 2])) % 11],
    "tw_id": lambda body: str(-(weighed(str(_TW.index(body[0]) + 10) + body[1:], [1, 9, 8, 7, 6, 5, 4, 3, 2, 1])) % 10),
    "gb_nhs": lambda body: "0123456789-"[-weighed(body, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11],
    "fr_nir": lambda body: f"{97 - int(body) % 97:02d}",
    "es_dni": lambda body: "TRWAGMYFPDXBNJZSQVHLCKE"[int(body) % 23],
    "nl_bsn": lambda body: "0123456789-"[weighed(body, [9, 8, 7, 6, 5, 4, 3, 2]) % 11],
    "jp_my_number": lambda body: "00987654321"[weighed(body, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11],
    "kr_rrn": lambda body: str((11 - weighed(body, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10),
    "sg_nric": lambda body: "JZIHGFEDCBA"[(weighed(body[1:], [2, 7, 6, 5, 4, 3, 2]) + 4 * (body[0] == "T")) % 11],
    "usci": lambda body: _USCI[-sum(_USCI.index(each) * pow(3, place, 31) for place, each in enumerate(body)) % 31],
    "isbn": lambda body: str(-weighed(body, [1, 3] * 6) % 10),
}
"""Check digits of a body, by what they close; ``-`` where no digit closes it."""


def closed(check: str, make: Make) -> Make:
    """A number that `make` begins and its check digit closes."""

    def made(rng: Rng) -> str:
        while True:
            body = make(rng)
            end = CHECKS[check](body)
            if end != "-":
                return body + end

    return made


# -- people's numbers ------------------------------------------------------------------------------------------------


def cn_id(rng: Rng) -> str:
    year, month, day = born(rng)
    return closed("cn_id", lambda rng: f"{pick(rng, 'cn_areas')}{year}{month:02d}{day:02d}{digits(rng, 3)}")(rng)


def hk_id(rng: Rng) -> str:
    whole = closed("hk_id", shape("@######"))(rng)
    return f"{whole[:-1]}({whole[-1]})"


def gb_nino(rng: Rng) -> str:
    return spaced(rng.choice(["AB", "CE", "HN", "JR", "LZ", "PW", "SK", "TY"]) + digits(rng, 6) + rng.choice("ABCD"), (2, 2, 2, 2, 1))


def us_ssn(rng: Rng) -> str:
    return f"{rng.randint(101, 665)}-{rng.randint(11, 99)}-{rng.randint(1000, 9999)}"


def de_tax(rng: Rng) -> str:
    def body(rng: Rng) -> str:
        chosen = [*rng.sample("123456789", 8), "0"]
        chosen.append(rng.choice(chosen[:8]))
        rng.shuffle(chosen)
        return "".join(chosen).lstrip("0").ljust(10, "0")

    return closed("de_tax", body)(rng)


def fr_nir(rng: Rng) -> str:
    year, month, _ = born(rng)
    place = rng.choice(["13", "31", "59", "69", "75"])
    return spaced(closed("fr_nir", shape(f"{rng.choice('12')}{year % 100:02d}{month:02d}{place}######"))(rng), (1, 2, 2, 2, 3, 3, 2))


def es_nie(rng: Rng) -> str:
    number = closed("es_dni", shape(rng.choice("012") + "#######"))(rng)
    return "XYZ"[int(number[0])] + number[1:]


def it_cf(rng: Rng) -> str:
    year, month, day = born(rng)
    town, name = rng.choice(["F205", "H501", "L219", "D612"]), letters(rng, 6, "BCDFGLMNPRSTVZ")
    body = f"{name}{year % 100:02d}{'ABCDEHLMPRST'[month - 1]}{day + 40 * rng.randint(0, 1):02d}{town}"
    return body + codice(body)


def kr_rrn(rng: Rng) -> str:
    year, month, day = born(rng)
    sex = rng.choice("12") if year < 2000 else rng.choice("34")
    whole = closed("kr_rrn", shape(f"{year % 100:02d}{month:02d}{day:02d}{sex}#####"))(rng)
    return f"{whole[:6]}-{whole[6:]}"


def br_cpf(rng: Rng) -> str:
    whole = closed("br_cpf", shape("#########"))(rng)
    return f"{whole[:3]}.{whole[3:6]}.{whole[6:9]}-{whole[9:]}"


def usci(rng: Rng) -> str:
    """A company's unified social credit code: an organisation's, not a person's."""
    return closed("usci", lambda rng: "91" + pick(rng, "cn_areas") + letters(rng, 9, _USCI))(rng)


def isbn(rng: Rng) -> str:
    whole = closed("isbn", shape("978%########"))(rng)
    return f"978-{whole[3]}-{whole[4:8]}-{whole[8:12]}-{whole[12]}"


def in_pan(rng: Rng) -> str:
    return f"{letters(rng, 3)}P{letters(rng, 1)}{digits(rng, 4)}{letters(rng, 1)}"


def card(*prefixes: str, length: int = 16) -> Make:
    return lambda rng: closed("luhn", shape((prefix := rng.choice(prefixes)) + "#" * (length - 1 - len(prefix))))(rng)


def fours(make: Make, by: str = " ") -> Make:
    return lambda rng: by.join(re.findall(".{1,4}", make(rng)))


# -- shapes ----------------------------------------------------------------------------------------------------------


def spaced(text: str, groups: tuple[int, ...], by: str = " ") -> str:
    parts, start = [], 0
    for size in groups:
        parts.append(text[start : start + size])
        start += size
    return by.join(parts)


def full_width(text: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)


def shape(pattern: str) -> Make:
    """`#` a digit, `%` a digit from 2 to 9, `@` a capital letter, `*` a small one."""
    among = {"#": string.digits, "%": "23456789", "@": "ABCDEFGHJKLMNPRSTUVWXYZ", "*": string.ascii_lowercase}
    return lambda rng: "".join(rng.choice(among[each]) if each in among else each for each in pattern)


def one_of(*makes: Make) -> Make:
    return lambda rng: rng.choice(makes)(rng)


def listed(words: list[str]) -> Make:
    return lambda rng: rng.choice(words)


def person(rng: Rng) -> str:
    first, last = pick(rng, "first"), pick(rng, "last")
    middle = rng.choice(["", "", "", f" {letters(rng, 1, 'ABCDEFGHJKLMNPRSTW')}.", f" {pick(rng, 'first')}"])
    return f"{first}{middle} {last}"


def zh_person(rng: Rng) -> str:
    return pick(rng, "zh_last") + pick(rng, "zh_given")


def email(rng: Rng) -> str:
    first, last, noun = (pick(rng, name) for name in ("first", "last", "nouns"))
    local = rng.choice([f"{first}.{last}", f"{noun}{rng.randint(2, 99)}", f"{noun}_{pick(rng, 'nouns')}", f"{first[0]}{last}+{noun}"])
    plain = "".join(each for each in local.lower() if each.isascii() and (each.isalnum() or each in "._+"))
    return f"{plain}@{pick(rng, 'domains')}"


def cn_mobile(rng: Rng) -> str:
    return rng.choice(["133", "136", "138", "150", "157", "159", "177", "181", "186", "188", "199"]) + digits(rng, 8)


def date_of(order: str) -> Make:
    def make(rng: Rng) -> str:
        year, month, day = born(rng)
        return order.format(y=year, m=month, d=day, M=WORDS["months"][month - 1], yy=year % 100)

    return make


def us_address(rng: Rng) -> str:
    street = f"{pick(rng, 'streets')} {rng.choice(['St', 'Ave', 'Ln', 'Dr', 'Blvd', 'Court'])}"
    unit = one_of(listed(["", ""]), shape(", Apt %@"), shape(" Suite ###"), shape(" Unit %#"))(rng) if rng.random() < 0.8 else ""
    city, state, code = rng.choice(WORDS["us_cities"])
    return f"{rng.randint(11, 9899)} {street}{unit}, {city}, {state} {code}{digits(rng, 2)}"


def uk_address(rng: Rng) -> str:
    flat = rng.choice(["", f"Flat {rng.randint(1, 20)}, "])
    street = f"{pick(rng, 'streets')} {rng.choice(['Road', 'Close', 'Lane', 'Terrace'])}"
    town, code = rng.choice(WORDS["uk_towns"])
    return f"{flat}{rng.randint(1, 240)} {street}, {town} {code} {shape('#@@')(rng)}"


def eu_address(rng: Rng) -> str:
    return pick(rng, "eu_streets").format(n=rng.randint(2, 180), code=digits(rng, 2))


def zh_address(rng: Rng) -> str:
    tail = one_of(shape("%栋%单元%0%室"), shape("1%号楼%0%"), shape("%座1%楼@室"), listed([""]))(rng)
    return f"{pick(rng, 'zh_places')}{pick(rng, 'zh_roads')}{rng.randint(3, 1999)}号{tail}"


def dvla(rng: Rng) -> str:
    year, month, day = born(rng)
    last = letters(rng, 5, "ABCDEGHLMNOPRST")
    return f"{last}{year // 10 % 10}{month:02d}{day:02d}{year % 10}{letters(rng, 2, 'ABCDEGHJLMR')}{rng.randint(2, 9)}{letters(rng, 2)}"


def ipv6(rng: Rng) -> str:
    return "2a0" + digits(rng, 1) + ":" + ":".join(f"{rng.randint(16, 65535):x}" for _ in range(3)) + "::" + f"{rng.randint(1, 65535):x}"


def token(rng: Rng, count: int, among: str = string.ascii_letters + string.digits) -> str:
    return letters(rng, count, among)


def password(rng: Rng) -> str:
    return pick(rng, "nouns").capitalize() + rng.choice("!#$%&*") + digits(rng, 4) + letters(rng, 3, string.ascii_lowercase)


def handle(rng: Rng) -> str:
    return rng.choice([f"{pick(rng, 'nouns')}_{pick(rng, 'nouns')}", f"{pick(rng, 'nouns')}{rng.randint(7, 998)}",
                       f"{pick(rng, 'nouns')}.{letters(rng, 2, string.ascii_lowercase)}{rng.randint(10, 99)}"])  # fmt: skip


KINDS: dict[str, tuple[str, Make]] = {
    "person": ("PERSON", person),
    "first": ("PERSON", listed(WORDS["first"])),
    "last": ("PERSON", listed(WORDS["last"])),
    "word_name": ("PERSON", listed(WORDS["word_names"])),
    "lower_name": ("PERSON", lambda rng: person(rng).lower()),
    "upper_name": ("PERSON", lambda rng: person(rng).upper()),
    "last_first": ("PERSON", lambda rng: f"{pick(rng, 'last')}, {pick(rng, 'first')}"),
    "pinyin": ("PERSON", listed(WORDS["pinyin"])),
    "zh": ("PERSON", zh_person),
    "zh2": ("PERSON", lambda rng: pick(rng, 'zh_last') + pick(rng, 'zh_single')),
    "zh_compound": ("PERSON", lambda rng: pick(rng, 'zh_compound') + pick(rng, 'zh_given')),
    "zh_word": ("PERSON", listed(WORDS["zh_word_names"])),
    "zh_given": ("PERSON", lambda rng: rng.choice([each for each in WORDS["zh_given"] if len(each) == 2])),
    "zh_dotted": ("PERSON", listed(WORDS["zh_dotted"])),
    "zh_spaced": ("PERSON", lambda rng: " ".join(pick(rng, 'zh_last') + pick(rng, 'zh_single'))),
    "email": ("EMAIL", email),
    "email_wide": ("EMAIL", lambda rng: full_width(email(rng))),
    "phone_us": ("PHONE", one_of(shape("(%#%) %##-####"), shape("%#%-%##-####"), shape("+1 %#%.%##.####"), shape("%#% %## ####"))),
    "phone_uk": ("PHONE", one_of(shape("07%## ######"), shape("+44 7%## ######"), shape("020 7%## ####"), shape("01%## ######"))),
    "phone_eu": ("PHONE", one_of(shape("+49 1%# ########"), shape("+33 6 %# ## ## ##"), shape("+39 33% ### ####"), shape("+31 6 %#######"),
                                 shape("+34 6%# ### ###"), shape("030 %#######"))),
    "phone_world": ("PHONE", one_of(shape("+91 98### #####"), shape("+81 90-####-####"), shape("+55 11 9####-####"), shape("+65 9### ####"),
                                    shape("+82 10-####-####"))),
    "phone_cn": ("PHONE", cn_mobile),
    "phone_cn_sep": ("PHONE", lambda rng: spaced(cn_mobile(rng), (3, 4, 4), rng.choice([" ", "-"]))),
    "phone_cn_86": ("PHONE", lambda rng: rng.choice(["+86 ", "+86-", "0086"]) + cn_mobile(rng)),
    "phone_cn_wide": ("PHONE", lambda rng: full_width(cn_mobile(rng))),
    "phone_cn_apart": ("PHONE", lambda rng: " ".join(cn_mobile(rng))),
    "phone_cn_land": ("PHONE", one_of(shape("010-6%######"), shape("021-5%######"), shape("0755-8%######"), shape("(028)8%######"))),
    "phone_hk": ("PHONE", one_of(shape("+852 9%## ####"), shape("+852 6%######"), shape("+853 6%## ####"), shape("+886 9%# ### ###"))),
    "us_address": ("ADDRESS", us_address),
    "uk_address": ("ADDRESS", uk_address),
    "eu_address": ("ADDRESS", eu_address),
    "zh_address": ("ADDRESS", zh_address),
    "us_ssn": ("NATIONAL_ID", us_ssn),
    "gb_nino": ("NATIONAL_ID", gb_nino),
    "gb_nhs": ("NATIONAL_ID", lambda rng: spaced(closed("gb_nhs", shape("%########"))(rng), (3, 3, 4))),
    "de_tax": ("NATIONAL_ID", de_tax),
    "fr_nir": ("NATIONAL_ID", fr_nir),
    "es_dni": ("NATIONAL_ID", closed("es_dni", shape("%#######"))),
    "es_nie": ("NATIONAL_ID", es_nie),
    "it_cf": ("NATIONAL_ID", it_cf),
    "nl_bsn": ("NATIONAL_ID", closed("nl_bsn", shape("%#######"))),
    "in_aadhaar": ("NATIONAL_ID", lambda rng: spaced(closed("verhoeff", shape("%##########"))(rng), (4, 4, 4))),
    "in_pan": ("NATIONAL_ID", in_pan),
    "jp_my_number": ("NATIONAL_ID", lambda rng: spaced(closed("jp_my_number", shape("###########"))(rng), (4, 4, 4))),
    "kr_rrn": ("NATIONAL_ID", kr_rrn),
    "br_cpf": ("NATIONAL_ID", br_cpf),
    "sg_nric": ("NATIONAL_ID", one_of(closed("sg_nric", shape("S#######")), closed("sg_nric", shape("T0######")))),
    "cn_id": ("NATIONAL_ID", cn_id),
    "cn_id_sep": ("NATIONAL_ID", lambda rng: spaced(cn_id(rng), (6, 8, 4))),
    "cn_id_wide": ("NATIONAL_ID", lambda rng: full_width(cn_id(rng))),
    "hk_id": ("NATIONAL_ID", hk_id),
    "tw_id": ("NATIONAL_ID", one_of(closed("tw_id", shape("@1#######")), closed("tw_id", shape("@2#######")))),
    "passport": ("PASSPORT", one_of(shape("#########"), shape("@########"), shape("C%@#####@"), shape("##@@#####"))),
    "passport_cn": ("PASSPORT", one_of(shape("E########"), shape("EH#######"), shape("G########"))),
    "permit_hk": ("PASSPORT", one_of(shape("C########"), shape("CA#######"), shape("H##########"))),
    "licence_uk": ("DRIVER_LICENSE", dvla),
    "licence_us": ("DRIVER_LICENSE", one_of(shape("@#######"), shape("#########"), shape("@###-####-####"))),
    "licence_cn": ("DRIVER_LICENSE", one_of(shape("3101########"), shape("4403########"), shape("1101########"))),
    "card": ("BANK_CARD", one_of(fours(card("4", "51", "53")), lambda rng: spaced(card("37", length=15)(rng), (4, 6, 5)))),
    "card_plain": ("BANK_CARD", one_of(card("4", "52", "55"), card("34", length=15))),
    "card_dash": ("BANK_CARD", fours(card("4", "52"), "-")),
    "card_cn": ("BANK_CARD", card("621700", "622848", "621226", "622202", length=19)),
    "card_cn_sep": ("BANK_CARD", fours(card("621700", "622848", "622588"))),
    "card_wide": ("BANK_CARD", lambda rng: full_width(card("6217", "6228")(rng))),
    "iban": ("BANK_ACCOUNT", one_of(
        lambda rng: spaced(iban("GB", "NWBK" + digits(rng, 14)), (4, 4, 4, 4, 4, 2)), lambda rng: iban("DE", digits(rng, 18)),
        lambda rng: spaced(iban("NL", "INGB" + digits(rng, 10)), (4, 4, 4, 4, 2)), lambda rng: iban("IT", "X" + digits(rng, 22)),
    )),
    "account_us": ("BANK_ACCOUNT", shape("%##########")),
    "account_uk": ("BANK_ACCOUNT", shape("%#######")),
    "account_cn": ("BANK_ACCOUNT", one_of(shape("1100%#############"), shape("4402%##############"))),
    "dob_us": ("DOB", one_of(date_of("{m}/{d}/{y}"), date_of("{M} {d}, {y}"), date_of("{m:02d}/{d:02d}/{y}"))),
    "dob_uk": ("DOB", one_of(date_of("{d} {M} {y}"), date_of("{d:02d}/{m:02d}/{y}"), date_of("{d}.{m}.{y}"))),
    "dob_iso": ("DOB", date_of("{y}-{m:02d}-{d:02d}")),
    "dob_zh": ("DOB", one_of(date_of("{y}年{m}月{d}日"), date_of("{y}.{m:02d}.{d:02d}"), date_of("{y}/{m}/{d}"))),
    "dob_wide": ("DOB", lambda rng: full_width(date_of("{y}-{m:02d}-{d:02d}")(rng))),
    "ip": ("IP", one_of(shape("81.1%#.%#.1%"), shape("45.%#.1##.%"), shape("203.%.%#.1#%"), shape("178.1%#.2.%#"))),
    "ip6": ("IP", ipv6),
    "plate_uk": ("PLATE", one_of(shape("L@18 @@@"), shape("S@62 @@@"), shape("D@73 @@@"), shape("K@15 @@@"))),
    "plate_de": ("PLATE", one_of(shape("B-@@ %###"), shape("HH-@@ %##"), shape("KS-@ %###"))),
    "plate_us": ("PLATE", one_of(shape("%@@@###"), shape("@@@-####"))),
    "plate_cn": ("PLATE", one_of(shape("京N·@####"), shape("粤B@####"), shape("沪AD#####"), shape("浙A·#@###"), shape("川A####@"),
                                 shape("苏E·#####"))),
    "username": ("USERNAME", handle),
    "key": ("SECRET", one_of(lambda rng: "sk-" + token(rng, 40), lambda rng: "AKIA" + token(rng, 16, string.ascii_uppercase + "234567"),
                             lambda rng: "glpat-" + token(rng, 20))),
    "jwt": ("SECRET", lambda rng: f"eyJhbGciOiJIUzI1NiJ9.eyJ{token(rng, 30)}.{token(rng, 43)}"),
    "password": ("SECRET", password),
    "order": ("", one_of(shape("ORD-%#######"), shape("PO-2024-####"), shape("#%########"))),
    "order_zh": ("", one_of(shape("202%############"), shape("DD%#########"))),
    "tracking": ("", one_of(shape("1Z@@#@%###########"), shape("SF%############"), shape("JD%###########"))),
    "version": ("", one_of(shape("v%.#.%"), shape("%.##.#-rc%"), shape("%.#.##.%###"))),
    "uuid": ("", lambda rng: "-".join(token(rng, size, "0123456789abcdef") for size in (8, 4, 4, 4, 12))),
    "sha": ("", lambda rng: token(rng, 40, "0123456789abcdef")),
    "date": ("", one_of(shape("2025-0%-1#"), shape("1# March 202%"), shape("0%/1#/2024"))),
    "date_zh": ("", one_of(shape("202%年%月1#日"), shape("2024-0%-2#"))),
    "time": ("", shape("1#:4#")),
    "price": ("", one_of(shape("$%,###.##"), shape("€%##.##"), shape("£%#.##"))),
    "price_zh": ("", one_of(shape("%####元"), shape("¥%##.##"))),
    "isbn": ("", isbn),
    "usci": ("", usci),
    "part": ("", one_of(shape("@@-%###-@"), shape("%####@%"), shape("@%#-####"))),
    "eponym": ("", listed(WORDS["eponyms"])),
    "zheponym": ("", listed(WORDS["zh_eponyms"])),
    "zh_noun": ("", listed(WORDS["zh_nouns"])),
    "hotline": ("", listed(["95588", "10086", "12345", "12306", "400-820-8820", "95533"])),
}  # fmt: skip
