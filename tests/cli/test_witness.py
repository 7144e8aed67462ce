# SPDX-License-Identifier: Apache-2.0
"""`comity witness` as processes that a log asks over HTTP, and `comity log verify` of what was published: in a folder and on the web."""

from __future__ import annotations

import asyncio
import functools
import http.server
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from comity.config import CosignerConfig
from comity.errors import OperatorError
from comity.gateway.roles.witnessing import Witnesses
from comity.lab.process import Process
from comity.transparency.note import COSIGNED_ED25519, Checkpoint, Signer, checkpoint_text
from comity.transparency.publish import Published, Publisher
from comity.transparency.store import Folder
from comity.transparency.tlog import TLog, signer_of
from comity.transparency.witness import PATH, SIZE_TYPE, Request, written
from tests.cli.conftest import Cli

SIGNER = signer_of(b"n" * 32)
VKEY = SIGNER.verifier.vkey


@contextmanager
def witness(folder: Path, number: int, vkey: str = VKEY) -> Iterator[Process]:
    words = ["comity.cli.main", "--home", str(folder / f"w{number}"), "--json", "witness", "--name", f"witness.example/{number}"]
    made = Process(
        f"witness-{number}", [*words, "--log", vkey, "--port", "0"], log=folder / f"w{number}.log", environment={}
    )  # fmt: skip
    try:
        yield made.wait_ready()
    finally:
        made.stop()


def keys_of(cli: Cli, folder: Path, number: int) -> list[str]:
    done = cli("--home", folder / f"w{number}", "--json", "witness", "key", "--name", f"witness.example/{number}")
    found: list[str] = done.json()["vkeys"]
    assert done.code == 0 and len(found) == 2
    return found


def publish(folder: Path, named: list[CosignerConfig], more: int, quorum: int = 2) -> Published:
    return asyncio.run(_published(folder, named, more, quorum))


async def _published(folder: Path, named: list[CosignerConfig], more: int, quorum: int) -> Published:
    log = await TLog.open(folder / "log.db", SIGNER, seconds_max=10)
    asked = Witnesses(named, "node.witnesses")
    try:
        size = await log.size()
        await log.append([b"entry %d" % n for n in range(size, size + more)])
        return await Publisher(log, Folder(folder / "tiles"), asked.cosigners, quorum).publish()
    finally:
        await asked.aclose()
        await log.aclose()


def test_two_witnesses_and_a_log(cli: Cli, tmp_path: Path) -> None:
    with ExitStack() as stack:
        running = [stack.enter_context(witness(tmp_path, n)) for n in range(2)]
        vkeys = [keys_of(cli, tmp_path, n)[n] for n in range(2)]  # of one the ML-DSA-44 key is pinned, of the other the Ed25519 key
        named = [CosignerConfig(url=each.base, key=vkey) for each, vkey in zip(running, vkeys, strict=True)]
        assert publish(tmp_path, named, 5) == (5, True, ())
        assert publish(tmp_path, named, 300) == (305, True, ())
        running[1].stop()
        assert publish(tmp_path, named, 1) == (306, False, ("witness.example/1",))  # what was shown still is
        checked = cli("--json", "log", "verify", tmp_path / "tiles", "--vkey", VKEY, "--witness", vkeys[0], "--witness", vkeys[1])
        assert (checked.code, checked.json()["size"]) == (0, 305)
        with witness(tmp_path, 1) as again:  # it remembers what it signed
            named[1] = CosignerConfig(url=again.base, key=vkeys[1])
            assert publish(tmp_path, named, 1) == (307, True, ())
    checked = cli("--json", "log", "verify", tmp_path / "tiles", "--vkey", VKEY, "--witness", vkeys[0], "--witness", vkeys[1])
    assert checked.json()["holds"] and set(checked.json()["witnessed"]) == {"witness.example/0", "witness.example/1"}
    stranger = cli("log", "verify", tmp_path / "tiles", "--vkey", VKEY, "--witness", keys_of(cli, tmp_path, 0)[1])
    stranger.refused(5, "trust.witnesses")


def posted(url: str, body: bytes) -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST")) as answer:
            return answer.status, answer.headers["content-type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["content-type"], error.read()


def note(size: int, root: bytes) -> str:
    return SIGNER.note(checkpoint_text(Checkpoint(SIGNER.verifier.name, size, root)))


def test_a_split_view_is_refused_over_http(tmp_path: Path) -> None:
    with witness(tmp_path, 0) as running:
        url = running.base + PATH
        assert posted(url, written(Request(0, (), note(4, b"a" * 32))))[0] == 200
        assert posted(url, written(Request(4, (), note(4, b"b" * 32)))) == (409, SIZE_TYPE, b"4\n")
        assert posted(url, written(Request(0, (), note(4, b"b" * 32)))) == (409, SIZE_TYPE, b"4\n")
        assert posted(url, written(Request(4, (b"x" * 32,), note(5, b"b" * 32))))[0] == 422
        forged = note(5, b"b" * 32)[:-10] + "AAAAAAAA=\n"
        assert posted(url, written(Request(4, (), forged)))[0] in (400, 403)
        assert posted(url, b"nonsense")[0] == 400
        assert posted(running.base + "/else", b"")[0] == 404
        assert posted(running.base + "/healthz", b"")[0] == 405
        assert posted(url, b"x" * 400_000)[0] == 413
        with urllib.request.urlopen(running.base + "/healthz") as answer:
            assert answer.status == 200


def test_a_key_whose_memory_is_gone_does_not_sign(cli: Cli, tmp_path: Path) -> None:
    keys_of(cli, tmp_path, 0)
    for file in (tmp_path / "w0").glob("witness.db*"):
        file.unlink()
    cli("--home", tmp_path / "w0", "witness", "--name", "witness.example/0", "--log", VKEY, "--port", 0).refused(5, "trust.log")


@pytest.mark.parametrize(
    "words",
    [("witness",), ("witness", "key"), ("witness", "--name", "x"), ("witness", "--name", "a b", "--log", VKEY),
     ("witness", "--name", "x", "--log", "no-key")],
)  # fmt: skip
def test_what_it_cannot_start_with(words: tuple[str, ...], cli: Cli) -> None:
    cli(*words, "--port", 0).refused(3, "config.invalid")


def test_two_do_not_run_in_one_home(cli: Cli, tmp_path: Path) -> None:
    with witness(tmp_path, 0):
        cli("--home", tmp_path / "w0", "witness", "--name", "witness.example/0", "--log", VKEY, "--port", 0).refused(1, "home.in_use")


def test_a_witness_is_asked_once_and_by_its_own_key() -> None:
    twice = [
        CosignerConfig(url=f"http://127.0.0.1:{n}", key=Signer("w.example", b"w" * 32, COSIGNED_ED25519).verifier.vkey) for n in (1, 2)
    ]
    with pytest.raises(OperatorError, match="the same"):
        Witnesses(twice, "node.witnesses")
    with pytest.raises(OperatorError, match="cosignature"):
        Witnesses([CosignerConfig(url="http://127.0.0.1:1", key=VKEY)], "node.witnesses")


# -- a published log, checked ----------------------------------------------------------------------------------------


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    publish(tmp_path, [], 600, 0)
    return tmp_path / "tiles"


@contextmanager
def on_the_web(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_it_holds_in_a_folder_and_on_the_web(cli: Cli, tiles: Path) -> None:
    told = cli("log", "verify", tiles, "--vkey", VKEY)
    assert told.code == 0 and told.out.startswith("holds: all 600 entries of the log ")
    with on_the_web(tiles.parent) as base:
        assert json.loads(cli("--json", "log", "verify", f"{base}/tiles", "--vkey", VKEY).out)["size"] == 600
        cli("log", "verify", f"{base}/nothing", "--vkey", VKEY).refused(5, "trust.checkpoint")
    cli("log", "verify", f"{base}/tiles", "--vkey", VKEY).refused(1, "provider.failed")


@pytest.mark.parametrize(
    ("path", "step"),
    [("checkpoint", "checkpoint"), ("tile/0/001", "entries"), ("tile/1/000.p/2", "tile"), ("tile/entries/002.p/88", "entries")],
)
def test_what_was_changed_is_named(path: str, step: str, cli: Cli, tiles: Path) -> None:
    there = tiles / path
    raw = there.read_bytes()
    there.write_bytes(raw[:-9] + bytes([raw[-9] ^ 1]) + raw[-8:])
    cli("log", "verify", tiles, "--vkey", VKEY).refused(5, f"trust.{step}")
    there.unlink()
    cli("log", "verify", tiles, "--vkey", VKEY).refused(5, f"trust.{'tile' if path.startswith('tile/0') else step}")


def test_it_needs_the_key_of_that_log(cli: Cli, tiles: Path) -> None:
    cli("log", "verify", tiles).refused(3, "log.no_key")
    cli("log", "verify", tiles, "--vkey", "x").refused(3, "log.no_key")
    cli("log", "verify", tiles, "--vkey", signer_of(b"m" * 32).verifier.vkey).refused(5, "trust.checkpoint")
