# SPDX-License-Identifier: Apache-2.0
"""Software evidence: a builder signs an image and a node, the node signs its keys; never more than A1."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError, TrustFailure
from comity.seal.attestation import Evidence, Expected, Verdict, verify
from comity.seal.attestation.evidence import encoded, parse
from comity.seal.attestation.software import ImageStatement, KeyStatement, sign_image, sign_key, spelled
from comity.seal.attestation.verdict import NO_HARDWARE
from tests.unit.seal.attestation.made import AT

BUILDER, NODE = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
KEY, IMAGE = bytes(range(32)), "sha256:" + "ab" * 32


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def statement(image: str = IMAGE, node: Ed25519PrivateKey = NODE, builder: Ed25519PrivateKey = BUILDER, days: int = 30) -> bytes:
    since = AT - timedelta(days=1)
    said = ImageStatement(image=image, node=public(node), since=spelled(since), until=spelled(since + timedelta(days=days)))
    return sign_image(said, builder)


def evidence(image: bytes | None = None, key: bytes = KEY, node: Ed25519PrivateKey = NODE, since: datetime = AT) -> bytes:
    said = KeyStatement(key=key.hex(), since=spelled(since), until=spelled(since + timedelta(hours=6)))
    return sign_key(image or statement(), said, node)


def checked(data: bytes, at: datetime = AT, **changes: Any) -> Verdict:
    asked: dict[str, Any] = {"key": KEY, "image": IMAGE, "level": "A1", "builders": (public(BUILDER),)}
    return verify(data, None, at, Expected(**(asked | changes)))


def test_two_signed_statements_come_to_a1_and_carry_the_words() -> None:
    found = checked(evidence())
    assert (found.level, found.kind, found.words) == ("A1", "software", (NO_HARDWARE,))
    assert NO_HARDWARE == "no hardware root of trust: the operator can read this"
    assert [step.name for step in found.steps] == ["level", "evidence", "builder", "signature", "expired", "expired", "commitment"]
    assert all(step.held for step in found.steps)
    assert json.loads(json.dumps(found.to_json()))["steps"][0]["name"] == "level"


def test_it_can_never_come_to_a2() -> None:
    with pytest.raises(TrustFailure, match=NO_HARDWARE) as caught:
        checked(evidence(), level="A2")
    assert caught.value.step == "level"


def test_under_the_name_of_a_platform_it_is_no_evidence_of_it() -> None:
    body = parse(evidence()).body
    for kind in ("tdx", "sgx", "snp", "nitro"):
        with pytest.raises(TrustFailure) as caught:
            checked(encoded(Evidence(kind=kind, body=body)), level="A2")  # type: ignore[arg-type]
        assert caught.value.step == "evidence"


@pytest.mark.parametrize(
    ("data", "asked", "at", "step"),
    [
        (evidence(), {"builders": ()}, AT, "builder"),
        (evidence(), {"builders": (public(NODE),)}, AT, "builder"),
        (evidence(), {"key": bytes(32)}, AT, "commitment"),
        (evidence(), {"image": "sha256:" + "cd" * 32}, AT, "commitment"),
        (evidence(), {}, AT + timedelta(hours=6), "expired"),
        (evidence(), {}, AT - timedelta(seconds=1), "expired"),
        (evidence(statement(days=1)), {}, AT, "expired"),
    ],
)
def test_each_part_fails_by_its_own_step(data: bytes, asked: dict[str, Any], at: datetime, step: str) -> None:
    with pytest.raises(TrustFailure) as caught:
        checked(data, at, **asked)
    assert caught.value.step == step
    assert caught.value.steps[-1]["name"] == step
    assert caught.value.steps[-1]["held"] is False
    assert all(each["held"] for each in caught.value.steps[:-1])


def test_a_node_cannot_use_what_was_signed_for_another() -> None:
    with pytest.raises(CallerError, match="another node"):
        evidence(node=Ed25519PrivateKey.from_private_bytes(bytes(32)))


def rewritten(change: Any) -> bytes:
    body = json.loads(parse(evidence()).body)
    change(body)
    return encoded(Evidence(kind="software", body=json.dumps(body, sort_keys=True, separators=(",", ":")).encode()))


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (lambda body: body["image"]["image"].update(node="00" * 32), "signature"),
        (lambda body: body["image"]["image"].update(until="2030-01-01T00:00:00Z"), "signature"),
        (lambda body: body["key"].update(key="00" * 32), "signature"),
        (lambda body: body["key"].update(until="2030-01-01T00:00:00Z"), "signature"),
        (lambda body: body.update(signature=body["image"]["signature"]), "signature"),
        (lambda body: body["image"].update(builder=public(NODE)), "builder"),
        (lambda body: body["key"].update(until="2020-01-01T00:00:00Z"), "evidence"),
        (lambda body: body["key"].update(until="2030-1-1T00:00:00Z"), "evidence"),
        (lambda body: body["key"].update(key="AB" * 32), "evidence"),
        (lambda body: body.update(more=1), "evidence"),
        (lambda body: body.pop("key"), "evidence"),
        (lambda body: body.update(signature="eHg="), "evidence"),
    ],
)
def test_what_was_changed_does_not_hold(change: Any, step: str) -> None:
    with pytest.raises(TrustFailure) as caught:
        checked(rewritten(change))
    assert caught.value.step == step


def test_the_two_statements_do_not_pass_for_one_another() -> None:
    """Each is signed in its own domain: the same bytes signed as the other are no signature."""
    from comity.seal.attestation import software

    said = KeyStatement(key=KEY.hex(), since=spelled(AT), until=spelled(AT + timedelta(hours=6)))
    assert software.IMAGE_DOMAIN != software.KEY_DOMAIN
    plain = msgspec.json.encode(said, order="sorted")
    body = msgspec.json.decode(parse(evidence()).body)
    import base64

    for message in (plain, software.IMAGE_DOMAIN + b"\x00" + plain, software.KEY_DOMAIN + plain):
        body["signature"] = base64.b64encode(NODE.sign(message)).decode()
        with pytest.raises(TrustFailure) as caught:
            checked(encoded(Evidence(kind="software", body=msgspec.json.encode(body, order="sorted"))))
        assert caught.value.step == "signature"


DATA = evidence()


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(at: int, by: int) -> None:
    changed = bytearray(DATA)
    changed[at] ^= by
    with pytest.raises(TrustFailure):
        checked(bytes(changed))


@pytest.mark.parametrize("image", [b"", b"{}", b'{"builder":1}', statement() + b"\n", statement(image=IMAGE)[:-1]])
def test_a_builders_file_that_is_none_is_refused(image: bytes) -> None:
    with pytest.raises(CallerError):
        sign_key(image, KeyStatement(key=KEY.hex(), since=spelled(AT), until=spelled(AT + timedelta(hours=1))), NODE)


@pytest.mark.parametrize(
    "said",
    [
        ImageStatement(image="latest", node="00" * 32, since="2026-01-01T00:00:00Z", until="2027-01-01T00:00:00Z"),
        ImageStatement(image=IMAGE, node="00", since="2026-01-01T00:00:00Z", until="2027-01-01T00:00:00Z"),
        ImageStatement(image=IMAGE, node="00" * 32, since="2027-01-01T00:00:00Z", until="2026-01-01T00:00:00Z"),
    ],
)
def test_a_builder_signs_no_nonsense(said: ImageStatement) -> None:
    with pytest.raises(CallerError):
        sign_image(said, BUILDER)
