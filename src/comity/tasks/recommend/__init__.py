# SPDX-License-Identifier: Apache-2.0
"""What a person may like next, from what they did, on this device: no model is asked, and nothing of theirs leaves.

`Shelf` is what comes with a product: its items, and factors learnt from public or aggregate data (`learn`).  `Own` is one person's
events in a file of theirs.  `recommend` puts the two together, says of each suggestion what it rests on, and forgets when told.
"""

from comity.tasks.recommend.factors import Factors
from comity.tasks.recommend.learn import ease, neighbours
from comity.tasks.recommend.own import Own
from comity.tasks.recommend.score import recommend
from comity.tasks.recommend.shapes import Event, Item, RecommendAsked, Recommendations, Recommended, Why
from comity.tasks.recommend.shelf import Shelf

__all__ = [
    "Event",
    "Factors",
    "Item",
    "Own",
    "RecommendAsked",
    "Recommendations",
    "Recommended",
    "Shelf",
    "Why",
    "ease",
    "neighbours",
    "recommend",
]
