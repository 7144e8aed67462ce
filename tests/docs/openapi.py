# SPDX-License-Identifier: Apache-2.0
"""`docs/reference/openapi.json`, as the gateway serves it.

python -m tests.docs.openapi     writes it
"""

from __future__ import annotations

import json

from comity.gateway.read.openapi import tree
from tests.tidy.tree import ROOT

PAGE = ROOT / "docs" / "reference" / "openapi.json"


def written() -> str:
    return json.dumps(tree(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
