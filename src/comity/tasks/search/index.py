# SPDX-License-Identifier: Apache-2.0
"""The index: documents, their passages, the words and the vectors of each, in one SQLite file for its owner alone.

What is kept is the text itself, as readable as the documents are.  What is removed is overwritten, in the file and in its log.
"""

from __future__ import annotations

import hashlib
import math
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from comity.storage.sqlite import connect, told
from comity.tasks.search.passages import Span, passages
from comity.tasks.search.terms import terms

if TYPE_CHECKING:
    from comity.tasks.vectors import Floats, Maker

TABLES = (
    """
    CREATE TABLE documents (id TEXT PRIMARY KEY, title TEXT NOT NULL, text TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE passages (
      number INTEGER PRIMARY KEY,
      document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
      start INTEGER NOT NULL, finish INTEGER NOT NULL, words INTEGER NOT NULL,
      maker TEXT NOT NULL, vector BLOB NOT NULL
    );
    CREATE INDEX passages_of ON passages (document);
    CREATE TABLE postings (
      term TEXT NOT NULL, passage INTEGER NOT NULL REFERENCES passages (number) ON DELETE CASCADE, times INTEGER NOT NULL,
      PRIMARY KEY (term, passage)
    ) WITHOUT ROWID;
    CREATE INDEX postings_of ON postings (passage)
    """,
)
TERMS_ASKED_MAX = 64
SATURATION, LENGTH_SHARE = 1.2, 0.75  # k1 and b of BM25 (Robertson and Zaragoza 2009, section 3)


class Piece(NamedTuple):
    number: int
    document: str
    title: str
    span: Span
    text: str


class Index:
    """Used from one thread at a time; the lock sees to it.  Every method raises StorageFailure."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path, TABLES)
        self._lock = threading.Lock()
        with told():
            self._db.execute("PRAGMA secure_delete=ON")

    def close(self) -> None:
        self._db.close()

    def digest(self, document: str) -> bytes:
        """Of the title and the text that are kept; b"" of none."""
        with self._reading():
            row = self._db.execute("SELECT digest FROM documents WHERE id = ?", (document,)).fetchone()
        return bytes(row[0]) if row else b""

    def documents(self) -> list[tuple[str, str]]:
        """(id, title) of each."""
        with self._reading():
            return self._db.execute("SELECT id, title FROM documents ORDER BY id").fetchall()

    def put(self, document: str, title: str, text: str) -> None:
        """In the place of what was there under that id.  A passage that stands in both keeps its vector."""
        with self._writing():
            before = self._db.execute("SELECT text FROM documents WHERE id = ? AND title = ?", (document, title)).fetchone()
            rows = self._db.execute("SELECT start, finish, maker, vector FROM passages WHERE document = ?", (document,)).fetchall()
            known = {before[0][start:finish]: (maker, vector) for start, finish, maker, vector in rows if before}
            self._db.execute("DELETE FROM documents WHERE id = ?", (document,))
            self._db.execute("INSERT INTO documents VALUES (?, ?, ?, ?)", (document, title, text, digest_of(title, text)))
            for span in passages(text):
                self._add(document, title, text[span.start : span.end], span, known)
        self._erased()

    def _add(self, document: str, title: str, text: str, span: Span, known: Mapping[str, tuple[str, bytes]]) -> None:
        counts = Counter(terms(text))
        maker, vector = known.get(text, ("", b""))
        number = self._db.execute(
            "INSERT INTO passages (document, start, finish, words, maker, vector) VALUES (?, ?, ?, ?, ?, ?)",
            (document, span.start, span.end, sum(counts.values()), maker, vector),
        ).lastrowid
        for term in terms(title):
            counts[term] = max(1, counts[term])
        self._db.executemany("INSERT INTO postings VALUES (?, ?, ?)", [(term, number, times) for term, times in counts.items()])

    def remove(self, document: str) -> bool:
        """Whether it was there."""
        with self._writing():
            gone = self._db.execute("DELETE FROM documents WHERE id = ?", (document,)).rowcount > 0
        self._erased()
        return gone

    def clear(self) -> None:
        with self._writing():
            self._db.execute("DELETE FROM documents")
        self._erased()

    def pieces(self, numbers: Sequence[int]) -> list[Piece]:
        """In the order asked; what has gone meanwhile is left out."""
        with self._reading():
            rows = [
                self._db.execute(
                    "SELECT p.number, d.id, d.title, p.start, p.finish, d.text FROM passages p JOIN documents d ON d.id = p.document"
                    " WHERE p.number = ?",
                    (number,),
                ).fetchone()
                for number in numbers
            ]
        return [Piece(row[0], row[1], row[2], Span(row[3], row[4]), row[5][row[3] : row[4]]) for row in rows if row is not None]

    def words(self, query: str) -> list[tuple[int, float]]:
        """Passages that hold a word of ``query``, best first (BM25)."""
        asked = list(dict.fromkeys(terms(query, asked=True)))[:TERMS_ASKED_MAX]
        scores: Counter[int] = Counter()
        with self._reading():
            count, mean = self._db.execute("SELECT count(*), avg(words) FROM passages").fetchone()
            for term in asked:
                rows = self._db.execute(
                    "SELECT o.passage, o.times, p.words FROM postings o JOIN passages p ON p.number = o.passage WHERE o.term = ?", (term,)
                ).fetchall()
                rarity = math.log1p((count - len(rows) + 0.5) / (len(rows) + 0.5))
                for number, times, words in rows:
                    room = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * words / max(1.0, mean))
                    scores[number] += rarity * times * (SATURATION + 1) / (times + room)
        return sorted(scores.items(), key=lambda each: (-each[1], each[0]))

    # -- vectors ------------------------------------------------------------------------------------------------------

    def without(self, maker: Maker, most: int) -> list[Piece]:
        """Passages that have no vector of ``maker``."""
        with self._reading():
            rows = self._db.execute("SELECT number FROM passages WHERE maker <> ? ORDER BY number LIMIT ?", (_key(maker), most)).fetchall()
        return self.pieces([row[0] for row in rows])

    def count_without(self, maker: Maker) -> int:
        with self._reading():
            return int(self._db.execute("SELECT count(*) FROM passages WHERE maker <> ?", (_key(maker),)).fetchone()[0])

    def keep(self, maker: Maker, vectors: Mapping[int, Floats]) -> None:
        """By passage; of one that has gone meanwhile nothing is kept."""
        with self._writing():
            self._db.executemany(
                "UPDATE passages SET maker = ?, vector = ? WHERE number = ?",
                [(_key(maker), vector.astype("<f2").tobytes(), number) for number, vector in vectors.items()],
            )

    def vectors(self, maker: Maker) -> tuple[list[int], list[bytes]]:
        """(numbers of passages, the 16-bit floats of each)."""
        with self._reading():
            rows = self._db.execute("SELECT number, vector FROM passages WHERE maker = ? ORDER BY number", (_key(maker),)).fetchall()
        return [row[0] for row in rows], [row[1] for row in rows]

    # -- transactions -------------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, told():
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _erased(self) -> None:
        """Pages are overwritten by SQLite itself (`secure_delete`); the write-ahead log still has them until it is cut off."""
        with self._lock, told():
            busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if busy:
                raise sqlite3.OperationalError("another process reads the index")


def digest_of(title: str, text: str) -> bytes:
    return hashlib.sha256(title.encode("utf-8", "surrogatepass") + b"\0" + text.encode("utf-8", "surrogatepass")).digest()


def _key(maker: Maker) -> str:
    return maker.sha256 or f"named {maker.model}"
