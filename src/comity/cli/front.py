# SPDX-License-Identifier: Apache-2.0
"""The front door for a command: a gateway that runs on this home, or the same one in this process, asked without a socket."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from comity.cli import place, say
from comity.errors import CallerError, OperatorError, ProviderFailure

if TYPE_CHECKING:
    from comity.config import Config

TIMEOUT_SECONDS = 600
LOOK_SECONDS = 2
WAIT_SECONDS = 60.0
"""For another command that uses this home right now."""
WAIT_STEP_SECONDS = 0.2


class Sent(NamedTuple):
    method: str
    path: str  # with its query
    body: bytes = b""
    content_type: str = "application/json"


class Answered(NamedTuple):
    headers: Mapping[str, str]
    body: bytes


def headers_of(args: argparse.Namespace) -> dict[str, str]:
    """What a command says of the person and the purpose, and the caller's key.  Raises CallerError."""
    from comity.ports import environment

    named = {"comity-subject": args.subject, "comity-purpose": args.purpose}
    headers = {name: value for name, value in named.items() if value}
    if environment(args.key):
        headers["authorization"] = f"Bearer {environment(args.key)}"
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise CallerError(f"`{name}` holds what no header can", code="usage", exit_code=2, field=name, hint="printable ASCII only")
    return headers


def ask(args: argparse.Namespace, sent: Sent) -> Answered:
    """Raises ComityError, as the gateway raised it."""
    from comity.gateway.running import found
    from comity.ports import SystemClock

    now = SystemClock().monotonic
    config, headers = place.configuration(args), headers_of(args)
    until, told = now() + WAIT_SECONDS, False
    while True:
        running = found(place.home(args, config))
        base = running.url if running is not None else f"http://{config.server.host}:{config.server.port}"
        if running is not None or (config.server.port and _listens(base)):
            return _over_http(base, sent, headers)
        try:
            return _here(args, config, sent, headers)
        except OperatorError as error:
            if error.code != "home.in_use" or now() >= until:
                raise
        if not told:
            say.aside("another command uses this home: waiting for it")
            told = True
        time.sleep(WAIT_STEP_SECONDS)  # a command like this one, or a gateway that is about to listen


def _direct() -> Any:
    """No proxy of the environment stands between a person and their own machine."""
    import urllib.request

    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _listens(base: str) -> bool:
    """Whether a Comity, and not something else, answers there."""
    try:
        with _direct().open(f"{base}/healthz", timeout=LOOK_SECONDS) as answer:
            return bool(json.loads(answer.read(200)).get("service") == "comity")
    except (OSError, ValueError, AttributeError):
        return False


def _over_http(base: str, sent: Sent, headers: Mapping[str, str]) -> Answered:
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    asked = urllib.request.Request(  # noqa: S310 - the gateway of the configuration
        base + sent.path, sent.body or None, {**headers, "content-type": sent.content_type}, method=sent.method
    )
    try:
        with _direct().open(asked, timeout=TIMEOUT_SECONDS) as answer:
            return Answered({name.lower(): value for name, value in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as error:
        _raised(error.code, error.read())
    except (OSError, HTTPException, ValueError):
        raise ProviderFailure("the gateway did not answer to the end", code="gateway.failed", hint="see what it says itself") from None


def _here(args: argparse.Namespace, config: Config, sent: Sent, headers: Mapping[str, str]) -> Answered:
    import asyncio
    import logging

    from comity.cli.local import world_here
    from comity.gateway.app import App
    from comity.gateway.library.exchange import Exchanged

    logging.getLogger("comity").addHandler(logging.NullHandler())  # a person is told by the error

    async def answered() -> tuple[int, Answered]:
        async with world_here(config, place.home(args, config)) as world:
            app = App(world)
            path, _, query = sent.path.partition("?")
            named = {"host": "localhost", "content-type": sent.content_type, **headers}
            exchange = Exchanged(sent.method, path, named, sent.body, query=query)
            try:
                head = await exchange.head(app.answer)
                raw = b""
                while piece := await exchange.piece():
                    raw += piece
            finally:
                await exchange.leave()
                app.hub.close()
            return head.status, Answered(head.headers, raw)

    status, answer = asyncio.run(answered())
    if status >= 400:
        _raised(status, answer.body)
    return answer


def _raised(status: int, raw: bytes) -> NoReturn:
    from comity.gateway.library.answers import error_of

    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    raise error_of(status, body)
