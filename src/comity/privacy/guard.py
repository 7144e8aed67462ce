# SPDX-License-Identifier: Apache-2.0
"""Step 2 of the pipeline: what a request's texts carry.  Chats resend their history, so a text is scanned once.

The cache holds a keyed hash of each text and where something was found, never the text; it lives in memory and is bounded.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from typing import Literal

from comity.privacy.findings import Finding, Findings
from comity.privacy.scan import scan

__all__ = ["CACHE_TEXTS_MAX", "Findings", "Guard", "Profile", "scan"]

CACHE_TEXTS_MAX = 4096
CACHED_CHARACTERS_MIN = 128  # shorter texts are scanned faster than they are hashed

Profile = Literal["rules"]


class Guard:
    """``cache_key``: 16 to 64 random bytes of this process; empty: nothing is cached."""

    def __init__(self, profile: Profile = "rules", *, cache_key: bytes = b"", cache_texts_max: int = CACHE_TEXTS_MAX) -> None:
        self.profile: Profile = profile
        self._key = cache_key[:64]
        self._max = cache_texts_max
        self._cache: OrderedDict[bytes, tuple[Finding, ...]] = OrderedDict()

    def __repr__(self) -> str:
        return f"Guard({self.profile!r})"

    def scan(self, text: str) -> tuple[Finding, ...]:
        """As `comity.privacy.scan.scan`, remembered.  Raises whatever a recogniser raises."""
        if not self._key or len(text) < CACHED_CHARACTERS_MIN:
            return scan(text)
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        found = self._cache.get(name)
        if found is None:
            found = scan(text)
            if len(self._cache) >= self._max:
                self._cache.popitem(last=False)
            self._cache[name] = found
        else:
            self._cache.move_to_end(name)
        return found

    def inspect(self, texts: Iterable[str]) -> Findings:
        """What ``texts`` carry.  A recogniser that breaks never counts as nothing found: `failed` is set."""
        by_text: list[tuple[Finding, ...]] = []
        failed = False
        for text in texts:
            try:
                by_text.append(self.scan(text))
            except Exception:  # noqa: BLE001 — fails closed, whatever it was
                by_text.append(())
                failed = True
        return Findings(
            by_text=tuple(by_text),
            categories=frozenset(item.category for found in by_text for item in found if item.category is not None),
            types=frozenset(item.type for found in by_text for item in found),
            failed=failed,
        )
