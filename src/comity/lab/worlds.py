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

from comity.lab.process import Process
from comity.lab.simulators.serve import LAB_KEY

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

[[deployments]]
id = "cn-node"
provider = "self-hosted"
base_url = "{node}/v1"
model = "qwen-beijing"
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]

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
# The node in mainland China: it decides again, hides again, and asks Alibaba Model Studio in Beijing (here a stand-in).
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
task = "writing_assistant"

[defaults.subject]
location = "CN"
residence = "CN"
age = 35
consent = ["general"]

[server]
port = 0

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
    device_home: Path
    device: Process
    node: Process
    beijing: Process
    paris: Process
    virginia: Process


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
    keys = {f"LAB_KEY_{name}": LAB_KEY.format(region=region) for name, region in
            (("BEIJING", "cn-beijing"), ("PARIS", "eu-west-paris"), ("VIRGINIA", "us-east-1"))}  # fmt: skip
    with ExitStack() as stack:
        beijing = stack.enter_context(partner("beijing", region="cn-beijing", path="/compatible-mode/v1", folder=folder, models=models))
        paris = stack.enter_context(partner("paris", region="eu-west-paris", path="/v1", folder=folder, models=models))
        virginia = stack.enter_context(partner("virginia", region="us-east-1", path="/v1", folder=folder, models=models))
        for process in (beijing, paris, virginia):
            process.wait_ready()
        node, _ = gateway("node", NODE.format(beijing=beijing.base), folder=folder, models=models, environment=keys)
        stack.enter_context(node).wait_ready()
        config = DEVICE.format(node=node.base, paris=paris.base, virginia=virginia.base)
        device, device_home = gateway("device", config, folder=folder, models=models, environment=keys)
        stack.enter_context(device).wait_ready()
        yield CaseWorld(folder=folder, device_home=device_home, device=device, node=node, beijing=beijing, paris=paris, virginia=virginia)
