# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Whether a text model can tell a planted fault by what it would have written itself, given the source.  Tried, and not used by the gates.

    python -m tests.eval.contrast KEPT.jsonl [--sources N]    what was asked is kept there, and gone on with

At each name, numeral, denial, opposite and small word (`before`, 下, `only`) of an answer: how much likelier than what stands there is the
likeliest other one, of the source's names and numerals, or the opposite.  Over `planted.tune`, no proofread texts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from comity.tasks.gates import check, whom
from comity.tasks.gates.pair import Pair
from comity.tasks.gates.words import Token, denies
from tests.eval.planted import SETS

MODEL = "qwen2.5-coder-1.5b-instruct"
KINDS = ("name", "num", "deny", "small", "pole", "undenied")
BOUND = 3.0  # of log-probability
LIKELY = math.log(0.15)
"""What the model would rather have written is at least so likely: of two unlikely words neither says anything."""
_SMALL = (
    "before after|all some most half|only every|except including even|next last this|early late|earlier later sooner|more less fewer|least most"
    "|must may can should might|always never sometimes|can cannot|morning afternoon evening noon midnight|today tomorrow yesterday"
    "|first last second|until from|both neither|higher lower|up down|rise fall|increase decrease"
    "|之前 之后|以前 以后|前 后|所有 部分 有些 多数 只有 一些|都 只 不|明天 后天 今天 昨天 前天|上 下 这 本|早 晚|须 必须 应 可 可以 不得"
    "|上午 下午 早上 晚上 中午 凌晨|先 再|才 就|除 包括 连|至少 最多|以上 以下|多 少|高 低|涨 降|从不 总是 偶尔"
)
_DENY = {
    "en": "not never no n't cannot without nothing none only".split(),  # noqa: SIM905
    "zh": "不 没 未 无 别 勿 非 没有 不能 不得".split(),  # noqa: SIM905
}
_NUMERAL = re.compile(
    r"\d+(?:[.,:]\d+)*|[一二两三四五六七八九十百千万半]+|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundred|half|dozen)\b",
    re.I,
)
_ASKED = {
    "en": {"summary": "Summarise the text.", "rewrite": "Rewrite the text.", "reply": "Write a short reply to this message.",
           "answer": "Answer from the text: {}", "translation": "Translate the text into Chinese."},
    "zh": {"summary": "请概括这段文字。", "rewrite": "请改写这段文字。", "reply": "请给这条消息写一个简短的回复。",
           "answer": "请根据文字回答：{}", "translation": "请把这段文字翻译成英文。"},
}  # fmt: skip


class Point(NamedTuple):
    at: int
    kind: str
    said: str
    others: Sequence[str]


def languages(item: Mapping[str, Any]) -> tuple[str, str, str]:
    """The source's, the answer's, and the question."""
    asked = item.get("instruction")
    to = asked.get("to", "") if isinstance(asked, dict) else ""
    return item["language"].partition("-")[0], (to or item["language"]).partition("-")[0], asked if isinstance(asked, str) else ""


def points(item: Mapping[str, Any]) -> list[Point]:
    language, to, question = languages(item)
    source, answer = item["source"], item["answer"]
    pair = Pair(item["kind"], source, answer, language, to, question, ())
    found = {point.at: point for point in reversed([*_names(source, answer, language == to), *_numerals(source, answer, language == to)])}
    deny = {key for clause in pair.there for token in clause.tokens if token.denied and token.content for key in token.keys}
    small, poles = _small(), _poles(to)
    for clause in pair.here:
        for token, following in zip(clause.tokens, [*(each.text for each in clause.tokens[1:]), ""], strict=True):
            kind, others = _words(token, following, small, poles, deny, to)
            if others and token.start not in found:
                found[token.start] = Point(token.start, kind, token.text, others)
    return [found[at] for at in sorted(found)]


def _names(source: str, answer: str, alike: bool) -> Iterator[Point]:
    theirs = (
        [source[one.start : one.end] for one in whom.found(source)]
        if alike
        else [answer[one.start : one.end] for one in whom.found(answer)]
    )
    for one in whom.found(answer):
        said = answer[one.start : one.end]
        others = [each for each in dict.fromkeys(theirs) if each not in said and said not in each]
        if others:
            yield Point(one.start, "name", said, others)


def _numerals(source: str, answer: str, alike: bool) -> Iterator[Point]:
    theirs = [each[0] for each in _NUMERAL.finditer(source) if alike or each[0][0].isdigit()]
    theirs += [] if alike else [each[0] for each in _NUMERAL.finditer(answer)]
    for one in _NUMERAL.finditer(answer):
        others = [each for each in dict.fromkeys(theirs) if each.lower() != one[0].lower()]
        if others:
            yield Point(one.start(), "num", one[0], others)


def _words(
    token: Token, following: str, small: Mapping[str, set[str]], poles: Mapping[tuple[str, int], list[str]], deny: set[str], to: str
) -> tuple[str, list[str]]:
    if denies(token, following.lower()) and following:
        return "deny", [following]
    if token.text.lower() in small:
        return "small", sorted(small[token.text.lower()])
    if token.poles:
        return "pole", [word for name, end in token.poles for word in poles.get((name, 1 - end), ())]
    return "undenied", _DENY["zh" if to == "zh" else "en"] if token.content and not token.denied and token.keys & deny else []


def _small() -> dict[str, set[str]]:
    out: dict[str, set[str]] = {}
    for words in map(str.split, _SMALL.split("|")):
        for word in words:
            out.setdefault(word, set()).update(each for each in words if each != word)
    return out


def _poles(to: str) -> dict[tuple[str, int], list[str]]:
    text = files("comity.tasks.gates").joinpath("opposites.txt").read_text(encoding="utf-8")
    lines = [line.split(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("#")]
    sides = [(name, end, side.partition(";")) for name, said in lines for end, side in enumerate(said.split("|"))]
    return {(name, end): halves[2 if to == "zh" else 0].split() for name, end, halves in sides}


def likelier(top: Sequence[tuple[str, float]], point: Point) -> tuple[float, float]:
    """Log-probabilities of the likeliest other and of what stands there, by the first token that tells them apart."""
    mine, others = 0.0, dict[str, float]()
    for token, log in top:
        begins = token.strip().lower()
        own = bool(begins) and _begins(begins, point.said)
        other = next((each for each in point.others if begins and _begins(begins, each)), "")
        if own and not other:
            mine += math.exp(log)
        elif other and not own:
            others[other] = others.get(other, 0.0) + math.exp(log)
    best = max(others.values(), default=0.0)
    return math.log(best) if best else -99.0, math.log(mine) if mine else min(log for _, log in top)


def _begins(token: str, word: str) -> bool:
    return word.lower().startswith(token) or token.startswith(word.lower())


def server() -> Any:
    import xllamacpp  # type: ignore[import-untyped]  # it ships no types

    from comity.config import PathsConfig
    from comity.device.manifest import here, models_directory

    params = xllamacpp.CommonParams()
    params.model.path = str(here(MODEL, models_directory(PathsConfig())).files["model"])
    params.n_ctx, params.n_parallel, params.verbosity = 4096, 1, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(params)


def asked(model: Any, item: Mapping[str, Any]) -> dict[str, Any]:
    language, _, question = languages(item)
    prompt = f"<|im_start|>user\n{item['source']}\n\n{_ASKED[language][item['kind']].format(question)}<|im_end|>\n<|im_start|>assistant\n"
    begun, spent, found = time.monotonic(), time.process_time(), []
    for point in points(item):
        before = item["answer"][: point.at]
        said: list[Any] = []
        body = {
            "prompt": prompt + (before if point.said[0].isdigit() else before.rstrip(" ")),
            "n_predict": 1,
            "logprobs": 40,
            "temperature": 0,
        }
        model.handle_completions(body, lambda piece, said=said: bool(said.append(piece)))
        top = [(each["token"], each["logprob"]) for each in said[0]["choices"][0]["logprobs"]["content"][0]["top_logprobs"]]
        found.append((point.at, point.kind, point.said, *likelier(top, point)))
    took = {"ms": round(1000 * (time.monotonic() - begun)), "cpu": round(1000 * (time.process_time() - spent))}
    return {"id": item["id"], **took, "points": found}


def told(rows: Sequence[tuple[bool, bool, dict[str, float]]]) -> Iterator[str]:
    """``rows``: of each answer, whether it is wrong, whether a gate failed, and by kind how much likelier another word was at most."""
    wrong, right = [row for row in rows if row[0]], [row for row in rows if not row[0]]
    yield f"gates: {sum(row[1] for row in wrong)} of {len(wrong)} caught, {sum(row[1] for row in right)} of {len(right)} false alarms"
    for kinds in (KINDS, *((kind,) for kind in KINDS)):

        def most(row: tuple[bool, bool, dict[str, float]], kinds: Sequence[str] = kinds) -> float:
            return max((row[2].get(kind, -99.0) for kind in kinds), default=-99.0)

        order = sum((most(one) > most(two)) + 0.5 * (most(one) == most(two)) for one in wrong for two in right) / (len(wrong) * len(right))
        alone = [sum(most(row) >= BOUND for row in part) for part in (wrong, right)]
        beside = [sum(row[1] or most(row) >= BOUND for row in part) for part in (wrong, right)]
        yield f"{'all' if len(kinds) > 1 else kinds[0]}: AUROC {order:.2f}; alone {alone[0]} and {alone[1]}; beside the gates {beside[0]} and {beside[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kept", type=Path)
    parser.add_argument("--sources", type=int, default=1000, help="of so many sources at most")
    given = parser.parse_args()
    lines = [json.loads(line) for line in (SETS / "planted.tune.jsonl").read_text(encoding="utf-8").splitlines()]
    items = [item for item in lines if "id" in item and item["kind"] != "proofread"]
    sources = sorted({item["source"] for item in items}, key=lambda text: hashlib.sha256(text.encode()).hexdigest())[: given.sources]
    kept = {row["id"]: row for row in map(json.loads, given.kept.read_text(encoding="utf-8").splitlines())} if given.kept.is_file() else {}
    model, rows = None, []
    for item in (item for source in sources for item in items if item["source"] == source):
        if item["id"] not in kept:
            model = model or server()
            kept[item["id"]] = asked(model, item)
            with given.kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(kept[item["id"]], ensure_ascii=False) + "\n")
        language, to, question = languages(item)
        gates = check(item["kind"], source=item["source"], answer=item["answer"], language=language, to=to, question=question)
        best: dict[str, float] = {}
        for _, kind, _, other, mine in kept[item["id"]]["points"]:
            if other >= LIKELY:
                best[kind] = max(best.get(kind, -99.0), other - mine)
        rows.append((bool(item["wrong"]), not all(gate.passed for gate in gates), best))
    print("\n".join(told(rows)))
    print(f"processor: {sum(row['cpu'] for row in kept.values()) / len(kept):.0f} ms an answer")


if __name__ == "__main__":
    main()
