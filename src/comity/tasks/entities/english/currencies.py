# SPDX-License-Identifier: Apache-2.0
"""Money by whose it is: `kenyan shillings`, `hk $ 20`.  Codes by ISO 4217, those that the euro replaced too."""

from __future__ import annotations

from comity.tasks.entities.lexer import listed

# code: whose it is | what it is called; a name takes an `s`
_NATIONAL = """
USD: us american united-states | dollar
CAD: canadian canada | dollar
AUD: australian australia | dollar
NZD: new-zealand nz | dollar
HKD: hong-kong hongkong hk | dollar
SGD: singapore singaporean | dollar
TWD: taiwan taiwanese new-taiwan | dollar
JMD: jamaican jamaica | dollar
BBD: barbadian barbados | dollar
BSD: bahamian bahamas | dollar
BMD: bermudian bermuda | dollar
BZD: belize | dollar
BND: brunei | dollar
FJD: fijian fiji | dollar
GYD: guyanese guyana | dollar
KYD: cayman cayman-islands | dollar
LRD: liberian liberia | dollar
NAD: namibian namibia | dollar
SBD: solomon-islands | dollar
SRD: surinamese suriname | dollar
TTD: trinidad trinidadian trinidad-and-tobago | dollar
XCD: east-caribbean | dollar
ZWL: zimbabwean zimbabwe | dollar
GBP: british uk english | pound
EGP: egyptian egypt | pound
IEP: irish | pound punt
LBP: lebanese lebanon | pound
SDG: sudanese sudan | pound
SYP: syrian syria | pound
CYP: cypriot cyprus | pound
FKP: falkland falkland-islands | pound
GIP: gibraltar | pound
SHP: saint-helena | pound
CHF: swiss | franc
FRF: french | franc
BEF: belgian | franc
LUF: luxembourg | franc
RWF: rwandan | franc
BIF: burundian | franc
GNF: guinean | franc
DJF: djiboutian | franc
KMF: comorian | franc
CDF: congolese | franc
XOF: west-african-cfa west-african | franc
XAF: central-african-cfa central-african cfa | franc
DEM: german deutsche west-german deutsch | mark
FIM: finnish | mark markka
BAM: bosnian convertible | mark
ITL: italian | lira lire
TRY: turkish turkey | lira
MTL: maltese | lira
ESP: spanish | peseta
PTE: portuguese | escudo
CVE: cape-verdean | escudo
GRD: greek | drachma
ATS: austrian | schilling
NLG: dutch | guilder florin
AWG: aruban | florin
INR: indian india | rupee
PKR: pakistani pakistan | rupee
LKR: sri-lankan sri-lanka | rupee
NPR: nepalese nepali nepal | rupee
MUR: mauritian mauritius | rupee
SCR: seychellois seychelles | rupee
MVR: maldivian | rufiyaa
MXN: mexican mexico | peso
ARS: argentine argentinian argentina argentinean | peso
CLP: chilean chile | peso
COP: colombian colombia | peso
CUP: cuban cuba | peso
DOP: dominican | peso
UYU: uruguayan uruguay | peso
PHP: philippine filipino philippines | peso
SEK: swedish sweden | krona kronor kronas krone
NOK: norwegian norway | krone kroner krona
DKK: danish denmark | krone kroner krona
ISK: icelandic iceland | krona kronur krone
CZK: czech | koruna crown korunas
RUB: russian russia | ruble rouble
BYN: belarusian belarus | ruble rouble
KWD: kuwaiti kuwait | dinar
BHD: bahraini bahrain | dinar
IQD: iraqi iraq | dinar
JOD: jordanian jordan | dinar
LYD: libyan libya | dinar
TND: tunisian tunisia | dinar
DZD: algerian algeria | dinar
RSD: serbian serbia | dinar
AED: uae emirati united-arab-emirates | dirham
MAD: moroccan morocco | dirham
SAR: saudi saudi-arabian | riyal
QAR: qatari qatar | riyal
OMR: omani oman | rial riyal
IRR: iranian iran | rial
YER: yemeni yemen | rial riyal
KES: kenyan kenya | shilling
UGX: ugandan uganda | shilling
TZS: tanzanian tanzania | shilling
SOS: somali somalia | shilling
KRW: korean south-korean korea | won
KPW: north-korean | won
JPY: japanese japan | yen
CNY: chinese china | yuan renminbi
THB: thai thailand | baht
MYR: malaysian malaysia | ringgit
IDR: indonesian indonesia | rupiah
VND: vietnamese vietnam | dong
ZAR: south-african | rand
NGN: nigerian nigeria | naira
GHS: ghanaian ghana | cedi
ETB: ethiopian ethiopia | birr
ZMW: zambian zambia | kwacha
MWK: malawian malawi | kwacha
BWP: botswana | pula
MZN: mozambican | metical
AOA: angolan | kwanza
GMD: gambian | dalasi
ILS: israeli israel new new-israeli | shekel
PLN: polish poland | zloty
HUF: hungarian hungary | forint
UAH: ukrainian ukraine | hryvnia
BGN: bulgarian bulgaria | lev leva
RON: romanian romania | leu lei
MDL: moldovan moldova | leu lei
HRK: croatian croatia | kuna
ALL: albanian | lek
MKD: macedonian | denar
GEL: georgian | lari
AMD: armenian | dram
AZN: azerbaijani | manat
TMT: turkmenistan turkmen | manat
KZT: kazakhstani kazakh | tenge
KGS: kyrgyzstani kyrgyz | som
UZS: uzbekistani uzbek | som
TJS: tajikistani tajik | somoni
MNT: mongolian mongolia | tugrik togrog
AFN: afghan | afghani
BDT: bangladeshi bangladesh | taka
BTN: bhutanese | ngultrum
MMK: burmese myanmar | kyat
LAK: lao laotian | kip
KHR: cambodian cambodia | riel
MOP: macau macanese macao | pataca
BRL: brazilian brazil | real reais
PEN: peruvian peru | sol soles nuevo-sol
BOB: bolivian bolivia | boliviano
PYG: paraguayan paraguay | guarani
VEF: venezuelan venezuela | bolivar bolivares
CRC: costa-rican | colon colones
GTQ: guatemalan | quetzal
HNL: honduran | lempira
NIO: nicaraguan | cordoba
PAB: panamanian | balboa
HTG: haitian | gourde
PGK: papua-new-guinean | kina
WST: samoan | tala
TOP: tongan | paanga
VUV: vanuatu | vatu
"""
# What one country alone calls so, and is no other word.
_ALONE = frozenset(
    listed(
        "baht ringgit rupiah naira cedi birr metical kwanza zloty forint hryvnia tenge somoni tugrik togrog ngultrum kyat pataca boliviano "
        "quetzal lempira balboa gourde rufiyaa riel peseta drachma markka kuna bolivar"
    )
)
_SIGNED = {
    "us": "USD",
    "u.s.": "USD",
    "u.s": "USD",
    "c": "CAD",
    "hk": "HKD",
    "nz": "NZD",
    "nt": "TWD",
    "can": "CAD",
    "ci": "KYD",
    "si": "SBD",
    "gy": "GYD",
    "usd": "USD",
    "aud": "AUD",
    "cdn": "CAD",
}


def national() -> dict[str, str]:
    """Names with `-` for a space, in the singular and the plural."""
    names: dict[str, str] = {}
    for line in _NATIONAL.strip().splitlines():
        code, _, said = line.partition(":")
        owners, _, nouns = said.partition("|")
        for noun in nouns.split():
            for form in (noun, f"{noun}s"):
                names |= {f"{owner}-{form}": code for owner in owners.split()}
                if noun in _ALONE:
                    names[form] = code
    return names


def dollars() -> dict[tuple[str, ...], str]:
    """What stands before a `$` that is apart from it."""
    owners = {name.removesuffix("-dollar"): code for name, code in national().items() if name.endswith("-dollar")}
    return {tuple(name.split("-")): code for name, code in (owners | _SIGNED).items()}
