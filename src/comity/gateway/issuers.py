# SPDX-License-Identifier: Apache-2.0
"""Who may sign what is said of a person: JWS tokens (RFC 7515, RFC 7519) from the issuers of `comity.toml`.

One algorithm for each issuer, named by the operator and never by the token.  A token serves until it expires; it lives for a day
at the most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from comity.config import IssuerConfig
from comity.errors import CallerError, OperatorError
from comity.gateway.subject import Said, said

LIFETIME_SECONDS_MAX = 86_400
SKEW_SECONDS_MAX = 60
_REGISTERED = ("iss", "aud", "iat", "exp", "jti", "sub", "nbf")


class Issuers:
    """``keys``: (configuration, public key) by issuer."""

    def __init__(self, keys: Mapping[str, tuple[IssuerConfig, Any]]) -> None:
        self._keys = dict(keys)

    def subject(self, token: str, now: datetime) -> Said:
        """What the token says, once its signature, audience and times hold.  Raises CallerError (401)."""
        import jwt

        try:
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise _bad("it is not a JWS with JSON claims") from None
        # 1. the issuer is one we know, with the key and the one algorithm configured for it
        if not isinstance(issuer, str) or issuer not in self._keys:
            raise _bad("its issuer is not configured")
        config, key = self._keys[issuer]
        # 2. signature, audience; 3. every registered claim is there
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[config.algorithm], audience=config.aud, issuer=issuer,
                options={"require": ["iss", "aud", "iat", "exp", "jti"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )  # fmt: skip
        except jwt.InvalidSignatureError:
            raise _bad("its signature does not hold") from None
        except jwt.InvalidAudienceError:
            raise _bad("it was made for another audience") from None
        except jwt.MissingRequiredClaimError as error:
            raise _bad(f"claim `{error.claim}` is missing") from None
        except (jwt.PyJWTError, ValueError):
            raise _bad("it does not verify") from None
        # 4. our clock, not the library's
        _check_times(claims, now)
        facts = said({name: value for name, value in claims.items() if name not in _REGISTERED} | {"id": claims.get("sub")})
        # Two issuers may both know a `u-81`; they are not the same person.
        return msgspec.structs.replace(facts, id=f"{issuer} {facts.id}" if facts.id is not None else None)


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    times = {name: claims.get(name) for name in ("iat", "exp", "nbf")}
    if any(value is not None and (isinstance(value, bool) or not isinstance(value, int | float)) for value in times.values()):
        raise _bad("a time in it is not a number")
    at, issued, expires = now.timestamp(), float(claims["iat"]), float(claims["exp"])
    if not expires > at:
        raise _bad("it has expired")
    if issued > at + SKEW_SECONDS_MAX or float(times["nbf"] or 0) > at + SKEW_SECONDS_MAX:
        raise _bad("it is not valid yet")
    if not 0 < expires - issued <= LIFETIME_SECONDS_MAX:
        raise _bad(f"it lives for more than {LIFETIME_SECONDS_MAX} seconds")


def _bad(why: str) -> CallerError:
    return CallerError(
        f"the subject token is refused: {why}", code="request.subject_token", status=401, field="comity-subject.token",
        hint="ask its issuer for a new one (JWS, EdDSA or ES256, with iss, aud, iat, exp and jti)",
    )  # fmt: skip


def load_issuers(configs: Sequence[IssuerConfig]) -> Issuers:
    """Reads each public key once.  Raises OperatorError naming the issuer's field."""
    keys: dict[str, tuple[IssuerConfig, Any]] = {}
    for place, config in enumerate(configs):
        field = f"issuers[{place}]"
        if config.iss in keys:
            raise OperatorError(f"issuer `{config.iss}` stands twice", code="config.invalid", field=f"{field}.iss", hint="keep one")
        keys[config.iss] = (config, _public_key(config, f"{field}.public_key"))
    return Issuers(keys)


def _public_key(config: IssuerConfig, field: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(Path(config.public_key).expanduser().read_bytes())
    except OSError as error:
        raise OperatorError(f"cannot read `{config.public_key}`: {error.strerror}", code="config.invalid", field=field) from None
    except (ValueError, UnsupportedAlgorithm):
        raise OperatorError(
            f"`{config.public_key}` is not a public key in PEM", code="config.invalid", field=field,
            hint="openssl pkey -in private.pem -pubout",
        ) from None  # fmt: skip
    fits = isinstance(key, ed25519.Ed25519PublicKey) if config.algorithm == "EdDSA" else (
        isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    )  # fmt: skip
    if not fits:
        wanted = "an Ed25519" if config.algorithm == "EdDSA" else "a P-256"
        raise OperatorError(f"`{config.public_key}` is not {wanted} key, as {config.algorithm} asks", code="config.invalid", field=field)
    return key
