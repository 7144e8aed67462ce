# SPDX-License-Identifier: Apache-2.0
"""Everything one gateway holds, built once from its configuration and passed to whoever needs it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import msgspec

from comity.accord.consents import Consents
from comity.config import Config, DeploymentConfig
from comity.device.manifest import models_directory
from comity.device.provider import EmbeddedProvider
from comity.errors import OperatorError, StorageFailure
from comity.gateway import embedded
from comity.gateway.allowance.accounts import Accounts, open_accounts
from comity.gateway.batch.batches import Batches, open_batches
from comity.gateway.consenting import Consenting
from comity.gateway.duties import DISCHARGERS
from comity.gateway.embedded import EMBEDDED
from comity.gateway.issuers import load_issuers
from comity.gateway.judge import Judge
from comity.gateway.labels.credentials import Signer
from comity.gateway.lending import Lending
from comity.gateway.locate import Locator
from comity.gateway.metrics import Metrics
from comity.gateway.probes import Probes
from comity.gateway.roles.terms import Offers, at_node
from comity.gateway.signin.erasures import Erasures
from comity.gateway.signin.sessions import Sessions
from comity.gateway.standing import Standings
from comity.gateway.telemetry.export import Telemetry, telemetry_of
from comity.gateway.users import Users
from comity.gateway.whereabouts import Whereabouts, whereabouts
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import Vocabulary, load_vocabulary
from comity.policy.engine import Engine
from comity.policy.volumes import edges_of
from comity.ports import Clock, Random, Secrets
from comity.privacy.guard import Findings, Guard
from comity.privacy.pictures.look import Pictures
from comity.privacy.pseudonym import Pseudonyms, Vault
from comity.providers.base import Deployment, Provider
from comity.routing.router import Router
from comity.storage.home import KEY_BYTES
from comity.storage.open import open_database
from comity.storage.state import State
from comity.tasks.registry import Kept
from comity.transparency.ids import Tokens
from comity.transparency.ledger import Ledger
from comity.wire.request import MediumKind, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    config: Config
    clock: Clock
    random: Random
    engine: Engine
    judge: Judge
    guard: Guard
    pictures: Pictures | None  # reads what is written in images, where that is configured
    locator: Locator
    ledger: Ledger
    state: State
    standings: Standings
    deployments: Mapping[str, Deployment]
    providers: Mapping[str, Provider]  # by deployment id
    router: Router
    lending: Lending
    signer: Signer | None
    media: Mapping[MediumKind, frozenset[str]]  # categories that each kind of medium carries
    metrics: Metrics
    telemetry: Telemetry | None
    accounts: Accounts
    batches: Batches
    sessions: Sessions
    erasures: Erasures
    consenting: Consenting
    where: Whereabouts
    secrets: Secrets  # of the console's issuer, asked for when somebody signs in
    probes: Probes | None = None
    configured: tuple[DeploymentConfig, ...] = ()  # what `deployments` were made of
    offered: Mapping[Operation, tuple[str, ...]] = field(
        default_factory=dict
    )  # where a request may go that names no model; empty: anywhere
    offers: Offers | None = None  # of a node: the keys that requests may be sealed to
    users: Users = field(default_factory=Users)
    tasks: Kept = field(default_factory=Kept)

    def provider_of(self, deployment: Deployment) -> Provider:
        return self.providers[deployment.id]

    async def inspect(self, texts: Sequence[str], media: frozenset[MediumKind] = frozenset(), images: Sequence[str] = ()) -> Findings:
        """Step 2.  Rules take microseconds; a model takes milliseconds, in which this loop serves others.

        What is no text carries what the configuration says, else every category; reading the text in ``images`` adds to it.
        """
        guard = self.guard
        found = guard.inspect(texts) if guard.profile == "rules" else await asyncio.to_thread(guard.inspect, texts)
        if images and self.pictures is not None:
            found = await asyncio.wrap_future(self.pictures.inspect(images, found))
        if not media:
            return found
        carried = found.categories.union(*(self.media[kind] for kind in media))
        return msgspec.structs.replace(found, categories=carried)

    async def readiness(self) -> dict[str, Any]:
        """`ready` and, for each part, `ok` or why not; ids and codes only."""
        parts: dict[str, str] = {}
        try:
            await self.ledger.probe()
            parts["record"] = "ok"
        except StorageFailure as error:
            parts["record"] = error.code
        if self.config.node is not None:
            parts["node"] = "ok" if self.offers is not None and self.offers.ready else "unwitnessed"
        for name, provider in self.providers.items():
            if isinstance(provider, EmbeddedProvider) and not provider.further:
                parts[name] = provider.ready().word
                provider.mend()
        return {"ready": all(word in ("ok", "ready") for word in parts.values()), "parts": parts}

    async def retire(self, after: World | None = None) -> None:
        """Closes what the world ``after`` this one does not go on with.  Nobody may be answered by this one any more."""
        if self.probes is not None:
            await self.probes.aclose()
        going_on = {id(provider) for provider in after.providers.values()} if after is not None else set()
        for provider in {id(provider): provider for provider in self.providers.values()}.values():
            if id(provider) not in going_on:
                await provider.aclose()
        if self.pictures is not None and (after is None or after.pictures is not self.pictures):
            self.pictures.close()
        if after is None or after.lending is not self.lending:
            self.lending.close()
        if self.telemetry is not None and (after is None or after.telemetry is not self.telemetry):
            await self.telemetry.aclose()

    async def aclose(self) -> None:
        await self.retire()
        await self.accounts.aclose()
        await self.standings.aclose()
        await self.ledger.aclose()


async def build(
    config: Config, *, home: Path, clock: Clock, random: Random, secrets: Secrets, providers: Mapping[str, Provider] | None = None,
    before: World | None = None,
) -> World:  # fmt: skip
    """Raises OperatorError naming what to mend; nothing listens and nothing is sent before this has returned.

    ``providers`` (by deployment id) replaces the ones that would be made from the configuration.  ``before`` is the world that
    answers now: its record, state and counts are gone on with, and whatever the configuration says nothing new of; it stays whole
    until it is retired.
    """
    from comity.gateway.partners import providers_for, resolve_all

    vocabulary = load_vocabulary()
    media, signer = media_of(config, vocabulary), signer_of(config, secrets)
    # In a thread: it takes a good part of a second, and beside it another world may be answering.
    engine = await asyncio.to_thread(_law, config, vocabulary)
    # Whoever brings its own providers has no use for what else is on this machine.
    configured = embedded.configured(config) if providers is None else config.deployments or (EMBEDDED,)
    today = clock.now().date()
    deployments = resolve_all(configured, vocabulary=vocabulary, as_of=today)
    if config.node is not None:
        deployments = at_node(config.node, deployments, vocabulary)
    issuers = load_issuers(config.issuers)
    where = before.where if before is not None else whereabouts(config, home, secrets)
    ledger, state = (before.ledger, before.state) if before is not None else await _opened(where, config, clock, random)
    try:
        pseudonym_key = await state.key("subject", random.token(KEY_BYTES))
        locator = Locator(config=config, vocabulary=vocabulary, issuers=issuers, clock=clock, pseudonym_key=pseudonym_key)
        cache_key = hashlib.blake2b(pseudonym_key, person=b"scan-cache").digest()
        if before is not None and (before.config.privacy, before.config.paths) == (config.privacy, config.paths):
            guard, pictures, lending = before.guard, before.pictures, before.lending
        else:
            guard = guard_of(config, clock=clock, random=random, cache_key=cache_key)
            pictures = pictures_of(config, guard, clock=clock, cache_key=cache_key)
            lending = Lending(config, vaults(config, random), clock=clock, key=random.token(KEY_BYTES))
        if providers is None:
            providers = providers_for(
                configured, deployments, config=config, secrets=secrets, random=random, clock=clock, seen=state.database
            )
            if before is not None:
                providers = _going_on(before, config, configured, providers)
        standings = Standings(
            config=config, deployments=configured, vocabulary=vocabulary, edges=edges_of(engine.packs), state=state, clock=clock,
            random=random,
        )  # fmt: skip
        standings.now()
        metrics = before.metrics if before is not None else Metrics()
        if before is not None and before.config.telemetry == config.telemetry and config.telemetry.token is None:
            telemetry = before.telemetry
        else:  # a token is read anew: it may be another
            telemetry = telemetry_of(config.telemetry, metrics, clock=clock, random=random, secrets=secrets)
        accounts = await open_accounts(
            config, database=state.database, vocabulary=vocabulary, configured=configured, deployments=deployments, clock=clock,
            random=random, secrets=secrets, before=before.accounts if before is not None else None,
        )  # fmt: skip
        batches = await open_batches(config.batch, state=state, clock=clock, random=random, secrets=secrets)
        consents = before.consenting.consents if before is not None else await Consents.open(state.database, ledger.verifier)
        consenting = Consenting(config, consents, vocabulary=vocabulary, deployments=deployments, clock=clock)
    except BaseException:
        if before is None:
            await state.aclose()
            await ledger.aclose()
        raise
    route_key = hashlib.blake2b(pseudonym_key, person=b"route").digest()
    known = before.router if before is not None else None
    router = Router(config, configured, deployments, clock=clock, random=random, key=route_key, before=known)
    probes = Probes(config, router, deployments) if config.routing.probe_seconds else None
    if probes is not None:
        probes.start()
    judge = Judge(config=config, engine=engine, vocabulary=vocabulary, deployments=list(deployments.values()), dischargers=DISCHARGERS)
    return World(
        config=config, clock=clock, random=random, engine=engine, judge=judge,
        guard=guard, pictures=pictures,
        locator=locator, ledger=ledger, standings=standings, deployments=deployments, providers=providers, router=router,
        lending=lending, media=media, signer=signer, state=state, metrics=metrics, telemetry=telemetry, accounts=accounts,
        batches=batches, sessions=Sessions(state.database, clock=clock, random=random), erasures=Erasures(state.database), where=where,
        consenting=consenting, secrets=secrets, probes=probes, configured=configured, offered=embedded.offered(config, deployments),
    )  # fmt: skip


def media_of(config: Config, vocabulary: Vocabulary) -> dict[MediumKind, frozenset[str]]:
    """Raises OperatorError for a word that is no category."""
    out: dict[MediumKind, frozenset[str]] = {}
    for kind in get_args(MediumKind):
        said: frozenset[str] | None = getattr(config.privacy.media, kind)
        odd = sorted((said or frozenset()) - vocabulary.every_category)
        if odd:
            raise OperatorError(
                f"privacy.media.{kind} names `{odd[0][:64]}`, which is no category", code="config.invalid", field=f"privacy.media.{kind}",
                hint=f"of: {', '.join(sorted(vocabulary.every_category))}",
            )  # fmt: skip
        out[kind] = vocabulary.every_category if said is None else said
    return out


def signer_of(config: Config, secrets: Secrets) -> Signer | None:
    """Raises OperatorError where only one half of a signature is configured, or a file cannot be read."""
    said = config.labels
    if not said.certificates and said.key is None:
        return None
    if not said.certificates or said.key is None:
        raise OperatorError(
            "labels names only one of `certificates` and `key`", code="config.invalid", field="labels", hint="a signature needs both"
        )
    certificates = secrets.get(file=said.certificates).encode()
    key = secrets.get(env=said.key.env, file=said.key.file, command=said.key.command).encode()
    return Signer(certificates=certificates, key=key, algorithm=said.algorithm, name=config.controller.name or "Comity")


def guard_of(config: Config, *, clock: Clock, random: Random, cache_key: bytes = b"") -> Guard:
    """Raises OperatorError when the profile's models are not on this machine."""
    from comity.privacy.names.load import finders

    wanted = config.privacy
    return Guard(
        wanted.profile, finders(wanted.profile, models_directory(config.paths)), cache_key=cache_key,
        finders_seconds_max=wanted.scan_seconds_max, clock=clock, random=random,
    )  # fmt: skip


def pictures_of(config: Config, guard: Guard, *, clock: Clock, cache_key: bytes) -> Pictures | None:
    """Raises OperatorError when what reads text in images is not on this machine."""
    if not config.privacy.ocr:
        return None
    from comity.privacy.pictures.load import reader

    seen = reader(models_directory(config.paths))
    return Pictures(seen, guard, clock=clock, seconds_max=config.privacy.scan_seconds_max, cache_key=cache_key)


def vaults(config: Config, random: Random) -> Callable[[], Pseudonyms]:
    """Makes a vault of the kind that is configured."""
    if config.privacy.pseudonyms == "surrogates":
        from comity.privacy.surrogate import SurrogateVault

        return lambda: SurrogateVault(random.token(16))
    tokens = Tokens(random)
    return lambda: Vault(tokens.token(8))


def _law(config: Config, vocabulary: Vocabulary) -> Engine:
    return Engine(load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra]), vocabulary)


async def _opened(where: Whereabouts, config: Config, clock: Clock, random: Random) -> tuple[Ledger, State]:
    seconds_max = config.limits.record_seconds_max
    ledger = await Ledger.open(where.log, clock=clock, random=random, record_seconds_max=seconds_max)
    try:
        return ledger, await State.open(await open_database(where.state, "state", seconds_max=seconds_max))
    except BaseException:
        await ledger.aclose()
        raise


def _going_on(
    before: World, config: Config, configured: Sequence[DeploymentConfig], providers: Mapping[str, Provider]
) -> dict[str, Provider]:
    """With the models on this device that run already: they take seconds to load and are worth their memory once."""
    if (before.config.paths, before.config.device) != (config.paths, config.device):
        return dict(providers)
    same = embedded.same(before.configured, configured)
    return {
        name: before.providers[name] if name in same and isinstance(before.providers[name], EmbeddedProvider) else provider
        for name, provider in providers.items()
    }
