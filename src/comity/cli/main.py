# SPDX-License-Identifier: Apache-2.0
"""`comity`: reads the words, runs the command, turns errors into exit codes.

0 ok, 1 failed, 2 usage, 3 invalid, 4 denied, 5 proof did not hold.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from comity.cli import ask, check, decide, doctor, evidence, explain, keys, lab, log, models, say, up, version
from comity.errors import ComityError

COMMANDS = (up, ask, explain, decide, check, models, log, lab, evidence, keys, doctor, version)
USAGE, INTERRUPTED = 2, 130
ABOUT = """\
Comity answers on this machine when it can, otherwise where the law lets the data go, and can prove afterwards what went where.
"""
NEXT = "start here: comity up; then, beside it: comity ask 'hello', comity explain last"


class Parser(argparse.ArgumentParser):
    """Errors in Comity's form; help on one screen."""

    def error(self, message: str) -> None:  # type: ignore[override]  # it does not return
        say.aside(f"comity: error[usage]: {message[:1].lower()}{message[1:]}")
        say.aside(f"hint: {self.prog} --help")
        raise SystemExit(USAGE)


def _shared() -> Parser:
    """Flags that stand before or after the command."""
    shared = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--config", metavar="FILE", help="configuration (else $COMITY_CONFIG, else ./comity.toml)")
    shared.add_argument("--home", metavar="DIR", help="records and keys (else $COMITY_HOME, else your data folder)")
    shared.add_argument("--json", action="store_true", help="results as JSON")
    return shared


def parser() -> argparse.ArgumentParser:
    made = Parser(prog="comity", description=ABOUT, epilog=NEXT, parents=[_shared()])
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        name, about = module.__name__.rsplit(".", 1)[-1], module.ABOUT
        one = commands.add_parser(name, help=about, description=about[:1].upper() + about[1:] + ".", parents=[_shared()])
        module.arguments(one)
        one.set_defaults(run=module.run)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    args = argparse.Namespace(config="", home="", json=False)
    as_json = "--json" in (sys.argv[1:] if arguments is None else arguments)
    try:
        parser().parse_args(arguments, args)
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
