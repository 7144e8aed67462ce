# SPDX-License-Identifier: Apache-2.0
"""A model that answers from a list, for evaluations without one; and a set of a few items."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from comity.tasks.evaluation.journal import Journal
from comity.tasks.evaluation.places import OneModel
from comity.tasks.task import Place
from comity.wire.request import Request
from tests.fakes import FakeClock

PLACE = Place(deployment="little", model="little", sha256="ab" * 32)
QUESTIONS = [("Who mends the lift?", ["Harlow"]), ("How many desks?", ["six"]), ("What does it cost?", [])]
TEXT = "Harlow mends the lift. There are six desks."


class Killed(BaseException):
    """The process is ended between two items."""


def said(found: bool, evidence: str, answer: str) -> str:
    return json.dumps({"found": found, "evidence": evidence, "answer": answer})


ANSWERS = {
    "Who mends the lift?": said(True, "Harlow mends the lift.", "Harlow"), "How many desks?": said(True, "There are six desks.", "seven"),
    "What does it cost?": said(False, "", ""),
}  # fmt: skip


class Model:
    """``dies``: after so many answers."""

    def __init__(self, answers: dict[str, str] = ANSWERS, *, dies: int = 1000) -> None:
        self.answers, self.left, self.asked = answers, dies, 0

    async def send(self, request: Request) -> dict[str, Any]:
        if self.left == 0:
            raise Killed
        self.left -= 1
        self.asked += 1
        told = str(request.messages[-1].content)  # type: ignore[attr-defined]
        text = next(answer for question, answer in self.answers.items() if question in told)
        logprobs = {"content": [{"token": "a", "logprob": -0.2}, {"token": "b", "logprob": -0.4}]}
        return {"choices": [{"index": 0, "message": {"content": text}, "finish_reason": "stop", "logprobs": logprobs}]}


def places(model: Model, journal: Path | None = None, clock: Callable[[], FakeClock] = FakeClock) -> OneModel:
    return OneModel(PLACE, model.send, Journal(journal), clock())


def written(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    head = {"set": "texts", "licence": "CC0-1.0"}
    schema = {"type": "object", "properties": {"desks": {"type": "number"}}, "required": ["desks"]}
    item = {
        "id": "text-en-1", "language": "en", "text": TEXT, "facts": ["Harlow mends the lift"], "must": [0], "keywords": [["lift"]],
        "questions": [{"q": q, "answers": a} for q, a in QUESTIONS], "extract": {"schema": schema, "expected": {"desks": 6}},
    }  # fmt: skip
    (folder / "texts.jsonl").write_text("".join(json.dumps(each) + "\n" for each in (head, item)), encoding="utf-8")
    return folder
