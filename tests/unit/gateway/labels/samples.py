# SPDX-License-Identifier: Apache-2.0
"""Small files of each format, made here: two pixels' worth of picture, half a second of sound, a page."""

from __future__ import annotations

import base64
import io
import wave
import zlib

from comity.gateway.duties import Duties
from comity.gateway.labels import frames
from comity.gateway.labels.fields import Fields

OWED = Duties(labels=("implicit", "machine-readable"))
ALOUD = Duties(explicit=True, labels=("explicit", "implicit"))
OURS = Fields.of("Example Ltd", "01J")
NEXT = Fields.of("Next", "02K")


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def png(*more: bytes, width: int = 160, height: int = 120) -> bytes:
    """A red picture; ``more``: chunks before its pixels."""
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    pixels = zlib.compress((b"\0" + b"\xc0\x20\x20" * width) * height)
    parts = [png_chunk(b"IHDR", head), *more, png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


# A grey slope of 16 by 12 pixels, written once by Pillow, with a description in Exif (and, of the JPEG, a comment).
JPEG = base64.b85decode(
    "|JeWF01!$>Nk#wx0RR9200961|KR{CMR;ju002!*04e|g00;m90S*8H000070000Q00000VIXv6b94Xz|Na05Yh`eB|JwjV01XKW3knDg3knMk4h;_zAQcl5"
    "5)&sJ9v2`kDKRiEDJ?8BI!Zn>HbyrrEkIX6ModmpQ&KWMT47pHU`kO^PygEhLjevB4iga*CKVMXPc<zyPft%zPft%zPft%zPft%zPft%zPft%zPft%zPft%z"
    "Pft%zPft%zPft%zPft%zPf!2A01*fP3;+-V0U`hb5di}c0sq7R9{>OW1pxs80RaI300000000010s{mE1_uZU3Jd?l0JRVR0s#X90t5pE1q1{D00Dgg0s{a9"
    "5d{(<F+m0sQDFxnaTGFvk)a49Lb1UWQqk}vGh%Xr2?`b$7#SKRCMPH<Dl|1VH#j*uLqtVJM@UIZQ&d$}S6EqEV`OD!XJ~0^b98lfcX)YvgM@{Khlq)al9QB`"
    "mY0~BnxdnmrKYE-sj9NGw6(UkxVgH*!^FkL$H>Xb($mz{*4NnC+Tr5k<mKk)=;`Y5^7Hid_V@Vt`v1fL9{~UZ0RaI40RaI40RR91000010s{mE1_uZU3Jd?l"
    "0JRYS0s#U91Oo&I1q1{D0Rndb0RjUN1O*{61`<J02Vrp&A~Jyp6he`qvB3!=Gg9ysVsg<679=#`CGi&+85$-hC@Cs6Ha9pqIzvQ7Mn_0VN>fx-R##YAT4Q8o"
    "W@l(=YIAgTc6WGrdV+(5g@%WSiHeewl$Dm3n3<ZQqok##r>Lo_va__cwzs&sy28W6#m2|T$;#5x)YaD4*xB0R<K*S$=jiF`^7Hid_V@Vt`v2Mh3<CiG0ucid"
    "06zf5{{Vzz{+a%if5I{U08IY?O7)MhTYqwouv>p}fIt7)"
)
WEBP = base64.b85decode("Qb|TeFaQ7mS4BclR!}$~Bme*akO2Ul0V)sx3;+VaOeLfM0_Kb8fB^pWqqF-uwd=*TqyPW_")
WEBP_LOSSLESS = base64.b85decode(
    "Qb|TelmGw#S4BclR!}%t3IG5A2mk;84*&oQ0034{I800c001u!zybhYK$vX=aNlkIum_<QKmZm3^bWNE0<aLEcg%ke22njr&vK!FkhYynVG2{2LJBFQkU|P6"
    "q!8bAi0FR?Nzn`@i_PKk_y9#%Nk$?7002!*04e|g00;m90S*8H000070000Q00000VIXv6b94Xz"
)


def wav(*, rate_hz: int = 16_000, channels: int = 1, width: int = 2, seconds: float = 0.5) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(bytes(range(1, 201)) * round(rate_hz * seconds * channels * width / 200))
    return out.getvalue()


def mp3(*, rate_hz: int = 24_000, mono: bool = True, kbits_index: int = 8, tag: bytes = b"") -> bytes:
    """Frames from the middle of the label's own, at a bit rate that a service would use."""
    taken = frames._sets()[rate_hz, mono][10:30]
    to = frames.header(taken[0][:4])._replace(bit_rate=kbits_index)
    return tag + b"".join(frames._filled(frame, to) for frame in taken)


def id3(*of: tuple[bytes, bytes], version: int = 3) -> bytes:
    body = b"".join(kind + len(said).to_bytes(4, "big") + b"\0\0" + said for kind, said in of) + bytes(20)
    return b"ID3" + bytes([version, 0, 0, 0, 0, len(body) >> 7, len(body) & 0x7F]) + body


def pdf(*, title: str = "A page") -> bytes:
    """One empty page, with an information dictionary."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        b"<< /Title (" + title.encode() + b") >>",
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size 5 /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer


TITLE = id3((b"TIT2", b"\0A song"))
FILES = {
    "png": ("image/png", png()),
    "jpeg": ("image/jpeg", JPEG),
    "webp": ("image/webp", WEBP),
    "webp-lossless": ("image/webp", WEBP_LOSSLESS),
    "wav": ("audio/wav", wav()),
    "mp3": ("audio/mpeg", mp3()),
    "mp3-tagged": ("audio/mpeg", mp3(tag=TITLE)),
}
