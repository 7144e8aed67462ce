# SPDX-License-Identifier: Apache-2.0
"""Everything of one gateway that is counted against keys and tenants, over the state it may share with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from comity.config import Config, DeploymentConfig
from comity.errors import CallerError, OperatorError
from comity.gateway.allowance.allowances import Allowances, rates_of
from comity.gateway.allowance.keys import Following, Keys, Register, check_words
from comity.gateway.allowance.money import prices_of
from comity.jurisdictions.vocab import Vocabulary
from comity.ports import Clock, Random, Secrets
from comity.providers.base import Deployment
from comity.storage.database import Database, Followed


class Accounts(NamedTuple):
    keys: Keys
    register: Followed[Register]  # for `Callers`: a look at memory
    allowances: Allowances

    async def aclose(self) -> None:
        """What is the state's is closed with it."""
        if self.allowances.rates is not None:
            await self.allowances.rates.aclose()


async def open_accounts(
    config: Config, *, database: Database, vocabulary: Vocabulary, configured: Sequence[DeploymentConfig],
    deployments: Mapping[str, Deployment], clock: Clock, random: Random, secrets: Secrets, before: Accounts | None = None,
) -> Accounts:  # fmt: skip
    """``database``: the state's.  ``before``: those of another configuration, whose counts are gone on with.

    Raises OperatorError, StorageFailure.
    """
    for number, key in enumerate(config.keys):
        try:
            check_words(key, vocabulary)
        except CallerError as error:
            raise OperatorError(
                f"keys[{number}].{error}", code="config.invalid", field=f"keys[{number}].{error.field}", hint=error.hint
            ) from None
    rates = before.allowances.rates if before is not None else rates_of(config, clock=clock, secrets=secrets)
    prices = {each.id: prices_of(each, deployments[each.id]) for each in configured}
    return Accounts(
        keys=Keys(database, config=config, clock=clock, random=random, vocabulary=vocabulary),
        register=before.register if before is not None else await database.follow(Following().script),
        allowances=Allowances(config, database=database, rates=rates, prices=prices, clock=clock, random=random),
    )
