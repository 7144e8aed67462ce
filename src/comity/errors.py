# SPDX-License-Identifier: Apache-2.0
"""Every error Comity raises on purpose, split by who must act.

    ComityError
    ├── CallerError        the caller's input is wrong           HTTP 4xx   exit 2 or 3
    ├── PolicyDenied       the law, or who asked, forbids it     HTTP 451/403   exit 4
    ├── ProviderFailure    a partner or a runtime did not answer HTTP 502/504   exit 1
    ├── OperatorError      this installation must be mended      HTTP 503   exit 1 or 3
    ├── NoAnswer           a task has none that it stands for    HTTP 422   exit 1
    └── TrustFailure       a proof, key or signature is not good HTTP 502   exit 5; never retried

Messages are lower case, without a full stop, with input in backticks; they never hold prompt text,
secrets or hashes of them.  ``code`` is stable and documented in ``docs/reference/errors.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class ComityError(Exception):
    """Base of all; ``str(error)`` is the message alone.

    code:      stable dotted id, for example ``request.unknown_field``
    hint:      what mends it, one sentence without full stop, or ""
    field:     path of what was wrong (``messages[0].role``, ``deployments[1].region``), or ""
    """

    status: int = 500
    exit_code: int = 1
    default_code: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        hint: str = "",
        field: str = "",
        status: int | None = None,
        exit_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.hint = hint
        self.field = field
        if status is not None:
            self.status = status
        if exit_code is not None:
            self.exit_code = exit_code


class CallerError(ComityError):
    """The caller's input is wrong; sending it again unchanged will fail again."""

    status = 400
    exit_code = 3
    default_code = "request.invalid"


class LimitReached(CallerError):
    """The caller's key or tenant has had its share for now; the same request may pass later.

    kind:       what OpenAI's clients see as its type: requests | tokens | insufficient_quota
    retry_after_seconds: when there may be room
    rate_limits: `x-ratelimit-…` and `x-should-retry`, as OpenAI names them
    """

    status = 429
    exit_code = 1
    default_code = "limit.reached"

    def __init__(self, message: str, *, kind: str, retry_after_seconds: int, rate_limits: Mapping[str, str], **more: object) -> None:
        super().__init__(message, **more)  # type: ignore[arg-type]
        self.kind = kind
        self.retry_after_seconds = retry_after_seconds
        self.rate_limits = rate_limits


class PolicyDenied(ComityError):
    """The law denies or escalates (451), or the tenant's policy or key does (403).

    ``decision`` is the JSON-ready body of the decision (effect, reasons, remedies, obligations, candidates);
    a plain mapping, so that this module needs no other room.
    """

    status = 451
    exit_code = 4
    default_code = "policy.denied"

    def __init__(self, message: str, *, decision: dict[str, object], receipt: str = "", **more: object) -> None:
        super().__init__(message, **more)  # type: ignore[arg-type]
        self.decision = decision
        self.receipt = receipt


class ProviderFailure(ComityError):
    """A partner or a runtime did not answer well.

    kind:       connect | timeout | status | protocol | refused | unavailable | unsupported | content
    retryable:  another attempt inside the allowed plan may be made
    upstream_status: the partner's HTTP status, or 0
    retry_after_seconds: what the partner asked to wait, or None
    attempts, lawful, ways: of `provider.exhausted`: what was tried; what the law allows and was not; what would allow more (JSON-ready)
    """

    status = 502
    exit_code = 1
    default_code = "provider.failed"
    attempts: tuple[dict[str, object], ...] = ()
    lawful: tuple[dict[str, object], ...] = ()
    ways: tuple[dict[str, object], ...] = ()

    def __init__(
        self,
        message: str,
        *,
        kind: str = "protocol",
        retryable: bool = True,
        upstream_status: int = 0,
        retry_after_seconds: int | None = None,
        **more: object,
    ) -> None:
        super().__init__(message, **more)  # type: ignore[arg-type]
        self.retry_after_seconds = retry_after_seconds
        self.kind = kind
        self.retryable = retryable
        self.upstream_status = upstream_status


class OperatorError(ComityError):
    """This installation must be mended: configuration, database, model file, port."""

    status = 503
    exit_code = 3
    default_code = "operator.misconfigured"


class StorageFailure(OperatorError):
    """The record cannot be written or read; nothing is sent."""

    exit_code = 1
    default_code = "storage.unavailable"


class NoAnswer(ComityError):
    """A task has no answer that it stands for, and whoever asked did not want it to abstain.

    steps: the places that were looked at and what came of each (JSON-ready)
    """

    status = 422
    exit_code = 1
    default_code = "task.gate_failed"

    def __init__(self, message: str, *, steps: tuple[dict[str, object], ...] = (), **more: object) -> None:
        super().__init__(message, **more)  # type: ignore[arg-type]
        self.steps = steps


class TrustFailure(ComityError):
    """A proof, key, signature or attestation does not hold.  Never retried, never downgraded.

    ``step`` names the check that failed, for example ``inclusion``; ``steps`` is the document up to it, where one is kept (JSON-ready).
    """

    status = 502
    exit_code = 5
    default_code = "trust.failed"
    steps: tuple[dict[str, object], ...] = ()

    def __init__(self, message: str, *, step: str, **more: object) -> None:
        super().__init__(message, **more)  # type: ignore[arg-type]
        self.step = step
