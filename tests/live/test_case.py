# SPDX-License-Identifier: Apache-2.0
"""The founding case, as `make case` tells it: every claim held, and none was left untested for want of anything but permission."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from comity.config import PathsConfig
from comity.device.fetch import is_whole
from comity.device.manifest import model_named, models_directory
from comity.errors import OperatorError
from comity.gateway.read.cases import Case, heard
from comity.gateway.story import Act, Claim, Promise
from comity.lab.capture import Capture
from comity.lab.case import EMAIL, MAIL, PHONE, readable
from comity.ports import SystemClock, SystemRandom

ACTS = 8
CHINESE = re.compile("[\u4e00-\u9fff]")
WITHOUT_NET_RAW = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


def told(folder: Path, *more: str, before: Sequence[str] = ()) -> bytes:
    words = [*before, sys.executable, "-m", "comity.cli.main", "--json", "lab", "case", "--keep", str(folder), *more]
    done = subprocess.run(words, capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:].decode(errors="replace")
    return done.stdout


def claims(acts: tuple[Act, ...]) -> list[Claim]:
    return [each for act in acts for each in act.told if isinstance(each, Claim)]


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
    """Line by line, as the gateway hears it."""
    run = Case(id="x", began=SystemClock().now())
    for line in told(tmp_path, "--follow").splitlines():
        run = heard(run, line)
    measured = claims(run.acts)
    left = [each.claim.en for each in measured if each.holds is None and not each.claim.en.startswith("restoring: ")]
    assert run.held is True and len(run.acts) == ACTS and len(measured) > 55
    assert not left if captures() else all("packets are not captured here" in each for each in left), left
    assert {each.promise for each in measured if each.holds} - {None} == set(get_args(Promise))
    said = [each for act in run.acts for each in (act.title, *(one.claim for one in act.told if isinstance(one, Claim)))]
    assert [each for each in said if not CHINESE.search(each.zh) or CHINESE.search(each.en)] == []
    altered = [each.claim.en.rpartition(" → ")[2] for each in claims(run.acts[-1:]) if " → " in each.claim.en]
    assert set(altered) == {"signature", "inclusion", "checkpoint", "proof", "witnesses", "commitment", "key-config", "open", "truncated"}


@pytest.mark.full
def test_without_the_right_to_capture_it_says_what_was_not_run(tmp_path: Path) -> None:
    if not captures():
        pytest.skip("packets cannot be captured here, with or without")
    acts = msgspec.convert(json.loads(told(tmp_path, before=WITHOUT_NET_RAW))["acts"], tuple[Act, ...])
    left = [each.claim.en for each in claims(acts) if each.holds is None and "captured" in each.claim.en]
    assert len(left) == 3 and all("relay" in each for each in left)


def test_what_can_be_read_in_what_passed_is_found() -> None:
    """The search that the story's main claim rests on: any two signs in clear or in JSON are found, and nothing in what was sealed."""
    assert readable(SystemRandom().token(200_000), "secret-key") == []
    for word in (PHONE, EMAIL, "春季", "secret-key", "回答"):
        for form in (word.encode(), json.dumps(word).encode()):
            assert word in readable(b"\x00" + form + b"\xff", "secret-key", "回答")
    body = json.dumps({"messages": [{"role": "user", "content": MAIL}]}).encode()
    assert {PHONE, EMAIL} < set(readable(body)) and len(readable(body)) > 100
