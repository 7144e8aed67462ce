# SPDX-License-Identifier: Apache-2.0
"""Stands in for `comity lab case --json --follow` where the models would take too long: a short story, line by line.

python tests/storyteller.py [GATE]     after its second act it waits until the file GATE is there
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LOOK_SECONDS = 0.02
LONG = "<img src=x onerror=alert(1)> \u202eevil\u200b " + "长" * 10_000


def said(text: str) -> dict[str, str]:
    return {"en": text, "zh": f"中：{text}"}


def act(number: int, title: str) -> dict[str, Any]:
    return {"kind": "act", "act": number, "title": said(title)}


def shown(label: str, value: str) -> dict[str, Any]:
    return {"kind": "shown", "label": said(label), "value": {"en": value, "zh": value}}


def claim(text: str, promise: str | None = None, *, holds: bool | None = True) -> dict[str, Any]:
    return {"kind": "claim", "claim": said(text), "holds": holds, "promise": promise}


def story() -> Iterator[dict[str, Any] | None]:
    """None: where it may be made to wait."""
    yield act(1, "She asks something small")
    yield shown("asked", "你好")
    yield claim("the device answered", "country")
    yield act(2, "She asks something large")
    yield shown("hostile", LONG)
    yield claim("the model saw no number", "names")
    yield None
    yield claim("nothing passed the relay in clear", "sealed", holds=None)
    yield act(3, "She is in Paris")
    yield from (claim(f"about {each}", each) for each in ("follows", "refusal", "proof", "tampering"))
    yield {"kind": "end", "held": True}


def main(gate: Path | None) -> None:
    for line in story():
        if line is not None:
            print(json.dumps(line), flush=True)
        while line is None and gate is not None and not gate.exists():
            threading.Event().wait(LOOK_SECONDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
