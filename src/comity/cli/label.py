# SPDX-License-Identifier: Apache-2.0
"""`comity label show`: what labels a file carries that say a machine made it.

0: some were found; 1: none, which is no proof that a person made it; 3: the file cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from comity.cli import say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.gateway.labels.reader import Found

ABOUT = "what labels a file carries"
NONE_FOUND = 1
FILE_BYTES_MAX = 256 << 20
TITLES = {
    "aigc": "AIGC (GB 45438-2025)",
    "source_type": "source type (IPTC)",
    "c2pa": "C2PA",
    "notice": "notice",
    "rhythm": "audible label",
}
LANGUAGES = {"zh": "in Chinese", "en": "in English"}


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    show = actions.add_parser("show", description="The labels of a picture, a sound, a PDF, a text, or an answer of the gateway.")
    show.add_argument("file", metavar="FILE", help="the file, or - for stdin")


def run(args: argparse.Namespace) -> int:
    from comity.gateway.labels.reader import kind_of, read

    data = _bytes(args.file)
    kind = kind_of(data)
    found = read(data, kind)
    if args.json:
        import msgspec

        say.result(args, {"kind": kind, "labels": msgspec.to_builtins(found)}, "")
    else:
        say.out("\n".join(_shown(each) for each in found) or f"no label was found ({kind}); that is no proof that a person made it")
    return 0 if found else NONE_FOUND


def _bytes(name: str) -> bytes:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise CallerError(f"`{name}` cannot be read", code="request.unreadable", field=name, hint="comity label show FILE") from error
    if len(data) > FILE_BYTES_MAX:
        raise CallerError(f"`{name}` is larger than {FILE_BYTES_MAX >> 20} MB", code="request.unreadable", field=name)
    return data


def _shown(found: Found) -> str:
    from comity.gateway.labels.fields import spoken

    head = f"{TITLES[found.kind]}: {_said(found)}".removesuffix(": ")
    lines = [f"{head}   ({found.where})"]
    if found.kind == "aigc":
        lines += [f"  {name:17} {spoken(value)}".rstrip() for name, value in found.fields.items()]
    return "\n".join(lines)


def _said(found: Found) -> str:
    from comity.gateway.labels.fields import spoken

    if found.kind == "notice":
        return LANGUAGES[found.value]
    if found.kind != "c2pa":
        return spoken(found.value)
    held = {True: "as it was signed", False: "not as it was signed", None: "not checked (pip install 'comity[c2pa]')"}[found.valid]
    signer = spoken(found.fields.get("signer", ""))
    return ", ".join(part for part in (held, f"by {signer}" if signer else "", spoken(found.value)) if part)
