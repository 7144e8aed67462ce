# SPDX-License-Identifier: Apache-2.0
"""The sealed path of a lab, a process for each role: witnesses, nodes whose logs they watch, a relay; and what a client pins of them.

Everybody here is this lab, so that a builder vouches for a node shows how it is done and nothing about the machine.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import comity
from comity.errors import OperatorError
from comity.gateway.allowance.shown import digest
from comity.gateway.roles.evidence import SIGNING_KEY
from comity.lab.process import START_SECONDS_MAX, Process, call
from comity.ports import SystemClock, SystemRandom
from comity.seal.attestation.software import ImageStatement, sign_image, spelled
from comity.storage.home import prepare, secret_key
from comity.transparency.tlog import signer_in

OPERATOR = "Example Device Maker"
STATED = timedelta(days=90)  # how long the builder's word is good


class Witness(NamedTuple):
    """``url``: where a log asks it; ``key``: what is pinned."""

    process: Process
    url: str
    key: str


class Pins(NamedTuple):
    """Of one node, what its operator publishes and a client is configured with."""

    pool: str
    log: str
    witnesses: tuple[str, ...]
    image: str
    builder: str
    policy: str

    def trust(self, *, plaintext_at: str) -> str:
        """`[deployments.trust]`, below the deployment."""
        return _tables("deployments.trust", {
            "pool": self.pool, "log": self.log, "witnesses": list(self.witnesses), "level": "A1", "images": [self.image],
            "builders": [self.builder], "policy": self.policy, "plaintext_at": plaintext_at,
        })  # fmt: skip


class Home:
    """Of a node that has not started: its keys are made, so that a builder can vouch for it and witnesses can watch it."""

    def __init__(self, folder: Path, name: str, builder: Ed25519PrivateKey) -> None:
        self.path, self.name, self._folder = folder / name, name, folder
        prepare(self.path)
        random, now = SystemRandom(), SystemClock().now().astimezone(UTC)
        self.log = signer_in(self.path, random).verifier.vkey
        self.image = software()
        own = Ed25519PrivateKey.from_private_bytes(secret_key(self.path / SIGNING_KEY, random)).public_key()
        stated = ImageStatement(
            image=self.image, node=own.public_bytes_raw().hex(), since=spelled(now - timedelta(hours=1)), until=spelled(now + STATED)
        )
        self.builder = builder.public_key().public_bytes_raw().hex()
        self._statement = folder / f"{name}.image.json"
        self._statement.write_bytes(sign_image(stated, builder))

    def section(self, *, pool: str, region: str, witnesses: Sequence[Witness], key: str) -> str:
        """`[node]` and the caller's key, of the node's configuration."""
        asked = "".join(_tables("[node.witnesses]", {"url": each.url, "key": each.key}) for each in witnesses)
        node = {"pool": pool, "region": region, "operator": OPERATOR, "url": f"https://{pool}.example", "level": "A1", "image": self.image,
                "evidence": str(self._statement)}  # fmt: skip
        caller = _tables("[keys]", {"id": "app", "sha256": digest(key), "may_assert_subject": True})
        return _tables("node", node) + asked + caller

    def start(self, config: str, environment: Mapping[str, str]) -> Process:
        return role(self.name, config, "node", folder=self._folder, environment=environment)


def software() -> str:
    """What runs here: a digest over every file of this package, by name.  Whoever has the same release makes the same."""
    root, made = Path(comity.__file__).parent, hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            made.update(f"{path.relative_to(root).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return f"sha256:{made.hexdigest()}"


def role(name: str, config: str, *words: str, folder: Path, environment: Mapping[str, str] | None = None) -> Process:
    """`comity --config … --home … WORDS`, as a person would type it."""
    written = folder / f"{name}.toml"
    written.write_text(config, encoding="utf-8")
    arguments = ["comity.cli.main", "--config", str(written), "--home", str(folder / name), "--json", *words]
    return Process(name, arguments, log=folder / f"{name}.log", environment=environment or {})


def witnesses(logs: Iterable[str], *, folder: Path, stack: ExitStack, count: int = 2) -> list[Witness]:
    """Ready; each watches all of ``logs``."""
    watched = [word for log in logs for word in ("--log", log)]
    started = []
    for number in range(1, count + 1):
        name = f"witness-{number}"
        words = ("witness", "--name", f"witness-{number}.example/log", *watched)
        started.append(stack.enter_context(role(name, "[server]\nport = 0\n", *words, folder=folder)))
    return [Witness(each.wait_ready(), each.base, each.told["vkeys"][0]) for each in started]


def relay(pools: Mapping[str, str], *, operator: str, folder: Path) -> Process:
    config = "[server]\nport = 0\n" + _tables("relay", {"operator": operator}) + _tables("relay.pools", pools)
    return role("relay", config, "relay", folder=folder)


def until_ready(process: Process) -> None:
    """Until it says that it is: of a node, once its key stands in a log that its witnesses have signed."""
    end = time.perf_counter() + START_SECONDS_MAX
    while call(process.base, "GET", "/readyz").status != 200:
        if time.perf_counter() > end:
            raise OperatorError(f"lab process `{process.name}` is not ready in time", code="lab.not_started", exit_code=1)
        time.sleep(0.05)


def _tables(name: str, members: Mapping[str, object]) -> str:
    """One table of TOML; ``name`` in brackets of its own for one of several."""
    return f"\n[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in members.items())
