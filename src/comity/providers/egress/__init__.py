# SPDX-License-Identifier: Apache-2.0
"""The egress list for those who enforce it beside Comity: the exact hosts and ports, as rules of Kubernetes, nftables or Envoy.

Derived from what a gateway itself is held to (`Deployment.egress` and `downloads`), so there is no second list to keep.  Pure text, the
same for the same configuration; each entry says why it is there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from comity.providers.base import Deployment

Format = Literal["list", "networkpolicy", "cilium", "nftables", "envoy"]
Addresses = Mapping[str, Sequence[str]]
"""By host, those that its name has now."""


class Destination(NamedTuple):
    """``inside``: the installation's own (a database), on its own network; else reached over TLS, where its name shows."""

    host: str
    port: int
    why: tuple[str, ...]
    inside: bool = False

    @property
    def address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def loopback(self) -> bool:
        """On this machine: no rule of a network sees it."""
        return self.host == "localhost" or (self.address is not None and self.address.is_loopback)

    @property
    def namespace(self) -> str | None:
        """In a cluster, of a service of its own: `NAME` ("" for the namespace of whoever asks) or `NAME.NAMESPACE[.svc…]`; else None."""
        _, *rest = self.host.split(".")
        if not self.inside or self.address is not None or (len(rest) > 1 and rest[1] != "svc"):
            return None
        return rest[0] if rest else ""


def destinations(deployments: Iterable[Deployment], further: Iterable[Destination] = ()) -> tuple[Destination, ...]:
    """Sorted, each host and port once."""
    found: dict[tuple[str, int, bool], list[str]] = {}
    for each in deployments:
        for at, why in ((each.egress, f"deployment {each.id}"), *((at, f"what {each.id} keeps to be fetched") for at in each.downloads)):
            if at:
                host, _, port = at.rpartition(":")
                found.setdefault((host.strip("[]"), int(port), False), []).append(why)
    for other in further:
        found.setdefault((other.host, other.port, other.inside), []).extend(other.why)
    return tuple(Destination(host, port, tuple(dict.fromkeys(why)), inside) for (host, port, inside), why in sorted(found.items()))


def rules(found: Sequence[Destination], form: Format, *, name: str, addresses: Addresses | None = None) -> str:
    """``name``: of the policy and of what it is for.  ``addresses``: what fills the sets of nftables."""
    if form == "list":
        return "".join(f"{_at(each)}  # {'; '.join(each.why)}\n" for each in found)
    outside = [each for each in found if not each.loopback]
    if form == "networkpolicy":
        from comity.providers.egress.kubernetes import network_policy

        return network_policy(outside, name)
    if form == "cilium":
        from comity.providers.egress.kubernetes import cilium_policy

        return cilium_policy(outside, name)
    if form == "nftables":
        from comity.providers.egress.nftables import table

        return table(outside, name, addresses or {})
    from comity.providers.egress.envoy import bootstrap

    return bootstrap([each for each in outside if not each.inside], name)


def _at(each: Destination) -> str:
    return f"[{each.host}]:{each.port}" if ":" in each.host else f"{each.host}:{each.port}"


def by_port(found: Iterable[Destination]) -> dict[int, list[Destination]]:
    out: dict[int, list[Destination]] = {}
    for each in found:
        out.setdefault(each.port, []).append(each)
    return dict(sorted(out.items()))
