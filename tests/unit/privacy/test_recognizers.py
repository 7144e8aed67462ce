# SPDX-License-Identifier: Apache-2.0
"""One table a recogniser: what it finds (between `«` and `»`), and what looks like it and is left alone.

Numbers are published examples or test numbers; people and keys are made up.
"""

from __future__ import annotations

import re

import pytest

from comity.privacy.recognizers import contextual, rules
from comity.privacy.recognizers.base import digits_of
from comity.privacy.recognizers.labels import label, nearest
from comity.privacy.scan import scan
from tests.unit.privacy.recognizers import addresses, contexts, documents, identities, lookalikes, people, persons

KEY = "A1b2C3d4E5f6G7h8J9k0"

FINDS: dict[str, list[str]] = {
    "private_key": [
        "here: «-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nq83vEjRW\n-----END RSA PRIVATE KEY-----» keep it",
        "«-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGPq\n-----END PGP PRIVATE KEY BLOCK-----»",
        "cut short: «-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEA\n»and what is this?",
        "«-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMHcCAQEEIIGlVmQ5»",
        "one line, cut: «-----BEGIN PRIVATE KEY----- MIIEvQIBADANBgkqhkiG9w0BAQEFAASC», help",
        "spelled: «-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADAN\\nBKcwggSjAgEA\\n-----END PRIVATE KEY-----»",
    ],
    "api_key": [
        f"«sk-{KEY}» is mine",
        f"密钥是«sk-proj-{KEY}_x»。",
        "«AKIAIOSFODNN7EXAMPLE»",
        f"«ghp_{KEY}{KEY[:16]}»",
        f"«github_pat_{KEY}{KEY}»",
        f"«xoxb-1234567890-{KEY}»",
        f"«sk_live_{KEY}»",
        f"«AIza{KEY}{KEY[:15]}»",
        f"«hf_{KEY}{KEY[:14]}»",
        f"«LTAI5t{KEY}»",
        f"«glpat-{KEY}»",
        f"火山引擎 «AKLT{KEY}{KEY}==»",
        f"千帆 «bce-v3/ALTAK-{KEY}/0f9a8b7c6d5e»",
        f"xai key «xai-{KEY}»",
        f"«pcsk_{KEY}»",
        f"HCP «hvs.{KEY}»",
        f"«NRAK-{KEY.upper()}7XZ0A»",
        f"DefaultEndpointsProtocol=https;«AccountKey={KEY}{KEY}{KEY}AB==»;EndpointSuffix=x",
        f"«sk-ant-api03-{KEY}-{KEY}»",
        f"mailgun «key-{'0f9a8b7c' * 4}»",
    ],
    "webhook": [
        f"curl https://hooks.slack.com/services/«T024BE7LD/B8H2K4M1N/{KEY}»",
        "https://open.feishu.cn/open-apis/bot/v2/hook/«550e8400-e29b-41d4-a716-446655440000»",
        f"https://oapi.dingtalk.com/robot/send?access_token=«{KEY}{KEY}»",
    ],
    "api_key_zhipu": ["智谱 «0f9a8b7c6d5e4f3a0f9a8b7c6d5e4f3a.A1b2C3d4E5f6G7h8» 可用"],
    "code": [
        "您的验证码是«482913»，5分钟内有效",
        "Your verification code is «482913».",
        "OTP: «4821»",
        "CVV «123»",
        "验证码：«0392»",
        "your 2FA code: «771204»",
    ],
    "bot_token": [f"bot «123456789:AA{KEY}{KEY[:13]}» runs"],
    "jwt": ["«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P»", "«eyJhbGciOiJub25lIn0.eyJhIjoxfQ.»"],
    "authorization": ["Authorization: Bearer «abcDEF123456789.x-y_z»", "curl -H 'authorization: basic «dXNlcjpwYXNzd29yZDE=»'"],
    "connection_string": [
        "postgres://«app:s3cret»@db.example.org/main",
        "redis://«:hunter2»@10.0.0.5:6379",
        "see https://«u:p%40ss»@example.org/x",
    ],
    "password": [
        "password: «hunter22!»",
        "my Password is «Tr0ub4dor&3»",
        "密码：«abc12345»，谢谢",
        "口令是«Xy7!kkpq»",
        "wifi密码 «88888888»",
        "密码«abc12345»错误",
        "登录口令：«Passw0rd»！",
        "PIN: «4821»",
        'password = "«correct horse battery»"',
        "DB_PASSWORD=«s3cr3t!pw»",
        "dbPassword: '«s3cr3t!pw»'",
        "api_key = «0f9a8b7c6d5e4f3a»",
        "token: «f00ba4-1234-xyz»",
        "pwd=«a1b2c3»",
        "contraseña: «Sol2024!»",
        'passphrase: "«four words and more»"',
    ],
    "email": [
        "write to «lena.vogel+x@mail.vogel.io».",
        "邮箱«zhang_wei@qq.com»，谢谢",
        "<«a@b.cc»>",
        "mailto:«o'neil@example.ie»?subject=x",
        "«ＬＥＮＡ＠ｖｏｇｅｌ．ｉｏ»",
        "«le\u200bna@vogel.io»",
        '{"to":"«le\\u006ea@vogel.io»"}',
        "«jürgen@müller.example.de»",
        "发到 «用户@例子.中国»吧",
        "«info@münchen.de» ist neu",
        "写信到«lena@vogel.io»。请看www.vogel.io",
        "«lena@my_host.io»",
    ],
    "email_spelled": ["«lena [at] vogel [dot] io»", "«lena.vogel (at) example (dot) co (dot) uk»", "«lena at vogel dot io» please"],
    "phone_international": [
        "«+49 30 1234567»",
        "ring «+44 (0)20 7946 0958»",
        "«0033 1 23 45 67 89»",
        "«00 49 30 1234567»",
        "(«+1» 415 555 0100".replace("(«+1»", "«+1") + "»",
    ],
    "phone_cn_mobile": [
        "手机«13812345678»，",
        "«138 1234 5678»",
        "+86«»".replace("+86«»", "«+86 138-1234-5678»"),
        "«１３８１２３４５６７８»",
        "电话«138\u200b12345678»",
        "«1 3 8 0 0 1 3 8 0 0 0»是我的",
        "手机 «138_0013_8000»",
        "«(138)00138000»",
        "«138/0013/8000»",
        "电话«一三八零零一三八零零零»",
        "手机号：«幺三八 零零幺三 八零零零»",
        "tel «l38-OO13-8000»",
        "call «①③⑧⓪⓪①③⑧⓪⓪⓪»",
    ],
    "phone_cn_landline": ["座机«010-62345678»", "«021 5555 1234»", "«(0755) 2345 6789»转"],
    "phone_nanp": ["call «(415) 555-0132»", "«415-555-0132» or", "«1 (314) 548-2690»", "«415.555.0132 x12»"],
    "phone_nanp_bare": ["phone «4155550132»", "my cell: «14155550132»"],
    "phone_trunk": [
        "«01 23 45 67 89»",
        "«020 7946 0958»",
        "Tel. «030 / 123 456 78»",
        "my number's «07700 900123»",
        "«030/1234567»",
        "«090-1234-5678»",
        "my number 1234 5678 9018, «080-1112-5891»",
    ],
    "phone_trunk_bare": ["tel «0612345678»"],
    "phone_in_mobile": ["«98765 43210»"],
    "phone_eight": ["Hong Kong office «2345 6789»", "电话«9123 4567»", "«(852) 9123 4567»"],
    "phone_named": ["reach me at «5550132»", "fax: «99 88 77 66 5»"],
    "bank_card": [
        "card «4111 1111 1111 1111» please",
        "«4111111111111111»",
        "«3782 822463 10005»",
        "卡号«6200000000000005»",
        "my card is «4111111111111112»",
    ],
    "iban": [
        "«DE89 3704 0044 0532 0130 00» thanks",
        "IBAN: «GB82WEST12345698765432»",
        "«nl91abna0417164300»",
        "«FR14 2004 1010 0505 0001 3M02 606»",
    ],
    "account_named": ["account number «12345678»", "账号：«6212345678»", "routing «021000021»"],
    "cn_id": [
        "身份证号«11010519491231002X»。",
        "«440524188001010014»",
        "«110105 19491231 002X»",
        "身份证：«1101 0519 4912 3100 2X»",
        "«110105 1949 1231 002X»",
        "证件«１１０１０５１９４９１２３１００２Ｘ»",
        "身份证«110105194912310021»",
        "证件«110105.19491231.002X»",
        "身份证«11010519491231OO2X»",
    ],
    "cn_id_15": ["身份证«110105491231002»"],
    "us_ssn": ["SSN «078-05-1120»", "«219-09-9999»", "social security 219099999".replace("219099999", "«219099999»")],
    "nhs": ["NHS number «943 476 5919»", "nhs: «9434765919»"],
    "de_idnr": ["Steuer-ID «86 095 742 719»", "IdNr. «86095742719»"],
    "fr_nir": ["«2 55 08 14 168 025 38»", "NIR «255081416802538»"],
    "nl_bsn": ["BSN «111222333»", "burgerservicenummer: «1112.22.333»"],
    "es_dni": ["DNI «12345678Z»", "«X1234567L»", "es «12345678-Z»"],
    "in_aadhaar": ["Aadhaar «9999 4105 7058»"],
    "in_pan": ["PAN «ABCPE1234F»"],
    "jp_mynumber": ["マイナンバー «1234 5678 9018»", "my number «123456789018»"],
    "kr_rrn": ["주민등록번호 «800101-1234567»", "«800101-1234567»"],
    "sg_nric": ["NRIC «S1234567D»", "«F1234567N»"],
    "tw_id": ["身分證 «A123456789»", "«A123456789»"],
    "hk_id": ["HKID «A123456(3)»", "«AB987654(3)»"],
    "br_cpf": ["CPF «529.982.247-25»", "cpf «52998224725»"],
    "ipv4": ["from «203.0.114.7» port", "服务器«8.8.4.44»。"],
    "ipv6": ["«2a00:1450:4001:81b::200e»"],
    "mac": ["«00:1b:44:11:3a:b7»", "«00-1B-44-11-3A-B7»"],
}

LEAVES: list[str] = [
    # keys, tokens and passwords that are not there
    "-----BEGIN PUBLIC KEY-----\nMIIBIjAN\n-----END PUBLIC KEY-----",
    "pip install sk-learn-intro-to-text",
    "see glsa_notes_for_the_team_meeting",
    "the sk-foundation-grant-programme",
    "error code 5003",
    "zip code 90210",
    "code: 42",
    "验证码错误",
    "status code is 404",
    "the OTP expires in 300 seconds",
    "basic understanding of bearer instruments",
    "the password is required",
    "password: ********",
    "password: ${DB_PASSWORD}",
    "token = os.environ['TOKEN']",
    "密码不正确",
    "密码8位以上",
    "密码 reset",
    "密码12345",
    "the key is patience: always",
    "compass: northnorthwest1",
    "monkey: banana123",
    "secret: <your-secret-here>",
    "password: your_password_1",
    "max_tokens: 4096",
    "tokens: 1234",
    "postgres://db.example.org/main",
    "https://example.org:8443/@user",
    # not mailboxes
    "icon@2x.png",
    "@mention hello",
    "a @ b . c",
    "git@github.com:org/repo.git",
    "meet at noon dot",
    "user@localhost",
    "look at this dot plot",
    # numbers that point at nobody
    "2024-05-19",
    "19.05.2024",
    "on 2024-05-19 14:30:00",
    "order 20240519123456",
    "订单号13812345678901",
    "version 10.4.22.1",
    "v9.8.7.78",
    "ISBN 978-3-16-148410-0",
    "12306",
    "400 810 6666",
    "call 800-810-6666",
    "4001234567",
    "invoice 4111-22",
    "tracking 1Z999AA10123456784",
    "价格13812345元",
    "1,250,000 people",
    "3.14159265358979",
    "550e8400-e29b-41d4-a716-446655440000",
    "unix 1700000000",
    "timestamp 1700000000123",
    "order 4111111111111111",
    "统一社会信用代码 91110000100000000X",
    "127.0.0.1",
    "10.1.2.3 and 192.168.1.1",
    "12:30:45",
    "ff:ff:ff:ff:ff:ff",
    "::1",
    "std::vector<int>",
    "4.10.6.2",
    "part AB987654",
    "GB82 WEST 1234 5698 7654 33",
    "110105194912310021",
    "commit 1234567890",
    "error 0x80070005",
    "chapter 3.2.1.4",
    "1234567890123",
    "x = 0612",
    "123-45",
    "5 + 3 = 8",
    "20 000 000",
]


TABLES = (addresses, contexts, documents, identities, lookalikes, people, persons)
for table in TABLES:
    FINDS |= table.FINDS
    LEAVES += table.LEAVES


def marked(text: str) -> tuple[str, int, int]:
    start, end = text.index("«"), text.index("»") - 1
    return text.replace("«", "").replace("»", ""), start, end


def test_every_recogniser_has_its_table() -> None:
    assert FINDS.keys() == {unit.name for unit in rules()}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in FINDS.items() for text in texts])
def test_it_finds_what_it_is_for(name: str, text: str) -> None:
    written, start, end = marked(text)
    unit = next(unit for unit in rules() if unit.name == name)
    assert [(each.start, each.end, each.type) for each in scan(written) if each.start < end and start < each.end] == [
        (start, end, unit.type)
    ]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in contexts.BY_TYPE.items() for text in texts])
def test_the_words_around_tell_what_it_is(kind: str, text: str) -> None:
    pieces = re.split("[«»]", text)
    written = "".join(pieces)
    assert {each for each in pieces[1::2]} <= {written[each.start : each.end] for each in scan(written) if each.type == kind}


@pytest.mark.parametrize(("name", "text"), [(name, texts[0]) for name, texts in FINDS.items()])
def test_the_first_of_its_table_is_its_own(name: str, text: str) -> None:
    written, start, end = marked(text)
    assert [each.recognizer for each in scan(written) if (each.start, each.end) == (start, end)] == [name]


@pytest.mark.parametrize("text", LEAVES)
def test_it_leaves_the_innocent_alone(text: str) -> None:
    assert scan(text) == ()


# The word or sign that these need stands right beside the value: there the Chinese goes around both.
WITH_ITS_SIGN = {
    "authorization", "phone_eight", "address_lower", "birth_after", "birth_bracketed", "birth_star", "phone_extension", "profile", "qq",
    "reddit", "username",
    "code", "webhook", "person_field", "person_greeted", "person_mailed", "person_said", "person_titled", "person_zh", "person_zh_keyed",
    "username_han", "username_logged", "username_number",
    "alias", "alias_mask", "code_ahead", "code_said", "login_command", "login_machine", "login_remote", "password_ahead", "password_word",
    "seed_phrase",
}  # fmt: skip


# A line or a cell of its own; and two whose value is Chinese itself.
ALONE = {"alias_line", "login_column", "password_line", "person_signed", "person_zh_titled", "username_han"}


@pytest.mark.parametrize("name", sorted(FINDS.keys() - ALONE))
def test_chinese_right_beside_it_hides_nothing(name: str) -> None:
    """No word boundary of a regular expression stands between Han and a digit."""
    written, start, end = marked(FINDS[name][0])
    around = (0, len(written)) if name in WITH_ITS_SIGN else (start, end)
    beside = written[: around[0]] + "是" + written[around[0] : around[1]] + "的" + written[around[1] :]
    assert any(each.start <= start + 1 and each.end >= end + 1 for each in scan(beside))


def test_a_category_is_the_law_s_word_or_none() -> None:
    assert {(unit.type, unit.category) for unit in rules()} == {
        ("SECRET", None),
        ("EMAIL", "contact"),
        ("PHONE", "contact"),
        ("IP", "contact"),
        ("MAC", "contact"),
        ("BANK_CARD", "financial_account"),
        ("BANK_ACCOUNT", "financial_account"),
        ("NATIONAL_ID", "specific_identity"),
        ("PASSPORT", "specific_identity"),
        ("DRIVER_LICENSE", "specific_identity"),
        ("PLATE", "specific_identity"),
        ("ADDRESS", "contact"),
        ("DOB", "contact"),
        ("USERNAME", "contact"),
        ("PERSON", "name"),
    }


def test_gates_are_lower_case_and_names_are_unique() -> None:
    names = [unit.name for unit in rules()]
    assert len(names) == len(set(names))
    assert all(gate == gate.lower() for unit in rules() for gate in unit.gates)
    assert contextual() <= set(names)


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("order 12 for phone ", "phone"),
        ("phone 12 of order ", "order"),
        ("手机号码是", "phone"),
        ("my number is ", "phone"),
        ("my number ", "jp_mynumber"),
        ("telephonist ", ""),
        ("phone\n", "phone"),
        ("the phone of the office\n", ""),
        ("phone\nor so ", ""),
        ("", ""),
        ("身份证号：", "cn_id"),
        ("x" * 40 + "phone" + " " * 33, ""),
    ],
)
def test_the_nearest_word_names_a_number(text: str, group: str) -> None:
    assert label(text + "123", len(text)) == {"order": "other"}.get(group, group)


def test_what_stands_between_a_word_and_its_number() -> None:
    assert nearest("phone no. 12: 345", 14) == ("phone", " no. 12: ")
    assert digits_of("+49 (30) 12") == "493012"
