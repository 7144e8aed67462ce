# SPDX-License-Identifier: Apache-2.0
"""`comity egress`: what this installation may connect to, for whoever enforces it beside Comity."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from comity.cli import place, say
from comity.config import Config, SecretRef
from comity.errors import OperatorError

if TYPE_CHECKING:
    from comity.providers.egress import Destination

ABOUT = "the hosts that may be reached, as a firewall's rules"
FORMATS = ("list", "networkpolicy", "cilium", "nftables", "envoy")
PORTS = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "rediss": 6379, "valkey": 6379, "valkeys": 6379, "http": 80, "https": 443}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", metavar="FORMAT", choices=FORMATS, default="list", help=f"one of: {', '.join(FORMATS)}")
    parser.add_argument("--name", metavar="NAME", default="comity", help="of the rules, and of the pods that they are for")
    parser.add_argument("--resolve", action="store_true", help="nftables: fill the sets with the addresses that names have now")


def run(args: argparse.Namespace) -> int:
    from comity.gateway.partners import resolve_all
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.ports import SystemClock
    from comity.providers.egress import destinations, rules

    config = place.configuration(args)
    deployments = resolve_all(config.deployments, vocabulary=load_vocabulary(), as_of=SystemClock().now().date())
    found = destinations(deployments.values(), _own(config))
    text = rules(found, args.format, name=args.name, addresses=_addresses(found) if args.resolve else {})
    value = {"format": args.format, "destinations": [each._asdict() for each in found], "rules": text}
    say.result(args, value, text.rstrip("\n"))
    return 0


def _own(config: Config) -> Iterator[Destination]:
    """What the installation itself is made of.  Of a URL that holds a password, host and port are all that is told."""
    from urllib.parse import urlsplit

    from comity.ports import SystemSecrets
    from comity.providers.egress import Destination

    secrets: tuple[tuple[str, SecretRef | None], ...] = (("shared.valkey", config.shared.valkey), ("storage.url", config.storage.url))
    named = [(name, SystemSecrets().get(env=at.env, file=at.file, command=at.command)) for name, at in secrets if at is not None]
    if config.telemetry.endpoint:
        named.append(("telemetry.endpoint", config.telemetry.endpoint))
    named += [("publish.witnesses", each.url) for each in config.publish.witnesses]
    named += [("node.witnesses", each.url) for each in (config.node.witnesses if config.node is not None else ())]
    named += [("relay.pools", url) for url in (config.relay.pools if config.relay is not None else {}).values()]
    for field, said in named:
        url = urlsplit(said)
        port = url.port or PORTS.get(url.scheme, 0)
        if not url.hostname or not port:
            raise OperatorError(f"`{field}` names no host and port", code="config.invalid", field=field, hint="write a URL")
        yield Destination(url.hostname, port, (field,), inside=url.scheme != "https")


def _addresses(found: Iterable[Destination]) -> dict[str, list[str]]:
    import socket

    out: dict[str, list[str]] = {}
    for each in found:
        try:
            out[each.host] = sorted({str(got[4][0]) for got in socket.getaddrinfo(each.host, each.port, type=socket.SOCK_STREAM)})
        except OSError as error:
            raise OperatorError(
                f"`{each.host}` has no address: {error.strerror}", code="egress.unresolved", exit_code=1,
                hint="look at the machine's DNS, or leave `--resolve` out",
            ) from None  # fmt: skip
    return out
