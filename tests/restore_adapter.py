# SPDX-License-Identifier: Apache-2.0
"""What the runner of outside cases drives: stand-ins that somebody else made, restored by the product as it is."""

from __future__ import annotations

from collections.abc import Mapping

from comity.privacy.pseudonym import Pseudonyms
from comity.privacy.restore import Restorer
from comity.privacy.stream import Api, SseRestorer
from comity.privacy.surrogate import SurrogateVault
from comity.privacy.tags import ForeignTags


def vault_of(mapping: Mapping[str, str]) -> Pseudonyms:
    """Tags are told from other stand-ins by their form."""
    try:
        return ForeignTags(mapping)
    except ValueError:
        return SurrogateVault.of(mapping)


def make(mapping: Mapping[str, str], mode: str, parts: Mapping[str, str] | None = None, style: str = "tag") -> Restorer:
    vault = SurrogateVault.of(mapping, parts) if style == "surrogate" else vault_of(mapping)
    return Restorer(vault, in_json=mode == "json_args")


def make_sse(mapping: Mapping[str, str], api: Api) -> SseRestorer:
    return SseRestorer(vault_of(mapping), api)
