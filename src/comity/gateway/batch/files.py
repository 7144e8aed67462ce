# SPDX-License-Identifier: Apache-2.0
"""Files in the state, in sealed pieces: scripts alone.

An input is cut where lines end, so that one piece is enough to read a line.  Of an output each piece is one line, numbered as the line
that it answers.  A file is there once it has a size, and until its time; what a batch still needs stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from comity.errors import CallerError
from comity.storage.database import Row, Script, Statement, insert

PIECE_BYTES = 65_536
PIECES_AT_ONCE = 32
UPLOAD_SECONDS_MAX = 3600
"""What is not whole by then was given up."""
_COLUMNS = "id, owner, purpose, name, bytes, pieces, made, until"
_NEEDED = f"({' UNION ALL '.join(f'SELECT {column} FROM batches WHERE ended IS NULL' for column in ('input', 'output', 'errors'))})"  # noqa: S608


class File(NamedTuple):
    """``name`` is sealed; instants in seconds since 1970."""

    id: str
    owner: str
    purpose: str
    name: bytes
    bytes: int
    pieces: int
    made: int
    until: int


def cut(content: bytes) -> list[bytes]:
    """Pieces that each end where a line does; one that is longer stands alone."""
    out, first = [], 0
    while first < len(content):
        end = content.rfind(b"\n", first, first + PIECE_BYTES) + 1 or content.find(b"\n", first) + 1 or len(content)
        out.append(content[first:end])
        first = end
    return out


def begin(file: File, kept_bytes_max: int, size: int) -> Script[None]:
    """Raises CallerError where its owner keeps too much already."""
    rows = yield Statement("SELECT SUM(bytes) FROM files WHERE owner = ? AND until > ?", (file.owner, file.made))
    if int(rows[0][0] or 0) + size > kept_bytes_max:
        raise CallerError(
            f"with this, the files of key `{file.owner}` would hold more than {kept_bytes_max} bytes", code="batch.kept", status=413,
            hint="delete what is done with, or raise `batch.kept_bytes_max`",
        )  # fmt: skip
    until = file.made + UPLOAD_SECONDS_MAX
    yield from insert("files", [(file.id, file.owner, file.purpose, file.name, None, file.pieces, file.made, until)])


def pieces(file: str, first: int, sealed: Sequence[bytes]) -> Script[None]:
    yield from insert("file_pieces", [(file, first + at, piece) for at, piece in enumerate(sealed)])


def whole(file: File) -> Script[None]:
    yield Statement("UPDATE files SET bytes = ?, until = ? WHERE id = ?", (file.bytes, file.until, file.id))


def found(name: str, owner: str, at: int) -> Script[File]:
    """Raises CallerError."""
    sql = f"SELECT {_COLUMNS} FROM files WHERE id = ? AND owner = ? AND bytes IS NOT NULL AND (until > ? OR id IN {_NEEDED})"  # noqa: S608
    rows = yield Statement(sql, (name, owner, at))
    if not rows:
        raise CallerError(
            f"there is no file `{name[:64]}`", code="batch.no_file", status=404, hint="it may be deleted, expired, or another key's"
        )
    return _file(rows[0])


def listed(owner: str, at: int, *, after: str, limit: int, purpose: str, newest_first: bool) -> Script[list[File]]:
    """One more than ``limit`` where there are more."""
    sign, order = ("<", "DESC") if newest_first else (">", "ASC")
    sql, values = f"SELECT {_COLUMNS} FROM files WHERE owner = ? AND bytes IS NOT NULL AND until > ?", [owner, at]  # noqa: S608
    if purpose:
        sql, values = sql + " AND purpose = ?", [*values, purpose]
    if after:
        behind = f"(made, id) {sign} (SELECT made, id FROM files WHERE id = ? AND owner = ?)"  # noqa: S608
        sql, values = f"{sql} AND {behind}", [*values, after, owner]
    rows = yield Statement(f"{sql} ORDER BY made {order}, id {order} LIMIT ?", [*values, limit + 1])
    return [_file(row) for row in rows]


def read(file: str, after: int, bytes_max: int) -> Script[list[tuple[int, bytes]]]:
    """Pieces behind the one numbered ``after``, about as many as ``bytes_max`` holds, one at least; [] at the end."""
    out: list[tuple[int, bytes]] = []
    size = 0
    while size < bytes_max:
        sql = "SELECT number, sealed FROM file_pieces WHERE file = ? AND number > ? ORDER BY number LIMIT 1"
        rows = yield Statement(sql, (file, out[-1][0] if out else after))
        if not rows:
            break
        out.append((int(rows[0][0]), bytes(rows[0][1])))
        size += len(out[-1][1])
    return out


def piece(file: str, number: int) -> Script[bytes | None]:
    rows = yield Statement("SELECT sealed FROM file_pieces WHERE file = ? AND number = ?", (file, number))
    return bytes(rows[0][0]) if rows else None


def give_up(name: str, owner: str, at: int) -> Script[None]:
    """From now on it is nowhere; `prune` takes its pieces.  Raises CallerError."""
    yield from found(name, owner, at)
    if (yield Statement(f"SELECT id FROM files WHERE id = ? AND id IN {_NEEDED}", (name,))):  # noqa: S608
        raise CallerError(
            f"file `{name}` belongs to a batch that has not ended", code="batch.file_in_use", status=409, hint="cancel the batch first"
        )
    yield Statement("UPDATE files SET until = 0 WHERE id = ?", (name,))


def over(at: int) -> Script[list[str]]:
    rows = yield Statement(f"SELECT id FROM files WHERE until <= ? AND id NOT IN {_NEEDED}", (at,))  # noqa: S608
    return [row[0] for row in rows]


def prune(name: str, dialect: str) -> Script[bool]:
    """Some of its pieces, then the file; whether there may be more."""
    if dialect == "sqlite":
        yield Statement("PRAGMA secure_delete=ON")  # gone, not only unlisted
    some = "SELECT number FROM file_pieces WHERE file = ? ORDER BY number LIMIT ?"
    sql = f"DELETE FROM file_pieces WHERE file = ? AND number IN ({some}) RETURNING number"  # noqa: S608
    if (yield Statement(sql, (name, name, PIECES_AT_ONCE))):
        return True
    yield Statement("DELETE FROM files WHERE id = ?", (name,))
    return False


def _file(row: Row) -> File:
    name, owner, purpose, sealed, *numbers = row
    return File(name, owner, purpose, bytes(sealed), *numbers)
