# SPDX-License-Identifier: Apache-2.0
"""`[deployments.trust]`: what is refused, and where it says so."""

from __future__ import annotations

import pytest

from comity.config.file import parse_config
from comity.errors import OperatorError

GOOD = """
[[deployments]]
id = "cn-node"
provider = "node"
base_url = "https://relay.example/cn-assist"
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
[deployments.trust]
pool = "cn-assist"
log = "log.example+1+a"
witnesses = ["a", "b"]
"""


def test_what_a_node_must_prove() -> None:
    trust = parse_config(GOOD, "comity.toml").deployments[0].trust
    assert trust is not None and (trust.quorum, trust.level, trust.plaintext_at, trust.suites) == (
        2,
        "A0",
        "upstream",
        ("mlkem768-x25519",),
    )


@pytest.mark.parametrize(
    ("was", "now", "field"),
    [
        ('provider = "node"', 'provider = "self-hosted"', "trust"),
        ('pool = "cn-assist"', 'pool = ""', "trust.pool"),
        ('log = "log.example+1+a"', 'log = ""', "trust.log"),
        ('["a", "b"]', '["a"]', "trust.quorum"),
        ('["a", "b"]', '["a", "b"]\nquorum = 0', "trust.quorum"),
        ('["a", "b"]', '["a", "b"]\nquorum = 3', "trust.quorum"),
        ('["a", "b"]', '["a", "b"]\ncheckpoint_seconds_max = 0', "trust.checkpoint_seconds_max"),
        ('["a", "b"]', '["a", "b"]\npadding_bytes_min = -1', "trust.padding_bytes_min"),
        ('["a", "b"]', '["a", "b"]\nsuites = []', "trust.suites"),
        ('["a", "b"]', '["a", "b"]\nsuites = ["rot13"]', "trust.suites[0]"),
        ('["a", "b"]', '["a", "b"]\npolicy = "abc"', "trust.policy"),
        ('["a", "b"]', '["a", "b"]\nimages = ["latest"]', "trust.images"),
        ('["a", "b"]', '["a", "b"]\nlevel = "A4"', "trust.level"),
        ('["a", "b"]', '["a", "b"]\nunverified = true', "trust.unverified"),
    ],
)
def test_what_is_refused(was: str, now: str, field: str) -> None:
    assert was in GOOD
    with pytest.raises(OperatorError) as raised:
        parse_config(GOOD.replace(was, now), "comity.toml")
    assert raised.value.field == f"deployments[0].{field}" and raised.value.hint


def test_a_node_without_terms_is_refused() -> None:
    with pytest.raises(OperatorError) as raised:
        parse_config(GOOD.partition("[deployments.trust]")[0], "comity.toml")
    assert raised.value.field == "deployments[0].trust"
