# SPDX-License-Identifier: Apache-2.0
"""The database stalls, fills up, restarts and loses its connections below a running gateway under load: nothing is sent unrecorded,
nobody waits for ever, and service resumes by itself."""

from __future__ import annotations

import http.client
import itertools
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from comity.errors import ComityError
from comity.lab.process import Process, ask, call
from comity.storage.database import Row, Script, Statement
from comity.transparency.log_key import Place, Shared
from comity.transparency.reader import Reader
from comity.transparency.verify import verify
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.postgres import PostgresServer
from tests.simulated.worlds import subject

CALLERS = 6
SECONDS_MAX = 1.0  # that a gateway waits for a record
PATIENCE_SECONDS = 60.0  # of this test, on a busy machine; a caller who waits longer waits for ever


class Load:
    """Callers who go on whatever they are told, and note it."""

    def __init__(self, process: Process) -> None:
        self.told: Counter[str] = Counter()
        self.receipts: list[str] = []
        self.longest = 0.0
        self._process, self._over, self._numbers = process, threading.Event(), itertools.count()
        self._threads = [threading.Thread(target=self._caller) for _ in range(CALLERS)]

    def __enter__(self) -> Load:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join(PATIENCE_SECONDS)
        assert not any(each.is_alive() for each in self._threads), "somebody waits for ever"

    def _caller(self) -> None:
        while not self._over.is_set():
            number = next(self._numbers)
            body = {"messages": [{"role": "user", "content": f"hello {number}"}], "stream": number % 2 == 0}
            began = time.monotonic()
            try:
                reply = ask(self._process.base, body, subject("CN", name=f"u-{number}"))
            except (OSError, http.client.HTTPException, ComityError) as error:
                self.told[f"cut {type(error).__name__}"] += 1
                continue
            self.longest = max(self.longest, time.monotonic() - began)
            if reply.status == 200:
                self.receipts.append(reply.headers["comity-receipt"])
                self.told["ok"] += 1
            else:
                self.told[str(reply.json()["error"]["code"])] += 1

    def until(self, seen: Callable[[], bool], what: str) -> None:
        deadline, tick = time.monotonic() + PATIENCE_SECONDS, threading.Event()
        while not seen():
            assert time.monotonic() < deadline, f"{what}: {self.told}"
            tick.wait(0.01)

    def answered(self, times: int) -> None:
        enough = self.told["ok"] + times
        self.until(lambda: self.told["ok"] >= enough, "no service")

    def refused(self) -> None:
        def storage() -> int:
            return sum(count for code, count in self.told.items() if code.startswith("storage."))

        enough = storage() + CALLERS
        self.until(lambda: storage() >= enough, "nobody is refused")


def rows(sql: str) -> Script[list[Row]]:
    return (yield Statement(sql))


@contextmanager
def running(folder: Path, place: Place) -> Iterator[tuple[Process, Load]]:
    """And afterwards: what was sent is recorded, and what was answered is proved."""
    stored = f"\n[limits]\nrecord_seconds_max = {SECONDS_MAX}\n"
    if isinstance(place, Shared):
        (folder / "url").write_text(place.url)
        (folder / "key").write_text(place.key.hex())
        stored += f"[storage]\nurl = {{ file = '{folder / 'url'}' }}\nlog_key = {{ file = '{folder / 'key'}' }}\n"
    with EchoPartner() as partner:
        with gateway(folder, BEIJING.format(base=partner.base) + stored) as process:
            with Load(process) as load:
                load.answered(20)
                yield process, load
                load.answered(50)
            assert call(process.base, "GET", "/readyz").status == 200
        assert not [each for each in load.told if each != "ok" and not each.startswith("storage.")], load.told
        sent = len(partner.bodies)
    with Reader.open(place if isinstance(place, Shared) else folder / "gateway") as reader:
        [(recorded,)] = reader._look(lambda: rows("SELECT count(*) FROM records"))
        assert recorded >= sent >= load.told["ok"], "nothing is sent unrecorded"
        for receipt in load.receipts[:: max(1, len(load.receipts) // 200)]:
            verify(reader.bundle(receipt), vkey=reader.vkey)
        [(kept,)] = reader._look(lambda: rows(f"SELECT count(*) FROM records WHERE id IN ({','.join(map(repr, load.receipts))})"))
        assert kept == len(load.receipts), "no acknowledged record is lost"


@pytest.fixture
def shared(postgres_url: str) -> Shared:
    return Shared(postgres_url, b"k" * 32)


def test_a_server_that_stalls(tmp_path: Path, postgres: PostgresServer, shared: Shared) -> None:
    with running(tmp_path, shared) as (process, load):
        postmaster = int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0])
        stopped = [*postgres.backends(shared.url), postmaster]
        postgres.signal(stopped, signal.SIGSTOP)
        try:
            load.refused()
            assert call(process.base, "GET", "/readyz").status == 503
            assert call(process.base, "GET", "/healthz").status == 200
        finally:
            postgres.signal(stopped, signal.SIGCONT)


def test_a_server_that_restarts(tmp_path: Path, postgres: PostgresServer, shared: Shared) -> None:
    with running(tmp_path, shared) as (_, load):
        for _ in range(2):
            postgres.restart()
            load.answered(20)


def test_a_server_that_is_down_for_a_while(tmp_path: Path, postgres: PostgresServer, shared: Shared) -> None:
    with running(tmp_path, shared) as (process, load):
        postgres.stop("immediate")
        try:
            load.refused()
            assert call(process.base, "GET", "/readyz").status == 503
        finally:
            postgres.start()


def test_connections_that_are_cut(tmp_path: Path, postgres: PostgresServer, shared: Shared) -> None:
    with running(tmp_path, shared) as (_, load):
        for _ in range(10):
            postgres.signal(postgres.backends(shared.url), signal.SIGTERM)
            load.answered(5)


@pytest.mark.parametrize("table", ["records", "outcomes"])
def test_a_server_whose_disk_is_full(tmp_path: Path, postgres: PostgresServer, shared: Shared, table: str) -> None:
    """As the server tells it: in the midst of a group, by its own code for a full disk."""
    made = "CREATE FUNCTION comity_log.full_disk() RETURNS trigger LANGUAGE plpgsql"
    says_full = f"{made} AS 'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END'"
    trigger = f"CREATE TRIGGER t BEFORE INSERT ON comity_log.{table} FOR EACH ROW EXECUTE FUNCTION comity_log.full_disk()"
    with running(tmp_path, shared) as (_, load):
        postgres.sql(says_full, shared.url)
        postgres.sql(trigger, shared.url)
        if table == "records":
            load.refused()
        else:
            load.answered(20)  # who is answered has a record; only how it ended cannot be said
        postgres.sql(f"DROP TRIGGER t ON comity_log.{table}", shared.url)


def test_a_file_that_may_grow_no_more(tmp_path: Path, home: Path) -> None:
    with running(tmp_path, home) as (process, load):
        soft, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        size = (tmp_path / "gateway" / "comity.db-wal").stat().st_size
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size + 10_000, hard))
        try:
            load.refused()
        finally:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_somebody_holds(tmp_path: Path, home: Path) -> None:
    """Another process has the database locked for longer than anybody waits."""
    import sqlite3
    from contextlib import closing

    with running(tmp_path, home) as (process, load), closing(sqlite3.connect(tmp_path / "gateway" / "comity.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        load.refused()
        assert call(process.base, "GET", "/readyz").status == 503
        other.execute("ROLLBACK")


def test_a_file_that_is_moved_away_and_back(tmp_path: Path, home: Path) -> None:
    with running(tmp_path, home) as (_, load):
        held, hidden = tmp_path / "gateway", tmp_path / "hidden"
        hidden.mkdir()
        moved = [path.name for path in held.iterdir() if path.name.startswith("comity.db")]
        for name in moved:
            (held / name).rename(hidden / name)
        load.refused()
        for name in moved:
            (hidden / name).rename(held / name)
