# SPDX-License-Identifier: Apache-2.0
"""What a deployment's model can do, and in which dialect it is asked: as the catalog says, narrowed or declared by the operator."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from comity.config import DeploymentConfig
from comity.providers.base import ModelProfile
from comity.providers.catalog.dialects import features
from comity.providers.catalog.refusals import Refusals
from comity.providers.catalog.shapes import Model, Partner
from comity.wire.request import MediumKind, Operation

WORDS = {"operations": get_args(Operation), "inputs": get_args(MediumKind)}
UNSTATED_TOKENS = 10_000_000  # no source says how much the model takes: the partner itself refuses what is too long


def spoken(config: DeploymentConfig, partner: Partner, refuse: Refusals) -> str:
    """The dialect that is named; else the partner's first that offers what the model does."""
    known = partner.dialects
    if config.dialect and config.dialect not in known:
        raise refuse.wrong("dialect", f"`{config.dialect[:64]}` is none that {partner.name} speaks", f"one of: {', '.join(known)}")
    model = partner.model(config.model)
    wanted = config.operations or (model.operations if model is not None else ("chat",))
    fit = [name for name, dialect in known.items() if set(wanted) <= set(dialect.operations)]
    name = config.dialect or (fit or list(known))[0]
    if not features(name):
        others = [other for other in known if features(other)]
        mend = f"one of: {', '.join(others)}" if others else "another partner, until one does"
        raise refuse.wrong("dialect", f"`{name}` is spoken by no adapter of this version", mend)
    return name


def own_dialect(config: DeploymentConfig, refuse: Refusals) -> str:
    """Of a server of the operator's own."""
    name = config.dialect or "openai"
    if name == "embedded" or not features(name):
        raise refuse.wrong("dialect", f"`{name[:64]}` is spoken by no adapter", "for example openai, which most model servers speak")
    return name


def partners_model(config: DeploymentConfig, partner: Partner, dialect: str, refuse: Refusals) -> ModelProfile:
    """A declaration may narrow what the catalog says of a model, or say what it does not; what contradicts it is refused."""
    model, offered = partner.model(config.model), frozenset(partner.dialects[dialect].operations)
    declared = _words(config, refuse)
    page = partner.cited(partner.dialects[dialect])
    beyond = declared.get("operations", frozenset()) - offered
    if beyond:
        raise refuse.contradicts(
            "operations", f"declares {_said(beyond)}, which {partner.name} does not offer in {dialect}: {page}",
            f"of: {_said(offered)}, or another dialect",
        )  # fmt: skip
    if model is None:
        return _profile(config, ModelProfile(context_tokens=UNSTATED_TOKENS), declared, offered, refuse)
    _within(config, partner, model, declared, refuse)
    stated: dict[str, Any] = {name: getattr(model, name) for name in ("context_tokens", "tools", "json_schema")}
    known = msgspec.structs.replace(
        ModelProfile(context_tokens=UNSTATED_TOKENS),
        languages=frozenset(model.languages), operations=frozenset(model.operations), inputs=frozenset(model.inputs or ()),
        hears=model.hears, **{name: value for name, value in stated.items() if value is not None},
    )  # fmt: skip
    return _profile(config, known, declared, offered, refuse)


def own_model(config: DeploymentConfig, dialect: str, refuse: Refusals) -> ModelProfile:
    """Of a server of the operator's own: nobody else knows what it can do."""
    return _profile(config, ModelProfile(), _words(config, refuse), frozenset(features(dialect)), refuse)


def _words(config: DeploymentConfig, refuse: Refusals) -> dict[str, frozenset[str]]:
    """What the configuration declares, each word one of the wire's."""
    found = {name: said for name in WORDS if (said := getattr(config, name)) is not None}
    for name, said in found.items():
        unknown = sorted(said.difference(WORDS[name]))
        if unknown or (name == "operations" and not said):
            why = f"`{unknown[0][:64]}` is not known" if unknown else "is empty"
            raise refuse.wrong(name, why, f"of: {', '.join(WORDS[name])}")
    return found


def _within(config: DeploymentConfig, partner: Partner, model: Model, declared: dict[str, frozenset[str]], refuse: Refusals) -> None:
    page = partner.cited(model)
    for name, said in declared.items():
        known = getattr(model, name)
        if known is not None and not said <= set(known):
            why = f"declares {_said(said - set(known))}, but `{model.id}` has {_said(known) or 'none'}: {page}"
            raise refuse.contradicts(name, why, "declare no more than that")
    if config.tools and model.tools is False:
        raise refuse.contradicts("tools", f"declares true, but `{model.id}` takes none: {page}", "leave it out")
    if model.context_tokens is not None and config.context_tokens > model.context_tokens:
        why = f"declares {config.context_tokens}, but `{model.id}` takes {model.context_tokens}: {page}"
        raise refuse.contradicts("context_tokens", why, "declare no more than that")


def _profile(
    config: DeploymentConfig, known: ModelProfile, declared: dict[str, frozenset[str]], offered: frozenset[str], refuse: Refusals
) -> ModelProfile:
    operations = declared.get("operations", known.operations) & offered
    if not operations:
        name = "dialect" if config.dialect else "operations"
        raise refuse.wrong(name, f"offers none of what this model does ({_said(known.operations)})", f"what is offered: {_said(offered)}")
    return msgspec.structs.replace(
        known,
        context_tokens=config.context_tokens or known.context_tokens,
        tools=known.tools if config.tools is None else config.tools,
        operations=operations,
        inputs=declared.get("inputs", known.inputs),
    )


def _said(words: Any) -> str:
    return ", ".join(sorted(words))
