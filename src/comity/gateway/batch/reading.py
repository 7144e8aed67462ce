# SPDX-License-Identifier: Apache-2.0
"""The lines of an input file, held to their form before any of them is sent."""

from __future__ import annotations

from comity.errors import CallerError
from comity.gateway.batch.queue import Place
from comity.wire.batch import LineFault, line_of

FAULTS_MAX = 20


class Reading:
    """Given the pieces of a file in their order.  Pure; messages repeat nothing of what a caller wrote."""

    def __init__(self, endpoint: str, *, lines_max: int, line_bytes_max: int) -> None:
        self._endpoint, self._lines_max, self._line_bytes_max = endpoint, lines_max, line_bytes_max
        self._names: set[str] = set()
        self._written = 0  # lines of the file, those that are empty too
        self.total = 0
        self.faults: list[LineFault] = []

    @property
    def hopeless(self) -> bool:
        """Nobody needs to read on."""
        return len(self.faults) >= FAULTS_MAX or self.total > self._lines_max

    def piece(self, number: int, content: bytes) -> list[Place]:
        """The lines of piece ``number``."""
        out: list[Place] = []
        first = 0
        for raw in content.removesuffix(b"\n").split(b"\n"):
            self._written += 1
            if raw.strip() and not self.hopeless:
                self.total += 1
                out.append(Place(self.total, number, first, len(raw)))
                self._check(raw)
            first += len(raw) + 1
        return out

    def over(self) -> tuple[LineFault, ...]:
        """What stands in the way."""
        if not self.total:
            return (LineFault(code="batch.empty", message="the file has no line"),)
        return tuple(self.faults)

    def _check(self, raw: bytes) -> None:
        try:
            if self.total > self._lines_max:
                raise CallerError(f"the file has more than {self._lines_max} lines", code="batch.too_long")
            if len(raw) > self._line_bytes_max:
                raise CallerError(f"this line is longer than {self._line_bytes_max} bytes", code="batch.too_long")
            name = line_of(raw, self._endpoint).custom_id
            if name in self._names:
                raise CallerError("another line has the same `custom_id`", code="batch.line", field="custom_id")
            self._names.add(name)
        except CallerError as error:
            self.faults.append(LineFault(code=error.code, message=str(error), line=self._written, param=error.field or None))
