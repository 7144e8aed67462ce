# SPDX-License-Identifier: Apache-2.0
"""From what an operator declares and what the catalog knows to one checked Deployment.

A declaration may narrow what the catalog says and never contradict it; a host whose scope has no source is refused.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

import msgspec

from comity.config import AnyExceptConfig, DeploymentConfig, PlaceConfig
from comity.errors import OperatorError
from comity.jurisdictions.vocab import Vocabulary
from comity.policy import facts as law
from comity.providers.base import Deployment, ModelProfile
from comity.providers.catalog.load import Partner, Region, Where, partner_of, partners

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_WORKSPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
EMBEDDED_CONTEXT_TOKENS = 4096


def resolve(config: DeploymentConfig, *, vocabulary: Vocabulary, as_of: date, field: str = "deployments[0]") -> Deployment:
    """Raises OperatorError naming the member below ``field``, the reason and the mend."""
    return _Resolver(config, vocabulary, as_of, field).deployment()


class _Resolver:
    def __init__(self, config: DeploymentConfig, vocabulary: Vocabulary, as_of: date, field: str) -> None:
        self._config, self._vocabulary, self._field = config, vocabulary, field
        self._evidence = self._valid_evidence(as_of)

    def deployment(self) -> Deployment:
        config = self._config
        if not ID.fullmatch(config.id):
            raise self._wrong("id", f"`{config.id[:64]}` is not lower-case letters, digits and hyphens", "for example qwen-beijing")
        if config.stand_in and not _loopback(urlsplit(config.stand_in).hostname or ""):
            raise self._wrong("stand_in", "a stand-in is a lab partner on this machine", "a loopback URL, or leave it out")
        if config.provider == "embedded":
            return self._embedded()
        if config.provider == "self-hosted":
            return self._self_hosted()
        partner = partners().get(config.provider)
        if partner is None:
            known = ", ".join(("embedded", "self-hosted", *partners()))
            raise self._wrong("provider", f"`{config.provider[:64]}` is not in the catalog", f"one of: {known}")
        return self._partner(partner)

    # -- the three kinds -----------------------------------------------------------------------------------------

    def _embedded(self) -> Deployment:
        self._only("embedded", "model", "context_tokens", "evidence", "tools")
        profile = ModelProfile(context_tokens=self._config.context_tokens or EMBEDDED_CONTEXT_TOKENS, tools=bool(self._config.tools))
        # Where it processes is where its person is: the gateway fills that in.
        return self._made(
            kind="on_device", dialect="embedded", base_url="", egress="", processing=frozenset(), storage=frozenset(), access=frozenset(),
            operator=None, covered_person=False, profile=profile, plaintext_at="device",
        )  # fmt: skip

    def _self_hosted(self) -> Deployment:
        config = self._config
        if not config.base_url:
            raise self._wrong("base_url", "is missing", 'for example base_url = "https://llm.example.com/v1"')
        for name in ("region", "scope", "workspace"):
            if getattr(config, name):
                raise self._wrong(name, "belongs to a partner of the catalog, not to a self-hosted deployment", "leave it out")
        base, egress, host = self._url("base_url", config.base_url)
        known = partner_of(host)
        if known is not None:
            region = known.region_of(host)
            raise self._wrong(
                "base_url", f"`{host}` is an endpoint of {known.name}{f' in {region}' if region else ''}: the catalog says what it is",
                f'provider = "{known.id}"' + (f', region = "{region}"' if region else ""),
            )  # fmt: skip
        places = {name: self._declared(name, required=True) for name in ("processing", "storage", "access")}
        if config.operator is None:
            raise self._wrong("operator", "is missing", "the region where the entity that runs it is organised")
        return self._made(
            kind="self_hosted", dialect="openai", base_url=base, egress=egress, operator=self._region("operator", config.operator),
            covered_person=bool(config.covered_person), profile=self._profile(ModelProfile()), plaintext_at="upstream", **places,
        )  # fmt: skip

    def _partner(self, partner: Partner) -> Deployment:
        config = self._config
        if config.base_url:
            raise self._wrong(
                "base_url", f"{partner.name}'s endpoints come from the catalog", "leave it out; region and scope choose the endpoint"
            )
        if not config.model:
            raise self._wrong("model", "is missing", f"a model of {partner.name}")
        region = self._chosen_region(partner)
        host = self._host(partner, region)
        if partner.needs_key and config.api_key is None:
            raise self._wrong("api_key", "is missing", 'for example api_key = { env = "…_API_KEY" }')
        processing = self._place(region.scopes[self._scope(partner, region)])
        if region.storage is None and config.storage is None:
            raise self._wrong("storage", f"no source says where {partner.name} stores what it is sent", "declare it from your contract")
        storage = self._place(region.storage) if region.storage is not None else self._declared("storage")
        widest = self._place(region.access) if region.access is not None else self._all(storage, region.operator, partner.parent)
        if config.stand_in:
            base, egress, _ = self._url("stand_in", config.stand_in)
            base += partner.path
        else:
            base, egress = f"https://{host}{partner.path}", f"{host}:443"
        covered = partner.covered_person or bool(config.covered_person)
        models = partner.models
        profile = ModelProfile(
            context_tokens=models.context_tokens, tools=models.tools, json_schema=models.json_schema, languages=frozenset(models.languages)
        )
        return self._made(
            kind="cloud", dialect=partner.dialect, base_url=base, egress=egress, covered_person=covered,
            processing=self._narrowed("processing", processing, partner), storage=self._narrowed("storage", storage, partner),
            access=self._narrowed("access", widest, partner), operator=self._operator(region, partner), profile=self._profile(profile),
            plaintext_at="upstream",
        )  # fmt: skip

    # -- choosing ------------------------------------------------------------------------------------------------

    def _chosen_region(self, partner: Partner) -> Region:
        ids = [region.id for region in partner.regions]
        if not self._config.region and len(ids) == 1:
            return partner.regions[0]
        for region in partner.regions:
            if region.id == self._config.region:
                return region
        said = f"`{self._config.region[:64]}` is no region of {partner.name}" if self._config.region else "is missing"
        raise self._wrong("region", said, f"one of: {', '.join(ids)}")

    def _scope(self, partner: Partner, region: Region) -> str:
        scope = self._config.scope or (next(iter(region.scopes)) if len(region.scopes) == 1 else "")
        if scope in region.scopes:
            return scope
        if not region.scopes:
            raise self._wrong(
                "region", f"no source says where {region.id} computes", "choose another region, or bring a source to the catalog"
            )
        said = f"`{scope[:64]}` is not offered in {region.id}" if scope else f"is missing: {region.id} offers several"
        raise self._wrong("scope", said, f"one of: {', '.join(region.scopes)} (it decides where inference runs)")

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

    def _operator(self, region: Region, partner: Partner) -> str:
        declared = self._config.operator
        if declared is not None and self._region("operator", declared) != region.operator:
            raise self._contradiction("operator", declared, f"{partner.name} in {region.id} is operated from {region.operator}", partner)
        return region.operator

    # -- places --------------------------------------------------------------------------------------------------

    def _place(self, where: Where) -> law.Place:
        if isinstance(where, AnyExceptConfig):
            return law.AnyExcept(any_except=where.any_except)
        return frozenset(where)

    def _declared(self, name: str, *, required: bool = False) -> law.Place:
        place: PlaceConfig | None = getattr(self._config, name)
        if place is None or place == frozenset():
            if not required and place is None:
                return frozenset()
            raise self._wrong(name, "is missing", f'for example {name} = ["CN"]')
        regions = place.any_except if isinstance(place, AnyExceptConfig) else place
        kept = frozenset(self._region(name, region) for region in regions)
        return law.AnyExcept(any_except=kept) if isinstance(place, AnyExceptConfig) else kept

    def _narrowed(self, name: str, known: law.Place, partner: Partner) -> law.Place:
        """What is declared, if it lies within what is known; else what is known."""
        if getattr(self._config, name) is None:
            return known
        declared = self._declared(name, required=True)
        if not self._inside(declared) <= self._inside(known):
            raise self._contradiction(name, _said(declared), f"{partner.name} says {_said(known)}", partner)
        return declared

    def _inside(self, place: law.Place) -> frozenset[str]:
        if isinstance(place, law.AnyExcept):
            out = self._vocabulary.anywhere_but(place.any_except)
            return out.union(*(self._vocabulary.members(region) for region in out))
        return frozenset().union(*(self._vocabulary.members(region) for region in place))

    def _all(self, storage: law.Place, *more: str) -> law.Place:
        return storage if isinstance(storage, law.AnyExcept) else storage | set(more)

    def _region(self, name: str, region: str) -> str:
        try:
            return self._vocabulary.canonical(region)
        except KeyError:
            raise self._wrong(name, f"`{region[:16]}` is not a region of ISO 3166", "for example CN, DE, EEA") from None

    # -- the rest ------------------------------------------------------------------------------------------------

    def _url(self, name: str, url: str) -> tuple[str, str, str]:
        """(base without trailing slash, exact host:port, host)."""
        try:
            parts = urlsplit(url)
            port, host = parts.port, (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
        except (ValueError, UnicodeError):
            raise self._wrong(name, "is not a URL", "for example https://llm.example.com/v1") from None
        if parts.scheme not in ("http", "https") or not host or any(letter.isspace() or ord(letter) < 33 for letter in url):
            raise self._wrong(name, "is not an http or https URL", "for example https://llm.example.com/v1")
        if parts.username is not None or parts.query or parts.fragment or "\\" in url:
            raise self._wrong(name, "holds more than scheme, host, port and path", "credentials go into `api_key`")
        if parts.scheme == "http" and not _loopback(host):
            raise self._wrong(name, "is plain http to another machine", "use https: what leaves this machine is encrypted")
        shown = f"[{host}]" if ":" in host else host
        egress = f"{shown}:{port or (443 if parts.scheme == 'https' else 80)}"
        return f"{parts.scheme}://{egress}{parts.path.rstrip('/')}", egress, host

    def _profile(self, known: ModelProfile) -> ModelProfile:
        config = self._config
        return msgspec.structs.replace(
            known, context_tokens=config.context_tokens or known.context_tokens, tools=known.tools if config.tools is None else config.tools
        )

    def _made(
        self, *, kind: str, dialect: str, base_url: str, egress: str, processing: law.Place, storage: law.Place, access: law.Place,
        operator: str | None, covered_person: bool, profile: ModelProfile, plaintext_at: str,
    ) -> Deployment:  # fmt: skip
        config = self._config
        evidence = self._vocabulary.sorted_evidence(self._evidence)
        return Deployment(
            id=config.id, provider=config.provider, dialect=dialect, model=config.model, base_url=base_url, egress=egress,
            facts=law.Provider(
                id=config.id, kind=kind, role=config.role, operator_region=operator, covered_person=covered_person, processing=processing,
                storage=storage, access=access, mechanisms=evidence.mechanisms, filings=evidence.filings,
                certifications=evidence.certifications, trains_on_input=config.trains_on_input,
            ),
            safeguards=evidence.safeguards, evidence=self._evidence, profile=profile, stand_in=bool(config.stand_in),
            plaintext_at=plaintext_at,
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

    def _wrong(self, name: str, why: str, mend: str) -> OperatorError:
        return OperatorError(f"{self._field}.{name} {why}", code="deployment.invalid", field=f"{self._field}.{name}", hint=mend)

    def _contradiction(self, name: str, declared: str, known: str, partner: Partner) -> OperatorError:
        return OperatorError(
            f"{self._field}.{name} declares {declared}, but {known}", code="deployment.contradiction", field=f"{self._field}.{name}",
            hint=f"declare no more than that (read {partner.read} at {partner.source})",
        )  # fmt: skip


def _said(place: law.Place) -> str:
    if isinstance(place, law.AnyExcept):
        return "anywhere" + (f" but {', '.join(sorted(place.any_except))}" if place.any_except else "")
    return ", ".join(sorted(place))


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def egress_hosts(deployments: Iterable[Deployment]) -> frozenset[str]:
    """The exact list of `host:port` that this installation may connect to."""
    return frozenset(deployment.egress for deployment in deployments if deployment.egress)
