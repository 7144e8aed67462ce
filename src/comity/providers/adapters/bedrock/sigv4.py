# SPDX-License-Identifier: Apache-2.0
"""AWS Signature Version 4, as far as a POST with a body needs it: no query, nothing presigned.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html; held to AWS's own vectors (tests/vectors/aws).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

ALGORITHM, ENDING = "AWS4-HMAC-SHA256", "aws4_request"
_UNRESERVED = "/-._~"
_BLANKS = re.compile(r" +")


class Credentials(NamedTuple):
    access_key: str
    secret_key: str
    session_token: str = ""

    @classmethod
    def of(cls, secret: str) -> Credentials | None:
        """`ACCESSKEYID:SECRET` or `ACCESSKEYID:SECRET:SESSIONTOKEN`; None for a Bedrock API key, which has no colon."""
        access, colon, rest = secret.partition(":")
        key, _, token = rest.partition(":")
        return cls(access, key, token) if colon else None


class Scope(NamedTuple):
    """What a signature is good for: one day, one region, one service."""

    day: str
    region: str
    service: str

    def __str__(self) -> str:
        return "/".join((*self, ENDING))


def signed(
    method: str, path: str, headers: Mapping[str, str], body: bytes, *, credentials: Credentials, region: str, service: str, at: datetime
) -> dict[str, str]:
    """The headers that are to be added.  ``path`` as it is sent, already encoded; ``headers``: lower-case names, `host` among them."""
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    added = {"x-amz-date": stamp}
    if credentials.session_token:
        added["x-amz-security-token"] = credentials.session_token
    scope = Scope(stamp[:8], region, service)
    all_of_them = {**headers, **added}
    names = ";".join(sorted(all_of_them))
    proof = signature(method, path, all_of_them, body, secret_key=credentials.secret_key, scope=scope, stamp=stamp)
    shown = f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={proof}"
    return added | {"authorization": shown}


def signature(method: str, path: str, headers: Mapping[str, str], body: bytes, *, secret_key: str, scope: Scope, stamp: str) -> str:
    """Over exactly these headers.  The path is encoded once more than it is sent, as every service but S3 does."""
    lines = [f"{name}:{_BLANKS.sub(' ', headers[name].strip())}\n" for name in sorted(headers)]
    canonical = "\n".join(
        (method, quote(path, safe=_UNRESERVED), "", "".join(lines), ";".join(sorted(headers)), hashlib.sha256(body).hexdigest())
    )
    to_sign = "\n".join((ALGORITHM, stamp, str(scope), hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret_key}".encode()
    for part in (*scope, ENDING):
        key = _mac(key, part)
    return _mac(key, to_sign).hex()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
