# SPDX-License-Identifier: Apache-2.0
"""The makers' roots that evidence must lead to, as data beside this file with their digests and where they were taken from."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from comity.errors import OperatorError
from comity.seal.attestation import der


class Roots(NamedTuple):
    """Certificates in DER.  ``amd``: by product."""

    intel: bytes
    aws: bytes
    amd: Mapping[str, bytes]


@cache
def pinned() -> Roots:
    data = tomllib.loads((files(__package__) / "roots" / "roots.toml").read_text(encoding="utf-8"))
    return Roots(_certificate(data["intel"]), _certificate(data["aws"]), {name: _certificate(each) for name, each in data["amd"].items()})


def _certificate(pin: Mapping[str, Any]) -> bytes:
    found = der.of_pem((files(__package__) / "roots" / pin["file"]).read_text(encoding="ascii"))
    if hashlib.sha256(found).hexdigest() != pin["sha256"]:
        raise OperatorError(f"root certificate `{pin['file']}` is not the one that is pinned", code="attestation.roots",
                            hint="this installation was changed: install Comity anew")  # fmt: skip
    return found
