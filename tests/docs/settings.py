# SPDX-License-Identifier: Apache-2.0
"""The settings as `docs/reference/configuration.md` lists them, read from `config/schema.py`: names, types, defaults and comments.

python -m tests.docs.settings     writes the page's lists anew
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path
from typing import NamedTuple

from comity.jurisdictions.vocab import load_vocabulary

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "configuration.md"
SCHEMA = ROOT / "src" / "comity" / "config" / "schema.py"
MARK = re.compile(r"(<!-- begin (?P<name>[a-z]+) -->\n).*?(<!-- end (?P=name) -->)", re.DOTALL)
TABLES = {
    "Config": "the top of the file", "ControllerConfig": "[controller]", "ServiceConfig": "[service]", "Defaults": "[defaults]",
    "SubjectDefaults": "[defaults.subject]", "DeploymentConfig": "[[deployments]]", "KeyConfig": "[[keys]]",
    "TenantConfig": "[[tenants]]", "RatesConfig": "limits of a key or tenant", "BatchConfig": "[batch]",
    "BudgetConfig": "a budget", "SharedConfig": "[shared]", "StorageConfig": "[storage]",
    "IssuerConfig": "[[issuers]]", "RoutingConfig": "[routing]", "PriceConfig": "a price", "CostConfig": "a ceiling",
    "ServerConfig": "[server]", "LimitsConfig": "[limits]",
    "PrivacyConfig": "[privacy]", "MediaConfig": "[privacy.media]", "LabelsConfig": "[labels]",
    "LogsConfig": "[logs]", "TelemetryConfig": "[telemetry]",
    "LearningConfig": "[learning]", "LearningQueryConfig": "[[learning.queries]]",
    "ConsentConfig": "[consent]", "ConsoleConfig": "[console]", "OidcConfig": "[console.oidc]",
    "CosignerConfig": "a witness that is asked", "PublishConfig": "[publish]",
    "NodeConfig": "[node]", "RelayConfig": "[relay]", "WitnessConfig": "[witness]", "TrustConfig": "[deployments.trust]",
    "PathsConfig": "[paths]", "DeviceConfig": "[device]", "PacksConfig": "[packs]", "ResilienceConfig": "[resilience]",
    "VolumesConfig": "[volumes]", "US12MonthsConfig": "[volumes.us_12mo]", "SecretRef": "a secret",
    "AnyExceptConfig": "a place that is a pool",
}  # fmt: skip

WORDS = {
    "frozenset[Role]": "list of `call`, `read`, `engineer`, `officer`, `admin`",
    "dict[str, Literal['viewer', 'engineer', 'officer', 'admin']]": "table of `viewer`, `engineer`, `officer` or `admin`",
    "frozenset[str]": "list of strings", "tuple[str, ...]": "list of strings", "dict[str, str]": "table of strings",
    "str": "string", "bool": "true or false",
    "int": "whole number", "float": "number", "PlaceConfig": "a place",
    "tuple[[[keys]], ...]": "tables", "tuple[[[tenants]], ...]": "tables", "tuple[[[issuers]], ...]": "tables",
    "tuple[[[deployments]], ...]": "tables", "tuple[a witness that is asked, ...]": "tables",
    "tuple[[[learning.queries]], ...]": "tables", "tuple[number, ...]": "list of numbers",
    "Literal['histogram', 'gram']": "`histogram` or `gram`",
}  # fmt: skip
"""Types in the words of TOML."""


class Setting(NamedTuple):
    name: str
    type: str
    default: str
    meaning: str


def sections() -> dict[str, tuple[str, list[Setting]]]:
    """Class -> (docstring's first line, its settings)."""
    text = SCHEMA.read_text(encoding="utf-8")
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    out: dict[str, tuple[str, list[Setting]]] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and node.name != "Section":
            fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
            out[node.name] = (" ".join((ast.get_docstring(node) or "").split()), [_setting(each, comments) for each in fields])
    return out


def _setting(field: ast.AnnAssign, comments: dict[int, str]) -> Setting:
    assert isinstance(field.target, ast.Name)
    kind = ast.unparse(field.annotation).replace(" | None", "")
    for word, shown in (*sorted(TABLES.items(), key=lambda pair: -len(pair[0])), *WORDS.items()):
        kind = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", shown, kind)
    default = "required" if field.value is None else ast.unparse(field.value)
    default = {"''": "–", "()": "none", "frozenset()": "none", "None": "–"}.get(default, "–" if default.endswith(")") else default)
    return Setting(field.target.id, kind, default, comments.get(field.lineno, ""))


def settings_list() -> str:
    lines: list[str] = []
    for name, (about, settings) in sections().items():
        title = TABLES[name]
        lines += [f"### `{title}`" if title.startswith("[") else f"### {title[:1].upper()}{title[1:]}", ""]
        lines += [about, ""] if about else []
        lines += ["| setting | type | default | |", "|---|---|---|---|"]
        for each in settings:
            default = each.default if each.default in ("required", "none", "–") else f"`{each.default}`"
            lines.append(f"| `{each.name}` | {each.type.replace('|', 'or')} | {default} | {each.meaning.replace('|', 'or')} |")
        lines.append("")
    return "\n".join(lines)


def evidence_list() -> str:
    kinds = load_vocabulary().evidence_kinds
    return "\n".join(f"- {kind}: {', '.join(f'`{word}`' for word in sorted(words))}" for kind, words in kinds.items()) + "\n"


def filled(page: str) -> str:
    made = {"settings": settings_list, "evidence": evidence_list}
    return MARK.sub(lambda found: found[1] + made[found["name"]]() + found[3], page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
