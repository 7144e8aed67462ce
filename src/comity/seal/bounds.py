# SPDX-License-Identifier: Apache-2.0
"""In how many pieces a message may come.  A piece costs its reader far more than the bytes in it: without a bound, few bytes keep a
machine busy for seconds."""

from __future__ import annotations

from comity.errors import CallerError

PIECES_FREE, PIECE_BYTES = 65_536, 64
"""So many pieces in any case, and one more for each so many bytes."""


def worth(pieces: int, size: int) -> None:
    """Raises CallerError where ``size`` bytes came in more pieces than they may."""
    if pieces > PIECES_FREE + size // PIECE_BYTES:
        raise CallerError("the message comes in too many pieces for its size", code="seal.too_large", status=413)
