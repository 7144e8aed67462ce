# SPDX-License-Identifier: Apache-2.0
"""What every test stands on: no network, no wall clock, repeatable randomness, and an honest last word.

    pytest              the tests; those marked `full` are left out
    pytest -n 2 --dist loadfile --no-loadscope-reorder   in two processes, each file in one of them (as `make test` does)
    pytest --full       all of them (also COMITY_FULL=1), with the larger Hypothesis profile
    HYPOTHESIS_PROFILE  ci (default) | full | explore (new random examples each run)

What a run could not do is printed as `NOT RUN: …` before pytest's closing line.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from comity.transparency.log_key import Place, Shared
from tests.fakes import FakeClock, SeededRandom
from tests.loop_guard import LoopGuard
from tests.network_guard import Guard
from tests.postgres import PostgresServer, close, server

NETWORK = Guard()
LOOP = LoopGuard()
LEFT_OUT: Counter[str] = Counter()
LONGEST = (
    "tests/docs/test_pages.py", "tests/laws/test_statements.py", "tests/console/", "tests/live/", "tests/cli/", "tests/unit/gateway/",
    "tests/laws/", "tests/simulated/", "tests/unit/policy/",
)  # fmt: skip
"""Files that take long are begun first, so that of two processes none is left alone with one at the end."""

# Many tests start programs of ours.  Where the environment forbids it to keep what was compiled, each would compile all of Comity anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# `deadline=None`: a test never fails for being slow on a busy machine.  `database=None`: no state between runs.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", derandomize=True, max_examples=60, database=None, **_COMMON)
settings.register_profile("full", derandomize=True, max_examples=1500, database=None, **_COMMON)
settings.register_profile("explore", max_examples=500, **_COMMON)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the long tests too (also COMITY_FULL=1)")


def is_full(config: pytest.Config) -> bool:
    return bool(config.getoption("--full")) or os.environ.get("COMITY_FULL", "") not in ("", "0")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("full" if is_full(config) else "ci"))
    NETWORK.install()
    LOOP.install()


def pytest_unconfigure() -> None:
    LOOP.remove()
    NETWORK.remove()


def begun(item: pytest.Item) -> int:
    """Its place among the shelves; within one, tests stay as they are written."""
    return next((at for at, path in enumerate(LONGEST) if item.nodeid.startswith(path)), len(LONGEST))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=begun)
    if is_full(config):
        return
    long = [item for item in items if item.get_closest_marker("full")]
    named = {argument.split("[")[0] for argument in config.args if "::" in argument}
    long = [item for item in long if not any(item.nodeid.startswith(name) for name in named)]  # asked for by name: run it
    if long:
        LEFT_OUT["long, in `make test-full` only"] += len(long)
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in set(long)]


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)  # of one of several processes (pytest-xdist)
    if output is not None:
        output["left_out"] = dict(LEFT_OUT)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    LEFT_OUT.update(Counter(getattr(node, "workeroutput", {}).get("left_out", {})) - LEFT_OUT)  # each process leaves out the same


@cache
def a_model_is_here() -> bool:
    from comity.config import PathsConfig
    from comity.device.fetch import is_whole
    from comity.device.manifest import models, models_directory

    return any(is_whole(model, models_directory(PathsConfig())) for model in models().values())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    NETWORK.open = item.get_closest_marker("registry") is not None
    LOOP.allowed = item.get_closest_marker("holds_loop") is not None
    if item.get_closest_marker("model") is not None and not a_model_is_here():
        pytest.skip("no model is on this machine: comity models add smollm2-135m-instruct")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    NETWORK.open = LOOP.allowed = False


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A skip is not a pass: what was not run is said, each reason once, with how many tests it stood in front of."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.getreports("skipped"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        where = report.nodeid.split("::")[0]
        reasons[f"{where}: {why.removeprefix('Skipped: ')}"] += 1
    for why, count in sorted(reasons.items()) + sorted(LEFT_OUT.items()):
        terminalreporter.write_line(f"NOT RUN: {count} {'test' if count == 1 else 'tests'}: {why}")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def random() -> SeededRandom:
    return SeededRandom()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole run; `database()` lends an empty one on it."""
    found = server()
    if isinstance(found, str):
        pytest.skip(found)
    yield found
    close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty data directory, as `--home` or `COMITY_HOME` would name it."""
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the person's own data, keys or settings."""
    for name in list(os.environ):
        if name.startswith("COMITY_") and name not in ("COMITY_FULL", "COMITY_MODELS"):
            monkeypatch.delenv(name)
    for name in ("DASHSCOPE_API_KEY", "OPENAI_API_KEY", "MISTRAL_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    """Where a log lies: in an empty home, and on an empty database; both hold what is asked of either."""
    if request.param == "sqlite":
        return Path(request.getfixturevalue("home"))
    return Shared(request.getfixturevalue("postgres_url"), b"k" * 32)


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a database lies, as `open_database` takes it."""
    return tmp_path / "t.db" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
