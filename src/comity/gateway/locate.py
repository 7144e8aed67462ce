# SPDX-License-Identifier: Apache-2.0
"""Step 1: whose rules apply.  From headers, a signed token and configured defaults; never guessed from text."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from comity.accord.consent import Scope
from comity.config import Config, KeyConfig
from comity.errors import CallerError, OperatorError
from comity.gateway.issuers import Issuers
from comity.gateway.subject import HEADER, Said, members, refused, said
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.facts import Subject
from comity.ports import Clock

PSEUDONYM_BYTES = 16
SAID_KEPT_MAX, KEPT_CHARACTERS_MAX = 4096, 1024
_NAMED = re.compile(r'id="([ !#-\[\]-~]{1,256})"(?=$|, ?[a-z])')
"""A header that begins with the person's own name (RFC 9651, section 3.3.3, without escapes); what follows is said of many."""
T = TypeVar("T")


class Nexus(msgspec.Struct, frozen=True, kw_only=True):
    """``pseudonym`` is keyed to this installation; what is decided does not depend on it."""

    subject: Subject = Subject()
    collected_in: str | None = None
    consent: frozenset[str] = frozenset()
    purpose: str = "assist"
    feature: str | None = None
    pseudonym: str | None = None
    recorded: frozenset[Scope] | None = None  # consents on record; None: what `consent` claims is taken

    @property
    def rules(self) -> tuple[object, ...]:
        """All that a decision may depend on."""
        return (self.subject, self.collected_in, self.consent, self.purpose, self.feature, self.recorded)


class Locator:
    """Holds what the operator declared; `locate` is its one verb, pure but for the clock that ages tokens.

    Raises OperatorError when a configured default is not a word of the vocabulary.
    """

    def pseudonym(self, name: str) -> str:
        """Of the person whom callers name so."""
        return pseudonym(self._key, name)

    def __init__(self, *, config: Config, vocabulary: Vocabulary, issuers: Issuers, clock: Clock, pseudonym_key: bytes) -> None:
        self._defaults = config.defaults
        self._vocabulary = vocabulary
        self._issuers = issuers
        self._clock = clock
        self._key = pseudonym_key
        self._kept: dict[tuple[object, ...], Nexus] = {}  # by what was said, but never by whose name
        default = config.defaults.subject
        basis = config.defaults.legal_basis
        for field, word, known in (
            ("defaults.legal_basis", basis, vocabulary.legal_bases), ("controller.sector", config.controller.sector, vocabulary.sectors)
        ):  # fmt: skip
            if word is not None and word not in known:
                raise OperatorError(
                    f"`{field}` is not a word of the vocabulary", code="config.invalid", field=field,
                    hint="one of: " + ", ".join(sorted(known)),
                )  # fmt: skip
        try:
            for key in (None, *config.keys):
                self._nexus(Said(location=default.location, residence=default.residence, collected=default.collected), key)
                self._word("purpose", key.purpose if key is not None else self._defaults.purpose, vocabulary.purposes)
                self._word("task", key.task if key is not None else self._defaults.task, vocabulary.features)
        except CallerError as error:
            raise OperatorError(
                f"in `defaults` or a key: {error}",
                code="config.invalid",
                field=error.field.removeprefix("comity-"),
                hint="see docs/reference/configuration.md",
            ) from None

    def locate(self, headers: Mapping[str, str], key: KeyConfig) -> Nexus:
        """``headers`` by lower-case name.  Raises CallerError: 400 what was said is wrong, 401 the token, 403 the key may not say it."""
        value = headers.get(HEADER)
        named = _NAMED.match(value) if value is not None and len(value) <= KEPT_CHARACTERS_MAX else None
        facts = value[named.end() :] if value is not None and named is not None else None
        said_so = (facts, headers.get("comity-purpose"), headers.get("comity-task"), key.purpose, key.task, key.may_assert_subject)
        nexus = self._kept.get(said_so) if named is not None or value is None else None
        if nexus is None:
            told = self._told(value, key) if value is not None else Said()
            nexus = self._located(told, key, *said_so[1:3])
            if named is not None or value is None:
                if len(self._kept) >= SAID_KEPT_MAX:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[said_so] = msgspec.structs.replace(nexus, pseudonym=None)
        elif named is not None:
            return msgspec.structs.replace(nexus, pseudonym=pseudonym(self._key, named[1]))
        return nexus

    def _located(self, told: Said, key: KeyConfig, purpose: str | None, task: str | None) -> Nexus:
        feature = self._word("comity-task", task, self._vocabulary.features)
        return self._nexus(told, key, self._word("comity-purpose", purpose, self._vocabulary.purposes), feature)

    def _nexus(self, told: Said, key: KeyConfig | None, purpose: str | None = None, feature: str | None = None) -> Nexus:
        default = self._defaults.subject
        return Nexus(
            subject=Subject(
                location=self._region("location", _first(told.location, default.location)),
                residence=self._region("residence", _first(told.residence, default.residence)),
                age=_first(told.age, default.age),
            ),
            collected_in=self._region("collected", _first(told.collected, default.collected)),
            consent=self._consent(default.consent if told.consent is None else told.consent),
            purpose=purpose or (key.purpose if key is not None else None) or self._defaults.purpose,
            feature=feature or (key.task if key is not None else None) or self._defaults.task,
            pseudonym=pseudonym(self._key, told.id) if told.id is not None else None,
        )

    def _told(self, value: str, key: KeyConfig) -> Said:
        values = members(value)
        if "token" in values:
            if len(values) > 1 or not isinstance(values["token"], str):
                raise refused("`token` stands alone, in quotes", "token")
            return self._issuers.subject(values["token"], self._clock.now())
        if not key.may_assert_subject:
            raise CallerError(
                "this key may not say who the person is", code="request.subject_not_trusted", status=403, field=HEADER,
                hint='send a signed token: Comity-Subject: token="…"; or set `may_assert_subject` for the key',
            )  # fmt: skip
        return said(values)

    def _region(self, member: str, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return self._vocabulary.canonical(value)
        except KeyError:
            raise refused(f"`{member}` is not a region of ISO 3166", member) from None

    def _consent(self, values: frozenset[str]) -> frozenset[str]:
        if not values <= self._vocabulary.consents:
            raise refused("`consent` holds a word that is not in the vocabulary", "consent")
        return values

    def _word(self, field: str, value: str | None, known: frozenset[str]) -> str | None:
        if value is not None and value not in known:
            raise CallerError(
                f"`{field}` is not a word of the vocabulary",
                code="request.unknown_word",
                field=field,
                hint="one of: " + ", ".join(sorted(known)),
            )
        return value


def pseudonym(key: bytes, name: str) -> str:
    """HMAC-SHA-256 under an installation's key: the same person is the same there, and nobody elsewhere."""
    return hmac.digest(key, name.encode(), hashlib.sha256)[:PSEUDONYM_BYTES].hex()


def _first(said: T | None, default: T | None) -> T | None:
    return default if said is None else said
