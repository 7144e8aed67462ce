# SPDX-License-Identifier: Apache-2.0
"""What a caller is told of limits and budgets: refusals, and headers in OpenAI's names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil

from comity.config import RatesConfig
from comity.errors import LimitReached
from comity.gateway.allowance.minute import WINDOW_SECONDS, Full, Room
from comity.gateway.allowance.money import MICROS
from comity.gateway.allowance.spend import Answer, Short

Headers = tuple[tuple[bytes, bytes], ...]


def granted(answer: Answer, at: datetime) -> list[Room]:
    """Raises LimitReached where it is a refusal."""
    if isinstance(answer, Full):
        raise _full(answer)
    if isinstance(answer, Short):
        raise _short(answer, at)
    return answer


def said(account: str) -> str:
    kind, _, name = account.partition(":")
    return f"{kind} `{name}`"


def _full(full: Full) -> LimitReached:
    kind = "tokens" if full.what == "tokens_per_minute" else "requests"
    return LimitReached(
        f"{said(full.account)} has reached its limit: {full.what} = {full.limit}", code="limit.reached", field=full.what, kind=kind,
        retry_after_seconds=max(full.seconds, 1), hint="try again later",
        rate_limits={f"x-ratelimit-limit-{kind}": str(full.limit), f"x-ratelimit-remaining-{kind}": "0",
                     f"x-ratelimit-reset-{kind}": f"{max(full.seconds, 1)}s"},
    )  # fmt: skip


def _short(short: Short, at: datetime) -> LimitReached:
    (account, period, currency), amount, most = short.claim
    hint = "a smaller `max_tokens` or a cheaper model may fit" if short.left else f"there is room again after {period} (UTC)"
    return LimitReached(
        f"the budget of {said(account)} has {_money(short.left)} of {_money(most or 0)} {currency} left in {period}, "
        f"and this request can cost {_money(amount)}",
        code="budget.exhausted", field="budget", kind="insufficient_quota", hint=hint, retry_after_seconds=_until_next(period, at),
        rate_limits={"x-should-retry": "false"},  # OpenAI's clients would ask again at once
    )  # fmt: skip


def _money(amount: int) -> str:
    return f"{amount / MICROS:.6f}".rstrip("0").rstrip(".")


def _until_next(period: str, at: datetime) -> int:
    begin = datetime.strptime(period + "-01" if len(period) == 7 else period, "%Y-%m-%d").replace(tzinfo=UTC)
    after = begin + timedelta(days=1) if len(period) > 7 else (begin + timedelta(days=32)).replace(day=1)
    return max(1, ceil((after - at).total_seconds()))


def headers_of(limits: RatesConfig, room: Room) -> Headers:
    out: list[tuple[bytes, bytes]] = []
    for kind, limit, used in (("requests", limits.requests_per_minute, room.requests), ("tokens", limits.tokens_per_minute, room.tokens)):
        if limit:
            left = max(limit - used, 0)
            for name, value in (("limit", f"{limit}"), ("remaining", f"{left}"), ("reset", f"{WINDOW_SECONDS}s")):
                out.append((f"x-ratelimit-{name}-{kind}".encode(), value.encode()))
    return tuple(out)
