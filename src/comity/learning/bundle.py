# SPDX-License-Identifier: Apache-2.0
"""What crosses: an answer, and a statement about it that its region signed, and whoever takes it over signs too.

    1. shape             the bundle is one of ours
    2. key               the region's key is one, and the pinned one
    3. signature         the statement was signed by it
    4. query             the question is one that is allowed here, word for word
    5. vector            the answer is the one that was signed for, and of the question's length
    6. noise             the noise is enough for the epsilon and delta that are claimed; worked out anew
    7. cohort            no fewer took part than COHORT_MIN
    8. decision          a decision, by its receipt in the region's log, allowed it to cross
    9. countersignature  where one is asked for: the importer's, over the same statement

A step that does not hold raises TrustFailure naming it.  Statement and signatures are a C2SP signed note, whose text is RFC 8785 JSON.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from comity.errors import CallerError, TrustFailure
from comity.learning import accounting
from comity.learning.extra import needed
from comity.learning.queries import LENGTH_MAX, Query, checked, digest
from comity.transparency.canonical import canonical
from comity.transparency.note import Line, Signer, Verifier, decoded, opened, parse_note, parse_vkey

if TYPE_CHECKING:
    from comity.learning.extra import Answer

FORMAT = "comity.learning.v1"
COHORT_MIN = 1000
Step = Literal["shape", "key", "signature", "query", "vector", "noise", "cohort", "decision", "countersignature"]
BUNDLE_BYTES_MAX = 12 * LENGTH_MAX + (1 << 20)


class Crossing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The decision, as its receipt says it."""

    receipt: str
    effect: str
    destination: tuple[str, ...]
    policy: str  # sha256 over all packs, hex
    obligations: tuple[str, ...]


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: str = FORMAT
    region: str
    window: str
    at: str
    query: Query
    sigma: float
    epsilon: float  # of this release alone
    delta: float
    cohort: int  # at least so many took part; 1000 times a power of two
    spent: int  # number of this release in the region's budget, and the head of that list
    budget: str
    decision: Crossing
    vector: str  # sha256 of the answer, hex


class Bundle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    note: str
    vector: str  # base64 of whole numbers of 64 bits, little-endian


class Verified(NamedTuple):
    statement: Statement
    answer: Answer


def band(devices: int) -> int:
    """The largest of 1000, 2000, 4000, … that is not above.  Raises CallerError below the first."""
    if devices < COHORT_MIN:
        raise CallerError(
            f"nothing is released of fewer than {COHORT_MIN} devices", code="learning.cohort", status=409, hint="wait for more to take part"
        )
    return COHORT_MIN << int(math.log2(devices / COHORT_MIN))


def raw_of(answer: Answer) -> bytes:
    return bytes(answer.astype("<i8").tobytes())


def hash_of(bundle: Bundle) -> str:
    """What stands for it in a log; the same before and after it is countersigned."""
    return hashlib.sha256(parse_note(bundle.note)[0].encode()).hexdigest()


def signed(statement: Statement, answer: Answer, signer: Signer) -> Bundle:
    text = canonical(msgspec.to_builtins(statement)).decode() + "\n"
    return Bundle(note=signer.note(text), vector=base64.b64encode(raw_of(answer)).decode())


def countersigned(bundle: Bundle, signer: Signer) -> Bundle:
    key, text = signer.verifier, parse_note(bundle.note)[0]
    line = Line(key.name, key.id, signer.sign(text.encode()))
    return msgspec.structs.replace(bundle, note=bundle.note + str(line))


def verify(raw: bytes, *, vkey: str, queries: Mapping[str, Query], countersigner: str = "") -> Verified:
    """Raises TrustFailure whose ``step`` is one of those above; OperatorError where what checks the noise is not installed."""
    bundle = _shape(raw)  # 1
    statement = _statement(bundle, _key(vkey))  # 2, 3
    known = queries.get(statement.query.name)
    if known is None or digest(known) != digest(statement.query):  # 4
        raise _failed("query", "no such question is allowed here")
    answer = _answer(bundle, statement)  # 5
    _priced(statement)  # 6
    if statement.cohort < COHORT_MIN or statement.cohort != band(statement.cohort):  # 7
        raise _failed("cohort", "too few took part, or it does not say how many in the steps that are told")
    if statement.decision.effect != "allow" or not statement.decision.receipt:  # 8
        raise _failed("decision", "no decision allowed it to cross")
    if countersigner:  # 9
        _signed_by(bundle, _key(countersigner), "countersignature")
    return Verified(statement, answer)


def _shape(raw: bytes) -> Bundle:
    if len(raw) > BUNDLE_BYTES_MAX:
        raise _failed("shape", "it is longer than any answer")
    try:
        return msgspec.json.decode(raw, type=Bundle)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _failed("shape", "this is no bundle") from None


def _key(vkey: str) -> Verifier:
    try:
        return parse_vkey(vkey)
    except ValueError as error:
        raise _failed("key", str(error)) from None


def _signed_by(bundle: Bundle, key: Verifier, step: Step) -> str:
    try:
        return opened(bundle.note, key)
    except ValueError as error:
        raise _failed(step, str(error)) from None


def _statement(bundle: Bundle, key: Verifier) -> Statement:
    text = _signed_by(bundle, key, "signature")
    try:
        statement = msgspec.json.decode(text, type=Statement)
        checked(statement.query)
        whole = canonical(msgspec.to_builtins(statement)).decode() + "\n" == text
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _failed("shape", "what was signed is no statement about an answer") from None
    if not whole or statement.format != FORMAT:
        raise _failed("shape", "the statement is of another format, or not in its one form")
    return statement


def _answer(bundle: Bundle, statement: Statement) -> Answer:
    np = needed("numpy")
    try:
        raw = decoded(bundle.vector)
    except ValueError:
        raise _failed("vector", "it is not base64") from None
    if hashlib.sha256(raw).hexdigest() != statement.vector or len(raw) != 8 * statement.query.length:
        raise _failed("vector", "the answer is not the one that was signed for")
    answer: Answer = np.frombuffer(raw, dtype="<i8").astype(np.int64)
    return answer


def _priced(statement: Statement) -> None:
    try:
        price = accounting.price(statement.query, statement.sigma)
    except CallerError as error:
        raise _failed("noise", str(error)) from None
    claimed = statement.epsilon, statement.delta
    if not (0 < claimed[0] <= accounting.EPSILON_MAX and 0 < claimed[1] < 1 and accounting.delta([price], claimed[0]) <= claimed[1]):
        raise _failed("noise", "it is too little for what is claimed")


def _failed(step: Step, why: str) -> TrustFailure:
    return TrustFailure(f"{step}: {why}", step=step, code=f"trust.{step}", hint="do not use this answer; ask its region for another")
