# SPDX-License-Identifier: Apache-2.0
"""What a request says that its action does not account for: neither what asks for it, nor a value, nor a word that says nothing of its own.

A name that nobody has, a second request, a condition, a report of what somebody said: whatever it is, it is asked about.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files

from comity.tasks.assist.intents import Intent
from comity.tasks.assist.retrieve import grams

Spot = tuple[int, int]


@lru_cache(2)
def idle(language: str) -> frozenset[str]:
    """Words that say nothing of their own."""
    text = files("comity.tasks.assist.reading").joinpath("idle.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)[language].split())


_PHRASES = ("any more", "anymore", "no longer", "next time", "this time")
_PRONOUNS = frozenset(["him", "her", "them", "he", "she", "they"])


def left(
    text: str, intent: Intent, others: Iterable[Intent], held: Sequence[Spot], language: str, *, never: frozenset[str] = frozenset()
) -> Spot | None:
    """The first stretch of ``text`` that nothing accounts for.

    ``held``: what values were read from; ``others``: what else can be asked for, whose words are not to be taken for this one's;
    ``never``: words (of Chinese, pairs of characters) that speak of another thing than the one meant."""
    clauses = [each for each in _clauses(text, language) if text[slice(*each)].strip()]
    strange = _strange(intent, others) if language == "zh" and len(clauses) > 1 else frozenset()
    reasons = [
        each for each in clauses if _background(text[slice(*each)], language) and not any(word in text[slice(*each)] for word in strange)
    ]
    if len(reasons) == len(clauses):  # something is asked for: where values stand
        reasons = [(start, end) for start, end in reasons if not any(a < end and start < b for a, b in held)]
    for start, end in clauses:
        words = (
            []
            if (start, end) in reasons
            else sorted({*_unsaid(text, start, end, intent, others, held, language), *_strangers(text, start, end, held, never)})
        )
        if words:
            return words[0][0], _joined(text, words)
    return None


def _unsaid(
    text: str, start: int, end: int, intent: Intent, others: Iterable[Intent], held: Sequence[Spot], language: str
) -> Iterator[Spot]:
    if language == "zh":
        yield from _unsaid_zh(text, start, end, intent, others, held)
    known = vocabulary(intent, "en")
    if not any(each.kind == "contact" for each in intent.parameters):
        known |= _PRONOUNS
    verb = _towards(text, start, end, held)
    for found in re.finditer(r"any ?more\b|no longer\b|(?:next|this) time\b|[A-Za-z][A-Za-z'’]*", text[start:end]):
        a, b = start + found.start(), start + found.end()
        word = found.group().lower().replace("’", "'")
        if (
            len(word) < 2
            or any(x < b and a < y for x, y in held)
            or word in idle("en")
            or word in known
            or _stem(word) in known
            or word in _PHRASES
            or a == verb
        ):
            continue
        yield a, b


_VERB = re.compile(r"\W*(?:(?:please|just|can|could|would|will|you|and|then|so)\s+)*(?=[a-z]+ (?:the|my|our|that)\b)", re.IGNORECASE)


def _towards(text: str, start: int, end: int, held: Sequence[Spot]) -> int:
    """Where the verb of `whack the heating up to 22` stands: whatever it is, what is to become is said."""
    verb = _VERB.match(text, start, end)
    to = any(re.search(r"\bto\s*$", text[start:a]) for a, b in held if start < a < end)
    return verb.end() if verb is not None and to else -1


def _strange(intent: Intent, others: Iterable[Intent]) -> frozenset[str]:
    """Words of requests of another kind, that are not made of its own."""
    own = vocabulary(intent, "zh") | idle("zh")
    words = {word for each in others if _room(each) != _room(intent) for word in vocabulary(each, "zh") if len(word) > 1}
    return frozenset(word for word in words if not _made_of(word, own))


def _unsaid_zh(text: str, start: int, end: int, intent: Intent, others: Iterable[Intent], held: Sequence[Spot]) -> Iterator[Spot]:
    """Cut into the longest words there are; one that only another request is made of is not accounted for, nor are two unknown characters."""  # noqa: E501
    own = vocabulary(intent, "zh") | idle("zh")
    strange = _strange(intent, others)
    for word in strange:
        for found in re.finditer(word, text[start:end]):
            a, b = start + found.start(), start + found.end()
            if any(x < b and a < y for x, y in held) and not all(any(x <= at < y for x, y in held) for at in range(a, b)):
                yield a, b  # `暖气` is not `暖`
    run, at = start, start
    while at < end:
        word = next(
            (text[at : at + n] for n in range(min(6, end - at), 0, -1) if text[at : at + n] in own or text[at : at + n] in strange), ""
        )
        free = all(at >= b or at + max(1, len(word)) <= a for a, b in held)
        if word in own or not free or not "\u4e00" <= text[at] <= "\u9fff":
            if at - run >= 2:
                yield run, at
            at += len(word) if word in own and free else 1
            run = at
        elif word:
            yield run, at + len(word)
            at += len(word)
            run = at
        else:
            at += 1
    if end - run >= 2:
        yield run, end


def _room(intent: Intent) -> str:
    return intent.name.partition(".")[0]


def _strangers(text: str, start: int, end: int, held: Sequence[Spot], never: frozenset[str]) -> Iterator[Spot]:
    for found in re.finditer(r"[A-Za-z]+|(?=([\u4e00-\u9fff]{2}))", text[start:end]):
        a = start + found.start()
        b = a + (2 if found.group(1) else len(found.group()))
        if grams(text[a:b]) & never and all(b <= x or a >= y for x, y in held):
            yield a, b


def _made_of(word: str, words: frozenset[str]) -> bool:
    return not word or any(_made_of(word[n:], words) for n in range(1, len(word) + 1) if word[:n] in words)


def vocabulary(intent: Intent, language: str) -> frozenset[str]:
    """The words by which it is asked for: what its cues and lead-ins spell out, and what it says of itself."""
    said = [each for one in intent.parameters for each in one.said.get(language, ())]
    patterns = (*intent.cues.get(language, ()), *intent.weak.get(language, ()), *intent.opposite.get(language, ()), *said)
    telling = "" if intent.origin else intent.telling(language)  # what a stranger's tool says of itself accounts for nothing
    return _spelt(patterns, f"{intent.name} {telling}".lower())


def only_idle(words: str, intent: Intent, language: str) -> bool:
    """Whether nothing in them is a word of its own."""
    if language == "zh" and re.search(r"[\u4e00-\u9fff]", words):
        return _made_of(words.strip(" ，,。！!？?"), idle("zh") | {"来一个", "来", "一个"})
    return all(word in idle("en") for word in re.findall(r"[a-z']+", words.lower())) and bool(re.search(r"[a-z]", words.lower()))


def only_asks(words: str, intent: Intent, language: str) -> bool:
    """Whether they are those of the request itself, and nothing that could be its content."""
    known = vocabulary(intent, language)
    if language == "zh" and (han := re.findall(r"[\u4e00-\u9fff]", words)):
        return set(han) <= set("".join(known | {"一", "个", "条", "封"}))
    return all(word in known or _stem(word) in known for word in re.findall(r"[a-z']{4,}", words.lower()))


@lru_cache(512)
def _spelt(patterns: tuple[str, ...], telling: str) -> frozenset[str]:
    words = {word for pattern in patterns for word in literals(pattern)} | set(re.findall(r"[a-z]{2,}", telling))
    return frozenset(words | {_stem(each) for each in words})


_AROUND = re.compile(r"\(\?<?[=!]")
_CLASS = re.compile(r"\[([^\]]*)\]\??")


@lru_cache(4096)
def literals(pattern: str) -> frozenset[str]:
    """Words that a regular expression spells out, outside of what it only looks at; both of `e-?mail`, `organi[sz]e`, `meetings?`."""
    text = shown(pattern)
    text = re.sub(r"\['’\]\??|'\?", "'", text)
    texts = {re.sub(r"-\?|\[- \]\?|(?<=[a-z]) \?", by, text) for by in ("", " ")}
    for each in list(texts):
        if (found := re.search(r"\[([a-z])([a-z])\]", each)) is not None:
            texts |= {each.replace(found.group(), found.group(1)), each.replace(found.group(), found.group(2))}
    made: set[str] = set()
    for each in texts:
        plain = re.sub(r"\\[a-zA-Z]|\(\?P<\w+>|\(\?:", " ", each)
        for found in _CLASS.finditer(plain):
            made |= {one for one in found.group(1) if "\u4e00" <= one <= "\u9fff"}
        for found in re.finditer(r"([a-z][a-z']*|[\u4e00-\u9fff]+)(\?)?", _CLASS.sub(" ", plain).lower()):
            made |= {found.group(1), found.group(1)[:-1]} if found.group(2) else {found.group(1)}
    return frozenset(each for each in made if len(each) > 1 or each >= "\u4e00")


@lru_cache(4096)
def shown(pattern: str) -> str:
    """Without what it only looks at."""
    while (found := _AROUND.search(pattern)) is not None:
        depth, at = 1, found.end()
        while depth and at < len(pattern):
            if pattern[at] == "\\":
                at += 1
            elif pattern[at] in "()":
                depth += 1 if pattern[at] == "(" else -1
            at += 1
        pattern = pattern[: found.start()] + " " + pattern[at:]
    return pattern


def _stem(word: str) -> str:
    word = "mail" if word in ("email", "emails", "mails") else word.removesuffix("'s")
    for end in ("ing", "ed", "es", "s", "e"):
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word[: -len(end)]
    return word


# -- what only gives the reason ---------------------------------------------------------------------------------------------

_CUT = {
    "en": re.compile(r"[,;:!?]|\.(?=\s|$)|\s+(?=(?:so|because|since|cos)\b)|\s[-–—]\s"),
    "zh": re.compile(r"[，,；;。！!？?：:]"),
}
_STATES = {
    "en": re.compile(
        r"^\s*(?:so |since |because |as |cos |and |but )?(?:(?:i|we)(?:'m|'ve|'re|'ll be)?|it(?:'s)?|there(?:'s)?|that(?:'s)?|my|our|the|[a-z]+'s|having|being|going|heading|off to|about to)\b",  # noqa: E501
        re.IGNORECASE,
    ),
    "zh": re.compile(r"了|呢|着|啦|想|太|有点|得|因为|正|在|要|去|过|(?:的|疼|痛|累|冷|热|困|忙|病|堵|坏|暗|吵|难受|不舒服|不行)$"),
}
_BECAUSE = re.compile(r"^\s*(?:since|because|as|cos)\b|^\s*(?:因为|既然)", re.IGNORECASE)
_ASKS_MORE = {
    "en": re.compile(
        r"\b(?:should|must|needs?|ought|can|may|might|wants?|asks?|asked|says?|said|told|tells|also|too|only|instead|not|never|already|if|unless|until|or|but|except)\b|n't\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(r"再|也|还[有要]|另外|顺便|把|给|别|不要|除|请|帮|让|叫|说|或|如果|要是|否则|只|已经|必须|记得"),
}


def _clauses(text: str, language: str) -> Iterator[Spot]:
    at = 0
    for found in _CUT.get(language, _CUT["en"]).finditer(text):
        yield at, found.start()
        at = found.end()
    yield at, len(text)


def _background(clause: str, language: str) -> bool:
    """`my arm hurts`, `胳膊还疼着呢`: it says how things are, and asks for nothing."""
    code = language if language in _STATES else "en"
    clause = clause.replace("’", "'")
    return bool(_BECAUSE.match(clause) or (_STATES[code].search(clause) and not _ASKS_MORE[code].search(clause)))


def _joined(text: str, words: Sequence[Spot]) -> int:
    """To the end of those that stand together, small words between them left out of account."""
    end = words[0][1]
    for start, stop in words[1:]:
        if len(text[end:start].strip()) > 6 or re.search(r"[,，;；。]", text[end:start]):
            break
        end = stop
    return end
