# SPDX-License-Identifier: Apache-2.0
"""The makers' roots that evidence must lead to, as data beside this file with their digests and where they were taken from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from comity.errors import OperatorError
from comity.seal.attestation import der

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


class Roots(NamedTuple):
    """Certificates in DER.  ``amd``: by product."""

    intel: bytes
    aws: bytes
    amd: Mapping[str, bytes]


@cache
def pinned() -> Roots:
    import tomllib
    from importlib.resources import files

    folder = files(__package__) / "roots"
    data = tomllib.loads((folder / "roots.toml").read_text(encoding="utf-8"))
    amd = {name: _certificate(folder, each) for name, each in data["amd"].items()}
    return Roots(_certificate(folder, data["intel"]), _certificate(folder, data["aws"]), amd)


def _certificate(folder: Traversable, pin: Mapping[str, Any]) -> bytes:
    found = der.of_pem((folder / pin["file"]).read_text(encoding="ascii"))
    if hashlib.sha256(found).hexdigest() != pin["sha256"]:
        raise OperatorError(f"root certificate `{pin['file']}` is not the one that is pinned", code="attestation.roots",
                            hint="this installation was changed: install Comity anew")  # fmt: skip
    return found
