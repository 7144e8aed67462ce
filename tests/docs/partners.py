# SPDX-License-Identifier: Apache-2.0
"""The partners as `docs/reference/providers.md` lists them: what the catalog says, as the gateway resolves it, each with its source.

python -m tests.docs.partners     writes the page's lists anew
"""

from __future__ import annotations

from pathlib import Path

from comity.jurisdictions.vocab import Vocabulary, load_vocabulary
from comity.providers.catalog.load import partners
from comity.providers.catalog.places import place, reach, said
from comity.providers.catalog.shapes import Dialect, Model, Partner, Region, Scope
from tests.docs.settings import MARK

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "providers.md"
TO_DECLARE = "yours to declare"


def places(partner: Partner) -> list[str]:
    lines = [
        "| `region` | `scope` | computes | stores | can be read from | contracts | host |",
        "|---|---|---|---|---|---|---|",
    ]
    vocabulary = load_vocabulary()
    for region in partner.regions:
        if region.storage is not None:
            storage = place(region.storage, vocabulary)
            kept = said(storage)
            read = said(reach(partner, region, storage, "", vocabulary)) if region.organised else f"{kept}, {_more(partner, region)}"
        else:
            kept, read = TO_DECLARE, f"where it stores, and {_more(partner, region)}"
        for scope in region.scopes:
            cells = (
                f"`{region.id}`{_cite(region.source)}",
                f"`{scope.id}`{_cite(scope.source)}",
                _computes(scope, vocabulary),
                kept,
                read,
                region.organised or TO_DECLARE,
                "<br>".join(f"`{host}`" for host in (*region.hosts, region.workspace_host) if host),
            )
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _computes(scope: Scope, vocabulary: Vocabulary) -> str:
    if scope.processing is None:
        return TO_DECLARE + (f", {', '.join(scope.among)} among it" if scope.among else "")
    pool = " (a pool)" if scope.pool and len(vocabulary.places(scope.processing)) > 1 else ""
    return said(place(scope.processing, vocabulary)) + pool


def _more(partner: Partner, region: Region) -> str:
    return ", ".join(sorted({region.organised or "where the entity is", partner.group.seat}))


def _cite(source: str) -> str:
    return f" [{source}]"


def notes(partner: Partner) -> list[str]:
    lines = [f"- the group sits in {partner.group.seat}{_cite(partner.group.source)}"]
    if partner.group.covered_person:
        lines[0] += ", and is a covered person of 28 CFR 202.211"
    lines += [_spoken(name, dialect) for name, dialect in partner.dialects.items()]
    chosen = dict.fromkeys((scope.id, scope.such_as, scope.source) for region in partner.regions for scope in region.scopes if scope.models)
    lines += [f"- the model's name chooses the scope: `{scope}` needs one of the form of `{such_as}`{_cite(source)}"
              for scope, such_as, source in chosen]  # fmt: skip
    for region in partner.regions:
        if region.stores:
            hosts = ", ".join(f"`{each.host}`{_cite(each.source)}" for each in region.stores)
            lines.append(f"- in `{region.id}`, what it keeps for a while is at {hosts}")
    named = "; ".join(f"{entity.name} ({entity.organised}){_cite(entity.source)}" for entity in partner.entities)
    lines += [f"- who contracts (`operator`), by the customer's own address: {named}"] if named else []
    lines += [f"- model `{model.id}{'…' if model.family else ''}`: {_stated(model)}{_cite(model.source)}" for model in partner.models]
    return lines


KEYS = {"bearer": "a bearer key", "none": "no key", "sigv4": "an access key that signs", "google": "an access token of Google Cloud"}


def _spoken(name: str, dialect: Dialect) -> str:
    key = KEYS.get(dialect.key) or f"a key in `{dialect.key.removeprefix('header:')}`"
    line = f"- dialect `{name}` below `{dialect.path or '/'}`, with {key}: {', '.join(dialect.operations)}{_cite(dialect.source)}"
    if dialect.wire is not None:
        renamed = ", ".join(f"`{ours}` as `{theirs}`" for ours, theirs in dialect.wire.rename.items())
        line += f"; it calls {renamed}{_cite(dialect.wire.source)}"
    return line


def _stated(model: Model) -> str:
    words = [", ".join(model.operations)]
    if model.inputs is not None:
        words.append(f"takes {' and '.join(model.inputs) or 'text alone'}" + (", in chat always a sound" if model.hears else ""))
    if model.context_tokens is not None:
        words.append(f"{model.context_tokens:,} tokens of context")
    for name in ("tools", "json_schema"):
        able = getattr(model, name)
        if able is not None:
            words.append(f"{'' if able else 'no '}{name.replace('json_schema', 'JSON schemas')}")
    if model.languages:
        words.append(f"languages {', '.join(model.languages)}")
    for price in model.prices:
        where = f" in {', '.join(price.regions)}" if price.regions else ""
        words.append(f"{price.currency} {price.input:g} in and {price.output:g} out for a million tokens{where}{_cite(price.source)}")
    return "; ".join(words)


def partners_list() -> str:
    lines: list[str] = []
    for partner in partners().values():
        lines += [f"### {partner.name}: `{partner.id}`", "", *places(partner), "", *notes(partner), "", "Sources:", ""]
        for key, source in partner.sources.items():
            lines.append(f"- [{key}] {source.says} ([read {source.read}]({source.url}))")
        lines.append("")
    return "\n".join(lines)


def filled(page: str) -> str:
    return MARK.sub(lambda found: found[1] + {"partners": partners_list}[found["name"]]() + found[3], page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
