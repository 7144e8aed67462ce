# SPDX-License-Identifier: Apache-2.0
"""What `pip install .` would put on a machine: everything that runs, and nothing that does not."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT, SOURCE, files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return zipfile.ZipFile(next(folder.glob("comity-*.whl")))


def test_the_wheel_holds_the_source_with_its_data_and_no_more(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if not name.split("/")[0].endswith(".dist-info") and "__pycache__" not in name}
    assert shipped == {path.relative_to(SOURCE.parent).as_posix() for path in files() if SOURCE in path.parents}
    assert {"LICENSE", "NOTICE"} <= {Path(name).name for name in wheel.namelist()}


def test_what_is_installed_has_its_packs_catalog_and_models(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "site")
    (tmp_path / "comity.toml").write_text(
        '[[deployments]]\nid = "a"\nprovider = "alibaba"\nregion = "cn-beijing"\nscope = "chinese-mainland"\nmodel = "qwen-plus"\n'
        'api_key = { env = "A_KEY" }\n',
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "COMITY_HOME": str(tmp_path), "COMITY_MODELS": str(tmp_path)}
    for command, expected in ((["check"], "ok  deployment a: CN"), (["models"], "smollm2"), (["version"], "cn@0.1.0")):
        done = subprocess.run(
            [sys.executable, "-m", "comity", *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout
    where = subprocess.run(
        [sys.executable, "-c", "import comity; print(comity.__file__)"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert where.stdout.startswith(str(tmp_path)), "another Comity was tried than the one that was built"
