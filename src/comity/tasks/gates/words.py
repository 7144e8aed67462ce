# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""A text as clauses of tokens: what each means, whether it is denied, and which end of a pair of opposites it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import msgspec

from comity.tasks.gates.lexicon import Keys, Pole, lexicon, listed, names, stem

NONE: Keys = frozenset()
_TOKEN = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*|\d+(?:[.,:]\d+)*|[\u3400-\u9fff]+|[^\s\w]", re.A)
_ENDS = frozenset(",;:!?()[]—–…\n，。；：！？、（）《》【】")
_SENTENCES = frozenset(".!?。！？；;\n")
LONG = 4
"""Tokens before an `and` that begins a clause rather than ends a list."""
ZH_STOPS = frozenset(
    "的了着过是在有和与及就也都还又再被把让给对从到向往于以为而且或但则若如其之所者这那此该每各个位名只次件份张们我你您他她它咱自己己"
    "吗呢吧啊呀嘛哦嗯么什怎哪谁很太更最较已曾将正能会可要应须得该想请不没未无别勿非便即却才仅均皆并因由故按照据等时候里内中上下前后间边"
    "来去出起成开做作用说道地一二三四五六七八九十百千万亿两零〇半多少几约左右近年月日号点分时刻周星期天今明昨后当本另某"
    "好行嗯啦咯哈嘿啥俩仨呗哟噢"
)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    start: int
    end: int
    text: str
    keys: Keys = NONE  # what it is: the stem, or each Chinese character of it
    means: Keys = NONE  # numbers of lines of concepts.txt
    poles: frozenset[Pole] = frozenset()
    content: bool = False
    denied: bool = False


class Clause(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    start: int
    end: int
    tokens: tuple[Token, ...]
    sentence: int = 0

    @cached_property
    def keys(self) -> Keys:
        return frozenset().union(*(each.keys for each in self.tokens if each.content))

    @cached_property
    def means(self) -> Keys:
        return frozenset().union(*(each.means for each in self.tokens if each.content))

    @cached_property
    def all_keys(self) -> Keys:
        return frozenset().union(*(each.keys for each in self.tokens))

    @cached_property
    def all_means(self) -> Keys:
        return frozenset().union(*(each.means for each in self.tokens))

    @cached_property
    def poles(self) -> frozenset[Pole]:
        """With what is denied turned round: `not cheaper` is not the end `cheap`."""
        return frozenset(pole for each in self.tokens for pole in poles_of(each))


def poles_of(token: Token) -> frozenset[Pole]:
    if not token.denied:
        return token.poles
    return frozenset((name, 1 - end) for name, end in token.poles if name in listed("two ended"))


def clauses(text: str) -> tuple[Clause, ...]:
    made: list[Clause] = []
    run: list[tuple[int, int, str]] = []
    sentence = 0

    def close() -> None:
        if run:
            made.append(_clause(text, run, sentence))
            run.clear()

    for found in _TOKEN.finditer(text):
        piece = found[0]
        ends = piece in _ENDS or (piece == "." and not text[found.end() : found.end() + 1].isalnum() and not _title(run))
        if ends or (piece.lower() in listed("joiners") and run) or (piece.lower() in listed("loose joiners") and len(run) >= LONG):
            close()
            if ends:
                sentence += piece in _SENTENCES
                continue
        if piece.isalnum() or "'" in piece or "’" in piece or piece[0].isalnum() or piece in "%°℃£$€¥":
            run.append((found.start(), found.end(), piece))
    close()
    return tuple(made)


def _title(run: Sequence[tuple[int, int, str]]) -> bool:
    return bool(run) and run[-1][2].lower() in {"mr", "mrs", "ms", "dr", "no", "st", "vs", "prof", "approx"}


def _clause(text: str, run: Sequence[tuple[int, int, str]], sentence: int) -> Clause:
    tokens: list[Token] = []
    at = 0
    while at < len(run):
        start, end, piece = run[at]
        if "\u3400" <= piece[0] <= "\u9fff":
            tokens += _chinese(start, piece)
        elif piece[0].isalpha():
            token, used = _english(run, at)
            tokens.append(token)
            at += used - 1
        else:
            tokens.append(Token(start=start, end=end, text=piece, keys=frozenset({piece})))
        at += 1
    return Clause(start=run[0][0], end=run[-1][1], tokens=tuple(_denied(tokens)), sentence=sentence)


def _english(run: Sequence[tuple[int, int, str]], at: int) -> tuple[Token, int]:
    known = lexicon()
    start, end, piece = run[at]
    lower = piece.lower().replace("’", "'")
    root = stem(lower)
    for size in (3, 2):
        words = [each[2].lower() for each in run[at : at + size]]
        joined = "-".join(map(stem, words))
        if len(words) == size and joined in known.english:
            keys = frozenset(map(stem, words))
            return Token(
                start=start, end=run[at + size - 1][1], text=" ".join(words), keys=keys, means=known.english[joined], content=True
            ), size
    means = known.english.get(root, NONE) | known.english.get(lower, NONE)
    return Token(
        start=start, end=end, text=piece, keys=frozenset({root}), means=means,
        poles=known.poles_english.get(root, frozenset()) | known.poles_english.get(stem(lower), frozenset()),
        content=lower not in listed("stops") and "'" not in lower.removesuffix("'s") and len(lower) > 1,
    ), 1  # fmt: skip


def _chinese(start: int, run: str) -> list[Token]:
    known = lexicon()
    named = names()[1]
    out: list[Token] = []
    at = 0
    while at < len(run):
        for size in range(min(known.longest, len(run) - at), 0, -1):
            word = run[at : at + size]
            if (
                size == 1
                or word in known.chinese
                or word in known.poles_chinese
                or word in named
                or word in listed("whole")
                or word in listed("courtesies")
            ):
                break
        out.append(Token(
            start=start + at, end=start + at + size, text=word, keys=frozenset(word), means=known.chinese.get(word, NONE),
            poles=known.poles_chinese.get(word, frozenset()), content=not all(each in ZH_STOPS for each in word) and word not in listed("courtesies"),
        ))  # fmt: skip
        at += size
    return out


# -- what is denied -----------------------------------------------------------------------------------------------------

_AWAY = frozenset(["out", "away", "off", "free"])
REACH = 9


def _denied(tokens: Sequence[Token]) -> list[Token]:
    """A denial reaches to the clause's end or to the next `and`."""
    out: list[Token] = []
    left = 0
    if any(each.text.lower() == "until" for each in tokens):  # `not until spring` says that it will
        return list(tokens)
    for at, token in enumerate(tokens):
        lower = token.text.lower()
        following = tokens[at + 1].text.lower() if at + 1 < len(tokens) else ""
        if denies(token, following):
            out.append(token if left == 0 or not token.poles else msgspec.structs.replace(token, denied=False))
            left = REACH if token.text[0].isascii() else 2 * REACH
            continue
        if lower in listed("through"):
            left = 0
        out.append(msgspec.structs.replace(token, denied=True) if left > 0 else token)
        left = max(0, left - 1)
    return out


def denies(token: Token, following: str = "") -> bool:
    word = token.text.lower().replace("’", "'")
    if word[0].isascii():
        if word in ("no", "not") and following in (
            "only",
            "matter",
            "problem",
            "trouble",
            "wonder",
            "doubt",
            "least",
            "later",
            "more",
            "fewer",
        ):
            return False
        if word == "no" and following[:1].isdigit():
            return False
        return word in listed("denying en") or word.endswith("n't") or (word in _AWAY and following in ("of", "from"))
    return word not in listed("not denying") and (
        word in listed("denying zh") or (word[0] in "不没未无勿别" and word in listed("whole")) or word[:2] in ("从不", "从未")
    )
