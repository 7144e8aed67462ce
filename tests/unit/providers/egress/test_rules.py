# SPDX-License-Identifier: Apache-2.0
"""Each form of the egress list, read back by another reader, allows exactly what the list says; the tools' own checks where they are."""

from __future__ import annotations

import ipaddress
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from comity.config import DeploymentConfig, SecretRef
from comity.jurisdictions.vocab import load_vocabulary
from comity.providers.catalog.resolve import resolve
from comity.providers.egress import Destination, Format, destinations, rules
from tests.fakes import FakeClock

PARTNER = Destination("api.example.com", 443, ("deployment a", "deployment b"))
ODD_PORT = Destination("llm.example.org", 8443, ("deployment own",))
FOUR, SIX = Destination("192.0.2.7", 8443, ("deployment four",)), Destination("2001:db8::7", 443, ("deployment six",))
DATABASE = Destination("db.data.svc", 5432, ("storage.url",), inside=True)
CACHE = Destination("valkey", 6379, ("shared.valkey",), inside=True)
FAR = Destination("db.example.net", 5432, ("storage.url",), inside=True)
HERE = Destination("127.0.0.1", 9009, ("deployment stand-in",))
ALL = (PARTNER, ODD_PORT, FOUR, SIX, DATABASE, CACHE, FAR, HERE)
FORMS = get_args(Format)

_label = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
_hosts = st.one_of(
    st.lists(_label, min_size=3, max_size=4).map(".".join),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).filter(lambda each: each.ipv4_mapped is None).map(str),
)
_found = st.lists(st.builds(Destination, _hosts, st.integers(1, 65535), st.just(("deployment a",)), inside=st.just(False)), max_size=8).map(
    lambda made: tuple({(each.host, each.port): each for each in made if not each.loopback}.values())
)


def at(found: tuple[Destination, ...]) -> set[tuple[str, int]]:
    return {(each.host, each.port) for each in found}


# -- a reader of each form --------------------------------------------------------------------------------------------


def _cidr(text: str) -> str:
    network = ipaddress.ip_network(text)
    assert network.num_addresses == 1
    return str(network.network_address)


def read_network_policy(text: str) -> tuple[set[tuple[str, int]], set[int], set[tuple[str, int]]]:
    """Addresses; ports of the egress proxy; namespaces ("" for its own)."""
    tree = yaml.safe_load(text)
    assert (tree["apiVersion"], tree["kind"]) == ("networking.k8s.io/v1", "NetworkPolicy")
    assert set(tree["spec"]) == {"podSelector", "policyTypes", "egress"} and tree["spec"]["policyTypes"] == ["Egress"]
    addresses: set[tuple[str, int]] = set()
    proxied: set[int] = set()
    services: set[tuple[str, int]] = set()
    dns, *rest = tree["spec"]["egress"]
    assert {each["port"] for each in dns["ports"]} == {53} and "podSelector" in dns["to"][0]
    for rule in rest:
        assert set(rule) == {"to", "ports"}, "a rule without `to` or `ports` allows everything"
        (peer,), (port,) = rule["to"], rule["ports"]
        if "ipBlock" in peer:
            addresses.add((_cidr(peer["ipBlock"]["cidr"]), port["port"]))
        elif peer.get("podSelector"):
            assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "comity-egress"}
            proxied.add(port["port"])
        else:
            within = peer.get("namespaceSelector", {"matchLabels": {"kubernetes.io/metadata.name": ""}})
            services.add((within["matchLabels"]["kubernetes.io/metadata.name"], port["port"]))
    return addresses, proxied, services


def read_cilium(text: str) -> tuple[set[tuple[str, int]], set[str], set[tuple[str, int]]]:
    """Hosts and addresses; names that may be asked of DNS; namespaces."""
    tree = yaml.safe_load(text)
    assert (tree["apiVersion"], tree["kind"]) == ("cilium.io/v2", "CiliumNetworkPolicy")
    dns, *rest = tree["spec"]["egress"]
    asked = {rule["matchName"] for rule in dns["toPorts"][0].get("rules", {"dns": []})["dns"] if "matchName" in rule}
    hosts: set[tuple[str, int]] = set()
    services: set[tuple[str, int]] = set()
    for rule in rest:
        (ports,) = rule["toPorts"]
        (port,) = ports["ports"]
        assert port["protocol"] == "TCP"
        number = int(port["port"])
        if "toCIDR" in rule:
            hosts |= {(_cidr(each), number) for each in rule["toCIDR"]}
        elif "toFQDNs" in rule:
            hosts |= {(each["matchName"], number) for each in rule["toFQDNs"]}
        else:
            (peer,) = rule["toEndpoints"]
            services.add((peer.get("matchLabels", {}).get("k8s:io.kubernetes.pod.namespace", ""), number))
    return hosts, asked, services


def read_nftables(text: str) -> set[tuple[str, int]]:
    return {(host, int(port)) for host, port in re.findall(r"^ {12}(\S+) \. (\d+) comment \"[^\"]*\",$", text, re.M)}


def read_envoy(text: str) -> set[tuple[str, int]]:
    """What a greeting may name, by the port it comes to; each leads to that very host and port."""
    tree = yaml.safe_load(text)["static_resources"]
    led = {}
    for cluster in tree["clusters"]:
        (endpoints,) = cluster["load_assignment"]["endpoints"]
        (endpoint,) = endpoints["lb_endpoints"]
        address = endpoint["endpoint"]["address"]["socket_address"]
        led[cluster["name"]] = (address["address"], address["port_value"])
    found = set()
    for listener in tree["listeners"]:
        port = listener["address"]["socket_address"]["port_value"]
        assert [each["name"] for each in listener["listener_filters"]] == ["envoy.filters.listener.tls_inspector"]
        assert "default_filter_chain" not in listener and not listener["continue_on_listener_filters_timeout"]
        for chain in listener["filter_chains"]:
            (name,) = chain["filter_chain_match"]["server_names"]
            (proxy,) = chain["filters"]
            assert led[proxy["typed_config"]["cluster"]] == (name, port)
            found.add((name, port))
    assert len(led) == len(found)
    return found


# -- exactly the list -------------------------------------------------------------------------------------------------


@given(_found)
def test_each_form_allows_exactly_the_list(found: tuple[Destination, ...]) -> None:
    named = {(each.host, each.port) for each in found if each.address is None}
    literal = at(found) - named
    addresses, proxied, services = read_network_policy(rules(found, "networkpolicy", name="comity"))
    assert (addresses, proxied, services) == (literal, {port for _, port in named}, set())
    hosts, asked, services = read_cilium(rules(found, "cilium", name="comity"))
    assert (hosts, asked, services) == (at(found), {host for host, _ in named}, set())
    assert read_envoy(rules(found, "envoy", name="comity")) == named
    assert read_nftables(rules(found, "nftables", name="comity")) == literal
    resolved = {host: ["192.0.2.200", "2001:db8::200"] for host, _ in named}
    both = {(address, port) for host, port in named for address in resolved[host]}
    assert read_nftables(rules(found, "nftables", name="comity", addresses=resolved)) == literal | both


def test_what_the_installation_is_made_of_is_reached_where_it_is() -> None:
    addresses, proxied, services = read_network_policy(rules(ALL, "networkpolicy", name="comity"))
    assert services == {("data", 5432), ("", 6379)} and proxied == {443, 8443}
    assert addresses == {("192.0.2.7", 8443), ("2001:db8::7", 443)}
    hosts, asked, services = read_cilium(rules(ALL, "cilium", name="comity"))
    assert services == {("data", 5432), ("", 6379)} and ("db.example.net", 5432) in hosts
    assert {"db.data.svc", "valkey", "db.example.net"} <= asked
    assert read_envoy(rules(ALL, "envoy", name="comity")) == {("api.example.com", 443), ("llm.example.org", 8443)}


@pytest.mark.parametrize("form", FORMS)
def test_each_says_why_and_what_is_on_this_machine_is_no_rule(form: Format) -> None:
    text = rules(ALL, form, name="comity")
    assert "deployment a; deployment b" in text
    assert ("127.0.0.1" in text) is (form == "list")
    assert text == rules(ALL, form, name="comity") and text.endswith("\n")


@pytest.mark.parametrize("form", FORMS)
def test_without_anything_to_reach_nothing_is_allowed(form: Format) -> None:
    text = rules((), form, name="comity")
    if form == "networkpolicy":
        assert read_network_policy(text) == (set(), set(), set())
    elif form == "cilium":
        assert read_cilium(text) == (set(), set(), set())
    elif form == "envoy":
        assert read_envoy(text) == set()
    else:
        assert read_nftables(text) == set()


def test_it_is_what_a_gateway_itself_is_held_to() -> None:
    made = DeploymentConfig(
        id="pictures", provider="alibaba", region="cn-beijing", scope="chinese-mainland", model="wan2.2-t2i-flash", dialect="dashscope",
        api_key=SecretRef(env="K"),
    )  # fmt: skip
    deployment = resolve(made, vocabulary=load_vocabulary(), as_of=FakeClock().now().date())
    found = destinations([deployment, deployment])
    assert {f"{each.host}:{each.port}" for each in found} == {deployment.egress, *deployment.downloads}
    assert len(deployment.downloads) > 1 and [each.host for each in found] == sorted(each.host for each in found)


# -- the tools' own checks --------------------------------------------------------------------------------------------


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"`{name}` is not on this machine")
    return found


def checked(command: list[str]) -> None:
    done: Any = subprocess.run(command, capture_output=True, check=False, text=True)
    if "Operation not permitted" in done.stderr:
        pytest.skip(f"`{Path(command[0]).name}` needs more rights than this user has")
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.parametrize("resolved", [{}, {"api.example.com": ["192.0.2.1", "192.0.2.7", "2001:db8::1"], "llm.example.org": ["192.0.2.7"]}])
def test_nft_takes_the_table(tmp_path: Path, resolved: dict[str, list[str]]) -> None:
    """Two names may share an address and a port: an element that stood twice would be an error."""
    path = tmp_path / "rules.nft"
    path.write_text(rules(ALL, "nftables", name="comity", addresses=resolved), encoding="utf-8")
    checked([tool("nft"), "-c", "-f", str(path)])


def test_envoy_takes_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "envoy.yaml"
    path.write_text(rules(ALL, "envoy", name="comity"), encoding="utf-8")
    checked([tool("envoy"), "--mode", "validate", "-c", str(path)])
