# SPDX-License-Identifier: Apache-2.0
"""Worlds of regions on one machine: which processes, with which configuration, all on loopback.

Each partner is a separate process with a real model.  The configuration files are those an operator would write; only
`stand_in` (or a loopback `base_url`) differs, and every receipt says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.config import PacksConfig
from comity.gateway.allowance.shown import fresh
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.lab import sealed
from comity.lab.process import Process
from comity.lab.sealed import Home, Pins, Witness
from comity.lab.simulators.serve import LAB_KEY
from comity.policy.engine import Engine
from comity.ports import SystemRandom

DEVICE = """\
# The app on the person's device, offered to the public by a maker established in the US.
evidence = ["assessment:cn_pipia", "notice:cross_border_recipient"]

[controller]
name = "Example Device Maker"
established = ["US"]
us_person = true

[service]
public = true
placed_on_market = 2026-09-01

[defaults]
legal_basis = "consent"

[server]
port = 0

[[deployments]]
id = "device"
provider = "embedded"
evidence = ["cn_genai"]
context_tokens = 384

# Two nodes in mainland China, behind a relay of somebody else's: one runs its model itself, one asks Alibaba Model Studio.
[[deployments]]
id = "cn-node"
provider = "node"
base_url = "{relay}/cn-own"
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]
api_key = {{ env = "LAB_KEY_NODE" }}
{own}
[[deployments]]
id = "cn-partner"
provider = "node"
base_url = "{relay}/cn-partner"
priority = 1
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]
api_key = {{ env = "LAB_KEY_NODE" }}
{partner}

[[deployments]]
id = "eu-paris"
provider = "self-hosted"
base_url = "{paris}/v1"
model = "stand-in"
processing = ["FR"]
storage = ["FR"]
access = ["FR"]
operator = "FR"
evidence = ["processor_contract"]
api_key = {{ env = "LAB_KEY_PARIS" }}

[[deployments]]
id = "us-virginia"
provider = "self-hosted"
base_url = "{virginia}/v1"
model = "stand-in"
processing = ["US"]
storage = ["US"]
access = ["US"]
operator = "US"
evidence = ["processor_contract"]
api_key = {{ env = "LAB_KEY_VIRGINIA" }}
"""

NODE = """\
# A node in mainland China: it opens what was sealed to it, decides again, and hides again.
evidence = ["assessment:cn_pipia"]

[controller]
name = "Example Device Maker"
established = ["US"]
us_person = true

[service]
public = true
placed_on_market = 2026-09-01

[defaults]
legal_basis = "consent"

[server]
port = 0
"""

BESIDE = """
# The model runs on this machine: nobody beyond the node reads a word.
[[deployments]]
id = "own-model"
provider = "self-hosted"
base_url = "{server}/v1"
model = "stand-in"
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]
api_key = {{ env = "LAB_KEY_SERVER" }}
"""

BEYOND = """
# The model is Alibaba Model Studio's in Beijing (here a stand-in): it reads what the node sends it, and its log says so.
[[deployments]]
id = "qwen-beijing"
provider = "alibaba"
region = "cn-beijing"
scope = "chinese-mainland"
model = "qwen-plus"
api_key = {{ env = "LAB_KEY_BEIJING" }}
stand_in = "{beijing}"
evidence = ["processor_contract", "cn_genai"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWorld:
    folder: Path
    device: Process
    relay: Process
    own_node: Process  # runs its model itself, on `server`
    partner_node: Process  # asks `beijing`
    server: Process
    beijing: Process
    paris: Process
    virginia: Process
    witnesses: tuple[Witness, ...]
    pins: dict[str, Pins]  # by deployment
    node_key: str  # that the app shows to the nodes, inside the seal

    @property
    def processes(self) -> dict[str, Process]:
        first = ("device", "relay", "own_node", "partner_node", "server", "beijing", "paris", "virginia")
        found = {name.replace("_", "-"): getattr(self, name) for name in first}
        return found | {each.process.name: each.process for each in self.witnesses}


def partner(name: str, *, region: str, path: str, folder: Path, models: Path, model: str = "") -> Process:
    """A stand-in partner; its key is `LAB_KEY` for its region."""
    return Process(
        name, ["comity.lab.partner", "--region", region, "--path", path, "--port", "0", *(["--model", model] if model else [])],
        log=folder / f"{name}.log", environment={"COMITY_MODELS": str(models), "LAB_PARTNER_KEY": LAB_KEY.format(region=region)},
    )  # fmt: skip


def simulator(name: str, *, dialect: str, region: str, folder: Path, more: tuple[str, ...] = ()) -> Process:
    """A partner played from its documentation; its key is `LAB_KEY` for its region.  ``more``: further words of its command line."""
    words = ["comity.lab.simulators.__main__", "--dialect", dialect, "--region", region, *more]
    return Process(name, words, log=folder / f"{name}.log", environment={})


def gateway(name: str, config: str, *, folder: Path, models: Path, environment: dict[str, str]) -> tuple[Process, Path]:
    """A Comity of its own home, started as a person would: `comity --config … up`."""
    home = folder / name
    home.mkdir(mode=0o700)
    written = folder / f"{name}.toml"
    written.write_text(config, encoding="utf-8")
    arguments = ["comity.cli.main", "--config", str(written), "--home", str(home), "--json", "up"]
    return Process(name, arguments, log=folder / f"{name}.log", environment={"COMITY_MODELS": str(models), **environment}), home


@contextmanager
def start_case(folder: Path, *, models: Path) -> Iterator[CaseWorld]:
    """Everything the founding case needs; ends every process on the way out."""
    places = {"SERVER": "the-node", "BEIJING": "cn-beijing", "PARIS": "eu-west-paris", "VIRGINIA": "us-east-1"}
    keys = {f"LAB_KEY_{name}": LAB_KEY.format(region=region) for name, region in places.items()}
    keys["LAB_KEY_NODE"] = node_key = fresh(SystemRandom())
    with ExitStack() as stack:
        kinds = {"server": "/v1", "beijing": "/compatible-mode/v1", "paris": "/v1"}
        asked = {
            name: stack.enter_context(partner(name, region=places[name.upper()], path=path, folder=folder, models=models))
            for name, path in kinds.items()
        }
        asked["virginia"] = stack.enter_context(simulator("virginia", dialect="openai", region="us-east-1", folder=folder))
        builder = Ed25519PrivateKey.generate()
        own, beyond = Home(folder, "own-node", builder), Home(folder, "partner-node", builder)
        witnesses = sealed.witnesses((own.log, beyond.log), folder=folder, stack=stack)
        for process in asked.values():
            process.wait_ready()
        policy = Engine(load_packs(PacksConfig().enabled), load_vocabulary()).digest
        nodes, pins = dict[str, Process](), dict[str, Pins]()
        for deployment, pool, home, model in (
            ("cn-node", "cn-own", own, BESIDE.format(server=asked["server"].base)),
            ("cn-partner", "cn-partner", beyond, BEYOND.format(beijing=asked["beijing"].base)),
        ):
            config = NODE + home.section(pool=pool, region="CN", witnesses=witnesses, key=node_key) + model
            nodes[pool] = stack.enter_context(home.start(config, keys))
            pins[deployment] = Pins(pool, home.log, tuple(each.key for each in witnesses), home.image, home.builder, policy)
        for process in nodes.values():
            sealed.until_ready(process.wait_ready())
        relay = sealed.relay({pool: each.base for pool, each in nodes.items()}, operator="Another Company", folder=folder)
        stack.enter_context(relay).wait_ready()
        config = DEVICE.format(
            relay=relay.base, own=pins["cn-node"].trust(plaintext_at="node"), partner=pins["cn-partner"].trust(plaintext_at="upstream"),
            paris=asked["paris"].base, virginia=asked["virginia"].base,
        )  # fmt: skip
        device, _ = gateway("device", config, folder=folder, models=models, environment=keys)
        stack.enter_context(device).wait_ready()
        yield CaseWorld(
            folder=folder, device=device, relay=relay, own_node=nodes["cn-own"], partner_node=nodes["cn-partner"],
            witnesses=tuple(witnesses), pins=pins, node_key=node_key, **asked,
        )  # fmt: skip
