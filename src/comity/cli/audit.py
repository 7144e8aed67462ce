# SPDX-License-Identifier: Apache-2.0
"""`comity audit`: a report, or one receipt, checked without a network, a home or a gateway; it says which step does not hold."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import say
from comity.errors import CallerError, OperatorError, TrustFailure

if TYPE_CHECKING:
    from comity.transparency.report.audit import Audited
    from comity.transparency.report.beside import Tell
    from comity.transparency.trust import Trust

ABOUT = "check a report offline, step by step"
BAR = 30
GAPS_TOLD_MAX = 5
BUNDLE_BYTES_MAX = 1 << 20


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a report (comity report), or a receipt's bundle (comity log prove)")
    parser.add_argument("--vkey", metavar="KEY", action="append", default=[], help="a log's key, as comity log key printed it; repeatable")
    parser.add_argument("--trust", metavar="FILE", type=Path, help="TOML with [trust]: log and witnesses that nodes' entries must prove")
    parser.add_argument("--witness", metavar="KEY", action="append", default=[], help="who must have seen the log's head; repeatable")
    parser.add_argument("--against", metavar="REPORT", type=Path, help="the operator's report of the same person: what it leaves out")
    parser.add_argument("--page", metavar="FILE", type=Path, help="write the report's page again, from what was checked")


def run(args: argparse.Namespace) -> int:
    trusts = _trusts(args.trust) if args.trust is not None else ()
    if _is_zip(args.bundle):
        own = _audited(args, args.bundle, trusts, args.witness)
        value, lines = _told(own), _lines(own)
        if args.page is not None:
            _written(args.page, own)
    else:
        own = None
        value, lines, receipt = _receipt(args)
    if args.against is not None:
        other = _audited(args, args.against, (), ())
        value["against"] = _told(other)
        left_out = _left_out(own, other) if own is not None else (() if receipt in other.receipts else (receipt,))
        if left_out:
            raise TrustFailure(
                f"omission: `{args.against.name}` leaves out {len(left_out)} that its log gave a receipt for: {', '.join(left_out[:3])}",
                step="omission", code="trust.omission", hint="ask whoever made it why; the receipts left out verify",
            )  # fmt: skip
        lines.append(f"  nothing of it is left out of {args.against.name} ({other.manifest.receipts:,} receipts)")
    say.result(args, value, "\n".join(lines))
    return 0


def _left_out(own: Audited, other: Audited) -> tuple[str, ...]:
    from comity.transparency.report.audit import omitted

    return tuple(each.receipt for each in omitted(own, other))


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"PK"
    except OSError as error:
        raise CallerError(f"cannot read `{path}`: {error.strerror}", code="report.unreadable", hint="name a file") from None


def _audited(args: argparse.Namespace, path: Path, trusts: tuple[Trust, ...], witnesses: Collection[str]) -> Audited:
    from comity.transparency.report.archive import Archive
    from comity.transparency.report.audit import audit

    if not _is_zip(path):
        raise TrustFailure(f"archive: `{path.name}` is not a report", step="archive", code="trust.archive", hint="comity report makes one")
    with path.open("rb") as file, closing(Archive(file)) as archive, _steps(args) as tell:
        return audit(archive, vkeys=[each.strip() for each in args.vkey], trusts=trusts, witnesses=witnesses, tell=tell)


@contextmanager
def _steps(args: argparse.Namespace) -> Iterator[Tell]:
    """Each step as it holds, on standard error; on a terminal with a bar that is written over."""
    terminal, shown = sys.stderr.isatty(), -1

    def tell(step: str, done: int, of: int) -> None:
        nonlocal shown
        if done == of and not args.json:
            clear()
            say.aside(f"  {step:10} holds" + (f"  {of:,}" if of > 1 else ""))
            shown = -1
        elif terminal and (filled := BAR * done // max(of, 1)) != shown:
            shown = filled
            sys.stderr.write(f"\r\x1b[K  {step:10} [{'#' * filled:.<{BAR}}] {done:,} of {of:,}")
            sys.stderr.flush()

    def clear() -> None:
        if terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    try:
        yield tell
    finally:
        clear()


def _told(found: Audited) -> dict[str, Any]:
    manifest = found.manifest
    return {
        "holds": True, "issuer": manifest.issuer, "vkey": manifest.vkey, "key_pinned": found.key_pinned, "made_at": manifest.made_at,
        "made_by": manifest.made_by, "about": manifest.about, "from": manifest.since, "to": manifest.before,
        "receipts": manifest.receipts, "size": manifest.size, "effects": found.effects,
        "nodes": {"named": found.nodes, "proved": found.nodes_proved, "missing": list(found.nodes_missing)},
        "received": {"receipts": len(found.received), "keys_pinned": found.received_pinned},
        "published": found.witnessed.size if found.witnessed is not None else None,
        "witnesses": {name: at.isoformat() for name, at in found.witnessed.seen} if found.witnessed is not None else {},
        "policies_missing": list(found.policies_missing), "gaps": [list(gap) for gap in found.gaps],
    }  # fmt: skip


def _lines(found: Audited) -> list[str]:
    manifest, effects = found.manifest, found.effects
    lines = [
        f"holds: {manifest.receipts:,} receipts of {manifest.size:,} in the log {manifest.issuer}, made at {manifest.made_at}",
        f"  they say: {effects['left']:,} sent away, {effects['stayed']:,} stayed on the device, {effects['refused']:,} refused",
    ]
    if found.received:
        lines.append(
            f"  with them: {len(found.received):,} receipts of nodes" + ("" if found.received_pinned else ", by keys of their own")
        )
    if found.nodes:
        lines.append(f"  nodes: {found.nodes:,} named, {found.nodes_proved:,} proved" + ("" if found.nodes_proved else " (--trust FILE)"))
    if found.witnessed is not None:
        names = ", ".join(f"{name} at {at:%Y-%m-%dT%H:%MZ}" for name, at in found.witnessed.seen)
        lines.append(
            f"  published: the first {found.witnessed.size:,}, " + (f"seen by {names}" if names else "seen by whom: --witness KEY")
        )
    if found.nodes_missing:
        lines.append(f"  without the entries of {len(found.nodes_missing):,} nodes that receipts name")
    if found.policies_missing:
        lines.append(f"  without the text of {len(found.policies_missing):,} policies that are no longer in force there")
    if found.gaps:
        told = ", ".join(f"{first:,}" if first == last else f"{first:,}-{last:,}" for first, last in found.gaps[:GAPS_TOLD_MAX])
        more = f" and {len(found.gaps) - GAPS_TOLD_MAX:,} more" if len(found.gaps) > GAPS_TOLD_MAX else ""
        lines.append(f"  not shown, though it reports everything: places {told}{more}: let go by law, erased, never a record, or left out")
    if not found.key_pinned:
        lines.append("  the key is the report's own: pin the log's with --vkey to know whose log it is (comity log key)")
    return lines


def _receipt(args: argparse.Namespace) -> tuple[dict[str, Any], list[str], str]:
    """One bundle; with its id."""
    from comity.transparency.verify import verify

    with args.bundle.open("rb") as file:
        raw = file.read(BUNDLE_BYTES_MAX + 1)
    try:
        read = json.loads(raw) if len(raw) <= BUNDLE_BYTES_MAX else None
    except (ValueError, RecursionError):
        read = None
    if read is None:
        raise TrustFailure(
            "shape: it is neither a report nor a receipt", step="shape", code="trust.shape", hint="comity log prove made it?"
        )
    found = verify(read, vkey=args.vkey[0].strip() if args.vkey else None)
    value = {
        "holds": True, "index": found.index, "size": found.size, "origin": found.origin, "key_pinned": found.key_pinned,
        "receipt": found.receipt,
    }  # fmt: skip
    lines = [f"holds: receipt {found.receipt['id']} is number {found.index} of {found.size} in the log {found.origin}"]
    if not found.key_pinned:
        lines.append("  the key is the bundle's own: pin the log's with --vkey to know whose log it is (comity log key)")
    return value, lines, found.receipt["id"]


def _trusts(path: Path) -> tuple[Trust, ...]:
    """Of a file that a client pins: each table `trust`, of which an audit needs log and witnesses.  Raises OperatorError."""
    import tomllib

    from comity.transparency.trust import Trust

    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        tables = [each["trust"] for each in (read, *read.get("deployments", ())) if "trust" in each]
        found = tuple(
            Trust(
                log=str(table["log"]), witnesses=tuple(map(str, table.get("witnesses", ()))), quorum=int(table.get("quorum", 2)),
                age_seconds_max=int(table.get("checkpoint_seconds_max", 86_400)),
            )
            for table in tables
        )  # fmt: skip
    except OSError as error:
        raise CallerError(f"cannot read `{path}`: {error.strerror}", code="report.unreadable", hint="name a file") from None
    except (ValueError, TypeError, LookupError, AttributeError):
        found = ()
    if not found:
        raise OperatorError(
            f"`{path}` names no log to trust", code="config.invalid", field="trust.log", hint="[trust] with log, witnesses and quorum"
        )
    return found


def _written(path: Path, found: Audited) -> None:
    try:
        with path.open("xb") as file:
            file.writelines(found.page())
    except OSError as error:
        raise CallerError(f"cannot write `{path}`: {error.strerror}", code="report.unwritable", hint="name a new file") from None
