# SPDX-License-Identifier: Apache-2.0
"""The English grammar: from numbers to clocks and days, to moments, ranges and repetition."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import re2

from comity.tasks.entities import meaning
from comity.tasks.entities.calendar import (
    Clock,
    Moment,
    full_year,
    length,
    on,
    relative,
)
from comity.tasks.entities.cascade import Cascade, Match, Node, Rule, Step
from comity.tasks.entities.english.amounts import duration_rules, joining_rules, measure_rules, money_rules, percent_rules
from comity.tasks.entities.english.clocks import (
    and_half,
    bare_part_moment,
    clock_shift,
    day_part,
    end_of_day,
    half_day,
    halved_part,
    in_part,
    literal_clock,
    number_range,
    oh_clock,
    on_clock,
    open_at_part,
    open_part,
    part_moment,
    part_range,
    past,
    ranged_part,
    spoken_clock,
    two_words,
)
from comity.tasks.entities.english.days import (
    bare_slash,
    bare_year,
    both_in_year,
    coming_weekday,
    date_weekday,
    days_in_month,
    days_in_period,
    holiday_days,
    in_period,
    in_year,
    int_month,
    month_day,
    month_year,
    named_month,
    numeric,
    on_number,
    slash,
    spaced,
    the_nth,
    unbroken,
    week_of,
    weekday,
    weekday_day,
    weekdays_away,
    weekdays_in_week,
    year_first,
    year_words,
    years,
)
from comity.tasks.entities.english.lexer import tokens
from comity.tasks.entities.english.numbers import STARTS, numbers
from comity.tasks.entities.english.repeats import (
    every_between,
    every_date,
    every_length,
    every_unit,
    monthly,
    nth_weekday_monthly,
    often,
    once_a,
    plural_days,
    repeat_on,
)
from comity.tasks.entities.english.settling import dated, settled, yeared
from comity.tasks.entities.english.stretches import (
    after_next,
    at_least,
    at_least_from,
    beside_today,
    century,
    coming_many,
    compared,
    day_beside,
    decade,
    decade_named,
    edge,
    half_number,
    half_of,
    half_year,
    lasting,
    long_weekend,
    month_in_year,
    month_of,
    nth_node,
    quarter_days,
    rest,
    shift,
    that_one,
    the_unit,
    third,
    this_or_next,
    to_date,
    week_after,
    week_number,
    week_of_year,
    weekday_from,
    within_length,
)
from comity.tasks.entities.english.words import GLUED, phrases, words
from comity.tasks.entities.lexer import listed, windows
from comity.tasks.entities.phrases import (
    clock_lasting,
    days_range,
    moments_range,
    open_clock,
    open_days,
    open_moment,
    ranged,
    timed_repeat,
    with_clocks,
)
from comity.tasks.entities.repeating import Repeat, every

N = "(INT|NUM)"
DAY = "(ORD|DAYORD|INT|NUM)"


def nobody_knows(m: Match) -> Node:
    """`twice a week`, `every third Monday`: nothing here holds it whole, and its parts would be wrong."""
    return Node("_", 0, 0)


def no_part(m: Match) -> Node | None:
    """`summer 2018`: its year alone would be wrong."""
    return Node("_", 0, 0) if 1900 <= m.get("INT", "YEAR") <= 2100 or m.has("FISCAL") else None


STAGES: tuple[Any, ...] = (
    Step(STARTS, numbers),
    Step(frozenset({"MONTHQ", "WEEKDAYQ", "ORD", "POUNDS", "NUM", "MONTH"}), settled),
    (*percent_rules(N), *money_rules(N), *duration_rules(N), *measure_rules(N)),
    joining_rules(),
    (  # clocks
        Rule("CLOCK", "CLOCKLIT ampm?", literal_clock),
        Rule("CLOCK", f"(half|quarter|a quarter) (past|after|to|before) {N} oclock? ampm?", past),
        Rule("CLOCK", f"({N}|DUR) past {N} oclock? ampm?", past),
        Rule("CLOCK", f"DUR (to|after) {N} oclock? ampm?", past),
        Rule("CLOCK", "NUM oh NUM ampm?", oh_clock),
        Rule("CLOCK", f"{N} to {N} oclock ampm?", past),
        Rule("CLOCK", f"{N} to {N} ampm",
             lambda m: past(m) if isinstance(m.get("NUM"), int) and m.get("NUM") in (5, 10, 20, 25) else None),
        Rule("ATCLOCK", f"(at|around|by) {N} to {N}", lambda m: past(m) if m.get("INT", "NUM") in (5, 10, 20, 25) else None),
        Rule("CLOCK", "(half|quarter|a quarter|DUR|INT|NUM) (past|to) (noon|midnight)", past),
        Rule("CLOCK", f"{N} and half ampm", and_half),
        Rule("CLOCK", "NUM ampm",
             lambda m: and_half(m)
               if isinstance(m.get("NUM"), Fraction) and m.get("NUM") % 1 == Fraction(1, 2) and "half" in m.said else None),
        Rule("CLOCK", f"{N} {N}? ampm", spoken_clock),
        Rule("CLOCK", f"{N} oclock ampm?", spoken_clock),
        Rule("CLOCK", "INT (noon|midnight)", lambda m: Clock((43200 if m.has("noon") else 0,)) if m.get("INT") == 12 else None),
        Rule("CLOCK", "NUM NUM !U", two_words),
        Rule("CLOCK", "INT ish ampm?", lambda m: (made := spoken_clock(m)) and made._replace(certain=False)),
        Rule("CLOCK", "MIDDLE", lambda m: Clock((m.get("MIDDLE"),), certain=False)),
        Rule("CLOCK", "noon", lambda m: Clock((43200,))),
        Rule("CLOCK", "midnight", lambda m: Clock((0,))),
    ),
    (Rule("CLOCK", "CLOCK ZONE", lambda m: m.get("CLOCK")._replace(certain=False)),),  # of another zone perhaps: ask
    Step(frozenset({"FRAC"}), dated),
    (
        Rule("YEAR", "NUM NUM", year_words),
        Rule("DATE", "YMD", lambda m: on(m.frame, year=m.get("YMD")[0], month=m.get("YMD")[1], day=m.get("YMD")[2])),
        Rule("DATE", "(WEEKDAY comma?)? DMY", numeric),
        Rule("DATE", "(this|next|last)? WEEKDAY comma? FRAC", slash),
        Rule("DATE", "INT INT INT", spaced),
        Rule("DATE", "INT", unbroken),
        Rule("_", "(SEASON|FISCAL) of? (INT|YEAR)", no_part),
        Rule("_", "(SEASON|FISCAL) of (this|next|last|past) U", nobody_knows),
        Rule("_", "(SEASON|FISCAL)", nobody_knows),
    ),
    (
        Rule("DATE", f"(WEEKDAY comma?)? (the|dot)? MONTH dot? (dash|slash)? the? {DAY} (comma|of|in|dash|slash)? (INT|NUM|YEAR)",
             month_day),
        Rule("DATE", "(WEEKDAY comma?)? the? (ORD|DAYORD|INT|NUM) (U)? (of|dash|slash)? MONTH (comma|dot|of|in|dash|slash)* (INT|NUM|YEAR)",
             month_day),
        Rule("DATE", "(INT|YEAR) comma? MONTH the? (ORD|DAYORD|INT)", year_first),
        Rule("PERIOD", "(INT|YEAR) MONTH !INT", year_first),
        Rule("DRANGE", f"(from|between)? (the)? {DAY} (to|dash|until|and) the? {DAY} of? MONTH (dot? comma? INT)?",
             days_in_month),
        Rule("DRANGE", "(from|between)? MONTH dot? the? (ORD|DAYORD|INT|NUM) (to|dash|until|and) the? (ORD|DAYORD|INT|NUM) (comma? INT)?",
             days_in_month),
        Rule("DATE", "MONTH the? second comma? (INT|YEAR)",
             lambda m: on(m.frame, month=m.get("MONTH"), day=2, year=year) if 1900 <= (year := m.get("INT", "YEAR")) <= 2100 else None),
        Rule("DATE", "MONTH the? second", lambda m: on(m.frame, month=m.get("MONTH"), day=2)),
        Rule("DATE", "(WEEKDAY comma?)? MONTH dot? (dash|slash)? the? (ORD|DAYORD|INT|NUM)", month_day),
        Rule("DATE", "(WEEKDAY comma? (on)?)? the? (ORD|DAYORD|INT|NUM) (U)? (of|dash|slash)? MONTH", month_day),
        Rule("DATE", "INT dash MONTH dash INT", lambda m: on(m.frame, year=m.get("INT"), month=m.get("MONTH"), day=m.get("INT", nth=1))),
        Rule("PERIOD", "MONTH (comma|of|dash|slash|dot)? of? (INT|YEAR|NUM)", month_year),
        Rule("PERIOD", "INT dash MONTH", month_year),
        Rule("PERIOD", "INT (dash|slash) INT", int_month),
        Rule("PERIOD", "(this|next|last|past) MONTH", named_month),
        Rule("PERIOD", "MONTH", lambda m: on(m.frame, month=m.get("MONTH"))),
        Rule("PERIOD", "(INT|YEAR) poss? s", decade),
        Rule("PERIOD", "(the)? NUM? DECADE", decade_named),
        Rule("PERIOD", "(INT|YEAR) comma? U (INT|NUM)", week_of_year),
        Rule("PERIOD", "the? (ORD|DAYORD) U", lambda m: century(m) if m.get("U") == "century" else None),
        Rule("DRANGE", "(gt|lt)? eq (INT|YEAR)", compared),
        Rule("DRANGE", "(gt|lt) (INT|YEAR)", compared),
        Rule("DATE", "on INT dash INT",
             lambda m: on(m.frame, month=m.get("INT"), day=m.get("INT", nth=1)) if m.get("INT") <= 12 else None),
        Rule("PERIOD", "(INT|YEAR) dash? hy INT", half_number),
        Rule("PERIOD", "hy INT (comma|dash|of|in)? (INT|YEAR)?", half_number),
        Rule("PERIOD", "(INT|YEAR) dash? q INT", quarter_days),
        Rule("PERIOD", "the? q INT (comma|dash|of|in)? (INT|YEAR)", quarter_days),
        Rule("PERIOD", "the? q INT", quarter_days),
        Rule("PERIOD", "(cy|U) of? (INT|YEAR|NUM)",
             lambda m: None if m.get("U") not in (None, "year") or not isinstance(m.get("INT", "YEAR", "NUM"), int)
             else on(m.frame, year=full_year(m.get("INT", "YEAR", "NUM"))) if m.has("cy") or m.get("INT", "YEAR", "NUM") > 1900 else None),
        Rule("PERIOD", "U (INT|NUM) (of|in)? (YEAR|INT)?", lambda m: week_number(m) if m.get("U") == "week" else None),
        Rule("DRANGE", "(INT|NUM) (last|past|next) U",
             lambda m: ranged(meaning.coming(length(m.get("INT", "NUM"), m.get("U")), m.frame, past=m.has("last", "past")))),
        Rule("PERIOD", "(the)? (this|next|coming) (calendar|working)? (U|quarter)", this_or_next),
        Rule("PERIOD", "(the)? (last|past) (calendar|working)? (U|quarter) !of", this_or_next),
        Rule("PERIOD", "the? U (after next|before last)", after_next),
        Rule("DATE", "TODAY", lambda m: relative(m.frame, m.get("TODAY"), "day")),
        Rule("DATE", "HOLIDAY (comma|of|in)? (INT|YEAR)", holiday_days),
        Rule("DATE", "(this|next|last)? HOLIDAY", holiday_days),
        Rule("MOMENT", "NOW", lambda m: Moment((m.frame.at,))),
        Rule("DRANGE", "YTD", to_date),
        Rule("DRANGE", "(from|between)? (INT|YEAR) (to|dash|until|and) (INT|YEAR)", years),
    ),
    Step(frozenset({"of"}), yeared),
    (
        Rule("DRANGE", "(the)? (ORD|last|past) DUR (of|in) (the U|PERIOD)", lambda m: edge(the_unit(m))),
        Rule("PERIOD", "PERIOD (of|in)? PERIOD", month_in_year),
        Rule("PERIOD", "(the)? U of PERIOD", month_of),
        Rule("PERIOD", "the? q INT (of|in|comma)? PERIOD", quarter_days),
        Rule("PERIOD", "PERIOD poss? dash? the? q INT", quarter_days),
        Rule("PERIOD", "U INT (of|in|comma)? PERIOD", lambda m: week_number(m) if m.get("U") == "week" else None),
        Rule("PERIOD", "the? (that|same|that same) (U|quarter)", that_one),
        Rule("PERIOD", "the? U of the (DAYORD|ORD) !of", week_of),
        Rule("REPEAT", "once DUR", lambda m: every_length(m.get("DUR"))),
        Rule("REPEAT", "every other U", every_unit),
        Rule("REPEAT", f"every ({N}|ORD|second) U", every_unit),
        Rule("REPEAT", "every (DUR|U|quarter|weekdays|second)", every_unit),
        Rule("REPEAT", "every? (the)? (ORD|DAYORD|second|last) WEEKDAY (of|in) (the|every) U", nth_weekday_monthly),
        Rule("REPEAT", "every WEEKDAY (to|dash) WEEKDAY", every_between),
        Rule("DATE", f"{N} (WEEKDAYS|WEEKDAY) (ago|later|from MOMENT)", weekdays_away),
        Rule("_", f"(every ORD WEEKDAY|{N} WEEKDAYS ago?|(twice|{N} times) DUR)", nobody_knows),
        Rule("_", f"{N} U", lambda m: nobody_knows(m) if m.get("U") == "weekend" else None),
        Rule("REPEAT", "on? U", lambda m: every(1, "weekend") if m.said.endswith("weekends") else None),
        Rule("REPEAT", "(WEEKDAY|weekdays) PARTNAMES", every_unit),
        Rule("REPEAT", "every (other|second)? (WEEKDAY|WEEKDAYS) ((comma|and|or|slash)+ (WEEKDAY|WEEKDAYS))*", every_unit),
        Rule("REPEAT", "(on)? (the)? (ORD|DAYORD|second|last) (WEEKDAY|U)? (of|in) every other? U", monthly),
        Rule("REPEAT", "OFTEN on the? (ORD|DAYORD|second)", monthly),
        Rule("REPEAT", "every (DATE|PERIOD)", every_date),
        Rule("REPEAT", "every CLOCK", lambda m: Repeat("DAILY", clock=m.get("CLOCK"))),
        Rule("REPEAT", "(on)? WEEKDAYS ((comma|and|or|slash)+ (WEEKDAYS|WEEKDAY))*", plural_days),
        Rule("REPEAT", "OFTEN", often),
        Rule("REPEAT", "once a U", once_a),
        Rule("REPEATPART", "every PARTNAME", lambda m: (Repeat("DAILY"), m.get("PARTNAME"))),
        Rule("DATE", "(this|next|last|past) WEEKDAY comma? FRAC", slash),
        Rule("DATE", "(this|next|last) WEEKDAY comma? DATE", date_weekday),
        Rule("DATE", "(on)? this WEEKDAY", lambda m: weekday(m, 0)),
        Rule("DATE", "next WEEKDAY", lambda m: weekday(m, 1)),
        Rule("DATE", "this? (last|past) WEEKDAY", lambda m: weekday(m, -1)),
        Rule("DATE", "coming WEEKDAY", coming_weekday),
        Rule("DATE", "the? WEEKDAY after next", lambda m: weekday(m, 2)),
        Rule("DATE", "WEEKDAY (of|on|comma)? PERIOD", in_period),
        Rule("DATE", "PERIOD (on|comma|poss)? WEEKDAY", in_period),
        Rule("DATE", "WEEKDAY (comma|the|on)* DATE", date_weekday),
        Rule("DATE", "DATE lpar WEEKDAY rpar", date_weekday),
        Rule("DATE", "WEEKDAY (the|comma)* (ORD|DAYORD)", weekday_day),
        Rule("DATE", "WEEKDAY INT", lambda m: weekday_day(m) if m.get("INT") > 12 else None),
        Rule("DATEOF", "(the)? (ORD|DAYORD|last|second) dash? (WEEKDAY|U|quarter)? (of|in) (the U|PERIOD)",
             lambda m: nth_node(the_unit(m))),
        Rule("DATEOF", "(the)? (ORD|last|second) dash? (WEEKDAY|U|quarter) PERIOD", lambda m: nth_node(the_unit(m))),
        Rule("DATEOF", "PERIOD poss? ORD quarter", lambda m: nth_node(m)),
        Rule("DATE", "WEEKDAY", lambda m: on(m.frame, weekday=m.get("WEEKDAY"))),
    ),
    (
        Rule("MRANGE", "(earlier|later) (in)? DATE", half_day),
        Rule("CLOCK", "DUR (before|after) CLOCK", clock_shift),
        Rule("DATE", "(the)? (ORD|DAYORD) PERIOD",
             lambda m: meaning.nth_day(m.get("PERIOD"), m.get("ORD", "DAYORD")) if m.get("PERIOD").grain == "month" else None),
        Rule("DATE", "PERIOD poss (ORD|DAYORD)", lambda m: meaning.nth_day(m.get("PERIOD"), m.get("ORD", "DAYORD"))),
        Rule("DATE", "PERIOD (on)? the (ORD|DAYORD)",
             lambda m: meaning.nth_day(m.get("PERIOD"), m.get("ORD", "DAYORD")) if m.get("PERIOD").grain == "month" else None),
        Rule("PERIOD", "(the)? ORD dash? quarter ((of|in|comma)? (YEAR|INT|PERIOD))?", lambda m: quarter_days(m)),
        Rule("PERIOD", "(the)? (ORD|second) half (of|in|comma)? (the U|PERIOD|INT|YEAR)", lambda m: half_year(the_unit(m))),
        Rule("PERIOD", "(the)? (begin|end|mid) (of|dash)? (the? U|PERIOD|INT|YEAR)", lambda m: third(the_unit(m))),
        Rule("PERIOD", "(the)? (early|late|mid) (in)? (the U|PERIOD|INT|YEAR)", lambda m: third(the_unit(m))),
        Rule("DRANGE", "(the)? rest of? (the U|PERIOD|DATE)", lambda m: rest(the_unit(m))),
        Rule("PERIOD", "(earlier|later) (in)? (the U|PERIOD)", lambda m: half_of(m)),
        Rule("PERIOD", "wc DATE", week_of),
        Rule("PERIOD", "the? U of DATE", week_of),
        Rule("PERIOD", "DATE U", long_weekend),
        Rule("DATE", "DATE U !INT", week_after),
        Rule("PERIOD", "the? U", lambda m: relative(m.frame, 0, "weekend") if m.get("U") == "weekend" else None),
        Rule("DRANGE", "DUR (starting|begin) (on)? DATE", lasting),
        Rule("DRANGE", "for DUR (from|after) DATE", lasting),
        Rule("DRANGE", "from DATE for DUR", lasting),
        Rule("PERIOD", "(the)? U (starting|begin) (on)? DATE", lambda m: week_of(m) if m.get("U") == "week" else None),
        Rule("DRANGE", "(more|less) than DUR (before|after|from|since) (DATE|MOMENT)", at_least_from),
        Rule("CRANGE", "(for)? DUR (starting at|starting|from) CLOCK", lasting),
        Rule("DATE", "HOLIDAY", holiday_days),
        Rule("DATE", "DATE (of|in)? PERIOD", lambda m: in_year(m)),
        Rule("DATE", "the U (after|before) DATE", day_beside),
        Rule("DATE", "U (after|before) DATE", lambda m: day_beside(m) if m.get("U") == "day" else None),
        Rule("DRANGE", "(in)? (more|less) than DUR ago?", at_least),
        Rule("MOMENT", "DUR (from|after) NOW", shift),
        Rule("DATE", "in? DUR since the? (DATE|MOMENT|PERIOD)", shift),
        Rule("DATE", "DUR (from|after|before|since) the? (DATE|MOMENT|PERIOD|INT)", shift),
        Rule("MOMENT", "DUR (ago|later|earlier|prior)", shift),
        Rule("MOMENT", "in DUR", shift),
        Rule("MOMENT", "within (the)? (next)? DUR", within_length),
        Rule("DRANGE", "(the)? (next|coming|last|past) DUR !of", coming_many),
        Rule("DATE", "the U (before|after)", beside_today),
    ),
    (
        Rule("REPEAT", "REPEAT on? (DATE|the DAYORD|the ORD)", repeat_on),
        Rule("DATE", "DATE on DATE", weekday_from),
        Rule("DATE", "on the (ORD|DAYORD)", the_nth),
        Rule("DATE", "the DAYORD", the_nth),
        Rule("CLOCK", "(CLOCK|INT|NUM) (in the|at|in|early|late) PARTNAME", in_part),
        Rule("CLOCK", "CLOCK (at)? PARTNAME", lambda m: in_part(m) if m.has("at") or not m.has("comma") else None),
        Rule("DPART", "(the|in|early|late|later|earlier)? TONIGHT", day_part),
        Rule("DPART", "(early|late|earlier|later)? (this|next|last|past|coming) (early|late)? PARTNAME", day_part),
        Rule("DPART", "DATE (comma|early|late|in|the|poss|at)* PARTNAME", day_part),
        Rule("DPART", "(early|late) DATE PARTNAME", day_part),
        Rule("DPART", "(in)? (the)? PARTNAME (of|on) DATE", day_part),
        Rule("PART", "(early|late) in the PARTNAME", lambda m: halved_part(m.get("PARTNAME"), m.has("early"))),
        Rule("PART", "(early|late) PARTNAME", lambda m: halved_part(m.get("PARTNAME"), m.has("early"))),
        Rule("PART", "(in the|at|in)? PARTNAME", lambda m: m.get("PARTNAME")),
        Rule("MOMENT", "EOD (of|on)? DATE", end_of_day),
        Rule("MOMENT", "(the)? end of DATE", end_of_day),
        Rule("MOMENT", "DATE? EOD", end_of_day),
    ),
    (
        Rule("MRANGE", f"DPART comma? (from|between) ({N} {N}?|CLOCK) (to|dash|until|and) ({N} {N}?|CLOCK)", part_range),
        Rule("MRANGE", f"(from|between) ({N} {N}?|CLOCK) (to|dash|until|and) ({N} {N}?|CLOCK) (on)? DPART", part_range),
        Rule("DRANGE", f"(from|between) the? {DAY} (to|dash|until|and) the? {DAY} (of|in)? PERIOD", days_in_period),
        Rule("MRANGE", f"{N} (to|dash|until) {N} DPART", part_range),
        Rule("MRANGE", "DPART INT (to|dash|until) INT", part_range),
        Rule("DPART", "PART (of|on)? DATE", day_part),
        Rule("CRANGE", f"(from|between) ({N} {N}?|CLOCK) (to|dash|until|and) ({N} {N}?|CLOCK) PART?", lambda m: ranged_part(m)),
        Rule("CRANGE", "at? (CLOCK|INT|NUM) (to|dash|until) CLOCK", number_range),
        Rule("CRANGE", f"at? CLOCK (to|dash|until) {N}", number_range),
        Rule("CRANGE", "from? CLOCK for DUR", lasting),
        Rule("ATCLOCK", f"(at|around|by) {N} {N}", lambda m: spoken_clock(m) if not m.has("by") else None),
        Rule("ATCLOCK", f"at around? {N}", lambda m: spoken_clock(m)),
        Rule("ATCLOCK", "(at|around) around? CLOCK", lambda m: m.get("CLOCK")),
    ),
    (
        Rule("REPEAT", "REPEAT (at|comma|around|from)? (CLOCK|ATCLOCK|CRANGE)", timed_repeat),
        Rule("REPEAT", "(CLOCK|ATCLOCK|CRANGE) REPEAT", timed_repeat),
        Rule("REPEAT", "REPEATPART (at|comma|around)? (CLOCK|ATCLOCK)", timed_repeat),
        Rule("REPEAT", "(CLOCK|ATCLOCK) REPEATPART", timed_repeat),
        Rule("REPEAT", "REPEATPART", lambda m: m.get("REPEATPART")[0]),
        Rule("REPEAT", "REPEAT (PART) (ATCLOCK|CLOCK)?", timed_repeat),
        Rule("MOMENT", "DPART (comma|at|around)* (CLOCK|ATCLOCK)", part_moment),
        Rule("MRANGE", f"DPART (before|after|until|by) (CLOCK|ATCLOCK|{N})", open_part),
        Rule("MOMENT", f"DPART around {N}", part_moment),
        Rule("MOMENT", "(CLOCK|ATCLOCK) (on|comma)? DPART", part_moment),
        Rule("MOMENT", f"{N} DPART !CRANGE", bare_part_moment),
        Rule("MRANGE", "DPART CRANGE", part_range),
        Rule("MRANGE", "CRANGE (on|comma)? DPART", part_range),
        Rule("MRANGE", "DATE (on|comma|at|dash)* CRANGE", with_clocks),
        Rule("MRANGE", "DATE (comma|at)* INT (dash|to|until) INT",
             lambda m: with_clocks(m._replace(nodes=[*m.nodes, Node("CRANGE", 0, 0, made)]))
               if max(m.all("INT")) <= 12 and (made := number_range(m)) is not None else None),
        Rule("MRANGE", "DPART (comma)* CRANGE", part_range),
        Rule("MRANGE", "CRANGE (on|comma)? DATE", with_clocks),
        Rule("MRANGE", "DATE from CLOCK for DUR", clock_lasting),
        Rule("MOMENT", "DATE (comma|at|around|dash|PART)* (CLOCK|ATCLOCK) PART?", on_clock),
        Rule("MOMENT", "(CLOCK|ATCLOCK) (on|comma|of)? DATE", on_clock),
        Rule("MRANGE", "(before|after|until|since|by) DPART", open_at_part),
        Rule("MRANGE", "DPART", lambda m: meaning.at_part(m.get("DPART"), m.frame)),
        Rule("DRANGE", "DUR starting? (starting|from|since) DATE", lasting),
    ),
    (
        Rule("DRANGE", "(from|between)? DATE (to|dash|until|and) (the)? (ORD|DAYORD)",
             lambda m: days_in_month(m) if not (m.has("and") and not m.has("between")) else None),
        Rule("DRANGE", "PERIOD (from|between) DATE (to|dash|until|and) DATE", weekdays_in_week),
        Rule("MRANGE", "(from|between) (MOMENT|CLOCK) (to|dash|until|and) (MOMENT|CLOCK|ATCLOCK)", moments_range),
        Rule("MRANGE", "MOMENT (to|dash|until) (MOMENT|CLOCK|ATCLOCK)", moments_range),
        Rule("DRANGE", "(from|between)? DATE (to|dash|until|and) DATE comma (INT|YEAR)", both_in_year),
        Rule("DRANGE", "(from|between) (DATE|PERIOD|MOMENT|FRAC|INT|YEAR) (to|dash|until|and) (DATE|PERIOD|MOMENT|FRAC|INT|YEAR)",
             days_range(slash)),
        Rule("DRANGE", "(DATE|PERIOD|FRAC) (to|dash|until) (DATE|PERIOD|FRAC)", days_range(slash)),
        Rule("DATE", "(on|by|until|since|before|after) FRAC", lambda m: slash(m) if m.has("on") else None),
    ),
    (
        Rule("MRANGE", "DATE (before|after|until|since|by) (CLOCK|ATCLOCK)", open_moment),
        Rule("MRANGE", "(before|after|until|since|by) MOMENT", open_moment),
        Rule("DRANGE", "not (before|after) (DATE|PERIOD)", open_days(the_nth)),
        Rule("DRANGE", "(before|after|until|since|by|starting) (the|on)* (DATE|PERIOD|ORD|DAYORD)", open_days(the_nth)),
        Rule("DRANGE", "from? (DATE|PERIOD) onward", open_days(the_nth)),
        Rule("MRANGE", "MOMENT for DUR", lasting),

        Rule("DRANGE", "(before|after|until|since|by) INT",
             lambda m: open_days(the_nth)(m._replace(nodes=[m.nodes[0], made])) if (made := bare_year(m)) is not None else None),
        Rule("DRANGE", "(DATE|PERIOD) (or|and) (later|after|before|earlier|prior)", lambda m: open_days(the_nth)(m)),
        Rule("CRANGE", "(before|after|until|since|by) (CLOCK|ATCLOCK)", open_clock),
        Rule("CRANGE", "(after|before) PART", open_clock),
        Rule("CLOCK", "PART comma? ATCLOCK", lambda m: meaning.within(m.get("PART"), m.get("ATCLOCK"))),
        Rule("PERIOD", "(in|from|of|comma|and|or|not|for) (the)? (INT|YEAR)", bare_year),
        Rule("PERIOD", "in NUM", bare_year),
        Rule("DATE", "on INT !_", on_number),
        Rule("PERIOD", "YEAR", bare_year),
        Rule("DATE", "FRAC", bare_slash),
    ),
)  # fmt: skip


AMOUNTS = 4  # after so many stages what has a unit is made, and nothing of the calendar


_WEAK = (
    "onward "
    "a the this next coming last past that of in on at by for from to until between and or not every other before after since "
    "later earlier early late mid end begin around within comma dash slash dot lpar rpar poss s q hy cy ish few all once more "
    "less than starting rest no as calendar working is times prior gt lt eq over point second th oclock ZONE neg minus SEASON FISCAL"
)
GRAMMAR = Cascade(STAGES, listed(_WEAK))


def first_row(text: str) -> list[Node]:
    """Of the stretches around what says something; most prose has none, and one pass of RE2 knows."""
    row: list[Node] = []
    for start, end in windows(text, _strong()):
        row += tokens(text, words(), phrases(), GLUED, start, end)
    return row


@cache
def _strong() -> Any:
    """Every word that says something by itself, digits, and the signs of money."""
    weak = frozenset(listed(_WEAK)) | {"_"}
    said = [re2.escape(word) for word, (tag, _) in words().items() if tag not in weak]
    for first, group in phrases().items():
        # money and measures have a number beside them, which says something itself
        said += [
            r"[ \-]*".join(map(re2.escape, (first, *rest)))
            for rest, tag, _ in group
            if tag not in weak and tag not in ("CUR", "CODE", "UNIT")
        ]
    edged = "|".join(sorted((one for one in said if one[0].isalpha()), key=len, reverse=True))
    bare = "|".join(one for one in said if not one[0].isalpha())
    return re2.compile(rf"[0-9]|\b(?:{edged})(?:\b|[0-9])|{bare}")
