# SPDX-License-Identifier: Apache-2.0
"""Sets of items, one JSON object a line after a header, and what each is asked of a task.

An item is *held* when the first byte of the SHA-256 of its id is odd; nothing is tuned on those.  A folder that holds `SHA256SUMS` is held
to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from comity.errors import OperatorError
from comity.tasks.evaluation import scores
from comity.tasks.evaluation.scores import Score

SUMS = "SHA256SUMS"


class Item(NamedTuple):
    """``asked``: members of the task's input; ``expected``: what its scorer reads; ``none``: abstaining is the right answer."""

    id: str
    set: str
    task: str
    language: str
    asked: Mapping[str, Any]
    expected: Mapping[str, Any]
    public: bool = False
    none: bool = False

    @property
    def held(self) -> bool:
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 1


SCORERS: Mapping[str, Callable[[Mapping[str, Any], Any], Score]] = {
    "summarise": scores.summary, "keywords": scores.keywords, "rewrite": scores.rewrite, "proofread": scores.proofread,
    "translate": scores.translation, "extract": scores.extraction, "answer": scores.answer, "reply": scores.reply, "classify": scores.label,
    "ocr": scores.read, "transcribe": scores.heard,
}  # fmt: skip
MEASURES: Mapping[str, str] = {
    "summarise": "needed facts told", "keywords": "F1", "rewrite": "kept and gone", "proofread": "F0.5 of edits", "translate": "chrF",
    "extract": "fields right", "answer": "F1", "reply": "replies that fit", "classify": "right", "ocr": "letters right",
    "transcribe": "words right",
}  # fmt: skip
"""What a score's value is, task by task."""


class Loaded(NamedTuple):
    items: tuple[Item, ...]
    hashes: dict[str, str]  # file name -> sha256


def load(folders: Sequence[Path], tasks: Sequence[str] = (), languages: Sequence[str] = ()) -> Loaded:
    """Raises OperatorError where a folder is not there, holds no set, or is not what its sums say."""
    found: list[Item] = []
    hashes: dict[str, str] = {}
    for folder in folders:
        for path in _files(folder):
            data = path.read_bytes()
            hashes[path.name] = hashlib.sha256(data).hexdigest()
            found += _items(path, data)
    if not found:
        raise OperatorError(
            "there is no evaluation set to be read", code="eval.no_sets", exit_code=2, field="--sets",
            hint="--sets DIR; the project's own are in tests/eval/sets of its repository",
        )  # fmt: skip
    kept = [item for item in found if (not tasks or item.task in tasks) and (not languages or item.language.partition(">")[0] in languages)]
    return Loaded(tuple(kept), hashes)


def sample(items: Sequence[Item], count: int, seed: int = 0) -> list[Item]:
    """So many of each task, language and set (0: all), drawn by the seed: a larger sample begins with the smaller.

    Several tasks over one text follow each other, since a model that has just read it need not read it again; of several questions about
    a text each round takes another.
    """
    groups: dict[tuple[str, str, str], dict[str, list[Item]]] = {}
    for item in items:
        groups.setdefault((item.task, item.language, item.set), {}).setdefault(_of(item), []).append(item)
    kept: list[tuple[tuple[str, str, int, str], Item]] = []
    for (task, language, name), texts in groups.items():
        order = sorted(texts, key=lambda each: hashlib.sha256(f"{seed} {each}".encode()).digest())
        rounds = max(map(len, texts.values()))
        drawn = [
            (at, texts[each][(at + turn) % len(texts[each])]) for turn in range(rounds) for at, each in enumerate(order)
            if turn < len(texts[each])
        ]  # fmt: skip
        kept += [((language, name, at, task), item) for at, item in (drawn[:count] if count else drawn)]
    kept.sort(key=lambda each: each[0])
    return [item for _, item in kept]


def _of(item: Item) -> str:
    """What it is about: a text with several questions has one name."""
    return item.id.partition("/")[0]


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise OperatorError(f"`{folder}` is no folder", code="eval.no_sets", exit_code=2, field="--sets", hint="a folder of sets (.jsonl)")
    _held_to_sums(folder)
    return sorted(path for path in folder.glob("*.jsonl") if path.stem.partition(".")[0] in READERS)


def _held_to_sums(folder: Path) -> None:
    if not (folder / SUMS).is_file():
        return
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        sha256, _, name = line.partition("  ")
        path = folder / name
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise OperatorError(
                f"`{name}` is not the set that `{SUMS}` names", code="eval.changed", exit_code=1, field="--sets",
                hint="put the file back; a changed set needs another name",
            )  # fmt: skip


def _items(path: Path, data: bytes) -> Iterator[Item]:
    try:
        lines = [msgspec.json.decode(line) for line in data.splitlines() if line.strip()]
        head = lines[0] if "id" not in lines[0] else {}
        yield from READERS[path.stem.partition(".")[0]](Set(path.name, path.parent, head), lines[1:] if head else lines)
    except (msgspec.MsgspecError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise OperatorError(
            f"`{path.name}` is not a set in its form", code="eval.malformed", exit_code=3, field="--sets", hint="see docs/reference/eval.md"
        ) from error


class Set(NamedTuple):
    name: str
    folder: Path
    head: Mapping[str, Any]

    def item(self, one: Mapping[str, Any], task: str, asked: Mapping[str, Any], expected: Mapping[str, Any], **more: Any) -> Item:
        made = {"id": f"{one['id']}", "language": str(one.get("language", "")).partition("-")[0]} | more
        return Item(
            set=self.name.removesuffix(".jsonl"), task=task, asked=asked, expected=expected, public=bool(self.head.get("public")), **made
        )


Lines = Sequence[Mapping[str, Any]]


def _texts(this: Set, lines: Lines) -> Iterator[Item]:
    for one in lines:
        asked = {"text": one["text"], "language": one["language"]}
        yield this.item(one, "summarise", asked, one)
        yield this.item(one, "keywords", asked, one)
        yield this.item(one, "extract", asked | {"schema": one["extract"]["schema"]}, one["extract"])
        for at, question in enumerate(one["questions"]):
            yield this.item(
                one, "answer", asked | {"question": question["q"]}, {"answers": question["answers"]}, none=not question["answers"],
                id=f"{one['id']}/{at + 1}",
            )  # fmt: skip


def _rewrites(this: Set, lines: Lines) -> Iterator[Item]:
    for one in lines:
        yield this.item(one, "rewrite", {"text": one["text"], "language": one["language"], "tone": one["tone"]}, one)


def _proofread(this: Set, lines: Lines) -> Iterator[Item]:
    for one in lines:
        yield this.item(one, "proofread", {"text": one["text"], "language": one["language"]}, one)


def _replies(this: Set, lines: Lines) -> Iterator[Item]:
    for one in lines:
        yield this.item(one, "reply", {"text": one["message"], "language": one["language"]}, one)


def _intents(this: Set, lines: Lines) -> Iterator[Item]:
    """Examples of each intent are given with every text that is to be told; what fits none is to be abstained from."""
    train = [one for one in lines if one["part"] == "train"]
    named: Mapping[str, str] = this.head.get("intents") or {one["intent"]: "" for one in lines if one["intent"] != "oos"}
    labels = [
        {"id": intent, "says": says, "examples": [one["text"] for one in train if one["intent"] == intent]}
        for intent, says in named.items()
    ]
    outside = [one["text"] for one in train if one["intent"] == "oos"]
    language = str(this.head.get("language") or "zh")
    for one in lines:
        if one["part"] == "test":
            known = "" if one["intent"] == "oos" else one["intent"]
            asked = {"text": one["text"], "labels": labels, "outside": outside, "language": language}
            yield this.item(one, "classify", asked, {"label": known}, none=not known, language=language)


def _ntrex(this: Set, lines: Lines) -> Iterator[Item]:
    for one in lines:
        for source, to in (("en", "zh"), ("zh", "en")):
            expected = {"text": one[source], "reference": one[to], "to": to}
            asked = {"text": one[source], "language": source, "to": to}
            yield this.item(one, "translate", asked, expected, language=f"{source}>{to}", id=f"{one['id']}/{source}-{to}")


def _cmrc(this: Set, lines: Lines) -> Iterator[Item]:
    for one in lines:
        yield this.item(
            one, "answer", {"text": one["text"], "question": one["q"], "language": "zh"}, {"answers": one["answers"]}, language="zh"
        )


def _images(this: Set, lines: Lines) -> Iterator[Item]:
    """``file``: beside the set."""
    for one in lines:
        yield this.item(one, "ocr", {"image": this.folder / one["file"], "language": one["language"]}, one)


def _clips(this: Set, lines: Lines) -> Iterator[Item]:
    for one in lines:
        yield this.item(one, "transcribe", {"file": this.folder / one["file"], "language": one["language"]}, one)


READERS: Mapping[str, Callable[[Set, Lines], Iterator[Item]]] = {
    "texts": _texts, "rewrites": _rewrites, "proofread": _proofread, "replies": _replies, "intents": _intents, "clinc150": _intents,
    "ntrex": _ntrex, "cmrc2018": _cmrc, "images": _images, "clips": _clips,
}  # fmt: skip
"""By the first word of a file's name."""
