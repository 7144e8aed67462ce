# SPDX-License-Identifier: Apache-2.0
"""Everything of one gateway that is counted against keys and tenants, over the state it may share with others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from comity.config import Config
from comity.errors import CallerError, OperatorError
from comity.gateway.allowance.allowances import Allowances, allowances
from comity.gateway.allowance.keys import Following, Keys, Register, check_words
from comity.jurisdictions.vocab import Vocabulary
from comity.ports import Clock, Random, Secrets
from comity.providers.base import Deployment
from comity.storage.database import Database, Followed


class Accounts(NamedTuple):
    keys: Keys
    register: Followed[Register]  # for `Callers`: a look at memory
    allowances: Allowances


async def open_accounts(
    config: Config, *, database: Database, vocabulary: Vocabulary, deployments: Mapping[str, Deployment], clock: Clock, random: Random,
    secrets: Secrets,
) -> Accounts:  # fmt: skip
    """``database``: the state's.  Raises OperatorError, StorageFailure."""
    for number, key in enumerate(config.keys):
        try:
            check_words(key, vocabulary)
        except CallerError as error:
            raise OperatorError(
                f"keys[{number}].{error}", code="config.invalid", field=f"keys[{number}].{error.field}", hint=error.hint
            ) from None
    return Accounts(
        keys=Keys(database, config=config, clock=clock, random=random, vocabulary=vocabulary),
        register=await database.follow(Following().script),
        allowances=allowances(config, database=database, deployments=deployments, clock=clock, random=random, secrets=secrets),
    )
