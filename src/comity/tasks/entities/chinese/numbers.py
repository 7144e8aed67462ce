# SPDX-License-Identifier: Apache-2.0
"""Numbers as Chinese says them, both ways: `一百零五`, `两千三`, `三万五`, `廿八`, `壹万贰仟`, `三分之二`, `12万3千`, `二零一六`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from comity.tasks.entities.cascade import Node

DIGITS = "零一二三四五六七八九"
_FORMS = {"零": "〇○", "一": "壹弌幺", "二": "两贰俩", "三": "叁仨", "四": "肆", "五": "伍", "六": "陆", "七": "柒", "八": "捌", "九": "玖"}
WORDS: dict[str, tuple[str, Any]] = {
    **{digit: ("DIGIT", value) for value, digit in enumerate(DIGITS)},
    **{form: ("DIGIT", DIGITS.index(digit)) for digit, forms in _FORMS.items() for form in forms},
    "两": ("liang", 2),
    **dict.fromkeys("十拾", ("TEN", 10)),
    **dict.fromkeys("百佰", ("TEN", 100)),
    **dict.fromkeys("千仟", ("TEN", 1000)),
    "廿": ("SCORE", 20),
    "卅": ("SCORE", 30),
    "万": ("MYRIAD", 10**4),
    "亿": ("MYRIAD", 10**8),
    "兆": ("MYRIAD", 10**12),
    "万亿": ("MYRIAD", 10**12),
    "打": ("da", 12),
    "点": ("dian", None),
    "负": ("minus", None),
    "分之": ("fenzhi", None),
    "百分之": ("percent_of", 100),
    "千分之": ("permille_of", 1000),
    "万分之": ("permille_of", 10000),
    "又": ("you", None),
    "半": ("half", Fraction(1, 2)),
    "多": ("more", None),
    "余": ("more", None),
    "来": ("more", None),
    "几": ("ji", None),
    "第": ("di", None),
    "k": ("KILO", 1000),
}
_DIGIT = ("DIGIT", "liang")
MOST = 10**24
DIGITS_MOST = 20  # said one by one; a longer run is no number
_INSIDE = frozenset({"DIGIT", "liang", "TEN", "SCORE", "MYRIAD", "INT", "DEC", "more"})
MOVED = frozenset({"GEWEEKDAY", "MEND", "YEND", "percent_of", "permille_of"})  # what numbers beside them change
_COUNTED = frozenset(["ge", "U", "NIAN", "RI", "UNIT", "KUAI", "YUAN", "CUR", "MAO", "dian", "U_MIN", "U_SEC", "KEZHONG", "DEGREE"])
STARTS = frozenset({"DIGIT", "liang", "TEN", "SCORE", "INT", "DEC", "minus", "dash", "SLASH"})


class _Reader:
    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes

    def tag(self, at: int) -> str:
        return self.nodes[at].tag if 0 <= at < len(self.nodes) else ""

    def value(self, at: int) -> Any:
        return self.nodes[at].value

    def touching(self, at: int) -> bool:
        """No space before it."""
        return at > 0 and self.nodes[at].start == self.nodes[at - 1].end

    def run(self, at: int) -> tuple[str, int]:
        """Digits said one by one: `二零一六`."""
        digits, behind = "", at
        while self.tag(behind) in _DIGIT and (behind == at or self.touching(behind)) and len(digits) < DIGITS_MOST:
            digits += str(self.value(behind))
            behind += 1
        return digits, behind

    def whole(self, at: int) -> tuple[int | Fraction, int, bool] | None:
        """(value, behind, exact), units and all."""
        digits, behind = self.run(at)
        if len(digits) > 1 and self.tag(behind) not in ("TEN", "MYRIAD") and "liang" not in {self.tag(one) for one in range(at, behind)}:
            return int(digits), behind, True
        if len(digits) > 1 and digits.strip("0") and not (digits[0] == "0" and len(digits) == 2):
            return None if at == behind else (self.value(at), at + 1, True)
        total: int | Fraction = 0
        high: int | Fraction = 0  # what a 万 or 亿 has closed
        section: int | Fraction = 0
        digit: int | Fraction | None = None
        unit, gap, exact, begin = 0, False, True, at
        while self.tag(at) in _INSIDE:
            tag = self.tag(at)
            if tag in ("INT", "DEC"):
                if (
                    digit is not None
                    or (at > begin and not (self.tag(at - 1) in ("TEN", "MYRIAD") or gap))
                    or (at > begin and tag == "DEC")
                ):
                    break
                if at > begin and self.tag(at + 1) not in ("TEN", "MYRIAD"):
                    break
                digit = self.value(at)
            elif tag in _DIGIT:
                if digit is not None:
                    break
                if self.value(at) == 0:
                    if self.tag(at + 1) not in ("DIGIT", "liang", "TEN", "SCORE", "INT") and at > begin:
                        break
                    gap = True
                    if at == begin and self.tag(at + 1) not in ("DIGIT",):
                        return 0, at + 1, True
                else:
                    if tag == "liang" and at > begin and self.tag(at + 1) not in ("TEN", "MYRIAD"):
                        break
                    digit = self.value(at)
            elif tag == "SCORE":
                if section or digit is not None:
                    break
                section, unit = self.value(at), 10
            elif tag == "TEN":
                if digit is None:
                    if not (section == 0 and total + high == 0 and at == begin) and not (self.value(at) == 10 and (gap or unit > 10)):
                        break
                    digit = 1
                if unit and self.value(at) >= unit and section:
                    break
                section += digit * self.value(at)
                unit, digit, gap = self.value(at), None, False
            elif tag == "more":
                if self.tag(at + 1) not in ("MYRIAD", "TEN") or not (section or digit is not None):
                    break
                exact = False
            else:  # 万, 亿
                section += digit or 0
                if section == 0 and high == 0 and total == 0:
                    break
                if section == 0 and self.tag(at - 1) == "MYRIAD":  # 四万万
                    total, high = 0, (total + high) * self.value(at)
                elif section == 0:
                    break
                elif total + high and self.value(at) > _last_unit(total + high):
                    total, high = 0, (total + high + section) * self.value(at)
                else:
                    total += section * self.value(at)
                section, digit, unit, gap = 0, None, 0, False
                if total + high > MOST:
                    return None
            at += 1
        if digit is not None:
            last = unit or (_last_unit(total + high) if total + high else 0)
            tail = not gap and last >= 100 and not section % 10 and self.tag(at - 1) in _DIGIT and at - begin > 1
            section += digit * (last // 10 if tail else 1)
        if at == begin:
            return None
        return total + high + section, at, exact

    def decimal(self, value: int | Fraction, at: int) -> tuple[Fraction, int] | None:
        """`点三三` behind a whole; after a part of the day it is a clock."""
        digits, behind = self.run(at + 1)
        if self.tag(at + 1) == "INT" and not digits:
            return None
        if not digits or self.tag(behind) in ("TEN", "SCORE", "ke", "U_MIN") or not self.touching(at + 1):
            return None
        if "liang" in {self.tag(one) for one in range(at + 1, behind)}:
            return None
        return Fraction(value) + Fraction(int(digits), 10 ** len(digits)), behind

    def positive(self, at: int, clock: bool) -> tuple[int | Fraction, int, bool] | None:
        tag = self.tag(at)
        if tag == "SLASH":
            top, bottom = self.value(at)
            return (Fraction(top, bottom), at + 1, True) if bottom else None
        found = self.whole(at)
        if found is None:
            return None
        value, behind, exact = found
        if self.tag(behind) == "dian" and not clock:
            more = self.decimal(value, behind)
            if more is not None:
                value, behind = more
                while self.tag(behind) == "MYRIAD":
                    value, behind = value * self.value(behind), behind + 1
        return value, behind, exact

    def either(self, at: int) -> int | None:
        """Behind `两三`, `十二三`, `七八十`, where what follows is counted: one or the other, nobody knows."""
        if self.tag(at) == "TEN" and self.value(at) == 10:
            at += 1
        digits, behind = self.run(at)
        if len(digits) != 2 or not (int(digits[1]) - int(digits[0]) == 1 and digits[0] != "0"):
            return None
        while self.tag(behind) in ("TEN", "MYRIAD"):
            behind += 1
        return behind if self.tag(behind) in _COUNTED or self.tag(behind - 1) in ("TEN", "MYRIAD") else None

    def read(self, at: int, clock: bool) -> tuple[Node, int] | None:
        begin, sign = at, 1
        if self.tag(at) in ("minus", "dash"):
            if self.tag(at) == "dash" and (
                self.tag(at + 1) not in ("INT", "DEC", "SLASH") or not self.touching(at + 1) or self.touching(at)
            ):
                return None
            sign, at = -1, at + 1
        vague = self.either(at)
        if vague is not None:
            return Node("VAGUE", self.nodes[begin].start, self.nodes[vague - 1].end), vague
        found = self.positive(at, clock)
        if found is None:
            return None
        value, behind, exact = found
        if self.tag(behind) == "KILO" and self.touching(behind) and self.tag(behind - 1) in ("INT", "DEC"):
            value, behind = value * 1000, behind + 1
        if self.tag(behind) == "da" and value and self.touching(behind):
            return self._node(begin, behind + 1, sign * value * 12, exact)
        if self.tag(behind) == "fenzhi":
            below_sign = -1 if self.tag(behind + 1) == "minus" else 1
            above = self.positive(behind + (2 if below_sign < 0 else 1), clock)
            if above is not None and value:
                value, behind = Fraction(above[0]) * below_sign / value, above[1]
        elif self.tag(behind) == "you":
            below = self.positive(behind + 1, clock)
            if self.tag(behind + 1) == "SLASH" and below is not None:
                return self._node(begin, below[1], sign * (value + below[0]), exact)
            above = self.positive(below[1] + 1, clock) if below is not None and self.tag(below[1]) == "fenzhi" else None
            if below is not None and above is not None and below[0]:
                value, behind = value + Fraction(above[0]) / below[0], above[1]
        elif self.tag(behind) == "SLASH" and self.tag(behind - 1) == "INT" and not self.touching(behind):
            value, behind = value + Fraction(*self.value(behind)), behind + 1
        if (
            self.tag(behind) == "ji"
            or self.tag(begin - 1) == "ji"
            or (self.tag(begin) == "TEN" and behind == begin + 1 and self.value(begin) > 10)
        ):
            return Node("VAGUE", self.nodes[begin].start, self.nodes[behind - 1].end), behind  # `几百`, `十几`: nobody knows
        if self.tag(behind) == "more" and self.touching(behind) and value >= 10:  # `一百多`
            return self._node(begin, behind + 1, sign * value, False)
        if behind == at + 1 and sign == 1:
            node = self.nodes[at]
            tag = {"INT": "INT", "SLASH": "FRAC", "TEN": "ONE", "DIGIT": "ONE", "liang": "ONE"}.get(node.tag, "NUM")
            return Node(tag, node.start, node.end, value), behind
        return self._node(begin, behind, sign * value, exact)

    def _node(self, begin: int, behind: int, value: int | Fraction, exact: bool) -> tuple[Node, int]:
        if isinstance(value, Fraction) and value.denominator == 1:
            value = int(value)
        return Node("NUM" if exact else "ABOUT", self.nodes[begin].start, self.nodes[behind - 1].end, value), behind


def _last_unit(value: int | Fraction) -> int:
    """The place of the last 万 or 亿 that was said."""
    if isinstance(value, Fraction) and value.denominator != 1:
        return 0
    return 10**8 if value % 10**8 == 0 else 10**4 if value % 10**4 == 0 else 1


def _parted(nodes: list[Node]) -> Iterator[Node]:
    """`一千分之二`: its 千 belongs to the numeral before it; `二分 之一` may be written apart."""
    before, earlier = "", ""
    for place, node in enumerate(nodes):
        if node.tag in ("percent_of", "permille_of") and before in _INSIDE:
            yield Node("MYRIAD" if node.value == 10000 else "TEN", node.start, node.start + 1, node.value)
            yield Node("fenzhi", node.start + 1, node.end)
        elif node.tag == "U_MIN" and place + 1 < len(nodes) and nodes[place + 1].tag == "zhi" and before in _INSIDE:
            yield node._replace(tag="fenzhi")
        elif node.tag == "GEWEEKDAY":  # `第一个星期一`, `五个星期三小时`
            if before in _INSIDE and earlier != "di" and place + 1 < len(nodes):
                yield Node("U", node.start, node.end - 1, "week")
                yield Node("DIGIT", node.end - 1, node.end, node.value + 1)
            else:
                yield node._replace(tag="WEEKDAY")
        elif (
            node.tag == "MEND"
            and node.value == "start"
            and before in _INSIDE
            and place + 1 < len(nodes)
            and nodes[place + 1].tag in _INSIDE
        ):
            yield Node("YUE", node.start, node.start + 1)  # `十月初一`
            yield Node("chu", node.start + 1, node.end)
        elif node.tag == "YEND" and before in ("INT", "DIGIT"):  # `2018年底`
            yield Node("NIAN", node.start, node.start + 1)
            yield node._replace(start=node.start + 1)
        elif not (node.tag == "zhi" and before == "U_MIN"):
            yield node
        earlier, before = before, node.tag


def numbers(nodes: list[Node], _: Any, text: str) -> list[Node]:
    """The stage that makes `NUM`; `ONE` is a single numeral, which may be part of a word, `INT` one run of digits."""
    reader = _Reader(list(_parted(nodes)))
    nodes = reader.nodes
    out: list[Node] = []
    at = 0
    while at < len(nodes):
        node = nodes[at]
        after_part = bool(out) and out[-1].tag in ("PART", "TODAYPART")
        found = reader.read(at, after_part) if node.tag in STARTS else None
        if found is None:
            out.append(node)
            at += 1
            continue
        out.append(found[0])
        at = found[1]
    return out


def spoken(value: int) -> str:
    """Of a whole number below ten thousand billion, in full."""
    if value < 0:
        return "负" + spoken(-value)
    said = _spoken(value)
    return said[1:] if said.startswith("一十") else said


def _spoken(value: int) -> str:
    for size, name in ((10**8, "亿"), (10**4, "万")):
        if value >= size:
            high, low = divmod(value, size)
            return _spoken(high) + name + ("" if not low else ("零" if low < size // 10 else "") + _spoken(low))
    if value < 10:
        return DIGITS[value]
    out, gap = "", False
    for place, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // place % 10
        if not digit:
            gap = bool(out)
            continue
        out += ("零" if gap else "") + DIGITS[digit] + name
        gap = False
    return out
