# SPDX-License-Identifier: Apache-2.0
"""Work that is asked for, and asked after: recorded speech, images.

https://help.aliyun.com/en/model-studio/paraformer-recorded-speech-recognition-restful-api, …/qwen-asr-api-reference (files),
https://help.aliyun.com/en/model-studio/text-to-image-v2-api-reference, and …/manage-asynchronous-tasks for the states.
A task moves on each time it is asked after, so that a test that asks needs no clock: PENDING, RUNNING, then what came of it, for a day.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.answer import Answer, Request, Trouble, encode, whole
from comity.lab.simulators.dashscope import errors, sounds, wire
from comity.lab.simulators.dashscope.shelf import ANSWER_SECONDS, Shelf

TASKS_MAX, FILES_MAX = 64, 100
BEIJING = timezone(timedelta(hours=8))
Done = tuple[dict[str, Any], dict[str, Any] | None]
Work = Callable[[Request], Done]
"""What a task does once it is run: the rest of its output, in which a `code` says that it has failed, and its usage."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    file_urls: list[str]


class Filetrans(msgspec.Struct, frozen=True, kw_only=True):
    file_url: str


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    prompt: str
    negative_prompt: str = ""


class Task:
    """One task, and how often it was asked after."""

    def __init__(self, work: Work, request: Request, model: str) -> None:
        self.work, self.request, self.model = work, request, model
        self.asked = 0
        self.output: dict[str, Any] = {}
        self.usage: dict[str, Any] | None = None
        self.status = "PENDING"


class Tasks:
    """``polls``: how often a task is found unfinished, first waiting and then at work."""

    def __init__(self, shelf: Shelf, *, polls: int = 2) -> None:
        self._shelf, self._polls = shelf, polls
        self._tasks: OrderedDict[str, Task] = OrderedDict()

    # -- what is asked for --------------------------------------------------------------------------------------------

    def transcribe(self, request: Request, body: wire.Body) -> Answer:
        if wire.must_be(body.model, "recorded", "filetrans") == "filetrans":
            url = wire.typed(body.input, Filetrans, "input").file_url
            return self._begun(request, body.model, lambda at: self._filetrans(at, body.model, url))
        urls = wire.typed(body.input, Recorded, "input").file_urls
        if not 1 <= len(urls) <= FILES_MAX:
            raise errors.refused("InvalidParameter", f"Range of input.file_urls should be [1, {FILES_MAX}]")
        return self._begun(request, body.model, lambda at: self._recorded(at, body.model, urls))

    def draw(self, request: Request, body: wire.Body) -> Answer:
        wire.must_be(body.model, "text2image", "image")
        prompt = wire.typed(body.input, Prompt, "input").prompt
        wanted = wire.typed(body.parameters, sounds.Drawn, "parameters")
        sounds.sized(wanted.size)
        if not prompt:
            raise errors.refused("InvalidParameter", "input.prompt must not be empty")

        def work(_: Request) -> Done:
            urls = sounds.images(request, self._shelf, prompt, wanted)
            results = [{"orig_prompt": prompt, "actual_prompt": prompt, "url": url} for url in urls]
            return {"results": results, "task_metrics": _metrics(len(urls), 0)}, {"image_count": len(urls)}

        return self._begun(request, body.model, work)

    def _begun(self, request: Request, model: str, work: Work) -> Answer:
        if request.headers.get("x-dashscope-async", "").lower() != "enable":
            raise errors.refused("AccessDenied", errors.ONLY_ASYNC)
        task_id = wire.uuid(request.id)
        self._tasks[task_id] = Task(work, request, model)
        while len(self._tasks) > TASKS_MAX:
            self._tasks.popitem(last=False)
        return wire.answered(request, {"task_id": task_id, "task_status": "PENDING"})

    # -- what is asked after ------------------------------------------------------------------------------------------

    def show(self, request: Request, task_id: str) -> Answer:
        task = self._found(request, task_id)
        if task is None:
            return wire.answered(request, {"task_id": task_id, "task_status": "UNKNOWN"})
        task.asked += 1
        if task.status == "PENDING" and task.asked > 1:
            task.status = "RUNNING"
        if task.status in ("PENDING", "RUNNING") and task.asked > self._polls:
            self._run(task, request)
        return wire.answered(request, self._output(task_id, task), task.usage)

    def cancel(self, request: Request, task_id: str) -> Answer:
        task = self._found(request, task_id)
        if task is None or task.status != "PENDING":
            raise errors.refused("UnsupportedOperation", "Failed to cancel the task, please confirm if the task is in PENDING status.")
        task.status = "CANCELED"
        return whole({"request_id": wire.uuid(request.id)})

    def listed(self, request: Request) -> Answer:
        """`GET /tasks/?page_no=…&page_size=…&status=…&model_name=…`."""
        try:
            page, size = int(request.query.get("page_no", 1)), int(request.query.get("page_size", 10))
        except ValueError as error:
            raise errors.refused("InvalidParameter") from error
        status, model = request.query.get("status"), request.query.get("model_name")
        found = [
            {"task_id": task_id, "status": task.status, "model_name": task.model, "start_time": int(task.request.at * 1000)}
            for task_id, task in self._tasks.items()
            if self._found(request, task_id) and status in (None, task.status) and model in (None, task.model)
        ]
        shown = found[(page - 1) * size : page * size]
        pages = {"total": len(found), "total_page": math.ceil(len(found) / size) if size > 0 else 0, "page_no": page, "page_size": size}
        return whole({"request_id": wire.uuid(request.id), "data": shown, **pages})

    def _found(self, request: Request, task_id: str) -> Task | None:
        task = self._tasks.get(task_id)
        return task if task is not None and request.at < task.request.at + ANSWER_SECONDS else None

    def _run(self, task: Task, request: Request) -> None:
        try:
            task.output, task.usage = task.work(msgspec.structs.replace(task.request, at=request.at))
        except Trouble as trouble:
            task.output = {**_failed(trouble), "task_metrics": _metrics(0, 1)}
        task.status = "FAILED" if "code" in task.output else "SUCCEEDED"

    @staticmethod
    def _output(task_id: str, task: Task) -> dict[str, Any]:
        begun = _time(task.request.at)
        times = {"submit_time": begun}
        if task.status not in ("PENDING", "CANCELED"):
            times["scheduled_time"] = begun
        if task.status in ("SUCCEEDED", "FAILED", "CANCELED"):
            times["end_time"] = begun
        return {"task_id": task_id, "task_status": task.status, **times, **task.output}

    # -- recorded speech ----------------------------------------------------------------------------------------------

    def _recorded(self, request: Request, model: str, urls: list[str]) -> Done:
        """A result for each file; the task has failed where every file has, and then with the last one's code."""
        results: list[dict[str, Any]] = []
        failed: dict[str, Any] = {}
        seconds = 0
        for url in urls:
            try:
                heard = self._shelf.heard(request, model, url, recorded=True)
            except Trouble as trouble:
                failed = _failed(trouble)
                results.append({"file_url": url, **failed, "subtask_status": "FAILED"})
                continue
            seconds += max(1, math.ceil(heard.seconds))
            results.append({"file_url": url, "transcription_url": self._document(request, url, heard), "subtask_status": "SUCCEEDED"})
        good = sum(result["subtask_status"] == "SUCCEEDED" for result in results)
        output = {"results": results, "task_metrics": _metrics(good, len(results) - good)}
        return (output, {"duration": seconds}) if good else ({**failed, **output}, None)

    def _filetrans(self, request: Request, model: str, url: str) -> Done:
        heard = self._shelf.heard(request, model, url, recorded=True)
        return {"result": {"transcription_url": self._document(request, url, heard)}}, {"seconds": max(1, math.ceil(heard.seconds))}

    def _document(self, request: Request, url: str, heard: brain.Seen) -> str:
        """What stands at `transcription_url`: the sound's properties, and each channel's text in sentences with their times."""
        length = round(heard.seconds * 1000)
        said = {"channel_id": 0, "content_duration_in_milliseconds": length, "text": heard.text, "sentences": [sounds.sentence(heard)]}
        about = {
            "audio_format": "pcm_s16le", "channels": [0], "original_sampling_rate": heard.rate, "original_duration_in_milliseconds": length,
        }  # fmt: skip
        document = encode({"file_url": url, "properties": about, "transcripts": [said]})
        return self._shelf.show(request, document, ending="json", content_type="application/json")


def _failed(trouble: Trouble) -> dict[str, Any]:
    _, code, message = errors.refusal(trouble)
    return {"code": code, "message": message}


def _metrics(good: int, bad: int) -> dict[str, int]:
    return {"TOTAL": good + bad, "SUCCEEDED": good, "FAILED": bad}


def _time(at: float) -> str:
    """Beijing's time, as Model Studio tells it."""
    return datetime.fromtimestamp(at, UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
