# SPDX-License-Identifier: Apache-2.0
"""Builds `comity/privacy/names/han.txt`: how characters occur in Chinese names, and which words only look like names.

    python tools/names/han/lexicon.py WEIGHTS JIEBA_DICT MINGZI_DATA FOREIGN_NAMES OUT       (and the lists beside it)

WEIGHTS        the folder that `comity models add names` fills
JIEBA_DICT     `dict.txt` of the package jieba 0.42.1 (MIT): words, how often each occurs, part of speech (nr: a name)
MINGZI_DATA    `data.json` of the package mingzi 1.2.3 (MIT): shares of surnames in the population, given names of today
FOREIGN_NAMES  `data/foreign_zh.py` of the package random-name-type 2.1.0 (ISC): foreign names as Chinese writes them

Every line of the result is a kind, a tab, and entries; numbers are natural logarithms times ten, of the chance in a name
over the chance in running text, so a sum of them says how much likelier a name is.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import texts

from comity.privacy.names.han_reader import Reader
from comity.privacy.names.weights import opened

WORDS_MIN = 3  # occurrences in the dictionary's text (58 million)
FOREIGN_SCORE_MIN = 15  # a character
UNSEEN = -25  # of a character that no foreign name was seen to hold
WORD_SCORE_MIN = -40  # a word whose characters speak more strongly against a name needs no entry
GIVEN_SCORE_MIN = 40  # the same of a given name alone
NAME_ODDS_MIN = -3  # the dictionary calls many a word a name: less likely ones by the network are taken for words


def chars_of(words: Mapping[str, float]) -> Counter[str]:
    out: Counter[str] = Counter()
    for word, count in words.items():
        for char in word:
            out[char] += count  # type: ignore[assignment]  # halves
    return out


def ratios(seen: Mapping[str, float], base: Mapping[str, float], every: set[str]) -> dict[str, int]:
    """Ten times the log of P(char | place in a name) / P(char | text), both smoothed."""
    total, total_base, kinds = sum(seen.values()), sum(base.values()), len(every)
    return {
        char: round(
            10 * math.log((seen.get(char, 0) + 0.3) / (total + 0.3 * kinds) / ((base.get(char, 0) + 60) / (total_base + 60 * kinds)))
        )
        for char in every
    }


def believed(reader: Reader, names: Sequence[str]) -> Iterator[float]:
    """The higher of the log odds that each is a name where it stands alone and in a sentence."""
    alone = reader.read([f"{name}。" for name in names])
    within = reader.read([f"他们说到{name}的事。" for name in names])
    for name, one, two in zip(names, alone, within, strict=True):
        yield max(one.exactly(0, len(name)), two.exactly(4, 4 + len(name)))


def main(weights: str, jieba: str, mingzi: str, foreign: str, out: str) -> None:
    reader = Reader(opened("han", Path(weights)))
    single_roots, double_roots = texts.surnames()
    words: dict[str, int] = {}
    names: dict[str, int] = {}
    sounds: dict[str, int] = {}
    places: set[str] = set()
    for line in Path(jieba).read_text("utf-8").splitlines():
        word, count, kind = line.split(" ")
        if re.fullmatch("[\u4e00-\u9fff]+", word):
            {"nr": names, "nrfg": names, "nrt": sounds}.get(kind, words)[word] = int(count)
            if kind in ("ns", "nt", "nz"):
                places.add(word)
    today = json.loads(Path(mingzi).read_text("utf-8"))
    base = chars_of(words)

    single: Counter[str] = Counter()
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    family: Counter[str] = Counter()
    for name, count in names.items():
        if count > 200:  # so common a "name" is a word
            continue
        root = name[:2] if name[:2] in double_roots and len(name) > 2 else name[:1]
        given = name[len(root) :]
        if root not in single_roots and root not in double_roots:
            continue
        family[root] += 1
        if len(given) == 1:
            single[given] += 1
        elif len(given) == 2:
            first[given[0]] += 1
            second[given[1]] += 1
    for sex in ("male", "female"):
        for given in today[f"{sex}_single"]:
            single[given] += 3
        for given in today[f"{sex}_double"]:
            if len(given) == 2:
                first[given[0]] += 3
                second[given[1]] += 3
    for given in texts.given_names():
        first[given[0]] += 3
        second[given[1]] += 3
    for seen in (single, first, second):  # what names one kind of given name names the others, less often
        for char in list(single | first | second):
            seen[char] += 0.1 * (single[char] + first[char] + second[char])  # type: ignore[assignment]

    abroad = set(texts.foreign_names(Path(foreign)))
    other = texts.other_names()
    loan = chars_of(dict.fromkeys(abroad, 1.0))
    for kind in ("tibetan", "mongol", "uyghur"):
        loan += chars_of(dict.fromkeys(other[kind], 2.0))

    every = {char for char in base | single | first | second | loan if "\u4e00" <= char <= "\u9fff"}
    spelt = ratios(loan, base, every)
    heard = set()
    for name in sounds:
        if 2 < len(name) <= 6 and name not in places and sum(spelt.get(char, UNSEEN) for char in name) >= FOREIGN_SCORE_MIN * len(name):
            heard.add(name)
    loan += chars_of(dict.fromkeys(heard, 0.5))
    given_ratios = [ratios(seen, base, every) for seen in (single, first, second, loan)]
    population = today["surname"]
    share = {root: population.get(root, 0) * 100 + family[root] / sum(family.values()) + 3e-6 for root in single_roots}
    total, total_base = sum(share.values()), sum(base.values())
    surname = {root: round(10 * math.log(part / total / ((base[root] + 60) / total_base))) for root, part in share.items()}

    lines = ["surname\t" + " ".join(f"{root}{value}" for root, value in sorted(surname.items()))]
    rare = [ratios(seen, base, every | {""})[""] for seen in (single, first, second)]
    lines.append("rare\t" + ",".join(map(str, rare)))
    rows = []
    for char in sorted(every):
        values = [table[char] for table in given_ratios[:3]]
        if any(abs(value - unseen) > 8 for value, unseen in zip(values, rare, strict=True)):
            rows.append(char + ",".join(map(str, values)))
    lines.append("given\t" + " ".join(rows))
    lines.append("loan\t" + " ".join(f"{char}{given_ratios[3][char]}" for char in sorted(loan) if given_ratios[3][char] > UNSEEN))

    def likely(word: str) -> int | None:
        """As a surname and a given name."""
        if word[0] not in surname or not 2 <= len(word) <= 3:
            return None
        tables = given_ratios[:1] if len(word) == 2 else given_ratios[1:3]
        return surname[word[0]] + sum(table[char] for table, char in zip(tables, word[1:], strict=True))

    doubtful = [name for name in names if every.issuperset(name) and likely(name) is not None and name[:2] not in double_roots]
    words |= {name: names[name] for name, odds in zip(doubtful, believed(reader, doubtful), strict=True) if odds < NAME_ODDS_MIN}
    kept: dict[str, list[str]] = {}
    for word, count in sorted(words.items()):
        if count < WORDS_MIN or not 2 <= len(word) <= 5:
            continue
        resembles = sum(given_ratios[3].get(char, UNSEEN) for char in word) >= FOREIGN_SCORE_MIN * len(word)
        resembles |= len(word) == 2 and given_ratios[1][word[0]] + given_ratios[2][word[1]] >= GIVEN_SCORE_MIN
        score = likely(word)
        if resembles or (score is not None and score >= WORD_SCORE_MIN):
            kept.setdefault(word[0], []).append(f"{word[1:]}{'p' if word in places else ''}{min(9, round(math.log10(count) * 2))}")
    lines += [f"word\t{root} " + "".join(tails) for root, tails in sorted(kept.items())]
    lines.append("abroad\t" + " ".join(sorted(abroad | heard)))
    lines.append("japanese\t" + " ".join(other["japanese_surname"]))
    lines.append("double\t" + " ".join(sorted(double_roots)))
    Path(out).write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(surname)} surnames, {len(rows)} characters, {sum(map(len, kept.values()))} words")


if __name__ == "__main__":
    main(*sys.argv[1:])
