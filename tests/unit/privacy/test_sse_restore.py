# SPDX-License-Identifier: Apache-2.0
"""Raw events of the three APIs (`tests/vectors/privacy/restore`), read back by plain clients that know nothing of restoring."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from comity.privacy.findings import Finding
from comity.privacy.pseudonym import TOKEN_CHARACTERS_MAX, Vault
from comity.privacy.stream import Api, SseRestorer, restore_completion, restore_message, restore_response
from comity.wire.sse import EventDecoder, EventTooLarge

VECTORS = Path(__file__).parents[2] / "vectors" / "privacy" / "restore"
FILES: dict[str, Api] = {"chat": "openai.chat", "responses": "openai.responses", "messages": "anthropic.messages"}
ORIGINALS = (("EMAIL", "lena@vogel.io"), ("PERSON", 'Lena "Leni" Vogel'), ("ADDRESS", "Am Markt 3\n10115 Berlin"), ("PERSON", "王小明"))
Texts = dict[str, str]


def vault_with_tokens() -> tuple[Vault, dict[str, str]]:
    vault = Vault(bytes(range(1, 9)))
    return vault, {
        vault.protect(original, [Finding(type=kind, category=None, start=0, end=len(original), recognizer="given")]): original
        for kind, original in ORIGINALS
    }


VAULT, TOKENS = vault_with_tokens()
MAIL, PERSON, ADDRESS, CHINESE = TOKENS


def naive(text: str) -> str:
    """What a whole text should read: no stream, no engine."""
    if text.startswith("{"):
        value = plain(json.loads(text))
        return json.dumps(value, sort_keys=True)
    for token, original in TOKENS.items():
        for form in (token, token.lower(), token.replace("_", " ")):
            text = text.replace(form, original)
    return text


def plain(value: Any) -> Any:
    if isinstance(value, str):
        return naive(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return {naive(name): plain(item) for name, item in value.items()} if isinstance(value, dict) else value


def same(got: str, want: str) -> bool:
    return json.dumps(plain(json.loads(got)), sort_keys=True) == want if want.startswith("{") else got == want


def events(raw: bytes) -> Iterator[dict[str, Any]]:
    decoder = EventDecoder()
    for event in decoder.feed(raw) + decoder.flush():
        with suppress(ValueError):  # the end mark, or the last event of a stream that was cut in it
            yield json.loads(event.data)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string below ``value``; lists count by the `index` of their members, as chat deltas do."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}/{item.get('index', number) if isinstance(item, dict) else number}")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{path}/{name}")


def chat_texts(raw: bytes) -> Texts:
    texts: Texts = {}
    finished: set[int] = set()
    for event in events(raw):
        for choice in event.get("choices", []):
            for path, text in leaves(choice["delta"], str(choice["index"])):
                assert not text or choice["index"] not in finished, "text behind the finish"
                texts[path] = texts.get(path, "") + text
            if choice.get("finish_reason"):
                finished.add(choice["index"])
    return texts


def message_texts(raw: bytes) -> Texts:
    texts: Texts = {}
    open_: set[int] = set()
    for event in events(raw):
        kind = event["type"]
        if kind == "content_block_start":
            open_.add(event["index"])
            texts |= {f"{event['index']}/start{path}": text for path, text in leaves(event["content_block"])}
        elif kind == "content_block_delta":
            assert event["index"] in open_, "text of a block that has stopped"
            for path, text in leaves(event["delta"]):
                key = f"{event['index']}{path}"
                texts[key] = texts.get(key, "") + text if not path.endswith("/type") else ""
        elif kind == "content_block_stop":
            open_.remove(event["index"])
    return texts


FIELDS = {
    "output_text": "text", "refusal": "refusal", "reasoning_summary_text": "text", "function_call_arguments": "arguments",
    "mcp_call_arguments": "arguments", "code_interpreter_call_code": "code", "custom_tool_call_input": "input",
    "shell_call_command": "command",
}  # fmt: skip


def response_texts(raw: bytes) -> Texts:
    texts: Texts = {}
    done: Texts = {}
    numbers = []
    for event in events(raw):
        kind = event["type"].removeprefix("response.")
        numbers.append(event["sequence_number"])
        key = f"{kind.rpartition('.')[0]}/{event.get('output_index')}/{event.get('content_index', event.get('summary_index'))}"
        if kind.endswith(".delta"):
            assert key not in done, "a delta behind its end"
            for path, text in leaves(event["delta"]):
                texts[key + path] = texts.get(key + path, "") + text
        elif kind.endswith(".done") and kind.partition(".")[0] in FIELDS:
            done[key] = event[FIELDS[kind.partition(".")[0]]]
            assert done[key] == texts[key], "the end differs from the deltas"
        elif kind == "output_item.done":
            item = event["item"]
        elif kind == "completed":
            assert event["response"]["output"][-1] == item, "the response differs from its items"
            texts |= dict(leaves(event["response"]))
        elif kind == "output_text.annotation.added":
            texts |= {f"annotation{path}": text for path, text in leaves(event["annotation"])}
    assert numbers == sorted(numbers)
    return texts


CLIENTS = {"chat": chat_texts, "responses": response_texts, "messages": message_texts}


def read(name: str) -> bytes:
    return (VECTORS / f"{name}.sse").read_bytes()


def through(api: Api, pieces: Iterable[bytes]) -> bytes:
    restorer = SseRestorer(VAULT, api)
    return b"".join(map(restorer.feed, pieces)) + restorer.flush()


@pytest.mark.parametrize("name", FILES)
def test_a_plain_client_reads_the_originals(name: str) -> None:
    raw = read(name)
    out = through(FILES[name], [raw])
    want = {key: naive(text) for key, text in CLIENTS[name](raw).items()}
    got = CLIENTS[name](out)
    assert got.keys() == want.keys() and sum(got[key] != text for key, text in CLIENTS[name](raw).items()) > 5
    assert {key: text for key, text in got.items() if not same(text, want[key])} == {}
    assert b"JCW93" not in out


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("name", FILES)
def test_cuts_and_line_ends_change_nothing(name: str, ends: bytes) -> None:
    raw = b"\xef\xbb\xbf" + read(name).replace(b"\n", ends)
    whole = through(FILES[name], [raw])
    assert list(events(whole)) == list(events(through(FILES[name], [read(name)])))
    for size in (1, 2, 7, 64, 1021):
        cut = through(FILES[name], [raw[at : at + size] for at in range(0, len(raw), size)])
        assert list(events(cut)) == list(events(whole))
        assert cut == whole or ends == b"\r\n"  # where CRLF is cut in two, an added line may end in CR alone


@pytest.mark.parametrize("name", FILES)
def test_a_stream_cut_short_gives_up_all_that_arrived(name: str) -> None:
    raw = read(name)
    for at in range(0, len(raw), 61):
        came, got = restored_texts(raw[:at]), restored_texts(through(FILES[name], [raw[:at]]))
        assert got.keys() == came.keys()
        assert [key for key, text in came.items() if not text.startswith("{") and got[key] != naive(text)] == []


def restored_texts(raw: bytes) -> Texts:
    """Of deltas alone, whichever API: a cut stream has no end that could be checked."""
    texts: Texts = {}
    for event in events(raw):
        if isinstance(event.get("delta"), str):
            key = f"{event['type']}/{event.get('output_index')}/{event.get('content_index')}/{event.get('summary_index')}"
            texts[key] = texts.get(key, "") + event["delta"]
        elif isinstance(event.get("delta"), dict):
            for path, text in leaves({name: text for name, text in event["delta"].items() if name != "type"}):
                texts[f"{event.get('index')}{path}"] = texts.get(f"{event.get('index')}{path}", "") + text
        for choice in event.get("choices", []):
            for path, text in leaves(choice["delta"], str(choice["index"])):
                texts[path] = texts.get(path, "") + text
    return texts


UNTOUCHED = (
    b"\xef\xbb\xbf: hello\n\n: \xff\nretry: 3000\nid: 7\nevent: message\ndata: {\"choices\":[{\"index\":0,\ndata:\"delta\":"
    b'{"content":"a  b"}}]}\nunknown\n\n\r\n\r\rdata:not json\n\ndata: \xff\xfe\n\ndata\n\ndata: [1, 2]\n\ndata: "x"\r\n\r\n'
    b'data: {"type": 3, "delta": {}}\n\ndata: {"type":"content_block_delta","index":"x","delta":3}\n\nevent: ping\n\n'
    b'data: {"choices":[{"index":0,"delta":{"content":"caf\\u00e9 \\/ 1.50"}}], "n":1.50}\n\ndata: [DONE]\n\ndata: [DONE]\n\n'
    + b"data: " + b"[" * 20_000 + b"\n\n"
)  # fmt: skip


@pytest.mark.parametrize("api", FILES.values())
@pytest.mark.parametrize("size", [1, 5, len(UNTOUCHED)])
def test_what_does_not_change_passes_byte_for_byte(api: Api, size: int) -> None:
    pieces = [UNTOUCHED[at : at + size] for at in range(0, len(UNTOUCHED), size)]
    assert through(api, pieces) == UNTOUCHED
    for at in range(len(UNTOUCHED) - 20_100):
        assert through(api, [UNTOUCHED[:at]]) == UNTOUCHED[:at]


def test_events_beside_a_changed_one_keep_their_bytes() -> None:
    raw = read("responses")
    before, after = raw.split(b"\n\n"), through("openai.responses", [raw]).split(b"\n\n")
    touched = [event for event in before if event not in after]
    assert 0 < len(touched) < len(before) * 0.8
    assert all(event in after for event in before if not any(piece in event for piece in (b"delta", b"JCW93")))


def chat_event(text: str, **more: Any) -> bytes:
    return b"data: " + json.dumps({"id": "c", "choices": [{"index": 0, "delta": {"content": text}}]} | more).encode() + b"\n\n"


def test_text_that_begins_no_stand_in_goes_out_in_its_own_event() -> None:
    restorer = SseRestorer(VAULT, "openai.chat")
    for text in ("Hello", ", ", "world", " <b>", "a_1"):
        raw = chat_event(text)
        assert restorer.feed(raw[:-1]) == b"" and restorer.feed(raw[-1:]) == raw
    assert chat_texts(restorer.feed(chat_event("from " + MAIL[:9]))) == {"0/content": "from "}
    assert chat_texts(restorer.feed(chat_event(MAIL[9:]))) == {"0/content": "lena@vogel.io"}


def test_a_comment_does_not_wait_for_the_line_behind_it() -> None:
    assert SseRestorer(VAULT, "openai.chat").feed(b": keep-alive\n") == b": keep-alive\n"


@pytest.mark.parametrize(
    ("api", "start", "end"),
    [
        ("openai.chat", chat_event("grade E"), b'data: {"error":{"message":"overloaded"}}\n\n'),
        ("openai.chat", chat_event("grade E"), chat_event("", error={"message": "overloaded"})),
        ("openai.chat", chat_event("grade E"), b"data: [DONE]\n\n"),
        ("openai.chat", chat_event("grade E"), b"data: [DONE]"),
        ("openai.chat", chat_event("grade E"), b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\r\n\r\n'),
        (
            "anthropic.messages",
            b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"grade E"}}\n\n',
            b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n',
        ),
        (
            "openai.responses",
            b'data: {"type":"response.output_text.delta","item_id":"m","content_index":0,"delta":"grade E"}\n\n',
            b'event: error\ndata: {"type":"error","message":"x"}\n\n',
        ),
        (
            "openai.responses",
            b'data: {"type":"response.output_text.delta","item_id":"m","delta":"grade E"}\n\n',
            b'data: {"type":"response.output_item.done","item":{"id":"m","type":"message"}}\n\n',
        ),
        (
            "openai.responses",
            b'data: {"type":"response.output_text.delta","output_index":0,"content_index":1,"item_id":"a","delta":"grade E"}\n\n',
            b'data: {"type":"response.content_part.done","output_index":0,"content_index":1,"item_id":"b","part":{}}\n\n',
        ),
    ],
)
def test_what_waits_goes_out_ahead_of_an_end(api: Api, start: bytes, end: bytes) -> None:
    restorer = SseRestorer(VAULT, api)
    first = restorer.feed(start)
    second = restorer.feed(end) + restorer.flush()
    assert "".join(restored_texts(first).values()) == "grade " and second.endswith(end)
    assert "".join(restored_texts(second).values()) == "E"
    assert restorer.flush() == b""


MORE_ENDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("refusal", {"output_index": 0, "content_index": 0}),
    ("output_item", {"item": {"id": "other"}}),
)


def test_the_stop_of_another_block_releases_nothing() -> None:
    restorer = SseRestorer(VAULT, "anthropic.messages")
    event = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": MAIL[:8]}}
    restorer.feed(b"event: content_block_delta\ndata: " + json.dumps(event).encode() + b"\n\n")
    stop = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":1}\n\n'
    assert restorer.feed(stop) == stop
    assert restorer.flush().startswith(b"event: content_block_delta\ndata: {")


def test_an_added_delta_has_no_chances_of_its_own() -> None:
    restorer = SseRestorer(VAULT, "openai.responses")
    event = {
        "type": "response.output_text.delta",
        "output_index": 0,
        "delta": MAIL[:8],
        "logprobs": [{"token": MAIL[:8]}],
        "obfuscation": "x",
    }
    restorer.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    assert list(events(restorer.flush())) == [{name: event[name] for name in list(event)[:3]} | {"logprobs": []}]


def test_an_event_without_its_empty_line_is_one() -> None:
    for end in (b"", b"\n"):
        restorer = SseRestorer(VAULT, "openai.chat")
        out = restorer.feed(chat_event("grade E").rstrip() + end) + restorer.flush()
        assert chat_texts(out) == {"0/content": "grade E"}


@pytest.mark.parametrize("text", ['"%s"', ' "%s", ', "%s"])
def test_arguments_are_json_however_they_begin(text: str) -> None:
    delta = {"tool_calls": [{"index": 0, "function": {"arguments": text.replace("%s", ADDRESS)}}]}
    raw = b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"
    event = {"type": "response.function_call_arguments.delta", "delta": text.replace("%s", ADDRESS)}
    want = text.replace("%s", "Am Markt 3\\n10115 Berlin" if '"' in text else "Am Markt 3\n10115 Berlin")
    assert list(chat_texts(through("openai.chat", [raw])).values()) == [want]
    out = through("openai.responses", [b"data: " + json.dumps(event).encode() + b"\n\n"])
    assert list(restored_texts(out).values()) == [want]


def test_ends_of_other_texts_release_nothing() -> None:
    restorer = SseRestorer(VAULT, "openai.responses")
    for number in (0, 1):
        event = {"type": "response.output_text.delta", "output_index": 0, "content_index": number, "delta": MAIL[:8]}
        restorer.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    for kind, place in (
        ("output_text", {"output_index": 0, "content_index": 2}),
        ("output_item", {"output_index": 1}),
        ("audio", {}),
        *MORE_ENDS,
    ):
        raw = b"data: " + json.dumps({"type": f"response.{kind}.done"} | place).encode() + b"\n\n"
        assert restorer.feed(raw) == raw
    assert [event["delta"] for event in events(restorer.flush())] == [MAIL[:8]] * 2


def test_half_a_surrogate_pair_waits_for_the_other() -> None:
    restorer = SseRestorer(VAULT, "openai.chat")
    out = restorer.feed(chat_event("a\ud83d")) + restorer.feed(chat_event("\ude42b \ud83d")) + restorer.flush()
    assert chat_texts(out) == {"0/content": "a\U0001f642b \ud83d"}


def test_a_text_may_begin_where_its_block_does() -> None:
    restorer = SseRestorer(VAULT, "anthropic.messages")
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": MAIL[:6]}}
    more = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": MAIL[6:]}}
    first, second = (restorer.feed(b"data: " + json.dumps(event).encode() + b"\n\n") for event in (start, more))
    assert next(events(first))["content_block"]["text"] == "" and next(events(second))["delta"]["text"] == "lena@vogel.io"


def test_sound_is_no_text() -> None:
    raw = b'data: {"type":"response.audio.delta","delta":"EMAI"}\n\n'
    assert SseRestorer(VAULT, "openai.responses").feed(raw) == raw


def test_signatures_and_ids_are_never_touched() -> None:
    kept = {"id": MAIL, "type": MAIL, "signature": MAIL, "encrypted_content": MAIL, "logprobs": [MAIL], "model": MAIL}
    assert restore_message(VAULT, kept) is kept
    call = {"type": "tool_use", "id": MAIL, "name": MAIL, "input": {"id": MAIL, "type": [MAIL], MAIL: 1}}
    assert restore_message(VAULT, call) == call | {
        "name": "lena@vogel.io",
        "input": {"id": "lena@vogel.io", "type": ["lena@vogel.io"], "lena@vogel.io": 1},
    }


def test_whole_answers() -> None:
    arguments = json.dumps({"to": MAIL, "note": json.dumps({"address": ADDRESS})})
    response = {
        "object": "response",
        "output": [{"type": "function_call", "arguments": arguments}, {"type": "message", "content": [{"text": PERSON}]}],
    }
    message = {"type": "message", "content": [{"type": "text", "text": f"to {MAIL}"}, {"type": "thinking", "thinking": CHINESE}]}
    chat = {"choices": [{"message": {"content": PERSON, "function_call": {"name": "x", "arguments": arguments}}}]}
    got = restore_response(VAULT, response)["output"]
    note = json.loads(json.loads(got[0]["arguments"])["note"])
    assert note == {"address": "Am Markt 3\n10115 Berlin"} and got[1]["content"][0]["text"] == 'Lena "Leni" Vogel'
    assert restore_message(VAULT, message)["content"][1] == {"type": "thinking", "thinking": "王小明"}
    assert restore_completion(VAULT, chat)["choices"][0]["message"]["function_call"]["arguments"] == got[0]["arguments"]


def test_an_event_without_end_is_refused() -> None:
    for line in (b"x" * 70, b"data: x\n" * 9, b": c" * 30):
        restorer = SseRestorer(VAULT, "openai.chat", event_bytes_max=64)
        with pytest.raises(EventTooLarge):
            for at in range(0, len(line), 8):
                restorer.feed(line[at : at + 8])
    restorer = SseRestorer(VAULT, "openai.chat", event_bytes_max=64)
    assert all(restorer.feed(b": keep-alive\n") for _ in range(100))
    for _ in range(100):
        assert restorer.feed(b": keep-alive\n") and restorer.feed(b"data: x\n\n")


@pytest.mark.parametrize("name", ["chat", *(pytest.param(name, marks=pytest.mark.full) for name in ("responses", "messages"))])
def test_ten_megabytes_in_bounded_memory(name: str) -> None:
    """Texts that never end, in pieces that always end inside a stand-in."""
    filler = ("lorem ipsum " * 80 + MAIL) * 4
    by_name: dict[str, dict[str, Any]] = {
        "chat": {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": filler}}]}}]},
        "responses": {"type": "response.output_text.delta", "output_index": 0, "delta": filler},
        "messages": {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": filler}},
    }
    raw = b"data: " + json.dumps(by_name[name]).encode() + b"\n\n"
    restorer = SseRestorer(VAULT, FILES[name])
    restorer.feed(raw.replace(b"lorem", b'[\\"lorem', 1))
    total = 0
    tracemalloc.start()
    try:
        while total < 10_000_000:
            restorer.feed(raw[100:])
            restorer.feed(raw[:100])
            total += len(raw)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    waits = restored_texts(restorer.flush())
    assert sum(map(len, waits.values())) <= TOKEN_CHARACTERS_MAX
