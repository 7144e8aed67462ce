# SPDX-License-Identifier: Apache-2.0
"""A proofread text beside the one it corrects: spelling, forms and small words may change, and nothing else."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from fractions import Fraction

from comity.privacy.names import latin_lexicon
from comity.tasks.gates import pinyin
from comity.tasks.gates.amounts import same
from comity.tasks.gates.lexicon import lexicon, listed, stem
from comity.tasks.gates.numeral import read_digits, read_number, spelt
from comity.tasks.gates.pair import Pair
from comity.tasks.gates.whom import TITLES_ZH, found
from comity.tasks.gates.words import ZH_STOPS
from comity.tasks.shapes import Gate

_TOKEN = re.compile(r"[\u3400-\u9fff]|[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*|\d+(?:[.,:]\d+)*", re.A)
LIKE = 0.5
"""Of its letters: so much of a misspelt word is right."""
_NUMERALS = frozenset("〇零一二两三四五六七八九十百千万亿半")
_MEASURES = frozenset("个只张把条件位名份本台辆座支枝棵朵块双对副顶头匹根颗粒间栋幢艘架部首篇次遍场趟")
_FORMAL_ZH = frozenset("自至各余逢均亦仍皆即已于与及或因而但若如为以之其此该")
_SMALL_ZH = (ZH_STOPS | _MEASURES | _FORMAL_ZH) - _NUMERALS - frozenset("不没未无勿别前后上下曾")
_NO = frozenset("不没未无勿别")


def beyond(pair: Pair) -> Gate | None:
    if pair.kind != "proofread":
        return None
    before = [(each[0], each.start()) for each in _TOKEN.finditer(pair.source)]
    after = [(each[0], each.start()) for each in _TOKEN.finditer(pair.answer)]
    if renamed := _renamed(pair):
        return Gate(name="edits", passed=False, why="name_changed", said=renamed)
    matcher = SequenceMatcher(None, [word.lower() for word, _ in before], [word.lower() for word, _ in after], autojunk=False)
    changes = [each for each in matcher.get_opcodes() if each[0] != "equal"]
    moved = {stem(word.lower()) for _, i, j, _, _ in changes for word, _ in before[max(0, i - 1) : j + 1]}
    for _, i, j, k, m in changes:
        was, now = [word for word, _ in before[i:j]], [word for word, _ in after[k:m]]
        beside = [word for word, _ in before[max(0, i - 1) : j + 1]]
        why = _why(was, now, beside, moved, pair, before[j][1] if j < len(before) else len(pair.source))
        if why:
            said = pair.answer[after[k][1] : after[m - 1][1] + len(after[m - 1][0])] if m > k else " ".join(was)
            return Gate(name="edits", passed=False, why=why, said=said)
    return None


def _renamed(pair: Pair) -> str:
    """王芳 where 王方 stood, or a manager where his deputy did: the source's names and offices follow each other as they did."""
    known = sorted({one.key for one in found(pair.source) if len(one.key) > 1}, key=len, reverse=True)
    for pattern in ("|".join(map(re.escape, known)), f"副?(?:{TITLES_ZH})"):
        was, now = re.findall(pattern, pair.source.lower()), re.findall(pattern, pair.answer.lower())
        if pattern and len(was) == len(now) and was != now:
            return str(next(new for old, new in zip(was, now, strict=True) if old != new))
    return ""


def _why(was: list[str], now: list[str], beside: list[str], moved: set[str], pair: Pair, after: int) -> str:
    """A code; "" of a correction."""
    if _values(was) != _values(now) and not _joined(was, now) and not _respelt(now, pair):
        return "number_changed"
    if _turned(was, now):
        return "turned_round"
    if _denials(was) and not _denials(now) and not _closing(pair.source, after) and not _misheard(was, now):
        return "denial_lost"
    if _denials(now) and not _denials(was):
        return "denial_invented"
    han = [each for each in now if "\u3400" <= each <= "\u9fff"]
    for place, each in enumerate(han):
        opposite = was[place] if len(was) == len(han) else ""
        if not _small_zh(each) and not _means(now, was) and not (_sounds(each, opposite, was or beside) and (was or pinyin.readings(each))):
            return "word_changed" if was else "word_added"
    for each in now:
        if each[0].isascii() and each[0].isalpha() and (why := _english(each, was, moved, pair)):
            return why
    lost = [each for each in was if each[0] < "\u3400" and each.lower() not in listed("stops") and each.isalpha()]
    return "words_dropped" if len(lost) > 3 and not now else ""


def _number(word: str) -> bool:
    return word[0].isdigit() or word in _NUMERALS


_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬", "一二三四五六七八九十百千万")


def _values(words: list[str]) -> list[Fraction | str]:
    """Of the numerals, however they are written; a numeral that is none stands for itself."""
    out: list[Fraction | str] = []
    run = ""
    for word in (*words, ""):
        plain = word.translate(_FORMAL)
        if plain and plain in _NUMERALS:
            run += plain
            continue
        if run:
            size = read_number(run)
            out.append(run if size is None else size)
            run = ""
        if word[:1].isdigit():
            size = read_digits(word)
            out.append(word if size is None else size)
    return out


def _respelt(now: list[str], pair: Pair) -> bool:
    """`half past nine in the evening` is `9.30 pm`, and `fourty` is 40: every value beside it is one of the source."""
    fresh = [each for each in now if _number(each)]
    if not fresh:
        return False
    said = [one for one in pair.said if any(each in pair.answer[one.start : one.end] for each in fresh)]
    if said and all(any(same(one, other) and other.unit == one.unit for other in pair.given) for one in said):
        return True
    numbers = [spelt(each.lower()) for each in re.findall("[A-Za-z]+", pair.source)]
    return all(each.isdigit() and Fraction(each) in numbers for each in fresh)


def _joined(was: list[str], now: list[str]) -> bool:
    """一但 is 一旦: a numeral that is only part of a word on both sides, or `one` beside it."""
    return (
        not any(word[0].isdigit() for word in (*was, *now))
        and "".join(each for each in was if each in _NUMERALS) in ("", "一")
        and "".join(each for each in now if each in _NUMERALS) in ("", "一")
    )


def _turned(was: list[str], now: list[str]) -> bool:
    known = lexicon()
    for table, old, new in (
        (known.poles_english, [stem(each.lower()) for each in was], [stem(each.lower()) for each in now]),
        (known.poles_chinese, [*was, "".join(was)], [*now, "".join(now)]),
    ):
        ours = {pole for each in new for pole in table.get(each, ())}
        theirs = {pole for each in old for pole in table.get(each, ())}
        if any((name, 1 - end) in theirs and (name, end) not in theirs and (name, 1 - end) not in ours for name, end in ours):
            return True
    return False


def _misheard(was: list[str], now: list[str]) -> bool:
    """酒席不上 for 补上: the denial is a character that sounds like the right one."""
    return len(was) == len(now) and any(
        old in _NO and old != new and pinyin.readings(old) & pinyin.readings(new) for old, new in zip(was, now, strict=True)
    )


def _denials(words: list[str]) -> bool:
    return any(
        each in _NO
        or each == "禁"
        or each.lower() in listed("no en")
        or (re.search(r"n['’]?t$", each.lower()) and len(each) > 3 and each.lower() not in listed("same end"))
        for each in words
    )


def _closing(text: str, at: int) -> bool:
    return not text[at - 1 : at].strip(" ，。,.!?！？；;")


def _means(now: list[str], was: list[str]) -> bool:
    """禁止 for 不许: one word for another that means the same."""
    known = lexicon().chinese
    return bool(known.get("".join(now), frozenset()) & known.get("".join(was), frozenset()))


def _small_zh(character: str) -> bool:
    return character in _SMALL_ZH


def _sounds(new: str, opposite: str, was: list[str]) -> bool:
    mine = {_plain(each) for each in pinyin.readings(new)}
    return any(
        each == new or not pinyin.readings(each) or not mine or mine & {_plain(reading) for reading in pinyin.readings(each)}
        for each in ([opposite] if opposite else was)
        if "\u3400" <= each <= "\u9fff"
    )


_INITIALS = re.compile("^[ptkqxcsrnh]")
_ALIKE = {"p": "b", "t": "d", "k": "g", "q": "j", "x": "j", "c": "z", "s": "z", "r": "l", "n": "l", "h": "f"}


def _plain(reading: str) -> str:
    """As those hear it who write one for the other."""
    return _INITIALS.sub(lambda found: _ALIKE.get(found[0], found[0]), re.sub("ng$", "n", re.sub("^([zcs])h", r"\1", reading)))


_MODALS = frozenset(("may", "might", "must", "can", "cannot", "need"))


def _alike(old: str, new: str) -> bool:
    return SequenceMatcher(None, old.lower(), new).ratio() >= LIKE


def _english(word: str, was: list[str], moved: set[str], pair: Pair) -> str:
    lower = word.lower().replace("’", "'")
    olds = [each for each in was if each[0].isascii()]
    if word[0].isupper():
        known = latin_lexicon.lexicon()
        for each in olds:
            if (
                each[0].isupper()
                and each.lower() != lower
                and any(known.of(each.lower())[:2])
                and re.search(rf"\b{re.escape(word)}\b", pair.source)
            ):
                return "name_changed"
    if lower in _MODALS and lower not in pair.source.lower().split() and not any(_alike(each, lower) for each in olds):
        return "word_changed"
    if stem(lower) in moved or lower in listed("stops") or lower.removesuffix("'s") in listed("stops") or lower.endswith("n't"):
        return ""
    if not olds:
        return "word_added"
    if lexicon().english.get(stem(lower), frozenset()) & frozenset[str]().union(
        *(lexicon().english.get(stem(each.lower()), frozenset()) for each in olds)
    ):
        return ""
    if any(
        stem(each.lower()) == stem(lower) or SequenceMatcher(None, each.lower(), lower).ratio() >= LIKE for each in (*olds, "".join(olds))
    ):
        return ""
    return "word_changed"
