# SPDX-License-Identifier: Apache-2.0
"""What a report's page says beside the receipts, in English and Chinese, and how it looks."""

from __future__ import annotations

Pair = tuple[str, str]
"""English, Chinese."""

SAID: dict[str, Pair] = {
    "title": ("Privacy report", "隐私报告"),
    "lead": (
        "From {first} to {last}. Sent away to be answered: {left}. Answered on the device, so that nothing left: {stayed}."
        " Refused, so that nothing was sent: {refused}.",
        "自{first}至{last}：有{left}次数据被发出处理；有{stayed}次在设备上完成，没有任何数据离开；有{refused}次被拒绝，没有发送任何数据。",
    ),
    "about_person": (
        "This is what one installation has recorded under one person's name.",
        "本报告列出一个系统中以某一个人名义记录的全部情况。",
    ),
    "about_home": ("This is everything that one installation has recorded.", "本报告列出一个系统所记录的全部情况。"),
    "words": (
        "It holds no word of what was asked or answered: none was kept.",
        "报告不含任何提问或者回答的内容：这些内容从未被保存。",
    ),
    "where": ("Where it went, and who could read it", "去向以及谁能够读取"),
    "where_about": ("Requests by place; one request may have been tried at several", "按地点统计；同一请求可能在多个地点尝试"),
    "went_to": ("what became of it", "去向"),
    "reader": ("who could read it", "谁能够读取"),
    "records": ("how often", "次数"),
    "when": ("Day by day", "逐日情况"),
    "when_about": ("Requests by day (UTC), the newest first", "按日统计（协调世界时），最近的在前"),
    "day": ("day", "日期"),
    "col_left": ("sent away", "发出"),
    "col_stayed": ("stayed on the device", "留在设备上"),
    "col_refused": ("refused", "被拒绝"),
    "each": ("Each request", "逐项记录"),
    "newest": (
        "The newest {shown} of {all} are shown here; all of them are in receipts.jsonl, beside this page.",
        "此处显示最近{shown}项，共{all}项；全部记录见同一文件中的receipts.jsonl。",
    ),
    "came_from": ("the person was in", "本人所在地"),
    "by": ("answered by", "处理者"),
    "stand_in": ("played by a test partner", "由测试程序模拟"),
    "node": ("through the node of", "经由节点"),
    "level": ("proof of the machine", "机器证明级别"),
    "why": ("why", "依据"),
    "remedy": ("what would change it", "补救办法"),
    "owed": ("on the terms", "须履行的义务"),
    "rested": ("it rested on", "所依据的本人意思或者法律基础"),
    "became": ("it ended", "结果"),
    "receipt": ("receipt", "回执"),
    "number": ("number {index} of {size} in the log", "日志第{index}号，共{size}号"),
    "stayed": ("Answered on the device: nothing left", "在设备上完成：没有任何数据离开"),
    "sent": ("Sent to {where}", "发送至{where}"),
    "anywhere": ("any place in the world", "世界任何地方"),
    "anywhere_but": ("anywhere but {where}", "{where}以外的任何地方"),
    "refused_deny": ("Refused: nothing was sent", "被拒绝：没有发送任何数据"),
    "refused_escalate": ("A person must decide: nothing was sent", "须由人工判断：没有发送任何数据"),
    "legal_basis": ("legal basis: {word}", "法律基础：{word}"),
    "check": ("Check it yourself", "自行核验"),
    "check_about": (
        "Every line above is a receipt that was written before anything was sent, and that a public key proves. With the log's key, from"
        " whoever runs the installation, anybody can check all of them without a network and without asking anyone:",
        "以上每一项都是在发送之前写入的回执，并可用公钥加以证明。向系统运营者取得日志公钥后，任何人无需联网、无需询问任何人即可逐项核验：",
    ),
    "not_shown": (
        "It does not show what a partner did with what it was sent, nor what was never recorded. How a request ended is the issuer's word;"
        " all else was in the log before anything was sent. It is not legal advice.",
        "本报告不能证明接收方此后如何处理所收到的数据，也不能显示从未记录的情况。请求的结果由出具方陈述；其余内容在发送之前即已写入日志。本报告不构成法律意见。",
    ),
}  # fmt: skip

READERS: dict[str, Pair] = {
    "device": ("nobody beside the device", "设备之外无人能够读取"),
    "node": ("whoever runs the node that answered", "作出回答的节点的运营者"),
    "upstream": ("this gateway and the partner that answered", "本网关以及作出回答的合作方"),
    "none": ("nobody: nothing was sent", "无人：没有发送任何数据"),
}
LEVELS: dict[str, Pair] = {
    "A0": ("nothing proves the machine; whoever runs it could read this", "没有任何机器证明；运营者能够读取"),
    "A1": ("its software is logged; no hardware proof: whoever runs it could read this", "软件已登记；没有硬件证明：运营者能够读取"),
    "A2": ("its processor proves which software runs", "由处理器证明所运行的软件"),
    "A3": ("its processors and accelerators prove which software runs", "由处理器和加速器证明所运行的软件"),
}
RESERVED: dict[str, Pair] = {
    "no-pack": ("no rules are held for that place", "没有收录该地的规则"),
    "no-rule": ("no rule allows it", "没有规则允许"),
    "horizon": ("the rules held are too old to be relied on", "所收录的规则已超出可用期限"),
    "rule-error": ("a rule could not be read, so the answer was no", "有规则无法适用，因此不予允许"),
    "tenant-policy": ("the provider's own promise forbids it", "服务提供者自己的承诺不允许"),
    "undischarged": ("something that is owed has not been done", "有应当履行的义务尚未履行"),
}
ENDS: dict[str, Pair] = {
    "ok": ("it was answered", "已作出回答"),
    "open": ("nobody knows: it was never finished", "未知：没有完成"),
    "refused": ("nothing was sent", "没有发送任何数据"),
    "failed": ("without an answer:", "没有得到回答："),
}

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #57606a; --line: #d0d7de; --paper: #fff; --band: #f6f8fa; --left: #8a3b00; --stayed: #1a6b35; --refused: #57606a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #9da7b1; --line: #3d444d; --paper: #0d1117; --band: #161b22; --left: #ffb77c; --stayed: #7ee2a0; --refused: #9da7b1; } }
body:has(#zh:checked) [lang=en]:not(html), body:not(:has(#zh:checked)) [lang=zh-Hans]:not(.both, legend *) { display: none; }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; font: 1rem/1.6 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; color: var(--ink); background: var(--paper); }
fieldset { border: 0; padding: 0; margin: 0; text-align: right; } legend { float: left; color: var(--faint); } label { margin-left: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1.05rem; margin: 2rem 0 .5rem; } h4 { font-size: 1rem; margin: .25rem 0; }
.lead { font-size: 1.15rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } caption { text-align: left; color: var(--faint); padding-bottom: .25rem; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: normal; } thead th { color: var(--faint); } .number, thead th.number { text-align: right; }
article { border: 1px solid var(--line); border-left: .3rem solid var(--line); border-radius: .4rem; padding: .5rem 1rem .75rem; margin: .75rem 0; background: var(--band); break-inside: avoid; }
.left { border-left-color: var(--left); } .left h4 { color: var(--left); } .stayed { border-left-color: var(--stayed); } .stayed h4 { color: var(--stayed); } .refused h4 { color: var(--refused); }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .2rem 1rem; margin: .25rem 0 0; } dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
small, .faint { color: var(--faint); } code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; } pre { overflow-x: auto; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dt { margin-top: .4rem; } }
@media print { body { max-width: none; font-size: 10pt; } form { display: none; } article { background: none; } }
"""  # noqa: E501 - one rule a line


def said(key: str, **values: str | Pair) -> Pair:
    """Each `{name}` filled in, where it is a pair in its own language."""
    english, chinese = SAID[key]
    first = {name: value if isinstance(value, str) else value[0] for name, value in values.items()}
    second = {name: value if isinstance(value, str) else value[1] for name, value in values.items()}
    return english.format_map(first), chinese.format_map(second)
