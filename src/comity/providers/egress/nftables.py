# SPDX-License-Identifier: Apache-2.0
"""A table of nftables for the gateway's own user.

The kernel knows addresses, not names: the sets hold what names have now (`--resolve`, by a timer, since names move), and are without them
empty.  An empty set lets nothing through, so what fails here fails closed; Comity itself still checks the name over TLS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from comity.providers.egress import Addresses, Destination

TABLE = """\
# Checked with `nft -c -f FILE`, loaded with `nft -f FILE`, whole or not at all. Only what this user sends is held to it.
define gateway_uid = 10001

table inet {name}
delete table inet {name}
table inet {name} {{
{sets}
    chain output {{
        type filter hook output priority filter; policy accept;
        meta skuid $gateway_uid jump gateway
    }}

    chain gateway {{
        oif "lo" accept
        ct state established,related accept
        meta l4proto {{ tcp, udp }} th dport 53 accept comment "names are asked"
        ip daddr . tcp dport @allowed4 accept
        ip6 daddr . tcp dport @allowed6 accept
        counter reject with icmpx type admin-prohibited
    }}
}}
"""


def table(found: Sequence[Destination], name: str, addresses: Addresses) -> str:
    known = [(address, each) for each in found for address in ([each.host] if each.address else sorted(addresses.get(each.host, ())))]
    sets = "".join(
        f"    set allowed{version} {{\n        type {kind} . inet_service\n{_elements(mine)}    }}\n"
        for version, kind in ((4, "ipv4_addr"), (6, "ipv6_addr"))
        for mine in [[(address, each) for address, each in known if (":" in address) == (version == 6)]]
    )
    absent = "".join(f"    # {each.host}:{each.port}: {'; '.join(each.why)}: not resolved\n" for each in found
                     if each.address is None and not addresses.get(each.host))  # fmt: skip
    return TABLE.format(name=re.sub(r"[^a-z0-9]", "_", f"{name}_egress".lower()), sets=absent + sets)


def _elements(known: Sequence[tuple[str, Destination]]) -> str:
    """One element for each address and port, whoever shares it."""
    by: dict[tuple[str, int], list[str]] = {}
    for address, each in known:
        by.setdefault((address, each.port), []).append(each.host)
    return f"        elements = {{\n{''.join(_lines(by))}        }}\n" if by else ""


def _lines(by: dict[tuple[str, int], list[str]]) -> Iterator[str]:
    for (address, port), hosts in by.items():
        yield f'            {address} . {port} comment "{", ".join(hosts)[:120]}",\n'
