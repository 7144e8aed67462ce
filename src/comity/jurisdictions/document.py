# SPDX-License-Identifier: Apache-2.0
"""A document as a small tree, written as Markdown or as one HTML page that needs nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

import msgspec

_MARKED = re.compile(r"[\\`*_\[\]<>|&~]")


class Part(msgspec.Struct, frozen=True, tag_field="is", tag=str.lower):
    """Of a document; its JSON names what it is."""


class Code(Part, frozen=True):
    text: str


class Link(Part, frozen=True):
    """To a Target of the same document."""

    text: str
    to: str


class Target(Part, frozen=True):
    text: str
    id: str


class OpenQuestion(Part, frozen=True, tag="question"):
    """What only somebody else can answer; it stands marked, and may be linked to."""

    text: str
    id: str


Run = str | Code | Link | Target | OpenQuestion


class Paragraph(Part, frozen=True):
    runs: tuple[Run, ...]


class Item(Part, frozen=True):
    runs: tuple[Run, ...]
    items: tuple[Item, ...] = ()


class Items(Part, frozen=True):
    items: tuple[Item, ...]


class Section(Part, frozen=True):
    title: str
    blocks: tuple[Section | Paragraph | Items, ...]


Block = Section | Paragraph | Items


class Document(Part, frozen=True):
    title: str
    language: str  # as HTML names it: en, zh
    blocks: tuple[Block, ...]


def runs_of(part: Document | Block | Item) -> Iterator[Run]:
    """Every run below ``part``, in the order of reading."""
    if isinstance(part, Paragraph | Item):
        yield from part.runs
    for child in part.items if isinstance(part, Items | Item) else () if isinstance(part, Paragraph) else part.blocks:
        yield from runs_of(child)


# -- Markdown --------------------------------------------------------------------------------------------------------


def markdown(document: Document) -> str:
    lines = [f"# {_plain(document.title)}", "", *_blocks(document.blocks, 2)]
    return "\n".join(lines).rstrip() + "\n"


def _blocks(blocks: Iterable[Block], level: int) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Section):
            yield from (f"{'#' * min(level, 6)} {_plain(block.title)}", "", *_blocks(block.blocks, level + 1))
        elif isinstance(block, Items):
            yield from (*_items(block.items, ""), "")
        else:
            yield from (_line(block.runs), "")


def _items(items: Iterable[Item], indent: str) -> Iterator[str]:
    for item in items:
        yield f"{indent}- {_line(item.runs)}"
        yield from _items(item.items, indent + "  ")


def _line(runs: Iterable[Run]) -> str:
    return "".join(map(_marked, runs))


def _marked(run: Run) -> str:
    if isinstance(run, str):
        return _plain(run)
    if isinstance(run, Code):
        fence = "`" * (max((len(ticks) for ticks in re.findall("`+", run.text)), default=0) + 1)
        pad = " " if len(fence) > 1 else ""
        return f"{fence}{pad}{_one_line(run.text)}{pad}{fence}"
    if isinstance(run, Link):
        return f"[{_plain(run.text)}](#{run.to})"
    return f'<a id="{html.escape(run.id)}"></a>**{"❓ " if isinstance(run, OpenQuestion) else ""}{_plain(run.text)}**'


def _plain(text: str) -> str:
    return _MARKED.sub(r"\\\g<0>", _one_line(text))


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


# -- HTML ------------------------------------------------------------------------------------------------------------

_STYLE = (
    "body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:1rem/1.55 system-ui,sans-serif;color:#1b1b1b;background:#fff}"
    "h2{margin-top:2.4rem;border-bottom:1px solid #bbb}li{margin:.35rem 0}"
    "code{font-size:.85em;color:#555;overflow-wrap:anywhere}a{color:#06469c}"
    "@media print{a{color:inherit;text-decoration:none}}"
)


def page(document: Document) -> str:
    """No script, and nothing that is fetched."""
    title = html.escape(document.title)
    return (
        f'<!doctype html>\n<html lang="{html.escape(document.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n<h1>{title}</h1>\n{''.join(_html(block, 2) for block in document.blocks)}</body>\n</html>\n"
    )


def _html(block: Block, level: int) -> str:
    if isinstance(block, Section):
        inner = "".join(_html(child, level + 1) for child in block.blocks)
        tag = f"h{min(level, 6)}"
        return f"<section>\n<{tag}>{html.escape(block.title)}</{tag}>\n{inner}</section>\n"
    if isinstance(block, Items):
        return _list(block.items)
    return f"<p>{''.join(map(_tagged, block.runs))}</p>\n"


def _list(items: Iterable[Item]) -> str:
    rows = (f"<li>{''.join(map(_tagged, item.runs))}{_list(item.items) if item.items else ''}</li>\n" for item in items)
    return f"<ul>\n{''.join(rows)}</ul>\n"


def _tagged(run: Run) -> str:
    if isinstance(run, str):
        return html.escape(run)
    text = html.escape(run.text)
    if isinstance(run, Code):
        return f"<code>{text}</code>"
    if isinstance(run, Link):
        return f'<a href="#{html.escape(run.to)}">{text}</a>'
    if isinstance(run, OpenQuestion):
        return f'<mark id="{html.escape(run.id)}">❓ {text}</mark>'
    return f'<strong id="{html.escape(run.id)}">{text}</strong>'
