# SPDX-License-Identifier: Apache-2.0
"""Whether a node's claim is one that may be sealed to.  Pure; the one way there is, and no step of it can be left out.

     1. validity     it is the claim whose time it is (`document.in_use`)
     2. proof, checkpoint, witnesses, freshness    the entry stands in the pinned log, seen by enough witnesses not long ago
     3. pool         it is of the pool that is asked for
     4. key-config   its key is one, and the one that requests will be bound to
     5. suite        the key offers a suite that is taken
     6. region       it stands, and computes, where the deployment is declared to
     7. plaintext_at nobody beyond it reads the request, where that is asked for
     8. policy       it goes by the law that is asked for
     9. image        it runs software that may run
    10. level        what it claims of its machine is enough, and its evidence shows it (`seal.attestation`, with steps of its own)

The first that does not hold raises TrustFailure naming it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from comity.client.document import Claim
from comity.config import TrustConfig
from comity.errors import ComityError, OperatorError, TrustFailure
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.facts import Place
from comity.providers.base import Deployment
from comity.providers.catalog.places import inside, place
from comity.seal.attestation import Expected, Measurement, measurement, verify
from comity.seal.hpke import AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, HKDF_SHA256, Suite
from comity.seal.kem import SIZES, X25519, XWING
from comity.seal.keyconfig import KeyConfig, decode
from comity.transparency.entry import NodeEntry
from comity.transparency.trust import Proof, Trust, proven

_KEMS = {"mlkem768-x25519": XWING, "x25519": X25519}
_AEADS = (AES_256_GCM, AES_128_GCM, CHACHA20_POLY1305)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A node that has proved itself, for as long as its key is used and what its witnesses signed is fresh."""

    entry: NodeEntry
    hash: str  # SHA-256 of the entry's bytes, as receipts name it
    config: KeyConfig
    suite: Suite
    level: str
    until: datetime
    proof: Proof


class Wanted(NamedTuple):
    """What one deployment asks of its node."""

    terms: TrustConfig
    trust: Trust
    suites: tuple[Suite, ...]
    measurements: tuple[Measurement, ...]
    processing: Place
    vocabulary: Vocabulary


def wanted(terms: TrustConfig, deployment: Deployment, vocabulary: Vocabulary) -> Wanted:
    """Raises OperatorError for terms that nothing could meet."""
    try:
        trust = Trust(log=terms.log, witnesses=terms.witnesses, quorum=terms.quorum, age_seconds_max=terms.checkpoint_seconds_max)
        measurements = tuple(map(measurement, terms.measurements))
    except ComityError as error:
        raise OperatorError(
            f"deployment `{deployment.id}`: {error}", code="deployment.invalid", field=f"deployments.{deployment.id}.trust",
            hint=error.hint or "see docs/howto/seal-your-app.md",
        ) from None  # fmt: skip
    suites = tuple(Suite(_KEMS[name], HKDF_SHA256, aead) for name in terms.suites for aead in _AEADS)
    return Wanted(terms, trust, suites, measurements, deployment.facts.processing, vocabulary)


def checked(claim: Claim, asked: Wanted, now: datetime) -> Known:
    entry, terms = claim.entry, asked.terms
    proof = proven(claim.raw, claim.proof, asked.trust, now)  # 2
    _require(entry.pool == terms.pool, "pool", "the node is of another pool")  # 3
    config = _key_config(entry)  # 4
    suite = config.choose(asked.suites)  # 5
    _require(_lies_within(entry, asked), "region", "the node stands or computes elsewhere than its deployment is declared to")  # 6
    at_node = entry.plaintext_at == "node" or terms.plaintext_at == "upstream"
    _require(at_node, "plaintext_at", "the node hands requests on in clear, to a partner of its own")  # 7
    _require(terms.policy in ("", entry.policy), "policy", "the node goes by another law than the pinned one")  # 8
    image = entry.image in terms.images if terms.images else bool(entry.image) or terms.level == "A0"
    _require(image, "image", "the node runs other software than may open a request, or does not say which")  # 9
    _require(entry.level >= terms.level, "level", f"the node claims {entry.level}, and {terms.level} is asked for")  # 10
    level = _level(entry, config, asked, now)
    stale = proof.witnessed[asked.trust.quorum - 1].at + timedelta(seconds=asked.trust.age_seconds_max)
    return Known(entry=entry, hash=hashlib.sha256(claim.raw).hexdigest(), config=config, suite=suite, level=level,
                 until=min(claim.until, stale), proof=proof)  # fmt: skip


def _key_config(entry: NodeEntry) -> KeyConfig:
    raw = entry.key_bytes
    _require(len(raw) > 3 and int.from_bytes(raw[1:3], "big") in SIZES, "key-config", "the node's key is of no kind that is known here")
    try:
        config = decode(raw)
        config.key  # noqa: B018 - parsed: bytes that are no key are found here, not when something is sealed
    except ComityError as error:
        raise TrustFailure(f"the node's key is none: {error}", step="key-config", code="trust.key-config") from None
    return config


def _lies_within(entry: NodeEntry, asked: Wanted) -> bool:
    try:
        where = place((entry.region, *entry.processing), asked.vocabulary)
    except KeyError:  # a word that is no region
        return False
    return inside(where, asked.processing, asked.vocabulary)


def _level(entry: NodeEntry, config: KeyConfig, asked: Wanted, now: datetime) -> str:
    """What its evidence comes to, up to what is asked for: where nothing is asked for it is not looked at, and counts for nothing."""
    terms = asked.terms
    evidence = entry.evidence_bytes if terms.level != "A0" else b""
    expected = Expected(key=config.hash, image=entry.image, level=terms.level, builders=terms.builders, tcb=terms.tcb,
                        measurements=asked.measurements)  # fmt: skip
    return verify(evidence, None, now, expected).level


def _require(holds: bool, step: str, otherwise: str) -> None:
    if not holds:
        raise TrustFailure(otherwise, step=step, code=f"trust.{step}", hint="nothing was sent")
