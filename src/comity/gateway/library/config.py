# SPDX-License-Identifier: Apache-2.0
"""The configuration of an app's own side: a node and what it must prove, and before it the model on this machine.

A trust file is a `comity.toml` like any other, as whoever runs the node publishes it: one deployment of `provider = "node"`, which says
what to hold the node to.  Where to reach it may be said beside.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from comity.config import Config, DeploymentConfig
from comity.config.file import load_config
from comity.errors import OperatorError

DEVICE = DeploymentConfig(id="device", provider="embedded")


def client_config(trust: Path | Config, *, node: str = "", device: bool = True) -> Config:
    """``node``: base URL of the node or of a relay before it, for a file that names one node.  ``device``: ask the model on this machine
    first, where it is here.  Raises OperatorError."""
    config = load_config(trust) if isinstance(trust, Path) else trust
    places = list(config.deployments)
    if node:
        nodes = [number for number, each in enumerate(places) if each.provider == "node"]
        if len(nodes) != 1:
            raise OperatorError(
                f"{len(nodes)} deployments are nodes, and one address was given", code="config.invalid", field="deployments",
                hint='one deployment with provider = "node"; or write each `base_url` into the file',
            )  # fmt: skip
        places[nodes[0]] = msgspec.structs.replace(places[nodes[0]], base_url=node)
    if device and not any(each.provider == "embedded" for each in places) and _is_here(config):
        places.insert(0, DEVICE)
    return sealed_only(msgspec.structs.replace(config, deployments=tuple(places)))


def sealed_only(config: Config) -> Config:
    """Raises OperatorError where anything would leave this device unsealed."""
    for place, each in enumerate(config.deployments):
        at_home = each.provider == "embedded" and each.operator is None
        if not at_home and each.provider != "node":
            raise OperatorError(
                f"`{each.id}` would be asked in clear", code="client.unsealed", field=f"deployments[{place}].provider",
                hint='only the model on this device, and deployments of provider = "node", answer a sealed client',
            )  # fmt: skip
    if not config.deployments and not _is_here(config):
        raise OperatorError(
            "there is no node, and no model on this machine", code="client.nowhere", field="deployments",
            hint="docs/howto/seal-your-app.md; or: comity models add",
        )  # fmt: skip
    return config


def _is_here(config: Config) -> bool:
    from comity.device.fetch import is_whole
    from comity.device.manifest import model_named, models_directory

    return is_whole(model_named(""), models_directory(config.paths))
