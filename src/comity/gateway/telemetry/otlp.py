# SPDX-License-Identifier: Apache-2.0
"""Spans and metrics in the JSON of OTLP 1.9, which every collector takes over HTTP beside protobuf.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: ids are hexadecimal, whole numbers of 64 bits are strings,
enumerations are numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from comity import __version__
from comity.gateway.metrics import SECONDS, Counter, Family, Histogram, Numbers
from comity.gateway.telemetry.spans import Span, Value

TRACES, METRICS = "/v1/traces", "/v1/metrics"
CUMULATIVE, ERROR = 2, 2
_encode = msgspec.json.Encoder().encode
_SCOPE = {"name": "comity", "version": __version__}


def traces(spans: Iterable[Span], resource: Mapping[str, Value]) -> bytes:
    told = [_span(span) for span in spans]
    return _encode({"resourceSpans": [{"resource": _resource(resource), "scopeSpans": [{"scope": _SCOPE, "spans": told}]}]})


def metrics(families: Sequence[Family], resource: Mapping[str, Value], *, begin_ns: int, now_ns: int) -> bytes:
    """Names and labels are those of `/metrics`, so one dashboard reads both."""
    times = {"startTimeUnixNano": str(begin_ns), "timeUnixNano": str(now_ns)}
    told = [made for family in families if (made := _metric(family, times))]
    return _encode({"resourceMetrics": [{"resource": _resource(resource), "scopeMetrics": [{"scope": _SCOPE, "metrics": told}]}]})


def _resource(attributes: Mapping[str, Value]) -> dict[str, Any]:
    return {"attributes": _attributes(attributes)}


def _attributes(given: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in given.items()]


def _value(value: Value) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"doubleValue": value}


def _span(span: Span) -> dict[str, Any]:
    made: dict[str, Any] = {
        "traceId": span.trace, "spanId": span.id, "name": span.name, "kind": int(span.kind), "attributes": _attributes(span.attributes),
        "startTimeUnixNano": str(span.begin_ns), "endTimeUnixNano": str(span.end_ns),
    }  # fmt: skip
    if span.parent:
        made["parentSpanId"] = span.parent
    if span.error:
        made["status"] = {"code": ERROR, "message": span.error}
    return made


def _metric(family: Family, times: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {"name": family.name, "description": family.about}
    points: list[dict[str, Any]]
    if isinstance(family, Histogram):
        points = [
            {
                **times, "attributes": _labels(family, values), "explicitBounds": SECONDS, "sum": buckets.sum,
                "bucketCounts": [str(count) for count in buckets.counts], "count": str(sum(buckets.counts)),
            }
            for values, buckets in family.items()
        ]  # fmt: skip
        made |= {"unit": "s", "histogram": {"aggregationTemporality": CUMULATIVE, "dataPoints": points}}
    elif isinstance(family, Numbers):
        points = [{**times, "attributes": _labels(family, values), "asDouble": float(count)} for values, count in family.items()]
        grows = isinstance(family, Counter)
        how = {"aggregationTemporality": CUMULATIVE, "isMonotonic": True} if grows else {}
        made["sum" if grows else "gauge"] = {**how, "dataPoints": points}
    return made if family else {}


def _labels(family: Family, values: Sequence[str]) -> list[dict[str, Any]]:
    return _attributes(dict(zip(family.labels, values, strict=True)))
