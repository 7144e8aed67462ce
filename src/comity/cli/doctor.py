# SPDX-License-Identifier: Apache-2.0
"""`comity doctor`: what on this machine stands in the way."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from comity.cli import place, say
from comity.cli.examined import LOOKS, Finding, Look
from comity.config import Config
from comity.errors import ComityError, StorageFailure

ABOUT = "what on this machine stands in the way"
FREE_BYTES_MIN = 1 << 30
EARLIEST_YEAR = 2026


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--online", action="store_true", help="look the hosts of deployments up too; nothing is sent to them")


def run(args: argparse.Namespace) -> int:
    try:
        config = place.configuration(args)
        findings = [Finding("ok", f"configuration: {place.config_path(args) or 'none, the defaults'}")]
    except ComityError as error:
        config, findings = Config(), [Finding("fail", f"configuration: {error}", error.hint)]
    looks: tuple[Look, ...] = (_python, _home, _model, _port, _clock, _record, *LOOKS, _capture)
    for look in looks:
        try:
            findings += look(args, config)
        except ComityError as error:
            findings.append(Finding("fail", str(error), error.hint))
    findings = list(dict.fromkeys(findings))
    text = "\n".join(
        f"{each.state:5} {each.what}" + (f"\n      → {each.mend}" if each.mend and each.state != "ok" else "") for each in findings
    )
    say.result(args, [each._asdict() for each in findings], text)
    return 1 if any(each.state == "fail" for each in findings) else 0


def _python(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    import platform
    from importlib.util import find_spec

    yield Finding("ok", f"python {platform.python_version()} on {platform.system()} {platform.machine()}")
    wanted = not config.deployments or any(each.provider == "embedded" for each in config.deployments)
    if find_spec("xllamacpp") is not None:
        yield Finding("ok", "the runtime for local models is installed")
    else:
        yield Finding("fail" if wanted else "warn", "the runtime for local models is not installed", "pip install 'comity[embedded]'")


def _home(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    import shutil
    import tempfile

    home = place.home(args, config)
    near = next(each for each in (home, *home.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=near):
            pass
    except OSError as error:
        yield Finding("fail", f"home {home}: {error.strerror}", "comity --home DIR, or mend its permissions")
        return
    free = shutil.disk_usage(near).free
    yield Finding("ok" if free > FREE_BYTES_MIN else "warn", f"home {home}: {free >> 20} MB free", "make room: records are never dropped")


def _model(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    from comity.device.manifest import here

    wanted = [each.model for each in config.deployments if each.provider == "embedded"] if config.deployments else [""]
    for name in wanted:
        try:
            found = here(name, place.models(config))
            size = sum(path.stat().st_size for path in found.files.values())
            yield Finding("ok", f"model {found.id}: {size // 1_000_000} MB")
        except ComityError as error:
            yield Finding("fail", str(error), error.hint)


def _port(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    from comity.cli.ask import _listens
    from comity.gateway.serve import bind

    host, port = config.server.host, config.server.port
    if _listens(f"http://{host}:{port}"):
        yield Finding("ok", f"a Comity is listening on {host}:{port}")
        return
    bind(host, port).close()
    yield Finding("ok", f"port {port} on {host} is free")


def _clock(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    from comity.ports import SystemClock

    now = SystemClock().now()
    right = now.year >= EARLIEST_YEAR
    yield Finding("ok" if right else "fail", f"the clock says {now:%Y-%m-%d}", "set it: rules apply by date")


def _record(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    from comity.transparency.reader import Reader

    try:
        reader = Reader.open(place.whereabouts(args, config).log)
    except StorageFailure as error:
        if error.code != "storage.absent":
            raise
        yield Finding("ok", "nothing recorded yet")
        return
    with reader:
        newest = reader.tail(1)
    yield Finding("ok", f"{newest[0].place + 1 if newest else 0} records")


def _capture(args: argparse.Namespace, config: Config) -> Iterator[Finding]:
    from comity.lab.capture import Capture

    try:
        Capture.open().close()
        yield Finding("ok", "packets can be captured: comity lab case counts what crossed the wire")
    except ComityError as error:
        yield Finding("warn", f"{error}: comity lab case shows the partners' own counters instead", error.hint)
