# SPDX-License-Identifier: Apache-2.0
"""A rule in plain words, in English or Chinese; read again, these words give the same rule."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from comity.tasks.assist.intents import Intents, Parameter
from comity.tasks.automate.reading.found import Spoken
from comity.tasks.automate.rule import (
    Action,
    Appointment,
    Arrive,
    AtPlace,
    Battery,
    Condition,
    Dark,
    DeviceIs,
    DeviceState,
    Leave,
    MessageFrom,
    Once,
    Recurring,
    ReminderDone,
    Rule,
    Sunrise,
    Sunset,
    TimeBetween,
    Trigger,
    Weather,
    Weekday,
    span,
)  # fmt: skip

NOTICE = "notify.show"
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ZH_DAYS = "一二三四五六日"
_STATE = {
    "open": ("is open", "打开了"), "closed": ("is closed", "关上了"), "on": ("is switched on", "打开了"), "off": ("is switched off", "关了"),  # noqa: E501
    "finished": ("is finished", "完成了"), "running": ("is running", "开始运行"), "detected": ("is detected", "检测到了"), "none": ("is gone", "消失了"),  # noqa: E501
}  # fmt: skip


class Teller:
    def __init__(self, intents: Intents, world: Spoken, language: str) -> None:
        self._intents, self._world, self._zh = intents, world, language == "zh"

    def told(self, rule: Rule) -> str:
        """One sentence."""
        when = self._when(rule.when)
        conditions = [self._if(each) for each in rule.if_]
        actions = [self._do(each) for each in rule.then]
        if self._zh:
            return "，".join([when, *conditions]) + "：" + "；".join(actions)
        return when[:1].upper() + when[1:] + "".join(f", {each}" for each in conditions) + ": " + "; ".join(actions)

    def _name(self, kind: str, id_: str) -> str:
        """Of a thing's names one in this language, else its first."""
        names = next((each.names for each in self._world.things(kind) if each.id == id_), (id_,))
        return next((each for each in names if any("\u4e00" <= letter <= "\u9fff" for letter in each) == self._zh), names[0])

    def _length(self, said: str) -> str:
        whole = abs(int(span(said).total_seconds())) // 60
        hours, minutes = divmod(whole, 60)
        if self._zh:
            return f"{whole}分钟" if minutes or not hours else f"{hours}小时"
        if minutes or not hours:
            return f"{whole} minute" + ("s" if whole != 1 else "")
        return f"{hours} hour" + ("s" if hours != 1 else "")

    def _weekdays(self, days: tuple[int, ...]) -> str:
        if self._zh:
            return "每" + "、".join(f"周{_ZH_DAYS[day - 1]}" for day in days)
        names = [f"{DAYS[day - 1]}s" for day in days]
        return "on " + (", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0])

    def _when(self, when: Trigger) -> str:
        zh = self._zh
        match when:
            case Once():
                day = date.fromisoformat(when.date)
                return (
                    f"{day.year}年{day.month}月{day.day}日{when.at}"
                    if zh
                    else f"on {day.day} {MONTHS[day.month - 1]} {day.year} at {when.at}"
                )
            case Recurring():
                return self._recurring(when)
            case Arrive():
                return f"我到{self._name('place', when.place)}时" if zh else f"when I arrive at {self._name('place', when.place)}"
            case Leave():
                return f"我离开{self._name('place', when.place)}时" if zh else f"when I leave {self._name('place', when.place)}"
            case Sunset() | Sunrise():
                name = ("日落" if zh else "sunset") if isinstance(when, Sunset) else ("日出" if zh else "sunrise")
                if not when.offset:
                    return f"{name}时" if zh else f"at {name}"
                early = when.offset.startswith("-")
                if zh:
                    return f"{name}{'前' if early else '后'}{self._length(when.offset)}"
                return f"{self._length(when.offset)} {'before' if early else 'after'} {name}"
            case Appointment():
                return self._appointment(when)
            case MessageFrom():
                who = self._name("contact", when.contact)
                about = (f"，提到“{when.text}”" if zh else f" mentioning “{when.text}”") if when.text else ""
                return f"收到{who}的消息{about}时" if zh else f"when I get a message from {who}{about}"
            case Battery():
                number = when.below if when.below is not None else when.above
                below = when.below is not None
                return (
                    f"电量{'低于' if below else '超过'}{number:g}%时"
                    if zh
                    else f"when the battery is {'below' if below else 'above'} {number:g} percent"
                )
            case Weather():
                return self._weather(when)
            case DeviceState():
                return self._device(when)
            case ReminderDone():
                name = self._name("reminder", when.reminder)
                return f"“{name}”完成了" if zh else f"when I tick off “{name}”"

    def _recurring(self, when: Recurring) -> str:
        zh = self._zh
        if when.every:
            hours = (f"从{when.from_}到{when.to}" if zh else f" from {when.from_} to {when.to}") if when.from_ or when.to else ""
            days = self._weekdays(when.weekdays) if when.weekdays else ""
            if zh:
                return f"{days}{hours}每隔{self._length(when.every)}"
            return f"every {self._length(when.every)}{hours}" + (f" {days}" if days else "")
        if when.month is not None:
            return (
                f"每年{when.month}月{when.day_of_month}日{when.at}"
                if zh
                else f"every year on {when.day_of_month} {MONTHS[when.month - 1]} at {when.at}"
            )
        if when.day_of_month == -1:
            day = "每月最后一天" if zh else "on the last day of every month"
        elif when.day_of_month is not None:
            day = f"每月{when.day_of_month}号" if zh else f"on the {_ordinal(when.day_of_month)} of every month"
        else:
            day = self._weekdays(when.weekdays) if when.weekdays else ("每天" if zh else "every day")
        return f"{day}{when.at}" if zh else f"{day} at {when.at}"

    def _appointment(self, when: Appointment) -> str:
        zh = self._zh
        name = self._name("contact", when.with_) if when.with_ else ""
        if zh:
            what = f"“{when.text}”" if when.text else f"跟{name}的会议" if name else "会议"
            end = "开始" if when.event == "starts" else "结束"
            return f"{what}{end}" + (f"前{self._length(when.before)}" if when.before else "时")
        what = f"“{when.text}”" if when.text else f"a meeting with {name}" if name else "a meeting"
        lead = f"{self._length(when.before)} before" if when.before else "when"
        return f"{lead} {what} {when.event}"

    def _weather(self, when: Weather) -> str:
        zh = self._zh
        day = ("明天" if zh else "tomorrow") if when.day == "tomorrow" else ("今天" if zh else "today")
        if when.about in ("rain", "snow"):
            said = f"预报{day}下{'雨' if when.about == 'rain' else '雪'}" if zh else f"if {when.about} is forecast for {day}"
        else:
            limit = when.below if when.below is not None else when.above or 0
            below = when.below is not None
            what = ("风速" if zh else "wind speed") if when.about == "wind" else (
                ("最低气温" if zh else "lowest temperature") if when.of == "low" else ("最高气温" if zh else "highest temperature")
            )  # fmt: skip
            number = f"{limit:g}".replace("-", "零下" if zh else "minus ")
            unit = ("公里每小时" if zh else " km/h") if when.about == "wind" else ("度" if zh else " degrees")
            if zh:
                said = f"预报{day}{what}{'低于' if below else '超过'}{number}{unit}"
            else:
                said = f"if the {what} {day} is {'below' if below else 'above'} {number}{unit}"
        if not when.at:
            return said
        return f"每天{when.at}，如果{said}" if zh else f"every day at {when.at}, {said}"

    def _of(self, device: str) -> str:
        if device.startswith("light:"):
            room = self._room(device.partition(":")[2])
            return f"{room}灯" if self._zh else f"the {room} light"
        name = self._name("device", device)
        return name if self._zh else f"the {name}"

    def _room(self, room: str) -> str:
        for intent in self._intents:
            for each in intent.parameters:
                if each.name == "room" and room in each.choices:
                    return self._choice(each, room)
        return room

    def _device(self, when: DeviceState) -> str:
        state = _STATE[when.state][self._zh]
        length = (f"{self._length(when.for_)}" if self._zh else f" for {self._length(when.for_)}") if when.for_ else ""
        return f"{self._of(when.device)}{state}{length}" if self._zh else f"when {self._of(when.device)} {state}{length}"

    def _if(self, condition: Condition) -> str:
        zh = self._zh
        match condition:
            case TimeBetween():
                return f"在{condition.from_}到{condition.to}之间" if zh else f"only between {condition.from_} and {condition.to}"
            case Dark():
                return "如果天黑了" if zh else "if it is dark"
            case Weekday():
                return f"只在{self._weekdays(condition.weekdays)}" if zh else f"only {self._weekdays(condition.weekdays)}"
            case AtPlace():
                place = self._name("place", condition.place)
                if zh:
                    return f"如果我{'不' if condition.not_ else ''}在{place}"
                return f"if I am {'not ' if condition.not_ else ''}at {place}"
            case DeviceIs():
                return (
                    f"而且{self._of(condition.device)}{_STATE[condition.state][1]}"
                    if zh
                    else f"while {self._of(condition.device)} {_STATE[condition.state][0]}"
                )

    # -- actions --------------------------------------------------------------------------------------------------------------

    def _do(self, action: Action) -> str:
        if action.intent == NOTICE and set(action.arguments) == {"text"}:
            return ("通知我" if self._zh else "tell me ") + _quoted(action.arguments["text"])
        intent = self._intents.named(action.intent)
        said = [self._argument(each, action.arguments[each.name]) for each in intent.parameters if each.name in action.arguments]
        phrase = phrase_of(intent.telling("zh" if self._zh else "en"))
        if not said:
            return phrase
        return f"{phrase}（{'，'.join(said)}）" if self._zh else f"{phrase} ({', '.join(said)})"

    def _argument(self, parameter: Parameter, value: Any) -> str:
        many = value if isinstance(value, list | tuple) else [value]
        said = (" + ").join(self._value(parameter, each) for each in many)
        return f"{label_of(parameter, self._zh)}{'：' if self._zh else ': '}{said}"

    def _value(self, parameter: Parameter, value: Any) -> str:
        if parameter.kind == "choice":
            return self._choice(parameter, value)
        if parameter.known:
            names = [each for each in self._world.things(parameter.kind) if each.id == value]
            return f"“{self._name(parameter.kind, value)}”" if names else _quoted(value)
        return _quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def _choice(self, parameter: Parameter, value: str) -> str:
        """The first name in this language that no other choice has."""
        for each in parameter.choices.get(value, ()):
            mine = any("\u4e00" <= letter <= "\u9fff" for letter in each) == self._zh
            if mine and sum(each in names for names in parameter.choices.values()) == 1:
                return each
        return value


def phrase_of(says: str) -> str:
    """An intent's sentence as a clause."""
    says = says.rstrip(".。 ").split("。")[0].split(". ")[0]
    return says[:1].lower() + says[1:]


_LABELS = {
    "room": "房间", "state": "状态", "brightness": "亮度", "colour": "颜色", "temperature": "温度", "scene": "场景", "what": "内容", "text": "文字",  # noqa: E501
    "to": "给", "from": "从", "body": "正文", "subject": "主题", "note": "笔记", "title": "标题", "by": "方式", "duration": "时长", "label": "名称",  # noqa: E501
    "contact": "联系人", "place": "地点", "day": "日期", "about": "关于",
}  # fmt: skip


def label_of(parameter: Parameter, chinese: bool) -> str:
    return _LABELS.get(parameter.name, parameter.name) if chinese else parameter.name


def _quoted(text: Any) -> str:
    """In quotation marks; those within it are made single ones, since words are shown and not code."""
    return "“" + str(text).replace("“", "‘").replace("”", "’").replace('"', "'") + "”"


def _ordinal(number: int) -> str:
    end = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{end}"
