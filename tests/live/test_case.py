# SPDX-License-Identifier: Apache-2.0
"""The founding case, as `make case` tells it: every claim held, and none was left untested for want of anything but permission."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from comity.config import PathsConfig
from comity.device.fetch import is_whole
from comity.device.manifest import model_named, models_directory
from comity.errors import OperatorError
from comity.lab.capture import Capture
from comity.lab.case import EMAIL, MAIL, PHONE, readable
from comity.ports import SystemRandom

ACTS = 8
WITHOUT_NET_RAW = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


def told(folder: Path, *, before: Sequence[str] = ()) -> list[dict[str, Any]]:
    words = [*before, sys.executable, "-m", "comity.cli.main", "--json", "lab", "case", "--keep", str(folder)]
    done = subprocess.run(words, capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:].decode(errors="replace")
    acts: list[dict[str, Any]] = json.loads(done.stdout)["acts"]
    return acts


def captures() -> bool:
    try:
        Capture.open().close()
    except OperatorError:
        return False
    return True


@pytest.fixture(autouse=True)
def _model() -> None:
    if not is_whole(model_named(""), models_directory(PathsConfig())):
        pytest.skip("the default model is not on this machine: comity models add --default")


@pytest.mark.full
def test_every_claim_is_measured_and_holds(tmp_path: Path) -> None:
    acts = told(tmp_path)
    claims = [claim for act in acts for claim in act["claims"]]
    left = [claim["claim"] for claim in claims if claim["holds"] is None and not claim["claim"].startswith("restoring: ")]
    assert len(acts) == ACTS and len(claims) > 55
    assert not left if captures() else all("packets are not captured here" in each for each in left), left
    altered = [claim["claim"].rpartition(" → ")[2] for claim in acts[-1]["claims"] if " → " in claim["claim"]]
    assert set(altered) == {"signature", "inclusion", "checkpoint", "proof", "witnesses", "commitment", "key-config", "open", "truncated"}


@pytest.mark.full
def test_without_the_right_to_capture_it_says_what_was_not_run(tmp_path: Path) -> None:
    if not captures():
        pytest.skip("packets cannot be captured here, with or without")
    acts = told(tmp_path, before=WITHOUT_NET_RAW)
    left = [claim["claim"] for act in acts for claim in act["claims"] if claim["holds"] is None and "captured" in claim["claim"]]
    assert len(left) == 3 and all("relay" in each for each in left)


def test_what_can_be_read_in_what_passed_is_found() -> None:
    """The search that the story's main claim rests on: any two signs in clear or in JSON are found, and nothing in what was sealed."""
    assert readable(SystemRandom().token(200_000), "secret-key") == []
    for word in (PHONE, EMAIL, "春季", "secret-key", "回答"):
        for form in (word.encode(), json.dumps(word).encode()):
            assert word in readable(b"\x00" + form + b"\xff", "secret-key", "回答")
    body = json.dumps({"messages": [{"role": "user", "content": MAIL}]}).encode()
    assert {PHONE, EMAIL} < set(readable(body)) and len(readable(body)) > 100
