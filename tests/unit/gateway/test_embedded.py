# SPDX-License-Identifier: Apache-2.0
"""Models that are on this machine without being configured: what they are asked for, and that their absence costs nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from comity.config import Config, DeploymentConfig, KeyConfig, PathsConfig
from comity.device.manifest import known_models, path_of
from comity.device.provider import EmbeddedProvider
from comity.errors import OperatorError, ProviderFailure
from comity.gateway import embedded
from comity.gateway.embedded import EMBEDDED, configured, offered, profile_of
from comity.gateway.partners import providers_for, resolve_all
from comity.gateway.serve import _start_devices
from comity.gateway.world import build
from comity.jurisdictions.vocab import load_vocabulary
from comity.ports import SystemClock, SystemRandom, SystemSecrets
from comity.providers.base import Deployment
from tests.fakes import FakeClock

BESIDE = DeploymentConfig(id="own", provider="embedded", model="smollm2-135m-instruct")


def resolved(config: Config) -> dict[str, Deployment]:
    return resolve_all(configured(config), vocabulary=load_vocabulary(), as_of=date(2026, 11, 27))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Config:
    """A machine with every runtime and every model that is fetched, empty files all of them."""
    monkeypatch.setattr(embedded, "runs_here", lambda model: True)
    monkeypatch.setattr("comity.device.manifest.package_folder", lambda name: tmp_path / name)
    for model in known_models().values():
        for file in model.files:
            path = path_of(model, file, tmp_path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return Config(paths=PathsConfig(models=str(tmp_path)))


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Config:
    monkeypatch.setattr("comity.device.manifest.package_folder", lambda name: None)
    return Config(paths=PathsConfig(models=str(tmp_path)))


def test_what_is_here_is_a_deployment_by_its_own_id(here: Config) -> None:
    deployments = resolved(here)
    wanted = [name for name, model in known_models().items() if model.operations and not model.default]
    assert list(deployments) == ["device", *wanted]
    assert deployments["multilingual-e5-small"].profile.operations == {"embeddings"}
    whisper = deployments["faster-whisper-base"].profile
    assert (whisper.operations, whisper.inputs) == ({"transcription"}, {"audio"})
    assert (deployments["ocr"].profile.operations, deployments["ocr"].profile.inputs) == ({"ocr"}, {"image"})
    assert all(each.on_device and each.embedded for each in deployments.values())


def test_where_nothing_is_here_there_is_one_as_before(bare: Config) -> None:
    assert configured(bare) == (EMBEDDED,)
    assert offered(bare, resolved(bare)) == {}


def test_without_its_runtime_a_model_is_none(here: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "runs_here", lambda model: model.kind != "hearing")
    assert "faster-whisper-base" not in resolved(here)


def test_who_configures_gets_what_is_configured(here: Config) -> None:
    own = Config(paths=here.paths, deployments=(BESIDE,))
    assert list(resolved(own)) == ["own"]
    assert offered(own, resolved(own)) == {}


def test_a_request_that_names_no_model_goes_to_what_does_it(here: Config) -> None:
    found = offered(here, resolved(here))
    assert found["chat"] == ("device",), "another text model answers when it is named"
    assert found["embeddings"] == ("multilingual-e5-small",)
    assert found["transcription"] == ("faster-whisper-base",)
    assert found["speech"] == ("hibari-heart",)
    assert found["ocr"] == ("ocr",)
    assert found["images"] == ("device",), "which says that it does none"


@pytest.mark.parametrize("model", ["", "qwen2.5-coder-0.5b-instruct"])
def test_a_text_model_s_profile_is_as_it_was_and_says_its_languages(model: str) -> None:
    profile = profile_of(DeploymentConfig(id="d", provider="embedded", model=model))
    assert profile is not None
    assert (profile.context_tokens, profile.tools, profile.operations, profile.languages) == (4096, False, {"chat"}, {"en", "zh"})


@pytest.mark.parametrize("model", ["~/Own.gguf", "nobody", "names", "py3langid"])
def test_of_what_is_not_known_nothing_is_said(model: str) -> None:
    assert profile_of(DeploymentConfig(id="d", provider="embedded", model=model)) is None


def providers(config: Config) -> dict[str, EmbeddedProvider]:
    made = providers_for(
        configured(config), resolved(config), config=config, secrets=SystemSecrets(), random=SystemRandom(), clock=SystemClock()
    )
    return {name: each for name, each in made.items() if isinstance(each, EmbeddedProvider)}


async def test_only_what_answers_by_default_is_loaded_before_the_door_opens(here: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    async def start(self: EmbeddedProvider) -> None:
        started.append(self._deployment.id)

    monkeypatch.setattr(EmbeddedProvider, "start", start)
    await _start_devices(providers(here).values())
    assert started == ["device"]


async def test_what_is_merely_here_does_not_hide_that_the_model_is_missing(here: Config, tmp_path: Path) -> None:
    (tmp_path / known_models()["qwen2.5-coder-0.5b-instruct"].file).unlink()
    with pytest.raises(OperatorError) as raised:
        await _start_devices(providers(here).values())
    assert raised.value.code == "model.absent"


async def test_readiness_looks_at_the_default_alone(here: Config, home: Path) -> None:
    world = await build(here, home=home, clock=FakeClock(), random=SystemRandom(), secrets=SystemSecrets())
    try:
        assert set((await world.readiness())["parts"]) == {"record", "device"}
        assert set(world.deployments) == {each.id for each in world.configured}
    finally:
        await world.aclose()


async def test_what_a_kind_cannot_do_is_refused_before_anything_is_loaded(here: Config) -> None:
    from comity.wire.chat import ChatRequest, Message

    device = providers(here)["ocr"]
    with pytest.raises(ProviderFailure) as raised:
        await device.send(device._deployment, ChatRequest(messages=(Message(role="user", content="hi"),)))
    assert raised.value.code == "provider.unsupported"
    assert device.ready().word == "model.not_started"


def test_a_key_s_models_still_narrow(here: Config) -> None:
    assert KeyConfig(id="k", sha256="0" * 64, models=("device",)).models == ("device",)
