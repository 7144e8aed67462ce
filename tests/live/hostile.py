# SPDX-License-Identifier: Apache-2.0
"""A relay whose operator means ill: what goes to a node and comes back passes through its hands, and it keeps all of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from comity.lab.process import Reply, call
from comity.seal.varint import decoded, size_of

DOCUMENT, SEALED = "/comity/v1/node", "/comity/v1/sealed"
PASSED = ("content-type", "comity-key", "incremental", "accept")
LAST_BYTES = 17  # a length of 0, and the tag
NONCE_BYTES = 32  # of an answer under a key of 32 bytes


@dataclass
class Attack:
    """What is done to what passes under one path.  ``sealed_to``: where sealed requests go instead."""

    document: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document
    request: Callable[[bytes], list[bytes]] = lambda sealed: [sealed]  # those that are sent
    back: int = 0  # which of their answers goes back
    answer: Callable[[bytes], bytes] = lambda sealed: sealed
    whole: bool = True  # False: the connection breaks behind the answer
    sealed_to: str = ""
    replies: list[Reply] = field(default_factory=list)  # of the node, to what was sealed


class Hostile:
    """`/{attack}/…` goes to ``node``."""

    def __init__(self, node: str) -> None:
        self.node, self.attacks = node, dict[str, Attack]()
        self.seen = bytearray()
        self._one = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Hand", (_Hand,), {"relay": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True, name="hostile")

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def keep(self, *pieces: bytes) -> None:
        with self._one:
            for each in pieces:
                self.seen += each

    def passed(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[Reply, bytes, bool]:
        _, name, rest = path.split("/", 2)
        attack, rest = self.attacks[name], f"/{rest}"
        self.keep(f"{method} {path} {headers}".encode(), body)
        if rest != SEALED:
            reply = call(self.node, method, rest)
            edited = reply.body
            if rest == DOCUMENT:
                edited = json.dumps(attack.document(json.loads(reply.body))).encode()
            self.keep(reply.body, edited)
            return reply, edited, True
        carried = {name: headers[name] for name in PASSED if name in headers}
        replies = [call(attack.sealed_to or self.node, method, rest, each, carried) for each in attack.request(body)]
        attack.replies += replies
        self.keep(*(each.body for each in replies))
        reply = replies[attack.back]
        return reply, attack.answer(reply.body) if reply.status == 200 else reply.body, attack.whole

    def __enter__(self) -> Hostile:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Hand(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    relay: Hostile

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply, said, whole = self.relay.passed(self.command, self.path, headers, body)
        self.send_response(reply.status)
        for name in ("content-type", "incremental"):
            if name in reply.headers:
                self.send_header(name, reply.headers[name])
        self.send_header("content-length", str(len(said) + (0 if whole else 100)))
        self.end_headers()
        self.wfile.write(said)
        self.close_connection = not whole

    do_GET = do_POST = _answer

    def log_message(self, *_: object) -> None:
        pass


# -- what can be done to a sealed answer -------------------------------------------------------------------------------


def chunks(answer: bytes) -> tuple[bytes, list[bytes]]:
    """The nonce, and each chunk with its length; the last is what follows a length of 0."""
    nonce, rest, found = answer[:NONCE_BYTES], answer[NONCE_BYTES:], list[bytes]()
    while True:
        begin = size_of(rest[0])
        size = decoded(rest[:begin])
        end = begin + size if size else len(rest)
        found.append(rest[:end])
        rest = rest[end:]
        if not size:
            assert len(found) > 3, "too short to be put in another order"
            return nonce, found


def swapped(answer: bytes) -> bytes:
    nonce, [first, second, *rest] = chunks(answer)
    return b"".join((nonce, second, first, *rest))


def repeated(answer: bytes) -> bytes:
    nonce, [first, *rest] = chunks(answer)
    return b"".join((nonce, first, first, *rest))


def left_out(answer: bytes) -> bytes:
    nonce, [first, _, *rest] = chunks(answer)
    return b"".join((nonce, first, *rest))


def bent(answer: bytes) -> bytes:
    """One bit of the second chunk."""
    nonce, [first, second, *rest] = chunks(answer)
    return b"".join((nonce, first, second[:-1], bytes([second[-1] ^ 1]), *rest))


def cut(answer: bytes) -> bytes:
    """All but the last chunk, which is empty under its seal and alone says that the rest is whole."""
    return answer[:-LAST_BYTES]
