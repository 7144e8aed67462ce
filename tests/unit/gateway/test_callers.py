# SPDX-License-Identifier: Apache-2.0
"""Keys by their hash only, and the Host header."""

from __future__ import annotations

import hashlib

import pytest

from comity.config import Config, KeyConfig, ServerConfig
from comity.errors import CallerError
from comity.gateway.callers import LOCAL, Callers

KEYED = Callers(Config(keys=(KeyConfig(id="app", sha256=hashlib.sha256(b"s3cret").hexdigest()),)))


def test_without_keys_a_loopback_gateway_is_its_owner_s() -> None:
    assert Callers(Config()).caller({}) is LOCAL


@pytest.mark.parametrize("header", ["Bearer s3cret", "bearer s3cret", "Bearer  s3cret "])
def test_a_key_opens(header: str) -> None:
    assert KEYED.caller({"authorization": header}).id == "app"


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": "Bearer"}, {"authorization": "Bearer wrong"},
                                     {"authorization": "Basic s3cret"}, {"authorization": "s3cret"}])  # fmt: skip
def test_anything_else_does_not(headers: dict[str, str]) -> None:
    with pytest.raises(CallerError) as raised:
        KEYED.caller(headers)
    assert raised.value.status == 401 and "wrong" not in str(raised.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8484", "127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:8484", "[::1]", "gateway.example:8484", "10.0.3.7:8484"]
)
def test_a_host_that_is_served(host: str) -> None:
    Callers(Config(server=ServerConfig(hosts=("gateway.example",)))).check_host({"host": host})


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8484",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8484",
        "[::1].evil",
        "10.0.3.7.evil.example",
        "0x7f.1",
    ],
)
def test_a_page_of_another_site_is_not(host: str) -> None:
    with pytest.raises(CallerError) as raised:
        Callers(Config()).check_host({"host": host})
    assert raised.value.status == 421
