# SPDX-License-Identifier: Apache-2.0
"""Choosing a label: what is near is chosen, what is far is refused, what is kept is the same when it is read again."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.tasks.classify.chooser import CLOSE, OUT_OF_SCOPE, Chooser, Label
from comity.tasks.classify.task import CHOOSERS_MAX, Classify, ClassifyTask
from comity.tasks.task import Reply, Unreadable
from comity.wire.request import Request

np = pytest.importorskip("numpy", reason="numpy is not installed: pip install 'comity[vectors]' adds it")
SIZE = 24


def vector(text: str) -> list[float]:
    """`kind 7` lies near the place of `kind`; two kinds joined by `+` lie between both."""
    kinds = text.partition(" ")[0].split("+")
    places = [np.random.default_rng(zlib.crc32(kind.encode())).normal(size=SIZE) for kind in kinds]
    noise = np.random.default_rng(zlib.crc32(text.encode())).normal(size=SIZE)
    return list(map(float, np.mean(places, axis=0) + 0.25 * noise))


class Place:
    def __init__(self, model: str = "m", sha256: str = "aa") -> None:
        self.model, self.sha256 = model, sha256
        self.asked: list[Request] = []

    async def ask(self, request: Request) -> Reply:
        self.asked.append(request)
        texts: tuple[str, ...] = request.inputs  # type: ignore[attr-defined]
        data = [{"index": index, "embedding": vector(text)} for index, text in enumerate(texts)]
        return Reply(body={"data": data[::-1]}, model=self.model, sha256=self.sha256)


KINDS = ("lamp", "tune", "train", "rain", "bill", "mail")
LABELS = tuple(Label(id=kind, examples=tuple(f"{kind} {number}" for number in range(8))) for kind in KINDS)


async def made(**more: Any) -> Chooser:
    return await Chooser.fit(LABELS, Place().ask, **more)


async def test_what_is_near_is_chosen_and_what_is_far_is_refused() -> None:
    chooser = await made()
    assert chooser.right > 0.9 and chooser.left_out == 48
    for kind in KINDS:
        choice = await chooser.choose(f"{kind} new", Place().ask)
        assert (choice.label, choice.abstained) == (kind, False)
        assert choice.in_scope is not None and choice.in_scope > 0.5 and choice.margin > 0.5
    far = [await chooser.choose(f"stranger{number} x", Place().ask) for number in range(20)]
    assert sum(each.abstained and each.why == OUT_OF_SCOPE for each in far) >= 18


async def test_between_two_labels_it_says_that_both_are_as_good() -> None:
    chooser = await made()
    choice = await chooser.choose("lamp+tune a", Place().ask, margin_min=1.0, in_scope_min=0.0)
    assert choice.abstained and choice.why == CLOSE
    assert {each.label for each in choice.shares[:2]} == {"lamp", "tune"}


async def test_shares_are_of_one_and_margins_are_their_difference() -> None:
    (choice,) = await (await made()).choose_all(("rain 77",), Place().ask)
    assert sum(each.share for each in choice.shares) <= 1 + 1e-9
    assert choice.margin == pytest.approx(choice.shares[0].share - choice.shares[1].share)
    assert 0 <= choice.sure <= choice.shares[0].share


async def test_from_names_alone_it_chooses_and_knows_nothing_of_scope() -> None:
    labels = [Label(id=kind, says=f"{kind} what it is for") for kind in KINDS]
    chooser = await Chooser.fit(labels, Place().ask)
    choice = await chooser.choose("tune 3", Place().ask)
    assert choice.label == "tune" and choice.in_scope is None and chooser.left_out == 0


async def test_one_example_of_each_is_enough_to_begin() -> None:
    chooser = await Chooser.fit([Label(id=kind, examples=(f"{kind} 1",)) for kind in KINDS], Place().ask)
    assert (await chooser.choose("bill 9", Place().ask)).label == "bill"


async def test_what_is_said_to_be_outside_moves_the_bound() -> None:
    near = tuple(f"lamp+stranger {number}" for number in range(30))
    without = await made()
    chooser = await made(outside=near)
    before = await without.choose("lamp+stranger new", Place().ask)
    after = await chooser.choose("lamp+stranger new", Place().ask)
    assert after.in_scope is not None and before.in_scope is not None and after.in_scope < before.in_scope


async def test_where_outside_is_learnt_it_is_known_though_it_lies_near_a_label() -> None:
    def beside(numbers: range) -> tuple[str, ...]:
        return tuple(f"{kind}+stranger {number}" for number in numbers for kind in KINDS)

    without, chooser = await made(), await made(outside=beside(range(8)))
    new = beside(range(20, 24))
    assert await refused(chooser, new) > await refused(without, new)
    assert await refused(chooser, new) > 0.8 and await refused(chooser, tuple(f"{kind} new" for kind in KINDS)) == 0
    again = Chooser.load(chooser.dump())
    assert await refused(again, new) == await refused(chooser, new)


async def refused(chooser: Chooser, texts: tuple[str, ...]) -> float:
    return float(np.mean([choice.why == OUT_OF_SCOPE for choice in await chooser.choose_all(texts, Place().ask)]))


async def test_kept_and_read_again_it_is_the_same_and_holds_no_example() -> None:
    chooser = await made()
    data = chooser.dump()
    again = Chooser.load(data)
    assert b"lamp 3" not in data and again.labels == KINDS and again.by == ("m", "aa")
    for text in ("lamp new", "stranger x", "rain+mail a"):
        one, other = await chooser.choose(text, Place().ask), await again.choose(text, Place().ask)
        assert (one.label, one.why) == (other.label, other.why)
        assert one.sure == pytest.approx(other.sure, abs=1e-3)


@pytest.mark.parametrize(("model", "sha256"), [("m", "bb"), ("m", ""), ("other", "bb")])
async def test_another_models_vectors_are_refused(model: str, sha256: str) -> None:
    with pytest.raises(CallerError) as refused:
        await Chooser.load((await made()).dump()).choose("lamp 1", Place(model, sha256).ask)
    assert refused.value.code == "task.other_model"


async def test_two_models_in_one_making_are_refused() -> None:
    one, other, turns = Place(), Place(sha256="bb"), iter((0, 1, 0, 1))

    async def ask(request: Request) -> Reply:
        return await (one, other)[next(turns)].ask(request)

    with pytest.raises(Unreadable):
        await Chooser.fit([Label(id="a", examples=tuple(f"a {n}" for n in range(70))), Label(id="b", examples=("b",))], ask)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"data": None}, {"data": []}, {"data": [{"index": 0}]}, {"data": [{"index": 1, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": "AAAA"}]}, {"data": [{"index": 0, "embedding": [float("nan")]}]},
        {"data": [{"index": 0, "embedding": []}]},
    ],
)  # fmt: skip
async def test_what_are_no_vectors_is_unreadable(body: dict[str, Any]) -> None:
    async def ask(request: Request) -> Reply:
        return Reply(body=body, model="m", sha256="aa")

    with pytest.raises(Unreadable):
        await Chooser.fit([Label(id="a", examples=("a",))], ask)


@settings(max_examples=60)
@given(st.data())
async def test_a_damaged_file_is_refused_or_still_a_chooser(data: st.DataObject) -> None:
    whole = msgspec.json.decode((await Chooser.fit(LABELS[:2], Place().ask)).dump())
    name = data.draw(st.sampled_from(sorted(whole)))
    whole[name] = data.draw(st.none() | st.integers(-1, 10**9) | st.floats() | st.text(max_size=8) | st.just(["a", "a"]) | st.just([]))
    try:
        chooser = Chooser.load(msgspec.json.encode(whole))
    except CallerError:
        return
    assert len(chooser.labels) > 0


async def test_the_task_abstains_in_a_code() -> None:
    task, asked = ClassifyTask(), Classify(text="stranger x", labels=LABELS, language="en")
    draft = await task.draft(asked, Place().ask)
    assert draft.abstained and draft.why == OUT_OF_SCOPE and task.gates(asked, draft)[0].passed
    chosen = await task.draft(msgspec.structs.replace(asked, text="mail 5"), Place().ask)
    assert not chosen.abstained and chosen.value.label == "mail" and chosen.margin is not None


async def test_the_task_learns_the_same_labels_once_for_each_model_and_keeps_the_last_few() -> None:
    task, asked, place = ClassifyTask(), Classify(text="mail 5", labels=LABELS, language="en"), Place()
    first = await task.draft(asked, place.ask)
    learning = len(place.asked)
    assert await task.draft(asked, place.ask) == first and len(place.asked) == learning + 1
    other = Place(sha256="bb")
    assert (await task.draft(asked, other.ask)).value == first.value and len(other.asked) == learning
    for number in range(CHOOSERS_MAX):
        await task.draft(msgspec.structs.replace(asked, outside=(f"stranger{number}",)), place.ask)
    before = len(place.asked)
    await task.draft(asked, place.ask)
    assert len(place.asked) == before + learning


@pytest.mark.parametrize("wrong", [{"text": " "}, {"labels": LABELS[:1]}, {"margin": 2.0}])
def test_an_input_that_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CallerError):
        Classify(**({"text": "a", "labels": LABELS} | wrong))


async def test_labels_are_named_once() -> None:
    with pytest.raises(CallerError):
        await Chooser.fit((LABELS[0], LABELS[0]), Place().ask)
