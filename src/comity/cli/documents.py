# SPDX-License-Identifier: Apache-2.0
"""`comity documents`: finds passages in documents of one's own, which stay on this machine."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from comity.cli import place, say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.tasks.search.find import Documents

ABOUT = "finds passages in documents of your own"
_SHOWN_CHARACTERS = 200


def arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    one = commands.add_parser("add", help="keep text files, each under its path, in the place of what was there")
    one.add_argument("files", metavar="FILE", nargs="+", type=Path, help="UTF-8")
    one.set_defaults(what=_add)
    one = commands.add_parser("find", help="passages, the best first")
    one.add_argument("query", metavar="TEXT", help="words, or what it is about")
    one.add_argument("--most", type=int, default=5, metavar="N", help="how many (5)")
    one.set_defaults(what=_find)
    one = commands.add_parser("list", help="what is kept")
    one.set_defaults(what=_list)
    one = commands.add_parser("forget", help="let go of a document, from the disk too")
    one.add_argument("id", metavar="ID", help="as `list` says it")
    one.set_defaults(what=_forget)


def run(args: argparse.Namespace) -> int:
    import asyncio

    found: int = asyncio.run(args.what(args))
    return found


@asynccontextmanager
async def _opened(args: argparse.Namespace) -> AsyncIterator[Documents]:
    from comity.storage.home import prepare
    from comity.tasks.search.find import Documents
    from comity.tasks.search.here import VectorsHere

    config = place.configuration(args)
    home = place.home(args, config)
    prepare(home)
    places = VectorsHere(config)
    documents = Documents(home, places)
    try:
        yield documents
    finally:
        documents.close()
        await places.aclose()


async def _add(args: argparse.Namespace) -> int:
    texts = [(path, _read(path)) for path in args.files]
    done = []
    async with _opened(args) as documents:
        for path, text in texts:
            done.append({"document": _id_of(path), "came": await documents.put(_id_of(path), text, title=path.stem)})
            if not args.json:
                say.content(f"{done[-1]['came']}  {done[-1]['document']}")
    if args.json:
        say.out(_encoded(done))
    return 0


async def _find(args: argparse.Namespace) -> int:
    async with _opened(args) as documents:
        found = await documents.find(args.query, most=args.most)
    if args.json:
        say.out(_encoded(found))
        return 1 if found.abstained else 0
    for hit in found.value.hits if found.value is not None else ():
        text = " ".join(hit.evidence.text.split())
        shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
        say.content(f"{hit.document}  {hit.evidence.start}-{hit.evidence.end}\n  {shown}")
    if found.value is None:
        say.aside("nothing found")
    elif not found.value.by_meaning:
        mend = ": ask in fewer words" if found.value.why == "request.too_long" else ": pip install 'comity[vectors]' finds by meaning too"
        say.aside(f"by words alone ({found.value.why}){mend}")
    return 1 if found.abstained else 0


async def _list(args: argparse.Namespace) -> int:
    async with _opened(args) as documents:
        kept = await documents.kept()
    if args.json:
        say.out(_encoded([{"document": document, "title": title} for document, title in kept]))
    else:
        for document, _ in kept:
            say.content(document)
    return 0


async def _forget(args: argparse.Namespace) -> int:
    async with _opened(args) as documents:
        gone = await documents.forget(args.id) or await documents.forget(_id_of(Path(args.id)))
    if not gone:
        raise CallerError(
            f"no document `{args.id[:64]}` is kept", code="request.invalid", exit_code=3, field="id", hint="comity documents list"
        )
    say.out("forgotten")
    return 0


def _encoded(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _id_of(path: Path) -> str:
    return str(path.resolve())


def _read(path: Path) -> str:
    """Raises CallerError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CallerError(
            f"`{path}` is no file of text", code="request.invalid", field="file", exit_code=2, hint="UTF-8 text, one document a file"
        ) from error
