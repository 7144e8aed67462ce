# SPDX-License-Identifier: Apache-2.0
"""Another server's tools as intents: always confirmed, recorded with the server's name, and chosen only by the user's own words.

What a tool says of itself is a stranger's text.  It goes into no prompt and weighs nothing: a tool is found by the words of its name.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from comity.errors import CallerError, ProviderFailure
from comity.tasks.assist.intents import Intent
from comity.tasks.assist.mcp.schemas import checked, parameters_from

TOOLS_MAX = 200
ANSWER_CHARACTERS_MAX = 20_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-/]{0,63}")


@asynccontextmanager
async def tools_of(name: str, to: Any) -> AsyncIterator[Sequence[Intent]]:
    """``to``: what the SDK's Client takes: parameters of a program to start, a server of this process.  ``name``: what the user calls it."""  # noqa: E501
    from mcp import Client

    async with Client(to) as client:
        listed = await client.list_tools()
        yield [made for tool in listed.tools[:TOOLS_MAX] if (made := _intent(name, tool, client)) is not None]


def _intent(server: str, tool: Any, client: Any) -> Intent | None:
    """None for one whose name or parameters are of no form that words become."""
    if not _NAME.fullmatch(tool.name):
        return None
    parameters = parameters_from(tool.input_schema)
    if parameters is None:
        return None
    words = " ".join(re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", tool.name)).lower()
    made = Intent(
        name=f"{server}.{tool.name}", says=f"{words} ({server})", parameters=parameters, confirm="always", others=True, origin=server
    )

    async def run(**arguments: Any) -> str:
        return await _called(client, tool.name, checked(made, arguments))

    import msgspec

    return msgspec.structs.replace(made, run=run)


async def _called(client: Any, name: str, arguments: Mapping[str, Any]) -> str:
    """Its answer as text: shown, and never read for what to do."""
    from mcp.shared.exceptions import MCPError

    try:
        answer = await client.call_tool(name, dict(arguments))
    except MCPError:
        raise ProviderFailure("the other server refused the call", kind="unavailable", code="assist.tool_failed") from None
    text = "\n".join(part.text for part in answer.content if part.type == "text")[:ANSWER_CHARACTERS_MAX]
    if answer.is_error:
        raise CallerError("the other server's tool failed", code="assist.tool_failed", hint="see what it says itself")
    return text
