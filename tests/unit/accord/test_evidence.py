# SPDX-License-Identifier: Apache-2.0
"""What is registered holds where and while it says, and no longer than until it is withdrawn."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from comity.accord.evidence import Entry, checked, encode, in_force, register
from comity.errors import CallerError
from comity.jurisdictions.vocab import load_vocabulary

AT, WORDS = datetime(2026, 11, 23, tzinfo=UTC), load_vocabulary()


def entry(kind: str = "assessment:cn_pipia", **more: Any) -> Entry:
    return Entry(**({"kind": kind, "document_sha256": "a" * 64, "approver": "A. Officer", "at": AT} | more))


def test_it_holds_in_its_scope_from_its_first_day_to_its_last() -> None:
    entries = [
        encode(entry()), encode(entry("eu_scc", scope="virginia", valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31))),
        encode(entry("eu_tia", scope="virginia")),
    ]  # fmt: skip

    def on(day: date) -> dict[str, frozenset[str]]:
        return in_force(register(entries), day)

    assert on(date(2026, 12, 31)) == {"*": {"assessment:cn_pipia"}, "virginia": {"eu_scc", "eu_tia"}}
    assert on(date(2025, 12, 31))["virginia"] == on(date(2027, 1, 1))["virginia"] == {"eu_tia"}


def test_what_is_withdrawn_holds_no_more_and_is_still_told() -> None:
    entries = [encode(entry()), encode(entry("eu_scc")), encode(Entry(withdraws=1, approver="B", at=AT))]
    registered = register(entries)
    assert [(each.number, each.state(AT.date())) for each in registered] == [(1, "withdrawn"), (2, "valid")]
    assert in_force(registered, AT.date()) == {"*": {"eu_scc"}}


@pytest.mark.parametrize(
    ("change", "field", "mend"),
    [
        ({"kind": "assesment:cn_pipia"}, "kind", "did you mean `assessment:cn_pipia`"),
        ({"kind": ""}, "kind", "docs"),
        ({"document_sha256": "A" * 64}, "document_sha256", "--document"),
        ({"scope": "not an id"}, "scope", "deployment"),
        ({"approver": " "}, "approver", "--approver"),
        ({"approver": "x\n"}, "approver", "--approver"),
        ({"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 31)}, "valid_to", "last day"),
    ],
)
def test_what_says_nothing_is_refused_by_name(change: dict[str, Any], field: str, mend: str) -> None:
    with pytest.raises(CallerError) as refused:
        checked(entry(**change), WORDS)
    assert refused.value.field == field and mend in refused.value.hint and refused.value.code == "evidence.invalid"


def test_what_is_sound_is_kept_as_it_is() -> None:
    sound = entry("cn_genai", scope="qwen-beijing", valid_to=date(2027, 5, 1))
    assert checked(sound, WORDS) is sound
