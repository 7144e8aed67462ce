# SPDX-License-Identifier: Apache-2.0
"""Whose request it is: a signature that holds here and now, or a Bedrock API key.

https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime

from comity.lab.simulators.answer import Request
from comity.lab.simulators.bedrock.errors import signature as wrong
from comity.providers.adapters.bedrock.sigv4 import ALGORITHM, ENDING, Scope, signature

ACCESS_KEY = "AKIALABLABLABLABLABL"
SKEW_SECONDS_MAX = 300
_STAMP = "%Y%m%dT%H%M%SZ"
_SIGNED = re.compile(
    rf"{ALGORITHM} Credential=([^/,\s]+)/(\d{{8}})/([a-z0-9-]+)/([a-z0-9-]+)/{ENDING}"
    r", ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)
SecretOf = Callable[[str], str]  # of a region


def shown(request: Request, path: str, secret_of: SecretOf) -> str:
    """The secret with which it was signed, or the API key; "" for none.  Raises Trouble for a signature that does not hold.

    ``path`` as it was sent.  Whether the key is one of this region the frame sees: it compares what is returned with its own.
    """
    told = request.headers.get("authorization", "")
    if told.startswith("Bearer "):
        return told.removeprefix("Bearer ")
    if not told:
        raise wrong("Missing Authentication Token", "MissingAuthenticationTokenException")
    found = _SIGNED.fullmatch(told)
    if found is None:
        raise wrong("Authorization header requires 'Credential', 'SignedHeaders' and 'Signature'.", "IncompleteSignatureException")
    access, day, region, service, signed, proof = found.groups()
    if access != ACCESS_KEY:
        raise wrong("The security token included in the request is invalid.", "UnrecognizedClientException")
    stamp = request.headers.get("x-amz-date", "")
    _in_time(stamp, day, request.at)
    if service != "bedrock":
        raise wrong("Credential should be scoped to correct service: 'bedrock'. ")
    names = signed.split(";")
    needed = {"host", "x-amz-date", *(name for name in request.headers if name == "x-amz-security-token")}
    if missing := sorted(needed - set(names)) + [name for name in names if name not in request.headers]:
        raise wrong(f"'{missing[0]}' must be a 'SignedHeader' in the AWS Authorization.")
    secret = secret_of(region)
    headers = {name: request.headers[name] for name in names}
    expected = signature(request.method, path, headers, request.body, secret_key=secret, scope=Scope(day, region, service), stamp=stamp)
    if not hmac.compare_digest(expected, proof):
        raise wrong(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing "
            "method. Consult the service documentation for details."
        )
    return secret


def _in_time(stamp: str, day: str, at: float) -> None:
    try:
        when = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise wrong("Date must be in ISO-8601 'basic format'.", "IncompleteSignatureException") from None
    if stamp[:8] != day:
        raise wrong(f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{day}' != '{stamp[:8]}'")
    now = datetime.fromtimestamp(at, UTC).strftime(_STAMP)
    if when.timestamp() < at - SKEW_SECONDS_MAX:
        limit = datetime.fromtimestamp(at - SKEW_SECONDS_MAX, UTC).strftime(_STAMP)
        raise wrong(f"Signature expired: {stamp} is now earlier than {limit} ({now} - 5 min.)")
    if when.timestamp() > at + SKEW_SECONDS_MAX:
        limit = datetime.fromtimestamp(at + SKEW_SECONDS_MAX, UTC).strftime(_STAMP)
        raise wrong(f"Signature not yet current: {stamp} is still later than {limit} ({now} + 5 min.)")
