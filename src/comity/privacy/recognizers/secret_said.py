# SPDX-License-Identifier: Apache-2.0
"""Secrets as people and command lines say them: codes of doors and safes, a password without a sign before it, flags, lines of settings.

The form of the value or the words on both sides decide; an ordinary word after `password` is no secret.
"""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import HINTED, LIKELY, Check, Hit, Recognizer, table

_VALUE = r"(?P<value>[^\s\"'`“”‘’,，。；;、<>{}（）【】「」]{3,128})"
_OPEN = r"[\"'`“‘「]?"
_TRAILING = ".?:：？)）]"

# What a code opens, then the code: `door code: 4471#`, `the combination to the safe is 17-42-09`, `recovery code 7KQX-M2PD`.
_CODE = re.compile(
    r"(?<![A-Za-z])(?i:(?:(?:door|gate|entry|entrance|alarm|garage|keypad|lock|lockbox|key ?safe|safe|locker|vault|access|unlock"
    r"|recovery|backup"
    r"|building|lobby|suitcase)[ _-](?:code|pin|combination|combo)s?"
    r"|(?:recovery|backup)[ _-]key|combination(?:[ ](?:to|of|for)(?:[ ][a-z]{2,10}){1,3})?)"
    r"(?P<of>[ ](?:for|to|of)(?:[ ][a-z]{2,12}){1,3})?(?P<sign>[ ]?[:=]|[ ]is(?:[ ]now)?|['’]s)?)[ ]{0,2}" + _OPEN +
    r"(?P<value>(?=[A-Za-z#*-]{0,8}[0-9])[A-Za-z0-9#*](?:-?[A-Za-z0-9#*]){2,24})(?![A-Za-z0-9])(?!\.[0-9])"
)  # fmt: skip
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_WIFI = re.compile(
    r"(?<![A-Za-z])(?:wi-?fi|wlan|wpa[23]?|wireless|network|router|hotspot)[ _-](?:pass ?key|key|code|pass(?:word)?|pw|psk)(?:[ ]?[:=]"
    r"|[ ]is)?[ ]{1,2}"
    + _OPEN + _VALUE, re.IGNORECASE
)  # fmt: skip
_WIFI_WORD = re.compile(
    r"(?:(?:wi-?fi|wlan|wireless|hotspot)[ ](?:password|pass|key|pw)|(?i:wifi|无线|解压|提取|压缩包|网盘)(?:密码|碼|码)"
    r"|提取码|訪問碼|访问码)"
    r"[ ]?(?:[:：=]|是|为)[ ]?" + _OPEN + r"(?P<value>[A-Za-z0-9]{4,32})(?=[ \t]*(?:\n|$|[,，。；;）)\"'”」\u4e00-\u9fff]))",
    re.IGNORECASE,
)
# Four places and no sign, as the drives of the network write them; the digits of locks and bank cards.
_BESIDE = re.compile(
    r"(?:(?:提取码|访问码)[ ]?(?P<four>(?=[a-zA-Z]{0,3}[0-9])[a-zA-Z0-9]{4})"
    r"|(?:锁屏|解锁|开机|取款|支付|交易|银行卡|信用卡|门禁|门锁|大门|保险[箱柜]|行李箱|手机"
    r"|卡的?)密码[ ]?(?P<lock>[0-9]{4,8}[#*]?))(?![A-Za-z0-9]|[ ]?[位个次年])"
)
_PIN = re.compile(
    r"(?<![A-Za-z])PIN[ ](?:code[ ]|number[ ])?(?P<value>(?!19|20)[0-9]{4})(?![0-9A-Za-z.\-])(?![ ](?:attempts|digits|tries|times))"
)
_BARE = re.compile(r"(?<![A-Za-z])pass(?:word|wd|code|phrase)[ ]{1,2}" + _OPEN + _VALUE, re.IGNORECASE)
# Found from its own words; the value stands before them.
_AHEAD = re.compile(r"[\"'`”’]?[ ](?:as|is)[ ](?:(?:the|my)[ ])?(?:[a-z-]{2,12}[ ])?pass(?:word|code|phrase)(?![A-Za-z])", re.IGNORECASE)
_AHEAD_VALUE = re.compile(r"(?<![^\s\"'`“‘(])[^\s\"'`“”‘’,;<>(){}]{6,64}$")
_ALGORITHM = re.compile(r"sha|md5|base|pbkdf|oauth|utf|argon|bcrypt|scrypt|aes|rfc|http|v[0-9]|step|[0-9]+[-–]|[$%<{]|--", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)+")
_FLAG = re.compile(
    r"(?<![A-Za-z0-9-])(?:--(?:password|passwd|pass|token|secret|api-key|apikey|secret-key|auth-token|access-token)[ ]"
    r"|--user(?:=|[ ])[\"']?[A-Za-z][\w.@-]{1,40}:|-u[ ][\"']?[A-Za-z][\w.@-]{1,40}:(?![0-9/]))[\"']?(?P<value>[^\s\"'<>$%{}()]{4,256})"
)
_SHORT = re.compile(
    r"(?:(?<![A-Za-z])(?:mysql|mysqldump|mysqladmin|mariadb)[ ][^\n"
    r"|;]{0,80}?(?<=[ ])-p(?P<joined>(?=[a-z]{0,40}[^a-z\s])[^\s\"'$<>]{4,128})"
    r"|(?<![A-Za-z])(?:sshpass|docker login|podman login|az login|htpasswd|7z|plink)(?:[ ][^\n|;]{0,80}?)?[ ]-(?:p|pw)[ ]?"
    r"(?:'(?P<single>[^'\n]{4,128})'|\"(?P<double>[^\"\n$]{4,128})\"|(?P<spaced>[^\s\"'$<>-][^\s\"'$<>]{3,127})))"
)
# `账号密码：admin / …`, `user/password: lena / …`
_PAIR = re.compile(
    r"(?:账号密码|帐号密码|账户密码|用户名密码|用户名[/／和]密码|账号[/／和]密码|(?<![A-Za-z])(?:user(?:name)?|login"
    r"|email)[ ]?/[ ]?(?:password|pass|pwd|pw)"
    r"|(?<![A-Za-z])(?:credentials|creds)|(?<![A-Za-z])(?:log|sign)(?:ged|ed)?[ -]?in[ ](?:with|as|using)(?=[ ]\S{2,48}[ ]?/[ ]))"
    r"(?:[ ]are|[ ]?[:：=]|[是为]|(?<=with)|(?<=as)|(?<=using))[ ]?[\w.@-]{2,48}[ ]?(?:[/／|,，]|[ ]:)[ ]?" + _VALUE,
    re.IGNORECASE,
)
# A line of settings whose value is an ordinary word: believed when the line beside it, as far in, says who, where or what.
_LINE = re.compile(r"(?:password|passwd|pass|pwd)(?P<sign>[ ]?[:=])[ ]?(?P<value>[a-z]{6,32})[ \t]*(?=\n|$)")
_LINE_HEAD = re.compile(r"(?m)^(?P<in>[ \t]{0,16})(?:[A-Za-z_]{1,20}[._-])?$")
_SIBLING = (
    r"(?m)^{indent}(?:[A-Za-z_]{{1,20}}[._-])?(?:user|username|login|host|hostname|port|database|dbname|db|server|account"
    r"|email){sign}[ ]?\S+[ \t]*$"
)
_SECTION = re.compile(r"(?m)^\[[\w. -]{1,40}\][ \t]*$")
_NO_WORD = frozenset(
    table(
        "required optional string password secret hidden redacted masked encrypted unchanged incorrect invalid missing unknown default "
        "expired wrong correct changed varchar text value example changeme placeholder undefined forgotten available nothing disabled "
        "enabled"
    )
)
_AROUND = 200  # characters in which a sibling is looked for


def _mixed(value: str, least: int = 6) -> bool:
    """Letters with a sign among them, or with digits enough that it is no word and no version."""
    letters, digits = sum(map(str.isalpha, value)), sum(map(str.isdigit, value))
    signs = sum(c in "!@#$%^&*+=~_-" for c in value[1:])
    return len(value) >= least and letters > 0 and ((signs > 0 and digits > 0) or (digits > 1 and len(value) >= 8))


def _at(found: re.Match[str], group: str, sure: int) -> Hit | None:
    value = found[group].rstrip(_TRAILING)
    return Hit(found.start(group), found.start(group) + len(value), sure) if len(value) > 2 else None


def _secretive(value: str) -> bool:
    """Neither a word, nor a name in code, nor that of an algorithm."""
    return _mixed(value) and any(map(str.isdigit, value)) and not (_IDENTIFIER.fullmatch(value) or _ALGORITHM.match(value))


def _bare(_: str, found: re.Match[str]) -> Hit | None:
    return _at(found, "value", HINTED) if _secretive(found["value"].rstrip(_TRAILING)) else None


def _ahead(text: str, found: re.Match[str]) -> Hit | None:
    value = _AHEAD_VALUE.search(text, max(0, found.start() - 65), found.start())
    return Hit(value.start(), value.end(), HINTED) if value is not None and _secretive(value[0]) else None


def _wifi(_: str, found: re.Match[str]) -> Hit | None:
    return _at(found, "value", HINTED) if any(map(str.isdigit, found["value"])) and len(found["value"]) > 7 else None


def _word(_: str, found: re.Match[str]) -> Hit | None:
    return None if found["value"].lower() in _NO_WORD else _at(found, "value", HINTED)


def _code(_: str, found: re.Match[str]) -> Hit | None:
    """Without a sign, digits alone; `combination 3` is none."""
    value = found["value"]
    plain = len(value) > 3 and value.replace("-", "").rstrip("#*").isdigit()
    told = found["sign"] and sum(map(str.isdigit, value)) > 1
    return _at(found, "value", HINTED) if told or (plain and not found["of"] and not _YEAR.fullmatch(value)) else None


def _flag(_: str, found: re.Match[str]) -> Hit | None:
    return _at(found, "value", LIKELY) if any(map(str.isdigit, found["value"])) else None


def _pair(_: str, found: re.Match[str]) -> Hit | None:
    value = found["value"]
    return _at(found, "value", LIKELY) if any(map(str.isdigit, value)) or any(c in "!@#$%^&*+=~" for c in value) else None


# `her api key a8f5f167…`, `the token 9f8e7d6c…`: no word is so long and so mixed.
_KEY = re.compile(r"(?:token|(?<=(?:api|app)[ _-])key|(?<=(?:access|secret)[ _-])key)[ ]{1,2}" + _OPEN +
                  r"(?P<value>[A-Za-z0-9_]{20,256})(?![\w.(/-])", re.IGNORECASE)  # fmt: skip
# Twelve to twenty-four words of a list (BIP 39): whoever has them has the purse.
_SEED = re.compile(
    r"(?:(?<=seed )(?:phrase|words)|(?<=recovery )(?:phrase|words)|(?<=wallet )phrase|mnemonic(?:[ ]phrase)?|助记词)"
    r"(?:[ ]is|[ ]?[:：=]|是|为)\s?"
    + _OPEN + r"(?P<value>[a-z]{3,8}(?:[ ,]{1,2}[a-z]{3,8}){11,23})(?![a-z])", re.IGNORECASE
)  # fmt: skip
_SNAKE = re.compile("[a-z]+_[a-z]+")


def _long(_: str, found: re.Match[str]) -> Hit | None:
    value = found["value"]
    mixed = sum(map(str.isdigit, value)) > 3 and sum(map(str.isalpha, value)) > 3 and _SNAKE.search(value) is None
    return _at(found, "value", HINTED) if mixed else None


def _either(*groups: str) -> Check:
    def check(_: str, found: re.Match[str]) -> Hit | None:
        group = next(group for group in groups if found[group] is not None)
        return Hit(found.start(group), found.end(group), HINTED)

    return check


def _line(text: str, found: re.Match[str]) -> Hit | None:
    head = _LINE_HEAD.search(text[text.rfind("\n", 0, found.start()) + 1 : found.start()][-40:])
    if found["value"] in _NO_WORD or head is None:
        return None
    low, high = max(0, found.start() - _AROUND), found.end() + _AROUND
    sibling = re.compile(_SIBLING.format(indent=re.escape(head["in"]), sign=re.escape(found["sign"])))
    if found["sign"].endswith(":"):
        beside = sibling.search(text, low, high) is not None
    else:
        beside = _SECTION.search(text, low, found.start()) is not None
    return _at(found, "value", HINTED) if beside else None


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str, what: str, pattern: re.Pattern[str], check: Check, words: tuple[str, ...] = (),
        *, gates: tuple[str, ...] = (), before: int = 0, after: int = 0, led: bool = False,
    ) -> Recognizer:  # fmt: skip
        return Recognizer(
            name=name, type="SECRET", category=None, jurisdiction="", what=what, pattern=pattern, check=check, words=words, gates=gates,
            before=before, after=after, led=led, digits=0, contextual=True,
        )  # fmt: skip

    return (
        unit("code_said", "what opens a door, a gate, a safe or an account: `door code`, `combination`, `recovery code`", _CODE, _code,
             ("code", "codes", "combination", "combo", "pin", "key"), before=24, after=160),
        unit("wifi_key", "the value after `wifi key`, `WPA2 key` and the like", _WIFI, _wifi,
             ("wifi", "wi", "wlan", "wpa", "wireless", "network", "router", "hotspot")),
        unit("password_word", "one ordinary word after `wifi password:`, `解压密码：`, `提取码：`", _WIFI_WORD, _word,
             ("wifi", "fi", "wlan", "wireless", "hotspot", "无线密码", "解压密码", "压缩包密码", "网盘密码", "提取码",
              "提取密码", "访问码", "訪問碼")),
        unit("lock_code", "digits right after `锁屏密码`, `取款密码` and the like, four places after `提取码`", _BESIDE,
             _either("four", "lock"), gates=("密码", "提取码", "访问码"), before=6, after=24),
        unit("key_said", "twenty letters and digits or more right after `api key`, `token`", _KEY, _long, words=("key", "token"), led=True),
        unit("seed_phrase", "the words that open a purse of coins, after `seed phrase`, `助记词`", _SEED, _either("value"),
             ("phrase", "words", "mnemonic", "助记词"), led=True),
        unit("pin", "four digits after `PIN`", _PIN, _either("value"), ("pin",)),
        unit("password_bare", "letters, digits and signs right after `password`", _BARE, _bare, gates=("pass",)),
        unit("password_ahead", "letters, digits and signs before `as the password`, `is my password`", _AHEAD, _ahead,
             gates=("pass",), before=28, after=11),
        unit("secret_flag", "what a command line is given with `--password`, `--token`, `-u user:`", _FLAG, _flag,
             gates=("--pass", "--token", "--secret", "--api", "--user", "--auth", "--access", "-u "), before=1, after=320),
        unit("secret_flag_short", "what `mysql`, `sshpass`, `docker login` and the like are given with `-p`", _SHORT,
             _either("joined", "single", "double", "spaced"), gates=(" -p",), before=120, after=140),
        unit("login_pair", "the password of `账号密码：… / …`, `user/password: … / …`", _PAIR, _pair,
             gates=("密码", "/pass", "/ pass", "/pw", "/ pw", "cred", " / "), before=64, after=210),
        unit("password_line", "an ordinary word as password in a file of settings, beside its user or host", _LINE, _line,
             gates=("pass", "pwd")),
    )  # fmt: skip
