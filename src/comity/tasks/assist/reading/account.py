# SPDX-License-Identifier: Apache-2.0
"""Whether an intent and its arguments account for everything that was said; what they do not is asked about, and not passed over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from comity.tasks.assist import editing
from comity.tasks.assist.intents import Intent
from comity.tasks.assist.plan import Question
from comity.tasks.assist.reading import names, rest, sure
from comity.tasks.assist.reading.slots import Slots
from comity.tasks.assist.reading.things import _SAME_TIME
from comity.tasks.assist.retrieve import grams
from comity.tasks.gates import whom

_I_HAVE = re.compile(r"\bI\(?(?:\?:)?(?:['’\[]|.{0,6}have\b)|已经|[了完好]了")
_SEVERAL = re.compile(r"\b(?:meetings|appointments|events|calls|reminders|notes|lists)\b", re.IGNORECASE)
_SOMEBODY_ELSE = re.compile(r"(?:\b(?:remind|wake)|提醒|叫醒|喊)\s*(?:一下)?$", re.IGNORECASE)
"""`remind Anna`: nobody but the user is reminded."""
_NOW = re.compile(r"(?:right |just )?now|现在|马上|立刻", re.IGNORECASE)
_WHETHER = re.compile(
    r"\b(?:if|whether|not|no|nothing|anything|something|none|never|unless|in case|should|below|above|under|over|less|more|than|colder|warmer|hotter|lower|higher|drops?|falls?|goes|gets|rises?|expected|forecast|still|already|degrees?|zero|freezing|turns? out|happens? to)\b|n['’]t\b|"  # noqa: E501
    r"如果|要是|假如|若是|倘若|万一|的话|没有|没|不会|不是|会不会|有没有|是不是|低于|高于|超过|不到|跌破|降到|升到|以下|以上|零下|零度|还是|真的|已经",
    re.IGNORECASE,
)
_JOINED = re.compile(r"(?:['’]s)?\s*(?:,\s*and|,|&|\band\b|[和跟与、]|以及|还有)\s*", re.IGNORECASE)
_OFTEN = re.compile(
    r"\b(?:once|twice|\w+ times) (?:a|an|per|each|every)\b|\b(?:every|each) (?:other |few |\w+ )?(?:hour|day|week|month|year|morning|evening|night|(?:mon|tues|wednes|thurs|fri|satur|sun)day)s?\b|[一二两三四五六几\d]+[次遍](?!性)|每[天日周月年晚早隔]",  # noqa: E501
    re.IGNORECASE,
)
_BUT_NOT = re.compile(r"[，,][^，,]{0,6}(?:不用|不要|除外|例外|别)|\b(?:except|unless|but not)\b", re.IGNORECASE)
_LOOSE_TIME = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th)\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:tomorrow|tonight|yesterday|today|noon|midnight|o'clock)\b|\b\d{1,2}[:.]\d\d\b|\b\d{1,2} ?[ap]m\b|[一二三四五六七八九十\d]+(?:点|号|月|日(?!记))|周[一二三四五六日末]|[今明后昨]天|[早晚]上|[上下]午",  # noqa: E501
    re.IGNORECASE,
)


class Account(Slots):
    """Reads, and looks at what was left."""

    def unread(self, others: Iterable[Intent] = ()) -> Question | None:
        """A time, an amount or a person that was said and that no argument holds: it is asked about, not passed over."""
        known = {each.name for each in self._intent.parameters if each.kind in ("event", "reminder", "note")}
        texts = [
            (span.start - self._said.at, span.end - self._said.at)
            for name, each in self._made.items()
            if each.said != (self._said.span(),) and name not in known
            for span in each.said
            if span.turn == self._said.turn
        ]
        held = [*self._said.taken, *texts, *self._named_words()]
        if self._changes_nothing():
            return self._unread(0, len(self._said.text))
        aside = self._not_asked(texts) or self._with_a_stranger()
        if aside is not None:
            return self._unread(*aside)
        bounded = sure.limit(self._said.text, held, [each for each in self._intent.cues.get(self._said.language, ())])
        if bounded is not None:
            return self._unread(*bounded)
        for entity in self._said.entities:
            if _NOW.fullmatch(self._said.words(entity).strip()):
                continue
            if entity.kind in ("number", "ordinal") and not re.search(r"\d", self._said.words(entity)):
                continue
            if all(entity.end <= a or entity.start >= b for a, b in held):
                return self._unread(entity.start, entity.end)
        if any(each.kind == "place" for each in self._intent.parameters):
            for found in names.places(self._said):
                if all(found.end <= a or found.start >= b for a, b in held):
                    return self._unread(found.start, found.end)
        several = _SEVERAL.search(self._said.text) if self._thing is not None else None
        if several is not None and all(several.end() <= a or several.start() >= b for a, b in held):
            return self._unread(*several.span())
        for found in names.people(self._said):
            if not self._tells and _SOMEBODY_ELSE.search(self._said.text[: found.start]):
                return self._unread(found.start, found.end)
            with_it = self._thing is not None and {each.id for each in found.things} & set(self._thing.people)
            if with_it:
                held.append((found.start, found.end))
            elif all(found.end <= a or found.start >= b for a, b in held):
                return self._unread(found.start, found.end)
        if (same := _SAME_TIME.search(self._said.text)) is not None:
            held.append(same.span())
        unsaid = self._loose_time() or rest.left(self._said.text, self._intent, others, held, self._said.language, never=self._of_others())
        return self._unread(*unsaid) if unsaid is not None else None

    def beyond(self, others: Iterable[Intent], *, condition: bool = False, change: bool = False) -> Question | None:
        """Words that nothing accounts for; of a condition, neither how much is too much, nor whether; of a change, not that it is one."""
        held = [*self._said.taken, *self._named_words()]
        if change:
            held += [found.span() for pattern in editing.FORMS for found in pattern.finditer(self._said.text)]
            somebody = next((each for each in names.people(self._said) if all(each.end <= a or each.start >= b for a, b in held)), None)
            if somebody is not None:
                return self._unread(somebody.start, somebody.end)
        else:
            held += [(found.start, found.end) for found in names.people(self._said)]
        if condition:
            held += [found.span() for found in _WHETHER.finditer(self._said.text)]
            held += [(each.start, each.end) for each in self._said.entities]
        unsaid = rest.left(self._said.text, self._intent, others, held, self._said.language)
        return self._unread(*unsaid) if unsaid is not None else None

    def _not_asked(self, texts: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
        """That somebody else asks for it, or that it was done already: unless its cues are of that form."""
        said = self._said
        people = [said.text[each.start : each.end] for each in names.people(said)]
        for found in (sure.reports(said.text, said.language, people), None if self._told_of() else sure.done(said.text, said.language)):
            if found is not None and all(found[1] <= a or found[0] >= b for a, b in texts):
                return found
        return None

    def _told_of(self) -> bool:
        """`I've paid it`: such an intent is asked for by saying that it was done."""
        cues = self._intent.cues.get(self._said.language, ())
        return any(_I_HAVE.search(rest.shown(cue)) for cue in cues)

    def _with_a_stranger(self) -> tuple[int, int] | None:
        """`mum and Dave`: beside somebody known, somebody who is not."""
        if not any(each.kind == "contact" for each in self._intent.parameters):
            return None
        text, known = self._said.text, names.people(self._said)
        for each in known:
            joined = _JOINED.match(text, each.end)
            if joined is None or any(joined.end() >= other.start > each.start for other in known):
                continue
            for name in whom.found(text):
                if name.start <= joined.end() < name.end:
                    return joined.end(), name.end
        return None

    def _of_others(self) -> frozenset[str]:
        """Words that only other things of the same kind are called by, and those that mean several of them."""
        kind = next((each.kind for each in self._intent.parameters if each.kind in ("event", "reminder", "note")), "")
        if self._thing is None or not kind:
            return frozenset()
        own = frozenset().union(*(grams(name) for name in self._thing.names))
        others = [thing for thing in self._said.world.things(kind) if thing.id != self._thing.id]
        return frozenset(word for thing in others for name in thing.names for word in grams(name) if len(word) > 1) - own - names.COMMON

    def _loose_time(self) -> tuple[int, int] | None:
        """A day, an hour or a repetition within words that nothing led up to, where the intent has a place for it."""
        kinds = {each.kind for each in self._intent.parameters if each.name not in self._made}
        for name in self._made:
            parameter = self._intent.parameter(name)
            if parameter is None or parameter.kind != "text" or name in self._given:
                continue
            for span in self._made[name].said:
                start, end = span.start - self._said.at, span.end - self._said.at
                if span.turn != self._said.turn or self._said.text[start:end] != span.text:
                    continue
                again = any(each.kind == "recurrence" for each in self._intent.parameters)
                often = (_OFTEN.search(span.text) or _BUT_NOT.search(span.text)) if again else None
                loose = _LOOSE_TIME.search(span.text) if "datetime" in kinds or name == "title" or name in self._loose else None
                found = often or (loose if loose and (name == "title" or "datetime" in kinds or self._tells) else None)
                if found is not None:
                    return start + found.start(), start + found.end()
        return None

    def _named_words(self) -> list[tuple[int, int]]:
        """Words that say which of the things it has is meant."""
        meant = [each for each in (self._thing, self._beside) if each is not None]
        return [span for each in meant for name in each.names for span in names.shared_all(self._said.text, name)]

    def _changes_nothing(self) -> bool:
        """`take the lights down a notch`: where, and not what is to become of it."""
        needed = [each for each in self._intent.parameters if each.required]
        others = [each for each in self._intent.parameters if not each.required]
        return (
            bool(needed)
            and len(others) > 1
            and all(each.kind == "choice" for each in needed)
            and not any(each.name in self._made for each in others)
        )

    def _unread(self, start: int, end: int) -> Question:
        words = self._said.text[start:end]
        text = f"“{words}”要怎么用？" if self._said.language == "zh" else f"What about “{words}”?"
        return Question(about="action", text=text, why="unread")
