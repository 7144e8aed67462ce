# SPDX-License-Identifier: Apache-2.0
"""No text of a request, of an answer, or of a header comes back by any path of the read API."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import ProviderFailure
from comity.gateway.read import reports, routes
from comity.gateway.read.roles import READ
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, config
from tests.unit.gateway.read.conftest import API, NEEDED, Reading, reading_of
from tests.unit.gateway.read.test_events import Listening, heard

PIECES = st.sampled_from(
    ["\x00", '"', "\\", "</script>", "{{", "}}", "'; DROP TABLE records; --", "%s", "\u202e", "\ufeff", "é", "张伟", "🧨", "\r\n",
     "data: ", "⟦NAME:0⟧", "PERSON_1_K7QX4", "lena@vogel.io", "+49 151 23456789", "id", "allow"]
)  # fmt: skip
SECRET = st.lists(PIECES | st.text(max_size=6), min_size=3, max_size=12).map("".join).filter(lambda said: len(said.strip()) >= 10)
WORD = st.text("abcdefghjkmnopqrstuvwxyz", min_size=12, max_size=16)


def spellings(secret: str) -> set[bytes]:
    """As JSON may write it, as it is, and as a query or a log line might."""
    forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret), repr(secret)[1:-1]}
    return {form.encode("utf-8", "surrogatepass") for form in forms}


async def everything(reading: Reading) -> dict[str, bytes]:
    """Each path with all that it can be asked for here."""
    read: dict[str, bytes] = {}

    async def get(path: str) -> Any:
        answer = await reading.http.get(path)
        assert answer.status_code == 200, answer.text
        read[path] = answer.content + repr(answer.headers.raw).encode()
        return answer

    for each in routes.PATHS:
        if "{id}" not in each.path and each.role == READ:  # what needs somebody's name: tests/unit/gateway/signin
            await get(API + each.path + NEEDED.get(each.path, ""))
    page = (await get(f"{API}/decisions?limit=500")).json()
    for row in page["data"]:
        await get(f"{API}/decisions/{row['id']}")
        await get(f"{API}/receipts/{row['id']}")
    for name in reports.KINDS:
        await get(f"{API}/reports/{name}?by=hour")
    async with heard(reading, Listening(last_event_id="0")) as listener:
        await listener.until(lambda: len(listener.told()) >= len(page["data"]) - 1)
        read["events"] = listener.raw
    return read


@given(secret=SECRET, word=WORD, stream=st.booleans())
@settings(max_examples=25)
async def test_no_text_of_a_request_appears_in_any_answer(secret: str, word: str, stream: bool) -> None:
    """Asked so that it is answered, refused, failed, and wrong; by a person, of a task, in fields, with a text that is found or not."""
    with tempfile.TemporaryDirectory() as folder:
        reading = await reading_of(config(BEIJING, FRANKFURT, VIRGINIA), Path(folder))
        try:
            where = f'id="{word}", location="CN", residence="CN", age=35, consent=(general)'
            ask: dict[str, Any] = {
                "messages": [{"role": "system", "content": secret}, {"role": "user", "content": [{"type": "text", "text": secret}]}],
                "user": word, "stream": stream, "stop": [word],
                "tools": [{"type": "function", "function": {"name": word, "description": secret, "parameters": {"type": "object"}}}],
            }  # fmt: skip
            statuses = []
            reading.sim.partners["eu-frankfurt"].failures.append(ProviderFailure("broken", kind="content", retryable=False))
            for model in ("auto", "us-virginia", "eu-frankfurt", word):
                person = where.replace("CN", "DE") if model == "eu-frankfurt" else where
                headers = {"Comity-Subject": person, "user-agent": word, "content-type": "application/json", "x-request-id": word}
                answer = await reading.http.post(
                    "/v1/chat/completions", content=json.dumps({**ask, "model": model}).encode(), headers=headers
                )
                statuses.append(answer.status_code)
            assert statuses[:2] == [200, 451] and statuses[2] >= 500 and statuses[3] == 404
            for path, body in (await everything(reading)).items():
                for form in spellings(secret) | spellings(word):
                    assert form not in body, (path, form)
        finally:
            await reading.aclose()


async def test_what_is_looked_for_would_be_found(reading: Reading) -> None:
    """The same search finds what does stand there."""
    receipt = (await reading.ask()).headers["comity-receipt"]
    read = await everything(reading)
    assert sum(receipt.encode() in body for body in read.values()) >= 4 and all(spellings(receipt) <= {receipt.encode()} for _ in read)
