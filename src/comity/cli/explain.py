# SPDX-License-Identifier: Apache-2.0
"""`comity explain`: why a request went where it went, from its record; or, for a request in a file, where it would go."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from comity.cli import place, say

ABOUT = "why a request went where it went"
BEGUN = {
    "interrupted": "the answer began and did not end",
    "caller.gone": "the caller left before there was one",
}
"""Outcomes that are no error of the place asked."""
LOOKS, LOOK_SECONDS = 20, 0.05
"""An outcome is written a moment after the caller has its answer."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        metavar="RECEIPT",
        nargs="?",
        default="last",
        help="a receipt, a place in the log, `last`, or a request body in a .json file",
    )
    parser.add_argument("--subject", metavar="FACTS", default="", help="with a file: who the person is (nothing is sent)")


def run(args: argparse.Namespace) -> int:
    config = place.configuration(args)
    if args.what.endswith(".json"):
        return _would(args, config)
    from time import sleep

    from comity.transparency.reader import Reader

    with Reader.open(place.whereabouts(args, config).log) as reader:
        record = reader.record(args.what)
        for _ in range(LOOKS):
            if record.outcome is not None or record.receipt["effect"] != "allow":
                break
            sleep(LOOK_SECONDS)
            record = reader.record(str(record.place))
    decision = json.loads(record.decision)
    value = {"receipt": record.receipt, "index": record.place, "facts": json.loads(record.facts), **decision, "outcome": record.outcome}
    say.result(args, value, _words(value))
    return 0


def _words(value: dict[str, Any]) -> str:
    receipt, subject = value["receipt"], value["facts"].get("subject", {})
    where = subject.get("location") or "a place nobody named"
    found = ", ".join(value["facts"].get("data", {}).get("categories", ())) or "nothing personal of a kind the law names"
    lines = [f"person in {where}; packs {', '.join(receipt['packs']) or 'none'}; found {found}"]
    lines.append(say.candidates(value["candidates"]) + say.ways(value.get("ways", [])))
    lines.append(_end(receipt, value["outcome"]))
    if value["outcome"] and value["outcome"].get("sealed"):
        gave = "its own receipt is kept beside ours" if value["outcome"].get("received") else "it gave no receipt that holds"
        lines.append(f"sealed to the node whose log entry is {receipt['node'][:16]}…; {gave}")
    lines.append(f"receipt {receipt['id']}, number {value['index']} in the log")
    lines.append(f"check it: comity log prove {value['index']} > receipt.json && comity log verify receipt.json")
    return "\n".join(lines)


def _end(receipt: dict[str, Any], outcome: dict[str, Any] | None) -> str:
    """What became of it; only what ended well reads as an answer."""
    if receipt["effect"] != "allow":
        return "nothing was sent"
    by = receipt["deployment"]
    if outcome is None:
        return f"sent to {by}; no outcome was recorded (being answered, or the gateway was killed)"
    counts = (("upstream_status", "status {} from there"), ("prompt_tokens", "{} tokens in"), ("completion_tokens", "{} tokens out"))
    counted = "".join(", " + said.format(outcome[name]) for name, said in counts if outcome.get(name))
    where = "on this machine" if receipt["plaintext_at"] == "device" else f"in {', '.join(receipt['destination'])}"
    if outcome["status"] == "ok":
        return f"answered {where} by {by}{counted}"
    why = BEGUN.get(outcome["status"], f"it failed with `{outcome['status']}`")
    return f"not answered {where} by {by}: {why}{counted}"


def _would(args: argparse.Namespace, config: Any) -> int:
    """Steps 1 to 4 for a request in a file: pure, so nothing is recorded and nothing is sent."""
    from comity.cli.ahead import ahead
    from comity.errors import CallerError

    try:
        raw = Path(args.what).read_bytes()
    except OSError as error:
        raise CallerError(
            f"cannot read `{args.what}`: {error.strerror}", code="request.unreadable", hint="name a file with a chat request"
        ) from None
    value = ahead(config, raw, args.subject, place.whereabouts(args, config).state)
    ignored = f"\n{value['uncounted']}" if value["uncounted"] else ""
    first = value["would_ask"][0] if value["would_ask"] else "nobody"
    say.result(args, value, f"{say.candidates(value['candidates'])}{say.ways(value['ways'])}{ignored}\nwould ask {first}; nothing was sent")
    return 0 if value["would_ask"] else 4
