# SPDX-License-Identifier: Apache-2.0
"""The makers' roots that evidence must lead to, as data beside this file with their digests and where they were taken from."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from comity.errors import OperatorError


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
    found = der((files(__package__) / "roots" / pin["file"]).read_text(encoding="ascii"))
    if hashlib.sha256(found).hexdigest() != pin["sha256"]:
        raise OperatorError(f"root certificate `{pin['file']}` is not the one that is pinned", code="attestation.roots",
                            hint="this installation was changed: install Comity anew")  # fmt: skip
    return found


def der(pem: str) -> bytes:
    """Of one certificate in PEM.  Raises ValueError."""
    lines = pem.strip().splitlines()
    if len(lines) < 3 or lines[0] != "-----BEGIN CERTIFICATE-----" or lines[-1] != "-----END CERTIFICATE-----":
        raise ValueError("not one certificate in PEM")
    return base64.b64decode("".join(lines[1:-1]), validate=True)
