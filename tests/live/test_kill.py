# SPDX-License-Identifier: Apache-2.0
"""`kill -9` under load: every request that was answered has its record and a proof after the restart."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from comity.errors import ComityError
from comity.lab.process import ask, call
from comity.transparency.reader import Reader
from comity.transparency.verify import verify
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

CALLERS = 8


def load_until_killed(folder: Path, base: str, answers: int) -> list[str]:
    """Receipts of every answer that reached a caller before the gateway was killed."""
    receipts: list[str] = []
    enough, lock = threading.Event(), threading.Lock()
    with gateway(folder, BEIJING.format(base=base)) as process:

        def caller(number: int) -> None:
            body = {"messages": [{"role": "user", "content": f"hello {number}, 13812345678"}], "stream": number % 2 == 0}
            while True:
                try:
                    reply = ask(process.base, body, subject("CN"))
                except (OSError, ValueError, ComityError, ConnectionError, EOFError):
                    return
                except Exception as error:  # http.client has its own names for a peer that vanished
                    if type(error).__module__ != "http.client":
                        raise
                    return
                if reply.status == 200:
                    with lock:
                        receipts.append(reply.headers["comity-receipt"])
                        if len(receipts) >= answers:
                            enough.set()

        threads = [threading.Thread(target=caller, args=(number,)) for number in range(CALLERS)]
        for thread in threads:
            thread.start()
        assert enough.wait(60), "the gateway did not answer"
        process.kill()
        for thread in threads:
            thread.join(30)
    return receipts


def check(folder: Path, base: str, receipts: list[str]) -> None:
    with gateway(folder, BEIJING.format(base=base)) as again:  # it starts again, and answers
        reply = ask(again.base, {"messages": [{"role": "user", "content": "still there?"}]}, subject("CN"))
        assert reply.status == 200
        for receipt in receipts:
            assert verify(call(again.base, "GET", f"/comity/v1/receipts/{receipt}").json()).receipt["id"] == receipt
    reader = Reader.open(folder / "gateway")
    for receipt in receipts:
        kept = reader.record(receipt)
        assert json.loads(kept.facts)["subject"]["location"] == "CN"
        verify(reader.bundle(receipt))


@pytest.mark.parametrize("answers", [1, 200])
def test_every_answered_request_has_its_record(tmp_path: Path, answers: int) -> None:
    with EchoPartner() as partner:
        receipts = load_until_killed(tmp_path, partner.base, answers)
        assert len(receipts) >= answers and len(set(receipts)) == len(receipts)
        check(tmp_path, partner.base, receipts)


@pytest.mark.full
def test_a_series_of_kills_on_one_home(tmp_path: Path) -> None:
    receipts: list[str] = []
    with EchoPartner() as partner:
        for round_ in range(20):
            receipts += load_until_killed(tmp_path, partner.base, 20 + 37 * round_ % 101)
        check(tmp_path, partner.base, receipts)
