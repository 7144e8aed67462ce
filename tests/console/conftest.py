# SPDX-License-Identifier: Apache-2.0
"""One gateway and one browser for all pages: the process that people start, three partners that echo, and Debian's Chromium."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from comity.lab.process import Process
from tests.browser import browser
from tests.conftest import is_full
from tests.console import front
from tests.console.opened import Opened
from tests.live.places import BEIJING, EchoPartner
from tests.live.places import gateway as started

ROLES = {"viewer": ["read"], "engineer": ["call", "engineer"], "officer": ["call", "officer"], "admin": ["call", "admin"]}
KEYS = {role: f"console-{role}-key" for role in ROLES}
PARIS = """
[[deployments]]
id = "own-paris"
provider = "self-hosted"
base_url = "{base}/v1"
model = "echo"
inputs = ["image"]
processing = ["FR"]
storage = ["FR"]
access = ["FR"]
operator = "FR"
evidence = ["processor_contract"]
"""
KEY = """
[[keys]]
id = "{role}"
sha256 = "{digest}"
roles = {roles}
may_assert_subject = true
"""
Open = Callable[..., AbstractContextManager[Opened]]


def world(base: str) -> str:
    keys = (
        KEY.format(role=role, digest=hashlib.sha256(KEYS[role].encode()).hexdigest(), roles=json.dumps(said))
        for role, said in ROLES.items()
    )
    return (BEIJING + PARIS).format(base=base) + "".join(keys)


@pytest.fixture(scope="session")
def partner() -> Iterator[EchoPartner]:
    with EchoPartner() as partner:
        yield partner


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("console")


@pytest.fixture(scope="session")
def gateway(folder: Path, partner: EchoPartner) -> Iterator[Process]:
    with started(folder, world(partner.base), program=front.__name__, environment={front.GATE: str(folder / "gate")}) as process:
        yield process


PEOPLE = (
    'location="CN", residence="CN", age=35, consent=(general)', 'location="US", residence="US", age=35, consent=(general)',
    'location="DE", residence="DE", age=35, consent=(general)', 'location="CN", residence="CN", age=9',
    'location="KR", residence="KR", age=40, consent=(general)',
)  # fmt: skip
MODELS = ("auto", "us-virginia", "own-paris")
Asks = Callable[[int], None]


@pytest.fixture(scope="session")
def asks(gateway: Process) -> Asks:
    """So many requests of all kinds, through the door."""

    def asked(count: int) -> None:
        connection = http.client.HTTPConnection(gateway.base.removeprefix("http://"))
        for number in range(count):
            body = json.dumps({"model": MODELS[number % len(MODELS)], "messages": [{"role": "user", "content": "hello"}]})
            headers = {
                "authorization": f"Bearer {KEYS['engineer']}", "content-type": "application/json",
                "comity-subject": PEOPLE[number % len(PEOPLE)],
            }  # fmt: skip
            connection.request("POST", "/v1/chat/completions", body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status in (200, 451)
        connection.close()

    return asked


@pytest.fixture(scope="session")
def traffic(asks: Asks) -> int:
    """More records than two pages of a list have."""
    asks(count := 120)
    return count


@pytest.fixture(scope="session")
def link(folder: Path, gateway: Process) -> Callable[[str], str]:
    """The path that `comity console --role …` prints."""

    def printed(role: str) -> str:
        command = ["--config", str(folder / "gateway.toml"), "--home", str(folder / "gateway"), "--json", "console", "--role", role]
        done = subprocess.run([sys.executable, "-m", "comity.cli.main", *command], capture_output=True, check=True)
        said: str = json.loads(done.stdout)["console"]
        return said.removeprefix(gateway.base)

    return printed


class Chromium:
    """Playwright's event loop stays the running one of the thread that began it; here only while a test speaks to the browser, so that
    tests with loops of their own can run in between."""

    def __init__(self, base: str) -> None:
        from playwright.sync_api import sync_playwright

        self.base = base
        self._playwright = sync_playwright().start()
        self._loop = asyncio.get_running_loop()
        self._browser = self._playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox", "--disable-gpu"])
        self._contexts: dict[str, Any] = {}
        asyncio._set_running_loop(None)

    @contextmanager
    def lent(self) -> Iterator[None]:
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self._loop)
        try:
            yield
        finally:
            asyncio._set_running_loop(before)

    def context(self, role: str) -> Any:
        """One for each role, signed in; "" for nobody."""
        if role not in self._contexts:
            context = self._browser.new_context(base_url=self.base)
            if role:
                context.add_cookies(
                    [{"name": "comity_session", "value": signed_in(self.base, KEYS[role]), "url": self.base, "httpOnly": True}]
                )
            self._contexts[role] = context
        return self._contexts[role]

    def close(self) -> None:
        with self.lent():
            self._browser.close()
            self._playwright.stop()


def signed_in(base: str, token: str) -> str:
    """The cookie of a session that begins with ``token``."""
    connection = http.client.HTTPConnection(base.removeprefix("http://"))
    connection.request("POST", "/comity/v1/session", json.dumps({"token": token}), {"content-type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200
    return (answer.getheader("set-cookie") or "").split(";")[0].partition("=")[2]


@pytest.fixture(scope="session")
def chromium(gateway: Process) -> Iterator[Chromium]:
    if not browser():
        pytest.skip("no Chromium is on this machine")
    pytest.importorskip("playwright", reason="playwright is not installed")
    chromium = Chromium(gateway.base)
    yield chromium
    chromium.close()


@pytest.fixture
def open_page(chromium: Chromium, request: pytest.FixtureRequest) -> Open:
    """`with open_page("/console/try", role="engineer", language="zh", theme="dark", width=390) as opened:`"""

    @contextmanager
    def opened(
        path: str, *, role: str = "admin", language: str = "en", theme: str = "light", width: int = 1280, expected: tuple[int, ...] = ()
    ) -> Iterator[Opened]:
        with chromium.lent():
            page = chromium.context(role).new_page()
            try:
                made = Opened(page, chromium.base, language, expected)
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=theme)
                page.add_init_script(f"localStorage.setItem('comity.language', '{language}'); localStorage.removeItem('comity.theme')")
                made.go(path)
                yield made
                made.check()
            finally:
                page.close()

    opened.whole = is_full(request.config)  # type: ignore[attr-defined]
    return opened
