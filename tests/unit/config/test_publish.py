# SPDX-License-Identifier: Apache-2.0
"""How a log is published, as the file says it: what stands unless it is said, and what is refused before anything starts."""

from __future__ import annotations

import pytest

from comity.config import CosignerConfig, PublishConfig
from comity.config.file import parse_config
from comity.errors import OperatorError

NODE = '[node]\npool = "cn"\nregion = "CN"\n'


def test_a_log_is_published_only_where_it_is_said() -> None:
    assert parse_config("", "x").publish == PublishConfig() and PublishConfig().store == ""
    said = parse_config('[publish]\nstore = "tiles"\n[[publish.witnesses]]\nurl = "https://w.example/a"\nkey = "k"\n', "x").publish
    assert said == PublishConfig(store="tiles", witnesses=(CosignerConfig(url="https://w.example/a", key="k"),))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[publish]\nseconds = 0.5", "publish.seconds"),
        ("[publish]\nseconds = nan", "publish.seconds"),
        ("[publish]\nfill = 0", "publish.fill"),
        ("[publish]\nfill = 65537", "publish.fill"),
        ("[publish]\nquorum = -1", "publish.quorum"),
        ('[publish]\nwitnesses = ["https://w.example"]', "publish.witnesses[0]"),
        ('[[publish.witnesses]]\nurl = "w.example"\nkey = "k"', "publish.witnesses[0].url"),
        ('[[publish.witnesses]]\nurl = "https://me:secret@w.example"\nkey = "k"', "publish.witnesses[0].url"),
        (NODE + "quorum = -1", "node.quorum"),
        (NODE + '[storage]\nurl = { env = "A" }\nlog_key = { env = "B" }', "node.log_key"),
        (NODE + '[[node.witnesses]]\nurl = "https://w.example/?q"\nkey = "k"', "node.witnesses[0].url"),
    ],
)
def test_what_it_may_not(text: str, field: str) -> None:
    with pytest.raises(OperatorError) as raised:
        parse_config(text, "x")
    assert raised.value.field == field and "secret" not in str(raised.value)
