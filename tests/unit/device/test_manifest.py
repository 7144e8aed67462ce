# SPDX-License-Identifier: Apache-2.0
"""The list of models, and where on this machine they lie."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

import pytest

from comity.config import PathsConfig
from comity.device.manifest import RUNTIMES, data_directory, here, known_models, model_named, models, models_directory, path_of
from comity.errors import OperatorError
from tests.tidy.tree import ROOT

PERMISSIVE = {"Apache-2.0", "MIT", "BSD-3-Clause", "CC-BY-4.0"}


@pytest.mark.parametrize("name", list(known_models()))
def test_each_model_says_all_that_fetching_it_needs(name: str) -> None:
    model = known_models()[name]
    assert model.id == name and re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,62}", name), "it is the id of a deployment"
    assert set(model.licence.split(", ")) <= PERMISSIVE and model.maker and model.what
    assert bool(model.package) is bool(model.packaged)
    assert not model.package or model.extra, "which extra brings it"
    assert (model.kind == "text") is bool(model.context_tokens and model.context_bytes)
    assert model.kind in RUNTIMES
    for file in model.files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.bytes > 0
        assert not file.file.startswith("/") and ".." not in file.file
        assert bool(file.sources) is not bool(model.package), "fetched, or in an installed package"
        for source in file.sources:
            assert bool(source.hub) is not bool(source.wheels), "a hub or packages"
            if source.hub:
                assert source.hub.startswith("https://")
                assert source.hub.endswith(file.file.rpartition("/")[2])
            else:
                assert source.version, "packages are named with their version"
                assert source.member


def test_what_a_licence_wants_said_is_kept() -> None:
    for model in known_models().values():
        assert model.notice or model.licence == "Apache-2.0", f"the notice of {model.id}"


def test_no_two_files_lie_in_one_place() -> None:
    places = [file.file for model in known_models().values() if not model.package for file in model.files]
    assert len(set(places)) == len(places)


def test_what_may_be_asked_follows_from_the_kind() -> None:
    assert {model.kind: set(model.operations) for model in known_models().values()} == {
        "text": {"chat"}, "hearing": {"transcription"}, "vectors": {"embeddings"}, "speaking": {"speech"}, "reading": {"ocr"},
        "language": set(), "names": set(),
    }  # fmt: skip


def test_the_hash_of_several_files_is_of_their_sums_as_they_are_printed() -> None:
    model = known_models()["faster-whisper-base"]
    lines = "".join(f"{each.sha256}  {each.file}\n" for each in model.files)
    assert model.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert model_named("").sha256 == model_named("").files[0].sha256


@pytest.mark.parametrize("name", [model.id for model in known_models().values() if model.package])
def test_what_an_installed_package_brings_is_found_without_importing_it(name: str, tmp_path: Path) -> None:
    model = known_models()[name]
    before = set(sys.modules)
    paths = [path_of(model, file, tmp_path) for file in model.files]
    assert model.package in before or model.package not in sys.modules
    if not all(path.is_file() for path in paths):
        pytest.skip(f"{model.packaged} is not installed: pip install 'comity[{model.extra}]'")
    assert [path.stat().st_size for path in paths] == [file.bytes for file in model.files]


def test_what_no_package_brings_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("comity.device.manifest.package_folder", lambda name: None)
    with pytest.raises(OperatorError) as raised:
        here("multilingual-e5-small", tmp_path)
    assert (raised.value.code, raised.value.hint) == ("model.absent", "pip install 'comity[vectors]'")


def test_the_page_lists_each_model_as_it_is() -> None:
    page = (ROOT / "docs" / "reference" / "models.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| `") and " bytes |" in line
    ]
    assert rows == [
        [
            f"`{each.id}`" + " (the default)" * each.default,
            each.kind,
            f"{each.bytes:,} bytes",
            each.licence,
            each.maker,
            each.what,
        ]
        for each in known_models().values()
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
            here(name, tmp_path)
        assert (raised.value.code, raised.value.hint) == ("model.absent", command)
    (tmp_path / model_named("").file).touch()
    assert here("", tmp_path)[:3] == (model_named("").id, "text", {"model": tmp_path / model_named("").file})


def test_a_file_of_ones_own_is_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "Mine.Q4.gguf"
    with pytest.raises(OperatorError) as raised:
        here(str(path), tmp_path / "elsewhere")
    assert raised.value.code == "model.absent"
    path.touch()
    assert here(str(path), tmp_path / "elsewhere") == ("mine.q4", "text", {"model": path}, None, Path())


def test_a_user_without_a_home_folder_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> Path:
        raise RuntimeError("could not determine home directory")

    for name in ("XDG_DATA_HOME", "COMITY_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", none)
    with pytest.raises(OperatorError) as told:
        models_directory(PathsConfig())
    assert told.value.code == "home.unusable" and "COMITY_MODELS" in told.value.hint
