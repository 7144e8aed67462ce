# SPDX-License-Identifier: Apache-2.0
"""`comity attest`: sign an image for a node, and verify what a node shows of its machine, offline and step by step."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import place, say
from comity.errors import CallerError, ComityError

if TYPE_CHECKING:
    from comity.seal.attestation import Expected

ABOUT = "verify what a node shows of its machine; sign its image"
FILE_BYTES_MAX = 1 << 20


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    builder = actions.add_parser("builder", help="a builder's key: made where there is none")
    builder.add_argument("file", metavar="FILE", type=Path, help="where it is kept, for its owner alone")
    actions.add_parser("node", help="the key with which the node of this home signs its keys")
    sign = actions.add_parser("sign", help="say as a builder which image a node may run")
    sign.add_argument("image", metavar="IMAGE", help="its digest, sha256:…")
    sign.add_argument("--builder", metavar="FILE", type=Path, required=True, help="the builder's key, as comity attest builder made it")
    sign.add_argument("--node", metavar="KEY", required=True, help="the node's signing key, as comity attest node prints it there")
    sign.add_argument("--days", metavar="N", type=int, default=90, help="for how long (90)")
    sign.add_argument("--out", metavar="FILE", type=Path, required=True, help="the statement, for node.evidence")
    verify = actions.add_parser("verify", help="evidence, or the document of a node (/comity/v1/node)")
    verify.add_argument("file", metavar="FILE", type=Path)
    verify.add_argument("--level", metavar="LEVEL", choices=("A0", "A1", "A2", "A3"), default="A0", help="the least that will do")
    verify.add_argument("--key", metavar="HASH", default="", help="of the key configuration, as Comity-Key names it (a document says it)")
    verify.add_argument("--image", metavar="IMAGE", default="", help="digest of the software, sha256:… (a document says it)")
    verify.add_argument("--builder", metavar="KEY", action="append", default=[], help="a builder whose word is taken; repeatable")
    verify.add_argument("--measurement", metavar="LINE", action="append", default=[], help="software that may run; repeatable")
    verify.add_argument("--tcb", metavar="STATUS", action="append", default=[], help="of Intel's, one that will do (UpToDate); repeatable")
    verify.add_argument("--collateral", metavar="FILE", type=Path, help="fresher than what the evidence brings")
    verify.add_argument("--at", metavar="TIME", default="", help="2026-11-27T12:00:00Z (now)")


def run(args: argparse.Namespace) -> int:
    return {"builder": _builder, "node": _node, "sign": _sign, "verify": _verify}[args.action](args)


def _builder(args: argparse.Namespace) -> int:
    return _public(args, args.file)


def _node(args: argparse.Namespace) -> int:
    from comity.gateway.roles.evidence import SIGNING_KEY
    from comity.storage.home import prepare

    home = place.home(args, place.configuration(args))
    prepare(home)
    return _public(args, home / SIGNING_KEY)


def _public(args: argparse.Namespace, path: Path) -> int:
    key = _private(path).public_key().public_bytes_raw().hex()
    say.result(args, {"key": key}, key)
    return 0


def _private(path: Path) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from comity.ports import SystemRandom
    from comity.storage.home import secret_key

    return Ed25519PrivateKey.from_private_bytes(secret_key(path, SystemRandom()))


def _sign(args: argparse.Namespace) -> int:
    from comity.ports import SystemClock
    from comity.seal.attestation.moment import spelled
    from comity.seal.attestation.software import ImageStatement, sign_image

    if not 0 < args.days <= 3650:
        raise CallerError("a statement holds for 1 to 3650 days", code="attestation.statement", field="days")
    if not args.builder.is_file():
        raise CallerError(
            f"`{args.builder}` is no builder's key", code="attestation.unreadable", hint=f"comity attest builder {args.builder}"
        )
    since = SystemClock().now()
    said = ImageStatement(image=args.image, node=args.node, since=spelled(since), until=spelled(since + timedelta(days=args.days)))
    made = sign_image(said, _private(args.builder))
    try:
        args.out.write_bytes(made)
    except OSError as error:
        raise CallerError(f"cannot write `{args.out}`: {error.strerror}", code="attestation.unreadable") from None
    say.result(args, {"statement": str(args.out), "until": said.until}, f"{args.out}  holds until {said.until}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    from comity.ports import SystemClock
    from comity.seal.attestation import measurement, verify

    at = _moment(args.at) if args.at else SystemClock().now()
    collateral = _read(args.collateral) if args.collateral else None
    told: list[dict[str, Any]] = []
    pins = {"level": args.level, "builders": tuple(args.builder), "measurements": tuple(map(measurement, args.measurement))}
    if args.tcb:
        pins["tcb"] = tuple(args.tcb)
    for evidence, expected in _cases(args, pins):
        try:
            found = verify(evidence, collateral, at, expected)
        except ComityError as failure:
            told.append({"held": False, "steps": list(getattr(failure, "steps", ()))})
            say.result(args, told, "\n\n".join(map(_lines, told)))
            raise
        told.append({"held": True, **found.to_json()})
    say.result(args, told, "\n\n".join(map(_lines, told)))
    return 0


def _cases(args: argparse.Namespace, pins: Mapping[str, Any]) -> Iterator[tuple[bytes, Expected]]:
    """Evidence with what it is held against: of each entry of a node's document, or of a file by the flags."""
    from comity.client.document import claims
    from comity.seal.attestation import Expected

    data = _read(args.file)
    if b'"comity.node.v1"' in data[:64]:
        import hashlib

        for claim in claims(data):
            entry = claim.entry
            yield entry.evidence_bytes, Expected(key=hashlib.sha256(entry.key_bytes).digest(), image=entry.image, **pins)
        return
    try:
        key = bytes.fromhex(args.key.removeprefix("sha256/"))
    except ValueError:
        raise CallerError("`--key` is 64 hexadecimal digits", code="attestation.expected", field="key") from None
    yield data, Expected(key=key, image=args.image, **pins)


def _lines(told: Mapping[str, Any]) -> str:
    steps: Sequence[Mapping[str, Any]] = told["steps"]
    lines = [f"{'held' if step['held'] else 'FAILED':6}  {step['name']:11}  {step['asked']}\n{'':21}{step['found']}" for step in steps]
    if told["held"]:
        lines.append(": ".join([f"{told['level']} ({told['kind']})", *told["words"]]))
    return "\n".join(lines)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise CallerError(f"cannot read `{path}`: {error.strerror}", code="attestation.unreadable", hint="name a file") from None
    if len(data) > FILE_BYTES_MAX:
        raise CallerError(f"`{path}` is larger than evidence can be", code="attestation.unreadable")
    return data


def _moment(text: str) -> datetime:
    from comity.seal.attestation.moment import instant

    try:
        return instant(text)
    except ValueError:
        raise CallerError("`--at` is written 2026-11-27T12:00:00Z", code="attestation.expected", field="at") from None
