# SPDX-License-Identifier: Apache-2.0
"""What surrounds one attempt: its receipt, what leaves for it, and the answer being served with its outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypedDict

import msgspec

from comity.errors import ComityError, ProviderFailure, StorageFailure, TrustFailure
from comity.gateway import answer as way_back
from comity.gateway import plain
from comity.gateway.allowance.allowances import ENTRY, HOLD, Entry, Hold
from comity.gateway.duties import Duties, duties
from comity.gateway.exchange import Seal
from comity.gateway.judge import Judged
from comity.gateway.labels.fields import Fields, language_of
from comity.gateway.lending import Lease
from comity.gateway.locate import Nexus
from comity.gateway.roles.terms import level_of
from comity.gateway.watch import Attempt
from comity.gateway.world import World
from comity.policy.decision import Decision, Effect
from comity.policy.facts import AnyExcept, Place
from comity.privacy.findings import Findings, masked
from comity.privacy.pictures.look import with_images
from comity.privacy.pseudonym import Pseudonyms
from comity.providers.base import Answer, Crossing
from comity.routing.plan import Candidate
from comity.routing.run import Visit
from comity.transparency.ledger import Outcome
from comity.transparency.receipt import Receipt, minute
from comity.wire.chat import ChatRequest
from comity.wire.door import Door, Said, Writer
from comity.wire.request import Request, map_texts, texts

log = logging.getLogger("comity.gateway")


class Gone(ComityError):
    """The caller left before there was an answer; nobody is told, the record is."""

    status = 499
    default_code = "caller.gone"


class Outrun(ComityError):
    """Another place had something for the caller first; the record alone says so."""

    status = 499
    default_code = "provider.outrun"


SSE = b"text/event-stream; charset=utf-8"


def regions(place: Place) -> tuple[str, ...]:
    """Ids of regions; `!CN` for anywhere but there, `anywhere` for a pool without a bound."""
    if isinstance(place, AnyExcept):
        return ("anywhere",) if not place.any_except else tuple(f"!{region}" for region in sorted(place.any_except))
    return tuple(sorted(place))


def bucket(size: int) -> int:
    """The next power of two, at least 256: a size that does not single a request out."""
    return max(256, 1 << max(size - 1, 0).bit_length())


class Stands(NamedTuple):
    """What an attempt at one candidate says each time: its duties, its receipt without what is the request's, its headers."""

    duties: Duties
    receipt: Receipt
    headers: tuple[tuple[bytes, bytes], ...]


def stands(candidate: Candidate) -> Stands:
    decision, deployment = candidate.decision, candidate.deployment
    owed = duties(decision)
    receipt = Receipt(
        id="", at="", issuer="", key="", effect=Effect.ALLOW.value,
        destination=() if deployment.on_device else regions(deployment.facts.processing),
        deployment=deployment.id, stand_in=deployment.stand_in, plaintext_at=deployment.plaintext_at, level=deployment.level,
        retention_months=owed.retention_months, **_codes((decision,)),
    )  # fmt: skip
    region = "device" if deployment.on_device else ", ".join(regions(deployment.facts.processing))
    effect = f'allow; deployment="{deployment.id}"; level="{deployment.level}"'
    headers = [(b"comity-decision", effect.encode()), (b"comity-region", region.encode())]
    if owed.labels:
        headers.append((b"comity-label", owed.header.encode()))
    return Stands(owed, receipt, tuple(headers))


class _Codes(TypedDict):
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    obligations: tuple[str, ...]
    packs: tuple[str, ...]


def _codes(decisions: Sequence[Decision]) -> _Codes:
    reasons = [reason for each in decisions for reason in each.reasons]
    return _Codes(
        reasons=tuple(sorted({reason.fact for reason in reasons})),
        rules=tuple(sorted({reason.rule for reason in reasons if reason.rule})),
        obligations=tuple(sorted({duty.id for each in decisions for duty in each.obligations})),
        packs=tuple(sorted({pack for each in decisions for pack in each.packs})),
    )


def receipt_of(
    world: World, size: int, nexus: Nexus, candidate: Candidate | None, *, judged: Judged | None = None, seal: Seal | None = None,
    crossing: Crossing | None = None,
) -> Receipt:  # fmt: skip
    """For an attempt, or (without candidate) for a refusal.  Holds codes and commitments, never content."""
    if candidate is not None:
        stood = candidate.cached(stands).receipt
    else:
        assert judged is not None
        decisions = tuple(each.decision for each in judged.candidates)
        stood = Receipt(
            id="", at="", issuer="", key="", effect=judged.effect.value, plaintext_at="none", level=level_of(world.config.node),
            retention_months=duties(decisions[0]).retention_months if decisions else None, **_codes(decisions),
        )  # fmt: skip
    if crossing is not None:  # the node that is asked, as it proved itself
        stood = msgspec.structs.replace(stood, node=crossing.node, plaintext_at=crossing.plaintext_at)
    if seal is not None:  # what the receipt says of size is what anybody on the way saw
        size, stood = seal.size, msgspec.structs.replace(stood, node=seal.node, sealed=seal.digest)
    return msgspec.structs.replace(
        stood,
        id=world.ledger.new_id(),
        at=minute(world.clock.now()),
        issuer=world.ledger.origin,
        key=world.ledger.key_id,
        source=nexus.subject.location or "",
        policy=world.engine.digest,
        size_bucket=bucket(size),
    )


def outgoing(candidate: Candidate, request: Request, findings: Findings, vault: Pseudonyms) -> Request:
    """Step 6.  On the device nothing leaves, so nothing is hidden; anywhere else everything found is.

    In a chat it is replaced by stand-ins, which the answer brings back.  Where no answer could bring it back, its type stands in its
    place (so that equal texts keep equal embeddings); only what is to be spoken is sent as it is, since it is the sound that is asked for.
    An image that was read leaves with what was found in it painted over.
    Raises ComityError when a recogniser broke: what could not be read cannot be hidden, so it does not leave.
    """
    if candidate.deployment.on_device:
        return request
    if findings.failed:
        raise ComityError(
            "the privacy scan failed, so nothing was sent", code="privacy.scan_failed", hint="an operator must look at the log"
        )
    if findings.images:
        request = with_images(request, findings.images)
    if not findings.types or request.operation == "speech":
        return request
    hide = vault.protect if request.operation == "chat" else masked
    places = iter(findings.by_text)  # `map_texts` goes through the texts in the order they were scanned
    return map_texts(request, lambda text: hide(text, next(places)))


def refusal(judged: Judged) -> tuple[str, int]:
    """One line, and 451 (the law) or 403 (the tenant's own policy, when it alone stands in the way)."""
    if not judged.candidates:
        return "no deployment is configured for this", 403
    reasons = [reason for candidate in judged.candidates for reason in candidate.decision.reasons]
    tenant = [reason for reason in reasons if reason.fact == "tenant-policy"]
    status = 403 if tenant and len(tenant) == len(reasons) else 451
    first = reasons[0] if reasons else None
    said = (first.text or first.fact) if first is not None else "no rule allows it"
    places = len(judged.candidates)
    verb = "escalates" if judged.effect is Effect.ESCALATE else "denies"
    return f"the law {verb} all {places} places: {said}" if status == 451 else f"tenant policy denies: {said}", status


@contextmanager
def unrecorded(world: World, receipt: Receipt) -> Iterator[None]:
    """The decision is recorded; an outcome that cannot be written is told to the operator."""
    try:
        yield
    except StorageFailure:
        world.metrics.unrecorded_outcomes += 1
        log.error("receipt %s: its decision is recorded, but its outcome could not be written", receipt.id)


def outcome_of(world: World, error: ComityError, *, attempt: int, crossing: Crossing | None = None) -> Outcome:
    upstream = error.upstream_status if isinstance(error, ProviderFailure) else 0
    return Outcome(at=world.clock.now(), status=error.code, upstream_status=upstream, attempt=attempt, **_kept(crossing))


def _kept(crossing: Crossing | None) -> dict[str, Any]:
    """Of an attempt at a node: what only came to be after its receipt."""
    return {} if crossing is None else {"sealed": crossing.sealed, "received": crossing.received}


def ending_of(error: ComityError) -> tuple[str, int]:
    """Its code and the partner's status, for what is counted: never its message."""
    return error.code, error.upstream_status if isinstance(error, ProviderFailure) else 0


class Unforeseen(ComityError):
    """A bug of ours, met while a partner was being asked: how far it came nobody knows."""


def as_said(error: BaseException, visit: Visit) -> ComityError:
    """Who was cancelled either has no caller any more, or was slower than another place."""
    if isinstance(error, ComityError):
        return error
    if not isinstance(error, asyncio.CancelledError):
        return Unforeseen(f"an unforeseen {type(error).__name__}")
    return Outrun("another place was first") if visit.outrun else Gone("the caller went away")


def chargeable(error: ComityError, crossing: Crossing | None = None) -> bool:
    """Whether the partner may have taken the request, and may charge for it, though no answer came of it."""
    if isinstance(error, TrustFailure):
        return crossing is not None and crossing.sealed != ""
    if isinstance(error, ProviderFailure):
        return error.kind in ("timeout", "protocol") and error.upstream_status < 400
    return isinstance(error, Gone | Outrun | Unforeseen)


@dataclass
class Served:
    """An accepted attempt, being answered: `begin`, then exactly one of `whole` and `stream`, then `close`."""

    world: World
    visit: Visit
    receipt: Receipt
    answer: Answer
    lease: Lease
    request: Request
    door: Door
    seen: Attempt
    dropped: tuple[str, ...] = ()
    hold: Hold = HOLD  # money for this attempt
    crossing: Crossing | None = None  # of an attempt at a node
    entry: Entry = ENTRY  # of the request, once this is the attempt that answers it
    usage: way_back.Usage = field(default_factory=way_back.Usage)
    status: str = "interrupted"  # until it ended well, or with an error's code
    failure: BaseException | None = field(default_factory=lambda: Gone("the caller went away"))  # what ended it, if it did not end well
    _said: Said | None = None
    _rest: AsyncIterator[bytes] | None = None
    _first: bytes = b""

    @property
    def candidate(self) -> Candidate:
        return self.visit.candidate

    @property
    def _stands(self) -> Stands:
        return self.candidate.cached(stands)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        out = [(b"comity-receipt", self.receipt.id.encode()), *self._stands.headers]
        if self.dropped:
            out.append((b"comity-dropped", ", ".join(self.dropped).encode("ascii", "replace")))
        own = self.entry.headers
        if own:  # the caller's limits, not those of the partner's key
            return out + list(own)
        out += [(name.encode(), value.encode("latin-1", "replace")) for name, value in self.answer.rate_limits.items()]
        return out

    @property
    def content_type(self) -> bytes:
        """Of a streamed answer."""
        return SSE if self.request.operation in ("chat", "transcription") else self.answer.content_type.encode()

    @property
    def _producer(self) -> str:
        return self.world.config.controller.name or self.candidate.deployment.provider

    def _labeller(self) -> way_back.Labeller | None:
        owed = self._stands.duties
        if not owed.labels:
            return None
        form = self.request.response_format if isinstance(self.request, ChatRequest) else None
        return way_back.Labeller(owed, receipt=self.receipt.id, producer=self._producer, plain_text=form is None or form.type == "text")

    def _file_labels(self) -> plain.FileLabels:
        return plain.FileLabels(
            duties=self._stands.duties, fields=Fields.of(self._producer, self.receipt.id), signer=self.world.signer,
            language=language_of(" ".join(texts(self.request))),
        )  # fmt: skip

    async def begin(self) -> None:
        """Returns once there is something for the caller: the first piece of a stream, or the whole body.  Until then nobody has seen
        anything, and another lawful place may still be asked; from then on it is this one."""
        with self._ending(over=not self.request.stream):
            if self.request.stream:
                self._rest = self._pieces()
                self._first = await anext(self._rest, b"")
            else:
                self._said = await self._whole()
        self.seen.began()

    async def _whole(self) -> Said:
        door, request = self.door.whole, self.request
        read = (lambda body: door(body, request)) if door is not None else None
        if self.request.operation == "chat":
            return await way_back.whole(
                self.answer.chunks(), vault=self.lease.vault, labeller=self._labeller(), usage=self.usage, door=read
            )
        return await plain.whole(self.answer.chunks(), self.request, labels=self._file_labels(), usage=self.usage, door=read)

    async def whole(self) -> Said:
        """The body, ready to send; the caller awaits `close` afterwards."""
        assert self._said is not None
        return self._said

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Pieces as they come; the caller awaits `close` afterwards, whatever happened."""
        assert self._rest is not None
        with self._ending(over=True):
            if self._first:
                yield self._first
            async for piece in self._rest:
                yield piece

    def _pieces(self) -> AsyncIterator[bytes]:
        chunks, usage = self.answer.chunks(), self.usage
        if self.request.operation == "speech":
            return plain.sound(chunks, self.answer.content_type, labels=self._file_labels(), usage=usage)
        if self.request.operation == "transcription":
            return plain.events(chunks, usage=usage)
        sealed = self.crossing is not None
        return way_back.stream(chunks, vault=self.lease.vault, labeller=self._labeller(), usage=usage, writer=self.writer, sealed=sealed)

    @cached_property
    def writer(self) -> Writer | None:
        return self.door.writer(self.request) if self.door.writer is not None else None

    @contextmanager
    def _ending(self, *, over: bool) -> Iterator[None]:
        """``over``: it ended well where nothing is raised."""
        try:
            yield
        except ComityError as error:
            self._failed(error)
            raise
        if over:
            self.status, self.failure = "ok", None

    def _failed(self, error: ComityError) -> None:
        self.status, self.failure = error.code, error

    async def unwanted(self) -> None:
        """It had something for the caller, who has left, or has it from another place."""
        await self.over(as_said(asyncio.CancelledError(), self.visit))

    async def over(self, error: ComityError | None = None) -> None:
        """`close`, for whoever has an answer or a failure to tell that matters more than an outcome that cannot be written."""
        with unrecorded(self.world, self.receipt):
            await self.close(error)

    async def close(self, error: ComityError | None = None) -> None:
        """Gives the connection back and records the outcome durably: what is owed is awaited.  ``error``: what it ended with before the
        caller saw anything."""
        if error is not None:
            self._failed(error)
        self.visit.over(self.failure)
        self.lease.close()
        self.seen.ended(self.status, tokens_in=self.usage.prompt_tokens, tokens_out=self.usage.completion_tokens)
        await self.answer.aclose()
        outcome = Outcome(
            at=self.world.clock.now(), status=self.status, attempt=self.visit.number,
            prompt_tokens=self.usage.prompt_tokens, completion_tokens=self.usage.completion_tokens,
            bytes_bucket=bucket(self.usage.bytes_out), **_kept(self.crossing),
        )  # fmt: skip
        try:
            await self.world.ledger.finish(self.receipt.id, outcome)
        finally:
            used = self.usage
            try:
                await self.hold.settle(used.prompt_tokens, used.completion_tokens, self.candidate.deployment)
            finally:
                await self.entry.leave(None if used.prompt_tokens is None else used.prompt_tokens + (used.completion_tokens or 0))
