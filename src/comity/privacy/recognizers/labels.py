# SPDX-License-Identifier: Apache-2.0
"""The words that name a number.  The last one before it counts: in `order 12 for phone 13…` that is `phone`.

They are looked for on the number's line, on a line of their own above it, and at the head of its column.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import islice
from typing import NamedTuple

_LABELS = {
    "phone": r"phone|phones|mobile|cell|cellphone|tel|telephone|fax|whatsapp|wechat|call|dial|sms|ring|reach|reached|reachable|contact"
    r"|phonenumber|mobilenumber|my number is|his number|her number|their number|our number|your number|call me at|téléphone|portable|tél"
    r"|telefon|telefonnummer|handy|handynummer|rufnummer|móvil|teléfono|telefone|celular|cellulare|telefono|mobil|puhelin|matkapuhelin"
    "|telefoon|携帯|電話番号|전화|휴대폰|연락처|电话|電話|手机|手機|联系方式|聯繫方式|联系人|聯絡人|致电|拨打|座机|传真"
    "|傳真|號碼|号码|热线|熱線|来电|回电",
    "card": "card|credit|debit|visa|mastercard|amex|unionpay|pan|carte|karte|tarjeta|kreditkarte|cardnumber|卡号|卡號|银行卡"
    "|信用卡|储蓄卡"
    r"|借记卡|尾号|卡|クレジットカード",
    "account": "account|acct|acc|a/c|bsb|clabe|routing|iban|sort code|aba|konto|kontonummer|compte|cuenta|conto|accountnumber|账号|帐号"
    "|賬號|帳號"
    "|账户|帐户|賬戶|帳戶|户口|戶口|基本户|一般户|对公户"
    r"|开户|開戶|口座|口座番号|계좌|转到|转至|汇到|汇至|汇入|打到|打款到",
    "cn_id": r"id|document number|document no|id card|identity|idcard|证件|證件|身份证|身份證|身份号码|证号|身分证|公民身份",
    "ssn": r"ssn|social security|itin|tax id|tin|taxpayer",
    "nhs": r"nhs",
    "gb_nino": r"nino|national insurance|ni number|ni no",
    "de_idnr": r"steuer-id|steuerid|steueridentifikationsnummer|idnr|identifikationsnummer|steuernummer|tax number",
    "de_card": r"personalausweis|personalausweisnummer|ausweis|ausweisnummer|ausweisnr|identity card",
    "fr_nir": r"nir|sécurité sociale|securite sociale|insee|numéro de sécu",
    "it_cf": r"codice fiscale|fiscale|cf",
    "nl_bsn": r"bsn|burgerservicenummer|sofinummer",
    "in_aadhaar": r"aadhaar|aadhar|uidai|uid|आधार",
    "jp_mynumber": r"my number|mynumber|individual number|マイナンバー|個人番号",
    "kr_rrn": r"rrn|resident registration|주민등록번호|주민번호|외국인등록번호",
    "sg_nric": r"nric|fin",
    "tw_id": r"身分證|身分证|統一編號",
    "hk_id": r"hkid|hong kong id|香港身份證|香港身份证",
    "br_cpf": r"cpf",
    "au_tfn": r"tfn|tax file number|tax file",
    "au_medicare": r"medicare|medicare card",
    "ca_sin": r"sin|social insurance|nas",
    "pl_pesel": r"pesel",
    "se_pnr": r"personnummer|personal identity number|samordningsnummer",
    "fi_hetu": r"hetu|henkilötunnus",
    "dk_cpr": r"cpr|cpr-nummer|cpr-nr",
    "no_fnr": r"fødselsnummer|fodselsnummer|fnr",
    "be_nrn": r"rijksregisternummer|registre national|numéro national|nrn|insz|niss",
    "ch_ahv": r"ahv|avs|ahv-nummer|ahv-nr",
    "pt_nif": r"nif|contribuinte",
    "ie_pps": r"pps|ppsn",
    "mx_curp": r"curp",
    "tr_kimlik": r"kimlik|tckn|tc",
    "za_id": r"za id|south african id|sa id",
    "th_id": r"thai id|บัตรประชาชน",
    "my_nric": r"mykad|kad pengenalan",
    "ro_cnp": r"cnp",
    "cz_rc": r"rodné číslo|rodne cislo",
    "at_svnr": r"svnr|sozialversicherungsnummer|sv-nummer|vsnr",
    "cl_rut": r"rut",
    "passport": "passport|ppt no|passports|passportnumber|passportno|reisepass|reisepassnummer|passeport|pasaporte|passaporto|paspoort"
    "|passaporte"
    "|paszport|travel document|travel document no|travel document number|护照|護照|パスポート|旅券|여권|通行证|通行證"
    "|回乡证|回鄉證|回乡卡|台胞证|臺胞證|台胞證"
    "|旅行证|旅行證|旅行證件|residence permit|residence card|permit|aufenthaltstitel|居留证|居留證|居留许可|居留許可|在留カード",
    "licence": "license|licence|licenses|licences|lic|driverlicense|licensenumber|dl|dln|permis|permis de conduire|führerschein"
    "|fuehrerschein"
    "|führerscheinnummer|patente|rijbewijs|licencia|conducir|cnh|驾驶证|驾照|驾驶执照|駕照|駕駛執照|駕駛證|駕駛執照號"
    "|運転免許|免許証|운전면허|档案编号",
    "plate": "plate|plates|platenumber|vrm|anpr|tag number|fahrzeug|fahrzeugs|licenseplate|numberplate|registration|reg|vrn|rego"
    "|kennzeichen|immatriculation|immatriculé"
    "|immatriculée|plaque|matrícula|matricula|targa"
    r"|kenteken|vehicle|car|車牌|车牌|牌照|号牌|號牌|车号|車號|ナンバープレート|차량번호|번호판",
    "other": "order|orders|invoice|ticket|track|tracking|isbn|issn|sku|serial|s/n|part|model|ref|reference|case|version|build"
    "|commit|error"
    r"|code|po|timestamp|unix|epoch|hash|trace|request id|product|item|batch|orderid|employee id|staff id|student id"
    "|订单|訂單|单号|單號|流水号|流水|编号|編號|序列号|快递|運單|运单|版本|错误|型号|批次|条码|货号|时间戳|金额|价格"
    "|合同号|发票|工号|学号|航班"
    r"|社会信用代码|信用代码|税号|注文|主문|주문",
}
# `护照号码`, `订单编号`: such a noun belongs to the word right before it, if there is one.
_NOUNS = frozenset({"号码", "號碼", "编号", "編號", "证号", "卡"})

_LATIN_WORD = re.compile(r"[^\W\d_]+(?:[/-](?=[^\W\d_])[^\W\d_]+)?")
_LINE_ABOVE_MAX = 40
_TABLE_MAX = 4000  # characters above a cell in which the head of its column is looked for


class _Words(NamedTuple):
    """Latin phrases by their last word, as (earlier words, group); wide words by first character, as (word, group), and any of these."""

    latin: dict[str, list[tuple[tuple[str, ...], str]]]
    wide: dict[str, list[tuple[str, str]]]
    head: re.Pattern[str]


@cache
def _words() -> _Words:
    latin: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    wide: dict[str, list[tuple[str, str]]] = {}
    for name, words in _LABELS.items():
        for word in words.split("|"):
            if word[0] >= "\u0250":
                wide.setdefault(word[0], []).append((word, name))
            else:
                *earlier, last = word.split(" ")
                latin.setdefault(last, []).append((tuple(earlier), name))
    for entries in latin.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    for choices in wide.values():
        choices.sort(key=lambda choice: -len(choice[0]))
    return _Words(latin, wide, re.compile(f"[{''.join(wide)}]"))


_PARTS = re.compile(r"[ /-]")


def words_of(*groups: str) -> tuple[str, ...]:
    """What opens a recogniser of ``groups``: every wide word, and the longest part of each Latin phrase."""
    found = [word for group in groups for word in _LABELS[group].split("|")]
    # `a/c` has no part that would open little else: who needs it names its own.
    found = [word for word in found if word != "a/c"]
    return tuple(dict.fromkeys(word if word[0] >= "\u0250" else max(_PARTS.split(word), key=len) for word in found))


def nearest(text: str, start: int, *, reach: int = 32) -> tuple[str, str]:
    """The nearest labelling word within ``reach`` characters before ``start``, on the same line or alone on the one above: its
    group's name, and what stands between it and ``start``; ("", "") when there is none."""
    left = text[max(0, start - reach) : start].lower()
    cut = left.rfind("\n")
    if cut >= 0:
        above, left = left[:cut], left[cut + 1 :]
        if not any(map(str.isalnum, left)):
            head = above[above.rfind("\n") + 1 :]
            whole = len(head) < len(above) or start - reach <= 0 or text[start - reach - 1] == "\n"
            if whole and 0 < len(head) <= _LINE_ABOVE_MAX and len(head.split()) <= 3:
                left = f"{head} {left}"
    words = _words()
    name, end = "", -1
    spelt: list[str] = _LATIN_WORD.findall(left)
    for place in range(len(spelt) - 1, -1, -1):
        word = spelt[place]
        entries = words.latin.get(word) or ("-" in word and words.latin.get(word.partition("-")[0])) or ()  # `Reisepass-Nr.`
        for earlier, group in entries:
            if not earlier or tuple(spelt[max(0, place - len(earlier)) : place]) == earlier:
                name, end = group, next(islice(_LATIN_WORD.finditer(left), place, None)).end()
                if spelt[place] == "id" and not earlier and place:  # `passport ID`
                    name = next((own for more, own in words.latin.get(spelt[place - 1], ()) if not more), name)
                break
        if name:
            break
    if not left.isascii():
        for place in reversed([head.start() for head in words.head.finditer(left)]):
            for word, group in words.wide[left[place]]:
                if left.startswith(word, place) and place + len(word) > end:
                    return _owner(left, place, word) or group, left[place + len(word) :]
    return (name, left[end:]) if name else ("", "")


_WHOSE = (
    r"(?:(?:the|my)[ ](?:new|old|other|second)[ ]one|(?:my|his|her|their|our)(?:[ ][a-z'’]{2,14}){1,2}|hers|his|theirs|mine"
    r"|yours|[\u4e00-\u9fff]{1,3}的)"
)
ANOTHER = rf"(?:[,;，、]|[ ]and\b|[ ]&|和)[ ]?(?:and[ ])?{_WHOSE}[ ]?(?:is|was|on|是|为|[:：])[ ]?"
"""Between two values of one kind, the second of which is another person's: `my passport is C6U32396B and hers is …`."""
_ANOTHER = re.compile(ANOTHER + "$", re.IGNORECASE)


def another(between: str) -> bool:
    return _ANOTHER.search(between) is not None


def _owner(left: str, at: int, noun: str) -> str:
    """The group of the word that ``noun`` at ``at`` belongs to: it touches or overlaps it."""
    if noun in _NOUNS:
        for place in range(max(0, at - 6), at):
            for word, group in _words().wide.get(left[place], ()):
                if left.startswith(word, place) and place + len(word) >= at:
                    return group
    return ""


def label(text: str, start: int, *, reach: int = 32) -> str:
    """The group of the nearest word, or of the head of the column that ``start`` stands in."""
    return nearest(text, start, reach=reach)[0] or column(text, start)


_AFTER = re.compile(
    r"[ ]?(?:[(（\[][ ]?|(?:is|was|as|are)[ ]|是|为|作为|号的?)(?:(?:my|his|her|their|your|our|the|a|an)[ ]|我的|他的"
    r"|她的|本人)?(?P<words>[^\W\d_][^\d,.;:!?，。；：！？)）\]\n]{0,27})"
)


def following(text: str, end: int) -> str:
    """The group named right after a number: `X1234567 is my passport number`, `E12345678（护照）`."""
    found = _AFTER.match(text, end)
    return nearest(found["words"], len(found["words"]))[0] if found is not None else ""


def column(text: str, start: int) -> str:
    """The group of the head of the column that ``start`` stands in."""
    cell = head_of(text, start)
    return nearest(cell, len(cell), reach=len(cell))[0] if 0 < len(cell) <= _LINE_ABOVE_MAX else ""


def head_of(text: str, start: int) -> str:
    """The head of the column of ``start`` in a table of lines with tabs, bars, commas or semicolons; "" when there is none."""
    low = max(0, start - _TABLE_MAX)
    begin = text.rfind("\n", low, start) + 1
    if begin <= low:
        return ""
    stop = text.find("\n", start, start + _TABLE_MAX)
    line = text[begin : stop if stop >= 0 else start + _TABLE_MAX]
    mark = next((each for each in "\t|,;，" if each in line), "")
    if not mark:
        return ""
    before, size, head, end = line.count(mark, 0, start - begin), line.count(mark), "", begin - 1
    while end >= low:
        line_start = max(text.rfind("\n", low, end) + 1, low)
        above, end = text[line_start:end], line_start - 1
        if mark not in above:
            if not set(above) <= set("-+:= \t"):
                break
            continue
        if above.count(mark) == size:
            head = above
    if not head:
        return ""
    return head.split(mark)[before].strip().strip("\"'*")
