# SPDX-License-Identifier: Apache-2.0
"""The program as it is started: its streams, its signals, its exit codes, and a gateway beside it."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from comity.cli.main import COMMANDS
from tests.cli.conftest import CN, SECONDS_MAX, Cli, Story, command, surroundings
from tests.live.places import BEIJING, gateway

ESCAPE = "\033"


@contextmanager
def started(folder: Path, *words: object, **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """Ended for certain, whatever the test found."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    with subprocess.Popen(command(*words), cwd=folder, env=surroundings(folder, {}), **pipes) as child:  # type: ignore[call-overload]
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_starts(typed: Cli, name: str) -> None:
    done = typed(name, "--help")
    assert (done.code, done.err) == (0, "") and done.out.startswith(f"usage: comity {name} ")


def test_what_it_does_not_know_is_a_matter_of_usage(typed: Cli) -> None:
    """Of each command it is said in `test_words.py`, without a process for each."""
    assert typed("up", "--nonsense").code == 2


def test_it_is_installed_by_its_name(tmp_path: Path) -> None:
    program = shutil.which("comity", path=str(Path(sys.executable).parent))
    assert program is not None
    done = subprocess.run([program, "version"], capture_output=True, cwd=tmp_path, timeout=SECONDS_MAX, check=True)
    assert done.stdout.startswith(b"comity ") and done.stderr == b""


def test_results_and_all_else_are_kept_apart(typed: Cli, story: Story) -> None:
    answered = typed(*story.flags, "ask", "--subject", CN, "hello")
    assert answered.code == 0 and answered.out.startswith("hello") and "receipt" not in answered.out and "receipt" in answered.err
    denied = typed(*story.flags, "ask", "--subject", CN, "--model", "us-virginia", "hello")
    assert (denied.code, denied.out) == (4, "")
    bundle = typed(*story.flags, "log", "prove", "0")
    assert bundle.err == "" and typed("log", "verify", "-", stdin=bundle.out.encode()).code == 0
    assert typed("log", "verify", "-", stdin=bundle.out.replace("allow", "deny").encode()).code == 5


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"FORCE_COLOR": "1"}])
def test_what_is_no_terminal_gets_no_escape_codes(typed: Cli, story: Story, environment: dict[str, str]) -> None:
    for words in (("explain", "1"), ("log", "tail"), ("doctor",), ("ask", "--subject", CN, "hello"), ("--help",), ("logg",)):
        done = typed(*story.flags, *words, environment=environment)
        assert ESCAPE not in done.out + done.err and "\r" not in done.out + done.err


def test_no_color_holds_on_a_terminal_too(story: Story, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = surroundings(tmp_path, {"NO_COLOR": "1", "TERM": "xterm-256color"})
    with os.fdopen(ours, "rb", buffering=0) as screen:
        for words in (("explain", "1"), ("--help",), ("logg",)):
            subprocess.run(
                command(*story.flags, *words), stdin=theirs, stdout=theirs, stderr=theirs, env=environment, timeout=SECONDS_MAX, check=False
            )
            assert ESCAPE.encode() not in screen.read(65536)
    os.close(theirs)


# -- readers that leave --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("log", "tail"), ("log", "prove", "0"), ("explain", "0"), ("--json", "doctor"), ("version",)])
def test_a_reader_that_has_gone_is_no_error_to_tell(story: Story, tmp_path: Path, words: tuple[str, ...]) -> None:
    """As after `| head -1`: no trace, nothing said; the exit code alone tells."""
    reading, writing = os.pipe()
    os.close(reading)
    with started(tmp_path, *story.flags, *words, stdout=writing) as child:
        os.close(writing)
        _, err = child.communicate(timeout=SECONDS_MAX)
        assert (child.returncode, err) == (1, b"")


def test_a_reader_that_leaves_in_the_middle_of_an_answer_leaves_a_record(story: Story, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    home = tmp_path / "home"
    words = ("--config", story.config, "--home", home, "ask", "--subject", CN, "hello")
    with started(tmp_path, *words, stdout=writing) as child:
        os.close(writing)
        _, err = child.communicate(timeout=SECONDS_MAX)
        assert child.returncode == 1 and b"Traceback" not in err, err
    told = subprocess.run(command("--home", home, "explain"), capture_output=True, timeout=SECONDS_MAX, check=True).stdout
    assert b"\nnot answered in CN by qwen-beijing: the answer began and did not end" in told


# -- signals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_gateway_that_is_told_to_stop_ends_well(story: Story, tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, "--config", story.config, "--home", tmp_path / "home", "up", "--port", 0) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline().decode()]
        while not lines[-1].startswith("then:"):
            assert lines[-1], "it ended before it listened"
            lines.append(child.stdout.readline().decode())
        assert lines[0].startswith("Comity is listening on http://127.0.0.1:")
        child.send_signal(number)
        rest, err = child.communicate(timeout=SECONDS_MAX)
        assert (child.returncode, rest, err) == (0, b"", b"starting \xe2\x80\xa6\n")


def test_interrupting_a_question_ends_with_130_and_its_record_is_kept(tmp_path: Path) -> None:
    """The partner has the question and says nothing: that is when somebody loses patience."""
    home, config = tmp_path / "home", tmp_path / "comity.toml"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config.write_text(BEIJING.format(base=f"http://127.0.0.1:{silent.getsockname()[1]}"), encoding="utf-8")
        with started(tmp_path, "--home", home, "ask", "--subject", CN, "hello") as child:
            asked, _ = silent.accept()
            with asked:
                assert asked.recv(65536).startswith(b"POST ")
                child.send_signal(signal.SIGINT)
                out, err = child.communicate(timeout=SECONDS_MAX)
        assert (child.returncode, out, err) == (130, b"", b"")
    told = subprocess.run(command("--home", home, "explain"), capture_output=True, timeout=SECONDS_MAX, check=True).stdout
    assert b"\nnot answered in CN by qwen-beijing: the caller left before there was one\n" in told


# -- a gateway beside it -------------------------------------------------------------------------------------------


def test_a_port_in_use_is_one_error_and_the_home_is_left_alone(typed: Cli, story: Story, closed_port: int, tmp_path: Path) -> None:
    words = ("--config", story.config, "--home", tmp_path / "home", "up", "--port", closed_port)
    done = typed(*words)
    assert (done.code, done.out) == (1, "")
    said = f"comity: error[server.port_in_use]: port {closed_port} on 127.0.0.1 is in use\nhint: stop what listens there, "
    assert done.err.startswith("starting …\n" + said)
    (line,) = typed("--json", *words).err.splitlines()
    assert json.loads(line)["error"]["code"] == "server.port_in_use"
    assert not (tmp_path / "home").exists()


def test_asked_through_a_running_gateway_it_is_the_same(typed: Cli, story: Story, tmp_path: Path) -> None:
    with gateway(tmp_path, story.config.read_text(encoding="utf-8")) as running:
        at = story.config.read_text(encoding="utf-8").replace("port = 0", f"port = {running.port}")
        (tmp_path / "comity.toml").write_text(at, encoding="utf-8")
        answered = typed("ask", "--subject", CN, "my mail is a@b.com")
        assert answered.code == 0 and "my mail is a@b.com" in answered.out and "\nanswered in CN; label: " in answered.err
        whole = typed("--json", "ask", "--subject", CN, "hello")
        assert whole.json()["headers"]["comity-region"] == "CN" and whole.err == ""
        denied = typed("ask", "--subject", CN, "--model", "us-virginia", "hello")
        denied.refused(4, "policy.deny")
        assert "hint: what would change it: " in denied.err and "see: comity explain last" in denied.err
        typed("ask", "--model", "nobody", "hello").refused(3, "request.unknown_model")
        assert not (tmp_path / "nobody").exists(), "it was asked in this process"
        home = ("--home", tmp_path / "gateway")
        assert typed(*home, "explain").out.startswith("person in CN; ")
        assert [row["receipt"]["effect"] for row in typed(*home, "--json", "log", "tail").json()] == ["allow", "allow", "deny"]
        assert f"ok    a Comity is listening on 127.0.0.1:{running.port}\n" in typed(*home, "doctor").out
        typed(*home, "up", "--port", 0).refused(1, "home.in_use")


def test_the_gateway_of_this_home_is_asked_wherever_it_listens(typed: Cli, story: Story, tmp_path: Path) -> None:
    """The file names no port, and this process could not use the home beside it."""
    with gateway(tmp_path, story.config.read_text(encoding="utf-8")) as running:
        assert running.port and "port = 0" in story.config.read_text(encoding="utf-8")
        asked = ("--config", story.config, "--home", tmp_path / "gateway", "ask", "--subject", CN, "hello")
        answered = typed(*asked)
        assert answered.code == 0 and answered.out.startswith("hello")
    assert typed(*asked).code == 0, "it has gone, and what it left in the home is passed over"


def test_without_a_gateway_it_answers_in_this_process(typed: Cli, story: Story, closed_port: int, tmp_path: Path) -> None:
    at = story.config.read_text(encoding="utf-8").replace("port = 0", f"port = {closed_port}")
    (tmp_path / "comity.toml").write_text(at, encoding="utf-8")
    assert typed("ask", "--subject", CN, "hello").out.startswith("hello")
    assert (tmp_path / "nobody" / "comity.db").exists()
