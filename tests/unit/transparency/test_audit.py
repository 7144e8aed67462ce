# SPDX-License-Identifier: Apache-2.0
"""A report that somebody altered, cut or made up fails by the name of a step: whether they hold the log's key or not."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import ComityError, TrustFailure
from comity.transparency.note import COSIGNED_ED25519, COSIGNED_MLDSA44, Checkpoint, Signer, checkpoint_text, signed_checkpoint
from comity.transparency.report import archive, shapes
from comity.transparency.report.audit import omitted
from comity.transparency.report.gather import encode
from comity.transparency.trust import Trust
from tests.fakes import FakeClock
from tests.logs import MemoryLog
from tests.reports import CN, OTHER, Log, audited, crossed, forged, later, members, zipped

STEPS = {
    "archive", "manifest", "key", "signature", "files", "checkpoint", "receipts", "consent", "received", "inclusion", "nodes", "laws",
    "omission", "consistency", "witnesses",
}  # fmt: skip


class Held(NamedTuple):
    report: bytes  # of the person
    vkey: str
    signer: Signer
    other: bytes  # of the operator
    other_signer: Signer
    trust: Trust
    clock: FakeClock

    def __repr__(self) -> str:
        return "Held()"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    import asyncio

    return asyncio.run(_held(tmp_path_factory.mktemp("held")))


async def _held(folder: Path) -> Held:
    clock, public = FakeClock(), MemoryLog()
    own, operator = await Log.open(folder / "own", clock), await Log.open(folder / "operator", clock)
    for n in range(6):
        await own.add()
        await own.add(OTHER)
        if n % 2:
            await own.add(destination=(), deployment="device", plaintext_at="device", rules=(), reasons=(), obligations=())
            await own.add(effect="deny", destination=(), deployment="", plaintext_at="none")
    await own.add(version=1)
    await crossed(own, operator, public, 3)
    found = Held(own.report(), own.ledger.vkey, own.signer, operator.report(OTHER), operator.signer, public.trust(), clock)
    await own.ledger.aclose()
    await operator.ledger.aclose()
    return found


def step_of(raw: bytes, **pinned: Any) -> str:
    """And the failure's message names it first."""
    with pytest.raises(TrustFailure) as raised:
        audited(raw, **pinned)
    assert raised.value.step in STEPS and raised.value.exit_code == 5
    assert str(raised.value).startswith(f"{raised.value.step}: ") and raised.value.code == f"trust.{raised.value.step}"
    return raised.value.step


def said(raw: bytes, **pinned: Any) -> str:
    with pytest.raises(TrustFailure) as raised:
        audited(raw, **pinned)
    return str(raised.value)


def rows(files: dict[str, bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files[shapes.RECEIPTS].splitlines()]


def rewritten(change: Callable[[list[dict[str, Any]]], None]) -> Callable[[dict[str, bytes]], None]:
    """The rows as ``change`` leaves them, in their form."""

    def changed(files: dict[str, bytes]) -> None:
        found = rows(files)
        change(found)
        files[shapes.RECEIPTS] = b"".join(
            json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" for row in found
        )

    return changed


# -- what holds ------------------------------------------------------------------------------------------------------


def test_what_holds_says_what_it_shows(held: Held) -> None:
    told: list[tuple[str, int, int]] = []
    found = audited(held.report, vkeys=[held.vkey], trusts=[held.trust], tell=lambda *each: told.append(each))
    assert found.key_pinned and found.effects == {"left": 10, "stayed": 3, "refused": 3} and found.manifest.receipts == 16
    assert (found.nodes, found.nodes_proved, found.nodes_missing, found.policies_missing) == (1, 1, (), ())
    assert len(found.received) == 3 and found.received_pinned  # the operator's key stands in the entry that was proved
    assert [step for step, done, of in told if done == of] == [
        "archive", "manifest", "key", "signature", *["files"], "checkpoint", "consistency",
        "receipts", "inclusion", "nodes", "laws", "omission",
    ]  # fmt: skip
    assert audited(held.report, vkeys=[held.vkey, held.other_signer.verifier.vkey]).received_pinned
    assert not audited(held.report, vkeys=[held.vkey]).received_pinned
    assert not audited(held.report).key_pinned
    assert b"".join(found.page()) == members(held.report)[shapes.PAGE]  # the page says what the receipts say


def test_the_operator_s_report_holds_by_itself(held: Held) -> None:
    found = audited(held.other, trusts=[held.trust])
    assert found.effects["left"] == 3 and found.nodes_proved == 1 and not found.received


# -- whoever holds no key --------------------------------------------------------------------------------------------


def test_a_flipped_byte_in_any_file_fails_by_name(held: Held) -> None:
    files = members(held.report)
    assert len(files) > 12
    for name, raw in files.items():
        for at in {0, len(raw) // 2, len(raw) - 1}:
            bad = zipped({**files, name: raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]})
            step, why = step_of(bad), said(bad)
            if name not in (shapes.MANIFEST, shapes.NOTE):
                assert step == "files" and f"`{name}`" in why
            else:
                assert step in ("manifest", "key", "signature")


def test_a_flipped_bit_anywhere_in_the_zip_changes_nothing_or_fails(held: Held) -> None:
    """What lies between the files (dates, modes, a comment) says nothing; whatever is read out of it is as it was."""
    whole = audited(held.report)
    for at in range(0, len(held.report), 53):
        bad = held.report[:at] + bytes([held.report[at] ^ 1 << at % 8]) + held.report[at + 1 :]
        try:
            found = audited(bad)
        except TrustFailure as failure:
            assert failure.step in STEPS
        else:
            assert (found.manifest, found.receipts, found.effects) == (whole.manifest, whole.receipts, whole.effects)


def test_a_file_taken_away_is_missed(held: Held) -> None:
    files = members(held.report)
    for name in files:
        bad = zipped({each: raw for each, raw in files.items() if each != name})
        assert step_of(bad) in ("archive", "manifest") and f"`{name}`" in said(bad)


@pytest.mark.parametrize(
    "name",
    [
        "more.txt", "receipts.json", "../receipts.jsonl", "/etc/passwd", "laws/../../x.toml", f"laws/{CN}/more.cedar", "nodes/x.entry",
        "laws/", "C:\\x", "a\x1b[2Jb", "receipts.jsonl ", "laws/cn@0.1.0/a/b.toml", "nodes/" + "0" * 64 + ".entry",
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_a_report_s_is_refused(held: Held, name: str) -> None:
    bad = zipped({**members(held.report), name: b"x"})
    assert step_of(bad) in ("archive", "manifest")
    assert said(bad).isprintable()


def test_a_file_that_is_there_twice_is_refused(held: Held) -> None:
    """Readers disagree about which of the two is meant."""
    pairs = list(members(held.report).items())
    for name in (shapes.RECEIPTS, shapes.MANIFEST):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            bad = zipped([*pairs, (name, b"{}")])
        assert step_of(bad) == "archive" and "twice" in said(bad)


def test_a_bomb_is_refused_before_it_is_unpacked(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    files = members(held.report)
    monkeypatch.setattr(archive, "OTHER_BYTES_MAX", 1 << 20)
    assert "larger than" in said(zipped({**files, shapes.README: b"\0" * (1 << 21)}))
    monkeypatch.setattr(archive, "REST_BYTES_MAX", 1 << 16)
    assert "together" in said(zipped({**files, shapes.README: b"\0" * (1 << 16)}))
    monkeypatch.setattr(archive, "MEMBERS_MAX", 5)
    assert "more than 5 files" in said(held.report)


def test_a_file_that_is_longer_than_it_claims_is_not_read_to_its_end(held: Held) -> None:
    """A directory that lies about sizes, which is what limits are held against."""
    raw = zipped({**members(held.report), shapes.README: b"\0" * 100_000})
    for short in (100, 99_999, 100_001):
        bad = raw.replace((100_000).to_bytes(4, "little"), short.to_bytes(4, "little"))
        assert step_of(bad) in ("archive", "files")


def test_what_is_encrypted_or_packed_otherwise_is_refused(held: Held) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as made:
        for name, raw in members(held.report).items():
            made.writestr(name, raw)
    assert "packed" in said(out.getvalue())


@given(st.binary(max_size=400) | st.binary(max_size=40).map(lambda raw: b"PK\x05\x06" + raw))
def test_garbage_is_only_a_trust_failure(raw: bytes) -> None:
    assert step_of(raw) == "archive"


@given(st.sampled_from(sorted(archive.NEEDED)), st.binary(max_size=60) | st.sampled_from([b"{}", b"[]", b"null", b'"x"', b"[" * 5000]))
def test_garbage_signed_by_the_issuer_is_only_a_trust_failure(held: Held, name: str, raw: bytes) -> None:
    if name in (shapes.MANIFEST, shapes.NOTE):
        bad = zipped({**members(held.report), name: raw})
    else:
        bad = forged(held.report, held.signer, lambda files: files.__setitem__(name, raw))
    if name in (shapes.PAGE, shapes.README):  # the issuer's own words; the page can be made again
        assert b"".join(audited(bad).page()) == members(held.report)[shapes.PAGE]
    elif raw != members(held.report)[name]:
        step_of(bad)


def test_another_s_key_is_not_the_pinned_one(held: Held) -> None:
    assert step_of(held.report, vkeys=[held.other_signer.verifier.vkey]) == "key"
    assert step_of(held.report, vkeys=["nonsense"]) == "key"
    mine = Signer("example.invalid/log", b"m" * 32)
    made_up = forged(held.report, mine, lambda files: None, vkey=mine.verifier.vkey)
    assert step_of(made_up, vkeys=[held.vkey]) == "key" and step_of(made_up) == "key"
    assert step_of(forged(held.report, mine, lambda files: None)) == "signature"


def test_the_signature_of_a_manifest_stands_for_nothing_else(held: Held) -> None:
    """A tree head is not taken for it, nor it for a tree head."""
    files = members(held.report)
    assert step_of(zipped({**files, shapes.NOTE: files[shapes.CHECKPOINT]})) == "signature"
    assert step_of(forged(held.report, held.signer, lambda each: each.__setitem__(shapes.CHECKPOINT, files[shapes.NOTE]))) == "checkpoint"


# -- whoever holds the log's key -------------------------------------------------------------------------------------


def forge(held: Held, change: Callable[[dict[str, bytes]], None], **manifest: Any) -> bytes:
    return forged(held.report, held.signer, change, **manifest)


def test_a_forger_s_tools_leave_whole_what_they_do_not_change(held: Held) -> None:
    assert audited(forge(held, lambda files: None), vkeys=[held.vkey]).effects == audited(held.report).effects
    assert audited(forge(held, rewritten(lambda found: None))).effects == audited(held.report).effects


def swapped(found: list[dict[str, Any]]) -> None:
    found[0], found[1] = found[1], found[0]


def swapped_within(found: list[dict[str, Any]]) -> None:
    for name in ("receipt", "salt", "grounds", "outcome", "request"):
        found[0][name], found[1][name] = found[1][name], found[0][name]


def change(at: int, *path: str, to: Any) -> Callable[[list[dict[str, Any]]], None]:
    def changed(found: list[dict[str, Any]]) -> None:
        here = found[at]
        for name in path[:-1]:
            here = here[name]
        assert here[path[-1]] != to
        here[path[-1]] = to

    return changed


ROWS: dict[str, tuple[str, Callable[[list[dict[str, Any]]], None]]] = {
    "two receipts are swapped": ("receipts", swapped),
    "what stands at two places is swapped": ("inclusion", swapped_within),
    "one is left out": ("receipts", lambda found: found.pop(3)),
    "one is there twice": ("receipts", lambda found: found.insert(3, dict(found[3]))),
    "an effect is changed": ("inclusion", change(0, "receipt", "effect", to="deny")),
    "a destination is changed": ("inclusion", change(0, "receipt", "destination", to=["US"])),
    "a salt is changed": ("consent", change(0, "salt", to="A" * 43 + "=")),
    "a salt is too short": ("receipts", change(0, "salt", to="AAAA")),
    "what it rested on is changed": ("consent", change(0, "grounds", to=["consent:general"])),
    "what it rested on is left out": ("consent", change(0, "grounds", to=[])),
    "the commitment is left out too": ("inclusion", lambda found: (change(0, "grounds", to=[])(found), change(0, "receipt", "consent", to="")(found), None)[2]),  # noqa: E501
    "a member is left out": ("receipts", lambda found: found[0]["receipt"].pop("node")),
    "a member is added": ("receipts", lambda found: found[0]["receipt"].update(more=1)),
    "it is of another version": ("receipts", change(0, "receipt", "version", to=1)),
    "it is of another log": ("receipts", change(0, "receipt", "issuer", to="example.invalid/log")),
    "it cannot be printed": ("receipts", change(0, "request", to="\x1b[2J")),
    "its place is another": ("inclusion", change(0, "index", to=1)),
    "its place is beyond the tree": ("receipts", change(-1, "index", to=10_000)),
    "its time is none": ("receipts", change(0, "receipt", "at", to="yesterday")),
    "its time is in no zone": ("receipts", change(0, "receipt", "at", to="2026-11-23T12:00")),
    "a node's receipt is left out": ("omission", change(-1, "received", to=None)),
    "a node's receipt is changed": ("received", change(-1, "received", "receipt", "destination", to=["US"])),
    "a node's receipt is of another request": ("received", lambda found: found[-1].update(received=found[-2]["received"])),
    "what was sealed is changed": ("received", change(-1, "outcome", "sealed", to="0" * 64)),
    "a node's receipt stands where no node was asked": ("received", lambda found: found[0].update(received=found[-1]["received"])),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_what_the_issuer_changed_in_a_receipt(held: Held, name: str) -> None:
    step, how = ROWS[name]
    assert step_of(forge(held, rewritten(how))) == step


def replaced(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def changed(files: dict[str, bytes]) -> None:
        assert old in files[name], name
        files[name] = files[name].replace(old, new, 1)

    return changed


def node_file(kind: str) -> Callable[[dict[str, bytes]], None]:
    def changed(files: dict[str, bytes]) -> None:
        name = next(each for each in files if each.endswith(kind))
        del files[name]

    return changed


FILES: dict[str, tuple[str, Callable[[dict[str, bytes]], None]]] = {
    "a hash of the proof": ("inclusion", replaced(shapes.PROOF, b'"nodes":[[', b'"nodes":[[0,0,"' + b"A" * 43 + b'="],[')),
    "the tree head": ("checkpoint", replaced(shapes.CHECKPOINT, b"\n", b"\nx")),
    "a rule's text": ("laws", replaced(f"laws/{CN}/rules.cedar", b"cn.owe.records", b"cn.owe.recordz")),
    "what a rule is said to say": ("laws", replaced(shapes.LAWS, b'"obligation":"', b'"obligation":"x')),
    "what an article is said to say": ("laws", replaced(shapes.LAWS, b'"instrument":"', b'"instrument":"Another ')),
    "a pack that is left out": ("laws", lambda files: [files.pop(each) for each in list(files) if each.startswith("laws/")] and None),
    "a file of a pack": ("laws", lambda files: files.pop(f"laws/{CN}/tables.toml") and None),
    "the entry of a node": ("nodes", node_file(".entry")),
    "the proof of a node": ("nodes", node_file(".proof")),
}


@pytest.mark.parametrize("name", FILES)
def test_what_the_issuer_changed_beside_the_receipts(held: Held, name: str) -> None:
    step, how = FILES[name]
    assert step_of(forge(held, how)) == step


@pytest.mark.parametrize(
    ("step", "manifest"),
    [
        ("checkpoint", {"size": 10_000}), ("key", {"issuer": "example.invalid/log"}), ("receipts", {"receipts": 15}),
        ("receipts", {"since": "2026-11-24T00:00:00+00:00"}), ("receipts", {"before": "2026-11-23T00:00:00+00:00"}),
        ("manifest", {"format": "comity.report.v2"}), ("manifest", {"receipts": 0}), ("manifest", {"made_by": "\u202eevil"}),
        ("manifest", {"since": "once"}),
        ("manifest", {"since": "2026-11-23"}),
        ("manifest", {"made_at": "2026-11-23"}),
    ],
)  # fmt: skip
def test_what_the_issuer_says_of_the_report(held: Held, step: str, manifest: dict[str, Any]) -> None:
    assert step_of(forge(held, lambda files: None, **manifest)) == step


# -- nodes -----------------------------------------------------------------------------------------------------------


def test_a_node_that_was_in_no_public_log_is_found_out(held: Held) -> None:
    assert audited(held.report).nodes_proved == 0  # nothing was pinned, and it says so
    for trust in (MemoryLog(name="log.example/another").trust(), MemoryLog(witnesses=3).trust()):
        assert step_of(held.report, trusts=[trust]) == "nodes"
    without = forge(held, lambda files: [files.pop(each) for each in list(files) if each.startswith("nodes/")] and None)
    assert audited(without).nodes_missing and step_of(without, trusts=[held.trust]) == "nodes"


async def test_an_entry_that_came_into_the_log_after_it_was_relied_on(tmp_path: Path) -> None:
    """The witnesses' times say when: long after the first request that was sealed to it."""
    clock, public = FakeClock(), MemoryLog()
    own, operator = await Log.open(tmp_path / "own", clock), await Log.open(tmp_path / "operator", clock)
    await crossed(own, operator, public)
    name, met = next(iter(own.nodes.items()))
    clock.advance(3600)
    own.nodes[name] = met._replace(proof=public.prove(met.raw, clock.now()))
    assert step_of(own.report(), trusts=[public.trust()]) == "nodes"
    assert audited(operator.report(OTHER), trusts=[public.trust()]).nodes_proved == 1
    await own.ledger.aclose()
    await operator.ledger.aclose()


async def test_a_node_that_gives_each_person_a_log_of_their_own_is_found_out(tmp_path: Path, clock: FakeClock) -> None:
    """Each report holds by itself, and the operator's leaves out nothing of *its* log: only the node's entry says which log it must be."""
    own, thrown, real = [await Log.open(tmp_path / name, clock) for name in ("own", "thrown", "real")]
    public = MemoryLog()
    await crossed(own, real, public)
    assert audited(own.report(), trusts=[public.trust()]).received_pinned
    await crossed(own, thrown, public, records=real)
    for pinned in ({}, {"trusts": [public.trust()]}, {"vkeys": [own.ledger.vkey, thrown.ledger.vkey]}):
        assert step_of(own.report(), **pinned) == "received"
    assert step_of(thrown.report(OTHER)) == "received"  # nor can such a log make a report of its own about that node
    assert "another log" in said(own.report())
    for each in (own, thrown, real):
        await each.ledger.aclose()


# -- one log for everybody -------------------------------------------------------------------------------------------

WITNESSES = [Signer(f"witness.example/{n}", bytes([n + 1]) * 32, kind) for n, kind in enumerate((COSIGNED_ED25519, COSIGNED_MLDSA44))]


async def published(log: Log, *, fill: int = 1, by: int = 2) -> None:
    """As the publisher does it: the head is signed, witnesses sign it, and it is kept with what they signed."""
    head = signed_checkpoint(await log.ledger.filled(fill), log.signer.verifier)
    note = await log.ledger.heads.sign(head)
    lines = [str(each.cosignature(checkpoint_text(head), int(log.clock.now().timestamp()))) for each in WITNESSES[:by]]
    await log.ledger.heads.keep(note + "".join(lines))


@pytest.mark.parametrize("fill", [1, 16])
async def test_a_log_that_witnesses_saw_is_shown_to_be_that_one(tmp_path: Path, clock: FakeClock, fill: int) -> None:
    log, keys = await Log.open(tmp_path / "own", clock), [each.verifier.vkey for each in WITNESSES]
    for _ in range(5):
        await log.add()
    assert step_of(log.report(), witnesses=keys) == "witnesses" and audited(log.report()).witnessed is None
    await published(log, fill=fill)
    for more in range(3):
        found = audited(log.report(), witnesses=keys)
        assert found.witnessed is not None and found.witnessed.size == (5 if fill == 1 else 16)
        assert found.witnessed.seen == tuple((each.verifier.name, clock.now()) for each in WITNESSES)
        assert found.manifest.receipts == 5 + more
        await log.add()
    assert found.gaps == ()  # of a person
    assert audited(log.report(None)).gaps == (() if fill == 1 else ((5, 15),))  # what only fills up is no record
    await published(log, by=1)
    assert step_of(log.report(), witnesses=keys) == "witnesses"
    assert step_of(log.report(), witnesses=[log.ledger.vkey]) == "key"
    await log.ledger.aclose()


async def test_a_log_that_is_not_the_one_that_witnesses_saw(tmp_path: Path, clock: FakeClock) -> None:
    """Two stories under one key: each person's report would hold by itself."""
    log = await Log.open(tmp_path / "own", clock)
    for _ in range(4):
        await log.add()
    await published(log)
    first = log.report()
    other = checkpoint_text(Checkpoint(log.ledger.origin, 3, b"r" * 32))
    note = log.signer.note(other) + "".join(str(each.cosignature(other, int(clock.now().timestamp()))) for each in WITNESSES)

    def swap(files: dict[str, bytes]) -> None:
        files[shapes.WITNESSED] = encode(msgspec.json.decode(files[shapes.WITNESSED]) | {"checkpoint": note})

    assert step_of(forged(first, log.signer, swap)) == "consistency"
    for empty in (b'{"checkpoint":"","consistency":["AAAA"]}', b'{"checkpoint":"x","consistency":[]}'):
        assert step_of(forged(first, log.signer, lambda files, empty=empty: files.update({shapes.WITNESSED: empty}))) == "consistency"  # type: ignore[misc]
    await log.ledger.database.write(lambda: _published(note))
    with pytest.raises(TrustFailure) as raised:  # and the log's own tools do not sign it
        log.report()
    assert raised.value.code == "trust.log"
    await log.ledger.aclose()


def _published(note: str) -> Any:
    from comity.storage.database import Statement

    yield Statement("UPDATE published SET witnessed = ?", (note,))


# -- what is left out ------------------------------------------------------------------------------------------------


@pytest.fixture
async def two(tmp_path: Path, clock: FakeClock) -> AsyncIterator[tuple[Log, Log, list[str]]]:
    own, operator = await Log.open(tmp_path / "own", clock), await Log.open(tmp_path / "operator", clock)
    ids = await crossed(own, operator, MemoryLog(), 4)
    yield own, operator, ids
    await own.ledger.aclose()
    await operator.ledger.aclose()


async def test_what_the_operator_s_report_leaves_out_is_named(two: tuple[Log, Log, list[str]]) -> None:
    own, operator, ids = two
    mine = audited(own.report())
    assert omitted(mine, audited(operator.report(OTHER))) == ()
    rest = forged(
        operator.report(OTHER), operator.signer, rewritten(lambda found: found.pop(1)), receipts=3
    )  # the proof no longer fits, so an honest tool is needed to leave one out
    assert step_of(rest) == "inclusion"
    await operator.ledger.database.write(lambda: _moved(ids[1]))
    assert [each.receipt for each in omitted(mine, audited(operator.report(OTHER)))] == [ids[1]]
    await operator.add(OTHER)
    operator.clock.advance(7200)
    await operator.add(OTHER)
    after = operator.report(OTHER, since=later(operator.clock, -600))  # of another time than what is missing
    assert audited(after).manifest.receipts == 1 and omitted(mine, audited(after)) == ()


def _moved(receipt: str) -> Any:
    from comity.storage.database import Statement

    yield Statement("UPDATE records SET subject = 'cc' WHERE id = ?", (receipt,))


async def test_a_place_that_a_report_of_everything_does_not_show_is_a_gap(two: tuple[Log, Log, list[str]], clock: FakeClock) -> None:
    own, _, _ = two
    assert audited(own.report(None)).gaps == ()
    await own.add(OTHER)
    await own.add()
    from comity.transparency.retention import erase

    clock.advance(7200)
    gone = await erase(own.ledger.database, OTHER, clock.now())
    assert gone.records == 1
    assert audited(own.report(None)).gaps == ((4, 4),)
    assert audited(own.report()).gaps == ()  # of one person among several, places of others are no gaps
    tail = forged(own.report(None), own.signer, rewritten(lambda found: found.pop()), receipts=4)
    assert step_of(tail) == "inclusion"


async def test_an_answer_whose_node_gave_no_receipt_is_an_omission(tmp_path: Path, clock: FakeClock) -> None:
    own = await Log.open(tmp_path / "own", clock)
    await own.add(node="ab" * 32, outcome={"sealed": "cd" * 32, "status": "interrupted"})
    assert audited(own.report()).effects["left"] == 1  # a cut answer never brought it
    await own.add(node="ab" * 32, outcome={"sealed": "cd" * 32})
    assert step_of(own.report()) == "omission"
    await own.ledger.aclose()


def test_no_error_of_an_audit_repeats_what_cannot_be_printed(held: Held) -> None:
    for name in ("\x1b[31m", "\u202e", "x" * 5000):
        try:
            audited(zipped({**members(held.report), name: b""}))
        except ComityError as error:
            assert str(error).isprintable() and len(str(error)) < 300
