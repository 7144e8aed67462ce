# SPDX-License-Identifier: Apache-2.0
"""A file as points: `date,value` with a first line, or one number a line; commas, semicolons or tabs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from comity.errors import CallerError
from comity.tasks.forecast.shapes import POINTS_MAX, Point

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", ".", "?"})
BYTES_MAX = 16 << 20


def read(data: bytes) -> tuple[Point, ...]:
    """A whole file.  Raises CallerError, with the line."""
    if len(data) > BYTES_MAX:
        raise CallerError(f"the file is larger than {BYTES_MAX} bytes", hint="a shorter series, or wider steps", field="file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CallerError("the file is not CSV in UTF-8", hint="a first line `date,value`", field="file") from error
    points = tuple(islice(rows(io.StringIO(text, newline="")), POINTS_MAX + 1))
    if len(points) > POINTS_MAX:
        raise CallerError(f"more than {POINTS_MAX} lines", hint="a shorter series, or wider steps", field="file")
    if not points:
        raise CallerError("the file is empty", hint="a first line `date,value`", field="file")
    return points


def rows(lines: Iterable[str]) -> Iterator[Point]:
    """Each as soon as its line is there.  Raises CallerError, with the line."""
    there = iter(lines)
    begin = next((line for line in there if line.strip()), "")
    separator = next((mark for mark in "\t;," if mark in begin), ",")
    reader = csv.reader(chain([begin], there), delimiter=separator)
    at: int | None = None
    value = -1
    try:
        for row in reader:
            if not any(map(str.strip, row)):
                continue
            first = value < 0
            if first:
                at, value = _columns(row)
            if len(row) <= max(value, at or 0):
                raise CallerError(f"line {reader.line_num} has too few columns", hint="`date,value` on every line", field="file")
            found = _number(row[value], separator)
            if found is None:
                if first:
                    continue  # its titles
                raise CallerError(
                    f"line {reader.line_num} has no number where the value is", hint="leave it empty where it is missing", field="file"
                )
            yield Point(at=row[at].strip()[:64] if at is not None else "", value=None if math.isnan(found) else found)
    except csv.Error as error:
        raise CallerError(f"line {reader.line_num} is not CSV", hint="a first line `date,value`", field="file") from error


def _columns(first: list[str]) -> tuple[int | None, int]:
    """(column of the time or None, of the value).  By title where there is one, else the first two."""
    titles = [title.strip().lower() for title in first]
    if len(first) == 1:
        return None, 0
    value = next((titles.index(word) for word in ("value", "y", "values", "值", "数值") if word in titles), None)
    at = next((titles.index(word) for word in ("date", "time", "ds", "at", "month", "year", "day", "日期", "时间") if word in titles), None)
    if value is None:
        value = next(number for number in range(len(first)) if number != at) if at is not None else 1
    if at is None:
        at = 0 if value != 0 else 1
    return at, value


def _number(text: str, separator: str) -> float | None:
    """nan where it is missing, None where it is something else."""
    said = text.strip()
    if said.lower() in MISSING:
        return math.nan
    if separator != "," and "," in said and "." not in said:
        said = said.replace(",", ".")
    try:
        number = float(said.replace("_", "x"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
