# SPDX-License-Identifier: Apache-2.0
"""Time to the first token through Comity, beside the partner's own: `python -m benchmarks.first_token [--rounds 300]`.

A partner of the lab streams a token at a time; each round asks it directly and through a gateway, in turn, over kept connections.  The
question has nothing personal in it (`plain`), or a telephone number that is hidden and brought back (`personal`).  Promise: the median
through Comity is within 5 ms of the partner's own.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import gateway, simulator

PROMISE_MS = 5.0
CONFIG = """\
[controller]
name = "Example Ltd"
established = ["US"]
[defaults]
legal_basis = "consent"
task = "writing_assistant"
[server]
port = 0
[[deployments]]
id = "it"
provider = "self-hosted"
base_url = "{base}/v1"
model = "m"
api_key = {{ env = "LAB_KEY" }}
operator = "US"
processing = ["US"]
storage = ["US"]
access = ["US"]
evidence = ["processor_contract"]
"""
TEXTS = {"plain": "Tell me about the sea, and about the ships on it. ", "personal": "Call me on +1 415 555 2671 about the ships. "}


def first_token(connection: http.client.HTTPConnection, path: str, headers: dict[str, str], text: str) -> float:
    """Milliseconds until the first piece of the answer's text has come."""
    body = json.dumps({"model": "it", "stream": True, "messages": [{"role": "user", "content": text * 8}]})
    started = time.perf_counter()
    connection.request("POST", path, body, {"content-type": "application/json", **headers})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    while (line := answer.readline()) and not (line.startswith(b"data: {") and _has_text(line)):
        pass
    seen = time.perf_counter() - started
    answer.read()
    return seen * 1000


def _has_text(line: bytes) -> bool:
    return any(choice["delta"].get("content") for choice in json.loads(line[6:])["choices"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    folder, key, kept = Path(tempfile.mkdtemp(prefix="first-token-")), LAB_KEY.format(region="us"), True
    with simulator("partner", dialect="openai", region="us", folder=folder, more=("--pace", "0.002")) as partner:
        partner.wait_ready()
        process, _ = gateway("gateway", CONFIG.format(base=partner.base), folder=folder, models=folder, environment={"LAB_KEY": key})
        with process:
            process.wait_ready()
            direct, through = (http.client.HTTPConnection(urlsplit(each.base).netloc) for each in (partner, process))
            for name, text in TEXTS.items():
                ways = {
                    "the partner's own": (direct, {"authorization": f"Bearer {key}"}),
                    "through Comity": (through, {"comity-subject": 'id="u", location="US"'}),
                }
                took: dict[str, list[float]] = {way: [] for way in ways}
                for number in range(rounds + 20):
                    for way, (connection, headers) in ways.items():
                        ms = first_token(connection, "/v1/chat/completions", headers, text)
                        if number >= 20:
                            took[way].append(ms)
                own, ours = (statistics.median(each) for each in took.values())
                p99 = [statistics.quantiles(each, n=100)[98] for each in took.values()]
                kept = kept and ours - own <= PROMISE_MS
                print(f"{name:9} p50 {own:6.2f} -> {ours:6.2f} ms (+{ours - own:.2f}), p99 {p99[0]:6.2f} -> {p99[1]:6.2f} ms")
    print(f"promise: within {PROMISE_MS:.0f} ms at the median: {'kept' if kept else 'NOT KEPT'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
