# SPDX-License-Identifier: Apache-2.0
"""Binary HTTP (RFC 9292): the message inside a seal, of known or of indeterminate length.

    encode                  a whole message, its length known
    start, piece, end       one that is written while it comes
    decode                  a whole message, either way
    Decoder                 either way, from bytes cut anywhere

A message may end early where all that would follow is empty (section 3.8).  The header section counts among that, though section 3.8
names only content and trailers: the examples of RFC 9458 end there.  A message that ends anywhere else is refused, and so is padding
that is not zero.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable

from comity.errors import CallerError
from comity.seal.bounds import worth
from comity.seal.http import Field, Fields, Message, Request, Response, Trailers, check, check_fields, malformed
from comity.seal.varint import decoded, encoded, size_of

MEDIA_TYPE = "message/bhttp"
HEAD_BYTES_MAX = 64 * 1024
Event = Request | Response | bytes | Trailers
"""Informational responses, then the head, then content, then the trailers, which always come."""


def encode(head: Request | Response, content: bytes = b"", trailers: Fields = (), *, informational: Iterable[Response] = ()) -> bytes:
    check_fields(trailers, trailers=True)
    return b"".join((_head(head, informational, known=True), _sized(content), _sized(_lines(trailers))))


def start(head: Request | Response, *, informational: Iterable[Response] = ()) -> bytes:
    return _head(head, informational, known=False)


def piece(content: bytes) -> bytes:
    """Nothing for nothing: a piece of no bytes would end the content."""
    return _sized(content) if content else b""


def end(trailers: Fields = ()) -> bytes:
    check_fields(trailers, trailers=True)
    return b"\x00" + _lines(trailers) + b"\x00"


def _head(head: Request | Response, informational: Iterable[Response], *, known: bool) -> bytes:
    out = [encoded((not known) * 2 + isinstance(head, Response))]
    for each in (*informational, head):
        check(each)
        if isinstance(each, Response):
            if (each.status < 200) is (each is head) or isinstance(head, Request):
                raise malformed("informational responses come before a final one")
            out.append(encoded(each.status))
        else:
            out += [_sized(part.encode()) for part in (each.method, each.scheme, each.authority, each.path)]
        lines = _lines(each.fields)
        out.append(_sized(lines) if known else lines + b"\x00")
    return b"".join(out)


def _sized(data: bytes) -> bytes:
    return encoded(len(data)) + data


def _lines(fields: Iterable[Field]) -> bytes:
    return b"".join(_sized(name) + _sized(value) for name, value in fields)


def decode(data: bytes, *, head_bytes_max: int = HEAD_BYTES_MAX) -> Message:
    decoder = Decoder(head_bytes_max=head_bytes_max)
    events = decoder.feed(data) + decoder.finish()
    heads = [each for each in events if isinstance(each, Request | Response)]
    content = b"".join(each for each in events if isinstance(each, bytes))
    trailers = next(each.fields for each in events if isinstance(each, Trailers))
    return Message(head=heads[-1], informational=tuple(each for each in heads[:-1] if isinstance(each, Response)),
                   content=content, trailers=trailers)  # fmt: skip


class Decoder:
    """Raises CallerError for what is no message; then, whatever comes, the same error again.

    ``head_bytes_max`` bounds all that is not content; content is handed on as it comes, what came at once in one, so nothing bounds it here
    but the number of its pieces.
    """

    def __init__(self, *, head_bytes_max: int = HEAD_BYTES_MAX) -> None:
        self._left = head_bytes_max
        self._buffer = bytearray()
        self._ended = False
        self._events: list[Event] = []
        self._content = bytearray()
        self._error: CallerError | None = None
        self._steps = self._message()

    def feed(self, data: bytes) -> list[Event]:
        self._buffer += data
        return self._run()

    def finish(self) -> list[Event]:
        """The message is whole, or it is refused."""
        self._ended = True
        return self._run()

    def _run(self) -> list[Event]:
        if self._error is not None:
            raise self._error
        try:
            next(self._steps, None)
        except CallerError as error:
            self._error = error
            raise
        self._say_content()
        events, self._events = self._events, []
        return events

    # -- the grammar; every `yield` waits for bytes -----------------------------------------------------------------

    def _message(self) -> Generator[None]:
        framing = yield from self._number()
        if framing > 3:
            raise malformed("the framing indicator is 0 to 3")
        known = framing < 2
        if framing & 1:
            while (status := (yield from self._number())) < 200:
                self._emit(Response(status=status, fields=(yield from self._section(known, may_end=False))))
            self._emit(Response(status=status, fields=(yield from self._section(known))))
        else:
            parts = []
            for _ in range(4):
                parts.append((yield from self._text()))
            method, scheme, authority, path = parts
            fields = yield from self._section(known)
            self._emit(Request(method=method, scheme=scheme, authority=authority, path=path, fields=fields))
        size = yield from self._number(may_end=True, counted=False)
        pieces = come = 0
        while size:
            pieces += 1
            worth(pieces, come)
            yield from self._piece(size)
            come += size
            size = 0 if known else (yield from self._number(counted=False))
        trailers = yield from self._section(known)
        check_fields(trailers, trailers=True)
        self._say_content()
        self._events.append(Trailers(fields=trailers))
        while True:
            if self._buffer.count(0) < len(self._buffer):
                raise malformed("the padding is not zero")
            self._buffer.clear()
            yield

    def _emit(self, head: Request | Response) -> None:
        check(head)
        self._events.append(head)

    def _say_content(self) -> None:
        if self._content:
            self._events.append(bytes(self._content))
            self._content.clear()

    def _piece(self, size: int) -> Generator[None]:
        while size:
            if taken := self._buffer[:size]:
                del self._buffer[:size]
                size -= len(taken)
                self._content += taken
            elif self._ended:
                raise malformed("it ends before its content does")
            else:
                yield

    def _section(self, known: bool, *, may_end: bool = True) -> Generator[None, None, Fields]:
        """Known: so many bytes of lines; otherwise: lines until an empty name.  ``may_end``: empty where the message ends before it."""
        fields: list[Field] = []
        if known:
            size = yield from self._number(may_end=may_end)
            end = self._left - size
            while self._left > end:
                fields.append((yield from self._line((yield from self._number()))))
            if self._left != end:
                raise malformed("a field line is longer than its section")
        else:
            while size := (yield from self._number(may_end=may_end and not fields)):
                fields.append((yield from self._line(size)))
        return tuple(fields)

    def _line(self, size: int) -> Generator[None, None, Field]:
        if not size:
            raise malformed("a field has no name")
        name = (yield from self._taken(size)).lower()
        return name, (yield from self._taken((yield from self._number())))

    def _text(self) -> Generator[None, None, str]:
        data = yield from self._taken((yield from self._number()))
        if not data.isascii():
            raise malformed("the target has bytes that none has")
        return data.decode()

    def _number(self, *, may_end: bool = False, counted: bool = True) -> Generator[None, None, int]:
        while not self._buffer:
            if self._ended and may_end:
                return 0
            yield from self._wait()
        return decoded((yield from self._taken(size_of(self._buffer[0]), counted=counted)))

    def _taken(self, size: int, *, counted: bool = True) -> Generator[None, None, bytes]:
        if counted:
            self._left -= size
            if self._left < 0:
                raise CallerError("binary HTTP: the head is too large", code="seal.too_large", status=413)
        while len(self._buffer) < size:
            yield from self._wait()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _wait(self) -> Generator[None]:
        if self._ended:
            raise malformed("it ends before it is whole")
        yield
