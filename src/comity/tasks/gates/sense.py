# SPDX-License-Identifier: Apache-2.0
"""What is denied stays denied, and nothing becomes its opposite."""

from __future__ import annotations

import re
from collections.abc import Iterator

from comity.tasks.gates import whom
from comity.tasks.gates.lexicon import Pole, listed
from comity.tasks.gates.pair import Pair
from comity.tasks.gates.words import ZH_STOPS, Clause, Token, denies, poles_of
from comity.tasks.shapes import Gate

ALIKE = 0.42
SURELY = 0.45
CLOSE = 0.6
_BAD: frozenset[Pole] = frozenset({("include", 1), ("allow", 1), ("accept", 1), ("both", 1), ("allnone", 1), ("openclose", 1), ("keep", 1)})


def turned(pair: Pair) -> Gate | None:
    """A clause of the answer has the one end of a pair where the clause that it says again has the other alone."""
    for clause in pair.here:
        ours = clause.poles
        if not ours:
            continue
        score, found = pair.best(clause)
        if found is None or score < ALIKE:
            continue
        if _conditional(found) or any(each.text.lower() in listed("unsure") for each in found.tokens):
            continue
        peers = _peers(pair, clause, score)
        for token in clause.tokens:
            for name, end in poles_of(token):
                if pair.across and name not in listed("firm"):
                    continue
                theirs = found.poles
                if any((name, end) in each.poles for each in peers) or (
                    name == "beforeafter" and pair.to == "zh" and _flips(found, clause)
                ):
                    continue  # `ten at the earliest`, of one who cannot come before ten
                if name == "allnone" and _denies(found) and _denies(clause):
                    continue  # `all have not` is `nobody has`
                if name in _CONVERSE and _leader(pair.answer, clause) != _leader(pair.source, found):
                    continue  # she buys what he sells
                if (name, 1 - end) in theirs and (name, end) not in theirs and (name, 1 - end) not in ours:
                    return Gate(name="negations", passed=False, why="turned_round", said=token.text)
    return None


PEER = 0.8
_CONVERSE = frozenset(("buysell", "lend", "landlord", "winlose"))


def _leader(text: str, clause: Clause) -> str:
    return next((one.key for one in whom.found(text) if clause.start <= one.start < clause.end), "")


def _peers(pair: Pair, clause: Clause, best: float) -> list[Clause]:
    """The source's clauses that this one may as well say again."""
    return [each for each, like in zip(pair.there, pair.likenesses(clause), strict=True) if like >= PEER * best]


def _flips(one: Clause, other: Clause) -> bool:
    return _denies(one) != _denies(other)


def _denies(clause: Clause) -> bool:
    return any(denies(each) for each in clause.tokens)


# -- denial -------------------------------------------------------------------------------------------------------------

_SKIPPED_ZH = frozenset("能得要会可再曾有必用须是在过太很应该想准许")
_NO_HEADS = frozenset(("超过", "到", "少于", "多于", "低于", "只", "仅", "用", "同", "如"))


def _heads(clause: Clause) -> Iterator[tuple[Token, str, frozenset[str]]]:
    """What each denial is of: the token that denies, its text, and what it means."""
    tokens = clause.tokens
    for at, token in enumerate(tokens):
        following = tokens[at + 1].text.lower() if at + 1 < len(tokens) else ""
        if not denies(token, following):
            continue
        rest = [each for each in tokens[at + 1 : at + 9] if each.denied]
        if token.text[0].isascii():
            head = next((each for each in rest if each.text.lower() not in listed("skipped en") and each.content), None)
            if head is not None:
                yield token, next(iter(head.keys), ""), head.means
            continue
        text = "".join(each.text for each in rest)
        text = (token.text[1:] if len(token.text) > 1 else "") + text
        while text and text[0] in _SKIPPED_ZH:
            text = text[1:]
        head = next((each for each in rest if text.startswith(each.text) or each.content), None)
        if text[:1]:
            yield token, text[:2], head.means if head is not None else frozenset()


def _stands(head: str, clause: Clause, text: str) -> bool | None:
    """Whether ``head`` is said in ``clause`` and not denied; None where it is not said."""
    if head.isascii():
        found = [each for each in clause.tokens if head in each.keys and each.content]
        return None if not found else all(not each.denied for each in found)
    said = text[clause.start : clause.end]
    places = [clause.start + found.start() for found in re.finditer(re.escape(head), said)]
    if not places:
        return None
    return all(not each.denied for place in places for each in clause.tokens if each.start <= place < each.end)


def _nays(clause: Clause) -> bool:
    """Whether anything in it denies, in whatever way."""
    if clause.poles & _BAD:
        return True
    return any(
        each.denied
        or denies(each, following)
        or each.text[0] in "不没无未非别勿"
        or each.text.lower() in listed("negative")
        or any(sign in each.text for sign in _SIGNS)
        for each, following in zip(clause.tokens, [*(token.text.lower() for token in clause.tokens[1:]), ""], strict=True)
    )


def _own(pair: Pair, clause: Clause) -> bool:
    """In a reply, what the person who answers says of himself: no source knows."""
    return pair.kind == "reply" and any(each.text.lower() in ("i", "we", "i'm", "my", "me", "我", "我们", "咱") for each in clause.tokens)


_SIGNS = frozenset("缺免拒禁停失漏忘")


def denied(pair: Pair) -> Gate | None:
    for clause in pair.here:
        score, found = pair.best(clause)
        if found is None or score < ALIKE:
            continue
        around = pair.sentence(found)
        # 1. the source denies, the answer says
        for other in around if score < 0.6 else [found]:
            heads = list(_heads(other))
            if _conditional(other) or len(heads) > 1 or (other is not found and pair.likeness(clause, other) < ALIKE):
                continue  # what is denied twice may be said once the other way round
            for _, head, means in heads:
                if (len(head) < 2 and head in ZH_STOPS) or head in _NO_HEADS:
                    continue
                if _stands(head, clause, pair.answer) and not _nays(clause) and not _elsewhere(head, pair, other):
                    return Gate(name="negations", passed=False, why="denial_lost", said=head)
                if (
                    pair.across
                    and other is found
                    and score > 0.5
                    and means
                    and not _nays(clause)
                    and any(each.means & means and each.content for each in clause.tokens)
                ):
                    return Gate(name="negations", passed=False, why="denial_lost", said=pair.answer[clause.start : clause.end])
        # 2. the answer denies, the source says
        for token, head, means in () if _own(pair, clause) else _heads(clause):
            stands = [_stands(head, each, pair.source) for each in around]
            if (
                _stands(head, found, pair.source)
                and False not in stands
                and not any(map(_nays, [found] if score >= CLOSE else around))
                and score >= SURELY
            ):
                return Gate(name="negations", passed=False, why="denial_invented", said=token.text + head)
            if pair.across and means and not any(map(_nays, around)) and any(each.means & means for each in found.tokens if each.content):
                return Gate(name="negations", passed=False, why="denial_invented", said=token.text)
        # 3. most of what a denial reaches is said without one
        if not _nays(clause) and not pair.across:
            for other in [found]:
                reach = [each for each in other.tokens if each.denied and each.content]
                if len(reach) >= 2 and not _partly(other):
                    kept = [each for each in reach if each.keys & clause.keys]
                    if len(kept) >= max(2, 0.6 * len(reach)):
                        return Gate(name="negations", passed=False, why="denial_lost", said=" ".join(each.text for each in kept))
    return None


def _conditional(clause: Clause) -> bool:
    """`if you don't bring your own` denies nothing."""
    return any(each.text.lower() in ("if", "unless", "如果", "要是", "假如", "若") for each in clause.tokens)


def _partly(clause: Clause) -> bool:
    return any(each.text.lower() in ("rather", "without", "instead") for each in clause.tokens)


def _elsewhere(head: str, pair: Pair, but: Clause) -> bool:
    """The source says it undenied somewhere too."""
    return any(
        _stands(head, each, pair.source)
        for each in pair.there
        if each is not but and not any(one.text.lower() in listed("unsure") for one in each.tokens)
    )
