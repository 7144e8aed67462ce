# SPDX-License-Identifier: Apache-2.0
"""Step 2 of the pipeline: what a request's texts carry.  Chats resend their history, so a text is scanned once.

The cache holds a keyed hash of each text and where something was found, never the text; it lives in memory and is bounded.
A recogniser that breaks, or a finder that takes too long, never counts as nothing found.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import Literal, NamedTuple, Protocol, get_args

import msgspec

from comity.ports import Clock, Random, SystemClock, SystemRandom
from comity.privacy.finder import Finder, Proposal
from comity.privacy.findings import Finding, Findings
from comity.privacy.pseudonym import Vault
from comity.privacy.scan import scan

__all__ = ["CACHE_TEXTS_MAX", "PROFILES", "Findings", "Guard", "Profile", "Protected", "scan"]

CACHE_TEXTS_MAX = 4096
CACHED_CHARACTERS_MIN = 128  # by rules alone, shorter texts are scanned faster than they are hashed
FINDERS_SECONDS_MAX = 10.0
WINDOW_CHARACTERS = 8192  # what a finder is asked at once: between two windows the clock is read
AROUND_CHARACTERS = 512  # read on both sides of a window, so that what lies across its edge is seen whole by one of them

Profile = Literal["rules", "balanced", "strict"]
PROFILES: tuple[Profile, ...] = get_args(Profile)


class Hides(Protocol):
    """A vault, of tags or of surrogates."""

    def protect(self, text: str, findings: Sequence[Finding]) -> str: ...


class Protected(msgspec.Struct, frozen=True, kw_only=True):
    """``text`` may leave; ``vault`` brings its originals back; ``findings`` are places of the text as it was."""

    text: str
    vault: Hides
    findings: tuple[Finding, ...]


class Guard:
    """Finds by rules, and by ``finders`` in the profiles that have models: `balanced` and `strict` without any are refused.

    cache_key:           16 to 64 random bytes of this process; empty: nothing is cached
    finders_seconds_max: what the finders may take for one `scan`, or for all texts of one `inspect`; then TimeoutError is raised
    """

    def __init__(
        self,
        profile: Profile = "rules",
        finders: Sequence[Finder] = (),
        *,
        cache_key: bytes = b"",
        cache_texts_max: int = CACHE_TEXTS_MAX,
        finders_seconds_max: float = FINDERS_SECONDS_MAX,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        if profile not in PROFILES:
            raise ValueError(f"`{profile}` is none of: {', '.join(PROFILES)}")
        if (profile == "rules") == bool(finders):
            raise ValueError("`rules` has no finders" if finders else f"`{profile}` without a finder would be `rules`")
        self.profile: Profile = profile
        self.finders = tuple(finders)
        self._seconds_max = finders_seconds_max
        self._clock, self._random = clock or SystemClock(), random or SystemRandom()
        self._key = cache_key[:64]
        self._max = cache_texts_max
        self._lock = Lock()  # models are asked in threads
        self._cache: OrderedDict[bytes, tuple[Finding, ...]] = OrderedDict()

    def __repr__(self) -> str:
        return f"Guard({self.profile!r})"

    def scan(self, text: str) -> tuple[Finding, ...]:
        """As `comity.privacy.scan.scan`, remembered.  Raises whatever a recogniser raises, and TimeoutError."""
        return self._scan(text, self._paced())

    def inspect(self, texts: Iterable[str]) -> Findings:
        """What ``texts`` carry.  A recogniser that breaks never counts as nothing found: `failed` is set."""
        by_text: list[tuple[Finding, ...]] = []
        failed = False
        finders = self._paced()
        for text in texts:
            try:
                by_text.append(self._scan(text, finders))
            except Exception:  # noqa: BLE001 — fails closed, whatever it was
                by_text.append(())
                failed = True
        return Findings(
            by_text=tuple(by_text),
            categories=frozenset(item.category for found in by_text for item in found if item.category is not None),
            types=frozenset(item.type for found in by_text for item in found),
            failed=failed,
        )

    def protect(self, text: str, vault: Hides | None = None) -> Protected:
        """``text`` with what was found hidden in ``vault``, a new one if there is none.  Raises as `scan` does: nothing half-hidden
        is ever given out."""
        findings = self.scan(text)
        if vault is None:
            vault = Vault(self._random.token(8))
        return Protected(text=vault.protect(text, findings), vault=vault, findings=findings)

    def _paced(self) -> tuple[Finder, ...]:
        if not self.finders:
            return ()
        last = self._clock.monotonic() + self._seconds_max
        return tuple(_Paced(finder, self._clock, last) for finder in self.finders)

    def _scan(self, text: str, finders: tuple[Finder, ...]) -> tuple[Finding, ...]:
        if not self._key or (len(text) < CACHED_CHARACTERS_MIN and not finders):
            return scan(text, finders)
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        with self._lock:
            found = self._cache.get(name)
            if found is not None:
                self._cache.move_to_end(name)
                return found
        found = scan(text, finders)
        with self._lock:
            if name not in self._cache and len(self._cache) >= self._max:
                self._cache.popitem(last=False)
            self._cache[name] = found
        return found


class _Paced(NamedTuple):
    """A finder that is asked a window at a time, and not past ``last``."""

    finder: Finder
    clock: Clock
    last: float  # of `Clock.monotonic`

    @property
    def name(self) -> str:
        return self.finder.name

    def find(self, text: str) -> list[Proposal]:
        found: list[Proposal] = []
        for start, end in _windows(text):
            self._in_time()
            shift = max(0, start - AROUND_CHARACTERS)
            for first, stop, kind, category, sure in self.finder.find(text[shift : end + AROUND_CHARACTERS]):
                place = Proposal(first + shift, stop + shift, kind, category, sure)
                if place.end > start and place.start < end:  # a window's own; beside it the neighbour sees more
                    found.append(place)
        self._in_time()
        return list(dict.fromkeys(found))

    def _in_time(self) -> None:
        if self.clock.monotonic() > self.last:
            raise TimeoutError(f"{self.name} took too long")


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Cut at the end of a line, else between words, where there is one in the last eighth."""
    start = 0
    while len(text) - start > WINDOW_CHARACTERS:
        end = start + WINDOW_CHARACTERS
        least = end - WINDOW_CHARACTERS // 8
        cut = max(text.rfind("\n", least, end), text.rfind("。", least, end))
        cut = cut if cut >= 0 else text.rfind(" ", least, end)
        end = cut + 1 if cut >= 0 else end
        yield start, end
        start = end
    yield start, len(text)
