# SPDX-License-Identifier: Apache-2.0
"""What a report holds, file by file.  Every JSON file has its RFC 8785 form, so the same report has the same bytes.

receipts.jsonl    a `Row` a line, in the order of the log
proof.json        `Shared`: what proves all of them under the one checkpoint
checkpoint        the signed tree head
witnessed.json    `Witnessed`: the newest head that was published with its witnesses, and that the one above follows from it
laws.json         `Laws`: the packs of each policy digest, and in plain words what the rules and articles named say
laws/PACK/FILE    the packs' own text
evidence.json     the register's entries in force
nodes/HASH.entry  the entry of a node that receipts name, and nodes/HASH.proof its proof in the node log
report.html       for a person to read
README.txt
manifest.json     `Manifest`: every file above with its length and SHA-256
manifest.note     the manifest's SHA-256, signed by the log's key
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from comity.transparency.note import Signer, Verifier, opened

FORMAT = "comity.report.v1"
RECEIPTS, PROOF, CHECKPOINT, WITNESSED = "receipts.jsonl", "proof.json", "checkpoint", "witnessed.json"
LAWS, EVIDENCE = "laws.json", "evidence.json"
PAGE, README, MANIFEST, NOTE = "report.html", "README.txt", "manifest.json", "manifest.note"
LAW_FOLDER, NODE_FOLDER = "laws/", "nodes/"
RECEIPTS_MAX = 200_000


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class End(Shape, frozen=True, kw_only=True):
    """What became of an attempt: the issuer's word, which no log holds."""

    at: str  # 2026-11-23T12:00Z
    status: str  # ok, or an error's code
    sealed: str = ""  # sha256 of the bytes sealed to a node, hex


class Row(Shape, frozen=True, kw_only=True):
    index: int
    request: str  # attempts of one request share it
    receipt: dict[str, Any]
    salt: str
    grounds: tuple[str, ...] = ()  # what the receipt's `consent` commits to
    outcome: End | None = None
    received: dict[str, Any] | None = None  # the bundle of the node's own receipt


class Shared(Shape, frozen=True, kw_only=True):
    """Level, index and hash of every complete subtree that is needed and holds none of the report's leaves, in order."""

    nodes: tuple[tuple[int, int, str], ...]


class Witnessed(Shape, frozen=True, kw_only=True):
    """Empty of a log that is not published."""

    checkpoint: str = ""
    consistency: tuple[str, ...] = ()  # RFC 9162 section 2.1.4.1


class Told(Shape, frozen=True, kw_only=True):
    """A rule, as its pack says it.  Days are "" where there is no such end."""

    pack: str
    valid_from: str = ""
    valid_to: str = ""
    text: str = ""
    text_zh: str = ""
    facts: tuple[str, ...] = ()
    obligation: str = ""
    remedies: tuple[str, ...] = ()


class Article(Shape, frozen=True, kw_only=True):
    instrument: str
    article: str
    summary: str
    source: str
    confidence: str


class Laws(Shape, frozen=True, kw_only=True):
    """``packs``: name and digest of each, by policy digest; ``rules`` and ``articles``: those of the texts that came along."""

    packs: dict[str, tuple[tuple[str, str], ...]]
    rules: dict[str, tuple[Told, ...]]  # by id; versions of one rule share it, and no day
    articles: dict[str, Article]


class Vouched(Shape, frozen=True, kw_only=True):
    """One entry of the evidence register."""

    number: int
    kind: str
    scope: str
    document_sha256: str
    approver: str
    at: str
    valid_from: str = ""
    valid_to: str = ""


class Listed(Shape, frozen=True, kw_only=True):
    name: str
    bytes: int
    sha256: str


class Manifest(Shape, frozen=True, kw_only=True):
    format: str
    made_at: str  # 2026-11-23T12:00Z
    made_by: str  # comity 0.1.0
    issuer: str
    vkey: str
    about: Literal["person", "home"]  # home: every record there is, so that a gap can be seen
    since: str = ""  # moments, "" where no end was set
    before: str = ""
    receipts: int
    size: int  # of the tree
    files: tuple[Listed, ...]  # by name


_sorted = msgspec.json.Encoder(order="sorted").encode


def parsed(raw: bytes, shape: Any) -> Any:
    """Strictly, in its canonical form: one spelling for one value.  Raises ValueError."""
    try:
        made = msgspec.json.decode(raw, type=shape, strict=True)
    except RecursionError:
        raise ValueError("it is too deep") from None
    if _sorted(made) != raw:
        raise ValueError("it has another spelling")
    return made


def signed(digest: str, signer: Signer) -> str:
    """The note over a manifest.  Two lines, and no tree head or receipt begins as they do: this signature stands for nothing else."""
    return signer.note(f"{FORMAT}\nsha256/{digest}\n")


def signed_digest(note: str, key: Verifier) -> str:
    """Of the manifest that ``key`` signed.  Raises ValueError."""
    first, _, rest = opened(note, key).partition("\n")
    if first != FORMAT or not rest.startswith("sha256/"):
        raise ValueError("the note is not a report's")
    return rest.removeprefix("sha256/").removesuffix("\n")
