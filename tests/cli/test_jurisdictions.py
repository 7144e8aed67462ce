# SPDX-License-Identifier: Apache-2.0
"""`comity guidelines` and `comity jurisdictions`, and the texts of the law that `comity check` reads, as a person types them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

DAY = ("--as-of", "2026-11-26")
HEADINGS = re.compile(r"^## (.+)$", re.M)
PACKS = Path(str(files("comity.jurisdictions"))) / "packs"


def copied(folder: Path, name: str, file: str = "", before: str = "", after: str = "") -> Path:
    """A shipped pack in a folder of its own, with one text in it replaced."""
    shutil.copytree(PACKS / name, folder)
    if file:
        text = (folder / file).read_text(encoding="utf-8")
        assert before in text
        (folder / file).write_text(text.replace(before, after), encoding="utf-8")
    return folder


# -- guidelines ------------------------------------------------------------------------------------------------------


def test_guidelines_in_english(cli: Cli) -> None:
    done = cli("guidelines", "CN", *DAY)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("# Using and sharing data: Mainland China\n")
    assert HEADINGS.findall(done.out) == [
        "Who it applies to", "Using data", "Sharing data, and sending it abroad", "What the words mean", "Thresholds and lists",
        "What changes soon", "Sources", "Read, and not judged here", "How far it was checked",
    ]  # fmt: skip
    assert "- Leaving the mainland needs separate consent. `cn.export.no-consent`\n" in done.out
    assert "  - Rests on: [Personal Information Protection Law, Art. 39](#cn.cn-pipl-39)\n" in done.out
    assert "A security assessment is needed from 1,000,000 persons since 1 January. (since 22 March 2024)" in done.out
    assert "no lawyer has reviewed it" in done.out


def test_guidelines_in_chinese(cli: Cli) -> None:
    done = cli("guidelines", "cn", "--lang", "zh", *DAY)
    assert done.code == 0
    assert HEADINGS.findall(done.out) == [
        "适用范围", "使用数据", "共享数据：委托处理、向他人提供、向境外提供", "术语", "数量标准与清单", "即将发生的变化", "出处",
        "已收录但未据以判断的条文", "核对程度",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "pack"), [("EEA", "eea"), ("FR", "eea"), ("eea", "eea"), ("GB", "uk"), ("CN-SH", "cn")])
def test_a_region_is_answered_by_the_pack_that_covers_it(cli: Cli, name: str, pack: str) -> None:
    assert f" {pack}@" in cli("guidelines", name, *DAY).out.replace("\\", "")


def test_a_region_with_two_laws_has_a_part_for_each(cli: Cli, tmp_path: Path) -> None:
    copied(tmp_path / "hainan", "cn", "pack.toml", 'id = "cn"', 'id = "hainan"')
    (tmp_path / "comity.toml").write_text('[packs]\nenabled = ["cn", "eea"]\nextra = ["hainan"]\n', encoding="utf-8")
    done = cli("guidelines", "CN-HI", *DAY)
    assert len(HEADINGS.findall(done.out)) == 2
    assert "(#cn.cn-pipl-39)" in done.out and "(#hainan.cn-pipl-39)" in done.out


def test_a_sketch_says_so_first(cli: Cli) -> None:
    assert cli("guidelines", "JP", *DAY).out.splitlines()[2].startswith("This is a sketch.")


def test_a_page_in_a_file(cli: Cli, tmp_path: Path) -> None:
    done = cli("guidelines", "US", "--html", "--out", "us.html", *DAY)
    assert (done.code, done.out, done.err) == (0, "", "written to us.html\n")
    page = (tmp_path / "us.html").read_text(encoding="utf-8")
    assert page.startswith('<!doctype html>\n<html lang="en">') and page.endswith("</html>\n")
    assert not re.search(r"<(script|link|img|iframe)\b|\bsrc=|href=\"(?!#)|url\(|@import", page), "it needs nothing else"


def test_guidelines_as_json(cli: Cli) -> None:
    document = cli("guidelines", "EEA", "--json", *DAY).json()
    assert document["is"] == "document" and document["language"] == "en"
    assert next(block["title"] for block in document["blocks"] if block["is"] == "section") == "Who it applies to"


def test_another_day_is_another_document(cli: Cli) -> None:
    before = cli("guidelines", "EEA", "--as-of", "2026-12-01").out.partition("## What changes soon")
    after = cli("guidelines", "EEA", "--as-of", "2026-12-02").out.partition("## What changes soon")
    rule = "`eu.owe.mark.after-grace`"
    assert rule not in before[0] and "From 2 December 2026: " in before[2] and rule in before[2]
    assert rule in after[0] and rule not in after[2]


def test_what_cannot_be_told_is_refused(cli: Cli, tmp_path: Path) -> None:
    assert "no pack holds the law of KE" in cli("guidelines", "KE").refused(3, "pack.unknown")
    assert "`Chnia` is neither a pack nor a region" in cli("guidelines", "Chnia").refused(3, "pack.unknown")
    assert "hint: did you mean `eea`?" in cli("guidelines", "eeaa").refused(3, "pack.unknown")
    assert "`soon` is no day" in cli("guidelines", "CN", "--as-of", "soon").refused(3, "facts.invalid")
    assert "cannot write `no/where.md`" in cli("guidelines", "CN", "--out", "no/where.md").refused(2, "usage")
    cli("guidelines", "CN", "--lang", "fr").refused(2, "usage")
    cli("guidelines").refused(2, "usage")


# -- jurisdictions ---------------------------------------------------------------------------------------------------


def test_the_list_has_deep_packs_first_and_sketches_apart(cli: Cli) -> None:
    done = cli("jurisdictions", "list", *DAY)
    deep, _, sketches = done.out.partition("sketches, which hold a few rules and refuse the rest\n")
    assert re.findall(r"^  (\S+) ", deep, re.M) == ["cn", "eea", "us"]
    assert {"jp", "uk"} <= set(re.findall(r"^  (\S+) ", sketches, re.M))
    assert "reviewed by no lawyer" in deep
    rows = cli("jurisdictions", "list", "--json", *DAY).json()
    assert [row["depth"] for row in rows] == sorted(row["depth"] for row in rows)
    for row in rows:
        assert sum(row["confidence"].values()) == row["facts"]


def test_the_rules_of_a_day_are_shown(cli: Cli) -> None:
    told = cli("jurisdictions", "show", "CN", *DAY).out
    assert "  forbids    cn.export.no-consent  (2021-11-01; sharing)\n" in told
    assert "                cn-pipl-39: Personal Information Protection Law, Art. 39\n" in told
    assert "cn.export.before-2024" not in told
    assert (
        "  escalates  cn.export.before-2024  (2021-11-01 – 2024-03-21; sharing)\n"
        in cli("jurisdictions", "show", "CN", "--as-of", "2024-03-21").out
    )
    (shown,) = cli("jurisdictions", "show", "CN", "--json", *DAY).json()
    rule = next(each for each in shown["rules"] if each["id"] == "cn.owe.logs")
    assert (rule["kind"], rule["obligation"], rule["facts"]) == ("owes", "log.retain_months:6", ["cn-csl-23"])
    assert {name for each in shown["rules"] for name in each["facts"]} <= {fact["id"] for fact in shown["facts"]}


def test_two_laws_side_by_side(cli: Cli) -> None:
    found = cli("jurisdictions", "diff", "EEA", "us", "--json", *DAY).json()
    assert found["obligations"]["minimise"] == {"eea": ["eu.owe.minimise"]}
    assert found["obligations"]["program:doj_compliance"] == {"us": ["us.owe.program"]}
    assert found["forbids"]["consent:guardian"] == {"eea": ["eu.child"]}
    assert found["tables"]["bulk_health"] == {"us": [10000]}
    assert found["grounds"]["eu_us_dpf"] == {"eea": ["eu.transfer.certified"]}
    told = cli("jurisdictions", "diff", "EEA", "us", *DAY).out
    assert re.search(r"^owed\n  only eea ", told, re.M) and re.search(r"^  only us   audit:annual +us\.owe\.audit$", told, re.M)
    before = cli("jurisdictions", "diff", "EEA", "us", "--json", "--as-of", "2025-10-05").json()
    assert "program:doj_compliance" not in before["obligations"]


def test_two_versions_of_a_pack(cli: Cli, tmp_path: Path) -> None:
    old = copied(tmp_path / "old", "us")
    new = copied(tmp_path / "new", "us", "tables.toml", "value = 100000 }", "value = 50000 }")
    text = (new / "rules.cedar").read_text(encoding="utf-8")
    text = text.replace("us.federal.before-doj", "us.federal.early").replace("context.subject.age < 13 }", "context.subject.age < 14 }", 1)
    (new / "rules.cedar").write_text(text, encoding="utf-8")
    (new / "tests.json").unlink()
    changes = cli("jurisdictions", "diff", old, new, "--json").json()
    assert changes["rules"]["added"] == ["us.federal.early"] and changes["rules"]["removed"] == ["us.federal.before-doj"]
    assert changes["rules"]["changed"] == {"us.term.child": {"conditions": []}}
    assert list(changes["tables"]["changed"]) == ["bulk_identifiers"] and changes["facts"]["changed"] == changes["pack"] == {}
    told = cli("jurisdictions", "diff", old, new).out
    assert "  rules      ~ us.term.child\n             conditions changed\n" in told
    assert cli("jurisdictions", "diff", "us", old).out == "us@0.1.0 to us@0.1.0\n  nothing differs\n"


def test_what_cannot_be_looked_at_is_refused(cli: Cli, tmp_path: Path) -> None:
    cli("jurisdictions").refused(2, "usage")
    cli("jurisdictions", "diff", "EEA").refused(2, "usage")
    assert "hint: did you mean `show`?" in cli("jurisdictions", "shwo", "EEA").refused(2, "usage")
    assert "no pack holds the law of KE" in cli("jurisdictions", "show", "KE").refused(3, "pack.unknown")
    copied(tmp_path / "broken", "us", "rules.cedar", 'cite("us-coppa")', 'cite("us-nothing")')
    cli("jurisdictions", "show", tmp_path / "broken").refused(3, "pack.invalid")
    copied(tmp_path / "hainan", "cn", "pack.toml", 'id = "cn"', 'id = "hainan"')
    (tmp_path / "comity.toml").write_text('[packs]\nextra = ["hainan"]\n', encoding="utf-8")
    assert "`CN` is held by cn, hainan" in cli("jurisdictions", "diff", "CN", "US").refused(2, "usage")


# -- texts -----------------------------------------------------------------------------------------------------------


def test_quotes_are_held_against_the_texts_that_are_there(cli: Cli, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "picture.png").write_bytes(b"\x89PNG\xff")
    law = "Nobody may send it. Everybody may keep it."
    (texts / "law.txt").write_text(law, encoding="utf-8")
    fact = f'id = "us-hipaa"\nquote = "Nobody may send it."\ntext_sha256 = "{hashlib.sha256(law.encode()).hexdigest()}"'
    pack = copied(tmp_path / "us", "us", "facts.toml", 'id = "us-hipaa"', fact)
    assert "ok  1 of 1 quotes stand in the texts of texts\n" in cli("check", pack, "--texts", "texts").out
    assert json.loads(cli("check", pack, "--texts", "texts", "--json").out)["quotes_found"] == 1
    facts = pack / "facts.toml"
    facts.write_text(facts.read_text(encoding="utf-8").replace("Nobody may send", "Nobody must send"), encoding="utf-8")
    assert "fact `us-hipaa` quotes what does not stand in its text" in cli("check", pack, "--texts", "texts").refused(3, "pack.invalid")
    assert cli("check", pack).code == 0, "without the text nothing can be said"
    (texts / "law.txt").unlink()
    assert "ok  0 of 1 quotes stand in the texts of texts; the texts of 1 are not there\n" in cli("check", pack, "--texts", "texts").out


def test_texts_need_a_pack_and_a_folder(cli: Cli, tmp_path: Path) -> None:
    cli("check", "--texts", ".").refused(2, "usage")
    pack = copied(tmp_path / "us", "us")
    assert "cannot read the texts in `nowhere`" in cli("check", pack, "--texts", "nowhere").refused(2, "usage")
