# SPDX-License-Identifier: Apache-2.0
"""Comity: one AI feature in every country, where the law lets the data go, with proof.

Importing this package costs nothing: it opens no file, no socket and no model.  `Client` and `AsyncClient` are there when they are named.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as checkers know it; `typing` is not loaded for it
if TYPE_CHECKING:
    from comity.gateway.library.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name not in ("AsyncClient", "Client"):
        raise AttributeError(f"module `comity` has no `{name}`")
    from comity.gateway.library import client

    found: object = getattr(client, name)
    return found
