# SPDX-License-Identifier: Apache-2.0
"""An OpenID Connect issuer on loopback, with keys of its own: what it says can be bent, and it holds its caller to what was agreed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

CLIENT, SECRET = "comity-console", "s3cret & more"
Bend = Callable[[dict[str, Any]], None]


def _public(key: ec.EllipticCurvePrivateKey, name: str) -> dict[str, str]:
    made: dict[str, str] = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    return made | {"kid": name, "use": "sig", "alg": "ES256"}


class Issuer:
    """``bend`` changes the claims before they are signed, ``document`` what is told of the issuer; ``sign`` signs in another way."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now, self.key = now, ec.generate_private_key(ec.SECP256R1())
        self.claims: dict[str, Any] = {"sub": "lena@vogel.example", "groups": ["privacy-office", "all-staff"]}
        self.bend: Bend = lambda claims: None
        self.document: Bend = lambda document: None
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    async def __aenter__(self) -> Issuer:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, algorithm="ES256", headers={"kid": "one"})

    def agreed_to(self, url: str) -> str:
        """A person signs in there: the query with which the browser is sent back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{self.url}/authorize?") and asked["client_id"] == CLIENT and asked["scope"] == "openid"
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return urlencode({"code": code, "state": asked["state"], "iss": self.url})

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        asked = self._codes.pop(form.get("code", ""), None)
        shown = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if shown != f"{CLIENT}:s3cret%20%26%20more":
            return 401, {"error": "invalid_client"}
        at = int(self.now())
        claims = self.claims | {"iss": self.url, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": asked["nonce"]}
        self.bend(claims)
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.sign(claims)}

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append(f"{method} {path}")
        status, said = 404, {}
        if path == "/.well-known/openid-configuration":
            said = {"issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
                    "jwks_uri": f"{self.url}/keys", "id_token_signing_alg_values_supported": ["ES256"]}  # fmt: skip
            self.document(said)
            status = 200
        elif path == "/keys":
            status, said = 200, {"keys": [_public(self.key, "one")]}
        elif path == "/token" and method == "POST":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            status, said = self._token(form, headers.get("authorization", ""))
        raw = json.dumps(said).encode()
        begun = b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        writer.write(begun % (status, len(raw)) + raw)
        await writer.drain()
        writer.close()
