# SPDX-License-Identifier: Apache-2.0
"""What an operator declares against what the catalog knows: narrowed, never contradicted, each refusal with its member and mend."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from comity.config import AnyExceptConfig, DeploymentConfig, SecretRef
from comity.errors import OperatorError
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.facts import AnyExcept
from comity.providers.base import Deployment
from comity.providers.catalog.dialects import features
from comity.providers.catalog.load import decoded, partner_of, partners
from comity.providers.catalog.resolve import resolve

TODAY = date(2026, 11, 23)
KEY = SecretRef(env="A_KEY")
HERE = frozenset({"US"})
OWN: dict[str, Any] = {
    "provider": "self-hosted", "model": "m", "base_url": "https://llm.example.org/v1", "operator": "US",
    "processing": HERE, "storage": HERE, "access": HERE,
}  # fmt: skip
BEIJING: dict[str, Any] = {"provider": "alibaba", "region": "cn-beijing", "model": "qwen-plus", "api_key": KEY}
VIRGINIA: dict[str, Any] = BEIJING | {"region": "us-east-1", "scope": "us", "model": "qwen-plus-us"}
TOKYO: dict[str, Any] = BEIJING | {"region": "ap-northeast-1", "scope": "japan", "workspace": "ws-1"}
MISTRAL: dict[str, Any] = {"provider": "mistral", "region": "eu", "model": "m", "api_key": KEY, "storage": frozenset({"FR"})}
DEVICE: dict[str, Any] = {"provider": "embedded"}


def made(members: dict[str, Any]) -> Deployment:
    config = DeploymentConfig(**{"id": "here", **members})
    return resolve(config, vocabulary=load_vocabulary(), as_of=TODAY, field="deployments[3]")


def refused(members: dict[str, Any], member: str) -> OperatorError:
    with pytest.raises(OperatorError) as caught:
        made(members)
    error = caught.value
    assert error.field == f"deployments[3].{member}", error
    assert str(error).startswith(error.field) or member == "evidence"
    assert error.hint and not str(error).endswith(".")
    return error


# -- each refusal names its member -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "member"),
    [
        (OWN | {"id": "Upper"}, "id"),
        (OWN | {"id": "-x"}, "id"),
        (OWN | {"id": "x\n"}, "id"),
        (OWN | {"id": "x" * 64}, "id"),
        (OWN | {"provider": "acme"}, "provider"),
        (OWN | {"base_url": ""}, "base_url"),
        (OWN | {"operator": None}, "operator"),
        (OWN | {"operator": "Atlantis"}, "operator"),
        (OWN | {"processing": None}, "processing"),
        (OWN | {"processing": frozenset()}, "processing"),
        (OWN | {"processing": frozenset({"us"})}, "processing"),
        (OWN | {"storage": None}, "storage"),
        (OWN | {"storage": AnyExceptConfig(any_except=frozenset({"XX"}))}, "storage"),
        (OWN | {"access": None}, "access"),
        (OWN | {"region": "cn-beijing"}, "region"),
        (OWN | {"scope": "us"}, "scope"),
        (OWN | {"workspace": "ws"}, "workspace"),
        (OWN | {"stand_in": "http://127.0.0.1:1"}, "stand_in"),
        (OWN | {"evidence": ("eu_tia:tomorrow",)}, "evidence"),
        (OWN | {"evidence": ("a-good-feeling",)}, "evidence"),
        (DEVICE | {"base_url": "http://127.0.0.1/v1"}, "base_url"),
        (DEVICE | {"processing": HERE}, "processing"),
        (DEVICE | {"api_key": KEY}, "api_key"),
        (DEVICE | {"trains_on_input": True}, "trains_on_input"),
        (DEVICE | {"role": "independent_controller"}, "role"),
        (BEIJING | {"base_url": "https://dashscope.aliyuncs.com/compatible-mode/v1"}, "base_url"),
        (BEIJING | {"model": ""}, "model"),
        (BEIJING | {"region": ""}, "region"),
        (BEIJING | {"region": "CN-BEIJING"}, "region"),
        (BEIJING | {"region": "us-west-9"}, "region"),
        (BEIJING | {"scope": "us"}, "scope"),
        (BEIJING | {"workspace": "evil.example.org/x"}, "workspace"),
        (BEIJING | {"workspace": "a.b"}, "workspace"),
        (BEIJING | {"workspace": "a\n"}, "workspace"),
        (BEIJING | {"workspace": "x" * 64}, "workspace"),
        (BEIJING | {"api_key": None}, "api_key"),
        (VIRGINIA | {"scope": ""}, "scope"),
        (TOKYO | {"workspace": ""}, "workspace"),
        (MISTRAL | {"workspace": "ws"}, "workspace"),
        (MISTRAL | {"storage": None}, "storage"),
    ],
)
def test_a_refusal_names_its_member(members: dict[str, Any], member: str) -> None:
    refused(members, member)


@pytest.mark.parametrize(
    ("members", "member"),
    [
        (BEIJING | {"processing": HERE}, "processing"),
        (BEIJING | {"processing": frozenset({"CN", "US"})}, "processing"),
        (BEIJING | {"storage": HERE}, "storage"),
        (BEIJING | {"storage": AnyExceptConfig(any_except=frozenset())}, "storage"),
        (BEIJING | {"access": HERE}, "access"),
        (BEIJING | {"operator": "DE"}, "operator"),
        (BEIJING | {"covered_person": False}, "covered_person"),
        (VIRGINIA | {"model": "qwen-plus"}, "model"),  # its name does not keep it there
        # a pool: the partner schedules it, and no declaration keeps a request in one part of it
        (BEIJING | {"region": "ap-southeast-1", "processing": frozenset({"SG"})}, "processing"),
        (BEIJING | {"region": "ap-southeast-1", "processing": AnyExceptConfig(any_except=frozenset({"CN", "US"}))}, "processing"),
        (MISTRAL | {"processing": frozenset({"US"})}, "processing"),
        (MISTRAL | {"access": frozenset({"CN"})}, "access"),
    ],
)
def test_what_contradicts_the_catalog_is_refused(members: dict[str, Any], member: str) -> None:
    assert refused(members, member).code == "deployment.contradiction"


@pytest.mark.parametrize(
    "host",
    [
        "dashscope.aliyuncs.com", "DashScope.Aliyuncs.COM", "dashscope.aliyuncs.com.", "dashscope.aliyuncs.com:8443",
        "dashscope-us.aliyuncs.com", "new.dashscope.aliyuncs.com", "x.cn-beijing.maas.aliyuncs.com", "aliyuncs.com",
        "xn--dashscop-bza.aliyuncs.com", "API.OPENAI.COM", "api.mistral.ai.:443",
    ],
)  # fmt: skip
def test_a_known_partner_cannot_be_declared_as_ones_own_server_elsewhere(host: str) -> None:
    error = refused(OWN | {"base_url": f"https://{host}/v1"}, "base_url")
    assert error.code == "deployment.contradiction" and 'provider = "' in error.hint


def test_the_mend_names_the_region_where_the_host_is_known() -> None:
    assert (
        refused(OWN | {"base_url": "https://dashscope.aliyuncs.com/v1"}, "base_url").hint == 'provider = "alibaba", region = "cn-beijing"'
    )
    assert 'region = "us-east-1"' in refused(OWN | {"base_url": "https://w.us-east-1.maas.aliyuncs.com/v1"}, "base_url").hint
    assert "region" not in refused(OWN | {"base_url": "https://x.aliyuncs.com/v1"}, "base_url").hint


@pytest.mark.parametrize(
    "url",
    [
        "https://dashscope.aliyuncs.com@llm.example.org/v1", "https://llm.example.org@dashscope.aliyuncs.com/v1",
        "https://user:secret@llm.example.org/v1", "https://llm.example.org\\@dashscope.aliyuncs.com/v1",
        "https://\N{FULLWIDTH LATIN SMALL LETTER D}ashscope.aliyuncs.com/v1", "https://dashscope\N{IDEOGRAPHIC FULL STOP}aliyuncs.com/v1",
        "https://dashscope%2ealiyuncs.com/v1", "https://dashscope.aliyuncs.com%2e/v1", "https://dashscope.aliyuncs.com../v1",
        "https://dash\tscope.aliyuncs.com/v1", " https://llm.example.org/v1", "https://llm.example.org/v1\n",
        "https://llm.example.org:0/v1", "https://llm.example.org:65536/v1", "https://llm.example.org:+443/v1",
        "https://llm.example.org/../v1", "https://llm.example.org//v1", "https://llm.example.org/%2e%2e/v1",
        "https://llm.example.org/v1?key=x", "https://llm.example.org/v1#x", "https://llm.example.org/v1?",
        "https:llm.example.org/v1", "https:///v1", "//llm.example.org/v1", "ftp://llm.example.org/v1", "llm.example.org/v1",
        "https://[::1/v1", "https://[fe80::1%25lo]/v1", "https://[::ffff:8.8.8.8]/v1", "https://[v1.x]/v1",
        "https://127.1/v1", "https://0x7f000001/v1", "https://2130706433/v1", "https://0177.0.0.1/v1", "https://1.2.3.04/v1",
        f"https://{'a' * 64}.org/v1", "https://" + "a." * 127 + "org/v1", "https://-a.org/v1", "https://a..org/v1",
    ],
)  # fmt: skip
def test_an_address_that_two_parsers_may_read_differently_is_refused(url: str) -> None:
    assert refused(OWN | {"base_url": url}, "base_url").code == "deployment.invalid"


@pytest.mark.parametrize("host", ["llm.example.org", "localhost.example.org", "0.0.0.0", "10.0.0.1", "169.254.1.1", "[2001:db8::1]"])
def test_plain_http_is_for_loopback_only(host: str) -> None:
    assert "plain http" in str(refused(OWN | {"base_url": f"http://{host}/v1"}, "base_url"))
    assert made(OWN | {"base_url": f"https://{host}/v1"}).egress == f"{host}:443"


@pytest.mark.parametrize(
    ("url", "base", "egress"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1", "127.0.0.1:8000"),
        ("http://127.9.9.9/", "http://127.9.9.9:80", "127.9.9.9:80"),
        ("http://LocalHost./v1/", "http://localhost:80/v1", "localhost:80"),
        ("http://[0:0::0:1]:81/v1", "http://[::1]:81/v1", "[::1]:81"),
        ("HTTPS://LLM.Example.org./v1/", "https://llm.example.org:443/v1", "llm.example.org:443"),
        ("https://notaliyuncs.com", "https://notaliyuncs.com:443", "notaliyuncs.com:443"),
    ],
)
def test_what_is_connected_to_is_spelled_out(url: str, base: str, egress: str) -> None:
    deployment = made(OWN | {"base_url": url})
    assert (deployment.base_url, deployment.egress) == (base, egress)


# -- what is declared may narrow -------------------------------------------------------------------------------------


def test_the_catalog_fills_in_what_is_not_declared() -> None:
    deployment = made(BEIJING)
    assert deployment.egress == "dashscope.aliyuncs.com:443"
    assert deployment.base_url == "https://dashscope.aliyuncs.com:443/compatible-mode/v1"
    facts = deployment.facts
    assert facts.processing == facts.storage == facts.access == frozenset({"CN"})
    assert facts.operator_region == "CN" and facts.covered_person
    assert made(BEIJING | {"workspace": "WS-1"}).egress == "ws-1.cn-beijing.maas.aliyuncs.com:443"


def test_access_is_from_where_the_group_is_unless_the_contract_says_less() -> None:
    assert made(TOKYO).facts.access == frozenset({"JP", "SG", "CN"})
    assert made(TOKYO | {"access": frozenset({"JP"})}).facts.access == frozenset({"JP"})
    assert refused(TOKYO | {"access": frozenset({"JP", "KR"})}, "access").code == "deployment.contradiction"
    pool = BEIJING | {"region": "ap-southeast-1"}
    assert made(pool).facts.processing == AnyExcept(any_except=frozenset({"CN"}))


def test_a_part_of_what_is_known_may_be_declared() -> None:
    frankfurt = BEIJING | {"region": "eu-central-1", "scope": "european-union", "workspace": "w"}
    assert made(frankfurt | {"processing": frozenset({"DE"})}).facts.processing == frozenset({"DE"})
    assert made(BEIJING | {"operator": "SG"}).facts.operator_region == "SG"  # who contracts depends on the customer
    assert made(OWN | {"operator": "GB"}).facts.operator_region == "UK"
    assert made(MISTRAL | {"covered_person": True}).facts.covered_person  # the operator may know more against itself


def test_evidence_counts_to_its_last_day() -> None:
    kept = made(OWN | {"evidence": ("processor_contract", "eu_tia:2026-11-23", "eu_scc:2026-11-22", "cn_genai", "iso-27001")})
    assert kept.safeguards == frozenset({"processor_contract", "eu_tia"})
    assert kept.facts.mechanisms == frozenset() and kept.facts.filings == frozenset({"cn_genai"})
    assert kept.evidence == frozenset({"processor_contract", "eu_tia", "cn_genai", "iso-27001"})


def test_a_stand_in_is_on_this_machine_and_plays_the_same_facts() -> None:
    played = made(BEIJING | {"stand_in": "http://127.0.0.1:9009"})
    assert played.stand_in and played.egress == "127.0.0.1:9009"
    assert played.base_url == "http://127.0.0.1:9009/compatible-mode/v1"
    assert played.facts == made(BEIJING).facts
    for elsewhere in ("https://llm.example.org", "https://10.0.0.1", "https://dashscope.aliyuncs.com"):
        refused(BEIJING | {"stand_in": elsewhere}, "stand_in")


def test_the_model_on_the_device_has_no_egress() -> None:
    deployment = made(DEVICE)
    assert deployment.on_device and (deployment.egress, deployment.base_url, deployment.plaintext_at) == ("", "", "device")


# -- the whole catalog -----------------------------------------------------------------------------------------------

OFFERED = [(partner, region, scope) for partner in partners().values() for region in partner.regions for scope in region.scopes]


@pytest.mark.parametrize(("partner", "region", "scope"), OFFERED, ids=lambda each: each.id)
def test_every_place_of_the_catalog_resolves_or_says_what_is_missing(partner: Any, region: Any, scope: Any) -> None:
    spoken = next((name for name in partner.dialects if features(name)), "")
    members = {
        "provider": partner.id, "region": region.id, "scope": scope.id, "model": scope.such_as or "m", "api_key": KEY, "dialect": spoken
    }  # fmt: skip
    if not spoken:
        refused(members | {"dialect": "", "workspace": "ws" * (not region.hosts)}, "dialect")
        return
    needed = {
        "workspace": (not region.hosts, "ws"),
        "project": ("{project}" in partner.dialects[spoken].path, "a-project"),
        "storage": (region.storage is None, HERE),
        "operator": (not region.organised, "US"),
        "processing": (scope.processing is None, frozenset(scope.among) or HERE),
    }
    for member, (missing, value) in needed.items():
        if missing:
            refused(members, member)
            members[member] = value
    deployment = made(members)
    host, _, port = deployment.egress.rpartition(":")
    assert partner_of(host) is partner and port == "443"
    assert partner.region_of(host) in (region.id, "")  # a host that several regions share shows none of them
    path = partner.dialects[spoken].path.replace("{region}", region.id).replace("{project}", "a-project")
    assert not host.endswith(".") and deployment.base_url == f"https://{deployment.egress}{path}"
    assert deployment.key == partner.dialects[spoken].key


def test_no_host_stands_in_two_regions_and_each_is_its_partners() -> None:
    hosts = [(host, partner) for partner in partners().values() for region in partner.regions for host in region.hosts]
    assert len({host for host, _ in hosts}) == len(hosts) > 5
    assert all(partner_of(host) is partner for host, partner in hosts)
    patterns = {region.workspace_host for partner in partners().values() for region in partner.regions if region.workspace_host}
    assert all(pattern.startswith("{workspace}.") for pattern in patterns) and len(patterns) > 5


def test_every_region_of_the_catalog_is_one_of_the_vocabulary() -> None:
    canonical = load_vocabulary().canonical
    for partner in partners().values():
        for named in (partner.group.seat, *(entity.organised for entity in partner.entities)):
            assert canonical(named) == named


SMALL = """
id = "x"
name = "X"
domains = ["x.example"]
dialects.openai = { path = "/v1", operations = ["chat"], key = "none", source = "a" }
entities = [{ name = "X", organised = "US", source = "a" }]
regions = [{ id = "r", organised = "US", source = "a", scopes = [{ id = "s", processing = ["US"], source = "a" }] }]
[group]
seat = "US"
source = "a"
[sources.a]
url = "https://x.example"
read = 2026-11-26
says = "so"
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('seat = "US"\nsource = "a"', 'seat = "US"\nsource = "b"'),  # cited, not listed
        ("[sources.a]", '[sources.b]\nurl = "u"\nread = 2026-11-26\nsays = "x"\n[sources.a]'),  # listed, not cited
        ('seat = "US"\nsource = "a"', 'seat = "US"'),
        ('{ id = "r", organised = "US"', '{ id = "r", organised = "FR"'),  # nobody contracts there
        ('operations = ["chat"]', 'operations = ["chat", "song"]'),
        ('operations = ["chat"]', "operations = []"),
        ('key = "none"', 'key = "none", shiny = 1'),
        ('key = "none"', 'key = "header:X\\r\\nY"'),
        ('processing = ["US"]', 'processing = ["US"], models = "us-.+"'),  # no example
        ('processing = ["US"]', 'processing = ["US"], models = "us-.+", such_as = "eu-1"'),  # one that does not fit
        ("[group]", '[[models]]\nid = "m"\noperations = ["rerank"]\nsource = "a"\n[group]'),  # in no dialect
        ('url = "https://x.example"', 'url = "a page I saw"'),
    ],
)
def test_a_catalog_without_a_source_or_with_odd_members_is_refused(old: str, new: str) -> None:
    assert decoded(SMALL).id == "x"
    assert old in SMALL
    with pytest.raises(ValueError, match=r"."):
        decoded(SMALL.replace(old, new))


# -- for all addresses -----------------------------------------------------------------------------------------------

DOMAINS = tuple(domain for partner in partners().values() for domain in partner.domains)
PIECES = st.sampled_from(
    [*DOMAINS, "dashscope", "llm.example.org", "127.0.0.1", "[::1]", "localhost", "xn--", "http", "https", "://", "//", "/", "\\", "@", ":",
     ":443", ":80", ".", "..", "%2e", "%40", "?", "#", "\t", "\n", " ", "\u3002", "\uff0e", "\uff41", "\u00ad", "\u212a", "\0", "v1"]
)  # fmt: skip
URLS = st.one_of(
    st.lists(PIECES, max_size=8).map("".join),
    st.lists(PIECES, max_size=6).map(lambda pieces: "https://" + "".join(pieces)),
    st.text(max_size=30).map(lambda text: f"https://{text}"),
    st.tuples(st.text(max_size=4), st.sampled_from(DOMAINS), st.text(max_size=4)).map(lambda parts: "https://" + "".join(parts)),
)


@given(URLS)
@example("https://aliyuncs.com:443/")
@example("https://llm.example.org:8443/v1")
@example("http://[::1]:443")
def test_no_address_resolves_to_a_known_partner_and_what_resolves_is_exact(url: str) -> None:
    try:
        deployment = made(OWN | {"base_url": url})
    except OperatorError as error:
        assert error.field == "deployments[3].base_url"
        return
    assert re.fullmatch(r"(\[[0-9a-f:]+\]|[a-z0-9._-]+):[1-9][0-9]{0,4}", deployment.egress)
    read = urlsplit(deployment.base_url)
    assert read.netloc == deployment.egress and read.username is None and not read.query and not read.fragment
    host = (read.hostname or "").rstrip(".")
    assert not any(host == domain or host.endswith(f".{domain}") for domain in DOMAINS)
    assert read.scheme == "https" or host in ("localhost", "::1") or host.startswith("127.")
    assert made(OWN | {"base_url": deployment.base_url}) == deployment  # read again, it means the same


@given(st.text(max_size=70) | st.lists(PIECES, max_size=4).map("".join))
def test_no_workspace_leads_out_of_its_region(workspace: str) -> None:
    try:
        egress = made(TOKYO | {"workspace": workspace}).egress
    except OperatorError as error:
        assert error.field == "deployments[3].workspace"
        return
    assert re.fullmatch(r"[a-z0-9-]{1,63}\.ap-northeast-1\.maas\.aliyuncs\.com:443", egress)


def test_a_scope_that_a_request_chooses_is_asked_for_with_each() -> None:
    from comity.providers.adapters.anthropic.provider import AnthropicDialect
    from comity.wire.decode import decode_chat

    config = DeploymentConfig(
        id="it", provider="anthropic", region="global", scope="us", model="claude-sonnet-4-5", storage=frozenset({"US"}),
        access=frozenset({"US"}), api_key=SecretRef(env="K"),
    )  # fmt: skip
    made = resolve(config, vocabulary=load_vocabulary(), as_of=date(2026, 11, 26))
    request, _ = decode_chat(b'{"messages":[{"role":"user","content":"x"}]}')
    assert (
        json.loads(AnthropicDialect(lambda: datetime(2026, 11, 26, tzinfo=UTC)).outgoing(made, request, "k").body)["inference_geo"] == "us"
    )
