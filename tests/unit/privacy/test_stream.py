# SPDX-License-Identifier: Apache-2.0
"""Originals back in chunks and in whole answers: each text on its own, nothing late, nothing else touched."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from comity.privacy.findings import Finding
from comity.privacy.pseudonym import Vault
from comity.privacy.stream import ChunkRestorer, opens_json, restore_completion

SECRET = 'a"b\\c\n'


def vault_with_tokens() -> tuple[Vault, str, str]:
    """A vault, and its tokens for an e-mail address and for a secret that JSON must escape."""
    vault = Vault(bytes(range(1, 9)))
    texts = (("EMAIL", "lena@vogel.io"), ("SECRET", SECRET))
    mail, secret = (
        vault.protect(text, [Finding(type=kind, category=None, start=0, end=len(text), recognizer="given")]) for kind, text in texts
    )
    return vault, mail, secret


VAULT, MAIL, HIDDEN = vault_with_tokens()


def chunk(delta: dict[str, Any] | None = None, *, index: int = 0, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta if delta is not None else {}, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


def deltas(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [choice["delta"] for each in chunks for choice in each["choices"]]


def test_a_chunk_in_which_nothing_changes_is_the_very_same() -> None:
    restorer = ChunkRestorer(VAULT)
    for each in (
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hello, "}),
        chunk({"content": "world"}),
        chunk({}),
        chunk(finish="stop"),
        {"id": "c1", "choices": [], "usage": {"prompt_tokens": 1}},
        chunk({"content": None, "tool_calls": None}),
        chunk(None),
    ):
        before = copy.deepcopy(each)
        (out,) = restorer.feed(each)
        assert out is each and out == before
    assert restorer.flush() == []


def test_a_token_cut_anywhere_comes_back_and_the_rest_does_not_wait() -> None:
    for cut in range(1, len(MAIL)):
        restorer = ChunkRestorer(VAULT)
        (first,) = restorer.feed(chunk({"content": "to " + MAIL[:cut]}))
        (second,) = restorer.feed(chunk({"content": MAIL[cut:] + " now"}))
        assert deltas([first, second]) == [{"content": "to "}, {"content": "lena@vogel.io now"}]
        assert restorer.flush() == []


def test_what_is_given_is_not_changed() -> None:
    each = chunk({"content": MAIL, "tool_calls": [{"index": 0, "function": {"arguments": f'"{HIDDEN}"'}}]})
    before = copy.deepcopy(each)
    (out,) = ChunkRestorer(VAULT).feed(each)
    assert each == before and out != before
    assert {name: out[name] for name in out if name != "choices"} == {name: before[name] for name in before if name != "choices"}


def test_what_waits_is_released_ahead_of_the_finish() -> None:
    restorer = ChunkRestorer(VAULT)
    restorer.feed(chunk({"content": "grade E"}))
    last = chunk(finish="stop", usage={"prompt_tokens": 3})
    ahead, same = restorer.feed(last)
    assert same is last
    assert ahead == chunk({"content": "E"})
    assert restorer.flush() == []


def test_text_in_the_finishing_chunk_waits_for_nothing() -> None:
    restorer = ChunkRestorer(VAULT)
    restorer.feed(chunk({"content": MAIL[:7]}))
    (out,) = restorer.feed(chunk({"content": MAIL[7:] + " grade E"}, finish="length"))
    assert deltas([out]) == [{"content": "lena@vogel.io grade E"}]
    assert restorer.flush() == []


def test_a_stream_that_stops_short_gives_up_what_waits() -> None:
    restorer = ChunkRestorer(VAULT)
    restorer.feed(chunk({"content": "E", "reasoning_content": "is SECRET_"}, index=1))
    restorer.feed(chunk({"tool_calls": [{"index": 2, "function": {"arguments": '{"a":"EMA'}}]}))
    (out,) = restorer.flush()
    assert out["id"] == "c1" and "usage" not in out
    assert out["choices"] == [
        {"index": 1, "delta": {"content": "E", "reasoning_content": "SECRET_"}, "finish_reason": None},
        {"index": 0, "delta": {"tool_calls": [{"index": 2, "function": {"arguments": "EMA"}}]}, "finish_reason": None},
    ]
    assert restorer.flush() == []


def test_choices_texts_and_tool_calls_wait_apart() -> None:
    restorer = ChunkRestorer(VAULT)
    head, tail = MAIL[:8], MAIL[8:]

    def call(number: int, text: str) -> dict[str, Any]:
        return {"tool_calls": [{"index": number, "function": {"arguments": text}}]}

    fed = [
        chunk({"content": head}),
        chunk({"content": head}, index=1),
        chunk({"refusal": head}),
        chunk(call(0, head)),
        chunk(call(1, head)),
        chunk({"reasoning": head}),
    ]
    ends = [
        chunk({"reasoning": tail}),
        chunk(call(1, tail)),
        chunk(call(0, tail)),
        chunk({"refusal": tail}),
        chunk({"content": tail}, index=1),
        chunk({"content": tail}),
    ]
    assert all(set(str(each)).isdisjoint("@") for new in map(restorer.feed, fed) for each in deltas(new))
    for each in ends:
        (out,) = restorer.feed(each)
        assert "lena@vogel.io" in str(out) and tail not in str(out)


def test_the_start_of_a_tool_call_keeps_its_name_and_id() -> None:
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "send", "arguments": f'{{"to":"{MAIL}'}}
    (out,) = ChunkRestorer(VAULT).feed(chunk({"tool_calls": [call]}))
    assert deltas([out]) == [{"tool_calls": [call | {"function": {"name": "send", "arguments": '{"to":"lena@vogel.io'}}]}]


def test_in_arguments_the_original_is_escaped_at_every_cut() -> None:
    arguments = json.dumps({"note": f"it is {HIDDEN}!", "to": MAIL})
    for cut in range(len(arguments) + 1):
        restorer, got = ChunkRestorer(VAULT), ""
        for piece in (arguments[:cut], arguments[cut:]):
            for delta in deltas(restorer.feed(chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}))):
                got += delta["tool_calls"][0]["function"]["arguments"]
        assert json.loads(got) == {"note": f"it is {SECRET}!", "to": "lena@vogel.io"}


@pytest.mark.parametrize("opening", ['{"s": "', '{ "s": "', '\n{\n"s" :"', '[{"s":"', '["'])
def test_content_that_is_json_stays_json(opening: str) -> None:
    closing = {"[{": '"}]', '["': '"]'}.get(opening.strip()[:2], '"}')
    restorer, got = ChunkRestorer(VAULT), ""
    for letter in opening + HIDDEN + closing:
        got += "".join(delta["content"] for delta in deltas(restorer.feed(chunk({"content": letter}))))
    value = json.loads(got)
    while isinstance(value, dict | list):
        (value,) = value.values() if isinstance(value, dict) else value
    assert value == SECRET
    whole = restore_completion(VAULT, {"choices": [{"message": {"content": opening + HIDDEN + closing}}]})
    assert whole["choices"][0]["message"]["content"] == got


@pytest.mark.parametrize("text", ["it is {}", "{{it}} is {}", "[it] is {}", "{{ {}", "[{}]", "`{}`"])
def test_content_that_is_prose_is_not_escaped(text: str) -> None:
    restorer = ChunkRestorer(VAULT)
    (out,) = restorer.feed(chunk({"content": text.format(HIDDEN)}))
    assert deltas([out]) == [{"content": text.format(SECRET)}]


@pytest.mark.parametrize(
    ("head", "json_"),
    [
        ("", None),
        (" \n", None),
        ("{", None),
        ("[ ", None),
        ("{}", True),
        ('{"', True),
        ("{a", False),
        ("[]", True),
        ("[1", True),
        ("[-", True),
        ("[[", True),
        ("[a", False),
        ('"', False),
        ("x", False),
    ],
)
def test_how_json_opens(head: str, json_: bool | None) -> None:
    assert opens_json(head) is json_


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"choices": None},
        {"choices": "x"},
        {"choices": [None, 3, "x"]},
        {"choices": [{}]},
        {"choices": [{"index": "a", "delta": []}]},
        {
            "choices": [
                {"index": None, "delta": {"content": 3, "tool_calls": [None, {}, {"function": None}, {"function": {"arguments": 4}}]}}
            ]
        },
        {"choices": [{"delta": {"content": ["x"]}, "finish_reason": "stop"}]},
        {"error": {"message": "overloaded"}},
        {"choices": [{"message": None}, {"message": {"content": None, "tool_calls": "x"}}, {"message": {"tool_calls": [{"function": 1}]}}]},
    ],
)
def test_what_is_odd_passes(odd: dict[str, Any]) -> None:
    before = copy.deepcopy(odd)
    restorer = ChunkRestorer(VAULT)
    assert restorer.feed(odd) == [before] and restorer.flush() == []
    assert restore_completion(VAULT, odd) is odd and odd == before


def test_a_tool_call_without_index_is_the_first() -> None:
    restorer = ChunkRestorer(VAULT)
    restorer.feed(chunk({"tool_calls": [{"function": {"arguments": MAIL[:5]}}]}))
    (out,) = restorer.feed(chunk({"tool_calls": [{"index": 0, "function": {"arguments": MAIL[5:]}}]}))
    assert deltas([out])[0]["tool_calls"][0]["function"]["arguments"] == "lena@vogel.io"


def test_a_whole_answer() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "send", "arguments": json.dumps({"to": MAIL, "s": HIDDEN})}}
    message = {"role": "assistant", "content": f"to {MAIL}", "refusal": f"not {HIDDEN}", "reasoning_content": MAIL, "tool_calls": [call]}
    body: dict[str, Any] = {
        "id": "c1",
        "usage": {},
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}, {"index": 1, "message": {"content": "none"}}],
    }
    before = copy.deepcopy(body)
    out = restore_completion(VAULT, body)
    assert body == before
    said = out["choices"][0]["message"]
    assert (said["content"], said["refusal"], said["reasoning_content"]) == ("to lena@vogel.io", f"not {SECRET}", "lena@vogel.io")
    assert json.loads(said["tool_calls"][0]["function"]["arguments"]) == {"to": "lena@vogel.io", "s": SECRET}
    assert said["tool_calls"][0]["id"] == "call_1" and out["choices"][1] is body["choices"][1]


def test_a_long_stream_keeps_no_more_than_a_token() -> None:
    restorer = ChunkRestorer(VAULT)
    for n in range(2000):
        restorer.feed(chunk({"content": f"EMAIL_{n} {MAIL[: n % len(MAIL)]}"}))
        (text,) = restorer._texts.values()
        assert len(text.waits) <= len(MAIL) and len(text._before) <= 32 and len(text._head) <= 2


def test_the_name_of_a_called_function_comes_back_as_the_caller_wrote_it() -> None:
    """Names of tools are hidden too; a client looks its function up by the name in the answer."""
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": f"write_to_{MAIL}", "arguments": ""}}
    named = call | {"function": {"name": "write_to_lena@vogel.io", "arguments": ""}}
    restorer = ChunkRestorer(VAULT)
    assert deltas([*restorer.feed(chunk({"tool_calls": [call]})), *restorer.feed(chunk(finish="tool_calls"))])[0] == {"tool_calls": [named]}
    body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [call]}}]}
    assert restore_completion(VAULT, body)["choices"][0]["message"]["tool_calls"] == [named]
