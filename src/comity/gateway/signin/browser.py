# SPDX-License-Identifier: Apache-2.0
"""What a browser sends by itself, and what another site can therefore have it send: cookies, `Origin`, `Sec-Fetch-Site`.

A key in a header is no such thing: a page of another site cannot set one without asking first (CORS), which is granted to nobody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from comity.errors import CallerError

COOKIE, CSRF_HEADER = "comity_session", "comity-csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OTHERS = ("cross-site", "same-site")
Header = tuple[bytes, bytes]


def named(name: str, url: str) -> str:
    """By https no other host's pages, and none of another name below it, can put such a cookie there (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if url.startswith("https://") else name


def cookie(headers: Mapping[str, str], name: str = COOKIE) -> str:
    """Its value; "" for none, and where it stands twice: one of them was put there by somebody else."""
    pairs = (each.strip().partition("=") for each in headers.get("cookie", "").split(";"))
    found = [value for key, _, value in pairs if key == name]
    return found[0] if len(found) == 1 else ""


def set_cookie(name: str, value: str, *, seconds: int, secure: bool, site: str = "Strict") -> Header:
    """``seconds``: 0 takes it away."""
    said = f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={site}{'; Secure' if secure else ''}"
    return b"set-cookie", said.encode("ascii")


def csrf_of(token: str) -> str:
    """Follows from the session's token, which it does not tell."""
    return hashlib.blake2b(token.encode(), digest_size=32, person=b"comity-csrf").hexdigest()


def check_csrf(headers: Mapping[str, str], token: str) -> None:
    if not hmac.compare_digest(headers.get(CSRF_HEADER, "").encode(), csrf_of(token).encode()):
        raise CallerError(
            "a change in a session needs its `Comity-CSRF`", code="session.csrf", status=403, field=CSRF_HEADER,
            hint="`csrf` of GET /comity/v1/session",
        )  # fmt: skip


def check_look(headers: Mapping[str, str]) -> None:
    """For what changes nothing and shows no key: a page of another site may lead here, and not ask from where it is.  It could not read
    the answer; it could time it, and hold what is open for long."""
    leads = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest", "document") == "document"
    if headers.get("sec-fetch-site", "") in OTHERS and not leads:
        raise _foreign()


def check_site(headers: Mapping[str, str], hosts: Collection[str]) -> None:
    """For what changes something and shows no key.  ``hosts``: by which this gateway is also known."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "")
    foreign = site in OTHERS
    if origin is not None and not foreign:
        host = urlsplit(origin).netloc.lower() if origin.startswith(("http://", "https://")) else ""
        foreign = not host or host not in {headers.get("host", "").lower(), *hosts}
    if foreign:
        raise _foreign()


def _foreign() -> CallerError:
    return CallerError(
        "a page of another site asked for this", code="request.cross_site", status=403, field="origin",
        hint="call from a program, or show a key of this gateway in a header",
    )  # fmt: skip


def over_https(headers: Mapping[str, str], url: str) -> bool:
    """Whether the browser reached this gateway by https, whatever carried it the last part of the way."""
    return url.startswith("https://") or headers.get("origin", "").startswith("https://")
