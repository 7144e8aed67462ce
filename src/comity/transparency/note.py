# SPDX-License-Identifier: Apache-2.0
"""Signed notes and checkpoints, as C2SP signed-note, tlog-checkpoint and tlog-cosignature define them.

Three kinds of key (signed-note, "Signature types"): Ed25519 over the note's text, with which a log signs its own; and the cosignatures
of a witness, which bind the moment too: Ed25519 over a line of its own and the text, or ML-DSA-44 over the checkpoint's parts.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from comity.transparency.merkle import HASH_BYTES

SIZE_MAX = (1 << 63) - 1  # of a tree: what the formats and the databases count with
NOTE_BYTES_MAX = 262_144  # C2SP: at least 16 signatures, and post-quantum ones take nearly 5 kB each
Kind = Literal[0x01, 0x04, 0x06]
ED25519: Kind = 0x01
COSIGNED_ED25519: Kind = 0x04
COSIGNED_MLDSA44: Kind = 0x06
COSIGNED: tuple[Kind, ...] = (COSIGNED_MLDSA44, COSIGNED_ED25519)
PUBLIC_BYTES: dict[Kind, int] = {ED25519: 32, COSIGNED_ED25519: 32, COSIGNED_MLDSA44: 1312}
SIGNATURE_BYTES: dict[Kind, int] = {ED25519: 64, COSIGNED_ED25519: 72, COSIGNED_MLDSA44: 2428}
_NAMES: dict[Kind, str] = {ED25519: "Ed25519", COSIGNED_ED25519: "Ed25519 cosignature", COSIGNED_MLDSA44: "ML-DSA-44 cosignature"}
_TIME_BYTES = 8
_DASH = "\u2014 "


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


class Line(NamedTuple):
    """One signature of a note, not yet checked."""

    name: str
    id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.id + self.signature).decode()}\n"


class Verifier(NamedTuple):
    """A key that notes are checked with; `vkey` is its C2SP spelling."""

    name: str
    id: bytes
    public: bytes
    kind: Kind = ED25519

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def holds(self, message: bytes, signature: bytes) -> bool:
        """``message``: of a cosignature, the text of a checkpoint."""
        from cryptography.exceptions import InvalidSignature

        if len(signature) != SIGNATURE_BYTES[self.kind]:
            return False
        try:
            if self.kind == ED25519:
                _public(self.kind, self.public).verify(signature, message)
            else:
                at, signed = said_at(signature), signature[_TIME_BYTES:]
                _public(self.kind, self.public).verify(signed, _cosigned(self.kind, self.name, at, message))
        except (InvalidSignature, ValueError):
            return False
        return True

    def among(self, lines: list[Line]) -> list[Line]:
        return [line for line in lines if line.name == self.name and line.id == self.id]


@lru_cache(maxsize=256)
def _public(kind: Kind, public: bytes) -> Any:
    """Raises ValueError."""
    if kind == COSIGNED_MLDSA44:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

        return MLDSA44PublicKey.from_public_bytes(public)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public)


class Signer:
    """A key of our own.  ``seed``: 32 bytes; of Ed25519 an RFC 8032 private key, of ML-DSA-44 the seed of FIPS 204.

    One public key is one cosigner: an Ed25519 cosignature does not say whose name it is under (tlog-cosignature, "Ed25519 signed message").
    """

    def __init__(self, name: str, seed: bytes, kind: Kind = ED25519) -> None:
        if kind == COSIGNED_MLDSA44:
            from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

            self._key: Any = MLDSA44PrivateKey.from_seed_bytes(seed)
        else:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

            self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = verifier(name, self._key.public_key().public_bytes_raw(), kind)

    def __repr__(self) -> str:
        return f"Signer({self.verifier.name!r})"

    def sign(self, message: bytes) -> bytes:
        return bytes(self._key.sign(message))

    def note(self, text: str) -> str:
        """``text`` ends with a line feed."""
        if self.verifier.kind != ED25519:
            raise ValueError("a cosigner's key says when: cosign with it")
        return f"{text}\n{Line(self.verifier.name, self.verifier.id, self.sign(text.encode()))}"

    def cosignature(self, text: str, at: int) -> Line:
        """``text``: of a checkpoint.  ``at``: seconds since 1970.  Raises ValueError."""
        kind, name = self.verifier.kind, self.verifier.name
        signed = self.sign(_cosigned(kind, name, at, text.encode()))
        return Line(name, self.verifier.id, at.to_bytes(_TIME_BYTES, "big") + signed)


def said_at(signature: bytes) -> int:
    """When a cosignature says that it was made, in seconds since 1970.  Raises ValueError."""
    at = int.from_bytes(signature[:_TIME_BYTES], "big")
    if at >= 1 << 63:
        raise ValueError("a cosignature's time is none")
    return at


def _cosigned(kind: Kind, name: str, at: int, text: bytes) -> bytes:
    """What a cosigner signs.  Raises ValueError where the text is no checkpoint."""
    if kind == COSIGNED_ED25519:
        return b"cosignature/v1\ntime %d\n" % at + text
    if kind != COSIGNED_MLDSA44:
        raise ValueError("a log's own key cosigns nothing")
    head, said = parse_checkpoint(text.decode()), name.encode()
    origin = head.origin.encode()
    if len(said) > 255 or len(origin) > 255:
        raise ValueError("a name is too long to be cosigned")
    parts = (b"subtree/v1\n\x00", bytes([len(said)]), said, at.to_bytes(8, "big"), bytes([len(origin)]), origin, bytes(8),
             head.size.to_bytes(8, "big"), head.root)  # fmt: skip
    return b"".join(parts)


def verifier(name: str, public: bytes, kind: Kind = ED25519) -> Verifier:
    if not _is_name(name):
        raise ValueError("a key's name is not empty, can be printed, and holds neither space nor plus")
    return Verifier(name, hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4], public, kind)


def _is_name(name: str) -> bool:
    """C2SP bars spaces and plus; letters that cannot be printed are barred here, for names are shown to people."""
    return name.isprintable() and not {" ", "+"} & {*name} and name != ""


def decoded(text: str) -> bytes:
    """Base64 in its one spelling: a changed bit is never passed over.  Raises ValueError."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def parse_vkey(text: str, *kinds: Kind) -> Verifier:
    """``kinds``: that are taken; without any, a log's own (Ed25519).  Raises ValueError saying what is wrong."""
    name, _, rest = text.partition("+")
    identity, _, key = rest.partition("+")
    try:
        raw = decoded(key)
    except ValueError:
        raise ValueError("the verifier key is not `name+id+key`") from None
    kind = next((each for each in kinds or (ED25519,) if raw[:1] == bytes([each]) and len(raw) == 1 + PUBLIC_BYTES[each]), None)
    if kind is None:
        raise ValueError(f"the verifier key is not an {' or '.join(_NAMES[each] for each in kinds or (ED25519,))} key")
    found = verifier(name, raw[1:], kind)
    if identity != found.id.hex():
        raise ValueError("the verifier key's id does not fit its name and key")
    return found


def parse_note(note: str) -> tuple[str, list[Line]]:
    """The text and its signatures, none of them checked.  Raises ValueError."""
    if len(note.encode()) > NOTE_BYTES_MAX:  # a lone surrogate is a ValueError already
        raise ValueError("the note is too large")
    text, mark, signatures = note.rpartition("\n\n")
    if not mark or not signatures.endswith("\n"):
        raise ValueError("the note is not text, an empty line, and signatures")
    if any(ord(letter) < 0x20 and letter != "\n" for letter in note):
        raise ValueError("the note holds a control character")
    return text + "\n", parse_lines(signatures)


def parse_lines(signatures: str) -> list[Line]:
    """Signature lines alone, as a witness answers them.  Raises ValueError."""
    return [_line(line) for line in signatures.removesuffix("\n").split("\n")]


def _line(line: str) -> Line:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _is_name(name):
        raise ValueError("a signature line of the note is not one")
    try:
        raw = decoded(encoded)
    except ValueError:
        raise ValueError("a signature of the note is not base64") from None
    if len(raw) < 5:
        raise ValueError("a signature of the note is too short")
    return Line(name, raw[:4], raw[4:])


def opened(note: str, key: Verifier) -> str:
    """The text of a note that ``key`` signed.  Raises ValueError.  Signatures of other keys are passed over, as C2SP says."""
    text, lines = parse_note(note)
    mine = key.among(lines)
    if any(not key.holds(text.encode(), line.signature) for line in mine) or len(mine) > 1:
        raise ValueError("the note's signature does not hold")
    if not mine:
        raise ValueError("the note is not signed by this key")
    return text


def checkpoint_text(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Raises ValueError.  Further lines (extensions) are allowed and not read."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "" or not all(lines[:-1]):
        raise ValueError("the checkpoint has no origin, size and root")
    origin, size, root = lines[:3]
    try:
        raw = decoded(root)
    except ValueError:
        raise ValueError("the checkpoint's root is not base64") from None
    if len(raw) != HASH_BYTES:
        raise ValueError("the checkpoint's root is not 32 bytes")
    return Checkpoint(origin, parse_size(size), raw)


def parse_size(text: str) -> int:
    """Raises ValueError."""
    if not (text.isascii() and text.isdecimal()) or (text[0] == "0" and text != "0") or len(text) > 20:
        raise ValueError("the checkpoint's size is not a number without leading zeros")
    if int(text) > SIZE_MAX:
        raise ValueError("no tree is so large")
    return int(text)


def signed_checkpoint(note: str, key: Verifier) -> Checkpoint:
    """A checkpoint of the log whose key this is.  Raises ValueError."""
    head = parse_checkpoint(opened(note, key))
    if head.origin != key.name:
        raise ValueError("the checkpoint is of another log")
    return head
