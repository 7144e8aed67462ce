# SPDX-License-Identifier: Apache-2.0
"""A small personal assistant on one web page: python examples/assistant/app.py --folder DIR [--zone ZONE] [--port N]."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from comity.errors import ComityError
from comity.ports import SystemClock, SystemRandom
from comity.tasks.assist.choosing import Likeliest
from comity.tasks.assist.doing import Doer
from comity.tasks.assist.intents import Device
from comity.tasks.assist.journal import Journal
from comity.tasks.assist.keeping.folder import Change, undone
from comity.tasks.assist.keeping.home import Home
from comity.tasks.assist.plan import Plan
from comity.tasks.assist.planner import Planner
from comity.tasks.assist.telling import lines, one

PAGE = Path(__file__).with_name("page.html")
BODY_BYTES_MAX = 20_000


class Assistant:
    """One person's files, the plan that is open, and what was done.  Turns add up until a plan is done or dropped."""

    def __init__(self, folder: Path, zone: str, *, clock: Any = None) -> None:
        random = SystemRandom()
        self.home = Home(folder, clock=clock or SystemClock(), random=random, zone=zone)
        device = Device(list(self.home.intents()))

        @device.intent(
            "break.take",
            confirm="never",
            undo=lambda token: undone(self.home.folder, token),
            cues={"en": (r"\bcoffee break\b|\btake a break\b",), "zh": (r"休息(?:一下|一会)?|歇会",)},
            examples={"en": ("coffee break in 20 minutes",), "zh": ("二十分钟后休息一下",)},
            says_in={"zh": "安排一次休息。"},
        )
        def take_break(at: datetime) -> tuple[Change, ...]:
            """Set a break aside."""
            moment = datetime.fromisoformat(str(at))
            return (self.home.calendar.add_reminder(random.token(12).hex(), self.home.now(), text="break", at=moment),)

        self.intents, self.journal = device, Journal(folder)
        self.doer = Doer(device, self.home, self.journal, random=random)
        self._planner = Planner(device, self.home, Likeliest())
        self._turns: list[str] = []

    def say(self, text: str) -> dict[str, Any]:
        turns = [*self._turns, text]
        plan = asyncio.run(self._planner.plan(turns))
        if plan.abstained and self._turns:  # it does not follow what was said before: it begins anew
            turns = [text]
            plan = asyncio.run(self._planner.plan(turns))
        self._turns = [] if plan.abstained else turns
        if plan.steps and plan.question is None and not self.doer.needs(plan):
            return self.do(plan)
        return self._shown(plan, waits=bool(plan.steps))

    def yes(self) -> dict[str, Any]:
        return self.do(asyncio.run(self._planner.plan(self._turns))) if self._turns else {"lines": []}

    def no(self) -> dict[str, Any]:
        self._turns = []
        return {"lines": []}

    def do(self, plan: Plan) -> dict[str, Any]:
        outcome = asyncio.run(self.doer.do(plan, confirmed=True))
        self._turns = []
        said = [each.answer if isinstance(each.answer, list) else [str(each.answer)] for each in outcome.made if each.answer is not None]
        return self._shown(plan) | {
            "done": [each.id for each in outcome.made if not each.error],
            "answers": [line for each in said for line in each],
            "failed": [each.error for each in outcome.made if each.error],
        }

    def undo(self, id_: str) -> dict[str, Any]:
        return {"lines": [f"undone: {asyncio.run(self.doer.undo(id_)).intent}"]}

    def _shown(self, plan: Plan, *, waits: bool = False) -> dict[str, Any]:
        why = [
            {"step": one(call, self.intents, self.home, plan.language), "said": call.said.text, "by": call.chosen_by}
            for call in plan.calls()
        ]
        return {"lines": list(lines(plan, self.intents, self.home)), "why": why, "left": [], "waits": waits}

    def done(self) -> dict[str, Any]:
        over = {each.of for each in self.journal if each.what == "undone"}
        rows = [
            {"id": each.id, "at": f"{each.at:%Y-%m-%d %H:%M}", "intent": each.intent, "said": each.why, "by": each.by,
             "let": each.allowed_by, "left": [left.receipt for left in each.left], "can": each.undo is not None and each.id not in over}
            for each in self.journal if each.what == "done"
        ]  # fmt: skip
        return {"rows": rows[::-1]}


class Handler(BaseHTTPRequestHandler):
    assistant: Assistant
    lock = Lock()
    hosts: frozenset[str]

    def do_GET(self) -> None:
        if not self._ours():
            return
        if self.path == "/":
            self._send(PAGE.read_bytes(), "text/html; charset=utf-8")
        elif self.path == "/done":
            self._json(self.assistant.done())
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """JSON only: a form of another page cannot send that without asking first."""
        if not self._ours():
            return
        size = int(self.headers.get("content-length") or 0)
        if self.headers.get("content-type") != "application/json" or not 0 < size <= BODY_BYTES_MAX:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        try:
            said = json.loads(self.rfile.read(size))
            with self.lock:
                made = {"/say": lambda: self.assistant.say(str(said["text"])), "/yes": self.assistant.yes, "/no": self.assistant.no,
                        "/undo": lambda: self.assistant.undo(str(said["id"]))}[self.path]()  # fmt: skip
        except ComityError as error:
            made = {"lines": [f"{error} ({error.hint})"]}
        except (KeyError, ValueError, TypeError):
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        self._json(made)

    def _ours(self) -> bool:
        """For this machine under its own name: a page elsewhere that points a name of its own here is refused."""
        site = self.headers.get("sec-fetch-site", "none")
        if self.headers.get("host") in self.hosts and site in ("none", "same-origin"):
            return True
        self.send_error(HTTPStatus.FORBIDDEN)
        return False

    def _json(self, made: dict[str, Any]) -> None:
        self._send(json.dumps(made, ensure_ascii=False, default=str).encode(), "application/json")

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"
        )
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """What was said is in no log."""


def server(assistant: Assistant, port: int) -> ThreadingHTTPServer:
    class Ours(Handler):
        pass

    made = ThreadingHTTPServer(("127.0.0.1", port), Ours)
    Ours.assistant = assistant
    Ours.hosts = frozenset(f"{name}:{made.server_port}" for name in ("127.0.0.1", "localhost"))
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description="A small personal assistant on one web page.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--zone", default="")
    parser.add_argument("--port", type=int, default=8585)
    args = parser.parse_args()
    with server(Assistant(args.folder.expanduser(), args.zone), args.port) as serving:
        print(f"http://127.0.0.1:{serving.server_port}", flush=True)
        serving.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
