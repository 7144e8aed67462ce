# SPDX-License-Identifier: Apache-2.0
"""Make the made-up items, `own-en.jsonl` and `own-zh.jsonl`, from the templates beside this file.

    python -m tests.vectors.privacy.make            writes both
    python -m tests.vectors.privacy.make --freeze   writes both, and the hashes of all four sets into freeze.json

Nothing here is taken from the program that the sets judge: the checksums are written out again, so that a mistake in one is not
forgiven by the same mistake in the other.  A template is a block headed `=== id tag [xN]`; in its text

    {phone_us} {person#2}       a value of that kind, and the same value again where the name carries the same number
    [[text|TYPE]]               personal data as it stands
    {!order} <<text|kind>>      what must be left alone (a hard negative)
    ((text|TYPE))               what may be hidden or not
    \\n \\t                       a line end, a tab

Values follow from the ids alone (a seeded generator each), templates alternate between the halves `dev` and `test`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.vectors.privacy import made

HERE = Path(__file__).parent
SETS = ("real-en.jsonl", "real-zh.jsonl", "own-en.jsonl", "own-zh.jsonl")
TIMES = 3
HEAD = re.compile(r"^=== (?P<id>[\w-]+) (?P<tag>[\w-]+)(?: x(?P<times>\d+))?$")
PART = re.compile(
    r"\{(?P<negative>!?)(?P<kind>[a-z0-9_]+)(?P<same>#\d)?\}"
    r"|\[\[(?P<gold>[^|\]]+)\|(?P<gold_type>[A-Z_]+)\]\]|<<(?P<left>[^|]+?)\|(?P<left_kind>\w+)>>|\(\((?P<may>[^|]+?)\|(?P<may_type>[A-Z_]+)\)\)"
)
Item = dict[str, object]
Kinds = dict[str, tuple[str, made.Make]]


def templates(lang: str) -> Iterator[tuple[str, str, int, str]]:
    blocks = re.split(r"(?m)^(?==== )", (HERE / f"own-{lang}.txt").read_text(encoding="utf-8"))
    for block in blocks[1:]:
        head, _, body = block.partition("\n")
        read = HEAD.match(head)
        assert read, head
        yield read["id"], read["tag"], int(read["times"] or TIMES), body.strip("\n").replace("\\n", "\n").replace("\\t", "\t")


def fill(
    template: str, rng: random.Random, kept: dict[str, tuple[str, str]] | None = None, kinds: Kinds = made.KINDS
) -> tuple[str, dict[str, list[dict[str, object]]]]:
    """The text of one item, and where its spans, negatives and optional parts lie (code points, end exclusive).

    kept: values by name and number, which a second text may use again
    """
    kept = {} if kept is None else kept
    marks: dict[str, list[dict[str, object]]] = {"spans": [], "negatives": [], "optional": []}
    text, last = "", 0
    for part in PART.finditer(template):
        text += template[last : part.start()]
        last = part.end()
        start = len(text)
        if part["kind"]:
            name = part["kind"] + (part["same"] or f"@{start}")
            if name not in kept:
                type_, new = kinds[part["kind"]]
                kept[name] = (new(rng), type_)
            said, type_ = kept[name]
            text += said
            if part["negative"]:
                marks["negatives"].append({"start": start, "end": len(text), "kind": part["kind"]})
            else:
                marks["spans"].append({"start": start, "end": len(text), "type": type_, "subtype": part["kind"]})
        elif part["gold"]:
            text += part["gold"]
            marks["spans"].append({"start": start, "end": len(text), "type": part["gold_type"], "subtype": "as_written"})
        elif part["left"]:
            text += part["left"]
            marks["negatives"].append({"start": start, "end": len(text), "kind": part["left_kind"]})
        else:
            text += part["may"]
            marks["optional"].append({"start": start, "end": len(text), "type": part["may_type"]})
    return text + template[last:], marks


def items(lang: str) -> Iterator[Item]:
    for place, (name, tag, times, body) in enumerate(templates(lang)):
        for turn in range(times):
            key = f"own-{lang}-{name}-{turn}"
            text, marks = fill(body, random.Random(key))
            yield {
                "id": key, "lang": lang, "text": text, **marks, "tags": [tag], "template": f"own-{lang}-{name}",
                "half": ("dev", "test")[place % 2], "source": "synthetic (make.py)", "licence": "CC0-1.0 (made for this project)",
            }  # fmt: skip


def written(lang: str) -> str:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items(lang))


def frozen(read: Callable[[str], bytes]) -> dict[str, dict[str, object]]:
    return {name: {"sha256": hashlib.sha256(read(name)).hexdigest(), "items": read(name).count(b"\n")} for name in SETS}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--freeze", action="store_true", help="write the hashes too")
    asked = parser.parse_args()
    for lang in ("en", "zh"):
        (HERE / f"own-{lang}.jsonl").write_text(written(lang), encoding="utf-8")
    if asked.freeze:
        told = frozen(lambda name: (HERE / name).read_bytes())
        (HERE / "freeze.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
