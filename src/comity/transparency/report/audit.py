# SPDX-License-Identifier: Apache-2.0
"""The one way to check a report: offline, from its zip and the keys that were pinned.

     1. archive     it is a report's zip: its files, each once, within bounds
     2. manifest    what it says it holds is what it holds
     3. key         the log's key is one, and among the pinned ones where keys were pinned
     4. signature   the manifest was signed by that key
     5. files       each file is the one that the manifest names
     6. checkpoint  the tree head was signed by that key, for that log
     7. consistency it follows from the newest head that was published, where one was
     8. witnesses   every pinned witness has signed that one
     9. receipts    each is a receipt of that log, in the log's order, of the time that the report is about
    10. consent     what each rested on is what it commits to
    11. received    each receipt of a node verifies, is of what was sealed to that node, and of the log that the node's entry names
    12. inclusion   all of them are leaves of the one tree
    13. nodes       each entry of a node is the one that receipts name; where a log was pinned, it was there when it was first relied on,
                    or by the time of the report where it is of a node of the report's own
    14. laws        the packs' text is what the receipts' policy stands for, and says what the report says of it
    15. omission    no node that answered left its receipt out

A step that does not hold raises TrustFailure naming it; there is no mode that passes over one.  `omitted` holds two reports together:
what one shows of another's log that the other leaves out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from typing import NamedTuple

from comity.errors import TrustFailure
from comity.transparency.note import Verifier, opened, parse_checkpoint, parse_vkey
from comity.transparency.report import beside, shapes
from comity.transparency.report.archive import Archive
from comity.transparency.report.beside import Shown, Tell
from comity.transparency.report.page import Front, Tally, page
from comity.transparency.report.seen import Seen, Sent, edge, minute, within
from comity.transparency.report.shapes import Laws, Manifest
from comity.transparency.trust import Trust


class Audited(NamedTuple):
    manifest: Manifest
    key_pinned: bool
    effects: dict[str, int]  # left, stayed, refused
    received: tuple[Sent, ...]
    received_pinned: bool  # whether each was by a pinned key, or by the one of an entry that was proved; true where there are none
    receipts: frozenset[str]  # ids
    sealed: frozenset[str]  # of what was sealed to this log's own node
    nodes: int
    nodes_proved: int
    nodes_missing: tuple[str, ...]  # that receipts name and whose entries did not come along
    policies_missing: tuple[str, ...]  # whose text did not come along
    witnessed: Shown | None
    gaps: tuple[tuple[int, int], ...]  # first and last of places that a report of everything does not show
    front: Front
    tally: Tally
    laws: Laws
    entries: dict[str, bytes]

    def page(self) -> Iterator[bytes]:
        """The page again, from what was checked."""
        return page(self.front, self.tally, self.laws, self.entries)


def _silent(step: str, done: int, of: int) -> None:
    pass


def audit(
    archive: Archive, *, vkeys: Collection[str] = (), trusts: Collection[Trust] = (), witnesses: Collection[str] = (), tell: Tell = _silent
) -> Audited:
    """Raises TrustFailure whose ``step`` is one of those above, and nothing else."""
    tell("archive", len(archive.sizes), len(archive.sizes))  # 1
    manifest = _manifest(archive)  # 2
    tell("manifest", 1, 1)
    pinned = {_key(vkey).vkey for vkey in vkeys}
    key = _key(manifest.vkey)  # 3
    if pinned and key.vkey not in pinned:
        raise _failed("key", "the report is of another log than those of the pinned keys")
    if key.name != manifest.issuer:
        raise _failed("key", "the report's issuer is not whose key it names")
    tell("key", 1, 1)
    try:  # 4
        said = shapes.signed_digest(archive.text(shapes.NOTE), key)
    except ValueError as error:
        raise _failed("signature", str(error)) from None
    if said != hashlib.sha256(archive.whole(shapes.MANIFEST)).hexdigest():
        raise _failed("signature", "the manifest is not the one that was signed")
    tell("signature", 1, 1)
    _files(archive, manifest, tell)  # 5
    try:  # 6
        head = parse_checkpoint(opened(archive.text(shapes.CHECKPOINT), key))
    except ValueError as error:
        raise _failed("checkpoint", str(error)) from None
    if (head.origin, head.size) != (manifest.issuer, manifest.size):
        raise _failed("checkpoint", "the tree head is not the one that the manifest names")
    tell("checkpoint", 1, 1)
    witnessed = beside.witnessed(archive, key, head, witnesses)  # 7, 8
    tell("consistency", 1, 1)
    seen = Seen(manifest, key, pinned)
    for number, line in enumerate(archive.lines(shapes.RECEIPTS), 1):  # 9, 10, 11
        seen.add(line)
        if not number % 64:
            tell("receipts", number, manifest.receipts)
    if len(seen.leaves) != manifest.receipts:
        raise _failed("receipts", f"the manifest names {manifest.receipts} and there are {len(seen.leaves)}")
    tell("receipts", manifest.receipts, manifest.receipts)
    beside.included(archive, head, seen.leaves)  # 12
    tell("inclusion", manifest.receipts, manifest.receipts)
    entries, proved = beside.nodes(archive, seen, trusts, tell)  # 13
    laws = beside.laws(archive, seen.tally)  # 14
    tell("laws", 1, 1)
    if seen.silent:  # 15
        raise _failed("omission", f"the node that answered record {seen.silent[0]} gave no receipt of its own, as {len(seen.silent)} did")
    tell("omission", 1, 1)
    front = Front(**{name: getattr(manifest, name) for name in Front._fields})
    return Audited(
        manifest=manifest, key_pinned=bool(pinned), effects=dict(seen.effects), received=tuple(seen.received),
        received_pinned=seen.received_pinned or bool(trusts), receipts=frozenset(seen.ids), sealed=frozenset(seen.sealed),
        nodes=len(seen.tally.nodes), nodes_proved=proved, nodes_missing=tuple(sorted(seen.tally.nodes - entries.keys())),
        policies_missing=tuple(sorted(seen.tally.policies.keys() - laws.packs.keys() - {""})),
        witnessed=witnessed, gaps=tuple(beside.gaps(seen.leaves, manifest)), front=front, tally=seen.tally, laws=laws, entries=entries,
    )  # fmt: skip


def omitted(own: Audited, other: Audited) -> tuple[Sent, ...]:
    """Receipts of ``other``'s log that a node gave to ``own`` and that ``other`` leaves out, though they are of the time it is about."""
    return tuple(
        each
        for each in own.received
        if each.issuer == other.manifest.issuer and within(other.manifest, each.at)
        and not (each.receipt in other.receipts and each.sealed in other.sealed)
    )  # fmt: skip


# -- manifest and files ----------------------------------------------------------------------------------------------


def _manifest(archive: Archive) -> Manifest:
    try:
        manifest: Manifest = shapes.parsed(archive.whole(shapes.MANIFEST), Manifest)
    except ValueError:
        raise _failed("manifest", "it has not the form of one") from None
    if manifest.format != shapes.FORMAT:
        raise _failed("manifest", f"it is not of format `{shapes.FORMAT}`")
    names = [each.name for each in manifest.files]
    if names != sorted(set(names)):
        raise _failed("manifest", "its files are not in order, each once")
    there = archive.sizes.keys() - {shapes.MANIFEST, shapes.NOTE}
    for name in sorted(there ^ set(names)):
        raise _failed("manifest", f"`{name}` is there and not named" if name in there else f"`{name[:80]}` is named and not there")
    if not 0 < manifest.receipts <= shapes.RECEIPTS_MAX or manifest.receipts > manifest.size:
        raise _failed("manifest", "no report has so many receipts")
    try:
        minute(manifest.made_at)
        edge(manifest.since)
        edge(manifest.before)
    except ValueError:
        raise _failed("manifest", "it names a time that is none") from None
    if not all(each.isprintable() for each in (manifest.made_at, manifest.made_by, manifest.issuer, manifest.since, manifest.before)):
        raise _failed("manifest", "it holds what cannot be printed")
    return manifest


def _files(archive: Archive, manifest: Manifest, tell: Tell) -> None:
    for number, listed in enumerate(manifest.files, 1):
        digest, size = hashlib.sha256(), 0
        for piece in archive.pieces(listed.name):
            digest.update(piece)
            size += len(piece)
        if (size, digest.hexdigest()) != (listed.bytes, listed.sha256):
            raise _failed("files", f"`{listed.name}` is not the file that was signed for")
        tell("files", number, len(manifest.files))


def _key(vkey: str) -> Verifier:
    try:
        return parse_vkey(vkey)
    except ValueError as error:
        raise _failed("key", str(error)) from None


def _failed(step: str, why: str) -> TrustFailure:
    return TrustFailure(
        f"{step}: {why}", step=step, code=f"trust.{step}", hint="do not rely on this report; ask whoever made it for the log's own copy"
    )
