# SPDX-License-Identifier: Apache-2.0
"""Local or regional: one task, done where the law lets it and where it is done well enough, or not done at all.

1. the law, at every place: each request goes through the seven steps, which no quality overrides
2. the places on this device that are measured to be able, best first; each draft passes its gates or is dropped
3. one round at the lawful deployments elsewhere, unless the caller forbids that anything leaves; the same gates
4. else it abstains, and says at which places it looked and what came of each
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Generic, Literal, NoReturn, TypeVar

import msgspec

from comity.errors import CallerError, ComityError, LimitReached, NoAnswer, OperatorError, PolicyDenied, ProviderFailure
from comity.tasks.availability import citation_of
from comity.tasks.capability import Able, Matrix, length_of, tokens_of
from comity.tasks.shapes import Came, Draft, Gate, Result, ServedBy, Step
from comity.tasks.task import InParts, Place, Places, Prepares, Reply, Task, Unreadable
from comity.tasks.text.asking import Input, seen
from comity.wire.request import Request

A = TypeVar("A")
V = TypeVar("V")
PLACE_SECONDS_MAX = 300.0
"""At one place, however many requests it takes; then the next is looked at."""
ROOM_TOKENS = 256
"""Left for prompts and an answer beside what is asked about."""
_NOT_READY = frozenset({"model.absent", "model.no_runtime", "model.unloadable", "model.crashing", "model.no_memory"})


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may say of how it is done."""

    where: Literal["any", "device"] = "any"  # device: nothing leaves, and what cannot be done here is not done
    unmeasured: Literal["no", "try", "draft"] = "no"
    """try: models on this device that nobody has measured at this may be asked too.  draft: also those that were found not able, and what
    no gate passed is given in the end; it has a `doubt`."""
    abstain: bool = True  # False: what would abstain raises NoAnswer


def row_language(task: Task[Any, Any], asked: Any) -> str:
    """Of the capability matrix: the task's language; where the input names one to go ``to``, both."""
    to = getattr(asked, "to", "")
    language = task.language(asked)
    return f"{language}>{to}" if to else language


async def run(task: Task[A, V], asked: A, places: Places, matrix: Matrix, terms: Terms | None = None) -> Result[V]:
    """Raises CallerError (also 413 `task.too_long`), PolicyDenied, LimitReached, OperatorError (503 `task.not_ready`), ProviderFailure and
    TrustFailure; NoAnswer only where the caller does not want it to abstain."""
    if isinstance(asked, Input):
        asked = await seen(asked)
    return await _Run(task, asked, places, matrix, terms or Terms()).result()


class _Asking:
    """One place's requests.  Whoever answered the first answers the rest: a value is of one place."""

    def __init__(self, places: Places, among: Sequence[str]) -> None:
        self._places, self.among = places, tuple(among)
        self.replies: list[Reply] = []

    async def ask(self, request: Request) -> Reply:
        reply = await self._places.ask(request, self.among)
        self.replies.append(reply)
        if reply.deployment:
            self.among = (reply.deployment,)
        return reply

    @property
    def last(self) -> Reply:
        return self.replies[-1] if self.replies else Reply()


class _Run(Generic[A, V]):
    def __init__(self, task: Task[A, V], asked: A, places: Places, matrix: Matrix, terms: Terms) -> None:
        self._task, self._asked, self._places, self._matrix, self._terms = task, asked, places, matrix, terms
        self._language = task.language(asked)
        self._row_language = row_language(task, asked)
        self._size = task.size(asked)
        self._largest = task.largest(asked) if isinstance(task, InParts) else self._size
        self._prepared = not isinstance(task, Prepares)
        self._before: list[Step] = []  # of what was done on this device so that it could be asked
        self._steps: list[Step] = []
        self._gates: tuple[Gate, ...] = ()
        self._errors: list[ComityError] = []  # what stood in the way, in the order met
        self._absent: list[Place] = []
        self._doubts: dict[str, str] = {}  # by deployment on this device: why the matrix does not call it able
        self._draft: Result[V] | None = None  # the first that no gate passed, where somebody wants one all the same
        self._room = 0  # characters that the roomiest place takes

    async def result(self) -> Result[V]:
        for place in self._here():
            found = await self._at((place.deployment,), place)
            if found is not None:
                return found
        if self._terms.where == "any":
            found = await self._elsewhere()
            if found is not None:
                return found
        return self._none()

    # -- where --------------------------------------------------------------------------------------------------------

    def _here(self) -> list[Place]:
        """Those worth asking, best first; of every other it is said why not."""
        known: list[tuple[float, Place]] = []
        to_be_had: list[Place] = []
        places = [place for place in self._places.device(self._task.operation) if self._task.operation in place.operations]
        length = length_of(self._size, self._language)
        for place in places:
            able = self._matrix.look(
                model=place.model, sha256=place.sha256, task=self._task.name, language=self._row_language, length=length
            )  # fmt: skip
            if not able.able and not (place.deployment and self._may_try(able)):
                if place.deployment:
                    self._step(place.deployment, "not_able", able.why)
            elif able.row is None and place.languages and self._language.partition("-")[0] not in {*place.languages, "und"}:
                self._step(place.deployment, "not_able", "not made for this language")
            elif place.absent:
                to_be_had.append(place)
            elif not self._fits(place):
                self._step(place.deployment, "too_long", f"it takes {_room(place, self._language)} characters")
            else:
                known.append((able.row.low if able.row is not None else 0.0, place))
                self._doubts[place.deployment] = able.why if self._terms.unmeasured == "draft" else ""
        for place in to_be_had if not known else ():
            self._absent.append(place)
            self._step(place.deployment, "not_ready", f"comity models add {place.model}")
        if not places and self._terms.where == "device":
            self._step("", "not_able", f"no deployment on this device does {self._task.operation}")
        return [place for _, place in sorted(known, key=lambda one: -one[0])]

    def _may_try(self, able: Able) -> bool:
        wish = self._terms.unmeasured
        return wish == "draft" or (wish == "try" and able.row is None)

    def _fits(self, place: Place) -> bool:
        self._room = max(self._room, _room(place, self._language))
        return tokens_of(self._largest, self._language) + ROOM_TOKENS <= place.context_tokens

    async def _elsewhere(self) -> Result[V] | None:
        left = list(self._places.region(self._task.operation))
        if not left:
            self._step("", "not_able", f"no deployment elsewhere does {self._task.operation}")
        while left:
            before = len(self._steps)
            found = await self._at(left, None)
            if found is not None or len(self._steps) == before:
                return found
            failed = self._steps[-1]
            if failed.outcome not in ("failed", "rate_limited") or failed.deployment not in left:
                return None
            left.remove(failed.deployment)  # it broke off between two requests of one task: another begins anew
        return None

    # -- one place ----------------------------------------------------------------------------------------------------

    async def _at(self, among: Sequence[str], place: Place | None) -> Result[V] | None:
        """None where it came to nothing; a step then says why."""
        await self._prepare()
        asking = _Asking(self._places, among)
        draft = await self._drafted(asking, place)
        if draft is None:
            return None
        gates = self._gates = self._task.gates(self._asked, draft)
        missed = next((gate for gate in gates if not gate.passed), None)
        if missed is not None:
            failed = f"{missed.name}: {missed.why}" if missed.why else missed.name
            self._came(asking, place, "gate_failed", failed)
            if self._terms.unmeasured == "draft" and self._draft is None:
                self._draft = self._made(draft, gates, asking.last, f"gate failed: {failed}")
            return None
        why = draft.why if draft.abstained else ""
        self._came(asking, place, "answered", why)
        if draft.abstained and not self._terms.abstain:
            raise NoAnswer(
                f"there is no answer to give: {why}", code="task.no_answer", steps=_told(self._steps), hint="say more, or ask otherwise"
            )
        return self._made(draft, gates, asking.last, self._doubts[place.deployment] if place is not None else "")

    def _made(self, draft: Draft[V], gates: tuple[Gate, ...], reply: Reply, doubt: str) -> Result[V]:
        return Result(
            task=self._task.name, language=self._language, value=None if draft.abstained else draft.value, evidence=draft.evidence,
            abstained=draft.abstained, why=draft.why if draft.abstained else "", doubt=doubt, gates=gates, labels=reply.labels,
            receipt=reply.receipt, steps=(*self._before, *self._steps),
            served_by=ServedBy(deployment=reply.deployment, model=reply.model, sha256=reply.sha256, region=reply.region),
        )  # fmt: skip

    async def _prepare(self) -> None:
        """Once, and only where somebody is to be asked."""
        if not self._prepared and isinstance(self._task, Prepares):
            self._prepared = True
            self._asked = await self._task.prepared(self._asked, self._done_here)

    async def _done_here(self, task: Task[Any, Any], asked: Any) -> Result[Any]:
        other: _Run[Any, Any] = _Run(task, asked, self._places, self._matrix, Terms(where="device", unmeasured="try"))
        try:
            return await other.result()
        finally:
            self._before += other._steps

    async def _drafted(self, asking: _Asking, place: Place | None) -> Draft[V] | None:
        code = ""
        came: Came = "failed"
        receipt = ""
        try:
            async with asyncio.timeout(PLACE_SECONDS_MAX):
                return await self._task.draft(self._asked, asking.ask)
        except Unreadable as unreadable:
            came, code = "unreadable", unreadable.code
        except TimeoutError:
            code = "out of time"
        except LimitReached:
            raise  # the caller's own, wherever it is asked
        except PolicyDenied as error:
            self._errors.append(error)
            came, code, receipt = "refused", ": ".join(filter(None, (error.code, citation_of(error)))), error.receipt
        except CallerError as error:
            if error.code not in _OF_CALLER:
                raise
            self._errors.append(error)
            came, code = _OF_CALLER[error.code], error.code
        except ProviderFailure as error:
            self._errors.append(error)
            unready = sorted(_NOT_READY & _codes(error)) if place is not None else []
            if unready and place is not None:
                self._absent.append(place)
            came, code = "not_ready" if unready else "rate_limited" if error.status == 429 else "failed", (*unready, error.code)[0]
        self._came(asking, place, came, code, receipt)
        return None

    def _came(self, asking: _Asking, place: Place | None, came: Came, why: str, receipt: str = "") -> None:
        receipts = tuple(reply.receipt for reply in asking.replies if reply.receipt)
        name = place.deployment if place is not None else asking.last.deployment
        if not name and len(asking.among) == 1:
            name = asking.among[0]
        self._step(name, came, why, receipt or (receipts[-1] if receipts else ""), receipts if len(receipts) > 1 else ())

    def _step(self, deployment: str, came: Came, why: str = "", receipt: str = "", receipts: tuple[str, ...] = ()) -> None:
        self._steps.append(Step(deployment=deployment, outcome=came, why=why, receipt=receipt, receipts=receipts))

    # -- nobody -------------------------------------------------------------------------------------------------------

    def _none(self) -> Result[V]:
        """It abstains where somebody tried, or nobody is able; what stood in the way of trying is raised."""
        if self._draft is not None:
            return msgspec.structs.replace(self._draft, steps=(*self._before, *self._steps))
        came = [step.outcome for step in self._steps]
        if "gate_failed" not in came and "unreadable" not in came:
            self._raised(came)
        why: Came = next((one for one in _WORST if one in came), "not_able")
        made: Result[V] = Result(
            task=self._task.name, language=self._language, abstained=True, why=why, gates=self._gates,
            steps=(*self._before, *self._steps), receipt=next((step.receipt for step in reversed(self._steps) if step.receipt), ""),
        )  # fmt: skip
        if self._terms.abstain:
            return made
        if why in ("gate_failed", "unreadable"):
            raise NoAnswer(
                f"no answer of `{self._task.name}` passed its gates", code="task.gate_failed", steps=_told(self._steps),
                hint="a larger model, or a lawful deployment elsewhere, may do it",
            )  # fmt: skip
        raise NoAnswer(
            f"no place is able to do `{self._task.name}` in `{self._row_language}`", code="task.not_able", steps=_told(self._steps),
            hint="comity task lists what is to be had",
        )  # fmt: skip

    def _raised(self, came: Sequence[Came]) -> None:
        denied = [error for error in self._errors if isinstance(error, PolicyDenied)]
        failed = [error for error in self._errors if isinstance(error, ProviderFailure) and not _NOT_READY & _codes(error)]
        if denied:
            raise denied[-1]
        if "rate_limited" in came:
            waits = [error.retry_after_seconds for error in failed if error.retry_after_seconds is not None]
            raise LimitReached(
                "whoever may do this has had enough for now", code="task.rate_limited", kind="requests",
                retry_after_seconds=max(waits, default=5), rate_limits={}, hint="try again shortly",
            )  # fmt: skip
        if failed:
            raise failed[-1]
        if "too_long" in came:
            self._too_long()
        if "not_ready" in came:
            model = self._absent[0].model if self._absent else ""
            raise OperatorError(
                f"`{self._task.name}` needs the model `{model}`, which is not ready on this machine", code="task.not_ready", exit_code=1,
                field="model", hint=f"comity models add {model}",
            )  # fmt: skip

    def _too_long(self) -> NoReturn:
        said = f"at most {self._room} characters" if self._room else "less"
        raise CallerError(
            f"the input is longer than any place takes that may do `{self._task.name}`", code="task.too_long", status=413, field="text",
            hint=f"send {said}",
        )  # fmt: skip


_OF_CALLER: dict[str, Came] = {"request.too_long": "too_long", "request.unfit": "not_able", "request.unsupported": "not_able"}
_WORST: tuple[Came, ...] = ("gate_failed", "unreadable", "failed", "not_able")


def _codes(error: ProviderFailure) -> frozenset[str]:
    """Its own, and those of the attempts that it is made of."""
    return frozenset({error.code, *(str(each.get("code")) for each in error.attempts)})


def _room(place: Place, language: str) -> int:
    per_token = 1 / max(tokens_of(1000, language) / 1000, 0.1)
    return max(0, int((place.context_tokens - ROOM_TOKENS) * per_token))


def _told(steps: Sequence[Step]) -> tuple[dict[str, object], ...]:
    told: list[dict[str, object]] = msgspec.to_builtins(steps)
    return tuple(told)
