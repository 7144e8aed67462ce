# SPDX-License-Identifier: Apache-2.0
"""A report as one page for the person it is about: in English and Chinese, without scripts, and nothing is fetched.

It says no more than the receipts do, and is made from them alone: by the maker of a report, and again by whoever audits it.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, Literal, NamedTuple

from comity.jurisdictions.plain import Words
from comity.transparency.report import law
from comity.transparency.report.shapes import Laws, Row
from comity.transparency.report.words import ENDS, LEVELS, READERS, RESERVED, STYLE, Pair, said

SHOWN_MAX = 2_000
EN, ZH = Words("en"), Words("zh")
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


class Front(NamedTuple):
    """What a report says of itself; members of its manifest."""

    made_at: str
    made_by: str
    issuer: str
    about: Literal["person", "home"]
    since: str
    before: str
    receipts: int
    size: int


class Tally:
    """What is kept of receipts as they pass: counts of all, ids to look up, the newest to be shown."""

    def __init__(self) -> None:
        self.places: Counter[tuple[str, tuple[str, ...], str]] = Counter()  # effect, where, who beside the gateway could read it
        self.days: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.policies: defaultdict[str, set[str]] = defaultdict(set)
        self.rules: set[str] = set()
        self.facts: set[str] = set()
        self.nodes: set[str] = set()
        self.newest: deque[Row] = deque(maxlen=SHOWN_MAX)

    def add(self, row: Row) -> None:
        receipt = row.receipt
        self.places[receipt["effect"], tuple(receipt["destination"]), receipt["plaintext_at"]] += 1
        self.days[receipt["at"][:10]][went(receipt)] += 1
        self.policies[receipt["policy"]].update(receipt["packs"])
        self.rules.update(receipt["rules"])
        self.facts.update(receipt["reasons"])
        if receipt.get("node"):
            self.nodes.add(receipt["node"])
        self.newest.append(row)


def went(receipt: Mapping[str, Any]) -> str:
    """`left`, `stayed` on the device, or `refused`."""
    return "refused" if receipt["effect"] != "allow" else "left" if receipt["destination"] else "stayed"


def page(front: Front, tally: Tally, laws: Laws, nodes: Mapping[str, bytes]) -> Iterator[bytes]:
    """``nodes``: entries by their SHA-256."""
    for part in _parts(front, tally, laws, nodes):
        yield part.encode() + b"\n"


def _parts(front: Front, tally: Tally, laws: Laws, nodes: Mapping[str, bytes]) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
    yield f"<title>Privacy report · 隐私报告 · {_text(front.made_at[:10])}</title>\n<style>{STYLE}</style>\n</head>\n<body>"
    yield '<form><fieldset><legend>Language · <span lang="zh-Hans">语言</span></legend>'
    yield '<label><input type="radio" name="language" id="en" checked> English</label>'
    yield '<label lang="zh-Hans" class="both"><input type="radio" name="language" id="zh"> 中文</label></fieldset></form>'
    yield f"<main>\n<h1>{_two(said('title'))}</h1>"
    counts = sum(tally.days.values(), Counter[str]())
    days = sorted(tally.days)
    yield f"<p class=lead>{_two(said('lead', first=days[0], last=days[-1], **{each: f'{counts[each]:,}' for each in _WENT}))}</p>"
    yield f"<p>{_two(said('about_' + front.about))} {_two(said('words'))}</p>"
    yield from _where(tally)
    yield from _when(tally)
    yield from _each(tally, front, laws, nodes)
    yield from _check(front)
    yield "</main>\n</body>\n</html>"


_WENT = ("left", "stayed", "refused")


def _where(tally: Tally) -> Iterator[str]:
    yield f"<h2>{_two(said('where'))}</h2>"
    yield _head(said("where_about"), (said("went_to"), said("reader")), (said("records"),))
    for (effect, places, reader), count in sorted(tally.places.items(), key=lambda each: (-each[1], each[0])):
        where = _places(effect, places)
        yield f'<tr><th scope="row">{_two(where)}</th><td>{_two(_reader(reader))}</td><td class="number">{count:,}</td></tr>'
    yield "</tbody></table>"


def _when(tally: Tally) -> Iterator[str]:
    yield f"<h2>{_two(said('when'))}</h2>"
    yield _head(said("when_about"), (said("day"),), [said("col_" + each) for each in _WENT])
    for day in sorted(tally.days, reverse=True):
        cells = "".join(f'<td class="number">{tally.days[day][each]:,}</td>' for each in _WENT)
        yield f'<tr><th scope="row"><time datetime="{_text(day)}">{_text(day)}</time></th>{cells}</tr>'
    yield "</tbody></table>"


def _each(tally: Tally, front: Front, laws: Laws, nodes: Mapping[str, bytes]) -> Iterator[str]:
    yield f"<h2>{_two(said('each'))}</h2>"
    if front.receipts > len(tally.newest):
        yield f"<p>{_two(said('newest', shown=f'{len(tally.newest):,}', all=f'{front.receipts:,}'))}</p>"
    day = ""
    for row in reversed(tally.newest):
        if row.receipt["at"][:10] != day:
            day = row.receipt["at"][:10]
            yield f"<h3>{_text(day)}</h3>"
        yield from _item(row, front, laws, nodes)


def _item(row: Row, front: Front, laws: Laws, nodes: Mapping[str, bytes]) -> Iterator[str]:
    receipt = row.receipt
    kind = went(receipt)
    head = _places(receipt["effect"], tuple(receipt["destination"]))
    yield f'<article class="{kind}"><h4><time>{_text(receipt["at"][11:16])}</time> {_two(head)}</h4><dl>'
    yield _line("came_from", _two(_region(receipt["source"])) if receipt["source"] else "")
    yield _line("reader", _two(_reader(receipt["plaintext_at"])))
    if receipt["deployment"]:
        stand_in = f" ({_two(said('stand_in'))})" if receipt["stand_in"] else ""
        yield _line("by", f"<code>{_text(receipt['deployment'])}</code>{stand_in}")
    if receipt.get("node"):
        yield _line("node", _node(receipt["node"], nodes.get(receipt["node"])))
    if kind != "refused" and receipt["level"]:
        yield _line("level", f"{_text(receipt['level'])}: {_two(LEVELS.get(receipt['level'], ('', '')))}")
    yield _line("why", "<br>".join(_why(receipt, laws)))
    yield _line("remedy", "<br>".join(_two((EN.remedy(each), ZH.remedy(each))) for each in _remedies(receipt, laws)))
    yield _line("owed", "<br>".join(_two((EN.obligation(each), ZH.obligation(each))) for each in receipt["obligations"]))
    yield _line("rested", "<br>".join(_two(_ground(each)) for each in row.grounds))
    yield _line("became", _two(_became(row)))
    number = said("number", index=f"{row.index:,}", size=f"{front.size:,}")
    yield _line("receipt", f"<code>{_text(receipt['id'])}</code> {_two(number)}")
    yield "</dl></article>"


def _why(receipt: Mapping[str, Any], laws: Laws) -> Iterator[str]:
    """Each rule that spoke with its articles; what rests on no rule; ids alone where the text is no longer held."""
    day, told_of = receipt["at"][:10], set[str]()
    held = receipt["policy"] in laws.packs
    for name in receipt["rules"]:
        rule = law.on(laws.rules.get(name, ()), day) if held else None
        facts = [each for each in (rule.facts if rule is not None else ()) if each in receipt["reasons"]]
        text = _two((rule.text, rule.text_zh or rule.text)) if rule is not None and rule.text else ""
        told_of.update(facts)
        yield f"{text} <code>{_text(name)}</code>{_cited(facts, laws)}"
    for fact in receipt["reasons"]:
        if fact not in told_of:
            text = _two(RESERVED[fact]) if fact in RESERVED else ""
            yield f"{text} <code>{_text(fact)}</code>{_cited([fact], laws) if held else ''}"


def _remedies(receipt: Mapping[str, Any], laws: Laws) -> list[str]:
    if receipt["effect"] == "allow" or receipt["policy"] not in laws.packs:
        return []
    spoke = (law.on(laws.rules.get(name, ()), receipt["at"][:10]) for name in receipt["rules"])
    return list(dict.fromkeys(remedy for rule in spoke if rule is not None for remedy in rule.remedies))


def _cited(facts: Iterable[str], laws: Laws) -> str:
    found = ((each, laws.articles[each]) for each in facts if each in laws.articles)
    named = ((fact, tuple(words.cited(one.instrument, one.article) for words in (EN, ZH))) for fact, one in found)
    return "".join(f"<br><small>{_two((english, chinese))} ({_text(fact)})</small>" for fact, (english, chinese) in named)


def _node(name: str, entry: bytes | None) -> str:
    import msgspec

    if entry is None:
        return f"<code>{_text(name[:16])}…</code>"
    read = msgspec.json.decode(entry)
    return f"{_text(str(read.get('operator', '')))}, {_two(_region(str(read.get('region', ''))))} <code>{_text(name[:16])}…</code>"


def _became(row: Row) -> Pair:
    if row.outcome is None:
        return ENDS["refused" if row.receipt["effect"] != "allow" else "open"]
    if row.outcome.status == "ok":
        return ENDS["ok"]
    english, chinese = ENDS["failed"]
    return f"{english} {row.outcome.status}", f"{chinese}{row.outcome.status}"


def _check(front: Front) -> Iterator[str]:
    yield f"<h2>{_two(said('check'))}</h2><p>{_two(said('check_about'))}</p><pre><code>comity audit report.zip --vkey …</code></pre>"
    yield f"<p>{_two(said('not_shown'))}</p>"
    made = f"{_text(front.made_by)} · <code>{_text(front.issuer)}</code> · <time>{_text(front.made_at)}</time>"
    yield f'<p class="faint">{made}</p>'


# -- pieces ----------------------------------------------------------------------------------------------------------


def _places(effect: str, places: tuple[str, ...]) -> Pair:
    if effect != "allow":
        return said("refused_" + effect) if effect in ("deny", "escalate") else (effect, effect)
    if not places:
        return said("stayed")
    named = [_region(each) for each in places]
    return said("sent", where=(EN.listed(each for each, _ in named), ZH.listed(each for _, each in named)))


def _region(name: str) -> Pair:
    if name == "anywhere":
        return said("anywhere")
    if name.startswith("!"):
        return said("anywhere_but", where=(EN.region(name[1:]), ZH.region(name[1:])))
    return EN.region(name), ZH.region(name)


def _reader(plaintext_at: str) -> Pair:
    return READERS.get(plaintext_at, (plaintext_at, plaintext_at))


def _ground(word: str) -> Pair:
    kind, _, name = word.partition(":")
    named = EN.word(name), ZH.word(name)
    return named if kind == "consent" else said("legal_basis", word=named) if kind == "legal_basis" else (word, word)


def _line(name: str, held: str) -> str:
    return f"<dt>{_two(said(name))}</dt><dd>{held}</dd>" if held else ""


def _head(caption: Pair, words: Iterable[Pair], numbers: Iterable[Pair]) -> str:
    heads = "".join(f'<th scope="col">{_two(each)}</th>' for each in words)
    heads += "".join(f'<th scope="col" class="number">{_two(each)}</th>' for each in numbers)
    return f"<table><caption>{_two(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>"


def _two(pair: Pair) -> str:
    english, chinese = map(_text, pair)
    return english if english == chinese else f'<span lang="en">{english}</span><span lang="zh-Hans">{chinese}</span>'


def _text(value: str) -> str:
    """Safe in HTML, and nothing that turns what stands around it."""
    return escape(value if value.isprintable() else ascii(value)[1:-1])
