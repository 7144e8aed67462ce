# SPDX-License-Identifier: Apache-2.0
"""What a person sees: results on standard output, all else on standard error; `--json` has the fields of the API.

Errors are lower case, without a full stop, input in backticks, with a hint that mends and the next command to look at.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import traceback
from typing import Any

from comity.errors import ComityError, PolicyDenied, ProviderFailure
from comity.ports import environment

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys and a person does not see: control characters but tab and line feed, and what turns the order of letters."""


def out(text: str) -> None:
    print(text, flush=True)


def aside(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def visible(text: str) -> str:
    """Text of a model or a document: nothing in it can command the terminal of whoever reads it."""
    return _UNSEEN.sub("\ufffd", text)


def content(text: str) -> None:
    """As `out`, of what somebody else wrote: as it is into a file or a pipe, on a terminal what can be seen of it."""
    out(visible(text) if sys.stdout.isatty() else text)


def result(args: argparse.Namespace, value: Any, text: str) -> None:
    """The result of a command, as JSON or in words."""
    out(json.dumps(value, ensure_ascii=False, indent=2, default=str) if args.json else text)


def error(failure: ComityError, *, as_json: bool) -> None:
    if as_json:
        body: dict[str, Any] = {"message": str(failure), "code": failure.code, "hint": failure.hint, "param": failure.field or None}
        if isinstance(failure, PolicyDenied):
            body |= {"decision": failure.decision, "receipt": failure.receipt}
        aside(json.dumps({"error": body}, ensure_ascii=False, default=str))
        return
    aside(visible(f"comity: error[{failure.code}]: {failure}"))
    if failure.hint:
        aside(visible(f"hint: {failure.hint}"))
    if (isinstance(failure, PolicyDenied) and failure.receipt) or isinstance(failure, ProviderFailure):
        aside("see: comity explain last")


def unforeseen(failure: BaseException) -> None:
    """A bug of ours: where, never what, since a message may hold text."""
    if environment("COMITY_DEBUG"):
        traceback.print_exception(failure)
        return
    frame = traceback.extract_tb(failure.__traceback__)[-1]
    aside(f"comity: error[internal]: {type(failure).__name__} in {frame.name}, line {frame.lineno} of {frame.filename.rsplit('/', 1)[-1]}")
    aside("hint: this is a bug; COMITY_DEBUG=1 shows the whole trace, which may hold what you asked")


def candidates(rows: list[dict[str, Any]], *, indent: str = "") -> str:
    """Each place with its decision, why, and what would change it."""
    lines: list[str] = []
    for row in rows:
        lines.append(f"{indent}{row['effect'].upper():8} {row.get('deployment', '')}".rstrip())
        articles = {each["fact"]: f"{each['instrument']}, {each['article']}" for each in row.get("citations", ())}
        seen: set[str] = set()
        for reason in row.get("reasons", ()):
            if reason["text"] not in seen:
                lines.append(f"{indent}  because {reason['text']}")
                seen.add(reason["text"])
            if reason["fact"] in articles:
                lines.append(f"{indent}          {reason['fact']}: {articles[reason['fact']]}")
        owed = [duty["id"] for duty in row.get("obligations", ())]
        if owed:
            lines.append(f"{indent}  on terms {', '.join(owed)}")
        if row.get("remedies"):
            lines.append(f"{indent}  a way    {', '.join(row['remedies'])}")
    return "\n".join(lines)


def ways(found: list[dict[str, Any]]) -> str:
    """Each shortest list of changes that leads to an allow, on a line of its own; empty where there is none."""
    return "".join(f"\nout by   {' and '.join(way['steps'])} ({way['deployment']})" for way in found)
