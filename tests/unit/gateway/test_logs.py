# SPDX-License-Identifier: Apache-2.0
"""What is written while requests are answered: one line for each where that is wanted, and no word of any request, anywhere."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from comity.config import LogsConfig, TelemetryConfig
from comity.errors import ProviderFailure
from comity.gateway.app import App
from comity.gateway.logs import Lines, written
from comity.gateway.telemetry.export import Telemetry
from tests.simulated.worlds import BEIJING, VIRGINIA, config, simulate, subject

URL = "/v1/chat/completions"


@contextmanager
def captured(logs: LogsConfig) -> Iterator[io.StringIO]:
    """What goes to standard error with these settings; afterwards all is as it was."""
    root, access = logging.getLogger(), logging.getLogger("comity.access")
    before = (list(root.handlers), root.level, access.level)
    out = io.StringIO()
    try:
        written(logs)
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(out)
        yield out
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        access.setLevel(before[2])


def record(name: str, message: str, error: BaseException | None = None, **told: object) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.WARNING, "x.py", 1, message, (), (type(error), error, None) if error else None)
    if told:
        made.told = told
    return made


def test_our_own_words_are_written_and_a_library_s_are_not() -> None:
    for json_lines in (False, True):
        lines = Lines(json=json_lines)
        assert "request 7: storage.full" in lines.format(record("comity.gateway", "request 7: storage.full"))
        foreign = lines.format(record("asyncio", "Task got 'my secret'", ValueError("my secret")))
        assert "secret" not in foreign and "asyncio" in foreign and "ValueError" in foreign
        assert "secret" not in lines.format(record("comityx", "my secret")), "not ours, for all its name begins alike"


def test_a_line_of_json_is_one_object() -> None:
    line = Lines(json=True).format(record("comity.access", "", request="7", status=200))
    assert "\n" not in line
    told = json.loads(line)
    assert told.pop("at").endswith("+00:00")
    assert told == {"level": "warning", "logger": "comity.access", "request": "7", "status": 200}


@pytest.mark.parametrize("form", ["text", "json"])
async def test_each_request_has_its_line_where_that_is_wanted(home: Path, form: Any) -> None:
    logs = LogsConfig(format=form, level="info", access=True)
    sim = await simulate(config(BEIJING, VIRGINIA, logs=logs), home)
    app = App(sim.world)
    try:
        with captured(logs) as out:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8484") as http:
                body = {"messages": [{"role": "user", "content": "hello"}]}
                answer = await http.post(URL, json=body, headers=subject("CN"))
                denied = await http.post(URL, json={**body, "model": "us-virginia"}, headers=subject("CN"))
                await http.get("/healthz")
                await http.get("/some/secret/path?q=secret")
        lines = [line for line in out.getvalue().splitlines() if "httpx2" not in line]  # the caller of this test writes too
        assert len(lines) == 3, "one each, and none for what only asks how it is"
        receipt = answer.headers["comity-receipt"]
        if form == "json":
            first, second, third = map(json.loads, lines)
            assert (first["status"], first["deployment"], first["effect"], first["receipt"]) == (200, "qwen-beijing", "allow", receipt)
            assert (second["status"], second["code"], second["effect"]) == (451, "policy.deny", "deny")
            assert second["receipt"] == denied.headers["comity-receipt"] and "ms" in first
            assert (third["route"], third["status"], third["code"]) == ("unknown", 404, "request.unknown_path")
        else:
            assert f"receipt={receipt}" in lines[0] and lines[0].startswith("comity: request=")
        assert "secret" not in out.getvalue()
        assert app.seen == {}
    finally:
        await sim.aclose()


async def test_without_being_wanted_no_line_is_written(home: Path) -> None:
    sim = await simulate(config(BEIJING), home)
    try:
        with captured(LogsConfig(level="debug")) as out:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=App(sim.world)), base_url="http://127.0.0.1:8484") as http:
                await http.post(URL, json={"messages": [{"role": "user", "content": "hello"}]}, headers=subject("CN"))
        assert [line for line in out.getvalue().splitlines() if "request=" in line] == []
    finally:
        await sim.aclose()


HOSTILE = st.text(st.sampled_from([*'{}[]"\\\n\r\0 =%s:/⟦⟧李明', "\U0001f600", "\u202e"]), max_size=12)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow], deadline=None, phases=[Phase.generate])
@given(around=HOSTILE, mark=st.text("ghjkqvwxyz", min_size=12, max_size=12), form=st.sampled_from(["text", "json"]))
def test_no_word_of_a_request_reaches_a_log_a_trace_or_a_metric(
    tmp_path_factory: pytest.TempPathFactory, around: str, mark: str, form: Any
) -> None:
    said, told = asyncio.run(everything_told(tmp_path_factory.mktemp("home"), f"{around}{mark}{around}", mark, form))
    assert said >= 8 and mark not in told


async def everything_told(home: Path, text: str, mark: str, form: Any) -> tuple[int, str]:
    """How many requests were made, and all that was written, traced and counted meanwhile."""
    logs, sent = LogsConfig(format=form, level="debug", access=True), list[bytes]()

    async def post(path: str, body: bytes) -> bool:
        sent.append(body)
        return True

    sim = await simulate(config(BEIJING, VIRGINIA, logs=logs), home)
    world, partner = sim.world, sim.partners["qwen-beijing"]
    collector = TelemetryConfig(endpoint="http://collector.invalid:4318", trusts_callers=True, metrics_seconds=1.0)
    telemetry = Telemetry(collector, world.metrics, clock=world.clock, random=world.random, post=post)
    object.__setattr__(world, "telemetry", telemetry)
    app = App(world)
    count = 0
    with captured(logs) as out:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://127.0.0.1:8484"
        ) as http:
            good = {"messages": [{"role": "user", "content": text}]}
            bodies: list[dict[str, Any]] = [
                good, {**good, "stream": True}, {**good, "model": "us-virginia"}, {**good, "model": mark}, {**good, mark: text},
                {**good, "temperature": text}, {"messages": [{"role": mark, "content": text}]},
            ]  # fmt: skip
            for body in bodies:
                headers = {**subject("CN", name=mark), "traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "x-other": mark}
                await http.post(URL, json=body, headers=headers)
                count += 1
            for failure in (ProviderFailure(f"the partner says {text}", kind="status"), ValueError(text), KeyError(mark)):
                partner.failures.append(failure)  # type: ignore[arg-type]
                await http.post(URL, json=good, headers=subject("CN"))
                count += 1
            partner.cut = True
            await http.post(URL, json={**good, "stream": True}, headers=subject("CN"))
            await http.get(f"/v1/{mark}")
            await http.get(f"/comity/v1/receipts/{mark}")
            metrics = (await http.get("/metrics")).text
            logging.getLogger("asyncio").error("Task exception was never retrieved: %s", text, exc_info=ValueError(text))
    sim.clock.advance(seconds=61)
    await telemetry.flush()
    await sim.aclose()
    assert sent and metrics and out.getvalue()
    return count, out.getvalue() + metrics + b"".join(sent).decode()
