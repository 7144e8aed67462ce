# SPDX-License-Identifier: Apache-2.0
"""Follows a page as its reader would: one folder, one home, its blocks in order, a gateway where the page starts one.

- `console`  each command is run by a shell with this environment first on its path; `make up` and `comity up` start a gateway that
             stays until the page ends or starts another.  A command that shows `comity: error[…]` must fail, any other must not.
- `python`   run as a script; a `text` block after it is what it prints.
- `toml`     a block whose first line is `# comity.toml` is written there and must pass `comity check`; any other must be TOML.
- `json`     must be JSON.

Port 8484 becomes a free one.  Partners' keys are words that no partner knows: what a page shows of a partner needs no answer from it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from types import TracebackType

from tests.docs.markdown import Block, Step, matches, steps

COMMAND_SECONDS_MAX = 300
READY = "then:     comity explain last"
"""The last line that a gateway prints once it listens."""
PORT = "8484"
SETUP = {"make up", "comity up", ".venv/bin/comity up"}
KEYS = ("DASHSCOPE_API_KEY", "MISTRAL_API_KEY", "OPENAI_API_KEY")
DEVICE = '\n[[deployments]]\nid = "device"\nprovider = "embedded"\nmodel = "{model}"\n'


class Gateway:
    """A started `comity up` whose output is kept as it comes."""

    def __init__(self, command: list[str], *, folder: Path, environment: dict[str, str]) -> None:
        self._child = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._ready = threading.Event()
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._read, name="gateway-output", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            self.lines.append(line)
            if line.startswith(READY):
                self._ready.set()
        self._ready.set()

    def wait_ready(self) -> str:
        assert self._ready.wait(COMMAND_SECONDS_MAX), "the gateway did not start in time:\n" + "".join(self.lines)
        printed = "".join(self.lines)
        assert self._child.poll() is None, "the gateway ended at its start:\n" + printed
        return printed

    def stop(self) -> int:
        self._child.terminate()
        code = self._child.wait(COMMAND_SECONDS_MAX)
        self._thread.join()
        if self._child.stdout is not None:
            self._child.stdout.close()
        return code


class Session:
    """``model``: a model of `comity models` that answers where the default is not on this machine, or ""."""

    def __init__(self, folder: Path, *, models: Path, model: str = "") -> None:
        self._folder, self._model = folder, model
        self._gateway: Gateway | None = None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = str(free.getsockname()[1])
        (folder / "home").mkdir(mode=0o700)
        (folder / ".venv").symlink_to(sys.prefix)
        own = {
            "COMITY_HOME": str(folder / "home"),
            "COMITY_MODELS": str(models),
            "COMITY_KEY": "",
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "100",
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environment = {**os.environ, **own, **dict.fromkeys(KEYS, "a-key-nobody-knows"), "PATH": path}
        self._write("")

    def run(self, block: Block, after: Block | None) -> None:
        """``after``: the block that follows.  AssertionError says what differed, and the line of the page."""
        if block.language == "console":
            for step in steps(block.body):
                self._step(step, block)
        elif block.language == "python":
            code, printed = self._command([sys.executable, "-c", self._here(block.body)])
            shown = after if after is not None and after.language == "text" else Block("text", "…", block.line)
            self._hold("the script", code, printed, shown.body, shown)
        elif block.language == "toml":
            tomllib.loads(block.body)
            if block.body.startswith("# comity.toml"):
                self._write(block.body)
                code, printed = self._command(["comity", "check"])
                self._hold("comity check", code, printed, "…", block)
        elif block.language == "json":
            json.loads(block.body)

    def _step(self, step: Step, block: Block) -> None:
        if step.command in SETUP:
            if self._gateway is not None:
                self._gateway.stop()
            self._gateway = Gateway(["comity", "up"], folder=self._folder, environment=self._environment)
            self._hold(step.command, 0, self._gateway.wait_ready(), step.shown, block)
            return
        code, printed = self._command(["bash", "-c", self._here(step.command)])
        self._hold(step.command, code, printed, step.shown, block)

    def _command(self, command: list[str]) -> tuple[int, str]:
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=COMMAND_SECONDS_MAX, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    def _hold(self, command: str, code: int, printed: str, shown: str, block: Block) -> None:
        where, shown = f"line {block.line}, `{command}`", self._here(shown)
        fails = any(line.startswith("comity: error[") for line in shown.splitlines())
        assert (code != 0) is fails, f"{where}: exit code {code}\n{printed}"
        assert matches(shown, printed, tuple(map(self._here, block.varies))), f"{where} shows\n{shown}\nand printed\n{printed}"

    def _write(self, toml: str) -> None:
        """The page's configuration, on a port of this session, with a model that is here."""
        device = DEVICE.format(model=self._model) if self._model and "[[deployments]]" not in toml else ""
        server = f"\n[server]\nport = {self._port}\n" if "[server]" not in toml else ""
        (self._folder / "comity.toml").write_text(self._here(toml) + server + device, encoding="utf-8")

    def _here(self, text: str) -> str:
        return text.replace(PORT, self._port)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._gateway is not None:
            self._gateway.stop()
