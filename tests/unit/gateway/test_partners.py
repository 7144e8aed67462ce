# SPDX-License-Identifier: Apache-2.0
"""From configured deployments to providers: ids once, keys found at the start and shown nowhere."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from comity.config import Config, DeploymentConfig, SecretRef
from comity.device.provider import EmbeddedProvider
from comity.errors import OperatorError
from comity.gateway.partners import api_keys, providers_for, resolve_all
from comity.jurisdictions.vocab import load_vocabulary
from comity.ports import SystemClock, SystemRandom, SystemSecrets
from comity.providers.base import Deployment
from comity.providers.dialect import DialectProvider
from comity.wire.decode import decode_chat
from tests.unit.providers.hostile import Partner, reply, saying

SECRET = "sk-never-shown-0123456789"


def config(name: str, **more: Any) -> DeploymentConfig:
    return DeploymentConfig(**({"id": name, "provider": "openai", "region": "us", "model": "m", "api_key": SecretRef(env="A_KEY")} | more))


DEVICE = DeploymentConfig(id="device", provider="embedded")


def resolved(*configs: DeploymentConfig) -> dict[str, Deployment]:
    return resolve_all(configs, vocabulary=load_vocabulary(), as_of=date(2026, 11, 23))


def test_deployments_keep_their_order() -> None:
    assert list(resolved(config("z"), DEVICE, config("a"))) == ["z", "device", "a"]


def test_an_id_stands_once() -> None:
    with pytest.raises(OperatorError, match=r"deployments\[2\]\.id `a` stands twice") as caught:
        resolved(config("a"), config("b"), config("a", region="eu"))
    assert caught.value.field == "deployments[2].id" and caught.value.hint


def test_a_refusal_names_the_place_in_the_file() -> None:
    with pytest.raises(OperatorError) as caught:
        resolved(config("a"), config("b", region="moon"))
    assert caught.value.field == "deployments[1].region"


def test_evidence_is_that_of_the_day() -> None:
    configs = [config("a", evidence=("eu_tia:2026-11-23", "processor_contract"))]
    on = {day: resolve_all(configs, vocabulary=load_vocabulary(), as_of=date(2026, 11, day))["a"].safeguards for day in (23, 24)}
    assert on == {23: {"eu_tia", "processor_contract"}, 24: {"processor_contract"}}


def test_keys_come_from_the_environment_and_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A_KEY", f"  {SECRET}\n")
    (tmp_path / "key").write_text(f"{SECRET}-2\n", encoding="utf-8")
    found = api_keys([config("a"), DEVICE, config("b", api_key=SecretRef(file=str(tmp_path / "key")))], SystemSecrets())
    assert found == {"a": SECRET, "b": f"{SECRET}-2"}


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_key_that_is_not_in_the_environment_is_named(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if value is not None:
        monkeypatch.setenv("A_KEY", value)
    with pytest.raises(OperatorError, match="`A_KEY` is not set") as caught:
        api_keys([config("a")], SystemSecrets())
    assert caught.value.code == "secret.absent"


def test_a_key_whose_file_is_absent_or_empty_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path, tmp_path / "empty"):
        if path.name == "empty":
            path.touch()
        with pytest.raises(OperatorError) as caught:
            api_keys([config("a", api_key=SecretRef(file=str(path)))], SystemSecrets())
        assert caught.value.code == "secret.absent" and str(path) in str(caught.value)


@pytest.mark.parametrize("bad", ["sk-one\nx-injected: 1", "sk-\r", "ключ", "sk-\0x", "sk-a b"])
def test_a_key_that_is_no_header_is_refused_at_the_start_and_not_shown(bad: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"a{bad}a", encoding="utf-8", newline="")
    with pytest.raises(OperatorError) as caught:
        api_keys([config("a", api_key=SecretRef(file=str(tmp_path / "key")))], SystemSecrets())
    error = caught.value
    assert error.field == "deployments[0].api_key" and bad not in f"{error}{error.hint}"
    assert error.__cause__ is None


async def test_partners_share_one_client_and_each_model_here_has_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A_KEY", SECRET)
    configs = (config("a"), config("b", region="eu"), DEVICE, DeploymentConfig(id="other", provider="embedded"))
    deployments = resolved(*configs)
    providers = providers_for(configs, deployments, config=Config(), secrets=SystemSecrets(), random=SystemRandom(), clock=SystemClock())
    assert list(providers) == list(deployments)
    assert providers["a"] is providers["b"] and isinstance(providers["a"], DialectProvider)
    assert isinstance(providers["device"], EmbeddedProvider) and providers["device"] is not providers["other"]
    shown = f"{providers} {providers['a']!s} {deployments} {configs}"
    assert SECRET not in shown
    assert repr(providers["a"]) == "DialectProvider(OpenAIDialect, Egress(a, b))"
    for provider in providers.values():
        await provider.aclose()  # nothing was opened: nothing to close, and no harm


async def test_each_place_gets_its_own_key_and_none_gets_another_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", f"{SECRET}-a")
    monkeypatch.setenv("B_KEY", f"{SECRET}-b")
    request, _ = decode_chat(b'{"messages":[{"role":"user","content":"hi"}]}')
    async with Partner(saying(reply(b"{}"))) as first, Partner(saying(reply(b"{}"))) as second:
        configs = (config("a", stand_in=first.base), config("b", stand_in=second.base, api_key=SecretRef(env="B_KEY")))
        deployments = resolved(*configs)
        providers = providers_for(
            configs, deployments, config=Config(), secrets=SystemSecrets(), random=SystemRandom(), clock=SystemClock()
        )
        for name, deployment in deployments.items():
            answer = await providers[name].send(deployment, request)
            await answer.aclose()
        await providers["a"].aclose()
        for partner, name in ((first, "a"), (second, "b")):
            (got,) = partner.requests
            assert got.header("authorization") == [f"Bearer {SECRET}-{name}"]
