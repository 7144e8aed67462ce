# SPDX-License-Identifier: Apache-2.0
"""Two policies of Kubernetes.

A NetworkPolicy knows no names: it denies everything but DNS, addresses given as such, the installation's own services, and the pods
of an egress proxy, which is where names are enforced (`envoy`).  Cilium's knows names, and needs no proxy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from comity.providers.egress import Destination, by_port

NAME, NAMESPACE = "app.kubernetes.io/name", "kubernetes.io/metadata.name"
DNS = """\
    - # names are asked of the cluster's own DNS
      to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
          podSelector:
            matchLabels:
              k8s-app: kube-dns
      ports:
        - { protocol: UDP, port: 53 }
        - { protocol: TCP, port: 53 }
"""


def network_policy(found: Sequence[Destination], name: str) -> str:
    proxied = [each for each in found if each.address is None and not each.inside]
    return "".join(
        [
            "# A NetworkPolicy cannot name hosts. Partners are reached by way of an egress proxy that does:\n",
            "# comity egress --format envoy. Without one they are not reached at all.\n",
            _head("networking.k8s.io/v1", "NetworkPolicy", name),
            f"  podSelector:\n{_labels(6, {NAME: name})}  policyTypes: [Egress]\n  egress:\n",
            DNS,
            *(_proxied(port, of_port, name) for port, of_port in by_port(proxied).items()),
            *(_direct(each) for each in found if each.address is not None or each.inside),
        ]
    )


def _head(version: str, kind: str, name: str) -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {json.dumps(f'{name}-egress')}\nspec:\n"


def _labels(depth: int, labels: Mapping[str, str]) -> str:
    """`matchLabels` below a selector."""
    indent = " " * (depth - 2)
    return f"{indent}matchLabels:\n" + "".join(f"{indent}  {key}: {json.dumps(value)}\n" for key, value in labels.items())


def _proxied(port: int, found: Sequence[Destination], name: str) -> str:
    hosts = "".join(f"    # {each.host}: {'; '.join(each.why)}\n" for each in found)
    peer = f"        - podSelector:\n{_labels(14, {NAME: f'{name}-egress'})}"
    return f"{hosts}    - to:\n{peer}      ports:\n        - {{ protocol: TCP, port: {port} }}\n"


def _direct(each: Destination) -> str:
    why = f"    # {each.host}: {'; '.join(each.why)}\n"
    if each.address is not None:
        peer = f"        - ipBlock:\n            cidr: {json.dumps(_cidr(each))}\n"
    elif each.namespace is None:
        return f"{why}    # (a name outside the cluster, which no NetworkPolicy can hold: add its addresses as an ipBlock)\n"
    else:  # which labels its pods have is not known here
        peer = (
            f"        - namespaceSelector:\n{_labels(14, {NAMESPACE: each.namespace})}" if each.namespace else "        - podSelector: {}\n"
        )
    return f"{why}    - to:\n{peer}      ports:\n        - {{ protocol: TCP, port: {each.port} }}\n"


def _cidr(each: Destination) -> str:
    assert each.address is not None
    return f"{each.address}/{each.address.max_prefixlen}"


def cilium_policy(found: Sequence[Destination], name: str) -> str:
    return "".join(
        [
            _head("cilium.io/v2", "CiliumNetworkPolicy", name),
            f"  endpointSelector:\n{_labels(6, {NAME: name})}  egress:\n",
            _cilium_dns(each for each in found if each.address is None),
            *(_cilium(each) for each in found),
        ]
    )


def _cilium_dns(found: Iterable[Destination]) -> str:
    """Only the names below may be asked; of a service also the whole name that a resolver makes of it."""
    rules: list[str] = []
    for each in found:
        rules.append(f"matchName: {json.dumps(each.host)}")
        if each.namespace is not None:
            whole = f"{each.host}.svc.cluster.local" if each.namespace else f"{each.host}.*.svc.cluster.local"
            rules.append(f"matchPattern: {json.dumps(whole)}")
    asked = "".join(f"              - {rule}\n" for rule in dict.fromkeys(rules))
    return (
        f"    - toEndpoints:\n        -\n{_labels(12, {'k8s:io.kubernetes.pod.namespace': 'kube-system', 'k8s:k8s-app': 'kube-dns'})}"
        '      toPorts:\n        - ports:\n            - { port: "53", protocol: ANY }\n'
        + (f"          rules:\n            dns:\n{asked}" if asked else "")
    )


def _cilium(each: Destination) -> str:
    if each.address is not None:
        peer = f"      toCIDR: [{json.dumps(_cidr(each))}]\n"
    elif each.namespace is None:
        peer = f"      toFQDNs:\n        - matchName: {json.dumps(each.host)}\n"
    else:
        within = _labels(12, {"k8s:io.kubernetes.pod.namespace": each.namespace}) if each.namespace else ""
        peer = f"      toEndpoints:\n        -\n{within}" if within else "      toEndpoints:\n        - {}\n"
    why = f"    - # {each.host}: {'; '.join(each.why)}\n"
    return f'{why}{peer}      toPorts:\n        - ports:\n            - {{ port: "{each.port}", protocol: TCP }}\n'
