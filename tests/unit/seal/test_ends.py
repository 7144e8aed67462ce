# SPDX-License-Identifier: Apache-2.0
"""Client and node, put together: a question asked under seal, its answer while it comes, and what each end refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError, TrustFailure
from comity.seal import AnswerReader, AnswerWriter, QuestionReader, ask, bhttp, chunked, ohttp, once, opened, seal_answer
from comity.seal.bind import Binding
from comity.seal.epochs import Keys
from comity.seal.hpke import DEFAULT, TAG_BYTES, Suite
from comity.seal.http import Request, Response, Trailers
from comity.seal.kem import X25519
from comity.seal.keyconfig import KeyConfig
from comity.seal.varint import decoded, size_of
from tests.fakes import FakeClock, SeededRandom

REQUEST = Request(method="POST", authority="node.invalid", path="/v1/chat/completions", fields=((b"content-type", b"application/json"),))
STREAM = Response(status=200, fields=((b"content-type", b"text/event-stream"),))
EVENTS = [b"data: %d\n\n" % n for n in range(20)]
POLICY = "ab" * 32


class Node:
    """Keys, and what it is bound to."""

    def __init__(self, pool: str = "cn-assist") -> None:
        self.pool, self.random = pool, SeededRandom(b"node")
        self.keys = Keys(FakeClock(), self.random)
        self.config: KeyConfig = self.keys.tend()[0].config

    def terms(self, key: bytes) -> Binding:
        return Binding(pool=self.pool, key=key, policy=POLICY)

    def reader(self) -> QuestionReader:
        return QuestionReader(self.keys.find, self.terms)


@pytest.fixture
def node() -> Node:
    return Node()


def asked(node: Node, content: bytes = b'{"messages":[]}') -> tuple[bytes, ohttp.Exchange]:
    return ask(node.config, node.terms(node.config.hash), REQUEST, content, SeededRandom(b"client"))


def streamed(node: Node, reader: QuestionReader) -> list[bytes]:
    writer = AnswerWriter(reader.exchange, node.random, least=0)
    return [writer.start(STREAM), *map(writer.beat, EVENTS), writer.close()]


def test_a_question_and_its_streamed_answer(node: Node) -> None:
    sealed, exchange = asked(node)
    assert exchange.context.suite == DEFAULT
    reader = node.reader()
    head, content, end = [event for n in range(len(sealed)) for event in reader.feed(sealed[n : n + 1])] + reader.finish()
    assert isinstance(head, Request) and head.path == REQUEST.path and head.fields[0] == REQUEST.fields[0]
    assert (content, end) == (b'{"messages":[]}', Trailers())
    answer, got = AnswerReader(exchange), []
    for part in streamed(node, reader):
        got += answer.feed(part)
    assert got == [STREAM, *EVENTS]
    assert answer.finish() == [Trailers()]


def test_nobody_is_told_that_a_message_is_whole_before_it_is_verified(node: Node) -> None:
    sealed, exchange = asked(node)
    reader = node.reader()
    reader.feed(sealed)
    parts = streamed(node, reader)
    answer = AnswerReader(exchange)
    got = [event for part in parts[:-1] for event in answer.feed(part)]
    got += answer.feed(parts[-1][:-1])  # the message has said that it ends; the seal has not
    assert not any(isinstance(event, Trailers) for event in got)
    with pytest.raises(TrustFailure) as failed:
        answer.finish()
    assert failed.value.step == "truncated"


def test_a_question_that_came_whole_is_checked_and_answered_whole(node: Node) -> None:
    bound = Request(method="POST", path="/", fields=node.terms(node.config.hash).fields(SeededRandom()))
    sealed, client = ohttp.seal_request(node.config, DEFAULT, bhttp.encode(bound, b"question"), SeededRandom(b"client"))
    message, exchange = opened(sealed, node.keys.find, node.terms)
    assert message.content == b"question" and isinstance(message.head, Request)
    once(message.head, exchange)
    answer = seal_answer(exchange, Response(status=200), b"answer", node.random)
    assert bhttp.decode(ohttp.open_response(client, answer)).content == b"answer"
    with pytest.raises(TrustFailure) as failed:
        opened(sealed, node.keys.find, node.terms)
    assert failed.value.step == "replay"


def test_a_question_is_heard_once_and_only_where_whoever_asks_is_let_in(node: Node) -> None:
    sealed, _ = asked(node)
    copies = [node.reader() for _ in range(3)]
    heads = [copy.feed(sealed)[0] for copy in copies]  # nobody was let in yet: nothing is remembered of them
    first = heads[0]
    assert isinstance(first, Request)
    once(first, copies[0].exchange)
    with pytest.raises(TrustFailure) as failed:
        once(first, copies[1].exchange)
    assert failed.value.step == "replay"
    again, got = node.reader(), []
    with pytest.raises(TrustFailure) as failed:
        got += again.feed(sealed)
    assert failed.value.step == "replay" and got == []


def test_a_question_for_another_pool_is_not_handed_on(node: Node) -> None:
    sealed, _ = asked(node)
    node.pool = "us-assist"
    reader = node.reader()
    for piece in (sealed, b"", b"x"):  # and nothing behind it is
        with pytest.raises(TrustFailure) as failed:
            reader.feed(piece)
        assert failed.value.step == "bind"
    with pytest.raises(TrustFailure):
        reader.finish()


def test_a_key_that_was_swapped_after_it_was_checked_is_not_sealed_to(node: Node) -> None:
    other = Keys(FakeClock(), SeededRandom(b"other")).tend()[0].config
    with pytest.raises(TrustFailure) as failed:
        ask(other, node.terms(node.config.hash), REQUEST, b"", SeededRandom())
    assert failed.value.step == "key-config"


def test_a_key_without_the_suite_that_is_asked_for_is_not_sealed_to(node: Node) -> None:
    classical = Keys(FakeClock(), SeededRandom(b"other"), kem=X25519).tend()[0].config
    with pytest.raises(TrustFailure) as failed:
        ask(classical, node.terms(classical.hash), REQUEST, b"", SeededRandom())
    assert failed.value.step == "suite"
    _, exchange = ask(classical, node.terms(classical.hash), REQUEST, b"", SeededRandom(), accepted=[DEFAULT, Suite(X25519)])
    assert exchange.context.suite == Suite(X25519)


def test_a_message_that_is_not_bound_or_goes_the_wrong_way_is_refused(node: Node) -> None:
    for message in (bhttp.encode(REQUEST), bhttp.encode(Response(status=200)), b"\xff"):
        writer, _ = chunked.request_writer(node.config, DEFAULT, SeededRandom())
        reader = node.reader()
        with pytest.raises(CallerError):
            _ = reader.feed(writer.close(message)) + reader.finish()
        sealed, _ = ohttp.seal_request(node.config, DEFAULT, message, SeededRandom())
        with pytest.raises(CallerError):
            opened(sealed, node.keys.find, node.terms)
    with pytest.raises(CallerError):
        _ = node.reader().exchange


def test_an_answer_that_is_a_request_is_refused(node: Node) -> None:
    sealed, exchange = asked(node)
    reader = node.reader()
    reader.feed(sealed)
    writer = chunked.response_writer(reader.exchange, node.random)
    with pytest.raises(CallerError):
        AnswerReader(exchange).feed(writer.write(bhttp.encode(REQUEST)))


def lengths(sealed: bytes, at: int = 32) -> list[int]:
    """Of the chunks of an answer, as they stand in clear; the last that holds nothing left out."""
    found: list[int] = []
    while True:
        size = size_of(sealed[at])
        length, at = decoded(sealed[at : at + size]), at + size
        if not length:
            return found
        found.append(length - TAG_BYTES)
        at += length


def answer_to(node: Node) -> AnswerWriter:
    sealed, _ = asked(node)
    reader = node.reader()
    reader.feed(sealed)
    return AnswerWriter(reader.exchange, node.random)


ANSWERS = [
    (200, b"", b""), (200, b"x", b"z" * 800), (451, b"y" * 300, b"z" * 200), (503, b"x" * 900, b""),
]  # fmt: skip


def test_what_passes_says_the_size_to_a_power_of_two_only() -> None:
    assert len({len(asked(Node(), b"x" * size)[0]) for size in range(0, 700, 50)}) == 1
    for status, content, bundle in ANSWERS:
        writer = answer_to(Node())
        trailers = ((b"comity-receipt-bundle", bundle),) if bundle else ()
        sealed = writer.start(Response(status=status)) + writer.piece(content) + writer.close(trailers)
        assert lengths(sealed) == [1024]


@given(st.lists(st.integers(1, 40_000), max_size=8))
def test_pieces_that_are_no_events_go_in_full_chunks(pieces: list[int]) -> None:
    node = Node()
    sealed, exchange = asked(node)
    reader = node.reader()
    reader.feed(sealed)
    writer = AnswerWriter(reader.exchange, node.random)
    said = [writer.start(STREAM), *(writer.piece(b"x" * each) for each in pieces), writer.close(((b"a", b"b"),))]
    found = lengths(b"".join(said))
    assert sum(found).bit_count() == 1 and (len(found) == 1 or set(found) == {16_384})
    answer = AnswerReader(exchange)
    events = [event for part in said for event in answer.feed(part)] + answer.finish()
    assert sum(len(each) for each in events if isinstance(each, bytes)) == sum(pieces)
    assert events[-1] == Trailers(fields=((b"a", b"b"),))


@given(st.lists(st.binary(max_size=3000).map(lambda said: b"data: " + said.replace(b"\n", b"") + b"\n\n"), max_size=5),
       st.binary(max_size=2000).map(bytes.hex))  # fmt: skip
def test_each_beat_is_a_chunk_of_a_power_of_two_the_first_with_the_head(events: list[bytes], bundle: str) -> None:
    node = Node()
    sealed, exchange = asked(node)
    reader = node.reader()
    reader.feed(sealed)
    writer = AnswerWriter(reader.exchange, node.random, least=256)
    said = [writer.start(STREAM), *map(writer.beat, events), writer.close(((b"comity-receipt-bundle", bundle.encode()),))]
    found = lengths(b"".join(said))
    assert said[0] == b"" and len(found) == len(events) + 1 and all(each.bit_count() == 1 and each >= 256 for each in found)
    answer = AnswerReader(exchange)
    got = [event for part in said for event in answer.feed(part)] + answer.finish()
    content = b"".join(each for each in got if isinstance(each, bytes))
    assert [line for line in content.split(b"\n") if line and line.strip(b": ")] == [each.strip(b"\n") for each in events]
