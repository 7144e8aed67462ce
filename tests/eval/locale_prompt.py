# SPDX-License-Identifier: Apache-2.0
"""Whether a pack's prompt, and then its finish, make a model's rewriting what the locale wishes.

    python -m tests.eval.locale_prompt MODEL FOLDER [N]    FOLDER keeps what was answered; N texts of each kind, at most 8

Rewrite, as the task asks it: without the pack, with its prompt, and with its prompt and finish.  Counted: of formal replies those that say
您 and never 你; of friendly ones the other way round; of zh-TW those with no character of simplified script alone and no word of the
mainland's.  The texts were written for this; none is in another set.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from comity.config.schema import PathsConfig
from comity.device.manifest import model_named, models_directory
from comity.errors import ComityError
from comity.ports import SystemClock
from comity.tasks.evaluation.device import loaded
from comity.tasks.evaluation.journal import Journal
from comity.tasks.language import writing
from comity.tasks.text.asking import asking, finished, plain

TEXTS = (
    "你的快递到了，你什么时候方便来拿？", "你上次问的视频我找到了，发给你看看。", "会议改到下午三点，你能来吗？",
    "你的软件要更新了，更新完告诉我。",
    "你打印的文件质量不好，重新打印一份吧。", "谢谢你昨天帮忙，改天请你吃饭。", "你的账号登录不了，检查一下网络。",
    "周末的活动你参加吗？名单今天要交。",
)  # fmt: skip
KINDS = {"zh-CN formal": ("zh-CN", "formal"), "zh-CN friendly": ("zh-CN", "friendly"), "zh-TW formal": ("zh-TW", "formal")}
MAINLAND = re.compile("視頻|软件|軟件|網絡|打印|質量|默認|鏈接|登錄|賬號|短信|信息")


def wished(kind: str, said: str) -> bool:
    if kind == "zh-TW formal":
        return not writing(said)[0] and not MAINLAND.search(said)
    polite, close = "您" in said, bool(re.search("[你妳]", said))
    return polite and not close if kind.endswith("formal") else not polite and close


async def main(name: str, folder: Path, most: int) -> None:
    counts = {(kind, way): [0, 0] for kind in KINDS for way in ("without", "prompt", "prompt and finish")}
    journal = Journal(folder / "locale.jsonl")
    async with loaded(model_named(name), models_directory(PathsConfig()), journal, SystemClock()) as model:
        for text in TEXTS[:most]:
            for kind, (tag, tone) in KINDS.items():
                source = text.replace("你", "您") if tone == "friendly" else text
                for way, formality in (("without", None), ("prompt", tone)):
                    request = asking(source, tag, "rewrite", tone, tokens=72, formality=formality)  # type: ignore[arg-type]
                    try:
                        said = plain((await model.ask(request, ())).text, source)
                    except ComityError as wrong:
                        print(kind, way, wrong.code, flush=True)
                        continue
                    ways = {way: said} | ({"prompt and finish": finished(said, tag, tone)} if formality else {})  # type: ignore[arg-type]
                    for each, answer in ways.items():
                        counts[kind, each][0] += wished(kind, answer)
                        counts[kind, each][1] += 1
                        print(f"{kind} | {each} | {answer!r}", flush=True)
    for (kind, way), (right, n) in counts.items():
        print(f"{kind:16}{way:20}{right}/{n}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 8))
