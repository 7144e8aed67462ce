# SPDX-License-Identifier: Apache-2.0
"""Child processes of the lab: started, waited for by what they print, ended for certain."""

from __future__ import annotations

import http.client
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from comity.errors import OperatorError

START_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 20.0


class Process:
    """One child running a module of Comity; `base` is the loopback URL that it printed as `{"url": …}`."""

    def __init__(self, name: str, arguments: list[str], *, log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._log = log.open("ab")
        self._child = subprocess.Popen(
            [sys.executable, "-m", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log,
            env={**os.environ, **environment},  # noqa: TID251 - a child inherits its parent's world
        )  # fmt: skip
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=self._read, name=f"comity-lab-{name}", daemon=True).start()
        self._log_path = log
        self.base = ""
        self.told: dict[str, Any] = {}  # all that it printed with its URL

    @property
    def port(self) -> int:
        return urlsplit(self.base).port or 0

    @property
    def pid(self) -> int:
        return self._child.pid

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_ready(self) -> Process:
        """Returns once the child has printed its URL; OperatorError with its last words when it ends first."""
        while True:
            try:
                line = self._lines.get(timeout=START_SECONDS_MAX)
            except queue.Empty:
                raise OperatorError(f"lab process `{self.name}` did not start in time", code="lab.not_started", exit_code=1) from None
            if line is None:
                said = self._log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
                raise OperatorError(
                    f"lab process `{self.name}` ended at its start: {' / '.join(said)}", code="lab.not_started", exit_code=1
                )
            try:
                told = json.loads(line)
                url = told.get("url", "")
            except (ValueError, AttributeError):
                continue
            if url:
                self.base, self.told = url, told
                return self

    def stop(self) -> None:
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._log.close()

    def kill(self) -> None:
        """SIGKILL: no handler, no flush, no farewell."""
        self._child.kill()
        self._child.wait()
        self.stop()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


class Reply:
    """What came back over HTTP: status, lower-case headers, body bytes."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)

    def text(self) -> str:
        """The answer's text, whether it came whole or as a stream."""
        if self.headers.get("content-type", "").startswith("text/event-stream"):
            pieces = []
            for line in self.body.split(b"\n"):
                if line.startswith(b"data: ") and line != b"data: [DONE]":
                    for choice in json.loads(line[6:]).get("choices", ()):
                        pieces.append(choice.get("delta", {}).get("content") or "")
            return "".join(pieces)
        return str(self.json()["choices"][0]["message"]["content"])


def ask(base: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None, *, path: str = "/v1/chat/completions") -> Reply:
    return call(base, "POST", path, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})})


def call(base: str, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    where = urlsplit(base)
    connection = http.client.HTTPConnection(where.hostname or "127.0.0.1", where.port, timeout=180)
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()
