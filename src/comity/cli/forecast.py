# SPDX-License-Identifier: Apache-2.0
"""`comity forecast`: where a series goes from here, how sure that is, and what in it is odd; on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.tasks.forecast import Forecast, Point

ABOUT = "a series ahead, with intervals, and what in it is odd"
_BYTES_MAX = 1 << 25


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="CSV: a first line `date,value`, or one number a line; - is standard input")
    parser.add_argument("--horizon", type=int, metavar="N", help="steps ahead; else one season, at least 6")
    parser.add_argument("--season", default="auto", metavar="N", help="steps until it comes round again, 1 for never; auto finds it")
    parser.add_argument("--plot", default="", metavar="FILE", help="a picture, .png or .svg")
    parser.add_argument("--watch", action="store_true", help="no forecast: say of each value, as it comes, whether it is odd")


def run(args: argparse.Namespace) -> int:
    season = _season(args.season)
    if args.watch:
        return _watch(args, season or 1)
    import msgspec

    from comity.tasks.forecast import ForecastAsked, forecast, read

    points = read(_bytes(args.file))
    fields: dict[str, Any] = {"points": points, "horizon": args.horizon, "season": season}
    try:
        asked = msgspec.convert(fields, ForecastAsked, from_attributes=True)
    except msgspec.ValidationError as error:
        path = str(error).rpartition("$.")[2].rstrip("`")
        raise CallerError(f"`{path}` is out of range", hint="comity forecast --help", field=path) from error
    found = forecast(asked)
    if args.plot:
        _draw(args.plot, points, found)
    say.result(args, msgspec.to_builtins(found), _told(found))
    return 0


def _season(said: str) -> int | None:
    if said == "auto":
        return None
    if not said.isascii() or not said.isdigit() or len(said) > 6 or int(said) < 1:
        raise CallerError(
            f"`{said}` is no season", code="usage", exit_code=2, hint="a number of steps, 1 for none, or `auto`", field="season"
        )
    return int(said)


def _told(found: Forecast) -> str:
    season = f"season of {found.season.length} by {found.season.found_by}" if found.season.length > 1 else "no season"
    lines = [f"model    {found.model}; each step a {found.every}; {season}", f"why      {found.why}"]
    tried = ", ".join(f"{row.model} {row.mase:.2f}" for row in found.tried if row.mase is not None)
    lines += [f"tried    {tried}   (error, 1 is what repeating the season is off by)"] if tried else []
    lines += [f"did not  {row.model}: {row.why_not}" for row in found.tried if row.mase is None]
    for step in found.steps:
        bounds = "".join(f"   {each.level} %: {each.low:.6g} to {each.high:.6g}" for each in step.intervals)
        lines.append(f"  {step.at:20} {step.value:12.6g}{bounds}")
    lines += [f"held     of {each.of} values in the past {each.share:.0%} lay in the interval of {each.level} %" for each in found.covered]
    lines += [f"odd      {each.at}: {each.value:.6g}, expected {each.expected:.6g} (z {each.z:+.1f})" for each in found.anomalies]
    lines += [f"note     {each}" for each in found.said]
    return "\n".join([*lines, f"if wrong {found.if_wrong}"])


def _watch(args: argparse.Namespace, season: int) -> int:
    import msgspec

    from comity.tasks.forecast import Watch
    from comity.tasks.forecast.table import rows

    watch = Watch(season=season)
    lines = sys.stdin if args.file == "-" else _bytes(args.file).decode("utf-8-sig", "replace").splitlines()
    for point in rows(lines):
        alert = watch.see(point.value)
        if alert is not None:
            at = f"{point.at} " if point.at else ""
            told = f"{at}value {alert.number}: {alert.value:.6g}, expected {alert.expected:.6g} (z {alert.z:+.1f})"
            text = told + (", and it stays so: taken as normal from here on" if alert.new_level else "")
            say.out(msgspec.json.encode(alert).decode() if args.json else text)
    return 0


def _draw(name: str, points: tuple[Point, ...], found: Forecast) -> None:
    from comity.tasks.forecast.plot import picture

    path = Path(name)
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("png", "svg"):
        raise CallerError(f"`{name}` is neither .png nor .svg", hint="--plot out.png", field="plot")
    try:
        path.write_bytes(picture(points, found, kind=kind))
    except OSError as error:
        raise CallerError(f"cannot write `{name}`: {error.strerror}", field="plot") from error


def _bytes(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read(_BYTES_MAX) if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CallerError(f"cannot read `{name}`: {error.strerror}", field="file") from error
