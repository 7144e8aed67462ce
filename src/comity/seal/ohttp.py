# SPDX-License-Identifier: Apache-2.0
"""Oblivious HTTP (RFC 9458 section 4): one request and its one answer, each sealed whole.

The answer's key comes from the request's context and a nonce that the node draws, so that an answer opens for nobody but who asked, and for
no other question of theirs.  `chunked.py` seals what comes bit by bit; both share the head of a request and the making of the answer's key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from comity.errors import CallerError, TrustFailure
from comity.ports import Random
from comity.seal.epochs import KeyPair
from comity.seal.hpke import NONCE_BYTES, TAG_BYTES, Cipher, Context, Suite, recipient, sender
from comity.seal.kdf import expand, extract
from comity.seal.kem import supported
from comity.seal.keyconfig import KeyConfig

REQUEST_TYPE, RESPONSE_TYPE = "message/ohttp-req", "message/ohttp-res"
HEADER_BYTES = 7
Find = Callable[[int], KeyPair]
"""The key pair that one byte names; raises TrustFailure where there is none."""


class Form(NamedTuple):
    """What keeps the two forms apart: neither opens as the other."""

    request: bytes
    response: bytes


WHOLE = Form(b"message/bhttp request", b"message/bhttp response")
CHUNKED = Form(b"message/bhttp chunked request", b"message/bhttp chunked response")


class Exchange(NamedTuple):
    """One request, at either end: its context, what its answer's key is made from, and whose key it is for.  ``pair``: at the node only."""

    context: Context
    encapsulated: bytes
    form: Form
    config: KeyConfig
    pair: KeyPair | None = None

    @property
    def nonce_bytes(self) -> int:
        return max(NONCE_BYTES, self.context.suite.key_bytes)

    def answer(self, nonce: bytes) -> Cipher:
        """Section 4.4.  Of the same nonce comes the same key, so a node draws one for each answer."""
        suite = self.context.suite
        prk = extract(self.encapsulated + nonce, self.context.export(self.form.response, self.nonce_bytes))
        return Cipher(suite.aead, expand(prk, b"key", suite.key_bytes), expand(prk, b"nonce", NONCE_BYTES))


def asked(config: KeyConfig, suite: Suite, random: Random, form: Form) -> tuple[bytes, Exchange]:
    """At the client: the head of a request, and the exchange.  Raises TrustFailure where the key does not offer the suite."""
    config.choose((suite,))
    head = config.key_id.to_bytes(1, "big") + suite.encoded
    encapsulated, context = sender(suite, config.key, form.request + b"\x00" + head, random)
    return head + encapsulated, Exchange(context, encapsulated, form, config)


def head_bytes(start: bytes | bytearray) -> int:
    """How long the head is that begins with these three bytes or more."""
    return HEADER_BYTES + supported(int.from_bytes(start[1:3], "big")).encapsulated


def received(head: bytes, find: Find, form: Form) -> Exchange:
    """At the node, from the whole head of a request."""
    kem, kdf, aead = (int.from_bytes(head[at : at + 2], "big") for at in (1, 3, 5))
    suite = Suite(kem, kdf, aead)
    suite.check()
    pair = find(head[0])
    if suite not in pair.suites:
        raise TrustFailure("the key does not offer this suite", step="suite", code="trust.suite")
    encapsulated = head[HEADER_BYTES:]
    context = recipient(suite, pair.private, encapsulated, form.request + b"\x00" + head[:HEADER_BYTES])
    return Exchange(context, encapsulated, form, pair.config, pair)


def seal_request(config: KeyConfig, suite: Suite, message: bytes, random: Random) -> tuple[bytes, Exchange]:
    head, exchange = asked(config, suite, random, WHOLE)
    return head + exchange.context.cipher.seal(message), exchange


def open_request(sealed: bytes, find: Find) -> tuple[bytes, Exchange]:
    if len(sealed) < HEADER_BYTES or len(sealed) < (size := head_bytes(sealed)) + TAG_BYTES:
        raise CallerError("the sealed request is shorter than one can be", code="seal.malformed")
    exchange = received(sealed[:size], find, WHOLE)
    return exchange.context.cipher.open(sealed[size:]), exchange


def seal_response(exchange: Exchange, message: bytes, random: Random) -> bytes:
    nonce = random.token(exchange.nonce_bytes)
    return nonce + exchange.answer(nonce).seal(message)


def open_response(exchange: Exchange, sealed: bytes) -> bytes:
    size = exchange.nonce_bytes
    if len(sealed) < size + TAG_BYTES:
        raise TrustFailure("the sealed answer is shorter than one can be", step="truncated", code="trust.truncated")
    return exchange.answer(sealed[:size]).open(sealed[size:])
