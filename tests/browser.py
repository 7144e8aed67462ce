# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, where there is one, asked over its debugging pipe (Chrome DevTools Protocol, messages end in a zero byte)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome-headless-shell")
ASKED, ANSWERED = 3, 4  # the descriptors that the protocol prescribes
MESSAGES_MAX = 10_000


def browser() -> str:
    """Its path, or ""."""
    return next((found for name in NAMES if (found := shutil.which(name))), "")


class Page:
    """One page of a browser of its own; `told` is what it complained about, `fetched` what it asked for."""

    def __init__(self, path: Path, *, width: int = 900, dark: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # its children write on for a moment
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()

        def before() -> None:
            high = [os.dup(each) for each in (to_read, to_write)]  # neither may stand where the other belongs
            os.dup2(high[0], ASKED)
            os.dup2(high[1], ANSWERED)

        arguments = [
            browser(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-pipe",
            f"--user-data-dir={self._folder.name}",
        ]
        self._child = subprocess.Popen(
            arguments, preexec_fn=before, pass_fds=(ASKED, ANSWERED, to_read, to_write), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._rest, self._number, self._session = b"", 0, ""
        self.told: list[str] = []
        self.fetched: list[str] = []
        self._asked: dict[str, str] = {}
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Network", "Runtime"):
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.ask("Page.navigate", url=path.as_uri())
        while self.run("document.readyState") != "complete":
            pass

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters} | ({"sessionId": self._session} if self._session else {})
        os.write(self._write, json.dumps(message).encode() + b"\0")
        for _ in range(MESSAGES_MAX):
            heard = self._next()
            if heard.get("id") == self._number:
                assert "error" not in heard, heard
                result: dict[str, Any] = heard["result"]
                return result
            self._note(heard.get("method", ""), heard.get("params", {}))
        raise AssertionError("the browser does not answer")

    def _note(self, method: str, said: dict[str, Any]) -> None:
        if method == "Log.entryAdded":
            self.told.append(said["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self._asked[said["requestId"]] = said["request"]["url"]
            self.fetched.append(said["request"]["url"])
        elif method == "Network.loadingFailed" and said.get("blockedReason"):  # the page's own policy forbade it: nothing left
            self.fetched.remove(self._asked[said["requestId"]])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._read, 1 << 16)
            assert more, "the browser has ended"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(message)
        return heard

    def run(self, script: str) -> Any:
        """What ``script`` comes to.  The page's own policy does not bind its debugger."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def __enter__(self) -> Page:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._child.kill()
        self._child.wait()
        os.close(self._write)
        os.close(self._read)
        self._folder.cleanup()
