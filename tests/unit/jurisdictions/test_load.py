# SPDX-License-Identifier: Apache-2.0
"""Faults planted in a pack, one at a time: each is refused with its file and its line."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

import pytest

from comity.errors import OperatorError
from comity.jurisdictions.load import check_packs, load_pack, load_packs, merged, shipped
from comity.jurisdictions.rules import pieces
from comity.jurisdictions.vocab import load_vocabulary

PACK = """\
id = "zz"
name = "Nowhere"
version = "1.0.0"
depth = "sketch"
regions = ["KE"]
applies = ["subject.location"]
verified_through = 2026-01-01
horizon = 2027-01-01
"""
FACTS = """\
[[facts]]
id = "zz-1"
instrument = "Act"
article = "Art. 1"
summary = "Data stays."
source = "gazette"
confidence = "verified_official"
effective = 2020-01-01

[[facts]]
id = "zz-2"
instrument = "Act"
article = "Art. 2"
summary = "Somebody remembers this."
source = "nobody"
confidence = "recalled"
effective = 2020-01-01
effective_to = 2026-06-30
"""
TABLES = """\
[few]
fact = "zz-1"
values = [{ since = 2020-01-01, value = 10 }]

[friends]
fact = "zz-1"
regions = true
values = [{ since = 2020-01-01, value = ["KE", "EEA"] }]
"""
RULES = """\
// What it says.

@id("zz.term.out") @cite("zz-1") @valid_from("2020-01-01") @term("out")
permit (principal, action == Action::"define", resource)
when { !Law::"now".friends.containsAll(context.provider.everywhere) };

@id("zz.in") @cite("zz-1") @valid_from("2020-01-01")
@text("it stays; or goes to a friend")
permit (principal, action == Action::"process", resource) when { !context.term.out };

@id("zz.no") @cite("zz-1") @valid_from("2020-01-01")
@text("not without consent // in writing; really")
@remedy("consent:explicit")
forbid (principal, action == Action::"process", resource)
when { context.volumes.cn_ytd_pi > Law::"now".few };

@id("zz.owe") @cite("zz-1") @valid_from("2020-01-01") @obligation("minimise")
permit (principal, action == Action::"owe", resource);
"""
TESTS = '{"base": {"as_of": "2026-01-01"}, "cases": [{"name": "a", "facts": {}, "effect": "allow", "rules": ["zz.in"]}]}\n'
FILES = {"pack.toml": PACK, "facts.toml": FACTS, "tables.toml": TABLES, "rules.cedar": RULES, "tests.json": TESTS}

DAYS = '@id("zz.no") @cite("zz-1") @valid_from("2020-01-01")'
FORBID = 'forbid (principal, action == Action::"process", resource)'
FAULTS = [
    ("pack.toml", 'regions = ["KE"]', 'regions = ["KX"]', 5, "`KX` is not a region"),
    ("pack.toml", 'version = "1.0.0"', 'version = "one"', 3, "not a version"),
    ("pack.toml", "horizon = 2027-01-01", "horizon = 2025-01-01", 8, "horizon"),
    ("pack.toml", "horizon = 2027-01-01", 'horizon = "soon"', 8, "date"),
    ("pack.toml", 'depth = "sketch"', 'depth = "deepest"', 4, "deepest"),
    ("pack.toml", 'name = "Nowhere"', 'name = "Nowhere', 2, "not TOML"),
    ("pack.toml", 'name = "Nowhere"', 'nam = "Nowhere"', 2, "`nam`"),
    ("pack.toml", 'applies = ["subject.location"]', "applies = []", 0, "applies to nobody"),
    ("facts.toml", 'confidence = "recalled"', 'confidence = "sure"', 10, "sure"),
    ("facts.toml", 'id = "zz-2"', 'id = "zz-1"', 2, "two facts"),
    ("facts.toml", 'source = "nobody"', 'source = "nobody"\nquote = "a law"', 11, "quote"),
    ("facts.toml", "effective_to = 2026-06-30", "effective_to = 2019-06-30", 11, "ends before it begins"),
    ("facts.toml", '[[facts]]\nid = "zz-2"', '[[fact]]\nid = "zz-2"', 10, "`fact`"),
    ("tables.toml", 'fact = "zz-1"\nvalues', 'fact = "zz-9"\nvalues', 1, "zz-9"),
    ("tables.toml", '"EEA"', '"EEE"', 5, "`EEE`"),
    ("tables.toml", "value = 10 }", "value = 10 }, { since = 2019-01-01, value = 9 }", 1, "not in order"),
    ("tables.toml", "value = 10 }", 'value = 10 }, { since = 2021-01-01, value = ["x"] }', 1, "mixes"),
    ("tables.toml", "values = [{ since = 2020-01-01, value = 10 }]", "values = []", 1, "no value"),
    ("tables.toml", "value = 10", "value = 1.5", 1, "few"),
    ("rules.cedar", '@id("zz.no") @cite("zz-1")', '@id("zz.no")', 11, "cites nothing"),
    ("rules.cedar", '@id("zz.no") @cite("zz-1")', '@id("zz.no") @cite("zz-3")', 11, "`zz-3`"),
    ("rules.cedar", '@id("zz.no")', '@id("zz.in")', 11, "two versions of rule `zz.in`"),
    ("rules.cedar", '@id("zz.no")', "", 11, "no `@id`"),
    ("rules.cedar", "consent:explicit", "consent:shouted", 11, "consent:shouted"),
    ("rules.cedar", '@obligation("minimise")', '@obligation("minimize")', 17, "minimize"),
    ("rules.cedar", '@obligation("minimise")', "", 17, "must have an `@obligation`"),
    ("rules.cedar", '@term("out")', "", 3, "must have a `@term`"),
    ("rules.cedar", '@term("out")', '@term("Out!")', 3, "Out!"),
    ("rules.cedar", '@remedy("consent:explicit")', '@remedy("consent:explicit") @effect("maybe")', 11, "wrong `@effect`"),
    ("rules.cedar", '@text("it stays; or goes to a friend")', '@text("x") @effect("escalate")', 7, "wrong `@effect`"),
    ("rules.cedar", '@text("it stays; or goes to a friend")', "", 7, "does not say why"),
    ("rules.cedar", '@remedy("consent:explicit")', '@why("because")', 11, "`@why`"),
    ("rules.cedar", DAYS, '@id("zz.no") @cite("zz-1") @valid_from("2020-02-30")', 11, "no day"),
    ("rules.cedar", DAYS, '@id("zz.no") @cite("zz-1") @valid_from("2019-12-31")', 11, "before `zz-1`"),
    ("rules.cedar", DAYS, '@id("zz.no") @cite("zz-2") @valid_from("2020-01-01")', 11, "ended"),
    ("rules.cedar", DAYS, '@id("zz.no") @cite("zz-1") @valid_from("2020-01-01") @valid_to("2019-01-01")', 11, "valid to a day before"),
    (
        "rules.cedar", '@id("zz.in") @cite("zz-1") @valid_from("2020-01-01")',
        '@id("zz.in") @cite("zz-2") @valid_from("2020-01-01") @valid_to("2026-06-30")', 7, "only recalled",
    ),
    ("rules.cedar", "context.term.out }", "context.term.outt }", 7, "outt"),
    ("rules.cedar", 'Law::"now".few }', 'Law::"now".many }', 11, "many"),
    ("rules.cedar", "context.volumes.cn_ytd_pi > ", "context.subject.age > ", 11, "age"),
    ("rules.cedar", "context.volumes.cn_ytd_pi > ", "context.volumes.cn_ytd_pi == ", 0, ""),  # no fault: the test of the test
    ("rules.cedar", FORBID, "forbid (principal, action, resource)", 11, "no one action"),
    ("rules.cedar", FORBID, 'forbid (principal, action == Action::"owe", resource)', 11, "forbids to"),
    ("rules.cedar", FORBID, 'forbid (principal == ?principal, action == Action::"process", resource)', 11, "template"),
    ("rules.cedar", "forbid (principal,", "forbids (principal,", 11, "not Cedar"),
    (
        "rules.cedar", ".containsAll(context.provider.everywhere)",
        ".containsAll(context.provider.everywhere) && context.term.out", 3, "term by a term",
    ),
    ("tests.json", '"zz.in"', '"zz.inn"', 1, "zz.inn"),
    ("tests.json", '"cases"', '"case"', 0, "`case`"),
    ("tests.json", '"allow"', "allow", 0, "not JSON"),
]  # fmt: skip


def written(folder: Path, files: dict[str, str]) -> Path:
    made = folder / "zz"
    made.mkdir()
    for name, text in files.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


def _again(folder: Path, rules: str) -> Path:
    (folder / "again").mkdir()
    return written(folder / "again", FILES | {"rules.cedar": rules})


def test_the_pack_that_faults_are_planted_in_is_good(tmp_path: Path) -> None:
    pack = load_pack(written(tmp_path, FILES), load_vocabulary())
    assert [rule.id for rule in pack.rules] == ["zz.term.out", "zz.in", "zz.no", "zz.owe"]
    assert pack.rules[2].text == "not without consent // in writing; really"
    assert pack.name == "zz@1.0.0" and pack.terms == {"out"} and pack.cases[0].facts == {"as_of": "2026-01-01"}


@pytest.mark.parametrize(("name", "good", "bad", "line", "says"), FAULTS)
def test_a_planted_fault_is_refused(tmp_path: Path, name: str, good: str, bad: str, line: int, says: str) -> None:
    assert FILES[name].count(good) == 1 or name in ("facts.toml", "rules.cedar")
    folder = written(tmp_path, FILES | {name: FILES[name].replace(good, bad, 1)})
    problems = check_packs([folder])
    if not says:
        assert problems == []
        return
    where = f"zz/{name}" + (f":{line}" if line else "")
    assert [problem.field for problem in problems] == [where]
    assert str(problems[0]).startswith(where + ": ") and says in str(problems[0]) and problems[0].hint
    with pytest.raises(OperatorError) as raised:
        load_packs(extra=[folder])
    assert raised.value.code == "pack.invalid" and raised.value.exit_code == 3


def test_versions_of_a_rule_share_its_id_and_no_day(tmp_path: Path) -> None:
    first, second = DAYS + ' @valid_to("2024-12-31")', DAYS.replace("2020-01-01", "2025-01-01")
    old = RULES[RULES.index(DAYS) : RULES.index(";", RULES.index("cn_ytd_pi")) + 1]
    rules = RULES.replace(old, old.replace(DAYS, first) + "\n\n" + old.replace(DAYS, second).replace("few }", "few + 5 }"))
    folder = written(tmp_path, FILES | {"rules.cedar": rules})
    assert check_packs([folder]) == []
    assert [rule.id for rule in load_pack(folder, load_vocabulary()).rules].count("zz.no") == 2
    (folder / "rules.cedar").write_text(rules.replace("2024-12-31", "2025-01-01"), encoding="utf-8")
    assert [problem.field for problem in check_packs([folder])] == ["zz/rules.cedar:17"]


def test_a_quote_must_stand_in_its_text_where_there_is_one(tmp_path: Path) -> None:
    law = tmp_path / "law.txt"
    law.write_text("Data stays where it is.", encoding="utf-8")
    quoted = f'quote = "Data stays"\ntext_sha256 = "{hashlib.sha256(law.read_bytes()).hexdigest()}"\n'
    folder = written(tmp_path, FILES | {"facts.toml": FACTS.replace('summary = "Data stays."\n', 'summary = "Data stays."\n' + quoted)})
    assert check_packs([folder], [law]) == check_packs([folder]) == []
    (folder / "facts.toml").write_text((folder / "facts.toml").read_text(encoding="utf-8").replace('"Data stays"', '"Data goes"'))
    assert [str(problem) for problem in check_packs([folder], [law])] == [
        "zz/facts.toml:2: fact `zz-1` quotes what does not stand in its text"
    ]
    assert check_packs([folder]) == []  # nothing to hold it against: the source and its confidence stand alone


def test_every_quote_that_ships_stands_in_the_law() -> None:
    texts = list((Path(__file__).parents[2] / "vectors" / "law" / "texts").iterdir())
    held = {hashlib.sha256(path.read_bytes()).hexdigest() for path in texts}
    folders = [files("comity.jurisdictions").joinpath("packs", name) for name in shipped()]
    assert check_packs(folders, texts) == []
    quoted = [fact for pack in load_packs() for fact in pack.facts.values() if fact.quote]
    assert len([fact for fact in quoted if fact.text_sha256 in held]) >= 40


def test_every_problem_is_told_but_not_what_follows_from_it(tmp_path: Path) -> None:
    rules = RULES.replace("context.term.out }", "context.term.outt }").replace("consent:explicit", "consent:shouted")
    problems = check_packs([written(tmp_path, FILES | {"rules.cedar": rules, "pack.toml": PACK.replace("KE", "KX")})])
    assert [problem.field for problem in problems] == ["zz/pack.toml:5", "zz/rules.cedar:11"]
    rules = RULES.replace("context.term.out }", "context.term.outt }").replace("cn_ytd_pi", "cn_ytd_pie")
    assert [problem.field for problem in check_packs([_again(tmp_path, rules)])] == ["zz/rules.cedar:7", "zz/rules.cedar:11"]


@pytest.mark.parametrize("name", ["pack.toml", "facts.toml", "tables.toml", "rules.cedar"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    problems = check_packs([written(tmp_path, {file: text for file, text in FILES.items() if file != name})])
    assert problems and problems[0].field == ("zz/*.cedar" if name == "rules.cedar" else f"zz/{name}")


def test_no_folder_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    assert check_packs([tmp_path / "nowhere"])


def test_a_pack_may_not_take_the_name_of_another(tmp_path: Path) -> None:
    folder = written(tmp_path, FILES | {"pack.toml": PACK.replace('id = "zz"', 'id = "us"')})
    with pytest.raises(OperatorError, match="two packs are called `us`"):
        load_packs(extra=[folder])
    assert [pack.head.id for pack in load_packs(enabled=["cn"], extra=[folder])] == ["cn", "us"]


def test_an_unknown_pack_is_named() -> None:
    with pytest.raises(OperatorError) as raised:
        load_packs(enabled=["cn", "atlantis"])
    assert raised.value.code == "pack.unknown" and "atlantis" in str(raised.value) and "cn" in raised.value.hint


def test_the_digest_is_of_what_decides(tmp_path: Path) -> None:
    def digest(**files: str) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return load_pack(written(folder, FILES | files), load_vocabulary()).digest

    one = digest()
    assert digest() == one
    assert digest(**{"tests.json": TESTS.replace('"a"', '"b"')}) == one
    assert (
        len({one, digest(**{"tables.toml": TABLES.replace("10", "11")}), digest(**{"facts.toml": FACTS.replace("stays", "remains")})}) == 3
    )


def test_a_file_is_cut_behind_each_policy() -> None:
    cut = list(pieces(RULES))
    assert [piece.line for piece in cut] == [3, 7, 11, 17]
    assert "".join(piece.text for piece in cut) == RULES.rstrip("\n")


def test_facts_of_a_case_are_merged_member_by_member() -> None:
    assert merged({"a": {"b": 1, "c": [1]}, "d": 1}, {"a": {"c": [2]}, "d": {"e": 2}}) == {"a": {"b": 1, "c": [2]}, "d": {"e": 2}}


def test_the_deep_packs_ship() -> None:
    assert {pack.head.id for pack in load_packs() if pack.head.depth == "deep"} == {"cn", "eea", "us"}
