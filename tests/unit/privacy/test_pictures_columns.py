# SPDX-License-Identifier: Apache-2.0
"""Two columns are read one after the other whatever stands in them; tables, receipts and forms row by row."""

from __future__ import annotations

import re

import pytest

from comity.privacy.pictures.layout import in_order
from comity.privacy.pictures.places import Place
from comity.privacy.pictures.reader import Line

HEIGHT, LEADING = 20.0, 30.0
LETTER, HAN = 8.0, 16.0
GUTTER = 48.0


def width(text: str) -> float:
    return sum(HAN if ord(letter) > 0x2E7F else LETTER for letter in text)


def pieces(text: str, x: float, y: float) -> list[Line]:
    """Three spaces and more part a line, as they do for the network that finds text."""
    return [
        Line(found[0], (), Place((x + width(text[: found.start()]), y), (width(found[0]), 0.0), (0.0, HEIGHT)))
        for found in re.finditer(r"\S(?: {0,2}\S)*", text)
    ]


def page(*columns: str, top: str = "", foot: str = "", shift: float = 0.0) -> list[Line]:
    lines, x, y = [], 60.0, 100.0
    high = max(len(column.strip("\n").split("\n")) for column in columns)
    if top:
        lines += pieces(top, x, y - 2 * LEADING)
    if foot:
        lines += pieces(foot, x, y + (high + 1) * LEADING)
    for number, column in enumerate(columns):
        texts = column.strip("\n").split("\n")
        for row, text in enumerate(texts):
            lines += pieces(text, x, y + row * LEADING + number * shift)
        x += max(map(width, texts)) + GUTTER
    return lines


def read(lines: list[Line]) -> list[str]:
    return [" ".join(span.line.text for span in row) for block in in_order(lines) for row in block]


def said(*texts: str) -> list[str]:
    return [" ".join(line.split()) for text in texts for line in text.split("\n") if line.strip()]


PROSE = """
The ferry to the island leaves at
nine, but on Sundays only where the
harbour master has hoisted a green
flag. Bring a coat.

Those who stay for the night sleep
in the old mill, which has beds for
twelve and a stove."""
FORM = """
APPLICATION FOR A PLOT
Association of the Mill Gardens

Name:   Orla Finch
Born:   3 May 1981
Street:   Quay Lane 4

I should like
[ ] a plot of 100 m2
[ ] a plot of 200 m2
[ ] to share one
Signature:"""
FORM_B = """
Do you keep bees?
[ ] yes   [ ] no

Water
[ ] tap, 12 a year
[ ] rain barrel only

Paid by:   card
IBAN:   none
Office use
Plot no.   17
Begins   1 April"""
BULLETS = """
Before you leave
* Shut every window.
* Turn off the gas.
* Water the ferns.

The keys
* Front door: brass.
* Shed: the small one.
* Leave both at no. 9."""
BULLETS_B = """
On the train
* Coach 4, seats 31, 32.
* Change at Holm.

When you arrive
* Ask for Mr Lindqvist.
* Breakfast is at eight.
* The dog is harmless.
* Pay in cash."""
AMOUNTS = """
For four
300 g red lentils
2 onions
1 tin of tomatoes
2 tbsp oil

To serve
4 flat breads
250 ml yoghurt
fresh mint"""
METHOD = """
Chop the onions finely and fry them
in the oil until they are golden; do
not hurry. Add lentils, tomatoes and
half a litre of water.
Simmer for 25 minutes with the lid
on, stirring now and then. Season.

Warm the breads in a dry pan. Stir
the mint into the yoghurt and serve
both with the lentils."""
PRICES = """
SOUPS
Leek soup      4.20
Clear broth    3.80
Fish soup      6.50

SALADS
Green salad    4.00
With goat      7.40
Beetroot       5.10"""
PRICES_B = """
MAINS
Plaice         14.00
Mutton stew    12.50
Dumplings      9.80
Nut roast      10.20

DRINKS
Cider          3.60
Elderflower    2.90
Water          free"""
TABLE_INSIDE = """
Trains run less often in the winter
and on the days named below. Those
with a season ticket may go by bus.

Day   First   Last
Mon   06:10   22:40
Tue   06:10   22:40
Sat   07:30   23:55
Sun   08:00   21:15"""
STEPS = """
How to register
1. Open the letter.
2. Scan the code.
3. Choose a password.
4. Confirm by mail."""
STEPS_B = """
5. Upload a photo.
6. Name two friends.
7. Read the rules.
8. Sign at the desk.
That is all."""
ZH = """
社区图书馆借阅须知
一、凭身份证办理借书证，免收
押金，每人限办一张。
二、每次可借五册，借期三十天，
可以续借一次。

三、遗失图书按原价赔偿。"""
ZH_B = """
开放时间
周一至周五   9:00—20:00
周末   10:00—18:00

四、馆内禁止吸烟、饮食，手机
请调成静音。
五、儿童须由家长陪同。
咨询：王老师"""
ZH_MENU = """
凉菜
拍黄瓜   12元
凉拌木耳   18元
皮蛋豆腐   16元

主食
米饭   2元
葱油拌面   14元"""
ZH_MENU_B = """
热菜
清炒时蔬   22元
鱼香肉丝   32元
红烧狮子头   38元
麻婆豆腐   20元

饮料
酸梅汤   8元"""
NARROW = """
Open daily
from 10 to 5,
on Fridays
until 8.
Closed on
1 May."""

PAIRS = {
    "prose": (PROSE, METHOD), "forms": (FORM, FORM_B), "bullets": (BULLETS, BULLETS_B), "recipe": (AMOUNTS, METHOD),
    "recipe, method first": (METHOD, AMOUNTS), "prices": (PRICES, PRICES_B), "table right": (PROSE, TABLE_INSIDE),
    "table left": (TABLE_INSIDE, PROSE), "prose and list": (PROSE, BULLETS), "prices and prose": (PRICES, PROSE),
    "form and prose": (FORM, METHOD), "steps": (STEPS, STEPS_B), "zh": (ZH, ZH_B), "zh menu": (ZH_MENU, ZH_MENU_B),
    "zh, list": (ZH, ZH_MENU), "unequal": (METHOD, NARROW), "unequal, narrow first": (NARROW, METHOD), "bullets, form": (BULLETS, FORM),
}  # fmt: skip


@pytest.mark.parametrize("kind", PAIRS)
def test_columns_are_read_one_after_the_other(kind: str) -> None:
    left, right = PAIRS[kind]
    assert read(page(left, right)) == said(left, right)


@pytest.mark.parametrize("kind", PAIRS)
def test_a_heading_and_a_foot_over_both_stand_around_them(kind: str) -> None:
    left, right = PAIRS[kind]
    top = "A HEADING THAT GOES OVER BOTH OF THE COLUMNS OF THIS PAGE, AND ON"
    foot = "at the foot a line that goes over both of the columns too, and on"
    assert read(page(left, right, top=top, foot=foot)) == said(top, left, right, foot)


@pytest.mark.parametrize("kind", ["prose", "bullets", "recipe", "prices", "zh", "zh menu"])
def test_the_lines_of_columns_need_not_stand_side_by_side(kind: str) -> None:
    left, right = PAIRS[kind]
    assert read(page(left, right, shift=LEADING / 2)) == said(left, right)


TABLES = {
    "name, figure": """
Name              Points
Anna              12
Benedikt          9
Carlotta          31
Dmitri            4
Total             56""",
    "three": """
Town            Inhabitants      Mayor
Eastquay        41,286           Ruth Abel
Holm            9,310            Jon Dahl
Millbridge      120,004          Sian Pryce
Upper Sallow    733              Tom Oyelaran
Vane            2,018            vacant""",
    "words": """
Country         Capital          Language
Austria         Vienna           German
Brazil          Brasilia         Portuguese
Chad            N'Djamena        French, Arabic
Denmark         Copenhagen       Danish
Egypt           Cairo            Arabic""",
    "six": """
No    Item          Size    Qty     Each      Sum
1     Bolt          M8      40      0.12      4.80
2     Nut           M8      40      0.05      2.00
3     Plate         A4      2       3.10      6.20
4     Saw blade     300     1       12.00     12.00
5     Glue          50      3       2.25      6.75""",
    "receipt": """
Bread, rye, sliced                     2.40
Milk                                   1.15
Apples 1.2 kg                          3.60
Washing powder                         7.99
VAT 7 %                                0.99
TOTAL                                 16.13""",
    "receipt with empty cells": """
Bread, rye, sliced      2              2.40
Milk                                   1.15
Apples 1.2 kg           1              3.60

Subtotal                               7.15
Voucher                -1
TOTAL                                  6.15""",
    "form": """
Name:              Orla Finch
Date of birth:     3 May 1981
Street:            Quay Lane 4
Town:              Millbridge
Telephone:         01632 960 555
Signature:         O. Finch""",
    "index": """
Abbey                12, 40
Bees                 7
Cider press          31-33
Dovecote             5, 90, 112
Eel traps            66
Ferry                101""",
    "timetable": """
Monday        Mathematics        History        Sport
Tuesday       French             Biology        Music
Wednesday     English            Chemistry      Art
Thursday      Mathematics        French         Drama
Friday        Physics            English        free""",
    "two of words": """
Who brings what
Anna Lindqvist            potato salad
Benedikt Osei             paper cups
Carlotta Reyes            a guitar
Dmitri Falk               lemonade
Esther Wu                 blankets""",
    "cells of several lines": """
Term              What it means
Deposit           The sum that is held until
                  the flat is given back.
Notice            Three months, in writing, to
                  the end of a month.
Sublet            Only where the landlord has
                  agreed beforehand.""",
    "form in parts": """
PART A About you
Name of the pupil       Mira Holt
Lives at                Quay Lane 4, second floor,
                        next to the old bakery
School                  Mill Road Primary

PART B About the club
Which afternoons        Monday and Thursday
Fetched by              her aunt Sian Pryce, or
                        the neighbour

PART C Allergies
Food                    hazelnuts
Other                   none known""",
    "roster": """
Day               Kitchen           Door
Friday            Anna              Benedikt
                  Carlotta          Dmitri
Saturday                            Esther
                  Falk              Anna
Sunday            Benedikt          Carlotta""",
    "zh table": """
姓名        部门          电话
张岚        财务部        8801
李守成      市场部        8802
王芳        人事部        8815
欧阳静      技术部        8830
赵一鸣      后勤组        8847""",
    "zh form": """
姓名：          李守成
出生日期：      1990年5月3日
住址：          青石巷12号
单位：          第三中学
电话：          0996-5550177""",
    "zh words": """
成语            近义词
一心一意        全心全意
半途而废        浅尝辄止
画蛇添足        多此一举
井井有条        有条不紊
守株待兔        刻舟求剑""",
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_read_row_by_row(kind: str) -> None:
    assert read(page(TABLES[kind])) == said(TABLES[kind])


@pytest.mark.parametrize("kind", ["three", "receipt", "form", "zh table"])
def test_a_table_between_running_text(kind: str) -> None:
    text = "A line of running text that goes over the whole width of the table, as text does"
    assert read(page(f"{text}\n{TABLES[kind].strip()}\n{text}")) == said(text, TABLES[kind], text)
