# SPDX-License-Identifier: Apache-2.0
"""What is done to bundles and reports to see whether it is found out, and what Python says of each: oracles of `test_verify.py`."""

from __future__ import annotations

import copy
import io
import json
import random
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from comity.errors import TrustFailure
from comity.transparency.note import Checkpoint, Signer, checkpoint_text
from comity.transparency.report import shapes
from comity.transparency.report.archive import Archive
from comity.transparency.report.audit import audit
from comity.transparency.report.gather import encode
from comity.transparency.trust import Trust
from comity.transparency.verify import verify
from tests.fakes import FakeClock
from tests.laws.test_transparency import SIGNER, bundles, leaves_of, signed
from tests.logs import MemoryLog
from tests.reports import OTHER, Log, crossed, forged, members, zipped
from tests.unit.transparency import test_audit as reports
from tests.unit.transparency.test_vectors import VECTORS

SEED = 8785


class Case(NamedTuple):
    name: str
    raw: bytes
    vkeys: tuple[str, ...] = ()
    trusts: tuple[Trust, ...] = ()
    witnesses: tuple[str, ...] = ()


def in_python(case: Case) -> str:
    """The step that fails, or nothing; as `comity audit` takes a file."""
    try:
        if case.raw.startswith(b"PK"):
            audit(Archive(io.BytesIO(case.raw)), vkeys=case.vkeys, trusts=case.trusts, witnesses=case.witnesses)
        else:
            verify(json.loads(case.raw), vkey=case.vkeys[0] if case.vkeys else None)
    except TrustFailure as failure:
        return failure.step
    except (ValueError, RecursionError):
        return "shape"
    return ""


def slack(case: Case, there: str, here: str) -> bool:
    """The one thing that Python passes over and browsers refuse: a length of packed bytes that is not where their stream ends."""
    if (there, here) != ("archive", ""):
        return False
    with zipfile.ZipFile(io.BytesIO(case.raw)) as held:
        for info in held.infolist():
            begin = info.header_offset + 30 + sum(struct.unpack_from("<HH", case.raw, info.header_offset + 26))
            unpacker = zlib.decompressobj(-15)
            unpacker.decompress(case.raw[begin : begin + info.compress_size])
            if unpacker.unused_data or not unpacker.eof:
                return True
    return False


# -- receipts --------------------------------------------------------------------------------------------------------

VKEY = SIGNER.verifier.vkey
GARBAGE: tuple[Any, ...] = (None, True, 0, -1, 1.0, 2**53, 2**64, "", "\x1b[2J", "\u202e", "é", "😀", "=", [], {}, [None], {"a": 1}, 1e300)


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def changed_bundles() -> Iterator[Case]:
    """Every member of a bundle taken away, replaced by garbage and by what another bundle has there, a letter of it changed."""
    draw = random.Random(SEED)
    for number, path in enumerate(path for path in leaves_of(bundles()[4]) if path):
        for kind in ("remove", "flip", "garbage", "garbage", "other", "extra"):
            bundle = copy.deepcopy(bundles()[4])
            here: Any = bundle
            other: Any = bundles()[5]
            for step in path[:-1]:
                here, other = here[step], other[step]
            old = here[path[-1]]
            if kind == "remove":
                del here[path[-1]]
            elif kind == "flip" and isinstance(old, str) and old:
                at = draw.randrange(len(old))
                here[path[-1]] = old[:at] + chr(ord(old[at]) ^ 1 << draw.randrange(7)) + old[at + 1 :]
            elif kind == "other":
                here[path[-1]] = other[path[-1]] if not isinstance(other, list) or path[-1] < len(other) else None
            elif kind == "extra" and isinstance(old, dict):
                old[draw.choice(("more", "__proto__", "constructor", ""))] = draw.choice(GARBAGE)
            elif kind == "extra" and isinstance(old, list):
                old.append(draw.choice(GARBAGE))
            else:
                here[path[-1]] = draw.choice(GARBAGE)
            yield Case(f"{kind} {path}", compact(bundle), (VKEY,) if number % 2 else ())


def other_bundles() -> Iterator[Case]:
    good, whole = bundles()[0]["receipt"], compact(bundles()[4])
    yield from (Case(f"whole {n}", compact(bundle), (VKEY,) * (n % 2)) for n, bundle in enumerate(bundles()))
    yield Case("set out otherwise", json.dumps(bundles()[3], indent=2).encode(), (VKEY,))
    yield Case("-0", whole.replace(b'"index":4', b'"index":-0'))
    for at in range(0, len(whole), 11):
        yield Case(f"bit at {at}", whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
    for cut in (0, 1, 100, len(whole) - 1):
        yield Case(f"cut at {cut}", whole[:cut])
    for vkey in (Signer("example.invalid/log", b"t" * 32).verifier.vkey, "nonsense", "+++", VKEY.upper()):
        yield Case("another key", whole, (vkey,))
    without = {name: value for name, value in good.items() if name != "stand_in"}
    first = {name: value for name, value in good.items() if name not in ("node", "sealed", "consent")}
    for receipt in (
        good, without, first, {**first, "version": 1}, {**good, "more": 1}, {**good, "effect": "\x1b[2Jallow"},
        {**good, "reasons": ["\u202eevil"]}, {**good, "size_bucket": 1.5}, {**good, "stand_in": 1}, {**good, "source": None},
        {**good, "version": 1}, {**good, "version": 3}, {**good, "destination": [["CN"]]},
        {**good, "issuer": "example.invalid/another"}, {**good, "key": "00000000"},
        {**good, "source": "\u00e9\U0001f600\u2028x"}, {**good, "source": "\U0001f600"}, {**good, "retention_months": -7},
        {**good, "size_bucket": 2**53 - 1},
    ):  # fmt: skip
        yield Case(f"signed {receipt}", compact(signed(receipt)))


# -- reports ---------------------------------------------------------------------------------------------------------


def altered(held: reports.Held) -> Iterator[Case]:
    """Whoever holds no key."""
    report, files, pinned = held.report, members(held.report), (held.vkey,)
    yield from (Case("whole", report, vkeys, trusts) for vkeys in ((), pinned) for trusts in ((), (held.trust,)))
    yield Case("whole, theirs", held.other, (held.other_signer.verifier.vkey,), (held.trust,))
    for name, raw in files.items():
        at = len(raw) // 2
        yield Case(f"byte of {name}", zipped({**files, name: raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]}), pinned)
        yield Case(f"without {name}", zipped({each: held for each, held in files.items() if each != name}))
    for at in range(0, len(report), len(report) // 60):
        yield Case(f"bit at {at}", report[:at] + bytes([report[at] ^ 1 << at % 8]) + report[at + 1 :])
    directory = report.index(b"PK\x01\x02")
    for at in range(directory, directory + 46 + 14, 2):
        yield Case(f"directory at {at - directory}", report[:at] + bytes([report[at] ^ 1]) + report[at + 1 :])
    for at in range(len(report) - 22, len(report)):
        yield Case(f"end at {at}", report[:at] + bytes([report[at] ^ 1]) + report[at + 1 :])
    yield from (Case(f"cut at {at}", report[:at]) for at in (2, 30, len(report) // 2, len(report) - 22, len(report) - 1))
    yield from (Case("something before or after", raw) for raw in (b"PK" + report, report + b"more", report + b"PK\x05\x06"))
    for name in (
        "more.txt",
        "../receipts.jsonl",
        "/etc/passwd",
        f"laws/{reports.CN}/more.cedar",
        "laws/",
        "a\x1b[2Jb",
        "nodes/" + "0" * 64 + ".entry",
    ):
        yield Case(f"more: {name}", zipped({**files, name: b"x"}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield Case("twice", zipped([*files.items(), (shapes.RECEIPTS, b"{}")]))
    padded = zipped({**files, shapes.README: b"\0" * 100_000})
    for short in (100, 99_999, 100_001, 1 << 25):
        yield Case(f"claims {short}", padded.replace((100_000).to_bytes(4, "little"), short.to_bytes(4, "little")))
    for kind in (zipfile.ZIP_LZMA, zipfile.ZIP_STORED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", kind) as made:
            for name, raw in files.items():
                made.writestr(name, raw)
        yield Case(f"packed as {kind}", out.getvalue())
    yield Case("a bomb", zipped({**files, shapes.README: b"\0" * (1 << 24) + b"x"}))
    yield from (Case("another key", report, (vkey,)) for vkey in (held.other_signer.verifier.vkey, "nonsense"))
    yield Case("a head for a manifest's note", zipped({**files, shapes.NOTE: files[shapes.CHECKPOINT]}))


def forgeries(held: reports.Held) -> Iterator[Case]:
    """Whoever holds the log's key."""
    mine = Signer("example.invalid/log", b"m" * 32)
    yield Case("a key of one's own", forged(held.report, mine, lambda files: None, vkey=mine.verifier.vkey))
    yield Case("signed by another", forged(held.report, mine, lambda files: None))
    for name, (_, how) in reports.ROWS.items():
        yield Case(name, reports.forge(held, reports.rewritten(how)), (held.vkey,))
    for name, (_, how) in reports.FILES.items():
        yield Case(name, reports.forge(held, how), (), (held.trust,))
    for manifest in (
        {"size": 10_000}, {"issuer": "example.invalid/log"}, {"receipts": 15}, {"since": "2026-11-24T00:00:00+00:00"},
        {"before": "2026-11-23T00:00:00+00:00"}, {"format": "comity.report.v2"}, {"receipts": 0}, {"made_by": "\u202eevil"},
        {"since": "once"},
        {"since": "2026-11-23"}, {"made_at": "2026-11-23"}, {"made_at": "2026-02-30T00:00Z"}, {"receipts": 200_001, "size": 200_001},
        {"since": "2026-11-23T12:00:30+00:00"}, {"since": "2026-11-23T12:01:00+00:00"}, {"before": "2026-11-23T12:00:00.000001+00:00"},
        {"before": "2026-11-23T12:00:00+00:00"}, {"since": "2026-11-23T20:00:00+08:00"}, {"before": "2026-11-23T07:00:00-05:00"},
        {"about": "home"},
    ):  # fmt: skip
        yield Case(f"manifest {manifest}", reports.forge(held, lambda files: None, **manifest))
    for name in (shapes.RECEIPTS, shapes.PROOF, shapes.CHECKPOINT, shapes.WITNESSED, shapes.LAWS, shapes.EVIDENCE, shapes.PAGE):
        for raw in (
            b"",
            b"{}",
            b"[]",
            b"null",
            b"[" * 5000,
            b"\xff",
            members(held.report)[name] + b" ",
            members(held.report)[name] + b"\n",
        ):
            yield Case(f"{name} {raw[-20:]!r}", reports.forge(held, lambda files, name=name, raw=raw: files.__setitem__(name, raw)))  # type: ignore[misc]
    head = members(held.report)[shapes.NOTE]
    yield Case("a manifest's note for a head", reports.forge(held, lambda files: files.__setitem__(shapes.CHECKPOINT, head)))
    for trust in (MemoryLog(name="log.example/another").trust(), MemoryLog(witnesses=3).trust()):
        yield Case("a node in no public log", held.report, (), (trust,))
    without = reports.forge(held, lambda files: [files.pop(each) for each in list(files) if each.startswith("nodes/")] and None)
    yield from (Case("no node's entry", without, (), trusts) for trusts in ((), (held.trust,)))


async def worlds(folder: Path) -> list[Case]:
    """Nodes that came late, or that have a log for each person; logs that witnesses saw, and that they did not."""
    clock, public, cases = FakeClock(), MemoryLog(), list[Case]()
    own, operator, thrown = [await Log.open(folder / name, clock) for name in ("own", "operator", "thrown")]
    await crossed(own, operator, public)
    name, met = next(iter(own.nodes.items()))
    trust = (public.trust(),)
    cases.append(Case("in time", own.report(), (), trust))
    clock.advance(3600)
    own.nodes[name] = met._replace(proof=public.prove(met.raw, clock.now()))
    cases += [Case("too late", own.report(), (), trust), Case("theirs", operator.report(OTHER), (), trust)]
    await crossed(own, thrown, public, records=operator)
    cases += [
        Case("a log of their own", log.report(who), (), trusts)
        for log, who in ((own, "aa" * 16), (thrown, OTHER))
        for trusts in ((), trust)
    ]
    silent = await Log.open(folder / "silent", clock)
    await silent.add(node="ab" * 32, outcome={"sealed": "cd" * 32})
    cases.append(Case("silent", silent.report()))
    seen, keys = await Log.open(folder / "seen", clock), tuple(each.verifier.vkey for each in reports.WITNESSES)
    for _ in range(3):
        await seen.add()
    cases.append(Case("not published", seen.report(), (), (), keys))
    await reports.published(seen, fill=16)
    cases += [Case("published", seen.report(), (), (), each) for each in (keys, (), (seen.ledger.vkey,), ("nonsense",))]
    await seen.add()
    first = seen.report(None)
    cases.append(Case("grown", first, (seen.ledger.vkey,), (), keys))
    head = Checkpoint(seen.ledger.origin, 3, b"r" * 32)
    lines = [str(each.cosignature(checkpoint_text(head), int(clock.now().timestamp()))) for each in reports.WITNESSES]
    note = msgspec.json.decode(members(first)[shapes.WITNESSED])["checkpoint"]
    beyond = str(reports.WITNESSES[0].cosignature(note.partition("\n\n")[0] + "\n", (1 << 63) - 1))
    for swap in (
        {"checkpoint": seen.signer.note(checkpoint_text(head)) + "".join(lines)}, {"checkpoint": "", "consistency": ["AAAA"]},
        {"checkpoint": "x"},
        {"checkpoint": note[:-9] + "A" + note[-8:]}, {"checkpoint": note + lines[0]}, {"checkpoint": note + beyond}, {"consistency": []},
    ):  # fmt: skip
        raw = forged(first, seen.signer, partial(_swapped, swap))
        cases.append(Case(f"swapped {swap}"[:60], raw, (), (), keys))
    await reports.published(seen, fill=1, by=1)
    cases.append(Case("one witness of two", seen.report(), (), (), keys))
    for each in (own, operator, thrown, silent, seen):
        await each.ledger.aclose()
    return cases


def _swapped(swap: dict[str, Any], files: dict[str, bytes]) -> None:
    files[shapes.WITNESSED] = encode(msgspec.json.decode(files[shapes.WITNESSED]) | swap)


# -- signatures ------------------------------------------------------------------------------------------------------

WYCHEPROOF = json.loads((VECTORS / "ed25519_test.json").read_text())
TORSION = [
    "0100000000000000000000000000000000000000000000000000000000000000", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "00" * 32, "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]  # fmt: skip


def signatures() -> list[tuple[str, str, str, bool]]:
    """Key, message, signature, and whether it holds: Wycheproof's, and points whose signatures stand for nothing."""
    found = [
        (group["publicKey"]["pk"], test["msg"], test["sig"], test["result"] == "valid")
        for group in WYCHEPROOF["testGroups"]
        for test in group["tests"]
    ]
    return found + [(key, "00", r + "00" * 32, False) for key in (*TORSION, "02" + "00" * 31) for r in TORSION]
