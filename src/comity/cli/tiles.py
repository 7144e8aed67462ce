# SPDX-License-Identifier: Apache-2.0
"""`comity log verify DIR|URL`: a published log checked whole, from its tiles alone, step by step; of nodes' keys, how many at once."""

from __future__ import annotations

import argparse
import base64
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from comity.cli import say
from comity.errors import CallerError, TrustFailure

if TYPE_CHECKING:
    from comity.transparency.at_once import AtOnce, Stretch
    from comity.transparency.note import Verifier
    from comity.transparency.published import Fetch, Head

TOLD_EVERY = 16_384  # entries
TOLD_MAX = 5  # times at which a pool had several keys
_WEB = re.compile(r"https?://")


def is_published(what: str) -> bool:
    return _WEB.match(what) is not None or (what != "" and Path(what).is_dir())  # Path("") is here


def verify(args: argparse.Namespace) -> int:
    import asyncio

    from comity.transparency.note import COSIGNED

    if not args.vkey:
        raise CallerError(
            "a log is checked against the key that its operator gave you", code="log.no_key",
            hint=f"comity log verify {args.what} --vkey KEY",
        )  # fmt: skip
    key, witnesses = _key(args.vkey.strip(), "--vkey"), [_key(each.strip(), "--witness", *COSIGNED) for each in args.witness or ()]
    found, seen, at_once = asyncio.run(_checked(args.what, key, witnesses))
    stretches = list(at_once.stretches())
    if args.one_key:
        _one_key(at_once, stretches)
    head = found.checkpoint
    root = base64.b64encode(head.root).decode()
    lines = [f"holds: all {head.size} entries of the log {head.origin}", f"  root: {root}", "  checked: checkpoint, entries, tile, root"]
    lines[2] += ", witnesses" if seen else ""
    lines += [f"  seen by {name} at {at}" for name, at in seen]
    if not seen:
        lines.append("  who has seen it was not asked: name the witnesses that you trust with --witness")
    lines += _told(at_once, stretches)
    value = {"holds": True, "origin": head.origin, "size": head.size, "root": root, "witnessed": dict(seen),
             "keys_at_once": [each._asdict() for each in stretches]}  # fmt: skip
    say.result(args, value, "\n".join(lines))
    return 0


async def _checked(what: str, key: Verifier, witnesses: Sequence[Verifier]) -> tuple[Head, list[tuple[str, str]], AtOnce]:
    from comity.gateway.roles.remote import Remote
    from comity.transparency.store import Folder

    if _WEB.match(what):
        async with Remote(what) as remote:
            found, at_once = await _whole(remote.get, key)
    else:
        found, at_once = await _whole(Folder(Path(what)).get, key)
    return found, [_seen(found.note, each) for each in witnesses], at_once


async def _whole(fetch: Fetch, key: Verifier) -> tuple[Head, AtOnce]:
    from comity.transparency import published
    from comity.transparency.at_once import AtOnce

    told, at_once = 0, AtOnce()
    async for done, head, entries in published.whole(fetch, key):
        for each in entries:
            at_once.add(each)
        if sys.stderr.isatty() and done - told >= TOLD_EVERY:
            told = done
            sys.stderr.write(f"\r\x1b[K{done} of {head.checkpoint.size} entries")
    if told:
        sys.stderr.write("\r\x1b[K")
    return head, at_once


def _seen(note: str, witness: Verifier) -> tuple[str, str]:
    """Raises TrustFailure (step `witnesses`)."""
    from comity.transparency.entry import written
    from comity.transparency.note import parse_note
    from comity.transparency.published import failed
    from comity.transparency.trust import cosigned_at

    at = cosigned_at(*parse_note(note), witness)
    if at is None:
        raise failed("witnesses", f"the witness `{witness.name}` has not signed it")
    return witness.name, written(at)


def _told(found: AtOnce, stretches: Sequence[Stretch]) -> list[str]:
    """Of a node log: when more than one key of a pool was good."""
    if not found.read:
        return []
    lines = [f"  pool {each.pool}: up to {each.keys} keys at once, from {each.since} to {each.until}" for each in stretches[-TOLD_MAX:]]
    if len(stretches) > TOLD_MAX:
        lines.append(f"  and {len(stretches) - TOLD_MAX} times before (--json)")
    if found.unread:
        lines.append(f"  not counted, since they are of no node or of another version: {found.unread}")
    return lines or [f"  one key at a time for each pool, of {found.read}"]


def _one_key(found: AtOnce, stretches: Sequence[Stretch]) -> None:
    """What cannot be read may be another key too."""
    why = f"of no node, or of another version: {found.unread} of its entries" if found.unread else ""
    for pool, since, until, keys in stretches[:1]:
        why = f"the pool {pool} had {keys} keys at once, from {since} to {until}"
    if why:
        raise TrustFailure(
            f"one-key: {why}", step="one-key", code="trust.one-key", hint="ask who runs it why: several nodes, or one that started again?"
        )


def _key(text: str, flag: str, *kinds: int) -> Verifier:
    from comity.transparency.note import parse_vkey

    try:
        return parse_vkey(text, *kinds)  # type: ignore[arg-type]
    except ValueError as error:
        raise CallerError(f"{flag}: {error}", code="log.no_key", hint="as its operator gave it to you") from None
