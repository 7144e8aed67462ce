# SPDX-License-Identifier: Apache-2.0
"""From what an operator declares and what the catalog knows to one checked Deployment.

A declaration may narrow what the catalog says and never contradict it; a host whose scope has no source is refused.
"""

from __future__ import annotations

import re
from datetime import date

import msgspec

from comity.config import DeploymentConfig
from comity.errors import OperatorError
from comity.jurisdictions.vocab import Vocabulary
from comity.policy import facts as law
from comity.providers.base import Deployment, ModelProfile
from comity.providers.catalog.able import own_dialect, own_model, partners_model, spoken
from comity.providers.catalog.dialects import features
from comity.providers.catalog.hosts import BadAddress, Endpoint, endpoint
from comity.providers.catalog.load import partner_of, partners
from comity.providers.catalog.places import inside, place, reach, said
from comity.providers.catalog.refusals import Refusals
from comity.providers.catalog.shapes import Partner, Region, Scope, Sourced, Where

ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
_WORKSPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
EMBEDDED_CONTEXT_TOKENS = 4096
LOGGED = "A1"
PLACED = ("processing", "storage", "access", "operator", "covered_person")


def resolve(
    config: DeploymentConfig, *, vocabulary: Vocabulary, as_of: date, field: str = "deployments[0]", profile: ModelProfile | None = None
) -> Deployment:  # fmt: skip
    """``profile``: what a model on this machine can do, where that is known.

    Raises OperatorError naming the member below ``field``, the reason and the mend."""
    return _Resolver(config, vocabulary, as_of, field, profile).deployment()


class _Resolver:
    def __init__(self, config: DeploymentConfig, vocabulary: Vocabulary, as_of: date, field: str, profile: ModelProfile | None) -> None:
        self._config, self._vocabulary, self._field, self._profile = config, vocabulary, field, profile
        refuse = self._refuse = Refusals(field)
        self._wrong, self._contradicts, self._no_region = refuse.wrong, refuse.contradicts, refuse.no_region
        self._evidence = self._valid_evidence(as_of)

    def deployment(self) -> Deployment:
        config = self._config
        if not ID.fullmatch(config.id):
            raise self._wrong("id", f"`{config.id[:64]}` is not lower-case letters, digits, dots and hyphens", "for example qwen-beijing")
        if config.provider == "embedded":
            return self._embedded()
        if config.provider == "self-hosted":
            return self._self_hosted()
        if config.provider == "node":
            return self._node()
        partner = partners().get(config.provider)
        if partner is None:
            known = ", ".join(("embedded", "self-hosted", "node", *partners()))
            raise self._wrong("provider", f"`{config.provider[:64]}` is not in the catalog", f"one of: {known}")
        return self._partner(partner)

    # -- the kinds -----------------------------------------------------------------------------------------------

    def _embedded(self) -> Deployment:
        placed = PLACED if self._config.operator is not None else ()  # on a machine that is no person's device: a node's
        self._only("embedded", "model", "context_tokens", "evidence", "tools", "concurrency_max", *placed)
        tokens = self._config.context_tokens or EMBEDDED_CONTEXT_TOKENS
        profile = self._profile or ModelProfile(context_tokens=tokens, tools=bool(self._config.tools))
        if placed:
            return self._made(self._own(), "embedded", profile, plaintext_at="node")
        # Where it processes is where its person is: the gateway fills that in.
        return self._made(law.Provider(id=self._config.id, kind="on_device"), "embedded", profile, plaintext_at="device")

    def _self_hosted(self) -> Deployment:
        at = self._served("https://llm.example.com/v1")
        facts = self._own()
        dialect = own_dialect(self._config, self._refuse)
        return self._made(facts, dialect, own_model(self._config, dialect, self._refuse), at=at)

    def _node(self) -> Deployment:
        """A gateway of somebody's in its region; where it is reached, a relay of anybody's may stand.  What is declared of it is what it
        must prove (`client/checks.py`)."""
        config = self._config
        at, trust = self._served("https://relay.example.com/cn-assist"), config.trust
        if trust is None:
            raise self._wrong("trust", "is missing", "pin what the node must prove: docs/howto/seal-your-app.md")
        if config.dialect:
            raise self._wrong("dialect", "is OpenAI's at every node", "leave it out")
        reads = trust.plaintext_at
        made = self._made(self._own(), "openai", own_model(config, "openai", self._refuse), at=at, plaintext_at=reads)
        level = min(trust.level, LOGGED) if reads == "upstream" else trust.level  # nothing attests a partner beyond it
        return msgspec.structs.replace(made, model=config.model or "auto", level=level)

    def _served(self, example: str) -> Endpoint:
        """Where a server of the operator's own, or a node, is reached."""
        config = self._config
        if not config.base_url:
            raise self._wrong("base_url", "is missing", f'for example base_url = "{example}"')
        for name in ("region", "scope", "workspace", "project", "stand_in"):
            if getattr(config, name):
                raise self._wrong(name, f"belongs to a partner of the catalog, not to a {config.provider} deployment", "leave it out")
        at = self._endpoint("base_url", config.base_url)
        known = partner_of(at.host)
        if known is not None:
            region = known.region_of(at.host)
            raise self._contradicts(
                "base_url", f"`{at.host}` is {known.name}'s{f' in {region}' if region else ''}, and the catalog says what it is",
                f'provider = "{known.id}"' + (f', region = "{region}"' if region else ""),
            )  # fmt: skip
        return at

    def _own(self) -> law.Provider:
        """What is declared of a machine of one's own."""
        config = self._config
        if config.operator is None:
            raise self._wrong("operator", "is missing", "the region where the entity that runs it is organised")
        return law.Provider(
            id=config.id, kind="self_hosted", operator_region=self._region("operator", config.operator),
            covered_person=bool(config.covered_person), processing=self._declared("processing"), storage=self._declared("storage"),
            access=self._declared("access"),
        )  # fmt: skip

    def _partner(self, partner: Partner) -> Deployment:
        config = self._config
        if config.base_url:
            raise self._wrong("base_url", f"{partner.name}'s endpoints come from the catalog", "region and scope choose the endpoint")
        if not config.model:
            raise self._wrong("model", "is missing", f"a model of {partner.name}")
        region = self._chosen_region(partner)
        scope = self._scope(partner, region)
        name = spoken(config, partner, self._refuse)
        dialect = partner.dialects[name]
        at = self._at(partner, region, dialect.path)
        if dialect.key != "none" and config.api_key is None:
            raise self._wrong("api_key", "is missing", 'for example api_key = { env = "…_API_KEY" }')
        if config.covered_person is False and partner.group.covered_person:
            raise self._contradicts("covered_person", f"declares false, but {partner.cited(partner.group)}", "leave it out")
        storage, operator = self._storage(partner, region), self._operator(partner, region)
        access = self._narrowed("access", reach(partner, region, storage, operator, self._vocabulary), partner, region)
        facts = law.Provider(
            id=config.id, kind="cloud", operator_region=operator,
            covered_person=partner.group.covered_person or bool(config.covered_person),
            processing=self._processing(partner, scope), storage=storage, access=access,
        )  # fmt: skip
        profile = partners_model(config, partner, name, self._refuse)
        made = self._made(facts, name, profile, at=at)
        stores = tuple(f"{store.host}:443" for store in region.stores) if dialect.stores else ()
        return msgspec.structs.replace(
            made, key=dialect.key, renames=tuple(dialect.wire.rename.items()) if dialect.wire is not None else (),
            downloads=(made.egress,) if config.stand_in and dialect.stores else stores, sends=tuple(scope.send.items()),
        )  # fmt: skip

    # -- choosing ------------------------------------------------------------------------------------------------

    def _chosen_region(self, partner: Partner) -> Region:
        for region in partner.regions:
            if region.id == self._config.region:
                return region
        reason = f"`{self._config.region[:64]}` is no region of {partner.name}" if self._config.region else "is missing"
        raise self._wrong("region", reason, f"one of: {', '.join(region.id for region in partner.regions)}")

    def _scope(self, partner: Partner, region: Region) -> Scope:
        named = self._config.scope
        scopes = {scope.id: scope for scope in region.scopes}
        scope = scopes.get(named) if named else (region.scopes[0] if len(scopes) == 1 else None)
        if scope is None:
            reason = f"`{named[:64]}` is not offered in {region.id}" if named else f"is missing: {region.id} offers several"
            raise self._wrong("scope", reason, f"one of: {', '.join(scopes)} (it decides where inference runs)")
        if not scope.takes(self._config.model):
            others = [f'scope = "{other.id}"' for other in region.scopes if other.models and other.takes(self._config.model)]
            raise self._contradicts(
                "model", f"`{self._config.model[:64]}` does not run in scope {scope.id}: {partner.cited(scope)}",
                f"a model whose name is of the form of `{scope.such_as}`, or {' or '.join(others) or 'another scope'}",
            )  # fmt: skip
        return scope

    def _at(self, partner: Partner, region: Region, path: str) -> Endpoint:
        host, path = self._host(partner, region), path.replace("{region}", region.id)
        project = self._config.project
        if project and "{project}" not in path:
            raise self._wrong("project", f"is in no path of {partner.name}", "leave it out")
        if "{project}" in path and not _PROJECT.fullmatch(project):
            raise self._wrong(
                "project", f"`{project[:64]}` is no project id" if project else "is missing", "the project's id from the console"
            )
        path = path.replace("{project}", project)
        if not self._config.stand_in:
            return endpoint(f"https://{host}{path}")
        at = self._endpoint("stand_in", self._config.stand_in)
        if not at.loopback:
            raise self._wrong("stand_in", "a stand-in is a lab partner on this machine", "a loopback URL, or leave it out")
        return at._replace(base=at.base + path)

    def _host(self, partner: Partner, region: Region) -> str:
        workspace = self._config.workspace.lower()
        if workspace:
            if not region.workspace_host:
                raise self._wrong("workspace", f"{partner.name} has no workspace hosts", "leave it out")
            if not _WORKSPACE.fullmatch(workspace):
                raise self._wrong("workspace", "is not letters, digits and hyphens", "copy the workspace id from the partner's console")
            return region.workspace_host.replace("{workspace}", workspace)
        if not region.hosts:
            raise self._wrong("workspace", f"is missing: {region.id} has workspace hosts only", "the workspace id of the partner's console")
        return region.hosts[0]

    # -- places --------------------------------------------------------------------------------------------------

    def _processing(self, partner: Partner, scope: Scope) -> law.Place:
        """The scope's.  A pool is scheduled by the partner alone: no declaration keeps a request in one part of it."""
        if scope.processing is None:
            return self._whole(partner, scope)
        known = self._known(scope.processing)
        if self._config.processing is None:
            return known
        declared = self._declared("processing")
        pool = scope.pool or isinstance(known, law.AnyExcept)
        if not inside(declared, known, self._vocabulary) or (pool and declared != known):
            raise self._contradicts(
                "processing", f"declares {said(declared)}, but in scope {scope.id} it is {said(known)}: {partner.cited(scope)}",
                "choose the scope that stays there, or leave it out",
            )  # fmt: skip
        return declared

    def _whole(self, partner: Partner, scope: Scope) -> law.Place:
        """What no source bounds is the operator's to declare; what is known to be a part of it is not left out."""
        if self._config.processing is None:
            raise self._wrong(
                "processing", f"no source says where {partner.name} computes in scope {scope.id}", "declare it from your contract"
            )
        declared, part = self._declared("processing"), self._known(scope.among)
        if not inside(part, declared, self._vocabulary):
            raise self._contradicts(
                "processing", f"declares {said(declared)}, but in scope {scope.id} it is at least {said(part)}: {partner.cited(scope)}",
                f"declare {said(part)}, and what else your contract says",
            )  # fmt: skip
        return declared

    def _storage(self, partner: Partner, region: Region) -> law.Place:
        if region.storage is not None:
            return self._narrowed("storage", self._known(region.storage), partner, region)
        if self._config.storage is None:
            raise self._wrong("storage", f"no source says where {partner.name} stores what it is sent", "declare it from your contract")
        return self._declared("storage")

    def _operator(self, partner: Partner, region: Region) -> str:
        if self._config.operator is None:
            if not region.organised:
                raise self._wrong("operator", f"no source says which entity of {partner.name} contracts", "the region it is organised in")
            return region.organised
        declared = self._region("operator", self._config.operator)
        entities = {entity.organised: entity.name for entity in partner.entities}
        if entities and declared not in entities:
            names = "; ".join(f"{at}: {name}" for at, name in entities.items())
            raise self._contradicts("operator", f"declares {declared}, where no entity of {partner.name} is known to contract", names)
        return declared

    def _known(self, where: Where) -> law.Place:
        return place(where, self._vocabulary)

    def _declared(self, name: str) -> law.Place:
        where = getattr(self._config, name)
        if not where:
            raise self._wrong(name, "is missing", f'for example {name} = ["CN"]')
        try:
            return place(where, self._vocabulary)
        except KeyError as error:
            raise self._no_region(name, str(error.args[0])) from None

    def _narrowed(self, name: str, known: law.Place, partner: Partner, source: Sourced) -> law.Place:
        """What is declared, if it lies within what is known; else what is known."""
        if getattr(self._config, name) is None:
            return known
        declared = self._declared(name)
        if not inside(declared, known, self._vocabulary):
            raise self._contradicts(
                name, f"declares {said(declared)}, but it is {said(known)}: {partner.cited(source)}", "declare no more than that"
            )
        return declared

    def _region(self, name: str, region: str) -> str:
        try:
            return self._vocabulary.canonical(region)
        except KeyError:
            raise self._no_region(name, region) from None

    # -- the rest ------------------------------------------------------------------------------------------------

    def _endpoint(self, name: str, url: str) -> Endpoint:
        try:
            return endpoint(url)
        except BadAddress as error:
            raise self._wrong(name, error.why, error.mend) from None

    def _made(
        self, facts: law.Provider, dialect: str, profile: ModelProfile, *, at: Endpoint | None = None, plaintext_at: str = "upstream"
    ) -> Deployment:
        config = self._config
        evidence = self._vocabulary.sorted_evidence(self._evidence)
        return Deployment(
            id=config.id, provider=config.provider, dialect=dialect, features=features(dialect), region=config.region,
            project=config.project, model=config.model, base_url=at.base if at is not None else "",
            egress=at.egress if at is not None else "",
            facts=msgspec.structs.replace(
                facts, role=config.role, mechanisms=evidence.mechanisms, filings=evidence.filings, certifications=evidence.certifications,
                trains_on_input=config.trains_on_input,
            ),
            safeguards=evidence.safeguards, evidence=self._evidence, profile=profile, stand_in=bool(config.stand_in),
            plaintext_at=plaintext_at, priority=config.priority,
        )  # fmt: skip

    def _valid_evidence(self, as_of: date) -> frozenset[str]:
        try:
            return self._vocabulary.valid_evidence(self._config.evidence, as_of)
        except OperatorError as error:
            raise OperatorError(str(error), code=error.code, hint=error.hint, field=f"{self._field}.evidence") from None

    def _only(self, provider: str, *allowed: str) -> None:
        default = DeploymentConfig(id=self._config.id, provider=provider)
        for name in DeploymentConfig.__struct_fields__:
            if name not in ("id", "provider", *allowed) and getattr(self._config, name) != getattr(default, name):
                raise self._wrong(name, "says nothing about the model on this device", "leave it out")
