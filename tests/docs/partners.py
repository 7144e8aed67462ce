# SPDX-License-Identifier: Apache-2.0
"""The partners as `docs/reference/providers.md` lists them: what the catalog says, as the gateway resolves it, each with its source.

python -m tests.docs.partners     writes the page's lists anew
"""

from __future__ import annotations

from pathlib import Path

from comity.config import DeploymentConfig, SecretRef
from comity.jurisdictions.vocab import load_vocabulary
from comity.providers.base import Deployment
from comity.providers.catalog.load import Model, Partner, Region, Scope, partners
from comity.providers.catalog.places import said
from comity.providers.catalog.resolve import resolve
from tests.docs.settings import MARK

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "providers.md"
TO_DECLARE = "yours to declare"


def resolved(partner: Partner, region: Region, scope: Scope) -> Deployment:
    """With nothing declared but what must be."""
    config = DeploymentConfig(
        id="x", provider=partner.id, region=region.id, scope=scope.id, model=f"x{scope.model_suffix}", api_key=SecretRef(env="X"),
        workspace="" if region.hosts else "x", storage=frozenset({partner.group.seat}) if region.storage is None else None,
    )  # fmt: skip
    return resolve(config, vocabulary=load_vocabulary(), as_of=max(source.read for source in partner.sources.values()))


def places(partner: Partner) -> list[str]:
    lines = [
        "| `region` | `scope` | computes | stores | can be read from | contracts | host |",
        "|---|---|---|---|---|---|---|",
    ]
    for region in partner.regions:
        for scope in region.scopes:
            facts = resolved(partner, region, scope).facts
            stored = region.storage is not None
            cells = (
                f"`{region.id}`{_cite(region.source)}",
                f"`{scope.id}`{_cite(scope.source)}",
                said(facts.processing),
                said(facts.storage) if stored else TO_DECLARE,
                said(facts.access) if stored or region.access is not None else f"where it stores, and {_more(partner, region)}",
                region.organised,
                "<br>".join(f"`{host}`" for host in (*region.hosts, region.workspace_host) if host),
            )
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _more(partner: Partner, region: Region) -> str:
    return ", ".join(sorted({region.organised, partner.group.seat}))


def _cite(source: str) -> str:
    return f" [{source}]"


def notes(partner: Partner) -> list[str]:
    lines = [f"- path `{partner.path}`, {'an API key' if partner.key == 'bearer' else 'no key'}; the group sits in "
             f"{partner.group.seat}{_cite(partner.group.source)}"]  # fmt: skip
    if partner.group.covered_person:
        lines[0] += ", and is a covered person of 28 CFR 202.211"
    for region in partner.regions:
        for scope in region.scopes:
            if scope.model_suffix:
                lines.append(
                    f"- in `{region.id}` the model's name chooses the scope: `{scope.id}` needs a name that ends in "
                    f"`{scope.model_suffix}`{_cite(scope.source)}"
                )
    named = "; ".join(f"{entity.name} ({entity.organised}){_cite(entity.source)}" for entity in partner.entities)
    lines.append(f"- who contracts (`operator`), by the customer's own address: {named}")
    if partner.wire is not None:
        renamed = ", ".join(f"`{ours}` as `{theirs}`" for ours, theirs in partner.wire.rename.items())
        lines.append(f"- it calls {renamed}{_cite(partner.wire.source)}")
    lines += [f"- model `{model.id}`: {_stated(model)}{_cite(model.source)}" for model in partner.models]
    return lines


def _stated(model: Model) -> str:
    words = [f"{model.context_tokens:,} tokens of context"] if model.context_tokens is not None else []
    for name in ("tools", "json_schema"):
        able = getattr(model, name)
        if able is not None:
            words.append(f"{'' if able else 'no '}{name.replace('json_schema', 'JSON schemas')}")
    return ", ".join(words)


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
