# SPDX-License-Identifier: Apache-2.0
"""The sealed path with a process for each role: two witnesses, a node with a partner behind it, a relay, and taps on the wires between.

A tap passes bytes on as they come and keeps a copy: what lies in it is what whoever stands there saw.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from comity.lab.process import Process
from tests.live.places import EchoPartner

KEY = "ck_test_of_the_node_0123456789abcdef"
NODE = """\
evidence = ["assessment:cn_pipia", "notice:cross_border_recipient"]
[controller]
name = "Example Ltd"
established = ["US"]
[service]
public = true
[defaults]
legal_basis = "consent"
task = "writing_assistant"
[server]
port = 0
[node]
pool = "cn-assist"
region = "CN"
operator = "Example Ltd"
url = "https://node.example"
{witnesses}
[[keys]]
id = "app"
sha256 = "{key}"
may_assert_subject = true
[[deployments]]
id = "qwen-beijing"
provider = "self-hosted"
base_url = "{partner}/v1"
model = "echo"
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]
"""
TRUST = """\
evidence = ["assessment:cn_pipia", "notice:cross_border_recipient"]
[controller]
name = "Example Ltd"
established = ["US"]
[service]
public = true
[defaults]
legal_basis = "consent"
task = "writing_assistant"
[server]
port = 0
[[deployments]]
id = "cn-node"
provider = "node"
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]
api_key = {{ env = "NODE_KEY" }}
[deployments.trust]
pool = "cn-assist"
log = "{log}"
witnesses = [{witnesses}]
"""


class Tap:
    """Listens, passes on to ``target``, and keeps both ways."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._seen, self._one = bytearray(), threading.Lock()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True, name="tap").start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def seen(self) -> bytes:
        with self._one:
            return bytes(self._seen)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._door.accept()
                self._open.append(caller)
                try:
                    called = socket.create_connection(("127.0.0.1", self._target))
                except OSError:  # nobody there: so is told whoever called
                    caller.close()
                    continue
                self._open.append(called)
                for one, other in ((caller, called), (called, caller)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True, name="tap").start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                with self._one:
                    self._seen += data
                other.sendall(data)
        with suppress(OSError):  # a broken connection too is told to the other end
            other.shutdown(socket.SHUT_WR)

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._door.close()
        for each in self._open:
            each.close()


@dataclass
class Roles:
    partner: EchoPartner
    witnesses: list[Process]
    node: Process
    relay: Process
    before_relay: Tap  # between whoever asks and the relay
    before_node: Tap  # between relay and node
    trust: Path  # what the node must prove

    @property
    def base(self) -> str:
        return f"{self.before_relay.base}/cn-assist"


def said(*words: str, home: Path) -> object:
    done = subprocess.run(
        [sys.executable, "-m", "comity", "--json", "--home", str(home), *words], capture_output=True, timeout=60, check=True
    )
    return json.loads(done.stdout)


def node_of(folder: Path, port: int = 0) -> Process:
    arguments = ["comity", "--json", "--config", str(folder / "node.toml"), "--home", str(folder / "node"), "node", "--port", str(port)]
    return Process("node", arguments, log=folder / "node.log", environment={})


@contextmanager
def sealed_path(folder: Path, **node: str) -> Iterator[Roles]:
    from comity.gateway.allowance.shown import digest

    with ExitStack() as stack:
        partner = stack.enter_context(EchoPartner())
        written = folder / "node.toml"
        terms = {"key": digest(KEY), "partner": partner.base, **node}
        written.write_text(NODE.format(witnesses="", **terms), encoding="utf-8")
        home = folder / "node"
        log = said("--config", str(written), "node", "key", home=home)["vkey"]  # type: ignore[index]
        witnesses, asked, pinned = list[Process](), list[str](), list[str]()
        for number in range(2):
            own, name = folder / f"witness-{number}", f"witness.example/{number}"
            (key, *_) = said("witness", "key", "--name", name, "--log", log, home=own)["vkeys"]  # type: ignore[index]
            arguments = ["comity", "--json", "--home", str(own), "witness", "--name", name, "--log", log, "--port", "0"]
            process = stack.enter_context(Process(name, arguments, log=folder / f"witness-{number}.log", environment={}))
            witnesses.append(process.wait_ready())
            asked.append(f'[[node.witnesses]]\nurl = "{process.base}"\nkey = "{key}"\n')
            pinned.append(f'"{key}"')
        written.write_text(NODE.format(witnesses="".join(asked), **terms), encoding="utf-8")
        running = stack.enter_context(node_of(folder)).wait_ready()
        tap = stack.enter_context(Tap(running.port))
        (folder / "relay.toml").write_text(
            f'[server]\nport = 0\n[relay]\noperator = "Another Ltd"\n[relay.pools]\ncn-assist = "{tap.base}"\n', encoding="utf-8"
        )
        arguments = ["comity", "--json", "--config", str(folder / "relay.toml"), "--home", str(folder / "relay"), "relay"]
        relay = stack.enter_context(Process("relay", arguments, log=folder / "relay.log", environment={})).wait_ready()
        before = stack.enter_context(Tap(relay.port))
        trust = folder / "trust.toml"
        trust.write_text(TRUST.format(log=log, witnesses=", ".join(pinned)), encoding="utf-8")
        yield Roles(partner, witnesses, running, relay, before, tap, trust)


@contextmanager
def proxy(folder: Path, path: Roles) -> Iterator[Process]:
    arguments = [
        "comity",
        "--json",
        "--home",
        str(folder / "device"),
        "proxy",
        "--node",
        path.base,
        "--trust",
        str(path.trust),
        "--no-device",
    ]
    with Process("proxy", arguments, log=folder / "proxy.log", environment={"NODE_KEY": KEY}) as process:
        yield process.wait_ready()
