# SPDX-License-Identifier: Apache-2.0
"""What a node says of itself: its place, who can read what it opens, on what terms; and the keys that stand in its log under them.

The same terms stand in the log's entry of each key, in what a sealed request is bound to, and in each receipt: they are made once.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from comity.config import Config, NodeConfig
from comity.errors import OperatorError, TrustFailure
from comity.seal.bind import Binding
from comity.seal.epochs import Epoch, Keys
from comity.transparency.entry import NodeEntry, encoded, written
from comity.wire.batch import HOURS_MAX

if TYPE_CHECKING:
    from comity.gateway.world import World
    from comity.jurisdictions.vocab import Vocabulary
    from comity.providers.base import Deployment

FORMAT = "comity.node.v1"
LOGGED_UPSTREAM = "A1"
"""The most that a machine can come to where a partner beyond it reads what it opens: nothing attests the partner's."""
NO_END = None
"""What packs name is the least time that a record is kept, and a record for which none names one stays until its person asks: no node can
promise a most."""


def at_node(node: NodeConfig, deployments: Mapping[str, Deployment], vocabulary: Vocabulary) -> dict[str, Deployment]:
    """Who could read a request beside whoever asked: the node alone where the model is beside it, else a partner too.

    Raises OperatorError for a region that is none, and for a model that is said to be on its person's device: nobody's device is a node."""
    try:
        vocabulary.canonical(node.region)
    except KeyError:
        raise OperatorError(
            "node.region is not a region of ISO 3166", code="config.invalid", field="node.region", hint="for example CN, DE, US-CA"
        ) from None
    made: dict[str, Deployment] = {}
    for place, (name, each) in enumerate(deployments.items()):
        if each.on_device:
            raise OperatorError(
                f"deployments[{place}]: a model that runs at a node is where the node is, not where its person is",
                code="config.invalid", field=f"deployments[{place}]", hint="say `processing`, `storage`, `access` and `operator`",
            )  # fmt: skip
        beside = not each.stand_in and (each.embedded or (each.provider == "self-hosted" and _loopback(each.egress)))
        level = node.level if beside else min(node.level, LOGGED_UPSTREAM)
        made[name] = msgspec.structs.replace(each, plaintext_at="node" if beside else "upstream", level=level)
    return made


def level_of(node: NodeConfig | None) -> str:
    """Of this machine itself."""
    return node.level if node is not None else "A0"


def _loopback(egress: str) -> bool:
    host = egress.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def terms_of(world: World, node: NodeConfig) -> NodeEntry:
    """An entry without key and time: what every key of this world is offered under."""
    from comity.gateway.attempt import regions
    from comity.gateway.duties import LABELS

    deployments = world.deployments.values()
    return NodeEntry(
        pool=node.pool, operator=node.operator or world.config.controller.name, region=node.region, url=node.url,
        receipts=world.ledger.vkey, key="", since="", until="", level=node.level, evidence="", image=node.image, policy=world.engine.digest,
        egress=_sorted(at for each in deployments for at in (each.egress, *each.downloads) if at),
        plaintext_at="upstream" if any(each.plaintext_at == "upstream" for each in deployments) else "node",
        processing=_sorted(region for each in deployments for region in regions(each.facts.processing)),
        labels=_sorted(LABELS.values()), retention_months=NO_END, content_seconds_max=_content_seconds(world.config),
        padding_bytes_min=node.padding_bytes_min, event_bytes_min=node.event_bytes_min, beat_milliseconds=round(node.beat_seconds * 1000),
    )  # fmt: skip


def _content_seconds(config: Config) -> int:
    """What is asked and answered at once is not kept.  A batch's files are, until so long after the longest window it may have; and for a
    while the stand-ins of a conversation."""
    return max(HOURS_MAX * 3600 + config.batch.keep_seconds, math.ceil(config.privacy.conversation_seconds_max))


def _sorted(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


class Offer(NamedTuple):
    """A key that stands in the log."""

    epoch: Epoch
    entry: bytes
    place: int  # in the log

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.entry).hexdigest()


class Offers:
    """The keys of one set of terms.  Opened is only what was sealed to one of them that stands in the log."""

    def __init__(self, terms: NodeEntry, keys: Keys) -> None:
        self.terms, self.keys = terms, keys
        self._by_key: dict[bytes, Offer] = {}
        self._proofs: dict[bytes, str] = {}

    def take(self, offer: Offer) -> None:
        """Those of epochs that are long over go."""
        self._by_key = {key: each for key, each in self._by_key.items() if each.epoch.number >= offer.epoch.number - 2}
        self._by_key[offer.epoch.config.hash] = offer
        self._proofs = {key: proof for key, proof in self._proofs.items() if key in self._by_key}

    def show(self, key: bytes, proof: str) -> None:
        """``proof``: a C2SP tlog-proof that the key's entry is in a log that enough witnesses have seen."""
        self._proofs[key] = proof

    @property
    def worn(self) -> bool:
        """Whether a key has heard half of what it may: enough for its successor to be witnessed meanwhile."""
        return self.keys.worn

    def become(self, other: Offers) -> None:
        """Other keys on the same terms, at once: those there were open nothing any more."""
        self.keys, self._by_key, self._proofs = other.keys, other._by_key, other._proofs

    def owed(self) -> tuple[Epoch, ...]:
        """Keys that are due and not in the log yet."""
        return tuple(each for each in self.keys.tend() if each.config.hash not in self._by_key)

    @property
    def standing(self) -> tuple[Offer, ...]:
        """The key in use first, then the one that is published early."""
        return tuple(self._by_key[each.config.hash] for each in self.keys.tend() if each.config.hash in self._by_key)

    def withdraw(self) -> None:
        """Nothing is offered any more, and nothing opened."""
        self._by_key, self._proofs = {}, {}

    @property
    def ready(self) -> bool:
        """Whether a client can trust the key in use."""
        standing = self.standing
        return bool(standing) and standing[0].epoch == self.keys.tend()[0] and standing[0].epoch.config.hash in self._proofs

    @property
    def document(self) -> bytes:
        """What `GET /comity/v1/node` answers: each key that may be sealed to, now or next, with its proof."""
        shown = [(each.entry, self._proofs.get(each.epoch.config.hash)) for each in self.standing]
        rows = [{"entry": base64.b64encode(entry).decode(), "proof": proof} for entry, proof in shown if proof is not None]
        return msgspec.json.encode({"format": FORMAT, "proofs": rows})

    def digest(self, key: bytes) -> str:
        return self._offer(key).digest

    def binding(self, key: bytes) -> Binding:
        """What a request sealed to that key must have been meant for."""
        self._offer(key)
        terms = self.terms
        return Binding(pool=terms.pool, key=key, policy=terms.policy, labels=terms.labels)

    def _offer(self, key: bytes) -> Offer:
        try:
            return self._by_key[key]
        except KeyError:
            raise TrustFailure("the key does not stand in the node's log yet", step="epoch", code="trust.epoch") from None

    def entry(self, epoch: Epoch, evidence: str) -> bytes:
        """The canonical bytes of the entry for that key.  Raises OperatorError for terms that no entry can say."""
        key, since, until = base64.b64encode(epoch.config.encoded).decode(), written(epoch.since), written(epoch.until)
        try:
            return encoded(msgspec.structs.replace(self.terms, key=key, since=since, until=until, evidence=evidence))
        except ValueError as error:
            raise OperatorError(f"node: the log's entry cannot be written: {error}", code="config.invalid", field="node") from None
