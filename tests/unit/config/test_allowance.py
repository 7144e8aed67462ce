# SPDX-License-Identifier: Apache-2.0
"""Keys, tenants, limits, budgets and prices in `comity.toml`: what is refused, and where it says so."""

from __future__ import annotations

import pytest

from comity.config import BudgetConfig, RatesConfig
from comity.config.file import parse_config
from comity.errors import OperatorError

GOOD = """
[shared]
valkey = { env = "VALKEY_URL" }

[[tenants]]
id = "acme"
limits = { tokens_per_minute = 100_000 }
budget = { amount = 1000, currency = "USD" }

[[keys]]
id = "app"
sha256 = "%s"
tenant = "acme"
roles = ["call", "read"]
purposes = ["assist"]
tasks = ["writing_assistant"]
expires = 2027-01-31
limits = { requests_per_minute = 60, concurrent = 4 }
budget = { amount = 20.5, currency = "EUR", per = "day", hard = false }
""" % ("0" * 64)


def test_what_a_key_may_say() -> None:
    config = parse_config(GOOD, "comity.toml")
    assert config.keys[0].budget == BudgetConfig(amount=20.5, currency="EUR", per="day", hard=False)
    assert config.keys[0].limits == RatesConfig(requests_per_minute=60, concurrent=4)
    assert config.tenants[0].budget == BudgetConfig(amount=1000, currency="USD")


@pytest.mark.parametrize(
    ("was", "now", "field"),
    [
        ('tenant = "acme"', 'tenant = "acne"', "keys[0].tenant"),
        ("amount = 20.5", "amount = 0", "keys[0].budget.amount"),
        ("amount = 20.5", "amount = nan", "keys[0].budget.amount"),
        ("amount = 1000", "amount = inf", "tenants[0].budget.amount"),
        ('"EUR"', '"eur"', "keys[0].budget.currency"),
        ("= 60", "= -1", "keys[0].limits.requests_per_minute"),
        ("= 100_000", "= -1", "tenants[0].limits.tokens_per_minute"),
        ('"call", "read"', '"call", "root"', "keys[0].roles[1]"),
        ('per = "day"', 'per = "year"', "keys[0].budget.per"),
        ('[[keys]]', '[[tenants]]\nid = "acme"\n[[keys]]', "tenants[1].id"),
        ('{ env = "VALKEY_URL" }', "{}", "shared.valkey"),
    ],
)  # fmt: skip
def test_what_it_may_not(was: str, now: str, field: str) -> None:
    assert was in GOOD
    with pytest.raises(OperatorError) as error:
        parse_config(GOOD.replace(was, now, 1), "comity.toml")
    assert error.value.code == "config.invalid" and error.value.field.startswith(field.split("[1]")[0] if "roles" in field else field)
