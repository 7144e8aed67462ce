# SPDX-License-Identifier: Apache-2.0
"""The English grammar: from numbers to clocks and days, to moments, ranges and repetition."""

from __future__ import annotations

from functools import cache
from typing import Any

import re2

from comity.tasks.entities import meaning
from comity.tasks.entities.calendar import (
    Moment,
    full_year,
    length,
    on,
    relative,
)
from comity.tasks.entities.cascade import Cascade, Match, Node, Rule, Step
from comity.tasks.entities.english import leftover
from comity.tasks.entities.english.amounts import duration_rules, joining_rules, measure_rules, money_rules, percent_rules
from comity.tasks.entities.english.clocks import (
    bare_part_moment,
    clock_rules,
    clock_shift,
    day_part,
    end_of_day,
    half_day,
    halved_part,
    in_part,
    no_clocks,
    number_range,
    on_clock,
    open_at_part,
    open_bare,
    open_part,
    part_moment,
    part_range,
    ranged_part,
    same_time,
    spoken_clock,
    through_clock,
    weekday_clock_date,
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
    weekday_beside,
    weekday_day,
    weekdays_in_week,
    weekend_beside,
    working_days,
    year_first,
    year_words,
    years,
)
from comity.tasks.entities.english.lexer import tokens
from comity.tasks.entities.english.numbers import STARTS, numbers
from comity.tasks.entities.english.repeats import (
    repeat_on,
    repeat_rules,
)
from comity.tasks.entities.english.settling import dated, settled, yeared
from comity.tasks.entities.english.stretches import (
    after_next,
    ago_of,
    at_least,
    at_least_from,
    beside_today,
    between_lengths,
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
    quarter_slash,
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
    nobody_knows,
    open_clock,
    open_days,
    open_moment,
    ranged,
    timed_repeat,
    with_clocks,
)

N = "(INT|NUM)"
DAY = "(ORD|DAYORD|INT|NUM)"


def as_second(m: Match) -> Node:
    """`the next` is `next`."""
    return m.nodes[1]


def no_part(m: Match) -> Node | None:
    """`summer 2018`: its year alone would be wrong."""
    return nobody_knows(m) if 1900 <= m.get("INT", "YEAR") <= 2100 or m.has("FISCAL") else None


STAGES: tuple[Any, ...] = (
    Step(STARTS, numbers),
    Step(frozenset({"MONTHQ", "WEEKDAYQ", "ORD", "POUNDS", "NUM", "MONTH"}), settled),
    tuple(Rule(tag, f"the {tag}", as_second) for tag in ("next", "last", "past", "coming")),
    (*percent_rules(N), *money_rules(N), *duration_rules(N), *measure_rules(N)),
    (
        *joining_rules(),
        Rule("BDUR", f"({N}|a) dash? (weekdays|working U)", lambda m: m.get("INT", "NUM") or 1 if m.get("U") in (None, "day") else None),
    ),
    (Rule("UNSURE", f"between? {N} (to|dash|or|and) (DUR|BDUR) (ago|later)?", between_lengths),),
    clock_rules(N),
    (Rule("CLOCK", "CLOCK ZONE", lambda m: m.get("CLOCK")._replace(certain=False)),),  # of another zone perhaps: ask
    Step(frozenset({"FRAC"}), dated),
    (
        Rule("YEAR", "NUM NUM", year_words),
        Rule("DATE", "YMD", lambda m: on(m.frame, year=m.get("YMD")[0], month=m.get("YMD")[1], day=m.get("YMD")[2])),
        Rule("DATE", "(WEEKDAY comma?)? DMY", numeric),
        Rule("DATE", "(this|next|last|past|coming)? WEEKDAY comma? FRAC", slash),
        Rule("DATE", "INT INT INT", spaced),
        Rule("DATE", "INT", unbroken),
        Rule("UNSURE", "(SEASON|FISCAL) of? (INT|YEAR)", no_part),
        Rule("UNSURE", "(SEASON|FISCAL) of (this|next|last|past) U", nobody_knows),
        Rule("UNSURE", "(SEASON|FISCAL)", nobody_knows),
    ),
    (
        Rule("DATE", f"(WEEKDAY comma?)? (the|dot)? MONTH dot? (dash|slash)? the? {DAY} (comma|of|in|dash|slash)? (INT|NUM|YEAR)",
             month_day),
        Rule("DATE", f"(WEEKDAY comma?)? the? {DAY} (U)? (of|dash|slash|dot)? MONTH (comma|dot|of|in|dash|slash)* (INT|NUM|YEAR)",
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
        Rule("DATE", "(WEEKDAY comma? (on)?)? the? (ORD|DAYORD|INT|NUM) (U)? (of|dash|slash|dot)? MONTH", month_day),
        Rule("DATE", "INT (dash|slash) MONTH (dash|slash) INT",
             lambda m: on(m.frame, year=m.get("INT"), month=m.get("MONTH"), day=m.get("INT", nth=1))),
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
        Rule("PERIOD", "q FRAC", quarter_slash),
        Rule("PERIOD", "the? q INT !of", quarter_days),
        Rule("PERIOD", "(cy|U) of? (INT|YEAR|NUM)",
             lambda m: None if m.get("U") not in (None, "year") or not isinstance(m.get("INT", "YEAR", "NUM"), int)
             else on(m.frame, year=full_year(m.get("INT", "YEAR", "NUM"))) if m.has("cy") or m.get("INT", "YEAR", "NUM") > 1900 else None),
        Rule("PERIOD", "U (INT|NUM) (of|in)? (YEAR|INT)?", lambda m: week_number(m) if m.get("U") == "week" else None),
        Rule("DRANGE", "(INT|NUM) (last|past|next) U",
             lambda m: ranged(meaning.coming(length(m.get("INT", "NUM"), m.get("U")), m.frame, past=m.has("last", "past")))),
        Rule("PERIOD", "(the)? (this|next|coming) (calendar|working)? (U|quarter)", this_or_next),
        Rule("PERIOD", "(the)? (last|past) (calendar|working)? (U|quarter) !of", this_or_next),
        Rule("PERIOD", "the? U (after next|before last) !WEEKDAY", after_next),
        Rule("DATE", "TODAY", lambda m: relative(m.frame, m.get("TODAY"), "day")),
        Rule("PERIOD", "HOLIDAY U of? (INT|YEAR)",
             lambda m: long_weekend(m._replace(nodes=[Node("DATE", 0, 0, made), m.nodes[1]], said="weekend"))
               if (made := holiday_days(m._replace(nodes=[m.nodes[0], m.nodes[-1]]))) is not None else None),
        Rule("DATE", "HOLIDAY (comma|of|in)? (INT|YEAR)", holiday_days),
        Rule("DATE", "HOLIDAY (comma|of|in)? (this|next|last|past) U", holiday_days),
        Rule("DATE", "(this|next|last|past|coming)? HOLIDAY", holiday_days),
        Rule("MOMENT", "NOW", lambda m: Moment((m.frame.at,))),
        Rule("DRANGE", "YTD", to_date),
        Rule("DRANGE", "(from|between)? (INT|YEAR) (to|dash|until|and) (INT|YEAR)", years),
    ),
    Step(frozenset({"of"}), yeared),
    (
        Rule("DRANGE", "(the)? (ORD|last|past) DUR (of|in) (the U|PERIOD)", lambda m: edge(the_unit(m))),
        Rule("PERIOD", "PERIOD (of|in|poss|comma)? PERIOD", month_in_year),
        Rule("DRANGE", "(from|between)? the? PERIOD (to|dash|until|and) (INT|YEAR)",
             lambda m: years(m) if m.get("PERIOD").grain == "year" and m.has("between") == m.has("and") else None),
        Rule("PERIOD", "(the)? U of PERIOD", month_of),
        Rule("PERIOD", "the? q INT (of|in|comma)? PERIOD", quarter_days),
        Rule("PERIOD", "PERIOD poss? dash? the? q INT", quarter_days),
        Rule("PERIOD", "U INT (of|in|comma)? PERIOD", lambda m: week_number(m) if m.get("U") == "week" else None),
        Rule("PERIOD", "the? (that|same|that same) (U|quarter)", that_one),
        Rule("PERIOD", "the? U of the (DAYORD|ORD) !of", week_of),
        *repeat_rules(N),
        Rule("DATEOF", "(the)? (ORD|DAYORD|last|second) dash? (WEEKDAY|U|quarter)? (of|in) (the U|PERIOD)",
             lambda m: nth_node(the_unit(m))),
        Rule("DATEOF", "(the)? (ORD|last|second) dash? (WEEKDAY|U|quarter) PERIOD", lambda m: nth_node(the_unit(m))),
        Rule("DATE", "the? WEEKDAY (before|after) the? DATE", weekday_beside),
        Rule("DATE", "(this|next|last|past) WEEKDAY comma? FRAC", slash),
        Rule("DATE", "(this|next|last) WEEKDAY comma? DATE", date_weekday),
        Rule("DATE", "(on)? this WEEKDAY", lambda m: weekday(m, 0)),
        Rule("DATE", "next WEEKDAY", lambda m: weekday(m, 1)),
        Rule("DATE", "this? (last|past) WEEKDAY", lambda m: weekday(m, -1)),
        Rule("DATE", "coming WEEKDAY", coming_weekday),
        Rule("DATE", "the? WEEKDAY after next", lambda m: weekday(m, 2)),
        Rule("DRANGE", "(from|between)? WEEKDAY (to|dash|until|and) WEEKDAY (of|in)? PERIOD", weekdays_in_week),
        Rule("DATE", "WEEKDAY (of|on|comma|from)? PERIOD", in_period),
        Rule("DATE", "PERIOD (on|comma|poss)* WEEKDAY", in_period),
        Rule("DATE", "WEEKDAY (comma|the|on)* DATE", date_weekday),
        Rule("DATE", "DATE lpar WEEKDAY rpar", date_weekday),
        Rule("DATE", "WEEKDAY (the|comma)* (ORD|DAYORD)", weekday_day),
        Rule("DATE", "WEEKDAY INT", lambda m: weekday_day(m) if m.get("INT") > 12 else None),
        Rule("DATEOF", "PERIOD poss? (ORD|second|last) quarter", lambda m: nth_node(m)),
        Rule("DATE", "WEEKDAY", lambda m: on(m.frame, weekday=m.get("WEEKDAY"))),
    ),
    (
        Rule("MRANGE", "(earlier|later) (in)? DATE", half_day),
        Rule("CLOCK", "DUR (before|after) CLOCK", clock_shift),
        Rule("DATE", "PERIOD (on|comma)* DATE", in_period),
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
        Rule("PERIOD", "the? U !before !after", lambda m: relative(m.frame, 0, "weekend") if m.get("U") == "weekend" else None),
        Rule("DRANGE", "DUR (starting|begin) (on)? DATE", lasting),
        Rule("DRANGE", "for DUR (from|after) DATE", lasting),
        Rule("DRANGE", "(from|starting) (on)? DATE for DUR", lasting),
        Rule("PERIOD", "(the)? U (starting|begin) (on)? DATE", lambda m: week_of(m) if m.get("U") == "week" else None),
        Rule("DRANGE", "(more|less) than DUR (before|after|from|since) (DATE|MOMENT)", at_least_from),
        Rule("CRANGE", "(for)? DUR (starting at|starting|from) CLOCK", lasting),
        Rule("DATE", "HOLIDAY", holiday_days),
        Rule("DATE", "DATE (of|in)? PERIOD", lambda m: in_year(m)),
        Rule("PERIOD", "the? U (after|before) DATE", lambda m: weekend_beside(m) if m.get("U") == "weekend" else None),
        Rule("DATE", "the U (after|before) DATE", day_beside),
        Rule("DATE", "U (after|before) DATE", lambda m: day_beside(m) if m.get("U") == "day" else None),
        Rule("DRANGE", "(in)? (more|less) than DUR ago?", at_least),
        Rule("MOMENT", "DUR (from|after) NOW", shift),
        Rule("DATE", "in? DUR since the? (DATE|MOMENT|PERIOD)", shift),
        Rule("DATE", "DUR (from|after|before|since) the? (DATE|MOMENT|PERIOD|INT)", shift),
        Rule("DATE", "in? BDUR (from|after|before|since) (DATE|NOW|MOMENT)", working_days),
        Rule("DATE", "BDUR (ago|later|earlier|prior)", working_days),
        Rule("DATE", "in BDUR", working_days),
        Rule("UNSURE", "(within|(the)? (next|coming|last|past))* BDUR", nobody_knows),
        Rule("DATE", "DUR ago (on|comma)? DATE", ago_of),
        Rule("MOMENT", "DUR (ago|later|earlier|prior)", shift),
        Rule("MOMENT", "DUR in (the future|past) !U !DUR", shift),
        Rule("MOMENT", "in DUR !ago", shift),
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
        Rule("MOMENT", "(this|same) time DATE", same_time),
        Rule("UNSURE", "(this|same) time PERIOD", nobody_knows),
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
        Rule("MOMENT", "DATE (CLOCK|ATCLOCK) (on|comma)? DATE", weekday_clock_date),
        Rule("MOMENT", "DATE (comma|at|around|dash|PART)* (CLOCK|ATCLOCK) PART?", on_clock),
        Rule("MOMENT", "(CLOCK|ATCLOCK) (on|comma|of)? DATE", on_clock),
        Rule("MRANGE", f"(before|after|until|since|by) {N} (DATE|DPART)", open_bare),
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
        Rule("DRANGE", "(DATE|PERIOD|FRAC) (to|dash|until) the? (DATE|PERIOD|FRAC|MOMENT)", days_range(slash)),
        Rule("DRANGE", "MOMENT (to|dash|until) (DATE|PERIOD)", days_range(slash)),
        Rule("DATE", "(on|by|until|since|before|after) FRAC", lambda m: slash(m) if m.has("on") else None),
        Rule("UNSURE", "CRANGE", lambda m: nobody_knows(m) if no_clocks(m.said) else None),
    ),
    (
        Rule("MRANGE", "DATE (before|after|until|since|by) (CLOCK|ATCLOCK)", open_moment),
        Rule("MRANGE", "(before|after|until|since|by) MOMENT", open_moment),
        Rule("DRANGE", "not (before|after) (DATE|PERIOD)", open_days(the_nth)),
        Rule("CRANGE", "not (before|after) (CLOCK|ATCLOCK)", open_clock),
        Rule("MRANGE", "not (before|after) MOMENT", open_moment),
        Rule("DRANGE", "(before|after|until|since|by|starting) (the|on)* (DATE|PERIOD|ORD|DAYORD)", open_days(the_nth)),
        Rule("DRANGE", "from? (DATE|PERIOD) onward", open_days(the_nth)),
        Rule("MRANGE", "MOMENT for DUR", lasting),

        Rule("DRANGE", "(before|after|until|since|by) INT",
             lambda m: open_days(the_nth)(m._replace(nodes=[m.nodes[0], made])) if (made := bare_year(m)) is not None else None),
        Rule("DRANGE", "(DATE|PERIOD) (or|and) (later|after|before|earlier|prior)", open_days(the_nth)),
        Rule("DRANGE", "(INT|YEAR) (or|and) (later|after|before|earlier|prior)",
             lambda m: open_days(the_nth)(m._replace(nodes=[made, *m.nodes[1:]])) if (made := bare_year(m)) is not None else None),
        Rule("CRANGE", "(before|after|until|since|by) (CLOCK|ATCLOCK)", open_clock),
        Rule("DRANGE", "to (DATE|PERIOD)", lambda m: meaning.open_range("until", m.nodes[1].value) if len(m.said.split()[0]) > 2 else None),
        Rule("CRANGE", "to (CLOCK|ATCLOCK)", through_clock),
        Rule("CRANGE", "(after|before) PART", open_clock),
        Rule("CLOCK", "PART comma? (ATCLOCK|CLOCK)", lambda m: meaning.within(m.get("PART"), m.get("ATCLOCK", "CLOCK"))),
        Rule("PERIOD", "(in|from|of|comma|and|or|not|for) (the)? (INT|YEAR)", bare_year),
        Rule("PERIOD", "in NUM", bare_year),
        Rule("DATE", "on INT !_", on_number),
        Rule("PERIOD", "YEAR", bare_year),
        Rule("DATE", "FRAC", bare_slash),
    ),
    leftover.RULES,
)  # fmt: skip


AMOUNTS = 6  # after so many stages what has a unit is made, and nothing of the calendar


_WEAK = (
    "onward "
    "a the this next coming last past that of in on at by for from to until between and or not every other before after since "
    "later earlier early late mid end begin around within comma dash slash dot lpar rpar poss s q hy cy ish few all once more "
    "less than starting rest no as calendar working is times time future prior gt lt eq over point second th oclock "
    "ZONE neg minus SEASON FISCAL"
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
