# SPDX-License-Identifier: Apache-2.0
"""The vaults of conversations: so many at once, each erased when its conversation has been idle, or sealed to outlive the process.

Nothing here names a conversation: a vault is found by a keyed hash of the id, and the key is this process's.
"""

from __future__ import annotations

import hashlib
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from comity.errors import TrustFailure
from comity.ports import Clock, Random
from comity.privacy.pseudonym import KeptTokens, Pseudonyms, Vault
from comity.privacy.surrogate import KeptSurrogates, SurrogateVault

VAULTS_MAX = 1024
IDLE_SECONDS_MAX = 3600.0
KEY_BYTES = 32

_VERSION = b"comity-vault-1\0"
_NONCE_BYTES = 12
_HEAD = struct.Struct(f">{len(_VERSION)}sq")  # version, and when it expires in seconds since 1970


class _Kept:
    __slots__ = ("used", "uses", "vault")

    def __init__(self, vault: Pseudonyms) -> None:
        self.vault, self.uses, self.used = vault, 0, 0.0


class Vaults:
    """One vault a conversation, made by ``new``.  ``key``: 16 to 64 random bytes.  For one thread.

    The clock runs while a vault lies idle: one that is lent, to a long stream perhaps, is neither erased nor pushed out.
    Whoever owns this calls `sweep` from time to time; lending sweeps as well.
    """

    def __init__(
        self,
        new: Callable[[], Pseudonyms],
        *,
        clock: Clock,
        key: bytes,
        vaults_max: int = VAULTS_MAX,
        idle_seconds_max: float = IDLE_SECONDS_MAX,
    ) -> None:
        self._new, self._clock, self._key = new, clock, key
        self._max, self._idle = vaults_max, idle_seconds_max
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()  # the longest idle first

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"Vaults({len(self)} kept)"

    def __reduce__(self) -> str:
        raise TypeError("vaults do not leave their process")

    @contextmanager
    def lent(self, conversation: str) -> Iterator[Pseudonyms]:
        """The vault of a conversation, its own for as long as the block lasts; a new one where there is none."""
        self.sweep()
        name = self._name(conversation)
        kept = self._kept.get(name)
        if kept is None:
            kept = self._put(name, self._new())
        kept.uses += 1
        try:
            yield kept.vault
        finally:
            kept.uses -= 1
            kept.used = self._clock.monotonic()
            if self._kept.get(name) is kept:
                self._kept.move_to_end(name)
            elif not kept.uses:  # forgotten meanwhile
                kept.vault.erase()

    def put(self, conversation: str, vault: Pseudonyms) -> None:
        """Keep ``vault``, as `unseal` gave it, in place of what is kept; ValueError while that is lent."""
        self.sweep()
        name = self._name(conversation)
        before = self._kept.get(name)
        if before is not None:
            if before.uses:
                raise ValueError("the vault of this conversation is in use")
            self._drop(name)
        self._put(name, vault)

    def forget(self, conversation: str) -> bool:
        """Erase the vault of a conversation: at once, or when the last who has it gives it back."""
        return self._drop(self._name(conversation))

    def sweep(self) -> int:
        """Erase what has been idle for too long; how many that were."""
        least = self._clock.monotonic() - self._idle
        old = []
        for name, kept in self._kept.items():
            if kept.uses:
                continue
            if kept.used > least:
                break
            old.append(name)
        for name in old:
            self._drop(name)
        return len(old)

    def erase(self) -> None:
        """Erase all, as at the end of the process."""
        for name in list(self._kept):
            self._drop(name)

    def _name(self, conversation: str) -> bytes:
        return hashlib.blake2b(conversation.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

    def _put(self, name: bytes, vault: Pseudonyms) -> _Kept:
        idle = [other for other, kept in self._kept.items() if not kept.uses] if len(self._kept) >= self._max else []
        for other in idle[: len(self._kept) + 1 - self._max]:
            self._drop(other)
        kept = self._kept[name] = _Kept(vault)
        kept.used = self._clock.monotonic()
        return kept

    def _drop(self, name: bytes) -> bool:
        kept = self._kept.pop(name, None)
        if kept is not None and not kept.uses:
            kept.vault.erase()
        return kept is not None


def seal(vault: Pseudonyms, key: bytes, *, conversation: str, expires: datetime, random: Random) -> bytes:
    """``vault`` under AES-256-GCM, bound to its conversation and to when it expires.  Raises TypeError for a vault of foreign tags
    or stand-ins."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head = _HEAD.pack(_VERSION, int(expires.timestamp()))
    nonce = random.token(_NONCE_BYTES)
    kept = msgspec.msgpack.encode(vault.kept())
    return head + nonce + AESGCM(_checked(key)).encrypt(nonce, kept, head + conversation.encode("utf-8", "surrogatepass"))


def unseal(
    sealed: bytes, key: bytes, *, conversation: str, clock: Clock,
    tokens: type[Vault] = Vault, surrogates: type[SurrogateVault] = SurrogateVault, hint: str = "begin a new conversation",
) -> Vault | SurrogateVault:  # fmt: skip
    """The vault that `seal` was given, whole; raises TrustFailure where it is expired, altered, of another conversation or key.

    ``tokens``, ``surrogates``: what a vault of that kind becomes.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    start = _HEAD.size + _NONCE_BYTES
    if len(sealed) < start or not sealed.startswith(_VERSION):
        raise TrustFailure("this is not a sealed vault", step="vault", code="trust.vault", hint=hint)
    _, expires = _HEAD.unpack_from(sealed)
    if clock.now().timestamp() >= expires:
        raise TrustFailure("the sealed vault has expired", step="vault", code="trust.vault", hint=hint)
    head, nonce = sealed[: _HEAD.size], sealed[_HEAD.size : start]
    try:
        kept = AESGCM(_checked(key)).decrypt(nonce, sealed[start:], head + conversation.encode("utf-8", "surrogatepass"))
    except InvalidTag:
        raise TrustFailure(
            "the sealed vault was altered, or is of another conversation or key", step="vault", code="trust.vault", hint=hint
        ) from None
    read = msgspec.msgpack.decode(kept, type=KeptTokens | KeptSurrogates)
    return tokens.of_kept(read) if isinstance(read, KeptTokens) else surrogates.of_kept(read)


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key of a sealed vault has {KEY_BYTES} bytes")
    return key
