# SPDX-License-Identifier: Apache-2.0
"""`comity log`: look at the log, prove a receipt, verify one offline, or a published log whole."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from comity.cli import place, say, tiles
from comity.errors import CallerError, TrustFailure

ABOUT = "look at the log, prove and verify receipts"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("tail", "prove", "verify", "key"), help="tail; prove RECEIPT; verify what is named; key to pin")
    parser.add_argument(
        "what",
        metavar="RECEIPT|FILE|DIR|URL",
        nargs="?",
        default="",
        help="an id, a place in the log, last; a bundle's file, - for stdin; where a log is published",
    )
    parser.add_argument("-n", type=_count, metavar="N", default=10, help="with tail: how many (10)")
    parser.add_argument("--vkey", metavar="KEY", default="", help="the log's key, from comity log key")
    parser.add_argument("--witness", metavar="KEY", action="append", help="who must have seen what DIR or URL holds")
    parser.add_argument("--one-key", action="store_true", help="fail where a pool there had two keys at once")


def _count(word: str) -> int:
    if not word.isdecimal() or not 0 < int(word) < 1 << 31:
        raise argparse.ArgumentTypeError(f"`{word}` is not a number above zero")
    return int(word)


def run(args: argparse.Namespace) -> int:
    return {"tail": _tail, "prove": _prove, "verify": _verify, "key": _key}[args.action](args)


def _reader(args: argparse.Namespace) -> Any:
    from comity.transparency.reader import Reader

    return Reader.open(place.whereabouts(args, place.configuration(args)).log)


def _tail(args: argparse.Namespace) -> int:
    with _reader(args) as reader:
        records = reader.tail(args.n)
    rows = [{"index": each.place, "receipt": each.receipt, "outcome": each.outcome} for each in records]
    lines = []
    for row in rows:
        receipt = row["receipt"]
        where = ", ".join(receipt["destination"]) or ("device" if receipt["deployment"] else "nowhere")
        outcome = row["outcome"]["status"] if row["outcome"] else ("-" if receipt["effect"] != "allow" else "unknown")
        said = f"{receipt['effect']:8} {receipt['source'] or '--':5} → {where:10} {outcome:12}"
        lines.append(f"{row['index']:>6} {receipt['at']} {said} {receipt['id']}")
    say.result(args, rows, "\n".join(lines) or "nothing has been recorded yet")
    return 0


def _prove(args: argparse.Namespace) -> int:
    with _reader(args) as reader:
        say.out(json.dumps(reader.bundle(args.what or "last"), ensure_ascii=False, indent=2))
    return 0


def _key(args: argparse.Namespace) -> int:
    with _reader(args) as reader:
        say.result(args, {"vkey": reader.vkey}, reader.vkey)
    return 0


def _verify(args: argparse.Namespace) -> int:
    from comity.transparency.verify import verify

    if tiles.is_published(args.what):
        return tiles.verify(args)
    found = verify(_bundle(args), vkey=args.vkey.strip() or None)
    receipt = found.receipt
    where = ", ".join(receipt.get("destination") or ()) or ("the device" if receipt.get("deployment") else "nowhere")
    lines = [
        f"holds: receipt {receipt['id']} is number {found.index} of {found.size} in the log {found.origin}",
        f"  it says: {receipt['effect']}, from {receipt['source'] or 'an unnamed place'} to {where}, at {receipt['at']}",
        "  checked: shape, key, signature, checkpoint, inclusion",
    ]
    if not found.key_pinned:
        lines.append("  the key is the bundle's own: pin the log's with --vkey to know whose log it is (comity log key)")
    value = {
        "holds": True,
        "index": found.index,
        "size": found.size,
        "origin": found.origin,
        "key_pinned": found.key_pinned,
        "receipt": receipt,
    }
    say.result(args, value, "\n".join(lines))
    return 0


def _bundle(args: argparse.Namespace) -> Any:
    what = args.what or "last"
    if what == "-":
        raw = sys.stdin.buffer.read()
    elif Path(what).is_file():
        raw = Path(what).read_bytes()
    elif what == "last" or what.isalnum():
        with _reader(args) as reader:
            return reader.bundle(what)
    else:
        raise CallerError(f"no file `{what}`", code="receipt.unreadable", hint="a bundle's file, or a receipt of this home")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise TrustFailure("shape: the bundle is not JSON", step="shape", code="trust.shape", hint="comity log prove made it?") from None
