# SPDX-License-Identifier: Apache-2.0
"""The command line as a person types it: `cli` runs `main()` in this process, `typed` starts the program.

`story` is a home in which three things were asked for real: one answered, one denied, one whose partner did not answer.
"""

from __future__ import annotations

import io
import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from comity.cli.main import main
from tests.live.places import BEIJING, EchoPartner

SECONDS_MAX = 60
CN = 'location="CN", residence="CN", age=35, consent=(general)'
_FORM = re.compile(r"comity: error\[(?P<code>[a-z_.-]+)\]: (?P<said>[^A-Z\n][^\n]*[^.\n])\n(hint: [^\n]+[^.\n]\n)?(see: comity [^\n]+\n)?")
_CLASS_NAME = re.compile(r"\b[A-Z][A-Za-z]+(Error|Exception|Failure|Denied)\b")


class Done(NamedTuple):
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def error(self) -> dict[str, Any]:
        """The error of `--json`: the last line of standard error, whole and alone."""
        error: dict[str, Any] = json.loads(self.err.splitlines()[-1])["error"]
        return error

    def refused(self, exit_code: int, code: str) -> str:
        """In the form that every error has: code, one line, hint, where to look; nothing on standard output.  Returns the error."""
        form = _FORM.search(self.err)
        assert form is not None and self.err.endswith(form[0]), self.err
        assert (self.code, form["code"], self.out) == (exit_code, code, ""), self
        assert "Traceback" not in self.err and not _CLASS_NAME.search(self.err), self.err
        return form[0]


Cli = Callable[..., Done]


def _words(said: tuple[object, ...]) -> list[str]:
    return [str(word) for word in said]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """In an empty folder, with a home that is not there yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMITY_HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("COLUMNS", "80")

    def run(*said: object, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        code = main(_words(said))
        return Done(code, *capsys.readouterr())

    return run


def command(*said: object) -> list[str]:
    return [sys.executable, "-m", "comity.cli.main", *_words(said)]


def surroundings(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "COMITY_HOME": str(folder / "nobody"), "COLUMNS": "80", **more}


@pytest.fixture
def typed(tmp_path: Path) -> Cli:
    """The program itself; its output is no terminal."""

    def run(*said: object, stdin: bytes = b"", environment: Mapping[str, str] | None = None, before: Any = None) -> Done:
        done = subprocess.run(
            command(*said), input=stdin, capture_output=True, cwd=tmp_path, env=surroundings(tmp_path, environment or {}),
            timeout=SECONDS_MAX, check=False, preexec_fn=before,
        )  # fmt: skip
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


class Story(NamedTuple):
    config: Path
    home: Path
    partner: EchoPartner

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--config", str(self.config), "--home", str(self.home))


@pytest.fixture(scope="session")
def partner() -> Iterator[EchoPartner]:
    with EchoPartner() as opened:
        yield opened


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """Bound and not listened on: whoever knocks is refused, and nobody else can have it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, partner: EchoPartner, closed_port: int) -> Story:
    """Number 0 was answered, 1 denied, 2 not answered."""
    folder = tmp_path_factory.mktemp("story")
    told = Story(folder / "comity.toml", folder / "home", partner)
    dead = folder / "dead.toml"
    told.config.write_text(BEIJING.format(base=partner.base), encoding="utf-8")
    dead.write_text(BEIJING.format(base=f"http://127.0.0.1:{closed_port}"), encoding="utf-8")
    for config, model, expected in ((told.config, "auto", 0), (told.config, "us-virginia", 4), (dead, "qwen-beijing", 1)):
        code = main(["--config", str(config), "--home", str(told.home), "ask", "--subject", CN, "--model", model, "my mail is a@b.com"])
        assert code == expected
    return told


def on_a_terminal(folder: Path, *words: str, **environment: str) -> str:
    """What a person sees: standard output and error on one terminal."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        command(*words), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=folder, env=surroundings(folder, environment)
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            more = os.read(ours, 1 << 16)
        except OSError:  # how Linux says that the other side has closed
            break
        if not more:
            break
        seen += more
    os.close(ours)
    assert child.wait() == 0, seen
    return seen.decode()
