# SPDX-License-Identifier: Apache-2.0
"""`comity decide` and `comity replay` as they are typed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from comity.cli.facts import FLAGS, kind_of
from tests.cli.conftest import Cli, Story, on_a_terminal

SCENARIOS = Path(__file__).parents[1] / "vectors" / "law" / "scenarios.json"
ROWS = {row["id"]: row for row in json.loads(SCENARIOS.read_text(encoding="utf-8"))}
SHANGHAI = """
    --as-of 2026-11-23 --location CN --residence US --age 35 --established US --us-person --category name,contact
    --legal-basis consent --consent general --feature writing_assistant --safeguard processor_contract --public
"""
IN_CHINA = "--operator CN --covered-person --processing CN --storage CN --access CN --filing cn_genai"
IN_THE_US = "--operator US --processing US --storage US --access US"
ON_DEVICE = "--kind on_device --operator CN --processing CN --storage CN --filing cn_genai"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """The facts of every scenario, one a line."""
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps({"id": name, "facts": row["facts"]}) + "\n" for name, row in ROWS.items()), encoding="utf-8")
    return path


# -- facts from flags ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "scenario"), [(IN_THE_US, "x-01"), (IN_CHINA, "x-02"), (ON_DEVICE, "x-04")], ids=["in the US", "in China", "on the device"]
)
def test_a_us_resident_in_shanghai(cli: Cli, place: str, scenario: str) -> None:
    done, expected = cli("decide", *SHANGHAI.split(), *place.split(), "--json"), ROWS[scenario]["expected"]
    decision = done.json()
    assert (done.code, decision["effect"]) == (0 if expected["decision"] == "allow" else 4, expected["decision"])
    assert set(expected["obligations"]) - {"count:us_12mo"} <= {duty["id"] for duty in decision["obligations"]}
    assert set(expected["remedies"]) <= set(decision["remedies"])


def test_flags_change_what_a_file_says(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x-02.json").write_text(json.dumps(ROWS["x-02"]), encoding="utf-8")
    assert cli("decide", "--facts", "x-02.json").code == 0
    done = cli("decide", "--facts", "x-02.json", "--filing", "")
    assert done.code == 4 and "needs a filed model" in done.out
    as_of = cli("decide", "--facts", "x-02.json", "--as-of", "2030-01-01")
    assert as_of.code == 4 and as_of.out.startswith("ESCALATE cn-cloud-llm") and as_of.out.endswith("as of 2030-01-01\n")
    bare = json.dumps(ROWS["x-02"]["facts"]).encode()
    assert cli("decide", "--facts", "-", stdin=bare).code == 0


def test_a_pool_is_every_place_that_it_may_be(cli: Cli) -> None:
    where = ["--location", "DE", "--legal-basis", "consent", "--consent", "general", "--safeguard", "processor_contract"]
    assert cli("decide", *where, "--as-of", "2026-11-23", "--processing", "DE,FR").code == 0
    assert cli("decide", *where, "--as-of", "2026-11-23", "--processing", "any-but:US").code == 4


def test_every_flag_is_a_fact_of_the_type_that_its_struct_says(cli: Cli) -> None:
    told = cli("decide", "--help").out
    assert all(f"--{flag}" in told for flag in FLAGS)
    kinds = {flag: kind_of(path) for flag, path in FLAGS.items()}
    assert (kinds["age"], kinds["public"], kinds["location"]) == (int, bool, str)
    assert {kinds[flag] for flag in ("consent", "processing", "residency", "established")} == {frozenset}


@pytest.mark.parametrize(
    ("words", "code", "said", "hint"),
    [
        ("--location USA", "facts.region", "facts.subject.location: `USA` is not a region", "did you mean `US`?"),
        ("--location de", "facts.region", "facts.subject.location: `de` is not a region", "did you mean `DE`?"),
        ("--location us_ca", "facts.region", "facts.subject.location: `us_ca` is not a region", "did you mean `US-CA`?"),
        ("--location CHN", "facts.region", "facts.subject.location: `CHN` is not a region", "did you mean `CN`?"),
        ("--location Narnia", "facts.region", "facts.subject.location: `Narnia` is not a region", "for example CN, DE, EEA, US-CA"),
        ("--processing CN,QQQ", "facts.region", "facts.provider.processing: `QQQ` is not a region", "for example"),
        ("--access any-but:USA", "facts.region", "facts.provider.access: `USA` is not a region", "did you mean `US`?"),
        ("--age -1", "facts.invalid", "facts.subject.age: `-1` is less than nothing", "0 or more"),
        ("--consent seperate_sensitive", "facts.invalid", "facts.consent: `seperate_sensitive` is not a word", "did you mean"),
        ("--category helth", "facts.invalid", "facts.data.categories: `helth` is not a word", "did you mean `health`?"),
        ("--kind cluod", "facts.invalid", "facts.provider.kind: `cluod` is not a word", "did you mean `cloud`?"),
        ("--location CN --as-of tomorrow", "facts.invalid", "as_of: `tomorrow` is no day", "write it as YYYY-MM-DD"),
        ("--facts nowhere.json", "facts.unreadable", "cannot read `nowhere.json`", "name a JSON file"),
        ("--scenarios nowhere.json", "facts.unreadable", "cannot read `nowhere.json`", "name a JSON file"),
    ],
)  # fmt: skip
def test_nonsense_is_named_with_the_nearest_word(cli: Cli, words: str, code: str, said: str, hint: str) -> None:
    told = cli("decide", *words.split()).refused(3, code)
    assert said in told and f"hint: {hint}" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "no facts"),
        ("--as-of 2026-11-23", "no facts"),
        ("--age old", "argument --age: invalid int value: `old`"),
        ("--locaton CN", "`--locaton` is no option"),
        ("--scenarios s.json --location CN", "`--scenarios` stands alone"),
        ("--scenarios s.json --as-of 2026-11-23", "`--scenarios` stands alone"),
    ],
)
def test_usage(cli: Cli, words: str, said: str) -> None:
    assert said in cli("decide", *words.split()).refused(2, "usage")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (
            '{"as_of": "2026-11-23", "provder": {"id": "p"}}',
            "facts: object contains unknown field `provder`\nhint: did you mean `provider`?",
        ),
        ('{"as_of": "2026-11-23"}', "facts: object missing required field `provider`"),
        ('{"as_of": "2026-11-23", "provider": {"id": "p", "storage": {"any_excpt": []}}}', "did you mean `any_except`?"),
        ("[]", "facts: expected `object`, got `array`"),
        ("{", "`-` is not JSON: input data was truncated"),
    ],
)
def test_facts_that_do_not_read(cli: Cli, raw: str, said: str) -> None:
    assert said in cli("decide", "--facts", "-", stdin=raw.encode()).refused(3, "facts.invalid")


# -- scenarios -------------------------------------------------------------------------------------------------------


def one(cli: Cli, **change: Any) -> dict[str, Any]:
    """The result of x-02 with changed expectations (and facts)."""
    row = json.loads(json.dumps(ROWS["x-02"]))
    row["facts"] |= change.pop("facts", {})
    row["expected"] |= change
    done = cli("decide", "--scenarios", "-", "--json", stdin=json.dumps([row]).encode())
    (result,) = done.json()["results"]
    assert (done.code, done.json()["passed"], done.json()["failed"]) == (int(not result["pass"]), result["pass"], not result["pass"])
    return result  # type: ignore[no-any-return]


def test_scenarios_are_told_one_by_one(cli: Cli) -> None:
    done = cli("decide", "--scenarios", SCENARIOS)
    assert done.code == 0 and "FAIL" not in done.out
    lines = done.out.splitlines()
    assert [line.split()[:2] for line in lines[: len(ROWS)]] == [["pass", name] for name in ROWS]
    assert "pass  x-03       deny by us-doj-401" in lines
    value = cli("decide", "--scenarios", SCENARIOS, "--json").json()
    assert [row["id"] for row in value["results"]] == list(ROWS)
    assert (value["passed"], value["failed"]) == (len(ROWS), 0)
    assert sum(law["passed"] for law in value["by_law"].values()) == len(ROWS)


def test_sketches_are_counted_apart(cli: Cli) -> None:
    row = {"as_of": "2026-11-23", "subject": {"location": "IN"}, "provider": {"id": "p", "processing": ["IN"]}}
    several = [
        {"id": str(place), "facts": row | {"subject": {"location": place}}, "expected": {"decision": "deny"}}
        for place in ("IN", "DE", None)
    ]
    done = cli("decide", "--scenarios", "-", "--json", stdin=json.dumps(several).encode())
    assert [result["law"] for result in done.json()["results"]] == ["sketch", "deep", "none"]
    told = cli("decide", "--scenarios", "-", stdin=json.dumps(several).encode()).out.splitlines()[-3:]
    assert [line.partition(":")[0] for line in told] == ["deep packs", "with a sketch among the packs, apart", "no pack, apart"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"decision": "deny", "reasons": ["cn-pipl-21"]}, "decided allow, not deny, by cn-pipl-21"),
        ({"obligations": ["human_review"]}, "`human_review` is not owed"),
        ({"must_not": ["label.explicit"]}, "`label.explicit` must not be, and is"),
        ({"remedies": ["route:on_device"]}, "`route:on_device` is no remedy"),
        (
            {"must_not": ["label.explict"]},
            "expected.must_not: `label.explict` is not a word of the vocabulary (did you mean `label.explicit`?)",
        ),
        ({"remedies": ["route:on_devise"]}, "expected.remedies: `route:on_devise` is not a word of the vocabulary"),
        ({"obligation": []}, "expected: object contains unknown field `obligation` (did you mean `obligations`?)"),
        ({"decision": "perhaps"}, "expected.decision: invalid enum value `perhaps`"),
        ({"facts": {"consent": ["genral"]}}, "facts.consent: `genral` is not a word of the vocabulary (did you mean `general`?)"),
        ({"facts": {"consents": []}}, "facts: object contains unknown field `consents` (did you mean `consent`?)"),
    ],
)
def test_a_scenario_that_does_not_hold_says_what_does_not(cli: Cli, change: dict[str, Any], why: str) -> None:
    result = one(cli, **change)
    assert not result["pass"] and why in result["why"]


def test_on_a_denial_each_reason_must_be_expected_and_on_an_allow_none_is_scored(cli: Cli) -> None:
    assert one(cli, reasons=["nobody-knows"])["pass"]
    row = json.loads(json.dumps(ROWS["x-01"]))
    row["expected"]["reasons"] = row["expected"]["reasons"][1:]
    done = cli("decide", "--scenarios", "-", stdin=json.dumps([row]).encode())
    assert done.code == 1 and "is no reason expected" in done.out


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("{", "`-` is not JSON"),
        ("{}", "-: is no list of scenarios"),
        ('[{"id": "a", "facts": {}}]', "-[0]: scenario: object missing required field `expected`"),
        (
            '[{"id": "a", "facts": {}, "expected": {}}, {"id": 7, "facts": {}, "expected": {}}]',
            "-[1]: scenario.id: expected `str`, got `int`",
        ),
        ('[{"id": "a", "facts": [], "expected": {}}]', "-[0]: scenario.facts: expected `object`, got `array`"),
    ],
)
def test_a_file_of_scenarios_that_is_none(cli: Cli, raw: str, said: str) -> None:
    assert said in cli("decide", "--scenarios", "-", stdin=raw.encode()).refused(3, "facts.invalid")


# -- replay ----------------------------------------------------------------------------------------------------------


def test_what_flips_is_told_with_its_rule_and_article(cli: Cli, records: Path) -> None:
    done = cli("replay", "--as-of", "2024-03-21", records)
    assert done.code == 0 and done.err == ""
    assert done.out.startswith(f"{len(ROWS)} records ({len(ROWS)} distinct) under the law of 2024-03-21\npacks: ")
    assert "ALLOW → ESCALATE" in done.out and "[cn.export.before-2024]" in done.out
    assert "cn-pipl-38: Personal Information Protection Law, Art. 38" in done.out


@pytest.mark.parametrize("day", ["2024-03-21", "2030-01-01"])
def test_a_replay_is_what_decide_says_on_that_day(cli: Cli, day: str) -> None:
    some = [row["facts"] for row in list(ROWS.values())[::9]]
    effects = {"allow": 0, "deny": 0, "escalate": 0}
    for facts in some:
        effects[cli("decide", "--facts", "-", "--as-of", day, "--json", stdin=json.dumps(facts).encode()).json()["effect"]] += 1
    value = cli("replay", "--as-of", day, "-", "--json", stdin="\n".join(json.dumps({"facts": facts}) for facts in some).encode()).json()
    assert value["after"] == effects and value["as_of"] == day


def test_the_homes_own_record_is_replayed_and_left_as_it_was(cli: Cli, story: Story) -> None:
    before = {path.name: path.read_bytes() for path in story.home.iterdir() if path.name.endswith((".db", ".key"))}
    own = cli(*story.flags, "replay", "--as-of", "2024-03-21", "--json").json()
    told = cli(*story.flags, "log", "tail", "-n", "1000", "--json").json()
    assert own["records"] == len(told) >= 3 and own["distinct"] <= own["records"]
    examples = {example for flip in own["flips"] for example in flip["examples"]}
    assert own["flipped"] > 0 and examples and examples <= {row["receipt"]["id"] for row in told}
    assert {path.name: path.read_bytes() for path in story.home.iterdir() if path.name in before} == before


def test_a_record_that_was_changed_from_outside_is_not_replayed(cli: Cli, story: Story, tmp_path: Path) -> None:
    home = tmp_path / "copy"
    shutil.copytree(story.home, home)
    with sqlite3.connect(home / "comity.db") as db:
        assert db.execute("UPDATE judgements SET facts = replace(facts, 'CN', 'US')").rowcount > 0
    db.close()
    cli("--home", home, "replay", "--as-of", "2026-11-23").refused(5, "trust.log")


def changed_pack(folder: Path, name: str = "cn") -> Path:
    """The pack that ships, as version 9.9.9 in which a rule on export stands a hundred years longer."""
    made = folder / "changed"
    shutil.copytree(str(files("comity.jurisdictions").joinpath("packs", name)), made)
    rules = made / "rules.cedar"
    text = rules.read_text(encoding="utf-8")
    assert '@valid_to("2024-03-21")' in text
    rules.write_text(text.replace('@valid_to("2024-03-21")', '@valid_to("2124-03-21")'), encoding="utf-8")
    head = made / "pack.toml"
    lines = ['version = "9.9.9"' if line.startswith("version") else line for line in head.read_text(encoding="utf-8").splitlines()]
    head.write_text("\n".join(lines), encoding="utf-8")
    return made


def test_a_changed_pack_stands_in_for_the_one_held(cli: Cli, records: Path, tmp_path: Path) -> None:
    made = changed_pack(tmp_path / "packs")
    for named in (made, made.parent):
        done = cli("replay", "--packs", named, records)
        assert done.code == 0 and "under other packs, each on its own day" in done.out and "cn@9.9.9" in done.out
        assert "ALLOW → ESCALATE" in done.out and "[cn.export.before-2024]" in done.out
    value = cli("replay", "--packs", made, records, "--json").json()
    assert [name for name in value["packs"] if name.startswith("cn@")] == ["cn@9.9.9"] and value["as_of"] is None
    assert all(reason["pack"] == "cn@9.9.9" for flip in value["flips"] for reason in flip["now"])


def test_records_come_from_a_pipe_and_count_as_often_as_they_say(cli: Cli) -> None:
    line = json.dumps({"n": 1200, "facts": ROWS["x-02"]["facts"]})
    done = cli("replay", "--as-of", "2030-01-01", "-", stdin=f"{line}\n\n{line}\n".encode())
    assert done.out.startswith("2,400 records (1 distinct) under the law of 2030-01-01")
    assert "ALLOW → ESCALATE  2,400 records (1 distinct); to cn-cloud-llm" in done.out and "for example line 1, line 3" in done.out


class Page(HTMLParser):
    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.said = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def test_the_page_says_the_same_fetches_nothing_and_runs_nothing(cli: Cli, tmp_path: Path) -> None:
    hostile = json.loads(json.dumps(ROWS["x-02"]["facts"]))
    hostile["provider"]["id"] = "<img src=x onerror=alert(1)>"
    line = json.dumps({"id": "</code><script>alert(2)</script>", "facts": hostile}).encode()
    done = cli("replay", "--as-of", "2030-01-01", "--html", "report.html", "-", stdin=line)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert done.out.splitlines()[0] in page.said and "ALLOW → ESCALATE" in page.said and "<img src=x onerror=alert(1)>" in page.said
    assert not page.tags & {"script", "img", "link", "iframe", "object", "form", "a"}
    assert not {name for name in page.attributes if name in ("src", "href", "style") or name.startswith("on")}
    assert "url(" not in text and "@import" not in text and "://" not in text
    assert "prefers-color-scheme: dark" in text and "@media print" in text


def test_a_page_that_cannot_be_written_leaves_the_result(cli: Cli, records: Path) -> None:
    done = cli("replay", "--as-of", "2026-11-23", records, "--html", "nowhere/report.html")
    assert done.code == 3 and done.out and "error[report.unwritable]: cannot write `nowhere/report.html`" in done.err


@pytest.mark.parametrize(
    ("words", "exit_code", "code", "said"),
    [
        ("", 2, "usage", "neither another day nor other packs"),
        ("--as-of 2026-13-01", 3, "facts.invalid", "as_of: `2026-13-01` is no day"),
        ("--as-of 2026-11-23", 1, "storage.absent", "no records at"),
        ("--as-of 2026-11-23 nowhere.jsonl", 3, "facts.unreadable", "cannot read `nowhere.jsonl`"),
        ("--packs . -", 3, "pack.invalid", "no pack is in `.`"),
    ],
)
def test_what_cannot_be_replayed(cli: Cli, words: str, exit_code: int, code: str, said: str) -> None:
    assert said in cli("replay", *words.split()).refused(exit_code, code)


def test_a_wrong_line_is_named_by_file_and_number(cli: Cli, tmp_path: Path) -> None:
    good = json.dumps({"facts": ROWS["x-02"]["facts"]})
    wrong = json.dumps({"facts": ROWS["x-02"]["facts"] | {"purpose": "asist"}})
    (tmp_path / "r.jsonl").write_text(f"{good}\n{wrong}\n", encoding="utf-8")
    told = cli("replay", "--as-of", "2026-11-23", "r.jsonl").refused(3, "facts.invalid")
    assert "r.jsonl, line 2: facts.purpose: `asist` is not a word of the vocabulary\nhint: did you mean `assist`?" in told
    (tmp_path / "r.jsonl").write_bytes(b"x" * (5 << 20))
    assert "r.jsonl, line 1: is longer than" in cli("replay", "--as-of", "2026-11-23", "r.jsonl").refused(3, "facts.invalid")


def test_many_records_show_how_far_it_is_and_leave_no_trace_of_it(tmp_path: Path) -> None:
    row = {"facts": {"as_of": "2026-11-23", "subject": {"location": "CN"}, "provider": {"id": "x", "operator_region": "CN"}}}
    (tmp_path / "records.jsonl").write_text((json.dumps(row) + "\n") * 12_000, encoding="utf-8")
    seen = on_a_terminal(tmp_path, "replay", "--as-of", "2026-11-24", "records.jsonl")
    assert "[####" in seen and " of 1.4 MB" in seen
    assert seen.rsplit("\x1b[K", 1)[1].startswith("12,000 records (1 distinct)")
