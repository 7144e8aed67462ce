# SPDX-License-Identifier: Apache-2.0
"""A report made from a log: looked up a few hundred records at a time, proved against one signed head, and then signed.

Nothing is signed before everything in it was proved to stand in the log: whoever can write the database cannot have the log's key sign
what they put there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import IO, Any, NamedTuple, TypeVar

import msgspec

from comity.errors import CallerError
from comity.storage.database import Row as Found
from comity.storage.database import Script, Statement
from comity.transparency import rows
from comity.transparency.canonical import canonical
from comity.transparency.heads import checked, notes
from comity.transparency.ledger import Outcome
from comity.transparency.merkle import consistency_holds, consistency_proof
from comity.transparency.met import Met
from comity.transparency.note import Checkpoint, Signer, opened, parse_checkpoint
from comity.transparency.queries import Wanted
from comity.transparency.receipt import commitment, grounds, leaf_of, minute
from comity.transparency.report import law, shapes
from comity.transparency.report.archive import Out
from comity.transparency.report.page import Front, Tally, page
from comity.transparency.report.proof import At, needed, root_of
from comity.transparency.report.readme import readme
from comity.transparency.report.shapes import End, Laws, Manifest, Row, Shared, Vouched, Witnessed

T = TypeVar("T")
Looking = Callable[[Callable[[], Script[T]]], T]
AT_ONCE = 500
encode = msgspec.json.Encoder(order="sorted").encode
_outcome = msgspec.json.Decoder(Outcome).decode


class Asked(NamedTuple):
    """``subject``: a pseudonym, or None for every record there is."""

    subject: str | None
    since: datetime | None = None
    before: datetime | None = None


class Beside(NamedTuple):
    """What a report holds that does not lie in the log."""

    made_at: datetime
    made_by: str
    texts: Mapping[str, law.Text]  # of the packs in force
    evidence: Sequence[Vouched] = ()
    node: Callable[[str], Met | None] = lambda entry: None  # by the SHA-256 of its entry


def made(look: Looking[Any], signer: Signer, asked: Asked, beside: Beside, out: IO[bytes]) -> Manifest:
    """Raises CallerError where there is nothing to report or too much, TrustFailure where the log is not what was signed."""
    seen = look(notes).witnessed  # first: what is witnessed later is of a larger log than what is reported
    _, note = look(rows.head)
    if not note:
        raise _nothing()
    try:
        head = parse_checkpoint(opened(note, signer.verifier))
    except ValueError:
        raise rows.broken("its head is not one that it signed") from None
    with closing(Out(out)) as zip_:
        return _filled(look, signer, asked, beside, zip_, head, note, seen)


def _filled(
    look: Looking[Any], signer: Signer, asked: Asked, beside: Beside, zip_: Out, head: Checkpoint, note: str, seen: str
) -> Manifest:
    leaves, tally = dict[int, bytes](), Tally()
    zip_.add(shapes.RECEIPTS, _lines(look, asked, head.size, leaves, tally))
    if not leaves:
        raise _nothing()
    zip_.add(shapes.PROOF, [encode(_shared(look, head, leaves))])
    zip_.add(shapes.CHECKPOINT, [note.encode()])
    zip_.add(shapes.WITNESSED, [encode(_witnessed(look, signer, head, seen))])
    laws, texts = _laws(beside.texts, tally)
    zip_.add(shapes.LAWS, [encode(laws)])
    for pack, text in sorted(texts.items()):
        for name, raw in text.items():
            zip_.add(f"{shapes.LAW_FOLDER}{pack}/{name}", [raw])
    zip_.add(shapes.EVIDENCE, [encode(tuple(beside.evidence))])
    nodes = {name: found for name in sorted(tally.nodes) if (found := beside.node(name)) is not None}
    for name, node in nodes.items():
        zip_.add(f"{shapes.NODE_FOLDER}{name}.entry", [node.raw])
        zip_.add(f"{shapes.NODE_FOLDER}{name}.proof", [node.proof.encode()])
    front = Front(
        made_at=minute(beside.made_at), made_by=beside.made_by, issuer=signer.verifier.name,
        about="home" if asked.subject is None else "person", since=_said(asked.since), before=_said(asked.before),
        receipts=len(leaves), size=head.size,
    )  # fmt: skip
    zip_.add(shapes.PAGE, page(front, tally, laws, {name: node.raw for name, node in nodes.items()}))
    zip_.add(shapes.README, [readme(front, signer.verifier.vkey)])
    manifest = Manifest(
        format=shapes.FORMAT, vkey=signer.verifier.vkey, files=tuple(sorted(zip_.listed, key=lambda each: each.name)), **front._asdict()
    )
    digest = zip_.add(shapes.MANIFEST, [encode(manifest)])
    zip_.add(shapes.NOTE, [shapes.signed(digest, signer).encode()])
    return manifest


# -- receipts --------------------------------------------------------------------------------------------------------


def _lines(look: Looking[Any], asked: Asked, size: int, leaves: dict[int, bytes], tally: Tally) -> Iterator[bytes]:
    start, words = 0, dict[bytes, tuple[str, ...]]()
    while True:
        found: list[Found] = look(partial(_some, asked, start, size))
        unknown = {bytes(row[4]) for row in found} - words.keys()
        if unknown:
            words |= look(partial(_grounds, sorted(unknown)))
        for row in found:
            made = _row(row, words)
            leaves[made.index] = leaf_of(bytes(row[3]), bytes(row[2]))
            tally.add(made)
            yield encode(made) + b"\n"
        if len(leaves) > shapes.RECEIPTS_MAX:
            raise CallerError(
                f"there are more than {shapes.RECEIPTS_MAX:,} receipts", code="report.too_large", hint="name a shorter time: --from, --to"
            )
        if len(found) < AT_ONCE:
            return
        start = int(found[-1][0]) + 1


_SOME = (
    "SELECT r.idx, r.request, r.receipt, r.salt, r.judgement, (SELECT o.outcome FROM outcomes o WHERE o.id = r.id) FROM records r"
    " WHERE r.idx >= ? AND r.idx < ? AND r.id >= ? AND r.id < ?"
)


def _some(asked: Asked, start: int, size: int) -> Script[list[Found]]:
    wanted = Wanted(since=asked.since, before=asked.before)
    whose, values = ("", ()) if asked.subject is None else (" AND r.subject = ?", (asked.subject,))
    sql = f"{_SOME}{whose} ORDER BY r.idx LIMIT {AT_ONCE}"
    return (yield Statement(sql, (start, size, wanted.floor, wanted.ceiling, *values)))


def _grounds(digests: list[bytes]) -> Script[dict[bytes, tuple[str, ...]]]:
    """By judgement: what a receipt of it commits to, from the facts that are recorded."""
    marks = ",".join("?" * len(digests))
    found = yield Statement(f"SELECT digest, facts FROM judgements WHERE digest IN ({marks})", digests)  # noqa: S608
    out = dict.fromkeys(digests, tuple[str, ...]())
    for digest, facts in found:
        try:
            said = json.loads(facts)
            form = grounds(said.get("consent", ()), said.get("legal_basis"))
        except (ValueError, TypeError, AttributeError):
            raise rows.broken("what was decided is not as it was written") from None
        out[bytes(digest)] = tuple(json.loads(form)) if form else ()
    return out


def _row(found: Found, words: Mapping[bytes, tuple[str, ...]]) -> Row:
    index, request, receipt, salt, judgement, outcome = found
    try:
        said = json.loads(receipt)
        end = _outcome(outcome) if outcome is not None else None
        rested = words[bytes(judgement)] if said.get("consent") else ()
        if rested and commitment(bytes(salt), canonical(list(rested))) != said["consent"]:
            raise ValueError("another judgement lies beside it")
    except (ValueError, TypeError, AttributeError, msgspec.MsgspecError):
        raise rows.broken(f"record {index} is not as it was written") from None
    return Row(
        index=index, request=request, receipt=said, salt=base64.b64encode(salt).decode(), grounds=rested,
        outcome=End(at=minute(end.at), status=end.status, sealed=end.sealed) if end is not None else None,
        received=end.received if end is not None else None,
    )  # fmt: skip


def _shared(look: Looking[Any], head: Checkpoint, leaves: Mapping[int, bytes]) -> Shared:
    """Raises TrustFailure unless the head stands for every one of ``leaves``."""
    places = sorted(leaves)
    wanted = needed(places, head.size)
    nodes = dict[At, bytes]()
    for level in sorted({level for level, _ in wanted}):
        here = [index for each, index in wanted if each == level]
        for begin in range(0, len(here), AT_ONCE):
            nodes |= look(partial(_hashes, level, here[begin : begin + AT_ONCE]))
    try:
        holds = root_of(leaves, places, head.size, nodes) == head.root
    except (KeyError, TypeError):
        holds = False
    if not holds:
        raise rows.broken("its receipts are not those that were signed for")
    return Shared(nodes=tuple((*at, base64.b64encode(nodes[at]).decode()) for at in wanted))


def _witnessed(look: Looking[Any], signer: Signer, head: Checkpoint, note: str) -> Witnessed:
    """Raises TrustFailure where the log is not the one that witnesses saw."""
    if not note:
        return Witnessed()
    before = checked(note, signer.verifier)
    try:
        path = look(lambda: rows.worked_out(lambda node: consistency_proof(before.size, head.size, node)))
    except (ValueError, LookupError):
        path = [b""]
    if not consistency_holds(before.size, head.size, before.root, head.root, path):
        raise rows.broken("it is not the one that was published")
    return Witnessed(checkpoint=note, consistency=tuple(base64.b64encode(each).decode() for each in path))


def _hashes(level: int, indices: list[int]) -> Script[dict[At, bytes]]:
    marks = ",".join("?" * len(indices))
    found = yield Statement(f"SELECT idx, hash FROM nodes WHERE level = ? AND idx IN ({marks})", (level, *indices))  # noqa: S608
    if not level:
        found = found + (yield Statement(f"SELECT idx, leaf FROM records WHERE idx IN ({marks})", indices))  # noqa: S608
    return {(level, int(index)): bytes(value) for index, value in found}


# -- beside them -----------------------------------------------------------------------------------------------------


def _laws(texts: Mapping[str, law.Text], tally: Tally) -> tuple[Laws, dict[str, law.Text]]:
    """The texts that receipts were decided by.  A policy that is no longer in force here has left its digest and no text."""
    packs = tuple(sorted((name, law.digest_of(text)) for name, text in texts.items()))
    policy = law.policy_of(packs)
    if policy not in tally.policies:
        return Laws(packs={}, rules={}, articles={}), {}
    named = {name: texts[name] for name in sorted(tally.policies[policy]) if name in texts}
    rules, articles = law.told(named, tally.rules, tally.facts)
    return Laws(packs={policy: packs}, rules=rules, articles=articles), named


def texts_of(folders: Iterable[Any]) -> dict[str, law.Text]:
    """By the names of the packs in ``folders``."""
    read = [law.text_of(folder) for folder in folders]
    return {law.name_of(text): text for text in read}


def _said(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""


def _nothing() -> CallerError:
    return CallerError(
        "there is nothing to report of that person and time", code="report.empty", status=404,
        hint="is it this installation's home, and the name that callers give in `Comity-Subject`?",
    )  # fmt: skip
