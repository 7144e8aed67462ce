# SPDX-License-Identifier: Apache-2.0
"""The law's words as the console reads them: of `plain.toml`, one file a language.

python -m tests.console.words     writes these files anew
"""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parents[2] / "src" / "comity" / "console" / "static"
KINDS = ("obligations", "remedies", "words", "applies", "confidence", "tables", "terms", "regions")
CHINESE = ("packs", "notes", "instruments", "articles")  # what packs say in English themselves
LANGUAGES = ("en", "zh")


def read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("comity.jurisdictions").joinpath(name).read_text(encoding="utf-8"))


def words(language: str) -> dict[str, Any]:
    plain, at = read("plain.toml"), LANGUAGES.index(language)
    said = {kind: {name: pair[at] for name, pair in plain[kind].items()} for kind in KINDS}
    return said | {kind: dict(plain[kind]) if language == "zh" else {name: name for name in plain[kind]} for kind in CHINESE}


def expected() -> dict[Path, str]:
    trees = {STATIC / "i18n" / f"words.{language}.json": words(language) for language in LANGUAGES}
    return {path: json.dumps(tree, ensure_ascii=False, indent=1) + "\n" for path, tree in trees.items()}


if __name__ == "__main__":
    for path, text in expected().items():
        path.write_text(text, encoding="utf-8")
