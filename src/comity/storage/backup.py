# SPDX-License-Identifier: Apache-2.0
"""Files of a home in one archive and out of it again: a tar with a manifest of their hashes, sealed under a passphrase where one is given.

A database is copied from one state of it, beside whoever writes.  Nothing is taken out of an archive but the names that are asked for,
and nothing counts as taken out before its hash is the manifest's.
Sealed: scrypt (RFC 7914) for the key, AES-256-GCM in pieces with a counter and a mark on the last (STREAM, eprint.iacr.org/2015/189), so
that no piece can be left out, moved or cut off.
"""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import tarfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import msgspec

from comity.errors import CallerError
from comity.ports import Random
from comity.storage.sqlite import read_only, told

MANIFEST, FORM = "manifest.json", 1
MANIFEST_BYTES_MAX = 1 << 20
MAGIC = b"comity-backup-1\n"
LOG_N, SALT_BYTES, PREFIX_BYTES = 17, 16, 7  # 128 MB for a guess at the passphrase
PIECE_BYTES, TAG_BYTES = 1 << 16, 16


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``sha256``: hexadecimal, by name.  ``about``: what whoever made it wants to find again."""

    form: int = FORM
    made: str
    sha256: dict[str, str]
    about: dict[str, str] = {}


def copied(source: Path, to: Path) -> None:
    """A database as it is now, in one file.  Raises StorageFailure."""
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with closing(read_only(source)) as db, told(), closing(sqlite3.connect(to)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack(files: Mapping[str, Path], out: Path, *, made: str, about: Mapping[str, str], passphrase: bytes, random: Random) -> Manifest:
    """``out`` is there whole or not at all, for its owner alone.  Raises StorageFailure."""
    manifest = Manifest(made=made, about=dict(about), sha256={name: digest(path) for name, path in files.items()})
    new = out.with_name(out.name + ".new")
    with told():
        if out.exists():
            raise CallerError(f"`{out}` is there already", code="backup.exists", hint="name another file")
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:  # noqa: PTH123 - of a descriptor
            to: Any = Sealing(file, passphrase, random) if passphrase else file
            with tarfile.open(fileobj=to, mode="w|") as tar:
                said = msgspec.json.encode(manifest)
                tar.addfile(_entry(MANIFEST, len(said)), io.BytesIO(said))
                for name, path in files.items():
                    with path.open("rb") as content:
                        tar.addfile(_entry(name, path.stat().st_size), content)
            if isinstance(to, Sealing):
                to.end()
            file.flush()
            os.fsync(file.fileno())
        new.replace(out)
    return manifest


def unpack(archive: Path, into: Path, names: Iterable[str], passphrase: bytes) -> Manifest:
    """Each file that the manifest names, and that is one of ``names``, in the folder ``into``.  Raises CallerError for what is no
    archive, or not whole; StorageFailure."""
    try:
        with told(), archive.open("rb") as file:
            sealed = file.peek(len(MAGIC)).startswith(MAGIC)
            if sealed and not passphrase:
                raise CallerError(f"`{archive}` is sealed", code="backup.sealed", hint="comity backup … --passphrase-file FILE")
            source: Any = Opening(file, passphrase) if sealed else file
            with tarfile.open(fileobj=source, mode="r|") as tar:
                return _taken_out(tar, into, frozenset(names))
    except (tarfile.TarError, msgspec.MsgspecError, UnicodeDecodeError, EOFError) as error:
        raise _not_whole(type(error).__name__) from None


def _taken_out(tar: tarfile.TarFile, into: Path, names: frozenset[str]) -> Manifest:
    manifest: Manifest | None = None
    found: set[str] = set()
    for entry in tar:
        content = tar.extractfile(entry) if entry.isreg() else None
        if content is None:
            raise _not_whole("it holds more than files")
        if manifest is None:
            if entry.name != MANIFEST or entry.size > MANIFEST_BYTES_MAX:
                raise _not_whole("it does not begin with a manifest")
            manifest = msgspec.json.decode(content.read(), type=Manifest)
            if manifest.form != FORM:
                raise CallerError(f"this backup has form {manifest.form}", code="backup.newer", hint="update Comity")
            continue
        if entry.name not in names or entry.name not in manifest.sha256 or entry.name in found:
            raise _not_whole("it holds what its manifest does not name")
        found.add(entry.name)
        _write(content, into / entry.name, manifest.sha256[entry.name])
    if manifest is None or found != manifest.sha256.keys():
        raise _not_whole("something is missing")
    return manifest


def _write(content: IO[bytes], path: Path, expected: str) -> None:
    seen = hashlib.sha256()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:  # noqa: PTH123 - of a descriptor
        while piece := content.read(PIECE_BYTES):
            seen.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if seen.hexdigest() != expected:
        raise _not_whole(f"`{path.name}` is not what its manifest says")


def _entry(name: str, size: int) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.mode = size, 0o600
    return made


def _not_whole(why: str) -> CallerError:
    return CallerError(f"this is no whole backup: {why}", code="backup.broken", hint="try another copy of it")


# -- sealed ------------------------------------------------------------------------------------------------------------


class _Pieces:
    def __init__(self, passphrase: bytes, head: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        log_n, rest = head[len(MAGIC)], head[len(MAGIC) + 1 :]
        if not 1 <= log_n <= 20:
            raise _not_whole("its head is not one")
        salt, self._prefix = rest[:SALT_BYTES], rest[SALT_BYTES:]
        self._gcm, self._head, self._count = AESGCM(Scrypt(salt=salt, length=32, n=1 << log_n, r=8, p=1).derive(passphrase)), head, 0

    def nonce(self, last: bool) -> bytes:
        made = self._prefix + self._count.to_bytes(4, "big") + bytes([last])
        self._count += 1
        return made


class Sealing(_Pieces):
    def __init__(self, file: IO[bytes], passphrase: bytes, random: Random) -> None:
        head = MAGIC + bytes([LOG_N]) + random.token(SALT_BYTES + PREFIX_BYTES)
        super().__init__(passphrase, head)
        self._file, self._waiting = file, bytearray()
        file.write(head)

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) > PIECE_BYTES:  # the last piece is known by what follows it
            self._put(bytes(self._waiting[:PIECE_BYTES]), last=False)
            del self._waiting[:PIECE_BYTES]
        return len(data)

    def end(self) -> None:
        self._put(bytes(self._waiting), last=True)

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._gcm.encrypt(self.nonce(last), piece, self._head))


class Opening(_Pieces):
    """Raises CallerError for a wrong passphrase, or a byte that is not as it was."""

    def __init__(self, file: IO[bytes], passphrase: bytes) -> None:
        head = file.read(len(MAGIC) + 1 + SALT_BYTES + PREFIX_BYTES)
        if len(head) != len(MAGIC) + 1 + SALT_BYTES + PREFIX_BYTES:
            raise _not_whole("its head is cut off")
        super().__init__(passphrase, head)
        self._file, self._open, self._over = file, bytearray(), False
        self._next = file.read(PIECE_BYTES + TAG_BYTES)

    def read(self, size: int) -> bytes:
        while len(self._open) < size and not self._over:
            self._open += self._piece()
        said = bytes(self._open[:size])
        del self._open[:size]
        return said

    def _piece(self) -> bytes:
        from cryptography.exceptions import InvalidTag

        sealed, self._next = self._next, self._file.read(PIECE_BYTES + TAG_BYTES)
        self._over = not self._next
        try:
            return self._gcm.decrypt(self.nonce(self._over), sealed, self._head)
        except InvalidTag:
            raise CallerError(
                "the passphrase is another, or the backup was changed", code="backup.broken", hint="is it the passphrase's whole file?"
            ) from None
