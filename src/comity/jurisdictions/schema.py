# SPDX-License-Identifier: Apache-2.0
"""What rules may read, as a Cedar schema: the same facts for every pack, with the pack's own tables and terms beside them.

Three actions.  `define`: each permit says when a term holds.  `process`: may it go there; a permit names a lawful ground, a forbid
what stands against it.  `owe`: on what terms; each permit is one obligation.

Rules are checked against all of it when a pack is loaded.  To decide, Cedar is given only what the pack's rules do read: parsing facts
is nine tenths of the work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from comity.jurisdictions.pack import Rule, Table

BOOL, LONG, STRING, SET = "Bool", "Long", "String", "Set<String>"
Shape = Mapping[str, Any]
Path = tuple[str, ...]

FACTS: Shape = {
    "here": BOOL,  # the person is in this pack's own regions
    "subject": {"location": STRING, "residence": STRING, "age?": LONG},
    "controller": {
        "established": SET, "us_person": BOOL, "ciio": BOOL, "gba_city": BOOL, "sector": STRING, "ca_covered_provider": BOOL,
    },
    "data": {
        "personal": BOOL,  # identifiable: pseudonymised data is, verified anonymous data is not
        "state": STRING, "categories": SET, "collected_in": STRING, "important": BOOL,
    },
    "volumes": {
        "cn_ytd_pi": LONG, "cn_ytd_spi": LONG,
        "us_12mo": {
            "covered_identifiers": LONG, "personal_health": LONG, "personal_financial": LONG, "precise_geolocation": LONG,
            "biometric": LONG, "omic_genomic": LONG, "omic_other": LONG,
            "together": LONG,  # their sum: no person is counted less than once
        },
    },
    "purpose": STRING, "feature": STRING, "transaction": STRING, "legal_basis": STRING, "consent": SET, "safeguards": SET,
    "consent_source": STRING,  # claimed | recorded
    "provider": {
        "id": STRING,  # the deployment's, for a tenant's own policy; no law reads it
        "on_device": BOOL,  # on the person's own device, and nobody elsewhere stores or reads it
        "kind": STRING, "role": STRING, "operator": STRING, "covered_person": BOOL, "processing": SET, "storage": SET, "access": SET,
        "anywhere": BOOL,  # one of the three is a pool: anywhere, or anywhere but
        "everywhere": SET,  # all three together
        "abroad": BOOL,  # some of it lies outside this pack's own regions
        "mechanisms": SET, "filings": SET, "certifications": SET, "trains_on_input": BOOL, "generative": BOOL,
    },
    "service": {"public": BOOL, "placed_on_market?": LONG},  # the day as 20260802
    "output": {"modality": STRING, "unlabelled_requested": BOOL, "deepfake": BOOL, "persona": STRING},
    "decision": {"significant": BOOL, "solely_automated": BOOL},
}  # fmt: skip
"""`Law::"now"` holds the pack's tables as they stand on the day; `context.term` what its `define` rules say of these facts."""


def schema_of(tables: Mapping[str, Table], rules: Iterable[Rule], facts: Shape = FACTS) -> str:
    kinds = {name: LONG if isinstance(table.values[0].value, int) else SET for name, table in tables.items() if table.values}
    terms = dict.fromkeys(sorted({rule.term for rule in rules if rule.term}), BOOL)
    return (
        f"entity Subject; entity Deployment; entity Law = {_text(kinds)}; type Facts = {_text({**facts, 'term': terms})};\n"
        "action define, process, owe appliesTo { principal: Subject, resource: Deployment, context: Facts };\n"
    )


def _text(shape: Shape | str) -> str:
    if isinstance(shape, str):
        return shape
    return "{" + ", ".join(f"{name}: {_text(kind)}" for name, kind in shape.items()) + "}"


def read_by(rules: Iterable[Rule]) -> frozenset[Path]:
    """The members of the context that rules name, as `("provider", "abroad")`."""
    return frozenset(path for rule in rules for path in paths(rule.body))


def paths(node: Any) -> Iterator[Path]:
    """The members of the context that a Cedar policy names, from its JSON."""
    found = _path(node)
    if found:
        yield found
    elif isinstance(node, Mapping):
        for child in node.values():
            yield from paths(child)
    elif isinstance(node, list):
        for child in node:
            yield from paths(child)


def _path(node: Any) -> Path:
    """Of `context.a.b` or `context.a has b`; empty for all else."""
    access = node.get(".") or node.get("has") if isinstance(node, Mapping) and len(node) == 1 else None
    if not isinstance(access, Mapping):
        return ()
    left = access["left"]
    inner = _path(left)
    return (*inner, access["attr"]) if inner or left == {"Var": "context"} else ()


def kept(tree: Mapping[str, Any], reads: Iterable[Path], at: Path = ()) -> dict[str, Any]:
    """``tree`` without what is not read; for a schema and for facts alike."""
    wanted = list(reads)
    out: dict[str, Any] = {}
    for name, child in tree.items():
        here = (*at, name.removesuffix("?"))
        close = [path for path in wanted if path[: len(here)] == here]
        if here in close or (close and not isinstance(child, Mapping)):
            out[name] = child
        elif close:
            out[name] = kept(child, close, here)
    return out
