# SPDX-License-Identifier: Apache-2.0
"""What `[batch]` may say, and how what is kept is sealed."""

from __future__ import annotations

import pytest

from comity.config import BatchConfig, Config, SecretRef
from comity.config.file import faults
from comity.errors import OperatorError, StorageFailure
from comity.gateway.batch.files import PIECE_BYTES, cut
from comity.gateway.batch.sealing import Sealing, configured
from comity.ports import SystemSecrets
from tests.fakes import SeededRandom


@pytest.mark.parametrize(
    ("batch", "field"),
    [
        (BatchConfig(), ""),
        (BatchConfig(concurrent=0), ""),
        (BatchConfig(concurrent=-1), "concurrent"),
        (BatchConfig(keep_seconds=0), "keep_seconds"),
        (BatchConfig(lease_seconds=4), "lease_seconds"),
        (BatchConfig(key=SecretRef()), "key"),
    ],
)
def test_what_makes_no_sense_is_refused(batch: BatchConfig, field: str) -> None:
    assert [place for place, *_ in faults(Config(batch=batch))] == ([("batch", field)] if field else [])


@pytest.mark.parametrize("said", ["ab" * 31, "zz" * 32, "short"])
def test_a_key_is_64_hexadecimal_digits(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", said)
    with pytest.raises(OperatorError, match="64 hexadecimal") as error:
        configured(SecretRef(env="KEY"), SystemSecrets())
    assert said not in str(error.value)


def test_a_piece_opens_only_as_what_it_was_sealed_as() -> None:
    sealing, other = (Sealing(key * 32, SeededRandom()) for key in (b"a", b"b"))
    sealed = sealing.seal("file-1", 1, b"content")
    assert sealing.open("file-1", 1, sealed) == b"content" and b"content" not in sealed
    assert sealing.seal("file-1", 1, b"content") != sealed, "no nonce comes twice"
    for opens in (
        lambda: sealing.open("file-1", 2, sealed), lambda: sealing.open("file-2", 1, sealed), lambda: other.open("file-1", 1, sealed),
        lambda: sealing.open("file-1", 1, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):  # fmt: skip
        with pytest.raises(StorageFailure):
            opens()


@pytest.mark.parametrize("content", [b"a\nb\n", b"a", b"\n\n", b"x" * (3 * PIECE_BYTES) + b"\ny\n", (b"z" * 999 + b"\n") * 500])
def test_a_file_is_cut_where_lines_end(content: bytes) -> None:
    pieces = cut(content)
    assert b"".join(pieces) == content and all(piece.endswith(b"\n") for piece in pieces[:-1])
    assert all(len(piece) <= PIECE_BYTES or piece.count(b"\n") <= 1 for piece in pieces)
