# SPDX-License-Identifier: Apache-2.0
"""`comity version`: of the program, its packs and the parts it stands on."""

from __future__ import annotations

import argparse

from comity.cli import say

ABOUT = "the version of Comity and of what it stands on"
PARTS = ("cedarpy", "cryptography", "msgspec", "uvloop", "xllamacpp")


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from comity.jurisdictions.load import load_packs

    def found(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "not installed"

    parts = {name: found(name) for name in PARTS}
    packs = [pack.name for pack in load_packs()]
    value = {"comity": found("comity"), "python": platform.python_version(), "packs": packs, "parts": parts}
    say.result(
        args,
        value,
        f"comity {value['comity']}\npacks {', '.join(packs)}\npython {value['python']}; " + ", ".join(f"{n} {v}" for n, v in parts.items()),
    )
    return 0
