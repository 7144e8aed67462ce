# SPDX-License-Identifier: Apache-2.0
"""Where the record and the state of a gateway lie: in its home, or on the PostgreSQL server that it shares with others."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from comity.config import Config
from comity.ports import Secrets
from comity.storage.state import DATABASE
from comity.transparency.log_key import Place, shared


class Whereabouts(NamedTuple):
    log: Place
    state: Path | str


def whereabouts(config: Config, home: Path, secrets: Secrets) -> Whereabouts:
    """Raises OperatorError when a secret is not there, or is none."""
    url, key = config.storage.url, config.storage.log_key
    if url is None or key is None:
        return Whereabouts(home, Path(config.paths.state).expanduser() if config.paths.state else home / DATABASE)
    server = secrets.get(env=url.env, file=url.file, command=url.command)
    return Whereabouts(shared(server, secrets.get(env=key.env, file=key.file, command=key.command)), server)
