# SPDX-License-Identifier: Apache-2.0
"""What an assistant can do: intents, each declared once, as a function with typed parameters and a docstring.

device = Device()

@device.intent("timer.set", confirm="never", undo=stop)
def timer(duration: timedelta, label: str = "") -> str:
    \"\"\"Start a timer.\"\"\"
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

import msgspec

from comity.errors import CallerError
from comity.tasks.assist.plan import Thing
from comity.tasks.entities.values import Money, Recurrence
from comity.tasks.shapes import Shape

Policy = Literal["never", "when_others_affected", "always"]
Words = Mapping[str, tuple[str, ...]]
"""By language (`en`, `zh`), each a regular expression over what the user said."""


class Known(msgspec.Struct, frozen=True):
    """Marks a parameter whose value is the id of something that the user has: `Annotated[str, Known("contact")]`."""

    kind: str


Contact = Annotated[str, Known("contact")]
Place = Annotated[str, Known("place")]
Event = Annotated[str, Known("event")]
Reminder = Annotated[str, Known("reminder")]
Note = Annotated[str, Known("note")]


class Said(msgspec.Struct, frozen=True):
    """How people lead up to a parameter's words: patterns whose group `x` holds them, by language."""

    words: Words


class Among(msgspec.Struct, frozen=True):
    """What a choice is called, by language and choice."""

    words: Mapping[str, tuple[str, ...]]


class Parameter(Shape, frozen=True, kw_only=True):
    name: str
    kind: str  # text, number, integer, boolean, choice, date, time, datetime, duration, money, recurrence, or what a `Known` names
    says: str = ""
    required: bool = True
    many: bool = False
    choices: Mapping[str, tuple[str, ...]] = {}  # of a choice: what each is called, in any language
    said: Words = {}  # noqa: RUF012 - frozen

    @property
    def known(self) -> bool:
        """Its value is the id of a thing of the world."""
        return self.kind not in PLAIN


PLAIN = frozenset(
    {"text", "number", "integer", "boolean", "choice", "date", "time", "datetime", "duration", "money", "recurrence"}
)  # fmt: skip
_TYPES: Mapping[Any, str] = {
    str: "text", float: "number", int: "integer", bool: "boolean", date: "date", time: "time", datetime: "datetime",
    timedelta: "duration", Money: "money", Recurrence: "recurrence",
}  # fmt: skip


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """``run`` takes the parameters by name; ``undo`` what ``run`` returned.  ``reads_only``: it changes nothing and tells nobody.

    ``cues`` and ``examples`` are how people ask for it, by language: they order the candidates that a model then chooses among.
    ``origin`` is "" for an intent of this program, else the server that offers it.
    """

    name: str
    says: str
    parameters: tuple[Parameter, ...] = ()
    confirm: Policy = "always"
    reads_only: bool = False
    others: bool = False  # it always affects somebody else
    cues: Words = {}
    weak: Words = {}  # cues that count for less
    opposite: Words = {}  # of one that is asked for a condition: words by which the opposite is meant
    examples: Words = {}
    says_in: Mapping[str, str] = {}
    origin: str = ""
    run: Callable[..., Any] | None = None
    undo: Callable[[Any], Any] | None = None

    def parameter(self, name: str) -> Parameter | None:
        return next((each for each in self.parameters if each.name == name), None)

    def telling(self, language: str) -> str:
        return self.says_in.get(language.partition("-")[0], self.says)


class Intents:
    """Every intent by its name, in the order declared."""

    def __init__(self, intents: Sequence[Intent] = ()) -> None:
        self._by_name: dict[str, Intent] = {}
        for intent in intents:
            self.add(intent)

    def add(self, intent: Intent) -> None:
        if intent.name in self._by_name:
            raise CallerError(f"there are two intents `{intent.name}`", code="assist.intent_twice", hint="give one another name")
        self._by_name[intent.name] = intent

    def __iter__(self) -> Iterator[Intent]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def named(self, name: str) -> Intent:
        found = self._by_name.get(name)
        if found is None:
            raise CallerError(f"there is no intent `{name[:64]}`", code="assist.no_intent", status=404, hint="comity assist --intents")
        return found


class Device(Intents):
    """An assistant's intents, declared on functions: ``@device.intent(…)``."""

    def intent(
        self, name: str, *, confirm: Policy = "always", reads_only: bool = False, others: bool = False,
        undo: Callable[[Any], Any] | None = None,
        cues: Words | None = None, examples: Words | None = None, says_in: Mapping[str, str] | None = None,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # fmt: skip
        """``confirm`` is `always` unless it is said otherwise: an intent nobody thought about asks first."""

        def declared(run: Callable[..., Any]) -> Callable[..., Any]:
            says = " ".join((inspect.getdoc(run) or "").partition("\n\n")[0].split())
            if not says:
                raise CallerError(f"intent `{name}` has no docstring", code="assist.no_docstring", hint="say in a sentence what it does")
            self.add(
                Intent(
                    name=name, says=says, parameters=parameters_of(run), confirm=confirm, reads_only=reads_only, others=others, undo=undo,
                    cues=cues or {}, examples=examples or {}, says_in=says_in or {}, run=run,
                )
            )  # fmt: skip
            return run

        return declared


def language_of(text: str) -> str:
    return "zh" if any("\u4e00" <= letter <= "\u9fff" for letter in text) else "en"


def parameters_of(run: Callable[..., Any]) -> tuple[Parameter, ...]:
    """From a function's annotations.  A parameter with a default is optional; `Annotated` may add what it says, and how it is said."""
    hints = typing.get_type_hints(run, include_extras=True)
    return tuple(
        _parameter(name, hints.get(name, str), each.default is inspect.Parameter.empty)
        for name, each in inspect.signature(run).parameters.items()
    )


def _parameter(name: str, annotation: Any, required: bool) -> Parameter:
    says, said, among, kind = "", Said({}), Among({}), ""
    many = False
    while True:
        origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            annotation = inner[0]
            for extra in inner[1:]:
                says = extra if isinstance(extra, str) else says
                said = extra if isinstance(extra, Said) else said
                among = extra if isinstance(extra, Among) else among
                kind = extra.kind if isinstance(extra, Known) else kind
        elif origin in (list, tuple, Sequence, frozenset, set) or origin is getattr(typing, "Sequence", None):
            annotation, many = inner[0], True
        elif origin is types.UnionType or origin is typing.Union:
            annotation = next(each for each in inner if each is not type(None))
        else:
            break
    choices: dict[str, tuple[str, ...]] = {}
    if origin is Literal:
        kind, choices = "choice", {str(one): (str(one).replace("_", " "), *among.words.get(str(one), ())) for one in inner}
    kind = kind or _TYPES.get(annotation, "")
    if not kind:
        raise CallerError(
            f"parameter `{name}` has a type that no words become", code="assist.no_kind", field=name,
            hint="one of: " + ", ".join(each.__name__ for each in _TYPES) + ", a Literal, or Annotated[str, Known(…)]",
        )  # fmt: skip
    return Parameter(
        name=name.rstrip("_"), kind=kind, says=says, required=required, many=many, choices=choices, said=said.words
    )  # fmt: skip


__all__ = ["Among", "Contact", "Device", "Event", "Intent", "Intents", "Known", "Note", "Parameter", "Place", "Reminder", "Said", "Thing"]
