# SPDX-License-Identifier: Apache-2.0
"""C2PA: signed with the operator's own certificate, read again, and any change to the file is seen.  Needs c2pa-python."""

from __future__ import annotations

import datetime

import pytest

from comity.errors import OperatorError
from comity.gateway.duties import Duties
from comity.gateway.labels import credentials
from comity.gateway.labels.files import Signer, label
from comity.gateway.labels.reader import Found, read
from tests.unit.gateway.labels.samples import FILES, NEXT, OURS, OWED, pdf

pytest.importorskip("c2pa")
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
EACH = pytest.mark.parametrize(("kind", "data"), FILES.values(), ids=FILES.keys())


@pytest.fixture(scope="module")
def signer() -> Signer:
    """A real key under a real authority, of nobody."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, each)]) for each in ("An Authority", "Example Ltd")]
    made = []
    for place in (1, 0):
        leaf = place == 1
        usage = x509.KeyUsage(leaf, False, False, False, False, not leaf, not leaf, False, False)
        built = (
            x509.CertificateBuilder()
            .subject_name(names[place])
            .issuer_name(names[0])
            .public_key(keys[place].public_key())
            .serial_number(place + 1)
            .not_valid_before(START)
            .not_valid_after(START + datetime.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(not leaf, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[place].public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False)
        )
        if leaf:
            built = built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        made.append(built.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Signer(certificates=b"".join(made), key=keys[1].private_bytes(*form))


def signed_in(data: bytes) -> Found:
    (one,) = [each for each in read(data) if each.kind == "c2pa"]
    return one


@EACH
def test_a_signed_file_says_who_signed_it(kind: str, data: bytes, signer: Signer) -> None:
    made = label(data, kind, OWED, OURS, signer=signer)
    found = signed_in(made)
    assert (found.valid, found.value, found.fields) == (True, "trainedAlgorithmicMedia", {"signer": "Example Ltd"})
    assert {each.kind for each in read(made)} == {"aigc", "source_type", "c2pa"}


@EACH
def test_any_change_to_what_was_signed_is_seen(kind: str, data: bytes, signer: Signer) -> None:
    made = bytearray(label(data, kind, OWED, OURS, signer=signer))
    at = made.index(b"%20Ltd")
    made[at + 3 : at + 6] = b"LTD"
    if kind == "image/png":  # its chunks have sums of their own
        import zlib

        start = made.rindex(b"iTXt", 0, at)
        size = int.from_bytes(made[start - 4 : start], "big")
        made[start + 4 + size : start + 8 + size] = zlib.crc32(made[start : start + 4 + size]).to_bytes(4, "big")
    assert signed_in(bytes(made)).valid is False


@EACH
def test_a_signed_file_is_signed_again_with_what_it_was_made_from(kind: str, data: bytes, signer: Signer) -> None:
    once = label(data, kind, OWED, OURS, signer=signer)
    twice = label(once, kind, OWED, NEXT, signer=signer)
    found = signed_in(twice)
    assert found.valid and found.value == "trainedAlgorithmicMedia" and b"c2pa.edited" in twice
    assert b"parentOf" in twice and twice.count(b"c2pa.created") == 1, "the first manifest is carried on"
    assert b"dataHash.mismatch" not in twice, "and it is that of the file as it came"
    assert [each.fields["ProduceID"] for each in read(twice) if each.kind == "aigc"] == ["01J"]


def test_a_pdf_is_signed_too(signer: Signer) -> None:
    pytest.importorskip("pypdf")
    assert signed_in(label(pdf(), "application/pdf", OWED, OURS, signer=signer)).valid is True


def test_who_owes_no_machine_a_mark_signs_nothing(signer: Signer) -> None:
    kind, data = FILES["png"]
    assert b"caBX" not in label(data, kind, Duties(labels=("implicit",)), OURS, signer=signer)


@pytest.mark.parametrize("change", [{"key": b"not a key"}, {"certificates": b""}, {"algorithm": "es512"}, {"algorithm": "none"}])
def test_a_signer_that_does_not_hold_together_is_the_operator_s_to_mend(change: dict[str, object], signer: Signer) -> None:
    import msgspec

    kind, data = FILES["png"]
    with pytest.raises(OperatorError) as refused:
        label(data, kind, OWED, OURS, signer=msgspec.structs.replace(signer, **change))
    assert refused.value.code == "label.signer" and "key" not in str(refused.value)


def test_without_the_extra_a_manifest_is_seen_and_not_judged(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, data = FILES["jpeg"]
    made = label(data, kind, OWED, OURS, signer=signer)
    monkeypatch.setattr(credentials, "find_spec", lambda name: None)
    assert signed_in(made) == Found(kind="c2pa", where="manifest", value="trainedAlgorithmicMedia")
