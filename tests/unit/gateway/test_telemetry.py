# SPDX-License-Identifier: Apache-2.0
"""What a collector is sent, read by OpenTelemetry's own messages; that nobody waits for it; and that it holds no content."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from comity.config import TelemetryConfig
from comity.errors import OperatorError
from comity.gateway.app import App
from comity.gateway.metrics import Metrics
from comity.gateway.telemetry import otlp
from comity.gateway.telemetry.export import Telemetry
from comity.gateway.telemetry.spans import Tracer
from comity.ports import SystemRandom
from tests.fakes import FakeClock, SeededRandom
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, Sim, config, simulate, subject

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECRET = "13812345678"


class Collector:
    """Keeps what it is sent; refuses, fails or never answers as it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.how: Any = True

    async def __call__(self, path: str, body: bytes) -> bool:
        if isinstance(self.how, Exception):
            raise self.how
        if self.how is None:
            await asyncio.Event().wait()
        self.sent.append((path, body))
        return bool(self.how)

    def spans(self) -> list[Any]:
        found = [Parse(in_base64(body), ExportTraceServiceRequest()) for path, body in self.sent if path == otlp.TRACES]
        return [span for each in found for resource in each.resource_spans for scope in resource.scope_spans for span in scope.spans]


def in_base64(body: bytes) -> bytes:
    """OTLP writes ids in hexadecimal, where JSON of protobuf has base64: the one difference between the two."""
    ids = re.compile(rb'"(traceId|spanId|parentSpanId)":"([0-9a-f]+)"')
    return ids.sub(lambda id: b'"%s":"%s"' % (id[1], b64encode(bytes.fromhex(id[2].decode()))), body)


def said(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


class Door:
    def __init__(self, sim: Sim, wanted: TelemetryConfig) -> None:
        self.collector = Collector()
        world = sim.world
        self.telemetry = Telemetry(wanted, world.metrics, clock=world.clock, random=world.random, post=self.collector)
        object.__setattr__(world, "telemetry", self.telemetry)  # as built with an endpoint, but without its socket
        self.sim, self.app = sim, App(world)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://127.0.0.1:8484")

    async def ask(self, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        body = {"messages": [{"role": "user", "content": f"hello, {SECRET}"}], **more}
        return await self.http.post("/v1/chat/completions", json=body, headers={**subject("CN"), **(headers or {})})


@pytest.fixture
async def sim(home: Path) -> AsyncIterator[Sim]:
    made = await simulate(config(BEIJING, FRANKFURT, VIRGINIA), home)
    yield made
    await made.aclose()


async def test_a_request_is_a_trace_with_its_steps_and_its_attempt(sim: Sim) -> None:
    door = Door(sim, TelemetryConfig(endpoint="http://collector.invalid:4318"))
    await door.ask()
    await door.telemetry.flush()
    spans = {span.name: span for span in door.collector.spans()}
    assert set(spans) == {"POST /v1/chat/completions", "chat echo", "locate", "inspect", "decide", "plan", "record", "protect", "send"}
    root, attempt = spans["POST /v1/chat/completions"], spans["chat echo"]
    assert len({span.trace_id for span in spans.values()}) == 1 and len(root.trace_id) == 16 and len(root.span_id) == 8
    assert {span.parent_span_id for name, span in spans.items() if span is not root} == {root.span_id} and not root.parent_span_id
    assert (root.kind, attempt.kind) == (Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT)
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in spans.values())
    assert said(attempt) == {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "self-hosted", "gen_ai.request.model": "echo",
        "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 4, "comity.deployment": "qwen-beijing", "comity.attempt": 1,
        "server.address": "127.0.0.1", "server.port": 9,
    }  # fmt: skip
    assert said(root) == {"http.request.method": "POST", "http.route": "/v1/chat/completions", "http.response.status_code": 200}


async def test_a_refusal_and_a_failure_are_errors_by_code(sim: Sim) -> None:
    door = Door(sim, TelemetryConfig(endpoint="http://collector.invalid:4318"))
    assert (await door.ask(model="us-virginia")).status_code == 451
    await door.telemetry.flush()
    (root,) = [span for span in door.collector.spans() if span.kind == Span.SPAN_KIND_SERVER]
    assert root.status.code == Status.STATUS_CODE_ERROR and said(root)["error.type"] == "policy.deny"
    assert not [span for span in door.collector.spans() if span.kind == Span.SPAN_KIND_CLIENT], "nobody was asked"


async def test_a_trace_of_a_caller_is_gone_on_with_only_where_callers_are_trusted(sim: Sim) -> None:
    for trusted in (False, True):
        door = Door(sim, TelemetryConfig(endpoint="http://collector.invalid:4318", trusts_callers=trusted))
        await door.ask({"traceparent": PARENT})
        await door.telemetry.flush()
        (root,) = [span for span in door.collector.spans() if span.kind == Span.SPAN_KIND_SERVER]
        assert (root.trace_id.hex() == PARENT[3:35]) is trusted and (root.parent_span_id.hex() == PARENT[36:52]) is trusted
    assert PARENT.encode()[3:35] not in sim.partners["qwen-beijing"].bytes_received()


@pytest.mark.parametrize(
    ("header", "traced"),
    [
        (PARENT, True), (PARENT[:-1] + "0", False), ("01" + PARENT[2:] + "-more", True), ("ff" + PARENT[2:], None), (PARENT.upper(), None),
        ("00-" + "0" * 32 + PARENT[35:], None), (PARENT[:36] + "0" * 16 + "-01", None), ("", None), ("x" * 9999, None),
    ],
)  # fmt: skip
def test_what_a_caller_s_header_decides(header: str, traced: bool | None) -> None:
    tracer = Tracer(share=0.0, trusts_callers=True, clock=FakeClock(), random=SeededRandom(), take=lambda spans: None)
    assert (tracer.begin(header) is not None) is bool(traced)
    always = Tracer(share=1.0, trusts_callers=True, clock=FakeClock(), random=SeededRandom(), take=lambda spans: None)
    assert (always.begin(header) is not None) is (traced is not False)


def test_a_share_of_requests_is_traced() -> None:
    tracer = Tracer(share=0.25, trusts_callers=False, clock=FakeClock(), random=SeededRandom(), take=lambda spans: None)
    assert 400 < sum(tracer.begin("") is not None for _ in range(2000)) < 600


@pytest.mark.parametrize("how", [ConnectionRefusedError("no"), False, None])
async def test_a_collector_that_is_gone_costs_a_bound_and_no_request(
    sim: Sim, how: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comity.gateway.telemetry.export.SEND_SECONDS_MAX", 0.01)
    door = Door(sim, TelemetryConfig(endpoint="http://collector.invalid:4318", spans_max=20))
    door.collector.how = how
    with caplog.at_level(logging.WARNING, "comity.telemetry"):
        for _ in range(5):
            assert (await door.ask()).status_code == 200
        await door.telemetry.flush()
        await door.telemetry.flush()
    counts = sim.world.metrics.telemetry
    assert counts["span", "dropped"] == 45 and counts["span", "sent"] == 0
    assert len([record for record in caplog.records if "does not take" in record.message]) == 1, "said once, not for each batch"
    door.collector.how = True
    await door.ask()
    await door.telemetry.flush()
    assert counts["span", "sent"] == 9


async def test_metrics_are_sent_under_their_own_names(sim: Sim) -> None:
    door = Door(sim, TelemetryConfig(endpoint="http://collector.invalid:4318", metrics_seconds=60.0, sampled_share=0.0))
    await door.ask()
    await door.telemetry.flush()
    assert door.collector.sent == [], "not yet"
    sim.clock.advance(seconds=61)
    await door.telemetry.flush()
    ((path, body),) = door.collector.sent
    (resource,) = Parse(body, ExportMetricsServiceRequest()).resource_metrics
    assert path == otlp.METRICS and {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"] == "comity"
    found = {metric.name: metric for metric in resource.scope_metrics[0].metrics}
    (requests,) = found["comity_requests_total"].sum.data_points
    assert requests.as_double == 1 and found["comity_requests_total"].sum.is_monotonic
    (attempts,) = found["comity_attempt_seconds"].histogram.data_points
    assert attempts.count == 1 and len(attempts.bucket_counts) == len(attempts.explicit_bounds) + 1
    assert found["comity_in_flight"].gauge.data_points[0].as_double == 0


async def test_nothing_of_it_runs_without_a_collector(sim: Sim) -> None:
    assert sim.world.telemetry is None
    app = App(sim.world)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8484") as http:
        answer = await http.post(
            "/v1/chat/completions",
            json={"messages": [{"role": "user", "content": "hello"}]},
            headers={**subject("CN"), "traceparent": PARENT},
        )
    assert answer.status_code == 200 and app.seen == {}


async def test_it_is_sent_over_http_to_that_address_alone_with_its_token(sim: Sim, tmp_path: Path) -> None:
    from comity.gateway.telemetry.export import Collector as Real

    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        body = await reader.readexactly(size)
        heads.append(head)
        status = b"302 Found\r\nlocation: http://elsewhere.invalid/" if b"again" in body else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    real = Real(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/otel/", "t0ken")
    assert await real("/v1/traces", b"{}") is True
    assert await real("/v1/traces", b'"again"') is False, "a redirect is not followed"
    await real.aclose()
    server.close()
    await server.wait_closed()
    assert heads[0].startswith(b"POST /otel/v1/traces HTTP/1.1") and b"authorization: Bearer t0ken" in heads[0]
    assert b"content-type: application/json" in heads[0]


@pytest.mark.parametrize(
    "wrong", ['endpoint = "collector:4318"', 'endpoint = "http://a/?x=1"', "sampled_share = 1.5", "metrics_seconds = -1.0", "spans_max = 0"]
)
def test_a_wrong_setting_is_refused(wrong: str) -> None:
    from comity.config.file import parse_config

    with pytest.raises(OperatorError, match="telemetry"):
        parse_config(f"[telemetry]\n{wrong}\n", "comity.toml")


def test_numbers_keep_their_kind() -> None:
    metrics = Metrics()
    body = otlp.metrics(metrics.families(), {"service.name": "x"}, begin_ns=1, now_ns=2)
    assert json.loads(body)["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    assert SystemRandom().token(8) and msgspec.json.decode(body)
