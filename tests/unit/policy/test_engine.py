# SPDX-License-Identifier: Apache-2.0
"""Who is asked, who wins, what a decision carries, and what is refused before it is decided."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from comity.errors import CallerError
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.decision import Decision, Effect
from comity.policy.engine import CACHE_ENTRIES_MAX, Engine, as_json
from comity.policy.facts import AnyExcept, Controller, Data, Facts, Output, Service, Subject, Tenant
from tests.unit.policy.places import BEIJING, DAY, PARIS, VIRGINIA, device, facts, pack, provider, rule

WORDS = load_vocabulary()
SHIPPED = load_packs(["cn", "eea", "us"])
ENGINE = Engine(SHIPPED, WORDS)
PUBLIC = Service(public=True)
US_COMPANY = Controller(established=frozenset({"US"}), us_person=True)


def reasons(made: Facts, engine: Engine = ENGINE) -> tuple[Effect, set[str]]:
    decision = engine.decide(made)
    return decision.effect, {reason.fact for reason in decision.reasons}


# -- who is asked ----------------------------------------------------------------------------------------------------


def test_every_pack_that_applies_is_asked_and_each_must_allow() -> None:
    both = facts("CN", provider(BEIJING, covered_person=True), controller=US_COMPANY)
    decision = ENGINE.decide(both)
    assert decision.effect is Effect.ALLOW and decision.packs == ("cn@0.1.0", "us@0.1.0")
    collected = facts("CN", provider(BEIJING), data=Data(collected_in="FR"))
    assert reasons(collected)[0] is Effect.DENY and ENGINE.decide(collected).packs == ("cn@0.1.0", "eea@0.1.0")


def test_one_owns_a_device_no_place_need_be_stated() -> None:
    own = ENGINE.decide(facts(None, device()))
    assert own.effect is Effect.ALLOW and own.packs == () and own.obligations == ()


@pytest.mark.parametrize(
    "made",
    [
        facts(None, provider(PARIS)),
        facts(None, device(), service=PUBLIC),
        facts(None, device(access=PARIS)),
        facts(None, device("FR", storage=VIRGINIA)),
        facts(None, provider(PARIS), controller=US_COMPANY),
        facts(None, provider(PARIS), controller=Controller(established=frozenset({"IE"}))),
        facts("KE", provider(PARIS)),
        facts("KE", device()),
        facts("US-CA", provider(VIRGINIA)),
        facts("FR", provider(PARIS), data=Data(collected_in="KE")),
        facts("FR", provider(PARIS), controller=Controller(established=frozenset({"SG"}))),
    ],
)
def test_a_place_that_nobody_stated_or_no_pack_covers_escalates(made: Facts) -> None:
    assert reasons(made) == (Effect.ESCALATE, {"no-pack"})


def test_a_denial_is_told_before_a_missing_pack() -> None:
    made = facts("KE", provider(BEIJING), data=Data(collected_in="FR"))
    assert reasons(made)[0] is Effect.DENY and "no-pack" not in reasons(made)[1]


def test_a_region_by_another_name_is_the_same() -> None:
    for one, other in (("GR", "EL"), ("UK", "GB")):
        left = facts("FR", provider(PARIS, access=frozenset({"FR", one})), controller=Controller(established=frozenset({"GR"})))
        right = facts("FR", provider(PARIS, access=frozenset({"FR", other})), controller=Controller(established=frozenset({"EL"})))
        assert ENGINE.decide(left) == ENGINE.decide(right)
    assert ENGINE.decide(facts("EL", provider(PARIS))).packs == ("eea@0.1.0",)


# -- where it goes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["processing", "storage", "access"])
def test_each_of_the_three_places_counts(part: str) -> None:
    assert ENGINE.decide(facts("CN", provider(BEIJING))).effect is Effect.ALLOW
    for place in (VIRGINIA, BEIJING | {"SG"}, AnyExcept(any_except=frozenset({"CN"})), AnyExcept(any_except=frozenset())):
        made = facts("CN", provider(BEIJING, **{part: place}))
        assert reasons(made) == (Effect.DENY, {"cn-pipl-39"})


def test_a_pool_is_every_place_that_it_may_be() -> None:
    everywhere_else = frozenset(WORDS.anywhere_but(["EEA"]))
    assert ENGINE.decide(facts("FR", provider(PARIS, processing=AnyExcept(any_except=everywhere_else)))).effect is Effect.ALLOW
    but_one = everywhere_else - {"IN"}
    assert reasons(facts("FR", provider(PARIS, processing=AnyExcept(any_except=but_one)))) == (Effect.DENY, {"eu-gdpr-44"})


def test_silence_about_a_place_is_anywhere() -> None:
    nowhere = provider(PARIS, processing=frozenset(), storage=frozenset(), access=frozenset())
    assert reasons(facts("FR", nowhere)) == (Effect.DENY, {"eu-gdpr-44", "eu-tiktok"})
    assert reasons(facts("FR", nowhere, tenant=Tenant(residency=frozenset({"EEA"}))))[0] is Effect.DENY


def test_the_tenant_narrows_and_is_named() -> None:
    eea_only = Tenant(residency=frozenset({"EEA"}))
    lawful = provider(PARIS, processing=frozenset({"FR", "US"}), certifications=frozenset({"eu_us_dpf"}))
    assert ENGINE.decide(facts("FR", lawful)).effect is Effect.ALLOW
    decision = ENGINE.decide(facts("FR", lawful, tenant=eea_only))
    assert decision.effect is Effect.DENY and [reason.fact for reason in decision.reasons] == ["tenant-policy"]
    assert decision.remedies == ("route:other_provider", "route:on_device")
    assert ENGINE.decide(facts("FR", provider(PARIS), tenant=eea_only)).effect is Effect.ALLOW
    assert ENGINE.decide(facts("FR", device("FR"), tenant=Tenant(residency=frozenset({"US"})))).effect is Effect.ALLOW
    assert reasons(facts("FR", device("FR", access=VIRGINIA), tenant=eea_only))[0] is Effect.DENY
    assert reasons(facts("FR", provider(PARIS), tenant=Tenant(residency=frozenset()))) == (Effect.DENY, {"tenant-policy"})


# -- what a decision carries -----------------------------------------------------------------------------------------


def test_a_denial_names_rule_article_remedy_and_no_obligation() -> None:
    decision = ENGINE.decide(facts("CN", provider(VIRGINIA)))
    assert decision.effect is Effect.DENY and decision.obligations == () and decision.as_of == DAY
    assert [(reason.fact, reason.rule, reason.pack) for reason in decision.reasons] == [("cn-pipl-39", "cn.export.no-consent", "cn@0.1.0")]
    assert decision.reasons[0].text == "leaving the mainland needs separate consent"
    assert decision.remedies == ("consent:separate_cross_border", "route:in_country")
    (citation,) = decision.citations
    assert (citation.fact, citation.article, citation.effective) == ("cn-pipl-39", "Art. 39", date(2021, 11, 1)) and citation.source


def test_an_allow_names_its_ground_and_what_is_owed_with_phases() -> None:
    decision = ENGINE.decide(facts("CN", provider(BEIJING, filings=frozenset({"cn_genai"})), service=PUBLIC))
    owed = {duty.id: (duty.phase.value, duty.facts) for duty in decision.obligations}
    assert owed["contract:processor"] == ("pre", ("cn-pipl-21",)) and owed["label.explicit"] == ("output", ("cn-label-4",))
    assert owed["log.retain_months:6"] == ("post", ("cn-csl-23",)) and decision.remedies == ()
    assert {citation.fact for citation in decision.citations} >= {"cn-pipl-21", "cn-label-4", "cn-csl-23"}
    shown = as_json(decision)
    assert shown["effect"] == "allow" and shown["as_of"] == "2026-11-23" and shown["obligations"][0]["phase"] == "pre"
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(shown)), Decision) == decision


def test_obligations_that_two_packs_owe_are_one_with_both_articles() -> None:
    decision = ENGINE.decide(
        facts("FR", provider(PARIS), data=Data(collected_in="CN"), consent=frozenset({"general", "separate_cross_border"}))
    )
    owed = [duty for duty in decision.obligations if duty.id == "contract:processor"]
    assert decision.effect is Effect.ALLOW and [duty.facts for duty in owed] == [("cn-pipl-21", "eu-gdpr-28")]


def test_the_digest_is_of_the_packs_and_not_of_their_order(tmp_path: Path) -> None:
    assert Engine(SHIPPED[::-1], WORDS).digest == ENGINE.digest == ENGINE.decide(facts("FR", provider(PARIS))).digest
    assert Engine(SHIPPED[:2], WORDS).digest != ENGINE.digest
    assert len(ENGINE.digest) == 64


# -- the rules of rules ----------------------------------------------------------------------------------------------


def kenya(tmp_path: Path, *rules: str, **more: str) -> Engine:
    return Engine([pack(tmp_path, "\n".join(rules), **more)], WORDS)  # type: ignore[arg-type]


def test_silence_denies(tmp_path: Path) -> None:
    engine = kenya(tmp_path, rule("zz.a", when='context.purpose == "foreign_legal_disclosure"'))
    assert reasons(facts("KE", provider(PARIS)), engine) == (Effect.DENY, {"no-rule"})


def test_an_obligation_is_no_ground(tmp_path: Path) -> None:
    engine = kenya(tmp_path, rule("zz.a", action="owe", obligation="minimise"))
    assert reasons(facts("KE", provider(PARIS)), engine) == (Effect.DENY, {"no-rule"})


def test_a_forbid_beats_a_permit_and_a_denial_an_escalation(tmp_path: Path) -> None:
    permit, deny = rule("zz.a"), rule("zz.b", "forbid", remedy="route:on_device")
    escalate = rule("zz.c", "forbid", effect="escalate", remedy="route:in_country")
    made = facts("KE", provider(PARIS))
    engine = kenya(tmp_path / "1", permit, escalate)
    assert reasons(made, engine)[0] is Effect.ESCALATE and engine.decide(made).remedies == ("route:in_country",)
    engine = kenya(tmp_path / "2", permit, escalate, deny)
    decision = engine.decide(made)
    assert decision.effect is Effect.DENY and [reason.rule for reason in decision.reasons] == ["zz.b"]
    assert decision.remedies == ("route:on_device",)


@pytest.mark.parametrize(("effect", "action"), [("permit", "process"), ("forbid", "process"), ("permit", "owe"), ("permit", "define")])
def test_a_rule_that_errors_denies(tmp_path: Path, effect: str, action: str) -> None:
    """Integer overflow is what the schema cannot rule out: Cedar leaves an erroring rule out; we must not."""
    more = {"owe": {"obligation": "minimise"}, "define": {"term": "far"}}.get(action, {})
    errs = rule("zz.b", effect, "context.volumes.cn_ytd_pi + 9223372036854775807 > 0", action=action, **more)
    engine = kenya(tmp_path, rule("zz.a"), errs)
    made = facts("KE", provider(PARIS))
    assert engine.decide(made).effect is (Effect.ALLOW if effect == "permit" else Effect.DENY)
    many = msgspec.structs.replace(made, volumes=msgspec.structs.replace(made.volumes, cn_ytd_pi=1))
    assert reasons(many, engine) == (Effect.DENY, {"rule-error"})


def test_a_rule_has_days(tmp_path: Path) -> None:
    engine = kenya(tmp_path, rule("zz.a", valid_from="2026-02-01", valid_to="2026-03-01"))
    found = {
        day: reasons(facts("KE", provider(PARIS), as_of=date.fromisoformat(day)), engine)[0].value
        for day in ("2026-01-31", "2026-02-01", "2026-03-01", "2026-03-02")
    }
    assert found == {"2026-01-31": "deny", "2026-02-01": "allow", "2026-03-01": "allow", "2026-03-02": "deny"}


def test_a_table_has_days_and_regions_have_members(tmp_path: Path) -> None:
    tables = """
[few]
fact = "zz-1"
values = [{ since = 2020-01-01, value = 10 }, { since = 2026-06-01, value = 20 }]
[friends]
fact = "zz-1"
regions = true
values = [{ since = 2020-01-01, value = ["EEA"] }]
"""
    when = 'Law::"now".friends.containsAll(context.provider.everywhere) && context.volumes.cn_ytd_pi < Law::"now".few'
    engine = kenya(tmp_path, rule("zz.a", when=when), tables=tables)

    def effect(day: str, persons: int, place: str = "FR") -> str:
        made = facts("KE", provider(frozenset({place})), as_of=date.fromisoformat(day))
        return engine.decide(msgspec.structs.replace(made, volumes=msgspec.structs.replace(made.volumes, cn_ytd_pi=persons))).effect.value

    assert effect("2026-05-31", 9) == "allow" and effect("2026-05-31", 10) == "deny"
    assert effect("2026-06-01", 19) == "allow" and effect("2026-06-01", 20) == "deny"
    assert effect("2026-06-01", 0, "CH") == "deny"


def test_past_the_horizon_it_escalates_and_another_pack_may_still_deny(tmp_path: Path) -> None:
    one = pack(tmp_path, rule("zz.a"), horizon="2026-10-01")
    other = pack(
        tmp_path,
        rule("yy.a", "forbid", 'context.purpose == "assist"') + rule("yy.b"),
        name="yy",
        regions='"TZ"',
        applies='"data.collected_in"',
    )
    made = facts("KE", provider(PARIS))
    assert reasons(made, Engine([one], WORDS)) == (Effect.ESCALATE, {"horizon"})
    assert Engine([one], WORDS).decide(msgspec.structs.replace(made, as_of=date(2026, 10, 1))).effect is Effect.ALLOW
    collected = msgspec.structs.replace(made, data=Data(collected_in="TZ"))
    assert reasons(collected, Engine([one, other], WORDS)) == (Effect.DENY, {"yy-1"})


def test_a_pack_that_covers_a_place_and_does_not_claim_it_allows_nothing(tmp_path: Path) -> None:
    engine = kenya(tmp_path, rule("zz.a"), applies='"controller.us_person"')
    assert reasons(facts("KE", provider(PARIS)), engine) == (Effect.DENY, {"no-rule"})


def test_no_pack_at_all_escalates() -> None:
    assert reasons(facts("FR", provider(PARIS)), Engine([], WORDS)) == (Effect.ESCALATE, {"no-pack"})


# -- the cache -------------------------------------------------------------------------------------------------------


def test_a_batch_is_as_one_by_one_and_in_order() -> None:
    batch = [facts(place, provider(where)) for place in ("CN", "FR", "KE", "CN") for where in (BEIJING, PARIS, VIRGINIA)]
    batch += [facts("FR", provider(PARIS), as_of=date(2040, 1, 1))]
    assert Engine(SHIPPED, WORDS).decide_many(batch) == [Engine(SHIPPED, WORDS).decide(each) for each in batch]


def test_the_cache_is_bounded_and_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CACHE_ENTRIES_MAX > 0
    monkeypatch.setattr("comity.policy.engine.CACHE_ENTRIES_MAX", 2)
    engine = Engine(SHIPPED, WORDS)
    batch = [facts("CN", provider(where)) for where in (BEIJING, PARIS, VIRGINIA)]
    first = engine.decide_many(batch)
    assert len(engine._cache) == 2
    assert engine.decide_many(batch) == first == engine.decide_many(batch[::-1])[::-1]


# -- what is no fact -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field", "hint"),
    [
        ({"subject": Subject(location="XX")}, "subject.location", "for example"),
        ({"subject": Subject(location="FR", residence="Paris")}, "subject.residence", "for example"),
        ({"controller": Controller(established=frozenset({"EUU"}))}, "controller.established", "`EU`"),
        ({"data": Data(collected_in="ZZ")}, "data.collected_in", "for example"),
        ({"data": Data(categories=frozenset({"helth"}))}, "data.categories", "`health`"),
        ({"data": Data(state="anonymized_verified")}, "data.state", "`anonymised_verified`"),
        ({"consent": frozenset({"seperate_sensitive"})}, "consent", "`separate_sensitive`"),
        ({"purpose": "asist"}, "purpose", "`assist`"),
        ({"controller": Controller(sector="hippa")}, "controller.sector", "`hipaa`"),
        ({"output": Output(persona="virtual_partners")}, "output.persona", "`virtual_partner`"),
        ({"output": Output(modality="vidoe")}, "output.modality", "`video`"),
        ({"feature": "companions"}, "feature", "`companion`"),
        ({"transaction": "brokrage"}, "transaction", "`brokerage`"),
        ({"legal_basis": "contract"}, "legal_basis", "contract_necessity"),
        ({"safeguards": frozenset({"eu-tia"})}, "safeguards", "`eu_tia`"),
        ({"provider": provider(PARIS, kind="ondevice")}, "provider.kind", "`on_device`"),
        ({"provider": provider(PARIS, role="controller")}, "provider.role", "controller"),
        ({"provider": provider(PARIS, mechanisms=frozenset({"scc"}))}, "provider.mechanisms", "scc"),
        ({"provider": provider(PARIS, filings=frozenset({"cn_genia"}))}, "provider.filings", "`cn_genai`"),
        ({"provider": provider(PARIS, certifications=frozenset({"dpf"}))}, "provider.certifications", "dpf"),
        ({"provider": provider(PARIS, access=frozenset({"FRA"}))}, "provider.access", "`FR`"),
        ({"provider": provider(PARIS, storage=AnyExcept(any_except=frozenset({"C"})))}, "provider.storage", "for example"),
        ({"provider": provider(PARIS, operator_region="")}, "provider.operator_region", "for example"),
        ({"tenant": Tenant(residency=frozenset({"Europe"}))}, "tenant.residency", "for example"),
        ({"subject": Subject(location="FR", age=-1)}, "subject.age", "0 or more"),
    ],
)
def test_what_nobody_knows_is_refused_by_name_and_never_taken_for_absent(change: dict[str, object], field: str, hint: str) -> None:
    with pytest.raises(CallerError) as raised:
        ENGINE.decide(msgspec.structs.replace(facts("FR", provider(PARIS)), **change))
    assert raised.value.field == field and hint in raised.value.hint
    assert raised.value.code in ("facts.region", "facts.invalid") and raised.value.exit_code == 3
