# SPDX-License-Identifier: Apache-2.0
"""What this room needs from outside, each asked for where it is used: without the extra there is an error, never a substitute."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from comity.errors import OperatorError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Sum = NDArray[np.uint64]
    Answer = NDArray[np.int64]


def needed(module: str) -> Any:
    """Raises OperatorError."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise OperatorError(
            f"learning needs `{module.partition('.')[0]}`, which is not installed",
            code="extra.absent",
            hint="pip install 'comity[learning]'",
        ) from None
