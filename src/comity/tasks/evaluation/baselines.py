# SPDX-License-Identifier: Apache-2.0
"""What costs nothing, scored as models are: whoever is not ahead of these has no use.

None reads: the first sentences, the text as it is, the commonest words, the first number that stands there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from comity.tasks.evaluation.sets import Item
from comity.tasks.evaluation.words import content, is_dense, plain, sentences, share

SENTENCES = 3


def _lead(item: Item) -> Any:
    first = sentences(item.asked["text"])[:SENTENCES]
    return ("" if is_dense(item.language) else " ").join(first)


def _copy(item: Item) -> Any:
    return item.asked["text"]


def _commonest(item: Item) -> Any:
    """Words of the text by how often they stand there, longer ones first; of Chinese, pairs of characters."""
    text = item.asked["text"]
    if is_dense(item.language):
        counts = Counter({pair: count for pair, count in content(text).items() if len(pair) == 2})
        return tuple(pair for pair, _ in counts.most_common(8))
    words = Counter(word for word in re.findall(r"[a-z]{4,}", plain(text)))
    return tuple(word for word, _ in sorted(words.items(), key=lambda each: (-each[1], -len(each[0])))[:8])


def _pattern(item: Item) -> Any:
    """For each field that is a number the next number; else the next run of words with capitals, or of Chinese the next phrase."""
    text = item.asked["text"]
    figures = iter(re.findall(r"\d+(?:\.\d+)?", text))
    runs = iter(re.findall(r"[A-Z][\w&'-]*(?: [A-Z&][\w&'-]*)*", text) or re.split("[，。、；：\n]", text))
    out: dict[str, Any] = {}
    for name, schema in item.asked["schema"].get("properties", {}).items():
        number = schema.get("type") in ("number", "integer")
        out[name] = float(next(figures, "0")) if number else next(runs, "")
    return out


def _nearest(item: Item) -> Any:
    """The sentence that shares most words with the question, whole."""
    asked = content(item.asked["question"])
    return max(sentences(item.asked["text"]), key=lambda each: share(asked, content(each)))


def _stock(item: Item) -> Any:
    if is_dense(item.language):
        return ("好的，没问题。", "不好意思，恐怕不行。", "能再说说吗？")
    return ("Yes, that works for me.", "Sorry, I can't.", "Could you tell me more?")


def _first_label(item: Item) -> Any:
    """The label whose examples share most words with the text."""
    said = content(item.asked["text"])
    return max(item.asked["labels"], key=lambda label: max((share(said, _seen(each)) for each in label["examples"]), default=0.0))["id"]


@lru_cache(1 << 14)
def _seen(example: str) -> Counter[str]:
    """The same for every item."""
    return content(example)


BASELINES: Mapping[str, tuple[str, Callable[[Item], Any]]] = {
    "summarise": ("the first three sentences", _lead), "keywords": ("the commonest words", _commonest), "rewrite": ("a copy", _copy),
    "proofread": ("a copy", _copy), "translate": ("a copy", _copy), "extract": ("patterns", _pattern),
    "answer": ("the nearest sentence", _nearest), "reply": ("three stock phrases", _stock), "classify": ("shared words", _first_label),
}  # fmt: skip
