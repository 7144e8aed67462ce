# SPDX-License-Identifier: Apache-2.0
"""A tenant's own policy is one more pack: it narrows what the law allows, names who answers for it, and is never taken for law."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from comity.errors import OperatorError
from comity.jurisdictions.load import check_packs, load_pack, load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.decision import Effect
from comity.policy.engine import Engine
from comity.policy.facts import Data, Facts
from tests.unit.policy.places import PARIS, VIRGINIA, device, facts, provider

WORDS, LAW = load_vocabulary(), load_packs(["cn", "eea", "us"])
HEAD = 'id = "acme"\nname = "Acme\'s own policy"\nversion = "1.0.0"\ndepth = "tenant"\n'
IN_EUROPE = 'regions = ["EEA"]\napplies = ["subject.location"]\n'
RULE = """\
@id("acme.two-providers") @owner("privacy@acme.example")
@text("what concerns people in Europe goes to two providers")
@remedy("route:other_provider")
forbid (principal, action == Action::"process", resource)
unless { context.provider.on_device || ["one", "two"].contains(context.provider.id) };
"""


def folder(at: Path, rules: str = RULE, head: str = HEAD, **files: str) -> Path:
    made = at / "acme"
    made.mkdir(parents=True)
    for name, text in {"pack.toml": head, "rules.cedar": rules, **{name.replace("_", "."): text for name, text in files.items()}}.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


def engine(at: Path, *, head: str = HEAD, rules: str = RULE) -> Engine:
    return Engine((*LAW, load_pack(folder(at, rules, head), WORDS)), WORDS)


def asked(where: str, name: str) -> Facts:
    return facts(where, provider(PARIS if where == "FR" else VIRGINIA, id=name))


def test_it_narrows_and_says_whose_rule_it_is(tmp_path: Path) -> None:
    made = engine(tmp_path)
    assert [made.decide(asked("FR", name)).effect for name in ("one", "two", "three")] == ["allow", "allow", "deny"]
    denied = made.decide(asked("FR", "three"))
    assert [(reason.fact, reason.rule) for reason in denied.reasons] == [("tenant-policy", "acme.two-providers")]
    assert denied.remedies == ("route:other_provider",) and denied.citations == ()
    assert made.decide(facts("FR", device("FR", id="own"))).effect is Effect.ALLOW


def test_it_applies_everywhere_unless_it_names_regions(tmp_path: Path) -> None:
    everywhere, europe = engine(tmp_path / "a"), engine(tmp_path / "b", head=HEAD + IN_EUROPE)
    assert everywhere.decide(asked("US", "three")).effect is Effect.DENY
    assert europe.decide(asked("US", "three")).effect is Effect.ALLOW
    assert europe.decide(asked("FR", "three")).effect is Effect.DENY


def test_it_is_no_law(tmp_path: Path) -> None:
    """A place whose law nobody holds escalates, whatever the tenant says of it."""
    head = HEAD + 'regions = ["KE"]\napplies = ["subject.location"]\n'
    decision = engine(tmp_path, head=head).decide(asked("KE", "one"))
    assert decision.effect is Effect.ESCALATE and {reason.fact for reason in decision.reasons} == {"no-pack"}


def test_silence_of_the_tenant_lets_pass_and_silence_of_the_law_does_not(tmp_path: Path) -> None:
    never = RULE.replace("unless { context", "when { false && context")
    made, plain = engine(tmp_path, rules=never), Engine(LAW, WORDS)
    for where in ("FR", "US"):
        assert made.decide(asked(where, "x")).effect is Effect.ALLOW
    silent = msgspec.structs.replace(asked("FR", "x"), data=Data(categories=frozenset({"health"})))
    assert made.decide(silent).effect is plain.decide(silent).effect is Effect.DENY


def test_it_may_owe_and_escalate(tmp_path: Path) -> None:
    rules = (
        RULE.replace("forbid (", '@effect("escalate")\nforbid (')
        + '@id("acme.owe") @owner("dpo") @obligation("human_review")\npermit (principal, action == Action::"owe", resource);\n'
    )
    made = engine(tmp_path, rules=rules)
    assert made.decide(asked("FR", "three")).effect is Effect.ESCALATE
    duties = {duty.id: duty.facts for duty in made.decide(asked("FR", "one")).obligations}
    assert duties["human_review"] == ("tenant-policy",)


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ('@owner("privacy@acme.example")', "", "has no owner"),
        ('@owner("privacy@acme.example")', '@owner(" ")', "has no owner"),
        ('@owner("privacy@acme.example")', '@owner("a") @cite("eu-gdpr-6")', "cites a law"),
        ("forbid (principal", "permit (principal", "only narrows"),
    ],
)
def test_what_would_widen_or_belongs_to_nobody_is_refused(tmp_path: Path, good: str, bad: str, says: str) -> None:
    rules = RULE.replace(good, bad)
    if "permit" in bad:
        rules = rules.replace('@remedy("route:other_provider")\n', "")
    problems = check_packs([folder(tmp_path, rules)])
    assert len(problems) == 1 and says in str(problems[0]) and problems[0].hint


@pytest.mark.parametrize("read", ['context.provider.id == "one"', "context.provider == context.provider"])
def test_no_law_reads_which_deployment_it_is(tmp_path: Path, read: str) -> None:
    head = HEAD.replace("tenant", "sketch") + IN_EUROPE + "verified_through = 2026-01-01\nhorizon = 2027-01-01\n"
    fact = '[[facts]]\nid = "a"\ninstrument = "i"\narticle = "1"\nsummary = "s"\nsource = "s"\nconfidence = "verified_official"\n'
    rules = f'@id("a.b") @cite("a") @text("t")\nforbid (principal, action == Action::"process", resource) when {{ {read} }};'
    made = folder(tmp_path, rules, head, facts_toml=fact, tables_toml="")
    assert ["which deployment it is" in str(problem) for problem in check_packs([made])] == [True]


def test_a_law_must_say_up_to_when_it_was_read(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="up to when"):
        load_pack(folder(tmp_path, head=HEAD.replace("tenant", "sketch") + IN_EUROPE, facts_toml="facts = []", tables_toml=""), WORDS)


def test_its_values_may_be_a_table_that_rests_on_no_fact(tmp_path: Path) -> None:
    table = '[partners]\nvalues = [{ since = 2026-01-01, value = ["one", "two"] }]\n'
    rules = RULE.replace('["one", "two"].', 'Law::"now".partners.')
    made = Engine((*LAW, load_pack(folder(tmp_path, rules, tables_toml=table), WORDS)), WORDS)
    assert [made.decide(asked("FR", name)).effect for name in ("one", "three")] == ["allow", "deny"]
