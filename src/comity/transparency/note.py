# SPDX-License-Identifier: Apache-2.0
"""Signed notes and checkpoints, as C2SP signed-note and tlog-checkpoint define them; Ed25519 signatures only."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, NamedTuple

from comity.transparency.merkle import HASH_BYTES

NOTE_BYTES_MAX = 262_144  # C2SP: at least 16 signatures, and post-quantum ones take nearly 5 kB each
_ED25519 = b"\x01"
_DASH = "\u2014 "


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


class Verifier(NamedTuple):
    """A key that notes are checked with; `vkey` is its C2SP spelling."""

    name: str
    id: bytes
    public: bytes

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    def holds(self, message: bytes, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """The log's own key.  ``seed``: 32 bytes, an RFC 8032 private key."""

    def __init__(self, name: str, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key: Any = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = verifier(name, self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Signer({self.verifier.name!r})"

    def sign(self, message: bytes) -> bytes:
        return bytes(self._key.sign(message))

    def note(self, text: str) -> str:
        """``text`` ends with a line feed."""
        signature = base64.b64encode(self.verifier.id + self.sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.verifier.name} {signature}\n"


def verifier(name: str, public: bytes) -> Verifier:
    if not _is_name(name):
        raise ValueError("a key's name is not empty, can be printed, and holds neither space nor plus")
    return Verifier(name, hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4], public)


def _is_name(name: str) -> bool:
    """C2SP bars spaces and plus; letters that cannot be printed are barred here, for names are shown to people."""
    return name.isprintable() and not {" ", "+"} & {*name} and name != ""


def _decoded(text: str) -> bytes:
    """Base64 in its one spelling: a changed bit is never passed over.  Raises ValueError."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def parse_vkey(text: str) -> Verifier:
    """Raises ValueError saying what is wrong."""
    name, _, rest = text.partition("+")
    identity, _, key = rest.partition("+")
    try:
        raw = _decoded(key)
    except ValueError:
        raise ValueError("the verifier key is not `name+id+key`") from None
    if raw[:1] != _ED25519 or len(raw) != 33:
        raise ValueError("the verifier key is not an Ed25519 key")
    found = verifier(name, raw[1:])
    if identity != found.id.hex():
        raise ValueError("the verifier key's id does not fit its name and key")
    return found


def opened(note: str, key: Verifier) -> str:
    """The text of a note that ``key`` signed.  Raises ValueError.  Signatures of other keys are passed over, as C2SP says."""
    if len(note.encode()) > NOTE_BYTES_MAX:  # a lone surrogate is a ValueError already
        raise ValueError("the note is too large")
    text, mark, signatures = note.rpartition("\n\n")
    text += "\n"
    if not mark or not signatures.endswith("\n"):
        raise ValueError("the note is not text, an empty line, and signatures")
    if any(ord(letter) < 0x20 and letter != "\n" for letter in note):
        raise ValueError("the note holds a control character")
    mine = 0
    for line in signatures[:-1].split("\n"):
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space or not _is_name(name):
            raise ValueError("a signature line of the note is not one")
        try:
            raw = _decoded(encoded)
        except ValueError:
            raise ValueError("a signature of the note is not base64") from None
        if len(raw) < 5:
            raise ValueError("a signature of the note is too short")
        if name == key.name and raw[:4] == key.id:
            mine += 1
            if mine > 1 or not key.holds(text.encode(), raw[4:]):
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
    if not (size.isascii() and size.isdecimal()) or (size[0] == "0" and size != "0") or len(size) > 20:
        raise ValueError("the checkpoint's size is not a number without leading zeros")
    try:
        raw = _decoded(root)
    except ValueError:
        raise ValueError("the checkpoint's root is not base64") from None
    if len(raw) != HASH_BYTES:
        raise ValueError("the checkpoint's root is not 32 bytes")
    return Checkpoint(origin, int(size), raw)
