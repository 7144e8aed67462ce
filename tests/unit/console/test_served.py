# SPDX-License-Identifier: Apache-2.0
"""The console's files as they are served: those of its folder and no others, under one policy, kept until they change."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity.config import Config, ConsoleConfig
from comity.console import pages
from comity.console.pages import HEADERS, KINDS, STATIC, Pages
from comity.gateway.app import ROUTES
from tests.simulated.worlds import BEIJING, config
from tests.unit.gateway.signin.conftest import Desk, Opening, opened  # noqa: F401 - a fixture

FOLDER = Path(pages.__file__).parent / "static"
ON, OFF = ConsoleConfig(transparency=True), ConsoleConfig(enabled=False, transparency=True)
SHOWN = Pages()
SHIPPED = sorted(file.relative_to(FOLDER).as_posix() for file in FOLDER.rglob("*") if file.is_file())


@pytest.fixture
async def desk(opened: Opening) -> Desk:  # noqa: F811
    return await opened(config(BEIJING))


def test_every_file_is_served_as_what_it_is() -> None:
    for name in SHIPPED:
        if Path(name).suffix:  # a licence has none, and is for whoever reads the source
            page = SHOWN(STATIC + name, ON)
            assert page is not None and page.body == (FOLDER / name).read_bytes(), name
            assert page.kind[1].decode() == KINDS[Path(name).suffix[1:]]


@pytest.mark.parametrize(
    "path", ["/console", "/console/", "/console/decisions", "/console/decisions/01J", "/console/no such page", "/transparency"]
)
def test_every_page_is_the_one_shell(path: str) -> None:
    page = SHOWN(path, ON)
    assert page is not None and page.body == (FOLDER / "index.html").read_bytes() and page.kind[1].startswith(b"text/html")
    assert SHOWN(path, OFF) is None


@pytest.mark.parametrize(
    "path",
    ["../pages.py", "../__init__.py", "..", "", "lib", "lib/", "lib/../app.js", "./app.js", "/app.js", "//app.js", "app.js/", "app.js%00",
     "app.js\\..", "..%2fpages.py", "....//pages.py", "app.js?x", "APP.JS", "/etc/passwd", "absent.js"],
)  # fmt: skip
def test_no_path_leads_out_of_the_folder(path: str) -> None:
    assert SHOWN(STATIC + path, ON) is None


@pytest.mark.parametrize("path", ["/", "/consolex", "/transparency/", "/transparency/x", "/static/app.js", "/comity/v1/console"])
def test_other_paths_are_not_the_console_s(path: str) -> None:
    assert SHOWN(path, ON) is None


def test_the_public_page_is_there_where_it_is_wanted() -> None:
    assert SHOWN("/transparency", ConsoleConfig()) is None
    assert Config().console.transparency is False


def test_no_page_hides_a_path_of_the_api() -> None:
    assert not [path for path in ROUTES if SHOWN(path, ON) is not None]


def test_the_policy_lets_nothing_run_that_did_not_come_from_here() -> None:
    policy = dict(each.partition(" ")[::2] for each in dict(HEADERS)[b"content-security-policy"].decode().split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'" and policy["trusted-types"] == "'none'"
    assert "unsafe" not in str(policy) and "*" not in str(policy) and "http" not in str(policy)


async def test_the_gateway_serves_them_to_anybody_and_says_when_they_are_the_same(desk: Desk) -> None:
    person = desk.browser()
    for path in ("/console", "/console/static/app.js"):
        first = await person.ask("GET", path)
        assert first.status_code == 200 and first.content
        for name, value in HEADERS:
            assert first.headers[name.decode()] == value.decode()
        again = await person.ask("GET", path, if_none_match=first.headers["etag"])
        assert (again.status_code, again.content) == (304, b"") and "content-security-policy" in again.headers
        head = await person.ask("HEAD", path)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])
        assert await person.code("POST", path) == (405, "request.method")
    assert await person.code("GET", "/console/static/absent.js") == (404, "request.unknown_path")
    assert await desk.browser("evil.example").code("GET", "/console") == (421, "request.unknown_host")
    assert desk.app.metrics.requests["page", "200"] == 4
