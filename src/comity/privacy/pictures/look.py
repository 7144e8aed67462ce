# SPDX-License-Identifier: Apache-2.0
"""What the images of a request carry, and what leaves in their place.

What was read is scanned as one text, so that a word and the number it names may stand in different lines.  Where something was found is
remembered by a keyed hash of the image, as the guard remembers texts: never what it was.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from comity.errors import CallerError
from comity.ports import Clock
from comity.privacy.findings import Finding, Findings
from comity.privacy.guard import Guard
from comity.privacy.pictures.image import opened, painted, written
from comity.privacy.pictures.places import Point
from comity.privacy.pictures.reader import SURE, Beat, Line
from comity.wire.chat import ChatRequest, ImagePart, Part
from comity.wire.request import Request

if TYPE_CHECKING:
    from PIL.Image import Image

CACHE_IMAGES_MAX = 512
UNREAD_MIN = 5  # characters: less is an ornament more often than text
BESIDE = 2.0  # heights of a line: what stands nearer may be one number, what stands farther is another column

Quad = tuple[Point, Point, Point, Point]


class Reads(Protocol):
    """`reader.Reader`, or what a test has in its place."""

    def rows(self, image: Image, beat: Beat) -> list[list[Line]]: ...


class Spot(NamedTuple):
    """What was found, and the corners of where.  ``type`` is empty where text stands that could not be read surely: it is painted over
    like the rest, since it may be anything, and counts as nothing."""

    type: str
    category: str | None
    corners: Quad


class Pictures:
    """One thread, whoever asks: what reading an image costs is memory and a core, and texts are not to wait for it.

    seconds_max: for all images of one request, waiting for those of others included
    """

    def __init__(self, reader: Reads, guard: Guard, *, clock: Clock, seconds_max: float, cache_key: bytes = b"") -> None:
        self._reader, self._guard, self._clock, self._seconds_max = reader, guard, clock, seconds_max
        self._key = cache_key[:64]
        self._cache: OrderedDict[bytes, tuple[Spot, ...]] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, "images")

    def inspect(self, urls: Sequence[str], found: Findings) -> Future[Findings]:
        """``found``, and what the images carry.  Raises CallerError for an image that cannot be read; where the reading breaks or takes
        too long, `failed` is set."""
        last = self._clock.monotonic() + self._seconds_max

        def beat() -> None:
            if self._clock.monotonic() > last:
                raise TimeoutError("reading the images took too long")

        return self._thread.submit(self._inspect, urls, found, beat)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _inspect(self, urls: Sequence[str], found: Findings, beat: Beat) -> Findings:
        try:
            seen = [self._seen(url, beat) for url in urls]
        except CallerError:
            raise
        except Exception:  # noqa: BLE001 — fails closed, whatever it was
            return msgspec.structs.replace(found, failed=True)
        spots = [spot for here, _ in seen for spot in here]
        return msgspec.structs.replace(
            found,
            categories=found.categories | {spot.category for spot in spots if spot.category is not None},
            types=found.types | {spot.type for spot in spots if spot.type},
            images=tuple(leaves for _, leaves in seen),
        )

    def _seen(self, url: str, beat: Beat) -> tuple[tuple[Spot, ...], str]:
        """Where something is, and the image as it leaves."""
        beat()
        image, kind = opened(url)
        name = hashlib.blake2b(url.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        spots = self._cache.pop(name, None)
        if spots is None:
            spots = tuple(_spots(self._reader.rows(image, beat), self._guard))
        if self._key:
            self._cache[name] = spots
            if len(self._cache) > CACHE_IMAGES_MAX:
                self._cache.popitem(last=False)
        return spots, written(painted(image, (spot.corners for spot in spots)), kind)


def images(request: Request) -> list[str]:
    """The URLs of all images of a chat, in order."""
    if not isinstance(request, ChatRequest):
        return []
    parts = (part for message in request.messages if isinstance(message.content, tuple) for part in message.content)
    return [part.image_url.url for part in parts if isinstance(part, ImagePart)]


def with_images(request: Request, urls: Sequence[str]) -> Request:
    """``request`` with ``urls`` in the place of those that `images` lists."""
    assert isinstance(request, ChatRequest)
    left = iter(urls)

    def other(part: Part) -> Part:
        if not isinstance(part, ImagePart):
            return part
        return ImagePart(image_url=msgspec.structs.replace(part.image_url, url=next(left)))

    messages = tuple(
        msgspec.structs.replace(message, content=tuple(map(other, message.content))) if isinstance(message.content, tuple) else message
        for message in request.messages
    )
    return msgspec.structs.replace(request, messages=messages)


def _spots(rows: Sequence[Sequence[Line]], guard: Guard) -> list[Spot]:
    """Raises whatever the guard raises."""
    text, lines = "", list[tuple[int, Line]]()
    for row in rows:
        before: Line | None = None
        for line in row:
            if before is not None:
                text += " " if _gap(before, line) < BESIDE * line.place.size[1] else "\t"
            lines.append((len(text), line))
            text, before = text + line.text, line
        text += "\n"
    found = [Spot(each.type, each.category, corners) for each in guard.scan(text) for corners in _corners(each, lines)]
    unread = [line for _, line in lines if line.sure < SURE and len(line.text.replace(" ", "")) >= UNREAD_MIN]
    return [*found, *(Spot("", None, line.place.part(0, 1)) for line in unread)]


def _gap(one: Line, other: Line) -> float:
    end, start = one.place.part(1, 1)[0], other.place.corner
    return float(((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5)


def _corners(found: Finding, lines: Sequence[tuple[int, Line]]) -> list[Quad]:
    """Of the part of each line that holds some of it: as far as the middle of the character before and behind, since the model does not
    say where one ends."""
    out = []
    for start, line in lines:
        first, last = max(found.start - start, 0), min(found.end - start, len(line.text))
        if first < last:
            left = line.at[first - 1] if first else 0.0
            right = line.at[last] if last < len(line.at) else 1.0
            out.append(line.place.part(left, right))
    return out
