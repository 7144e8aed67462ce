# SPDX-License-Identifier: Apache-2.0
"""A report's zip: written so that the same files make the same bytes, and read as what a stranger sent.

What is read is bounded before it is unpacked and while it is, whatever its directory claims; its names are those of a report and no
others, each once; nothing is ever written to a disk under a name that stands in it.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

from comity.errors import TrustFailure
from comity.transparency.report import shapes
from comity.transparency.report.shapes import Listed

MEMBERS_MAX = 2_048
RECEIPTS_BYTES_MAX = 1 << 30  # read line by line, and never whole
LINE_BYTES_MAX = 1 << 20
MEMBER_BYTES_MAX = {shapes.RECEIPTS: RECEIPTS_BYTES_MAX, shapes.PROOF: 1 << 27, shapes.MANIFEST: 1 << 20, shapes.NOTE: 1 << 20}
OTHER_BYTES_MAX = 1 << 24
REST_BYTES_MAX = 1 << 28  # all together but the receipts
NAME = re.compile(
    r"(?:receipts\.jsonl|proof\.json|checkpoint|witnessed\.json|laws\.json|evidence\.json|report\.html|README\.txt|manifest\.json|manifest\.note"
    r"|laws/[a-z0-9][a-z0-9.@-]{0,98}/[a-z0-9_-]{1,60}\.(?:toml|cedar)|nodes/[0-9a-f]{64}\.(?:entry|proof))"
)
NEEDED = (
    shapes.RECEIPTS, shapes.PROOF, shapes.CHECKPOINT,
    shapes.WITNESSED, shapes.LAWS, shapes.EVIDENCE, shapes.PAGE, shapes.README,
    shapes.MANIFEST, shapes.NOTE,
)  # fmt: skip
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can say
_FILE_FOR_ITS_OWNER = 0o100600 << 16
_PIECE = 1 << 16
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ArithmeticError, LookupError, RuntimeError, ValueError)


class Out:
    """Files are added one after the other; `listed` says what was."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=6)
        self.listed: list[Listed] = []

    def add(self, name: str, pieces: Iterable[bytes]) -> str:
        """Its SHA-256, in hexadecimal."""
        assert NAME.fullmatch(name), name
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, _FILE_FOR_ITS_OWNER, 3
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w") as member:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                member.write(piece)
        self.listed.append(Listed(name=name, bytes=size, sha256=digest.hexdigest()))
        return digest.hexdigest()

    def close(self) -> None:
        self._zip.close()


class Archive:
    """Raises TrustFailure, step `archive` naming the member, and nothing else."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
            infos = self._zip.infolist()
        except _FAULTS:
            raise failed("it is not a zip") from None
        if len(infos) > MEMBERS_MAX:
            raise failed(f"it holds more than {MEMBERS_MAX} files")
        self.sizes: dict[str, int] = {}
        for info in infos:
            if not NAME.fullmatch(info.filename) or info.orig_filename != info.filename:
                raise failed(f"{shown(info.orig_filename)} is no file of a report")
            if info.filename in self.sizes:
                raise failed(f"`{info.filename}` is there twice")
            if info.flag_bits & 1 or info.compress_type not in _KINDS:
                raise failed(f"`{info.filename}` is encrypted, or packed in a way that is not read")
            if info.file_size > (most := MEMBER_BYTES_MAX.get(info.filename, OTHER_BYTES_MAX)):
                raise failed(f"`{info.filename}` is larger than {most} bytes")
            self.sizes[info.filename] = info.file_size
        missing = [name for name in NEEDED if name not in self.sizes]
        if missing:
            raise failed(f"`{missing[0]}` is not there")
        if sum(self.sizes.values()) - self.sizes[shapes.RECEIPTS] > REST_BYTES_MAX:
            raise failed(f"its files beside the receipts are larger than {REST_BYTES_MAX} bytes together")

    def pieces(self, name: str) -> Iterator[bytes]:
        """No more bytes than its directory claims, which was held against the limits."""
        left = self.sizes[name]
        try:
            with self._zip.open(name) as member:
                while piece := member.read(_PIECE):
                    left -= len(piece)
                    if left < 0:
                        raise failed(f"`{name}` is longer than it claims")
                    yield piece
        except _FAULTS:
            raise failed(f"`{name}` cannot be unpacked: it was altered") from None
        if left:
            raise failed(f"`{name}` is shorter than it claims")

    def whole(self, name: str) -> bytes:
        return b"".join(self.pieces(name))

    def text(self, name: str) -> str:
        try:
            return self.whole(name).decode()
        except UnicodeDecodeError:
            raise failed(f"`{name}` is not UTF-8") from None

    def lines(self, name: str) -> Iterator[bytes]:
        """Without their ends, none longer than may be."""
        kept = b""
        for piece in self.pieces(name):
            *whole, kept = (kept + piece).split(b"\n")
            if any(len(each) > LINE_BYTES_MAX for each in (*whole, kept)):  # found here, for what is kept is copied with each piece
                raise failed(f"`{name}` has a line of more than {LINE_BYTES_MAX} bytes")
            yield from whole
        if kept:
            yield kept

    def close(self) -> None:
        self._zip.close()


def shown(name: str) -> str:
    """Safe on a terminal, whatever somebody called a file."""
    said = name if name.isprintable() else ascii(name)[1:-1]
    return f"`{said[:80]}`"


def failed(why: str) -> TrustFailure:
    return TrustFailure(f"archive: {why}", step="archive", code="trust.archive", hint="is it a report, and whole? comity report makes one")
