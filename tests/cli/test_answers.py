# SPDX-License-Identifier: Apache-2.0
"""What is told of requests that were really made: asked, explained, proven, verified; each exit code by a real case."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.receipt import Receipt
from tests.cli.conftest import CN, Cli, Story
from tests.fakes import FakeClock, SeededRandom

ANSWERED, DENIED, FAILED = "0", "1", "2"


# -- ask -----------------------------------------------------------------------------------------------------------


def test_an_answer_is_the_result_and_the_receipt_is_said_beside_it(cli: Cli, story: Story) -> None:
    sent = len(story.partner.bodies)
    done = cli(*story.flags, "ask", "--subject", CN, "my mail is a@b.com")
    assert done.code == 0 and "my mail is a@b.com" in done.out
    assert "a@b.com" not in json.dumps(story.partner.bodies[sent:]) and len(story.partner.bodies) == sent + 1
    assert re.fullmatch(r"\nanswered in CN; label: [a-z, ]+; receipt [0-9A-Z]{26}\nwhy: comity explain last\n", done.err)


def test_json_is_the_answer_with_what_the_headers_said(cli: Cli, story: Story) -> None:
    done = cli(*story.flags, "--json", "ask", "--subject", CN, "hello")
    assert (done.code, done.err) == (0, "")
    assert done.json()["answer"]["choices"][0]["message"]["content"].startswith("hello")
    assert done.json()["headers"]["comity-region"] == "CN"


def test_a_dash_reads_the_question_from_standard_input(cli: Cli, story: Story) -> None:
    assert "你好" in cli(*story.flags, "ask", "--subject", CN, "-", stdin="你好".encode()).out
    cli(*story.flags, "ask", "-").refused(2, "request.invalid")


def test_a_denied_question_ends_with_4_and_names_its_receipt_and_a_way(cli: Cli, story: Story) -> None:
    words = (*story.flags, "ask", "--subject", CN, "--model", "us-virginia", "hello")
    sent = len(story.partner.bodies)
    said = cli(*words).refused(4, "policy.deny")
    assert "hint: what would change it: " in said and said.endswith("see: comity explain last\n")
    error = cli("--json", *words).error()
    assert error["code"] == "policy.deny" and error["receipt"] and error["decision"]["candidates"][0]["effect"] == "deny"
    assert len(story.partner.bodies) == sent


@pytest.mark.parametrize(
    ("words", "code", "field"),
    [
        (("--model", "nobody"), "request.unknown_model", "model"),
        (("--subject", 'location="Atlantis"'), "request.subject", "comity-subject.location"),
        (("--subject", "location="), "request.subject", "comity-subject"),
        (("--subject", 'location="CN", age=-1'), "request.subject", "comity-subject.age"),
        (("--subject", 'location="CN", consent=(seperate_sensitive)'), "request.subject", "comity-subject.consent"),
        (("--task", "wrting_assistant"), "request.unknown_word", "comity-task"),
        (("--purpose", "asist"), "request.unknown_word", "comity-purpose"),
        (("--max-tokens", "-5"), "request.invalid", "max_tokens"),
    ],
)
def test_what_is_wrong_with_a_question_ends_with_3_and_is_named(
    cli: Cli, story: Story, words: tuple[str, ...], code: str, field: str
) -> None:
    cli(*story.flags, "ask", *words, "hello").refused(3, code)
    done = cli(*story.flags, "--json", "ask", *words, "hello")
    assert (done.code, done.out, done.error()["param"]) == (3, "", field)


@pytest.mark.parametrize("flag", ["--subject", "--task", "--purpose"])
@pytest.mark.parametrize("value", ['id="张"', "a\r\nComity-Subject: b", "a\x00"])
def test_what_no_header_can_hold_is_refused_however_it_would_travel(cli: Cli, story: Story, flag: str, value: str) -> None:
    assert cli(*story.flags, "ask", flag, value, "hello").refused(2, "usage").endswith("hint: printable ASCII only\n")


class Breaking(BaseHTTPRequestHandler):
    """Says that it is a Comity, and then does not answer as one: `reply` is all that it says to a question."""

    reply: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        self.wfile.write(b'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"service":"comity"}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.wfile.write(self.reply)

    def log_message(self, *_: object) -> None:
        pass


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
PIECE = b'data: {"choices": [{"delta": {"content": "half an"}}]}\n\n'


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b"", ""),
        (b"no HTTP at all", ""),
        (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 5\r\n\r\n<html", ""),
        (STREAM + b"transfer-encoding: chunked\r\n\r\n%x\r\n" % len(PIECE) + PIECE + b"\r\n", "half an"),
        (STREAM + b"\r\n" + PIECE, "half an"),
        (STREAM + b"\r\n" + PIECE + b"data: {\n\n", "half an"),
    ],
)
def test_a_gateway_that_breaks_off_is_an_error_and_never_reads_as_an_answer(cli: Cli, reply: bytes, said: str) -> None:
    handler = type("Handler", (Breaking,), {"reply": reply})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        Path("comity.toml").write_text(f"[server]\nport = {server.server_port}\n", encoding="utf-8")
        try:
            done, as_json = cli("ask", "hello"), cli("--json", "ask", "hello")
        finally:
            server.shutdown()
            serving.join()
    assert (done.code, done.out) == (1, said) and done.err.startswith("comity: error[gateway.failed]: the gateway ")
    assert (as_json.code, as_json.out, as_json.error()["code"]) == (1, "", "gateway.failed")


# -- explain -------------------------------------------------------------------------------------------------------


def test_explain_tells_an_answer(cli: Cli, story: Story) -> None:
    done = cli(*story.flags, "explain", ANSWERED)
    assert (done.code, done.err) == (0, "")
    assert "person in CN; packs cn@" in done.out and "found contact" in done.out and "ALLOW    qwen-beijing" in done.out
    assert "\nanswered in CN by qwen-beijing\n" in done.out


def test_explain_tells_a_denial_with_the_article_and_a_way(cli: Cli, story: Story) -> None:
    told = cli(*story.flags, "explain", DENIED).out
    assert "DENY     us-virginia\n  because " in told and ", Art. " in told and "\n  a way    " in told
    assert "\nnothing was sent\n" in told and "answered" not in told


def test_explain_says_what_was_not_answered_and_why(cli: Cli, story: Story) -> None:
    told = cli(*story.flags, "explain", FAILED).out
    assert "ALLOW    qwen-beijing" in told
    assert "\nnot answered in CN by qwen-beijing: it failed with `provider.failed`\n" in told
    assert "\nanswered" not in told


def test_explain_names_the_next_command_and_it_works(cli: Cli, story: Story) -> None:
    """Followed as it is printed: prove into a file, verify that."""
    told = cli(*story.flags, "explain", DENIED).out
    assert "check it: comity log prove 1 > receipt.json && comity log verify receipt.json" in told
    Path("receipt.json").write_text(cli(*story.flags, "log", "prove", "1").out, encoding="utf-8")
    assert cli("log", "verify", "receipt.json").code == 0


@pytest.mark.parametrize("number", [ANSWERED, DENIED, FAILED])
def test_explain_by_receipt_is_explain_by_place(cli: Cli, story: Story, number: str) -> None:
    value = cli(*story.flags, "--json", "explain", number).json()
    assert value["index"] == int(number)
    assert cli(*story.flags, "--json", "explain", value["receipt"]["id"].lower()).json() == value


@pytest.mark.parametrize("reference", ["999", "-1", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "what?", "1e3", "９"])
def test_a_receipt_that_is_not_there(cli: Cli, story: Story, reference: str) -> None:
    for words in (("explain", "--", reference), ("log", "prove", "--", reference)):
        cli(*story.flags, *words).refused(3, "receipt.unknown")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (None, "sent to here; no outcome was recorded (being answered, or the gateway was killed)"),
        ({"status": "ok"}, "answered on this machine by here"),
        ({"status": "ok", "prompt_tokens": 7, "completion_tokens": 9}, "answered on this machine by here, 7 tokens in, 9 tokens out"),
        ({"status": "interrupted", "completion_tokens": 2}, "not answered on this machine by here: the answer began and did not end"),
        ({"status": "caller.gone"}, "not answered on this machine by here: the caller left before there was one"),
        ({"status": "model.absent"}, "not answered on this machine by here: it failed with `model.absent`"),
        (
            {"status": "provider.failed", "upstream_status": 503},
            "not answered on this machine by here: it failed with `provider.failed`, status 503 from there",
        ),
    ],
)
def test_explain_reads_as_answered_only_what_was(cli: Cli, home: Path, outcome: dict[str, object] | None, said: str) -> None:
    async def recorded() -> None:
        clock = FakeClock()
        ledger = await Ledger.open(home, clock=clock, random=SeededRandom(), record_seconds_max=60)
        receipt = Receipt(
            id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow", deployment="here",
            plaintext_at="device",
        )  # fmt: skip
        await ledger.record(receipt, request_id="r", subject=None, facts=b"{}", decision=b'{"candidates": []}')
        if outcome is not None:
            await ledger.finish(receipt.id, Outcome(at=clock.now(), **outcome))  # type: ignore[arg-type]
        await ledger.aclose()

    asyncio.run(recorded())
    assert f"\n{said}" in cli("--home", home, "explain").out


def test_explain_a_file_sends_nothing_and_records_nothing(cli: Cli, story: Story) -> None:
    sent, size = len(story.partner.bodies), len(cli(*story.flags, "--json", "log", "tail", "-n", 99).json())
    Path("ask.json").write_text('{"messages": [{"role": "user", "content": "hello"}]}', encoding="utf-8")
    done = cli(*story.flags, "explain", "ask.json", "--subject", CN)
    assert done.code == 0 and done.out.endswith("would ask qwen-beijing; nothing was sent\n")
    Path("ask.json").write_text('{"model": "us-virginia", "messages": [{"role": "user", "content": "hello"}]}', encoding="utf-8")
    denied = cli(*story.flags, "--json", "explain", "ask.json", "--subject", CN)
    assert denied.code == 4 and denied.json()["would_ask"] == []
    assert len(story.partner.bodies) == sent and len(cli(*story.flags, "--json", "log", "tail", "-n", 99).json()) == size


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "request.malformed"),
        (b"[]", "request.invalid"),
        (b'{"messages": []}', "request.invalid"),
        (b'{"messages": [{"role": "user", "content": "hello"}], "shiny": 1}', "request.unknown_field"),
    ],
)
def test_a_file_that_is_no_request(cli: Cli, story: Story, body: bytes, code: str) -> None:
    Path("ask.json").write_bytes(body)
    cli(*story.flags, "explain", "ask.json").refused(3, code)
    cli(*story.flags, "explain", "absent.json").refused(3, "request.unreadable")


# -- log -----------------------------------------------------------------------------------------------------------


def test_the_tail_is_newest_last_with_what_became_of_each(cli: Cli, story: Story) -> None:
    lines = [line.split() for line in cli(*story.flags, "log", "tail", "-n", 99).out.splitlines()[:3]]
    assert [(line[0], line[2], line[5], line[6]) for line in lines] == [
        ("0", "allow", "CN", "ok"),
        ("1", "deny", "nowhere", "-"),
        ("2", "allow", "CN", "provider.failed"),
    ]
    newest = cli(*story.flags, "--json", "log", "tail", "-n", 1).json()
    assert [row["index"] for row in newest] == [cli(*story.flags, "--json", "explain", "last").json()["index"]]


def test_a_proof_holds_from_a_file_from_standard_input_and_by_name(cli: Cli, story: Story) -> None:
    bundle = cli(*story.flags, "log", "prove", ANSWERED).out
    key = cli(*story.flags, "log", "key").out.strip()
    Path("receipt.json").write_text(bundle, encoding="utf-8")
    for words, stdin in ((("receipt.json",), b""), (("-",), bundle.encode())):
        unpinned = cli("log", "verify", *words, stdin=stdin)
        assert unpinned.code == 0 and unpinned.out.startswith("holds: receipt ") and "--vkey" in unpinned.out
        pinned = cli("log", "verify", *words, "--vkey", key, stdin=stdin)
        assert pinned.code == 0 and "--vkey" not in pinned.out
        assert cli("--json", "log", "verify", *words, "--vkey", key, stdin=stdin).json()["key_pinned"] is True
    receipt = json.loads(bundle)["receipt"]["id"]
    assert f"holds: receipt {receipt} is number 0 of " in cli(*story.flags, "log", "verify", receipt).out


def tampered(bundle: dict[str, object], change: str) -> object:
    receipt = dict(bundle["receipt"])  # type: ignore[call-overload]
    text = str(bundle["checkpoint"])
    return {
        "effect": {**bundle, "receipt": receipt | {"effect": "deny"}},
        "place": {**bundle, "index": 1},
        "missing": {name: value for name, value in bundle.items() if name != "salt"},
        "salt": {**bundle, "salt": "A" * 43 + "="},
        "head": {**bundle, "checkpoint": text.replace("\n", "\n9", 1)},
        "list": [bundle],
    }[change]


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ("effect", "signature"),
        ("place", "inclusion"),
        ("missing", "shape"),
        ("salt", "inclusion"),
        ("head", "checkpoint"),
        ("list", "shape"),
    ],
)
def test_a_proof_that_does_not_hold_ends_with_5_and_names_the_step(cli: Cli, story: Story, change: str, step: str) -> None:
    bundle = json.loads(cli(*story.flags, "log", "prove", ANSWERED).out)
    raw = json.dumps(tampered(bundle, change)).encode()
    assert f"{step}: " in cli("log", "verify", "-", stdin=raw).refused(5, f"trust.{step}")
    done = cli("--json", "log", "verify", "-", stdin=raw)
    assert (done.code, done.out, done.error()["code"]) == (5, "", f"trust.{step}")


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"{", b"null", b"[" * 100_000])
def test_what_is_no_bundle_does_not_hold_either(cli: Cli, raw: bytes) -> None:
    cli("log", "verify", "-", stdin=raw).refused(5, "trust.shape")


def test_a_proof_under_another_logs_key_does_not_hold(cli: Cli, story: Story, home: Path) -> None:
    async def another() -> str:
        ledger = await Ledger.open(home, clock=FakeClock(), random=SeededRandom(), record_seconds_max=60)
        await ledger.aclose()
        return ledger.vkey

    bundle = cli(*story.flags, "log", "prove", ANSWERED).out.encode()
    cli("log", "verify", "-", "--vkey", asyncio.run(another()), stdin=bundle).refused(5, "trust.key")
    cli("log", "verify", "-", "--vkey", "junk", stdin=bundle).refused(5, "trust.key")


def test_a_file_that_is_not_there_is_no_broken_proof(cli: Cli) -> None:
    cli("log", "verify", "receipts/none.json").refused(3, "receipt.unreadable")
