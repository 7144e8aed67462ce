# SPDX-License-Identifier: Apache-2.0
"""Everything but chat, as the official `openai` client finds it: Responses, embeddings, sound, images, models, reranking, errors."""

from __future__ import annotations

import base64
import io
import json
import math
import wave
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from comity.lab.simulators import media
from comity.lab.simulators.brain import speak
from tests.unit.lab.simulators.stand import OPENED, client, http, simulator

TEXT = "Tell PERSON_1 that it rains."
WEATHER: Any = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}


async def test_a_response_whole() -> None:
    told = await client().responses.create(model="m", instructions="Be brief.", input=TEXT)
    assert (told.output_text, told.status, told.error) == (TEXT, "completed", None)
    assert told.usage and told.usage.total_tokens == told.usage.input_tokens + told.usage.output_tokens > 10


@pytest.mark.parametrize("more", [{}, {"reasoning": {"effort": "low", "summary": "auto"}}, {"tools": [WEATHER], "tool_choice": "required"}])
async def test_its_events_make_up_the_whole(more: Any) -> None:
    """The client's own accumulator refuses events out of order; what it has made in the end is what is answered whole."""
    there = client()
    whole = await there.responses.create(model="m", input=TEXT, **more)
    async with there.responses.stream(model="m", input=TEXT, **more) as events:
        seen = [event async for event in events]
        final = await events.get_final_response()
    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    assert [event.type for event in seen[:2]] == ["response.created", "response.in_progress"] and seen[-1].type == "response.completed"
    assert [item.type for item in final.output] == [item.type for item in whole.output]
    deltas = "".join(
        event.delta for event in seen if event.type in ("response.output_text.delta", "response.function_call_arguments.delta")
    )
    last: Any = final.output[-1]
    assert deltas == (last.arguments if "tools" in more else final.output_text) and "PERSON_1" in deltas
    if "reasoning" in more:
        summary: Any = final.output[0]
        told = "".join(event.delta for event in seen if event.type == "response.reasoning_summary_text.delta")
        assert summary.summary[0].text == told == f"The caller wrote: {TEXT}"


async def test_a_response_calls_and_answers_with_what_was_said() -> None:
    there = client()
    calling = await there.responses.create(model="m", input=TEXT, tools=[WEATHER], tool_choice={"type": "function", "name": "weather"})
    call: Any = calling.output[0]
    assert (call.name, json.loads(call.arguments)) == ("weather", {"city": TEXT})
    back: Any = [
        {"role": "user", "content": TEXT}, call.model_dump(exclude_none=True),
        {"type": "function_call_output", "call_id": call.call_id, "output": "rain"},
    ]  # fmt: skip
    assert (await there.responses.create(model="m", input=back, tools=[WEATHER])).output_text == "The tools said: rain"


class Sky(BaseModel):
    rains: bool
    words: list[str]


async def test_a_response_meets_a_schema_sees_images_and_ends_at_its_limit() -> None:
    there = client()
    parsed = (await there.responses.parse(model="m", input=TEXT, text_format=Sky)).output_parsed
    assert parsed == Sky(rains=True, words=[TEXT])
    image = base64.b64encode(media.png("x", 8, 6)).decode()
    parts: Any = [{"role": "user", "content": [{"type": "input_image", "image_url": f"data:image/png;base64,{image}", "detail": "auto"}]}]
    assert (await there.responses.create(model="m", input=parts)).output_text == "[1 image: 8x6]"
    short = await there.responses.create(model="m", input=TEXT, max_output_tokens=2)
    assert (short.status, short.output_text) == ("incomplete", "Tell PERSON")
    assert short.incomplete_details and short.incomplete_details.reason == "max_output_tokens"


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"background": True}, "background"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"extra_body": {"messages": []}}, "messages"),
    ],
)
async def test_what_a_response_cannot_have_is_refused_by_name(more: Any, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        await client().responses.create(**{"model": "m", "input": TEXT} | more)
    assert raised.value.param == param


@pytest.mark.parametrize(("speaker", "refused"), [("openai", False), ("model-studio", True)])
async def test_a_response_that_is_filtered(speaker: Any, refused: bool) -> None:
    header = {"x-lab-fault": json.dumps({"kind": "filter", "where": "output"})}
    if refused:
        with pytest.raises(openai.BadRequestError) as raised:
            await client(speaker).responses.create(model="m", input=TEXT, extra_headers=header)
        assert raised.value.code == "data_inspection_failed"
        return
    told = await client(speaker).responses.create(model="m", input=TEXT, extra_headers=header)
    assert told.status == "incomplete" and told.incomplete_details and told.incomplete_details.reason == "content_filter"


async def test_a_broken_stream_of_events_ends_in_an_error_of_its_own() -> None:
    stream = await client().responses.create(model="m", input=TEXT, stream=True, extra_headers={"x-lab-fault": "break"})
    events: list[Any] = []
    try:
        async for event in stream:
            events.append(event)
    except openai.APIError as error:
        events.append(error)
    assert "The server had an error" in events[-1].message and "response.completed" not in [getattr(event, "type", "") for event in events]


async def test_a_response_that_was_not_kept_is_not_found() -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        await client().responses.create(model="m", input=TEXT, previous_response_id="resp_1")
    assert raised.value.code == "previous_response_not_found"


async def test_embeddings_are_unit_vectors_and_the_same_in_both_encodings() -> None:
    there = client()
    texts = ["the cat sat on the mat", "on the mat sat a cat", "Quarterly revenue grew"]
    told = await there.embeddings.create(model="m", input=texts, dimensions=256)
    vectors = [row.embedding for row in told.data]
    plain = [row.embedding for row in (await there.embeddings.create(model="m", input=texts, dimensions=256, encoding_format="float")).data]
    assert all(math.isclose(sum(x * x for x in vector), 1, rel_tol=1e-5) for vector in vectors)
    assert all(abs(x - y) < 1e-6 for one, other in zip(vectors, plain, strict=True) for x, y in zip(one, other, strict=True))
    near, far = (sum(x * y for x, y in zip(vectors[0], vectors[n], strict=True)) for n in (1, 2))
    assert near > far + 0.3
    assert len((await there.embeddings.create(model="m", input="x")).data[0].embedding) == 1536
    with pytest.raises(openai.BadRequestError):
        await there.embeddings.create(model="m", input=[])


async def test_what_is_spoken_is_heard() -> None:
    there = client()
    said = await there.audio.speech.create(model="tts", voice="alloy", input="Guten Morgen, 早上好。", response_format="wav")
    with wave.open(io.BytesIO(said.content)) as opened:
        seconds = opened.getnframes() / opened.getframerate()
    heard = await there.audio.transcriptions.create(model="asr", file=("a.wav", said.content))
    assert heard.text == "Guten Morgen, 早上好。"
    spoken = await there.audio.speech.create(model="tts", voice="alloy", input="Hello")
    assert (await there.audio.transcriptions.create(model="asr", file=("a.mp3", spoken.content))).text == "Hello"
    verbose = await there.audio.transcriptions.create(
        model="asr", file=("a.wav", said.content), response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert math.isclose(verbose.duration, seconds) and verbose.words and verbose.segments
    assert verbose.words[-1].end == verbose.segments[-1].end == round(seconds, 3) and verbose.words[0].word == "Guten"


async def test_a_transcription_in_every_form() -> None:
    there, sound = client(), media.wav("One here. Two there.", 2.0)
    formed = {
        kind: await there.audio.transcriptions.create(model="asr", file=("a.wav", sound), response_format=kind)  # type: ignore[call-overload]
        for kind in ("text", "srt", "vtt")
    }
    assert formed["text"] == "One here. Two there.\n"
    assert formed["srt"] == "1\n00:00:00,000 --> 00:00:01,000\nOne here.\n\n2\n00:00:01,000 --> 00:00:02,000\nTwo there.\n\n"
    assert formed["vtt"].startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nOne here.\n")
    stream = await there.audio.transcriptions.create(model="asr", file=("a.wav", sound), stream=True)
    events = [event async for event in stream]
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == "One here. Two there."
    assert events[-1].type == "transcript.text.done" and events[-1].text == "One here. Two there."


async def test_a_sound_that_carries_no_text_is_told_by_what_it_is() -> None:
    made = io.BytesIO()
    with wave.open(made, "wb") as opened:
        opened.setnchannels(2)
        opened.setsampwidth(2)
        opened.setframerate(16_000)
        opened.writeframes(bytes(64_000))
    told = await client().audio.transcriptions.create(model="asr", file=("a.wav", made.getvalue()))
    assert told.text.startswith("A sound of 1.00 seconds at 16000 Hz, ")
    with pytest.raises(openai.BadRequestError):
        await client().audio.transcriptions.create(model="asr", file=("a.wav", b"not a sound"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\n\r\nx\r\n--b--",
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n',
        b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n--b--\r\n',
    ],
)
async def test_a_form_that_is_none_is_refused(body: bytes) -> None:
    there = http(simulator())
    for kind in ("multipart/form-data; boundary=b", "multipart/form-data", "application/json"):
        told = await there.post("/v1/audio/transcriptions", content=body, headers=OPENED | {"content-type": kind})
        assert told.status_code == 400 and told.json()["error"]["type"] == "invalid_request_error"


async def test_a_file_may_hold_what_looks_like_an_end() -> None:
    """Only the boundary behind a line's end parts one part from the next (RFC 2046, 5.1.1)."""
    sound = media.wav("with --b inside\r\n\r\n and blank lines", 0.1)
    model = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n'
    body = model + b'--b\r\nContent-Disposition: form-data; filename="a.wav"; name="file"\r\n\r\n'
    told = await http(simulator()).post(
        "/v1/audio/transcriptions",
        content=body + sound + b"\r\n--b--\r\n",
        headers=OPENED | {"content-type": 'multipart/form-data; boundary="b"'},
    )
    assert told.json()["text"] == "with --b inside\r\n\r\n and blank lines"


async def test_speech_comes_in_pieces() -> None:
    async with client().audio.speech.with_streaming_response.create(
        model="t", voice="a", input="Hello there", response_format="pcm"
    ) as told:
        pieces = [piece async for piece in told.iter_bytes()]
    assert b"".join(pieces) == speak("Hello there", "pcm", voice="a") and "content-length" not in told.headers
    events: Any = {"model": "t", "voice": "a", "input": "Hello there", "response_format": "pcm", "stream_format": "sse"}
    told = await client().post("/audio/speech", body=events, cast_to=object, stream=True, stream_cls=openai.AsyncStream[Any])
    rows: list[Any] = [row async for row in told]
    assert b"".join(base64.b64decode(row["audio"]) for row in rows[:-1]) == b"".join(pieces) and len(rows) > 3
    with pytest.raises(openai.BadRequestError) as raised:
        await client().audio.speech.create(model="t", voice="a", input="x", response_format="opus")
    assert raised.value.param == "response_format"


async def test_images_have_the_size_that_was_asked_for() -> None:
    told = await client().images.generate(model="m", prompt="a lake", size="1024x1536", n=2)
    made = [base64.b64decode(image.b64_json or "") for image in told.data or []]
    assert [media.picture(data) for data in made] == [("png", 1024, 1536)] * 2 and made[0] != made[1]
    stream = await client().images.generate(model="m", prompt="a lake", size="auto", stream=True, partial_images=1)
    assert [event.type async for event in stream] == ["image_generation.partial_image", "image_generation.completed"]
    for wrong in ({"size": "9999x1"}, {"size": "wide"}, {"output_format": "jpeg"}, {"response_format": "url"}):
        with pytest.raises(openai.BadRequestError):
            await client().images.generate(model="m", prompt="a lake", **wrong)  # type: ignore[call-overload]


async def test_models_are_those_that_were_named() -> None:
    there = client(models=("one", "two"))
    assert [model.id async for model in there.models.list()] == ["one", "two"]
    assert (await there.models.retrieve("two")).owned_by == "comity-lab"
    for asked in (there.models.retrieve("three"), there.embeddings.create(model="three", input="x")):
        with pytest.raises(openai.NotFoundError) as raised:
            await asked  # type: ignore[misc]
        assert raised.value.code == "model_not_found"


DOCUMENTS = ["Paris is in France", "the capital of Germany is Berlin", "cats"]


@pytest.mark.parametrize(
    ("speaker", "path", "members"),
    [
        ("vllm", "/v1/rerank", {"id", "model", "results", "usage"}),
        ("vllm", "/v2/rerank", {"id", "results", "meta"}),
        ("model-studio", "/compatible-api/v1/reranks", {"object", "id", "model", "results", "usage"}),
    ],
)
async def test_reranking_puts_what_shares_words_first(speaker: Any, path: str, members: set[str]) -> None:
    there = client(speaker, path="/")
    body = {"model": "m", "query": "capital of Germany", "documents": DOCUMENTS, "top_n": 2}
    told: Any = await there.post(path, body=body, cast_to=object)
    assert set(told) == members and [row["index"] for row in told["results"]] == [1, 0]
    assert told["results"][0]["relevance_score"] == 1.0 and told["results"][1]["relevance_score"] == 0.0


async def test_a_key_of_another_region_is_refused_in_each_form() -> None:
    for speaker, code in (("openai", "invalid_api_key"), ("model-studio", "invalid_api_key"), ("vllm", 401)):
        with pytest.raises(openai.AuthenticationError) as raised:
            await client(speaker, key="sk-elsewhere").models.list()  # type: ignore[arg-type]
        assert raised.value.code == str(code) and raised.value.response.json()["error"]["code"] == code
        assert ("request_id" in raised.value.response.json()) is (speaker == "model-studio") and "sk-" not in raised.value.message


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ({"kind": "status", "status": 429, "retry_after": 7}, openai.RateLimitError, "rate_limit_exceeded"),
        ({"kind": "status", "trouble": "quota"}, openai.RateLimitError, "insufficient_quota"),
        ({"kind": "status", "status": 500}, openai.InternalServerError, None),
        ({"kind": "status", "status": 418, "code": "teapot"}, openai.APIStatusError, "teapot"),
        ({"kind": "status", "status": 503}, openai.InternalServerError, "server_is_overloaded"),
        ({"kind": "status", "status": 403}, openai.PermissionDeniedError, "unsupported_country_region_territory"),
        ({"kind": "filter"}, openai.BadRequestError, "invalid_prompt"),
    ],
)
async def test_each_error_is_the_clients_own_kind(fault: Any, kind: type[openai.APIStatusError], code: str | None) -> None:
    with pytest.raises(kind) as raised:
        await client().responses.create(model="m", input="x", extra_headers={"x-lab-fault": json.dumps(fault)})
    assert raised.value.code == code and raised.value.request_id and raised.value.request_id.startswith("req_")
    assert raised.value.response.headers.get("retry-after") == ("7" if "retry_after" in fault else None)


@pytest.mark.parametrize("trouble", ["key", "forbidden", "model", "rate", "quota", "server", "overloaded", "timeout"])
@pytest.mark.parametrize("speaker", ["openai", "model-studio", "vllm"])
async def test_each_trouble_has_words_and_an_error_status(speaker: Any, trouble: str) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        await client(speaker).models.list(extra_headers={"x-lab-fault": json.dumps({"kind": "status", "trouble": trouble})})
    error = raised.value.response.json()["error"]
    assert error["message"] and error["type"] and error["param"] is None
    assert speaker != "vllm" or error["code"] == raised.value.status_code


@pytest.mark.parametrize(("speaker", "raises"), [("openai", False), ("model-studio", True)])
async def test_content_that_is_filtered_ends_the_answer_as_the_partner_ends_it(speaker: Any, raises: bool) -> None:
    header = {"x-lab-fault": json.dumps({"kind": "filter", "where": "output"})}
    ask: Any = [{"role": "user", "content": TEXT}]
    stream = await client(speaker).chat.completions.create(model="m", messages=ask, stream=True, extra_headers=header)
    said, finish = "", None
    try:
        async for chunk in stream:
            said, finish = said + (chunk.choices[0].delta.content or ""), chunk.choices[0].finish_reason or finish
    except openai.APIError as error:
        assert raises and error.code == "data_inspection_failed"
    else:
        assert not raises and finish == "content_filter"
    assert said and TEXT.startswith(said) and said != TEXT
