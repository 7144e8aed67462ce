# SPDX-License-Identifier: Apache-2.0
"""`comity restore`: what `comity redact` hid, back in a text, also in one that a model made of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from comity.cli import place, say, texts
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.privacy.pseudonym import Pseudonyms

ABOUT = "what was hidden, brought back"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a text in UTF-8, or - for stdin")
    parser.add_argument("--map", metavar="FILE", required=True, help="of comity redact; or {tag: original} of another tool")
    parser.add_argument("--out", metavar="FILE", default="", help="where the result goes (else stdout)")
    parser.add_argument("--force", action="store_true", help="replace a file that is there already")


def run(args: argparse.Namespace) -> int:
    from comity.privacy.files import restored
    from comity.privacy.files import texts as read

    texts.refuse_to_overwrite(args.out, force=args.force)
    vault = _vault(args)
    with texts.written(args.out, force=args.force) as out, texts.opened(args.file) as (file, size), texts.progress(args.file, size) as told:

        def parts() -> Iterator[str]:
            for text, done in read(file):
                told(done)
                yield text

        for text in restored(parts(), vault):
            out.write(text.encode())
    if args.out:
        say.result(args, {"out": args.out}, f"{args.out} holds the personal data again, readable by you alone")
    return 0


def _vault(args: argparse.Namespace) -> Pseudonyms:
    """From a map of ours, or from {tag: original}."""
    import msgspec

    from comity.ports import SystemClock
    from comity.privacy.files import Map
    from comity.privacy.surrogate import SurrogateVault
    from comity.privacy.tags import ForeignTags

    name = args.map
    with texts.opened(name) as (file, _):
        raw = file.read()
    try:
        tree = msgspec.json.decode(raw)
        if isinstance(tree, dict) and "comity" in tree:
            kept = msgspec.json.decode(raw, type=Map)
            return kept.open(place.map_key(args), clock=SystemClock())
        values = msgspec.convert(tree, dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        why = "the file that comity redact --map made, or tags of another tool with their originals as one JSON object"
        raise CallerError(f"`{name}` is no map", code="request.invalid", field="map", hint=why) from None
    try:
        return ForeignTags(values)
    except ValueError:  # no tags: realistic values
        return SurrogateVault.of(values)
