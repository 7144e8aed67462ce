# SPDX-License-Identifier: Apache-2.0
"""This program's intents for another agent: what reads is answered, what changes anything is first confirmed by the person."""

from __future__ import annotations

from typing import Any

import msgspec

from comity.errors import CallerError, ComityError
from comity.ports import Random
from comity.tasks.assist.doing import Doer
from comity.tasks.assist.intents import Intent, Intents
from comity.tasks.assist.mcp.schemas import checked, schema_of
from comity.tasks.assist.plan import World

NAME = "comity"
ASKS_BY_ANSWERING = "2026-07-28"
OPEN_MAX = 64
FORM: dict[str, Any] = {"type": "object", "properties": {"do": {"type": "boolean", "title": "Do it"}}, "required": ["do"]}


def server(intents: Intents, doer: Doer, world: World, random: Random) -> Any:
    """``world``: to say in the question whom and what it is about."""
    import mcp_types as types
    from mcp.server.lowlevel import Server

    asking = _Asking(world, random)

    async def tools(_context: Any, _asked: Any) -> Any:
        return types.ListToolsResult(tools=[_tool(each) for each in intents if each.run is not None and not each.origin])

    async def call(context: Any, asked: Any) -> Any:
        try:
            intent = intents.named(asked.name)
            if intent.origin or intent.run is None:
                raise CallerError(f"`{intent.name}` is not offered", code="assist.no_intent", status=404, hint="list the tools")
            arguments = checked(intent, asked.arguments or {})
            allowed = "reads" if intent.reads_only else doer.ruled(intent, arguments)
            if not allowed:
                said = await asking.confirmed(context, asked, intent, arguments)
                if not isinstance(said, bool):
                    return said
                if not said:
                    raise CallerError("the person did not confirm it", code="assist.not_confirmed", hint="ask them")
            made = await doer.call(intent, arguments, allowed_by=allowed or "confirmed", by=f"mcp {_client(context)}")
        except ComityError as error:
            return types.CallToolResult(content=[types.TextContent(type="text", text=f"{error.code}: {error}")], is_error=True)
        said = "done" if made.answer is None else msgspec.json.encode(made.answer).decode()
        return types.CallToolResult(content=[types.TextContent(type="text", text=made.error or said)], is_error=bool(made.error))

    return Server(NAME, on_list_tools=tools, on_call_tool=call)


async def serve(intents: Intents, doer: Doer, world: World, random: Random) -> None:
    """Over standard input and output, until the other side ends."""
    from mcp.server.stdio import stdio_server

    made = server(intents, doer, world, random)
    async with stdio_server() as (reading, writing):
        await made.run(reading, writing, made.create_initialization_options())


def _tool(intent: Intent) -> Any:
    import mcp_types as types

    hints = types.ToolAnnotations(read_only_hint=intent.reads_only, destructive_hint=not intent.reads_only and intent.undo is None)
    return types.Tool(name=intent.name, description=intent.says, input_schema=schema_of(intent), annotations=hints)


class _Asking:
    """The person's own word, in the other agent's form.  A question is asked once, for one call; no form, no deed."""

    def __init__(self, world: World, random: Random) -> None:
        self._world, self._random = world, random
        self._open: dict[str, tuple[str, dict[str, Any]]] = {}

    async def confirmed(self, context: Any, asked: Any, intent: Intent, arguments: dict[str, Any]) -> Any:
        """True, False, or what is sent so that it is asked (protocols from 2026-07-28 on ask by answering)."""
        import mcp_types as types
        from mcp.shared.exceptions import MCPError

        if asked.request_state:
            was = self._open.pop(asked.request_state, None)
            return was == (intent.name, arguments) and _accepted((asked.input_responses or {}).get("do"))
        said = ", ".join(f"{name}: {_named(intent, name, value, self._world)}" for name, value in arguments.items())
        question = f"{intent.says} {said}"
        can = context.session.client_capabilities
        if can is None or can.elicitation is None:
            return False
        if str(context.protocol_version or "") < ASKS_BY_ANSWERING:
            try:
                return _accepted(await context.session.elicit_form(question, FORM, context.request_id))
            except MCPError:
                return False
        state = self._random.token(16).hex()
        while len(self._open) >= OPEN_MAX:
            self._open.pop(next(iter(self._open)))
        self._open[state] = (intent.name, arguments)
        form = types.ElicitRequestFormParams(message=question, requested_schema=FORM)
        return types.InputRequiredResult(input_requests={"do": types.ElicitRequest(params=form)}, request_state=state)


def _accepted(answer: Any) -> bool:
    content = getattr(answer, "content", None) or {}
    return getattr(answer, "action", "") == "accept" and content.get("do") is True


def _named(intent: Intent, name: str, value: Any, world: World) -> str:
    parameter = intent.parameter(name)
    if parameter is None or not parameter.known:
        return str(value)[:200]
    names = {thing.id: thing.names[0] for thing in world.things(parameter.kind)}
    return ", ".join(names.get(str(each), str(each)[:64]) for each in (value if isinstance(value, list) else [value]))


def _client(context: Any) -> str:
    try:
        return str(context.session.client_params.client_info.name)[:64]
    except AttributeError:
        return "client"
