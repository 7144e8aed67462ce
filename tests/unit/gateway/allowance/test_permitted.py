# SPDX-License-Identifier: Apache-2.0
"""What a key may be used for."""

from __future__ import annotations

import pytest

from comity.config import KeyConfig
from comity.errors import CallerError
from comity.gateway.allowance.permitted import check, check_model

FREE = KeyConfig(id="free", sha256="")
HELD = KeyConfig(id="held", sha256="", purposes=("assist",), tasks=("writing_assistant",), models=("qwen-beijing",))


@pytest.mark.parametrize(
    ("key", "purpose", "task", "code"),
    [
        (FREE, "assist", None, ""),
        (FREE, "advertising", "chat", ""),
        (HELD, "assist", "writing_assistant", ""),
        (HELD, "advertising", "writing_assistant", "key.purpose"),
        (HELD, "assist", "chat", "key.task"),
        (HELD, "assist", None, "key.task"),
    ],
)
def test_purposes_and_tasks(key: KeyConfig, purpose: str, task: str | None, code: str) -> None:
    said = ""
    try:
        check(key, purpose=purpose, task=task)
    except CallerError as error:
        assert error.status == 403
        said = error.code
    assert said == code


def test_models() -> None:
    check_model(FREE, "anything")
    check_model(HELD, "qwen-beijing")
    with pytest.raises(CallerError) as error:
        check_model(HELD, "us-virginia")
    assert (error.value.status, error.value.code, error.value.field) == (403, "key.model", "model")
