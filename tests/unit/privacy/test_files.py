# SPDX-License-Identifier: Apache-2.0
"""A file is the sum of its pieces: found, hidden and brought back as if it had been read whole, wherever it is cut."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.privacy import files
from comity.privacy.files import AFTER_PIECE, FileSurrogates, FileTokens, Map, pieces, restored, texts
from comity.privacy.findings import Finding
from comity.privacy.guard import Guard
from comity.privacy.pseudonym import Pseudonyms
from comity.privacy.scan import scan
from tests.fakes import FakeClock, SeededRandom

NONCE, SEALING, CLOCK = bytes(range(8)), bytes(32), FakeClock()
MAIL, PHONE = "lena@vogel.io", "+49 30 1234567"
KEY = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 2] * 40) + "\n-----END PRIVATE KEY-----"


def found_in(raw: bytes, **more: int) -> list[tuple[str, str]]:
    """(type, what stood there); that the pieces are the file is held on the way."""
    out, read = [], ""
    for piece in pieces(io.BytesIO(raw), Guard(), **more):
        read += piece.text
        out += [(each.type, piece.text[each.start : each.end]) for each in piece.findings]
    assert read.encode() == raw
    return out


def hidden(raw: bytes, vault: Pseudonyms, **more: int) -> str:
    return "".join(vault.protect(piece.text, piece.findings) for piece in pieces(io.BytesIO(raw), Guard(), **more))


def again(vault: FileTokens | FileSurrogates) -> Pseudonyms:
    """From its map, as it is written into a file and read another day."""
    made = Map.of(vault, SEALING, note="", expires=CLOCK.now() + timedelta(days=1), random=SeededRandom())
    return msgspec.json.decode(msgspec.json.encode(made), type=Map).open(SEALING, clock=CLOCK)


def back(text: str, vault: Pseudonyms, size: int = 1000) -> str:
    return "".join(restored((text[at : at + size] for at in range(0, len(text), size)), vault))


# -- pieces ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [MAIL, PHONE, KEY], ids=["mail", "phone", "key"])
@pytest.mark.parametrize("before", ["x" * 100 + " ", "中文" * 50, "line\n" * 20], ids=["word", "han", "lines"])
def test_nothing_is_lost_at_a_seam(value: str, before: str) -> None:
    """Wherever a value lies about the first seam."""
    at = 2000
    for shift in range(-len(value) - 4 if value != KEY else -60, 8):
        text = (before * 40)[: at + shift] + " " + value + " " + "y " * AFTER_PIECE
        assert [what for _, what in found_in(text.encode(), piece_characters=at)] == [value], shift


def test_findings_of_pieces_are_those_of_the_whole() -> None:
    row = f"name,{MAIL},{PHONE}\nphone: 138 1234 5678, order 138123456789012\n"
    text = "".join(row.replace("lena", f"lena{number}") for number in range(3000))
    whole = [(each.type, text[each.start : each.end]) for each in scan(text)]
    assert len(whole) == 9000
    for size in (1000, 4096, 50_001):
        assert found_in(text.encode(), piece_characters=size) == whole


def test_the_word_that_names_a_number_may_stand_in_the_piece_before() -> None:
    """`phone` at the very end of a piece, its number at the beginning of the next."""
    for size in range(1000, 1030):
        text = "z " * 497 + "my phone is 2025550143 " + "z " * AFTER_PIECE
        assert found_in(text.encode(), piece_characters=size) == [("PHONE", "2025550143")], size


def test_a_finding_that_fills_a_piece_is_hidden_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(text: str, finders: Sequence[object] = ()) -> tuple[Finding, ...]:
        return (Finding(type="SECRET", category=None, start=0, end=len(text), recognizer="all"),)

    monkeypatch.setattr("comity.privacy.guard.scan", one)
    raw = b"a" * (3 * AFTER_PIECE)
    assert "".join(what for _, what in found_in(raw, piece_characters=1000)) == raw.decode()


def test_what_a_recogniser_raises_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, finders: Sequence[object] = ()) -> tuple[Finding, ...]:
        raise RuntimeError("broken")

    monkeypatch.setattr("comity.privacy.guard.scan", broken)
    with pytest.raises(RuntimeError):
        list(pieces(io.BytesIO(b"text"), Guard()))


def test_bytes_cut_within_a_character_are_read_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = "\ufeffä中😀\r\n".encode() * 50
    for size in (1, 2, 3, 5, 7):
        monkeypatch.setattr(files, "READ_BYTES", size)
        read = list(texts(io.BytesIO(raw)))
        assert "".join(text for text, _ in read).encode() == raw and read[-1][1] == len(raw)
    assert list(texts(io.BytesIO(b""))) == [] and list(pieces(io.BytesIO(b""), Guard())) == []


@pytest.mark.parametrize(
    ("raw", "at"),
    [(b"abc\xff", 3), (b"\xff", 0), (b"abcd\xe4\xb8", 4), ("中".encode() + b"\x80", 3), (b"\xed\xa0\x80", 0), ("é".encode("utf-16"), 0)],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 2, 1 << 18])
def test_what_is_not_utf_8_is_refused_by_its_place(monkeypatch: pytest.MonkeyPatch, raw: bytes, at: int, size: int) -> None:
    monkeypatch.setattr(files, "READ_BYTES", size)
    with pytest.raises(CallerError, match=f"byte {at} is not UTF-8") as refused:
        list(texts(io.BytesIO(raw)))
    assert refused.value.code == "request.malformed" and "iconv" in refused.value.hint


class Endless(io.RawIOBase):
    """``size`` bytes of lines that are made as they are read."""

    def __init__(self, size: int, line: Callable[[int], bytes]) -> None:
        self._left, self._line, self._number, self._rest = size, line, 0, b""

    def read(self, size: int = -1) -> bytes:
        size = min(size, self._left)
        self._left -= size
        while len(self._rest) < size:
            self._rest += b"".join(self._line(self._number + at) for at in range(1000))
            self._number += 1000
        out, self._rest = self._rest[:size], self._rest[size:]
        return out


def test_memory_does_not_grow_with_the_file() -> None:
    guard = Guard()

    def peak(size: int) -> int:
        tracemalloc.start()
        try:
            for piece in pieces(Endless(size, lambda at: b"line %d: write to lena@vogel.io please, nothing else is here\n" % at), guard):  # type: ignore[arg-type]
                assert piece.findings
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(4 << 20) < 1.5 * peak(1 << 20)


# -- hidden and brought back -----------------------------------------------------------------------------------------


ODD = [
    b"", b"\n", b"no end of line, lena@vogel.io", b"a\r\nlena@vogel.io\r\n\r\n", b"\xef\xbb\xbflena@vogel.io\n", b"\0 lena@vogel.io \0",
    b"138 1234 5678, 13812345678, 138-1234-5678, 138 1234 5678", b"Lena@Vogel.io lena@vogel.io LENA@VOGEL.IO",
    b'{"phone": 13812345678, "mail": "l\\u0065na@vogel.io", "note": "a\\nb"}', b'[ "lena@vogel.io",\t13812345678 ]',
    "电话１３８１２３４５６７８，手机138 1234 5678".encode(), "mail l\u200bena@vogel.io".encode(), b"EMAIL_1_ lena@vogel.io_1_",
]  # fmt: skip


@pytest.mark.parametrize("raw", ODD)
@pytest.mark.parametrize("kind", [FileTokens, FileSurrogates])
def test_what_comes_back_is_the_file_byte_for_byte(raw: bytes, kind: type[FileTokens] | type[FileSurrogates]) -> None:
    vault = kind(NONCE)
    out = hidden(raw, vault)
    assert back(out, vault).encode() == raw
    assert back(out, again(vault)).encode() == raw, "also from its map"
    assert "vogel" not in out.lower() and "12345678" not in out


NONCED = FileTokens(NONCE)._nonce


@given(
    st.lists(st.sampled_from([MAIL, "Lena@vogel.io", PHONE, "13812345678", "138 1234 5678", NONCED, NONCED[:3], NONCED.lower(), "EMAIL_1_",
                              "EMAIL_", "E-MAIL 2 ", "_", "1", " ", "\n", "\r\n", '{"a": ', "}", '"', "\\", "\\u0041", "中",
                              "１３８１２３４５６７８", "11010519491231002X ", "11010519491231002x "])),
    st.integers(1, 40),
    st.sampled_from([FileTokens, FileSurrogates]),
)  # fmt: skip
def test_files_made_of_pieces_of_tokens_come_back(parts: list[str], size: int, kind: type[FileTokens] | type[FileSurrogates]) -> None:
    raw = "".join(parts).encode()
    vault = kind(NONCE)
    out = hidden(raw, vault, piece_characters=size)
    assert back(out, vault, size).encode() == raw
    assert back(out, again(vault), size).encode() == raw


def test_one_spelling_has_one_token_and_another_has_its_own() -> None:
    vault = FileTokens(NONCE)
    out = hidden(b"lena@vogel.io Lena@vogel.io lena@vogel.io", vault).split()
    assert out[0] == out[2] != out[1] and [original for _, original in vault.kept().originals] == ["lena@vogel.io", "Lena@vogel.io"]


def test_a_token_comes_back_although_it_was_written_otherwise() -> None:
    vault = FileTokens(NONCE)
    out = hidden(MAIL.encode(), vault)
    assert back(out.lower().replace("_", " "), again(vault), 3) == MAIL


@pytest.mark.parametrize("kind", [FileTokens, FileSurrogates])
def test_a_map_shows_nothing_by_itself(kind: type[FileTokens] | type[FileSurrogates]) -> None:
    vault = kind(NONCE)
    hidden(MAIL.encode(), vault)
    kept = Map.of(vault, SEALING, note="personal data", expires=CLOCK.now() + timedelta(days=1), random=SeededRandom())
    assert "lena" not in repr(kept) and b"lena" not in kept.sealed
