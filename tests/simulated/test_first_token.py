# SPDX-License-Identifier: Apache-2.0
"""A stream is never held back by more than one stand-in: counted in characters, since a clock would only say how busy it is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from comity.config import PrivacyConfig
from comity.privacy.pseudonym import TOKEN_CHARACTERS_MAX
from tests.simulated.worlds import BEIJING, EchoAnswer, config, said_in_stream, simulate, subject

TEXT = "请致电13812345678或写信到 lena@corp-mail.cn。" + "这一段里没有什么要藏的内容，" * 20 + "再打13812345678。"


class Counted(EchoAnswer):
    """Keeps the text that it has given out."""

    given = ""

    async def _chunks(self) -> AsyncIterator[bytes]:
        for event in b"".join(self._pieces).split(b"\n\n"):
            if event.startswith(b"data: {"):
                self.given += "".join(each["delta"].get("content") or "" for each in json.loads(event[6:])["choices"])
            if event:
                yield event + b"\n\n"


@pytest.mark.parametrize("pseudonyms", ["tags", "surrogates"])
async def test_what_waits_is_never_longer_than_a_stand_in(home: Path, monkeypatch: pytest.MonkeyPatch, pseudonyms: str) -> None:
    monkeypatch.setattr("tests.simulated.worlds.EchoAnswer", Counted)
    sim = await simulate(config(BEIJING, privacy=PrivacyConfig(pseudonyms=pseudonyms)), home)  # type: ignore[arg-type]
    try:
        served = await sim.pipeline.run(sim.call({"messages": [{"role": "user", "content": TEXT}], "stream": True}, subject("CN")))
        answer = sim.partners["qwen-beijing"].answers[-1]
        assert isinstance(answer, Counted)
        got, waited, at_once = b"", [], 0
        async for piece in served.stream():
            got += piece
            out = said_in_stream(got if b"[DONE]" in got else got + b"data: [DONE]\n\n")
            waited.append(len(answer.given) - len(out))
            at_once += out.endswith(answer.given[-3:])
        await served.close()
        assert said_in_stream(got).startswith(TEXT)
        assert max(waited) <= TOKEN_CHARACTERS_MAX
        assert at_once > len(waited) / 2, "where nothing can begin a stand-in, nothing waits"
    finally:
        await sim.aclose()
