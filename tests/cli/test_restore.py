# SPDX-License-Identifier: Apache-2.0
"""`comity restore`: what comes back is the file that was hidden, byte for byte, and what a model made of it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

FILES = {
    "empty": b"",
    "windows": b"Dear all,\r\nlena@vogel.io\r\n\r\n",
    "no end of line": b"lena@vogel.io\n13812345678",
    "mark": "\ufefflena@vogel.io\n".encode(),
    "spellings": "138 1234 5678, 13812345678, １３８１２３４５６７８, Lena@Vogel.io, lena@vogel.io".encode(),
    "json": b'{"phone": 13812345678,\n "mail": "l\\u0065na@vogel.io", "note": "a\\n\\"b\\""}\n',
    "csv": b'id,mail,phone\r\n1,lena@vogel.io,+49 30 1234567\r\n2,"b@c.org","(212) 555-0143"\r\n',
    "control": b"\0\x1b[0m lena@vogel.io \x85\n".replace(b"\x85", "\x85".encode()),
    "long": b"".join(b"line %d of lena%d@vogel.io and 138%08d\n" % (at, at, at) for at in range(9000)),
    "one line": b"x" * 300_000 + b" lena@vogel.io " + b"y" * 300_000,
}


@pytest.mark.parametrize("raw", FILES.values(), ids=FILES.keys())
@pytest.mark.parametrize("style", ["tags", "surrogates"])
def test_what_was_hidden_comes_back_byte_for_byte(cli: Cli, tmp_path: Path, raw: bytes, style: str) -> None:
    (tmp_path / "a.txt").write_bytes(raw)
    assert cli("redact", "a.txt", "--style", style, "--out", "b.txt", "--map", "m").code == 0
    hidden = (tmp_path / "b.txt").read_bytes()
    assert b"vogel" not in hidden.lower()
    done = cli("restore", "b.txt", "--map", "m", "--out", "c.txt")
    assert (done.code, done.out) == (0, "c.txt holds the personal data again, readable by you alone\n")
    assert (tmp_path / "c.txt").read_bytes() == raw
    assert stat.S_IMODE((tmp_path / "c.txt").stat().st_mode) == 0o600


def test_through_pipes(typed: Cli, tmp_path: Path) -> None:
    raw = "写信给 lena@vogel.io\r\n再见".encode()
    hidden = typed("redact", "-", "--map", "m", stdin=raw)
    assert "lena" not in hidden.out
    back = typed("restore", "-", "--map", "m", stdin=hidden.out.encode())
    assert (back.code, back.out.encode(), back.err) == (0, raw, "")


def test_what_a_model_made_of_it_comes_back_too(cli: Cli, tmp_path: Path) -> None:
    hidden = cli("redact", "-", "--map", "m", stdin=b"lena@vogel.io, 13812345678").out
    mail, phone = hidden.split(", ")
    said = f"**{mail.replace('_', chr(92) + '_')}**'s number is {phone.lower()}; EMAIL_9_{mail[-5:]} I made up"
    back = cli("restore", "-", "--map", "m", stdin=said.encode())
    assert back.out == f"**lena@vogel.io**'s number is 13812345678; EMAIL_9_{mail[-5:]} I made up"


def test_tags_of_another_tool(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "m").write_text(json.dumps({"<PERSON_3>": "Lena Vogel", "<PERSON_31>": "李雷"}), encoding="utf-8")
    assert cli("restore", "-", "--map", "m", stdin="<PERSON_31>和< person_3 >".encode()).out == "李雷和Lena Vogel"
    (tmp_path / "m").write_text(json.dumps({"Mia Holt": "Lena Vogel"}), encoding="utf-8")
    assert cli("restore", "-", "--map", "m", stdin=b"Mia Holt's").out == "Lena Vogel's"


@pytest.mark.parametrize(
    "kept",
    ["", "[]", "7", "{", '"x"', '{"<A_1>": 7}', '{"comity": "map.v9", "note": "", "vault": {}}', '{"comity": "map.v1", "note": ""}',
     '{"comity": "map.v2", "note": "", "expires": "2030-01-01T00:00:00Z", "sealed": "?"}', "[" * 99_999, "\udcff"],
)  # fmt: skip
def test_what_is_no_map_is_refused(cli: Cli, tmp_path: Path, kept: str) -> None:
    (tmp_path / "m").write_bytes(kept.encode("utf-8", "surrogateescape"))
    assert "`m` is no map" in cli("restore", "-", "--map", "m", stdin=b"text").refused(3, "request.invalid")


def test_a_map_opens_in_its_home_until_its_last_day(cli: Cli, tmp_path: Path) -> None:
    hidden = cli("redact", "-", "--map", "m", "--days", "2", stdin=b"lena@vogel.io").out
    assert cli("restore", "-", "--map", "m", stdin=hidden.encode()).out == "lena@vogel.io"
    said = cli("restore", "--home", "another", "-", "--map", "m", stdin=hidden.encode()).refused(5, "trust.vault")
    assert "of another conversation or key" in said and "comity restore --home DIR" in said
    kept = json.loads((tmp_path / "m").read_text(encoding="utf-8"))
    for sealed in (kept["sealed"][:-8] + "AAAAAAA=", kept["sealed"][:40]):
        (tmp_path / "m").write_text(json.dumps(kept | {"sealed": sealed}), encoding="utf-8")
        cli("restore", "-", "--map", "m", stdin=hidden.encode()).refused(5, "trust.vault")
    assert "`0` is not a number of days" in cli("redact", "-", "--map", "n", "--days", "0", stdin=b"x").refused(2, "usage")


def test_what_cannot_be_read_or_written(cli: Cli, tmp_path: Path) -> None:
    cli("redact", "-", "--map", "m", stdin=b"lena@vogel.io")
    (tmp_path / "c").write_text("precious")
    assert "cannot read `gone`" in cli("restore", "gone", "--map", "m").refused(3, "request.unreadable")
    assert "cannot read `gone`" in cli("restore", "-", "--map", "gone", stdin=b"x").refused(3, "request.unreadable")
    assert "`c` is there already" in cli("restore", "-", "--map", "m", "--out", "c", stdin=b"x").refused(3, "report.unwritable")
    assert "byte 1 is not UTF-8" in cli("restore", "-", "--map", "m", "--out", "d", stdin=b"x\xff").refused(3, "request.malformed")
    assert "required: --map" in cli("restore", "-", stdin=b"x").refused(2, "usage")
    assert sorted(set(os.listdir(tmp_path)) - {"nobody"}) == ["c", "m"] and (tmp_path / "c").read_text() == "precious"
    assert cli("restore", "-", "--map", "m", "--out", "c", "--force", stdin=b"x").code == 0 and (tmp_path / "c").read_text() == "x"
