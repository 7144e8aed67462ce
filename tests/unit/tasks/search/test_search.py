# SPDX-License-Identifier: Apache-2.0
"""A person's documents: what is put in is found, what is forgotten is gone, and nobody but this device is asked."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError, ProviderFailure
from comity.tasks.search.find import FILE, Documents
from comity.tasks.search.passages import WEIGHT_MAX, passages, weigh
from comity.tasks.search.terms import terms
from comity.tasks.task import Place, Reply
from comity.wire.request import Operation, Request

SIZE = 256
HOSTILE = st.text(alphabet="ab .。！？\n\t\0的地得ｱé'’—，,#-1٣\u0301𠮷😀", max_size=400) | st.text(max_size=200)


def vector(text: str) -> list[float]:
    """Means what it has of these words; beside that every text is a little by itself."""
    row = [0.0] * SIZE
    for number, words in enumerate((("cat", "kitten", "猫"), ("train", "railway", "火车"), ("rent", "landlord", "房租"))):
        row[number] += sum(text.lower().count(word) for word in words)
    row[3 + zlib.crc32(text.encode()) % (SIZE - 3)] += 0.3
    return row


class World:
    """Places of a device, and of a region that would answer anything."""

    def __init__(self, *, sha256: str = "aa", absent: bool = False, none: bool = False) -> None:
        self.sha256, self.absent, self.none = sha256, absent, none
        self.failing = False
        self.asked: list[tuple[Request, tuple[str, ...]]] = []

    def device(self, operation: Operation) -> Sequence[Place]:
        if self.none:
            return ()
        here = Place(
            deployment="vectors-here", model="m", sha256=self.sha256, operations=frozenset(("embeddings",)), absent=self.absent
        )  # fmt: skip
        return (Place(deployment="", model="to-be-had", operations=frozenset(("embeddings",)), absent=True), here)

    def region(self, operation: Operation) -> Sequence[str]:
        raise AssertionError("a region was looked at")

    async def lawful(self, request: Request) -> Sequence[str]:
        raise AssertionError("a region was looked at")

    async def ask(self, request: Request, among: Sequence[str]) -> Reply:
        assert tuple(among) == ("vectors-here",)
        if self.failing:
            raise ProviderFailure("the local model's process has ended", kind="unavailable", code="model.crashing")
        self.asked.append((request, tuple(among)))
        if any(len(text) > 10_000 for text in request.inputs):  # type: ignore[attr-defined]
            raise CallerError("longer than the model's context", code="request.too_long")
        texts: tuple[str, ...] = request.inputs  # type: ignore[attr-defined]
        data = [{"index": index, "embedding": vector(text)} for index, text in enumerate(texts)]
        return Reply(body={"data": data}, deployment="vectors-here", model="m", sha256=self.sha256, region=("device",))


@pytest.fixture
def world() -> World:
    pytest.importorskip("numpy", reason="numpy is not installed: pip install 'comity[vectors]' adds it")
    return World()


@pytest.fixture
async def documents(tmp_path: Path, world: World) -> AsyncIterator[Documents]:
    made = Documents(tmp_path, world)
    await made.put("pets", "The kitten sleeps all day.\n\nShe likes the window.", title="About Mia")
    await made.put("trip", "我们坐火车去杭州，早上八点出发。\n\n酒店已经订好。")
    await made.put("flat", "Dear tenant, the amount is due on the first of each month.")
    yield made
    made.close()


async def ids(documents: Documents, query: str) -> list[str]:
    found = await documents.find(query)
    return [hit.document for hit in found.value.hits] if found.value is not None else []


async def test_a_passage_is_found_by_its_words_and_stands_in_the_document(documents: Documents) -> None:
    found = await documents.find("due each month")
    assert found.value is not None and found.value.by_meaning and not found.abstained
    first = found.value.hits[0]
    assert first.document == "flat" and first.evidence.text == "Dear tenant, the amount is due on the first of each month."
    assert first.words > 0 and found.evidence[0] == first.evidence
    assert found.served_by is not None and found.served_by.region == ("device",)


@pytest.mark.parametrize(
    ("query", "document"), [("猫", "pets"), ("railway", "trip"), ("杭州", "trip"), ("Mia", "pets"), ("TENANTS", "flat")]
)
async def test_by_meaning_in_another_language_by_title_by_plural(documents: Documents, query: str, document: str) -> None:
    assert (await ids(documents, query))[0] == document


async def test_what_has_to_do_with_nothing_finds_nothing(documents: Documents) -> None:
    found = await documents.find("zzyzx")
    assert found.abstained and found.value is None and found.why == "nothing_found"


async def test_evidence_stands_where_it_says(documents: Documents) -> None:
    text = "第一段很短。\n\n" + "猫在窗台上晒太阳。" * 40 + "\n\n最后一段也说猫。"
    await documents.put("long", text)
    found = await documents.find("猫", most=20)
    spans = [hit.evidence for hit in found.value.hits if hit.document == "long"] if found.value else []
    assert len(spans) > 1 and all(text[each.start : each.end] == each.text for each in spans)


async def test_what_is_forgotten_is_gone_from_the_file(documents: Documents, tmp_path: Path) -> None:
    await documents.put("secret", "The Quetzalcoatlus kitten is at number seventeen.", title="Archaeopteryx")
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Quetzalcoatlus" in held and b"Archaeopteryx" in held and b"archaeopteryx" in held
    assert await documents.forget("secret") and not await documents.forget("secret")
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for word in (b"Quetzalcoatlus", b"quetzalcoatlu", b"Archaeopteryx", b"seventeen"):
        assert word not in held
    assert "secret" not in await ids(documents, "kitten")
    await documents.clear()
    assert await documents.kept() == []


async def test_an_update_takes_the_place_of_what_was_there_and_keeps_what_it_can(documents: Documents, world: World) -> None:
    assert await documents.put("pets", "The kitten sleeps all day.\n\nShe likes the window.", title="About Mia") == "unchanged"
    world.asked.clear()
    assert await documents.put("trip", "我们坐火车去杭州，早上八点出发。\n\n" + "票在手机里。" * 60) == "updated"
    texts = [text for request, _ in world.asked for text in request.inputs]  # type: ignore[attr-defined]
    assert not any("酒店" in text for text in texts)
    assert await ids(documents, "酒店") == [] and "trip" in await ids(documents, "手机")
    assert len(await documents.kept()) == 3


@pytest.mark.parametrize("world", [World(none=True), World(absent=True)])
async def test_without_a_model_words_alone_find_and_it_is_said(tmp_path: Path, world: World) -> None:
    documents = Documents(tmp_path, world)
    await documents.put("pets", "The kitten sleeps all day.")
    found = await documents.find("kitten")
    assert found.value is not None and (found.value.by_meaning, found.value.why) == (False, "no_model")
    assert found.value.hits[0].similarity is None and await ids(documents, "猫") == []
    assert await documents.fill() == -1
    documents.close()


async def test_a_model_that_fails_is_named_and_vectors_follow_later(documents: Documents, world: World) -> None:
    world.failing = True
    await documents.put("late", "Our landlord wrote again.")
    found = await documents.find("wrote")
    assert found.value is not None and found.value.why == "model.crashing" and found.value.hits[0].document == "late"
    world.failing = False
    found = await documents.find("wrote")
    assert found.value is not None and found.value.without_vectors == 1
    assert await documents.fill() == 0
    assert "late" in await ids(documents, "房租")


async def test_vectors_of_another_model_are_not_compared_but_made_anew(documents: Documents, world: World) -> None:
    world.sha256 = "bb"
    found = await documents.find("猫")
    assert found.value is None or found.value.without_vectors > 0
    assert await documents.fill() == 0
    assert (await ids(documents, "猫"))[0] == "pets"


async def test_what_is_too_long_for_the_model_is_found_by_its_words(documents: Documents) -> None:
    await documents.put("a", "The kitten sleeps.")
    found = await documents.find("kitten " * 3000)
    assert found.value is not None and found.value.hits[0].document == "a"
    assert not found.value.by_meaning and found.value.why == "request.too_long" and found.steps[0].outcome == "too_long"


async def test_only_this_device_is_asked(documents: Documents, world: World) -> None:
    """`World.region` raises; whoever was asked stands here."""
    await documents.find("猫")
    await documents.fill()
    assert world.asked and {among for _, among in world.asked} == {("vectors-here",)}


async def test_an_answer_of_somebody_else_is_not_taken(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def other(request: Request, among: Sequence[str]) -> Reply:
        return Reply(body={"data": []}, deployment="elsewhere", model="m")

    monkeypatch.setattr(world, "ask", other)
    documents = Documents(tmp_path, world)
    await documents.put("a", "kitten")
    found = await documents.find("kitten")
    assert found.value is not None and not found.value.by_meaning
    documents.close()


async def test_it_outlives_the_process_and_is_its_owners_alone(tmp_path: Path, world: World) -> None:
    one = Documents(tmp_path, world)
    await one.put("pets", "The kitten sleeps.")
    one.close()
    other = Documents(tmp_path, world)
    assert await ids(other, "猫") == ["pets"]
    other.close()
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("wrong", [("", "a"), ("x" * 600, "a"), ("a", "half \ud800 of one")])
async def test_what_cannot_be_kept_is_refused(documents: Documents, wrong: tuple[str, str]) -> None:
    with pytest.raises(CallerError):
        await documents.put(*wrong)


@given(HOSTILE)
def test_passages_cover_a_text_and_never_overlap(text: str) -> None:
    spans, at = passages(text), 0
    for start, end in spans:
        assert at <= start < end <= len(text) and not text[at:start].strip()
        assert weigh(text[start:end]) <= WEIGHT_MAX * 2
        at = end
    assert not text[at:].strip()


@given(st.text(alphabet="ab 。的", min_size=1500, max_size=4000))
def test_a_text_without_end_is_cut(text: str) -> None:
    assert all(weigh(text[start:end]) <= WEIGHT_MAX * 2 for start, end in passages(text))


@given(HOSTILE)
def test_what_is_asked_in_a_texts_own_words_is_among_its_terms(text: str) -> None:
    assert set(terms(text, asked=True)) <= set(terms(text))


def test_terms() -> None:
    assert terms("Café's THREE cats, ２０２７!") == ["cafe", "s", "three", "cat", "2027"]
    assert terms("去杭州", asked=True) == ["去杭", "杭州"] and terms("猫", asked=True) == ["猫"]
    assert terms("use iPhone手机") == ["use", "iphone", "手", "机", "手机"]
