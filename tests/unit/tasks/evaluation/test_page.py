# SPDX-License-Identifier: Apache-2.0
"""Figures, the matrix as a file, and the page."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.tasks.capability import Row, holds, read
from comity.tasks.evaluation import matrix
from comity.tasks.evaluation.figures import figures, rows, wilson
from comity.tasks.evaluation.measure import Outcome
from comity.tasks.evaluation.page import file_name, page
from comity.tasks.evaluation.picture import chart
from comity.tasks.evaluation.told import Line, lines, markdown, terminal

SHA256 = {"<little>": "ab" * 32}


def outcome(at: int, *, right: bool = True, came: str = "answered", task: str = "keywords", **more: object) -> Outcome:
    made = {"held": at % 2 == 1, "public": False, "none": False, "draft": right, "gates": ()} | more
    return Outcome(
        id=str(at), set="own", task=task, language="en", length="short", model="<little>", came=came, right=right and came == "answered",
        value=float(right), **made,  # type: ignore[arg-type]
    )  # fmt: skip


def found() -> list[Line]:
    own = [outcome(at, right=at != 3) for at in range(24)]
    own += [outcome(at, task="translate", right=at % 2 == 0, came="answered" if at % 3 else "gate_failed", public=True) for at in range(24)]
    cheap = [outcome(at, right=at % 4 == 0) for at in range(24)]
    return lines(own, [Outcome(**{**{f: getattr(each, f) for f in each.__struct_fields__}, "model": "<words>"}) for each in cheap], SHA256)


@pytest.mark.parametrize(("k", "n", "low", "high"), [(0, 0, 0, 1), (20, 20, 0.839, 1), (0, 20, 0, 0.161), (40, 50, 0.670, 0.888)])
def test_wilson(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


@given(st.integers(0, 60), st.integers(1, 60))
def test_an_interval_holds_what_was_seen(k: int, n: int) -> None:
    low, high = wilson(min(k, n), n)
    assert 0 <= low <= min(k, n) / n + 1e-9 and min(k, n) / n - 1e-9 <= high <= 1


def test_what_the_gates_did() -> None:
    seen = figures(
        [
            outcome(0), outcome(1, right=False), outcome(2, right=False, came="gate_failed", gates=("numbers:number_invented",)),
            outcome(3, came="gate_failed", gates=("sure",)), outcome(4, came="abstained", none=True, draft=None),
        ]
    )  # fmt: skip
    assert (seen.n, seen.covered, seen.right) == (4, 2, 1)
    assert (seen.wrong_drafts, seen.caught, seen.right_drafts, seen.stopped) == (2, 1, 2, 1)
    assert (seen.nothing, seen.refrained) == (1, 1)


def test_able_is_what_the_thresholds_make_of_it() -> None:
    good, less = rows([outcome(at) for at in range(20)], SHA256), rows([outcome(at) for at in range(19)], SHA256)
    assert [row.able for row in good + less] == [True, False]  # nineteen are too few
    poor = rows([outcome(at, came="gate_failed" if at % 5 else "answered") for at in range(40)], SHA256)
    assert not poor[0].able and poor[0].right == poor[0].covered == 8
    assert all(row.sha256 == "ab" * 32 for row in good)


ROW = Row(
    model="little", sha256="ab" * 32, task="answer", language="en>zh", length="short", n=40, covered=31, right=28, accuracy=0.903,
    low=0.751, high=0.967, able=False,
)  # fmt: skip


@given(st.lists(st.builds(
    Row, model=st.text(min_size=1, max_size=12), sha256=st.sampled_from(["", "ab" * 32]), task=st.text(max_size=8),
    language=st.text(max_size=8), length=st.sampled_from(["short", "medium", "long"]), n=st.integers(0, 99), covered=st.integers(0, 99),
    right=st.integers(0, 99), accuracy=st.floats(0, 1), low=st.floats(0, 1), high=st.floats(0, 1), able=st.booleans(),
), max_size=5))  # fmt: skip
def test_the_matrix_says_what_was_written(tmp_path_factory: pytest.TempPathFactory, given_rows: list[Row]) -> None:
    path = tmp_path_factory.mktemp("matrix") / "capability.toml"
    kept = matrix.joined((), given_rows)
    matrix.write(path, kept)
    assert list(read(path.read_text(encoding="utf-8"))) == kept


def test_the_matrix_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "capability.toml"
    matrix.write(path, [ROW])
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        matrix.write(path, [])
    assert path.read_bytes() == before


def test_rows_of_others_stay_and_ones_own_are_replaced() -> None:
    import msgspec

    anew, other = msgspec.structs.replace(ROW, right=30), msgspec.structs.replace(ROW, model="other")
    assert matrix.joined([ROW, other], [anew]) == [anew, other]


class Strict(HTMLParser):
    """Every element is closed in order; nothing is fetched and nothing runs."""

    VOID = frozenset({"meta", "line", "rect", "circle", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        names = {name for name, _ in attrs}
        assert not names & {"src", "href"} and not any(name.startswith("on") for name in names)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_names_cannot_break_it() -> None:
    text = page(found(), made="of <sets>")
    reader = Strict()
    reader.feed(text)
    reader.close()
    assert reader.open == [] and reader.seen >= {"svg", "table", "title"} and not reader.seen & {"script", "link", "img"}
    assert "<little>" not in text and "&lt;little&gt;" in text
    assert "prefers-color-scheme: dark" in text


def test_a_picture_is_well_formed_and_says_its_figures() -> None:
    drawn = ElementTree.fromstring(chart('a "<little>" one', found()))
    said = drawn.attrib["aria-label"]
    assert "keywords en 23 of 24 right" in said
    assert file_name("Qwen 2.5/x") == "qwen-2.5-x.svg"


def test_words_for_a_terminal_and_for_a_page() -> None:
    told = terminal(found())
    assert "keywords en" in told and "able" in told and "may be in the model's training data" in told and "<words>: 6/24" in told
    table = markdown(found())
    assert "| keywords en | 24/24 = 100% | 23/24 = 96% [80%, 99%] |" in table
    assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) == 1
    assert holds(found()[0].row)
