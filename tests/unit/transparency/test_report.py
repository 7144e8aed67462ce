# SPDX-License-Identifier: Apache-2.0
"""A report holds what is of one person and no more, is made the same each time, and is made of nothing that the log does not stand for."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from comity.errors import CallerError, TrustFailure
from comity.jurisdictions.load import load_packs, shipped
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.engine import Engine
from comity.storage.open import look_into
from comity.transparency.log_key import Shared, standing_signer
from comity.transparency.report import law, shapes
from comity.transparency.report.gather import Asked, Beside, made
from comity.transparency.report.page import POLICY as CSP
from comity.transparency.report.page import Front, Tally, page
from comity.transparency.report.shapes import Laws, Row
from comity.transparency.report.words import ENDS, LEVELS, READERS, RESERVED, SAID, STYLE
from comity.transparency.retention import erase, expire
from comity.transparency.rows import DATABASE
from tests.fakes import FakeClock
from tests.logs import MemoryLog
from tests.reports import CN, ME, OTHER, POLICY, TEXTS, Log, audited, crossed, members


@pytest.fixture
async def log(home: Path, clock: FakeClock) -> AsyncIterator[Log]:
    made_ = await Log.open(home, clock)
    yield made_
    await made_.ledger.aclose()


def rows(report: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in members(report)[shapes.RECEIPTS].splitlines()]


# -- what it holds ---------------------------------------------------------------------------------------------------


async def test_it_holds_one_person_s_and_nobody_else_s(log: Log) -> None:
    mine = [await log.add() for _ in range(3)]
    others = [await log.add(OTHER), await log.add(None)]
    report = log.report()
    assert [row["receipt"]["id"] for row in rows(report)] == [each.id for each in mine]
    everything = b"".join(members(report).values())
    for word in (ME, OTHER, *(each.id for each in others)):
        assert word.encode() not in everything
    assert [row["receipt"]["id"] for row in rows(log.report(None))] == [each.id for each in (*mine, *others)]


async def test_the_same_log_makes_the_same_bytes(log: Log) -> None:
    for _ in range(5):
        await log.add()
    assert log.report() == log.report()


async def test_its_time_is_the_one_that_was_asked_for(log: Log, clock: FakeClock) -> None:
    made_ = []
    for _ in range(4):
        made_.append((await log.add()).id)
        clock.advance(3600)
    noon = clock.now() - timedelta(hours=4)
    some = log.report(since=noon + timedelta(minutes=30), before=noon + timedelta(minutes=150))
    assert [row["receipt"]["id"] for row in rows(some)] == made_[1:3]
    found = audited(some)
    assert (found.manifest.since, found.manifest.before) == ("2026-11-23T12:30:00+00:00", "2026-11-23T14:30:00+00:00")
    with pytest.raises(CallerError) as raised:
        log.report(since=clock.now())
    assert raised.value.code == "report.empty"


async def test_where_nothing_is_recorded_there_is_nothing_to_report(log: Log) -> None:
    for _ in range(2):
        with pytest.raises(CallerError) as raised:
            log.report()
        assert raised.value.code == "report.empty"
        await log.add(OTHER)


async def test_more_than_can_be_held_is_refused(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "RECEIPTS_MAX", 3)
    monkeypatch.setattr("comity.transparency.report.gather.AT_ONCE", 2)
    for _ in range(4):
        await log.add()
    with pytest.raises(CallerError) as raised:
        log.report()
    assert raised.value.code == "report.too_large"


async def test_what_went_away_meanwhile_does_not_stand_in_the_way(log: Log, clock: FakeClock) -> None:
    for n in range(20):
        await log.add(OTHER if n % 3 else ME, retention_months=None if n % 2 else 6)
    await erase(log.ledger.database, OTHER, clock.now() + timedelta(hours=2))
    found = audited(log.report())
    assert found.manifest.receipts == 7 and found.manifest.size == 20
    await expire(log.ledger.database, clock.now() + timedelta(days=400))
    assert audited(log.report()).manifest.receipts == 3


async def test_its_steps_are_small_and_make_one_whole(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(23):
        await log.add(OTHER if n % 4 == 0 else ME)
    at_once = log.report()
    monkeypatch.setattr("comity.transparency.report.gather.AT_ONCE", 3)
    assert log.report() == at_once


async def test_receipts_that_come_meanwhile_are_not_in_it(log: Log) -> None:
    """All that is shown is of one head."""
    await log.add()
    look = look_into(log.home / DATABASE, "log", seconds_max=10)
    looks: list[Any] = []

    def slow(script: Any) -> Any:
        looks.append(look.look(script))
        if len(looks) == 1:
            with closing(sqlite3.connect(log.home / DATABASE)) as db:  # another gateway's record
                db.execute("INSERT INTO records SELECT 1, 'Z', request, subject, receipt, salt, leaf, judgement, until FROM records")
                db.commit()
        return looks[-1]

    out = io.BytesIO()
    found = made(slow, log.signer, Asked(ME), Beside(log.clock.now(), "comity 0", TEXTS), out)
    look.close()
    assert found.receipts == 1 and audited(out.getvalue()).manifest.size == 1


EDITS = {
    "a receipt": "UPDATE records SET receipt = CAST(replace(receipt, '\"CN\"', '\"US\"') AS BLOB) WHERE idx = 2",
    "a receipt of another kind": "UPDATE records SET receipt = 7 WHERE idx = 2",
    "a salt": "UPDATE records SET salt = zeroblob(32) WHERE idx = 2",
    "a leaf beside it": "UPDATE records SET leaf = zeroblob(32) WHERE idx = 1",
    "a node": "UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 2",
    "a node that is gone": "DELETE FROM nodes WHERE level = 1 AND idx = 2",
    "the head": "UPDATE head SET checkpoint = replace(checkpoint, 'a', 'b')",
    "what it rested on": 'UPDATE judgements SET facts = CAST(\'{"consent":["general"]}\' AS BLOB)',
    "facts that are none": "UPDATE judgements SET facts = x'ff'",
    "an outcome": "UPDATE outcomes SET outcome = '7'",
}


@pytest.mark.parametrize("what", EDITS)
async def test_what_the_log_does_not_stand_for_is_never_signed(log: Log, what: str) -> None:
    """Else whoever can write the database could have the log's own key sign whatever they like."""
    for subject in (ME, OTHER, ME, ME, OTHER, OTHER, ME):
        await log.add(subject)
    with closing(sqlite3.connect(log.home / DATABASE)) as db:
        assert db.execute(EDITS[what]).rowcount
        db.commit()
    out, look = io.BytesIO(), look_into(log.home / DATABASE, "log", seconds_max=10)
    with pytest.raises(TrustFailure) as raised:
        made(look.look, log.signer, Asked(ME), Beside(log.clock.now(), "comity 0", TEXTS), out)
    look.close()
    assert raised.value.code == "trust.log" and shapes.NOTE.encode() not in out.getvalue()


async def test_of_several_gateways_on_one_server(place: Any, clock: FakeClock) -> None:
    from comity.ports import SystemRandom
    from comity.transparency.ledger import Ledger

    ledger = await Ledger.open(place, clock=clock, random=SystemRandom(), record_seconds_max=10)
    shared = Log(ledger, place, clock)
    for n in range(5):
        await shared.add(ME if n % 2 else OTHER)

    def inside() -> bytes:
        out = io.BytesIO()
        look = look_into(place.url if isinstance(place, Shared) else place / DATABASE, "log", seconds_max=10)
        made(look.look, standing_signer(place), Asked(ME), Beside(clock.now(), "comity 0", TEXTS), out)
        look.close()
        return out.getvalue()

    import asyncio

    assert audited(await asyncio.to_thread(inside), vkeys=[ledger.vkey]).manifest.receipts == 2
    await ledger.aclose()


# -- the law in it ---------------------------------------------------------------------------------------------------


def test_the_digests_are_those_of_the_engine_and_of_each_pack_s_loader() -> None:
    packs = load_packs()
    assert Engine(packs, load_vocabulary()).digest == POLICY
    assert {pack.name: pack.digest for pack in packs} == {name: law.digest_of(text) for name, text in TEXTS.items()}
    assert len(TEXTS) == len(shipped())


def test_what_rules_say_is_what_the_pack_s_loader_reads() -> None:
    packs = load_packs()
    rules, articles = law.told(TEXTS, {rule.id for pack in packs for rule in pack.rules}, ())
    for pack in packs:
        for rule in pack.rules:
            days = (str(rule.valid_from or ""), str(rule.valid_to or ""))
            [told] = [each for each in rules[rule.id] if each.pack == pack.name and (each.valid_from, each.valid_to) == days]
            assert (told.text, told.text_zh, told.facts, told.obligation, told.remedies) == (
                rule.text, rule.text_zh, rule.facts, rule.obligation, rule.remedies,
            )  # fmt: skip
            assert set(rule.facts) <= articles.keys()


def test_annotations_are_read_as_cedar_means_them() -> None:
    text = """// @id("not.this") ;
    @id("a.b") @text("says \\"no\\"; // and \\u{4e2d}") permit (principal, action, resource) when { "@id(\\"x\\")" == "y" };
    @id( "c" ) forbid (principal, action, resource);"""
    assert law.policies(text) == [{"id": "a.b", "text": 'says "no"; // and 中'}, {"id": "c"}]


def test_of_a_rule_s_versions_the_one_of_the_day_is_meant() -> None:
    rules, _ = law.told(TEXTS, ["cn.owe.logs", "cn.owe.logs.before-2026"], ())
    assert law.on(rules["cn.owe.logs"], "2025-12-31") is None and law.on(rules["cn.owe.logs"], "2026-01-01") is not None
    assert law.on(rules["cn.owe.logs.before-2026"], "2026-01-01") is None


async def test_the_text_comes_along_that_receipts_were_decided_by_and_no_other(log: Log) -> None:
    await log.add()
    report = log.report()
    texts = {name for name in members(report) if name.startswith("laws/")}
    assert texts == {f"laws/{CN}/{name}" for name in ("pack.toml", "facts.toml", "tables.toml", "rules.cedar")}
    folder = files("comity.jurisdictions").joinpath("packs", "cn")
    assert members(report)[f"laws/{CN}/rules.cedar"] == folder.joinpath("rules.cedar").read_bytes()
    laws = json.loads(members(report)["laws.json"])
    assert laws["rules"]["cn.owe.records"][0]["obligation"] == "record.retain_years:3"
    assert laws["articles"]["cn-pipl-55"]["article"] and audited(report).policies_missing == ()
    await log.add(policy="ab" * 32)
    assert audited(log.report()).policies_missing == ("ab" * 32,)


# -- the page --------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Its elements, with where each stands, and the texts in each language."""

    VOID = frozenset({"meta", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append((tag, dict(attrs).get("lang") or (self.open[-1][1] if self.open else "")))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag, f"</{tag}> closes another"

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open and self.open[-1][0] != "style":
            self.texts.append((self.open[-1][1], data))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture
async def drawn(log: Log, tmp_path: Path, clock: FakeClock) -> Page:
    operator = await Log.open(tmp_path / "operator", clock)
    await log.add()
    await log.add(destination=(), deployment="device", plaintext_at="device", rules=(), reasons=(), obligations=())
    await log.add(
        effect="deny",
        destination=(),
        deployment="",
        plaintext_at="none",
        reasons=("cn-pipl-39", "no-rule"),
        rules=("cn.export.no-consent",),
    )
    await log.add(destination=("!CN",), outcome={"status": "provider.failed"}, stand_in=True, policy="ab" * 32)
    await crossed(log, operator, MemoryLog())
    await operator.ledger.aclose()
    return Page(members(log.report())[shapes.PAGE].decode())


async def test_the_page_is_whole_and_fetches_and_runs_nothing(drawn: Page) -> None:
    assert drawn.open == []
    tags = {tag for tag, _ in drawn.found}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "a", "svg"}
    for tag, attributes in drawn.found:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "href", "action", "style")], tag
    [csp] = [each["content"] for each in drawn.of("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert csp == CSP and "default-src 'none'" in CSP and "url(" not in STYLE and "@import" not in STYLE


async def test_the_page_can_be_read_by_whoever_cannot_see_it(drawn: Page) -> None:
    assert drawn.of("html")[0]["lang"] == "en" and len(drawn.of("title")) == 1 and len(drawn.of("main")) == 1
    levels = [int(tag[1]) for tag, _ in drawn.found if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit()]
    assert levels[0] == 1 and levels.count(1) == 1 and all(after <= before + 1 for before, after in pairwise(levels))
    assert all(each.get("scope") in ("col", "row") for each in drawn.of("th")) and len(drawn.of("caption")) == len(drawn.of("table"))
    assert len(drawn.of("label")) == len(drawn.of("input")) == 2 and drawn.of("legend")
    assert {each["lang"] for each in drawn.of("span") if "lang" in each} == {"en", "zh-Hans"}


async def test_the_page_says_what_became_of_each(drawn: Page) -> None:
    english = " ".join(text for language, text in drawn.texts if language == "en")
    chinese = " ".join(text for language, text in drawn.texts if language == "zh-Hans")
    for said in (
        "Sent to mainland China",
        "Answered on the device: nothing left",
        "Refused: nothing was sent",
        "anywhere but mainland China",
        "separate consent to sending it abroad",
        "legal basis: consent",
        "played by a test partner",
        "provider.failed",
        "no rule allows it",
        "Example Ltd",
        "keep the records for at least 3 years",
        "leaving the mainland needs separate consent",
        "get the person's separate consent",
        "number 0 of 5 in the log",
        "nobody beside the device",
    ):
        assert said in english, said
    for said in (
        "发送至中国内地",
        "没有任何数据离开",
        "被拒绝",
        "将报告和处理情况记录至少保存3年",
        "《中华人民共和国个人信息保护法》第三十九条",
        "就向境外提供个人信息取得个人的单独同意",
        "日志第0号",
    ):
        assert said in chinese, said
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in english.replace("隐私报告", ""))


def test_everything_is_said_in_both_languages() -> None:
    for words in (SAID, READERS, LEVELS, RESERVED, ENDS):
        for name, (english, chinese) in words.items():
            assert english.isascii() and any("\u4e00" <= letter <= "\u9fff" for letter in chinese), name
            assert sorted(_names(english)) == sorted(_names(chinese)), name


def _names(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]


def _luminance(colour: str) -> float:
    full = colour if len(colour) == 7 else "#" + "".join(2 * each for each in colour[1:])
    parts = [int(full[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_its_colours_can_be_told_apart() -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text, in light and in the dark, on paper and on a band."""
    for line in [each for each in STYLE.splitlines() if ":root" in each]:
        body = line[line.index("{ ") + 1 :] if "@media" not in line else line.partition(":root {")[2]
        pairs = [each.partition(":") for each in body.strip(" }").split(";")]
        colours = {name.strip(): value.strip() for name, _, value in pairs if "#" in value}
        assert len(colours) >= 8
        for ground in ("--paper", "--band"):
            for ink in ("--ink", "--faint", "--left", "--stayed", "--refused"):
                light, dark = sorted((_luminance(colours[ink]), _luminance(colours[ground])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


def test_what_could_be_taken_for_html_or_turns_its_reader_is_shown_safely() -> None:
    evil = "<script>x</script>\u202e\x1b\"'&"
    receipt = {"id": evil, "at": "2026-11-23T12:00Z", "effect": "allow", "source": evil, "destination": [evil], "deployment": evil,
               "stand_in": False, "reasons": [evil], "rules": [evil], "obligations": [evil], "packs": [evil], "policy": evil,
               "plaintext_at": evil, "level": evil, "node": evil}  # fmt: skip
    tally = Tally()
    tally.add(Row(index=0, request=evil, receipt=receipt, salt="", grounds=("consent:" + evil,)))
    front = Front(made_at=evil, made_by=evil, issuer=evil, about="person", since="", before="", receipts=1, size=1)
    drawn = Page(b"".join(page(front, tally, Laws(packs={}, rules={}, articles={}), {})).decode())
    assert not drawn.of("script") and drawn.open == []
    assert all(letter.isprintable() or letter == "\n" for _, text in drawn.texts for letter in text)


async def test_of_very_many_the_newest_are_shown_and_all_are_counted(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    import comity.transparency.report.page as drawing

    monkeypatch.setattr(drawing, "SHOWN_MAX", 2)
    for _ in range(5):
        await log.add()
    drawn = Page(members(log.report())[shapes.PAGE].decode())
    assert len(drawn.of("article")) == 2
    english = " ".join(text for language, text in drawn.texts if language == "en")
    assert "The newest 2 of 5" in english and "Sent away to be answered: 5." in english
