# SPDX-License-Identifier: Apache-2.0
"""The small local model, asked one prompt at a time, and what it answered kept in a file: a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

CONTEXT_TOKENS = 2048


class Prompt(NamedTuple):
    text: str
    tokens_max: int

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.tokens_max}\n{self.text}".encode()).hexdigest()


Ask = Callable[[Prompt], Awaitable[str]]


class Answers:
    """What is kept is found again by the whole prompt, so nothing old stands for something new."""

    def __init__(self, model: str, kept: Path, ask: Ask) -> None:
        self._model, self._kept, self._ask = model, kept, ask
        kept.parent.mkdir(parents=True, exist_ok=True)
        lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
        self._answers = {told["key"]: told["answer"] for told in map(json.loads, lines) if told["model"] == model}

    async def to(self, prompts: Sequence[Prompt], what: str) -> list[str]:
        """In the order of ``prompts``; ``what`` heads the progress on stderr."""
        missing = [prompt for prompt in dict.fromkeys(prompts) if prompt.key not in self._answers]
        began = time.monotonic()
        with self._kept.open("a", encoding="utf-8") as kept:
            for count, prompt in enumerate(missing, 1):
                answer = await self._ask(prompt)
                self._answers[prompt.key] = answer
                kept.write(json.dumps({"model": self._model, "key": prompt.key, "answer": answer}, ensure_ascii=False) + "\n")
                kept.flush()
                left = (time.monotonic() - began) / count * (len(missing) - count)
                say(f"\r{what}: {count} of {len(missing)}, {left:.0f} s left  ")
        say("\n" if missing else "")
        return [self._answers[prompt.key] for prompt in prompts]


@asynccontextmanager
async def local(name: str) -> AsyncIterator[Ask]:
    """Temperature 0 and a fixed seed.  The model is loaded when it is first asked."""
    from comity.config import PathsConfig
    from comity.device.fetch import is_whole
    from comity.device.manifest import model_named, models_directory
    from comity.device.provider import EmbeddedProvider
    from comity.policy import facts
    from comity.providers.base import Deployment, ModelProfile
    from comity.wire.chat import ChatRequest, Message

    paths = PathsConfig()
    if not is_whole(model_named(name), models_directory(paths)):
        raise SystemExit(f"answers: this model is not on this machine: comity models add {name}")
    deployment = Deployment(
        id="device", provider="embedded", dialect="embedded", model=name,
        facts=facts.Provider(id="device", kind="on_device"), profile=ModelProfile(context_tokens=CONTEXT_TOKENS),
    )  # fmt: skip
    provider = EmbeddedProvider(deployment, paths=paths)

    async def ask(prompt: Prompt) -> str:
        message = Message(role="user", content=prompt.text)
        answer = await provider.send(deployment, ChatRequest(messages=(message,), temperature=0.0, seed=1, max_tokens=prompt.tokens_max))
        try:
            body = json.loads(b"".join([part async for part in answer.chunks()]))
        finally:
            await answer.aclose()
        return str(body["choices"][0]["message"]["content"] or "")

    try:
        yield ask
    finally:
        await provider.aclose()


def say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)
