# SPDX-License-Identifier: Apache-2.0
"""What a reader finds in texts and answers; files of each format are in `test_files.py`."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import ComityError
from comity.gateway.labels.fields import NOTICE, metadata
from comity.gateway.labels.marks import Unreadable
from comity.gateway.labels.reader import kind_of, read

AIGC = metadata("01J", "Example")


def answer(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}}], "AIGC": AIGC}).encode()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_text_ends_with_its_notice(language: str) -> None:
    (found,) = read(f"words\n\n{NOTICE[language]}\n".encode())
    assert (found.kind, found.value) == ("notice", language)
    assert read(f"{NOTICE[language]} words".encode()) == [] == read(b"")


def test_an_answer_has_fields_and_a_notice() -> None:
    found = read(answer("你好\n\n" + NOTICE["zh"]))
    assert [(each.kind, each.where, each.value) for each in found] == [
        ("notice", "choices[0].message.content", "zh"),
        ("aigc", "AIGC", ""),
    ]
    assert found[1].fields == AIGC


def test_a_streamed_answer_is_one_answer() -> None:
    events = [{"choices": [{"delta": {"content": text}}]} for text in ("hi", "\n\n" + NOTICE["en"])] + [{"choices": [], "AIGC": AIGC}] * 2
    raw = "".join(f"data: {json.dumps(each)}\n\n" for each in events) + "data: [DONE]\n\n"
    assert [(each.kind, each.value) for each in read(raw.encode())] == [("notice", "en"), ("aigc", "")]


def test_a_json_answer_without_a_label_has_none() -> None:
    assert read(b'{"choices": [{"message": {"content": "hi"}}], "AIGC": "no"}') == []


@pytest.mark.parametrize("bad", [b"\0\1\2", b"caf\xe9", b"RIFF\0\0\0\0AVI ", b"GIF89a\0\0"])
def test_what_is_of_no_known_format_is_refused(bad: bytes) -> None:
    with pytest.raises(Unreadable):
        read(bad)


@pytest.mark.parametrize("deep", [b"[" * 200_000, b'{"AIGC":' * 900 + b"1" + b"}" * 900])
def test_depth_is_no_danger(deep: bytes) -> None:
    assert read(deep) == []


@given(st.binary(max_size=300) | st.text().map(str.encode))
def test_anything_ends_in_labels_or_an_error_of_ours(data: bytes) -> None:
    assert isinstance(kind_of(data), str)
    try:
        assert all(each.kind in ("aigc", "notice", "source_type", "c2pa", "rhythm") for each in read(data))
    except ComityError as error:
        assert error.exit_code == 3
