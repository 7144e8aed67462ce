# SPDX-License-Identifier: Apache-2.0
"""Labels in files: `label` and `stream_label` write them, `require` says beforehand whether they can.

A duty that a format cannot bear is refused, never passed over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import Final

from comity.errors import OperatorError
from comity.gateway.duties import Duties
from comity.gateway.labels import credentials, frames, jpeg, mp3, pdf, png, visible, wav, webp, xmp
from comity.gateway.labels.credentials import Signer
from comity.gateway.labels.fields import Fields, fields_of
from comity.gateway.labels.marks import Carrier, Marks, Unfit, Unreadable

__all__ = ["KINDS", "Signer", "label", "require", "stream_label"]

_PNG = Carrier("picture", "", "iTXt chunk, XMP", png.find, png.put, other="tEXt chunk")
_JPEG = Carrier("picture", "", "APP1 segment, XMP", jpeg.find, jpeg.put, other="comment in Exif")
_WEBP = Carrier("picture", "", "XMP chunk", webp.find, webp.put)
_WAV = Carrier("sound", "AIGC chunk", "_PMX chunk, XMP", wav.find, wav.put, wav.audible)
_MP3 = Carrier("sound", "ID3v2 TXXX frame", "ID3v2 PRIV frame, XMP", mp3.find, mp3.put, mp3.audible)
_PDF = Carrier("document", "document information", "metadata of the catalogue, XMP", pdf.find, pdf.put)
KINDS: Final[dict[str, Carrier]] = {
    "image/png": _PNG,
    "image/jpeg": _JPEG,
    "image/webp": _WEBP,
    **dict.fromkeys(("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"), _WAV),
    **dict.fromkeys(("audio/mpeg", "audio/mp3"), _MP3),
    "application/pdf": _PDF,
}
OPENING_BYTES_MAX = 1 << 20
"""What may stand before the first sample of a sound that comes while it is heard."""


def carrier_of(kind: str) -> Carrier | None:
    return KINDS.get(essence(kind))


def essence(kind: str) -> str:
    """A content type without its parameters."""
    return kind.partition(";")[0].strip().lower()


def require(kind: str, owed: Duties, *, signer: Signer | None = None, streamed: bool = False) -> None:
    """Raises where a file of that content type could not carry what is owed: to be asked before anything is sent."""
    if not _owes(owed):
        return
    carrier = carrier_of(kind)
    if carrier is not None and streamed and carrier.media != "sound":
        raise Unfit(f"`{essence(kind)}` cannot be labelled while it comes", hint="ask for it whole")
    if carrier is None:
        raise Unfit(f"`{essence(kind)}` cannot carry the labels that are owed", hint="ask for PNG, JPEG, WebP, WAV or MP3")
    if owed.explicit and carrier.media == "document":
        raise Unfit("a PDF is given no visible label here: it belongs on its pages", hint="ask for text, and set it yourself")
    needed: list[tuple[str, str]] = [("PIL", visible.EXTRA)] if owed.explicit and carrier.media == "picture" else []
    needed += [("pypdf", visible.EXTRA)] if carrier is _PDF else []
    needed += [("c2pa", credentials.EXTRA)] if signer is not None and _machine(owed) else []
    for module, hint in needed:
        if find_spec(module) is None:
            raise OperatorError(f"a label of `{essence(kind)}` needs an extra", code="label.no_extra", hint=hint)


def label(data: bytes, kind: str, owed: Duties, fields: Fields, *, signer: Signer | None = None, language: str = "zh") -> bytes:
    """The file with all that is owed.  ``kind``: its content type; ``language``: of the words on a picture.

    A file that its maker has signed is changed only where it is signed again; where all that is owed is that a machine can tell, and
    the signature says it, it stays as it is.
    """
    require(kind, owed, signer=signer)
    carrier = carrier_of(kind)
    if carrier is None or not _owes(owed):
        return data
    found = carrier.find(data)
    if found.c2pa and signer is None:
        if b"trainedAlgorithmicMedia" in found.c2pa and not owed.explicit and not _implicit(owed):
            return data
        raise OperatorError(
            "the file is signed, and a label would break its signature", code="label.no_signer", hint="configure a signer for C2PA"
        )
    made = data
    if owed.explicit:
        made = carrier.audible(made) if carrier.audible else visible.mark(made, language=language)
    aigc, packet = _words(carrier, found, owed, fields)
    if aigc or packet:
        made = carrier.put(made, aigc, packet)
    if signer is not None and (found.c2pa or _machine(owed)):
        made = credentials.sign(made, data, essence(kind), signer)
    return made


async def stream_label(chunks: AsyncIterator[bytes], kind: str, owed: Duties, fields: Fields) -> AsyncIterator[bytes]:
    """The same for sound that is heard while it comes: labels stand before its first sample.  No signature: it is over the whole."""
    require(kind, owed, streamed=True)
    if not _owes(owed):
        async for piece in chunks:
            yield piece
        return
    begin = _wav_beginning if carrier_of(kind) is _WAV else _mp3_beginning
    held, begun = b"", False
    async for piece in chunks:
        if begun:
            yield piece
            continue
        held += piece
        if (out := begin(held, owed, fields)) is not None:
            begun = True
            yield out
        elif len(held) > OPENING_BYTES_MAX:
            raise Unreadable("the sound does not begin")
    if not begun:
        raise Unreadable("the sound is cut off before it begins")


def _wav_beginning(held: bytes, owed: Duties, fields: Fields) -> bytes | None:
    """What goes out in the place of all that came, or None: more is needed."""
    if (opening := wav.opening(held)) is None:
        return None
    before, at = opening
    mark = wav.mark_for(before) if owed.explicit else b""
    found = wav.marks_of(before)
    _refuse_signed(found)
    if mark and found.aigc:  # of a node before us, which may have put the sound there too
        if len(held) < at + len(mark):
            return None
        mark = b"" if held.startswith(mark, at) else mark
    aigc, packet = _words(_WAV, found, owed, fields)
    return wav.opened(held, before, at, aigc=aigc, xmp=packet, mark=mark) + held[at:]


def _mp3_beginning(held: bytes, owed: Duties, fields: Fields) -> bytes | None:
    if (opening := mp3.opening(held)) is None:
        return None
    tag, at = opening
    found = mp3.marks_of(tag)
    _refuse_signed(found)
    mark, replaced = frames.before(held[at:]) if owed.explicit else (b"", b"")
    if mark and found.aigc and len(held) < at + len(mark):
        return None
    aigc, packet = _words(_MP3, found, owed, fields)
    told = mp3.packed(tag, aigc=aigc, xmp=packet) if aigc or packet else held[: tag.size]
    return told + held[tag.size : at] + mark + held[at + len(replaced) :]


def _words(carrier: Carrier, found: Marks, owed: Duties, fields: Fields) -> tuple[str, bytes]:
    """The fields, and the XMP packet; "" and b"" where nothing of the kind is owed."""
    elsewhere = xmp.value(found.xmp, xmp.AIGC)
    aigc = fields.after(fields_of(found.aigc) or fields_of(elsewhere)).json if _implicit(owed) else ""
    in_packet = aigc if not carrier.native or elsewhere else ""  # two places say the same
    source_type = xmp.GENERATED if _machine(owed) else ""
    packet = xmp.put(found.xmp, aigc=in_packet, source_type=source_type) if in_packet or source_type else b""
    return aigc, packet


def _refuse_signed(found: Marks) -> None:
    if found.c2pa:
        raise Unfit("a signed sound cannot be labelled while it comes", hint="ask for it whole")


def _owes(owed: Duties) -> bool:
    return owed.explicit or _implicit(owed) or _machine(owed)


def _implicit(owed: Duties) -> bool:
    return "implicit" in owed.labels


def _machine(owed: Duties) -> bool:
    return "machine-readable" in owed.labels
