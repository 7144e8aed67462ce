# SPDX-License-Identifier: Apache-2.0
"""The configuration that a drill writes is the one that it was given, on loopback; what a name takes away is what stands on it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import Config, ControllerConfig, DeploymentConfig, KeyConfig, SecretRef, ServiceConfig
from comity.config.file import load_config, parse_config
from comity.config.schema import AnyExceptConfig, StorageConfig
from comity.errors import CallerError
from comity.gateway.resilience import Survey
from comity.jurisdictions.vocab import load_vocabulary
from comity.lab import drill
from comity.lab.drill import SECONDS_MAX, drilled, taken, written
from comity.lab.sealed import Pins
from comity.lab.worlds import BEYOND, DEVICE, NODE
from comity.ports import SystemSecrets
from comity.providers.catalog.resolve import resolve
from tests.fakes import FakeClock, SeededRandom
from tests.tidy.tree import ROOT

SAMPLE = ROOT / "examples" / "six_places" / "comity.toml"
PINS = Pins("cn-own", "log+key", ("witness+one", "witness+two"), f"sha256:{'1' * 64}", "2" * 64, "3" * 64)
DEVICE_TEXT = DEVICE.format(
    relay="http://127.0.0.1:1",
    paris="http://127.0.0.1:2",
    virginia="http://127.0.0.1:3",
    own=PINS.trust(plaintext_at="node"),
    partner=PINS.trust(plaintext_at="upstream"),
)
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def survey(config: Config, *, state: Path = Path("nowhere")) -> Survey:
    return Survey(config, at=AT, state=state, clock=FakeClock(AT), random=SeededRandom(), secrets=SystemSecrets())


@pytest.mark.parametrize(
    "text",
    [
        "",
        SAMPLE.read_text(encoding="utf-8"),
        DEVICE_TEXT,
        NODE + BEYOND.format(beijing="http://127.0.0.1:1"),
        (ROOT / "deploy" / "compose" / "comity.toml").read_text(encoding="utf-8"),
    ],
    ids=["nothing", "sample", "device", "node", "compose"],
)
def test_what_is_written_is_read_as_the_same(text: str) -> None:
    config = parse_config(text, "given")
    assert parse_config(written(config), "written") == config


@given(st.text(), st.dates(), st.frozensets(st.sampled_from(["CN", "EEA"]), min_size=1))
def test_any_text_day_and_pool_survives(text: str, day: date, regions: frozenset[str]) -> None:
    config = Config(
        controller=ControllerConfig(name=text, sector=None), service=ServiceConfig(placed_on_market=day),
        deployments=(DeploymentConfig(id="d", provider="self-hosted", model=text, processing=AnyExceptConfig(any_except=regions)),),
    )  # fmt: skip
    assert parse_config(written(config), "written") == config


def test_what_decides_stays_and_what_is_this_installations_does_not() -> None:
    given = msgspec.structs.replace(
        load_config(SAMPLE), keys=(KeyConfig(id="a", sha256="0" * 64),),
        storage=StorageConfig(url=SecretRef(env="URL"), log_key=SecretRef(env="KEY")),
    )  # fmt: skip
    first = survey(given)
    bases = {each: f"http://127.0.0.1:{number + 9000}" for number, each in enumerate(first.deployments)}
    made = drilled(given, first, first.deployments, bases)
    assert (made.keys, made.storage, made.server.port) == ((), StorageConfig(), 0)
    assert made.limits.first_byte_seconds_max == SECONDS_MAX
    second = survey(made)
    assert second.cells(second.standing) == first.cells(first.standing), "the law answers as it did"
    assert all(each.egress.startswith("127.0.0.1:") for each in second.deployments.values())


def test_a_node_is_played_as_what_it_is_to_the_law() -> None:
    first = survey(parse_config(DEVICE_TEXT, "given"))
    remote = {name: each for name, each in first.deployments.items() if not each.on_device}
    made = drilled(parse_config(DEVICE_TEXT, "given"), first, remote, dict.fromkeys(remote, "http://127.0.0.1:9000"))
    assert all((each.provider, each.trust) == ("self-hosted", None) for each in made.deployments)
    second, nodes = survey(made), ("cn-node", "cn-partner")
    assert {each.facts for each in second.deployments.values()} == {each.facts for each in remote.values()}
    assert all(second.deployments[name].base_url.endswith("/" + pool) for name, pool in zip(nodes, ("cn-own", "cn-partner"), strict=True))


def test_evidence_that_has_ended_is_not_given_to_the_drill() -> None:
    config = load_config(SAMPLE)
    ended = tuple(msgspec.structs.replace(each, evidence=("processor_contract:2026-11-22",)) for each in config.deployments)
    first = survey(msgspec.structs.replace(config, deployments=ended))
    made = drilled(config, first, first.deployments, dict.fromkeys(first.deployments, "http://127.0.0.1:1"))
    assert {each.evidence for each in made.deployments} == {()}


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("alibaba", ("qwen-beijing", "vectors-beijing", "qwen-virginia")),
        ("alibaba/cn-beijing", ("qwen-beijing", "vectors-beijing")),
        ("cn-beijing", ("qwen-beijing", "vectors-beijing")),
        ("FR", ("own-paris",)),
        ("Mistral AI", ("mistral-eu",)),
        ("own-paris", ("own-paris",)),
    ],
)
def test_a_name_takes_away_what_stands_on_it(name: str, gone: tuple[str, ...]) -> None:
    assert taken(survey(load_config(SAMPLE)).deployments.values(), name) == gone


def test_a_name_that_nothing_stands_on_is_refused() -> None:
    with pytest.raises(CallerError, match="nothing of this configuration stands on `us`"):
        taken(survey(load_config(SAMPLE)).deployments.values(), "us")


@pytest.mark.parametrize(
    ("provider", "region", "dialect", "path"),
    [
        ("alibaba", "cn-beijing", "model-studio", "/compatible-mode/v1"),
        ("deepseek", "china", "openai", "/"),
        ("self-hosted", "", "vllm", "/v1"),
    ],
)
def test_a_partner_is_played_below_the_very_path_it_has(
    monkeypatch: pytest.MonkeyPatch, provider: str, region: str, dialect: str, path: str
) -> None:
    """Also where that is the root: a simulator's own default may be another."""
    own = {"base_url": "https://llm.example.com/v1"} if provider == "self-hosted" else {"api_key": SecretRef(env="K"), "region": region}
    there = frozenset({"CN"})
    made = DeploymentConfig(
        id="d", provider=provider, model="qwen-plus", processing=there, storage=there, access=there, operator="CN", **own
    )  # type: ignore[arg-type]
    deployment = resolve(made, vocabulary=load_vocabulary(), as_of=AT.date())
    started: list[tuple[str, str, tuple[str, ...]]] = []

    def simulator(name: str, *, dialect: str, region: str, folder: Path, more: tuple[str, ...]) -> None:
        started.append((dialect, region, more))

    monkeypatch.setattr(drill, "simulator", simulator)
    drill.played_by(deployment, Path("nowhere"))
    assert started == [(dialect, region or "d", ("--path", path))]
