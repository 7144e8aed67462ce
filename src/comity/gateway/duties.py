# SPDX-License-Identifier: Apache-2.0
"""Obligations that code discharges, each registered by id; what is not here needs evidence, or voids the allow.

Only what the answer itself can carry, or what the record provably does, may be registered.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from comity.gateway.labels.fields import NOTICE, metadata, notice
from comity.policy.decision import Decision
from comity.policy.volumes import COUNTERS

__all__ = ["DISCHARGERS", "LABELS", "NOTICE", "REGISTERED", "Duties", "duties", "metadata", "notice"]

REGISTERED: dict[str, str] = {
    "label.explicit": "a visible notice ends each text answer (GB 45438-2025 5.1), a mark stands on each image, a rhythm before each sound",
    "label.implicit_metadata": "the AIGC member of the answer's JSON, or its file, carries the fields of GB 45438-2025 annex E",
    "mark.machine_readable": "the answer's JSON or its file, and the Comity-Label header, mark it as generated",
    "disclose.ai_interaction": "the Comity-Label header tells the application to say so, and the answer's JSON repeats it",
    "log.retain_months": "records are never deleted before the longest retention named",
    "record.retain_years": "records are never deleted before the longest retention named",
    "record:processing": "every decision is recorded before anything is sent",
    "record:transfer_basis": "the recorded facts name mechanism, safeguards and consents relied on",
    **{
        f"count:{name}": "the person is counted under a pseudonym of the window, durably, before anything is sent"
        for name in ("us_12mo", *COUNTERS)
    },
    "minimise": "what is found to be personal is replaced before anything leaves, save in words that are to be spoken",
    "retain.no_unlawful_identifiable_input": "no prompt is stored, logged or hashed",
}
DISCHARGERS = frozenset(REGISTERED)

LABELS = {
    "label.explicit": "explicit",
    "label.implicit_metadata": "implicit",
    "mark.machine_readable": "machine-readable",
    "disclose.ai_interaction": "ai-interaction",
}


class Duties(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer must carry."""

    explicit: bool = False
    labels: tuple[str, ...] = ()
    retention_months: int | None = None

    @property
    def header(self) -> str:
        return ", ".join(self.labels)


def duties(decision: Decision) -> Duties:
    ids = [obligation.id for obligation in decision.obligations]
    return Duties(
        explicit="label.explicit" in ids,
        labels=tuple(LABELS[name] for name in LABELS if name in ids),
        retention_months=_retention_months(ids),
    )


def _retention_months(ids: Iterable[str]) -> int | None:
    months = 0
    for name in ids:
        head, _, value = name.partition(":")
        if head == "log.retain_months" and value.isdigit():
            months = max(months, int(value))
        elif head == "record.retain_years" and value.isdigit():
            months = max(months, 12 * int(value))
    return months or None
