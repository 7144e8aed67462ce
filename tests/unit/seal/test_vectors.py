# SPDX-License-Identifier: Apache-2.0
"""What others published: HPKE (RFC 9180, draft-ietf-hpke-pq), binary HTTP (RFC 9292), Oblivious HTTP (RFC 9458) and its chunked form."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hpke as oneshot
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from comity.errors import CallerError
from comity.seal import bhttp, chunked, keyconfig, ohttp
from comity.seal.epochs import KeyPair
from comity.seal.hpke import AES_128_GCM, DEFAULT, HKDF_SHA256, Suite, recipient, sender
from comity.seal.http import Request, Response
from comity.seal.kem import X25519, XWING, derive_seed, private_key
from tests.fakes import SeededRandom

VECTORS = Path(__file__).parents[2] / "vectors" / "seal"


def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


HPKE: list[dict[str, Any]] = read("rfc9180-base-subset.dev.json") + read("hpke-pq-test-vectors.json")
SUITES = [Suite(each["kem_id"], each["kdf_id"], each["aead_id"]) for each in HPKE]
SPOKEN = [(suite, vector) for suite, vector in zip(SUITES, HPKE, strict=True) if suite.supported]
FOREIGN = [suite for suite in SUITES if not suite.supported]
BHTTP = {each["name"]: raw(each["hex"]) for each in read("rfc9292-examples.json")}
WHOLE, CHUNKED = read("rfc9458-appendix-a.json"), read("chunked-ohttp-draft-example.json")
OHTTP_SUITE = Suite(X25519, HKDF_SHA256, AES_128_GCM)


class Said:
    """Randomness that a vector dictates, in its order."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = [raw(token) for token in tokens]

    def token(self, size: int) -> bytes:
        token = self.tokens.pop(0)
        assert len(token) == size
        return token


def test_the_vectors_are_all_there() -> None:
    assert (len(HPKE), len(SPOKEN)) == (19, 4)
    assert {suite.kem for suite, _ in SPOKEN} == {X25519, XWING}


@pytest.mark.parametrize(("suite", "vector"), SPOKEN, ids=lambda each: str(each) if isinstance(each, Suite) else "")
def test_hpke(suite: Suite, vector: dict[str, Any]) -> None:
    assert derive_seed(suite.kem, raw(vector["ikmR"])).hex() == vector["skRm"]
    private = private_key(suite.kem, raw(vector["skRm"]))
    assert private.public.raw.hex() == vector["pkRm"]
    assert private.shared(raw(vector["enc"])).hex() == vector["shared_secret"]
    context = recipient(suite, private, raw(vector["enc"]), raw(vector["info"]))
    for each in vector["encryptions"]:
        assert context.cipher.open(raw(each["ct"]), raw(each["aad"])).hex() == each["pt"]
    for each in vector["exports"]:
        assert context.export(raw(each["exporter_context"]), each["L"]).hex() == each["exported_value"]


@pytest.mark.parametrize(("suite", "vector"), SPOKEN, ids=lambda each: str(each) if isinstance(each, Suite) else "")
def test_hpke_as_the_sender(suite: Suite, vector: dict[str, Any]) -> None:
    """X25519 whole.  Of MLKEM768-X25519 the half that is drawn from what is passed in; the other half opens in `test_hpke`."""
    public = private_key(suite.kem, raw(vector["skRm"])).public
    drawn = derive_seed(suite.kem, raw(vector["ikmE"])).hex() if suite.kem == X25519 else vector["ikmE"][64:]
    encapsulated, context = sender(suite, public, raw(vector["info"]), Said(drawn))
    assert encapsulated[-32:].hex() == vector["enc"][-64:]
    if suite.kem == X25519:
        assert [context.cipher.seal(raw(each["pt"]), raw(each["aad"])).hex() for each in vector["encryptions"]] == [
            each["ct"] for each in vector["encryptions"]
        ]


@pytest.mark.parametrize("suite", FOREIGN, ids=str)
def test_a_suite_that_is_not_supported_is_refused_by_name(suite: Suite) -> None:
    with pytest.raises(CallerError, match=r"0x[0-9a-f]{4} \(.*[A-Z].*\) is not supported") as refused:
        suite.check()
    assert refused.value.code == "seal.unsupported"


@pytest.mark.parametrize("aead", [1, 2, 3])
@pytest.mark.parametrize("kem", [X25519, XWING])
def test_one_shot_hpke_of_another_implementation_agrees(kem: int, aead: int) -> None:
    """Both ways, the default suite among them."""
    seed = SeededRandom(b"recipient").token(32)
    ours, theirs = private_key(kem, seed), _their_key(kem, seed)
    aeads = {1: oneshot.AEAD.AES_128_GCM, 2: oneshot.AEAD.AES_256_GCM, 3: oneshot.AEAD.CHACHA20_POLY1305}
    kems = {X25519: oneshot.KEM.X25519, XWING: oneshot.KEM.MLKEM768_X25519}
    suite, their_suite = Suite(kem, HKDF_SHA256, aead), oneshot.Suite(kems[kem], oneshot.KDF.HKDF_SHA256, aeads[aead])
    encapsulated, context = sender(suite, ours.public, b"info", SeededRandom())
    assert their_suite.decrypt(encapsulated + context.cipher.seal(b"plain"), theirs, info=b"info") == b"plain"
    sealed = their_suite.encrypt(b"plain", theirs.public_key(), info=b"info")
    size = len(encapsulated)
    assert recipient(suite, ours, sealed[:size], b"info").cipher.open(sealed[size:]) == b"plain"


def _their_key(kem: int, seed: bytes) -> Any:
    if kem == X25519:
        return X25519PrivateKey.from_private_bytes(seed)
    stretched = hashlib.shake_256(seed).digest(96)
    return oneshot.MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(stretched[:64]), X25519PrivateKey.from_private_bytes(stretched[64:])
    )


def test_the_default_suite_is_the_one_decided_on() -> None:
    assert str(DEFAULT) == "MLKEM768-X25519, HKDF-SHA256, AES-256-GCM"


# -- binary HTTP -------------------------------------------------------------------------------------------------------


def test_a_request_of_known_length() -> None:
    data = BHTTP["ex-bink-request"]
    message = bhttp.decode(data)
    assert message.head == Request(
        method="GET", scheme="https", authority="", path="/hello.txt",
        fields=((b"user-agent", b"curl/7.16.3 libcurl/7.16.3 OpenSSL/0.9.7l zlib/1.2.3"), (b"host", b"www.example.com"),
                (b"accept-language", b"en, mi")),
    )  # fmt: skip
    assert (message.content, message.trailers) == (b"", ())
    assert bhttp.encode(message.head) == data
    assert bhttp.decode(data[:-2]) == bhttp.decode(data[:-1]) == message  # section 5.1: the last two bytes can go


def test_a_request_of_indeterminate_length_with_padding() -> None:
    data = BHTTP["ex-bini-request"]
    message = bhttp.decode(data)
    assert message == bhttp.decode(BHTTP["ex-bink-request"])
    assert (bhttp.start(message.head) + bhttp.end()).ljust(len(data), b"\0") == data
    assert all(bhttp.decode(data[:-n]) == message for n in range(1, 13))  # "anything up to 12 bytes can be removed"
    with pytest.raises(CallerError):
        bhttp.decode(data[:-13])


def test_a_response_with_informational_ones() -> None:
    data = BHTTP["ex-bini-response"]
    message = bhttp.decode(data)
    assert isinstance(message.head, Response)
    assert [each.status for each in (*message.informational, message.head)] == [102, 103, 200]
    assert message.informational[0].fields == ((b"running", b'"sleep 15"'),)
    assert message.content == b"Hello World! My content includes a trailing CRLF.\r\n"
    assert bhttp.start(message.head, informational=message.informational) + bhttp.piece(message.content) + bhttp.end() == data


def test_a_response_of_known_length_with_trailers() -> None:
    message = bhttp.decode(BHTTP["ex-bink-chunked"])
    assert message.head == Response(status=200) and message.content == b"This content contains CRLF.\r\n"
    assert message.trailers == ((b"trailer", b"text"),)
    assert bhttp.encode(message.head, message.content, message.trailers) == BHTTP["ex-bink-chunked"]


# -- Oblivious HTTP ----------------------------------------------------------------------------------------------------


def test_oblivious_http() -> None:
    config = keyconfig.decode(raw(WHOLE["key_config"]))
    assert config.encoded.hex() == WHOLE["key_config"] and OHTTP_SUITE in config.suites
    pair = KeyPair(config.key_id, config.kem, raw(WHOLE["skR"]), config.symmetric)
    assert pair.config == config
    sealed, client = ohttp.seal_request(config, OHTTP_SUITE, raw(WHOLE["request_bhttp"]), Said(WHOLE["skE"]))
    assert sealed.hex() == WHOLE["encapsulated_request"]
    message, node = ohttp.open_request(sealed, lambda _: pair)
    assert bhttp.decode(message).head == Request(method="GET", scheme="https", authority="example.com", path="/")
    assert node.context.export(ohttp.WHOLE.response, 16).hex() == WHOLE["exported_secret"]
    answer = ohttp.seal_response(node, raw(WHOLE["response_bhttp"]), Said(WHOLE["encapsulated_response"][:32]))
    assert answer.hex() == WHOLE["encapsulated_response"]
    assert bhttp.decode(ohttp.open_response(client, answer)).head == Response(status=200)


def test_chunked_oblivious_http() -> None:
    config = keyconfig.decode(raw(CHUNKED["key_config"]))
    pair = KeyPair(config.key_id, config.kem, raw(CHUNKED["skR"]), config.symmetric)
    writer, client = chunked.request_writer(config, OHTTP_SUITE, Said(CHUNKED["skE"]))
    sealed = b"".join(writer.write(raw(each)) for each in CHUNKED["request_chunks"]) + writer.close()
    assert sealed.hex() == CHUNKED["encapsulated_request"]
    reader = chunked.RequestReader(lambda _: pair)
    assert reader.feed(sealed) + reader.finish() == [raw(each) for each in CHUNKED["request_chunks"] if each]
    assert reader.exchange is not None
    answering = chunked.response_writer(reader.exchange, Said(CHUNKED["encapsulated_response"][:32]))
    answer = b"".join(answering.write(raw(each)) for each in CHUNKED["response_chunks"]) + answering.close()
    assert answer.hex() == CHUNKED["encapsulated_response"]
    opened = chunked.response_reader(client)
    assert opened.feed(answer) + opened.finish() == [raw(each) for each in CHUNKED["response_chunks"] if each]
