# SPDX-License-Identifier: Apache-2.0
"""E-mail addresses: plain (RFC 5322 dot-atom), internationalised (RFC 6531), and spelled out to hide from harvesters."""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import CERTAIN, LIKELY, Hit, Recognizer

# Letters of scripts that put spaces between words may stand in a local part; Han may not, it is the sentence around.
_LETTER = "A-Za-z0-9\u00c0-\u02af\u0370-\u1fff\uac00-\ud7a3"
_LOCAL = rf"(?<![{_LETTER}._%+-])[{_LETTER}_][{_LETTER}._%+'-]{{0,63}}"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HAN_TLD = (
    "中国|中國|公司|网络|網絡|网址|香港|台湾|台灣|新加坡|手机|在线|"
    "中文网|集团|商标|商城|政务|公益|佛山|广东|网店|世界|企业|我爱你|みんな|한국|닷컴"
)
_WIDE_LABEL = r"[\w](?:[\w-]{0,61}[\w])?"
_ADDRESS = re.compile(
    rf"(?:{_LOCAL}|[\u4e00-\u9fff]{{1,8}})@(?:(?:{_LABEL}\.){{1,8}}(?:xn--[A-Za-z0-9-]{{2,59}}|[A-Za-z]{{2,24}})(?![A-Za-z0-9])"
    rf"|(?:{_WIDE_LABEL}[.。]){{1,5}}(?:{_HAN_TLD}|[a-z]{{2,24}}(?![A-Za-z0-9])|[\u00c0-\u02af\u0370-\u1fff]{{2,24}}))"
)

_AT = r"[ ]{0,2}[\[({<][ ]?(?:at|AT|@)[ ]?[\])}>][ ]{0,2}"
_DOT = r"(?:[ ]{0,2}[\[({<][ ]?(?:dot|DOT|\.)[ ]?[\])}>][ ]{0,2}|[ ]{1,2}(?:dot|DOT)[ ]{1,2}|\.)"
_SPELLED_LABEL = "[A-Za-z0-9_-]{1,63}"
_SPELLED = re.compile(
    rf"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-]{{1,64}}(?:{_DOT}[A-Za-z0-9_%+-]{{1,64}}){{0,4}}"
    rf"(?:{_AT}(?:{_SPELLED_LABEL}{_DOT}){{1,4}}|[ ]{{1,2}}(?:at|AT)[ ]{{1,2}}(?:{_SPELLED_LABEL}[ ]{{1,2}}(?:dot|DOT)[ ]{{1,2}}){{1,4}})"
    r"[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
_BRACKET = re.compile(r"[\[({<]")
_SAID = frozenset({"com", "org", "net", "edu", "gov", "info", "biz", "app", "dev", "email", "online", "cloud", "xyz"})
# `icon@2x.png` is a file, not a mailbox.
_FILES = frozenset("png jpg jpeg gif webp svg ico bmp css js ts tsx json html py rs md txt pdf mp4 zip".split())  # noqa: SIM905 — a table


def _mailbox(text: str, found: re.Match[str]) -> Hit | None:
    start = found.start()
    if found[0].rpartition(".")[2].lower() in _FILES:
        return None
    head = text[max(0, start - 160) : start]
    userinfo = re.search(r"://[^\s/]*$", head)
    if userinfo or (found[0].startswith("git@") and text[found.end() : found.end() + 1] == ":"):
        return None  # the authority of a URL: the secret in it, if any, is found as such
    return Hit(start, found.end(), CERTAIN)


def _spelled(_: str, found: re.Match[str]) -> Hit | None:
    last = found[0].rpartition(" ")[2].lower()
    if not _BRACKET.search(found[0]) and len(last) != 2 and last not in _SAID:
        return None  # `look at this dot plot`
    return Hit(found.start(), found.end(), LIKELY)


def recognizers() -> tuple[Recognizer, ...]:
    def unit(name: str, what: str, gates: tuple[str, ...], pattern: re.Pattern[str]) -> Recognizer:
        check = _spelled if pattern is _SPELLED else _mailbox
        return Recognizer(
            name=name, type="EMAIL", category="contact", jurisdiction="", what=what, gates=gates, pattern=pattern, check=check, digits=0,
            before=200, after=400, held=check is _mailbox,
        )  # fmt: skip

    return (
        unit("email", "addresses, also with an internationalised domain or local part", ("@",), _ADDRESS),
        unit("email_spelled", "`name [at] host [dot] org`", ("[at", "(at", "{at", "<at", "[@", "(@", "[ at", "( at", " dot "), _SPELLED),
    )
