# SPDX-License-Identifier: Apache-2.0
"""What the browser verifies and what Python verifies: over every attack that Python's tests make, and many more, one verdict by one step.

One page of a real browser loads the modules as the console does, under a policy as strict, and goes through all cases at once.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import struct
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from comity.errors import TrustFailure
from comity.transparency.canonical import canonical
from comity.transparency.entry import encoded, parse
from comity.transparency.merkle import consistency_holds, consistency_proof
from comity.transparency.note import COSIGNED_ED25519, Signer, parse_note
from comity.transparency.tlog_proof import parse as parse_proof
from comity.transparency.trust import Trust, proven
from tests.browser import Page, browser
from tests.console.attacks import (
    SEED,
    VKEY,
    Case,
    altered,
    changed_bundles,
    compact,
    forgeries,
    in_python,
    other_bundles,
    signatures,
    slack,
    worlds,
)
from tests.console.words import STATIC
from tests.laws.test_transparency import bundles, node, tree
from tests.logs import MemoryLog, node_entry
from tests.reports import audited
from tests.unit.transparency import test_audit as reports
from tests.unit.transparency.test_trust import ENTRY, KEYS, NOW, RAW, filled
from tests.unit.transparency.test_vectors import NOTES, NUMBERS, PROOFS, VECTORS

pytestmark = pytest.mark.skipif(not browser(), reason="no Chromium is on this machine")
VERIFY = STATIC / "lib" / "verify"
TYPES = {".js": "text/javascript", ".json": "application/json", ".html": "text/html"}
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"


class Web(BaseHTTPRequestHandler):
    """The console's files, and what a test lays beside them."""

    laid: ClassVar[dict[str, bytes]] = {"/": b"<!doctype html><html lang=en><meta charset=utf-8><title>verify</title><main></main>"}

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        file = STATIC / path.removeprefix("/console/static/")
        found = self.laid.get(path) or (file.read_bytes() if path.startswith("/console/static/") and file.is_file() else None)
        self.send_response(200 if found is not None else 404)
        self.send_header("Content-Type", TYPES.get(file.suffix, "application/octet-stream") if path != "/" else "text/html")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(found or b"")))
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, *_: object) -> None:
        pass


class Browser:
    """One page, in which modules are asked."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def ask(self, script: str, value: Any = None) -> Any:
        """What ``script``, the body of an async function that is given ``value`` and `load(module)`, returns."""
        Web.laid["/value"] = json.dumps(value).encode()
        given = "const load = name => import(`/console/static/lib/${name}.js`), value = await (await fetch('/value')).json();"
        body = f"(async () => {{ {given} {script} }})()"
        found = self.page.ask("Runtime.evaluate", expression=body, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    blank = tmp_path_factory.mktemp("web") / "blank.html"
    blank.write_text("")
    try:
        with Page(blank) as page:
            page.ask("Page.navigate", url=f"http://127.0.0.1:{server.server_port}/")
            while page.run("document.readyState + document.title") != "completeverify":
                pass
            yield Browser(page)
            assert page.told == []  # the policy refused nothing
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


VERDICTS = """
const { verifyFile } = await load('verify/index');
const out = [];
for (const [at, { vkeys, trusts, witnesses }] of value.entries()) {
  const raw = await (await fetch(`/case/${at}`)).arrayBuffer();
  const { ok, steps } = await verifyFile(raw, { source: 'file', vkeys, trusts, witnesses });
  const bad = steps.findIndex(step => step.ok === false);
  if (ok !== (bad < 0) || ok !== steps.every(step => step.ok)) throw new Error(`steps and verdict disagree about case ${at}`);
  out.push(ok ? '' : steps[bad].name);
}
return out"""


def in_browser(web: Browser, cases: list[Case]) -> list[str]:
    Web.laid.update({f"/case/{at}": case.raw or b"\0" for at, case in enumerate(cases)})
    return web.ask(
        VERDICTS, [{"vkeys": each.vkeys, "witnesses": each.witnesses, "trusts": [said(trust) for trust in each.trusts]} for each in cases]
    )  # type: ignore[no-any-return]


def said(trust: Trust) -> dict[str, Any]:
    return {"log": trust.log, "witnesses": trust.witnesses, "quorum": trust.quorum, "ageSecondsMax": trust.age_seconds_max}


def agree(web: Browser, cases: list[Case]) -> set[str]:
    """The steps at which they failed."""
    pairs = list(zip(cases, in_browser(web, cases), map(in_python, cases), strict=True))
    wrong = [
        (case.name, f"browser: {there}", f"python: {here}") for case, there, here in pairs if there != here and not slack(case, there, here)
    ]
    assert wrong == []
    return {here for _, _, here in pairs}


# -- receipts --------------------------------------------------------------------------------------------------------


def test_a_receipt_is_judged_as_python_judges_it(web: Browser) -> None:
    cases = [*changed_bundles(), *other_bundles()]
    assert len(cases) > 300
    assert agree(web, cases) == {"", "shape", "key", "signature", "checkpoint", "inclusion"}


def test_what_could_be_read_in_two_ways_is_refused(web: Browser) -> None:
    """Stricter than Python's own reader, which takes the last of two: others take the first."""
    whole = compact(bundles()[4])
    twice = [whole.replace(b'"index":4', b'"index":9,"index":4'), whole.replace(b'"receipt":{', b'"receipt":{"effect":"deny",')]
    odd = [b"\xef\xbb\xbf" + whole, whole.decode().encode("utf-16"), b"[" * 100_000, whole.replace(b'"CN"', b'"\xff"')]
    assert set(in_browser(web, [Case("twice", raw) for raw in [*twice, *odd]])) == {"shape"}


# -- reports ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> reports.Held:
    return asyncio.run(reports._held(tmp_path_factory.mktemp("held")))


def test_what_holds_and_what_it_shows(web: Browser, held: reports.Held) -> None:
    found = web.ask(
        """const { verifyFile, leftOut } = await load('verify/index');
        const [own, other] = await Promise.all(['/case/0', '/case/1'].map(async path => verifyFile(await (await fetch(path)).blob(),
          { source: 'file', vkeys: [], witnesses: [], trusts: [value] })));
        return [own.facts, leftOut(own, other), leftOut(own, { ...other, facts: { ...other.facts, receipts: [] } }).length]""",
        _laid(said(held.trust), held.report, held.other),
    )
    python, facts = audited(held.report, trusts=[held.trust]), found[0]
    assert (facts["effects"], set(facts["receipts"])) == (python.effects, python.receipts)
    assert facts["nodes"] == {"named": 1, "proved": 1, "missing": []} and facts["receivedPinned"] and facts["gaps"] == []
    assert facts["notes"] == ["note.ownKey", "note.noWitness"] and found[1:] == [[], 3]


def _laid(value: Any, *files: bytes) -> Any:
    Web.laid.update({f"/case/{at}": raw for at, raw in enumerate(files)})
    return value


def test_a_report_is_judged_as_python_judges_it(web: Browser, held: reports.Held, tmp_path: Path) -> None:
    cases = [*altered(held), *forgeries(held), *asyncio.run(worlds(tmp_path))]
    assert len(cases) > 300
    assert agree(web, cases) == reports.STEPS | {"", "freshness", "shape"}  # what no longer begins as a zip is no report


def test_it_holds_the_same_without_the_browser_s_own_ed25519(web: Browser, held: reports.Held) -> None:
    """As where a page came over plain http."""
    cases = [
        *list(other_bundles())[::4],
        Case("whole", held.report),
        *(Case(f"forged {n}", case.raw) for n, case in enumerate(list(forgeries(held))[:3])),
    ]
    hide = "Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true }); crypto.subtle === undefined"
    took = web.page.run(hide)
    try:
        assert took
        agree(web, cases)
        assert ed25519(web) == [here for *_, here in signatures()]
    finally:
        web.page.run("delete crypto.subtle")
    assert ed25519(web) == [here for *_, here in signatures()]


# -- what others published -------------------------------------------------------------------------------------------


def ed25519(web: Browser) -> list[bool]:
    return web.ask(  # type: ignore[no-any-return]
        """const { ed25519Holds } = await load('verify/keys');
        const raw = hex => Uint8Array.from(hex.match(/../g) ?? [], pair => parseInt(pair, 16)), out = [];
        for (const [key, message, signature] of value) out.push(await ed25519Holds(raw(key), raw(message), raw(signature)));
        return out""",
        [each[:3] for each in signatures()],
    )


def test_trees(web: Browser) -> None:
    """RFC 9162's proofs: a published set that must not hold, and every smaller tree within larger ones."""
    consistent = []
    for size in (1, 2, 7, 8, 64, 187):
        for old in sorted({1, size // 2 or 1, size & -size, size - 1 or 1, size}):
            proof, roots = consistency_proof(old, size, node), tree()[1]
            for path in (proof, proof[:-1], [*proof, roots[1]], [bytes(32), *proof[1:]]):
                consistent.append((old, size, roots[old], roots[size], path))
    plain = [[old, size, one.hex(), two.hex(), [each.hex() for each in path]] for old, size, one, two, path in consistent]
    found = web.ask(
        """const { inclusionHolds, consistencyHolds } = await load('verify/merkle');
        const raw = text => Uint8Array.from(atob(text ?? ''), letter => letter.charCodeAt(0));
        const hex = text => Uint8Array.from(text.match(/../g) ?? [], pair => parseInt(pair, 16));
        return [
          value[0].map(v => inclusionHolds(BigInt(v.leafIdx), BigInt(v.treeSize), raw(v.leafHash), (v.proof ?? []).map(raw), raw(v.root))),
          value[1].map(([old, size, one, two, path]) =>
            consistencyHolds(BigInt(old), BigInt(size), hex(one), hex(two), path.map(hex)))]""",
        [PROOFS, plain],
    )
    assert found[0] == [not vector["wantErr"] for vector in PROOFS]
    assert found[1] == [consistency_holds(*each) for each in consistent] and {True, False} == set(found[1])


def test_notes_and_keys(web: Browser) -> None:
    heads = [(VECTORS / f"checkpoint.{n}").read_text(encoding="utf-8") for n in range(8)]
    tessera, example = (VECTORS / "tessera-log.vkey").read_text().strip(), NOTES["c2sp_example"]
    good = [(NOTES["note_both"], vkey) for vkey in NOTES["vkeys"]] + [
        (example["note"], example["vkey"]),
        *((head, tessera) for head in heads),
    ]
    both, (peter, _) = NOTES["note_both"], NOTES["vkeys"]
    more = ("\u2014 a+b AAAAAAAA\n", "\u2014 a\xa0b AAAAAAAA\n", "\u2014 a AAAA\n", "\u2014 a\n", "x\n")
    notes = [
        "", NOTES["text"], both[:-1], both.replace("cryptography", "Cryptography"), both + NOTES["sig_peter"],
        both.replace("\u2014 ", "- "), NOTES["text"] + "\n" + NOTES["sig_enoch"], *(both + each for each in more),
    ]  # fmt: skip
    bad = [(note, peter) for note in notes] + [(example["note"], vkey) for vkey in [*NOTES["bad_vkeys"], "", "name", "name+00+"]]
    found = web.ask(
        """const { opened, parseCheckpoint } = await load('verify/note'), { parseVkey } = await load('verify/keys'), out = [];
        for (const [note, vkey] of value[0]) out.push(await (async () => opened(note, parseVkey(vkey)))().then(() => true, () => false));
        return [out, value[1].map(text => { try { return String(parseCheckpoint(text).size) } catch { return '' } })]""",
        [
            [*good, *bad],
            [head.partition("\n\n")[0] + "\n" for head in heads] + ["a\n01\n", "a\n1\nAAAA\n", "a\n\n1\n", f"a\n-1\n{'A' * 43}=\n"],
        ],
    )
    assert found == [[True] * len(good) + [False] * len(bad), [str(n) for n in range(8)] + [""] * 4]
    real = json.loads((VECTORS / "cosigned-checkpoint.json").read_text(encoding="utf-8"))
    seen = web.ask(
        """const { parseNote, cosignedAt } = await load('verify/note'), { parseVkey, COSIGNED } = await load('verify/keys'), out = [];
        const { text, lines } = parseNote(value.note), witness = parseVkey(value.witness, COSIGNED);
        for (const said of [text, text.replace('1432088532', '1432088533')]) {
          out.push(await cosignedAt(said, lines, witness).then(at => at.getUTCFullYear(), error => error.step));
        }
        return out""",
        real,
    )
    assert seen == [2026, "witnesses"]  # what a public witness signed


def test_the_form_of_json(web: Browser) -> None:
    """RFC 8785: its appendix of numbers, the order of its names, its escapes; and what is no JSON."""
    numbers = [struct.unpack(">d", bytes.fromhex(bits))[0] for bits in NUMBERS]
    values = [
        dict.fromkeys(["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"], 0),
        {"string": '\u20ac$\x0f\nA\'B"\\\\"/\x7f\u2028', "n": [2**53 - 1, -5, 1.5]},
    ]
    refused = [
        '{"a":1,"a":1}',
        "01",
        "1.",
        ".5",
        "+1",
        "[1,]",
        '{"a"}',
        '"\\ud800"',
        '"\\x"',
        '"\t"',
        "nul",
        "NaN",
        "[1 2]",
        "",
        "1 1",
        "\ufeff1",
        '"a',
        '{"a":1,}',
    ]
    found = web.ask(
        """const { canonical, parse } = await load('verify/json');
        const or = work => { try { return work() } catch { return null } };
        return value.map(text => or(() => canonical(parse(text))))""",
        [
            *(repr(number) if number % 1 else f"{number!r}" for number in numbers),
            *(json.dumps(value) for value in values),
            *refused,
            "9007199254740992",
            "[" * 300 + "]" * 300,
        ],
    )
    assert found == [*NUMBERS.values(), *(canonical(value).decode() for value in values), *[None] * (len(refused) + 2)]


def test_entries_of_public_logs(web: Browser) -> None:
    """Proof, witnesses and freshness, as `trust.py` has them, and entries as `entry.py` reads them."""
    log, draw = filled(3), random.Random(SEED)
    trust, proof = log.trust(quorum=2), log.prove(ENTRY, NOW, witnesses=2)
    text, _ = parse_note(parse_proof(proof).checkpoint)
    now = int(NOW.timestamp())
    again, bad = log.witnesses[0].cosignature(text, now + 1), log.witnesses[2].cosignature(text, now)
    stranger = Signer("witness.example/1", b"x" * 32, COSIGNED_ED25519).cosignature(text, now)
    one, beyond = log.prove(ENTRY, NOW, witnesses=1), log.witnesses[1].cosignature(text, (1 << 63) - 1)
    proofs = [
        proof, one, log.prove(log.entries[0], NOW), MemoryLog(name="log.example/others").prove(ENTRY, NOW),
        one + str(again) + str(stranger), one + str(beyond), proof + str(bad._replace(signature=bytes(72))),
        "c2sp.org/tlog-proof@v1\nextra AA==\n" + proof.partition("\n")[2],
    ]  # fmt: skip
    cases = [(RAW, each, 0) for each in proofs] + [(RAW, proof, seconds) for seconds in (86_400, 86_401, -300, -301)]
    cases.append((encoded(node_entry(region="DE")), proof, 0))
    for _ in range(60):
        raw = bytearray(proof.encode())
        raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        cases.append((RAW, raw.decode("utf-8", "replace"), 0))
    entries = [RAW, RAW.replace(b",", b", ", 1), RAW.replace(b"Example", b"\\u0045xample")]
    for changed in (
        {"pool": ""}, {"receipts": KEYS[0]}, {"key": "AQAgAB=="}, {"since": "2026-11-25T00:00:00Z"}, {"since": "2026-11-23"},
        {"level": "A1"}, {"level": "B0"}, {"evidence": "QUFB"}, {"image": "sha256:ab"}, {"policy": "ab"}, {"egress": ["b:1", "a:1"]},
        {"egress": ["a"]}, {"labels": ["b", "a"]}, {"more": 1}, {"retention_months": -1}, {"beat_milliseconds": 0.5},
        {"plaintext_at": "none"}, {"operator": "x" * 70_000}, {"retention_months": None}, {"egress": ["[::1]:1", "a:1"]},
        {"since": "2026-02-30T00:00:00Z"}, {"format": "comity.node-entry.v2"},
    ):  # fmt: skip
        entries.append(canonical({**msgspec.to_builtins(ENTRY), **changed}))
    less = [{"log": KEYS[0]}, {"witnesses": [KEYS[0]] * 2}, {"witnesses": []}, {"quorum": 0}, {"quorum": 4}, {"ageSecondsMax": 0}]
    timed = [(entry.decode(), text, int((NOW + timedelta(seconds=at)).timestamp() * 1000)) for entry, text, at in cases]
    found = web.ask(
        """const { proven, keysOf } = await load('verify/trust'), { parseEntry } = await load('verify/entry'), out = [];
        const bytes = text => new TextEncoder().encode(text), step = error => error.step ?? 'entry';
        for (const [entry, proof, now] of value[1]) out.push(await proven(bytes(entry), proof, value[0], now).then(() => '', step));
        return [out, value[2].map(raw => { try { parseEntry(bytes(raw)); return '' } catch (error) { return step(error) } }),
          value[3].map(trust => { try { keysOf(trust); return '' } catch (error) { return step(error) } })]""",
        [said(trust), timed, [entry.decode() for entry in entries], [said(trust), *({**said(trust), **each} for each in less)]],
    )
    assert found[0] == [step_of(lambda case=case: proven(case[0], case[1], trust, NOW + timedelta(seconds=case[2]))) for case in cases]  # type: ignore[misc]
    assert {"", "proof", "checkpoint", "witnesses", "freshness"} == set(found[0])
    assert found[1] == [step_of(lambda raw=raw: parse(raw)) for raw in entries]  # type: ignore[misc]
    assert found[2] == ["", *["anchors"] * 6]


def step_of(work: Any) -> str:
    try:
        work()
    except TrustFailure as failure:
        return failure.step
    return ""


# -- heads, anchors, and what a person sees --------------------------------------------------------------------------


def test_a_tree_head_by_itself(web: Browser) -> None:
    log = MemoryLog()
    log.append(ENTRY)
    vkey, keys, note = log.signer.verifier.vkey, tuple(each.verifier.vkey for each in log.witnesses), log.checkpoint(NOW)
    raw, other = note.encode(), MemoryLog(name="log.example/others").signer.verifier.vkey
    larger, fewer = raw.replace(b"\n1\n", b"\n2\n"), log.checkpoint(NOW, witnesses=1).encode()
    cases = [Case("", raw, (vkey,), (), keys), Case("", raw, (other, vkey)), Case("key", raw), Case("key", raw, (other,))]
    cases += [Case("checkpoint", larger, (vkey,)), Case("witnesses", fewer, (vkey,), (), keys)]
    assert in_browser(web, cases) == [case.name for case in cases]


def test_a_log_that_has_only_grown(web: Browser) -> None:
    log, heads = MemoryLog(), list[str]()
    for n in range(9):
        log.append(node_entry(pool=f"pool-{n}"))
        heads.append(log.checkpoint(NOW))
    other = MemoryLog()
    for n in range(3):
        other.append(node_entry(pool=f"other-{n}"))
    proof = [b64encode(each).decode() for each in consistency_proof(3, 9, lambda level, at: log._nodes[level, at])]
    found = web.ask(
        """const { grown, sizeOf } = await load('verify/grown'), [vkey, cases] = value, out = [];
        for (const [older, newer, proof] of cases) out.push([await grown(older, newer, proof, vkey), String(await sizeOf(older, vkey))]);
        return out""",
        [log.signer.verifier.vkey, [
            (heads[2], heads[8], proof), (heads[8], heads[8], []), (heads[3], heads[8], proof), (heads[2], heads[8], proof[1:]),
            (heads[2], heads[8], ["x"]), (other.checkpoint(NOW), heads[8], proof), (heads[8], heads[2], proof), ("x", heads[8], proof),
            (heads[2], MemoryLog(name="log.example/others").checkpoint(NOW), proof),
        ]],
    )  # fmt: skip
    assert [why for why, _ in found] == ["", "", *["proof"] * 4, "shrunk", "old", "new"]
    assert [size for _, size in found] == ["3", "9", "4", "3", "3", "3", "9", "NaN", "3"]


def test_where_anchors_come_from_is_part_of_every_result(web: Browser) -> None:
    trust = MemoryLog().trust()
    toml = f"[trust]\nlog = {json.dumps(trust.log)}\nwitnesses = {json.dumps(trust.witnesses)}\n"
    found = web.ask(
        """const { fromText, fromGateway, together, verifyFile } = await load('verify/index');
        const or = text => { try { return fromText(text) } catch (error) { return [error.step, error.why] } };
        const result = await verifyFile(value[0], fromGateway({ vkey: value[1] }));
        const none = { log: 'x', witnesses: [], quorum: 1, ageSecondsMax: 1 };
        const wrong = await verifyFile(value[0], { source: 'file', vkeys: [value[1]], witnesses: [], trusts: [none] });
        return [result.ok, result.facts.anchors, result.facts.notes, value.slice(2).map(or),
          together(fromGateway({ vkey: value[1] }), fromText(value[3])).source,
          wrong.ok, wrong.steps.find(step => step.ok === false).name]""",
        [compact(bundles()[0]).decode(), VKEY, f"# of ours\n{VKEY}\n{KEYS[0]}\n", toml, "", "nonsense", "a = 1", "[trust]\nlog = 'x'"],
    )
    assert found[:3] == [True, {"source": "gateway", "vkeys": [VKEY], "witnesses": [], "trusts": []}, ["note.gateway"]]
    assert found[3][0] == {"source": "file", "vkeys": [VKEY], "witnesses": [KEYS[0]], "trusts": []}
    assert found[3][1]["trusts"] == [{**said(trust), "witnesses": list(trust.witnesses)}]
    assert [each[0] for each in found[3][2:]] == ["anchors"] * 4 and found[4:] == ["gateway", False, "anchors"]


def test_a_person_drops_a_file_and_reads_each_step(web: Browser, held: reports.Held) -> None:
    drop = """const { verifyDrop } = await load('verify-drop'), i18n = await load('i18n');
        i18n.setLanguage(value.language);
        await i18n.load('verify', 'shell');
        const done = {}, results = new Promise(found => { done.found = found });
        const zone = verifyDrop({ t: i18n.t, onresult: done.found });
        document.querySelector('main').replaceChildren(zone);
        const moved = new DataTransfer();
        moved.items.add(new File([await (await fetch(value.path)).blob()], 'x'));
        if (value.by === 'drop') zone.dispatchEvent(new DragEvent('drop', { dataTransfer: moved, cancelable: true }));
        else { const input = zone.querySelector('input'); input.files = moved.files; input.dispatchEvent(new Event('change')) }
        await results;
        return [zone.innerText, [...zone.querySelectorAll('ol li')].map(each => each.dataset.state), zone.querySelectorAll('label').length,
          [...zone.querySelectorAll('input')].every(each => each.tabIndex === 0 && each.labels.length === 1)]"""  # fmt: skip
    bad = reports.forge(held, reports.rewritten(reports.ROWS["an effect is changed"][1]))
    Web.laid.update({"/good": held.report, "/bad": bad})
    text, states, labels, reachable = web.ask(drop, {"path": "/good", "by": "input", "language": "en"})
    assert "This report holds." in text and "10 sent away, 3 stayed on the device, 3 refused" in text and states == ["held"] * 15
    assert labels == 2 and reachable and "not whose log it is" in text and "verify." not in text
    text, states, *_ = web.ask(drop, {"path": "/bad", "by": "drop", "language": "zh"})
    assert "这份报告不成立" in text and "trust.inclusion" in text and states == ["held"] * 11 + ["failed"] + ["open"] * 3
    assert not re.search(r"[A-Za-z]{5} [a-z]{3}", text.replace("trust.inclusion", ""))


def test_each_reason_has_words() -> None:
    """And each word a reason."""
    program = "".join(path.read_text(encoding="utf-8") for path in VERIFY.glob("*.js"))
    patterns = (
        r'(?:Failure|within)\(\s*[\w"]+,\s*"(\w+)"',
        r'(?:Unread|[^.]failed)\("(\w+)"',
        r'\? "(\w+)" : "noKey"',
        r'"(noKey|unreadable)"',
    )
    used = {each for pattern in patterns for each in re.findall(pattern, program)}
    words = json.loads((STATIC / "i18n" / "verify.en.json").read_text(encoding="utf-8"))
    assert used == set(words["why"])
