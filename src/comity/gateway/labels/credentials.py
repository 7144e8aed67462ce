# SPDX-License-Identifier: Apache-2.0
"""C2PA manifests through `c2pa-python` (the extra `c2pa`): the signed, machine-readable mark (EU AI Act art. 50(2)).

Nothing is fetched: no remote manifest, no revocation list, no time stamp.  So `valid` says that the file is as it was signed; whether
the signer is one to trust is for whoever keeps a list of such.
"""

from __future__ import annotations

import io
import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import msgspec

from comity.errors import OperatorError
from comity.gateway.labels.xmp import GENERATED

EXTRA = "pip install 'comity[c2pa]'"
_SETTINGS = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's signature: PEM, as read from where the configuration says; the certificate first, its issuers after it."""

    certificates: bytes
    key: bytes
    algorithm: str = "es256"
    name: str = "Comity"


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What a manifest says.  ``valid`` is None where nothing here can check it."""

    valid: bool | None = None
    signer: str = ""
    generated: bool = False


def is_here() -> bool:
    return find_spec("c2pa") is not None


def sign(data: bytes, before: bytes, kind: str, signer: Signer) -> bytes:
    """``before``: the file as it came; where it was signed, its manifest is carried on as what this one was made from."""
    c2pa = _c2pa()
    made: dict[str, Any] = {"action": "c2pa.created", "digitalSourceType": GENERATED}
    try:
        with c2pa.Context.from_dict(_SETTINGS) as context:
            known = _is_signed(c2pa, context, before, kind)
            actions = [{"action": "c2pa.edited"}] if known else [made]
            manifest = {
                "claim_generator_info": [{"name": signer.name}],
                "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
            }
            info = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.certificates, signer.key, None)
            out = io.BytesIO()
            with c2pa.Signer.from_info(info) as signing, c2pa.Builder(json.dumps(manifest), context) as builder:
                if known:
                    builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
                    builder.add_ingredient({"relationship": "parentOf"}, kind, io.BytesIO(before))
                builder.sign(signing, kind, io.BytesIO(data), out)
            return out.getvalue()
    except c2pa.C2paError as error:
        raise OperatorError(
            "the file cannot be signed for C2PA", code="label.signer", hint="do certificate, key and algorithm belong together?"
        ) from error


def read(data: bytes, kind: str, manifest: bytes) -> Credential:
    """``manifest``: its bytes in the file, from which little can be said without the extra."""
    generated = b"trainedAlgorithmicMedia" in manifest
    if not is_here():
        return Credential(generated=generated)
    c2pa = _c2pa()
    try:
        with c2pa.Context.from_dict(_SETTINGS) as context, c2pa.Reader(kind, io.BytesIO(data), context=context) as reader:
            state, told = reader.get_validation_state(), json.loads(reader.json())
    except (c2pa.C2paError, ValueError):
        return Credential(valid=False, generated=generated)
    active = told.get("manifests", {}).get(told.get("active_manifest"), {})
    signed = active.get("signature_info", {})
    return Credential(
        valid=state in ("Valid", "Trusted"),
        signer=str(signed.get("issuer") or signed.get("common_name") or ""),
        generated=generated or "trainedAlgorithmicMedia" in json.dumps(told.get("manifests", {})),
    )


def _is_signed(c2pa: Any, context: Any, data: bytes, kind: str) -> bool:
    try:
        with c2pa.Reader(kind, io.BytesIO(data), context=context):
            return True
    except c2pa.C2paError.ManifestNotFound:
        return False


def _c2pa() -> Any:
    try:
        return import_module("c2pa")
    except ImportError as error:
        raise OperatorError("C2PA needs c2pa-python", code="label.no_extra", hint=EXTRA) from error
