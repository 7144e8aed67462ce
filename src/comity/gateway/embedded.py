# SPDX-License-Identifier: Apache-2.0
"""The deployments that are models on this machine: the one that stands without any configuration, and those that are simply here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from comity.config import Config, DeploymentConfig
from comity.device.manifest import OPERATION, Model, is_here, known_models, models_directory, runs_here
from comity.providers.base import Deployment, ModelProfile
from comity.providers.catalog.resolve import EMBEDDED_CONTEXT_TOKENS
from comity.wire.request import MediumKind, Operation

EMBEDDED = DeploymentConfig(id="device", provider="embedded")
UNSTATED_TOKENS = 10_000_000  # of what is no chat: the engine itself says what is too long
_TAKES: dict[str, frozenset[MediumKind]] = {"hearing": frozenset(("audio",)), "reading": frozenset(("image",))}


def configured(config: Config) -> tuple[DeploymentConfig, ...]:
    """As they are configured.  Without any: `device`, and each further model that is on this machine and whose runtime is installed."""
    if config.deployments:
        return config.deployments
    directory = models_directory(config.paths)
    further = (each for each in known_models().values() if each.operations and not each.default)
    return (
        EMBEDDED,
        *(
            DeploymentConfig(id=each.id, provider="embedded", model=each.id)
            for each in further
            if is_here(each, directory) and runs_here(each)
        ),
    )


def offered(config: Config, deployments: Mapping[str, Deployment]) -> dict[Operation, tuple[str, ...]]:
    """By operation, where a request that names no model may go; empty: anywhere.

    Models that nobody configured are asked for what `device` does not do, or by their name.
    """
    if config.deployments or len(deployments) <= 1:
        return {}
    found: dict[Operation, tuple[str, ...]] = {}
    for operation in get_args(Operation):
        able = tuple(name for name, each in deployments.items() if operation in each.profile.operations)
        found[operation] = (EMBEDDED.id,) if EMBEDDED.id in able or not able else able
    # Vectors of two models cannot be compared: of several the same one is asked each time.
    found["embeddings"] = found["embeddings"][:1]
    return found


def profile_of(config: DeploymentConfig) -> ModelProfile | None:
    """What follows from the model; None where nothing is known of it."""
    model = _known(config)
    if model is None or model.kind not in OPERATION:
        return None
    languages = frozenset(each.partition("-")[0] for each in model.languages)
    if model.kind == "text":
        tokens = config.context_tokens or EMBEDDED_CONTEXT_TOKENS
        return ModelProfile(context_tokens=tokens, tools=bool(config.tools), languages=languages)
    return ModelProfile(
        context_tokens=config.context_tokens or UNSTATED_TOKENS, tools=False, json_schema=False, languages=languages,
        operations=model.operations, inputs=_TAKES.get(model.kind, frozenset()),
    )  # fmt: skip


def _known(config: DeploymentConfig) -> Model | None:
    known = known_models()
    return known.get(config.model) if config.model else next(iter(known.values()))


def is_further(config: Config, name: str) -> bool:
    return not config.deployments and name != EMBEDDED.id


def same(before: Sequence[DeploymentConfig], after: Sequence[DeploymentConfig]) -> set[str]:
    """Ids of those that stand in both as they are."""
    known = {each.id: each for each in before}
    return {each.id for each in after if known.get(each.id) == each}
