# SPDX-License-Identifier: Apache-2.0
"""`comity restore`: what `comity redact` hid, back in a text, also in one that a model made of it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import say, texts
from comity.cli.redact import MAP
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
    vault = _vault(args.map)
    with texts.written(args.out, force=args.force) as out, texts.opened(args.file) as (file, size), texts.progress(args.file, size) as told:

        def parts() -> Any:
            for text, done in read(file):
                told(done)
                yield text

        for text in restored(parts(), vault):
            out.write(text.encode())
    if args.out:
        say.result(args, {"out": args.out}, f"{args.out} holds the personal data again, readable by you alone")
    return 0


def _vault(name: str) -> Pseudonyms:
    from comity.privacy.files import FileVault
    from comity.privacy.tags import ForeignTags

    try:
        held = json.loads(Path(name).read_bytes())
    except OSError as error:
        raise CallerError(
            f"cannot read `{name}`: {error.strerror}", code="request.unreadable", hint="name the map that comity redact made"
        ) from None
    except (ValueError, RecursionError):
        held = None
    ours = isinstance(held, dict) and "comity" in held
    values = held.get("values") if ours else held
    if not isinstance(values, dict) or not all(isinstance(each, str) for each in values.values()) or (ours and held["comity"] != MAP):
        raise _no_map(name)
    try:
        return FileVault.of(values) if ours else ForeignTags(values)
    except ValueError:
        raise _no_map(name) from None


def _no_map(name: str) -> CallerError:
    hint = "the file that comity redact --map made, whole, or tags of another tool with their originals as a JSON object"
    return CallerError(f"`{name}` is no map", code="request.invalid", field="map", hint=hint)
