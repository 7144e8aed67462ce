# SPDX-License-Identifier: Apache-2.0
"""What a rule is to do: notices by patterns, what `telling` writes by its own form, and all else by the assistant's planner."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from comity.tasks.assist.choosing import Chooser
from comity.tasks.assist.intents import Intent, Intents, Parameter
from comity.tasks.assist.plan import Call, Question, Unclear
from comity.tasks.assist.planner import Planner
from comity.tasks.automate.reading import chinese, english
from comity.tasks.automate.reading.found import Words
from comity.tasks.automate.rule import Action, DeviceState, MessageFrom, Trigger
from comity.tasks.automate.telling import NOTICE, label_of, phrase_of

_TRIM = " \t\n,，.。;；:：!！、\x00"
_NOTIFY = {"en": re.compile(english.NOTIFY, re.IGNORECASE), "zh": re.compile(chinese.NOTIFY)}
_LINK = {
    "en": re.compile(r"^\s*[:,]?\s*(?:to|that|about|of|saying|and say|with)?\s*[:,]?\s*", re.IGNORECASE),
    "zh": re.compile(r"^[：:，,\s]*(?:说|内容是|内容为)?[：:，,\s]*"),
}  # fmt: skip
_SMALL = {
    "en": re.compile(r"\b(?:at once|right away|immediately|straight ?away|please|automatically)\b", re.IGNORECASE),
    "zh": re.compile(r"(?:请|赶紧|马上|立刻|自动|就|先)(?=\S)"),
}  # fmt: skip
_FIRST = {
    "en": re.compile(r"^(?:(?:and|then|so|please|just|do|also|but|only)\b[\s,:]*)+", re.IGNORECASE),
    "zh": re.compile(r"^(?:就|请|那么|那|则|自动|并且|并|再|然后|先|帮我|给我|也|的话|时|了|的|我|[，,：:\s])*(?:就|请|自动|先)?(?=.)"),
}  # fmt: skip
_NOT = {
    "en": re.compile(r"^(?:please\s+)?(?:don't|don’t|do not|never|stop (?:turning|switching|reminding|telling)|not)\b", re.IGNORECASE),
    "zh": re.compile(r"^(?:请)?(?:不要|别|不用|不许|不必|勿)"),
}  # fmt: skip
_BOTH = re.compile(r"\bon (?:and|or) off\b|\boff (?:and|or) on\b|(?:打?开[又并和或]?(?:者)?关|又开又关)", re.IGNORECASE)
_AND_MORE = {
    "en": re.compile(r"(?:\s*[,;]\s*(?:and\s+)?(?:then\s+)?|\s+and\s+(?:then\s+)?|\s+then\s+)(?=(?:please\s+)?(?:turn|switch|set|play|pause|stop|dim|start|open|close|lock|draft|write|add|make|go|show|put|send|lower|raise|remind|tell|let me|notify|warn|all (?:the )?lights)\b)", re.IGNORECASE),  # noqa: E501
    "zh": re.compile(r"[；;]|[，,](?:然后|并且|并|再|同时|顺便|还)?(?=把|关|开|放|播|打开|关掉|暂停|停|调|切|提醒我|告诉我|通知我|写|起草|给)|(?:然后|并且|同时|顺便)"),  # noqa: E501
}  # fmt: skip
_WHERE = {"room", "scope"}
_EXCEPT = {
    "en": re.compile(r"\b(?:unless|until|till|except(?: for| on| when| if)?|only (?:if|when|on|while)|but not|not (?:on|if|when|during|between))\b", re.IGNORECASE),  # noqa: E501
    "zh": re.compile(r"除非|直到|除了|以外|之外|只有|仅当|不然|否则|的话|不在"),
}  # fmt: skip
"""What limits a rule; within a notice too it is more likely meant of the rule."""
_LOOSE = {
    "en": re.compile(
        r"\b(?:if|when(?:ever)?|while|once|after|before|as soon as|as long as|every|each|no|not|never|don['’]?t|without|instead|or|is|are|isn['’]t|aren['’]t|otherwise|nobody|quarter to|"  # noqa: E501
        r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekdays?|weekends?|tomorrow|yesterday|am|pm|o'clock)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(r"如果|要是|假如|或|离开|出门|到家|回家|[时后](?=[放打开关播把调给停写])|时候|以后|之后|以前|之前|每[天周次个晚]|周[一二三四五六日末]|星期|礼拜|明天|昨天|不要|不许|别|没有?(?!电)|点钟|工作日"),  # noqa: E501
}  # fmt: skip
_FIGURE = {
    "en": re.compile(r"\d|\b(?:twice|(?:one|two|three|four|five|ten|fifteen|twenty|thirty)\s+(?:times|minutes?|hours?|seconds?|percent|degrees))\b"),  # noqa: E501
    "zh": re.compile(r"\d|[一二两三四五六七八九十百半]+(?:次|遍|回|分钟|小时|秒|度|成|个钟)|百分之"),
}  # fmt: skip
_BEFORE_VERB = re.compile(r"(.+?)\b(?:turn|switch|put|play|pause|set|dim|start|draft|write|send|add)\b", re.IGNORECASE)
_POLITE = re.compile(
    r"(?:please|can|could|would|will|you|i|want|i['’]d|like|to|the|and|then|just|also|so|automatically|have|make|it|us|me|let|let['’]s|go|ahead|,|\s)*",
    re.IGNORECASE,
)


class Acting:
    def __init__(self, words: Words, intents: Intents, chooser: Chooser) -> None:
        self._w, self._intents, self._chooser = words, intents, chooser
        self._code = "zh" if words.language == "zh" else "en"

    async def read(self, segments: Sequence[tuple[int, int]], about: str, when: Trigger) -> tuple[Action, ...]:
        """``segments``: what no trigger, condition or hour was read from.  ``about``: what a notice without words of its own is of.
        Raises Unclear."""
        self._when = when
        pieces = [(text, self._w.text[a:b]) for a, b in segments if (text := self._w.left[a:b]).strip(_TRIM)]
        joined: list[str] = []
        for masked, whole in pieces:
            del masked
            said = whole.strip(_TRIM)
            bare = _FIRST[self._code].sub("", said).strip(_TRIM)
            if not bare:
                continue
            if joined and (_NOTIFY[self._code].search(joined[-1]) or not self._begins(bare)):
                joined[-1] += ("" if self._code == "zh" else " ") + said
            else:
                joined.append(bare)
        made: list[Action] = []
        for each in joined:
            for part in self._parts(each):
                made += await self._one(part, about)
        if not made:
            raise self._w.ask("action", "What should be done?", "要做什么？")
        return _agreeing(tuple(made), self._w)

    def _begins(self, said: str) -> bool:
        return bool(
            _NOTIFY[self._code].search(said) or _AND_MORE[self._code].match(("，" if self._code == "zh" else " and ") + said)
        ) or bool(self._by_phrase(said))

    def _parts(self, said: str) -> list[str]:
        """Cut where something else begins to be done, but not within what is to be told, nor within quotation marks."""
        masked = re.sub(r"[“\"「][^”\"」]*[”\"」]", lambda found: "\x01" * len(found[0]), said)
        told = _NOTIFY[self._code].search(masked)
        cuts, at = [], 0
        for found in _AND_MORE[self._code].finditer(masked):
            quoted = told is not None and masked[told.end() : found.start()].strip(_TRIM + "\x01") == ""
            if told is not None and found.start() > told.start() and not quoted:
                break
            cuts.append(said[at : found.start()])
            at = found.end()
        cuts.append(said[at:])
        return [each.strip(_TRIM) for each in cuts if each.strip(_TRIM)]

    async def _one(self, said: str, about: str) -> list[Action]:
        canonical = self._by_phrase(said)
        if canonical is not None:
            return [canonical]
        if _NOT[self._code].search(said):
            raise self._w.ask("action", "Rules can only say what to do. What should be done?", "规则只能说要做什么，要做什么？", "unread")
        if _BOTH.search(said):
            raise self._w.ask("state", "On or off?", "是开还是关？", "contradiction", ("on", "off"))
        told = _NOTIFY[self._code].search(said)
        if told is not None and not re.search(r"[“\"「]", said[: told.start()]):
            return [self._notice(said, told, about)]
        question: Question | None = None
        for each in self._ways(said):
            plan = await Planner(self._intents, self._w.world, self._chooser).plan([each], self._w.language)
            calls = [step for step in plan.steps if isinstance(step, Call)]
            if calls and len(calls) == len(plan.steps):
                made = [self._sure(Action(intent=call.intent, arguments=call.values()), said) for call in calls]
                return self._all_of(said, made)
            question = question or plan.question
        if question is not None:
            raise Unclear(question)
        raise self._w.ask("action", f"What should be done by “{said}”?", f"“{said}”要做什么？", "unread")

    def _ways(self, said: str) -> Iterator[str]:
        """As it was said; then with what it leaves to be understood: the lamp that was switched on, whoever wrote, the lights of a room."""
        named = self._named(said)
        yield named
        zh = self._code == "zh"
        if isinstance(self._when, MessageFrom):
            who = next((each.names[0] for each in self._w.world.things("contact") if each.id == self._when.contact), "")
            yield (
                f"给{who}{named}"
                if zh
                else re.sub(r"^((?:draft|write|send)\s+(?:a|an)\s+[\w ]+?)(?=\s+(?:saying|that)\b|$)", rf"\1 to {who}", named)
            )
        if zh and re.match(r"[放听]", named):
            yield "播" + named if named[0] == "放" else "播放" + named[1:]
        yield from _fuller(named, zh)
        for room in sorted(self._room_names(), key=len, reverse=True):
            if zh and room in named and "灯" not in named:
                yield named.replace(room, room + "灯", 1)
            elif not zh and re.search(rf"\b{re.escape(room)}\b", named, re.IGNORECASE) and "light" not in named.lower():
                yield re.sub(rf"\b({re.escape(room)})\b", r"\1 light", named, count=1, flags=re.IGNORECASE)

    def _room_names(self) -> set[str]:
        return {
            name for intent in self._intents for each in intent.parameters if each.name == "room" for room, names in each.choices.items()
            if room != "all" for name in names if any("\u4e00" <= letter <= "\u9fff" for letter in name) == (self._code == "zh")
        }  # fmt: skip

    def _named(self, said: str) -> str:
        """Pronouns that go back to the trigger as what they stand for."""
        zh, when = self._code == "zh", self._when
        lamps = [
            each.value.device for each in self._w.found if isinstance(each.value, DeviceState) and each.value.device.startswith("light:")
        ]
        if len(set(lamps)) == 1:
            room = lamps[0].partition(":")[2]
            name = next((n for n in self._names_of(room)), room)
            if zh and (bare := re.fullmatch(r"(?:给我|帮我|自动|就|把它|它)*(关掉|关上|关了|关|打开|开)(?:它|吧|了)?", said)):
                return f"{bare[1].removesuffix('了')}{name}灯"
            return re.sub(r"它", f"{name}灯", said) if zh else re.sub(r"\bit\b", f"the {name} light", said, count=1, flags=re.IGNORECASE)
        if isinstance(when, MessageFrom):
            who = next((each.names[0] for each in self._w.world.things("contact") if each.id == when.contact), "")
            return re.sub(r"(?<=给)[他她]|(?<=回)[他她]", who, said, count=1) if zh else re.sub(r"\b(?:him|her|them)\b", who, said, count=1)
        return said

    def _names_of(self, room: str) -> list[str]:
        zh = self._code == "zh"
        return [
            name for intent in self._intents for each in intent.parameters if each.name == "room" for name in each.choices.get(room, ())
            if any("\u4e00" <= letter <= "\u9fff" for letter in name) == zh
        ]  # fmt: skip

    def _sure(self, action: Action, said: str) -> Action:
        """A text of a single character is a scrap of the request, and no text; a light of which nothing is said is not set; and words that
        say when, or when not, must not be left over.  Raises Unclear."""
        if action.arguments and set(action.arguments) <= _WHERE and self._intents.named(action.intent).name.endswith(".set"):
            raise self._w.ask("action", f"What should be done by “{said}”?", f"“{said}”要做什么？", "unread")
        self._nothing_left(said, [str(each) for each in action.arguments.values() if isinstance(each, str)])
        for name, value in action.arguments.items():
            parameter = self._intents.named(action.intent).parameter(name)
            if parameter is not None and parameter.kind == "text" and len(str(value).strip()) < 2:
                raise self._w.ask(name, f"What exactly of “{said}”?", f"“{said}”具体是什么？", "unread")
        return action

    def _all_of(self, said: str, made: list[Action]) -> list[Action]:
        """The same for each of the rooms that are said together.

        Raises Unclear where more rooms or numbers are said than the actions hold, or something stands before the verb."""
        values = [value for each in made for value in each.arguments.values()]
        rest = re.sub(r"[“\"「][^”\"」]*[”\"」]", " ", said)
        for each in [one for one in values if isinstance(one, str)]:
            rest = re.sub(re.escape(each), " ", rest, flags=re.IGNORECASE)
        rooms: dict[str, str] = {}
        left = rest.casefold()
        for name in sorted(self._room_names(), key=len, reverse=True):
            low = name.casefold()
            here = re.search(rf"\b{re.escape(low)}\b", left) if self._code == "en" else low in left
            if here and (id_ := self._room(name)):
                rooms[id_] = name
                left = left.replace(name.casefold(), " ")
        missing = [name for id_, name in rooms.items() if id_ not in values]
        if (
            missing
            and len(made) == 1
            and "room" in made[0].arguments
            and self._together(said, [*missing, *self._names_of(made[0].arguments["room"])])
        ):
            made = made + [
                Action(intent=made[0].intent, arguments={**made[0].arguments, "room": id_}) for id_ in rooms if id_ not in values
            ]
            missing = []
        if missing and any(value in self._room_ids() for value in values):
            raise self._w.ask("room", f"And “{missing[0]}”?", f"“{missing[0]}”也要吗？", "unread")
        if _FIGURE[self._code].search(left) and not any(isinstance(value, int | float) or re.search(r"\d", str(value)) for value in values):
            raise self._w.ask("number", f"What is the number in “{said}” for?", f"“{said}”里的数字是什么意思？", "unread")
        before = _BEFORE_VERB.match(rest.strip()) if self._code == "en" else None
        if before is not None and not _POLITE.fullmatch(before[1]):
            raise self._w.ask("condition", f"What does “{before[1].strip()}” stand for?", "", "unread")
        return made

    def _together(self, said: str, names: Sequence[str]) -> bool:
        """Whether rooms are joined by nothing but `and`."""
        room = "(?:" + "|".join(re.escape(each) for each in sorted(names, key=len, reverse=True)) + ")"
        if self._code == "zh":
            return re.search(rf"{room}(?:的?灯)?(?:[和跟与、]|以及){room}", said) is not None
        return re.search(rf"\b{room}(?: lights?| lamps?)?(?: and |, | & )(?:the )?{room}\b", said, re.IGNORECASE) is not None

    def _room(self, name: str) -> str:
        return next(
            (room for intent in self._intents for each in intent.parameters if each.name == "room" for room, names in each.choices.items()
             if name in names and room != "all"), "",
        )  # fmt: skip

    def _room_ids(self) -> set[str]:
        return {room for intent in self._intents for each in intent.parameters if each.name == "room" for room in each.choices}

    def _nothing_left(self, said: str, texts: Sequence[str]) -> None:
        """Raises Unclear where a condition, an exception or an end is said that no part of the rule stands for."""
        rest = re.sub(r"[“\"「][^”\"」]*[”\"」]", " ", said)
        for each in texts:
            rest = re.sub(re.escape(each), " ", rest, flags=re.IGNORECASE)
        loose = _EXCEPT[self._code].search(rest) or _LOOSE[self._code].search(rest)
        if loose is not None:
            raise self._w.ask("condition", f"What does “{loose[0]}” stand for?", f"“{loose[0]}”是什么意思？", "unread")

    def _notice(self, said: str, told: re.Match[str], about: str) -> Action:
        before = _FIRST[self._code].sub("", said[: told.start()]).strip(_TRIM)
        if before and _SMALL[self._code].sub("", before).strip(_TRIM):
            raise self._w.ask("action", f"What about “{before}”?", f"“{before}”要怎么用？", "unread")
        rest = said[told.end() :]
        rest = _LINK[self._code].sub("", rest, count=1)
        quoted = re.fullmatch(r"\s*[“\"「]([^”\"」]*)[”\"」]\s*", rest)
        text = quoted[1] if quoted else _SMALL[self._code].sub("", rest).strip(_TRIM)
        if not quoted and (loose := _EXCEPT[self._code].search(text)):
            raise self._w.ask("condition", f"What does “{loose[0]} …” stand for?", f"“{loose[0]}……”是什么条件？", "unread")
        return Action(intent=NOTICE, arguments={"text": text or about})

    # -- what `telling` writes ------------------------------------------------------------------------------------------------

    def _by_phrase(self, said: str) -> Action | None:
        head, bracket, tail = said.partition("（" if self._code == "zh" else " (")
        intent = next((each for each in self._intents if phrase_of(each.telling(self._code)) == head.strip()), None)
        if intent is None:
            return None
        if not bracket:
            return Action(intent=intent.name)
        if not tail.endswith("）" if self._code == "zh" else ")"):
            return None
        arguments = self._arguments(intent, tail[:-1])
        return Action(intent=intent.name, arguments=arguments) if arguments is not None else None

    def _arguments(self, intent: Intent, said: str) -> dict[str, Any] | None:
        made: dict[str, Any] = {}
        labels = {label_of(each, self._code == "zh"): each for each in intent.parameters}
        pattern = re.compile(r"(?:^|[,，]\s*)(" + "|".join(map(re.escape, labels)) + r")[：:]\s*((?:“[^”]*”|[^“,，])+)")
        at = 0
        while at < len(said):
            found = pattern.match(said, at)
            if found is None:
                return None
            parameter = labels[found[1]]
            values = [self._value(parameter, each) for each in re.findall(r"“[^”]*”|[^“+\s][^“+]*", found[2])]
            made[parameter.name] = values if parameter.many else values[0]
            at = found.end()
        return made

    def _value(self, parameter: Parameter, said: str) -> Any:
        said = said.strip()
        if said.startswith("“"):
            text = said[1:-1]
            if parameter.known:
                thing = self._w.thing(parameter.kind, text)
                return thing.id if thing is not None else text
            return text
        if parameter.kind == "choice":
            return next((choice for choice, names in parameter.choices.items() if said == choice or said in names), said)
        return json.loads(said)


_MUSIC = r"(?:music|radio|jazz|playlist|songs?|album|podcast|blues|piano|news)"


def _fuller(said: str, zh: bool) -> Iterator[str]:
    """What has no verb, or another than the planner knows."""
    if zh:
        if found := re.fullmatch(r"(.{2,4}?)(?:里)?(?:给我|帮我)?(?:放|播)(?:点儿?|些|一?首)?(.{2,})", said):
            yield f"在{found[1]}播放{found[2]}"
        if found := re.fullmatch(r"切(?:换)?(?:到|成|为)?(.{2,6}?)(?:模式)?", said):
            yield f"切换到{found[1]}模式"
        if found := re.fullmatch(r"(.+灯)(?:亮|开|调|降|升)(?:回|到|成|至)(.+?)(?:的)?(?:亮度)?", said):
            level = re.sub(r"^一半$", "百分之五十", found[2])
            yield f"把{found[1]}亮度调到{level}"
        return
    if found := re.fullmatch(r"(?:I want |I['’]d like |have )?(?:the |all )?([\w ]*lights?) (on|off)", said, re.IGNORECASE):
        yield f"turn {found[2]} the {found[1]}"
    if found := re.fullmatch(r"(?:the )?(?:heating|thermostat|temperature) (?:up |down )?(?:to|at) (.+)", said, re.IGNORECASE):
        yield f"set the heating to {found[1]}"
    if found := re.fullmatch(
        rf"(?:I want |I['’]d like |put on |start |put |have )?((?:the |some )?(?:[\w]+ )?{_MUSIC})(?: on)?( in the .+)?",
        said,
        re.IGNORECASE,
    ):
        yield f"play {found[1]}{found[2] or ''}"


def _agreeing(actions: tuple[Action, ...], words: Words) -> tuple[Action, ...]:
    """One thing made two ways at once is asked about."""
    for number, one in enumerate(actions):
        for other in actions[number + 1 :]:
            same = one.intent == other.intent and one.arguments.get("room") == other.arguments.get("room")
            against = [
                name
                for name in ("state", "scene", "temperature", "brightness", "colour")
                if name in one.arguments and name in other.arguments and one.arguments[name] != other.arguments[name]
            ]
            if same and against:
                said = f"{one.arguments[against[0]]}", f"{other.arguments[against[0]]}"
                raise words.ask(against[0], f"{said[0]} or {said[1]}?", f"是{said[0]}还是{said[1]}？", "contradiction", said)
    for each in actions:
        level = each.arguments.get("brightness")
        if isinstance(level, int | float) and not 0 <= level <= 100:
            raise words.ask(
                "brightness", "A brightness is between 0 and 100 percent. Which?", "亮度在 0 到 100 之间，是多少？", "contradiction"
            )
    return actions
