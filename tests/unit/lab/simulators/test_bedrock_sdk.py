# SPDX-License-Identifier: Apache-2.0
"""Amazon's own SDK as an outside client: it signs, encodes and reads frames itself.

It must find in the simulator what it expects of Bedrock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from comity.lab.simulators import media
from comity.lab.simulators.bedrock import Bedrock
from comity.lab.simulators.bedrock.keys import ACCESS_KEY
from comity.ports import SystemClock
from tests.unit.lab.simulators.served import served

boto3: Any = pytest.importorskip("boto3", reason="boto3, Amazon's SDK, is not installed")
botocore: Any = pytest.importorskip("botocore")
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError, EventStreamError  # noqa: E402

REGION, ELSEWHERE = "eu-central-1", "us-east-1"
MODEL = "anthropic.claude-sonnet-4-20250514-v1:0"
PROFILE = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-20250514-v1:0"
THERE = {"region_name": ELSEWHERE}
HELLO = [{"role": "user", "content": [{"text": "Hello there, 你好"}]}]
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": name,
                "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
            }
        }
        for name in ("weather", "time")
    ]
    + [{"toolSpec": {"name": "nothing", "inputSchema": {"json": {"type": "object", "properties": {}}}}}]
}


class Skewed(SystemClock):
    """The SDK signs by the machine's clock; the simulator's may be another."""

    by = timedelta()

    def now(self) -> datetime:
        return super().now() + self.by


CLOCK = Skewed()


def secret_of(region: str) -> str:
    return f"secret/of+{region}"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served(Bedrock(secret_of=secret_of), region=REGION, key=secret_of(REGION), clock=CLOCK) as url:
        yield url


def client(base: str, **more: Any) -> Any:
    wanted = {"region_name": REGION, "aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": secret_of(REGION)} | more
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client("bedrock-runtime", endpoint_url=base, config=config, **wanted)


def faulty(base: str, fault: Any) -> Any:
    made = client(base)
    told = fault if isinstance(fault, str) else json.dumps(fault)
    made.meta.events.register("before-sign.bedrock-runtime", lambda request, **_: request.headers.add_header("x-lab-fault", told))
    return made


def events(base: str, **asked: Any) -> list[dict[str, Any]]:
    return list(client(base).converse_stream(**{"modelId": MODEL, "messages": HELLO} | asked)["stream"])


def joined(got: list[dict[str, Any]], *path: str) -> str:
    out = ""
    for each in got:
        value: Any = each.get("contentBlockDelta", {}).get("delta", {})
        for name in path:
            value = value.get(name, {}) if isinstance(value, dict) else {}
        out += value if isinstance(value, str) else ""
    return out


@pytest.mark.parametrize("model", [MODEL, PROFILE, "amazon.nova-lite-v1:0"])
def test_a_whole_answer(base: str, model: str) -> None:
    got = client(base).converse(modelId=model, messages=HELLO, system=[{"text": "Be brief."}])
    assert got["output"]["message"] == {"role": "assistant", "content": [{"text": "Hello there, 你好"}]}
    assert got["stopReason"] == "end_turn" and got["metrics"]["latencyMs"] >= 0
    assert got["usage"]["inputTokens"] + got["usage"]["outputTokens"] == got["usage"]["totalTokens"] > 0
    assert len(got["ResponseMetadata"]["RequestId"]) == 36


def test_a_stream(base: str) -> None:
    got = events(base)
    assert got[0] == {"messageStart": {"role": "assistant"}}
    assert joined(got, "text") == "Hello there, 你好" and len(got) > 5
    assert got[-2] == {"messageStop": {"stopReason": "end_turn"}}
    assert got[-1]["metadata"]["usage"] == client(base).converse(modelId=MODEL, messages=HELLO)["usage"]


def test_tools_are_called_in_parallel_and_answered(base: str) -> None:
    asked: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "use weather and time"}]}]
    got = client(base).converse(modelId=MODEL, messages=asked, toolConfig=TOOLS)
    calls = [block["toolUse"] for block in got["output"]["message"]["content"]]
    assert got["stopReason"] == "tool_use" and [call["name"] for call in calls] == ["weather", "time"]
    assert calls[0]["input"] == {"city": "use weather and time"}
    results = [{"toolResult": {"toolUseId": call["toolUseId"], "content": [{"json": {"sun": True}}]}} for call in calls]
    asked += [got["output"]["message"], {"role": "user", "content": results}]
    then = client(base).converse(modelId=MODEL, messages=asked, toolConfig=TOOLS)
    assert then["output"]["message"]["content"] == [{"text": 'The tools said: {"sun":true}; {"sun":true}'}]


def test_tool_calls_of_a_stream(base: str) -> None:
    got = events(base, messages=[{"role": "user", "content": [{"text": "weather"}]}], toolConfig=TOOLS | {"toolChoice": {"any": {}}})
    (start,) = [each["contentBlockStart"] for each in got if "contentBlockStart" in each]
    assert start["start"]["toolUse"]["name"] == "weather" and start["contentBlockIndex"] == 0
    assert json.loads(joined(got, "toolUse", "input")) == {"city": "weather"}
    none = events(base, toolConfig=TOOLS | {"toolChoice": {"tool": {"name": "nothing"}}})
    assert joined(none, "toolUse", "input") == "" and none[-2]["messageStop"]["stopReason"] == "tool_use"


def test_images_documents_and_sounds_are_seen(base: str) -> None:
    content = [
        {"text": "What is it?"},
        {"image": {"format": "png", "source": {"bytes": media.png("a picture", 40, 30)}}},
        {"document": {"format": "pdf", "name": "a paper", "source": {"bytes": b"%PDF-1.4"}}},
        {"audio": {"format": "wav", "source": {"bytes": media.wav("In the recording", 0.5)}}},
    ]
    got = client(base).converse(modelId=MODEL, messages=[{"role": "user", "content": content}])
    text = got["output"]["message"]["content"][0]["text"]
    assert "[1 image: 40x30]" in text and "[a file of 8 bytes" in text and "In the recording" in text


def test_a_schema_is_held_to(base: str) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}
    form = {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(schema), "name": "person"}}}
    got = client(base).converse(modelId=MODEL, messages=HELLO, outputConfig={"textFormat": form})
    made = json.loads(got["output"]["message"]["content"][0]["text"])
    assert isinstance(made["name"], str) and isinstance(made["age"], int)


def test_a_thought_comes_signed_and_is_known_again(base: str) -> None:
    got = client(base).converse(modelId=MODEL, messages=HELLO, outputConfig={"effort": "high"})
    thought = got["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]
    streamed = events(base, outputConfig={"effort": "high"})
    assert joined(streamed, "reasoningContent", "text") == thought["text"]
    assert joined(streamed, "reasoningContent", "signature") == thought["signature"]
    again = [*HELLO, got["output"]["message"], {"role": "user", "content": [{"text": "And then?"}]}]
    assert client(base).converse(modelId=MODEL, messages=again)["output"]["message"]["content"] == [{"text": "And then?"}]
    thought["text"] += "!"
    with pytest.raises(ClientError, match="Invalid `signature`"):
        client(base).converse(modelId=MODEL, messages=again)


@pytest.mark.parametrize(
    ("inference", "reason", "text"),
    [({"maxTokens": 2}, "max_tokens", "Hello there"), ({"stopSequences": [", "]}, "stop_sequence", "Hello there")],
)
def test_why_it_ends(base: str, inference: dict[str, Any], reason: str, text: str) -> None:
    got = client(base).converse(modelId=MODEL, messages=HELLO, inferenceConfig=inference)
    assert (got["stopReason"], got["output"]["message"]["content"][0]["text"]) == (reason, text)


def refusal_of(call: Any, **asked: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call(**{"modelId": MODEL, "messages": HELLO} | asked)
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


@pytest.mark.parametrize("operation", ["converse", "converse_stream"])
@pytest.mark.parametrize(
    ("more", "skew", "code", "message"),
    [
        ({"aws_secret_access_key": "another"}, 0, "InvalidSignatureException", "does not match the signature you provided"),
        ({"aws_access_key_id": "AKIASOMEBODYELSE"}, 0, "UnrecognizedClientException", "security token included in the request is invalid"),
        (THERE, 0, "InvalidSignatureException", "does not match"),
        (THERE | {"aws_secret_access_key": "secret/of+us-east-1"}, 0, "InvalidSignatureException", "scoped to a valid region"),
        ({}, 301, "InvalidSignatureException", "Signature expired"),
        ({}, -301, "InvalidSignatureException", "Signature not yet current"),
    ],
)  # fmt: skip
def test_a_signature_holds_for_a_key_a_region_and_a_time(
    base: str, monkeypatch: pytest.MonkeyPatch, operation: str, more: dict[str, Any], skew: int, code: str, message: str
) -> None:
    monkeypatch.setattr(CLOCK, "by", timedelta(seconds=skew), raising=False)
    status, found, said = refusal_of(getattr(client(base, **more), operation))
    assert (status, found) == (403, code) and message in said


def test_a_session_token_is_signed_with_the_rest(base: str) -> None:
    got = client(base, aws_session_token="a-token/of+a=session").converse(modelId=MODEL, messages=HELLO)
    assert got["stopReason"] == "end_turn"


CALLED = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "weather", "input": {}}}]}
PAPER = {"document": {"format": "txt", "name": "a_b.txt", "source": {"bytes": b"x"}}}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"messages": [{"role": "assistant", "content": [{"text": "Hi"}]}]}, "must start with a user message"),
        ({"messages": [*HELLO, *HELLO]}, "must alternate"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "is blank"),
        ({"messages": [{"role": "user", "content": []}]}, "is empty"),
        ({"messages": [*HELLO, CALLED]}, "toolConfig"),
        ({"messages": [*HELLO, CALLED,
                       {"role": "user", "content": [{"text": "no"}]}], "toolConfig": TOOLS}, "Expected toolResult blocks"),
        ({"messages": [{"role": "user", "content": [PAPER]}]}, "file name"),
        ({"outputConfig": {"effort": "utmost"}}, "effort"),
    ],
)  # fmt: skip
def test_what_converse_refuses(base: str, asked: dict[str, Any], message: str) -> None:
    status, code, said = refusal_of(client(base).converse, **asked)
    assert (status, code) == (400, "ValidationException") and message in said


@pytest.mark.parametrize("operation", ["converse", "converse_stream"])
@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "status", "status": 429, "retry_after": 3}, 429, "ThrottlingException"),
        ({"kind": "status", "status": 503}, 503, "ServiceUnavailableException"),
        ({"kind": "status", "status": 500}, 500, "InternalServerException"),
        ({"kind": "status", "status": 408}, 408, "ModelTimeoutException"),
        ({"kind": "status", "status": 424, "code": "ModelErrorException"}, 424, "ModelErrorException"),
        ({"kind": "status", "trouble": "forbidden"}, 403, "AccessDeniedException"),
        ({"kind": "status", "trouble": "model"}, 404, "ResourceNotFoundException"),
    ],
)
def test_a_fault_has_its_documented_error(base: str, operation: str, fault: dict[str, Any], status: int, code: str) -> None:
    assert refusal_of(getattr(faulty(base, fault), operation))[:2] == (status, code)


def test_a_guardrail_answers(base: str) -> None:
    got = faulty(base, "filter").converse(modelId=MODEL, messages=HELLO)
    assert got["stopReason"] == "guardrail_intervened"
    got = list(faulty(base, "filter").converse_stream(modelId=MODEL, messages=HELLO)["stream"])
    assert got[-2]["messageStop"]["stopReason"] == "guardrail_intervened"
    got = list(faulty(base, {"kind": "filter", "where": "output"}).converse_stream(modelId=MODEL, messages=HELLO)["stream"])
    assert got[-2]["messageStop"]["stopReason"] == "content_filtered"


def test_a_stream_that_breaks_ends_in_an_exception(base: str) -> None:
    got = []
    with (
        closing(faulty(base, "break").converse_stream(modelId=MODEL, messages=HELLO)["stream"]) as stream,
        pytest.raises(EventStreamError, match="internalServerException"),
    ):
        for event in stream:
            got.append(event)
    assert got[0] == {"messageStart": {"role": "assistant"}}


def test_a_stream_with_a_message_cut_in_two_is_not_read(base: str) -> None:
    with (
        closing(faulty(base, "malformed").converse_stream(modelId=MODEL, messages=HELLO)["stream"]) as stream,
        pytest.raises(botocore.eventstream.ParserError),
    ):
        list(stream)
