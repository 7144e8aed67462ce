# SPDX-License-Identifier: Apache-2.0
"""Marks as a locale writes them.  Code, addresses, paths, numbers and times are left as they are.

GB/T 15834-2011 and 教育部重訂標點符號手冊: full width in Chinese text, half width inside what is Latin.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from comity.tasks.locale.pack import Pack, Punctuation

_KEPT = re.compile(
    r"```.*?```|`[^`\n]*`"  # code
    r"|https?://[^\s\u2e80-\uffef<>\"“”「」]*[^\s\u2e80-\uffef<>\"“”「」.,;:!?)]|www\.[\w.-]+[\w/]"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|[A-Za-z]:\\[\w\\.-]+|(?<![\w/])~?/[\w.-]+(?:/[\w.-]+)+"
    r"|(?<![A-Za-z])(?:[A-Z]\.){2,}"
    r"|[+-]?[0-9]+(?:[.,:/'’-][0-9]+)+"  # numbers, times, dates, phones
    r"|[0-9]+['’′](?:[0-9]+[\"”″])?|[0-9]+[\"″](?=\s|$)"  # feet and inches
    r"|(?<![A-Za-z])[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*\.[A-Za-z0-9_]{2,}(?:\([^()\s]*\))?"  # file.txt, a.b.c()
    r"|[A-Za-z_][A-Za-z0-9_]*\([A-Za-z0-9_, ]*\)"
    r"|[:;]-?[)(DP](?=\s|$)",
    re.S,
)
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAS_HAN = re.compile(f"[{_HAN}]")
_FULL = {",": "，", ".": "。", "!": "！", "?": "？", ";": "；", ":": "："}
_CLOSING = "”’」』）》〉】\"')"
_HOLE = re.compile("\ue000(\\d+)\ue001")


def punctuate(pack: Pack, text: str) -> str:
    """Quotation marks too.  What is marked right already stays."""
    if "\ue000" in text or "\ue001" in text:
        return text  # private characters of somebody else's: ours could not be told from them
    full = pack.punctuation.width == "full"
    return _around(text, lambda said: "\n".join(map(_full if full else _half(pack), quoted(pack, said).split("\n"))), pack)


def _around(text: str, change: Callable[[str], str], pack: Pack) -> str:
    held: list[str] = []

    def hole(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"\ue000{len(held) - 1}\ue001"

    said = change(_KEPT.sub(hole, text))
    said = _dashes(pack.punctuation, said)
    return _HOLE.sub(lambda found: held[int(found[1])], said)


def _dashes(said: Punctuation, text: str) -> str:
    full = said.width == "full"
    if full:
        text = re.sub(rf"<<([^<>\n]*[{_HAN}][^<>\n]*)>>", rf"{said.work[0]}\1{said.work[1]}", text)
        text = re.sub(rf"(?<=[{_HAN}])~(?=[{_HAN}])", "～", text)
    else:
        text = re.sub(r"(?<=\w) +(?=[,!?;](?:\s|$))", "", text)
    for short in said.spaced:
        text = re.sub(rf"(?<!\w){re.escape(short)}", short.replace(".", ".\u00a0").rstrip("\u00a0"), text)
    if not full or _HAS_HAN.search(text):
        text = re.sub(r"(?<!\.)\.{3}(?!\.)|(?<!…)…(?!…)" if full else r"(?<!\.)\.{3}(?!\.)", said.ellipsis, text)
    if full:
        text = re.sub(rf"(?<=[{_HAN}，。”」])。{{3,6}}|(?<=[{_HAN}])\.{{6}}", said.ellipsis, text)
        return re.sub(rf"(?<=[{_HAN}，。？！”」])\s?(?:--+|(?<!—)—(?!—))\s?(?=[{_HAN}“「\ue000])", said.dash, text)
    return re.sub(r"(?<=[\w,.“”\"])(?: --? | ?—(?=\w)|(?<=\w)--(?=\w))", said.dash, text)


def _half(pack: Pack) -> Callable[[str], str]:
    def change(line: str) -> str:
        if pack.punctuation.apostrophe:
            line = re.sub(r"(?<=[^\W\d_])'(?=[^\W\d_])|'(?=[0-9]{2}s\b)|(?<=s)'(?=\s|$)", pack.punctuation.apostrophe, line)
        if _HAS_HAN.search(line):
            return line
        for wide in "，。！？；：（）":
            if wide in line:
                narrow = {"（": "(", "）": ")"}.get(wide) or next(key for key, value in _FULL.items() if value == wide)
                line = re.sub(rf"\s*{wide}(?=[^\W_])" if wide not in "（）" else wide, narrow + (" " if wide not in "（）" else ""), line)
                line = line.replace(wide, narrow)
        return line

    return change


def _full(line: str) -> str:
    """One line.  A mark is Chinese where what it ends, or what it stands before, is."""
    if not _HAS_HAN.search(line):
        return line
    line = _brackets(line)
    out: list[str] = []
    for at, mark in enumerate(line):
        if mark not in _FULL:
            out.append(mark)
            continue
        before, after = "".join(out).rstrip(" "), line[at + 1 :]
        if _is_chinese(before, after, mark):
            while out and out[-1] == " ":
                out.pop()
            out.append(_FULL[mark])
        else:
            out.append(mark)
    said = "".join(out)
    return re.sub(rf"([，。！？；：])[ \t]+(?=[{_HAN}\w“「『《（\"'\ue000])", r"\1", said)


def _is_chinese(before: str, after: str, mark: str) -> bool:
    near = before.rstrip(_CLOSING + "".join(_FULL.values()))[-1:]
    following = after.lstrip(" " + _CLOSING)[:1]
    if mark == "." and (after[:1] == "." or before[-1:] == "."):
        return False  # an ellipsis
    if re.match(f"[{_HAN}]", near):
        return True
    if mark in ".:" and after[:1] == " " and re.search(r"(?:^|[\s，。；：！？,;(（])[0-9]{1,2}$", before):
        return False  # `1. `: a list
    if re.match(f"[{_HAN}]", following):
        return True
    if mark == "," and re.match("[A-Za-z]", after[:1]):
        return bool(_HAS_HAN.search(_last(before)))  # names in a row; English prose has a space there
    if before[-1:] in "」』）》”’" and before:
        return not following or bool(re.match(f"[{_HAN}]", following)) or bool(_HAS_HAN.search(_last(before)))
    return not following and bool(_HAS_HAN.search(_last(before)))


def _last(before: str) -> str:
    """The sentence that is being ended."""
    return re.split("[。！？.!?]", before.rstrip("。！？.!?"))[-1]


def _brackets(line: str) -> str:
    """A pair around Chinese, or right behind it."""

    def change(found: re.Match[str]) -> str:
        inner = found[2]
        if _HAS_HAN.search(inner) or (re.match(f"[{_HAN}”」』》]", found[1]) and inner.strip()):
            return f"{found[1].rstrip(' ')}（{inner.strip()}）" if _HAS_HAN.search(found[1] or inner) else f"{found[1]}（{inner}）"
        return found[0]

    said = re.sub(r"(^|.)\(([^()\n]*)\)", change, line)
    return re.sub(rf"(?<=[{_HAN}]) （|） (?=[{_HAN}])", lambda found: found[0].strip(), said)


_PAIRS = {"“": "”", "「": "」", "„": "“", "«": "»", "『": "』", "‘": "’", "‚": "‘", "»": "«"}
_OUTER, _INNER = '"“”„「」«»＂', "'‘’‚『』＇"


def quoted(pack: Pack, text: str) -> str:
    """Straight and foreign quotation marks become the locale's, pair by pair; the inner ones of a pair its inner ones.

    A mark that has no partner on its line stays as it is, and so does an apostrophe.
    """
    return "\n".join(_line(pack, line) for line in text.split("\n"))


def _line(pack: Pack, line: str) -> str:
    if pack.punctuation.width == "full" and not _HAS_HAN.search(line):
        return line
    letters = list(line)
    for begin, end, depth in _paired(line):
        single = depth % 2 == 1 or (depth == 0 and pack.punctuation.width == "half" and line[begin] in _INNER)
        left, right = pack.punctuation.quotes[2:] if single else pack.punctuation.quotes[:2]
        letters[begin], letters[end] = left, right
    return "".join(letters)


def _paired(line: str) -> list[tuple[int, int, int]]:
    """(where it begins, where it ends, how deep it stands)."""
    open_at: list[tuple[int, str]] = []
    pairs: list[tuple[int, int, int]] = []
    for at, mark in enumerate(line):
        kind = "outer" if mark in _OUTER else "inner" if mark in _INNER else ""
        if not kind or _is_apostrophe(line, at, mark):
            continue
        closes = open_at and open_at[-1][1] == kind and _may_close(line, open_at[-1][0], at)
        if closes:
            begin, _ = open_at.pop()
            pairs.append((begin, at, len(open_at)))
        elif _may_open(line, at) and not any(each == kind for _, each in open_at):
            open_at.append((at, kind))
        elif any(each == kind for _, each in open_at) and _may_close(line, next(p for p, each in reversed(open_at) if each == kind), at):
            while open_at[-1][1] != kind:
                open_at.pop()
            begin, _ = open_at.pop()
            pairs.append((begin, at, len(open_at)))
    whole = {(begin, end) for begin, end, _ in pairs}
    return [(begin, end, sum(b < begin and end < e for b, e in whole)) for begin, end, _ in pairs]


def _is_apostrophe(line: str, at: int, mark: str) -> bool:
    if mark not in "'’＇‘":
        return False
    before, after = line[at - 1 : at], line[at + 1 : at + 2]
    latin = re.compile(r"[A-Za-zÀ-ɏ0-9]")
    decade = mark in "'’" and re.match(r"[0-9]{2}s\b", line[at + 1 : at + 5]) is not None
    return bool(mark != "‘" and latin.match(before) and latin.match(after)) or decade


def _may_open(line: str, at: int) -> bool:
    if line[at] in "”」』»’":
        return line[at] == "»" and line[at - 1 : at] in ("", " ")
    after = line[at + 1 : at + 2]
    before = line[at - 1 : at]
    return bool(after.strip()) and not (line[at] == "'" and re.match(r"[A-Za-z0-9]", before or " ") is not None)


def _may_close(line: str, begin: int, at: int) -> bool:
    opener, mark = line[begin], line[at]
    if opener in _PAIRS:
        return mark == _PAIRS[opener] or mark in "\"'" or (opener in "„‚" and mark in "“”‘’")
    return at > begin + 1 and (mark == opener or mark in "”’」』»“‘")
