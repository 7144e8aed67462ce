# SPDX-License-Identifier: Apache-2.0
"""The reader of text in images, ready to read, and where its weights come from."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from comity.errors import OperatorError, TrustFailure
from comity.privacy.names.weights import Weight
from comity.privacy.pictures.reader import Reader

FIELD = "privacy.ocr"


@cache
def weights() -> tuple[Weight, ...]:
    text = files("comity.privacy.pictures").joinpath("weights.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["ocr"], tuple[Weight, ...], strict=True)


def reader(directory: Path) -> Reader:
    """``directory``: where the weights lie.

    Raises OperatorError where the extra `ocr` is not installed or weights are not there, TrustFailure where they are others.
    """
    try:
        import numpy  # noqa: F401
        import onnxruntime  # noqa: F401
        import PIL  # noqa: F401
    except ImportError as error:
        raise OperatorError(
            f"the package `{error.name}`, which reads text in images, is not installed", code="model.no_runtime", field=FIELD, exit_code=1,
            hint="pip install 'comity[ocr]'",
        ) from None  # fmt: skip
    models = {weight.name: _checked(weight, directory / weight.file) for weight in weights()}
    return Reader(models["places"], models["letters"])


def _checked(weight: Weight, path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError:
        raise OperatorError(
            f"`{weight.file}`, which reads text in images, is not on this machine", code="model.absent", field=FIELD, exit_code=1,
            hint="comity models add ocr",
        ) from None  # fmt: skip
    found = hashlib.sha256(data).hexdigest()
    if found != weight.sha256:
        raise TrustFailure(
            f"`{weight.file}` is not the file it should be: its SHA-256 begins {found[:16]}, not {weight.sha256[:16]}", step="model-hash",
            code="trust.model-hash", hint="remove it, and fetch it again",
        )  # fmt: skip
    return data
