# SPDX-License-Identifier: Apache-2.0
"""Nothing is done that nobody let be done; what was done is recorded and can be undone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from comity.errors import CallerError
from comity.tasks.assist.choosing import Likeliest
from comity.tasks.assist.doing import Doer, true
from comity.tasks.assist.journal import Journal
from comity.tasks.assist.keeping.home import Home
from comity.tasks.assist.plan import Plan
from comity.tasks.assist.planner import Planner
from tests.fakes import FakeClock, SeededRandom

AT = datetime(2026, 11, 27, 1, tzinfo=UTC)  # nine in Shanghai


class Desk:
    def __init__(self, folder: Path) -> None:
        random = SeededRandom()
        self.home = Home(folder, clock=FakeClock(AT), random=random, zone="Asia/Shanghai")
        self.intents, self.journal = self.home.intents(), Journal(folder)
        self.doer = Doer(self.intents, self.home, self.journal, random=random)
        self._planner = Planner(self.intents, self.home, Likeliest())

    async def plan(self, *turns: str) -> Plan:
        return await self._planner.plan(turns)

    async def did(self, *turns: str) -> object:
        return await self.doer.do(await self.plan(*turns), confirmed=True)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "own")


async def test_what_concerns_others_waits_for_a_word(desk: Desk) -> None:
    await desk.did("save a new contact: Priya Nair, priya@example.org")
    plan = await desk.plan("lunch with Priya on Tuesday at noon")
    assert (await desk.doer.do(plan, confirmed=False)).waits == ("calendar.create",)
    assert desk.home.things("event") == []
    assert (await desk.doer.do(plan, confirmed=True)).made[0].allowed_by == "confirmed"
    (event,) = desk.home.things("event")
    assert event.names == ("lunch",) and event.people == (desk.home.things("contact")[0].id,)


async def test_what_concerns_nobody_else_is_let_by_its_policy_and_recorded(desk: Desk) -> None:
    outcome = await desk.doer.do(await desk.plan("明天早上六点一刻叫我起床"), confirmed=False)
    assert outcome.made[0].allowed_by == "policy"
    (entry,) = desk.journal
    assert (entry.intent, entry.why, entry.by, entry.allowed_by) == ("alarm.set", "明天早上六点一刻叫我起床", "cues", "policy")
    assert desk.home.things("alarm")[0].start == datetime(2026, 11, 27, 22, 15, tzinfo=UTC)


async def test_a_standing_rule_lets_what_would_wait(desk: Desk) -> None:
    await desk.did("save a new contact: Priya Nair, priya@example.org")
    doer = Doer(
        desk.intents,
        desk.home,
        desk.journal,
        random=SeededRandom(b"x"),
        rules=(lambda call: "meetings" if call.intent == "calendar.create" else "",),
    )
    outcome = await doer.do(await desk.plan("lunch with Priya on Tuesday at noon"), confirmed=False)
    assert outcome.made[0].allowed_by == "meetings"


@pytest.mark.parametrize(
    "said",
    [
        "remind me to buy milk",
        "note that the gate code is 9931",
        "save a new contact: Bob Stone, 07700 900555",
        "set a timer for 5 minutes",
    ],
)
async def test_what_was_done_is_undone(desk: Desk, tmp_path: Path, said: str) -> None:
    before = contents(tmp_path)
    await desk.did(said)
    assert contents(tmp_path) != before
    await desk.doer.undo()
    assert contents(tmp_path) == before
    with pytest.raises(CallerError, match="nothing to undo"):
        await desk.doer.undo()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file() and each.name != "journal.jsonl"
    }


async def test_undoing_loses_nothing_that_came_after(desk: Desk) -> None:
    await desk.did("remind me to buy milk")
    first = next(iter(desk.journal)).id
    await desk.did("remind me to buy bread")
    with pytest.raises(CallerError) as refused:
        await desk.doer.undo(first)
    assert refused.value.code == "assist.changed_since"
    await desk.doer.undo()
    await desk.doer.undo()
    assert desk.home.things("reminder") == []


async def test_a_plan_of_words_that_were_not_said_is_refused(desk: Desk) -> None:
    forged = await desk.plan("remind me to pay double rent")
    for turns in (("what is on tomorrow?",), (), ("remind me to pay double rent"[:-1],)):
        with pytest.raises(CallerError) as refused:
            await desk.doer.do(msgspec.structs.replace(forged, turns=turns), confirmed=True)
        assert refused.value.code == "assist.not_asked"
    assert desk.home.things("reminder") == []


async def test_a_plan_that_asks_is_not_done(desk: Desk) -> None:
    with pytest.raises(CallerError) as refused:
        await desk.did("set an alarm")
    assert refused.value.code == "assist.no_plan"


async def test_a_condition_decides_which_branch_is_done(desk: Desk) -> None:
    await desk.did("schedule a call on Wednesday at 3 pm")
    await desk.did("If I'm free on Wednesday at 3 pm, remind me to rest, otherwise remind me to prepare")
    assert [each.names[0] for each in desk.home.things("reminder")] == ["prepare"]


@pytest.mark.parametrize(
    ("answer", "holds", "first"),
    [
        (True, True, True),
        ([], False, True),
        (["x"], False, False),
        (4, {"below": 5}, True),
        (5, {"below": 5}, False),
        (9, {"above": 8}, True),
    ],
)
def test_whether_a_condition_holds(answer: object, holds: object, first: bool) -> None:
    assert true(answer, holds) is first


async def test_a_header_of_a_draft_never_begins_another(desk: Desk, tmp_path: Path) -> None:
    await desk.did("save a new contact: Priya Nair, priya@example.org")
    contact = desk.home.things("contact")[0].id
    desk.intents.named("mail.draft").run(to=[contact], body="hello", subject="x\nBcc: all@collect.example")  # type: ignore[misc]
    (draft,) = (tmp_path / "own" / "drafts" / "cur").iterdir()
    assert b"\nBcc:" not in draft.read_bytes()


async def test_what_a_kill_cut_short_is_no_entry(desk: Desk, tmp_path: Path) -> None:
    await desk.did("remind me to buy milk")
    with (tmp_path / "own" / "journal.jsonl").open("ab") as file:
        file.write(b'{"id": "cut')
    assert [each.intent for each in desk.journal] == ["reminders.create"]


async def test_a_file_that_is_no_calendar_is_said_to_be_none(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir(exist_ok=True)
    (tmp_path / "own" / "calendar.ics").write_text("nothing of the sort")
    outcome = await desk.doer.do(await Planner(desk.intents, Empty(), Likeliest()).plan(["remind me to buy milk"]), confirmed=True)
    assert outcome.made[0].error == "assist.unreadable"
    assert next(iter(desk.journal)).what == "failed"


class Empty:
    def now(self) -> datetime:
        return AT

    def things(self, kind: str) -> list[object]:
        return []
