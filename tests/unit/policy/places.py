# SPDX-License-Identifier: Apache-2.0
"""Facts to start from, and small packs written as text."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from comity.jurisdictions.load import load_pack
from comity.jurisdictions.pack import Pack
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.facts import Data, Facts, Provider, Subject

DAY = date(2026, 11, 23)
BEIJING, PARIS, VIRGINIA = (frozenset({region}) for region in ("CN", "FR", "US"))


def provider(place: frozenset[str], **more: Any) -> Provider:
    (only,) = place
    return Provider(**{"id": "p", "processing": place, "storage": place, "access": place, "operator_region": only, **more})


def device(region: str | None = None, **more: Any) -> Provider:
    place = frozenset({region}) if region else frozenset()
    return Provider(**{"id": "device", "kind": "on_device", "processing": place, "storage": place, **more})


def facts(location: str | None, where: Provider, **more: Any) -> Facts:
    made = {
        "as_of": DAY, "subject": Subject(location=location), "data": Data(categories=frozenset({"contact"})), "legal_basis": "consent",
        "consent": frozenset({"general"}), "safeguards": frozenset({"processor_contract"}), "provider": where,
    }  # fmt: skip
    return Facts(**(made | more))


def pack(
    folder: Path, rules: str, *, name: str = "zz", regions: str = '"KE"', tables: str = "", horizon: str = "2027-01-01", **head: str
) -> Pack:
    """One fact, `zz-1`, in force since 2020; ``rules`` in Cedar."""
    made = folder / name
    made.mkdir(parents=True)
    applies = head.pop("applies", '"subject.location"')
    lines = [
        f'id = "{name}"', 'name = "Nowhere"', 'version = "1.0.0"', 'depth = "sketch"', f"regions = [{regions}]", f"applies = [{applies}]",
        "verified_through = 2026-01-01", f"horizon = {horizon}", *(f"{key} = {value}" for key, value in head.items()),
    ]  # fmt: skip
    (made / "pack.toml").write_text("\n".join(lines), encoding="utf-8")
    (made / "facts.toml").write_text(
        f'[[facts]]\nid = "{name}-1"\ninstrument = "Act"\narticle = "Art. 1"\nsummary = "s"\nsource = "gazette"\n'
        'confidence = "verified_official"\neffective = 2020-01-01\n',
        encoding="utf-8",
    )
    (made / "tables.toml").write_text(tables, encoding="utf-8")
    (made / "rules.cedar").write_text(rules, encoding="utf-8")
    return load_pack(made, load_vocabulary())


def rule(name: str, kind: str = "permit", when: str = "true", *, action: str = "process", **annotations: str) -> str:
    said = {"cite": f"{name.partition('.')[0]}-1", "valid_from": "2020-01-01", "text": "because"} | annotations
    marks = " ".join(f'@{key}("{value}")' for key, value in said.items())
    return f'@id("{name}") {marks}\n{kind} (principal, action == Action::"{action}", resource) when {{ {when} }};\n'
