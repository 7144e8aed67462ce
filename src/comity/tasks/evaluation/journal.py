# SPDX-License-Identifier: Apache-2.0
"""What models answered, one JSON object a line, kept as soon as it is there: an evaluation that is ended goes on where it was.

An answer is found by the hash of the model's file and of the whole request, in which prompt and item are: of whatever changes, only that
is asked again, and gates and scorers are tried anew on answers that are there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from comity.wire.request import Request

_encode = msgspec.json.Encoder(order="deterministic").encode


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    model: str
    body: dict[str, Any]
    seconds: float


def key_of(sha256: str, request: Request) -> str:
    named = _encode({"model": sha256, "operation": request.operation, "request": msgspec.to_builtins(request)})
    return hashlib.sha256(named).hexdigest()


class Journal:
    """One writer at a time.  ``path``: None keeps nothing but in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._kept = {each.key: each for each in _read(path)} if path is not None and path.exists() else {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> Kept | None:
        return self._kept.get(key)

    def keep(self, kept: Kept) -> None:
        self._kept[kept.key] = kept
        if self._path is None:
            return
        with self._path.open("ab") as file:
            if file.tell() and not _ends_whole(self._path):  # a line that a kill cut short
                file.write(b"\n")
            file.write(_encode(kept) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def slim(body: Mapping[str, Any]) -> dict[str, Any]:
    """Of a chat, without each token's own log-probability: their mean stays, as that of one."""
    kept = dict(body)
    choices = []
    for choice in body.get("choices") or ():
        tokens = (choice.get("logprobs") or {}).get("content") or ()
        known = [float(each["logprob"]) for each in tokens if isinstance(each.get("logprob"), int | float) and each["logprob"] <= 0]
        choices.append({**choice, "logprobs": {"content": [{"logprob": sum(known) / len(known)}]} if known else None})
    return kept | ({"choices": choices} if choices else {})


def _read(path: Path) -> Iterator[Kept]:
    with path.open("rb") as lines:
        for line in lines:
            try:
                yield msgspec.json.decode(line, type=Kept)
            except msgspec.MsgspecError:
                continue  # cut short: it is asked again


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
