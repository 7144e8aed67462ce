# SPDX-License-Identifier: Apache-2.0
"""The one way to check a report: offline, from its zip and the keys that were pinned.

     1. archive     it is a report's zip: its files, each once, within bounds
     2. manifest    what it says it holds is what it holds
     3. key         the log's key is one, and among the pinned ones where keys were pinned
     4. signature   the manifest was signed by that key
     5. files       each file is the one that the manifest names
     6. checkpoint  the tree head was signed by that key, for that log
        consistency it follows from the newest head that was published, where one was
        witnesses   which every pinned witness has signed
     7. receipts    each is a receipt of that log, in the log's order, of the time that the report is about
     8. consent     what each rested on is what it commits to
     9. received    each receipt of a node verifies, and is of what was sealed to that node
    10. inclusion   all of them are leaves of the one tree
    11. nodes       each entry of a node is the one that receipts name; where a log was pinned, it was there when it was first relied on,
                    or by the time of the report where it is of a node of the report's own
    12. laws        the packs' text is what the receipts' policy stands for, and says what the report says of it
    13. omission    no node that answered left its receipt out

A step that does not hold raises TrustFailure naming it; there is no mode that passes over one.  `omitted` holds two reports together:
what one shows of another's log that the other leaves out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from comity.errors import ComityError, TrustFailure
from comity.transparency.canonical import canonical
from comity.transparency.entry import parse as parse_entry
from comity.transparency.merkle import HASH_BYTES, consistency_holds
from comity.transparency.note import COSIGNED, Checkpoint, Verifier, opened, parse_checkpoint, parse_note, parse_vkey
from comity.transparency.receipt import MEMBERS, SALT_BYTES, Receipt, commitment, leaf_of
from comity.transparency.report import law, shapes
from comity.transparency.report.archive import Archive
from comity.transparency.report.page import Front, Tally, page, went
from comity.transparency.report.proof import At, needed, root_of
from comity.transparency.report.shapes import Laws, Manifest, Row, Shared, Vouched, Witnessed
from comity.transparency.tlog_proof import parse as parse_proof
from comity.transparency.trust import Trust, cosigned_at, keys, proven
from comity.transparency.verify import texts, verify

LINE_BYTES_MAX = 1 << 20
PROOF_NODES_MAX = 64 * shapes.RECEIPTS_MAX
Tell = Callable[[str, int, int], None]
"""The step, how far it is, and of how much."""
_sorted = msgspec.json.Encoder(order="sorted").encode
_row = msgspec.json.Decoder(Row, strict=True).decode


class Sent(NamedTuple):
    """What a report shows of one receipt of a node: which log has it, and as what."""

    place: int  # in the person's own log
    issuer: str
    receipt: str
    sealed: str


class Shown(NamedTuple):
    """What of the log was published."""

    size: int
    seen: tuple[tuple[str, datetime], ...]  # by which of the pinned witnesses, and when


class Audited(NamedTuple):
    manifest: Manifest
    key_pinned: bool
    effects: dict[str, int]  # left, stayed, refused
    received: tuple[Sent, ...]
    received_pinned: bool  # whether the keys of all nodes' logs were among the pinned ones; true where there are none
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
    witnessed = _witnessed(archive, key, head, witnesses)
    tell("consistency", 1, 1)
    seen = _Seen(manifest, key, pinned)
    for number, line in enumerate(archive.lines(shapes.RECEIPTS), 1):  # 7, 8, 9
        seen.add(line)
        if not number % 64:
            tell("receipts", number, manifest.receipts)
    if len(seen.leaves) != manifest.receipts:
        raise _failed("receipts", f"the manifest names {manifest.receipts} and there are {len(seen.leaves)}")
    tell("receipts", manifest.receipts, manifest.receipts)
    _included(archive, head, seen.leaves)  # 10
    tell("inclusion", manifest.receipts, manifest.receipts)
    entries, proved = _nodes(archive, seen, trusts, tell)  # 11
    laws = _laws(archive, seen.tally)  # 12
    tell("laws", 1, 1)
    if seen.silent:  # 13
        raise _failed("omission", f"the node that answered record {seen.silent[0]} gave no receipt of its own, as {len(seen.silent)} did")
    tell("omission", 1, 1)
    front = Front(**{name: getattr(manifest, name) for name in Front._fields})
    return Audited(
        manifest=manifest, key_pinned=bool(pinned), effects=dict(seen.effects), received=tuple(seen.received),
        received_pinned=seen.received_pinned, receipts=frozenset(seen.ids), sealed=frozenset(seen.sealed), nodes=len(seen.tally.nodes),
        nodes_proved=proved, nodes_missing=tuple(sorted(seen.tally.nodes - entries.keys())),
        policies_missing=tuple(sorted(seen.tally.policies.keys() - laws.packs.keys() - {""})),
        witnessed=witnessed, gaps=tuple(_gaps(seen.leaves, manifest)), front=front, tally=seen.tally, laws=laws, entries=entries,
    )  # fmt: skip


def omitted(own: Audited, other: Audited) -> tuple[Sent, ...]:
    """What nodes whose log is ``other``'s gave to ``own`` and is not in ``other``, though it is of the same time."""
    return tuple(
        each
        for each in own.received
        if each.issuer == other.manifest.issuer and not (each.receipt in other.receipts and each.sealed in other.sealed)
    )


# -- manifest and files ----------------------------------------------------------------------------------------------


def _manifest(archive: Archive) -> Manifest:
    manifest: Manifest = _read(archive.whole(shapes.MANIFEST), Manifest, "manifest")
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


def _read(raw: bytes, shape: Any, step: str) -> Any:
    """Strictly, in its canonical form: one spelling for one value."""
    try:
        made = msgspec.json.decode(raw, type=shape, strict=True)
        if _sorted(made) != raw:
            raise ValueError
    except (ValueError, RecursionError):  # msgspec's own are ValueErrors
        raise _failed(step, "it has not the form of one") from None
    return made


# -- receipts --------------------------------------------------------------------------------------------------------


class _Seen:
    """Receipts as they pass, each checked, and what the later steps need of them."""

    def __init__(self, manifest: Manifest, key: Verifier, pinned: Collection[str]) -> None:
        self._manifest, self._key, self._pinned = manifest, key, pinned
        self._since, self._before = _moment(manifest.since), _moment(manifest.before)
        self.leaves: dict[int, bytes] = {}
        self._last = -1
        self.effects = {"left": 0, "stayed": 0, "refused": 0}
        self.ids: set[str] = set()
        self.sealed: set[str] = set()
        self.received: list[Sent] = []
        self.received_pinned = True
        self.silent: list[int] = []
        self.shown_by: dict[str, str] = {}  # nodes, and by when each must have been in the public log
        self.tally = Tally()

    def add(self, line: bytes) -> None:
        row, form, salt = self._shaped(line)
        receipt = row.receipt
        if commitment(salt, canonical(list(row.grounds)) if row.grounds else b"") != receipt.get("consent", ""):
            raise _failed("consent", f"what record {row.index} rested on is not what its receipt commits to")
        node, sealed = receipt.get("node", ""), receipt.get("sealed", "")  # sealed: it came to this log's own node
        if row.received is not None:
            self._take(row, node)
        elif node and not sealed and row.outcome is not None and row.outcome.status == "ok":
            self.silent.append(row.index)
        if node:
            self.shown_by.setdefault(node, self._manifest.made_at if sealed else receipt["at"])
        self.leaves[row.index], self._last = leaf_of(salt, form), row.index
        self.effects[went(receipt)] += 1
        self.ids.add(receipt["id"])
        self.sealed.add(sealed)
        self.tally.add(row)

    def _shaped(self, line: bytes) -> tuple[Row, bytes, bytes]:
        where = f"receipt {len(self.leaves) + 1}"
        if len(line) > LINE_BYTES_MAX:
            raise _failed("receipts", f"{where} is longer than {LINE_BYTES_MAX} bytes")
        try:
            row = _row(line)
            receipt = msgspec.convert(row.receipt, Receipt, strict=True)
            if _sorted(row) != line or row.receipt.keys() != MEMBERS.get(receipt.version):
                raise ValueError
            form, salt = canonical(row.receipt), base64.b64decode(row.salt, validate=True)
            datetime.fromisoformat(receipt.at)
        except (ValueError, RecursionError, binascii.Error):
            raise _failed("receipts", f"{where} has not the form of one") from None
        if len(salt) != SALT_BYTES:
            raise _failed("receipts", f"{where} has a salt that is not {SALT_BYTES} bytes")
        shown = [row.request, *texts(row.receipt), *row.grounds, *((row.outcome.at, row.outcome.status) if row.outcome is not None else ())]
        if not all(text.isprintable() for text in shown):
            raise _failed("receipts", f"{where} holds what cannot be printed")
        if (receipt.issuer, receipt.key) != (self._manifest.issuer, self._key.id.hex()):
            raise _failed("receipts", f"{where} is of another log")
        if not self._last < row.index < self._manifest.size:
            raise _failed("receipts", f"{where} is not in the order of the log")
        if not self._within(receipt.at):
            raise _failed("receipts", f"{where} is of another time than the report is about")
        return row, form, salt

    def _within(self, at: str) -> bool:
        """A receipt's time is cut to the minute, so an end within that minute may be on either side of it."""
        moment = datetime.fromisoformat(at)
        return (self._since is None or moment >= self._since.replace(second=0, microsecond=0)) and (
            self._before is None or moment < self._before
        )

    def _take(self, row: Row, node: str) -> None:
        """The node's own receipt of what was sealed to it."""
        bundle: dict[str, Any] = row.received or {}
        vkey = bundle.get("vkey")
        pinned = vkey if isinstance(vkey, str) and vkey in self._pinned else None
        try:
            found = verify(bundle, vkey=pinned)
        except ComityError as error:
            raise _failed("received", f"the node's receipt beside record {row.index} does not hold: {error}") from None
        sealed = row.outcome.sealed if row.outcome is not None else ""
        if not sealed or not node or found.receipt.get("sealed") != sealed or found.receipt.get("node") != node:
            raise _failed("received", f"the node's receipt beside record {row.index} is of another request or of another node")
        self.received_pinned &= found.key_pinned
        self.received.append(Sent(row.index, found.origin, found.receipt["id"], sealed))


def _moment(said: str) -> datetime | None:
    try:
        return datetime.fromisoformat(said) if said else None
    except ValueError:
        raise _failed("manifest", "it names a time that is none") from None


def _included(archive: Archive, head: Checkpoint, leaves: dict[int, bytes]) -> None:
    shared: Shared = _read(archive.whole(shapes.PROOF), Shared, "inclusion")
    places = list(leaves)
    at: list[At] = [(level, index) for level, index, _ in shared.nodes]
    if len(at) > PROOF_NODES_MAX or at != needed(places, head.size):
        raise _failed("inclusion", "the proof is not for these places")
    try:
        nodes = {(level, index): base64.b64decode(value, validate=True) for level, index, value in shared.nodes}
    except (ValueError, binascii.Error):
        raise _failed("inclusion", "the proof is not base64") from None
    if any(len(value) != HASH_BYTES for value in nodes.values()) or root_of(leaves, places, head.size, nodes) != head.root:
        raise _failed("inclusion", "the receipts are not all in the log that the tree head stands for")


def _witnessed(archive: Archive, key: Verifier, head: Checkpoint, witnesses: Collection[str]) -> Shown | None:
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


def _gaps(leaves: dict[int, bytes], manifest: Manifest) -> Iterator[tuple[int, int]]:
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


def _nodes(archive: Archive, seen: _Seen, trusts: Collection[Trust], tell: Tell) -> tuple[dict[str, bytes], int]:
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
            parse_entry(raw)
        except ComityError as error:
            raise _failed("nodes", f"the entry {name[:16]} is none: {error}") from None
        if trusts:
            try:
                proven(raw, proof, _pinned(proof, trusts), datetime.fromisoformat(seen.shown_by[name]))
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


def _laws(archive: Archive, tally: Tally) -> Laws:
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
    except (ValueError, TypeError, AttributeError):
        raise _failed("laws", "the text of a pack cannot be read") from None
    if (rules, articles) != (laws.rules, laws.articles):
        raise _failed("laws", "what is said of a rule or an article is not what its text says")
    return laws


def _key(vkey: str) -> Verifier:
    try:
        return parse_vkey(vkey)
    except ValueError as error:
        raise _failed("key", str(error)) from None


def _failed(step: str, why: str) -> TrustFailure:
    return TrustFailure(
        f"{step}: {why}", step=step, code=f"trust.{step}", hint="do not rely on this report; ask whoever made it for the log's own copy"
    )
