# SPDX-License-Identifier: Apache-2.0
"""The two C programs, against each other and against servers that misbehave; no figure here is a speed."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from benchmarks.harness.__main__ import build
from benchmarks.harness.bodies import MARK, bodies

DELTAS = 6
Programs = tuple[Path, Path]
Written = Callable[..., Path]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    try:
        return build(tmp_path_factory.mktemp("programs"))
    except SystemExit as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def upstream(programs: Programs) -> Iterator[int]:
    """Its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([str(programs[0]), str(port), MARK])
    try:
        while process.poll() is None:
            try:
                control(port, f"gap=0&deltas={DELTAS}")
                break
            except ConnectionRefusedError:
                continue
        yield port
    finally:
        process.terminate()
        process.wait()


def control(port: int, what: str = "") -> dict[str, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/control?" + what)
    found: dict[str, int] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def post(port: int, body: dict[str, Any]) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/v1/chat/completions", json.dumps(body, ensure_ascii=False).encode())
    answer = connection.getresponse().read()
    connection.close()
    return answer


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "system", "content": "first"}, {"role": "user", "content": text}], **more}


def run(program: Path, url: str, written: Path, *more: str) -> dict[str, Any]:
    told = subprocess.run([str(program), url, str(written), *more], capture_output=True, text=True, timeout=30, check=True)
    begin, end, found = told.stdout.splitlines()
    assert (begin, end) == ("begin", "end")
    made: dict[str, Any] = json.loads(found)
    return made


# -- the upstream ----------------------------------------------------------------------------------------------------


def test_an_answer_is_a_completion_that_quotes_what_was_asked(upstream: int) -> None:
    answer = json.loads(post(upstream, chat("call me at 5, über alles")))
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["content"].startswith("call me at 5, über alles ")
    assert 1000 < len(json.dumps(answer, separators=(",", ":"))) < 1300


@pytest.mark.parametrize("text", ["é" * 200, "x" + "é" * 200, 'a quote " within', "", "\\u0041"])
def test_a_quote_is_cut_between_characters(upstream: int, text: str) -> None:
    content = json.loads(post(upstream, chat(text)))["choices"][0]["message"]["content"]
    quoted = content.split(" The quick")[0]
    assert text.startswith(quoted.rstrip())


def test_a_stream_is_as_long_as_told_and_brings_the_quote_in_pieces(upstream: int) -> None:
    events = post(upstream, chat("thirty-two characters, give or take", stream=True)).decode().strip().split("\n\n")
    assert events[-1] == "data: [DONE]"
    assert len(events) == DELTAS + 2
    deltas = [json.loads(event.removeprefix("data: "))["choices"][0]["delta"] for event in events[:-2]]
    assert "".join(delta["content"] for delta in deltas[1:5]) == "thirty-two characters, give or take"
    assert all(delta["content"].startswith("~") for delta in [deltas[0], *deltas[5:]])
    assert json.loads(events[-2].removeprefix("data: "))["choices"][0]["finish_reason"] == "stop"


def test_a_body_that_holds_the_mark_is_counted(upstream: int) -> None:
    before = control(upstream)
    post(upstream, chat(f"write to a{MARK}"))
    post(upstream, chat("write to EMAIL_1_K7QX4", stream=True))
    after = control(upstream)
    assert {name: after[name] - before[name] for name in after} == {"requests": 2, "streams": 1, "marked": 1}


# -- the load --------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(**more: Any) -> Path:
        path = tmp_path / "bodies"
        path.write_bytes(b"\n".join(bodies(3, 100, model="bench", **more)))
        return path

    return write


def test_every_answer_is_counted_once(programs: Programs, upstream: int, written: Written) -> None:
    before = control(upstream)["requests"]
    found = run(programs[1], f"http://127.0.0.1:{upstream}/v1", written(personal=False), "-c", "3", "-s", "0.3", "-w", "0")
    sent = control(upstream)["requests"] - before
    assert found["answered"] == found["latency"]["count"] > 0
    assert found["answered"] <= sent <= found["answered"] + 3  # at most one under way on each connection
    assert found["refused"] == found["broken"] == found["cut_short"] == 0


def test_streams_are_read_to_their_end_and_every_stamp_is_taken(programs: Programs, upstream: int, written: Written) -> None:
    url = f"http://127.0.0.1:{upstream}/v1"
    found = run(programs[1], url, written(personal=True, stream=True), "-c", "2", "-s", "0.3", "-w", "0")
    assert found["answered"] > 0
    assert found["cut_short"] == 0
    whole, begun = found["answered"], found["answered"] + 2
    assert whole * (DELTAS + 2) <= found["events"] <= begun * (DELTAS + 2)
    assert whole * (DELTAS - 4) <= found["delta"]["count"] <= begun * (DELTAS - 4)  # four of them carry the quote


@contextmanager
def serving(answer: Callable[[socket.socket, int], None]) -> Iterator[str]:
    """A server of one connection at a time; ``answer`` gets it with the number of the request it just read."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            number = 0
            while True:
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                with connection:
                    try:
                        while connection.recv(65536):
                            number += 1
                            answer(connection, number)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}/v1"
        finally:
            door.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_who_had_to_wait_is_counted_when_the_rate_is_constant(programs: Programs, written: Written) -> None:
    """A server that stalls is asked once and charged for everybody behind: the mistake called coordinated omission."""

    def stall(connection: socket.socket, number: int) -> None:
        connection.recv(1)  # until the load goes away

    with serving(stall) as url:
        found = run(programs[1], url, written(personal=False), "-c", "1", "-s", "0.5", "-w", "0", "-r", "100")
    assert found["answered"] == 0
    assert found["waiting"] >= 48  # of 50 that fell due, one was sent


def piecewise(connection: socket.socket, data: bytes) -> None:
    for at in range(len(data)):
        connection.sendall(data[at : at + 1])


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(body: bytes) -> bytes:
    """Every byte a chunk of its own, and a trailer."""
    return HEAD + b"".join(b"1;x=y\r\n" + body[at : at + 1] + b"\r\n" for at in range(len(body))) + b"0\r\nT: x\r\n\r\n"


@pytest.mark.parametrize(("end", "short"), [(b"data: [DONE]\n\n", False), (b": [DONE]\n\n", True), (b"x data: [DONE]\n\n", True)])
def test_a_stream_without_its_end_is_cut_short_however_it_is_cut(programs: Programs, written: Written, end: bytes, short: bool) -> None:
    body = b'data: {"a":"~1~"}\n\n' + end
    with serving(lambda connection, number: piecewise(connection, chunked(body)) if number == 1 else None) as url:
        found = run(programs[1], url, written(personal=False), "-c", "1", "-s", "0.5", "-w", "0")
    assert (found["answered"], found["cut_short"], found["delta"]["count"]) == (1, int(short), 1)
    assert found["events"] == (1 if short else 2)


def test_a_refusal_is_counted_and_told(programs: Programs, written: Written) -> None:
    said = b'HTTP/1.1 503 No\r\nContent-Length: 7\r\n\r\nno, "x"'
    with serving(lambda connection, number: connection.sendall(said)) as url:
        found = run(programs[1], url, written(personal=False), "-c", "1", "-s", "0.3", "-w", "0")
    assert found["answered"] == 0 < found["refused"]
    assert "503" in found["first_refusal"] and "no,  x" in found["first_refusal"]


def test_a_connection_that_breaks_off_is_an_error(programs: Programs, written: Written) -> None:
    def half(connection: socket.socket, number: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_RDWR)

    with serving(half) as url:
        found = run(programs[1], url, written(personal=False), "-c", "1", "-s", "0.3", "-w", "0")
    assert found["answered"] == 0 < found["broken"]


def test_no_other_machine_is_loaded(programs: Programs, written: Written) -> None:
    told = subprocess.run(
        [str(programs[1]), "http://192.0.2.1:80/v1", str(written(personal=False))], capture_output=True, text=True, timeout=10
    )
    assert told.returncode == 2
    assert "only this machine" in told.stderr
