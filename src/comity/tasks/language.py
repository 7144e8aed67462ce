# SPDX-License-Identifier: Apache-2.0
"""Which language a text is in: by its script where that says it, else by a model of byte sequences, else by the commonest words.

`und` (BCP 47: undetermined) wherever the answer would be a guess.  Han characters come first: a Chinese sentence that names an
English product is Chinese.  Simplified and traditional are told apart by what the two old national character sets hold: a character of
GB 2312 that Big5 lacks is written in simplified script only, and the other way round; one that JIS X 0208 alone holds is Japanese.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from functools import cache, lru_cache
from typing import Any, NamedTuple

UNKNOWN = "und"
SURE_MIN = 0.5
CHARACTERS_MAX = 2000
"""Looked at; more says no more."""
HAN_LETTERS = 2.5
"""A Han character carries as much as this many letters: an English word has five of them, a Chinese one two characters."""
KANA_SHARE = 0.12
"""Japanese prose is half kana; Chinese borrows a `の` here and there."""
HANGUL_SHARE = 0.3
MIXED_SHARE = 0.35
"""Of a text's weight; so much Han makes it Chinese, whatever Latin names stand in it."""
LETTERS_MIN = 4
"""Fewer letters of a script that many languages share say nothing."""
CHARACTERS_KEPT = 1 << 14
_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+|`[^`]*`")


class Language(NamedTuple):
    tag: str  # BCP 47; `und` where unsure
    sure: float  # 0 to 1; of the tag, or of the best one that was not sure enough


def language_of(text: str, *, among: Collection[str] = ()) -> Language:
    """``among``: languages that come into question at all (`en`, `zh` …), where that is known; none: every one.

    `zh` alone: nothing in the text tells simplified from traditional script."""
    scripts = _scripts(_NOISE.sub(" ", text[:CHARACTERS_MAX]))
    if not scripts:
        return Language(UNKNOWN, 0.0)
    wanted = {each.partition("-")[0] for each in among}
    found = _eastern(scripts) or _by_script(scripts) or _shared(text[:CHARACTERS_MAX], scripts, wanted)
    if wanted and found.tag.partition("-")[0] not in wanted:
        return Language(UNKNOWN, 0.0)
    return found if found.sure >= SURE_MIN else Language(UNKNOWN, found.sure)


def _scripts(text: str) -> dict[str, str]:
    """Script -> its letters, in order."""
    letters: dict[str, list[str]] = {}
    for letter in text:
        if letter.isalpha() and (script := script_of(letter)):
            letters.setdefault(script, []).append(letter)
    return {script: "".join(each) for script, each in letters.items()}


@lru_cache(CHARACTERS_KEPT)
def script_of(letter: str) -> str:
    """`Han`, `Kana`, `Hangul`, or the first word of its Unicode name (`Latin`, `Cyrillic` …); "" of a modifier."""
    if unicodedata.category(letter) == "Lm" and letter not in "々ー":
        return ""
    name = unicodedata.name(letter, "")
    first = name.partition(" ")[0]
    if name.startswith(("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC ITERATION")):
        return "Han"
    if first in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA") or name.startswith("HALFWIDTH KATAKANA"):
        return "Kana"
    if first == "FULLWIDTH":
        return "Latin"
    return first.capitalize()


def _eastern(scripts: dict[str, str]) -> Language | None:
    han, kana, hangul = (scripts.get(name, "") for name in ("Han", "Kana", "Hangul"))
    weight = {name: len(each) * (HAN_LETTERS if name in ("Han", "Kana", "Hangul") else 1) for name, each in scripts.items()}
    ours, whole = sum(weight.get(name, 0) for name in ("Han", "Kana", "Hangul")), sum(weight.values())
    if ours < MIXED_SHARE * whole:
        return None
    near = min(1.0, 0.5 + ours / whole / 2 + (0.1 if len(han + kana + hangul) > 1 else 0))
    if len(hangul) >= HANGUL_SHARE * len(han + kana + hangul):
        return Language("ko", near)
    if len(kana) >= KANA_SHARE * len(han + kana):
        return Language("ja", near)
    simplified, traditional, japanese = writing(han)
    if japanese > simplified and japanese >= traditional:
        return Language("ja", 0.7)
    if simplified == traditional:
        return Language("zh", near)
    return Language("zh-Hans" if simplified > traditional else "zh-Hant", near * max(simplified, traditional) / (simplified + traditional))


def writing(han: str) -> tuple[int, int, int]:
    """How many characters stand in simplified script only, in traditional only, and in Japanese only."""
    kinds = Counter(_writing(each) for each in han)
    return kinds["simplified"], kinds["traditional"], kinds["japanese"]


_OLD_FORMS = frozenset("爲衆僞")
"""Traditional, though Big5 has another form of each and JIS has these."""


@lru_cache(CHARACTERS_KEPT)
def _writing(character: str) -> str:
    if character in _OLD_FORMS:
        return "traditional"
    simplified, traditional, japanese = (_holds(codec, character) for codec in ("gb2312", "big5", "shift_jis"))
    if simplified != traditional:
        return "simplified" if simplified else "traditional"
    return "japanese" if japanese and not simplified else ""


def _holds(codec: str, character: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


_ONE_LANGUAGE = {
    "Thai": "th", "Greek": "el", "Hebrew": "he", "Armenian": "hy", "Georgian": "ka", "Khmer": "km", "Lao": "lo", "Tamil": "ta",
    "Telugu": "te", "Kannada": "kn", "Malayalam": "ml", "Gujarati": "gu", "Gurmukhi": "pa", "Sinhala": "si", "Myanmar": "my",
    "Oriya": "or", "Tibetan": "bo",
}  # fmt: skip
"""Scripts that one language of today is written in, but for small ones."""


def _by_script(scripts: dict[str, str]) -> Language | None:
    script, letters = max(scripts.items(), key=lambda each: len(each[1]))
    share = len(letters) / sum(len(each) for each in scripts.values())
    tag = _ONE_LANGUAGE.get(script)
    return Language(tag, min(0.95, share)) if tag else None


def _shared(text: str, scripts: dict[str, str], among: Collection[str]) -> Language:
    if sum(len(each) for each in scripts.values()) < LETTERS_MIN:
        return Language(UNKNOWN, 0.0)
    said = _NOISE.sub(" ", text)
    model = _model()
    if model is None:
        return _by_words(said, among)
    ranks: list[tuple[str, float]] = [(tag, share) for tag, share in model.rank(said) if not among or tag in among]
    whole = sum(share for _, share in ranks)
    if not ranks or whole <= 0:
        return Language(UNKNOWN, 0.0)
    by_words = _by_words(said, among)
    tag, share = ranks[0]
    if by_words.sure >= SURE_MIN and by_words.tag != tag and share / whole < 0.9:
        return by_words
    return Language(tag, share / whole)


@cache
def _model() -> Any:
    """py3langid's, or None where it is not installed.  Loading takes a moment; scores are shares that add up to one."""
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]
    except ImportError:
        return None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


_WORDS = {
    "en": "the of and to in is that it for you was with on are this have be at not but they from what will can my me i we your please how",
    "de": "der die und das ist nicht ich zu den mit ein eine von sie auf für es dem im auch wir wie bitte mir kann wird einen",
    "fr": "le la les de des et est un une que je vous dans pour pas qui ne ce au avec sur il elle nous mon plus",
    "es": "el la los de que y en un una es no por con para se lo las del me mi está como al más su",
    "it": "il di che la e è un una non per in sono del con mi si come lo della ho più gli nel alla",
    "pt": "o de que e do da em um uma não para com os as se no na por mais me você eu está dos ao",
    "nl": "de het een van en is dat niet ik op te in voor met zijn je er maar aan wat die ook",
    "ru": "и в не на я что он с как это по но из у за то для мы так вы мне же от",
}  # the commonest words of each, written down for this
COMMON_SHARE = 0.25
"""Of a text's words, in prose of that language, and half as many in any other."""


def _by_words(text: str, among: Collection[str]) -> Language:
    words = re.findall(r"[^\W\d_]+", text.casefold())
    counts = Counter({tag: sum(word in known for word in words) for tag, known in _common().items() if not among or tag in among})
    (first, best), (_, second) = (*counts.most_common(2), ("", 0), ("", 0))[:2]
    if best < 2 or best < COMMON_SHARE * len(words) or best < 2 * second:
        return Language(UNKNOWN, 0.0)
    return Language(first, min(0.95, 0.5 + (best - second) / len(words)))


@cache
def _common() -> dict[str, frozenset[str]]:
    return {tag: frozenset(words.split()) for tag, words in _WORDS.items()}
