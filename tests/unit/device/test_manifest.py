# SPDX-License-Identifier: Apache-2.0
"""The list of models, and where on this machine they lie."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from comity.config import PathsConfig
from comity.device.manifest import data_directory, located, model_named, models, models_directory
from comity.errors import OperatorError
from tests.tidy.tree import ROOT

PERMISSIVE = {"Apache-2.0", "MIT", "BSD-3-Clause"}


@pytest.mark.parametrize("name", list(models()))
def test_each_model_says_all_that_fetching_it_needs(name: str) -> None:
    model = models()[name]
    assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
    assert model.licence in PERMISSIVE
    assert model.bytes > 0
    assert model.file == Path(model.file).name
    assert model.sources
    for source in model.sources:
        assert bool(source.hub) is not bool(source.wheels), "a hub or packages"
        if source.hub:
            assert source.hub.startswith("https://")
            assert source.hub.endswith(".gguf")
        else:
            assert source.version, "packages are named with their version"
            assert source.member.startswith(".")


def test_the_page_lists_each_model_as_it_is() -> None:
    page = (ROOT / "docs" / "reference" / "models.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| `") and " bytes |" in line
    ]
    assert rows == [
        [
            f"`{each.id}`" + " (the default)" * each.default,
            f"{each.bytes:,} bytes",
            f"{each.context_tokens} tokens",
            each.licence,
            each.maker,
            each.what,
        ]
        for each in models().values()
    ]


def test_one_model_is_the_default_and_comes_first() -> None:
    assert [model.default for model in models().values()] == [True] + [False] * (len(models()) - 1)
    assert model_named("") is next(iter(models().values()))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(OperatorError) as raised:
        model_named("gpt-99")
    assert raised.value.code == "model.unknown"
    for name in models():
        assert name in raised.value.hint


def test_the_nearest_setting_says_where_models_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("COMITY_MODELS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/xdg")
    assert models_directory(PathsConfig()) == Path("/xdg/comity/models")
    monkeypatch.setenv("COMITY_MODELS", "/named")
    assert models_directory(PathsConfig()) == Path("/named")
    assert models_directory(PathsConfig(models="~/configured")) == tmp_path / "configured"


@pytest.mark.parametrize(
    ("platform", "below"),
    [("linux", ".local/share/comity"), ("darwin", "Library/Application Support/comity"), ("win32", "AppData/Local/comity")],
)
def test_data_lies_where_the_platform_keeps_it(platform: str, below: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    assert data_directory() == tmp_path / below


def test_a_model_that_is_not_here_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    for name, command in (("", "comity models add --default"), ("smollm2-135m-instruct", "comity models add smollm2-135m-instruct")):
        with pytest.raises(OperatorError) as raised:
            located(name, tmp_path)
        assert (raised.value.code, raised.value.hint) == ("model.absent", command)
    (tmp_path / model_named("").file).touch()
    assert located("", tmp_path) == (model_named("").id, tmp_path / model_named("").file)


def test_a_file_of_ones_own_is_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "Mine.Q4.gguf"
    with pytest.raises(OperatorError) as raised:
        located(str(path), tmp_path / "elsewhere")
    assert raised.value.code == "model.absent"
    path.touch()
    assert located(str(path), tmp_path / "elsewhere") == ("mine.q4", path)


def test_a_user_without_a_home_folder_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> Path:
        raise RuntimeError("could not determine home directory")

    for name in ("XDG_DATA_HOME", "COMITY_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", none)
    with pytest.raises(OperatorError) as told:
        models_directory(PathsConfig())
    assert told.value.code == "home.unusable" and "COMITY_MODELS" in told.value.hint
