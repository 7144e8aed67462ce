# SPDX-License-Identifier: Apache-2.0
"""Each artefact of a sealed exchange, altered a little and checked as clients and auditors check it: what fails, and by which name."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from comity.client.checks import Known, Wanted, checked
from comity.client.document import Claim
from comity.errors import ComityError
from comity.lab.process import Reply, call
from comity.ports import SystemClock, SystemRandom
from comity.seal import AnswerReader, ask
from comity.seal.attestation import Expected, verify
from comity.seal.bind import Binding
from comity.seal.chunked import REQUEST_TYPE
from comity.seal.epochs import Keys
from comity.seal.http import Request
from comity.seal.keyconfig import KEY_HEADER
from comity.transparency.entry import NodeEntry, encoded
from comity.transparency.note import Line, Signer
from comity.transparency.verify import verify as verify_receipt

SEALED = "/comity/v1/sealed"


class Artefacts(NamedTuple):
    """``receipt``: a bundle; ``claim``: what the node offered, and ``known`` what that proved; ``answer``: one that it sealed."""

    receipt: dict[str, Any]
    claim: Claim
    known: Known
    wanted: Wanted
    answer: bytes
    reader: Callable[[], AnswerReader]


class Altered(NamedTuple):
    english: str
    chinese: str
    step: str  # that is to fail
    check: Callable[[], object]


def exchanged(base: str, pool: str, known: Known, key: str) -> tuple[bytes, Callable[[], AnswerReader]]:
    """What the node answers to a question sealed to it (which models there are), as it crossed the wire, and what opens it."""
    binding = Binding(pool=known.entry.pool, key=known.config.hash, policy=known.entry.policy, labels=known.entry.labels)
    inside = Request(method="GET", authority="localhost", path="/v1/models", fields=((b"authorization", f"Bearer {key}".encode()),))
    sealed, exchange = ask(known.config, binding, inside, b"", SystemRandom(), accepted=(known.suite,))
    headers = {"content-type": REQUEST_TYPE, KEY_HEADER.lower(): known.config.header, "incremental": "?1"}
    reply: Reply = call(base, "POST", f"/{pool}{SEALED}", sealed, headers)
    return reply.body, lambda: AnswerReader(exchange)


def opened(answer: bytes, reader: AnswerReader) -> bytes:
    """The content.  Raises TrustFailure."""
    return b"".join(each for each in reader.feed(answer) + reader.finish() if isinstance(each, bytes))


def altered(of: Artefacts, now: datetime) -> Iterator[Altered]:
    yield Altered("the receipt: another destination", "回执：改了目的地", "signature", _receipt(of, "receipt", _elsewhere))
    yield Altered("its salt: one bit", "回执的盐：一个比特", "inclusion", _receipt(of, "salt", _bit))
    yield Altered(
        "its proof: one bit", "回执的证明：一个比特", "inclusion", _receipt(of, "inclusion", lambda path: [_bit(path[0]), *path[1:]])
    )
    yield Altered("the log's checkpoint: another size", "日志的检查点：改了大小", "checkpoint", _receipt(of, "checkpoint", _larger))
    entry = of.claim.entry
    yield Altered("the node's entry: another operator", "节点条目：改了经营者", "proof",
                  _claim(of, now, entry=msgspec.structs.replace(entry, operator="Somebody Else")))  # fmt: skip
    thief = Keys(SystemClock(), SystemRandom()).tend()[0].config
    stolen = msgspec.structs.replace(entry, key=base64.b64encode(thief.encoded).decode())
    yield Altered("its key: somebody else's", "节点密钥：换成别人的", "proof", _claim(of, now, entry=stolen))
    yield Altered("its place in the log: the next", "在日志中的位置：下一个", "proof", _claim(of, now, proof=_next_place(of.claim.proof)))
    yield Altered("one witness's signature: one bit", "一位见证人的签名：一个比特", "witnesses",
                  _claim(of, now, proof=_signature(of, of.wanted.trust.witnesses[0])))  # fmt: skip
    yield Altered("one witness's signature: left out", "一位见证人的签名：删去", "witnesses",
                  _claim(of, now, proof=_signature(of, of.wanted.trust.witnesses[0], keep=False)))  # fmt: skip
    yield Altered("the witnessed checkpoint: signed by another log", "见证过的检查点：由另一日志签名", "checkpoint",
                  _claim(of, now, proof=_resigned(of.claim.proof)))  # fmt: skip
    terms = of.wanted.terms
    expected = Expected(key=of.known.config.hash, image=entry.image, level=terms.level, builders=terms.builders)
    yield Altered("the evidence: its builder's signature", "证据：构建者的签名", "signature",
                  lambda: verify(_evidence(entry), None, now, expected))  # fmt: skip
    other = msgspec.structs.replace(expected, key=thief.hash)
    yield Altered(
        "the evidence, for another key", "证据：用于另一把密钥", "commitment", lambda: verify(entry.evidence_bytes, None, now, other)
    )
    binding = Binding(pool=entry.pool, key=of.known.config.hash, policy=entry.policy, labels=entry.labels)
    yield Altered("the key between check and sealing", "检查之后、加密之前换密钥", "key-config",
                  lambda: ask(thief, binding, Request(method="GET", path="/"), b"", SystemRandom()))  # fmt: skip
    middle = len(of.answer) // 2
    flipped = of.answer[:middle] + bytes([of.answer[middle] ^ 1]) + of.answer[middle + 1 :]
    yield Altered("the sealed answer: one bit", "密封的回答：一个比特", "open", lambda: opened(flipped, of.reader()))
    yield Altered(
        "the sealed answer: its last byte cut", "密封的回答：截去最后一个字节", "truncated", lambda: opened(of.answer[:-1], of.reader())
    )


def failed(check: Callable[[], object]) -> str:
    """The step that it fails by, or the code of an error that is none of trust; "" where it holds."""
    try:
        check()
    except ComityError as error:
        return error.code.removeprefix("trust.")
    return ""


def _receipt(of: Artefacts, member: str, change: Callable[[Any], Any]) -> Callable[[], object]:
    bundle = copy.deepcopy(of.receipt)
    bundle[member] = change(bundle[member])
    return lambda: verify_receipt(bundle)


def _claim(of: Artefacts, now: datetime, *, entry: NodeEntry | None = None, proof: str = "") -> Callable[[], object]:
    made = entry or of.claim.entry
    claim = of.claim._replace(raw=encoded(made), entry=made, proof=proof or of.claim.proof)
    return lambda: checked(claim, of.wanted, now)


def _elsewhere(receipt: dict[str, Any]) -> dict[str, Any]:
    return receipt | {"destination": ["US"]}


def _bit(text: str) -> str:
    raw = base64.b64decode(text)
    return base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode()


def _larger(checkpoint: str) -> str:
    origin, size, rest = checkpoint.split("\n", 2)
    return f"{origin}\n{int(size) + 1}\n{rest}"


def _next_place(proof: str) -> str:
    head, _, rest = proof.partition("\nindex ")
    index, _, more = rest.partition("\n")
    return f"{head}\nindex {int(index) + 1}\n{more}"


def _signature(of: Artefacts, vkey: str, *, keep: bool = True) -> str:
    """The proof with one witness's line altered, or without it."""
    name = vkey.partition("+")[0]
    lines = []
    for line in of.claim.proof.splitlines(keepends=True):
        if line.startswith(f"\u2014 {name} "):
            if not keep:
                continue
            raw = base64.b64decode(line.rsplit(" ", 1)[1])
            line = str(Line(name, raw[:4], raw[4:-1] + bytes([raw[-1] ^ 1])))
        lines.append(line)
    return "".join(lines)


def _resigned(proof: str) -> str:
    """The same tree head under the log's name, by a key that is not the log's."""
    head, note = proof.split("\n\n", 1)
    text, signatures = note.split("\n\n", 1)
    forged = Signer(text.partition("\n")[0], SystemRandom().token(32)).note(text + "\n")
    return f"{head}\n\n{forged}{signatures.split(chr(10), 1)[1]}"


def _evidence(entry: NodeEntry) -> bytes:
    container = json.loads(entry.evidence_bytes)
    body = json.loads(base64.b64decode(container["body"]))
    body["image"]["signature"] = _bit(body["image"]["signature"])
    container["body"] = base64.b64encode(_form(body)).decode()
    return _form(container)


def _form(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
