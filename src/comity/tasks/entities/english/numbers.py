# SPDX-License-Identifier: Apache-2.0
"""Numbers as English says them, both ways: `three hundred and five`, `half a million`, `two thirds`, `twenty-first`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from comity.tasks.entities.cascade import Node
from comity.tasks.entities.lexer import listed

SMALL = listed("zero one two three four five six seven eight nine")
TEEN = listed("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
_SMALL_TH = listed("first third fourth fifth sixth seventh eighth ninth")
_TEEN_TH = listed("tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth")
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SHORT = {"k": 3, "mn": 6, "mln": 6, "mio": 6, "bn": 9, "bln": 9, "tn": 12, "tln": 12, "lakh": 5, "lakhs": 5, "crore": 7, "crores": 7}

# (tag, value) of each word.  `second` is left to the grammar: it is a place or a stretch of time.
WORDS: dict[str, tuple[str, Any]] = {
    **{word: ("SMALL", value) for value, word in enumerate(SMALL)},
    **{word: ("TEEN", value + 10) for value, word in enumerate(TEEN)},
    **{word: ("TENS", value * 10 + 20) for value, word in enumerate(TENS)},
    **{word: ("SMALLTH", value) for value, word in zip((1, 3, 4, 5, 6, 7, 8, 9), _SMALL_TH, strict=True)},
    **{word: ("TEENTH", value + 10) for value, word in enumerate(_TEEN_TH)},
    **{word[:-1] + "ieth": ("TENSTH", value * 10 + 20) for value, word in enumerate(TENS)},
    **{word: ("SCALE", 10**zeros) for word, zeros in (_SCALES | _SHORT).items()},
    **{f"{word}s": ("SCALES", 10**zeros) for word, zeros in _SCALES.items()},
    **{f"{word}th": ("SCALETH", 10**zeros) for word, zeros in (_SCALES | {"hundred": 2}).items()},
    "hundred": ("HUNDRED", 100),
    "hundreds": ("HUNDREDS", 100),
    "second": ("second", None),
    "seconds": ("seconds", None),
    "nought": ("SMALL", 0),
    "naught": ("SMALL", 0),
    "dozen": ("dozen", 12),
    "dozens": ("dozen", 12),
    "doz": ("dozen", 12),
    "dozs": ("dozen", 12),
    "half": ("half", Fraction(1, 2)),
    "halves": ("halves", 2),
    "quarter": ("quarter", Fraction(1, 4)),
    "quarters": ("quarter", Fraction(1, 4)),
    "qtr": ("quarter", Fraction(1, 4)),
    "point": ("point", None),
    "over": ("over", None),
    "minus": ("minus", None),
    "negative": ("minus", None),
    "couple": ("couple", 2),
}
_PLURAL = {f"{word}s": value for word, value in WORDS.items() if value[0] in ("SMALLTH", "TEENTH", "TENSTH", "SCALETH")}
WORDS |= {word: (f"{tag}S", value) for word, (tag, value) in _PLURAL.items()}
STARTS = frozenset(listed("INT DEC SLASH SMALL TEEN TENS HUNDRED SMALLTH TEENTH TENSTH SCALETH half quarter a minus dash point"))


class _Reader:
    """Over a row of nodes; every method takes a place and returns what it read and the place behind, or None."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes

    def tag(self, at: int) -> str:
        return self.nodes[at].tag if at < len(self.nodes) else ""

    def _gap(self, at: int) -> int:
        """Characters between this node and the one before."""
        return self.nodes[at].start - self.nodes[at - 1].end

    def below_100(self, at: int) -> tuple[int, int] | None:
        tag = self.tag(at)
        if tag in ("SMALL", "TEEN"):
            return self.nodes[at].value, at + 1
        if tag == "TENS":
            behind = at + 2 if self.tag(at + 1) == "dash" and not self._gap(at + 1) else at + 1
            if self.tag(behind) == "SMALL" and self.nodes[behind].value:
                return self.nodes[at].value + self.nodes[behind].value, behind + 1
            return self.nodes[at].value, at + 1
        if tag == "INT" and self.nodes[at].value < 100:
            return self.nodes[at].value, at + 1
        return None

    def below_1000(self, at: int) -> tuple[int | Fraction, int] | None:
        """Also a number in digits, which scales may follow: `1.5 million`, `3 hundred`."""
        tag = self.tag(at)
        if tag in ("INT", "DEC"):
            head: tuple[int | Fraction, int] | None = (self.nodes[at].value, at + 1)
        elif tag == "a" and self.tag(at + 1) in ("HUNDRED", "SCALE", "dozen"):
            head = (1, at + 1)
        elif tag == "HUNDRED":
            head = (1, at)
        else:
            head = self.below_100(at)
        if head is None:
            return None
        value, at = head
        if self.tag(at) in ("HUNDRED", "HUNDREDS") and value < 100:
            value, at = value * 100, at + 1
            behind = at + 1 if self.tag(at) == "and" else at
            rest = self.below_100(behind)
            parted = behind > at and self._parts(behind) is not None  # `two hundred and fifty hundredths`: 200.5
            if rest is not None and not parted and not self._ordinal_ahead(behind) and isinstance(value, int):
                return value + rest[0], rest[1]
        return value, at

    def _ordinal_ahead(self, at: int) -> bool:
        """`one hundred twenty first`: the rest is an ordinal's."""
        return self.ordinal_tail(at) is not None

    def ordinal_tail(self, at: int) -> tuple[int, int, bool] | None:
        """(value, behind, plural) of a last word that makes an ordinal or names parts."""
        tag = self.tag(at)
        if tag == "halves":
            return 2, at + 1, True
        for name in ("SMALLTH", "TEENTH", "TENSTH", "SCALETH"):
            if tag in (name, f"{name}S"):
                return self.nodes[at].value, at + 1, tag != name
        if tag == "TENS":
            behind = at + 2 if self.tag(at + 1) == "dash" else at + 1
            if self.tag(behind) in ("SMALLTH", "SMALLTHS"):
                return self.nodes[at].value + self.nodes[behind].value, behind + 1, self.tag(behind) != "SMALLTH"
            if self.tag(behind) == "second":
                return self.nodes[at].value + 2, behind + 1, False
        return None

    def cardinal(self, at: int) -> tuple[int | Fraction, int] | None:
        total: int | Fraction = 0
        ceiling = 10**18
        behind = at
        while True:
            found = self.below_1000(behind)
            if found is None and total == 0 and self.tag(behind) == "SCALE" and self.nodes[behind].value < 10**7 and behind == at:
                found = None  # `million` alone says no number
            if found is None:
                break
            value, next_at = found
            scaled = False
            if (
                self.tag(next_at) == "dash"
                and self.tag(next_at + 1) == "SCALE"
                and not self._short(next_at + 1)
                and bool(self._gap(next_at)) == bool(self._gap(next_at + 1))
            ):
                next_at += 1  # `100-million`
            while self.tag(next_at) in ("SCALE", "SCALES", "dozen") and not (self.tag(next_at) == "SCALE" and value >= 10**15):
                scale = self.nodes[next_at].value
                if scale in (1000, 10**6, 10**9, 10**12) and self._short(next_at) and self._gap(next_at) > 2:
                    break
                value *= scale
                scaled = True
                next_at += 1
            if total and (value >= ceiling or (not scaled and value >= 1000)):
                break
            total, behind = total + value, next_at
            if not scaled:
                break
            ceiling = self.nodes[behind - 1].value if self.tag(behind - 1) != "dozen" else 1  # `two crore fifty lakh`
            after = behind + 1 if self.tag(behind) == "and" else behind
            if self.tag(after) in ("half", "a", "quarter", "SLASH") or (
                self.tag(after) in ("INT", "DEC") and after == behind and self.tag(after + 1) not in ("SCALE", "HUNDRED")
            ):
                break
            if self.below_1000(after) is None or self.ordinal_tail(after) is not None or self._parts(after) is not None:
                break
            behind_before, behind = behind, after
            ahead = self.below_1000(behind)
            if ahead is None or ahead[0] >= ceiling or (after != behind_before and self.tag(ahead[1]) == "" and ahead[0] >= 1000):
                behind = behind_before
                break
        return (total, behind) if behind > at else None

    def _short(self, at: int) -> bool:
        node = self.nodes[at]
        return node.end - node.start <= 1

    def _parts(self, at: int, mixed: bool = False) -> tuple[Fraction, int] | None:
        """`two thirds`, `a fifth`, `three quarters`, `5/8`, `one over three`."""
        tag = self.tag(at)
        if tag == "SMALL" and self.nodes[at].value == 1:
            behind = at + 2 if self.tag(at + 1) == "dash" else at + 1
            if self.tag(behind) == "half":
                return Fraction(1, 2), behind + 1
        if tag == "SLASH":
            top, bottom = self.nodes[at].value
            return (Fraction(top, bottom), at + 1) if bottom else None
        if tag == "half":
            return Fraction(1, 2), at + 1
        if tag == "a" and self.tag(at + 1) == "half":
            return Fraction(1, 2), at + 2
        count: tuple[int | Fraction, int] | None = (1, at + 1) if tag == "a" else self.below_1000(at)
        if tag == "a" and self.tag(at + 1) in ("HUNDRED", "SCALE"):
            count = self.cardinal(at)
        if count is None:
            return None
        value, behind = count
        dash = 1 if self.tag(behind) == "dash" else 0
        if self.tag(behind + dash) == "quarter" and value in (1, 2, 3) and (tag != "a" or mixed or self.tag(behind + dash + 1) == "of"):
            if self.tag(at - 1) in ("next", "coming", "last", "past"):
                return None  # of years
            return Fraction(value) / 4, behind + dash + 1
        below = self.ordinal_tail(behind + dash)
        if below is not None and (below[0] > 2 or self.tag(behind + dash) == "halves") and (below[2] or value == 1):
            return Fraction(value) / below[0], below[1]
        return None

    def read(self, at: int) -> tuple[Node, int] | None:
        """The longest numeral at this place."""
        begin, sign = at, 1
        if self.tag(at) in ("minus", "dash"):
            # `-5` where no word, number or other dash stands right before it
            if self.tag(at) == "dash" and (
                at + 1 >= len(self.nodes)
                or self._gap(at + 1)
                or self.tag(at + 1) not in ("INT", "DEC", "SLASH")
                or (at and self.nodes[at - 1].end == self.nodes[at].start)
            ):
                return None
            sign, at = -1, at + 1
        if self.tag(at) == "INT" and self.tag(at + 1) == "th":
            return self._node("ORD", begin, at + 2, self.nodes[at].value)
        ordinal = self.ordinal_tail(at)
        if ordinal is not None and not ordinal[2] and sign == 1:
            return self._node("ORD", begin, ordinal[1], ordinal[0])
        parts = self._parts(at)
        if (
            parts is not None
            and self.tag(at - 1) == "and"
            and self.tag(behind_a := at + (self.tag(at) == "a")) in ("half", "quarter")
            and behind_a
        ):
            parts = None  # `an hour and a half`
        if parts is not None:
            value: int | Fraction
            value, behind = parts
            after = behind + 2 if (self.tag(behind), self.tag(behind + 1)) == ("of", "a") else behind + (self.tag(behind) in ("a", "of"))
            if self.tag(after) == "SCALE" and not self._short(after):
                value, behind = value * self.nodes[after].value, after + 1
            elif self.tag(after) == "dozen":
                value, behind = value * 12, after + 1
            elif self.tag(at) in ("half", "a", "quarter") and self.tag(at) != "a":
                return None  # `half` alone is the grammar's
            return self._node("FRAC" if self.tag(at) == "SLASH" and behind == at + 1 and sign == 1 else "NUM", begin, behind, sign * value)
        found = self.cardinal(at)
        if found is None:
            if self.tag(at) == "point" and self.tag(at + 1) == "SMALL":
                value, behind = self._decimals(0, at)
                return self._node("NUM", begin, behind, sign * value)
            return None
        value, behind = found
        whole = behind
        if self.tag(behind) == "point" and self.tag(behind + 1) in ("SMALL", "TEEN", "TENS", "INT"):
            value, behind = self._decimals(value, behind)
            while self.tag(behind) == "SCALE" and not self._short(behind):
                value, behind = value * self.nodes[behind].value, behind + 1
        elif self.tag(behind) in ("over", "out_of") and isinstance(value, int):
            below = self.cardinal(behind + 1)
            if below is not None and below[0] and (self.tag(behind) == "over" or below[0] >= value):
                value, behind = Fraction(value) / below[0], below[1]
        else:
            if isinstance(value, int):
                tail = self.ordinal_tail(behind + 1 if self.tag(behind) in ("and", "dash") else behind)
                if tail is not None and tail[2] and tail[0] > 2 and self.tag(behind) not in ("and", "dash"):  # `two hundred thousandths`
                    return self._node("NUM", begin, tail[1], sign * Fraction(value, tail[0]))
                if tail is not None and not tail[2] and value % 100 == 0 and value and self.tag(at) != "INT":
                    return self._node("ORD", begin, tail[1], value + tail[0])
            after = behind + 1 if self.tag(behind) == "and" else behind
            if self.tag(behind) == "dash" and self.tag(behind + 1) == "SLASH" and not self._gap(behind + 1):
                after = behind + 1  # `2-1/2`
            mixed = self._parts(after, mixed=True) if after > behind or self.tag(behind) in ("and", "SLASH") else None
            if mixed is not None and self.tag(after) not in ("DEC", "INT") and 0 < mixed[0] < (2 if self.tag(behind) == "SLASH" else 1):
                scale = self.nodes[behind - 1].value if self.tag(behind - 1) == "SCALE" and self.tag(after) == "a" else 1
                more = mixed[0]
                behind = mixed[1]
                if self.tag(behind) == "SCALE" and not self._short(behind):
                    if more < 1 and scale == 1 and value < 1000:  # `one and a half million`
                        value, more = value * self.nodes[behind].value, more * self.nodes[behind].value
                    else:
                        scale = self.nodes[behind].value
                    behind += 1
                value = value + more * scale
            elif mixed is None and self.tag(behind) == "and":
                inner = self.cardinal(behind + 1)  # `twenty and three and three fifths`
                if inner is not None and self.tag(inner[1]) == "and" and inner[0] < 10 <= value < 100 and self.tag(at) == "TENS":
                    tail_parts = self._parts(inner[1] + 1)
                    if tail_parts is not None and tail_parts[0] < 1:
                        value, behind = value + inner[0] + tail_parts[0], tail_parts[1]
        plain = behind == at + 1 and whole == behind
        if plain and sign == 1:
            node = self.nodes[at]
            return Node("INT" if node.tag == "INT" else "NUM", node.start, node.end, node.value), behind
        return self._node("NUM", begin, behind, sign * value)

    def _decimals(self, value: int | Fraction, at: int) -> tuple[Fraction, int]:
        behind, digits = at + 1, ""
        if self.tag(behind) in ("TEEN", "TENS"):  # `three point fourteen`
            found = self.below_100(behind)
            if found is not None:
                return Fraction(value) + Fraction(found[0], 100), found[1]
        while self.tag(behind) in ("SMALL", "INT") and len(digits) < 20:
            node = self.nodes[behind]
            digits += str(node.value).zfill(node.end - node.start if node.tag == "INT" else 1)
            behind += 1
        return Fraction(value) + Fraction(int(digits), 10 ** len(digits)), behind

    def _node(self, tag: str, begin: int, behind: int, value: int | Fraction) -> tuple[Node, int]:
        if isinstance(value, Fraction) and value.denominator == 1:
            value = int(value)
        return Node(tag, self.nodes[begin].start, self.nodes[behind - 1].end, value), behind


def numbers(nodes: list[Node], _: Any, text: str) -> list[Node]:
    """The stage that makes `NUM` and `ORD` of words; `INT` stays what one run of digits said."""
    reader = _Reader(nodes)
    out: list[Node] = []
    at = 0
    while at < len(nodes):
        node = nodes[at]
        vague = node.tag in ("HUNDRED", "SCALE") and at and nodes[at - 1].tag == "few"  # `a few hundred` is no hundred
        found = reader.read(at) if node.tag in STARTS and not vague else None
        if found is None:
            out.append(node)
            at += 1
            continue
        out.append(found[0])
        at = found[1]
    return out


def spoken(value: int) -> str:
    """Of a whole number below a thousand billion, as one reads it out."""
    if value < 0:
        return f"minus {spoken(-value)}"
    if value < 10:
        return SMALL[value]
    if value < 20:
        return TEEN[value - 10]
    if value < 100:
        return TENS[value // 10 - 2] + (f"-{SMALL[value % 10]}" if value % 10 else "")
    if value < 1000:
        return f"{SMALL[value // 100]} hundred" + (f" and {spoken(value % 100)}" if value % 100 else "")
    name, zeros = next((name, zeros) for name, zeros in reversed(_SCALES.items()) if value >= 10**zeros)
    whole, rest = divmod(value, 10**zeros)
    joined = "" if not rest else f" and {spoken(rest)}" if rest < 100 else f" {spoken(rest)}"
    return f"{spoken(whole)} {name}{joined}"
