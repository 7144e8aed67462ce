# SPDX-License-Identifier: Apache-2.0
"""The two ends of a sealed exchange, put together: binary HTTP, bound, padded and sealed on one side; opened and checked on the other.

    client    ask                          → the sealed request, and the exchange
              AnswerReader                 ← the answer, while it comes
    node      opened, or QuestionReader    ← the request, whole or in chunks: checked before any of it is handed on
              once                           whoever asks is let in: the request is not heard again
              AnswerWriter                 → the answer, while it comes
              seal_answer                  → the answer to a request that came whole

Nobody is told that a message is whole (`Trailers`) before the seal around it has said so: binary HTTP alone cannot tell an end from a cut.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from comity.errors import ComityError, TrustFailure
from comity.ports import Random
from comity.seal import bhttp, chunked, ohttp
from comity.seal.bind import Binding, check, replay_of
from comity.seal.hpke import DEFAULT, Suite
from comity.seal.http import Fields, Message, Request, Response, Trailers, malformed
from comity.seal.keyconfig import KeyConfig
from comity.seal.ohttp import Exchange, Find
from comity.seal.padding import BODY_BYTES_MIN, comment, padded, room, zeros
from comity.seal.varint import in_four

Terms = Callable[[bytes], Binding]
"""What this node binds requests to that were sealed to the key of this hash."""


def ask(
    config: KeyConfig, binding: Binding, request: Request, content: bytes, random: Random,
    *, accepted: Sequence[Suite] = (DEFAULT,), least: int = BODY_BYTES_MIN,
) -> tuple[bytes, Exchange]:  # fmt: skip
    """The whole of a sealed request (`message/ohttp-chunked-req`).  ``binding`` names the key that was checked: no other is sealed to."""
    if binding.key != config.hash:
        raise TrustFailure("this is not the key that was checked", step="key-config", code="trust.key-config")
    bound = Request(method=request.method, scheme=request.scheme, authority=request.authority, path=request.path,
                    fields=(*request.fields, *binding.fields(random)))  # fmt: skip
    writer, exchange = chunked.request_writer(config, config.choose(accepted), random)
    return writer.close(padded(bhttp.encode(bound, content), least=least)), exchange


def opened(sealed: bytes, find: Find, terms: Terms) -> tuple[Message, Exchange]:
    """At the node, a request that came whole (`message/ohttp-req`)."""
    plain, exchange = ohttp.open_request(sealed, find)
    message = bhttp.decode(plain)
    _admit(message.head, exchange, terms)
    return message, exchange


def seal_answer(
    exchange: Exchange, response: Response, content: bytes, random: Random, *, trailers: Fields = (), least: int = BODY_BYTES_MIN
) -> bytes:  # fmt: skip
    """The answer to a request that came whole (`message/ohttp-res`)."""
    return ohttp.seal_response(exchange, padded(bhttp.encode(response, content, trailers), least=least), random)


def once(head: Request, exchange: Exchange) -> None:
    """From here on the request is heard.  Called when whoever asks is let in, and with nothing waited for between that and the work: what
    strangers send takes no room, and of two copies one gets here second.  Raises TrustFailure for that one."""
    if exchange.pair is None:
        raise malformed("nothing was asked here")
    exchange.pair.replays.once(replay_of(head.fields))


def _admit(head: Request | Response, exchange: Exchange, terms: Terms) -> None:
    if isinstance(head, Response) or exchange.pair is None:
        raise malformed("a response where a request is asked for")
    exchange.pair.replays.new(check(head.fields, terms(exchange.config.hash)))


class _Reader(ABC):
    """Opens chunks and reads the message in them.  After a failure every call raises the same failure: nothing is handed on behind it."""

    def __init__(self, chunks: chunked.Reader) -> None:
        self._chunks, self._message = chunks, bhttp.Decoder()
        self._end: list[bhttp.Event] = []
        self._failure: ComityError | None = None

    def feed(self, data: bytes) -> list[bhttp.Event]:
        """What has come of the message: authentic, in order, and perhaps not all."""
        return self._or_fail(lambda: self._read(self._chunks.feed(data)))

    def finish(self) -> list[bhttp.Event]:
        """The sealed stream has ended.  The rest of the message with `Trailers` at its end; raises unless all of it was said and came."""
        return self._or_fail(self._finished)

    def _finished(self) -> list[bhttp.Event]:
        events = self._read(self._chunks.finish())
        events += self._held(self._message.finish())
        end, self._end = self._end, []
        return events + end

    def _or_fail(self, step: Callable[[], list[bhttp.Event]]) -> list[bhttp.Event]:
        if self._failure is not None:
            raise self._failure
        try:
            return step()
        except ComityError as failure:
            self._failure = failure
            raise

    def _read(self, pieces: list[bytes]) -> list[bhttp.Event]:
        return self._held(self._message.feed(b"".join(pieces)))

    def _held(self, events: list[bhttp.Event]) -> list[bhttp.Event]:
        for event in events:
            if isinstance(event, Trailers):
                self._end = [event]
            elif not isinstance(event, bytes):
                self._head(event)
        return [event for event in events if not isinstance(event, Trailers)]

    @abstractmethod
    def _head(self, head: Request | Response) -> None: ...


class QuestionReader(_Reader):
    """At the node, a request in chunks (`message/ohttp-chunked-req`).  It is checked when its head has come, and handed on only then."""

    def __init__(self, find: Find, terms: Terms, *, chunk_bytes_max: int = chunked.CHUNK_BYTES_MAX) -> None:
        self._question, self._terms = chunked.RequestReader(find, chunk_bytes_max=chunk_bytes_max), terms
        super().__init__(self._question)

    @property
    def exchange(self) -> Exchange:
        """What the answer is sealed to; there once the head is."""
        if self._question.exchange is None:
            raise malformed("nothing was asked yet")
        return self._question.exchange

    def _head(self, head: Request | Response) -> None:
        _admit(head, self.exchange, self._terms)


class AnswerReader(_Reader):
    """At the client (`message/ohttp-chunked-res`)."""

    def __init__(self, exchange: Exchange, *, chunk_bytes_max: int = chunked.CHUNK_BYTES_MAX) -> None:
        super().__init__(chunked.response_reader(exchange, chunk_bytes_max=chunk_bytes_max))

    def _head(self, head: Request | Response) -> None:
        if isinstance(head, Request):
            raise malformed("a request where a response is asked for")


class AnswerWriter:
    """At the node (`message/ohttp-chunked-res`).  Send what each call returns, which may be nothing yet.

    A chunk's length stands in clear.  So chunks are cut where the size says and not where the answer does: what is written is gathered to
    full ones, and the whole grows to a power of two of at least ``least`` bytes (0: nothing grows).  Of events on a beat each `beat` is a
    chunk, and so is what comes after the last: each grows by itself.
    """

    def __init__(self, exchange: Exchange, random: Random, *, least: int = BODY_BYTES_MIN) -> None:
        self._writer, self._least = chunked.response_writer(exchange, random), least
        self._waiting = bytearray()
        self._sent = 0  # in full chunks

    def start(self, response: Response, *, informational: Sequence[Response] = ()) -> bytes:
        return self._gathered(bhttp.start(response, informational=informational))

    def piece(self, content: bytes) -> bytes:
        return self._gathered(bhttp.piece(content))

    def beat(self, events: bytes) -> bytes:
        """Whole server-sent events, at once; the first with the head of the answer in one chunk."""
        missing = room(len(self._waiting) + len(in_four(0)) + len(events), least=self._least)
        chunk = bytes(self._waiting) + in_four(len(events) + missing) + events + comment(missing)  # a piece, as `bhttp.piece` writes it
        self._waiting.clear()
        return self._writer.write(chunk)

    def close(self, trailers: Fields = ()) -> bytes:
        rest = bytes(self._waiting) + bhttp.end(trailers)
        return self._writer.close(rest + zeros(self._sent + len(rest), least=self._least))

    def _gathered(self, data: bytes) -> bytes:
        self._waiting += data
        full = len(self._waiting) - len(self._waiting) % chunked.CHUNK_BYTES
        if not full:
            return b""
        out = bytes(self._waiting[:full])
        del self._waiting[:full]
        self._sent += full
        return self._writer.write(out)
