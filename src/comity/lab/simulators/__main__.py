# SPDX-License-Identifier: Apache-2.0
"""One simulator as a process: `python -m comity.lab.simulators --dialect model-studio --region cn-beijing --port 0`.

It prints one line of JSON with its URL and its key once it answers.  `LAB_PARTNER_KEY` is another key than the lab's own for the region.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from comity.errors import ComityError
from comity.lab.simulators.serve import DIALECTS, LAB_KEY, serve
from comity.ports import environment


def main() -> int:
    parser = argparse.ArgumentParser(prog="comity.lab.simulators", description="a partner on loopback, played from its documentation")
    parser.add_argument("--dialect", choices=DIALECTS, required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--path", default="", help="what goes before each operation, else the dialect's own")
    parser.add_argument("--model", action="append", default=[], help="a model that is here; none: any name is answered to")
    parser.add_argument("--pace", type=float, default=0.0, help="seconds before each piece of a stream")
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    own = environment("LAB_PARTNER_KEY")
    key = own or LAB_KEY.format(region=args.region)

    def ready(url: str) -> None:
        print(json.dumps({"url": url} | ({} if own else {"key": key})), flush=True)

    dialect = DIALECTS[args.dialect](args.path, tuple(args.model))
    try:
        asyncio.run(serve(dialect, region=args.region, key=key, port=args.port, pace=args.pace, on_ready=ready))
    except ComityError as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
