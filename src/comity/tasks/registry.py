# SPDX-License-Identifier: Apache-2.0
"""Every task by its name: what it takes, what it gives and how it is made.  Modules are loaded when a task is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import msgspec

from comity.errors import CallerError
from comity.tasks.task import Task


class Entry(NamedTuple):
    """``module``: where its task and its input are; ``file``: the member of the input that holds bytes, "" where there is none."""

    module: str
    task: str
    asked: str
    says: str
    file: str = ""
    here: bool = False  # done on this device unless the caller says otherwise
    alone: bool = False  # by models made for it alone, which say how sure they are: one that has no row of the matrix may try
    gives: str = ""  # the type of its value, a name of the module; "" where that is text


TASKS: Mapping[str, Entry] = {
    "summarise": Entry("comity.tasks.text.summarise", "SummariseTask", "Summarise", "a paragraph, bullets or one line", gives="Summary"),
    "rewrite": Entry("comity.tasks.text.rewrite", "RewriteTask", "Rewrite", "formal, friendly or concise"),
    "proofread": Entry("comity.tasks.text.proofread", "ProofreadTask", "Proofread", "mistakes, as edits", gives="Corrected"),
    "translate": Entry("comity.tasks.text.translate", "TranslateTask", "Translate", "into another language"),
    "extract": Entry("comity.tasks.text.extract", "ExtractTask", "Extract", "the members of a JSON schema", gives="Extracted"),
    "answer": Entry("comity.tasks.text.answer", "AnswerTask", "Answer", "a question, from the text alone"),
    "keywords": Entry("comity.tasks.text.keywords", "KeywordsTask", "Keywords", "what it is about, in its own words", gives="Words"),
    "reply": Entry("comity.tasks.text.reply", "ReplyTask", "SmartReply", "three short answers to a message", gives="Replies"),
    "ocr": Entry(
        "comity.tasks.pictures.ocr", "OcrTask", "Ocr", "the text of a picture", file="image", here=True, alone=True, gives="ReadPage"
    ),
    "describe": Entry("comity.tasks.pictures.describe", "DescribeTask", "Describe", "what a picture shows", file="image"),
    "transcribe": Entry(
        "comity.tasks.speech.transcribe",
        "TranscribeTask",
        "Transcribe",
        "what was said in a sound",
        file="file",
        here=True,
        alone=True,
        gives="Transcript",
    ),
    "classify": Entry(
        "comity.tasks.classify.task", "ClassifyTask", "Classify", "which of your labels, or none", here=True, alone=True, gives="Choice"
    ),
    "speak": Entry("comity.tasks.speech.speak", "SpeakTask", "Speak", "a text as a sound", alone=True, gives="Sound"),
}


def named(name: str) -> Entry:
    """Raises CallerError (404)."""
    entry = TASKS.get(name)
    if entry is None:
        raise CallerError(
            f"there is no task `{name[:64]}`",
            code="task.unknown",
            status=404,
            exit_code=2,
            field="task",
            hint="one of: " + ", ".join(TASKS),
        )
    return entry


def task_of(name: str) -> Task[Any, Any]:
    entry = named(name)
    made: Task[Any, Any] = getattr(import_module(entry.module), entry.task)()
    return made


class Kept:
    """Tasks that are each made once, for as long as whoever runs them holds this: a task may keep what it learnt, within bounds."""

    def __init__(self) -> None:
        self._made: dict[str, Task[Any, Any]] = {}

    def task_of(self, name: str) -> Task[Any, Any]:
        """Raises CallerError (404)."""
        if name not in self._made:
            self._made[name] = task_of(name)
        return self._made[name]


def input_of(name: str) -> type[msgspec.Struct]:
    entry = named(name)
    shape: type[msgspec.Struct] = getattr(import_module(entry.module), entry.asked)
    return shape


def value_of(name: str) -> Any:
    """The type of its value."""
    entry = named(name)
    return getattr(import_module(entry.module), entry.gives) if entry.gives else str
