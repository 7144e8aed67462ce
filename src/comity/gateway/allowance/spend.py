# SPDX-License-Identifier: Apache-2.0
"""Money that was spent and money that is held for requests under way, in the state: scripts alone, they open nothing.

What a request can cost at most is held, durably, before it is sent; afterwards the hold gives way to what it cost.  A hold whose
gateway was killed stays, and counts like money spent: never less than what the partner may charge.  `unsettled` tells them apart.

Rates are counted in the same transaction, unless a Valkey counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from comity.gateway.allowance import minute
from comity.gateway.allowance.minute import Asked, Full, Minute, Room
from comity.storage.database import Row, Script, Statement, insert

UNSETTLED_SECONDS = 3_600
"""So long after it was made, no gateway will settle a hold any more."""
Line = tuple[str, str, str]
"""Account, period (`2026-11` or `2026-11-26`), currency."""


class Claim(NamedTuple):
    """``amount`` in millionths; ``ceiling``: what is spent and held may come to that, or to anything (None)."""

    line: Line
    amount: int
    ceiling: int | None


class Take(NamedTuple):
    hold: str
    at: int
    claims: tuple[Claim, ...]
    asked: tuple[Asked, ...] = ()


class Give(NamedTuple):
    """The end of a hold.  ``spent`` by currency, in millionths; None: as much as was held.  ``tokens``: None, as were booked."""

    hold: str
    at: int
    spent: Mapping[str, int] | None
    asked: tuple[Asked, ...] = ()
    tokens: int | None = None


class Short(NamedTuple):
    """A budget has less left than the request can cost."""

    claim: Claim
    left: int


Answer = Full | Short | list[Room]


class Account(NamedTuple):
    """What `comity keys list` tells of one line."""

    line: Line
    settled: int
    held: int
    unsettled: int


def book(jobs: Sequence[Take | Give]) -> Script[list[Answer]]:
    """All of them in their order; what one is refused, it has not changed."""
    holds = yield from _holds([job.hold for job in jobs if isinstance(job, Give)])
    lines = {claim.line for job in jobs if isinstance(job, Take) for claim in job.claims}
    lines |= {(row[1], row[2], row[3]) for rows in holds.values() for row in rows}
    sums = yield from _sums(lines)
    minutes = yield from _minutes({asked.account for job in jobs for asked in job.asked})
    made: list[Row] = []
    answers: list[Answer] = []
    for job in jobs:
        if isinstance(job, Give):
            _settle(sums, holds.pop(job.hold, ()), job.spent)
            minute.give(minutes, job.asked, job.at, job.hold, job.tokens)
            answers.append([])
            continue
        short = next(filter(None, (_short(sums, claim) for claim in job.claims)), None)
        answer: Answer = short if short is not None else minute.take(minutes, job.asked, job.at, job.hold)
        if isinstance(answer, list):
            for claim in job.claims:
                sums[claim.line][1] += claim.amount
                made.append((job.hold, *claim.line, claim.amount, job.at))
        answers.append(answer)
    yield from _write(sums, minutes)
    yield from insert("holds", made)
    ended = [job.hold for job in jobs if isinstance(job, Give)]
    if ended:
        yield Statement(f"DELETE FROM holds WHERE hold IN ({_marks(ended)})", ended)  # noqa: S608 - nothing but question marks
    return answers


def accounts(at: int) -> Script[list[Account]]:
    """Every line, with what of it nobody will settle any more."""
    rows = yield Statement("SELECT account, period, currency, settled, held FROM spend ORDER BY account, period, currency")
    left = yield Statement("SELECT account, period, currency, amount FROM holds WHERE at < ?", (at - UNSETTLED_SECONDS,))
    lost: dict[Line, int] = {}
    for account, period, currency, amount in left:
        lost[account, period, currency] = lost.get((account, period, currency), 0) + int(amount)
    return [Account((a, p, c), int(settled), int(held), lost.get((a, p, c), 0)) for a, p, c, settled, held in rows]


def _short(sums: Mapping[Line, list[int]], claim: Claim) -> Short | None:
    used = sum(sums[claim.line])
    if claim.ceiling is None or used + claim.amount <= claim.ceiling:
        return None
    return Short(claim, max(claim.ceiling - used, 0))


def _settle(sums: Mapping[Line, list[int]], held: Iterable[Row], spent: Mapping[str, int] | None) -> None:
    for _, account, period, currency, amount in held:
        of = sums[account, period, currency]
        of[1] -= amount
        of[0] += amount if spent is None else spent.get(currency, 0)


def _holds(names: Sequence[str]) -> Script[dict[str, list[Row]]]:
    found: dict[str, list[Row]] = {}
    if names:
        rows = yield Statement(
            f"SELECT hold, account, period, currency, amount FROM holds WHERE hold IN ({_marks(names)})", names  # noqa: S608
        )  # fmt: skip
        for row in rows:
            found.setdefault(row[0], []).append(row)
    return found


def _sums(lines: Iterable[Line]) -> Script[dict[Line, list[int]]]:
    """Settled and held."""
    sums = {line: [0, 0] for line in sorted(lines)}
    if sums:
        names, periods = sorted({line[0] for line in sums}), sorted({line[1] for line in sums})
        rows = yield Statement(
            "SELECT account, period, currency, settled, held FROM spend "  # noqa: S608
            f"WHERE account IN ({_marks(names)}) AND period IN ({_marks(periods)})", [*names, *periods],
        )  # fmt: skip
        sums |= {(row[0], row[1], row[2]): [int(row[3]), int(row[4])] for row in rows if (row[0], row[1], row[2]) in sums}
    return sums


def _minutes(names: Iterable[str]) -> Script[dict[str, Minute]]:
    minutes = {name: Minute() for name in sorted(names)}
    if minutes:
        rows = yield Statement(f"SELECT account, counted FROM minutes WHERE account IN ({_marks(minutes)})", list(minutes))  # noqa: S608
        minutes |= {account: msgspec.json.decode(counted, type=Minute) for account, counted in rows}
    return minutes


def _write(sums: Mapping[Line, Sequence[int]], minutes: Mapping[str, Minute]) -> Script[None]:
    rows: list[Any] = [part for line, of in sums.items() for part in (*line, *of)]
    if rows:
        marks = ",".join(["(?,?,?,?,?)"] * len(sums))
        yield Statement(
            f"INSERT INTO spend VALUES {marks} ON CONFLICT (account, period, currency) "  # noqa: S608
            "DO UPDATE SET settled = excluded.settled, held = excluded.held", rows,
        )  # fmt: skip
    if minutes:
        rows = [part for account, counted in minutes.items() for part in (account, msgspec.json.encode(counted).decode())]
        marks = ",".join(["(?,?)"] * len(minutes))
        into = f"INSERT INTO minutes VALUES {marks} ON CONFLICT (account) DO UPDATE SET counted = excluded.counted"  # noqa: S608
        yield Statement(into, rows)


def _marks(values: Iterable[object]) -> str:
    return ",".join("?" for _ in values)
