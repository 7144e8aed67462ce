# SPDX-License-Identifier: Apache-2.0
"""Makes the sets whose items are files, for `comity eval ocr transcribe --sets DIR`: pages drawn and spoilt, and sentences spoken here.

    python -m tests.eval.made DIR                              every page in every way, sixty clips
    python -m tests.eval.made DIR --only plain,photographed    … pages in some ways
    python -m tests.eval.made DIR --fonts FOLDER               … with further fonts

The texts of the pages are those of `sets/pages.jsonl`.  The clips are English alone, said by this device's own voice, each once clean and
once with noise 15 dB below it: what is heard in a voice that never mumbles is more than what is heard in people.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import wave
from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.eval.clips import SAID, wav
from tests.eval.pages import WAYS, fonts, pages, spoilt

HERE = Path(__file__).parent
DECIBELS = 15


def images(folder: Path, ways: Sequence[str], further: Sequence[str]) -> int:
    lines = [json.dumps({"set": "images", "what": "pages drawn and spoilt", "licence": "CC0-1.0", "source": "tests.eval.made"})]
    for page in pages():
        found = fonts(page.language, further)
        if not found:
            print(f"NOT RUN: no font for `{page.language}` on this machine: apt install fonts-noto-cjk", file=sys.stderr)
            continue
        for way in ways:
            name = f"{page.id}-{way.replace(' ', '')}"
            image, how = spoilt(page, way, 0, found)
            image.save(folder / f"{name}.png", compress_level=1)
            item = {"id": name, "language": page.language, "file": f"{name}.png", "text": page.text, "how": how}
            lines.append(json.dumps(item, ensure_ascii=False))
    (folder / "images.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines) - 1


def clips(folder: Path) -> int:
    from comity.device.engines import speaking

    spec = find_spec("hibari")
    if spec is None or not spec.submodule_search_locations:
        print("NOT RUN: `hibari-tts` is not installed", file=sys.stderr)
        return 0
    voice = speaking.load({"voice": str(Path(spec.submodule_search_locations[0]) / "assets" / "hibari.onnx")}, {"threads": 1})
    what = "sentences said by a synthetic voice, clean and with noise"
    lines = [json.dumps({"set": "clips", "what": what, "licence": "CC0-1.0", "source": "tests.eval.made"})]
    for at, text in enumerate(_sentences()):
        sound = _said(voice, text)
        for kind, data in (("clean", sound), ("noise", _noisy(sound, at))):
            name = f"said-{at + 1:02}-{kind}"
            (folder / f"{name}.wav").write_bytes(data)
            lines.append(json.dumps({"id": name, "language": "en", "file": f"{name}.wav", "text": text}))
    (folder / "clips.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines) - 1


def _sentences() -> list[str]:
    """Ten of their own, and those of the proofreading set that have no fault."""
    with (HERE / "sets" / "proofread.jsonl").open(encoding="utf-8") as file:
        items = [json.loads(line) for line in file]
    return [*SAID, *(each["text"] for each in items if each.get("language") == "en" and not each["edits"])]


def _said(voice: Any, text: str) -> bytes:
    pieces: list[bytes] = []
    voice.answer({"input": text}, lambda said: bool(pieces.append(base64.b64decode(said["audio"]))))
    return b"".join(pieces)


def _noisy(sound: bytes, seed: int) -> bytes:
    import numpy as np

    with wave.open(BytesIO(sound)) as file:
        hertz = file.getframerate()
    samples = np.frombuffer(sound[44:], "<i2").astype(np.float64) / 32768
    loud = float(np.sqrt(np.mean(samples**2)))
    noise = np.random.default_rng(seed).normal(0, loud / 10 ** (DECIBELS / 20), len(samples))
    return wav((samples + noise).tolist(), hertz)


def main(arguments: Sequence[str]) -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--only", default="", help="ways, with commas; a word that a way begins with")
    options.add_argument("--fonts", action="append", default=[])
    asked = options.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    ways = [way for way in WAYS if not asked.only or any(way.startswith(word) for word in asked.only.split(","))]
    print(f"{images(asked.folder, ways, asked.fonts)} pages, {clips(asked.folder)} clips in {asked.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
