# SPDX-License-Identifier: Apache-2.0
"""What is told of one request where somebody listens: its line in the log, and its trace.  Ids, codes and numbers, never content."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from comity.errors import ComityError, PolicyDenied
from comity.gateway.attempt import Served
from comity.gateway.telemetry.spans import Trace

access = logging.getLogger("comity.access")
LISTENERS = ("/healthz", "/readyz", "/metrics", "/comity/v1/events")
"""Asked every few seconds by machines: neither traced nor written down."""


@dataclass(slots=True)
class Seen:
    trace: Trace | None
    effect: str = ""
    deployment: str = ""
    receipt: str = ""
    code: str = ""

    def served(self, served: Served) -> None:
        self.effect, self.deployment, self.receipt = "allow", served.candidate.deployment.id, served.receipt.id

    def failed(self, error: ComityError) -> None:
        self.code = error.code
        if isinstance(error, PolicyDenied):
            self.effect, self.receipt = str(error.decision.get("effect", "deny")), error.receipt

    def over(self, call: str, method: str, route: str, status: int, seconds: float, *, written: bool) -> None:
        if self.trace is not None:
            self.trace.end(method, route, status, self.code)
        if written:
            told = {
                "request": call, "method": method, "route": route, "status": status, "ms": round(seconds * 1000, 2), "code": self.code,
                "effect": self.effect, "deployment": self.deployment, "receipt": self.receipt,
            }  # fmt: skip
            access.info("", extra={"told": {key: value for key, value in told.items() if value != ""}})
