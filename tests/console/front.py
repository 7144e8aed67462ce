# SPDX-License-Identifier: Apache-2.0
"""`comity` as the pages' tests start it: the founding case is told by a short story in place of processes and models."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from comity.cli import up
from comity.cli.main import main
from comity.gateway.pages import Programs
from tests import storyteller

GATE = "COMITY_TESTS_GATE"
"""Names the file that the story waits for."""
_programs = up._programs


def programs(args: argparse.Namespace) -> Programs:
    return _programs(args)._replace(case=(sys.executable, str(Path(storyteller.__file__)), os.environ[GATE]))


if __name__ == "__main__":
    up._programs = programs
    sys.exit(main())
