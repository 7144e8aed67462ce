# SPDX-License-Identifier: Apache-2.0
"""Each check says what was made sure of, and by whom; a signature holds for one document, one key and one authority."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from comity.accord.checks import Check, Lookup, Review, Signature, fault, known_registers, signature, told
from comity.accord.evidence import Entry, checked, encode, register
from comity.errors import CallerError
from comity.jurisdictions.vocab import load_vocabulary

AT, WORDS = datetime(2026, 11, 23, tzinfo=UTC), load_vocabulary()
DOCUMENT = b"our certificate"
ED, P256, P384 = Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
ROOT, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def signed(key: Any, document: bytes = DOCUMENT) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(document)
    made: bytes = key.sign(document, ec.ECDSA(hashes.SHA256() if key.curve.name == "secp256r1" else hashes.SHA384()))
    return made


def public(key: Any) -> bytes:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def certificate(
    name: str, key: Any, by: Any = ROOT, issuer: str = "Root", *, days: int = 365, signs: bool = True, ca: bool = False
) -> bytes:
    named = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in (name, issuer)]
    usage = x509.KeyUsage(signs, False, not signs, False, False, ca, ca, False, False)
    made = (
        x509.CertificateBuilder().subject_name(named[0]).issuer_name(named[1]).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(AT - timedelta(days=365)).not_valid_after(AT + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca, None), True).add_extension(usage, True)
    )  # fmt: skip
    return made.sign(by, hashes.SHA256()).public_bytes(Encoding.PEM)


AUTHORITY = certificate("Root", ROOT, ca=True)


def test_a_signature_under_a_key_or_under_certificates_holds_and_says_whose_it_is() -> None:
    for key in (ED, P256, P384):
        made = signature(signed(key), public(key), b"", DOCUMENT, AT)
        assert fault(made, DOCUMENT, AT) is None and told(made).startswith("signature of the key ")
    made = signature(signed(ED), certificate("Example Ltd", ED), certificate("Another", OTHER, OTHER, "Another", ca=True) + AUTHORITY,
                     DOCUMENT, AT)  # fmt: skip
    assert told(made) == "signature of CN=Example Ltd (under CN=Root)" and len(made.certificates) == 2
    middle = certificate("Middle", OTHER, ca=True)
    chain = certificate("Example Ltd", P256, OTHER, "Middle") + middle
    assert len(signature(signed(P256), chain, AUTHORITY, DOCUMENT, AT).certificates) == 3


@pytest.mark.parametrize(
    ("value", "key", "authority", "document", "field"),
    [
        (signed(ED), public(ED), b"", b"our certificate.", "signature"),
        (signed(ED)[:-1] + bytes([signed(ED)[-1] ^ 1]), public(ED), b"", DOCUMENT, "signature"),
        (b"", public(P256), b"", DOCUMENT, "signature"),
        (signed(P256), public(P384), b"", DOCUMENT, "signature"),
        (signed(ED), b"", b"", DOCUMENT, "key"),
        (signed(ED), b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", AUTHORITY, DOCUMENT, "key"),
        (b"x", rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), b"",
         DOCUMENT, "key"),
        (signed(ED), public(ED), AUTHORITY, DOCUMENT, "key"),
        (signed(ED), certificate("Example Ltd", ED), b"", DOCUMENT, "authority"),
        (signed(ED), certificate("Example Ltd", ED), b"nothing", DOCUMENT, "authority"),
        (signed(ED), certificate("Example Ltd", ED), certificate("Root", OTHER, OTHER, ca=True), DOCUMENT, "authority"),
        (signed(ED), certificate("Example Ltd", ED), certificate("Root", ROOT), DOCUMENT, "authority"),
        (signed(ED), AUTHORITY, AUTHORITY, DOCUMENT, "authority"),
        (signed(ED), certificate("Example Ltd", ED, OTHER, "Middle") + certificate("Middle", OTHER), AUTHORITY, DOCUMENT, "authority"),
        (signed(ED), certificate("Example Ltd", ED, days=-1), AUTHORITY, DOCUMENT, "key"),
        (signed(ED), certificate("Example Ltd", ED, signs=False), AUTHORITY, DOCUMENT, "key"),
        (signed(P256), certificate("Example Ltd", ED), AUTHORITY, DOCUMENT, "signature"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # keys are new in each process, and names of tests must not be
)  # fmt: skip
def test_what_does_not_hold_is_never_registered(value: bytes, key: bytes, authority: bytes, document: bytes, field: str) -> None:
    with pytest.raises(CallerError) as refused:
        signature(value, key, authority, document, AT)
    assert (refused.value.code, refused.value.field) == ("evidence.invalid", field) and refused.value.hint


def test_a_signature_is_verified_again_as_of_the_day_it_was_registered() -> None:
    made = signature(signed(ED), certificate("Example Ltd", ED, days=1), AUTHORITY, DOCUMENT, AT)
    (kept,) = register([encode(entry(made))])
    again = kept.entry.check
    assert isinstance(again, Signature) and again == made and kept.check == "signature"
    assert fault(again, DOCUMENT, kept.entry.at) is None
    found, late = fault(again, b"another", kept.entry.at), fault(again, DOCUMENT, AT + timedelta(days=2))
    assert found is not None and found.field == "signature" and late is not None and late.field == "key"
    stranger = Signature(value=again.value, certificates=(again.certificates[0], _der(certificate("Root", OTHER, OTHER, ca=True))))
    under = fault(stranger, DOCUMENT, AT)
    assert under is not None and under.field == "authority"


def _der(pem: bytes) -> str:
    return "".join(pem.decode().splitlines()[1:-1])


def entry(check: Check | None, **more: Any) -> Entry:
    return Entry(kind="cn_genai", document_sha256="a" * 64, approver="A. Officer", at=AT, check=check, **more)


def lookup(**more: Any) -> Lookup:
    said: dict[str, Any] = {"register": "cac-genai", "number": "Beijing-WenXinYiYan-20230821", "url": "https://example.org/"}
    return Lookup(**({**said, "on": AT.date(), "by": "B. Clerk"} | more))


def review(**more: Any) -> Review:
    said: dict[str, Any] = {"of": "the report, pages 1 to 40", "by": "B. Auditor", "role": "auditor"}
    return Review(**({**said, "on": AT.date()} | more))


def test_a_look_up_and_a_review_say_who_did_it_and_when() -> None:
    entries = [entry(lookup(), issuer="CAC", document="filing"), entry(review()), entry(lookup(register="companies-house", number="0123"))]
    kept = register(encode(checked(each, WORDS)) for each in entries)
    assert [each.entry for each in kept] == entries and [each.check for each in kept] == ["register", "review", "register"]
    assert told(kept[0].entry.check) == "register cac-genai Beijing-WenXinYiYan-20230821, looked up 2026-11-23 by B. Clerk"
    assert told(kept[1].entry.check) == "review of the report, pages 1 to 40 2026-11-23 by B. Auditor (auditor)"


@pytest.mark.parametrize(
    ("check", "field"),
    [
        (lookup(number="Beijing WenXinYiYan"), "number"),
        (lookup(register="cac-algorithms"), "number"),
        (lookup(number=""), "number"),
        (lookup(register="companies-house", number="1\n2"), "number"),
        (lookup(register="No Name"), "register"),
        (lookup(register="companies-house", url=""), "url"),
        (lookup(url="http://example.org/"), "url"),
        (lookup(by=" "), "by"),
        (lookup(on=date(2026, 11, 24)), "on"),
        (review(role=""), "role"),
        (review(of=""), "of"),
        (review(by="x" * 201), "by"),
        (review(on=date(2027, 1, 1)), "on"),
    ],
)
def test_a_check_that_says_nothing_is_refused_by_name(check: Check, field: str) -> None:
    with pytest.raises(CallerError) as refused:
        checked(entry(check), WORDS)
    assert (refused.value.code, refused.value.field) == ("evidence.invalid", field) and refused.value.hint


def test_each_register_that_is_known_numbers_as_its_own_example_says() -> None:
    for name, known in known_registers().items():
        checked(entry(lookup(register=name, number=known.like, url=known.url)), WORDS)


def test_an_entry_of_before_is_read_as_unchecked() -> None:
    old = b'{"kind":"cn_genai","document_sha256":"%s","approver":"A","at":"2026-01-02T03:04:05Z"}' % (b"a" * 64)
    (kept,) = register([old])
    assert (kept.check, kept.entry.issuer, kept.entry.document, kept.state(AT.date())) == ("unchecked", "", "", "valid")
    assert told(kept.entry.check) == "unchecked"
    assert register([encode(kept.entry)]) == [kept]


def test_an_issuer_and_a_kind_of_document_are_words() -> None:
    for more, field in (({"issuer": "x\n"}, "issuer"), ({"issuer": "x" * 201}, "issuer"), ({"document": "scroll"}, "document")):
        with pytest.raises(CallerError) as refused:
            checked(entry(None, **more), WORDS)
        assert refused.value.field == field
