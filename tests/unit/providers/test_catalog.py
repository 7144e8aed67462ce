# SPDX-License-Identifier: Apache-2.0
"""The catalog itself: no fact without its page and day, and what it makes of dialects, models, projects and stores."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import AnyExceptConfig, DeploymentConfig, SecretRef
from comity.errors import OperatorError
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.facts import AnyExcept
from comity.providers.base import Deployment
from comity.providers.catalog import dialects as tables
from comity.providers.catalog.hosts import endpoint
from comity.providers.catalog.load import decoded, partners
from comity.providers.catalog.resolve import resolve
from comity.providers.catalog.shapes import Partner

DATA = files("comity.providers.catalog").joinpath("data")
RAW = {each.name.removesuffix(".toml"): tomllib.loads(each.read_text(encoding="utf-8")) for each in DATA.iterdir()}
KEY = SecretRef(env="A_KEY")
CN, EU, US = frozenset({"CN"}), frozenset({"EU"}), frozenset({"US"})
BEIJING: dict[str, Any] = {"provider": "alibaba", "region": "cn-beijing", "model": "qwen-plus"}
SINGAPORE = BEIJING | {"region": "ap-southeast-1"}
FRANKFURT = BEIJING | {"region": "eu-central-1", "workspace": "ws-1"}
BEDROCK: dict[str, Any] = {"provider": "bedrock", "region": "eu-central-1", "operator": "LU", "storage": frozenset({"DE"})}
AZURE: dict[str, Any] = {
    "provider": "azure", "region": "swedencentral", "workspace": "res", "model": "mine", "operator": "IE", "storage": frozenset({"SE"})
}  # fmt: skip
VERTEX: dict[str, Any] = {"provider": "vertex", "region": "eu", "model": "gemini-2.5-flash", "project": "a-project", "operator": "IE"}
OWN: dict[str, Any] = {
    "provider": "self-hosted", "model": "m", "base_url": "http://127.0.0.1:8000/v1", "operator": "US",
    "processing": US, "storage": US, "access": US,
}  # fmt: skip


@pytest.fixture
def every_dialect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spoken by an adapter, whichever of them this version has."""
    known = {name: dict(table) for name, table in tables.dialects().items()}
    spoken = {
        name: {operation: {} for operation in each.operations} for partner in partners().values() for name, each in partner.dialects.items()
    }
    monkeypatch.setattr(tables, "dialects", lambda: spoken | known)


def made(members: dict[str, Any]) -> Deployment:
    config = DeploymentConfig(**{"id": "here", "api_key": KEY, **members})
    return resolve(config, vocabulary=load_vocabulary(), as_of=date(2026, 11, 26), field="deployments[0]")


def refused(members: dict[str, Any], member: str, code: str = "deployment.contradiction") -> OperatorError:
    with pytest.raises(OperatorError) as caught:
        made(members)
    assert (caught.value.field, caught.value.code) == (f"deployments[0].{member}", code), caught.value
    assert caught.value.hint
    return caught.value


# -- every fact has a page and a day ---------------------------------------------------------------------------------


def tables_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from tables_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from tables_in(inner)


@pytest.mark.parametrize("name", RAW)
def test_a_fact_whose_source_is_stripped_is_refused(name: str) -> None:
    """Each in its turn, in every file: the table's source, and of each source its page, its day and what it says."""
    whole = RAW[name]
    msgspec.convert(whole, Partner, strict=True)
    stripped = 0
    for table in tables_in(whole):
        for member in ("source", "url", "read", "says"):
            if isinstance(table.get(member), str | date):
                kept = table.pop(member)
                with pytest.raises(msgspec.ValidationError, match=rf"missing required field `{member}`"):
                    msgspec.convert(whole, Partner, strict=True)
                table[member] = kept
                stripped += 1
    assert stripped >= 4 + 3 * len(whole["sources"])
    for key in list(whole["sources"]):
        kept = whole["sources"].pop(key)
        with pytest.raises(msgspec.ValidationError, match=key):
            msgspec.convert(whole, Partner, strict=True)
        whole["sources"][key] = kept
    assert msgspec.convert(whole, Partner, strict=True) == partners()[name]


@pytest.mark.parametrize(("old", "new"), [("https://", "http://"), ('says = "', 'says = ""\n# "')])
def test_a_source_is_a_page_that_says_something(old: str, new: str) -> None:
    text = DATA.joinpath("mistral.toml").read_text(encoding="utf-8")
    assert decoded(text).id == "mistral"
    with pytest.raises(ValueError, match=r"a source is a page"):
        decoded(text.replace(old, new, 1))


def test_each_source_was_read_lately_and_each_partner_is_under_its_own_name() -> None:
    for name, partner in partners().items():
        assert RAW[name]["id"] == name == partner.id and re.fullmatch(r"[a-z]+", name)
        assert all(source.read >= date(2026, 1, 1) for source in partner.sources.values())


def test_every_host_is_one_that_everyone_reads_alike_and_its_partners() -> None:
    for partner in partners().values():
        for region in partner.regions:
            for host in (*region.hosts, *(store.host for store in region.stores), region.workspace_host.replace("{workspace}", "w")):
                if host:
                    assert endpoint(f"https://{host}").host == host
                    assert any(host.endswith(domain) for domain in partner.domains), host


# -- places that contradict the catalog ------------------------------------------------------------------------------


@pytest.mark.usefixtures("every_dialect")
@pytest.mark.parametrize(
    ("members", "member"),
    [
        (SINGAPORE | {"processing": CN}, "processing"),  # declared CN, and its host is Singapore's
        (SINGAPORE | {"storage": CN}, "storage"),
        (FRANKFURT | {"scope": "global", "processing": frozenset({"DE"})}, "processing"),  # Global, declared as in-region
        (FRANKFURT | {"scope": "global", "processing": EU}, "processing"),
        (BEDROCK | {"scope": "in-region", "model": "eu.amazon.nova-pro-v1:0", "processing": frozenset({"DE"})}, "model"),
        (BEDROCK | {"scope": "in-region", "model": "us.amazon.nova-pro-v1:0", "processing": frozenset({"DE"})}, "model"),
        (BEDROCK | {"scope": "in-region", "model": "global.amazon.nova-pro-v1:0", "processing": frozenset({"DE"})}, "model"),
        (BEDROCK | {"scope": "in-region", "model": "apac.amazon.nova-pro-v1:0", "processing": frozenset({"DE"})}, "model"),
        (BEDROCK | {"scope": "in-region", "model": "arn:aws:bedrock:eu-central-1:1:application-inference-profile/x",
                    "processing": frozenset({"DE"})}, "model"),
        (BEDROCK | {"scope": "eu-profile", "model": "eu.amazon.nova-pro-v1:0", "processing": frozenset({"DE"})}, "processing"),
        (BEDROCK | {"scope": "global-profile", "model": "global.amazon.nova-pro-v1:0", "processing": EU}, "processing"),
        (BEDROCK | {"scope": "eu-profile", "model": "amazon.nova-pro-v1:0"}, "model"),
        (BEDROCK | {"scope": "in-region", "model": "amazon.nova-pro-v1:0", "processing": US}, "processing"),
        (AZURE | {"scope": "standard", "processing": frozenset({"DE"})}, "processing"),
        (AZURE | {"scope": "data-zone", "processing": frozenset({"SE"})}, "processing"),
        (AZURE | {"scope": "global", "processing": EU}, "processing"),
        (VERTEX | {"region": "global", "storage": EU, "processing": EU}, "processing"),
        (VERTEX | {"processing": frozenset({"DE"})}, "processing"),
    ],
)  # fmt: skip
def test_a_place_that_contradicts_its_endpoint_or_scope_is_refused(members: dict[str, Any], member: str) -> None:
    error = refused(members, member)
    assert "(read 2026-" in str(error) and "https://" in str(error)


@pytest.mark.usefixtures("every_dialect")
@pytest.mark.parametrize("members", [FRANKFURT, BEDROCK | {"model": "amazon.nova-pro-v1:0"}, AZURE])
def test_a_scope_is_never_guessed(members: dict[str, Any]) -> None:
    assert "one of: " in refused(members, "scope", "deployment.invalid").hint


@pytest.mark.usefixtures("every_dialect")
def test_a_name_that_chooses_another_scope_is_told_which() -> None:
    error = refused(BEDROCK | {"scope": "in-region", "model": "eu.amazon.nova-pro-v1:0", "processing": EU}, "model")
    assert 'scope = "eu-profile"' in error.hint and "`amazon.nova-pro-v1:0`" in error.hint
    error = refused(BEIJING | {"region": "us-east-1", "scope": "global", "model": "qwen-plus-us"}, "model")
    assert 'scope = "us"' in error.hint  # it would stay inside, and the declaration is wrong all the same


@pytest.mark.usefixtures("every_dialect")
def test_what_no_page_says_is_declared_and_what_is_known_of_it_is_not_left_out() -> None:
    members = BEDROCK | {"scope": "in-region", "model": "amazon.nova-pro-v1:0"}
    assert "no source says" in str(refused(members, "processing", "deployment.invalid"))
    assert made(members | {"processing": frozenset({"DE"})}).facts.processing == frozenset({"DE"})
    assert made(members | {"processing": frozenset({"DE", "PL"})}).facts.processing == frozenset({"DE", "PL"})
    assert made(BEDROCK | {"scope": "eu-profile", "model": "eu.amazon.nova-pro-v1:0"}).facts.processing == EU
    refused({name: said for name, said in members.items() if name != "operator"}, "operator", "deployment.invalid")
    deepseek = {"provider": "deepseek", "region": "china", "model": "deepseek-chat", "processing": CN}
    assert made(deepseek).facts.storage == CN and made(deepseek).facts.covered_person
    refused(deepseek | {"storage": US}, "storage")
    assert made(members | {"processing": frozenset({"DE"})}).facts.access == frozenset({"DE", "LU", "US"})
    assert made(AZURE | {"scope": "global"}).facts.processing == AnyExcept(any_except=frozenset())


def test_a_host_that_several_regions_share_shows_none_of_them() -> None:
    azure = partners()["azure"]
    assert azure.region_of("mine.openai.azure.com") == ""
    error = refused(OWN | {"base_url": "https://mine.openai.azure.com/openai/v1"}, "base_url")
    assert error.hint == 'provider = "azure"'


# -- dialects --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("every_dialect")
@pytest.mark.parametrize(
    ("members", "dialect", "base", "key"),
    [
        (BEIJING, "openai", "https://dashscope.aliyuncs.com:443/compatible-mode/v1", "bearer"),
        (BEIJING | {"dialect": "dashscope"}, "dashscope", "https://dashscope.aliyuncs.com:443/api/v1", "bearer"),
        (BEIJING | {"model": "gte-rerank-v2"}, "dashscope", "https://dashscope.aliyuncs.com:443/api/v1", "bearer"),
        (BEIJING | {"model": "x", "operations": frozenset({"speech"})}, "dashscope", "https://dashscope.aliyuncs.com:443/api/v1", "bearer"),
        (AZURE | {"scope": "standard"}, "openai", "https://res.openai.azure.com:443/openai/v1", "header:api-key"),
        (VERTEX, "gemini", "https://aiplatform.eu.rep.googleapis.com:443/v1/projects/a-project/locations/eu/publishers/google", "google"),
        (BEDROCK | {"scope": "eu-profile", "model": "eu.amazon.nova-pro-v1:0"}, "bedrock",
         "https://bedrock-runtime.eu-central-1.amazonaws.com:443", "sigv4"),
        ({"provider": "anthropic", "region": "global", "scope": "us", "model": "m", "storage": US}, "anthropic",
         "https://api.anthropic.com:443/v1", "header:x-api-key"),
    ],
)  # fmt: skip
def test_a_dialect_has_its_path_and_its_way_to_show_a_key(members: dict[str, Any], dialect: str, base: str, key: str) -> None:
    deployment = made(members)
    assert (deployment.dialect, deployment.base_url, deployment.key) == (dialect, base, key)
    assert deployment.egress == base.split("/")[2]


@pytest.mark.usefixtures("every_dialect")
def test_a_dialect_that_is_not_spoken_is_refused() -> None:
    assert "openai, dashscope" in refused(BEIJING | {"dialect": "anthropic"}, "dialect", "deployment.invalid").hint
    refused(OWN | {"dialect": "esperanto"}, "dialect", "deployment.invalid")
    refused(OWN | {"dialect": "embedded"}, "dialect", "deployment.invalid")


def test_a_dialect_without_an_adapter_is_refused_with_those_that_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "dialects", lambda: {"openai": {"chat": {}}})
    assert refused(BEIJING | {"dialect": "dashscope"}, "dialect", "deployment.invalid").hint == "one of: openai"
    anthropic = {"provider": "anthropic", "region": "global", "scope": "us", "model": "m"}
    assert "another partner" in refused(anthropic, "dialect", "deployment.invalid").hint


@pytest.mark.usefixtures("every_dialect")
@pytest.mark.parametrize("project", ["", "A", "a b", "../x", "a/b", "a" * 31, "1project", "project-", "pröject"])
def test_a_project_is_an_id_and_nothing_else(project: str) -> None:
    refused(VERTEX | {"project": project}, "project", "deployment.invalid")


@given(st.text(max_size=40))
def test_no_project_leads_out_of_its_path(project: str) -> None:
    try:
        base = made(VERTEX | {"project": project, "dialect": "openai"}).base_url
    except OperatorError as error:
        assert error.field == "deployments[0].project"
        return
    assert re.fullmatch(r"https://[a-z.]+:443/v1beta1/projects/[a-z0-9-]+/locations/eu/endpoints/openapi", base)


def test_a_project_belongs_to_partners_whose_paths_name_one() -> None:
    refused(BEIJING | {"project": "a-project"}, "project", "deployment.invalid")
    refused(OWN | {"project": "a-project"}, "project", "deployment.invalid")


# -- models ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("every_dialect")
@pytest.mark.parametrize(
    ("members", "operations", "inputs"),
    [
        (BEIJING, {"chat"}, set()),
        (BEIJING | {"model": "nobody-knows-it"}, {"chat"}, set()),
        (BEIJING | {"model": "nobody-knows-it", "inputs": frozenset({"image"})}, {"chat"}, {"image"}),
        (BEIJING | {"model": "text-embedding-v4"}, {"embeddings"}, set()),
        (BEIJING | {"model": "qwen3-vl-plus-2025-12-19"}, {"chat"}, {"image"}),
        (BEIJING | {"model": "qwen3-vl-plus", "inputs": frozenset()}, {"chat"}, set()),
        (BEIJING | {"model": "qwen3-asr-flash"}, {"chat", "transcription"}, {"audio"}),
        (BEIJING | {"model": "qwen3-asr-flash", "operations": frozenset({"chat"})}, {"chat"}, {"audio"}),
        (BEIJING | {"model": "qwen3-asr-flash", "dialect": "openai"}, {"chat"}, {"audio"}),  # no transcription there
        (BEIJING | {"model": "qwen3-asr-flash-filetrans-2025"}, {"transcription"}, set()),  # the closer entry
        (BEIJING | {"model": "paraformer-v2"}, {"transcription"}, set()),
        (BEIJING | {"model": "paraformers"}, {"chat"}, set()),  # a name is not its beginning
        (OWN, {"chat"}, set()),
        (OWN | {"operations": frozenset({"chat", "rerank"}), "inputs": frozenset({"image"})}, {"chat", "rerank"}, {"image"}),
    ],
)
def test_what_a_model_does_is_the_catalogs_or_declared(members: dict[str, Any], operations: set[str], inputs: set[str]) -> None:
    profile = made(members).profile
    assert (profile.operations, profile.inputs) == (operations, inputs)


@pytest.mark.usefixtures("every_dialect")
@pytest.mark.parametrize(
    ("members", "member", "code"),
    [
        (BEIJING | {"operations": frozenset({"song"})}, "operations", "deployment.invalid"),
        (OWN | {"operations": frozenset({"song"})}, "operations", "deployment.invalid"),
        (BEIJING | {"operations": frozenset()}, "operations", "deployment.invalid"),
        (BEIJING | {"inputs": frozenset({"smell"})}, "inputs", "deployment.invalid"),
        (BEIJING | {"operations": frozenset({"rerank"})}, "operations", "deployment.contradiction"),  # of a model that chats
        (BEIJING | {"model": "x", "dialect": "openai", "operations": frozenset({"rerank"})}, "operations", "deployment.contradiction"),
        (BEIJING | {"model": "gte-rerank-v2", "dialect": "openai"}, "dialect", "deployment.invalid"),
        (BEIJING | {"model": "qwen3-vl-plus", "inputs": frozenset({"audio"})}, "inputs", "deployment.contradiction"),
        (BEIJING | {"context_tokens": 2_000_000}, "context_tokens", "deployment.contradiction"),
    ],
)
def test_what_is_declared_of_a_model_is_held_against_the_catalog(members: dict[str, Any], member: str, code: str) -> None:
    refused(members, member, code)


def test_a_model_that_takes_no_tools_is_not_declared_to(monkeypatch: pytest.MonkeyPatch) -> None:
    openai = partners()["openai"]
    told = msgspec.structs.replace(openai.models[0], tools=False)
    members = {"provider": "openai", "region": "us", "model": told.id, "tools": True}
    assert made(members).profile.tools
    monkeypatch.setattr("comity.providers.catalog.resolve.partners", lambda: {"openai": msgspec.structs.replace(openai, models=(told,))})
    refused(members, "tools")
    assert not made(members | {"tools": None}).profile.tools


# -- stores ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("every_dialect")
def test_only_a_dialect_that_names_stores_may_reach_them() -> None:
    assert made(BEIJING).downloads == ()
    stores = made(BEIJING | {"dialect": "dashscope"}).downloads
    assert "dashscope-result-bj.oss-cn-beijing.aliyuncs.com:443" in stores
    assert all(re.fullmatch(r"dashscope-(result|file)-[a-z0-9-]+\.oss-cn-[a-z0-9-]+\.aliyuncs\.com:443", store) for store in stores)
    singapore = made(SINGAPORE | {"dialect": "dashscope"}).downloads
    assert singapore == ("dashscope-result-sgp.oss-ap-southeast-1.aliyuncs.com:443",)
    assert made(BEIJING | {"dialect": "dashscope", "stand_in": "http://127.0.0.1:9009"}).downloads == ("127.0.0.1:9009",)
    assert made(FRANKFURT | {"scope": "european-union", "dialect": "dashscope"}).downloads == ()


def test_a_declaration_of_anywhere_is_no_part_of_a_country() -> None:
    refused(BEIJING | {"processing": AnyExceptConfig(any_except=frozenset())}, "processing")
