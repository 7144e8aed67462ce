# SPDX-License-Identifier: Apache-2.0
"""The gateway's API beside the browser: for what others do while a page is open, and for what a page may not."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from tests.console.conftest import KEYS


def call(base: str, method: str, path: str, body: Any = None, *, role: str = "", **more: str) -> tuple[int, Any, str]:
    """Status, answer, and the session's cookie where one is set.  ``role``: whose key is shown."""
    headers = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in more.items()}
    if role:
        headers["authorization"] = f"Bearer {KEYS[role]}"
    connection = http.client.HTTPConnection(urlsplit(base).netloc)
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    raw, cookie = answer.read(), (answer.getheader("set-cookie") or "").split(";")[0]
    connection.close()
    return answer.status, json.loads(raw) if raw.startswith((b"{", b"[")) else raw.decode(), cookie


def ask(base: str, subject: str, text: str = "hello", *, model: str = "auto") -> int:
    """A request of a person, through the door."""
    said = f'id="{subject}", location="US", residence="US", age=35, consent=(general)'
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    return call(base, "POST", "/v1/chat/completions", body, role="engineer", comity_subject=said)[0]


def link(base: str, subject: str) -> str:
    """The path of a person's own link, as an officer makes it."""
    status, made, _ = call(base, "POST", "/comity/v1/me/links", {"subject": subject}, role="officer")
    assert status == 201
    path: str = made["link"]
    return path.removeprefix(base)


def asks_erasure(base: str, subject: str) -> str:
    """The id of what a person asked for in a session of their own."""
    status, begun, cookie = call(base, "POST", "/comity/v1/me/session", {"token": link(base, subject).partition("=")[2]})
    assert status == 200
    return str(call(base, "POST", "/comity/v1/me/erasure", {}, cookie=cookie, comity_csrf=begun["csrf"])[1]["id"])
