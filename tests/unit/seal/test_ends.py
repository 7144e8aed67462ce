# SPDX-License-Identifier: Apache-2.0
"""Client and node, put together: a question asked under seal, its answer while it comes, and what each end refuses."""

from __future__ import annotations

import pytest

from comity.errors import CallerError, TrustFailure
from comity.seal import AnswerReader, AnswerWriter, QuestionReader, ask, bhttp, chunked, ohttp, opened, seal_answer
from comity.seal.bind import Binding
from comity.seal.epochs import Keys
from comity.seal.hpke import DEFAULT, Suite
from comity.seal.http import Request, Response, Trailers
from comity.seal.kem import X25519
from comity.seal.keyconfig import KeyConfig
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
    return [writer.start(STREAM), *map(writer.piece, EVENTS), writer.close()]


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
    assert message.content == b"question"
    answer = seal_answer(exchange, Response(status=200), b"answer", node.random)
    assert bhttp.decode(ohttp.open_response(client, answer)).content == b"answer"
    with pytest.raises(TrustFailure) as failed:
        opened(sealed, node.keys.find, node.terms)
    assert failed.value.step == "replay"


def test_a_question_is_heard_once(node: Node) -> None:
    sealed, _ = asked(node)
    node.reader().feed(sealed)
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


def test_what_passes_says_the_size_to_a_power_of_two_only(node: Node) -> None:
    sizes = {len(asked(node, b"x" * size)[0]) for size in range(0, 700, 50)}
    assert len(sizes) == 1
    answers = set()
    for size in range(0, 900, 50):
        sealed, _ = asked(Node(), b"")
        fresh = Node()
        reader = fresh.reader()
        reader.feed(sealed)
        writer = AnswerWriter(reader.exchange, fresh.random)
        answers.add(len(writer.start(STREAM) + writer.piece(b"x" * size) + writer.close()))
    assert max(answers) - min(answers) <= 40  # how many chunks there were, not how much they said
