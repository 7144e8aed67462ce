# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Names: each of the answer stands in the source, and does there what it does here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from comity.privacy.names import han_lexicon, latin_lexicon
from comity.tasks.gates import pinyin, sounds
from comity.tasks.gates.lexicon import lexicon, listed, names, stem
from comity.tasks.gates.pair import Pair
from comity.tasks.gates.words import Clause
from comity.tasks.shapes import Gate

_CAPITAL = re.compile(r"[A-ZÀ-Þ][\w'’-]*", re.A)
TITLES_ZH = (
    "先生|女士|小姐|太太|夫人|老师|教授|经理|主任|总监|总|哥|姐|叔|姨|婶|爷|奶|医生|大夫|师傅|律师|校长|院长|局长|处长|科长|队长|董事长|"
    "主席|部长|市长|县长|秘书|同学|妈妈|爸爸|工程师|会计|教练|导师|警官"
)
_TITLED = re.compile(rf"([\u4e00-\u9fff]{{1,3}}?)({TITLES_ZH})")
_NICK = re.compile("[老小阿][\u4e00-\u9fff](?![\u4e00-\u9fff]?师)")
ROLES = re.compile(
    "甲方|乙方|房东|房主|租客|租户|买方|卖方|原告|被告|委托人|受托人|发包方|承包方|landlord|tenant|buyer|seller|lessor|lessee", re.I
)
SURE = 3.9
"""Log-odds of a Chinese name by its characters."""
CERTAIN = 7.0
"""… of two characters that nothing else shows to be one."""
SURNAME = 1.5
COMMON = 4
"""Of 0 to 9: a word so common is no name's beginning."""
ALIKE = 0.5
SOUNDS = 0.66
"""Of the consonants of a name, in either writing: so many are the same."""


class Name(NamedTuple):
    start: int
    end: int
    key: str  # lower case


@lru_cache(64)
def found(text: str) -> tuple[Name, ...]:
    return tuple(sorted({*_latin(text), *_han(text)}))


def _latin(text: str) -> list[Name]:
    out: list[Name] = []
    known = latin_lexicon.lexicon()
    for piece in _CAPITAL.finditer(text):
        word = piece[0].replace("’", "'").removesuffix("'s").removesuffix("'")
        lower = word.lower()
        if lower in listed("no names") or len(lower) < 2 or "'" in lower:
            continue
        if _opens(text, piece.start()):
            given, family, common = known.of(latin_lexicon.folded(lower))
            after = _CAPITAL.match(text, piece.end() + 1)
            person = (
                ((given or family) and not common)
                or lower in names()[0]
                or (after is not None and after[0].lower() not in listed("no names") and not common and not lower.endswith("ing"))
            )
            if not person or lower in listed("stops") or stem(lower) in lexicon().english:
                continue
        out.append(Name(piece.start(), piece.start() + len(word), lower))
    return out


def _opens(text: str, at: int) -> bool:
    before = text[:at].rstrip(" \t\"'“‘(—–-")
    return not before or before[-1] in ".!?:;\n。！？：；"


def _han(text: str) -> list[Name]:
    if not re.search("[\u4e00-\u9fff]", text):
        return []
    out: list[Name] = []
    known = han_lexicon.lexicon()
    for piece in re.finditer("[\u4e00-\u9fff]+", text):
        run, at = piece[0], 0
        while at < len(run):
            size = _name_at(run, at, known)
            if size:
                out.append(Name(piece.start() + at, piece.start() + at + size, run[at : at + size]))
            at += size or _word_at(run, at, known)
    return out


def _word_at(run: str, at: int, known: han_lexicon.Lexicon) -> int:
    return next(
        (
            size
            for size in (4, 3, 2)
            if at + size <= len(run) and (run[at : at + size] in known.words or run[at : at + size] in lexicon().chinese)
        ),
        1,
    )


def _name_at(run: str, at: int, known: han_lexicon.Lexicon) -> int:
    foreign = next((size for size in (6, 5, 4, 3, 2) if at + size <= len(run) and run[at : at + size] in names()[1]), 0)
    if foreign:
        return foreign
    if at and run[at - 1] in _NUMERALS:
        return 0
    if (
        run[at] in "老小阿"
        and known.surname.get(run[at + 1 : at + 2], -9) > 0
        and run[at : at + 2] not in known.words
        and run[at : at + 3] not in known.words
    ):
        return 2
    if _word_at(run, at, known) > 2 and not known.words.get(run[at : at + _word_at(run, at, known)], (0, False))[1]:
        return 0
    roots = known.roots(run, at)
    for root in sorted(roots, reverse=True):
        title = re.match(TITLES_ZH, run[at + root :])
        if title and known.surname.get(run[at], 5.0) > SURNAME and run[at : at + root + 1] not in known.words:
            return root
        if root == 2 and run[at : at + 2] in known.words:
            continue
        cued = at == 0 or run[at - 1] in _CUES
        top: tuple[float, int] = (SURE - 1 if cued else SURE, 0)
        for given in (2, 1):
            name = run[at : at + root + given]
            if len(name) < root + given or any(each in _NUMERALS for each in name) or _breaks(run, at, len(name), known):
                continue
            if len(name) > 2 and (name[:2] in listed("courtesies") or known.words.get(name[:2], (0, False))[0] > COMMON):
                continue
            if name in known.words or name in lexicon().chinese or any(each in _NEVER for each in name):
                continue
            if re.match(TITLES_ZH, run[at + len(name) - 1 :]):
                continue  # its last character begins a title
            score = known.chinese(name, root) + (2 if re.match(TITLES_ZH, run[at + len(name) :]) else 0)
            beyond = run[at + len(name) : at + len(name) + 1]
            score += 2 if cued and (not beyond or beyond in _CUES or beyond in "的来去在已将会要代负领") else 0
            for part in {name[:2], name[-2:]} - {name}:
                score -= _WORDY * known.words.get(part, (5 if part in lexicon().chinese else 0, False))[0]
            if score > top[0] + (0 if top[1] == 0 else 1):
                top = (score, len(name))
        if top[1]:
            return top[1]
    size = _word_at(run, at, known)
    if size >= 2 and known.words.get(run[at : at + size], (0, False))[1] and run[at : at + size] not in lexicon().chinese:
        return size
    return 0


_CUES = frozenset("由找叫给让请跟和与是说对向为问")
_NEVER = frozenset("的了是在不没我你他她它们这那哪您就都也又还很把被")
_WORDY = 0.4
"""Log-odds that a part of a name loses for each degree of being a common word."""
_NUMERALS = frozenset("一二两三四五六七八九十百千万亿几每这那第")


def _breaks(run: str, at: int, size: int, known: han_lexicon.Lexicon) -> bool:
    """Whether a word begins in the name and goes on behind it."""
    return any(
        at + place + long <= len(run) and run[at + place : at + place + long] in known.words
        for place in range(1, size)
        for long in (2, 3, 4)
        if place + long > size
    )


def strangers(pair: Pair) -> Gate | None:
    """A name that the source does not hold."""
    if pair.kind == "proofread":
        return None
    given = "\n".join((pair.source, pair.question, *pair.known))
    lower = given.lower()
    for one in found(pair.answer):
        if len(one.key) == 2 and one.key[0] > "\u3400" and not _certain(one, pair.answer):
            continue
        if one.key in lower or (pair.across and _crosses(one.key, given)) or _related(one.key, given, lower):
            continue
        if pair.across and not _foreign(one.key):
            continue
        return Gate(name="names", passed=False, why="name_invented", said=pair.answer[one.start : one.end])
    return None


def _certain(one: Name, text: str) -> bool:
    """Two characters make a verb as often (`张罗`): their own odds, a title, or a word before that names follow, tell that they are a name."""
    known = han_lexicon.lexicon()
    return (
        one.key in names()[1]
        or one.key[0] in "老小阿"
        or known.words.get(one.key, (0, False))[0] > 1  # a place
        or one.key[0] not in known.surname
        or known.chinese(one.key, 1) >= CERTAIN
        or text[one.start - 1 : one.start] in _CUES
        or re.match(TITLES_ZH, text[one.end :]) is not None
    )


def _related(key: str, given: str, lower: str) -> bool:
    if key[0] < "\u3400":
        parts = [part for part in re.split(r"[-'’]", key) if len(part) > 1]
        words = set(re.findall(r"[\w'’]+", lower))
        return all(
            any(word.startswith(part[: max(4, len(part) - 3)]) or (part.startswith(word) and len(word) > 3) for word in words) or part in listed("stops") or stem(part) in {stem(each) for each in words}
            or bool(lexicon().english.get(stem(part)))
            for part in parts
        )  # fmt: skip
    others = [each.key for each in found(given)]
    if len(key) <= 2 and key[0] in "老小阿" and key[-1] in given:
        return True
    return any(each.startswith(key) or key in each or (len(each) > 1 and key.startswith(each)) for each in others) or (
        key in names()[1] and names()[1][key] in lower
    )


def _foreign(key: str) -> bool:
    """Whether enough is known of a name to say that the other language has another."""
    if key[0] < "\u3400":
        return key in names()[0] or (
            bool(pinyin.split(key)) and key not in listed("stops") and stem(key) not in lexicon().english and len(key) > 2
        )
    return key in names()[1] or len(key) >= 2


def _crosses(key: str, given: str) -> bool:
    ours, theirs = names()
    if key[0] < "\u3400":
        return any(each in given for each in ours.get(key, ())) or pinyin.said(key, given)
    if key in theirs:
        return theirs[key] in given.lower() or any(key in alike for word, alike in ours.items() if word in given.lower())
    if any(_sounds(each[0].lower(), key) for each in _CAPITAL.finditer(given)):
        return True
    words = re.findall(r"[a-z]+", given.lower())
    wanted = key.lstrip("老小阿") or key
    return _sounded(wanted, words)


def _sounded(han: str, words: Sequence[str]) -> bool:
    if any(pinyin.said(word, han) and any(len(split) == len(han) for split in pinyin.split(word)) for word in words):
        return True
    return (
        bool(han)
        and len(han) <= 3
        and all(any(pinyin.said(word, han[at]) or (len(word) > 3 and pinyin.said(word, han[1:])) for word in words) for at in (0,))
    )


def lost(pair: Pair) -> Gate | None:
    """A translation leaves no name out."""
    if not pair.across:
        return None
    for one in found(pair.source):
        if one.key[0] < "\u3400":
            if one.key in names()[0]:
                there = any(each in pair.answer for each in names()[0][one.key])
            elif pinyin.split(one.key) and len(one.key) > 2 and stem(one.key) not in lexicon().english and one.key not in listed("stops"):
                there = pinyin.said(one.key, pair.answer)
            else:
                continue
            if not there and one.key not in pair.answer.lower() and not _heard(one.key, pair.answer):
                return Gate(name="names", passed=False, why="name_lost", said=one.key)
    return None


def _heard(latin: str, text: str) -> bool:
    """Some characters of it sound as ``latin`` does."""
    runs = re.findall("[\u4e00-\u9fff]+", text)
    return any(
        sounds.alike(latin, run[at : at + size]) >= SOUNDS for run in runs for size in (2, 3, 4) for at in range(len(run) - size + 1)
    )


# -- who does what ------------------------------------------------------------------------------------------------------


def _within(text: str, clause: Clause) -> list[Name]:
    roles = [Name(each.start(), each.end(), each[0].lower()) for each in ROLES.finditer(text, clause.start, clause.end)]
    return [*(one for one in found(text) if clause.start <= one.start < clause.end), *roles]


def _same(one: str, other: str) -> bool:
    if one == other or one in other or other in one:
        return True
    if (one[0] < "\u3400") != (other[0] < "\u3400"):
        latin, han = (one, other) if one[0] < "\u3400" else (other, one)
        return han in names()[0].get(latin, ()) or pinyin.said(latin, han) or _sounds(latin, han)
    return len(one) <= 2 and one[-1] == other[0] and one[0] in "老小阿"


def _sounds(latin: str, han: str) -> bool:
    """Of names that no list holds."""
    return latin not in names()[0] and han not in names()[1] and sounds.alike(latin, han) >= SOUNDS


def _called(one: str, other: str, source: str) -> bool:
    """`Party A (the landlord)`."""
    return (
        re.search(
            rf"{re.escape(one)}[\s(（]{{1,2}}(?:the )?{re.escape(other)}|{re.escape(other)}[\s(（]{{1,2}}(?:the )?{re.escape(one)}",
            source,
            re.I,
        )
        is not None
    )


def swapped(pair: Pair) -> Gate | None:
    """What an answer's clause says of a name, the source says of that name, or of nobody, rather than of another alone."""
    if pair.kind == "proofread":
        return None
    holders = _holders(pair)
    for clause in pair.here:
        ours = _within(pair.answer, clause)
        if not ours:
            continue
        apart = {each.text for each in clause.tokens if any(one.start <= each.start < one.end for one in ours)}
        for one in ours:
            if not _known(one.key, pair):
                continue  # of whom the source says what, it does not say
            with_it, without, others = 0.0, 0.0, 0
            for token in clause.tokens:
                if not token.content or token.text in apart or token.text.lower() in listed("unweighed"):
                    continue
                said = [(share, holders[at]) for at, share in pair.shares(token).items()]
                most = max((share for share, _ in said), default=0.0)
                said = [(share, keys) for share, keys in said if share >= max(SHARED, most) and keys]
                if not said:
                    continue
                weight = pair.weight(token)
                his = [any(_is(one.key, key, pair.source) for key in keys) for _, keys in said]
                if all(his):
                    with_it += weight
                elif not any(his) and not any(_is(mine.key, key, pair.source) for _, keys in said for key in keys for mine in ours):
                    without += weight
                    others += 1
            if without >= AGAINST and with_it < without / 2:
                return Gate(name="names", passed=False, why="name_misplaced", said=pair.answer[one.start : one.end])
        score, best = pair.best(clause, apart)
        if best is None or score < ALIKE:
            continue
        theirs = _within(pair.source, best)
        around = [one for each in pair.sentence(best) for one in _within(pair.source, each)]
        strange = [one for one in ours if not any(_is(one.key, other.key, pair.source) for other in around)]
        left = [other for other in around if not any(_is(one.key, other.key, pair.source) for one in ours)]
        if strange and left and score >= SURELY and theirs:
            return Gate(name="names", passed=False, why="name_misplaced", said=pair.answer[strange[0].start : strange[0].end])
        if pair.across and (wrong := _turned(ours, best, pair)):
            return Gate(name="names", passed=False, why="names_swapped", said=pair.answer[wrong.start : wrong.end])
        if len(ours) == 2 and len(theirs) == 2 and _order(ours, theirs) and not _voices(pair, clause, best):
            return Gate(name="names", passed=False, why="names_swapped", said=pair.answer[ours[0].start : ours[0].end])
        if _taken_over(ours, theirs, clause, best, pair):
            return Gate(name="names", passed=False, why="names_swapped", said=pair.answer[ours[0].start : ours[0].end])
    return None


def _known(key: str, pair: Pair) -> bool:
    lower = pair.source.lower()
    if pair.across:
        return key[0] < "\u3400" or _crosses(key, pair.source)
    return key in lower or (not ROLES.fullmatch(key) and _related(key, pair.source, lower))


def _taken_over(ours: Sequence[Name], theirs: Sequence[Name], clause: Clause, best: Clause, pair: Pair) -> bool:
    """The one name left is whom it was done to, and stands where he stood who did it."""
    if len(theirs) != 2 or len(ours) != 1 or pair.across or _voices(pair, clause, best) or _passive(clause):
        return False
    if not _leads(ours[0], clause) or not _leads(theirs[0], best):
        return False
    return _is(ours[0].key, theirs[1].key, pair.source) and not _is(ours[0].key, theirs[0].key, pair.source)


def _turned(ours: Sequence[Name], best: Clause, pair: Pair) -> Name | None:
    """Two surnames of one syllable, the other way round than in Chinese."""
    source = pair.source[best.start : best.end]
    if len(ours) != 2 or ours[0].key[0] > "\u3400" or any(word in source for word in "被由向从给"):
        return None
    places = [[at for at, each in enumerate(source) if one.key in pinyin.readings(each)] for one in ours]
    if all(len(each) == 1 for each in places) and places[0] > places[1]:
        return ours[0]
    return None


SURELY = 0.6
AGAINST = 1.4
"""Weight of words that the source says of others alone: one word that one clause has will do."""
SHARED = 0.65


def _is(one: str, other: str, source: str) -> bool:
    return _same(one, other) or _called(one, other, source)


def _leads(name: Name, clause: Clause) -> bool:
    """It comes before everything else that tells something."""
    return not any(
        each.content and each.end <= name.start and each.text.lower() not in ("mr", "mrs", "ms", "dr", "so", "then")
        for each in clause.tokens
    )


def _passive(clause: Clause) -> bool:
    words = [each.text.lower() for each in clause.tokens]
    return any(
        word in ("receive", "receives", "received", "gets", "get", "got", "was", "is", "been", "收到", "得到", "被", "获") for word in words
    )


_PRONOUNS = frozenset(("he", "she", "him", "her", "his", "they", "them", "who", "whom", "whose", "他", "她", "他们", "她们"))


def _holders(pair: Pair) -> list[list[str]]:
    """Of each clause of the source, whom it speaks of: the names in it, else the last ones of its sentence; of a pronoun, of the last sentence."""
    out: list[list[str]] = []
    last: list[str] = []
    earlier: list[str] = []
    sentence = -1
    for clause in pair.there:
        if clause.sentence != sentence:
            earlier, last, sentence = last or earlier, [], clause.sentence
        keys = [one.key for one in _within(pair.source, clause)]
        last = [*last, *keys]
        pronoun = any(each.text.lower() in _PRONOUNS or each.text[0] in "他她" for each in clause.tokens)
        out.append(keys or last or (earlier if pronoun else []))
    return out


def _order(ours: Sequence[Name], theirs: Sequence[Name]) -> bool:
    first, second = ours
    return (
        _same(first.key, theirs[1].key) and _same(second.key, theirs[0].key)
        and not _same(first.key, theirs[0].key) and not _same(second.key, theirs[1].key)
    )  # fmt: skip


def _voices(pair: Pair, clause: Clause, best: Clause) -> bool:
    """Whether only one of the two turns the order of who and whom."""
    return any(each.text.lower() in listed("voice") for each in clause.tokens) != any(
        each.text.lower() in listed("voice") for each in best.tokens
    )
