# SPDX-License-Identifier: Apache-2.0
"""Whom it believes: only a partner whose certificate an authority that we trust gave to that very name, and that is good today."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from comity.errors import ProviderFailure
from tests.unit.providers.hostile import Conversation, Partner, chunked, reply, saying
from tests.unit.providers.http1.asking import LOOP_NAMES, LOOPS, Asking, Hastened, hastened, run

LONG_AGO, FAR_AHEAD = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
both_loops = pytest.mark.parametrize("loop", LOOPS, ids=LOOP_NAMES)
Loop = Callable[[], asyncio.AbstractEventLoop]


class Authority:
    """Made for one test.  ``trusted``: the file that says whom to believe holds it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an authority of a test")])
        basic = x509.BasicConstraints(ca=True, path_length=0)
        made = _builder(self._name, self._name, self._key, LONG_AGO, FAR_AHEAD).add_extension(basic, critical=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def server(self, *names: str, since: datetime = LONG_AGO, until: datetime = FAR_AHEAD, own: bool = False) -> ssl.SSLContext:
        """What a partner shows that has its certificate from here, or (``own``) from itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        which = [x509.IPAddress(IPv4Address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
        made = _builder(called, called if own else self._name, key, since, until).add_extension(
            x509.SubjectAlternativeName(which), critical=False
        )
        pem = self._folder / "server.pem"
        signed = made.sign(key if own else self._key, hashes.SHA256())
        plain = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + plain)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context


def _builder(called: x509.Name, by: x509.Name, key: Any, since: datetime, until: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(called).issuer_name(by).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@both_loops
def test_who_is_vouched_for_is_asked_by_name_in_http_1_and_kept(authority: Authority, loop: Loop) -> None:
    server, called, spoken = authority.server("localhost"), list[str | None](), list[str | None]()
    server.sni_callback = lambda _, name, __: called.append(name)

    async def script(with_: Conversation) -> None:
        spoken.append(with_.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        assert with_.writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        await with_.say(reply(b"{}"))

    async def test() -> None:
        async with Partner(script, tls=server) as partner, Asking(f"https://localhost:{partner.port}") as asking:
            for _ in range(3):
                assert await asking.whole() == b"{}"
            assert (partner.connections, called, spoken) == (1, ["localhost"], ["http/1.1"] * 3)

    run(test, loop)


@both_loops
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_large_answer_comes_whole(authority: Authority, loop: Loop, version: ssl.TLSVersion) -> None:
    server = authority.server("127.0.0.1")
    server.minimum_version = server.maximum_version = version
    body = bytes(range(256)) * 20_000

    async def test() -> None:
        async with Partner(saying(chunked(body, body)), tls=server) as partner, Asking(partner.base) as asking:
            for _ in range(2):
                assert await asking.whole() == body + body
            assert partner.connections == 1

    run(test, loop)


STRANGERS: dict[str, Callable[[Authority], ssl.SSLContext]] = {
    "another name": lambda authority: authority.server("elsewhere.example"),
    "another address": lambda authority: authority.server("127.0.0.2"),
    "the name where the address was asked": lambda authority: authority.server("localhost"),
    "expired": lambda authority: authority.server("127.0.0.1", until=datetime(2021, 1, 1, tzinfo=UTC)),
    "not yet valid": lambda authority: authority.server("127.0.0.1", since=FAR_AHEAD - timedelta(days=1)),
    "from itself": lambda authority: authority.server("127.0.0.1", own=True),
}


@both_loops
@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS.keys())
def test_a_stranger_hears_nothing(authority: Authority, loop: Loop, stranger: Callable[[Authority], ssl.SSLContext]) -> None:
    async def test() -> None:
        async with Partner(saying(reply(b"{}")), tls=stranger(authority)) as partner, Asking(partner.base) as asking:
            with pytest.raises(ProviderFailure) as caught:
                await asking.open()
            assert (caught.value.kind, caught.value.retryable) == ("connect", True)
            assert partner.requests == [] and caught.value.__suppress_context__

    run(test, loop)


@both_loops
def test_an_authority_that_is_not_on_the_list_vouches_for_nobody(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loop: Loop
) -> None:
    (tmp_path / "another").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path / "another").file))
    test_a_stranger_hears_nothing(authority, loop, lambda authority: authority.server("127.0.0.1"))


@both_loops
def test_nobody_speaks_an_old_version(authority: Authority, loop: Loop) -> None:
    def old(authority: Authority) -> ssl.SSLContext:
        server = authority.server("127.0.0.1")
        server.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            server.minimum_version = server.maximum_version = ssl.TLSVersion.TLSv1_1
        return server

    test_a_stranger_hears_nothing(authority, loop, old)


UNTIL_THE_END = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{}"


@both_loops
@pytest.mark.parametrize("said", [UNTIL_THE_END, UNTIL_THE_END.replace(b"1.1", b"1.0")], ids=["1.1", "1.0"])
def test_an_end_without_farewell_is_a_cut(authority: Authority, loop: Loop, said: bytes) -> None:
    """RFC 9112, 9.8: who can cut a connection must not be able to shorten an answer.  In the clear nobody can tell."""

    async def farewell(with_: Conversation) -> None:
        await with_.say(said)
        with_.writer.close()

    async def cut(with_: Conversation) -> None:
        await with_.say(said)
        while with_.writer.transport.get_write_buffer_size():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        with socket.socket(fileno=os.dup(with_.writer.get_extra_info("socket").fileno())) as below:
            below.shutdown(socket.SHUT_WR)  # beneath TLS, which says nothing of it
        await with_.until_gone()

    async def test() -> None:
        server = authority.server("127.0.0.1")
        async with Partner(farewell, tls=server) as partner, Asking(partner.base) as asking:
            assert await asking.whole() == b"{}"
        async with Partner(cut, tls=server) as partner, Asking(partner.base) as asking:
            with pytest.raises(ProviderFailure) as caught:
                await asking.whole()
            assert (caught.value.kind, caught.value.retryable) == ("protocol", False)

    run(test, loop)


def test_a_handshake_that_hangs_is_not_waited_for() -> None:
    async def test() -> None:
        greeted, gone = asyncio.Event(), asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(65536):
                greeted.set()
            gone.set()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        async with server, Asking(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}") as asking:
            waiting = asyncio.ensure_future(asking.open())
            await greeted.wait()
            await hastened().pass_(4)
            assert not waiting.done()
            await hastened().pass_(2)
            with pytest.raises(ProviderFailure) as caught:
                await waiting
            assert (caught.value.kind, caught.value.retryable) == ("connect", True)
            await gone.wait()

    run(test, Hastened)
