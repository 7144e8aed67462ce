# SPDX-License-Identifier: Apache-2.0
"""How long the privacy guard takes: microseconds a kilobyte of UTF-8, the least of several runs, on one core.

python benchmarks/scan.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

from comity.privacy.pseudonym import Vault
from comity.privacy.scan import scan
from comity.privacy.stream import ChunkRestorer

ENGLISH = (
    "The committee met on Tuesday to talk about the new library. Nobody objected to the plan, although two members asked for "
    "a longer reading of the budget before the next step; the architect will send drawings in spring. "
)
CHINESE = (
    "委员会周二开会讨论了新图书馆的方案。没有人反对这个计划，不过有两位成员希望在下一步之前更仔细地看一遍预算；建筑师将在春天送来图纸。"
)
NUMBERS = (
    "In 2024 the town spent 1,250,000 on roads (see page 12, table 3.4), 8.5% more than in 2023; order 2024-0091 covers lots 17 to 21. "
)
LETTER = (
    "Dear Ms. Vogel, on 3 May we received your order of 12 chairs (model KX-40, 89.90 EUR each). Delivery takes 5 to 7 days; should "
    "anything be missing, quote case 2024-0091 and we will send it within 48 hours. Our showroom is open from 9 to 18. "
)
FOUND_EN = "Write to lena@vogel.io or call +49 30 1234567; my card is 4111 1111 1111 1111 and the password: hunter22! is old. "
FOUND_ZH = "请联系 lena@vogel.io，手机 138 1234 5678，身份证号 11010519491231002X，卡号 6222 0211 1111 1111 116。"


def filled(text: str, size: int) -> str:
    """``text`` repeated to about ``size`` bytes, cut between characters."""
    return (text * (size // len(text.encode()) + 1)).encode()[:size].decode("utf-8", "ignore")


def least(work: Callable[[], object], *, runs: int = 7) -> float:
    """Seconds of one call, the least of ``runs`` batches."""
    work()
    count, best = 1, 0.0
    while True:  # a batch of at least 20 ms
        start = time.perf_counter()
        for _ in range(count):
            work()
        if (took := time.perf_counter() - start) > 0.02:
            break
        count *= 2
    best = took / count
    for _ in range(runs):
        start = time.perf_counter()
        for _ in range(count):
            work()
        best = min(best, (time.perf_counter() - start) / count)
    return best


def mixed(text: str, finding: str, size: int = 1024) -> str:
    return filled(finding + text * 4, size)


def streamed(vault: Vault, text: str) -> None:
    restorer = ChunkRestorer(vault)
    for at in range(0, len(text), 4):
        restorer.feed({"choices": [{"index": 0, "delta": {"content": text[at : at + 4]}, "finish_reason": None}]})
    restorer.flush()


def main() -> None:
    texts = {
        "English, nothing in it": filled(ENGLISH, 1024),
        "Chinese, nothing in it": filled(CHINESE, 1024),
        "English with figures, nothing in it": filled(NUMBERS, 1024),
        "English business letter": filled(LETTER, 1024),
        "English, one sentence with four": filled(FOUND_EN + ENGLISH * 8, 1024),
        "Chinese, one sentence with four": filled(FOUND_ZH + CHINESE * 8, 1024),
        "English, nothing but findings": filled(FOUND_EN, 1024),
    }
    print(f"{'1 KB of':38s} {'found':>5s} {'scan µs':>9s}")
    for name, text in texts.items():
        print(f"{name:38s} {len(scan(text)):5d} {least(lambda text=text: scan(text)) * 1e6:9.1f}")
    print(f"\n{'1 KB of':38s} {'held':>5s} {'protect µs':>10s} {'restore µs':>10s} {'stream, µs a chunk of 4':>24s}")
    for name in ("English, one sentence with four", "Chinese, one sentence with four"):
        text, findings = texts[name], scan(texts[name])
        vault = Vault(bytes(range(8)))
        hidden = vault.protect(text, findings)
        protect = least(lambda text=text, findings=findings: Vault(bytes(range(8))).protect(text, findings))
        restore = least(lambda vault=vault, hidden=hidden: vault.restore(hidden))
        chunk = least(lambda vault=vault, hidden=hidden: streamed(vault, hidden)) / (len(hidden) / 4)
        print(f"{name:38s} {len(vault):5d} {protect * 1e6:10.1f} {restore * 1e6:10.1f} {chunk * 1e6:24.1f}")
    print("\nhow it grows: seconds for 200 KB of pieces that look like something")
    for piece in (
        "1 A ",
        "Flat 1, ",
        "路1号",
        "A B (1990-01-01) ",
        "passport A1",
        "1 ",
        "a@",
        "12-",
        "(0",
        "eyJ",
        "password: ",
        "key=",
        "://a:",
        "+1 ",
        ":aa",
        "aa:",
        "[at",
        " dot ",
        "4111 1111 ",
        "-----BEGIN PRIVATE KEY-----",
        "\u200b1",
        "sk-",
    ):
        start = time.perf_counter()
        scan(filled(piece, 200_000))
        print(f"{piece!r:32} {time.perf_counter() - start:8.3f}")

    print("\nhow it grows: seconds of processor time for a file of so many megabytes, every kilobyte with findings in it")
    dense = FOUND_EN + ENGLISH * 3 + LETTER + FOUND_ZH + CHINESE * 3
    for size in (1, 10):
        text = filled(dense, size * 1_000_000)
        start = time.process_time()
        count = len(scan(text))
        print(f"{size:3d} MB {count:8d} found {time.process_time() - start:8.2f}")


if __name__ == "__main__":
    main()
