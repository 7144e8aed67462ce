# SPDX-License-Identifier: Apache-2.0
"""What is said of a deployment that is refused: the member, the reason with its page, and the mend."""

from __future__ import annotations

from comity.errors import OperatorError


class Refusals:
    """``field``: where the deployment stands in the configuration."""

    def __init__(self, field: str) -> None:
        self._field = field

    def wrong(self, name: str, why: str, mend: str) -> OperatorError:
        return self._error("deployment.invalid", name, why, mend)

    def contradicts(self, name: str, why: str, mend: str) -> OperatorError:
        return self._error("deployment.contradiction", name, why, mend)

    def no_region(self, name: str, region: str) -> OperatorError:
        return self.wrong(name, f"`{region[:16]}` is not a region of ISO 3166", "for example CN, DE, EEA")

    def _error(self, code: str, name: str, why: str, mend: str) -> OperatorError:
        return OperatorError(f"{self._field}.{name} {why}", code=code, field=f"{self._field}.{name}", hint=mend)
