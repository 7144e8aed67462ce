# SPDX-License-Identifier: Apache-2.0
"""Every statement has its source or is a question; drafts read as they were read; what would invent or omit is refused at load."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, get_args

import msgspec
import pytest

from comity.accord.dossier import Dossier
from comity.accord.dossier_facts import COHORT_MIN
from comity.accord.dossier_template import Template, checked, parsed, said, shipped, template_of
from comity.accord.evidence import Entry
from comity.config import Config
from comity.errors import CallerError, OperatorError
from comity.gateway.read.reports import COHORT_MIN as OF_REPORTS
from comity.jurisdictions import document as tree
from comity.jurisdictions.document import Item, Items, Link, OpenQuestion, Section, markdown, page, runs_of
from comity.jurisdictions.plain import LANGUAGES, Language
from tests.dossiers import CONFIG, DAY, ENTRIES, FOLDER, KEPT, NOW, PACKS, WORDS, crossed, draft, without

WHERE = ("CN", "EEA", "US")
OF_PACKS = {pack.head.id: pack for pack in PACKS}


def items(blocks: tuple[tree.Block, ...]) -> Iterator[Item]:
    for block in blocks:
        if isinstance(block, Section):
            yield from items(block.blocks)
        elif isinstance(block, Items):
            yield from block.items


def text(dossier: Dossier) -> str:
    return markdown(dossier.document).replace("\\", "")


def parts(dossier: Dossier) -> tuple[Section, ...]:
    return tuple(block for block in dossier.document.blocks[:-2] if isinstance(block, Section))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("where", WHERE)
def test_every_statement_has_its_source_or_is_a_question(where: str, language: Language) -> None:
    for made in (draft(where, language), draft(where, language, config=Config(), entries=(), records=[])):
        stated, asked = 0, list[str]()
        for item in items(parts(made)):
            question = [run for run in item.runs if isinstance(run, OpenQuestion)]
            links = [run for each in item.items for run in each.runs if isinstance(run, Link)]
            asked += [run.id for run in question]
            stated += not question
            assert question or links, item
        assert stated == made.statements
        targets = [run.id for run in runs_of(made.document) if isinstance(run, OpenQuestion | tree.Target)]
        assert len(targets) == len(set(targets))
        assert {run.to for run in runs_of(made.document) if isinstance(run, Link)} <= set(targets)
        assert [each.id for each in made.questions] == [f"q{at + 1}" for at in range(len(made.questions))]
        assert asked == [each.id for each in made.questions][: len(asked)]
        again = made.document.blocks[-2]
        assert isinstance(again, Section)
        listed = [run.to for item in items(again.blocks) for run in item.runs if isinstance(run, Link)]
        assert listed == [each.id for each in made.questions], "each is listed again at the end"
        assert "{" not in text(made), "a name was left standing"


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: f"{kept[0]}-{kept[1]}")
def test_it_reads_as_it_was_read(kept: tuple[str, Language, str]) -> None:
    """`python -m tests.dossiers` writes them: read what changed."""
    assert markdown(without(draft(*kept)).document) == FOLDER.joinpath(f"{kept[0].lower()}.{kept[1]}.md").read_text(encoding="utf-8")


def test_the_same_facts_make_the_same_draft() -> None:
    assert msgspec.json.encode(draft("CN", "zh")) == msgspec.json.encode(draft("cn", "zh"))


@pytest.mark.parametrize("name", ["FR", "EU", "", "../cn", "GB"])
def test_of_anywhere_else_there_is_none(name: str) -> None:
    with pytest.raises(CallerError) as refused:
        template_of(name, PACKS, WORDS)
    assert (refused.value.code, refused.value.exit_code, refused.value.status) == ("dossier.unknown", 3, 404)
    assert refused.value.hint == "there are: CN, EEA, US"


def test_a_law_that_is_not_enabled_has_none() -> None:
    with pytest.raises(CallerError) as refused:
        template_of("US", [OF_PACKS["cn"], OF_PACKS["us"]], WORDS)
    assert refused.value.hint == "there are: CN"
    with pytest.raises(CallerError, match="no dossier") as refused:
        template_of("US", [], WORDS)
    assert "packs.enabled" in refused.value.hint


def test_parts() -> None:
    assert [part.title for part in parts(draft("CN", "en", "transfer-register"))] == ["Register of transfers abroad"]
    with pytest.raises(CallerError) as refused:
        draft("CN", "en", "filing")
    assert (refused.value.code, refused.value.hint.count(",")) == ("dossier.part", 3)


# -- what the day, the evidence and the log change ---------------------------------------------------------------------


def test_evidence_that_has_ended_becomes_a_question() -> None:
    entry = ENTRIES[0]
    before, after = draft("CN"), draft("CN", day=date(2027, 1, 1))
    assert "the condition relied on is: standard contract for export" in text(before)
    assert "evidence register, entry 1" in text(before)
    assert "the condition relied on is" not in text(after)
    asked = [each.text for each in after.questions]
    assert any("On which condition may personal information be provided through the deployment qwen-virginia" in each for each in asked)
    assert any("standard contract for export (last day: 31 December 2026). Has it been renewed" in each for each in asked)
    gone = draft("CN", entries=(entry, Entry(withdraws=1, approver="B", at=NOW)))
    assert "standard contract for export (" not in text(gone), "what was withdrawn never counted"


def test_a_contract_of_one_place_does_not_speak_for_another() -> None:
    asked = [each.text for each in draft("EEA").questions]
    assert not any("contract with the processor" in each for each in asked)
    less = msgspec.structs.replace(CONFIG.deployments[1], evidence=())
    asked = [
        each.text for each in draft("EEA", config=msgspec.structs.replace(CONFIG, deployments=(CONFIG.deployments[0], less))).questions
    ]
    assert any("have a contract with the processor" in each for each in asked)
    assert any("the processor of the deployment qwen-virginia" in each for each in asked)


def test_the_law_is_that_of_the_day() -> None:
    asked = {day: [each.text for each in draft("US", day=day).questions] for day in (DAY, date(2027, 1, 1))}
    assert any(each.startswith("From 1 January 2027: Is the service used for significant decisions") for each in asked[DAY])
    assert any(each.startswith("Is the service used for significant decisions") for each in asked[date(2027, 1, 1)])
    assert "From 1 September 2025: " in text(draft("CN", day=date(2025, 8, 1)))
    beyond = text(draft("CN", "zh", day=date(2028, 1, 1)))
    assert "2028年1月1日已超出规则包的可用期限（2027年12月31日）" in beyond


def test_of_the_log_the_year_up_to_the_day_and_no_more() -> None:
    assert "From 27 November 2025 to 26 November 2026, 24 requests of 12 named persons" in text(draft("CN"))
    assert "27 November 2025 to 27 November 2026" in text(draft("CN", day=date(2030, 1, 1)))


def test_nothing_is_told_of_fewer_persons_than_a_cohort() -> None:
    assert COHORT_MIN == OF_REPORTS
    made = text(draft("CN"))
    assert "fewer than 10 named persons had requests processed at this place, so the number is withheld: the United States." in made
    assert "11 attempts concerning 11 named persons were refused" in made
    assert "Since 1 January, 1,270 persons were counted" in made, "declared and counted"
    assert "Since 1 January, fewer than ten persons were counted" in made
    few = text(draft("CN", records=[each for each in crossed() if each.subject in {f"r{at}" for at in range(9)}]))
    assert "9 attempts" not in few and "no refusals are reported" in few
    assert not any(name in made for name in ("p11", "r10", "A. Officer"))


def test_a_page_escapes_what_is_configured() -> None:
    made = page(draft("CN").document)
    assert "Example &lt;Shanghai&gt; Co., Ltd." in made and "<Shanghai>" not in made
    assert '<mark id="q1">' in made and "<script" not in made


# -- strict ------------------------------------------------------------------------------------------------------------


def test_every_template_that_ships_is_sound() -> None:
    found = {each.jurisdiction: each for each in shipped()}
    assert tuple(found) == WHERE
    for each in found.values():
        checked(each, [OF_PACKS[name] for name in each.packs], WORDS)
    assert all(len(pair) == len(get_args(Language)) and all(pair) for pair in said().values())


def template(**statement: Any) -> Template:
    section = {"title": ["A", "甲"], "statements": [statement]}
    part = {"id": "a", "title": ["A", "甲"], "about": ["A", "甲"], "sections": [section]}
    return parsed({"jurisdiction": "CN", "title": ["A", "甲"], "packs": ["cn"], "parts": [part]}, "a.toml")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ({"say": ["{nobody}", "{nobody}"]}, "nothing fills in `nobody`"),
        ({"say": ["{table.gone}", "{table.gone}"]}, "nothing fills in `table.gone`"),
        ({"say": ["{id}", "{id}"]}, "nothing fills in `id`"),
        ({"say": ["{purpose}", "{public}"]}, "do not name the same"),
        ({"ask": ["Why?", ""], "cites": ["cn-pipl-55"]}, "do not name the same"),
        ({"say": ["It is lawful.", "合法。"]}, "has no source"),
        ({"say": ["{controller}", "{controller}"]}, "there is no question"),
        ({"say": ["{controller}", "{controller}"], "ask": ["{controller}?", "{controller}？"]}, "names what may not be known"),
        ({"say": ["{shown}", "{shown}"], "needs": ["cac_scc"]}, "there is no question"),
        ({"say": ["A", "甲"], "ask": ["A", "甲"], "needs": ["a_letter"]}, "`a_letter` is no kind of evidence"),
        ({"say": ["A", "甲"], "cites": ["cn-pipl-999"]}, "`cn-pipl-999` is no article"),
        ({"say": ["A", "甲"], "each": "persons"}, "`persons` is no collection"),
        ({"say": ["A", "甲"], "cites": ["cn-pipl-55"], "none": ["B", "乙"]}, "is of a collection"),
        ({"cites": ["cn-pipl-55"]}, "neither says nor asks"),
    ],
)
def test_what_would_invent_or_omit_is_refused(statement: dict[str, Any], why: str) -> None:
    with pytest.raises(OperatorError, match=why) as refused:
        checked(template(**statement), [OF_PACKS["cn"]], WORDS)
    assert refused.value.code == "dossier.invalid"


def test_a_member_that_nobody_knows_is_refused() -> None:
    with pytest.raises(OperatorError, match="sayy"):
        template(sayy=["A", "甲"])
