# SPDX-License-Identifier: Apache-2.0
"""Documents go in and out, and passages are found: by their words, by their meaning, and by both joined."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from comity.errors import CallerError, OperatorError, ProviderFailure
from comity.tasks.language import language_of
from comity.tasks.search.index import Index, Piece, digest_of
from comity.tasks.search.own import NO_MODEL, OwnVectors
from comity.tasks.shapes import Evidence, Result, ServedBy, Shape, Step
from comity.tasks.task import Places, Unreadable
from comity.tasks.vectors import Maker, Vectors, arrays

if TYPE_CHECKING:
    from comity.tasks.vectors import Floats

FILE = "documents.db"
CHARACTERS_MAX = 2_000_000
ID_CHARACTERS_MAX = 512
HITS_MAX = 100
LOOKED_AT = 50  # of each order, before they are joined
RANK_FLATTENS = 60  # how little the very first ranks count more than the next (Cormack et al. 2009, reciprocal rank fusion)
SIMILAR_MIN = 0.83
"""Cosine of two texts that have to do with each other; e5's vectors lie in a narrow cone, and any two texts are at 0.7 or above."""
FILLED_AT_ONCE = 64
NOTHING = "nothing_found"
Put = Literal["added", "updated", "unchanged"]


class Hit(Shape, frozen=True, kw_only=True):
    """``evidence`` stands in the document's own text.  ``words``: points by its words, 0 where none of them stands in it;
    ``similarity``: cosine of its meaning with what was asked, None where there are no vectors."""

    document: str
    title: str
    evidence: Evidence
    score: float
    words: float
    similarity: float | None


class Found(Shape, frozen=True, kw_only=True):
    """``by_meaning``: vectors were looked at too; else ``why``: `no_model`, or the code of what kept the model from answering.
    ``without_vectors``: passages that only their words can find until `Documents.fill`."""

    hits: tuple[Hit, ...]
    by_meaning: bool
    why: str = ""
    without_vectors: int = 0


class _Meant(NamedTuple):
    vectors: Vectors | None
    step: Step


class Documents:
    """One person's.  ``home``: the folder of the index's file."""

    def __init__(self, home: Path, places: Places) -> None:
        self._index = Index(home / FILE)
        self._own = OwnVectors(places)
        self._filling = asyncio.Lock()

    def close(self) -> None:
        self._index.close()

    async def put(self, document: str, text: str, *, title: str = "") -> Put:
        """Kept under ``document``, an id of the caller's, in the place of what was there.  Vectors follow as far as a model is here.

        Raises CallerError, StorageFailure."""
        _check(document, title, text)
        before = await asyncio.to_thread(self._index.digest, document)
        if before == digest_of(title, text):
            return "unchanged"
        await asyncio.to_thread(self._index.put, document, title, text)
        await self.fill()
        return "updated" if before else "added"

    async def forget(self, document: str) -> bool:
        """Whether it was there.  Nothing of it is left in the file.  Raises StorageFailure."""
        return await asyncio.to_thread(self._index.remove, document)

    async def clear(self) -> None:
        await asyncio.to_thread(self._index.clear)

    async def kept(self) -> list[tuple[str, str]]:
        """(id, title) of each document."""
        return await asyncio.to_thread(self._index.documents)

    async def fill(self) -> int:
        """Makes the vectors that are missing, or that another model made; how many are missing still (-1: no model is here)."""
        async with self._filling:
            first = await self._meaning(["-"])
            if first.vectors is None:
                return -1
            by = first.vectors.by
            while pieces := await asyncio.to_thread(self._index.without, by, FILLED_AT_ONCE):
                made = await self._meaning([_said(piece) for piece in pieces])
                if made.vectors is None or made.vectors.by != by:
                    break
                rows: dict[int, Floats] = {piece.number: row for piece, row in zip(pieces, made.vectors.rows, strict=True)}
                await asyncio.to_thread(self._index.keep, by, rows)
            return await asyncio.to_thread(self._index.count_without, by)

    async def find(self, query: str, *, most: int = 5) -> Result[Found]:
        """Raises CallerError, StorageFailure."""
        if not query.strip() or len(query) > CHARACTERS_MAX or not 0 < most <= HITS_MAX:
            raise CallerError(f"`query` is empty or `most` is not 1 to {HITS_MAX}", code="request.invalid", field="query")
        words = await asyncio.to_thread(self._index.words, query)
        meant = await self._meaning([query])
        near = await asyncio.to_thread(self._near, meant.vectors) if meant.vectors is not None else []
        left = await asyncio.to_thread(self._index.count_without, meant.vectors.by) if meant.vectors is not None else 0
        hits = await asyncio.to_thread(self._joined, words, near, meant.vectors is not None, most)
        found = Found(
            hits=hits, by_meaning=meant.vectors is not None, why="" if meant.vectors is not None else meant.step.why, without_vectors=left
        )
        by = meant.vectors.by if meant.vectors is not None else Maker("", "")
        return Result(
            task="search", language=language_of(query).tag, value=found if hits else None, evidence=tuple(hit.evidence for hit in hits),
            abstained=not hits, why="" if hits else NOTHING, steps=(meant.step,),
            served_by=ServedBy(deployment=meant.step.deployment, model=by.model, sha256=by.sha256, region=("device",)),
        )  # fmt: skip

    async def _meaning(self, texts: list[str]) -> _Meant:
        """What keeps the device's model from answering is said, and words alone must do: nobody else is asked."""
        here = (*self._own.here(), "")[0]
        try:
            vectors = await self._own.of(texts)
            return _Meant(vectors, Step(deployment=here, outcome="answered" if vectors else "not_ready", why="" if vectors else NO_MODEL))
        except Unreadable as unreadable:
            return _Meant(None, Step(deployment=here, outcome="unreadable", why=unreadable.code))
        except CallerError as error:
            if error.code != "request.too_long":
                raise
            return _Meant(None, Step(deployment=here, outcome="too_long", why=error.code))
        except (ProviderFailure, OperatorError) as error:
            return _Meant(None, Step(deployment=here, outcome="failed", why=error.code))

    def _near(self, asked: Vectors) -> list[tuple[int, float]]:
        """Passages by their cosine with what was asked, best first."""
        np: Any = arrays()
        numbers, packed = self._index.vectors(asked.by)
        size = asked.rows.shape[1]
        whole = [(number, each) for number, each in zip(numbers, packed, strict=True) if len(each) == 2 * size]
        if not whole:
            return []
        rows = np.frombuffer(b"".join(each for _, each in whole), dtype="<f2").reshape(len(whole), size)
        cosines = rows.astype(np.float32) @ asked.rows[0].astype(np.float32)
        order = np.argsort(-cosines, kind="stable")
        return [(whole[each][0], float(cosines[each])) for each in order.tolist()]

    def _joined(self, words: list[tuple[int, float]], near: list[tuple[int, float]], meant: bool, most: int) -> tuple[Hit, ...]:
        points, cosines = dict(words), dict(near)
        scores: dict[int, float] = {}
        for order in (words[:LOOKED_AT], [each for each in near[:LOOKED_AT] if each[1] >= SIMILAR_MIN]):
            for rank, (number, _) in enumerate(order):
                scores[number] = scores.get(number, 0.0) + 1 / (RANK_FLATTENS + rank)
        best = sorted(scores, key=lambda number: (-scores[number], number))[:most]
        return tuple(_hit(piece, scores, points, cosines, meant) for piece in self._index.pieces(best))


def _hit(piece: Piece, scores: dict[int, float], points: dict[int, float], cosines: dict[int, float], meant: bool) -> Hit:
    evidence = Evidence(text=piece.text, start=piece.span.start, end=piece.span.end)
    return Hit(
        document=piece.document, title=piece.title, evidence=evidence, score=scores[piece.number], words=points.get(piece.number, 0.0),
        similarity=cosines.get(piece.number) if meant else None,
    )  # fmt: skip


def _said(piece: Piece) -> str:
    """What a passage means depends on what it is a passage of."""
    return f"{piece.title}\n{piece.text}" if piece.title else piece.text


def _check(document: str, title: str, text: str) -> None:
    """Raises CallerError."""
    if not 0 < len(document) <= ID_CHARACTERS_MAX or len(title) > ID_CHARACTERS_MAX or len(text) > CHARACTERS_MAX:
        raise CallerError(
            f"a document has an id and a title of at most {ID_CHARACTERS_MAX} characters and a text of at most {CHARACTERS_MAX}",
            code="request.invalid", field="document", hint="put it in as several documents",
        )  # fmt: skip
    try:
        (document + title + text).encode()
    except UnicodeEncodeError:
        raise CallerError("the text is not Unicode: it holds half a character", code="request.invalid", field="text") from None
