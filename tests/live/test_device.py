# SPDX-License-Identifier: Apache-2.0
"""A gateway with a real model whose process is killed in the middle of an answer: that answer is an error, and the next is an answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from comity.config import PathsConfig
from comity.device.fetch import is_whole
from comity.device.manifest import model_named, models_directory
from comity.lab.process import Reply, ask, call
from tests.live.places import gateway
from tests.simulated.worlds import subject

pytestmark = pytest.mark.model

NAME = "smollm2-135m-instruct"
CONFIG = f"""
[server]
port = 0

[device]
shared = false

[[deployments]]
id = "device"
provider = "embedded"
model = "{NAME}"
context_tokens = 2048
"""
LONG = {"messages": [{"role": "user", "content": "Count from one to a thousand, in words."}], "max_tokens": 1500, "temperature": 0}


def child_of(pid: int) -> int:
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    (found,) = [int(line.split()[0]) for line in listed.splitlines() if "comity.device.child" in line]
    return found


@pytest.mark.parametrize("stream", [False, True])
def test_a_gateway_serves_on_when_its_model_is_killed_in_the_middle_of_an_answer(stream: bool, tmp_path: Path) -> None:
    if not is_whole(model_named(NAME), models_directory(PathsConfig())):
        pytest.skip(f"this model is not on this machine: comity models add {NAME}")
    with gateway(tmp_path, CONFIG) as process:
        got: list[Reply] = []
        asking = threading.Thread(target=lambda: got.append(ask(process.base, LONG | {"stream": stream}, subject("FR"))))
        asking.start()
        while not under_way(call(process.base, "GET", "/metrics").body.decode()):
            assert asking.is_alive()
        os.kill(child_of(process.pid), signal.SIGKILL)
        asking.join(60)
        assert not asking.is_alive(), "nothing hangs"
        (reply,) = got
        assert b"[DONE]" not in reply.body
        assert reply.status == 502 or (stream and b'"error"' in reply.body)
        again = ask(process.base, {"messages": [{"role": "user", "content": "Name the days of the week."}], "max_tokens": 8}, subject("FR"))
        assert again.status == 200 and again.text().strip()
        assert call(process.base, "GET", "/readyz").status == 200


@contextmanager
def sharing(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`comity device serve` in a folder of its own, listening."""
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    command = [sys.executable, "-m", "comity.cli.main", "device", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=folder) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith(b"sharing models on ")
        try:
            yield serving
        finally:
            serving.terminate()


def told(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    command = [sys.executable, "-m", "comity.cli.main", "--json", "device", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)


def test_a_gateway_asks_the_process_that_shares_and_helps_itself_when_that_is_killed(tmp_path: Path) -> None:
    if not is_whole(model_named(NAME), models_directory(PathsConfig())):
        pytest.skip(f"this model is not on this machine: comity models add {NAME}")
    short = {"messages": [{"role": "user", "content": "Name the days of the week."}], "max_tokens": 8}
    with tempfile.TemporaryDirectory() as running:
        folder = Path(running)
        with sharing(folder) as serving:
            config = CONFIG.replace("shared = false", "shared = true")
            with gateway(tmp_path, config, environment={"XDG_RUNTIME_DIR": running}) as process:
                assert ask(process.base, short, subject("FR")).status == 200
                state = json.loads(told(folder, "status").stdout)
                assert [(row["model"], row["loaded"]) for row in state["models"]] == [(NAME, True)]
                assert state["pid"] == serving.pid
                with pytest.raises(ValueError, match="not enough values"):
                    child_of(process.pid)
                serving.kill()
                serving.wait()
                assert ask(process.base, short, subject("FR")).status == 200
                assert child_of(process.pid)
        assert json.loads(told(folder, "status").stderr)["error"]["code"] == "device.absent"


def test_told_to_stop_it_ends_and_leaves_no_socket() -> None:
    with tempfile.TemporaryDirectory() as running:
        folder = Path(running)
        with sharing(folder) as serving:
            assert json.loads(told(folder, "stop").stdout)["pid"] == serving.pid
            assert serving.wait(60) == 0
        assert not list(folder.rglob("device.sock"))


def under_way(metrics: str) -> bool:
    return any(line.startswith("comity_attempts_in_flight{") and not line.endswith(" 0") for line in metrics.splitlines())
