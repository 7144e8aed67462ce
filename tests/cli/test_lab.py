# SPDX-License-Identifier: Apache-2.0
"""`comity lab simulate`: a partner as a process, asked by the official client and by Comity itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from comity.cli.lab import DIALECTS
from comity.lab.process import Process, ask, call
from comity.lab.simulators.serve import DIALECTS as MADE
from comity.lab.worlds import gateway
from tests.cli.conftest import Cli

KEY = "lab-key-of-cn-beijing"
TEXT = "请回复 zhang.wei@example.cn，电话 13812345678"
SUBJECT = {"Comity-Subject": 'id="u", location="CN", residence="CN", age=35, consent=(general)'}
CONFIG = """\
evidence = ["assessment:cn_pipia", "notice:cross_border_recipient"]

[controller]
name = "Example Ltd"
established = ["US"]

[service]
public = true

[defaults]
legal_basis = "consent"
task = "writing_assistant"

[server]
port = 0

[routing]  # what breaks is looked at as it breaks: nobody is asked twice, and nobody is left alone for it
attempts_max = 1
failures_max = 1000
failure_share_max = 2.0

[limits]
first_byte_seconds_max = 1
idle_seconds_max = 1
answer_bytes_max = 1_000_000

[[deployments]]
id = "qwen-beijing"
provider = "alibaba"
region = "cn-beijing"
scope = "chinese-mainland"
model = "qwen-plus"
api_key = {{ env = "LAB_KEY_BEIJING" }}
stand_in = "{base}"
evidence = ["processor_contract", "cn_genai"]
"""


@pytest.fixture(scope="module")
def beijing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    words = ["comity.cli.main", "--json", "lab", "simulate", "model-studio", "--region", "cn-beijing"]
    with Process("beijing", words, log=tmp_path_factory.mktemp("lab") / "log", environment={}) as running:
        yield running.wait_ready()


@pytest.fixture(scope="module")
def client(beijing: Process) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{beijing.base}/compatible-mode/v1", api_key=KEY, max_retries=0, timeout=30) as made:
        yield made


def chat(client: openai.OpenAI, fault: Any = None, **more: Any) -> Any:
    headers = {"x-lab-fault": json.dumps(fault)} if fault else {}
    return client.chat.completions.create(model="qwen-plus", messages=[{"role": "user", "content": TEXT}], extra_headers=headers, **more)


def test_it_answers_over_a_socket_and_its_key_is_its_regions(client: openai.OpenAI) -> None:
    assert chat(client).choices[0].message.content == TEXT
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chat(client, stream=True)) == TEXT
    with pytest.raises(openai.AuthenticationError):
        chat(client.with_options(api_key="lab-key-of-us-east-1"))


def test_a_limit_is_waited_for_and_asked_again(client: openai.OpenAI, beijing: Process) -> None:
    plan = {"faults": [{"kind": "status", "status": 429, "retry_after": 0, "times": 2}]}
    assert call(beijing.base, "POST", "/_lab/faults", json.dumps(plan).encode()).status == 200
    assert chat(client.with_options(max_retries=2)).choices[0].message.content == TEXT
    assert call(beijing.base, "GET", "/_lab/faults").json() == {"faults": []}


@pytest.mark.parametrize("stream", [False, True])
def test_a_cut_is_a_connection_that_broke(client: openai.OpenAI, stream: bool) -> None:
    with pytest.raises(Exception, match=r"peer closed connection|incomplete|Connection error"):
        for _ in chat(client, {"kind": "cut", "at": 90}, stream=stream):
            pass


def test_who_leaves_a_hang_is_not_waited_for(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APITimeoutError):
        chat(client.with_options(timeout=0.2), {"kind": "hang"})
    assert chat(client).choices[0].message.content == TEXT


@pytest.fixture(scope="module")
def node(beijing: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway of Comity before it: the real adapter, the real egress."""
    folder = tmp_path_factory.mktemp("node")
    running, _ = gateway("node", CONFIG.format(base=beijing.base), folder=folder, models=folder, environment={"LAB_KEY_BEIJING": KEY})
    with running:
        yield running.wait_ready().base


@pytest.mark.parametrize("stream", [False, True])
def test_through_comity_it_sees_no_person(beijing: Process, node: str, stream: bool) -> None:
    """What reaches the partner is pseudonymised; what comes back is restored, also where a stand-in was parted between two events."""
    told = ask(node, {"model": "auto", "stream": stream, "messages": [{"role": "user", "content": TEXT}]}, SUBJECT)
    assert told.status == 200, told.body
    assert told.text().startswith(TEXT) and told.headers["comity-region"] == "CN"
    seen = call(beijing.base, "GET", "/_lab/received").json()["received"][-1]
    assert seen["path"] == "/compatible-mode/v1/chat/completions" and seen["body"]["model"] == "qwen-plus"
    assert "13812345678" not in json.dumps(seen) and "zhang.wei" not in json.dumps(seen)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "status", "status": 429, "retry_after": 1}, 429),
        ({"kind": "status", "status": 500}, 502),
        ({"kind": "filter"}, 400),
        ({"kind": "hang"}, 504),
        ({"kind": "drip", "at": 1, "seconds": 30}, 504),
        ({"kind": "cut", "at": 60}, 502),
        ({"kind": "content_type"}, 502),
        ({"kind": "redirect"}, 502),
        ({"kind": "compressed"}, 502),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_each_fault_ends_in_one_clear_failure(beijing: Process, node: str, fault: Any, status: int, stream: bool) -> None:
    assert call(beijing.base, "POST", "/_lab/faults", json.dumps({"faults": [fault]}).encode()).status == 200
    told = ask(node, {"model": "auto", "stream": stream, "messages": [{"role": "user", "content": TEXT}]}, SUBJECT)
    assert told.status == status and told.json()["error"]["code"].startswith("provider.")
    assert call(beijing.base, "GET", "/_lab/faults").json() == {"faults": []}, "asked once"


@pytest.mark.parametrize(
    "fault",
    [{"kind": "cut", "at": 900}, {"kind": "malformed"}, {"kind": "break"}, {"kind": "oversized", "at": 3_000_000}],
    ids=lambda fault: fault["kind"],
)
def test_what_goes_wrong_once_a_stream_has_begun_is_said_in_the_stream(beijing: Process, node: str, fault: Any) -> None:
    call(beijing.base, "POST", "/_lab/faults", json.dumps({"faults": [fault]}).encode())
    told = ask(node, {"model": "auto", "stream": True, "messages": [{"role": "user", "content": TEXT}]}, SUBJECT)
    last = json.loads(told.body.rstrip().rsplit(b"data: ", 1)[1])
    assert told.status == 200 and last["error"]["code"].startswith("provider.") and b"[DONE]" not in told.body


def test_every_dialect_that_is_made_can_be_named(cli: Cli) -> None:
    assert tuple(MADE) == DIALECTS
    assert "did you mean `model-studio`?" in cli("lab", "simulate", "model-studo", "--region", "x").refused(2, "usage")
