# SPDX-License-Identifier: Apache-2.0
"""The roots that are pinned: theirs, in time, self-signed, and looked at each time they are read."""

from __future__ import annotations

import hashlib
import tomllib
from importlib.resources import files

import pytest
from cryptography import x509

from comity.errors import OperatorError
from comity.seal.attestation import chain, pins
from comity.seal.attestation.der import of_pem
from tests.unit.seal.attestation.made import AT

FILES = files("comity.seal.attestation") / "roots"
DATA = tomllib.loads((FILES / "roots.toml").read_text(encoding="utf-8"))
PINS = {"intel": DATA["intel"], "aws": DATA["aws"], **{f"amd {product}": pin for product, pin in DATA["amd"].items()}}


@pytest.mark.parametrize("name", sorted(PINS))
def test_a_root_is_the_makers_own(name: str) -> None:
    pin = PINS[name]
    found = of_pem((FILES / pin["file"]).read_text(encoding="ascii"))
    assert hashlib.sha256(found).hexdigest() == pin["sha256"]
    root = chain.loaded(found)
    common = root.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    assert pin["name"].startswith(str(common))
    root.verify_directly_issued_by(root)
    assert chain.authority(root)
    assert chain.out_of_time([root], AT) == ""
    assert pin["source"] and pin["publisher"].startswith("https://")


def test_all_of_them_are_read() -> None:
    found = pins.pinned()
    assert {found.intel, found.aws, *found.amd.values()} == {
        of_pem((FILES / pin["file"]).read_text(encoding="ascii")) for pin in PINS.values()
    }
    assert set(found.amd) == {"Milan", "Genoa", "Turin"}
    assert {each.name for each in FILES.iterdir()} == {"roots.toml", *(pin["file"] for pin in PINS.values())}


def test_a_root_that_is_not_the_one_pinned_is_refused() -> None:
    with pytest.raises(OperatorError) as caught:
        pins._certificate(FILES, DATA["aws"] | {"sha256": "00" * 32})
    assert caught.value.code == "attestation.roots"


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        of_pem(text)
