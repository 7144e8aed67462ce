# SPDX-License-Identifier: Apache-2.0
"""What is asked of a recommender, what it gives back, and what it is told: the same in Python, over HTTP and on the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

COUNT_MAX = 200
TEXT_MAX = 256  # characters of an id, a title, a tag or a context
TAGS_MAX = 64

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)]
Words = Annotated[str, msgspec.Meta(max_length=TEXT_MAX)]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Item(Shape, frozen=True, kw_only=True):
    """One thing that can be suggested.  ``tags``: what it is about; they let an item be found that nobody has touched yet."""

    id: Text
    title: Words = ""
    tags: Annotated[tuple[Text, ...], msgspec.Meta(max_length=TAGS_MAX)] = ()


class Event(Shape, frozen=True, kw_only=True):
    """What the person did with an item.  ``value``: from -1, do not want it, to 1, liked it; ``context``: where or when (`evening`).

    ``id`` and ``at`` are given when it is kept, where they are left out."""

    item: Text
    value: Annotated[float, msgspec.Meta(ge=-1, le=1)] = 1.0
    at: datetime | None = None
    context: Words = ""
    id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{0,64}$")] = ""


class RecommendAsked(Shape, frozen=True, kw_only=True):
    """``diversity``: 0, the best ones, to 1, as unlike each other as can be; ``again``: also what the person has already had to do with."""

    count: Annotated[int, msgspec.Meta(ge=1, le=COUNT_MAX)] = 10
    context: Words = ""
    diversity: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    again: bool = False
    why: bool = True
    half_life_days: Annotated[float, msgspec.Meta(gt=0, le=36_500)] = 180.0  # after which an event counts half


class Why(Shape, frozen=True, kw_only=True):
    """One part of a score.  The points of all parts add up to the score, their shares to 1.

    ``of``: `event`, an event of the person's, through what others did with both items; `tags`, the same through the tags in ``shared``;
    `popular`, what others like, which counts less with each event; `rest`, the least of many events, ``parts`` in number, as one."""

    of: Literal["event", "tags", "popular", "rest"]
    points: float  # below 0: it speaks against the item
    share: float  # |points| of the sum of all |points|
    event: str = ""
    item: str = ""
    title: str = ""
    shared: tuple[str, ...] = ()
    parts: int = 1


class Recommended(Shape, frozen=True, kw_only=True):
    item: str
    score: float
    title: str = ""
    why: tuple[Why, ...] = ()


class Recommendations(Shape, frozen=True, kw_only=True):
    """``rests_on``: `events`, or `popularity` where the person has none that says anything; ``factors``: which were used, by hash."""

    items: tuple[Recommended, ...]
    rests_on: Literal["events", "popularity"]
    events: int  # of the person's that counted
    factors: str = ""
