# SPDX-License-Identifier: Apache-2.0
"""`kill -9` under load: every request that was answered has its record and a proof after the restart, in a home of its own and on a
server that another gateway goes on with."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from comity.errors import ComityError
from comity.lab.process import ask, call
from comity.transparency.log_key import Place, Shared
from comity.transparency.reader import Reader
from comity.transparency.verify import verify
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

CALLERS = 8


@pytest.fixture
def stored(place: Place, tmp_path: Path) -> str:
    """What the configuration says of where the record lies."""
    if not isinstance(place, Shared):
        return ""
    (tmp_path / "url").write_text(place.url)
    (tmp_path / "key").write_text(place.key.hex())
    return f"\n[storage]\nurl = {{ file = '{tmp_path / 'url'}' }}\nlog_key = {{ file = '{tmp_path / 'key'}' }}\n"


def load_until_killed(folder: Path, config: str, answers: int) -> list[str]:
    """Receipts of every answer that reached a caller before the gateway was killed."""
    receipts: list[str] = []
    enough, lock = threading.Event(), threading.Lock()
    with gateway(folder, config) as process:

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


def check(folder: Path, config: str, place: Place, receipts: list[str], name: str = "gateway") -> None:
    with gateway(folder, config, name=name) as again:  # it starts again, and answers
        reply = ask(again.base, {"messages": [{"role": "user", "content": "still there?"}]}, subject("CN"))
        assert reply.status == 200
        for receipt in receipts:
            assert verify(call(again.base, "GET", f"/comity/v1/receipts/{receipt}").json()).receipt["id"] == receipt
    with Reader.open(place if isinstance(place, Shared) else folder / "gateway") as reader:
        for receipt in receipts:
            kept = reader.record(receipt)
            assert json.loads(kept.facts)["subject"]["location"] == "CN"
            verify(reader.bundle(receipt))


@pytest.mark.parametrize("answers", [1, 200])
def test_every_answered_request_has_its_record(tmp_path: Path, place: Place, stored: str, answers: int) -> None:
    with EchoPartner() as partner:
        config = BEIJING.format(base=partner.base) + stored
        receipts = load_until_killed(tmp_path, config, answers)
        assert len(receipts) >= answers and len(set(receipts)) == len(receipts)
        check(tmp_path, config, place, receipts)
        if isinstance(place, Shared):  # and a gateway that never saw them proves them just as well
            check(tmp_path, config, place, receipts, name="another")


@pytest.mark.full
def test_a_series_of_kills_on_one_log(tmp_path: Path, place: Place, stored: str) -> None:
    receipts: list[str] = []
    with EchoPartner() as partner:
        config = BEIJING.format(base=partner.base) + stored
        for round_ in range(20):
            receipts += load_until_killed(tmp_path, config, 20 + 37 * round_ % 101)
        check(tmp_path, config, place, receipts)
