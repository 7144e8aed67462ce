# SPDX-License-Identifier: Apache-2.0
"""Pages that hold together: links that lead somewhere, every command and error told, decisions in form and in order."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from comity.cli.main import COMMANDS
from tests.docs.markdown import FENCE, pages
from tests.tidy.codes import differences, in_source
from tests.tidy.tree import ROOT, SOURCE, texts

PAGES = pages(ROOT)
LINK = re.compile(r"\]\((?!https?://)([^)\s]+)\)")
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
SECTIONS = ("## Context and Problem Statement", "## Considered Options", "## Decision Outcome", "### Consequences")
ADR_LINES_MAX = 60


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """As the usual hosts make them from headings."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        target, _, anchor = link.partition("#")
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{name_of(page)}: {link}"
        assert ROOT in [found, *found.parents], f"{name_of(page)}: {link} leaves the repository"
        assert not anchor or anchor in anchors(found), f"{name_of(page)}: no heading for {link}"


def test_every_page_that_a_hint_names_exists() -> None:
    named = {
        found for name, text in texts().items() if name.startswith("src/") for found in re.findall(r"(?<![\w/])docs/[\w/-]+\.md", text)
    }
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(prose(index))}
    assert [name_of(page) for page in (ROOT / "docs").rglob("*.md") if page != index and page not in listed] == []


def test_every_command_is_told() -> None:
    told = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert set(COMMANDS) == set(re.findall(r"^\| `comity (\w+)", told, re.M))


def test_every_command_that_is_advised_exists() -> None:
    """In the hints of errors and in the code spans of pages: nobody is sent to a command that is not there."""
    hints = [part.value for path in SOURCE.rglob("*.py") for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(call, ast.Call) for keyword in call.keywords if keyword.arg == "hint"
             for part in ast.walk(keyword.value) if isinstance(part, ast.Constant) and isinstance(part.value, str)]  # fmt: skip
    spans = [span for page in PAGES for span in re.findall(r"`([^`\n]+)`", prose(page))]
    advised = re.compile(r"\bcomity (?:--(?:home|config) \S+ |--json )*([a-z]+)")
    found = {word for text in hints + spans for word in advised.findall(text)}
    assert len(found) > 5
    assert found <= set(COMMANDS)


def test_every_error_is_told_as_it_is_raised() -> None:
    """Both ways, with status and exit code: `python -m tests.tidy.codes` prints the rows that are missing."""
    assert differences() == []


def test_the_search_for_errors_finds_each_way_of_writing_one() -> None:
    found = in_source()
    assert len(found) > 50
    for code in ("request.subject", "trust.inclusion", "policy.escalate", "secret.absent", "provider.exhausted"):
        assert code in found


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS if re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)]
    assert len(numbers) == len(DECISIONS), "NNNN-title.md"
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_sections_on_one_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines[0].startswith(f"# {page.name[:4]}. "), "# NNNN. Title"
    assert re.search(r"^Status: (proposed|accepted|superseded by \d{4})(, not yet built)? · \d{4}-\d{2}-\d{2}$", text, re.M)
    places = [lines.index(section) if section in lines else -1 for section in SECTIONS]
    assert -1 not in places and places == sorted(places), f"sections in order: {', '.join(SECTIONS)}"
    assert len(lines) <= ADR_LINES_MAX


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    words = re.findall(r"^\| ([A-Za-z][\w -]*) \|", (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"), re.M)[1:]
    assert len(words) > 50
    assert words == sorted(set(words), key=str.lower)
