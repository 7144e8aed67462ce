# SPDX-License-Identifier: Apache-2.0
"""`comity`: reads the words, runs the command, turns errors into exit codes.

0 ok, 1 failed, 2 usage, 3 invalid, 4 denied, 5 proof did not hold.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from itertools import takewhile
from textwrap import wrap
from types import ModuleType
from typing import Any, NoReturn

from comity.cli import say
from comity.errors import CallerError, ComityError

TOLD = (
    "up", "ask", "task", "explain", "decide", "replay", "guidelines", "jurisdictions", "scan", "redact", "check", "models", "log",
    "resilience", "doctor",
)  # fmt: skip
ALSO = (
    "act", "assist", "attest", "audit", "automate", "backup", "batch", "consent", "console", "device", "documents", "dossier", "egress",
    "entities", "eval", "evidence", "forecast", "keys", "lab", "label", "locale", "node", "proxy", "recommend", "records", "relay",
    "reload", "report", "restore", "transcribe", "version", "witness",
)  # fmt: skip
"""Named in the help, and told by their own: what is told must fit a screen."""
COMMANDS = (*TOLD, *ALSO)
USAGE, INTERRUPTED = 2, 130
SCREEN_LINES = 24
FLAGS: dict[str, dict[str, Any]] = {
    "--config": {"metavar": "FILE", "help": "configuration (else $COMITY_CONFIG, else ./comity.toml)"},
    "--home": {"metavar": "DIR", "help": "records and keys (else $COMITY_HOME, else your data folder)"},
    "--json": {"action": "store_true", "help": "results as JSON"},
}
ABOUT = "Answers on this machine, else where the law lets the data go, and can prove it."
NEXT = "Start here: comity up.  Of one command: comity COMMAND --help"


class Parser(argparse.ArgumentParser):
    """The flags of every command; errors in Comity's form, with the word that was meant; help that fits 24 lines of 80 columns.

    An option is written out, so that a misspelt one is never taken for another.
    """

    def __init__(self, *, brief: bool = False, **more: Any) -> None:
        """``brief``: the help leaves the flags to that of each command."""
        super().__init__(**{"allow_abbrev": False, "add_help": False} | more)
        self._commands: Mapping[str, Any] = {}
        for flag, told in FLAGS.items():  # without defaults: what stood before a command is not undone after it
            self.add_argument(flag, default=argparse.SUPPRESS, **(told | {"help": argparse.SUPPRESS} if brief else told))
        self.add_argument("-h", "--help", action="help", help=argparse.SUPPRESS)

    def add_subparsers(self, **more: Any) -> Any:
        made = super().add_subparsers(**more)
        self._commands = made.choices
        return made

    def format_help(self) -> str:
        """Where there are many options, the first line does not name each: they stand below it."""
        told = super().format_help()
        if told.count("\n") <= SCREEN_LINES or self.usage:
            return told
        words = (f"[{each.metavar}]" if each.nargs in ("?", "*") else str(each.metavar) for each in self._get_positional_actions())
        self.usage = f"{self.prog} [OPTION …] {' '.join(words)}"
        return super().format_help()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Nothing is passed over: the innermost parser refuses what it does not know, before it misses what was meant by it."""
        words = sys.argv[1:] if args is None else args
        for word in takewhile(lambda word: word != "--" and word not in self._commands, words):
            self._refuse_unknown(word.partition("=")[0])
        read, rest = super().parse_known_args(args, namespace)
        if rest:
            raise self._refusal(f"`{rest[0]}` is more than `{self.prog}` takes")
        return read, rest

    def _refuse_unknown(self, option: str) -> None:
        known = self._option_string_actions
        if option.startswith("--") and " " not in option and option not in known:
            raise self._refusal(f"`{option}` is no option of `{self.prog}`", meant=option, known=[*known, *self._commands])

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Where argparse holds a word against those that it may be; its own message does not say which was meant."""
        if action.choices is not None and value not in action.choices:
            known = [str(word) for word in action.choices]
            raise self._refusal(f"`{value}` is none of: {', '.join(known)}", meant=value, known=known)

    def error(self, message: str) -> NoReturn:
        raise self._refusal(f"{message[:1].lower()}{message[1:]}".replace("'", "`"))

    def _refusal(self, message: str, *, meant: str = "", known: Sequence[str] = ()) -> CallerError:
        bare = {word.lstrip("-"): word for word in known}
        near = get_close_matches(meant.lstrip("-"), bare, 1)
        hint = f"did you mean `{bare[near[0]]}`?" if near else f"{self.prog} --help"
        return CallerError(message, code="usage", exit_code=USAGE, hint=hint)


def file_of(command: str) -> ModuleType:
    return import_module(f"comity.cli.{command}")


class Commands(Mapping[str, Parser]):
    """The parser of each command, made when it is asked for: a start reads the file of one command, not of all."""

    def __getitem__(self, command: str) -> Parser:
        if command not in COMMANDS:
            raise KeyError(command)
        module = file_of(command)
        made = Parser(prog=f"comity {command}", description=f"{module.ABOUT[:1].upper()}{module.ABOUT[1:]}.")
        module.arguments(made)
        made.set_defaults(run=module.run)
        return made

    def __contains__(self, command: object) -> bool:
        return command in COMMANDS

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Program(Parser):
    """`comity` itself: which commands there are, of which only the one that is named is read."""

    def __init__(self) -> None:
        super().__init__(prog="comity", usage="comity [--config FILE] [--home DIR] [--json] COMMAND …", brief=True,
                         formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
        named = super().add_subparsers(prog="comity", metavar="COMMAND", required=True, help=argparse.SUPPRESS)
        named.choices = named._name_parser_map = self._commands = Commands()

    def format_help(self) -> str:
        also = wrap("also: " + ", ".join(ALSO), 78, initial_indent="  ", subsequent_indent="  ")
        self.description = "\n".join([ABOUT, NEXT, "", *(f"  {each:14} {file_of(each).ABOUT}" for each in TOLD), *also])
        return super().format_help()


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in takewhile(lambda word: word != "--", words)
    try:
        if not words:
            say.aside(Program().format_help().rstrip())
            return USAGE
        args = Program().parse_args(words, argparse.Namespace(config="", home="", json=False))
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except ComityError as failure:
        say.error(failure, as_json=as_json)
        return failure.exit_code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read us has gone; what Python would still flush must not complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as failure:  # noqa: BLE001 - a bug of ours: one line, no content
        say.unforeseen(failure)
        return 1


def run() -> None:
    raise SystemExit(main())


if __name__ == "__main__":
    run()
