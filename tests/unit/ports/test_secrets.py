# SPDX-License-Identifier: Apache-2.0
"""Where secrets come from, and that they go nowhere else."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import msgspec
import pytest

from comity.config import DeploymentConfig, SecretRef
from comity.config.file import parse_config
from comity.errors import OperatorError
from comity.gateway.partners import api_keys
from comity.ports import SystemSecrets

SECRET = "hunter2-of-the-partner"


def printing(said: str, status: int = 0) -> tuple[str, ...]:
    return sys.executable, "-c", f"import sys; print({said!r}); print('to stderr', file=sys.stderr); sys.exit({status})"


def test_three_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", f" {SECRET} ")
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    secrets = SystemSecrets()
    assert {secrets.get(env="A_SECRET"), secrets.get(file=str(tmp_path / "secret")), secrets.get(command=printing(SECRET))} == {SECRET}


def test_a_source_is_looked_at_anew(tmp_path: Path) -> None:
    """What a reload asks for is what is there then."""
    held = tmp_path / "secret"
    command = (sys.executable, "-c", f"print(open({str(held)!r}).read())")
    for now in ("first", "second"):
        held.write_text(now)
        assert SystemSecrets().get(command=command) == SystemSecrets().get(file=str(held)) == now


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (printing(SECRET, 3), "ended with status 3"),
        (printing(""), "printed nothing"),
        (("/nowhere/vault", SECRET), "cannot be started"),
        ((sys.executable, "-c", r"import sys; sys.stdout.buffer.write(b'\xff\xfe')"), "not UTF-8"),
    ],
)
def test_a_command_that_fails_says_neither_its_arguments_nor_its_output(
    command: tuple[str, ...], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(OperatorError) as error:
        SystemSecrets().get(command=command)
    assert said in str(error.value) and error.value.code == "secret.absent"
    everything = f"{error.value!r} {error.value} {error.value.hint} {caplog.text}"
    assert not any(word in everything for word in (SECRET, "stderr", "sys.exit"))


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comity.ports.COMMAND_SECONDS_MAX", 0.2)
    with pytest.raises(OperatorError, match="did not end within"):
        SystemSecrets().get(command=(sys.executable, "-c", "import time; time.sleep(60)"))


def test_no_shell_reads_the_command() -> None:
    assert SystemSecrets().get(command=(sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME; echo `id`")) == "$HOME; echo `id`"


def test_a_secret_is_in_no_shape_and_no_error() -> None:
    deployment = DeploymentConfig(id="a", provider="self-hosted", api_key=SecretRef(command=printing(SECRET + "\nand more")))
    with pytest.raises(OperatorError) as error:
        api_keys([deployment], SystemSecrets())
    assert SECRET not in f"{error.value!r} {error.value.hint}"
    assert SECRET not in repr(msgspec.to_builtins(DeploymentConfig(id="a", provider="self-hosted", api_key=SecretRef(env="A_SECRET"))))


@pytest.mark.parametrize("said", ["{}", '{ env = "A", file = "b" }', '{ env = "A", command = ["b"] }'])
def test_exactly_one_source(said: str) -> None:
    text = f'[[deployments]]\nid = "a"\nprovider = "openai"\napi_key = {said}\n'
    with pytest.raises(OperatorError, match="not exactly one source"):
        parse_config(text, "comity.toml")
    parse_config(text.replace(said, '{ command = ["vault", "kv", "get", "-field=key", "secret/openai"] }'), "comity.toml")
