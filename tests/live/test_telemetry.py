# SPDX-License-Identifier: Apache-2.0
"""A gateway as a person starts it, with a collector: what is told is there when it has stopped; one that is gone costs nothing."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from comity.lab.process import ask
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

TELEMETRY = '\n[telemetry]\nendpoint = "http://127.0.0.1:{port}"\n\n[logs]\nformat = "json"\naccess = true\n'
QUESTION = {"messages": [{"role": "user", "content": "call me at 13812345678"}]}


@contextmanager
def collector() -> Iterator[tuple[int, list[tuple[str, bytes]]]]:
    received: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], received
        finally:
            server.shutdown()
            thread.join()


def test_a_collector_has_the_traces_and_metrics_when_the_gateway_has_stopped(tmp_path: Path) -> None:
    with EchoPartner() as partner, collector() as (port, received):
        with gateway(tmp_path, BEIJING.format(base=partner.base) + TELEMETRY.format(port=port)) as process:
            receipt = ask(process.base, QUESTION, subject("CN")).headers["comity-receipt"]
            process.stop()
        spans = [
            span["name"]
            for path, body in received
            if path == "/v1/traces"
            for scope in json.loads(body)["resourceSpans"][0]["scopeSpans"]
            for span in scope["spans"]
        ]
        assert {"POST /v1/chat/completions", "chat echo", "record"} <= set(spans)
        assert any(path == "/v1/metrics" and b"comity_attempts_total" in body for path, body in received)
        assert not any(b"13812345678" in body or b"u-81" in body for _, body in received)
        lines = [json.loads(line) for line in (tmp_path / "gateway.log").read_text().splitlines() if line.startswith("{")]
        (line,) = [line for line in lines if line.get("logger") == "comity.access"]
        assert (line["receipt"], line["status"], line["deployment"]) == (receipt, 200, "qwen-beijing")


def test_a_collector_that_is_gone_keeps_nobody_from_an_answer_or_the_gateway_from_its_end(tmp_path: Path) -> None:
    with socket.socket() as nobody, EchoPartner() as partner:
        nobody.bind(("127.0.0.1", 0))  # bound, and nobody listens
        config = BEIJING.format(base=partner.base) + TELEMETRY.format(port=nobody.getsockname()[1])
        with gateway(tmp_path, config) as process:
            assert [ask(process.base, QUESTION, subject("CN")).status for _ in range(3)] == [200] * 3
            process.stop()
            assert process._child.returncode == 0, "it ended by itself"
