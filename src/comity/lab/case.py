# SPDX-License-Identifier: Apache-2.0
"""The founding case: one person, one app, two countries, told from live evidence in English and Chinese.

Separate processes: the device app, a node in mainland China, and stand-in partners in Beijing, Paris and Virginia, all on
loopback, all with a real model.  Nothing is told that was not just measured; a claim that does not hold ends the case.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import Any

from comity.errors import ComityError, OperatorError
from comity.lab.capture import Capture
from comity.lab.process import Process, Reply, ask, call
from comity.lab.worlds import CaseWorld, start_case

PHONE, EMAIL = "13812345678", "li.wei@example.cn"
SHANGHAI = {"Comity-Subject": 'id="li-wei", location="CN", residence="CN", age=35, consent=(general)', "Comity-Task": "writing_assistant"}
PARIS = {"Comity-Subject": 'id="li-wei", location="FR", residence="CN", age=35, consent=(general)', "Comity-Task": "writing_assistant"}
MAIL = (
    "各位同事：上周五我们在上海办公室讨论了春季发布会的筹备情况。场地已经确定在世博中心，时间是三月十八日上午九点半。"
    "设计组需要在本月底之前交付全部海报和展板的终稿，翻译组负责中英文两个版本的新闻稿，法务组请在下周三之前完成合同审阅。"
    "预算方面，场地费用比去年高出百分之十二，因此餐饮部分要相应压缩，请行政组重新询价并给出三家供应商的比较。"
    "另外，外地嘉宾的交通和住宿由市场组统一安排，名单请在周四下班前发给我。发布会当天需要二十名志愿者，欢迎大家报名，"
    "志愿者培训安排在三月十五日下午。如果对流程有任何意见，请在本周内提出，过期我们就按现有方案执行。\n"
    "发布会之后我们还会安排一次内部复盘，请各组提前准备十分钟的小结，重点说明做得好的地方、遇到的困难以及下次如何改进。"
    f"\n联系电话 {PHONE}，邮箱 {EMAIL}。\n\n请原样抄写上面的联系电话和邮箱，只写这一行。"
)


class Broken(ComityError):
    """A claim of the story did not hold."""

    default_code = "case.broken"
    exit_code = 1


class Teller:
    """Prints the story; `--json` collects the same evidence instead."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self.evidence: list[dict[str, Any]] = []

    def act(self, number: int, english: str, chinese: str) -> None:
        self.evidence.append({"act": number, "title": english, "claims": []})
        self._say(f"\n{number}. {english}\n   {chinese}")

    def show(self, label: str, value: str) -> None:
        self.evidence[-1].setdefault("shown", {})[label] = value
        lines = value.strip().splitlines() or [""]
        self._say(f"     {label}: {lines[0][:150]}" + "".join(f"\n       {line[:150]}" for line in lines[1:6]))

    def holds(self, claim: bool, english: str, chinese: str) -> None:
        self.evidence[-1]["claims"].append({"claim": english, "holds": claim})
        self._say(f"   {'✓' if claim else '✗'} {english} · {chinese}")
        if not claim:
            raise Broken(f"act {self.evidence[-1]['act']}: this did not hold: {english}")

    def not_run(self, what: str) -> None:
        self.evidence[-1]["claims"].append({"claim": what, "holds": None})
        self._say(f"   NOT RUN: {what}")

    def _say(self, text: str) -> None:
        if not self._json:
            print(text, flush=True)


def run(home: Path, *, models: Path, as_json: bool, progress: Callable[[str], None]) -> int:
    """Tells the case in ``home`` (made anew by the caller); returns 0 when every claim held."""
    tell = Teller(as_json=as_json)
    with ExitStack() as stack:
        progress("starting the device app, the CN node and three stand-in partners (real models, loopback only) …")
        try:
            capture: Capture | None = stack.enter_context(Capture.open())
        except OperatorError as error:
            capture = None
            progress(f"packets are not captured: {error} ({error.hint}); the partners' own counters are shown instead")
        world = stack.enter_context(start_case(home, models=models))
        wire = Wire(world, capture)
        _on_device(tell, world, wire)
        _beijing(tell, world, wire)
        _paris(tell, world, wire)
        receipt = _denied(tell, world, wire)
        _receipts(tell, world, receipt)
    if as_json:
        print(json.dumps({"acts": tell.evidence}, ensure_ascii=False, indent=2))
    else:
        print("\nEvery claim above was measured while it was told. · 以上每一条都是边说边测的。")
        print(f"records, logs and configuration of this run: {home}")
    return 0


class Wire:
    """What reached a process, by its port: captured packets where that is permitted, else its own counters."""

    def __init__(self, world: CaseWorld, capture: Capture | None) -> None:
        self._world, self._capture = world, capture

    def received(self, process: Process) -> bytes:
        if self._capture is not None:
            return self._capture.payload(process.port)
        counters = call(process.base, "GET", "/_lab/received").json()
        return b"".join(json.dumps(body, ensure_ascii=False).encode() for body in map(itemgetter("body"), counters["received"]))

    def silent(self, process: Process) -> bool:
        if self._capture is not None:
            return self._capture.segments(process.port) == 0
        counters = call(process.base, "GET", "/_lab/received").json()
        return bool(counters["requests"] == 0)


def _on_device(tell: Teller, world: CaseWorld, wire: Wire) -> None:
    tell.act(1, "Li Wei in Shanghai asks something small: it is answered on the device", "李伟在上海问了一件小事：就在设备上回答")
    question = "用一句话祝我的同事生日快乐。"
    reply = _answered(
        ask(world.device.base, {"model": "auto", "max_tokens": 48, "messages": [{"role": "user", "content": question}]}, SHANGHAI)
    )
    tell.show("asked 提问", question)
    tell.show("answered 回答", reply.text())
    tell.show("label 标识", reply.headers.get("comity-label", ""))
    tell.holds(reply.headers["comity-region"] == "device", "the device answered", "由设备本机回答")
    partners = [world.node, world.beijing, world.paris, world.virginia]
    tell.holds(
        all(wire.silent(each) for each in partners), "not one packet reached the node or a partner", "没有一个数据包到达节点或合作方"
    )


def _beijing(tell: Teller, world: CaseWorld, wire: Wire) -> None:
    tell.act(2, "A long mail is too much for the device: pseudonymised, answered in Beijing, streamed, labelled",
             "一封长邮件超出设备能力：先假名化，再在北京回答，流式返回并加标识")  # fmt: skip
    body = {"model": "auto", "stream": True, "max_tokens": 160, "temperature": 0, "messages": [{"role": "user", "content": MAIL}]}
    reply = _answered(ask(world.device.base, body, SHANGHAI))
    text = reply.text()
    tell.show("answered 回答", text)
    tell.holds(reply.headers["comity-region"] == "CN", "the answer came from mainland China", "回答来自中国内地")
    tell.holds('deployment="cn-node"' in reply.headers["comity-decision"], "by way of the CN node", "经由内地节点")
    tell.holds("explicit" in reply.headers.get("comity-label", "") and "人工智能生成" in text, "labelled as generated", "已加生成标识")
    for process, name in ((world.node, "the node 节点"), (world.beijing, "Beijing 北京")):
        received = wire.received(process)
        clean = PHONE.encode() not in received and EMAIL.encode() not in received
        tell.holds(
            bool(received) and clean,
            f"what {name} received holds neither the phone number nor the address",
            "对方收到的内容中没有电话和邮箱",
        )
    asked = call(world.beijing.base, "GET", "/_lab/received").json()["received"][-1]["body"]
    tell.show("Beijing saw 北京收到", asked["messages"][-1]["content"][-120:])
    if PHONE in text or EMAIL in text:
        tell.holds(True, "the caller sees the originals in the streamed answer", "用户在流式回答中看到原文")
    else:
        tell.not_run("restoring: this small model did not repeat the contact line")
    _steps(tell, _explain(world, reply.headers["comity-receipt"]), asked["messages"][-1]["content"])
    tell.holds(wire.silent(world.virginia) and wire.silent(world.paris), "no packet to Paris or Virginia", "没有数据包到巴黎或弗吉尼亚")


def _steps(tell: Teller, told: Any, sent: str) -> None:
    """The seven steps as the device recorded them, not as this file would like them to be."""
    facts, receipt, outcome = told["facts"], told["receipt"], told["outcome"]
    subject, tokens = (
        facts["subject"],
        [word for word in sent.replace("，", " ").replace("。", " ").split() if word.startswith(("PHONE_", "EMAIL_"))],
    )
    judged = ", ".join(f"{row['deployment']} {row['effect']}" for row in told["candidates"])
    for label, value in (
        ("1 locate 定位", f"{subject['location']}, consent {', '.join(facts['consent'])}, task {facts['feature']}"),
        ("2 inspect 检查", ", ".join(facts["data"]["categories"])),
        ("3 decide 裁决", f"{judged} ({', '.join(receipt['packs'])})"),
        ("4 plan 规划", f"{receipt['deployment']}: the device allows it too, but its model is too small for this"),
        ("5 record 记录", f"number {told['index']} in the log, before anything was sent"),
        ("6 protect 保护", ", ".join(tokens)),
        ("7 send 发送", f"{outcome['status']}, {outcome.get('completion_tokens')} tokens back, owed: {', '.join(receipt['obligations'])}"),
    ):
        tell.show(label, value)
    tell.holds(
        len(tokens) == 2 and outcome["status"] == "ok", "each of the seven steps left its trace in the record", "七个步骤在记录中各有痕迹"
    )


def _paris(tell: Teller, world: CaseWorld, wire: Wire) -> None:
    tell.act(
        3,
        "The same person, the same mail, in Paris: another article, another route",
        "同一个人、同一封邮件，到了巴黎：适用的条文变了，路线也变了",
    )
    before = len(wire.received(world.node))
    body = {"model": "auto", "max_tokens": 160, "temperature": 0, "messages": [{"role": "user", "content": MAIL}]}
    reply = _answered(ask(world.device.base, body, PARIS))
    tell.show("answered 回答", reply.text())
    tell.holds('deployment="eu-paris"' in reply.headers["comity-decision"], "the EU partner answered", "由欧盟合作方回答")
    tell.holds(len(wire.received(world.node)) == before, "not one byte went to the CN node", "没有一个字节到内地节点")
    told = _explain(world, reply.headers["comity-receipt"])
    refused = next(row for row in told["candidates"] if row["deployment"] == "cn-node")
    tell.holds(refused["effect"] == "deny", "the CN node was denied for a person in France", "对身在法国的人，内地节点被拒绝")
    for reason in refused["reasons"][:3]:
        tell.show(reason["fact"], reason["text"])


def _denied(tell: Teller, world: CaseWorld, wire: Wire) -> str:
    tell.act(
        4,
        "In Shanghai again, the app insists on Virginia: refused, with the article and the way out",
        "回到上海，应用坚持要用弗吉尼亚：拒绝，并给出条文和出路",
    )
    body = {"model": "us-virginia", "messages": [{"role": "user", "content": MAIL}]}
    reply = ask(world.device.base, body, SHANGHAI)
    tell.holds(reply.status == 451, "HTTP 451, unavailable for legal reasons", "HTTP 451：因法律原因不可用")
    error = reply.json()["error"]
    for row in error["decision"]["candidates"]:
        for reason in row["reasons"][:4]:
            tell.show(reason["fact"], reason["text"])
    ways = error["decision"]["ways"]
    tell.show("the shortest way out 最短的出路", "; or ".join(" and ".join(way["steps"]) for way in ways) or "there is none")
    tell.holds(bool(ways), "the refusal names a way that the law allows", "拒绝时给出了法律允许的出路")
    tell.holds(wire.silent(world.virginia), "Virginia was not so much as knocked on", "弗吉尼亚连一次连接都没有收到")
    return str(error["receipt"])


def _receipts(tell: Teller, world: CaseWorld, denied: str) -> None:
    tell.act(5, "Each of these left a receipt; anyone can check it offline", "每一次都有回执；任何人都可以离线核验")
    bundle = world.folder / "receipt.json"
    bundle.write_bytes(_comity(world, "log", "prove", denied).stdout)
    checked = _comity(world, "log", "verify", str(bundle))
    tell.show("comity log verify", (checked.stdout + checked.stderr).decode())
    tell.holds(checked.returncode == 0, "the receipt verifies against the log's signed tree head", "回执与日志的签名树头相符")
    forged = json.loads(bundle.read_bytes())
    forged["receipt"]["effect"] = "allow"
    bundle.write_text(json.dumps(forged), encoding="utf-8")
    refused = _comity(world, "log", "verify", str(bundle))
    tell.show("after one word was changed 改动一个词之后", refused.stderr.decode())
    tell.holds(refused.returncode == 5, "a changed receipt fails, by the name of the step", "改动过的回执无法通过，并指出哪一步")


def _answered(reply: Reply) -> Reply:
    if reply.status != 200:
        raise Broken(f"expected an answer, got {reply.status}: {reply.body[:400].decode(errors='replace')}")
    return reply


def _explain(world: CaseWorld, receipt: str) -> Any:
    done = _comity(world, "--json", "explain", receipt)
    if done.returncode != 0:
        raise Broken(f"`comity explain` failed: {done.stderr.decode(errors='replace')[:400]}")
    return json.loads(done.stdout)


def _comity(world: CaseWorld, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """As a person would type it, in the device's home."""
    return subprocess.run(
        [sys.executable, "-m", "comity.cli.main", "--home", str(world.device_home), *arguments],
        capture_output=True,
        check=False,
        timeout=120,
    )
