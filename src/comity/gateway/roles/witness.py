# SPDX-License-Identifier: Apache-2.0
"""A witness over HTTP: `/add-checkpoint` by C2SP tlog-witness, and whether it is well.  Open to anybody: a log's signature is its key."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from comity.config import Config, WitnessConfig
from comity.errors import CallerError, ComityError, OperatorError
from comity.gateway.exchange import Disconnected, Exchange
from comity.gateway.roles.nodelog import secret_of
from comity.ports import Random, Secrets, SystemClock, SystemRandom, SystemSecrets
from comity.storage.home import HomeLock, prepare, secret_key
from comity.storage.schema import migrations
from comity.storage.sqlite import connect
from comity.transparency.note import Signer, Verifier, parse_vkey
from comity.transparency.witness import DATABASE, KEY, PATH, REQUEST_BYTES_MAX, Answer, Witness, forgotten, keys_of

log = logging.getLogger("comity.gateway")


class Door:
    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def answer(self, exchange: Exchange) -> None:
        try:
            said = await self._said(exchange)
        except CallerError as error:
            said = Answer(error.status, f"{error}\n")
        except ComityError as error:
            log.error("the witness cannot sign: %s", error.code)
            said = Answer(error.status, f"{error.code}\n")
        except Disconnected:
            return
        with suppress(Disconnected):
            await exchange.respond(said.status, said.body.encode(), [(b"content-type", said.type.encode())])

    async def _said(self, exchange: Exchange) -> Answer:
        match exchange.method, exchange.path:
            case "POST", path if path == PATH:
                return await self._witness.add(await exchange.body(REQUEST_BYTES_MAX))
            case "GET" | "HEAD", "/healthz":
                return Answer(200, "ok\n")
            case _, path if path in (PATH, "/healthz"):
                return Answer(405, "not by this method\n")
        return Answer(404, "a witness has no such path\n")


def keys(config: WitnessConfig, home: Path, random: Random, secrets: Secrets) -> tuple[Signer, ...]:
    """Made in the home where none is configured.  Raises OperatorError."""
    key = config.key
    if key is None:
        prepare(home)
        lost = forgotten(home)
        if lost is not None:
            raise lost
        connect(home / DATABASE, migrations("witness", "sqlite")).close()  # its memory is there before its key is
        secret = secret_key(home / KEY, random)
    else:
        secret = secret_of(secrets.get(env=key.env, file=key.file, command=key.command), "witness.key")
    try:
        return keys_of(config.name, secret)
    except ValueError as error:
        raise OperatorError(f"witness.name: {error}", code="config.invalid", field="witness.name", hint="example.org/witness-1") from None


def logs(config: WitnessConfig) -> tuple[Verifier, ...]:
    """Raises OperatorError."""
    try:
        return tuple(parse_vkey(each) for each in config.logs)
    except ValueError as error:
        raise OperatorError(
            f"witness.logs: {error}", code="config.invalid", field="witness.logs", hint="as the log's operator prints it"
        ) from None


def serve(config: Config, witness: WitnessConfig, *, home: Path, on_ready: Callable[[str, Sequence[str]], None]) -> int:
    """Blocks until SIGINT or SIGTERM; ``on_ready`` gets the base URL and the keys to pin.  Returns the exit code."""
    import asyncio

    from comity.gateway.serve import bind

    watched = logs(witness)
    if not watched:
        raise OperatorError(
            "a witness of no log signs nothing", code="config.invalid", field="witness.logs", hint="comity witness --log VKEY"
        )
    prepare(home)
    lock = HomeLock(home)
    lock.acquire()
    try:
        signers = keys(witness, home, SystemRandom(), SystemSecrets())
        listening = bind(config.server.host, config.server.port)
        try:
            asyncio.run(_serve(config, signers, watched, home, listening, on_ready))
        finally:
            listening.close()
    finally:
        lock.release()
    return 0


async def _serve(
    config: Config, signers: Sequence[Signer], watched: Sequence[Verifier], home: Path, listening: socket.socket,
    on_ready: Callable[[str, Sequence[str]], None],
) -> None:  # fmt: skip
    from comity.gateway.serve import listen, url_of

    seconds_max = config.limits.record_seconds_max
    witness = await Witness.open(home / DATABASE, signers, watched, clock=SystemClock(), seconds_max=seconds_max)
    try:
        await listen(
            Door(witness).answer, listening, lambda: on_ready(url_of(listening), witness.vkeys), lambda: config.limits
        )  # fmt: skip
    finally:
        await witness.aclose()
