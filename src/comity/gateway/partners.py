# SPDX-License-Identifier: Apache-2.0
"""From configured deployments to checked ones, and to the providers that can ask them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import date

from comity.config import Config, DeploymentConfig, LimitsConfig
from comity.device.provider import EmbeddedProvider
from comity.errors import OperatorError
from comity.gateway.embedded import is_further, profile_of
from comity.jurisdictions.vocab import Vocabulary
from comity.ports import Clock, Random, Secrets
from comity.providers.base import Deployment, Provider
from comity.providers.catalog.resolve import resolve
from comity.providers.dialect import DialectProvider
from comity.providers.http import Egress
from comity.storage.database import Database

_KEY = re.compile(r"[!-~]+")


def resolve_all(configs: Sequence[DeploymentConfig], *, vocabulary: Vocabulary, as_of: date) -> dict[str, Deployment]:
    """By id, in the order configured.  Raises OperatorError naming the deployment's place and member."""
    found: dict[str, Deployment] = {}
    for place, config in enumerate(configs):
        known = profile_of(config) if config.provider == "embedded" else None
        deployment = resolve(config, vocabulary=vocabulary, as_of=as_of, field=f"deployments[{place}]", profile=known)
        if deployment.id in found:
            raise OperatorError(
                f"deployments[{place}].id `{deployment.id}` stands twice",
                code="deployment.invalid",
                field=f"deployments[{place}].id",
                hint="rename one",
            )
        found[deployment.id] = deployment
    return found


def api_keys(configs: Sequence[DeploymentConfig], secrets: Secrets) -> dict[str, str]:
    """By deployment id, read once at the start.  Raises OperatorError naming the one that is absent, or that no header can hold."""
    found: dict[str, str] = {}
    for place, config in enumerate(configs):
        if config.api_key is None:
            continue
        key = secrets.get(env=config.api_key.env, file=config.api_key.file, command=config.api_key.command)
        if not _KEY.fullmatch(key):
            raise OperatorError(
                f"deployments[{place}].api_key holds a space, a line break or more than printable ASCII",
                code="deployment.invalid",
                field=f"deployments[{place}].api_key",
                hint="the key alone, on one line",
            )
        found[config.id] = key
    return found


def providers_for(
    configs: Sequence[DeploymentConfig], deployments: Mapping[str, Deployment], *, config: Config, secrets: Secrets, random: Random,
    clock: Clock, seen: Database | None = None,
) -> dict[str, Provider]:  # fmt: skip
    """By deployment id: one client for all partners, one provider for each dialect, one for all sealed nodes, one runtime for each model
    on this device.  ``seen``: where it is kept what nodes' logs have shown."""
    remote = {name: deployment for name, deployment in deployments.items() if not deployment.embedded}
    egress, keys = Egress(remote, config.limits), api_keys(configs, secrets)
    sealed = {name: each for name, each in remote.items() if each.provider == "node"}
    spoken = {each.dialect for name, each in remote.items() if name not in sealed}
    by_dialect = {dialect: _provider(dialect, egress, keys, random, clock, config.limits) for dialect in spoken}
    found: dict[str, Provider] = {}
    for name, deployment in deployments.items():
        if deployment.embedded:
            found[name] = EmbeddedProvider(deployment, paths=config.paths, device=config.device, further=is_further(config, name))
        elif name not in sealed:
            found[name] = by_dialect[deployment.dialect]
    if sealed:
        from comity.client.provider import node_provider

        if seen is None:
            raise OperatorError("nodes are held to what their logs have shown before", code="deployment.invalid", field="deployments")
        terms = {each.id: each.trust for each in configs if each.trust is not None}
        nodes = node_provider(sealed, terms, egress=egress, keys=keys, seen=seen, limits=config.limits, random=random, clock=clock)
        found |= dict.fromkeys(sealed, nodes)
    return {name: found[name] for name in deployments}


def _provider(
    dialect: str, egress: Egress, keys: Mapping[str, str], random: Random, clock: Clock, limits: LimitsConfig
) -> Provider:  # fmt: skip
    """An adapter is imported when a deployment speaks its dialect."""

    def boundary() -> str:
        return random.token(16).hex()

    if dialect == "openai":
        from comity.providers.adapters.openai import OpenAIDialect

        return DialectProvider(OpenAIDialect(boundary), egress, keys)
    if dialect == "responses":
        from comity.providers.adapters.responses import ResponsesDialect

        return DialectProvider(ResponsesDialect(), egress, keys)
    if dialect == "dashscope":
        from comity.providers.adapters.dashscope.provider import DashScopeProvider

        return DashScopeProvider(
            egress, keys, pause=asyncio.sleep, seconds_max=limits.first_byte_seconds_max, boundary=boundary, deliver=egress.deliver
        )  # fmt: skip
    if dialect == "bedrock":
        from comity.providers.adapters.bedrock.provider import BedrockProvider

        return BedrockProvider(egress, keys, now=clock.now, seconds_max=limits.first_byte_seconds_max)
    if dialect == "anthropic":
        from comity.providers.adapters.anthropic.provider import AnthropicProvider

        return AnthropicProvider(egress, keys, now=clock.now)
    if dialect == "gemini":
        from comity.providers.adapters.gemini.dialect import GeminiDialect

        return DialectProvider(GeminiDialect(clock.now), egress, keys)
    if dialect == "cohere":
        from comity.providers.adapters.cohere import CohereDialect

        return DialectProvider(CohereDialect(), egress, keys)
    raise OperatorError(f"no adapter speaks the dialect `{dialect}`", code="deployment.invalid", field="deployments")
