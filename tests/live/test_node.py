# SPDX-License-Identifier: Apache-2.0
"""`comity node` and `comity relay` as processes: a model beside the node, a partner beyond it, witnesses that come late, a changed law."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from comity.cli import reload
from comity.lab.process import Process, call
from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import simulator
from comity.seal.bind import Binding
from comity.seal.keyconfig import decode
from comity.transparency.entry import NodeEntry, parse
from comity.transparency.verify import verify
from tests.live.places import EchoPartner
from tests.sealing import Answered, opened, sealed_to
from tests.simulated.worlds import said_in_stream, subject

HEAD = """\
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
publish_seconds = 1.0
"""
BESIDE = """
[[deployments]]
id = "{id}"
provider = "self-hosted"
base_url = "{base}/v1"
model = "echo"
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]
"""
BEYOND = """
[[deployments]]
id = "qwen-beijing"
provider = "alibaba"
region = "cn-beijing"
scope = "chinese-mainland"
model = "qwen-plus"
api_key = {{ env = "LAB_KEY" }}
stand_in = "{base}"
evidence = ["processor_contract", "cn_genai"]
"""
PHONE = "13812345678"
ASKED = {"messages": [{"role": "user", "content": f"你好，我的电话是{PHONE}"}]}


def comity(folder: Path, name: str, config: str, *words: str, environment: dict[str, str] | None = None) -> Process:
    (folder / f"{name}.toml").write_text(config, encoding="utf-8")
    arguments = ["comity", "--json", "--config", str(folder / f"{name}.toml"), "--home", str(folder / name), *words]
    return Process(name, arguments, log=folder / f"{name}.log", environment=environment or {})


@contextmanager
def node(folder: Path, config: str, **environment: str) -> Iterator[Process]:
    with comity(folder, "node", config, "node", environment=environment) as process:
        yield process.wait_ready()


def until_ready(base: str) -> None:
    while call(base, "GET", "/readyz").status != 200:
        pass


def entries(base: str) -> list[NodeEntry]:
    """``base``: of a node, or of its pool at a relay."""
    root, pool = split(base)
    rows = call(root, "GET", f"{pool}/comity/v1/node").json()["proofs"]
    return [parse(base64.b64decode(row["entry"])) for row in rows]


def ask(base: str, body: dict[str, Any], entry: NodeEntry) -> Answered:
    root, pool = split(base)
    config = decode(entry.key_bytes)
    binding = Binding(pool=entry.pool, key=config.hash, policy=entry.policy, labels=entry.labels)
    wire, exchange = sealed_to(config, binding, body, subject("CN"), authority="")
    headers = {name: value for name, value in wire.headers.items() if name != "host"}
    reply = call(root, "POST", f"{pool}/comity/v1/sealed", b"".join(wire.sent), headers)
    assert (reply.status, reply.headers.get("comity-relay", "")) == (200, 'operator="Relay Ltd"' if pool else ""), reply.body
    return opened(exchange, reply.body)


def split(base: str) -> tuple[str, str]:
    found = urlsplit(base)
    return f"{found.scheme}://{found.netloc}", found.path


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_beside_the_node_and_a_partner_beyond_it_through_a_relay(tmp_path: Path, stream: bool) -> None:
    with (
        EchoPartner() as beside,
        simulator("partner", dialect="model-studio", region="cn-beijing", folder=tmp_path) as partner,
        node(
            tmp_path, HEAD + BESIDE.format(id="own", base=beside.base) + BEYOND.format(base=partner.wait_ready().base),
            LAB_KEY=LAB_KEY.format(region="cn-beijing"),
        ) as process,
    ):  # fmt: skip
        until_ready(process.base)
        config = f'[server]\nport = 0\n[relay]\noperator = "Relay Ltd"\n[relay.pools]\ncn-assist = "{process.base}"\n'
        with comity(tmp_path, "relay", config, "relay") as relay:
            base = f"{relay.wait_ready().base}/cn-assist"
            for name, where in (("own", "node"), ("qwen-beijing", "upstream")):
                (entry,) = entries(base)
                answer = ask(base, {**ASKED, "model": name, "stream": stream}, entry)
                said = said_in_stream(answer.body) if stream else answer.json()["choices"][0]["message"]["content"]
                assert answer.status == 200 and PHONE in said
                assert answer.receipt is not None and verify(answer.receipt)
                assert (answer.receipt["receipt"]["plaintext_at"], answer.receipt["receipt"]["deployment"]) == (where, name)
            assert entry.plaintext_at == "upstream" and len(entry.egress) == 2
        assert PHONE not in json.dumps(beside.bodies, ensure_ascii=False) and beside.bodies
    for log in tmp_path.glob("*.log"):
        assert PHONE not in log.read_text(encoding="utf-8")


def test_other_terms_are_other_keys_in_the_same_log(tmp_path: Path) -> None:
    with EchoPartner() as one, EchoPartner() as other, node(tmp_path, HEAD + BESIDE.format(id="own", base=one.base)) as process:
        until_ready(process.base)
        (before,) = entries(process.base)
        assert reload.asked(tmp_path / "node").code == ""  # nothing was changed, so the keys stay
        assert entries(process.base) == [before]
        changed = HEAD + BESIDE.format(id="own", base=other.base)
        (tmp_path / "node.toml").write_text(changed, encoding="utf-8")
        assert reload.asked(tmp_path / "node").code == ""
        (after,) = entries(process.base)
        assert after.egress == (other.base.removeprefix("http://"),) and after.key != before.key
        assert ask(process.base, ASKED, after).status == 200 and other.bodies and not one.bodies
        several = changed.replace("port = 0", "port = 0\nworkers = 2")
        for moved, where in ((changed.replace("cn-assist", "eu-assist"), "node.pool"), (several, "server")):
            (tmp_path / "node.toml").write_text(moved, encoding="utf-8")
            told = reload.asked(tmp_path / "node")
            assert where in told.fault, told
        assert entries(process.base) == [after]
    with node(tmp_path, changed) as process:  # another process: the same log, a key of its own
        until_ready(process.base)
        (again,) = entries(process.base)
        assert again.key not in (before.key, after.key)
        size = call(process.base, "GET", "/tlog/nodes/checkpoint").body.decode().split("\n")[1]
        assert size == "3"


def said(*words: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "comity", "--json", *words], capture_output=True, timeout=60, check=True)
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_a_node_waits_for_its_witnesses_and_says_so(tmp_path: Path) -> None:
    with EchoPartner() as partner:
        config = HEAD + BESIDE.format(id="own", base=partner.base)
        (tmp_path / "node.toml").write_text(config, encoding="utf-8")
        log = said("--config", str(tmp_path / "node.toml"), "--home", str(tmp_path / "node"), "node", "key")["vkey"]
        name = ("--home", str(tmp_path / "witness"), "witness", "--name", "witness.example/1", "--log", log)
        (key, *_) = said(*name, "key")["vkeys"]
        words = ["comity", "--json", *name, "--port"]
        with Process("witness", [*words, "0"], log=tmp_path / "witness.log", environment={}) as witness:
            port = witness.wait_ready().port
        asked = f'\n[[node.witnesses]]\nurl = "http://127.0.0.1:{port}"\nkey = "{key}"\n'
        witnessed = config.replace("\n[[deployments]]", asked + "[[deployments]]")
        with node(tmp_path, witnessed) as process:
            ready = call(process.base, "GET", "/readyz")
            assert ready.status == 503 and ready.json()["parts"]["node"] == "unwitnessed" and entries(process.base) == []
            assert call(process.base, "GET", "/healthz").status == 200
            with Process("witness", [*words, str(port)], log=tmp_path / "witness.log", environment={}) as witness:
                witness.wait_ready()
                until_ready(process.base)
                (entry,) = entries(process.base)
                assert ask(process.base, ASKED, entry).status == 200
                assert "witness.example/1" in call(process.base, "GET", "/tlog/nodes/checkpoint").body.decode()


@pytest.mark.parametrize(
    ("words", "config", "field"),
    [
        ("node", HEAD.replace("port = 0", "port = 0\nworkers = 2"), "server.workers"),
        ("node", HEAD, "node"),
        ("node", HEAD.replace('"CN"', '"Nowhere"') + BESIDE.format(id="own", base="http://127.0.0.1:9"), "node.region"),
        ("node", HEAD.replace("[node]", '[node]\nlevel = "A2"') + BESIDE.format(id="own", base="http://127.0.0.1:9"), "node.level"),
        ("node", HEAD.replace("[node]", '[node]\nlevel = "A1"') + BESIDE.format(id="own", base="http://127.0.0.1:9"), "node.evidence"),
        ("node", "[server]\nport = 0\n", "node"),
        ("relay", "[server]\nport = 0\n", "relay"),
        ("up", '[relay]\noperator = "x"\n[relay.pools]\np = "http://127.0.0.1:9"\n', "relay"),
        ("relay", '[relay]\noperator = "x"\n[relay.pools]\nP = "http://127.0.0.1:9"\n', "relay.pools.P"),
        ("relay", '[relay]\noperator = "x"\n[relay.pools]\np = "ftp://x"\n', "relay.pools.p"),
        ("relay", '[relay]\noperator = "x"\n[relay.pools]\np = "http://x"\n[relay.node_operators]\nq = "y"\n', "relay.node_operators.q"),
    ],
)
def test_what_could_not_work_is_refused_at_the_start(tmp_path: Path, words: str, config: str, field: str) -> None:
    (tmp_path / "it.toml").write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "comity", "--json", "--config", str(tmp_path / "it.toml"), "--home", str(tmp_path / "home"), words]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    told = json.loads(done.stderr.splitlines()[-1])["error"]
    assert (done.returncode, told["param"]) == (3, field), told


def test_a_node_that_is_told_to_stop_ends_well(tmp_path: Path) -> None:
    with EchoPartner() as partner, node(tmp_path, HEAD + BESIDE.format(id="own", base=partner.base)) as process:
        until_ready(process.base)
        os.kill(process.pid, signal.SIGTERM)
        assert process._child.wait(30) == 0
    assert "Traceback" not in (tmp_path / "node.log").read_text(encoding="utf-8")
