# SPDX-License-Identifier: Apache-2.0
"""Where a command finds its configuration and its home."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from comity.config import Config
from comity.ports import environment

if TYPE_CHECKING:
    from comity.gateway.whereabouts import Whereabouts


def config_path(args: argparse.Namespace) -> Path | None:
    """`--config`, else `$COMITY_CONFIG`, else `comity.toml` here, else none."""
    named = args.config or environment("COMITY_CONFIG")
    if named:
        from comity.device.manifest import of_user

        return of_user(Path(named).expanduser)
    here = Path("comity.toml")
    return here if here.is_file() else None


def configuration(args: argparse.Namespace) -> Config:
    from comity.config.file import load_config

    return load_config(config_path(args))


def home(args: argparse.Namespace, config: Config) -> Path:
    """`--home`, else `paths.home`, else `$COMITY_HOME`, else the platform's folder for data."""
    from comity.device.manifest import data_directory, of_user

    named = args.home or config.paths.home or environment("COMITY_HOME")
    return of_user(Path(named).expanduser) if named else data_directory()


def whereabouts(args: argparse.Namespace, config: Config) -> Whereabouts:
    """Of the record and the state.  Raises OperatorError."""
    from comity.gateway.whereabouts import whereabouts as found
    from comity.ports import SystemSecrets

    return found(config, home(args, config), SystemSecrets())


def map_key(args: argparse.Namespace) -> bytes:
    """What the maps of `comity redact` are sealed with in this home; made when it is first needed."""
    from comity.ports import SystemRandom
    from comity.storage.home import prepare, secret_key

    folder = home(args, configuration(args))
    prepare(folder)
    return secret_key(folder / "maps.key", SystemRandom())


def models(config: Config) -> Path:
    from comity.device.manifest import models_directory

    return models_directory(config.paths)
