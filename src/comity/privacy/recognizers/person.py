# SPDX-License-Identifier: Apache-2.0
"""Names of persons where the words around leave no doubt: a form's field, a greeting, a signature, a title, `我叫…`.

Rules know no names, only where one must stand; models of names find the others.
"""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import LIKELY, Check, Hit, Recognizer, table

# A capitalised word or two to five; particles may stand between.  Words in capitals count as well (`JANE DOE`).
_WORD = (
    r"(?:[A-ZÀ-ÞĀ-ŽŞİ][\w'’]*[a-zà-ÿ0-9ā-ž](?:-[A-ZÀ-Þ][\w'’]+)*|(?:O'|D'|Mc|Mac)[A-Z][\w]+|[A-Z]\.(?:[ ]?[A-Z]\.)*"
    "|[A-ZÀ-Þ]{2,20}(?![a-z]))"
)
_PARTICLE = r"(?:de|da|do|dos|del|della|di|la|le|van|von|der|den|ten|ter|zu|bin|bint|ibn|al|el|y|e|af|av)"
_NAME = rf"(?P<name>{_WORD}(?:[ ](?:{_PARTICLE}[ ]){{0,2}}{_WORD}){{0,4}})(?![\w])"
_FULL = rf"(?P<name>{_WORD}(?:[ ](?:{_PARTICLE}[ ]){{0,2}}{_WORD}){{1,4}})(?![\w])"
_NOBODY = re.compile(
    "(?<![A-Za-z])(?:sirs?|madams?|ma'am|team|all|customers?|hiring|managers?|friends?|colleagues?|diary|god|lord|santa"
    "|committee|valued|members?|parents?|guardian"
    "|students?|readers?|editors?|support|hr|recruiters?|users?|clients?|admins?|everyone|everybody|mom|mum|dad|there"
    "|world|guys|folks|siri|alexa|claude|chatgpt|gpt|copilot"
    "|gemini|assistant|bot|ai|the|this|that|these|my|our|your|his|her|their|it|we|you|they|he|she|i|please|thanks?"
    "|thank|regards|best|kind|sincerely|yours|and|or|not|no|yes"
    "|inc|ltd|llc|llp|corp|corporation|gmbh|ag|sa|plc|company|co|bank|university|college|school|hospital|clinic"
    "|institute|department|ministry|office|service|services|group"
    "|foundation|committee|association|agency|council|center|centre|systems?|solutions|software|technologies|labs?"
    "|project|product|application|server|database|table|file"
    "|string|text|null|none|undefined|true|false|unknown|anonymous|example|sample|test|demo|default|required|optional"
    "|name|full|first|last|given|family|middle|n/a|tbd|pepper"
    "|sent|from|to|subject|date|re|fwd|cc|phone|email|address|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    "|january|february|march|april|june|july|august|september"
    "|october|november|december|street|avenue|road|city|state|country|new|north|south|east|west|united|kingdom|states"
    "|republic|area|economic|european|union|islands?|mainland|china|kong|arabia|korea|africa|america|zealand|emirates"
    "|version|release"
    "|windows|linux|python|java|google|microsoft|amazon|apple)(?![A-Za-z])",
    re.IGNORECASE,
)
_END = r"(?=[ ]*(?:[,.;:!?)\]\"'<>|\\/\n，。；！？、（(]|$|-|–|—))"

# A capital leads, for `re` finds it fast; then what stands before it.
_GREETED = re.compile(
    r"[BCDEGHLOQS](?<![A-Za-z].)(?:(?<=D)(?:ear|EAR)|(?<=H)(?:i|ello|ey|ola|allo)|(?<=G)(?:ood (?:morning|afternoon|evening)|entile|eachte)"
    r"|(?<=B)(?:onjour|este)|(?<=C)(?:h[eè]re?|aro|ara)|(?<=Q)uerid[oa]|(?<=E)stimad[oa]|(?<=L)ieber?|(?<=S)ehr geehrter?|(?<=O)lá)[ ]"
    r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Doctor|Herr|Frau|Monsieur|Madame|Señora?|Sr|Sra|Signora?|Dhr"
    rf"|Mevrouw)\.?[ ]){{0,2}}{_NAME}(?=[ ]?(?:[,!:;，！：\n]|-|–|—|$|\.))"
)
_SIGNED = re.compile(
    "(?:(?i:sincerely|yours (?:sincerely|truly|faithfully)|(?:kind |best |warm |warmest |with )?(?:best )?regards|best "
    "wishes|best|cheers|many thanks|thanks|thank you|respectfully|cordially|love|cordialement"
    "|bien à vous|saludos|atentamente|mit freundlichen grüßen|freundliche grüße|viele grüße|liebe grüße|mfg|cordiali "
    r"saluti|distinti saluti|met vriendelijke groet|atenciosamente|med vänlig hälsning))[ ]?[,.!]?[ ]?\r?\n[ "
    rf"\t\r\n]{{0,4}}[\-–—~]?[ ]?{_NAME}(?=[ ]?(?:\r?\n|$|,|\|))"
)
_TITLED = re.compile(
    r"(?<![A-Za-z])(?<![A-Z][a-z] )(?:Mr|Mrs|Ms|Mx|Dr|Prof|Hon|Rev|Capt|Sgt|Lt|Col|Gen)(?:\.[ ]?|[ ])(?:(?:Dr"
    rf"|Prof)\.?[ ])?{_NAME}|(?<![A-Za-z])(?:Miss|Professor|Doctor|Herr|Frau|Mme|Mlle|Monsieur|Madame|Señora?|Signora?"
    rf"|Sra?\.)[ ](?:Dr\.[ ]|Prof\.[ ])?{_NAME.replace('<name>', '<other>')}"
)
_OWN = "first|last|given|family|middle|maiden|sur|fore|nick|preferred|vor|nach"
_SINGLE = (
    rf"(?:{_OWN})name|prénom|apellidos?|cognome|(?:(?<=(?:sur|vor)[ _-])|(?<=(?:last|fore|nick|nach)[ _-])|(?<=(?:first|given)[ _-])"
    "|(?<=(?:family|middle|maiden)[ _-])|(?<=preferred[ _-]))name"
)
_FIELDS = (
    "(?:full|customer|patient|client|applicant|employee|student|guest|passenger|cardholder|holder|contact|recipient|sender|user|insured"
    "|tenant|owner|beneficiary|member|candidate|buyer|seller|payee|payer|legal|real|display|billing|shipping)?name|nom|nombre|nome|naam"
    "|patient|applicant|cardholder|recipient|consignee|attn|passenger|beneficiary|payee|claimant|defendant|plaintiff|witness|tenant"
    "|landlord|(?<=next of )kin|(?<=emergency )contact|contact person|signed(?: by)?|prepared by|reported by|author|interviewer|interviewee"
)
_FIELD = re.compile(
    rf"(?<![A-Za-z])(?:(?i:(?<=vor- und )nachname|(?P<single>{_SINGLE})|{_FIELDS}))[\"'*]{{0,2}}[ \t]{{0,2}}(?:[:=]|：|=>)\*{{0,2}}[ "
    rf"\t]{{0,3}}\*{{0,2}}[\"']?(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?[ ])?{_NAME}{_END}"
)
_SAID = re.compile(
    "(?<![A-Za-z])(?:(?i:my|his|her|their|the patient's|the client's)[ ](?i:full )?(?i:name(?:'s|[ ]is|[ ]was))"
    r"|(?i:named|called)(?=[ ][A-Z][\w'’]+[ ][A-Z])|(?i:I am|I'm|I’m)(?=[ ][A-Z][\w'’]+[ ][A-Z][\w'’]+[ ,.])"
    f"|(?i:call me|je m'appelle|me llamo|mi chiamo|ich heiße|mein name ist|meu nome é|mijn naam is))[ ]{_NAME}"
)
_MAILED = re.compile(rf"(?<![A-Za-z0-9])\"?{_FULL}\"?[ ]<(?=[^<>\s@]{{1,64}}@)")


def _named(*, single: bool, sure: int) -> Check:
    """``single``: one word is enough."""

    def check(_: str, found: re.Match[str]) -> Hit | None:
        group = "name" if found["name"] is not None else "other"
        name = found[group]
        stop = _NOBODY.search(name)
        if stop is not None and (stop.start() == 0 or group != "name" or " " not in name[: stop.start()].strip() or not single):
            return None
        if stop is not None:  # `Lena Vogel From the office`
            name = name[: stop.start()].rstrip()
        one = single or found.groupdict().get("single") is not None
        size = len(name) - 2 if name.endswith(("'s", "’s")) else len(name)
        name = name[:size].rstrip(".") if not re.search(r"(?:^|[ .])[A-Z]\.$", name[:size]) else name[:size]
        if len(name) < 2 or (" " not in name and (not one or (name.isupper() and len(name) < 4))):
            return None
        return Hit(found.start(group), found.start(group) + len(name), sure)

    return check


# 百家姓 and the surnames that censuses count beside it.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆"
    "汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施"
    "文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆"
    "蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏"
    "席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班"
    "储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来"
    "扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯"
    "元束檀衣信展阴昝智幸奉植衡富尧闭由"
    "張劉陳楊黃趙吳孫馬鄭羅謝許韓馮鄧蕭葉蘇呂盧鍾譚陸範賈韋鄒龍賀顧龔錢嚴戴湯齊喬龐顏莊聶魯歐關蘭紀單駱藍華饒時農簡車項"
    "連婁黨費衛應閔鄔邊師欒榮鞏蔣"
)
_DOUBLE = (
    "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|东方|東方|皇甫|尉迟|公孙|公孫|令狐|慕容|宇文|长孫|长孙|司徒|夏侯|端木|百里|呼延"
    "|轩辕|南宫|西门|独孤|闻人|澹台|淳于|单于|钟离|鲜于|闾丘|司空|亓官|仲孙|太叔|申屠|拓跋|赫连|完颜|纳兰|范姜"
)
_HAN = "\u4e00-\u9fff"
_NOUNS = (
    "姓名|名字|联系人|聯絡人|收件人|收货人|寄件人|发件人|患者|病人|被告人|被告|原告|申请人|借款人|出借人|担保人|应聘者"
    "|候选人|投保人|被保险人|受益人|户主|房东|承租人|出租人|法定代表人|车主|旅客|乘客|家属|监护人|经办人|负责人|签名"
    "|签字|署名|持卡人|开户人|户名|乙方|甲方代表|主诉人|证人|当事人|嫌疑人|委托人|受托人|被委托人|紧急联系人|学生姓名"
    "|家长姓名|客户姓名|称呼|氏名|お名前"
)
_CALLED = "我叫|我的名字是|我的名字叫|我名叫|本人姓名|他叫|她叫|名叫|我是|本人"
_AFTER = (
    f"(?=$|[^{_HAN}]|先生|女士|小姐|老师|同学|医生|教授|经理|主任|律师|的|是|于|在|住|因|与|和|及|向|从|等|已|将|被|把"
    "|对|给|请|说|想|要|有|今年|来自|申请|身份证|证件|护照|电话|手机|联系|男|女|性别|年龄|年满|出生|现|系|于|收|签)"
)
_HAN_NAME = rf"(?P<name>(?:{_DOUBLE})[{_HAN}]{{1,2}}|[{_SURNAMES}][{_HAN}]{{1,2}}|[{_HAN}]{{2,8}}·[{_HAN}]{{1,8}}(?:·[{_HAN}]{{1,8}})?)"
_ZH = re.compile(
    rf"(?:(?P<noun>{_NOUNS})[\"'”]?[ ]{{0,2}}(?P<sign>[:：=]|是|为|叫|,(?=\")|[ ])?[ ]{{0,2}}[\"'“「]?"
    rf"|(?P<called>{_CALLED})[ ]?[：:]?[ ]?[\"'“「]?){_HAN_NAME}{_AFTER}"
)
_TITLED_ZH = re.compile(
    f"(?:(?<![{_HAN}·])|(?<=[请由给和与向找问让为对跟是约请託托]))(?P<name>(?:{_DOUBLE})[{_HAN}]{{1,2}}"
    f"|[{_SURNAMES}][{_HAN}]{{1,2}}|[{_HAN}]{{1,6}}·[{_HAN}]{{1,6}}(?:·[{_HAN}]{{1,6}})?)(?=先生|女士|小姐|老师|同学"
    "|律师|医生|医師|教授)"
)
_KEYED_ZH = re.compile(
    r"(?i:[\"'](?:full_?|user_?|real_?|customer_?|contact_?)?name[\"']"
    rf"|(?<![A-Za-z])name)[ ]?[:=][ ]?[\"']{_HAN_NAME}[\"']"
)
_WORDS_ZH = frozenset(
    table(
        "高级 高中 高兴 高管 应该 应当 应有 任何 任务 任意 常见 常用 方案 方法 方便 方面 安全 安排 明天 明确 明白 马上 "
        "时间 时候 时代 和平 华为 关系 关于 关心 包括 成功 成人 成年 满意 成员 全部 全体 全家 来源 来自 容易 相关 相信 "
        "相同 连接 信息 信用 信任 计划 计算 国家 国际 国内 平台 平时 平均 商品 商家 文件 文档 文明 方式 金额 金融 石油 "
        "白色 黄色 江苏 江西 温度 康复 严重 严格 万一 万元 单位 单独 单身 单人 管理 管理员 程序 程序员 程度 路线 路过 "
        "向导 游客 师傅 师生 尚未 应聘 官方 官员 支付 支持 阳性 阴性 和你 和我 于是 毕业 毕业生 高血压 高三 高考 应届 "
        "应届生 房客 房东 车主 费用 党员 时常 易怒 卫生 元旦 公司 公民 公开 公务员 干部 利益 利息 居民 原因 原则 强烈 "
        "权利 权益 幸福 元素 路人 云南 海外 海南 云计算 南方 北方 学生 查询 查看 查找 简单 简历 海归 时隔 明年 施工 包含 "
        "别人 花费 有权 文员 武汉 宁波 成都 上海 广西 安徽 山东 贺州 都会 都是 但是 由于 那个 那么 那些 修改 修理 初中 "
        "初中生 初次 阿姨 强调 古代 商人 商务 易感 冷静 盛情 石家庄 关注 关键 项目 项目经理 应急 华人 连续 乐观 宁愿 党委 "
        "平安 都市 都可 米粉 车间 车辆 通过 申请 申请人 何时 何地 何处 何种 万科 万达 阳光 常州 金华 温州 台州 查收 全职 "
        "向您 向你 路由器 时尚 权限 安装 包装 支架 项下 须知 应付 应收 应按 应于 应在 应向 应对"
    )
)


def _zh(text: str, found: re.Match[str]) -> Hit | None:
    """Greedy: three characters if what follows allows, else two."""
    name, start = found["name"], found.start("name")
    if name in _WORDS_ZH or name[:2] in _WORDS_ZH:
        return None
    groups = found.groupdict()
    if groups.get("noun") and not groups["sign"] and name[0] in "和与及或于都":  # `姓名和联系方式`
        return None
    if groups.get("called") in ("我是", "本人") and text[start + len(name) : start + len(name) + 1] in (
        "的",
        "等",
        "在",
        "是",
        "有",
    ):
        return None
    return Hit(start, start + len(name), LIKELY)


_GREETINGS = (
    "dear hi hello hey hola halo good bonjour cher chère querido querida estimado estimada liebe lieber hallo geehrte "
    "geehrter caro cara gentile olá beste geachte sehr"
)


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str, what: str, pattern: re.Pattern[str], check: Check, words: str, gates: tuple[str, ...] = (),
        *, before: int = 0, after: int = 0, led: bool = False,
    ) -> Recognizer:  # fmt: skip
        return Recognizer(
            name=name, type="PERSON", category="name", jurisdiction="", what=what, pattern=pattern, check=check, digits=0,
            words=tuple(words.split()), gates=gates, before=before, after=after, led=led, contextual=True,
        )  # fmt: skip

    return (
        unit(
            "person_greeted",
            "whom `Dear`, `Hi`, `Sehr geehrte Frau` and the like greet",
            _GREETED,
            _named(single=True, sure=LIKELY),
            _GREETINGS,
            led=True,
        ),
        unit(
            "person_signed",
            "the line under `Sincerely`, `Regards`, `Mit freundlichen Grüßen` and the like",
            _SIGNED,
            _named(single=True, sure=LIKELY),
            "sincerely truly faithfully regards wishes best cheers thanks thank respectfully cordially love cordialement bien "
            "saludos atentamente grüßen grüße mfg "
            "saluti groet atenciosamente hälsning",
            before=24,
            after=200,
        ),
        unit(
            "person_titled",
            "the name after `Mr`, `Ms`, `Dr`, `Frau`, `Mme` and the like",
            _TITLED,
            _named(single=True, sure=LIKELY),
            "mr mrs ms mx dr prof hon rev capt sgt lt col gen miss professor doctor herr frau mme mlle monsieur madame señor "
            "señora signor signora sr sra",
            led=True,
        ),
        unit(
            "person_field",
            'the value of a field such as `Name:`, `"full_name"`, `Patient:`',
            _FIELD,
            _named(single=False, sure=LIKELY),
            "prénom apellido apellidos cognome nom nombre nome naam patient applicant cardholder recipient consignee attn passenger "
            "beneficiary payee claimant defendant plaintiff witness tenant landlord kin contact signed prepared reported author "
            "interviewer interviewee name fullname customername patientname clientname applicantname employeename studentname guestname "
            "contactname recipientname username ownername displayname " + "name ".join([*_OWN.split("|"), ""]),
            led=True,
        ),
        unit(
            "person_said",
            "`my name is …`, `ich heiße …`, `je m'appelle …`",
            _SAID,
            _named(single=True, sure=LIKELY),
            "name named called am i'm m call appelle llamo chiamo heiße nome naam",
            (
                "name",
                "called ",
                "i am ",
                "i'm ",
                "i\u2019m ",
                "call me ",
                "m'appelle ",
                "me llamo ",
                "mi chiamo ",
                "heiße ",
                "nome é ",
                "naam is ",
            ),
            before=100,
            after=80,
        ),
        unit(
            "person_mailed",
            "the name before an address in angle brackets",
            _MAILED,
            _named(single=False, sure=LIKELY),
            "",
            (" <",),
            before=100,
            after=80,
        ),
        unit(
            "person_zh",
            "the name after `姓名`, `患者`, `收件人`, `我叫` and the like",
            _ZH,
            _zh,
            f"{_NOUNS}|{_CALLED}".replace("|", " "),
            led=True,
        ),
        unit(
            "person_zh_titled",
            "surname and given name before `先生`, `女士`, `老师` and the like",
            _TITLED_ZH,
            _zh,
            "先生 女士 小姐 老师 同学 律师 医生 医師 教授",
            before=32,
            after=4,
        ),
        unit(
            "person_zh_keyed",
            "a Chinese name in a field `name`",
            _KEYED_ZH,
            _zh,
            "name fullname username realname contactname",
            before=16,
            after=64,
        ),
    )
