# SPDX-License-Identifier: Apache-2.0
"""A report that somebody made to cost its reader much, or to break the reader: bounded by what an honest one needs, and refused by name.

Counts stand for costs here, never a clock: how many bytes were unpacked, how often a text was gone over.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import TrustFailure
from comity.transparency.note import Signer
from comity.transparency.report import archive, beside, law, shapes
from comity.transparency.report.archive import Archive
from comity.transparency.report.gather import encode
from comity.transparency.report.page import Tally
from comity.transparency.report.shapes import Laws
from comity.transparency.trust import Trust
from tests.fakes import FakeClock
from tests.logs import MemoryLog
from tests.reports import Log, audited, crossed, forged, members, zipped


class Held(NamedTuple):
    report: bytes
    signer: Signer
    trust: Trust

    def __repr__(self) -> str:
        return "Held()"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    return asyncio.run(_held(tmp_path_factory.mktemp("held")))


async def _held(folder: Path) -> Held:
    clock, public = FakeClock(), MemoryLog()
    own, operator = await Log.open(folder / "own", clock), await Log.open(folder / "operator", clock)
    await own.add()
    await crossed(own, operator, public)
    found = Held(own.report(), own.signer, public.trust())
    await own.ledger.aclose()
    await operator.ledger.aclose()
    return found


def refused(raw: bytes, step: str) -> str:
    with pytest.raises(TrustFailure) as raised:
        audited(raw)
    assert raised.value.step == step
    return str(raised.value)


# -- sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({*archive.NEEDED} - {shapes.RECEIPTS, shapes.PROOF}))
def test_what_is_read_whole_is_small(held: Held, name: str) -> None:
    """The manifest above all: it is read before any key is."""
    most = archive.MEMBER_BYTES_MAX.get(name, archive.OTHER_BYTES_MAX)
    assert most <= 1 << 24
    assert f"`{name}` is larger" in refused(zipped({**members(held.report), name: b" " * (most + 1)}), "archive")


def test_a_line_without_an_end_is_not_gathered(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = zipped({**members(held.report), shapes.RECEIPTS: b"0" * (8 << 20)})
    unpacked = 0
    pieces = Archive.pieces

    def counted(self: Archive, name: str) -> Iterator[bytes]:
        nonlocal unpacked
        for piece in pieces(self, name):
            unpacked += len(piece)
            yield piece

    monkeypatch.setattr(Archive, "pieces", counted)
    with pytest.raises(TrustFailure, match="has a line of more than"):
        list(Archive(io.BytesIO(raw)).lines(shapes.RECEIPTS))
    assert archive.LINE_BYTES_MAX < unpacked <= archive.LINE_BYTES_MAX + (1 << 17)


@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 65_537, (1 << 20) - 1, 1 << 20])
def test_lines_are_what_was_written_wherever_they_are_cut(held: Held, length: int) -> None:
    lines = [b"a" * length, b"", b"b" * 7, b"c" * length]
    raw = zipped({**members(held.report), shapes.RECEIPTS: b"\n".join(lines) + b"\n"})
    assert list(Archive(io.BytesIO(raw)).lines(shapes.RECEIPTS)) == lines


def test_a_line_that_is_too_long_is_refused_though_it_ends(held: Held) -> None:
    raw = zipped({**members(held.report), shapes.RECEIPTS: b"x\n" + b"a" * ((1 << 20) + 1) + b"\nx\n"})
    with pytest.raises(TrustFailure, match="has a line of more than"):
        list(Archive(io.BytesIO(raw)).lines(shapes.RECEIPTS))


def test_a_proof_longer_than_its_receipts_need_is_not_read(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = Archive.whole

    def noted(self: Archive, name: str) -> bytes:
        read.append(name)
        return whole(self, name)

    monkeypatch.setattr(Archive, "whole", noted)
    more = json.dumps({"nodes": [[0, 0, "A" * 43 + "="]] * 5_000}, separators=(",", ":")).encode()
    raw = forged(held.report, held.signer, lambda files: files.__setitem__(shapes.PROOF, more))
    assert "longer than one for these places" in refused(raw, "inclusion")
    assert shapes.MANIFEST in read and shapes.PROOF not in read


# -- the text of laws ------------------------------------------------------------------------------------------------

OPEN = ['"', '@a("', '@a("\\', '"\\', '@a("' + '\\"' * 50, '"' + '\\"' * 50 + "\\", '@id("x") permit("', '@a("b") @c("', '"a" "b']


@pytest.mark.parametrize("text", OPEN)
def test_a_string_without_an_end_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="has no end"):
        law.policies(text)


@pytest.mark.parametrize("text", ['@a("' + '\\"' * 500_000, '"' + '\\"' * 500_000 + "\\"], ids=["annotation", "string"])
def test_a_text_is_gone_over_once_though_its_string_has_no_end(text: str) -> None:
    """A pattern that begins again at each of half a million quotes is at it for hours."""
    with pytest.raises(ValueError, match="has no end"):
        law.policies(text)


@pytest.mark.parametrize("text", ["@" * 500_000, "@a(" * 200_000, '@a("b"' * 200_000, "@a " * 200_000, "a" * 500_000, "@" + "a" * 500_000])
def test_a_text_is_gone_over_once_though_it_nearly_says_something(text: str) -> None:
    assert law.policies(text) == []


def test_what_stands_in_strings_and_remarks_ends_nothing() -> None:
    text = '// "open\n@id("a") @text("b\\";\\\\") permit(principal, action, resource) when { a == ";@id(\\"no\\")" };@id("c") forbid();'
    assert law.policies(text) == [{"id": "a", "text": 'b";\\'}, {"id": "c"}]


DEEP = b"a = " + b"[" * 5_000
FILES = {
    "facts nested too deep": ("facts.toml", DEEP),
    "a head nested too deep": ("pack.toml", DEEP),
    "facts that are a number": ("facts.toml", b"facts = 3"),
    "a fact of lists": ("facts.toml", b"[[facts]]\nid = []\n"),
    "no facts, and no TOML": ("facts.toml", b"[[facts"),
    "facts in no UTF-8": ("facts.toml", b"\xff"),
    "rules in no UTF-8": ("rules.cedar", b"\xff"),
    "rules with an open string": ("rules.cedar", b'@id("'),
    "a number without end": ("facts.toml", b"a = " + b"9" * 10_000),
}


@pytest.mark.parametrize("name", FILES)
def test_a_pack_that_cannot_be_read(held: Held, name: str) -> None:
    """Its digest is the one that receipts stand for: somebody decided by it, or says so."""
    file, text = FILES[name]
    files = {each: raw for each, raw in members(held.report).items() if not each.startswith(shapes.LAW_FOLDER)}
    pack = {"pack.toml": b'id = "cn"\nversion = "1"\n', "facts.toml": b"", "rules.cedar": b"", file: text}
    named = ("cn@1", law.digest_of(law.ordered(pack)))
    policy = law.policy_of([named])
    files[shapes.LAWS] = encode(Laws(packs={policy: (named,)}, rules={}, articles={}))
    held_ = Archive(io.BytesIO(zipped(files | {f"laws/cn@1/{each}": raw for each, raw in pack.items()})))
    tally = Tally()
    tally.policies[policy], tally.rules, tally.facts = {"cn@1"}, {"a"}, {"b"}
    with pytest.raises(TrustFailure, match="the text of a pack cannot be read"):
        beside.laws(held_, tally)


# -- whatever it is --------------------------------------------------------------------------------------------------

PIECES = [
    b"",
    b"\0",
    b"\n",
    b"{}",
    b"[]",
    b'"',
    b"[" * 3_000,
    b'{"a":' * 3_000,
    b"9" * 6_000,
    b"-1",
    b"null",
    b"\xff",
    b"\xed\xa0\x80",
    b"1e999",
]


@given(st.data())
def test_a_report_changed_anywhere_and_signed_again_is_only_a_trust_failure(held: Held, data: st.DataObject) -> None:
    """By whoever holds the log's key: no earlier step keeps what was changed from the later ones."""
    names = sorted(each for each in members(held.report) if each not in (shapes.MANIFEST, shapes.NOTE))

    def changed(files: dict[str, bytes]) -> None:
        for _ in range(data.draw(st.integers(1, 3))):
            name = data.draw(st.sampled_from(names))
            raw = files[name]
            at = data.draw(st.integers(0, len(raw)))
            end = data.draw(st.integers(at, min(len(raw), at + 40)))
            files[name] = raw[:at] + data.draw(st.sampled_from(PIECES) | st.binary(max_size=12)) + raw[end:]

    raw = forged(held.report, held.signer, changed)
    try:
        audited(raw, trusts=[held.trust])
    except TrustFailure as failure:
        assert failure.code == f"trust.{failure.step}"


@given(st.data())
def test_a_zip_changed_anywhere_is_only_a_trust_failure(held: Held, data: st.DataObject) -> None:
    raw = bytearray(held.report)
    tail = len(raw) - data.draw(st.sampled_from([22, 1_200, len(raw)]))  # its directory says most, and stands at its end
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(tail, len(raw) - 1))
        noise = data.draw(st.binary(min_size=1, max_size=8))
        raw[at : at + len(noise)] = noise
    try:
        audited(bytes(raw))
    except TrustFailure as failure:
        assert failure.code == f"trust.{failure.step}"
