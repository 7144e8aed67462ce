# SPDX-License-Identifier: Apache-2.0
"""Names of units and of money, in both languages.

Units by UCUM (unitsofmeasure.org, case-sensitive codes), money by ISO 4217.  A name that is another word too is not here.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

# code: English names and signs | Chinese names.  An English name takes an `s`; what is irregular stands beside it.
_UNITS = """
m: meter metre | 米 公尺
km: kilometer kilometre km kms | 公里 千米
cm: centimeter centimetre cm cms | 厘米 公分
mm: millimeter millimetre mm | 毫米
um: micrometer micrometre µm | 微米
[mi_i]: mile | 英里
[yd_i]: yard yd yds | 码 英码
[ft_i]: ft foot feet | 英尺
[in_i]: inch inches | 英寸
[nmi_i]: nautical-mile nmi | 海里
[li_i]: | 里
kg: kilogram kilogramme kilo kg kgs | 公斤 千克
g: gram gramme gr | 克
mg: milligram mg mgs | 毫克
t: tonne metric-ton | 吨
[lb_av]: lb lbs | 磅
[oz_av]: ounce oz | 盎司
[jin_i]: catty catties jin | 斤 市斤
[liang_i]: | 两
L: liter litre | 升 公升
mL: milliliter millilitre ml mls | 毫升
[gal_us]: gallon gal | 加仑
[pt_us]: pint |
[cup_us]: cup |
[tsp_us]: teaspoon tsp | 茶匙
[tbs_us]: tablespoon tbsp | 汤匙
Cel: °c ℃ degree-celsius degrees-celsius degree-c degrees-c degrees-centigrade celsius centigrade | 摄氏度 ℃ 度
[degF]: °f ℉ degree-fahrenheit degrees-fahrenheit degree-f degrees-f fahrenheit | 华氏度 ℉
m2: square-meter square-metre sqm m² m2 | 平方米 平米 平方 平
km2: square-kilometer square-kilometre km² km2 | 平方公里 平方千米
[sft_i]: square-foot square-feet sq-ft sqft | 平方英尺
[mu_i]: | 亩
har: hectare | 公顷
[acr_us]: acre | 英亩
m3: cubic-meter cubic-metre m³ m3 | 立方米 立方
km/h: kmh kph km/h kmph kilometers-per-hour kilometres-per-hour kilometers-an-hour kilometres-an-hour | 公里每小时 千米每小时
[mi_i]/h: mph miles-per-hour miles-an-hour | 英里每小时
m/s: m/s meters-per-second metres-per-second | 米每秒
kW: kilowatt kw | 千瓦
W: watt | 瓦
kW.h: kilowatt-hour kwh | 千瓦时 度电
V: volt | 伏 伏特
Hz: hertz hz |
cal: calorie | 卡 卡路里
kcal: kilocalorie kcal | 千卡 大卡
KiBy: kib |
By: byte | 字节
kBy: kilobyte kb |
MBy: megabyte mb | 兆字节
GBy: gigabyte gb |
TBy: terabyte tb |
deg: degree °  |
"""


class _Names(NamedTuple):
    english: dict[str, str]
    chinese: dict[str, str]


def _read() -> _Names:
    english: dict[str, str] = {}
    chinese: dict[str, str] = {}
    for line in _UNITS.strip().splitlines():
        code, _, names = line.partition(":")
        first, _, second = names.partition("|")
        for name in first.split():
            english[name] = code
            if len(name) > 3 and name.isascii() and not name.endswith(("s", "feet", "foot", "inches")):
                english[f"{name}s"] = code
        for name in second.split():
            chinese[name] = code
    return _Names(english, chinese)


ENGLISH, CHINESE = _read()

# What has two or more owners is settled by the region, else by the first; "" would be worse than a question.
DOLLARS = {"US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "HK": "HKD", "SG": "SGD", "TW": "TWD"}
YEN = {"CN": "CNY", "JP": "JPY"}
POUNDS = {"GB": "GBP", "EG": "EGP"}
# name: code, or a table by region
SIGNS: dict[str, tuple[str, bool]] = {"€": ("EUR", True), "₹": ("INR", True), "₩": ("KRW", True), "₽": ("RUB", True), "฿": ("THB", True),
    "₫": ("VND", True), "₺": ("TRY", True), "₴": ("UAH", True), "₱": ("PHP", True), "₪": ("ILS", True)}  # fmt: skip

_MONEY_EN = """
USD: us-dollar american-dollar united-states-dollar us$ usd buck
CAD: canadian-dollar c$ cad$ ca$ cad
AUD: australian-dollar a$ au$ aud
NZD: new-zealand-dollar nz$ nzd
HKD: hong-kong-dollar hk$ hkd
SGD: singapore-dollar s$ sg$ sgd
TWD: taiwan-dollar new-taiwan-dollar nt$ twd
EUR: euro eur
GBP: british-pound pound-sterling pounds-sterling sterling gbp quid
JPY: yen japanese-yen jpy
CNY: yuan chinese-yuan rmb cny renminbi kuai
INR: indian-rupee inr
KRW: won korean-won south-korean-won krw
CHF: swiss-franc chf
RUB: ruble rouble russian-ruble rub
MXN: mexican-peso mex$ mx$ mxn
BRL: brazilian-real brazilian-reais r$ brl reais
THB: baht thb
VND: dong vietnamese-dong vnd
SEK: swedish-krona swedish-kronor sek
NOK: norwegian-krone norwegian-kroner nok
DKK: danish-krone danish-kroner dkk
PLN: zloty pln
TRY: turkish-lira
ZAR: rand zar
AED: dirham aed
SAR: saudi-riyal sar
MYR: ringgit myr
IDR: rupiah idr
PHP: philippine-peso
ILS: shekel israeli-shekel new-israeli-shekel ils
HUF: forint huf
CZK: czech-koruna czk
UAH: hryvnia uah
NGN: naira ngn
BDT: taka bdt
PKR: pakistani-rupee pkr
EGP: egyptian-pound egp
ARS: argentine-peso ars
CLP: chilean-peso clp
COP: colombian-peso
"""
_MONEY_ZH = """
USD: 美元 美金 美圆 美刀 usd us$
CNY: 人民币 rmb cny 元人民币 块人民币
HKD: 港币 港元 港圆 hkd hk$ 港纸 港币元
TWD: 台币 新台币 新台币元 twd nt$
MOP: 澳门元 澳门币
EUR: 欧元 eur
GBP: 英镑 gbp
JPY: 日元 日圆 日币 日元币 jpy 円
KRW: 韩元 韩币 krw
AUD: 澳元 澳币 澳大利亚元 aud
CAD: 加元 加币 加拿大元 cad
NZD: 新西兰元 纽币 nzd
SGD: 新加坡元 新币 sgd
CHF: 瑞士法郎 瑞郎 chf
RUB: 卢布 rub
INR: 卢比 inr
THB: 泰铢 thb
VND: 越南盾 vnd
MYR: 马来西亚林吉特 林吉特 马币
PHP: 菲律宾比索
SEK: 瑞典克朗
"""


def _money(table: str, plural: bool) -> dict[str, str]:
    names: dict[str, str] = {}
    for line in table.strip().splitlines():
        code, _, said = line.partition(":")
        for name in said.split():
            names[name] = code
            several = len(name) > 3 and not name.endswith("s") if name.isalpha() else "-" in name and not name.endswith("sterling")
            if plural and several:
                names[f"{name}s"] = code
    return names


MONEY_EN = _money(_MONEY_EN, True)
MONEY_ZH = _money(_MONEY_ZH, False)

# Names that several countries have: what each region means, and what is meant elsewhere.
SHARED_EN: dict[str, tuple[dict[str, str], str]] = {
    **dict.fromkeys(("$", "dollar", "dollars"), (DOLLARS, "USD")),
    **dict.fromkeys(("£", "pound", "pounds"), (POUNDS, "GBP")),
    "¥": (YEN, "JPY"),
    **dict.fromkeys(("rupee", "rupees", "rs"), ({"IN": "INR", "PK": "PKR", "LK": "LKR", "NP": "NPR"}, "")),
    **dict.fromkeys(("franc", "francs"), ({"CH": "CHF"}, "")),
    **dict.fromkeys(("krona", "kronor", "kroner", "krone"), ({"SE": "SEK", "NO": "NOK", "DK": "DKK", "IS": "ISK"}, "")),
    **dict.fromkeys(("lira", "liras", "lire"), ({"TR": "TRY"}, "")),
    **dict.fromkeys(("dinar", "dinars"), ({"KW": "KWD", "JO": "JOD", "RS": "RSD", "DZ": "DZD", "IQ": "IQD"}, "")),
    **dict.fromkeys(("peso", "pesos"), ({"MX": "MXN", "PH": "PHP", "AR": "ARS", "CL": "CLP", "CO": "COP"}, "")),
    **dict.fromkeys(("shilling", "shillings"), ({"KE": "KES", "UG": "UGX", "TZ": "TZS"}, "")),
    "marks": ({}, "DEM"),
}
SHARED_ZH: dict[str, tuple[dict[str, str], str]] = {
    **dict.fromkeys(("元", "块", "块钱"), ({"CN": "CNY", "HK": "HKD", "MO": "MOP", "TW": "TWD", "SG": "SGD"}, "CNY")),
    "$": (DOLLARS, "USD"),
    "¥": (YEN, "CNY"),
    "£": (POUNDS, "GBP"),
}

# A hundredth (or a tenth) of what is said before it, or of the currency given here when alone.
CENTS = {"cent": Fraction(1, 100), "cents": Fraction(1, 100), "pence": Fraction(1, 100), "penny": Fraction(1, 100),
         "pennies": Fraction(1, 100), "paise": Fraction(1, 100), "p": Fraction(1, 100),
         "mao": Fraction(1, 10), "jiao": Fraction(1, 10), "fen": Fraction(1, 100)}  # fmt: skip
