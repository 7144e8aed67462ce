# SPDX-License-Identifier: Apache-2.0
"""The files under `static/`, by path: an index made once at a start, so no path can lead anywhere else.

Every path of the console is one page, which finds out by itself what it shows.  Its policy lets nothing run but these files, nothing be
fetched but from this gateway, and no text become HTML (`require-trusted-types-for`): the console builds its pages of text nodes.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from comity.config import ConsoleConfig
from comity.gateway.http import etag_of
from comity.gateway.pages import Page

ROOT, PUBLIC = "/console", "/transparency"
STATIC = f"{ROOT}/static/"
SHELL = "index.html"
KINDS = {
    "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
    "json": "application/json", "svg": "image/svg+xml", "png": "image/png", "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8", "md": "text/plain; charset=utf-8",
}  # fmt: skip
POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' blob: data:",
        "font-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)  # fmt: skip
HEADERS = tuple(
    (name.encode(), value.encode())
    for name, value in (
        ("content-security-policy", POLICY), ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin"), ("x-frame-options", "DENY"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"), ("cache-control", "no-cache"),
    )
)  # fmt: skip
"""`no-cache`: kept, and asked for again by its ETag, so a newer gateway is never shown with an older page."""


class Pages:
    """Called with a path: a `comity.gateway.pages.Pages`."""

    def __init__(self) -> None:
        self._files = {STATIC + path: _page(path, file) for path, file in _under(files("comity.console").joinpath("static"), "")}
        self._shell = self._files[STATIC + SHELL]

    def __call__(self, path: str, config: ConsoleConfig) -> Page | None:
        if not config.enabled:
            return None
        if path.startswith(STATIC):
            return self._files.get(path)
        if path == ROOT or path.startswith(f"{ROOT}/") or (path == PUBLIC and config.transparency):
            return self._shell
        return None


def _under(folder: Traversable, before: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for each in folder.iterdir():
        path = before + each.name
        if each.is_dir():
            found += _under(each, f"{path}/")
        elif path.rpartition(".")[2] in KINDS:
            found.append((path, each))
    return found


def _page(path: str, file: Traversable) -> Page:
    body = file.read_bytes()
    return Page(body, etag_of(body), (b"content-type", KINDS[path.rpartition(".")[2]].encode()), HEADERS)
