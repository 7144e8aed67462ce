# SPDX-License-Identifier: Apache-2.0
"""A fixed world for dossiers, and the drafts that it comes to: read by a person, and held to the letter.

python -m tests.dossiers     writes tests/vectors/dossiers
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from comity.accord.dossier import Dossier, drafted
from comity.accord.dossier_template import parts_of, template_of
from comity.accord.evidence import Entry, encode
from comity.config import Config, ConsoleConfig, ControllerConfig, Defaults, DeploymentConfig, SecretRef, ServiceConfig, VolumesConfig
from comity.gateway.dossiers import Tally, gathered
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.plain import Language
from comity.jurisdictions.vocab import load_vocabulary
from comity.transparency.queries import Crossed
from tests.tidy.tree import ROOT

FOLDER = ROOT / "tests" / "vectors" / "dossiers"
DAY, NOW = date(2026, 11, 26), datetime(2026, 11, 27, 9, tzinfo=UTC)
WORDS = load_vocabulary()
PACKS = load_packs(("cn", "eea", "us", "us-ca"))
KEPT: tuple[tuple[str, Language, str], ...] = tuple(
    (where, language, part) for where, part in (("CN", "transfer-register"), ("EEA", "transfer-register"), ("US", "transfer-record"))
    for language in ("en", "zh")
)  # fmt: skip


def model(name: str, region: str, scope: str, of: str, operator: str | None, *evidence: str) -> DeploymentConfig:
    return DeploymentConfig(
        id=name, provider="alibaba", model=of, region=region, scope=scope, operator=operator, evidence=evidence, api_key=SecretRef(env="K")
    )


CONFIG = Config(
    controller=ControllerConfig(name="Example <Shanghai> Co., Ltd.", established=frozenset({"CN"})),
    service=ServiceConfig(public=True, placed_on_market=date(2026, 3, 1)), defaults=Defaults(legal_basis="consent"),
    console=ConsoleConfig(contact="privacy@example.org"), volumes=VolumesConfig(cn_ytd_pi=1250, cn_ytd_spi=3),
    evidence=("assessment:cn_pipia",),
    deployments=(
        model("qwen-beijing", "cn-beijing", "chinese-mainland", "qwen-plus", "CN", "processor_contract", "cn_genai"),
        model("qwen-virginia", "us-east-1", "us", "qwen-plus-us", "SG", "processor_contract"),
    ),
)  # fmt: skip
ENTRIES = (
    Entry(kind="cac_scc", document_sha256="a" * 64, scope="qwen-virginia", valid_to=date(2026, 12, 31), approver="A. Officer", at=NOW),
    Entry(kind="eu_tia", document_sha256="b" * 64, scope="qwen-virginia", valid_to=date(2026, 11, 20), approver="A. Officer", at=NOW),
)


def crossed() -> list[Crossed]:
    """Twelve persons answered in Beijing, three in Virginia, eleven refused; and one from elsewhere."""
    told = [(f"p{at}", "CN", ("CN",), "allow") for at in range(12)] * 2
    told += [(f"p{at}", "CN", ("US",), "allow") for at in range(3)]
    told += [(f"r{at}", "CN", (), "deny") for at in range(11)]
    told += [(f"e{at}", "DE", ("US",), "allow") for at in range(10)] + [("x", "US", ("device",), "allow")]
    return [
        Crossed(id=f"{at:026}", at="2026-11-01T09:00Z", effect=effect, source=source, destination=where, subject=person)
        for at, (person, source, where, effect) in enumerate(told)
    ]


def draft(
    where: str, language: Language = "en", *parts: str, day: date = DAY, config: Config = CONFIG, entries: tuple[Entry, ...] = ENTRIES,
    records: list[Crossed] | None = None, counts: int = 20,
) -> Dossier:  # fmt: skip
    template, own = template_of(where, PACKS, WORDS)
    tally = Tally(day, NOW, frozenset().union(*map(WORDS.members, own[0].head.regions)))
    tally.add(crossed() if records is None else records)
    state = {"cn_ytd_pi": counts}, [encode(entry) for entry in entries]
    return drafted(
        template, own, parts_of(template, parts), gathered(config, day=day, state=state, tally=tally, vocabulary=WORDS), language, WORDS
    )


def without(dossier: Dossier) -> Dossier:
    """What a reader reads first: without the list of sources, which is long."""
    document = msgspec.structs.replace(dossier.document, blocks=dossier.document.blocks[:-1])
    return msgspec.structs.replace(dossier, document=document)


if __name__ == "__main__":
    from comity.jurisdictions.document import markdown

    FOLDER.mkdir(exist_ok=True)
    for kept in KEPT:
        FOLDER.joinpath(f"{kept[0].lower()}.{kept[1]}.md").write_text(markdown(without(draft(*kept)).document), encoding="utf-8")
