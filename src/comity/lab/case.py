# SPDX-License-Identifier: Apache-2.0
"""The founding case: one person, one app, two countries, told from live evidence in English and Chinese.

Separate processes: the device app, a relay, two nodes in mainland China (one with a model of its own, one with a partner behind it), two
witnesses, and stand-in partners in Beijing, Paris and Virginia; all on loopback.  Nothing is told that was not just measured; a claim
that does not hold ends the case.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from comity.client.checks import Known, Wanted, checked, wanted
from comity.client.document import PATH, Claim, claims, in_use
from comity.config.file import load_config
from comity.errors import OperatorError
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.lab.capture import Capture
from comity.lab.process import Process, Reply, ask, call
from comity.lab.tampering import Artefacts, altered, exchanged, failed, opened
from comity.lab.telling import Broken, Form, Teller, Wire
from comity.lab.worlds import CaseWorld, start_case
from comity.ports import SystemClock
from comity.providers.catalog.resolve import resolve
from comity.seal.attestation.verdict import NO_HARDWARE

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


def run(home: Path, *, models: Path, form: Form, progress: Callable[[str], None]) -> int:
    """Tells the case in ``home`` (made anew by the caller); returns 0 when every claim held."""
    tell = Teller(form)
    with ExitStack() as stack:
        progress("starting the device app, a relay, two nodes with two witnesses, and the partners (real models, loopback only) …")
        try:
            capture: Capture | None = stack.enter_context(Capture.open())
        except OperatorError as error:
            capture = None
            progress(f"packets are not captured: {error} ({error.hint}); the partners' own counters are shown instead")
        world = stack.enter_context(start_case(home, models=models))
        if capture is not None:
            capture.forget()
        case = Case(tell, world, Wire(capture))
        case.on_device()
        case.proved()
        case.model_in_the_node()
        case.partner_beyond()
        case.paris()
        case.denied()
        case.receipts()
        case.tampered()
    tell.end()
    if form == "text":
        print("\nEvery claim above was measured while it was told. · 以上每一条都是边说边测的。")
        print(f"records, logs and configuration of this run: {home}")
    return 0


class Case:
    """The acts, in their order; each stands on what the one before it left."""

    def __init__(self, tell: Teller, world: CaseWorld, wire: Wire) -> None:
        self._tell, self._world, self._wire = tell, world, wire
        self._nodes: dict[str, tuple[Claim, Known, Wanted]] = {}
        self._receipts: dict[str, str] = {}  # by deployment
        self._chinese = {rule.id: rule.text_zh for pack in load_packs() for rule in pack.rules}

    def on_device(self) -> None:
        tell, world, wire = self._tell, self._world, self._wire
        tell.act(1, "Li Wei in Shanghai asks something small: it is answered on the device", "李伟在上海问了一件小事：就在设备上回答")
        question = "用一句话祝我的同事生日快乐。"
        body = {"model": "auto", "max_tokens": 48, "messages": [{"role": "user", "content": question}]}
        reply = _answered(ask(world.device.base, body, SHANGHAI))
        tell.show("asked", "提问", question)
        tell.show("answered", "回答", reply.text())
        tell.show("label", "标识", reply.headers.get("comity-label", ""))
        tell.holds(reply.headers["comity-region"] == "device", "the device answered", "由设备本机回答", "country")
        partners = [world.server, world.beijing, world.paris, world.virginia]
        tell.holds(all(wire.silent(each) for each in partners), "not one packet reached a model elsewhere", "没有一个数据包到达别处的模型",
                   "country")  # fmt: skip
        passed = wire.passed([world.relay])
        if passed is None:
            tell.not_run("that nothing reached the relay: packets are not captured here", "没有任何内容到达中继：本机不能抓包", "country")
        else:
            tell.holds(not passed, "nor the relay", "也没有到达中继", "country")

    def proved(self) -> None:
        """By the functions that the device itself checks with, on its own configuration and what its relay hands it."""
        tell, world = self._tell, self._world
        tell.act(2, "Before a word is sealed, each node must prove what it is", "在密封任何一个字之前，每个节点都要证明自己是什么")
        vocabulary, now = load_vocabulary(), SystemClock().now()
        for config in load_config(world.folder / "device.toml").deployments:
            if config.trust is None:
                continue
            asked = wanted(config.trust, resolve(config, vocabulary=vocabulary, as_of=now.date()), vocabulary)
            claim = in_use(claims(call(world.relay.base, "GET", f"/{config.trust.pool}{PATH}").body), now)
            known = checked(claim, asked, now)
            self._nodes[config.id] = claim, known, asked
            entry, proof = known.entry, known.proof
            alone = entry.plaintext_at == "node"
            log, read_by = asked.trust.log.partition("+")[0], "" if alone else entry.egress[0]
            tell.show(f"{config.id}, its log", f"{config.id} 的日志", f"{log}: entry {proof.index} of {proof.size}",
                      f"{log}：{proof.size} 条中的第 {proof.index} 条")  # fmt: skip
            tell.show("seen by", "见证人", ", ".join(f"{each.witness} at {each.at:%H:%M:%S}Z" for each in proof.witnessed),
                      "；".join(f"{each.witness}，{each.at:%H:%M:%S}Z" for each in proof.witnessed))  # fmt: skip
            tell.show("stands and computes in", "所在与运算", f"{entry.region}; {', '.join(entry.processing)}")
            tell.show("its machine", "机器", f"{known.level}: {entry.image[:23]}…, its builder signed for it; {NO_HARDWARE}",
                      f"{known.level}：{entry.image[:23]}…，由其构建者签名；没有硬件信任根，运营者能读到明文")  # fmt: skip
            tell.show("its law", "法律包", f"{entry.policy[:16]}…, the device's own", f"{entry.policy[:16]}…，与设备所用的相同")
            tell.show("who can read", "谁能读到", "the node alone" if alone else f"the node, and {read_by}",
                      "只有该节点" if alone else f"该节点和 {read_by}")  # fmt: skip
            tell.show("key", "密钥", f"{known.config.header[:28]}…, until {known.until:%H:%M}Z",
                      f"{known.config.header[:28]}…，有效至 {known.until:%H:%M}Z")  # fmt: skip
            tell.holds(len(proof.witnessed) == 2 and entry.region == "CN", "log, two witnesses, region, level and law hold",
                       "日志、两位见证人、地区、级别和法律均成立", "sealed")  # fmt: skip
        at = [known.entry.plaintext_at for _, known, _ in self._nodes.values()]
        tell.holds(
            at == ["node", "upstream"],
            "one reads alone, one hands on to a partner: their logs say so",
            "一个独自读取，一个转给合作方：日志写明",
            "sealed",
        )

    def model_in_the_node(self) -> None:
        tell, world, wire = self._tell, self._world, self._wire
        tell.act(3, "A long mail is too much for the device: pseudonymised, sealed, answered by a node in China with a model of its own",
                 "一封长邮件超出设备能力：先假名化、再密封，由中国境内自带模型的节点回答")  # fmt: skip
        self._sealed("auto", "cn-node", world.own_node, world.server, "the model beside the node", "节点旁的模型")
        quiet = (world.beijing, world.paris, world.virginia)
        tell.holds(
            all(map(wire.silent, quiet)),
            "no packet to Beijing's partner, Paris or Virginia",
            "没有数据包到北京合作方、巴黎或弗吉尼亚",
            "country",
        )

    def partner_beyond(self) -> None:
        tell, world, wire = self._tell, self._world, self._wire
        tell.act(4, "The same mail by the other node, which asks the partner in Beijing: it can read, and every receipt says so",
                 "同一封邮件交给另一个节点，由它请求北京的合作方：合作方能读到，每份回执都写明")  # fmt: skip
        before = len(wire.received(world.server))
        self._sealed("cn-partner", "cn-partner", world.partner_node, world.beijing, "the partner", "合作方")
        tell.holds(
            len(wire.received(world.server)) == before, "not one byte went to the other node's model", "没有一个字节到另一节点的模型"
        )
        quiet = (world.paris, world.virginia)
        tell.holds(all(map(wire.silent, quiet)), "no packet to Paris or Virginia", "没有数据包到巴黎或弗吉尼亚", "country")

    def _sealed(self, asked: str, deployment: str, node: Process, reader: Process, named: str, named_zh: str) -> None:
        tell, world, wire = self._tell, self._world, self._wire
        body = {"model": asked, "stream": True, "max_tokens": 160, "temperature": 0, "messages": [{"role": "user", "content": MAIL}]}
        reply = _answered(ask(world.device.base, body, SHANGHAI))
        text, receipt = reply.text(), reply.headers["comity-receipt"]
        self._receipts[deployment] = receipt
        tell.show("answered", "回答", text)
        tell.holds(reply.headers["comity-region"] == "CN", "the answer came from mainland China", "回答来自中国内地",
                   "country")  # fmt: skip
        tell.holds(f'deployment="{deployment}"' in reply.headers["comity-decision"], f"by {deployment}", f"经由 {deployment}")
        tell.holds("explicit" in reply.headers.get("comity-label", "") and "人工智能生成" in text, "labelled as generated", "已加生成标识")
        passed = wire.passed([world.relay, node])
        if passed is None:
            tell.not_run("what the relay and the wires beside it held: packets are not captured here",
                         "中继及其两侧线路上有什么：本机不能抓包", "sealed")  # fmt: skip
        else:
            found = readable(passed, world.node_key, text)
            tell.show("passed through the relay", "经过中继", f"{len(passed):,} bytes both ways, both sides",
                      f"双向、两侧共 {len(passed):,} 字节")  # fmt: skip
            tell.holds(b"message/ohttp-chunked-req" in passed and not found, "in them no word of mail or answer, no number, name or key",
                       "其中没有邮件或回答的任何一个词，没有号码、姓名或密钥", "sealed")  # fmt: skip
        kept = [each for each in (world.folder / "relay").rglob("*") if each.is_file()]
        tell.holds(
            not kept and not (world.folder / "relay.log").read_bytes(),
            "the relay kept nothing and wrote nothing",
            "中继什么都没留下，什么都没写",
            "sealed",
        )
        received = wire.received(reader)
        clean = PHONE.encode() not in received and EMAIL.encode() not in received
        tell.holds(
            bool(received) and clean,
            f"what {named} received holds neither the phone number nor the address",
            f"{named_zh}收到的内容中没有电话和邮箱",
            "names",
        )
        seen = call(reader.base, "GET", "/_lab/received").json()["received"][-1]["body"]["messages"][-1]["content"]
        tell.show(f"{named} saw", f"{named_zh}看到", seen[-120:])
        if PHONE in text or EMAIL in text:
            tell.holds(True, "the caller sees the originals in the streamed answer", "用户在流式回答中看到原文", "names")
        else:
            tell.not_run("restoring: this small model did not repeat the contact line", "还原：这个小模型没有抄写联系方式那一行", "names")
        told = _explain(world, receipt)
        _steps(tell, told, seen)
        self._both_receipts(told, deployment)

    def _both_receipts(self, told: Any, deployment: str) -> None:
        """What the device wrote before it sent, and what the node put into its sealed answer, are about the same bytes and node."""
        claim, known, _ = self._nodes[deployment]
        own, theirs = told["receipt"], told["outcome"]["received"]["receipt"]
        self._tell.holds(
            own["node"] == theirs["node"] == known.hash,
            "both receipts name the node that was checked",
            "两份回执都指向核验过的那个节点",
            "proof",
        )
        self._tell.holds(
            theirs["sealed"] == told["outcome"]["sealed"],
            "the node's is of the very bytes that were sealed",
            "节点的回执正是针对密封的那些字节",
            "sealed",
        )
        reads = claim.entry.plaintext_at
        self._tell.holds(
            own["plaintext_at"] == theirs["plaintext_at"] == reads,
            f"both say who could read: {reads}",
            f"两份都写明谁能读到：{reads}",
            "proof",
        )

    def paris(self) -> None:
        tell, world, wire = self._tell, self._world, self._wire
        tell.act(5, "The same person, the same mail, in Paris: another article, another route",
                 "同一个人、同一封邮件，到了巴黎：适用的条文变了，路线也变了")  # fmt: skip
        before = self._beyond_the_device()
        body = {"model": "auto", "max_tokens": 160, "temperature": 0, "messages": [{"role": "user", "content": MAIL}]}
        reply = _answered(ask(world.device.base, body, PARIS))
        tell.show("answered", "回答", reply.text())
        tell.holds('deployment="eu-paris"' in reply.headers["comity-decision"], "the EU partner answered", "由欧盟合作方回答",
                   "follows")  # fmt: skip
        received = wire.received(world.paris)
        tell.holds(PHONE.encode() not in received and EMAIL.encode() not in received, "which saw neither the phone number nor the address",
                   "它没有看到电话和邮箱", "names")  # fmt: skip
        tell.holds(
            self._beyond_the_device() == before,
            "not one byte went to the relay or a node's model",
            "没有一个字节到中继或节点的模型",
            "follows",
        )
        told = _explain(world, reply.headers["comity-receipt"])
        refused = [row for row in told["candidates"] if row["deployment"] in ("cn-node", "cn-partner")]
        tell.holds([row["effect"] for row in refused] == ["deny", "deny"], "both CN nodes were denied for a person in France",
                   "对身在法国的人，两个内地节点都被拒绝", "follows")  # fmt: skip
        for reason in refused[0]["reasons"][:3]:
            self._because(reason)

    def _because(self, reason: Mapping[str, Any]) -> None:
        """In the words of the pack, which for most rules has them in Chinese too."""
        self._tell.show(reason["fact"], reason["fact"], reason["text"], self._chinese.get(reason["rule"], ""))

    def _beyond_the_device(self) -> int:
        world, wire = self._world, self._wire
        return len(wire.passed([world.relay]) or b"") + len(wire.received(world.server)) + len(wire.received(world.beijing))

    def denied(self) -> None:
        tell, world = self._tell, self._world
        tell.act(6, "In Shanghai again, the app insists on Virginia: refused, with the article and the way out",
                 "回到上海，应用坚持要用弗吉尼亚：拒绝，并给出条文和出路")  # fmt: skip
        body = {"model": "us-virginia", "messages": [{"role": "user", "content": MAIL}]}
        reply = ask(world.device.base, body, SHANGHAI)
        tell.holds(reply.status == 451, "HTTP 451, unavailable for legal reasons", "HTTP 451：因法律原因不可用", "refusal")
        error = reply.json()["error"]
        for row in error["decision"]["candidates"]:
            for reason in row["reasons"][:4]:
                self._because(reason)
        ways = error["decision"]["ways"]
        tell.show("the shortest way out", "最短的出路", "; or ".join(" and ".join(way["steps"]) for way in ways) or "there is none")
        tell.holds(bool(ways), "the refusal names a way that the law allows", "拒绝时给出了法律允许的出路", "refusal")
        tell.holds(self._wire.silent(world.virginia), "Virginia was not so much as knocked on", "弗吉尼亚连一次连接都没有收到",
                   "refusal")  # fmt: skip
        self._receipts["us-virginia"] = str(error["receipt"])

    def receipts(self) -> None:
        tell, world = self._tell, self._world
        tell.act(7, "Each of these left a receipt, the nodes' own inside their sealed answers; anyone can check them offline",
                 "每一次都有回执，节点的回执就在密封的回答里；任何人都可以离线核验")  # fmt: skip
        keys = {"device": _comity(world, "log", "key").stdout.decode().strip()}
        bundles = [("device", "denied", json.loads(_comity(world, "log", "prove", self._receipts["us-virginia"]).stdout))]
        for deployment, node in (("cn-node", "own-node"), ("cn-partner", "partner-node")):
            receipt, keys[node] = self._receipts[deployment], self._nodes[deployment][0].entry.receipts  # as its public entry names it
            bundles.append(("device", deployment, json.loads(_comity(world, "log", "prove", receipt).stdout)))
            bundles.append((node, node, _explain(world, receipt)["outcome"]["received"]))
        for issuer, name, bundle in bundles:
            path = world.folder / f"receipt.{name}.json"
            path.write_text(json.dumps(bundle), encoding="utf-8")
            audited = _comity(world, "audit", str(path), "--vkey", keys[issuer])
            command = f"comity audit {path.name}"
            tell.show(command, command, (audited.stdout + audited.stderr).decode())
            tell.holds(audited.returncode == 0, f"it verifies, by the key of the log of {issuer}",
                       f"核验通过，所用的是 {issuer} 日志的密钥", "proof")  # fmt: skip
        report = world.folder / "report.zip"
        made = _comity(world, "report", "--subject", "li-wei", "--out", str(report))
        audited = _comity(world, "audit", str(report), "--vkey", keys["device"], "--trust", str(world.folder / "device.toml"))
        tell.show("comity report, then comity audit", "先 comity report，再 comity audit", (made.stderr + audited.stdout).decode())
        tell.holds(made.returncode == audited.returncode == 0, "all that is Li Wei's is in one report, and the report verifies",
                   "李伟的一切都在一份报告里，报告核验通过", "proof")  # fmt: skip
        tell.holds(b"nodes: 2 named, 2 proved" in audited.stdout, "with the proof that both nodes stood in their public logs",
                   "并证明两个节点当时都在其公开日志中", "proof")  # fmt: skip

    def tampered(self) -> None:
        tell, world = self._tell, self._world
        tell.act(
            8,
            "Whoever alters any one of these is found out, by the name of what does not hold",
            "改动其中任何一样都会被发现，并指出哪一步不成立",
        )
        bundle = world.folder / "receipt.cn-node.json"
        forged = json.loads(bundle.read_bytes())
        forged["receipt"]["effect"] = "deny"
        (world.folder / "forged.json").write_text(json.dumps(forged), encoding="utf-8")
        refused = _comity(world, "audit", str(world.folder / "forged.json"))
        tell.show("comity audit forged.json", "comity audit forged.json", refused.stderr.decode())
        tell.holds(refused.returncode == 5, "exit code 5", "退出码 5", "tampering")
        claim, known, asked = self._nodes["cn-node"]
        answer, reader = exchanged(world.relay.base, "cn-own", known, world.node_key)
        tell.holds(b'"own-model"' in opened(answer, reader()), "untouched, a sealed answer opens", "未改动的密封回答可以打开", "tampering")
        artefacts = Artefacts(json.loads(bundle.read_bytes()), claim, known, asked, answer, reader)
        for each in altered(artefacts, SystemClock().now()):
            tell.holds(failed(each.check) == each.step, f"{each.english} → {each.step}", f"{each.chinese} → {each.step}", "tampering")


def readable(passed: bytes, *words: str) -> list[str]:
    """What of the mail, of whoever wrote it and of ``words`` stands in bytes that somebody passed on, as it is or as JSON writes it: of
    Chinese any two signs that stand together, of all else whole words."""
    own = (PHONE, EMAIL, "li-wei", "location", "writing_assistant", "chat/completions", "comity-subject", "authorization")
    said = " ".join((MAIL, *words))
    plain = [word for each in words for word in re.findall(r"[!-~]{5,}", each)]
    pairs = {said[at : at + 2] for at in range(len(said) - 1)}
    chinese = sorted(pair for pair in pairs if all("\u4e00" <= sign <= "\u9fff" for sign in pair))
    return [word for word in (*own, *plain, *chinese) if word.encode() in passed or json.dumps(word)[1:-1].encode() in passed]


def _steps(tell: Teller, told: Any, sent: str) -> None:
    """The seven steps as the device recorded them, not as this file would like them to be."""
    facts, receipt, outcome = told["facts"], told["receipt"], told["outcome"]
    subject, tokens = (
        facts["subject"],
        [word for word in sent.replace("，", " ").replace("。", " ").split() if word.startswith(("PHONE_", "EMAIL_"))],
    )
    judged = ", ".join(f"{row['deployment']} {row['effect']}" for row in told["candidates"])
    small = any((row["deployment"], row["effect"]) == ("device", "allow") for row in told["candidates"])
    why = "the law allows the device too, but its model is too small for this" if small else "the app asked for it by name"
    why_zh = "法律也允许设备本机，但它的模型太小" if small else "应用指名要求"
    hidden, consents, owed = ", ".join(tokens), ", ".join(facts["consent"]), ", ".join(receipt["obligations"])
    where, count = receipt["deployment"], outcome.get("completion_tokens")
    back, back_zh = (f"{count} tokens back, ", f"返回 {count} 个词元，") if count is not None else ("", "")
    for step in (
        ("1 locate", "1 定位", f"{subject['location']}, consent {consents}, task {facts['feature']}",
         f"{subject['location']}，同意 {consents}，功能 {facts['feature']}"),
        ("2 inspect", "2 检查", ", ".join(facts["data"]["categories"])),
        ("3 decide", "3 裁决", f"{judged} ({', '.join(receipt['packs'])})"),
        ("4 plan", "4 规划", f"{where}: {why}", f"{where}：{why_zh}"),
        ("5 record", "5 记录", f"number {told['index']} in the log, before anything was sent",
         f"日志中第 {told['index']} 号，先于任何发送"),
        ("6 protect", "6 保护", f"{hidden}, and sealed", f"{hidden}，并已密封"),
        ("7 send", "7 发送", f"{outcome['status']}, {back}owed: {owed}",
         f"{outcome['status']}，{back_zh}须履行：{owed}"),
    ):  # fmt: skip
        tell.show(*step)
    tell.holds(
        len(tokens) == 2 and outcome["status"] == "ok",
        "each of the seven steps left its trace in the record",
        "七个步骤在记录中各有痕迹",
        "proof",
    )


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
        [sys.executable, "-m", "comity.cli.main", "--home", str(world.folder / "device"), *arguments],
        capture_output=True,
        check=False,
        timeout=120,
    )
