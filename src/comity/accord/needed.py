# SPDX-License-Identifier: Apache-2.0
"""Which consents would be enough: found by asking the law, so that nobody is asked for what would change nothing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from comity.accord.shown import words
from comity.policy.decision import Effect
from comity.policy.ways import Ask, Case


def needed(case: Case, ask: Ask) -> tuple[str, ...]:
    """No more than lead to an allow beside those that there are; none where nothing that a person could say would.  What is asked for
    seldom (`shown.toml` names it late) is left out first."""
    asked = [word for word in words() if word not in case.facts.consent]
    if not _allowed(case, asked, ask):
        return ()
    for word in asked[::-1]:
        fewer = [each for each in asked if each != word]
        if _allowed(case, fewer, ask):
            asked = fewer
    return tuple(asked)


def _allowed(case: Case, more: Sequence[str], ask: Ask) -> bool:
    facts = msgspec.structs.replace(case.facts, consent=case.facts.consent | set(more))
    return ask([msgspec.structs.replace(case, facts=facts)])[0].effect is Effect.ALLOW
