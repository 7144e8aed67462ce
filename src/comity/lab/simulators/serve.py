# SPDX-License-Identifier: Apache-2.0
"""Which dialects there are, and one simulator answering on loopback until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from comity.gateway.serve import bind, listen
from comity.lab.simulators.anthropic import Anthropic
from comity.lab.simulators.base import Dialect, Simulator
from comity.lab.simulators.bedrock import Bedrock
from comity.lab.simulators.cohere import Cohere
from comity.lab.simulators.dashscope import DashScope
from comity.lab.simulators.gemini import Gemini
from comity.lab.simulators.openai.dialect import OpenAI
from comity.ports import SystemClock

LAB_KEY = "lab-key-of-{region}"
"""Keys of the lab: loopback only, worth nothing, and bound to a region as the real ones are."""
Making = Callable[[str, tuple[str, ...]], Dialect]  # of a path's prefix ("" for the dialect's own) and the models that are there
DIALECTS: Mapping[str, Making] = {
    "openai": lambda path, models: OpenAI("openai", path=path, models=models),
    "model-studio": lambda path, models: OpenAI("model-studio", path=path, models=models),
    "dashscope": lambda path, models: DashScope(path=path, models=models),
    "vllm": lambda path, models: OpenAI("vllm", path=path, models=models),
    "bedrock": lambda path, models: Bedrock(secret_of=lambda region: LAB_KEY.format(region=region), path=path, models=models),
    "anthropic": lambda path, models: Anthropic(path=path, models=models),
    "gemini": lambda path, models: Gemini(path=path, models=models),
    "cohere": lambda path, models: Cohere(path=path, models=models),
}


async def serve(dialect: Dialect, *, region: str, key: str, port: int, pace: float, on_ready: Callable[[str], Any]) -> None:
    """Returns once SIGINT or SIGTERM came and what was being answered is answered.  ``on_ready`` gets the URL."""
    listening = bind("127.0.0.1", port)
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    simulator = Simulator(dialect, region=region, key=key, hosts=[host], clock=SystemClock(), pace=pace)
    await listen(simulator.serve, listening, lambda: on_ready(f"http://{host}"))
