# SPDX-License-Identifier: Apache-2.0
"""What `comity doctor` looks at beyond the program itself: the disk, secrets, dates that run out, databases, what nodes must
prove, and names of partners."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from comity.cli import place
from comity.config import Config, SecretRef
from comity.errors import OperatorError, StorageFailure
from comity.storage.database import Script, Statement

SYNCS, SYNC_MS_MAX = 16, 20.0
SOON = timedelta(days=60)
SKEW_SECONDS_MAX = 2.0
ANSWER_SECONDS_MAX = 5.0


class Finding(NamedTuple):
    state: str  # ok | warn | fail
    what: str
    mend: str = ""


Look = Callable[[argparse.Namespace, Config], Iterator[Finding]]


def disk(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    """How long it takes until a record is kept: nothing is sent before that."""
    import os
    import tempfile

    from comity.ports import SystemClock

    home = place.home(args, config)
    near = next(each for each in (home, *home.parents) if each.exists())
    now, spent = SystemClock().monotonic, list[float]()
    with suppress(OSError), tempfile.TemporaryFile(dir=near, buffering=0) as file:  # that it cannot be written is said elsewhere
        for _ in range(SYNCS):
            begun = now()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            spent.append((now() - begun) * 1000)
    if spent:
        middle, worst = sorted(spent)[len(spent) // 2], max(spent)
        slow = middle > SYNC_MS_MAX
        said = f"the disk of the home keeps a record in {middle:.1f} ms (of {SYNCS}: at worst {worst:.1f} ms)"
        yield Finding("warn" if slow else "ok", said, "each request waits for it: use a faster disk")


def secrets(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    """Whether anybody else may read them."""
    home = place.home(args, config)
    named = [home / "log.key", home / "maps.key", *(Path(each.file).expanduser() for each in _refs(config) if each.file)]
    there = [path for path in named if path.exists()]
    for path in there:
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            yield Finding("warn", f"`{path}` may be read by others (mode {mode:03o})", f"chmod 600 {path}")
    if there and all(not path.stat().st_mode & 0o077 for path in there):
        yield Finding("ok", f"{len(there)} files of secrets are their owner's alone")


def _refs(value: object) -> Iterator[SecretRef]:
    """Every one that the configuration names, wherever it stands."""
    if isinstance(value, SecretRef):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _refs(each)
    else:
        for name in getattr(value, "__struct_fields__", ()):
            yield from _refs(getattr(value, name))


def dates(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    """What runs out: with its evidence a place's allow goes, with its certificate a signature's worth."""
    from datetime import UTC, time

    from comity.accord.evidence import EVERYWHERE, register
    from comity.gateway.ending import endings
    from comity.ports import SystemClock
    from comity.storage.state import glimpse

    now, entries = SystemClock().now(), list[bytes]()
    try:
        entries = glimpse(place.whereabouts(args, config).state, {})[1]
    except StorageFailure as error:
        yield Finding("fail", f"the register of evidence cannot be read: {error}", error.hint)
    told = endings(config, config.deployments, register(entries), now.date())
    for each in told:
        owner = "controller" if each.scope == EVERYWHERE else f"`{each.scope}`"
        end = datetime.combine(each.last + timedelta(days=1), time(), UTC)
        yield from _running_out(f"evidence {each.kind} of {owner}", end, now)
    if config.labels.certificates:
        yield from _running_out("the certificate that signs files", _certificate_end(config.labels.certificates), now)
    elif not told:
        yield Finding("ok", "no evidence and no certificate has a date on which it ends")


def _running_out(what: str, end: datetime, now: datetime) -> Iterator[Finding]:
    state = "fail" if end <= now else "warn" if end - now < SOON else "ok"
    yield Finding(state, f"{what} {'ended' if end <= now else 'ends'} {end - timedelta(seconds=1):%Y-%m-%d}", "renew it")


def _certificate_end(file: str) -> datetime:
    from cryptography.x509 import load_pem_x509_certificates

    from comity.ports import SystemSecrets

    try:
        return min(each.not_valid_after_utc for each in load_pem_x509_certificates(SystemSecrets().get(file=file).encode()))
    except ValueError:
        raise OperatorError(f"`{file}` holds no certificate", code="config.invalid", hint="a PEM file, the certificate first") from None


def databases(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    """Whether what gateways share answers, and agrees on the time."""
    from comity.ports import SystemClock
    from comity.storage.open import look_into

    state = place.whereabouts(args, config).state if config.storage.url is not None else None
    if isinstance(state, str):
        try:
            look = look_into(state, "state", seconds_max=ANSWER_SECONDS_MAX)
            try:
                skew = abs(look.look(_their_time) - SystemClock().now().timestamp())
            finally:
                look.close()
        except StorageFailure as error:
            yield Finding("fail", f"PostgreSQL: {error}", error.hint)
        else:
            yield Finding("ok", "PostgreSQL answers")
            far = skew > SKEW_SECONDS_MAX
            yield Finding("warn" if far else "ok", f"its clock is {skew:.1f} s from ours", "set both by the same source (NTP)")
    if config.shared.valkey is not None:
        yield _valkey(config.shared.valkey)


def _their_time() -> Script[float]:
    found = yield Statement("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)")
    return float(found[0][0])


def _valkey(ref: SecretRef) -> Finding:
    """That it is reached; what it holds is looked at by nobody."""
    import socket
    from urllib.parse import urlsplit

    from comity.ports import SystemSecrets

    try:
        parts = urlsplit(SystemSecrets().get(env=ref.env, file=ref.file, command=ref.command))
        socket.create_connection((parts.hostname or "", parts.port or 6379), ANSWER_SECONDS_MAX).close()
    except (OSError, ValueError):
        return Finding("fail", "Valkey is not reached", "is it running, and `shared.valkey` right?")
    return Finding("ok", "Valkey is reached")


def nodes(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    """What each sealed node must prove, and that it could: a node itself is asked by nobody before somebody asks something of it."""
    from comity.client.checks import wanted
    from comity.gateway.partners import resolve_all
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.ports import SystemClock

    sealed = [(each, each.trust) for each in config.deployments if each.trust is not None]
    if not sealed:
        return
    vocabulary = load_vocabulary()
    found = resolve_all([each for each, _ in sealed], vocabulary=vocabulary, as_of=SystemClock().now().date())
    for each, terms in sealed:
        try:
            log = wanted(terms, found[each.id], vocabulary).trust.log.partition("+")[0]
        except OperatorError as error:
            yield Finding("fail", str(error), error.hint)
            continue
        seen = f"seen by {terms.quorum} of {len(terms.witnesses)} witnesses"
        yield Finding("ok", f"`{each.id}` must prove a key of the pool `{terms.pool}` in {log}, {seen}, and {terms.level}")


def names(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    """Only with `--online`: looking a host up tells the resolver who is about to be asked."""
    if not args.online:
        return
    import socket

    from comity.gateway.partners import resolve_all
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.ports import SystemClock

    for each in resolve_all(config.deployments, vocabulary=load_vocabulary(), as_of=SystemClock().now().date()).values():
        host, _, port = each.egress.rpartition(":")
        if not host:
            continue
        try:
            found = len({row[4][0] for row in socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)})
            yield Finding("ok", f"`{each.id}`: {host} has {found} address{'es' if found > 1 else ''}")
        except OSError:
            yield Finding("fail", f"`{each.id}`: {host} is not found", "is there a resolver, and does it know this host?")


LOOKS: tuple[Look, ...] = (disk, secrets, dates, databases, nodes, names)
