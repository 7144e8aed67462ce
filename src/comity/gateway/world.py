# SPDX-License-Identifier: Apache-2.0
"""Everything one gateway holds, built once from its configuration and passed to whoever needs it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comity.config import Config, DeploymentConfig
from comity.device.provider import EmbeddedProvider
from comity.errors import StorageFailure
from comity.gateway.duties import DISCHARGERS
from comity.gateway.issuers import load_issuers
from comity.gateway.judge import Judge
from comity.gateway.locate import Locator
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.engine import Engine
from comity.ports import Clock, Random, Secrets
from comity.privacy.guard import Guard
from comity.privacy.pseudonym import Vault
from comity.providers.base import Deployment, Provider
from comity.storage.home import secret_key
from comity.transparency.ledger import Ledger

EMBEDDED = DeploymentConfig(id="device", provider="embedded")
"""What answers when no deployment is configured: the model on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    config: Config
    clock: Clock
    random: Random
    engine: Engine
    judge: Judge
    guard: Guard
    locator: Locator
    ledger: Ledger
    deployments: Mapping[str, Deployment]
    providers: Mapping[str, Provider]  # by deployment id
    new_vault: Callable[[], Vault]

    def provider_of(self, deployment: Deployment) -> Provider:
        return self.providers[deployment.id]

    async def readiness(self) -> dict[str, Any]:
        """`ready` and, for each part, `ok` or why not; ids and codes only."""
        parts: dict[str, str] = {}
        try:
            await self.ledger.probe()
            parts["record"] = "ok"
        except StorageFailure as error:
            parts["record"] = error.code
        for name, provider in self.providers.items():
            if isinstance(provider, EmbeddedProvider):
                parts[name] = provider.ready().word
        return {"ready": all(word in ("ok", "ready") for word in parts.values()), "parts": parts}

    async def aclose(self) -> None:
        for provider in {id(provider): provider for provider in self.providers.values()}.values():
            await provider.aclose()
        await self.ledger.aclose()


async def build(
    config: Config, *, home: Path, clock: Clock, random: Random, secrets: Secrets, providers: Mapping[str, Provider] | None = None
) -> World:
    """Raises OperatorError naming what to mend; nothing listens and nothing is sent before this has returned.

    ``providers`` (by deployment id) replaces the ones that would be made from the configuration.
    """
    from comity.gateway.partners import providers_for, resolve_all

    vocabulary = load_vocabulary()
    engine = Engine(load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra]), vocabulary)
    configured = config.deployments or (EMBEDDED,)
    today = clock.now().date()
    deployments = resolve_all(configured, vocabulary=vocabulary, as_of=today)
    issuers = load_issuers(config.issuers)
    ledger = await Ledger.open(home, clock=clock, random=random, record_seconds_max=config.limits.record_seconds_max)
    try:
        pseudonym_key = secret_key(home / "subject.key", random)
        locator = Locator(config=config, vocabulary=vocabulary, issuers=issuers, clock=clock, pseudonym_key=pseudonym_key)
        if providers is None:
            providers = providers_for(configured, deployments, config=config, secrets=secrets)
    except BaseException:
        await ledger.aclose()
        raise
    judge = Judge(
        config=config, engine=engine, vocabulary=vocabulary, deployments=list(deployments.values()),
        dischargers=DISCHARGERS, evidence=frozenset(vocabulary.valid_evidence(config.evidence, today)),
    )  # fmt: skip
    return World(
        config=config, clock=clock, random=random, engine=engine, judge=judge,
        guard=Guard(cache_key=hashlib.blake2b(pseudonym_key, person=b"scan-cache").digest()),
        locator=locator, ledger=ledger, deployments=deployments, providers=providers, new_vault=lambda: Vault(random.token(8)),
    )  # fmt: skip
