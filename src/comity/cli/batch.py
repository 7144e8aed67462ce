# SPDX-License-Identifier: Apache-2.0
"""`comity batch`: a file of requests, through a running gateway, or through the same pipeline in this process."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from comity.cli import place, say
from comity.errors import CallerError, ComityError, OperatorError, ProviderFailure

if TYPE_CHECKING:
    from comity.config import Config

ABOUT = "a file of requests, answered line by line"
LOOK_SECONDS = 0.5
TIMEOUT_SECONDS = 600
READ_BYTES = 1 << 20
ENDS = ("completed", "failed", "expired", "cancelled")
BOUNDARY = "comity-batch-a-file-of-requests"


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, told in (
        ("run", "submit FILE, wait, and write what became of it"),
        ("submit", "hand FILE over to the running gateway"),
    ):
        one = actions.add_parser(name, help=told)
        one.add_argument("file", metavar="FILE", type=Path, help="JSON Lines in OpenAI's form; a line may add its own facts in `comity`")
        one.add_argument("--endpoint", metavar="PATH", default="/v1/chat/completions", help="that every line asks (/v1/chat/completions)")
        one.add_argument("--window", metavar="HOURS", type=int, default=24, help="after which nothing more is sent (24)")
        one.add_argument("--subject", metavar="FACTS", default="", help="who the person is, where a line does not say")
        one.add_argument("--task", metavar="WORD", default="", help="for example writing_assistant")
        one.add_argument("--purpose", metavar="WORD", default="", help="for example assist")
        one.add_argument("--retry-interrupted", action="store_true", help="what a killed gateway had may be sent twice")
        if name == "run":
            _outputs(one)
    actions.add_parser("list", help="batches of this key, the newest first")
    for name, told in (
        ("show", "how far it is"), ("cancel", "send nothing more of it"), ("fetch", "write what became of it to OUT, once it has ended")
    ):  # fmt: skip
        one = actions.add_parser(name, help=told)
        one.add_argument("id", metavar="ID")
        if name == "fetch":
            _outputs(one)
    for each in actions.choices.values():
        each.add_argument("--key", metavar="NAME", default="COMITY_KEY", help="environment variable with your key (COMITY_KEY)")


def _outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="OUT", type=Path, required=True, help="answers; lines without one go to OUT.errors")


def run(args: argparse.Namespace) -> int:
    from comity.gateway.running import found

    config = place.configuration(args)
    running = found(place.home(args, config))
    base = running.url if running is not None else f"http://{config.server.host}:{config.server.port}"
    if args.action == "run" and running is None and not _listens(base):
        return _here(args, config)
    return {"run": _run, "submit": _submit, "list": _list, "show": _show, "cancel": _cancel, "fetch": _fetch}[args.action](
        args, _Gateway(base, args.key)
    )  # fmt: skip


# -- a gateway that runs -------------------------------------------------------------------------------------------


class _Gateway:
    """``key``: the environment variable that holds it."""

    def __init__(self, base: str, key: str) -> None:
        import urllib.request

        from comity.ports import environment

        self._base = base
        self._own = {"authorization": f"Bearer {environment(key)}"} if environment(key) else {}
        self._direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy stands before one's own machine

    @contextmanager
    def open(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Iterator[IO[bytes]]:
        """Raises ComityError as the gateway did."""
        import urllib.error
        import urllib.request
        from http.client import HTTPException

        sent = urllib.request.Request(self._base + path, body, {**self._own, **(headers or {})}, method=method)  # noqa: S310
        try:
            with self._direct.open(sent, timeout=TIMEOUT_SECONDS) as answer:
                yield answer
        except urllib.error.HTTPError as error:
            raise _as_error(error.code, error.read()) from None
        except (OSError, HTTPException):
            raise ProviderFailure(f"no gateway answers at {self._base}", code="gateway.failed", hint="comity up") from None

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Any:
        with self.open(method, path, body, headers) as answer:
            return json.loads(answer.read())

    def submit(self, args: argparse.Namespace) -> Any:
        content = _content(args.file)
        if BOUNDARY.encode() in content:
            raise CallerError("this file holds the mark that would end it", code="usage", exit_code=2)
        head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--{BOUNDARY}\r\n'
        head += 'content-disposition: form-data; name="file"; filename="batch.jsonl"\r\n\r\n'
        form = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        file = self.ask("POST", "/v1/files", form, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"})
        asked = json.dumps(_asked(args, file["id"])).encode()
        return self.ask("POST", "/v1/batches", asked, {"content-type": "application/json", **_facts(args)})


def _listens(base: str) -> bool:
    try:
        return bool(_Gateway(base, "").ask("GET", "/healthz").get("service") == "comity")
    except (ComityError, ValueError, AttributeError):
        return False


def _as_error(status: int, raw: bytes) -> ComityError:
    try:
        body = json.loads(raw)["error"]
        hint = str(body.get("hint") or "")
        said = str(body["message"]).removesuffix(f" ({hint})")
        kind = OperatorError if status >= 500 else CallerError
        return kind(said, code=str(body["code"]), hint=hint, field=body["param"] or "", status=status)
    except (ValueError, KeyError, TypeError):
        return ProviderFailure(f"the gateway answered {status}", code="gateway.failed")


def _submit(args: argparse.Namespace, gateway: _Gateway) -> int:
    batch = gateway.submit(args)
    say.result(args, batch, f"{batch['id']}\nthen:     comity batch show {batch['id']}")
    return 0


def _run(args: argparse.Namespace, gateway: _Gateway) -> int:
    from time import sleep

    batch, told = gateway.submit(args), ""
    say.aside(batch["id"])
    while batch["status"] not in ENDS:
        sleep(LOOK_SECONDS)
        batch = gateway.ask("GET", f"/v1/batches/{batch['id']}")
        told = _told(batch, told)
    return _written(args, batch, lambda file: _pieces(gateway, file))


def _show(args: argparse.Namespace, gateway: _Gateway) -> int:
    batch = gateway.ask("GET", f"/v1/batches/{args.id}")
    say.result(args, batch, "\n".join([_row(batch), *_faults(batch)]))
    return 0


def _list(args: argparse.Namespace, gateway: _Gateway) -> int:
    rows: list[Any] = []
    more, after = True, ""
    while more:
        page = gateway.ask("GET", f"/v1/batches?limit=100&after={after}")
        rows, more, after = rows + page["data"], page["has_more"], page["last_id"]
    say.result(args, {"batches": rows}, "\n".join(map(_row, rows)) or "there is no batch of this key")
    return 0


def _cancel(args: argparse.Namespace, gateway: _Gateway) -> int:
    batch = gateway.ask("POST", f"/v1/batches/{args.id}/cancel", b"")
    say.result(args, batch, _row(batch))
    return 0


def _fetch(args: argparse.Namespace, gateway: _Gateway) -> int:
    batch = gateway.ask("GET", f"/v1/batches/{args.id}")
    if batch["status"] not in ENDS:
        raise CallerError(f"`{args.id}` has not ended: {batch['status']}", code="batch.running", exit_code=1, hint="try again later")
    return _written(args, batch, lambda file: _pieces(gateway, file))


def _pieces(gateway: _Gateway, file: str) -> Iterator[bytes]:
    with gateway.open("GET", f"/v1/files/{file}/content") as answer:
        while piece := answer.read(READ_BYTES):
            yield piece


# -- this process --------------------------------------------------------------------------------------------------


def _here(args: argparse.Namespace, config: Config) -> int:
    import asyncio

    import msgspec

    from comity.cli.local import world_here
    from comity.gateway.app import App
    from comity.gateway.batch.worker import Worker
    from comity.gateway.callers import LOCAL
    from comity.gateway.serve import DRAIN_SECONDS_MAX
    from comity.wire.batch import asked_of

    content = _content(args.file)

    async def answered() -> int:
        async with world_here(config, place.home(args, config)) as world:
            batches, facts, told = world.batches, _facts(args), ""
            world.locator.locate(facts, LOCAL)
            file = await batches.add(LOCAL.id, args.file.name, content)
            made = await batches.create(LOCAL.id, asked_of(json.dumps(_asked(args, file.id)).encode()), facts)
            worker = Worker(App(world))
            worker.start()
            try:
                while made.status not in ENDS:
                    await asyncio.sleep(LOOK_SECONDS)
                    made = await batches.batch(made.id, LOCAL.id)
                    told = _told(msgspec.to_builtins(made), told)
            finally:
                await worker.aclose(DRAIN_SECONDS_MAX)
            kept = {}
            for name in filter(None, (made.output_file_id, made.error_file_id)):
                kept[name] = b"".join([piece async for piece in batches.content(name, LOCAL.id)])
            return _written(args, msgspec.to_builtins(made), lambda name: iter((kept[name],)))

    return asyncio.run(answered())


# -- what is said --------------------------------------------------------------------------------------------------


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CallerError(f"cannot read `{file}`: {error.strerror}", code="request.unreadable", field="FILE") from None


def _asked(args: argparse.Namespace, file: str) -> dict[str, Any]:
    asked = {"input_file_id": file, "endpoint": args.endpoint, "completion_window": f"{args.window}h"}
    return asked | ({"metadata": {"retry_interrupted": "true"}} if args.retry_interrupted else {})


def _facts(args: argparse.Namespace) -> dict[str, str]:
    named = {"comity-subject": args.subject, "comity-task": args.task, "comity-purpose": args.purpose}
    for name, value in named.items():
        if not (value.isascii() and (value.isprintable() or not value)):
            raise CallerError(f"`{name}` holds what no header can", code="usage", exit_code=2, field=name, hint="printable ASCII only")
    return {name: value for name, value in named.items() if value}


def _row(batch: Mapping[str, Any]) -> str:
    counts = batch["request_counts"]
    return f"{batch['id']}  {batch['status']:11} {counts['completed']} answered, {counts['failed']} not, of {counts['total']}"


def _faults(batch: Mapping[str, Any]) -> list[str]:
    rows = (batch["errors"] or {"data": []})["data"]
    return [f"  {'line ' + str(row['line']) if row['line'] else 'the file'}: {row['message']} ({row['code']})" for row in rows]


def _told(batch: Mapping[str, Any], before: str) -> str:
    row = _row(batch)
    if row != before:
        say.aside(row)
    return row


def _written(args: argparse.Namespace, batch: Mapping[str, Any], content: Callable[[str], Iterator[bytes]]) -> int:
    """0 where every line has its answer."""
    errors = args.out.with_name(args.out.name + ".errors")
    for path, file in ((args.out, batch["output_file_id"]), (errors, batch["error_file_id"])):
        if path is args.out or file:
            try:
                with path.open("wb") as to:
                    to.writelines(content(file) if file else ())
            except OSError as error:
                raise CallerError(f"cannot write `{path}`: {error.strerror}", code="batch.unwritten", exit_code=1) from None
    without = [f"{errors}: {batch['request_counts']['failed']} lines without an answer, each with why"] if batch["error_file_id"] else []
    say.result(args, batch, "\n".join([_row(batch), *_faults(batch), *without]))
    return 0 if batch["status"] == "completed" and not batch["error_file_id"] else 1
