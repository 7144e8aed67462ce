# SPDX-License-Identifier: Apache-2.0
"""A drill: every partner of a configuration played on loopback, one of them taken away, and everybody's question asked of a real gateway.

What is shown to go dark is held against what the report says would.  Models on this device stand on no partner and are left out.  The
law, the evidence and the counts are those of now; the partners' answers are simulated, and so is how they fail: they hang, then refuse.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec

from comity.config import Config, DeploymentConfig, PathsConfig, SecretRef, ServerConfig, VolumesConfig
from comity.errors import CallerError
from comity.gateway.questions import asked
from comity.gateway.resilience import Answered, Drilled, DrillRow, Survey, support
from comity.lab.process import Process, call
from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import gateway, simulator
from comity.ports import SystemClock, SystemRandom, SystemSecrets
from comity.providers.base import Deployment
from comity.routing.resilience import Cell, Kind, Question, standing_on

SECONDS_MAX = 5.0  # that the drilled gateway waits for a first byte, or the end of a task; more would only make the drill longer
AT_ONCE = 8
RETRIES = 1_000_000
HANG = json.dumps({"faults": [{"kind": "hang", "times": None}]}).encode()
ROUNDS = ("up", "hanging", "refusing")


def drill(config: Config, name: str, *, state: Path | str, models: Path, progress: Callable[[str], None]) -> Drilled:
    """Raises CallerError for a name that nothing stands on, OperatorError where a process does not start."""
    clock = SystemClock()
    survey = Survey(config, at=clock.now(), state=state, clock=clock, random=SystemRandom(), secrets=SystemSecrets())
    remote = {each.id: each for each in survey.deployments.values() if not each.on_device}
    gone = taken(remote.values(), name)
    cells = [
        msgspec.structs.replace(cell, lawful=tuple(each for each in cell.lawful if each in remote))
        for cell in survey.report().cells
    ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="comity-drill-") as held, ExitStack() as stack:
        folder = Path(held)
        progress(f"starting {len(remote)} simulated partners and a gateway, on loopback only …")
        played = {each.id: stack.enter_context(played_by(each, folder)) for each in remote.values()}
        for process in played.values():
            process.wait_ready()
        told = written(drilled(config, survey, remote, {each: process.base for each, process in played.items()}))
        keys = {key_name(at): LAB_KEY.format(region=region_of(each)) for at, each in enumerate(remote.values())}
        process, _ = gateway("gateway", told, folder=folder, models=models, environment=keys)
        base = stack.enter_context(process).wait_ready().base
        answers: list[list[Answered]] = []
        for number, kind in enumerate(ROUNDS):
            progress(f"{number + 1} of {len(ROUNDS)}: " + ("all partners answer" if kind == "up" else f"{', '.join(gone)}: {kind}"))
            for each in gone:
                if kind == "hanging":
                    call(played[each].base, "POST", "/_lab/faults", HANG)
                elif kind == "refusing":
                    played[each].kill()
            with ThreadPoolExecutor(AT_ONCE) as several:
                answers.append(list(several.map(lambda cell, kind=kind: _ask(base, cell, kind), cells)))
    rows = [_row(cell, given, frozenset(gone)) for cell, *given in zip(cells, *answers, strict=True)]
    left_out = tuple(each for each in survey.deployments if each not in remote)
    return Drilled(name=name, gone=gone, left_out=left_out, rows=tuple(rows), holds=all(row.holds for row in rows))


def taken(remote: Any, name: str) -> tuple[str, ...]:
    """The deployments that stand on ``name``: a partner, a region (with its partner's name or, where one has it, without), a legal
    entity or a deployment."""
    supports = [support(each) for each in remote]
    known: dict[str, tuple[str, ...]] = {}
    for kind in get_args(Kind):
        for each, gone in standing_on(supports, kind).items():
            known.setdefault(each, gone)
    short = [each for each in known if each.partition("/")[2] == name]
    if name not in known and len(short) == 1:
        name = short[0]
    if name not in known:
        raise CallerError(
            f"nothing of this configuration stands on `{name[:64]}`", code="usage", exit_code=2,
            hint="one of: " + "; ".join(known) if known else "a drill needs a deployment that is not on this device",
        )  # fmt: skip
    return known[name]


def _ask(base: str, question: Question, kind: str) -> Answered:
    sent = asked(question)
    reply = call(base, "POST", sent.path, sent.body, sent.headers)
    by = ""
    if reply.status == 200:
        by = reply.headers.get("comity-decision", "").partition('deployment="')[2].partition('"')[0]
    return Answered(round=kind, by=by, status=reply.status)


def _row(cell: Cell, given: Sequence[Answered], gone: frozenset[str]) -> DrillRow:
    left = [each for each in cell.lawful if each not in gone]
    holds = all((each.by in able) if able else not each.by for each in given for able in (cell.lawful if each.round == "up" else left,))
    return DrillRow(**msgspec.structs.asdict(cell), answers=tuple(given), holds=holds)


# -- the same configuration, with partners on loopback ----------------------------------------------------------------


def played_by(deployment: Deployment, folder: Path) -> Process:
    path = urlsplit(deployment.base_url).path or "/"  # said also where it is the root: a simulator's own default may be another
    return simulator(
        deployment.id, dialect=_simulator(deployment), region=region_of(deployment), folder=folder, more=("--path", path)
    )  # fmt: skip


def _simulator(deployment: Deployment) -> str:
    """Which of the lab's dialects plays it; what OpenAI's clients speak is played with the partner's own errors."""
    if deployment.dialect not in ("openai", "responses"):
        return deployment.dialect
    return {"alibaba": "model-studio", "self-hosted": "vllm"}.get(deployment.provider, "openai")


def region_of(deployment: Deployment) -> str:
    """Keys of the lab are bound to a region, and signatures name it."""
    return deployment.region or deployment.id


def key_name(at: int) -> str:
    return f"COMITY_DRILL_KEY_{at}"


def drilled(config: Config, survey: Survey, remote: Mapping[str, Deployment], bases: Mapping[str, str]) -> Config:
    """What decides stays as it is, with evidence and counts as they stand now; what is of this installation alone is left behind:
    its keys, its databases, its address.  A budget of retries would only make it a matter of luck who meets the loss first."""
    standing = survey.standing
    volumes = msgspec.convert(msgspec.to_builtins(standing.volumes), VolumesConfig)

    def at(number: int, each: DeploymentConfig) -> DeploymentConfig:
        where: dict[str, Any] = {"stand_in": bases[each.id]}
        if each.provider in ("self-hosted", "node"):  # a node is, to the law, a server of somebody's in its region
            path = urlsplit(remote[each.id].base_url).path
            where = {"base_url": bases[each.id] + path, "provider": "self-hosted", "trust": None, "model": each.model or "auto"}
        evidence, key = tuple(sorted(standing.of(each.id))), SecretRef(env=key_name(number))
        return msgspec.structs.replace(each, api_key=key, evidence=evidence, **where)

    configured = [each for each in config.deployments if each.id in remote]
    limits = msgspec.structs.replace(config.limits, first_byte_seconds_max=SECONDS_MAX, connect_seconds_max=SECONDS_MAX)
    routing = msgspec.structs.replace(config.routing, retries_min=RETRIES, attempts_max=config.routing.attempts_max + 2 * len(remote))
    packs = msgspec.structs.replace(config.packs, extra=tuple(str(Path(each).resolve()) for each in config.packs.extra))
    return Config(
        controller=config.controller, service=config.service, defaults=config.defaults, privacy=config.privacy, packs=packs,
        labels=config.labels, resilience=config.resilience, routing=routing, limits=limits, volumes=volumes,
        server=ServerConfig(port=0), paths=PathsConfig(models=config.paths.models), evidence=tuple(sorted(standing.for_all())),
        deployments=tuple(at(number, each) for number, each in enumerate(configured)),
    )  # fmt: skip


def written(config: Config) -> str:
    """`comity.toml`, one line a table."""
    tree = msgspec.to_builtins(config, builtin_types=(date,), order="deterministic")
    return "".join(f"{name} = {_toml(value)}\n" for name, value in tree.items() if value is not None)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)} = {_toml(inner)}" for name, inner in value.items() if inner is not None) + "}"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # else a string of JSON is one of TOML
