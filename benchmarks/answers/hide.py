# SPDX-License-Identifier: Apache-2.0
"""Items, and a prompt as it leaves under each way of hiding."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from comity.privacy.findings import Finding
from comity.privacy.pseudonym import Vault
from comity.privacy.scan import scan
from comity.privacy.surrogate import SurrogateVault

HERE = Path(__file__).parent
SETS = HERE.parents[1] / "tests" / "vectors" / "privacy"
Item = dict[str, Any]


class Hider(Protocol):
    def protect(self, text: str, findings: Sequence[Finding]) -> str: ...

    def restore(self, text: str, *, in_json: bool = False) -> str: ...


WAYS = {"tags": Vault, "surrogates": SurrogateVault}


def read(path: Path) -> list[Item]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def hidden(item: Item, text: str, way: str, found_by: str) -> tuple[str, Hider]:
    """``text`` as it leaves, and the vault that brings it back; the nonce follows from the item, so a run can be repeated.

    found_by: `labels`, all that is personal, whatever a recogniser would find; or `rules`
    """
    vault: Hider = WAYS[way](hashlib.sha256(item["id"].encode()).digest()[:8])
    return vault.protect(text, labelled(item) if found_by == "labels" else scan(text)), vault


def labelled(item: Item) -> tuple[Finding, ...]:
    return tuple(
        Finding(type=span["type"], category=None, start=span["start"], end=span["end"], recognizer="label") for span in item["spans"]
    )


def person(name: str) -> tuple[Finding, ...]:
    """A text that is a name alone."""
    return (Finding(type="PERSON", category=None, start=0, end=len(name), recognizer="label"),)
