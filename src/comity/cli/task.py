# SPDX-License-Identifier: Apache-2.0
"""`comity task`: one thing done with a text, a picture or a sound, here or where the law lets it; what is done is told in one line."""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from comity.cli import front, say
from comity.errors import CallerError

ABOUT = "summarise, translate, extract …"
OPTIONS = {
    "style": "summarise", "most": "keywords", "tone": "rewrite", "to": "translate", "schema": "extract", "question": "answer",
    "labels": "classify", "voice": "speak",
}  # fmt: skip
"""Each is a member of this task's input."""
HELPS = {
    "gate_failed": "--draft shows it all the same; a deployment elsewhere may do it (docs/howto/use-the-tasks.md)",
    "unreadable": "a larger model may do it (comity models), or a deployment elsewhere (docs/howto/use-the-tasks.md)",
    "not_able": "no model here is measured to do it well: --draft shows what one makes of it; or configure a deployment",
    "not_in_text": "the text does not say it",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="TASK", nargs="?", default="", help="none: every task, and whether it can be had")
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="what it is done with; - reads standard input")
    parser.add_argument("--lang", metavar="TAG", default="", help="language of the text: en, zh (else by its script)")
    for option in OPTIONS:
        parser.add_argument(f"--{option}", help=argparse.SUPPRESS)
    parser.epilog = "Of one task: " + ", ".join(f"--{option} ({task})" for option, task in OPTIONS.items())
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="another member of the task's input")
    parser.add_argument("--out", metavar="FILE", type=Path, help="where a sound or a file goes")
    again(parser)


def again(parser: argparse.ArgumentParser) -> None:
    """What every task takes."""
    parser.add_argument("--device", action="store_true", help="nothing leaves this machine")
    parser.add_argument("--draft", action="store_true", help="show what a model makes of it that is not able")
    parser.add_argument("--unmeasured", action="store_true", help=argparse.SUPPRESS)  # nobody has measured it; its gates decide
    parser.add_argument("--must", action="store_true", help="fail where it would abstain")
    parser.add_argument("--length", metavar="WORD", default="short", help=argparse.SUPPRESS)
    parser.add_argument("--subject", metavar="FACTS", default="", help="who the person is: 'location=\"CN\", consent=(general)'")
    parser.add_argument("--purpose", metavar="WORD", default="", help=argparse.SUPPRESS)
    parser.add_argument("--key", metavar="NAME", default="COMITY_KEY", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    if not args.name:
        return _listed(args)
    from comity.tasks.registry import input_of, named

    entry, shape = named(args.name), input_of(args.name)
    known = shape.__struct_fields__
    body: dict[str, Any] = {}
    if args.lang:
        body["language"] = args.lang
    for option in OPTIONS:
        if (value := getattr(args, option, None)) is not None:
            body[option] = _value(option, value)
    for pair in args.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CallerError(f"`{name}` has no value", code="usage", exit_code=2, field="--set", hint="--set NAME=VALUE")
        body[name] = _json_or_text(value)
    for name in body:
        if name not in known:
            flag = "lang" if name == "language" else name
            takes = ", ".join(member for member in known if member not in ("text", entry.file))
            raise CallerError(f"`--{flag}` is nothing that `{args.name}` takes", code="usage", exit_code=2, hint=f"it takes: {takes}")
    if entry.gives == "Sound" and args.out is None and not args.json:
        raise CallerError("there will be a file to write", code="usage", exit_code=2, field="--out", hint="--out x.wav")
    body |= _input(args.file, entry.file, known)
    return done(args, args.name, body)


def done(args: argparse.Namespace, name: str, body: dict[str, Any]) -> int:
    """Asks for it, and shows what came."""
    _check_out(getattr(args, "out", None))
    terms = {"where": "device" if args.device else None, "unmeasured": "draft" if args.draft else "try" if args.unmeasured else None,
             "abstain": False if args.must else None}  # fmt: skip
    body |= {member: value for member, value in terms.items() if value is not None}
    answer = front.ask(args, front.Sent("POST", f"/comity/v1/tasks/{name}", json.dumps(body).encode()))
    result = json.loads(answer.body)
    if args.json:
        say.out(json.dumps(result, ensure_ascii=False, indent=2))
    elif not result.get("abstained"):
        _shown(result.get("value"), getattr(args, "out", None))
        if "explicit" in result.get("labels", ()):
            from comity.gateway.labels.fields import notice

            say.out(notice(json.dumps(result.get("value"), ensure_ascii=False)).strip())
    if not args.json:
        say.aside(f"\n{told(result)}")
    return 1 if result.get("abstained") else 0


def told(result: dict[str, Any]) -> str:
    """One line: where, by whom, which gates, what it must be called, its receipt; of what abstained, why and what would help."""
    steps = [f"{step.get('deployment') or 'elsewhere'}: {step['outcome']}" + (f" ({step['why']})" if step.get("why") else "")
             for step in result.get("steps", ())]  # fmt: skip
    receipt = f"; receipt {result['receipt']}" if result.get("receipt") else ""
    if result.get("abstained"):
        helps = HELPS.get(result.get("why", ""), "")
        return f"no answer: {result.get('why')}{receipt}\nlooked at {'; '.join(steps)}" + (f"\nhint: {helps}" if helps else "")
    served = result.get("served_by") or {}
    region = ", ".join(served.get("region", ()))
    where = "on this machine" if region == "device" else f"in {region}" if region else "in this process"
    model = f" by {served['model']}" if served.get("model") else ""
    gates = ", ".join(gate["name"] for gate in result.get("gates", ()) if gate.get("passed"))
    before = f"; before that {'; '.join(steps[:-1])}" if len(steps) > 1 else ""
    doubt = f"\na draft, not to be leaned on: {result['doubt']}" if result.get("doubt") else ""
    label = f"; label: {', '.join(result['labels'])}" if result.get("labels") else ""
    return f"done {where}{model}; gates passed: {gates or 'none'}{before}{label}{receipt}{doubt}"


# -- what goes in -------------------------------------------------------------------------------------------------------


def _value(option: str, value: str) -> Any:
    if option == "schema":
        try:
            return json.loads(Path(value).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise CallerError(f"`{value}` is no file of JSON", code="usage", exit_code=2, field=f"--{option}") from None
    if option == "most":
        return _json_or_text(value)
    return _labels(value) if option == "labels" else value


def _labels(value: str) -> Any:
    """A file of JSON, as the task takes them, or their names."""
    if Path(value).is_file():
        return _value("schema", value)
    return [{"id": each.strip()} for each in value.split(",") if each.strip()]


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _input(file: str, member: str, known: tuple[str, ...]) -> dict[str, Any]:
    """A text, or the bytes of a file in base64."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError:
        raise CallerError(f"`{file}` cannot be read", code="usage", exit_code=2, hint="a file, or - for standard input") from None
    if member:
        out: dict[str, Any] = {member: base64.b64encode(raw).decode()}
        if "filename" in known and file != "-":
            out["filename"] = Path(file).name
        return out
    try:
        return {"text": raw.decode("utf-8-sig")}
    except UnicodeDecodeError:
        raise CallerError(f"`{file}` is not text in UTF-8", code="usage", exit_code=2, hint="convert it first") from None


# -- what comes out ---------------------------------------------------------------------------------------------------


def _shown(value: Any, out: Path | None) -> None:
    sound = value.get("data") if isinstance(value, dict) else None
    if isinstance(sound, str) and "content_type" in value:
        if out is None:
            raise CallerError("there is a file to write", code="usage", exit_code=2, field="--out", hint="--out x.wav")
        _write(out, base64.b64decode(sound))
        return
    text = _as_text(value)
    if out is not None:
        _write(out, (text + "\n").encode())
    else:
        say.content(text)


def _check_out(out: Path | None) -> None:
    """Before anything is asked.  Raises CallerError."""
    if out is not None and (out.is_dir() or not os.access(out if out.exists() else out.parent, os.W_OK)):
        raise _unwritable(out)


def _write(out: Path, data: bytes) -> None:
    """Raises CallerError."""
    try:
        out.write_bytes(data)
    except OSError:
        raise _unwritable(out) from None
    say.aside(f"written: {out}")


def _unwritable(out: Path) -> CallerError:
    return CallerError(
        f"`{out}` cannot be written", code="usage", exit_code=2, field="--out", hint="a file in a folder that is there, with room"
    )


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(f"- {each}" for each in value)
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        edits = [f"{each['start']}: {each['was']!r} -> {each['now']!r}" for each in value.get("edits", ())]
        return "\n".join([value["text"], *([""] if edits else ()), *edits])
    if isinstance(value, dict) and isinstance(value.get("label"), str):
        return str(value["label"])
    shown = value.get("fields", value) if isinstance(value, dict) else value
    return json.dumps(shown, ensure_ascii=False, indent=2)


def _listed(args: argparse.Namespace) -> int:
    asked = {"language": args.lang or "en", "length": args.length} | ({"to": args.to} if args.to else {})
    answer = json.loads(front.ask(args, front.Sent("GET", f"/comity/v1/tasks?{urlencode(asked)}")).body)
    lines = [f"{each['name']:12} {_availability(each['availability']):44} {each['says']}" for each in answer["tasks"]]
    say.result(args, answer, "\n".join([*lines, "", f"for a {answer['length']} text in {answer['language']}; comity task NAME FILE"]))
    return 0


def _availability(had: dict[str, Any]) -> str:
    kind = had["availability"]
    if kind == "ready":
        return f"ready: {had['model']}"
    if kind == "needs_model":
        return f"needs model: comity models add {had['model']}"
    if kind == "regional_only":
        return f"elsewhere: {', '.join(had['deployments'])}"
    if not had.get("citation") and "unmeasured" in had["reason"]:
        return "not measured here; nobody elsewhere does it"
    return f"refused: {had.get('citation') or 'nobody does it'}"
