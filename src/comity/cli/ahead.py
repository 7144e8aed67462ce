# SPDX-License-Identifier: Apache-2.0
"""Steps 1 to 4 without a world: where a request would go, with no record, no key and no connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from comity.accord.evidence import register
from comity.config import Config
from comity.gateway.callers import LOCAL
from comity.gateway.duties import DISCHARGERS
from comity.gateway.embedded import EMBEDDED
from comity.gateway.ending import unchecked, uncounted
from comity.gateway.issuers import load_issuers
from comity.gateway.judge import Judge
from comity.gateway.locate import Locator
from comity.gateway.partners import resolve_all
from comity.gateway.standing import looked_up
from comity.gateway.world import guard_of, media_of
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.engine import Engine
from comity.ports import SystemClock, SystemRandom
from comity.routing.plan import plan
from comity.storage.state import glimpse
from comity.wire.decode import decode_chat
from comity.wire.request import texts


def ahead(config: Config, raw: bytes, subject: str, state: Path | str) -> dict[str, Any]:
    """`candidates`, `remedies` and `ways` as a record has them, and `would_ask`: deployment ids in order; `uncounted`:
    what evidence there is that does not count, in one line.

    ``state``: where counts and evidence lie.
    """
    clock, vocabulary = SystemClock(), load_vocabulary()
    now = clock.now()
    today = now.date()
    engine = Engine(load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra]), vocabulary)
    deployments = resolve_all(config.deployments or (EMBEDDED,), vocabulary=vocabulary, as_of=today)
    locator = Locator(config=config, vocabulary=vocabulary, issuers=load_issuers(config.issuers), clock=clock, pseudonym_key=b"")
    judge = Judge(config=config, engine=engine, vocabulary=vocabulary, deployments=list(deployments.values()), dischargers=DISCHARGERS)
    standing = looked_up(config, config.deployments or (EMBEDDED,), vocabulary, now, state)
    request, _ = decode_chat(raw)
    strings = list(texts(request))
    nexus = locator.locate({"comity-subject": subject} if subject else {}, LOCAL)
    wanted = () if request.model == "auto" else (request.model,)
    found = guard_of(config, clock=clock, random=SystemRandom()).inspect(strings)
    carried = found.categories.union(*(media_of(config, vocabulary)[kind] for kind in request.media()))
    judged = judge.decide(nexus, msgspec.structs.replace(found, categories=carried), wanted, standing, today)
    route = plan(judged.candidates, request, sum(map(len, strings)))
    ignored = unchecked(uncounted(config, config.deployments, register(glimpse(state, {})[1]), today))
    return {**json.loads(judged.decision), "would_ask": [attempt.deployment.id for attempt in route.attempts], "uncounted": ignored}
