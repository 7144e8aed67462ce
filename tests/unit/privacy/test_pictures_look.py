# SPDX-License-Identifier: Apache-2.0
"""What was read in an image is scanned, counted and painted over; the reader here says what the test has written down."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.privacy.findings import Finding, Findings
from comity.privacy.guard import Guard
from comity.privacy.pictures import look
from comity.privacy.pictures.look import Pictures, images, with_images
from comity.privacy.pictures.places import Place
from comity.privacy.pictures.reader import Beat, Line
from comity.wire.chat import ChatRequest
from comity.wire.decode import decode_chat
from comity.wire.embeddings import EmbeddingsRequest
from tests.fakes import FakeClock

pillow = pytest.importorskip("PIL.Image")
CHARACTER = 10  # pixels
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def line(text: str, x: int, y: int) -> Line:
    """Its characters side by side, each ``CHARACTER`` wide."""
    width = CHARACTER * len(text)
    return Line(text, tuple((at + 0.5) / len(text) for at in range(len(text))), Place((x, y), (width, 0), (0, 2 * CHARACTER)))


class Told:
    """Reads what it was told is there."""

    def __init__(self, *rows: list[Line]) -> None:
        self.told, self.asked = list(rows), 0

    def rows(self, image: Any, beat: Beat) -> list[list[Line]]:
        self.asked += 1
        beat()
        return self.told


def url(size: tuple[int, int] = (600, 200)) -> str:
    out = io.BytesIO()
    pillow.new("RGB", size, WHITE).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def seen_by(reader: Any, *, found: Findings | None = None, guard: Guard | None = None, urls: Sequence[str] = ()) -> Findings:
    pictures = Pictures(reader, guard or Guard(), clock=FakeClock(), seconds_max=5)
    try:
        return pictures.inspect(urls or [url()], found or Findings()).result()
    finally:
        pictures.close()


def black(said: str, y: int) -> str:
    """Of each column of a row of pixels: `#` where it is painted."""
    image = pillow.open(io.BytesIO(base64.b64decode(said.partition(",")[2])))
    return "".join("#" if image.getpixel((x, y)) == BLACK else "." for x in range(image.width))


def test_what_is_found_is_painted_where_it_stands_and_nothing_else_is() -> None:
    text = "ring 13812345678 now"
    seen = seen_by(Told([line(text, 50, 40)]))
    assert seen.types == {"PHONE"} and seen.categories == {"contact"} and not seen.failed
    row = black(seen.images[0], 50)
    first, last = 50 + CHARACTER * text.index("1"), 50 + CHARACTER * (text.index(" now"))
    assert set(row[first:last]) == {"#"}
    assert "#" not in row[: first - CHARACTER] and "#" not in row[last + CHARACTER :], "at most half a character beside it"
    assert "#" not in black(seen.images[0], 35) + black(seen.images[0], 65)


def test_an_image_with_nothing_in_it_leaves_as_it_looked() -> None:
    seen = seen_by(Told([line("the budget of 2024", 50, 40)]), found=Findings(by_text=((),), types=frozenset({"EMAIL"})))
    assert seen.types == {"EMAIL"} and seen.by_text == ((),), "what the texts carry stays"
    assert "#" not in black(seen.images[0], 50)


def test_a_word_names_the_number_below_it_and_a_number_goes_on_in_the_next_box() -> None:
    seen = seen_by(Told([line("Passport No.", 50, 40)], [line("C01X00T47", 50, 80)]))
    assert seen.types == {"PASSPORT"} and "#" in black(seen.images[0], 90) and "#" not in black(seen.images[0], 50)
    broken = Told([line("138", 50, 40), line("1234", 100, 40), line("5678", 160, 40)])
    row = black(seen_by(broken).images[0], 50)
    assert all(set(row[x : x + CHARACTER * count]) == {"#"} for x, count in ((50, 3), (100, 4), (160, 4)))


def test_another_column_is_another_number() -> None:
    assert seen_by(Told([line("138 1234", 50, 40), line("5678", 400, 40)])).types == set()


def test_text_that_cannot_be_read_surely_is_painted_over_whole_and_counts_as_nothing() -> None:
    """An ornament that looks like a letter or two is left alone; what a sure line says stays."""
    unsure = [line("9014 1533 xx", 50, 40)._replace(sure=0.6), line("ok", 400, 40)._replace(sure=0.6)]
    seen = seen_by(Told(unsure, [line("the budget of 2024", 50, 100)]))
    assert black(seen.images[0], 50)[50:170] == "#" * 120 and "#" not in black(seen.images[0], 50)[180:]
    assert "#" not in black(seen.images[0], 110)
    assert seen.types == set() == seen.categories
    found = seen_by(Told([line("lena@vogel.io", 50, 40)._replace(sure=0.6)]))
    assert found.types == {"EMAIL"}, "what it seems to say is counted all the same"


def test_every_image_is_read_and_leaves_in_its_order() -> None:
    seen = seen_by(Told([line("lena@vogel.io", 10, 10)]), urls=[url((300, 60)), url((200, 50))])
    assert [black(each, 20).count("#") for each in seen.images] == [131, 131]
    assert [len(black(each, 20)) for each in seen.images] == [300, 200]


def test_an_image_is_read_once_while_it_is_remembered() -> None:
    clock, reader = FakeClock(), Told([line("lena@vogel.io", 10, 10)])
    pictures = Pictures(reader, Guard(), clock=clock, seconds_max=5, cache_key=b"k" * 32)
    first, again = (pictures.inspect([url()], Findings()).result() for _ in range(2))
    assert reader.asked == 1 and first == again and "#" in black(again.images[0], 20)
    pictures.inspect([url((9, 9))], Findings()).result()
    assert reader.asked == 2
    pictures.close()


def test_what_is_remembered_is_bounded_and_without_a_key_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "CACHE_IMAGES_MAX", 2)
    kept, none = Told(), Told()
    pictures = Pictures(kept, Guard(), clock=FakeClock(), seconds_max=5, cache_key=b"k" * 32)
    a, b, c = (url((side, 9)) for side in (9, 10, 11))
    pictures.inspect([a, b, a, c, a, b], Findings()).result()
    assert kept.asked == 4, "b was unused the longest"
    pictures.close()
    assert not seen_by(none, urls=[a, a]).failed and none.asked == 2


class Breaks:
    def rows(self, image: Any, beat: Beat) -> list[list[Line]]:
        raise RuntimeError("the model broke")


class BrokenGuard(Guard):
    def scan(self, text: str) -> tuple[Finding, ...]:
        raise RuntimeError("a recogniser broke")


@pytest.mark.parametrize(("reader", "guard"), [(Breaks(), Guard()), (Told(), BrokenGuard())])
def test_what_breaks_never_counts_as_nothing_found(reader: Any, guard: Guard) -> None:
    seen = seen_by(reader, guard=guard, found=Findings(categories=frozenset({"contact"})))
    assert seen.failed and seen.images == () and seen.categories == {"contact"}


class Slow(Told):
    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock

    def rows(self, image: Any, beat: Beat) -> list[list[Line]]:
        self.clock.advance(3)
        return super().rows(image, beat)


def test_reading_has_its_time_for_all_images_of_a_request() -> None:
    clock = FakeClock()
    pictures = Pictures(Slow(clock), Guard(), clock=clock, seconds_max=5)
    assert not pictures.inspect([url()], Findings()).result().failed
    assert pictures.inspect([url()] * 2, Findings()).result().failed
    pictures.close()


def test_an_image_that_cannot_be_read_is_refused() -> None:
    reader = Told()
    with pytest.raises(CallerError, match="an address"):
        seen_by(reader, urls=[url(), "https://example.org/x.png"])


PARTS = st.sampled_from(["text", "image"])


def chat(messages: Sequence[Sequence[str]]) -> ChatRequest:
    numbers = iter(range(1000))

    def part(kind: str) -> dict[str, Any]:
        if kind == "text":
            return {"type": "text", "text": "x"}
        return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{next(numbers)}", "detail": "low"}}

    body = {"messages": [{"role": "user", "content": [part(kind) for kind in parts] or "x"} for parts in messages]}
    return decode_chat(json.dumps(body).encode())[0]


@given(st.lists(st.lists(PARTS, max_size=4), min_size=1, max_size=4))
def test_images_are_exchanged_in_order_and_nothing_else_is(messages: list[list[str]]) -> None:
    request = chat(messages)
    listed = images(request)
    assert len(listed) == sum(parts.count("image") for parts in messages) == len(set(listed))
    other = [f"data:image/png;base64,new{at}" for at in range(len(listed))]
    changed = with_images(request, other)
    assert images(changed) == other and with_images(changed, listed) == request


def test_what_is_no_chat_has_no_images() -> None:
    assert images(EmbeddingsRequest(input=("x",), model="m")) == []
