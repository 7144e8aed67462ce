# SPDX-License-Identifier: Apache-2.0
"""Chat with a GGUF model, by llama.cpp (`xllamacpp`): OpenAI's own chunks, made by its own server code.

llama.cpp's own listener is put on a socket in a folder that is gone once the model is loaded, with a key that nobody is told.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Any

from comity.device.engines.base import Piece, TooLong


def load(files: Mapping[str, str], options: Mapping[str, Any]) -> Text:
    """``files``: one, `model`."""
    import xllamacpp  # type: ignore[import-untyped]  # it ships no types

    params = xllamacpp.CommonParams()
    params.model.path = files["model"]
    tokens, slots = options["context_tokens"], options["slots"]
    params.n_ctx, params.n_parallel, params.n_predict = tokens * slots, slots, tokens
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options["threads"]
    params.ui = params.endpoint_metrics = params.endpoint_slots = params.endpoint_props = False
    params.verbosity = -1
    with tempfile.TemporaryDirectory() as folder:  # a socket's path has few letters to spend
        params.hostnames, params.api_keys = [os.path.join(folder, "s.sock")], [os.urandom(32).hex()]  # noqa: PTH118
        return Text(xllamacpp.Server(params))


class Text:
    def __init__(self, server: Any) -> None:
        self._server = server

    def answer(self, body: Mapping[str, Any], piece: Piece) -> None:
        """``body``: a chat request with `stream`; pieces are its chunks."""
        error = ""

        def chunk(said: Any) -> bool:
            nonlocal error
            if isinstance(said, dict) and "error" in said:
                error = _kind(said["error"])
                return True
            return piece(said)

        self._server.handle_chat_completions(body, chunk)
        if error == "exceed_context_size_error":
            raise TooLong
        if error == "invalid_request_error":
            raise ValueError
        if error:
            raise RuntimeError


def _kind(error: Any) -> str:
    kind = error.get("type") if isinstance(error, dict) else None
    return kind if isinstance(kind, str) else "runtime_error"
