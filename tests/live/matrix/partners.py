# SPDX-License-Identifier: Apache-2.0
"""The partners of the table: each a simulator on loopback behind one gateway, for a person whose law lets it be asked."""

from __future__ import annotations

from typing import NamedTuple

HEAD = """\
evidence = ["assessment:cn_pipia", "notice:cross_border_recipient"]

[routing]  # what breaks is looked at as it breaks: nobody is asked twice, and nobody is left alone for it
attempts_max = 1
failures_max = 1000
failure_share_max = 2.0

[controller]
name = "Example Ltd"
established = ["US"]

[defaults]
legal_basis = "consent"
task = "writing_assistant"

[privacy.media]
image = ["name"]
audio = ["name"]
file = ["name"]

[server]
port = 0
"""
OWN = """
provider = "self-hosted"
base_url = "{base}/v1"
operator = "CN"
covered_person = true
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
"""
ALIBABA = """
provider = "alibaba"
region = "cn-beijing"
scope = "chinese-mainland"
stand_in = "{base}"
"""


class Partner(NamedTuple):
    """``simulator``: the dialect that `comity.lab.simulators` plays; ``dialect``: the adapter that asks it."""

    name: str
    simulator: str
    dialect: str
    region: str
    model: str
    settings: str  # of its deployment
    subject: str = "CN"
    key: str = "{key}"
    inputs: tuple[str, ...] = ("image", "audio", "file")

    @property
    def variable(self) -> str:
        return "KEY_" + self.name.upper().replace("-", "_")

    def deployment(self, base: str) -> str:
        inputs = ", ".join(f'"{each}"' for each in self.inputs)
        return (
            f'\n[[deployments]]\nid = "{self.name}"\nmodel = "{self.model}"\ninputs = [{inputs}]\n'
            f'api_key = {{ env = "{self.variable}" }}\n'
            f'evidence = ["processor_contract", "cn_genai"]\n' + self.settings.format(base=base)
        )


BEDROCK = """
provider = "bedrock"
region = "us-east-1"
scope = "us-profile"
operator = "US"
processing = ["US"]
stand_in = "{base}"
"""

ANTHROPIC = """
provider = "anthropic"
region = "global"
scope = "us"
storage = ["US"]
access = ["US"]
stand_in = "{base}"
"""
GEMINI = """
provider = "gemini"
region = "global"
operator = "US"
processing = ["US"]
storage = ["US"]
access = ["US"]
stand_in = "{base}"
"""

PARTNERS = [
    Partner("openai", "openai", "openai", "eu", "gpt-5-mini", OWN),
    Partner("openai-responses", "openai", "responses", "eu", "gpt-5-pro", OWN + 'dialect = "responses"\n'),
    Partner("vllm", "vllm", "openai", "eu", "qwen3-8b", OWN),
    Partner("model-studio", "model-studio", "openai", "cn-beijing", "qwen3-vl-plus", ALIBABA, inputs=("image",)),
    Partner("dashscope", "dashscope", "dashscope", "cn-beijing", "qwen3-vl-plus", ALIBABA + 'dialect = "dashscope"\n', inputs=("image",)),
    Partner(
        "bedrock", "bedrock", "bedrock", "us-east-1", "us.amazon.nova-pro-v1:0", BEDROCK, subject="US", key="AKIALABLABLABLABLABL:{key}"
    ),
    Partner("anthropic", "anthropic", "anthropic", "global", "claude-sonnet-4-5", ANTHROPIC, subject="US", inputs=("image", "file")),
    Partner("gemini", "gemini", "gemini", "global", "gemini-2.5-flash", GEMINI, subject="US"),
]
