# SPDX-License-Identifier: Apache-2.0
"""What ends is told before it does, once for each kind and scope; what does not count is told apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from comity.accord.checks import Review
from comity.accord.evidence import Entry, Registered
from comity.config import Config, DeploymentConfig
from comity.gateway.ending import Ending, endings, soon, unchecked, uncounted
from comity.gateway.standing import declared
from comity.jurisdictions.vocab import load_vocabulary

TODAY = date(2026, 11, 23)
PLACE = DeploymentConfig(id="virginia", provider="openai", evidence=("eu_scc:2026-12-31", "processor_contract"))
OPEN = Config(evidence=("assessment:cn_pipia:2026-11-23",), deployments=(PLACE,))
STRICT = msgspec.structs.replace(OPEN, evidence_check_required=True)
REVIEW = Review(of="the contract", on=TODAY, by="B. Auditor", role="auditor")


def entry(number: int, kind: str, valid_to: date | None, *, check: Review | None = None, withdrawn: bool = False) -> Registered:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    made = Entry(kind=kind, document_sha256="a" * 64, scope="virginia", approver="A", at=at, valid_to=valid_to, check=check)
    return Registered(number=number, entry=made, withdrawn=withdrawn)


REGISTER = [
    entry(1, "cac_scc", date(2027, 1, 21)), entry(2, "cac_scc", date(2027, 1, 22), check=REVIEW), entry(3, "eu_tia", None),
    entry(4, "hipaa_baa", date(2026, 11, 22), check=REVIEW), entry(5, "sa_scc", TODAY, withdrawn=True),
    entry(6, "eu_scc", date(2028, 1, 1)),
]  # fmt: skip


def test_the_entry_that_lasts_longest_says_when_its_kind_ends() -> None:
    found = endings(OPEN, [PLACE], REGISTER, TODAY)
    assert [(each.kind, each.scope, each.days_left(TODAY)) for each in found] == [
        ("hipaa_baa", "virginia", 0), ("assessment:cn_pipia", "*", 1), ("cac_scc", "virginia", 61), ("eu_scc", "virginia", 405),
    ]  # fmt: skip
    assert endings(STRICT, [PLACE], REGISTER, TODAY) == [
        Ending("hipaa_baa", "virginia", date(2026, 11, 22)), Ending("cac_scc", "virginia", date(2027, 1, 22)),
    ]  # fmt: skip


def test_what_ends_is_told_sixty_days_ahead_and_not_a_day_before() -> None:
    found = endings(OPEN, [PLACE], REGISTER, TODAY)
    assert soon(found, TODAY) == "evidence ends within 60 days: `assessment:cn_pipia` on 2026-11-23"
    assert "`cac_scc` of virginia on 2027-01-22" in soon(found, TODAY + timedelta(days=1))
    many = [Ending(kind, "*", TODAY) for kind in "abcde"]
    assert soon(many, TODAY).endswith("`c` on 2026-11-23 and 2 more") and soon([], TODAY) == ""


def test_what_has_no_check_does_not_count_where_checks_are_asked_for() -> None:
    vocabulary = load_vocabulary()
    before = declared(OPEN, [PLACE], vocabulary, TODAY, REGISTER)
    assert before.of("virginia") == {"cac_scc", "eu_tia", "eu_scc", "processor_contract"} and before.for_all() == {"assessment:cn_pipia"}
    after = declared(STRICT, [PLACE], vocabulary, TODAY, REGISTER)
    assert after.of("virginia") == {"cac_scc"} and after.for_all() == frozenset()
    assert uncounted(OPEN, [PLACE], REGISTER, TODAY) == [] and unchecked([]) == ""
    line = unchecked(uncounted(STRICT, [PLACE], REGISTER, TODAY))
    assert line == (
        "not counted, since it has no check of its own: `assessment:cn_pipia` (comity.toml), `eu_scc` of virginia (comity.toml),"
        " `processor_contract` of virginia (comity.toml) and 3 more"
    )


@pytest.mark.parametrize("strict", [False, True])
def test_it_holds_on_its_last_day_and_not_on_the_next(strict: bool) -> None:
    config = Config(deployments=(PLACE,), evidence_check_required=strict)
    registered = [entry(1, "cac_scc", TODAY, check=REVIEW)]
    days = [declared(config, [], load_vocabulary(), day, registered).of("virginia") for day in (TODAY, TODAY + timedelta(days=1))]
    assert days == [{"cac_scc"}, frozenset()]
