# SPDX-License-Identifier: Apache-2.0
"""Certificates: who may sign whom, when, and what is withdrawn; and AMD's, read from their bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from comity.seal.attestation import chain, der
from tests.unit.seal.attestation import made
from tests.unit.seal.attestation.made import AT, SINCE, UNTIL, VECTORS, Authority, certificate, p256

ROOT = certificate("root", p256())
MIDDLE = ROOT.certify("middle", p256(), ca=True)
LEAF = MIDDLE.certify("leaf", p256())


def leads(*authorities: Authority, root: Authority = ROOT) -> bool:
    return chain.leads([each.certificate for each in authorities], root.certificate)


def test_a_chain_leads_to_its_root() -> None:
    assert leads(LEAF, MIDDLE)
    assert leads(MIDDLE)


@pytest.mark.parametrize(
    ("authorities", "root"),
    [
        ((), ROOT),
        ((LEAF,), ROOT),  # an authority left out
        ((MIDDLE, LEAF), ROOT),  # in another order
        ((LEAF, MIDDLE), certificate("root", p256())),  # a root of the same name
        ((ROOT.certify("middle", p256(), ca=True), MIDDLE), ROOT),
        ((LEAF.certify("below", p256()), LEAF, MIDDLE), ROOT),  # signed by what may not sign
        ((LEAF, *[MIDDLE] * chain.DEPTH_MAX), ROOT),
    ],
)
def test_what_does_not_lead_to_the_root_is_refused(authorities: tuple[Authority, ...], root: Authority) -> None:
    assert not leads(*authorities, root=root)


def bounded(length: int) -> Authority:
    key, name = p256(), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bounded")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(SINCE).not_valid_after(UNTIL).add_extension(x509.BasicConstraints(True, length), critical=True)
    made = made.add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
    return Authority(key, made.sign(key, hashes.SHA256()), hashes.SHA256())


@pytest.mark.parametrize(("length", "holds"), [(0, False), (1, True)])
def test_no_more_authorities_stand_below_one_than_it_says(length: int, holds: bool) -> None:
    root = bounded(length)
    middle = root.certify("middle", p256(), ca=True)
    assert leads(middle, root=root)
    assert leads(middle.certify("leaf", p256()), middle, root=root) is holds


@pytest.mark.parametrize("at", [SINCE, AT, UNTIL])
def test_a_certificate_is_valid_from_its_first_second_to_its_last(at: datetime) -> None:
    assert chain.out_of_time([LEAF.certificate], at.replace(microsecond=0)) == ""


@pytest.mark.parametrize("at", [SINCE - timedelta(seconds=1), UNTIL + timedelta(seconds=1)])
def test_and_not_before_or_after(at: datetime) -> None:
    assert chain.out_of_time([ROOT.certificate, LEAF.certificate], at).startswith("a certificate is valid from 2026-11-17T12:00:00Z")


def test_a_revocation_list_is_its_issuers_own_and_names_serial_numbers() -> None:
    serial = LEAF.certificate.serial_number
    listed, bare = (chain.crl(each) for each in (MIDDLE.crl(serial), MIDDLE.crl()))
    assert chain.lists_of(listed, MIDDLE.certificate)
    assert not chain.lists_of(listed, ROOT.certificate)
    assert not chain.lists_of(chain.crl(ROOT.certify("middle", p256(), ca=True).crl()), MIDDLE.certificate)  # of the same name
    assert chain.withdrawn(listed, [MIDDLE.certificate, LEAF.certificate])
    assert not chain.withdrawn(listed, [MIDDLE.certificate])
    assert not chain.withdrawn(bare, [LEAF.certificate])


def vcek(name: str = "gcp") -> bytes:
    return der.of_pem((VECTORS / "snp" / f"{name}-milan-vcek.pem").read_text(encoding="ascii"))


def test_a_chips_certificate_is_read() -> None:
    leaf = der.leaf(vcek())
    assert (leaf.since, leaf.until) == (datetime(2025, 12, 5, 6, 4, 27, tzinfo=UTC), datetime(2032, 12, 5, 6, 4, 27, tzinfo=UTC))
    assert {name: der.integer(leaf.extensions["1.3.6.1.4.1.3704.1.3." + part]) for name, part in
            {"bootloader": "1", "tee": "2", "snp": "3", "microcode": "8"}.items()} == {
        "bootloader": 4, "tee": 0, "snp": 27, "microcode": 222}  # fmt: skip
    assert der.serial(vcek()) == 0


def test_the_library_is_not_asked_for_what_it_is_about_to_refuse() -> None:
    """A certificate whose serial number is not above 0 never reaches it, so that no warning of today is an error of tomorrow."""
    with pytest.raises(ValueError, match="above 0"):
        chain.loaded(vcek())


@pytest.mark.parametrize(
    ("what", "value"),
    [(der.integer, made.integer(0)), (der.integer, made.integer(222)), (der.integer, made.integer(1 << 63))],
)
def test_a_number_is_read(what: Any, value: bytes) -> None:
    assert made.integer(what(value)) == value


@pytest.mark.parametrize("value", ["", "0200", "0201ff", "02020001", "020101ff", "0401", "0281010a", "028200", "0283000001ff"])
def test_a_number_of_another_spelling_is_refused(value: str) -> None:
    with pytest.raises(ValueError):
        der.integer(bytes.fromhex(value))


@given(st.binary(max_size=300))
def test_garbage_is_a_value_error_and_nothing_else(data: bytes) -> None:
    for read in (der.leaf, der.serial, der.integer, chain.loaded, chain.crl):
        with pytest.raises(ValueError):
            read(data)


@given(st.integers(0, len(vcek()) - 1), st.integers(1, 255), st.sampled_from(["change", "cut", "twice"]))
def test_a_changed_certificate_is_read_or_a_value_error(at: int, by: int, how: str) -> None:
    data = bytearray(vcek())
    if how == "change":
        data[at] ^= by
    else:
        data[at : at + by] = data[at : at + by] * 2 if how == "twice" else b""
    for read in (der.leaf, der.serial):
        try:
            read(bytes(data))
        except ValueError:
            continue


LEAF_PARTS = made.split(made.inner(vcek()))


@pytest.mark.parametrize(
    "data",
    [
        made.der(0x30, *LEAF_PARTS[:2]),
        made.der(0x30, LEAF_PARTS[0], made.split(made.inner(LEAF_PARTS[0]))[3], LEAF_PARTS[2]),  # another algorithm
        made.der(0x30, *LEAF_PARTS[:2], made.der(3, b"\x01" + made.inner(LEAF_PARTS[2])[1:])),  # a signature of seven bits a byte
        made.der(0x30, *LEAF_PARTS[:2], made.der(4, made.inner(LEAF_PARTS[2]))),
        vcek() + b"\x00",
        b"\x31" + vcek()[1:],
    ],
)
def test_another_form_of_it_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        der.leaf(data)


def with_extensions(*extensions: bytes) -> bytes:
    members = made.split(made.inner(LEAF_PARTS[0]))
    members[7] = made.der(0xA3, made.der(0x30, *extensions))
    return made.der(0x30, made.der(0x30, *members), *LEAF_PARTS[1:])


NUMBER = made.der(0x30, made.oid("1.3.6.1.4.1.3704.1.3.1"), made.der(4, made.integer(1)))


@pytest.mark.parametrize(
    "extensions",
    [
        (NUMBER, NUMBER),
        (made.der(0x30, made.oid("2.5.29.19"), made.der(1, b"\xff"), made.der(4, b"")),),  # critical, and not known
        (made.der(0x31, made.oid("2.5.29.19"), made.der(4, b"")),),
        (made.der(0x30, made.der(6, b"\x80"), made.der(4, b"")),),
    ],
)
def test_extensions_of_another_form_are_refused(extensions: tuple[bytes, ...]) -> None:
    assert der.leaf(with_extensions(NUMBER)).extensions == {"1.3.6.1.4.1.3704.1.3.1": made.integer(1)}
    with pytest.raises(ValueError):
        der.leaf(with_extensions(*extensions))
