# SPDX-License-Identifier: Apache-2.0
"""A sealed node among the deployments: where it is said to be, and what its receipts may say at most."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from comity.client.checks import wanted
from comity.config import DeploymentConfig, TrustConfig
from comity.errors import OperatorError
from comity.jurisdictions.vocab import load_vocabulary
from comity.providers.base import Deployment
from comity.providers.catalog.resolve import resolve
from tests.logs import MemoryLog

HERE = frozenset({"CN"})
NODE: dict[str, Any] = {
    "id": "cn-node", "provider": "node", "base_url": "https://relay.example/cn-assist", "operator": "CN",
    "processing": HERE, "storage": HERE, "access": HERE,
}  # fmt: skip


def trust(**more: Any) -> TrustConfig:
    pinned = MemoryLog().trust()
    return TrustConfig(**{"pool": "cn-assist", "log": pinned.log, "witnesses": pinned.witnesses, **more})


def made(terms: TrustConfig | None, **more: Any) -> Deployment:
    return resolve(DeploymentConfig(**{**NODE, **more}, trust=terms), vocabulary=load_vocabulary(), as_of=date(2026, 11, 23))


def test_it_is_a_machine_of_somebody_s_own_that_speaks_openai_s_api() -> None:
    node = made(trust())
    assert (node.facts.kind, node.facts.processing, node.dialect, node.model) == ("self_hosted", HERE, "openai", "auto")
    assert (node.base_url, node.egress) == ("https://relay.example:443/cn-assist", "relay.example:443")
    assert not node.on_device and made(trust(), model="qwen").model == "qwen"


@pytest.mark.parametrize(
    ("asked", "reads", "level"), [("A0", "upstream", "A0"), ("A2", "upstream", "A1"), ("A2", "node", "A2"), ("A0", "node", "A0")]
)
def test_a_receipt_says_no_more_than_was_asked_of_it(asked: str, reads: str, level: str) -> None:
    node = made(trust(level=asked, plaintext_at=reads))
    assert (node.plaintext_at, node.level) == (reads, level)


@pytest.mark.parametrize(
    ("more", "member"),
    [
        ({"base_url": ""}, "base_url"), ({"base_url": "http://relay.example/x"}, "base_url"), ({"dialect": "anthropic"}, "dialect"),
        ({"operator": None}, "operator"), ({"processing": None}, "processing"), ({"region": "cn-beijing"}, "region"),
        ({"base_url": "https://dashscope.aliyuncs.com/x"}, "base_url"),
    ],
    ids=lambda each: str(each)[:40],
)  # fmt: skip
def test_what_is_refused(more: dict[str, Any], member: str) -> None:
    with pytest.raises(OperatorError) as raised:
        made(trust(), **more)
    assert raised.value.field == f"deployments[0].{member}"


def test_without_terms_there_is_no_node() -> None:
    with pytest.raises(OperatorError) as raised:
        made(None)
    assert raised.value.field == "deployments[0].trust"


@pytest.mark.parametrize(
    "terms",
    [{"log": "no key"}, {"witnesses": ("no key", "either")}, {"measurements": ("tdx mrtd=00",)}, {"measurements": ("abacus",)}],
    ids=str,
)
def test_terms_that_nothing_can_meet_are_told_before_anything_is_asked(terms: dict[str, Any]) -> None:
    with pytest.raises(OperatorError, match="cn-node"):
        wanted(trust(**terms), made(trust()), load_vocabulary())
