# SPDX-License-Identifier: Apache-2.0
"""`comity reload`: the running gateway takes up its changed configuration, or says why not and goes on as it was."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from comity.cli import place, say
from comity.errors import OperatorError

if TYPE_CHECKING:
    from comity.gateway.running import Running

ABOUT = "take up a changed configuration without stopping"
LOOK_SECONDS, LOOKS_MAX = 0.02, 3000  # a minute: a model on this device may have to be loaded


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    after = asked(place.home(args, place.configuration(args)))
    if after.code:
        raise OperatorError(f"the gateway goes on as it was: {after.fault}", code=after.code, hint=after.hint)
    say.result(args, {"url": after.url, "reloads": after.reloads}, f"the gateway at {after.url} has taken up its configuration")
    return 0


def asked(home: Path) -> Running:
    """What the gateway on this home says after it has tried.  Raises OperatorError when none runs, or none answers."""
    import os
    import signal
    from time import sleep

    from comity.gateway.running import found

    before = found(home)
    if before is None:
        raise OperatorError(
            f"no gateway runs on `{home}`", code="reload.not_running", exit_code=1, hint="comity up, or name its home: --home DIR"
        )
    os.kill(before.pid, signal.SIGHUP)
    for _ in range(LOOKS_MAX):
        now = found(home)
        if now is None:
            break
        if now.reloads > before.reloads:
            return now
        sleep(LOOK_SECONDS)
    raise OperatorError("the gateway did not say how the reload went", code="reload.no_answer", exit_code=1, hint="look at what it wrote")
