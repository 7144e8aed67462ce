# SPDX-License-Identifier: Apache-2.0
"""The frame of a DCAP quote (Intel's DCAP quote library API, appendix A): lengths, kinds and certificates that no signature covers.

`dcap-qvl` reads them leniently.  Here they have one spelling, so that a quote in a log cannot be written in two ways.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from comity.seal.attestation import der
from comity.seal.attestation.chain import loaded

if TYPE_CHECKING:
    from cryptography import x509

HEADER_BYTES, ENCLAVE_BYTES, DOMAIN_BYTES = 48, 384, 584
SIGNATURE_AND_KEY_BYTES, ENCLAVE_SIGNATURE_BYTES = 128, 64
PCK_CHAIN, QUOTING_ENCLAVE = 5, 6
CERTIFICATES_MAX = 4
END = "-----END CERTIFICATE-----"


def certificates(body: bytes, kind: str) -> str:
    """The certificates of a quote of version 3, 4 or 5, as they stand in it.  Raises ValueError where its frame is not exact."""
    try:
        (version,) = struct.unpack_from("<H", body, 0)
        at = HEADER_BYTES + (DOMAIN_BYTES if kind == "tdx" else ENCLAVE_BYTES)
        if version == 5:
            at = HEADER_BYTES + 6 + struct.unpack_from("<I", body, HEADER_BYTES + 2)[0]
        (size,) = struct.unpack_from("<I", body, at)
        signed = body[at + 4 : at + 4 + size]
        at = SIGNATURE_AND_KEY_BYTES
        if version > 3:  # a further frame around what certifies the key
            outer = struct.unpack_from("<HI", signed, at)
            at += 6
            if outer != (QUOTING_ENCLAVE, size - at):
                raise ValueError("the quote's frame is not exact")
        at += ENCLAVE_BYTES + ENCLAVE_SIGNATURE_BYTES
        at += 2 + struct.unpack_from("<H", signed, at)[0]
        inner = struct.unpack_from("<HI", signed, at)
    except struct.error:
        raise ValueError("the quote ends before it should") from None
    at += 6
    if inner != (PCK_CHAIN, size - at) or len(signed) != size or any(body[body.index(signed) + size :]):
        raise ValueError("the quote's frame is not exact")
    return signed[at:].removesuffix(b"\x00").decode("ascii")


def chain(pem: str) -> list[x509.Certificate]:
    """Certificates in PEM, each in its one spelling.  Raises ValueError."""
    from cryptography.hazmat.primitives.serialization import Encoding

    blocks = [block + END for block in pem.removesuffix("\n").split(END)[:-1]]
    read = [loaded(der.of_pem(block)) for block in blocks]
    spelled = "".join(each.public_bytes(Encoding.PEM).decode() for each in read)
    if not 2 <= len(read) <= CERTIFICATES_MAX or pem.removesuffix("\n") != spelled.removesuffix("\n"):
        raise ValueError("the certificates are not in their one spelling")
    return read
