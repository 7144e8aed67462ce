# SPDX-License-Identifier: Apache-2.0
"""Whether a region takes an answer over: only if its own people, held out for this, are served better with it by two standard errors.

What is compared is one figure a person, with and without (an NDCG, a loss turned round), so the error is of the differences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from comity.errors import CallerError
from comity.learning.bundle import Bundle, countersigned, hash_of
from comity.ports import Clock
from comity.transparency.ledger import Ledger
from comity.transparency.note import Signer

ERRORS_MIN = 2.0
PEOPLE_MIN = 30


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Higher is better; ``error``: standard error of the gain."""

    gain: float
    error: float
    people: int

    @property
    def accepted(self) -> bool:
        return self.people >= PEOPLE_MIN and self.gain > 0 and self.gain >= ERRORS_MIN * self.error

    def __str__(self) -> str:
        return f"gain {self.gain:.4g}, standard error {self.error:.4g}, {self.people} people"


def judged(without: Sequence[float], having: Sequence[float]) -> Verdict:
    """Figures of the same people in the same order.  Raises CallerError."""
    if len(without) != len(having) or not all(map(math.isfinite, (*without, *having))):
        raise CallerError("a figure without and one with, for each person", code="learning.inconsistent")
    people = len(without)
    if people < 2:
        return Verdict(gain=0.0, error=math.inf, people=people)
    differences = [after - before for before, after in zip(without, having, strict=True)]
    gain = math.fsum(differences) / people
    variance = math.fsum((each - gain) ** 2 for each in differences) / (people - 1)
    return Verdict(gain=gain, error=math.sqrt(variance / people), people=people)


async def imported(bundle: Bundle, verdict: Verdict, *, pipeline: str, signer: Signer, ledger: Ledger, clock: Clock) -> Bundle:
    """``bundle``: verified.  Countersigned, once it is in the importer's own log that it was taken over.

    Raises CallerError with the figures where it does not help; that is in the log too."""
    what = "learning.imported" if verdict.accepted else "learning.refused"
    await ledger.changed(clock.now(), by=pipeline, role="learning", what=what, of=hash_of(bundle))
    if not verdict.accepted:
        raise CallerError(
            f"it does not help here by {ERRORS_MIN:g} standard errors: {verdict}", code="learning.no_gain", status=409,
            hint=f"of {PEOPLE_MIN} people or more; nothing was taken over",
        )  # fmt: skip
    return countersigned(bundle, signer)
