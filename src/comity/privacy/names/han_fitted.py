# SPDX-License-Identifier: Apache-2.0
"""What `tools/names/han/fit.py` learned: how far to trust each thing known of a candidate, and what stands beside names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

from comity.privacy.names.han_judge import FEATURES, Context

_ENTRY = re.compile("(?:^|(?<= ))([^ ]{0,2}?)(-?[0-9.]+)(?= |$)")


class Judge:
    """One hidden layer over `FEATURES`; a score is the logarithm of the odds that a candidate is a name."""

    def __init__(self) -> None:
        import numpy as np

        lines = files("comity.privacy.names").joinpath("han_fitted.txt").read_text("utf-8").splitlines()
        tables = {name: values for name, _, values in (line.partition("\t") for line in lines)}
        numbers = {name: [float(value) for value in tables[name].split(" ")] for name in (*FEATURES, "shift", "last", "bias")}
        self._layer = np.array([numbers[name] for name in FEATURES], np.float32)
        self._shift, self._last = np.array(numbers["shift"], np.float32), np.array(numbers["last"], np.float32)
        self._bias = numbers["bias"][0]
        self.context = Context(
            left={chars: float(value) for chars, value in _ENTRY.findall(tables["before"])},
            right={chars: float(value) for chars, value in _ENTRY.findall(tables["behind"])},
        )

    def score(self, known: Sequence[Sequence[float]]) -> list[float]:
        import numpy as np

        hidden = np.tanh(np.array(known, np.float32) @ self._layer + self._shift)
        scores: list[float] = (hidden @ self._last + self._bias).tolist()
        return scores
