# SPDX-License-Identifier: Apache-2.0
"""What every simulator has in common: its door, its time, what it remembers, and what goes wrong when it is told to."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import httpx2 as httpx
import pytest

from comity.lab.simulators.base import RECEIVED_BYTES_MAX, RECEIVED_KEPT, Simulator
from tests.unit.lab.simulators.stand import HOST, OPENED, http, simulator

CHAT = "/v1/chat/completions"
GOOD = {"model": "m", "messages": [{"role": "user", "content": "one two three four five six"}]}


async def ask(there: httpx.AsyncClient, fault: Any = None, **more: Any) -> httpx.Response:
    headers = OPENED | ({"x-lab-fault": fault if isinstance(fault, str) else json.dumps(fault)} if fault else {})
    return await there.post(CHAT, json=GOOD | more, headers=headers)


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer sk-virginia"}, {"authorization": "sk-here"}, {"authorization": "Basic sk-here"}]
)
async def test_its_key_is_its_regions_own(headers: dict[str, str]) -> None:
    there = http(simulator())
    refused = await there.post(CHAT, json=GOOD, headers=headers)
    assert refused.status_code == 401 and refused.json()["error"]["message"] == "Incorrect API key provided for eu-west."


@pytest.mark.parametrize("host", ["lab.test:80", "LAB.TEST", "elsewhere.invalid", "lab.test.elsewhere.invalid", "127.0.0.1"])
async def test_it_answers_to_its_own_name_only(host: str) -> None:
    there = http(simulator())
    for path in (CHAT, "/_lab/received"):
        assert (await there.get(path, headers=OPENED | {"host": host})).status_code == 421


@pytest.mark.parametrize(("method", "path"), [("GET", CHAT), ("POST", "/chat/completions"), ("POST", "/v1/models"), ("GET", "/_lab/else")])
async def test_there_is_nothing_elsewhere(method: str, path: str) -> None:
    assert (await http(simulator()).request(method, path, headers=OPENED)).status_code == 404


async def test_it_remembers_what_came_and_no_secret() -> None:
    there = http(simulator())
    assert (await there.get("/_lab/received")).json() == {"requests": 0, "received": []}
    await there.post(CHAT + "?a=b", json=GOOD, headers=OPENED | {"x-api-key": "sk-two", "cookie": "sk-three", "x-kept": "yes"})
    await there.post("/v1/audio/transcriptions", content=b"\xff\xfe", headers=OPENED)
    await there.post(CHAT, json=GOOD, headers={"authorization": "Bearer sk-wrong"})
    told = (await there.get("/_lab/received")).json()
    first, second, third = told["received"]
    assert told["requests"] == 3 and (first["path"], first["query"], first["body"]) == (CHAT, {"a": "b"}, GOOD)
    assert first["headers"]["x-kept"] == "yes" and first["headers"]["authorization"] == "…" and "sk-" not in json.dumps(told)
    assert second["body"]["bytes"] == 2 and len(second["body"]["sha256"]) == 64 and third["body"] == GOOD


async def test_it_remembers_the_newest_and_no_more_than_it_can_hold() -> None:
    there = http(simulator())
    for number in range(RECEIVED_KEPT + 3):
        await ask(there, seed=number)
    told = (await there.get("/_lab/received")).json()
    assert told["requests"] == RECEIVED_KEPT + 3 and [one["body"]["seed"] for one in told["received"]] == list(range(3, RECEIVED_KEPT + 3))
    await ask(there, user="x" * RECEIVED_BYTES_MAX)
    assert (await there.get("/_lab/received")).json()["received"][-1]["body"]["bytes"] > RECEIVED_BYTES_MAX


async def test_two_runs_are_the_same_and_two_requests_are_not() -> None:
    one, other = http(simulator()), http(simulator())
    first, second = [(await ask(one)).json() for _ in range(2)]
    assert first == (await ask(other)).json() and first["id"] != second["id"]


async def test_a_stream_goes_at_its_pace_and_a_whole_answer_at_once() -> None:
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    there = http(simulator(pause=pause, pace=0.25))
    await ask(there)
    assert waited == []
    events = (await ask(there, stream=True)).text.count("data: ")
    assert waited == [0.25] * events


# -- faults -----------------------------------------------------------------------------------------------------------


async def test_a_plan_strikes_in_turn_and_is_spent() -> None:
    there = http(simulator())
    plan = {"faults": [{"kind": "status", "status": 429, "retry_after": 2, "times": 2}, {"kind": "status", "path": "/embeddings"}]}
    assert (await there.post("/_lab/faults", json=plan)).status_code == 200
    assert [(await ask(there)).status_code for _ in range(3)] == [429, 429, 200]
    left = (await there.get("/_lab/faults")).json()["faults"]
    assert left == [{"kind": "status", "path": "/embeddings"}]
    assert (await there.post("/v1/embeddings", json={"model": "m", "input": "x"}, headers=OPENED)).status_code == 503
    assert (await there.get("/_lab/faults")).json()["faults"] == []


async def test_a_share_is_struck_the_same_in_each_run() -> None:
    runs = []
    for seed in (1, 1, 2):
        there = http(simulator())
        await there.post("/_lab/faults", json={"seed": seed, "faults": [{"kind": "status", "share": 0.3, "times": None}]})
        runs.append([(await ask(there)).status_code for _ in range(100)])
    assert runs[0] == runs[1] != runs[2] and 15 < runs[0].count(503) < 45
    await there.delete("/_lab/faults")
    assert (await ask(there)).status_code == 200


@pytest.mark.parametrize("plan", [b"{", b"[]", b'{"faults":[{"kind":"flood"}]}', b'{"faults":[{"kind":"cut","size":3}]}'])
async def test_a_plan_that_says_nothing_is_refused(plan: bytes) -> None:
    there = http(simulator())
    assert (await there.post("/_lab/faults", content=plan)).status_code == 400
    for header in ("flood", '{"kind":"flood"}', "{"):
        assert (await ask(there, header)).json()["error"]["param"] == "x-lab-fault"


async def test_malformed_whole_and_streamed() -> None:
    there = http(simulator())
    with pytest.raises(ValueError):
        (await ask(there, "malformed")).json()
    bad = []
    for line in (await ask(there, "malformed", stream=True)).text.split("\n"):
        if line.startswith("data: {"):
            try:
                json.loads(line[6:])
            except ValueError:
                bad.append(line)
    assert len(bad) == 1


async def test_what_is_only_called_otherwise_or_packed() -> None:
    there = http(simulator())
    named = await ask(there, "content_type")
    assert named.headers["content-type"].startswith("text/html") and named.json()["object"] == "chat.completion"
    for stream in (False, True):
        async with there.stream("POST", CHAT, json=GOOD | {"stream": stream}, headers=OPENED | {"x-lab-fault": "compressed"}) as told:
            packed = b"".join([piece async for piece in told.aiter_raw()])
        assert told.headers["content-encoding"] == "gzip" and b"chat.completion" in gzip.decompress(packed)


async def test_oversized_is_still_valid() -> None:
    there = http(simulator())
    whole = await ask(there, {"kind": "oversized", "at": 300_000})
    assert len(whole.content) >= 300_000 and whole.json()["choices"][0]["message"]["content"] == GOOD["messages"][0]["content"]  # type: ignore[index]
    streamed = await ask(there, {"kind": "oversized", "at": 300_000}, stream=True)
    assert len(streamed.content) >= 300_000 and streamed.text.endswith("data: [DONE]\n\n")


async def test_a_redirect_leads_away() -> None:
    told = await ask(http(simulator()), {"kind": "redirect", "location": "https://elsewhere.invalid/v1"})
    assert (told.status_code, told.headers["location"]) == (307, "https://elsewhere.invalid/v1")


async def test_a_stream_may_break_off_in_an_error() -> None:
    there = http(simulator())
    assert (await ask(there, "break")).json()["object"] == "chat.completion", "what is no stream is left whole"
    told = await ask(there, "break", stream=True)
    last = json.loads(told.text.rstrip().rsplit("data: ", 1)[1])
    assert last["error"]["type"] == "server_error" and "[DONE]" not in told.text and '"content":"one two"' in told.text


async def test_a_drip_is_drops_with_time_between() -> None:
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    there = http(simulator(pause=pause))
    told = await ask(there, {"kind": "drip", "at": 10, "seconds": 3})
    assert told.json()["object"] == "chat.completion" and waited == [3.0] * -(-len(told.content) // 10)


class Wire:
    """Raw ASGI, where a caller can leave and an answer can stop short."""

    def __init__(self, application: Simulator, fault: Any, **more: Any) -> None:
        self.sent: list[Any] = []
        self.left = asyncio.Event()
        self._body: bytes | None = json.dumps(GOOD | more).encode()
        headers = [
            (b"host", HOST.encode()),
            (b"authorization", OPENED["authorization"].encode()),
            (b"x-lab-fault", json.dumps(fault).encode()),
        ]
        self.scope = {"type": "http", "method": "POST", "path": CHAT, "query_string": b"", "headers": headers, "scheme": "http"}
        self._application = application

    async def run(self) -> None:
        await self._application(self.scope, self._receive, self._send)

    async def _receive(self) -> Any:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cut_ends_at_its_byte_and_never_says_that_it_ended(stream: bool) -> None:
    whole = Wire(simulator(), {"kind": "cut", "at": 100_000}, stream=stream)
    await whole.run()
    for at in (0, 1, 57, len(whole.body) - 1):
        cut = Wire(simulator(), {"kind": "cut", "at": at}, stream=stream)
        await cut.run()
        assert cut.body == whole.body[:at]
        assert all(message.get("more_body", True) for message in cut.sent), "the server, left waiting, closes the connection"
        promised = dict(cut.sent[0]["headers"]).get(b"content-length")
        assert promised == (None if stream else b"%d" % len(whole.body))


async def test_a_hang_lasts_until_its_caller_leaves() -> None:
    wire = Wire(simulator(), {"kind": "hang"})
    running = asyncio.ensure_future(wire.run())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not running.done() and wire.sent == []
    wire.left.set()
    await running
    assert wire.sent == []


async def test_a_hang_of_some_seconds_is_a_late_answer() -> None:
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    wire = Wire(simulator(pause=pause), {"kind": "hang", "seconds": 90})
    await wire.run()
    assert waited == [90.0] and wire.sent[0]["status"] == 200 and b"one two three" in wire.body


async def test_nobody_waits_for_a_caller_who_left_in_the_middle() -> None:
    async def pause(seconds: float) -> None:
        await asyncio.Event().wait()

    wire = Wire(simulator(pause=pause), {"kind": "drip", "at": 1, "seconds": 1}, stream=True)
    running = asyncio.ensure_future(wire.run())
    for _ in range(20):
        await asyncio.sleep(0)
    wire.left.set()
    await running
    assert wire.body == b""


async def test_more_than_is_taken_is_refused() -> None:
    wire = Wire(simulator(), {"kind": "cut"})
    wire.scope["headers"] = [*wire.scope["headers"], (b"content-length", b"99999999999")]  # type: ignore[misc]
    await wire.run()
    assert wire.sent[0]["status"] == 413
