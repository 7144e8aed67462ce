# SPDX-License-Identifier: Apache-2.0
"""Whether an answer is right, by rule: one scorer a task, and what each can and cannot see.

`right` is what the capability matrix counts.  No rule reads as a person does: where one cannot tell (a summary that turns a fact round), it
says right, and `docs/explanation/what-small-models-can-do.md` says how often a person would not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import msgspec

from comity.tasks.evaluation.words import chrf, content, is_dense, numbers, overlap, pieces, plain, sentences, share
from comity.tasks.text.aligned import Edit, applied, edits

COVERED = 0.5
"""Of a fact's words, and of its figures: so much in an answer, and the fact is told."""
SUPPORTED = 0.5
"""Of a summary's sentence, so many words stand in the text; fewer, and it was made up or said in quite other words."""
KEYWORDS_F1 = 0.4
CHRF = {"zh": 0.25, "en": 0.45}
"""By the language translated into; a translation below is hardly one, one above may still be wrong."""
ANSWER_F1 = 0.6
COMBINATIONS_MAX = 256


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """``value``: 0 to 1, in the task's own measure; ``why``: of what is not right, a word or two."""

    right: bool
    value: float
    why: str = ""
    counts: dict[str, int] = {}  # of edits: hit, extra, missed


def summary(expected: Mapping[str, Any], said: Any) -> Score:
    """Every fact that all good summaries have is told (half of its words, half of its figures), no figure is new, and each sentence stands
    on the text.  Blind to: facts turned round, figures put to the wrong fact."""
    text = said if isinstance(said, str) else "\n".join(said)
    facts = [expected["facts"][at] for at in expected["must"]]
    told = [tells(text, fact) for fact in facts]
    value = sum(told) / len(told)
    new = numbers(text) - numbers(expected["text"]) if numbers(text) else {}
    source = content(expected["text"])
    loose = next((each for each in sentences(text) if share(content(each), source) < SUPPORTED), "")
    why = "a fact is missing" if not all(told) else "a figure is new" if new else "not in the text" if loose else ""
    return Score(right=not why, value=value, why=why)


def tells(text: str, fact: str) -> bool:
    return share(content(fact), content(text)) >= COVERED and share(numbers(fact), numbers(text)) >= COVERED


def keywords(expected: Mapping[str, Any], said: Sequence[str]) -> Score:
    """F1 against groups of variants; one hits where either holds the other and is at least half of it."""
    groups = expected["keywords"]
    hit = [any(_near(word, form) for word in said for form in group) for group in groups]
    good = [any(_near(word, form) for group in groups for form in group) for word in said]
    recall, precision = sum(hit) / len(groups), sum(good) / len(good) if good else 0.0
    f1 = 2 * recall * precision / (recall + precision) if recall + precision else 0.0
    return Score(right=f1 >= KEYWORDS_F1, value=f1, why="" if f1 >= KEYWORDS_F1 else "others")


def _near(word: str, form: str) -> bool:
    a, b = sorted((plain(word), plain(form)), key=len)
    return bool(a) and a in b and 2 * len(a) >= len(b)


def rewrite(expected: Mapping[str, Any], said: str) -> Score:
    """What must stay is there in one of its forms, what must go is gone, and it is not the text itself."""
    text, low = plain(expected["text"]), plain(said)
    kept = [any(_holds(low, form, expected["language"]) for form in group) for group in expected["keep"]]
    gone = [not _holds(low, word, expected["language"]) for word in expected["not"]]
    value = (sum(kept) + sum(gone)) / (len(kept) + len(gone))
    why = "unchanged" if low == text else "something was lost" if not all(kept) else "its tone is left" if not all(gone) else ""
    return Score(right=not why, value=value, why=why)


def _holds(text: str, piece: str, language: str) -> bool:
    """In English as whole words; `March 1` is in `March 1st`, and `Mr Dunmore` in `Mr. Dunmore`."""
    text, piece = (_TITLE.sub(r"\1", each) for each in (text, plain(piece)))
    if is_dense(language) or not piece[:1].isalnum() or not piece[-1:].isalnum():
        return piece in text
    end = r"(?!\d)" if piece[-1].isdigit() else r"(?!\w)"
    return re.search(rf"(?<!\w){re.escape(piece)}{end}", text) is not None


_TITLE = re.compile(r"\b(mr|mrs|ms|dr|prof|st)\.")


def proofread(expected: Mapping[str, Any], said: Any) -> Score:
    """The text that the accepted edits give, other spaces and quotes aside; F0.5 of edits beside it."""
    text, language, gold = expected["text"], expected["language"], expected["edits"]
    answer = said if isinstance(said, str) else said.text
    forms = list(product(*(each["right"] for each in gold)))[:COMBINATIONS_MAX]
    right = any(_bare(answer) == _bare(_mended(text, gold, form)) for form in forms)
    made = _edits(text, answer, language)
    used: set[tuple[int, int, str]] = set()
    hit = 0
    for each in gold:
        alone = (_edits(text, _mended(text, [each], [form]), language) for form in each["right"])
        found = next((one for one in alone if one and one <= made), None)
        hit += found is not None
        used |= found or set()
    extra, missed = (0, 0) if right else (len(made - used), len(gold) - hit)
    hit = len(gold) if right else hit
    value = 1.0 if not hit + extra + missed else 1.25 * hit / (1.25 * hit + 0.25 * missed + extra)
    why = "" if right else "a right sentence was changed" if not gold else "missed" if not made else "other edits"
    return Score(right=right, value=value, why=why, counts={"hit": hit, "extra": extra, "missed": missed})


def _edits(text: str, other: str, language: str) -> set[tuple[int, int, str]]:
    return {(each.start, each.end, each.now) for each in edits(text, other, language)}


def _mended(text: str, found: Sequence[Mapping[str, Any]], form: Sequence[str]) -> str:
    made = [
        Edit(start=each["start"], end=each["end"], was=text[each["start"] : each["end"]], now=now)
        for each, now in zip(found, form, strict=True)
    ]
    return applied(text, made)


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", plain(text)) if re.search("[\u4e00-\u9fff]", text) else plain(text)


def translation(expected: Mapping[str, Any], said: str) -> Score:
    """chrF against one reference, and every figure and Latin name of the source kept.  Blind to: meaning."""
    value = chrf(said, expected["reference"])
    bound = CHRF.get(expected["to"].partition("-")[0], CHRF["en"])
    lost = share(numbers(expected["text"]), numbers(said)) < 1 and share(numbers(expected["reference"]), numbers(said)) < 1
    why = "far from the reference" if value < bound else "a figure was lost" if lost else ""
    return Score(right=not why, value=value, why=why)


def extraction(expected: Mapping[str, Any], said: Any) -> Score:
    """Every field exactly; case, width and spaces aside."""
    wanted = expected["expected"]
    fields = said if isinstance(said, dict) else said.fields
    good = [_same(fields.get(name), value) for name, value in wanted.items()]
    wrong = next((name for name, each in zip(wanted, good, strict=True) if not each), "")
    return Score(right=all(good), value=sum(good) / len(good), why=f"wrong: {wrong}" if wrong else "")


def _same(said: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(said, bool) or wanted is None:
        return said is wanted
    if isinstance(wanted, int | float):
        return isinstance(said, int | float) and abs(said - wanted) < 1e-6
    if isinstance(wanted, list):
        return isinstance(said, list) and sorted(map(str, map(_text, said))) == sorted(map(str, map(_text, wanted)))
    return isinstance(said, str) and _text(said) == _text(wanted)


def _text(value: Any) -> Any:
    return plain(value).strip(" .。,，") if isinstance(value, str) else value


def answer(expected: Mapping[str, Any], said: str) -> Score:
    """An accepted answer, word for word or within what is said; else F1 of 0.6.  Where the text has none, only abstaining is right."""
    if not expected["answers"]:
        return Score(right=False, value=0.0, why="the text does not say it")
    value = max(overlap(said, each) for each in expected["answers"])
    held = any(_within(pieces(each), pieces(said)) for each in expected["answers"])
    right = held or value >= ANSWER_F1
    return Score(right=right, value=max(value, float(held)), why="" if right else "another answer")


def _within(wanted: Sequence[str], said: Sequence[str]) -> bool:
    return bool(wanted) and any(list(said[at : at + len(wanted)]) == list(wanted) for at in range(len(said) - len(wanted) + 1))


_ACTS: Mapping[str, str] = {
    "decline": r"\b(?:can't|cannot|can not|couldn't|won't|unfortunately|not able|unable|i'm afraid|pass on|don't think|decline|disagree|"
               r"no,|no thank)|不行|不能|去不了|来不了|没空|没法|不方便|恐怕|谢绝|婉拒|拒绝|不需要|不用了|不同意|做不到|帮不",
    "ask": r"\?|？|吗|呢$|什么时候|几点|哪|could you (?:tell|let)|let me know (?:if|when|what)",
    "apologise": r"\bsorry|apolog|抱歉|对不起|不好意思",
    "thank": r"\bthank|appreciate|谢|感谢|辛苦",
    "accept": r"\b(?:yes|sure|of course|happy to|glad to|i'd love|sounds good|works|no problem|ok(?:ay)?|i agree|count me in|i can|i will|"
              r"i'll|confirm|great|definitely|certainly)\b|好的|好啊|好呀|可以|没问题|行[，。！]|愿意|同意|一定|没事|接受|知道了|收到|明白",
    "greet": r"\b(?:hi|hello|congrat\w*|happy|welcome|love|take care|wonderful|great news|so glad|relieved)\b|"
             r"恭喜|祝|太好了|加油|保重|您好|你好",
    "inform": r"\b(?:i|i'll|i'm|we|we'll|it|he|she|they|my|the)\b|我|他|她|它|咱|已经|现在|马上|一会",
}  # fmt: skip
"""By what a reply does; one may do several."""
_REFUSES = re.compile(r"assist with that|as an ai|language model|answer that|无法协助|作为.{0,4}(?:ai|人工智能|语言模型)|不能提供帮助")
"""A model's own words, which nobody would send."""


def reply(expected: Mapping[str, Any], said: Sequence[str]) -> Score:
    """None of three holds an invention (a figure that nobody gave, or one of those named), and at least two do what fits: one that declines
    where nothing is to be declined does not.  Blind to: tact, and who speaks to whom."""
    language = expected["language"]
    invented = any(_holds(plain(each), word, language) for word in expected["must_not"] for each in said)
    new = any(numbers(each) - numbers(expected["message"]) for each in said)
    fit = [_fits(plain(each), expected["acts"]) for each in said]
    why = "invents" if invented or new else "unfitting" if sum(fit) < 2 else ""
    return Score(right=not why, value=sum(fit) / len(fit) if fit else 0.0, why=why)


def _fits(text: str, acts: Sequence[str]) -> bool:
    if _REFUSES.search(text) or ("decline" not in acts and re.search(_ACTS["decline"], text)):
        return False
    return any(re.search(_ACTS[act], text) for act in acts)


def label(expected: Mapping[str, Any], said: Any) -> Score:
    """The label; of what is out of scope, only abstaining is right."""
    chosen = said if isinstance(said, str) else said.label
    right = bool(expected["label"]) and chosen == expected["label"]
    return Score(right=right, value=float(right), why="" if right else "another label" if expected["label"] else "out of scope")


def read(expected: Mapping[str, Any], said: Any) -> Score:
    """Letters that must be put in, taken out or changed, of those that stand there; right from 98 % on."""
    text = said if isinstance(said, str) else said.text
    rate = errors(_letters(text), _letters(expected["text"]))
    return Score(right=rate <= READ_ERRORS_MAX, value=max(0.0, 1 - rate), why="" if rate <= READ_ERRORS_MAX else "misread")


def heard(expected: Mapping[str, Any], said: Any) -> Score:
    """Of words (of Chinese, characters) the share that is wrong; right up to a tenth.  Case and punctuation aside."""
    text = said if isinstance(said, str) else said.text
    rate = errors(_spoken(text), _spoken(expected["text"]))
    return Score(right=rate <= HEARD_ERRORS_MAX, value=max(0.0, 1 - rate), why="" if rate <= HEARD_ERRORS_MAX else "misheard")


READ_ERRORS_MAX = 0.02
HEARD_ERRORS_MAX = 0.10


def _spoken(text: str) -> list[str]:
    """Words with their apostrophes; Han characters one by one."""
    return re.findall(r"[\u3400-\u9fff]|[a-z0-9]+(?:'[a-z]+)*", plain(text))


def _letters(text: str) -> str:
    return re.sub(r"\s+", "", plain(text))


def errors(said: Sequence[str], wanted: Sequence[str]) -> float:
    """Levenshtein's distance, as a share of what is wanted."""
    if not wanted:
        return float(bool(said))
    row = list(range(len(wanted) + 1))
    for at, one in enumerate(said, 1):
        before, row[0] = row[0], at
        for place, other in enumerate(wanted, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (one != other))
    return row[-1] / len(wanted)
