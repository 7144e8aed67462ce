# SPDX-License-Identifier: Apache-2.0
"""The vocabulary of the Chinese grammar: each term's tag and value, in simplified characters."""

from __future__ import annotations

from functools import cache
from typing import Any

from comity.tasks.entities import lunar, units
from comity.tasks.entities.calendar import Part
from comity.tasks.entities.chinese.lexer import Lexicon
from comity.tasks.entities.chinese.numbers import WORDS as NUMBER_WORDS

PARTS = {
    "凌晨": Part(0, 6, "am"),
    "清晨 黎明 拂晓": Part(5, 8, "am"),
    "早上 早晨 早间 清早 大清早 一大早": Part(8, 12, "am"),
    "上午": Part(8, 12, "am"),
    "中午 正午 午间": Part(11, 13, "noon"),
    "下午 午后": Part(12, 18, "pm"),
    "傍晚 黄昏": Part(16, 20, "pm"),
    "晚上 晚间 夜晚 夜间 夜里 当晚": Part(18, 24, "night"),
    "半夜 深夜 午夜 大半夜 子夜": Part(22, 26, "night"),
}
_MORNING, _EVENING, _DAWN = Part(8, 12, "am"), Part(18, 24, "night"), Part(5, 8, "am")
_DAYS = {"今": 0, "明": 1, "昨": -1, "后": 2, "前": -2}

# Month and day; (month, place, weekday); ("lunar", month, day); ("term", name)
HOLIDAYS: dict[str, tuple[Any, ...]] = {
    "元旦 元旦节 新年": (1, 1),
    "情人节": (2, 14),
    "妇女节 三八妇女节 三八节": (3, 8),
    "植树节": (3, 12),
    "愚人节": (4, 1),
    "劳动节 五一节 五一劳动节 五一假期": (5, 1),
    "青年节 五四青年节": (5, 4),
    "儿童节 六一儿童节 六一节": (6, 1),
    "建党节": (7, 1),
    "建军节": (8, 1),
    "教师节": (9, 10),
    "国庆 国庆节 十一国庆": (10, 1),
    "万圣节": (10, 31),
    "光棍节 双十一 双11": (11, 11),
    "双十二 双12": (12, 12),
    "平安夜": (12, 24),
    "圣诞 圣诞节": (12, 25),
    "母亲节": (5, 2, 6),
    "父亲节": (6, 3, 6),
    "感恩节": (11, 4, 3),
    "春节 大年初一 年初一 农历新年": ("lunar", 1, 1),
    "元宵节 元宵 正月十五": ("lunar", 1, 15),
    "龙抬头": ("lunar", 2, 2),
    "端午 端午节": ("lunar", 5, 5),
    "七夕 七夕节": ("lunar", 7, 7),
    "中元节": ("lunar", 7, 15),
    "中秋 中秋节": ("lunar", 8, 15),
    "重阳 重阳节": ("lunar", 9, 9),
    "腊八 腊八节": ("lunar", 12, 8),
    "除夕 除夕夜 大年三十 年三十": ("lunar", 12, -1),
}
_SNOWS = {"大雪", "小雪", "大寒", "小寒", "谷雨", "雨水", "霜降"}  # weather, unless it is said that the day is meant

_PLAIN = {
    "this": "这 这个 本 此 这一 这一个 当前 这1个",
    "of": "的 之",
    "to": "到 至 ~ 直到 — ～ 至到",
    "dash": "- – －",
    "from": "从 自 由 打从",
    "and": "和 与 及 跟",
    "comma": "、 ,",
    "or": "或 或者 或是",
    "every": "每 每个 每逢 每到",
    "skip": "每隔 每间隔 隔",
    "before": "之前 以前 前",
    "after": "之后 以后 后 过后",
    "since": "起 以来 开始 开始算",
    "until": "为止 止",
    "between": "之间 间 期间",
    "within": "内 之内 以内",
    "past": "过去 过去的 最近 近 最近的",
    "coming": "未来 未来的 接下来 接下来的 今后 今后的 往后",
    "again": "再过 过",
    "last_one": "最后 最后一 最后一个 最后1个",
    "ge": "个",
    "NIAN": "年",
    "YUE": "月 月份",
    "RI": "日 号",
    "SHI": "时 点钟 點鐘",
    "U_MIN": "分",
    "U_SEC": "秒",
    "ke": "刻",
    "zheng": "整",
    "cha": "差",
    "guo": "过了",
    "zhi": "之",
    "at": "在 于 当",
    "yuan": "农历 阴历 旧历 夏历",
    "chu": "初",
    "run": "闰",
    "percent": "% ％",
    "perhour": "每小时 时速",
    "about": "大约 大概 约 差不多 左右 约莫",
    "workday": "工作日 上班日",
    "lpar": "( （",
    "rpar": ") ）",
    "colon": ":",
    "slash": "/",
    "ji_season": "季度",
    "half_first": "上半",
    "half_last": "下半",
    "NOW": "现在 此刻 目前 马上 立刻 立即",
    "or_before": "或之前 及以前 及之前 或以前 以及之前",
    "or_after": "或之后 及之后 及以后 或以后 以及之后 起及以后",
    "once": "一次 1次",
    "zhe": "折",
    "NEXTDAY": "次日 翌日 第二天",
    "UNSURE": "隔天",
}
_UNITS = {
    "second": "秒钟",
    "minute": "分钟",
    "hour": "小时 钟头 个小时 个钟头 个钟",
    "day": "天 整天",
    "week": "周 星期 礼拜 个星期 个礼拜 个周",
    "weekend": "周末 个周末 星期末",
    "month": "个月",
    "quarter": "季度 个季度",
    "decade": "年代",
    "century": "世纪 个世纪",
    "year": "周年 个年头",
}


@cache
def terms() -> dict[str, tuple[str, Any]]:
    out: dict[str, tuple[str, Any]] = dict(NUMBER_WORDS)
    for tag, said in _PLAIN.items():
        out |= dict.fromkeys(said.split(), (tag, None))
    leads = {"before": "早于", "after": "晚于 迟于", "since": "不早于 自从", "until": "不晚于 不迟于 截至 截止到 截止"}
    for kind, names_of in leads.items():
        out |= dict.fromkeys(names_of.split(), ("lead", kind))
    out[":"] = ("colon", None)
    for said, part in PARTS.items():
        out |= dict.fromkeys(said.split(), ("PART", part))
    out |= {"早": ("PARTQ", _MORNING), "晚": ("PARTQ", _EVENING), "晨": ("PARTQ", _DAWN), "夜": ("PARTQ", _EVENING)}
    for letter, offset in _DAYS.items():
        out |= {f"{letter}天": ("TODAY", offset), f"{letter}日": ("TODAY", offset)}
        out |= {f"{letter}早": ("TODAYPART", (offset, _MORNING)), f"{letter}晨": ("TODAYPART", (offset, _DAWN))}
        out |= {f"{letter}晚": ("TODAYPART", (offset, _EVENING)), f"{letter}夜": ("TODAYPART", (offset, _EVENING))}
    del out["后早"], out["后晨"], out["后夜"], out["前早"], out["前晨"], out["前夜"], out["后日"], out["前日"]
    out |= {"大后天": ("TODAY", 3), "大前天": ("TODAY", -3), "明儿": ("TODAY", 1), "今儿": ("TODAY", 0), "昨儿": ("TODAY", -1)}
    out |= {
        f"{name}年": ("YEARREL", step)
        for name, step in {"今": 0, "本": 0, "明": 1, "来": 1, "后": 2, "去": -1, "前": -2, "大前": -3, "大后": 3, "当": 0}.items()
    }
    for name, step in {"下": 1, "上": -1}.items():
        out |= dict.fromkeys((name, f"{name}个", f"{name}一", f"{name}一个", f"{name}1个"), ("MOD", step))
        out |= dict.fromkeys((name * 2, f"{name * 2}个"), ("MOD", step * 2))
    for stem in ("周", "星期", "礼拜"):
        for place, names in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天")):
            out |= {f"{stem}{name}": ("WEEKDAY", place) for name in names}
            out |= {f"个{stem}{name}": ("GEWEEKDAY", place) for name in names if stem != "周"}
    for unit, names_of in _UNITS.items():
        out |= dict.fromkeys(names_of.split(), ("U", unit))
    out |= {"刻钟": ("KEZHONG", 900)}
    out |= {
        "每天": ("OFTEN", ("day", 1)),
        "每日": ("OFTEN", ("day", 1)),
        "天天": ("OFTEN", ("day", 1)),
        "每周末": ("OFTEN", ("weekend", 1)),
        "每晚": ("OFTENPART", _EVENING),
        "每早": ("OFTENPART", _MORNING),
        "每年": ("OFTEN", ("year", 1)),
        "每月": ("OFTEN", ("month", 1)),
        "每个月": ("OFTEN", ("month", 1)),
        "隔周": ("OFTEN", ("week", 2)),
        "每季度": ("OFTEN", ("quarter", 1)),
        "每个季度": ("OFTEN", ("quarter", 1)),
    }
    out |= {
        "月底": ("MEND", "end"),
        "月末": ("MEND", "end"),
        "月初": ("MEND", "start"),
        "月中": ("MEND", "mid"),
        "月上旬": ("MEND", "start"),
        "月中旬": ("MEND", "mid"),
        "月下旬": ("MEND", "end"),
        "至今": ("zhijin", None),
        "年底": ("YEND", "end"),
        "年末": ("YEND", "end"),
        "年初": ("YEND", "start"),
        "年中": ("YEND", "mid"),
        "上半年": ("HALFYEAR", 1),
        "下半年": ("HALFYEAR", 2),
        "上旬": ("XUN", "start"),
        "中旬": ("XUN", "mid"),
        "下旬": ("XUN", "end"),
    }
    out |= dict.fromkeys(("对折", "半价"), ("PERCENT", 50))
    out |= {
        f"{base}{rest}": ("HOLIDAY", rule)
        for base, rule in {"五一": (5, 1), "六一": (6, 1), "十一": (10, 1)}.items()
        for rest in ("假期", "长假", "小长假", "黄金周", "期间", "当天", "那天", "放假")
    }
    out |= {"正月": ("LMONTH", 1), "冬月": ("LMONTH", 11), "腊月": ("LMONTH", 12)}
    out |= {"零下": ("minus", None), "一半": ("HALFNUM", None), "半个": ("half", NUMBER_WORDS["半"][1]), "半个半": ("_", None)}
    for names, rule in HOLIDAYS.items():
        out |= dict.fromkeys(names.split(), ("HOLIDAY", rule))
    for name in lunar.TERMS:
        days = [f"{name}节气", f"{name}这天", f"{name}那天", f"{name}当天", f"{name}节"] if name in _SNOWS else [name, f"{name}节"]
        out |= dict.fromkeys(days, ("HOLIDAY", ("term", name)))
    out |= {
        name: ("UNIT", unit) for name, unit in units.CHINESE.items() if name not in ("两", "里", "平", "方", "度", "卡", "伏", "瓦", "码")
    }
    out |= {
        name: ("UNIT", unit)
        for name, unit in units.ENGLISH.items()
        if name.isascii()
        and 1 < len(name) <= 4
        and "-" not in name
        and name not in ("foot", "feet", "inch", "yard", "mile", "gram", "kilo", "watt", "volt", "pint", "cup", "yd")
    }
    out |= {
        "度": ("DEGREE", "Cel"),
        "块": ("KUAI", units.SHARED_ZH["块"]),
        "块钱": ("KUAI", units.SHARED_ZH["块"]),
        "元": ("YUAN", units.SHARED_ZH["元"]),
    }
    out |= {
        "元钱": ("YUAN", units.SHARED_ZH["元"]),
        "毛": ("MAO", None),
        "角": ("MAO", None),
        "毛钱": ("MAO", None),
        "美分": ("MEIFEN", "USD"),
        "分钱": ("FENQIAN", None),
    }
    out |= {name: ("SIGN", shared) for name, shared in units.SHARED_ZH.items() if len(name) == 1 and name in "$¥£"}
    out |= {sign: ("SIGN", ({}, code)) for sign, (code, _) in units.SIGNS.items()}
    out |= {name: ("CUR", code) for name, code in units.MONEY_ZH.items()}
    blank = (
        "有一点 一点点 一点儿 一点都 一点也 这一点 那一点 早一点 快一点 晚一点 慢一点 好一点 "
        "多一点 少一点 大一点 小一点 差一点 千万别 千万不 "
        "千万要 千万记 今日头条 明天见 上下 上班 下班 上课 下课 上面 下面 上次 下次 以上 以下 上海 下载 上传 "
        "前面 后面 后来 然后 最后再 开始吧 "
        "提前 前往 目前为止 年轻 年龄 时候 时间 日期 日子 分享 分开 号码 点击 点赞 点菜 点外卖 秒杀 周杰伦 "
        "年份 星期几 几点 几号 几月 周到 周围 一周岁 "
        "从前 从来 从不 到达 到底 到处 至少 至于 自己 自动 自然 由于 当然 在线 现在完成 "
        "打电话 打开 打算 打扫 打扰 打断 打包 打印 打字 打听 打架 打球 打车 打的 打工 打卡 打折 打游戏 "
        "中间 时间段 房间 空间 世间 民间 期间费用 内容 内部 国内 周岁"
    )
    out |= dict.fromkeys(blank.split(), ("_", None))
    out |= dict.fromkeys(("之间", "间"), ("between", None))
    return out


@cache
def lexicon() -> Lexicon:
    return Lexicon(terms())
