# SPDX-License-Identifier: Apache-2.0
"""Laws of the seal: what was sealed opens as it was however it is cut on the way; anything else ends in a named failure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError, TrustFailure
from comity.seal import bhttp, chunked, keyconfig, ohttp
from comity.seal.bind import Binding, Replays, check
from comity.seal.bounds import PIECE_BYTES, PIECES_FREE
from comity.seal.epochs import KeyPair
from comity.seal.hpke import AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, HKDF_SHA256, SEQUENCE_MAX, Suite, recipient, sender
from comity.seal.http import Message, Request, Response, Trailers
from comity.seal.kem import X25519, XWING
from comity.seal.varint import VARINT_MAX, decoded, encoded, size_of
from tests.fakes import SeededRandom

PAIRS = {kem: KeyPair(9, kem, bytes(range(32))) for kem in (XWING, X25519)}
SUITES = [Suite(kem, HKDF_SHA256, aead) for kem in PAIRS for aead in (AES_256_GCM, AES_128_GCM, CHACHA20_POLY1305)]
any_suite = st.sampled_from(SUITES)


def find(suite: Suite) -> ohttp.Find:
    return lambda _: PAIRS[suite.kem]


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    places = [0, *sorted({each % (len(data) + 1) for each in at}), len(data)]
    return [data[here:there] for here, there in pairwise(places)]


def read(reader: chunked.Reader, pieces: Sequence[bytes]) -> bytes:
    return b"".join(part for piece in pieces for part in reader.feed(piece)) + b"".join(reader.finish())


def asked(suite: Suite, chunks: Sequence[bytes]) -> tuple[bytes, ohttp.Exchange]:
    writer, client = chunked.request_writer(PAIRS[suite.kem].config, suite, SeededRandom(b"client"))
    return b"".join(map(writer.write, chunks)) + writer.close(), client


def answered(suite: Suite, chunks: Sequence[bytes]) -> tuple[list[bytes], ohttp.Exchange]:
    """An answer as the nonce, the sealed chunks and the end; and the exchange of who asked."""
    sealed, client = asked(suite, [b"question"])
    reader = chunked.RequestReader(find(suite))
    assert read(reader, [sealed]) == b"question" and reader.exchange is not None
    writer = chunked.response_writer(reader.exchange, SeededRandom(b"node"))
    return [writer.write(b""), *map(writer.write, chunks), writer.close()], client


# -- what was sealed opens as it was -----------------------------------------------------------------------------------


@given(any_suite, st.lists(st.tuples(st.binary(), st.binary()), max_size=5), st.binary())
def test_contexts_carry_messages_in_order_and_export_the_same(suite: Suite, messages: list[tuple[bytes, bytes]], info: bytes) -> None:
    pair = PAIRS[suite.kem]
    encapsulated, ours = sender(suite, pair.private.public, info, SeededRandom())
    theirs = recipient(suite, pair.private, encapsulated, info)
    for plain, aad in messages:
        assert theirs.cipher.open(ours.cipher.seal(plain, aad), aad) == plain
    assert ours.export(info, 64) == theirs.export(info, 64) != ours.export(info + b"x", 64)


@given(any_suite, st.binary(max_size=5000), st.binary(max_size=5000))
def test_a_whole_request_and_its_answer_open_as_they_were(suite: Suite, question: bytes, answer: bytes) -> None:
    sealed, client = ohttp.seal_request(PAIRS[suite.kem].config, suite, question, SeededRandom(b"client"))
    opened, node = ohttp.open_request(sealed, find(suite))
    assert opened == question
    assert ohttp.open_response(client, ohttp.seal_response(node, answer, SeededRandom(b"node"))) == answer


@given(any_suite, st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(0, 2000), max_size=8), st.booleans())
def test_a_stream_opens_as_it_was_wherever_it_is_cut(suite: Suite, chunks: list[bytes], at: list[int], bytewise: bool) -> None:
    sealed, _ = asked(suite, chunks)
    pieces = [sealed[n : n + 1] for n in range(len(sealed))] if bytewise else cut(sealed, at)
    assert read(chunked.RequestReader(find(suite)), pieces) == b"".join(chunks)
    parts, client = answered(suite, chunks)
    assert read(chunked.response_reader(client), cut(b"".join(parts), at)) == b"".join(chunks)


@pytest.mark.parametrize("size", [chunked.CHUNK_BYTES - 1, chunked.CHUNK_BYTES, chunked.CHUNK_BYTES + 1, 5 * chunked.CHUNK_BYTES])
def test_what_is_long_becomes_chunks_that_every_receiver_takes(size: int) -> None:
    sealed, _ = asked(SUITES[0], [b"x" * size])
    reader = chunked.RequestReader(find(SUITES[0]), chunk_bytes_max=chunked.CHUNK_BYTES + 16)
    assert read(reader, [sealed]) == b"x" * size


# -- and anything else fails by name -----------------------------------------------------------------------------------


@given(any_suite, st.data())
def test_a_flipped_bit_of_a_whole_message_fails(suite: Suite, data: st.DataObject) -> None:
    sealed, client = ohttp.seal_request(PAIRS[suite.kem].config, suite, b"question", SeededRandom(b"client"))
    _, node = ohttp.open_request(sealed, find(suite))
    answer = ohttp.seal_response(node, b"answer", SeededRandom(b"node"))
    at, bit = data.draw(st.integers(8, 8 * len(sealed) - 1)), data.draw(st.integers(0, 8 * len(answer) - 1))  # the key's id only finds it
    with pytest.raises((TrustFailure, CallerError)) as failed:
        ohttp.open_request(flipped(sealed, at), find(suite))
    if at >= 8 * ohttp.HEADER_BYTES:
        assert isinstance(failed.value, TrustFailure)
    with pytest.raises(TrustFailure):
        ohttp.open_response(client, flipped(answer, bit))


def flipped(data: bytes, at: int) -> bytes:
    out = bytearray(data)
    out[at // 8] ^= 1 << at % 8
    return bytes(out)


@given(any_suite, st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=4), st.data())
def test_a_flipped_bit_of_a_stream_fails(suite: Suite, chunks: list[bytes], data: st.DataObject) -> None:
    parts, client = answered(suite, chunks)
    answer = b"".join(parts)
    got: list[bytes] = []
    reader = chunked.response_reader(client)
    with pytest.raises(TrustFailure) as failed:
        got += reader.feed(flipped(answer, data.draw(st.integers(0, 8 * len(answer) - 1))))
        got += reader.finish()
    assert b"".join(chunks).startswith(b"".join(got)), "what was handed on before it failed is a beginning of what was said"
    for _ in range(2):
        with pytest.raises(TrustFailure) as repeated:
            reader.feed(b"x")
        assert repeated.value is failed.value
        with pytest.raises(TrustFailure):
            reader.finish()


@pytest.mark.parametrize("suite", [SUITES[0], SUITES[3]], ids=str)
def test_a_stream_cut_at_any_byte_is_truncated(suite: Suite) -> None:
    chunks = [b"one", b"two" * 30, b"three"]
    parts, client = answered(suite, chunks)
    answer = b"".join(parts)
    question, _ = asked(suite, chunks)
    for sealed, is_answer in ((answer, True), (question, False)):
        for size in range(len(sealed)):
            reader = chunked.response_reader(client) if is_answer else chunked.RequestReader(find(suite))
            with pytest.raises(TrustFailure) as failed:
                read(reader, [sealed[:size]])
            assert failed.value.step == "truncated", size


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=2, max_size=5), st.data())
def test_chunks_cannot_be_moved_left_out_repeated_or_taken_for_the_last(chunks: list[bytes], data: st.DataObject) -> None:
    (nonce, *sealed, end), client = answered(SUITES[3], chunks)
    order = data.draw(st.lists(st.integers(0, len(sealed) - 1), max_size=len(sealed) + 1))
    moved = [sealed[n] for n in order]
    if moved != sealed:
        with pytest.raises(TrustFailure):
            read(chunked.response_reader(client), [nonce, *moved, end])
    last = sealed[-1][1:]  # its length is one byte: taken for the last, it would end the stream early
    for early in ([*sealed[:-1], b"\0" + last], [*sealed, end[:1]], [*sealed, end, b"\0"], [*sealed, b"\x10" + end[1:], end]):
        with pytest.raises(TrustFailure):
            read(chunked.response_reader(client), [nonce, *early])


def test_an_answer_opens_for_its_own_question_only_and_in_its_own_form() -> None:
    parts, _ = answered(SUITES[0], [b"answer"])
    _, another = asked(SUITES[0], [b"question"])
    with pytest.raises(TrustFailure) as failed:
        read(chunked.response_reader(another), parts)
    assert failed.value.step == "open"
    sealed, whole = ohttp.seal_request(PAIRS[XWING].config, SUITES[0], b"question", SeededRandom())
    with pytest.raises(TrustFailure):
        read(chunked.RequestReader(find(SUITES[0])), [sealed])
    with pytest.raises(TrustFailure):
        ohttp.open_response(whole, b"".join(parts))


def test_a_chunk_that_is_too_long_is_refused_before_it_is_held() -> None:
    parts, client = answered(SUITES[0], [])
    for claimed in (encoded(1 << 20), b"\0" + bytes(2000)):
        reader = chunked.response_reader(client, chunk_bytes_max=1000)
        with pytest.raises(TrustFailure) as failed:
            reader.feed(parts[0] + claimed)
        assert failed.value.step == "size"


def test_a_chunk_that_says_nothing_is_refused_though_its_seal_is_good() -> None:
    (nonce, *_), client = answered(SUITES[0], [])
    empty = client.answer(nonce).seal(b"")
    reader = chunked.response_reader(client)
    with pytest.raises(TrustFailure) as failed:
        reader.feed(nonce + encoded(len(empty)) + empty)
    assert failed.value.step == "open"


def test_nothing_follows_the_end_of_a_stream() -> None:
    parts, client = answered(SUITES[0], [b"answer"])
    reader = chunked.response_reader(client)
    assert read(reader, parts) == b"answer" and reader.finish() == []
    with pytest.raises(TrustFailure) as failed:
        reader.feed(b"x")
    assert failed.value.step == "truncated"


def test_no_nonce_is_used_twice() -> None:
    encapsulated, context = sender(SUITES[3], PAIRS[X25519].private.public, b"", SeededRandom())
    context.cipher.sequence = SEQUENCE_MAX - 1
    last = context.cipher.seal(b"last")
    other = recipient(SUITES[3], PAIRS[X25519].private, encapsulated, b"")
    other.cipher.sequence = SEQUENCE_MAX - 1
    assert other.cipher.open(last) == b"last"
    for each in (context, other):
        with pytest.raises(TrustFailure) as failed:
            each.cipher.seal(b"one too many")
        assert failed.value.step == "sequence"


def test_a_message_that_does_not_open_does_the_next_no_harm() -> None:
    encapsulated, context = sender(SUITES[3], PAIRS[X25519].private.public, b"", SeededRandom())
    other = recipient(SUITES[3], PAIRS[X25519].private, encapsulated, b"")
    sealed = context.cipher.seal(b"first")
    with pytest.raises(TrustFailure):
        other.cipher.open(flipped(sealed, 3))
    assert other.cipher.open(sealed) == b"first"


def test_a_writer_that_is_closed_stays_closed() -> None:
    writer, _ = chunked.request_writer(PAIRS[X25519].config, SUITES[3], SeededRandom())
    writer.close()
    with pytest.raises(CallerError):
        writer.write(b"more")
    with pytest.raises(CallerError):
        writer.close()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_any_replay_is_refused(order: list[int]) -> None:
    binding, random = Binding(pool="p", key=bytes(32), policy="0" * 64), SeededRandom()
    fields, replays, heard = [binding.fields(random) for _ in range(10)], Replays(), set()
    for n in order:
        if n in heard:
            with pytest.raises(TrustFailure) as failed:
                replays.once(check(fields[n], binding))
            assert failed.value.step == "replay"
        else:
            replays.once(check(fields[n], binding))
        heard.add(n)


# -- binary HTTP -------------------------------------------------------------------------------------------------------

name = st.text("abcz09-_", min_size=1, max_size=8).map(str.encode)
value = st.binary(max_size=12).map(lambda data: bytes(97 if each in b"\r\n\0" else each for each in data).strip(b" \t"))
some_fields = st.lists(st.tuples(name, value), max_size=4).map(tuple)
responses = st.builds(lambda status, fields: Response(status=status, fields=fields), st.integers(200, 599), some_fields)
interim = st.builds(lambda status, fields: Response(status=status, fields=fields), st.integers(100, 199), some_fields)
requests = st.builds(
    lambda method, path, fields: Request(method=method, authority="example.com", path="/" + path, fields=fields),
    st.sampled_from(["GET", "POST", "PATCH"]), st.text("ab/?=%20"), some_fields,
)  # fmt: skip
messages = st.builds(
    lambda head, informational, pieces, trailers: (head, tuple(informational) if isinstance(head, Response) else (), pieces, trailers),
    requests | responses, st.lists(interim, max_size=2), st.lists(st.binary(max_size=90), max_size=3), some_fields,
)  # fmt: skip


def both_ways(message: tuple[Request | Response, tuple[Response, ...], list[bytes], tuple[tuple[bytes, bytes], ...]]) -> list[bytes]:
    head, informational, pieces, trailers = message
    return [
        bhttp.encode(head, b"".join(pieces), trailers, informational=informational),
        bhttp.start(head, informational=informational) + b"".join(map(bhttp.piece, pieces)) + bhttp.end(trailers),
    ]


@given(messages, st.integers(0, 40), st.lists(st.integers(0, 900), max_size=6))
def test_a_message_reads_as_it_was_written_either_way_however_it_is_cut(message: tuple, padding: int, at: list[int]) -> None:  # type: ignore[type-arg]
    head, informational, pieces, trailers = message
    said = Message(head=head, informational=informational, content=b"".join(pieces), trailers=trailers)
    for written in both_ways(message):
        assert bhttp.decode(written + bytes(padding)) == said
        for places in (at, range(len(written))):
            decoder = bhttp.Decoder()
            events = [event for part in cut(written, places) for event in decoder.feed(part)] + decoder.finish()
            assert b"".join(each for each in events if isinstance(each, bytes)) == said.content
            assert events[len(informational)] == head and events[-1] == Trailers(fields=trailers)


@given(messages)
def test_a_message_that_ends_early_lacks_whole_sections_or_is_refused(message: tuple) -> None:  # type: ignore[type-arg]
    """RFC 9292 lets a message end between two sections, so a cut there is not seen here: it is the seal around it that shows a cut."""
    for written in both_ways(message):
        whole = bhttp.decode(written)
        bare = msgspec.structs.replace(whole.head, fields=())
        shorter = [msgspec.structs.replace(whole, trailers=())]
        shorter += [msgspec.structs.replace(whole, trailers=(), content=b"", head=head) for head in (whole.head, bare)]
        for size in range(len(written)):
            with suppress(CallerError):
                assert bhttp.decode(written[:size]) in shorter


@pytest.mark.parametrize(
    "what",
    [
        b"", b"\x04", b"\x40", b"\x01", b"\x01\x40\x63\x00", b"\x01\x42\x58\x00", b"\x01\x40\x64\x00", b"\x01\x40\xc8\x00\x00\x00\x01",
        b"\x00\x03GET\x05https\x00\x00", b"\x00\x03GET\x05https\x00\x01a", b"\x00\x03G T\x05https\x00\x01/", b"\x00\x00\x05https\x00\x01/",
        b"\x00\x03GET\x05https\x00\x03/ a", b"\x00\x03GET\x05https\x03a\r\n\x01/", b"\x00\x07CONNECT\x05https\x01a\x01/",
        b"\x00\x03GET\x05https\x00\x02/\xff", b"\x00\x03GET\x00\x00\x01/", b"\x00\x03GET\x05https\x00\x01*",
        b"\x01\x40\xc8\x02\x00\x00", b"\x01\x40\xc8\x04\x02a \x00", b"\x01\x40\xc8\x05\x01a\x02 b", b"\x01\x40\xc8\x05\x01a\x02b\n",
        b"\x01\x40\xc8\x05\x01a\x02\x00b", b"\x01\x40\xc8\x03\x01a\x02bc", b"\x01\x40\xc8\x0b\x07:status\x02aa", b"\x03\x40\xc8\x01a\x01b",
        b"\x03\x40\xc8\x01a\x01b\x01:\x01b\x00", b"\x03\x40\xc8\x01a\x01b\x02:b\x01c\x00", b"\x03\x40\xc8\x00\x01a",
        b"\x03\x40\xc8\x00\x01a\x00\x02:b\x01c\x00", b"\x01\x40\xc8\x00\x00\x05\x02:b\x01c",
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(what: bytes) -> None:
    with pytest.raises(CallerError) as refused:
        bhttp.decode(what)
    assert refused.value.code == "seal.malformed"
    decoder = bhttp.Decoder()
    for _ in range(2):  # and stays refused
        with pytest.raises(CallerError):
            _ = decoder.feed(what) + decoder.finish()


def test_names_are_read_in_lower_case_and_unknown_pseudo_fields_come_first() -> None:
    assert bhttp.decode(b"\x03\x40\xc8\x02:b\x01c\x01A\x01b\x00").head == Response(status=200, fields=((b":b", b"c"), (b"a", b"b")))
    assert bhttp.decode(b"\x00\x07CONNECT\x00\x03a:1\x00").head == Request(method="CONNECT", scheme="", authority="a:1", path="")
    assert bhttp.decode(b"\x00\x07OPTIONS\x05https\x00\x01*").head == Request(method="OPTIONS", path="*")


@pytest.mark.parametrize(
    "head",
    [Response(status=99), Response(status=600), Response(status=150), Request(method="G T"), Request(method="GET", path="a"),
     *(Response(status=200, fields=(field,)) for field in ((b"A", b""), (b"a", b"\n"), (b"", b""), (b"a", b" ")))],
)  # fmt: skip
def test_what_would_be_refused_is_not_written(head: Request | Response) -> None:
    for write in (bhttp.encode, bhttp.start):
        with pytest.raises(CallerError):
            write(head)


def test_a_head_that_is_too_large_is_refused_before_it_is_held() -> None:
    large = Response(status=200, fields=((b"a", b"x" * 2000),))
    assert bhttp.decode(bhttp.encode(large)).head == large
    for written in (bhttp.encode(large), bhttp.start(large), b"\x03\x40\xc8" + encoded(VARINT_MAX)):
        with pytest.raises(CallerError) as refused:
            bhttp.Decoder(head_bytes_max=1000).feed(written[:20])
        assert refused.value.code == "seal.too_large"


def test_content_in_more_pieces_than_its_bytes_are_worth_is_refused_and_what_comes_at_once_is_told_in_one() -> None:
    head = bhttp.start(Response(status=200))
    piecemeal = bhttp.decode(head + b"\x01a" * PIECES_FREE + bhttp.end())
    assert piecemeal.content == b"a" * PIECES_FREE
    decoder = bhttp.Decoder()
    assert decoder.feed(head + b"\x01a" * 1000) == [Response(status=200), b"a" * 1000]
    long = bhttp.piece(b"x" * PIECE_BYTES) * 2 * PIECES_FREE  # as many as there are bytes for
    assert len(bhttp.decode(head + long + bhttp.end()).content) == 2 * PIECES_FREE * PIECE_BYTES
    with pytest.raises(CallerError) as refused:
        bhttp.Decoder().feed(head + b"\x01a" * (PIECES_FREE + PIECES_FREE // PIECE_BYTES + 100))
    assert (refused.value.code, refused.value.status) == ("seal.too_large", 413)


def test_a_stream_in_more_chunks_than_its_bytes_are_worth_is_refused() -> None:
    """Chunks of few bytes pass where there are not very many; 17 bytes, of which one is said, are worth less than a chunk."""
    suite = SUITES[3]
    writer, _ = chunked.request_writer(PAIRS[suite.kem].config, suite, SeededRandom())
    head, cipher = writer.write(b""), writer._cipher
    few = b"".join(b"\x11" + cipher.seal(b"x") for _ in range(PIECES_FREE))
    reader = chunked.RequestReader(find(suite))
    assert b"".join(reader.feed(head + few)) == b"x" * PIECES_FREE
    with pytest.raises(CallerError) as refused:
        reader.feed(b"".join(b"\x11" + cipher.seal(b"x") for _ in range(PIECES_FREE)))
    assert (refused.value.code, refused.value.status) == ("seal.too_large", 413)


# -- garbage -----------------------------------------------------------------------------------------------------------

_SOME = bytes([9]) + SUITES[3].encoded
_KEY = PAIRS[X25519].config.encoded[:35]
_STARTS = [_SOME, bytes([9]) + SUITES[0].encoded + bytes(1088), b"\x00\x03GET\x05https\x00\x01/", b"\x03\x40\xc8", _KEY, b"\x00\x29" + _KEY]
garbage = st.binary(max_size=200) | st.builds(lambda start, rest: start + rest, st.sampled_from(_STARTS), st.binary(max_size=200))
_, CLIENT = asked(SUITES[3], [])


@given(garbage, st.lists(st.integers(0, 400), max_size=4))
def test_garbage_raises_nothing_else(data: bytes, at: list[int]) -> None:
    pieces = cut(data, at)
    for attempt in (
        lambda: bhttp.decode(data),
        lambda: keyconfig.decode(data),
        lambda: keyconfig.decode_list(data),
        lambda: keyconfig.parse_header(data.decode("latin-1")),
        lambda: ohttp.open_request(data, find(SUITES[3])),
        lambda: ohttp.open_response(CLIENT, data),
        lambda: read(chunked.RequestReader(find(SUITES[0])), pieces),
        lambda: read(chunked.response_reader(CLIENT), pieces),
        lambda: check(((b"comity-bind", data), (b"comity-replay", data)), Binding(pool="", key=bytes(32), policy="0" * 64)),
    ):
        with suppress(CallerError, TrustFailure):
            attempt()


@given(st.integers(0, VARINT_MAX))
def test_numbers_are_read_as_written(number: int) -> None:
    written = encoded(number)
    assert decoded(written) == number and size_of(written[0]) == len(written)
