# SPDX-License-Identifier: Apache-2.0
"""Chunked Oblivious HTTP (draft-ietf-ohai-chunked-ohttp): a request or an answer sealed while it comes.

Chunks are numbered by their nonces, so none can be left out, repeated or moved; the last one is sealed as the last, so a stream that was
cut is a TrustFailure of the step `truncated` and never a short answer.  The last chunk ends where the stream ends: cut short and altered
look alike there, and both are called truncated.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from comity.errors import CallerError, ComityError, TrustFailure
from comity.ports import Random
from comity.seal.bounds import worth
from comity.seal.hpke import TAG_BYTES, Cipher, Suite
from comity.seal.keyconfig import KeyConfig
from comity.seal.ohttp import CHUNKED, Exchange, Find, asked, head_bytes, received
from comity.seal.varint import decoded, encoded, size_of

REQUEST_TYPE, RESPONSE_TYPE = "message/ohttp-chunked-req", "message/ohttp-chunked-res"
CHUNK_BYTES = 1 << 14  # of plaintext: what every receiver must take
CHUNK_BYTES_MAX = 1 << 24  # of one sealed chunk: what is held in memory before any of it is known to be good
_LAST = b"final"


class Writer:
    """Seals a stream.  Send what each call returns, in order; without `close` the other end takes it for cut."""

    def __init__(self, head: bytes, cipher: Cipher) -> None:
        self._head, self._cipher = head, cipher
        self.closed = False

    def write(self, data: bytes) -> bytes:
        """One chunk, or several where ``data`` is long; of nothing, nothing but the head if it has not gone yet."""
        self._check()
        out, self._head = [self._head], b""
        for at in range(0, len(data), CHUNK_BYTES):
            sealed = self._cipher.seal(data[at : at + CHUNK_BYTES])
            out += (encoded(len(sealed)), sealed)
        return b"".join(out)

    def close(self, data: bytes = b"") -> bytes:
        """The last chunk, empty: what is left to say goes before it."""
        out = self.write(data)
        self.closed = True
        return out + b"\x00" + self._cipher.seal(b"", _LAST)

    def _check(self) -> None:
        if self.closed:
            raise CallerError("the sealed stream is closed", code="seal.closed")


class Reader:
    """Opens a stream from bytes cut anywhere.  What `feed` returns is authentic and in order; only after `finish` is it known to be all.

    After a failure every call raises the same failure.
    """

    def __init__(self, head: Callable[[bytes | bytearray], int], start: Callable[[bytes], Cipher], *, chunk_bytes_max: int) -> None:
        self._head, self._start, self._chunk_bytes_max = head, start, chunk_bytes_max
        self._buffer = bytearray()
        self._ended = False
        self._out: list[bytes] = []
        self._failure: ComityError | None = None
        self._steps = self._stream()

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        return self._run()

    def finish(self) -> list[bytes]:
        """The stream has ended.  What its last chunk held, or TrustFailure."""
        self._ended = True
        return self._run()

    def _run(self) -> list[bytes]:
        if self._failure is not None:
            raise self._failure
        try:
            next(self._steps, None)
        except ComityError as failure:
            self._failure = failure
            self._buffer.clear()
            raise
        out, self._out = self._out, []
        return out

    def _stream(self) -> Generator[None]:
        yield from self._wait(3)
        size = self._head(self._buffer)
        cipher = self._start((yield from self._taken(size)))
        chunks = come = 0
        while True:
            yield from self._wait(1)
            size = decoded((yield from self._taken(size_of(self._buffer[0]))))
            if not size:
                break
            if size <= TAG_BYTES:
                raise TrustFailure("a chunk that is not the last holds nothing", step="open", code="trust.open")
            self._bounded(size)
            chunks += 1
            worth(chunks, come)
            sealed = yield from self._taken(size)
            come += size
            self._out.append(cipher.open(sealed))
        while not self._ended:
            self._bounded(len(self._buffer))
            yield
        plain = cipher.tried(bytes(self._buffer), _LAST)
        if plain is None:
            raise _cut("the sealed stream was cut in its last chunk, or that was altered")
        self._buffer.clear()
        self._out += [plain] if plain else []
        while True:
            yield
            if self._buffer:
                raise _cut("something follows the end of the sealed stream")

    def _bounded(self, size: int) -> None:
        if size > self._chunk_bytes_max:
            raise TrustFailure("a chunk is longer than may be held", step="size", code="trust.size", status=413)

    def _taken(self, size: int) -> Generator[None, None, bytes]:
        yield from self._wait(size)
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _wait(self, size: int) -> Generator[None]:
        while len(self._buffer) < size:
            if self._ended:
                raise _cut("the sealed stream ends before its last chunk")
            yield


def _cut(what: str) -> TrustFailure:
    return TrustFailure(what, step="truncated", code="trust.truncated")


class RequestReader(Reader):
    """``exchange`` is there once the head has come, which is before any of the content."""

    def __init__(self, find: Find, *, chunk_bytes_max: int = CHUNK_BYTES_MAX) -> None:
        self.exchange: Exchange | None = None

        def started(head: bytes) -> Cipher:
            self.exchange = received(head, find, CHUNKED)
            return self.exchange.context.cipher

        super().__init__(head_bytes, started, chunk_bytes_max=chunk_bytes_max)


def request_writer(config: KeyConfig, suite: Suite, random: Random) -> tuple[Writer, Exchange]:
    head, exchange = asked(config, suite, random, CHUNKED)
    return Writer(head, exchange.context.cipher), exchange


def response_writer(exchange: Exchange, random: Random) -> Writer:
    nonce = random.token(exchange.nonce_bytes)
    return Writer(nonce, exchange.answer(nonce))


def response_reader(exchange: Exchange, *, chunk_bytes_max: int = CHUNK_BYTES_MAX) -> Reader:
    return Reader(lambda _: exchange.nonce_bytes, exchange.answer, chunk_bytes_max=chunk_bytes_max)
