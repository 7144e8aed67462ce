# SPDX-License-Identifier: Apache-2.0
"""`comity ask`: one question, through a running gateway, or through the same pipeline in this process."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from comity.cli import place, say
from comity.errors import CallerError, ComityError, PolicyDenied, ProviderFailure, TrustFailure

ABOUT = "ask something"
TIMEOUT_SECONDS = 600


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="the question; - reads standard input")
    parser.add_argument("--subject", metavar="FACTS", default="", help="who the person is: 'location=\"CN\", consent=(general)'")
    parser.add_argument("--model", metavar="ID", default="auto", help="a deployment, or auto")
    parser.add_argument("--task", metavar="WORD", default="", help="for example writing_assistant")
    parser.add_argument("--purpose", metavar="WORD", default="", help="for example assist")
    parser.add_argument("--max-tokens", type=int, metavar="N", default=512, help="of the answer (512)")
    parser.add_argument("--key", metavar="NAME", default="COMITY_KEY", help="environment variable with your key (COMITY_KEY)")


def run(args: argparse.Namespace) -> int:
    from comity.gateway.running import found
    from comity.ports import environment

    text = sys.stdin.read() if args.text == "-" else args.text
    if not text.strip():
        raise CallerError("there is no question", code="request.invalid", exit_code=2, hint="comity ask 'Say hello'")
    config = place.configuration(args)
    named = {"comity-subject": args.subject, "comity-task": args.task, "comity-purpose": args.purpose}
    headers = {name: value for name, value in named.items() if value}
    if environment(args.key):
        headers["authorization"] = f"Bearer {environment(args.key)}"
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise CallerError(f"`{name}` holds what no header can", code="usage", exit_code=2, field=name, hint="printable ASCII only")
    body = {"model": args.model, "messages": [{"role": "user", "content": text}], "stream": not args.json, "max_tokens": args.max_tokens}
    running = found(place.home(args, config))  # wherever it listens: `comity proxy`, another port than the file's
    base = running.url if running is not None else f"http://{config.server.host}:{config.server.port}"
    if running is not None or (config.server.port and _listens(base)):
        return _over_http(args, base, body, headers)
    return _here(args, config, body, headers)


# -- a gateway that runs -------------------------------------------------------------------------------------------


def _listens(base: str) -> bool:
    """Whether a Comity, and not something else, answers there."""

    try:
        with _direct().open(f"{base}/healthz", timeout=2) as answer:
            return bool(json.loads(answer.read(200)).get("service") == "comity")
    except (OSError, ValueError, AttributeError):
        return False


def _direct() -> Any:
    """No proxy of the environment stands between a person and their own machine."""
    import urllib.request

    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _over_http(args: argparse.Namespace, base: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> int:
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    sent = urllib.request.Request(  # noqa: S310 - the gateway of the configuration
        f"{base}/v1/chat/completions", json.dumps(body).encode(), {**headers, "content-type": "application/json"}, method="POST"
    )
    try:
        with _direct().open(sent, timeout=TIMEOUT_SECONDS) as answer:
            _shown(args, answer if body["stream"] else [answer.read()], {name.lower(): value for name, value in answer.headers.items()})
    except urllib.error.HTTPError as error:
        raise _as_error(error.code, error.read()) from None
    except BrokenPipeError:  # not the gateway: whoever read us has gone
        raise
    except (OSError, HTTPException, ValueError):
        raise ProviderFailure("the gateway did not answer to the end", code="gateway.failed", hint="see what it says itself") from None
    return 0


def _as_error(status: int, raw: bytes) -> ComityError:
    """The gateway's error as it was raised there."""
    try:
        body = json.loads(raw)["error"]
    except (ValueError, KeyError, TypeError):
        return ProviderFailure(f"the gateway answered {status}", code="gateway.failed")
    said = str(body["message"]).removesuffix(f" ({body.get('hint')})")
    if "decision" in body:
        return PolicyDenied(
            said, decision=body["decision"], receipt=body.get("receipt", ""), code=body["code"], hint=body["hint"], status=status
        )
    if body["code"].startswith("trust."):
        return TrustFailure(said, step=body["code"].removeprefix("trust."), code=body["code"], hint=body["hint"], status=status)
    kind = ProviderFailure if status >= 500 else CallerError
    return kind(said, code=body["code"], hint=body["hint"], field=body["param"] or "", status=status)


# -- this process --------------------------------------------------------------------------------------------------


def _here(args: argparse.Namespace, config: Any, body: Mapping[str, Any], headers: Mapping[str, str]) -> int:
    import asyncio

    from comity.cli.local import served_here, world_here

    async def answered() -> None:
        async with world_here(config, place.home(args, config)) as world:
            served = await served_here(world, body, headers)
            try:
                told = {name.decode(): value.decode() for name, value in served.headers}
                if body["stream"]:
                    async for piece in served.stream():
                        _said(piece)
                    _told(args, told)
                else:
                    _shown(args, [(await served.whole()).body], told)
            finally:
                await served.close()

    asyncio.run(answered())
    return 0


# -- what is shown -------------------------------------------------------------------------------------------------


def _shown(args: argparse.Namespace, pieces: Any, headers: Mapping[str, str]) -> None:
    if args.json:
        answer = json.loads(b"".join(pieces))
        comity = {name: value for name, value in headers.items() if name.startswith("comity-")}
        say.out(json.dumps({"answer": answer, "headers": comity}, ensure_ascii=False, indent=2))
        return
    if not any([_said(line) for line in pieces]):
        raise ValueError("the stream has no end")
    _told(args, headers)


def _said(piece: bytes) -> bool:
    """The text of SSE lines, as it comes; whether the last of them was among these."""
    for line in piece.split(b"\n"):
        if line.startswith(b"data: [DONE]"):
            return True
        if not line.startswith(b"data: "):
            continue
        chunk = json.loads(line[6:])
        if "error" in chunk:
            raise _as_error(502, line[6:])
        for choice in chunk.get("choices") or ():
            sys.stdout.write((choice.get("delta") or {}).get("content") or "")
            sys.stdout.flush()
    return False


def _told(args: argparse.Namespace, headers: Mapping[str, str]) -> None:
    say.out("")
    where = headers.get("comity-region", "")
    place_said = "on this machine" if where == "device" else f"in {where}"
    label = f"; label: {headers['comity-label']}" if "comity-label" in headers else ""
    say.aside(f"\nanswered {place_said}{label}; receipt {headers.get('comity-receipt', '')}\nwhy: comity explain last")
