# SPDX-License-Identifier: Apache-2.0
"""Errors outside the seal, as problem details (RFC 9457): whoever relays reads them, so they say which step failed and nothing else.

A key that this node does not hold is told in RFC 9458's own form (section 5.3): any client of Oblivious HTTP then fetches the keys again.
"""

from __future__ import annotations

from http import HTTPStatus

from comity.errors import CallerError, ComityError, TrustFailure
from comity.gateway.exchange import Exchange, Headers
from comity.gateway.http import NO_STORE, encode

KEY_PROBLEM = "https://iana.org/assignments/http-problem-types#ohttp-key"
PROBLEM = (b"content-type", b"application/problem+json")
RETRY_SECONDS = 5
_OF_THE_KEY = frozenset({"epoch", "key-config", "suite"})


async def respond_problem(exchange: Exchange, error: ComityError, further: Headers = ()) -> int:
    """The status.  Nothing is sent once an answer has begun: that it does not end says it."""
    step = error.step if isinstance(error, TrustFailure) else ""
    status = error.status
    if isinstance(error, TrustFailure) and status >= 500:  # it is the request that does not hold: 400 where another key mends it
        status = 400 if step in _OF_THE_KEY else 422
    if not exchange.begun:
        kind = KEY_PROBLEM if step in _OF_THE_KEY or error.code == "seal.unsupported" else "about:blank"
        told = {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": str(error), "code": error.code,
                "hint": error.hint, "step": step}  # fmt: skip
        headers = [PROBLEM, NO_STORE, *further, *([(b"retry-after", b"%d" % RETRY_SECONDS)] if status == 503 else [])]
        await exchange.respond(status, encode({name: value for name, value in told.items() if value != ""}), headers)
    return status


def nowhere(hint: str) -> CallerError:
    return CallerError("nothing is open there", code="request.unknown_path", status=404, hint=hint)
