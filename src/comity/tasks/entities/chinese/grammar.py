# SPDX-License-Identifier: Apache-2.0
"""The Chinese grammar: from numbers to clocks and days, to moments, ranges and repetition."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from comity.tasks.entities import meaning
from comity.tasks.entities.calendar import (
    Clock,
    Moment,
    on,
    relative,
)
from comity.tasks.entities.cascade import Cascade, Node, Rule, Step
from comity.tasks.entities.chinese.amounts import (
    cash,
    compound,
    counted,
    days_hours,
    degrees,
    discount,
    measure,
    per_hour,
    percent,
    quarter_hours,
    small_cash,
    value_of,
)
from comity.tasks.entities.chinese.clocks import (
    clock_said,
    clocks,
    day_part,
    literal_clock,
    moments,
    on_clock,
    part_clock,
    part_clocks,
    short_of,
)
from comity.tasks.entities.chinese.days import (
    as_period,
    bare_slash,
    date_weekday,
    day_said,
    days_in_month,
    holiday_days,
    month_said,
    numeric,
    open_end,
    same_day,
    short_year,
    slash,
    traditional,
    traditional_date,
    until_now,
    weekday,
    year_month,
    year_of,
    year_said,
    years,
)
from comity.tasks.entities.chinese.lexer import simplified
from comity.tasks.entities.chinese.numbers import MOVED, STARTS, numbers
from comity.tasks.entities.chinese.repeats import every_unit, lunar_every, monthly, often, timed, weekly, yearly
from comity.tasks.entities.chinese.stretches import (
    after_that,
    century,
    decade,
    decade_of,
    half_year,
    last_many,
    next_many,
    nth_of,
    numbered_third,
    quarter_days,
    shift,
    third,
    this_or_next,
    within_length,
)
from comity.tasks.entities.chinese.words import lexicon
from comity.tasks.entities.lexer import listed
from comity.tasks.entities.phrases import (
    days_range,
    moments_range,
    nobody_knows,
    open_clock,
    open_moment,
    timed_repeat,
    with_clocks,
)
from comity.tasks.entities.repeating import Repeat

N = "(INT|NUM|ONE)"
TIMES = "DATE|PERIOD|MOMENT|CLOCK|MRANGE|CRANGE|DRANGE"
COUNTED = "(ge? (U|NIAN|YUE|RI|UNIT|KUAI|YUAN|CUR|MAO|dian|U_MIN|U_SEC|KEZHONG|DEGREE|percent))"
MORE = "((and|you)? DUR1)? " * 5  # no length has more units, and a bound keeps what fails cheap


_COUNTERS = frozenset("个只张条本台辆双对件次位名人岁种份间层页瓶杯碗盒包块片头匹座艘架棵颗粒根支枝把套间家雙對個隻張條輛雙頁層顆")


def settled(nodes: list[Node], _: Any, text: str) -> list[Node]:
    """A numeral of one character is a number where it counts something or stands alone, and else part of a word."""
    out = list(nodes)
    for place, node in enumerate(nodes):
        if node.tag != "ONE" or not (
            place == 0 or out[place - 1].tag in ("_", "ge", "of", "this", "at") or out[place - 1].end < node.start
        ):
            continue
        following = nodes[place + 1].tag if place + 1 < len(nodes) else "_"
        if following not in ("_", "of", "ge", "comma", "and", "this", "at", "U_MIN"):
            continue
        before, after = text[node.start - 1 : node.start], text[node.end : node.end + 1]
        alone = not after or not after.isalpha() or after in _COUNTERS or after == "的"
        said = before in ("是", "为", "于")
        if not (alone or said) or (before.isalpha() and not (after in _COUNTERS or said)):
            out[place] = node._replace(tag="_")
    return out


STAGES: tuple[Any, ...] = (
    Step(STARTS | MOVED, numbers),
    Step(frozenset({"ONE"}), settled),
    (
        Rule("ORD", f"di {N}", lambda m: value_of(m) if isinstance(value_of(m), int) else None),
        Rule("PERCENT", f"(percent_of|permille_of) {N}", percent),
        Rule("PERCENT", f"{N} percent", percent),
        Rule("PERCENT", f"da? {N} zhe", discount),
        Rule("UNSURE", f"(ji {COUNTED}|ji? VAGUE {COUNTED}?) (before|after|within)?", nobody_knows),
        Rule("MONEY", f"(CUR|SIGN) {N} (YUAN|KUAI|CUR)?", cash),
        Rule("MONEY", f"{N} (YUAN|KUAI|CUR|SIGN) you? ({N} MAO ({N} (U_MIN|FENQIAN)?)?|{N} (U_MIN|FENQIAN|MEIFEN)|{N} !UNIT)?", cash),
        Rule("MONEY", f"({N}|FRAC) (YUAN|KUAI|CUR|SIGN)", cash),
        Rule("MONEY", f"{N} (MAO|MEIFEN|FENQIAN) ({N} (FENQIAN)?)?", small_cash),
        Rule("AMOUNT", f"perhour {N} UNIT", per_hour),
        Rule("AMOUNT", f"{N} UNIT (NUM|ONE|INT|half) !YUAN !KUAI !CUR !UNIT !MAO !ge", measure),
        Rule("AMOUNT", f"({N}|FRAC) UNIT", measure),
        Rule("AMOUNT", "half UNIT", measure),
        Rule("AMOUNT", f"{N} DEGREE", degrees),
        Rule("NUM", "HALFNUM", lambda m: Fraction(1, 2)),
    ),
    (
        Rule("PERIOD", f"{N} NIAN {N} YUE", lambda m: short_year(m) if isinstance(value_of(m), int) and value_of(m) < 100 else None),
        Rule("YEAR", f"{N} NIAN", year_said),
        Rule("CLOCK", f"{N} (dian|SHI) {N} ke", clock_said),
        Rule("CLOCK", f"cha {N} (U_MIN|ke) {N} (dian|SHI)", short_of),
        Rule("CLOCK", f"{N} (dian|SHI) cha {N} (U_MIN|ke)", short_of),
        Rule("CLOCK", f"{N} (dian|SHI) (guo|again)? {N} U_MIN ({N} U_SEC)?", clock_said),
        Rule("CLOCK", f"{N} (dian|SHI) half", clock_said),
        Rule("CLOCK", f"{N} dian {N} !U", lambda m: clock_said(m) if m.nodes[-1].tag != "ONE" or value_of(m, 1) == 10 else None),
        Rule("DUR1", f"{N} U {N} SHI", days_hours),
        Rule("DUR1", f"{N} (ge)? half (U|NIAN)", counted),
        Rule("DUR1", f"{N} ge half YUE", counted),
        Rule("DUR1", f"({N}|FRAC) (ge)? (U|NIAN) half", counted),
        Rule("DUR1", f"({N}|FRAC) (ge)? (U|NIAN)", counted),
        Rule("DUR1", f"{N} U_SEC", counted),
        Rule("DUR1", f"{N} KEZHONG", quarter_hours),
        Rule("DUR1", "half (ge)? (U|NIAN)", counted),
        Rule("CLOCK", f"{N} (dian|SHI) zheng?", clock_said),
        Rule("CLOCK", "CLOCKLIT", literal_clock),
    ),
    (
        Rule("DUR", f"DUR1 {MORE} {N} (U_MIN|SHI|U_SEC)", compound),
        Rule("DUR", f"DUR1 {MORE}", compound),
        Rule("UNSURE", f"{N} (to|dash|or) DUR1 (before|after|within)?", nobody_knows),
        Rule("PCLOCK", "(PART|PARTQ) of? CLOCK", part_clock),
        Rule("MONTH", f"{N} YUE", month_said),
        Rule("PERIOD", f"{N} U", lambda m: decade(m) or century(m)),
        Rule("DATE", "YMD", lambda m: on(m.frame, year=m.get("YMD")[0], month=m.get("YMD")[1], day=m.get("YMD")[2])),
        Rule("DATE", "DMY", numeric),
        Rule("PERIOD", "(this|MOD) (YUE|U|ji_season|NIAN)", this_or_next),
    ),
    (
        Rule("DATE", f"(YEAR|YEARREL)? (yuan)? (run)? LMONTH (chu)? {N} RI?", traditional_date),
        Rule("REPEAT", f"OFTEN of? yuan (LMONTH|MONTH) (chu)? {N} RI?", lunar_every),
        Rule("DATE", f"yuan (YEAR|YEARREL)? (run)? MONTH (chu)? {N} RI?", traditional_date),
        Rule("DATE", f"(YEAR|YEARREL)? (run)? (MONTH|PERIOD) chu {N}", traditional_date),
        Rule("DATE", f"yuan (YEAR|YEARREL)? (run)? MONTH chu? {N} RI?", traditional_date),
        Rule("REPEAT", f"OFTEN of? {N} RI", monthly),
        Rule("DATE", f"(YEAR|YEARREL) of? MONTH of? {N} RI", day_said),
        Rule("DATE", f"(MONTH|PERIOD) of? {N} RI", day_said),
        Rule("DATE", f"{N} RI", day_said),
        Rule("DATE", "MONTH (NUM|ONE)", traditional),
        Rule("PERIOD", "(YEAR|YEARREL) of? MONTH", year_month),
        Rule("PERIOD", f"((YEAR|YEARREL) of?)? {N} (ji_season|U)", lambda m: quarter_days(m) if m.get("U") in (None, "quarter") else None),
        Rule("PERIOD", "(YEAR|YEARREL) of? ORD ji_season", quarter_days),
        Rule("PERIOD", "(YEAR|YEARREL) of? ORD U", lambda m: quarter_days(m) if m.get("U") == "quarter" else None),
        Rule("PERIOD", "ORD (ji_season|U)", lambda m: quarter_days(m) if m.has("ji_season") or m.get("U") == "quarter" else None),
        Rule("PERIOD", "(YEAR|YEARREL)? of? HALFYEAR", half_year),
        Rule("PERIOD", "(YEAR|YEARREL)? of? YEND", third),
        Rule("PERIOD", "(MONTH|PERIOD) XUN", third),
        Rule("PERIOD", f"(YEAR|YEARREL)? {N} MEND", numbered_third),
        Rule("PERIOD", "(MONTH|PERIOD|MOD|this)? MEND", third),
        Rule("DATE", "(YEAR|YEARREL)? of? HOLIDAY", holiday_days),
        Rule("DATE", "YEARREL of? TODAY", same_day),
        Rule("DATE", "NEXTDAY", lambda m: (found := relative(m.frame, 1, "day")) and found._replace(certain=False)),  # of what was told
        Rule("DATE", "TODAY", lambda m: relative(m.frame, m.get("TODAY"), "day")),
        Rule("DPART", "TODAYPART", day_part),
        Rule("MOMENT", "NOW", lambda m: Moment((m.frame.at,)) if m.said in ("现在", "此刻", "马上", "立刻", "立即") else None),
        Rule("DRANGE", f"from? {N} (to|dash) YEAR", years),
    ),
    (
        Rule("DATE", "(PERIOD|MONTH|YEAR|YEARREL) of? (ORD|last_one) ge? WEEKDAY", nth_of),
        Rule("DRANGE", "(PERIOD|YEARREL) of? last_one DUR", lambda m: last_many(m._replace(nodes=[
            node._replace(tag="PERIOD", value=on(m.frame, year=year_of(m))) if node.tag == "YEARREL" else node for node in m.nodes]))),
        Rule("DATE", "(PERIOD|MONTH|YEAR|YEARREL) of? (ORD|last_one) ge? (U|YUE|ji_season)", nth_of),
        Rule("REPEAT", "OFTEN of? (ORD|last_one) ge? (WEEKDAY|U)", monthly),
        Rule("REPEAT", f"every WEEKDAY ((comma|and|to|dash)? (WEEKDAY|{N}))*", weekly),
        Rule("REPEAT", "(every|skip) (DUR|workday)", every_unit),
        Rule("REPEAT", f"(every|skip) ({N})? ge? (U|NIAN|YUE|U_MIN|U_SEC)", every_unit),
        Rule("REPEAT", "OFTEN of? DATE", yearly),
        Rule("REPEAT", "OFTEN", often),
        Rule("REPEAT", "perhour", lambda m: Repeat("HOURLY")),
        Rule("DATE", "(MOD|this) WEEKDAY", weekday),
        Rule("PERIOD", "PERIOD of? PERIOD", decade_of),
        Rule("PERIOD", "PERIOD chu", lambda m: meaning.third(m.get("PERIOD"), "start")),
        Rule("DATE", "PERIOD of? WEEKDAY", weekday),
        Rule("DATE", "DATE lpar? WEEKDAY rpar?", date_weekday),
        Rule("DATE", "WEEKDAY DATE", date_weekday),
        Rule("DATE", "WEEKDAY", weekday),
        Rule("PERIOD", "MONTH", as_period),
        Rule("PERIOD", "(YEAR|YEARREL)", as_period),
    ),
    (
        Rule("REPEAT", "REPEAT of? DATE ((comma|and)? DATE)*", lambda m: weekly(m._replace(nodes=[
            node._replace(tag="WEEKDAY", value=node.value.weekday) if node.tag == "DATE" else node for node in m.nodes]))
            if all(days.weekday is not None and days.day is None for days in m.all("DATE")) else None),
        Rule("DATE", "again DUR", shift),
        Rule("MOMENT", "again? DUR (after|before)", shift),
        Rule("DATE", "(DATE|MOMENT) (before|after) DUR", shift),
        Rule("MRANGE", "(after|before) DUR", after_that),
        Rule("DRANGE", "(past|coming) DUR (within)?", next_many),
        Rule("DRANGE", "MOD DUR", lambda m: next_many(m) if abs(m.get("MOD")) == 1 else None),
        Rule("DRANGE", "DUR within", within_length),
        Rule("PERIOD", "U", lambda m: relative(m.frame, 0, "weekend") if m.get("U") == "weekend" else None),
        Rule("DPART", "DATE of? (PART|PARTQ)", day_part),
        Rule("DRANGE", f"from? PERIOD? of? {N} (to|dash) DATE", days_in_month),
        Rule("CRANGE", f"from? (PART|PARTQ)? of? {N} (to|dash) CLOCK", clocks),
        Rule("CRANGE", "from? (CLOCK|PCLOCK) since? (to|dash|and) (CLOCK|PCLOCK) between?",
             lambda m: clocks(m) if not m.has("and") or m.has("between") else None),
    ),
    (
        Rule("REPEAT", "(REPEAT|OFTENPART) of? (PART|PARTQ)? (CLOCK|PCLOCK|CRANGE)", lambda m: timed(m)),
        Rule("REPEAT", "(CLOCK|PCLOCK) REPEAT", timed_repeat),
        Rule("REPEAT", "REPEAT of? (PART|PARTQ)", lambda m: m.get("REPEAT")),
        Rule("REPEAT", "OFTENPART", lambda m: Repeat("DAILY")),
        Rule("MRANGE", "DPART of? CRANGE", part_clocks),
        Rule("MRANGE", "DATE of? CRANGE", with_clocks),
        Rule("MOMENT", "DPART of? (CLOCK|PCLOCK)", on_clock),
        Rule("MOMENT", "DATE (of|comma)? (CLOCK|PCLOCK)", on_clock),
        Rule("CLOCK", "PCLOCK", lambda m: Clock(tuple(one % 86400 for one in m.get("PCLOCK").readings))),
        Rule("MRANGE", "DPART", lambda m: meaning.at_part(m.get("DPART"), m.frame)),
        Rule("DRANGE", "from? (DATE|PERIOD|FRAC) (to|dash) (DATE|PERIOD|FRAC) (between|until)?", days_range(slash)),
        Rule("DRANGE", "(DATE|PERIOD) and (DATE|PERIOD) between", days_range(slash)),
    ),
    (
        Rule("MRANGE", "from? MOMENT (to|dash) (MOMENT|CLOCK) (between)?",
             lambda m: moments(m) if len(m.all("MOMENT")) == 2 else moments_range(m)),
        Rule("MRANGE", "MOMENT and MOMENT between", moments),
        Rule("DRANGE", "(from|at)? (DATE|PERIOD) (or_before|or_after)", open_end),
        Rule("DRANGE", "(from|at)? (DATE|PERIOD) (or|and)? (before|after|since)", open_end),
        Rule("DRANGE", "(to) (DATE|PERIOD) until", open_end),
        Rule("DRANGE", "lead (DATE|PERIOD) (since|until|before)?", open_end),
        Rule("DRANGE", "from? (DATE|PERIOD) zhijin", until_now),
        Rule("MRANGE", "(from)? MOMENT (before|after|since)", open_moment),
        Rule("CRANGE", "(from|at)? CLOCK (before|after|since)", open_clock),
        Rule("DATE", "FRAC", bare_slash),
        Rule("DRANGE", "from? MOMENT (to|dash) (DATE|PERIOD) until?", days_range(slash)),
        Rule("CLOCK", "CLOCK more", lambda m: m.get("CLOCK")._replace(certain=False)),
    ),
    (  # what stands together and no rule above joined says something else than its parts
        Rule("UNSURE", f"from? (DATE|PERIOD|MOMENT|CLOCK|MRANGE|CRANGE) (to|dash) ({TIMES}|INT|NUM|ONE)", nobody_knows),
        Rule("UNSURE", f"{N} (to|dash|or) (DUR|MONEY|AMOUNT|{TIMES})", nobody_knows),
        Rule("UNSURE", "(DATE|PERIOD|MOMENT) of? (DATE|PERIOD|MOMENT)", nobody_knows),
        Rule("UNSURE", "DUR (CLOCK|DATE|PERIOD|MOMENT)", nobody_knows),
        Rule("UNSURE", f"({TIMES}|DUR) (before|after|since|within|until)", nobody_knows),
        Rule("UNSURE", f"yuan chu? {N}", nobody_knows),
    ),
)  # fmt: skip


AMOUNTS = 4  # after so many stages what has a unit is made, and nothing of the calendar


_WEAK = (
    "this of to dash from and comma or before after since until between within past coming again last_one ge at about begin "
    "lpar rpar colon slash zhi you more ji di dian minus NIAN RI SHI U_MIN U_SEC ke zheng cha guo yuan chu run fenzhi "
    "YUAN KUAI MAO PARTQ SIGN CUR MYRIAD UNIT"
)
GRAMMAR = Cascade(STAGES, listed(_WEAK))


def first_row(text: str) -> list[Node]:
    return lexicon().tokens(simplified(text))
