# SPDX-License-Identifier: Apache-2.0
"""`comity locale`, as a person types it."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Cli


def test_the_locales_and_one_of_them(cli: Cli) -> None:
    assert cli("locale", "list").out.splitlines()[1] == "zh-TW  中文（台灣）"
    shown = json.loads(cli("--json", "locale", "show", "zh-MO").out)
    assert shown["locale"].startswith("zh-HK") and "農曆丙午年八月十五  中秋節" in shown["moon"] and shown["quotes"] == "「…」"


def test_a_text_in_a_locale_s_form(cli: Cli) -> None:
    done = cli("locale", "write", "de", 'Er fragte: "Hast du deine Karte?"', "--register", "formal")
    assert done.out == "Er fragte: „Haben Sie Ihre Karte?“\n" and done.code == 0
    pytest.importorskip("opencc", reason="opencc: pip install 'comity[hearing]' adds it")
    assert cli("locale", "write", "zh-TW", "他说:软件的质量不错.").out == "他說：軟體的品質不錯。\n"


def test_a_locale_that_has_no_pack(cli: Cli) -> None:
    refused = cli("locale", "show", "fr-FR")
    assert refused.code == 3 and "`zh-CN`" in refused.err
