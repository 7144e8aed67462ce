# SPDX-License-Identifier: Apache-2.0
"""A configuration of Envoy that lets through what names an allowed host in its TLS greeting, and nothing else.

TLS ends at the partner: the proxy reads the name and sees nothing of what is said.  The gateway reaches it because the hosts' names
lead to it (an alias of a network, a pod's `hostAliases`); the proxy itself asks a DNS that knows the world.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from comity.providers.egress import Destination, by_port

CLUSTER = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
INSPECTOR = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"


def bootstrap(found: Sequence[Destination], name: str) -> str:
    """``found``: hosts outside.  One listener a port; a greeting without a name, or with another, finds no chain and is closed."""
    named = [each for each in found if each.address is None]
    text = f"# Checked with `envoy --mode validate -c FILE`.\nnode: {{ id: {json.dumps(f'{name}-egress')}, cluster: {json.dumps(name)} }}\n"
    if not named:
        return text + "static_resources: { listeners: [], clusters: [] }\n"
    listeners = "".join(_listener(port, of_port) for port, of_port in by_port(named).items())
    return f"{text}static_resources:\n  listeners:\n{listeners}  clusters:\n{''.join(map(_cluster, named))}"


def _id(each: Destination) -> str:
    return json.dumps(f"{each.host}:{each.port}")


def _listener(port: int, found: Sequence[Destination]) -> str:
    chains = "".join(
        f"        - # {'; '.join(each.why)}\n"
        f"          filter_chain_match: {{ transport_protocol: tls, server_names: [{json.dumps(each.host)}] }}\n"
        "          filters:\n            - name: envoy.filters.network.tcp_proxy\n"
        f"              typed_config: {{ '@type': {CLUSTER}, stat_prefix: {_id(each)}, cluster: {_id(each)} }}\n"
        for each in found
    )
    return (
        f"    - name: port-{port}\n      address: {{ socket_address: {{ address: 0.0.0.0, port_value: {port} }} }}\n"
        "      listener_filters:\n        - name: envoy.filters.listener.tls_inspector\n"
        f"          typed_config: {{ '@type': {INSPECTOR} }}\n"
        "      listener_filters_timeout: 5s\n      continue_on_listener_filters_timeout: false\n"
        f"      filter_chains:\n{chains}"
    )


def _cluster(each: Destination) -> str:
    return (
        f"    - name: {_id(each)}\n      type: LOGICAL_DNS\n      connect_timeout: 5s\n      dns_lookup_family: ALL\n"
        f"      load_assignment:\n        cluster_name: {_id(each)}\n        endpoints:\n          - lb_endpoints:\n"
        f"              - endpoint: {{ address: {{ socket_address: {{ address: {json.dumps(each.host)}, port_value: {each.port} }} }} }}\n"
    )
