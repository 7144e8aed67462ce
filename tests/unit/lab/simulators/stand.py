# SPDX-License-Identifier: Apache-2.0
"""A simulator without a socket, and the official client talking to it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2 as httpx
import openai

from comity.lab.simulators.base import Dialect, Pause, Simulator
from comity.lab.simulators.openai.dialect import OpenAI
from comity.lab.simulators.openai.errors import Speaker
from tests.fakes import FakeClock

HOST, KEY, REGION = "lab.test", "sk-here", "eu-west"
OPENED = {"authorization": f"Bearer {KEY}"}


def simulator(dialect: Dialect | None = None, *, pause: Pause = asyncio.sleep, pace: float = 0.0) -> Simulator:
    return Simulator(dialect or OpenAI(), region=REGION, key=KEY, hosts=[HOST], clock=FakeClock(), pause=pause, pace=pace)


def http(application: Simulator) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url=f"http://{HOST}")


def client(speaker: Speaker = "openai", *, key: str = KEY, path: str = "", **more: Any) -> openai.AsyncOpenAI:
    dialect = OpenAI(speaker, **more)
    base = f"http://{HOST}{path or dialect._path}"
    return openai.AsyncOpenAI(base_url=base, api_key=key, max_retries=0, http_client=http(simulator(dialect)))
