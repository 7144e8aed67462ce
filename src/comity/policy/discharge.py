# SPDX-License-Identifier: Apache-2.0
"""An allow stands on its obligations: one that nobody discharges makes it a deny."""

from __future__ import annotations

from collections.abc import Set

import msgspec

from comity.jurisdictions.vocab import Vocabulary, bare
from comity.policy.decision import Decision, Effect, Reason

UNDISCHARGED = "undischarged."
"""What the rule of a reason begins with that stands for no rule of law, but for want of evidence."""


def hold(decision: Decision, dischargers: Set[str], evidence: Set[str], vocabulary: Vocabulary) -> Decision:
    """The decision, if it is not an allow or each obligation is met: by code registered in ``dischargers``, or by ``evidence``.

    Code is registered without a parameter and reads it; evidence must name it (`log.retain_months:6` does not show twelve).
    """
    if decision.effect is not Effect.ALLOW:
        return decision
    met = vocabulary.met_by(evidence)
    missing = [duty for duty in decision.obligations if bare(duty.id) not in dischargers and duty.id not in met]
    if not missing:
        return decision
    reasons = tuple(
        Reason(fact=fact, rule=UNDISCHARGED + duty.id, text=f"`{duty.id}` is owed, and no evidence says that it is met")
        for duty in missing
        for fact in duty.facts or ("undischarged",)
    )
    cited = {reason.fact for reason in reasons}
    return msgspec.structs.replace(
        decision, effect=Effect.DENY, reasons=reasons, obligations=(), remedies=tuple(duty.id for duty in missing),
        citations=tuple(each for each in decision.citations if each.fact in cited),
    )  # fmt: skip
