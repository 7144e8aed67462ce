# SPDX-License-Identifier: Apache-2.0
"""What a report shows beside each receipt: that all are in one log, the one that witnesses saw; nodes; laws.  Steps of `audit`."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from comity.errors import ComityError, TrustFailure
from comity.transparency.entry import parse as parse_entry
from comity.transparency.merkle import HASH_BYTES, consistency_holds
from comity.transparency.note import COSIGNED, Checkpoint, Verifier, opened, parse_checkpoint, parse_note, parse_vkey
from comity.transparency.report import law, shapes
from comity.transparency.report.archive import Archive
from comity.transparency.report.page import Tally
from comity.transparency.report.proof import needed, root_of
from comity.transparency.report.seen import Seen, minute
from comity.transparency.report.shapes import Laws, Manifest, Shared, Vouched, Witnessed
from comity.transparency.tlog_proof import parse as parse_proof
from comity.transparency.trust import Trust, cosigned_at, keys, proven

NODE_BYTES_MAX = 80  # of one in `proof.json`
Tell = Callable[[str, int, int], None]
"""The step, how far it is, and of how much."""


class Shown(NamedTuple):
    """What of the log was published."""

    size: int
    seen: tuple[tuple[str, datetime], ...]  # by which of the pinned witnesses, and when


def included(archive: Archive, head: Checkpoint, leaves: dict[int, bytes]) -> None:
    places = list(leaves)
    at = needed(places, head.size)
    if archive.sizes[shapes.PROOF] > NODE_BYTES_MAX * (1 + len(at)):  # before it is read: it takes many times its size
        raise _failed("inclusion", "the proof is longer than one for these places")
    shared: Shared = _read(archive.whole(shapes.PROOF), Shared, "inclusion")
    if at != [(level, index) for level, index, _ in shared.nodes]:
        raise _failed("inclusion", "the proof is not for these places")
    try:
        nodes = {(level, index): base64.b64decode(value, validate=True) for level, index, value in shared.nodes}
    except (ValueError, binascii.Error):
        raise _failed("inclusion", "the proof is not base64") from None
    if any(len(value) != HASH_BYTES for value in nodes.values()) or root_of(leaves, places, head.size, nodes) != head.root:
        raise _failed("inclusion", "the receipts are not all in the log that the tree head stands for")


def witnessed(archive: Archive, key: Verifier, head: Checkpoint, witnesses: Collection[str]) -> Shown | None:
    said: Witnessed = _read(archive.whole(shapes.WITNESSED), Witnessed, "consistency")
    if not said.checkpoint:
        if said.consistency:
            raise _failed("consistency", "it proves what is not there")
        if witnesses:
            raise _failed("witnesses", "no head of this log was shown to witnesses")
        return None
    try:
        before = parse_checkpoint(opened(said.checkpoint, key))
        path = [base64.b64decode(each, validate=True) for each in said.consistency]
        holds = before.origin == head.origin and consistency_holds(before.size, head.size, before.root, head.root, path)
    except (ValueError, binascii.Error):
        holds = False
    if not holds:
        raise _failed("consistency", "the log is not the one that was published with something after it")
    text, lines = parse_note(said.checkpoint)
    seen = []
    for vkey in witnesses:
        try:
            witness = parse_vkey(vkey, *COSIGNED)
        except ValueError as error:
            raise _failed("key", str(error)) from None
        at = cosigned_at(text, lines, witness)
        if at is None:
            raise _failed("witnesses", f"`{witness.name}` has not signed the head that was published")
        seen.append((witness.name, at))
    return Shown(before.size, tuple(seen))


def gaps(leaves: dict[int, bytes], manifest: Manifest) -> Iterator[tuple[int, int]]:
    """Where everything is reported, each place that is not shown was let go by law, erased, never a record, or left out."""
    if manifest.about != "home":
        return
    places = list(leaves)
    bounded = bool(manifest.since), bool(manifest.before)
    ends = [places[0] - 1 if bounded[0] else -1, *places, places[-1] + 1 if bounded[1] else manifest.size]
    for one, next_ in pairwise(ends):
        if next_ > one + 1:
            yield one + 1, next_ - 1


# -- nodes and laws --------------------------------------------------------------------------------------------------


def nodes(archive: Archive, seen: Seen, trusts: Collection[Trust], tell: Tell) -> tuple[dict[str, bytes], int]:
    names = [name.removeprefix(shapes.NODE_FOLDER).partition(".") for name in archive.sizes if name.startswith(shapes.NODE_FOLDER)]
    came = sorted({name for name, _, _ in names})
    entries, proved = dict[str, bytes](), 0
    for number, name in enumerate(came, 1):
        if {kind for each, _, kind in names if each == name} != {"entry", "proof"}:
            raise _failed("nodes", f"of the entry {name[:16]} and its proof one is not there")
        raw, proof = archive.whole(f"{shapes.NODE_FOLDER}{name}.entry"), archive.text(f"{shapes.NODE_FOLDER}{name}.proof")
        if hashlib.sha256(raw).hexdigest() != name or name not in seen.tally.nodes:
            raise _failed("nodes", f"the entry {name[:16]} is not one that a receipt names")
        try:
            entry = parse_entry(raw)
        except ComityError as error:
            raise _failed("nodes", f"the entry {name[:16]} is none: {error}") from None
        if seen.kept_by.get(name, set()) - {entry.receipts}:
            raise _failed("received", f"a receipt of the node {name[:16]} is of another log than the one that its entry names")
        if trusts:
            try:
                proven(raw, proof, _pinned(proof, trusts), minute(seen.shown_by[name]))
            except ComityError as error:
                raise _failed("nodes", f"the entry {name[:16]} was not in the public log in time: {error}") from None
            proved += 1
        entries[name] = raw
        tell("nodes", number, len(came))
    if trusts and seen.tally.nodes - entries.keys():
        raise _failed("nodes", "a receipt names a node whose entry did not come along")
    return entries, proved


def _pinned(proof: str, trusts: Collection[Trust]) -> Trust:
    """The one for the log that the proof is of: no other is tried in its place."""
    try:
        origin = parse_proof(proof).checkpoint.partition("\n")[0]
    except ValueError as error:
        raise _failed("nodes", f"the proof is not one: {error}") from None
    found = [each for each in trusts if keys(each).log.name == origin]
    if not found:
        raise _failed("nodes", "it is of a log that was not pinned")
    return found[0]


def laws(archive: Archive, tally: Tally) -> Laws:
    laws: Laws = _read(archive.whole(shapes.LAWS), Laws, "laws")
    _read(archive.whole(shapes.EVIDENCE), tuple[Vouched, ...], "laws")
    texts_: dict[str, dict[str, bytes]] = {}
    for name in archive.sizes:
        if name.startswith(shapes.LAW_FOLDER):
            _, pack, file = name.split("/")
            texts_.setdefault(pack, {})[file] = archive.whole(name)
    listed = {each for packs in laws.packs.values() for each in packs}
    for policy, packs in laws.packs.items():
        if law.policy_of(packs) != policy or policy not in tally.policies:
            raise _failed("laws", "its packs are not what the receipts' policy stands for")
        for pack in sorted(tally.policies[policy]):
            if pack in dict(packs) and pack not in texts_:
                raise _failed("laws", f"the text of `{pack[:80]}` is not there")
    try:
        for pack, text in texts_.items():
            ordered = law.ordered(text)
            if (pack, law.digest_of(ordered)) not in listed or law.name_of(ordered) != pack:
                raise _failed("laws", f"the text of `{pack[:80]}` is not the one that the receipts were decided by")
        rules, articles = law.told({name: law.ordered(text) for name, text in texts_.items()}, tally.rules, tally.facts)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        raise _failed("laws", "the text of a pack cannot be read") from None
    if (rules, articles) != (laws.rules, laws.articles):
        raise _failed("laws", "what is said of a rule or an article is not what its text says")
    return laws


def _read(raw: bytes, shape: Any, step: str) -> Any:
    try:
        return shapes.parsed(raw, shape)
    except ValueError:
        raise _failed(step, "it has not the form of one") from None


def _failed(step: str, why: str) -> TrustFailure:
    return TrustFailure(
        f"{step}: {why}", step=step, code=f"trust.{step}", hint="do not rely on this report; ask whoever made it for the log's own copy"
    )
