# SPDX-License-Identifier: Apache-2.0
"""The document of a verification: one step after another, each with what was asked and what was found, so that a person can read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from comity.errors import TrustFailure

Level = Literal["A0", "A1", "A2", "A3"]
LEVELS: tuple[Level, ...] = ("A0", "A1", "A2", "A3")
NO_HARDWARE = "no hardware root of trust: the operator can read this"

StepName = Literal[
    "evidence", "level", "gpu", "builder", "collateral", "expired", "chain", "revocation", "signature", "debug", "tcb", "measurement",
    "commitment",
]  # fmt: skip
STEPS: Mapping[StepName, str] = {
    "evidence": "the evidence is of a known form",
    "level": "evidence of this kind can come to the level that is asked for",
    "gpu": "a GPU's evidence is verified too",
    "builder": "a builder who is trusted signed the image and the node that runs it",
    "collateral": "what the maker publishes about this machine is there, and whole",
    "expired": "certificates, statements and what the maker publishes are valid at the time asked about",
    "chain": "the certificates lead to the maker's root that is pinned here",
    "revocation": "no certificate of the chain was withdrawn",
    "signature": "the evidence was signed by the keys that vouch for it",
    "debug": "nobody can look into the machine with a debugger, or move it elsewhere",
    "tcb": "firmware, microcode and software are new enough",
    "measurement": "what was started in it is software that may run",
    "commitment": "it was made for this key of the node and this image",
}
"""By name, what each step asks.  Which of them evidence goes through depends on its kind."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    asked: str
    held: bool
    found: str  # why it held, or why not


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Of evidence that holds: there is none of evidence that does not."""

    level: Level
    kind: str  # none | software | tdx | sgx | snp | nitro
    steps: tuple[Step, ...]
    words: tuple[str, ...] = ()  # what must be said wherever the level is

    def to_json(self) -> dict[str, Any]:
        made: dict[str, Any] = msgspec.to_builtins(self)
        return made


class Trail:
    """Writes the document while evidence is verified."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def note(self, name: StepName, found: str) -> None:
        self.steps.append(Step(name=name, asked=STEPS[name], held=True, found=found))

    def refusal(self, name: StepName, why: str) -> TrustFailure:
        """To raise.  ``why`` is one sentence about form and dates; it holds nothing of what was sent."""
        self.steps.append(Step(name=name, asked=STEPS[name], held=False, found=why))
        failure = TrustFailure(why, step=name, code=f"trust.{name}", hint="`comity attest verify` shows every step")
        failure.steps = tuple(msgspec.to_builtins(step) for step in self.steps)
        return failure

    def require(self, held: bool, name: StepName, found: str, otherwise: str) -> None:
        if not held:
            raise self.refusal(name, otherwise)
        self.note(name, found)
