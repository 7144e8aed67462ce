# SPDX-License-Identifier: Apache-2.0
"""Every block of every page: those that can run are run, in order, as a reader would; what they show is what is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from comity.config import PathsConfig
from comity.device.fetch import is_whole
from comity.device.manifest import models, models_directory
from tests.docs.markdown import RUN, SHOWN, Block, blocks, matches, pages, steps
from tests.docs.session import PORT, SETUP, Session
from tests.tidy.tree import ROOT

PAGES = pages(ROOT)
TARGETS = frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def read(page: Path) -> list[Block]:
    return blocks(page.read_text(encoding="utf-8"))


def asks_a_model(page: Path) -> bool:
    return any(step.command in SETUP for block in read(page) if block.language == "console" for step in steps(block.body))


@pytest.fixture(scope="session")
def model() -> str:
    """ "" where the default model is here, else the name of another that is."""
    directory = models_directory(PathsConfig())
    for each in models().values():
        if is_whole(each, directory):
            return "" if each.default else each.id
    pytest.skip("no model is on this machine: comity models add smollm2-135m-instruct")


def follow(page: Path, session: Session) -> None:
    found = read(page)
    for block, after in zip(found, [*found[1:], None], strict=True):
        session.run(block, after)


@pytest.mark.model
@pytest.mark.parametrize("page", [page for page in PAGES if asks_a_model(page)], ids=name_of)
def test_a_page_that_starts_a_gateway_can_be_followed(page: Path, model: str, tmp_path: Path) -> None:
    with Session(tmp_path, models=models_directory(PathsConfig()), model=model) as session:
        follow(page, session)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if not asks_a_model(page) and any(block.language in RUN for block in read(page))], ids=name_of
)
def test_a_page_can_be_followed(page: Path, tmp_path: Path) -> None:
    with Session(tmp_path, models=models_directory(PathsConfig())) as session:
        follow(page, session)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_of_a_kind_that_is_run_or_only_shown(page: Path) -> None:
    for block in read(page):
        assert block.language in RUN | SHOWN, f"{name_of(page)}:{block.line}: what is `{block.language}`?"
        assert all(words in block.body for words in block.varies), f"{name_of(page)}:{block.line}: what varies is not shown"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_target_named_is_in_the_makefile(page: Path) -> None:
    named = set(re.findall(r"(?:^\$? ?|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M))
    assert named <= TARGETS


# -- the judge of what is shown is one that can say no ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "printed", "held"),
    [
        ("one\ntwo\n", "one  \ntwo", True),
        ("one … three\n", "one two\nand three\n", True),
        ("one\n", "one\ntwo\n", False),
        ("", "something\n", False),
        ("receipt 01…\nwhy\n", "receipt 01ABC\nwhy\n", True),
        ("receipt 01…\nwhy\n", "receipt 02ABC\nwhy\n", False),
        ("a.c\n", "abc\n", False),
    ],
)
def test_what_is_shown_is_what_is_printed(shown: str, printed: str, held: bool) -> None:
    assert matches(shown, printed) is held


def test_words_that_vary_may_be_others() -> None:
    assert matches("Hello!\nreceipt 01…\n", "Good day,\nsir.\nreceipt 012\n", ("Hello!",))
    assert not matches("Hello!\nreceipt 01…\n", "Good day\n", ("Hello!",))


def test_a_page_whose_output_is_wrong_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for shown, right in (("hello", True), ("goodbye", False)):
        page.write_text(f"```console\n$ echo hello\n{shown}\n```\n", encoding="utf-8")
        folder = tmp_path / shown
        folder.mkdir()
        with Session(folder, models=tmp_path) as session:
            if right:
                follow(page, session)
            else:
                with pytest.raises(AssertionError, match="line 1, `echo hello` shows"):
                    follow(page, session)


def test_a_command_that_fails_must_be_shown_to_fail(tmp_path: Path) -> None:
    with Session(tmp_path, models=tmp_path) as session:
        with pytest.raises(AssertionError, match="exit code 1"):
            session.run(Block("console", "$ false\n", 1), None)
        session.run(Block("console", "$ comity explain nothing\ncomity: error[storage.absent]: …\n", 1), None)
        with pytest.raises(AssertionError, match="exit code 3"):
            session.run(Block("toml", "# comity.toml\nshiny = 1\n", 1), None)
        assert PORT not in (tmp_path / "comity.toml").read_text(encoding="utf-8")
