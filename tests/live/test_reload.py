# SPDX-License-Identifier: Apache-2.0
"""A running gateway takes up a changed configuration: no request is lost, a wrong one changes nothing, what cannot move is refused."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from comity.cli import main, reload
from comity.gateway.running import FILE, announce, found
from comity.lab.process import ask, call
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import said_in_stream, subject

RELOADS, CALLERS = 50, 4


def told(number: int, *, stream: bool) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": f"hello {number}, 13812345678"}], "stream": stream}


def test_no_request_is_lost_while_the_configuration_changes_fifty_times(tmp_path: Path) -> None:
    with EchoPartner() as partner, EchoPartner() as other, gateway(tmp_path, BEIJING.format(base=partner.base)) as process:
        over, wrong, right = threading.Event(), list[str](), [0] * CALLERS

        def caller(number: int) -> None:
            while not over.is_set():
                stream = (number + right[number]) % 2 == 0
                reply = ask(process.base, told(number, stream=stream), subject("CN"))
                said = said_in_stream(reply.body) if stream else reply.json()["choices"][0]["message"]["content"]
                if reply.status != 200 or f"hello {number}, 13812345678" not in said:
                    wrong.append(f"{reply.status} {said}")
                right[number] += 1

        threads = [threading.Thread(target=caller, args=(number,)) for number in range(CALLERS)]
        for thread in threads:
            thread.start()
        for number in range(RELOADS):  # the partner's address changes each time, so nothing of the old way out can be gone on with
            text = BEIJING.format(base=(partner if number % 2 else other).base)
            (tmp_path / "gateway.toml").write_text(text)
            assert reload.asked(tmp_path / "gateway").code == ""
        over.set()
        for thread in threads:
            thread.join(30)
        assert wrong == [] and all(right), right
        assert partner.bodies and other.bodies, "both configurations were answered from"
        text = call(process.base, "GET", "/metrics").body.decode()
        assert f'comity_reloads_total{{code="ok"}} {RELOADS}' in text
        assert 'comity_attempts_in_flight{deployment="qwen-beijing"} 0' in text


def test_a_wrong_configuration_changes_nothing_and_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home, file = tmp_path / "gateway", tmp_path / "gateway.toml"
    with EchoPartner() as partner, gateway(tmp_path, BEIJING.format(base=partner.base)) as process:
        good = file.read_text()
        file.write_text(good.replace("public = true", "public = 7"))
        after = reload.asked(home)
        assert (after.code, "service.public" in after.fault) == ("config.invalid", True)
        assert call(process.base, "GET", "/readyz").json()["configuration"] == "config.invalid"
        assert ask(process.base, told(1, stream=False), subject("CN")).status == 200
        for moved, where in (('port = 0\nhost = "127.0.0.2"', "server.host"), ('port = 0\n[paths]\nstate = "elsewhere.db"', "paths.state")):
            file.write_text(good.replace("port = 0", moved))
            after = reload.asked(home)
            assert (after.code, where in after.fault) == ("reload.restart_needed", True)
        file.write_text(good.replace('id = "us-virginia"', 'id = "us-ohio"'))
        assert main.main(["--config", str(file), "--home", str(home), "reload"]) == 0
        assert "has taken up" in capsys.readouterr().out
        models = {row["id"] for row in call(process.base, "GET", "/v1/models").json()["data"]}
        assert "us-ohio" in models and "us-virginia" not in models
        assert call(process.base, "GET", "/readyz").json() | {"parts": 0} == {"ready": True, "parts": 0, "configuration": "ok"}
    assert not (home / FILE).exists()


def test_reload_says_when_no_gateway_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--home", str(tmp_path), "reload"]) == 1
    assert "reload.not_running" in capsys.readouterr().err


def test_what_a_killed_gateway_left_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    with EchoPartner() as partner, gateway(tmp_path, BEIJING.format(base=partner.base)) as process:
        running = found(tmp_path / "gateway")
        assert running is not None and running.pid == process.pid
        process.kill()
        assert (tmp_path / "gateway" / FILE).exists() and found(tmp_path / "gateway") is None
    announce(tmp_path, type(running)(pid=os.getpid(), began="1", url=""))  # another process of that number
    assert found(tmp_path) is None


def test_told_to_stop_it_says_so_while_the_door_is_still_open(tmp_path: Path) -> None:
    config = BEIJING.replace("port = 0", "port = 0\ndrain_seconds = 30.0")
    with EchoPartner() as partner, gateway(tmp_path, config.format(base=partner.base)) as process:
        os.kill(process.pid, signal.SIGTERM)
        while (state := call(process.base, "GET", "/readyz")).status == 200:
            pass
        assert state.status == 503 and state.json()["parts"]["gateway"] == "leaving"
        assert ask(process.base, told(1, stream=False), subject("CN")).status == 200
        os.kill(process.pid, signal.SIGTERM)  # the second does not wait
