# SPDX-License-Identifier: Apache-2.0
"""Guidelines say each rule in force once, where it belongs, with what it rests on; in English and in Chinese that is Chinese."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser

import msgspec
import pytest

from comity.jurisdictions.conditions import HANDED_ON, RECIPIENT, shares, tables_of
from comity.jurisdictions.document import Code, Document, Item, Items, Link, Section, Target, markdown, page, runs_of
from comity.jurisdictions.guidelines import PHASES, guidelines
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.pack import Pack, Rule
from comity.jurisdictions.plain import LANGUAGES, Language, Words, plain
from comity.jurisdictions.rules import Piece, parsed
from comity.jurisdictions.schema import FACTS
from comity.jurisdictions.vocab import bare, load_vocabulary

WORDS = load_vocabulary()
PACKS = {pack.head.id: pack for pack in load_packs()}
DEEP = [pack for pack in PACKS.values() if pack.head.depth == "deep"]
TODAY = date(2026, 11, 26)
EN, ZH = Words("en"), Words("zh")
HAN = re.compile(r"[\u4e00-\u9fff]")


def days(pack: Pack) -> list[date]:
    """Today, and the days around each on which something of the pack begins or ends."""
    edges = {day for rule in pack.rules for day in (rule.valid_from, rule.valid_to) if day is not None}
    edges |= {dated.since for table in pack.tables.values() for dated in table.values}
    return sorted({TODAY, *(edge + timedelta(days=step) for edge in edges for step in (-1, 0, 1))})


def written(pack: Pack, day: date = TODAY, language: Language = "en") -> Document:
    return guidelines([pack], day, language, WORDS)


def items(part: Document | Section | Items | Item) -> Iterator[Item]:
    for child in part.items if isinstance(part, Items | Item) else part.blocks:
        if isinstance(child, Item):
            yield child
        if isinstance(child, Items | Item | Section):
            yield from items(child)


def leaves(part: Document | Section, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Item]]:
    """Every item with the titles that it stands under."""
    for block in part.blocks:
        if isinstance(block, Section):
            yield from leaves(block, (*at, block.title))
        elif isinstance(block, Items):
            yield from ((at, item) for item in block.items)


def ids(item: Item) -> list[str]:
    return [run.text for run in item.runs if isinstance(run, Code)]


def links(item: Item) -> list[Link]:
    return [run for run in runs_of(item) if isinstance(run, Link)]


def place_of(rule: Rule, pack: Pack, words: Words) -> tuple[str, ...]:
    if rule.action == "define":
        return (words.said("terms"),)
    about = words.said("sharing" if shares(rule, pack) else "using")
    if rule.action == "owe":
        phase = WORDS.phase_of(rule.obligation)
        heading = {"output": "in_flight"}.get(phase, phase)
        return (about, words.said("owes"), words.said(heading))
    return (about, words.said("grounds" if rule.effect == "permit" else "escalations" if rule.escalates else "forbids"))


@pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_rule_in_force_stands_once_in_its_place_with_what_it_rests_on(pack: Pack, language: Language) -> None:
    for day in days(pack):
        hold(pack, day, language)


def hold(pack: Pack, day: date, language: Language) -> None:
    words, document = Words(language), written(pack, day, language)
    rules = {rule.id: rule for rule in pack.rules if rule.valid_on(day)}
    coming = {rule.id for rule in pack.rules if rule.valid_from and day < rule.valid_from <= pack.head.horizon}
    going = {rule.id for rule in rules.values() if rule.valid_to and rule.valid_to <= pack.head.horizon}
    apart = {words.said("changes"), words.said("sources"), words.said("further")}
    found = [(name, at, item) for at, item in leaves(document) if not apart & set(at) for name in ids(item)]
    assert Counter(name for name, _, _ in found) == Counter(list(rules)), "each once, and nothing that is not in force"
    for name, at, item in found:
        rule = rules[name]
        assert at == place_of(rule, pack, words), name
        assert links(item) == [Link(words.citation(pack.facts[fact]), f"{pack.head.id}.{fact}") for fact in rule.facts]
        said = "".join(run if isinstance(run, str) else run.text for run in runs_of(item))
        assert all(words.remedy(remedy) in said for remedy in rule.remedies)
        if rule.valid_to:
            assert words.day(rule.valid_to) in said
    changing = [name for at, item in leaves(document) if words.said("changes") in at for name in ids(item)]
    assert Counter(changing) == Counter([*coming, *going])


@pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_has_its_target_and_every_target_is_one_place(pack: Pack, language: Language) -> None:
    runs = list(runs_of(written(pack, TODAY, language)))
    targets = [run.id for run in runs if isinstance(run, Target)]
    assert {run.to for run in runs if isinstance(run, Link)} <= set(targets)
    assert len(targets) == len(set(targets))
    sources = {name for name in targets if name.removeprefix(f"{pack.head.id}.") in pack.facts}
    assert sources == {
        f"{pack.head.id}.{fact.id}" for fact in pack.facts.values()
        if (fact.effective or date.min) <= TODAY <= (fact.effective_to or date.max) or f"{pack.head.id}.{fact.id}" in sources
    }  # fmt: skip


@pytest.mark.parametrize("pack", DEEP, ids=lambda pack: pack.head.id)
def test_what_is_about_sharing_is_found_by_its_conditions(pack: Pack) -> None:
    """Held against the names that the packs' authors gave, which the derivation never reads."""
    named = re.compile(
        r"\.(export|transfer|gba|provide|disclosure|entrusted|doj|padfa|hipaa|no-contract|within-gba|leaves|concern|adequate|certified"
        r"|safeguarded|owe\.(contract|count|notice\.export|transfer|program|audit|records$))\b|eu\.training|us\.coppa\.training"
    )
    for rule in pack.rules:
        expected = bool(named.search(rule.id)) and rule.id not in {"cn.owe.records", "us.federal.before-doj"}
        assert shares(rule, pack) is expected, rule.id


# -- conditions ------------------------------------------------------------------------------------------------------

SOME = PACKS["cn"].rules[0]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ("when { context.provider.abroad }", True),
        ("when { !context.provider.abroad }", False),
        ("unless { context.provider.abroad }", False),
        ("unless { !context.provider.abroad }", True),
        ("when { !(context.data.personal && context.provider.abroad) }", False),
        ("when { context.term.leaves }", True),
        ("when { !context.term.leaves }", False),
        ("when { context.term.handled }", False),
        ('when { ["CN"].containsAll(context.provider.everywhere) }', True),
        ('when { context.provider.role == "processor" }', True),
        ('when { context.purpose == "foreign_legal_disclosure" }', True),
        ('when { !context.consent.contains("separate_third_party") }', True),
        ('when { !context.safeguards.contains("processor_contract") }', True),
        ('when { !context.consent.contains("separate_sensitive") }', False),
        ('when { if context.data.personal then context.transaction == "brokerage" else false }', True),
        ("", False),
    ],
)
def test_sharing_is_read_off_the_conditions(conditions: str, expected: bool) -> None:
    body = parsed(Piece(1, f'forbid (principal, action == Action::"process", resource) {conditions};'))
    assert shares(msgspec.structs.replace(SOME, body=body), PACKS["cn"]) is expected


def test_a_rule_names_the_tables_it_reads() -> None:
    assert tables_of(next(rule for rule in PACKS["cn"].rules if rule.id == "cn.term.many")) == {
        "assessment_persons_min",
        "assessment_sensitive_persons_min",
    }


def test_what_tells_sharing_is_something_that_rules_may_read() -> None:
    provider = FACTS["provider"]
    assert {path for path in RECIPIENT if path[0] == "provider"} <= {("provider", name) for name in provider}
    assert not HANDED_ON - WORDS.purposes - WORDS.consents - WORDS.evidence_kinds["safeguards"]


# -- what changes, and how far it was read ---------------------------------------------------------------------------


def section(document: Document, title: str) -> str:
    found = next(block for block in document.blocks if isinstance(block, Section) and block.title == title)
    return markdown(Document("", document.language, (found,)))


def test_a_value_that_begins_later_stands_among_the_changes_only() -> None:
    eve = written(PACKS["eea"], date(2026, 1, 26))
    day = written(PACKS["eea"], date(2026, 1, 27))
    assert "Brazil" not in section(eve, "Thresholds and lists") and "From 27 January 2026: where personal data" in section(
        eve, "What changes soon"
    )
    assert "Brazil" in section(day, "Thresholds and lists") and "Brazil" not in section(day, "What changes soon")


def test_a_table_before_its_first_day_stands_only_where_a_rule_in_force_reads_it() -> None:
    lists = section(written(PACKS["us"], date(2024, 7, 1)), "Thresholds and lists")
    assert "Venezuela. (from 8 April 2025; it counts before too)" in lists, "us.padfa reads it"
    assert "bulk above" not in lists
    assert "bulk above 10,000 persons" in section(written(PACKS["us"], date(2025, 4, 8)), "Thresholds and lists")


def test_a_rule_that_ends_says_when_and_stands_among_the_changes_too() -> None:
    document = written(PACKS["cn"], date(2025, 8, 31))
    assert "`cn.genai.before-labelling` (until 31 August 2025)" in section(document, "Using data")
    assert "After 31 August 2025 this ends: " in section(document, "What changes soon")


def test_past_the_horizon_everything_is_a_persons_to_decide() -> None:
    pack = PACKS["us"]
    told = markdown(written(pack, pack.head.horizon + timedelta(days=1)))
    assert told.splitlines()[2].startswith("1 January 2028 lies beyond 31 December 2027")
    assert "lies beyond" not in markdown(written(pack, pack.head.horizon))


def test_before_every_rule_nothing_is_allowed() -> None:
    assert "No rule of this pack is in force on that day" in markdown(written(PACKS["cn"], date(2000, 1, 1)))


def test_reviewers_are_named() -> None:
    pack = PACKS["us"]
    reviewed = msgspec.structs.replace(pack, head=msgspec.structs.replace(pack.head, reviewed_by=("A. Counsel",)))
    assert "Reviewed by A. Counsel." in markdown(written(reviewed))
    assert "no lawyer has reviewed it" not in markdown(written(reviewed)).partition("Note:")[0]


def test_the_same_day_is_the_same_document() -> None:
    for language in LANGUAGES:
        one, other = (written(PACKS["cn"], TODAY, language) for _ in range(2))
        assert markdown(one) == markdown(other) and page(one) == page(other)


# -- words -----------------------------------------------------------------------------------------------------------


def used() -> Iterator[tuple[str, str]]:
    """What the packs that ship make guidelines say, as kind and word."""
    for pack in PACKS.values():
        yield from (("applies", name) for name in pack.head.applies)
        yield from (("regions", name) for name in (*pack.head.regions, *pack.head.not_covered))
        yield from (("confidence", fact.confidence) for fact in pack.facts.values())
        for rule in pack.rules:
            yield from (("remedies", name) for name in rule.remedies)
            if rule.obligation:
                yield "obligations", bare(rule.obligation)
        for table in pack.tables.values():
            for dated in table.values:
                words = () if isinstance(dated.value, int) else dated.value
                yield from (("regions" if table.regions else "words", word) for word in words)
    for pack in DEEP:
        yield from (("tables", f"{pack.head.id}.{name}") for name in pack.tables)
        yield from (("terms", f"{pack.head.id}.{name}") for name in pack.terms)


def test_every_word_that_a_shipped_pack_uses_is_plain_in_both_languages() -> None:
    missing = sorted({f"{kind} {word}" for kind, word in used() if word not in plain()[kind]})
    assert not missing, "plain.toml lacks: " + ", ".join(missing)


@pytest.mark.parametrize("kind", [kind for kind in plain() if isinstance(next(iter(plain()[kind].values())), list)])
def test_what_is_plain_has_both_languages_and_the_same_gaps(kind: str) -> None:
    for word, (english, chinese) in plain()[kind].items():
        if kind != "said":
            assert english and HAN.search(chinese), word
        if english:
            assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese)), word
        assert not HAN.search(english), word


def test_words_that_nobody_uses_any_more_are_not_kept() -> None:
    """Of the vocabulary: what stands in `plain.toml` stands there too."""
    assert {name for name in plain()["obligations"] if not WORDS.is_obligation(name)} == set()
    assert set(plain()["remedies"]) <= WORDS.remedies


def test_every_heading_of_what_is_owed_takes_each_phase_once() -> None:
    phases = [phase for each in PHASES.values() for phase in each]
    assert Counter(phases) == Counter(["pre", "in_flight", "output", "post", "organisational"])


@pytest.mark.parametrize("pack", DEEP, ids=lambda pack: pack.head.id)
def test_chinese_is_chinese(pack: Pack) -> None:
    """Of a deep pack all that is said of a rule; in code stand ids and where it was read."""
    known = re.compile(r"Comity|CISA|HIPAA|TikTok|CFR|SHA-256|GB 45438-2025|C-413/23 P|C\(2026\)|[a-z]+@[\d.]+|\(\w\)|（\w）|[0-9a-f]{64}")
    for day in days(pack):
        document = written(pack, day, "zh")
        for run in runs_of(document):
            text = known.sub("", run if isinstance(run, str) else "" if isinstance(run, Code) else run.text)
            if not text.startswith("原文："):
                assert not re.search(r"[A-Za-z]{2}", text), text


@pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))
def test_each_rule_that_ships_is_told_in_chinese_where_it_is_told_in_english(pack: Pack) -> None:
    assert [rule.id for rule in pack.rules if bool(rule.text) is not bool(rule.text_zh)] == []


def test_what_has_no_chinese_is_marked_and_said_at_the_top() -> None:
    pack = PACKS["jp"]
    rules = tuple(msgspec.structs.replace(rule, text_zh="") for rule in pack.rules)
    told = markdown(written(msgspec.structs.replace(pack, rules=rules), TODAY, "zh"))
    rule = next(rule for rule in rules if rule.action == "process" and rule.valid_on(TODAY))
    assert "标有“（英文）”的规则" in told.partition("## ")[0]
    assert f"{rule.text[:1].upper()}{rule.text[1:]}（英文）。" in told


def test_a_duty_whose_conditions_are_not_in_words_is_not_told_as_one_for_everybody() -> None:
    owes = next(rule for rule in PACKS["eea"].rules if rule.obligation == "minimise")
    silent = msgspec.structs.replace(owes, text="", text_zh="")
    always = msgspec.structs.replace(silent, body={**owes.body, "conditions": []})
    assert EN.rule(owes) == "when personal data reaches somebody else's machine: send no more than is needed"
    assert EN.rule(silent) == "where these articles say so: send no more than is needed" and ZH.rule(silent).startswith(
        "在下列条文规定的情形下"
    )
    assert (EN.rule(always), ZH.rule(always)) == ("send no more than is needed", "应当仅处理所必需的数据")
    term = next(rule for rule in PACKS["eea"].rules if rule.term)
    assert EN.rule(msgspec.structs.replace(term, text="")) == "as these articles say"


@pytest.mark.parametrize(
    ("pack", "fact", "expected"),
    [
        ("cn", "cn-pipl-39", "《中华人民共和国个人信息保护法》第三十九条"),
        ("cn", "cn-pipl-29", "《中华人民共和国个人信息保护法》第二十九条、第三十条"),
        ("cn", "cn-pipl-4", "《中华人民共和国个人信息保护法》第四条、第七十三条（3）至（4）"),
        ("cn", "cn-csl-23", "《中华人民共和国网络安全法》（2025年10月28日修正）第二十三条（原第二十一条）"),
        ("cn", "cn-anthro", "《人工智能拟人化互动服务管理暂行办法》第二条、第十三条、第十四条、第十六条至第十八条"),
        ("eea", "eu-gdpr-44", "欧盟《通用数据保护条例》（第2016/679号条例）第四十四条至第四十六条、第四十九条"),
        ("eea", "eu-aia-50-2", "欧盟《人工智能法》（第2024/1689号条例，经第2026/1744号条例修正）第五十条（2）、第一百一十一条（4）"),
        ("us", "us-doj-210", "美国司法部大规模数据规则（28 CFR第202部分）第202.210条"),
    ],
)
def test_articles_are_numbered_as_statutes_are(pack: str, fact: str, expected: str) -> None:
    assert ZH.citation(PACKS[pack].facts[fact]) == expected


def test_numbers_and_days_in_words() -> None:
    assert [ZH.number(n) for n in (100, 9999, 10_000, 1_000_000)] == ["100", "9,999", "1万", "100万"]
    assert EN.number(1_000_000) == "1,000,000"
    assert (EN.day(date(2024, 3, 2)), ZH.day(date(2024, 3, 2))) == ("2 March 2024", "2024年3月2日")
    assert EN.obligation("log.retain_months:6") == "keep the logs for at least 6 months"
    assert (EN.listed(["a"]), EN.listed("abc"), ZH.listed("abc")) == ("a", "a, b and c", "a、b和c")


# -- as text ---------------------------------------------------------------------------------------------------------

HOSTILE = '</p><script>alert(1)</script> & "quoted" `ticks` *stars* [link](x) <b>\n# heading'


def hostile() -> Pack:
    """Markup wherever a pack may say something of its own."""
    pack = PACKS["us"]
    replace = msgspec.structs.replace
    facts = {
        name: replace(fact, instrument=HOSTILE, summary=HOSTILE, source=HOSTILE, note=HOSTILE, quote=HOSTILE)
        for name, fact in pack.facts.items()
    }
    rules = tuple(replace(rule, text=HOSTILE, text_zh=HOSTILE) for rule in pack.rules)
    return replace(pack, head=replace(pack.head, id="zz", name=HOSTILE, note=HOSTILE, reviewed_by=(HOSTILE,)), facts=facts, rules=rules)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_data(self, data: str) -> None:
        self.text += data


def test_markup_in_a_pack_is_text_in_html() -> None:
    read, plain_page = Tags(), Tags()
    read.feed(page(written(hostile())))
    plain_page.feed(page(written(PACKS["us"])))
    assert set(read.tags) <= set(plain_page.tags) and not read.tags["script"] and not read.tags["b"]
    assert read.text.count("<script>alert(1)</script>") > 20


def test_markup_in_a_pack_is_text_in_markdown() -> None:
    told = markdown(written(hostile()))
    outside = re.sub(r"(`+).*?\1(?!`)", "", told.replace(r"\`", ""))
    assert "<script>" not in outside.replace(r"\<script\>", "") and "\n# heading" not in told
    assert r"\<script\>" in told and r"\[link\](x)" in told


def test_code_with_ticks_keeps_them() -> None:
    assert markdown(Document("t", "en", (Items((Item((Code("a`b``c"),)),)),))) == "# t\n\n- ``` a`b``c ```\n"


# -- one excerpt, word for word --------------------------------------------------------------------------------------

GOLDEN = """\
- 向境外提供个人信息，应当取得个人的单独同意。 `cn.export.no-consent`
  - 补救办法：就向境外提供个人信息取得个人的单独同意；或者仅在境内处理、存储和访问。
  - 依据：[《中华人民共和国个人信息保护法》第三十九条](#cn.cn-pipl-39)
- 重要数据确需向境外提供的，应当通过数据出境安全评估。 `cn.export.important`
  - 补救办法：通过数据出境安全评估；或者仅在境内处理、存储和访问。
  - 依据：[《网络数据安全管理条例》（国务院令第790号）第三十五条至第三十八条](#cn.cn-nds-35)；\
[《促进和规范数据跨境流动规定》（国家互联网信息办公室令第16号）第七条](#cn.cn-cbdf-7)
"""
OWED = """\
#### 事前

- 将个人信息交由他人处理的，应当事前进行个人信息保护影响评估。 `cn.owe.pipia`
  - 依据：[《中华人民共和国个人信息保护法》第五十五条、第五十六条](#cn.cn-pipl-55)
"""
TABLE = "- 自当年1月1日起累计向境外提供不满10万人个人信息（不含敏感个人信息）的，无须订立标准合同或者通过认证。（自2024年3月22日起）\n"


def test_the_chinese_reads_as_a_statute_does() -> None:
    told = markdown(written(PACKS["cn"], TODAY, "zh"))
    assert told.startswith("# 数据使用与共享指引：中国内地\n")
    for excerpt in (GOLDEN, OWED, TABLE):
        assert excerpt in told
    assert "条文原文" not in told and "应当应当" not in told and "应当不得" not in told
