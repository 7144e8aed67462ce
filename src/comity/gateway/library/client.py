# SPDX-License-Identifier: Apache-2.0
"""`comity.Client` and `comity.AsyncClient`: what an application embeds in place of OpenAI's.

    with comity.Client(trust="node.toml", base_url="https://relay.example/cn-assist") as client:
        client.chat.completions.create(messages=[{"role": "user", "content": "Hello"}], subject='location="CN"')

The gateway runs in this process, on a home of its own.  Sealed, which is the default, nothing leaves this device but to nodes that have
proved themselves.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from comity.config import Config
from comity.config.file import load_config
from comity.errors import CallerError, ComityError, OperatorError
from comity.gateway.app import App
from comity.gateway.library.answers import AsyncStream, Said, error_of
from comity.gateway.library.calls import Calls, Sent
from comity.gateway.library.config import client_config, sealed_only
from comity.gateway.library.exchange import Exchanged
from comity.gateway.library.tasks import Tasks
from comity.gateway.world import build
from comity.ports import SystemClock, SystemRandom, SystemSecrets, environment
from comity.providers.base import Provider
from comity.transparency import rows

T = TypeVar("T")
Where = str | Path


class Engine:
    """The gateway behind clients that share it; built when something is first asked of it.  ``providers``: as `build` takes them."""

    def __init__(self, config: Config, home: Path, providers: Mapping[str, Provider] | None = None) -> None:
        self.config, self.home, self.random, self._providers = config, home, SystemRandom(), providers
        logging.getLogger("comity").addHandler(logging.NullHandler())  # what an application is told, it is told by errors
        self._app: App | None = None
        self._one: asyncio.Lock | None = None
        self.closed = False

    async def app(self) -> App:
        if self.closed:
            raise OperatorError("this client is closed", code="client.closed")
        self._one = self._one or asyncio.Lock()
        async with self._one:
            if self._app is None:
                world = await build(
                    self.config, home=self.home, clock=SystemClock(), random=self.random, secrets=SystemSecrets(), providers=self._providers
                )
                self._app = App(world)
            return self._app

    async def aclose(self) -> None:
        self.closed = True
        app, self._app = self._app, None
        if app is not None:
            app.hub.close()
            await app.world.users.gone()
            await app.world.aclose()


def _configured(config: Config | Where | None, trust: Config | Where | None, base_url: str, *, sealed: bool, device: bool) -> Config:
    if trust is not None:
        if config is not None:
            raise OperatorError("`trust` and `config` are both a configuration", code="client.invalid", hint="give one of them")
        return client_config(trust if isinstance(trust, Config) else Path(trust), node=base_url, device=device)
    if base_url:
        raise OperatorError("nothing says what the node must prove", code="client.invalid", field="trust", hint="trust=FILE")
    made = config if isinstance(config, Config) else load_config(None if config is None else Path(config))
    return sealed_only(made) if sealed else made


def _home(config: Config, given: Where | None) -> Path:
    from comity.device.manifest import data_directory, of_user

    named = given or config.paths.home or environment("COMITY_HOME")
    return of_user(Path(named).expanduser) if named else data_directory()


def _said(subject: str | None, purpose: str | None, task: str | None, more: Mapping[str, str] | None) -> dict[str, str]:
    named = {"comity-subject": subject, "comity-purpose": purpose, "comity-task": task}
    out = {name: value for name, value in named.items() if value} | {name.lower(): value for name, value in (more or {}).items()}
    for name, value in out.items():
        if not (value.isascii() and value.isprintable()):
            raise CallerError(f"`{name}` holds what no header can", code="request.invalid", field=name, hint="printable ASCII only")
    return out


class AsyncClient(Calls):
    """``subject``, ``purpose``, ``task``: as the headers of the same names; `with_options` gives a client that says others.

    ``sealed`` False lets a configuration's partners be asked in clear, as `comity up` does.
    """

    def __init__(
        self, *, sealed: bool = True, base_url: str = "", trust: Config | Where | None = None, config: Config | Where | None = None,
        home: Where | None = None, device: bool = True, api_key: str | None = None, subject: str | None = None,
        purpose: str | None = None, task: str | None = None, default_headers: Mapping[str, str] | None = None,
        _engine: Engine | None = None,
    ) -> None:  # fmt: skip
        if _engine is None:
            made = _configured(config, trust, base_url, sealed=sealed, device=device)
            _engine = Engine(made, _home(made, home))
        self._engine = _engine
        self._headers = _said(subject, purpose, task, default_headers)
        if api_key is not None:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._last = ""
        super().__init__(self._ask, lambda: _engine.random.token(16).hex())
        self.receipts, self.tasks = Receipts(self), Tasks(self._ask)

    def with_options(
        self, *, subject: str | None = None, purpose: str | None = None, task: str | None = None,
        default_headers: Mapping[str, str] | None = None,
    ) -> AsyncClient:  # fmt: skip
        """One more client on the same gateway, for another person or purpose."""
        return AsyncClient(_engine=self._engine, default_headers=self._headers | _said(subject, purpose, task, default_headers))

    async def _ask(self, sent: Sent) -> Any:
        app = await self._engine.app()
        named = {"host": "localhost", "content-type": sent.content_type, **self._headers, **_said(None, None, None, sent.headers)}
        path, _, query = sent.path.partition("?")
        exchange = Exchanged(sent.method, path, named, sent.body, query=query)
        head = await exchange.head(app.answer)
        comity = {name: value for name, value in head.headers.items() if name.startswith("comity-")}
        self._last = comity.get("comity-receipt", self._last)
        if head.status < 400 and sent.back == "stream":
            return AsyncStream(exchange, comity)
        try:
            raw = b""
            while piece := await exchange.piece():
                raw += piece
        finally:
            await exchange.leave()
        if head.status >= 400:
            raise _error(head.status, raw)
        if sent.read is not None:
            return sent.read(raw)
        if sent.back == "object":
            return Said(msgspec.json.decode(raw), comity)
        return raw.decode() if sent.back == "text" else raw

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Once what is being answered is over: records are whole."""
        await self._engine.aclose()


def _error(status: int, raw: bytes) -> ComityError:
    try:
        return error_of(status, msgspec.json.decode(raw))
    except msgspec.MsgspecError:
        return error_of(status, None)


class Receipts:
    """What proves where a request went: this installation's own receipt, and the node's where a node answered."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def retrieve(self, receipt: str) -> dict[str, Any]:
        """`own` and `node` are bundles that `comity log verify` takes; `node` is None where nothing left this device, or where what
        was sent has no end yet.  `sealed` is the SHA-256 of what was sealed."""
        ledger = (await self._client._engine.app()).world.ledger
        record = await ledger.database.read(lambda: rows.one(receipt))
        outcome = record.outcome or {}
        return {"own": await ledger.bundle(receipt), "node": outcome.get("received"), "sealed": outcome.get("sealed", "")}

    async def last(self) -> dict[str, Any]:
        """Of this client's last request that was decided."""
        if not self._client._last:
            raise CallerError("nothing was asked yet", code="receipt.unknown", status=404)
        return await self.retrieve(self._client._last)


# -- the same without `await` ---------------------------------------------------------------------------------------------


class Client(Calls):
    """As `AsyncClient`, for code without an event loop: its gateway has a thread of its own."""

    def __init__(self, *, _loop: _Loop | None = None, _client: AsyncClient | None = None, **options: Any) -> None:
        self._client = _client or AsyncClient(**options)
        self._loop = _loop or _Loop()
        super().__init__(self._ask, lambda: self._client._engine.random.token(16).hex())
        self.tasks = Tasks(self._ask)
        if _client is None:
            try:
                self._loop.run(self._client._engine.app())  # what is misconfigured is told here
            except BaseException:
                self._loop.close()
                raise

    def _ask(self, sent: Sent) -> Any:
        answer = self._loop.run(self._client._ask(sent))
        return Stream(answer, self._loop) if isinstance(answer, AsyncStream) else answer

    def with_options(self, **options: Any) -> Client:
        return Client(_loop=self._loop, _client=self._client.with_options(**options))

    @property
    def last_receipt(self) -> dict[str, Any]:
        return self._loop.run(self._client.receipts.last())

    def receipt(self, receipt: str) -> dict[str, Any]:
        return self._loop.run(self._client.receipts.retrieve(receipt))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._loop.open:
            try:
                self._loop.run(self._client.close())
            finally:
                self._loop.close()


class Stream:
    """As `AsyncStream`."""

    def __init__(self, stream: AsyncStream, loop: _Loop) -> None:
        self.comity = stream.comity
        self._stream, self._loop = stream, loop

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        event = self._loop.run(_next(self._stream))
        if event is _END:
            raise StopIteration
        return event

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._loop.run(self._stream.close())


_END = object()


async def _next(stream: AsyncStream) -> Any:
    return await anext(stream, _END)


class _Loop:
    """An event loop on a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="comity-client", daemon=True)
        self._thread.start()
        self.open = True

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        if not self.open:
            work.close()
            raise OperatorError("this client is closed", code="client.closed")
        waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return waiting.result()
        except BaseException:
            waiting.cancel()  # interrupted here: nobody waits for it there either
            raise

    def close(self) -> None:
        self.open = False
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
