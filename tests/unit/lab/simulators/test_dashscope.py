# SPDX-License-Identifier: Apache-2.0
"""Alibaba's native API: the samples of its documentation, its addresses, refusals, files and tasks."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.lab.simulators import media
from comity.lab.simulators.base import Simulator
from comity.lab.simulators.dashscope import DashScope, errors
from tests.fakes import FakeClock
from tests.unit.lab.simulators.stand import HOST, KEY, OPENED, REGION, http

SAMPLES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path("tests/recorded/dashscope").glob("*.json"))}
SERVICES = "/api/v1/services/"
LATER = {"x-dashscope-async": "enable"}
WORDS = frozenset({"finish_reason", "role", "type", "task_status", "subtask_status", "code", "message", "emotion"})
"""Members whose value is the protocol's own, where it is a text."""
SOUND = media.wav("这里是实验室。", 0.5)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def there(clock: FakeClock) -> httpx.AsyncClient:
    return http(Simulator(DashScope(), region=REGION, key=KEY, hosts=[HOST], clock=clock))


async def post(there: httpx.AsyncClient, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
    return await there.post(SERVICES + path, json=body, headers=OPENED | (headers or {}))


async def kept(there: httpx.AsyncClient) -> str:
    """The address of a sound that says what SOUND says."""
    body = {"model": "qwen3-tts-flash", "input": {"text": "这里是实验室。", "voice": "Cherry"}}
    return str((await post(there, "aigc/multimodal-generation/generation", body)).json()["output"]["audio"]["url"])


def events(raw: str) -> list[tuple[str, str, Any]]:
    """Each event's name, its comment and its data; the framing itself must be as documented."""
    found = []
    for number, block in enumerate(raw.removesuffix("\n\n").split("\n\n"), 1):
        first, name, comment, data = block.split("\n")
        assert first in (f"id:{number}", "id:1") and data.startswith("data:{")
        found.append((name.removeprefix("event:"), comment, json.loads(data.removeprefix("data:"))))
    return found


def same(wanted: Any, got: Any, at: str = "") -> None:
    """The same members of the same types, and the same words where they are the protocol's."""
    if isinstance(wanted, dict):
        assert isinstance(got, dict) and wanted.keys() <= got.keys(), f"{at}: {wanted.keys() - set(got)} missing"
        for name, value in wanted.items():
            same(value, got[name], f"{at}.{name}")
    elif isinstance(wanted, list):
        assert isinstance(got, list) and (not wanted or got), at
        for place, value in enumerate(got):
            same(wanted[min(place, len(wanted) - 1)], value, f"{at}[{place}]")
    elif isinstance(wanted, str):
        assert isinstance(got, str), at
        if at.rpartition(".")[2] in WORDS:
            assert got == wanted, at
    else:
        assert isinstance(got, int | float) and isinstance(wanted, int | float), at


@pytest.mark.parametrize("name", SAMPLES)
async def test_it_speaks_as_documented(name: str, there: httpx.AsyncClient) -> None:
    sample = SAMPLES[name]
    request = sample["request"]
    filled = json.dumps(request.get("body")).replace('"KEPT"', json.dumps(await kept(there)))
    filled = filled.replace('"AUDIO"', json.dumps("data:audio/wav;base64," + base64.b64encode(SOUND).decode()))
    headers = OPENED | request.get("headers", {})
    if request.get("method") == "GET":
        got = await there.get(request["path"], headers=headers)
    else:
        got = await there.post(SERVICES + request["path"], content=filled.encode(), headers=headers)
    assert got.status_code == sample.get("status", 200), got.text
    for _ in range(request.get("asked_after", 0)):
        task = got.json()["output"]["task_id"]
        got = await there.get(f"/api/v1/tasks/{task}", headers=OPENED)
    if "then" in request:
        url = got.json()
        for step in request["then"]:
            url = url[step]
        got = await there.get(url)
    if "events" in sample:
        told = events(got.text)
        same(sample["events"], [data for _, _, data in told[: len(sample["events"])]])
        expected = "error" if got.status_code != 200 else "result"
        assert {(event, comment) for event, comment, _ in told} == {(expected, f":HTTP_STATUS/{got.status_code}")}
    else:
        same(sample["answer"], got.json())
        assert sample["answer"].keys() == got.json().keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_says_where_it_comes_from(name: str) -> None:
    assert SAMPLES[name]["source"].startswith("https://") and SAMPLES[name]["made"].startswith("composed: ")


# -- refusals ---------------------------------------------------------------------------------------------------------

TEXT, MANY, VECTORS = "aigc/text-generation/generation", "aigc/multimodal-generation/generation", "embeddings/text-embedding/text-embedding"
RECORDED, RANKS = "audio/asr/transcription", "rerank/text-rerank/text-rerank"
SPEECH, PICTURES = "audio/tts/SpeechSynthesizer", "aigc/text2image/image-synthesis"
MIXED = "embeddings/multimodal-embedding/multimodal-embedding"
HELLO = {"messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize("code", errors.DOCUMENTED)
@pytest.mark.parametrize("streamed", [False, True])
async def test_every_documented_code_can_be_asked_for(code: str, streamed: bool, there: httpx.AsyncClient) -> None:
    """By its name alone, with its own status and words, also as an event."""
    headers = {"x-lab-fault": json.dumps({"kind": "status", "code": code})} | ({"x-dashscope-sse": "enable"} if streamed else {})
    got = await post(there, TEXT, {"model": "qwen-plus", "input": HELLO}, headers)
    told = events(got.text)[0][2] if streamed else got.json()
    status, _, message = errors.DOCUMENTED[code]
    assert (got.status_code, told["code"], told["message"], sorted(told)) == (status, code, message, ["code", "message", "request_id"])


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "InvalidApiKey"),
        (429, "Throttling.RateQuota"),
        (500, "InternalError"),
        (502, "InternalError"),
        (503, "ModelServingError"),
        (504, "RequestTimeOut"),
    ],
)
async def test_a_status_alone_has_the_code_of_its_kind(status: int, code: str, there: httpx.AsyncClient) -> None:
    fault = json.dumps({"kind": "status", "status": status, "retry_after": 2})
    got = await post(there, TEXT, {"model": "qwen-plus", "input": HELLO}, {"x-lab-fault": fault})
    assert (got.status_code, got.json()["code"], got.headers["retry-after"]) == (status, code, "2")


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code", "message"),
    [
        ("no/such/service", {"model": "qwen-plus", "input": HELLO}, {}, 400, "InvalidParameter", "url error"),
        (TEXT, {"model": "qwen-vl-max", "input": HELLO}, {}, 400, "InvalidParameter", "url error"),
        (MANY, {"model": "qwen-plus", "input": HELLO}, {}, 400, "InvalidParameter", "url error"),
        (VECTORS, {"model": "qwen-plus", "input": {"texts": ["a"]}}, {}, 400, "InvalidParameter", "url error"),
        (TEXT, {"model": "gpt-5", "input": HELLO}, {}, 404, "ModelNotFound", "Model can not be found."),
        (TEXT, {"input": HELLO}, {}, 400, "BadRequest.EmptyModel", '"model"'),
        (TEXT, {"model": "qwen-plus", "messages": []}, {}, 400, "BadRequest.EmptyInput", '"input"'),
        (TEXT, {"model": "qwen-plus", "input": {"x": 1}}, {}, 400, "InvalidParameter", 'Either "prompt" or "messages" must exist'),
        (TEXT, [], {}, 400, "InvalidParameter", "Required body invalid"),
        (TEXT, {"model": "qwen-plus", "input": HELLO}, LATER, 403, "AccessDenied", "does not support asynchronous calls"),
        (RECORDED, {"model": "paraformer-v2", "input": {"file_urls": ["https://a.invalid/a.wav"]}}, {}, 403, "AccessDenied",
         "does not support synchronous calls"),
        (VECTORS, {"model": "text-embedding-v4", "input": {"texts": ["a"] * 11}}, {}, 400, "InvalidParameter", "larger than 10"),
        (VECTORS, {"model": "text-embedding-v3", "input": {"texts": ["a"]}, "parameters": {"dimension": 2048}}, {}, 400, "InvalidParameter",
         "dimension"),
        (VECTORS, {"model": "text-embedding-v2", "input": {"texts": ["a"]}, "parameters": {"output_type": "sparse"}}, {}, 400,
         "InvalidParameter", "output_type"),
        (RANKS, {"model": "gte-rerank-v2", "input": {"query": "a", "documents": []}}, {}, 400, "InvalidParameter",
         "documents"),
    ],
)  # fmt: skip
async def test_what_is_refused_is_refused_in_its_words(
    path: str, body: Any, headers: dict[str, str], status: int, code: str, message: str, there: httpx.AsyncClient
) -> None:
    got = await post(there, path, body, headers)
    assert (got.status_code, got.json()["code"]) == (status, code)
    assert message in got.json()["message"]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer sk-of-singapore", f"Basic {KEY}", KEY])
async def test_a_key_is_a_bearers(authorization: str, there: httpx.AsyncClient) -> None:
    got = await post(there, TEXT, {"model": "qwen-plus", "input": HELLO}, {"authorization": authorization})
    assert (got.status_code, got.json()["code"], got.json()["message"]) == (401, "InvalidApiKey", "Invalid API-key provided.")


async def test_every_answer_has_an_id_of_its_own(there: httpx.AsyncClient) -> None:
    found = [
        (await post(there, TEXT, {"model": model, "input": HELLO})).json()["request_id"] for model in ("qwen-plus", "qwen-plus", "gpt-5")
    ]
    assert len(set(found)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-9[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", each) for each in found)


async def test_only_the_models_that_are_there() -> None:
    there = http(Simulator(DashScope(models=("qwen-plus",)), region=REGION, key=KEY, hosts=[HOST], clock=FakeClock()))
    assert (await post(there, TEXT, {"model": "qwen-plus", "input": HELLO})).status_code == 200
    assert (await post(there, TEXT, {"model": "qwen-max", "input": HELLO})).json()["code"] == "ModelNotFound"


SOUND_URL = "data:audio/wav;base64," + base64.b64encode(SOUND).decode()
PNG_URL = "data:image/png;base64," + base64.b64encode(media.png("x", 2, 2)).decode()
TOOL = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}},
}
ALL = {
    "result_format": "message", "incremental_output": True, "temperature": 1, "top_p": 0.5, "top_k": 3, "max_tokens": 9, "seed": 1,
    "stop": ["x"], "n": 1,
    "tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}, "parallel_tool_calls": True, "logprobs": True,
    "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}, "top_logprobs": 1,
    "enable_search": True, "search_options": {"enable_source": True, "search_strategy": "turbo"},
}  # fmt: skip


def spoken_to(*content: Any) -> Any:
    return {"messages": [{"role": "user", "content": list(content)}]}


WELL_MADE: tuple[tuple[str, Any], ...] = (
    (TEXT, {"model": "qwen-plus", "input": HELLO, "parameters": ALL}),
    (TEXT, {"model": "qwen-plus", "input": HELLO, "parameters": {"enable_thinking": True, "thinking_budget": 3}}),
    (MANY, {"model": "qwen-vl-max", "input": spoken_to({"image": PNG_URL}, {"video": [PNG_URL]}, {"audio": SOUND_URL}, {"text": "?"})}),
    (MANY, {"model": "qwen3-asr-flash", "input": spoken_to({"audio": SOUND_URL}), "parameters": {"asr_options": {"language": "zh"}}}),
    (
        MANY,
        {
            "model": "fun-asr-flash",
            "input": spoken_to({"type": "input_audio", "input_audio": {"data": SOUND_URL}}),
            "parameters": {"format": "wav"},
        },
    ),
    (MANY, {"model": "qwen3-tts-flash", "input": {"text": "Hi", "voice": "Cherry"}}),
    (MANY, {"model": "qwen-image", "input": spoken_to({"text": "a cat"}), "parameters": {"size": "512*512", "n": 1}}),
    (SPEECH, {"model": "cosyvoice-v3-flash", "input": {"text": "Hi", "voice": "v", "format": "wav", "sample_rate": 8000, "rate": 1}}),
    (VECTORS, {"model": "text-embedding-v4", "input": {"texts": ["a"]}, "parameters": {"dimension": 64, "output_type": "dense&sparse"}}),
    (
        MIXED,
        {"model": "qwen3-vl-embedding", "input": {"contents": [{"text": "a"}, {"image": PNG_URL}]}, "parameters": {"enable_fusion": True}},
    ),
    (RANKS, {"model": "gte-rerank-v2", "input": {"query": "a", "documents": ["a", {"text": "b"}]}, "parameters": {"top_n": 1}}),
    (RECORDED, {"model": "paraformer-v2", "input": {"file_urls": [SOUND_URL]}, "parameters": {"channel_id": [0]}}),
    (PICTURES, {"model": "wan2.2-t2i-flash", "input": {"prompt": "a cat"}, "parameters": {"size": "512*512", "n": 1}}),
)


def places(value: Any) -> list[tuple[Any, ...]]:
    """The way to each value inside a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((step, *way) for step, held in inner for way in places(held))]


def changed(value: Any, way: tuple[Any, ...], to: Any) -> Any:
    if not way:
        return to
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = changed(copy[way[0]], way[1:], to)
    return copy


@pytest.mark.parametrize(("path", "body"), WELL_MADE)
async def test_what_is_well_made_is_answered(path: str, body: Any, there: httpx.AsyncClient) -> None:
    got = await post(there, path, body, LATER if path in (RECORDED, PICTURES) else {})
    assert got.status_code == 200, got.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data(), streamed=st.booleans())
def test_whatever_is_asked_is_answered_or_refused(data: st.DataObject, streamed: bool) -> None:
    """A well made body with anything in the place of one of its values breaks nothing; a refusal has one of the documented codes."""
    path, body = data.draw(st.sampled_from(WELL_MADE))
    ways = [
        way
        for way in places(body)
        if not {"required", "properties", "schema"} & set(way[:-1]) and way[-1:] not in (("required",), ("properties",))
    ]
    body = changed(body, data.draw(st.sampled_from(ways)), data.draw(JSON))
    there = http(Simulator(DashScope(polls=0), region=REGION, key=KEY, hosts=[HOST], clock=FakeClock()))

    async def asked() -> None:
        headers = (LATER if path in (RECORDED, PICTURES) else {}) | ({"x-dashscope-sse": "enable"} if streamed else {})
        got = await post(there, path, body, headers)
        told = events(got.text)[-1][2] if streamed and got.headers["content-type"].startswith("text/event-stream") else got.json()
        if got.status_code != 200:
            assert told["code"] in errors.DOCUMENTED or told["code"] == "InvalidFile.DownloadFailed"
        elif path in (RECORDED, PICTURES):
            assert await state(there, told["output"]["task_id"]) in ("SUCCEEDED", "FAILED")

    asyncio.run(asked())


# -- files ------------------------------------------------------------------------------------------------------------


async def sent_up(there: httpx.AsyncClient, data: bytes, *, model: str = "qwen3-asr-flash", **wrong: str) -> tuple[httpx.Response, str]:
    policy = (await there.get("/api/v1/uploads", params={"action": "getPolicy", "model": model}, headers=OPENED)).json()["data"]
    fields = {"OSSAccessKeyId": policy["oss_access_key_id"], "Signature": policy["signature"], "policy": policy["policy"]}
    fields |= {"key": policy["upload_dir"] + "/a.wav", "success_action_status": "200"} | wrong
    return await there.post(policy["upload_host"], data=fields, files={"file": ("a.wav", data)}), f"oss://{fields['key']}"


async def heard(there: httpx.AsyncClient, url: str, *, resolve: bool = True, model: str = "qwen3-asr-flash") -> httpx.Response:
    body = {"model": model, "input": {"messages": [{"role": "user", "content": [{"audio": url}]}]}}
    return await post(there, MANY, body, {"x-dashscope-ossresourceresolve": "enable"} if resolve else {})


async def test_a_file_that_was_sent_up_is_read_by_its_model_for_two_days(there: httpx.AsyncClient, clock: FakeClock) -> None:
    stored, url = await sent_up(there, SOUND)
    assert stored.status_code == 200
    got = (await heard(there, url)).json()
    assert got["output"]["choices"][0]["message"]["content"] == [{"text": "这里是实验室。"}]
    assert (await heard(there, url, resolve=False)).status_code == 400
    assert (await heard(there, url, model="qwen3-asr-flash-2026-02-10")).json()["message"] == "Failed to download multimodal content"
    clock.advance(days=2)
    assert (await heard(there, url)).status_code == 400


@pytest.mark.parametrize("wrong", [{"Signature": "AAAA"}, {"policy": "e30="}, {"key": "elsewhere/a.wav"}])
async def test_the_store_takes_what_its_policy_allows(wrong: dict[str, str], there: httpx.AsyncClient) -> None:
    refused, url = await sent_up(there, SOUND, **wrong)
    assert refused.status_code == 403
    assert (await heard(there, url)).status_code == 400


async def test_an_address_of_an_answer_lives_a_day(there: httpx.AsyncClient, clock: FakeClock) -> None:
    url = await kept(there)
    got = await there.get(url)
    assert got.headers["content-type"] == "audio/wav" and media.sound(got.content).text == "这里是实验室。"
    clock.advance(days=1)
    assert (await there.get(url)).status_code == 404


@pytest.mark.parametrize("url", ["ftp://a.invalid/a.wav", "a.wav", "data:audio/wav;base64,?"])
async def test_an_address_that_is_none_is_refused(url: str, there: httpx.AsyncClient) -> None:
    assert "does not appear to be valid" in (await heard(there, url)).json()["message"]


# -- tasks ------------------------------------------------------------------------------------------------------------


async def begun(there: httpx.AsyncClient, url: str = "https://a.invalid/a.wav") -> str:
    got = await post(there, "audio/asr/transcription", {"model": "paraformer-v2", "input": {"file_urls": [url]}}, LATER)
    return str(got.json()["output"]["task_id"])


async def state(there: httpx.AsyncClient, task: str) -> str:
    return str((await there.get(f"/api/v1/tasks/{task}", headers=OPENED)).json()["output"]["task_status"])


async def test_a_task_is_known_for_a_day(there: httpx.AsyncClient, clock: FakeClock) -> None:
    task = await begun(there)
    assert [await state(there, task) for _ in range(4)] == ["PENDING", "RUNNING", "FAILED", "FAILED"]
    clock.advance(days=1)
    assert [await state(there, task), await state(there, "no-such-task")] == ["UNKNOWN", "UNKNOWN"]


async def test_only_what_waits_is_cancelled(there: httpx.AsyncClient) -> None:
    waiting, working = await begun(there), await begun(there)
    for _ in range(2):
        await state(there, working)
    assert (await there.post(f"/api/v1/tasks/{waiting}/cancel", headers=OPENED)).status_code == 200
    refused = await there.post(f"/api/v1/tasks/{working}/cancel", headers=OPENED)
    assert (refused.status_code, refused.json()["code"]) == (400, "UnsupportedOperation")
    assert [await state(there, task) for task in (waiting, working)] == ["CANCELED", "FAILED"]


async def test_tasks_are_listed(there: httpx.AsyncClient) -> None:
    tasks = [await begun(there) for _ in range(3)]
    await there.post(f"/api/v1/tasks/{tasks[1]}/cancel", headers=OPENED)
    got = (await there.get("/api/v1/tasks/", params={"status": "PENDING", "page_size": 1, "page_no": 2}, headers=OPENED)).json()
    assert [each["task_id"] for each in got["data"]] == [tasks[2]]
    assert (got["total"], got["total_page"], got["page_no"], got["page_size"]) == (2, 2, 2, 1)


async def test_a_recording_is_not_sent_in_base64(there: httpx.AsyncClient) -> None:
    task = await begun(there, "data:audio/wav;base64," + base64.b64encode(SOUND).decode())
    assert [await state(there, task) for _ in range(3)][-1] == "FAILED"


async def test_the_other_address_of_a_reranker(there: httpx.AsyncClient) -> None:
    body = {"model": "qwen3-rerank", "query": "red cat", "documents": ["a dog", "a red cat"], "top_n": 1}
    got = (await there.post("/compatible-api/v1/reranks", json=body, headers=OPENED)).json()
    assert got["results"] == [{"index": 1, "relevance_score": 1.0}] and got["usage"]["total_tokens"] > 0


async def test_content_of_several_kinds_is_one_vector_when_fused(there: httpx.AsyncClient) -> None:
    contents = [{"text": "a cat"}, {"image": "https://elsewhere.invalid/a.png"}]
    path = "embeddings/multimodal-embedding/multimodal-embedding"
    body = {"model": "qwen3-vl-embedding", "input": {"contents": contents}, "parameters": {"enable_fusion": True, "dimension": 256}}
    (one,) = (await post(there, path, body)).json()["output"]["embeddings"]
    assert (one["type"], len(one["embedding"])) == ("fusion", 256)
