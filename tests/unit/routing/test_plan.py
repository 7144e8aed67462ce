# SPDX-License-Identifier: Apache-2.0
"""A plan drops and orders; it never adds."""

from __future__ import annotations

from datetime import date

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from comity.policy import facts
from comity.policy.decision import Decision, Effect
from comity.providers.base import Deployment, ModelProfile
from comity.providers.catalog.dialects import features
from comity.routing.plan import Candidate, plan
from comity.wire.chat import AudioPart, ChatRequest, Function, InputAudio, Message, Tool

ASK = ChatRequest(messages=(Message(role="user", content="hi"),))


def candidate(name: str, effect: Effect = Effect.ALLOW, *, device: bool = False, context: int = 8192, tools: bool = True) -> Candidate:
    return Candidate(
        deployment=Deployment(
            id=name, provider="x", dialect="openai", model="m", facts=facts.Provider(id=name, kind="on_device" if device else "cloud"),
            profile=ModelProfile(context_tokens=context, tools=tools), features=features("openai"),
        ),
        decision=Decision(effect=effect, as_of=date(2026, 11, 23)),
    )  # fmt: skip


def names(candidates: list[Candidate], request: ChatRequest = ASK, characters: int = 2) -> list[str]:
    return [attempt.deployment.id for attempt in plan(candidates, request, characters).attempts]


def test_the_device_is_first_then_the_order_configured() -> None:
    assert names([candidate("b"), candidate("a"), candidate("here", device=True)]) == ["here", "b", "a"]


def test_what_cannot_take_the_request_is_named_with_why() -> None:
    tool = Tool(type="function", function=Function(name="f"))
    request = ChatRequest(messages=ASK.messages, tools=(tool,), max_tokens=100)
    route = plan([candidate("bare", tools=False), candidate("short", context=64), candidate("fit")], request, 30)
    assert [attempt.deployment.id for attempt in route.attempts] == ["fit"]
    assert [(name, bool(why)) for name, why in route.unfit] == [("bare", True), ("short", True)]


def test_what_answers_to_a_sound_alone_is_not_asked_about_a_text() -> None:
    hearing = candidate("hearing")
    profile = ModelProfile(inputs=frozenset({"audio"}), hears=True)
    hearing = msgspec.structs.replace(hearing, deployment=msgspec.structs.replace(hearing.deployment, profile=profile))
    assert names([hearing, candidate("other")]) == ["other"]
    sound = AudioPart(input_audio=InputAudio(data="UklGRg==", format="wav"))
    said = ChatRequest(messages=(Message(role="user", content=(sound,)),))
    assert names([hearing], said) == ["hearing"]


def test_a_denied_place_is_not_even_called_unfit() -> None:
    assert plan([candidate("no", Effect.DENY, context=1)], ASK, 9999).unfit == ()


@given(
    st.lists(st.tuples(st.sampled_from(list(Effect)), st.booleans(), st.integers(1, 9000), st.booleans()), max_size=8),
    st.integers(0, 20_000),
    st.booleans(),
)
def test_a_plan_holds_only_what_its_own_decision_allows(drawn: list[tuple[Effect, bool, int, bool]], characters: int, tools: bool) -> None:
    candidates = [candidate(str(n), e, device=d, context=c, tools=t) for n, (e, d, c, t) in enumerate(drawn)]
    request = ChatRequest(messages=ASK.messages, tools=(Tool(type="function", function=Function(name="f")),) if tools else None)
    route = plan(candidates, request, characters)
    allowed = [each.deployment.id for each in candidates if each.decision.effect is Effect.ALLOW]
    planned = [attempt.deployment.id for attempt in route.attempts]
    assert sorted(planned + [name for name, _ in route.unfit]) == sorted(allowed)  # each allowed one once, and nothing else
    assert all(attempt in candidates for attempt in route.attempts)
