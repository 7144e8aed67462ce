# SPDX-License-Identifier: Apache-2.0
"""Names people have on services: handles, logins, QQ and WeChat numbers, home directories."""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import HINTED, LIKELY, Check, Hit, Recognizer, table

_HANDLE = re.compile(r"(?<![A-Za-z0-9_.@/+\-])@(?P<name>[A-Za-z0-9_][A-Za-z0-9_.\-]{1,38}[A-Za-z0-9_])(?![A-Za-z0-9_@/(（])(?!\.[A-Za-z])")
# A line of Java, Python or CSS that is only the mark and a word is an annotation, a decorator, a rule.
_ALONE = re.compile(r"[ \t]*(?:\([^\n]*)?(?:\n|$)")
_SOCIAL = re.compile(
    r"(?:twitter|instagram|insta|\big|tiktok|telegram|github|gitlab|threads|mastodon|snapchat|discord|reddit|youtube"
    r"|weibo|x\.com|slack|ping|i'm|find me|follow|handle|dm|tag"
    r"|mention|cc|thanks|shout ?out|via|by|from|关注|微博|抖音|小红书|快手|推特|博主|私信|艾特|转发|粉丝)[^\n]{0,24}$",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(r"(?:[=<>+]|\b(?i:set|declare|exec|select|where)|\b(?:AND|OR|VALUES|INTO))[ ]{0,2}$")
_CODE = frozenset(
    table(
        "property staticmethod classmethod override abstractmethod dataclass media import keyframes param params return "
        "returns throws type types context id graph vocab see link since deprecated author version here everyone channel "
        "all me online team admin support supports font-face charset layer apply include extend mixin if else for while "
        "end interface"
    )
)


def _handle(text: str, found: re.Match[str]) -> Hit | None:
    name, start = found["name"], found.start()
    line = text.rfind("\n", 0, start) + 1
    if name.lower() in _CODE or _ASSIGNED.search(text, max(0, start - 12), start):
        return None
    if not text[line:start].strip() and _ALONE.match(text, found.end()) and len(text.strip()) > len(found[0]) + 1:
        return None
    if any(letter.isdigit() or letter == "_" for letter in name):
        return Hit(start, found.end(), LIKELY)
    return Hit(start, found.end(), HINTED) if _SOCIAL.search(text, max(0, start - 40), start) else None


# A word for a login, a sign that gives it a value, and the value; without a sign the value must look like no word.
_WHERE = "游戏|微信|豆瓣|知乎|B站|微博|我的|他的|她的|贴吧|论坛"
_NAMED = re.compile(
    r"(?<![A-Za-z])(?:(?P<strong>user[ _-]?names?|user[ _-]?id|userid|user[ _-]?handle|log[ _-]?in[ _-]?(?:name|id)|account[ _-]?name"
    r"|screen[ _-]?name|nick[ _-]?name|benutzername|(?<=nom d')utilisateur|identifiant|usuario|(?<=nome )utente|utilizador|gebruikersnaam"
    r"|用户名|用戶名|登录名|登入名|账户名|帐户名"
    r"|账号名|帐号名|昵称|暱稱|网名|vx(?=[ ]?[:：号])|v信号?|微信号|微信號|抖音号|小红书号|快手号|花名"
    rf"|(?:(?<={_WHERE})|(?<=(?:{_WHERE})[ ]))ID|ユーザー名|아이디)"
    r"|(?P<service>log[ _-]?in|nick|handle|gamer ?tag|skype|discord|telegram|snapchat|instagram|insta|github|gitlab|twitter|tiktok"
    r"|wechat(?:[ _-]?id)?|加[Vv](?![A-Za-z])|ins(?=账号|帐号|[ ]?[:：])"
    r"|微信|微博|抖音|小红书|豆瓣|知乎|贴吧|楼主|层主|推特)(?:[ ](?:handle|id|user"
    r"|account|name|username)|[ ]?(?:账号|帐号|用户名|昵称|ID))?"
    r"|(?P<signed>snap|psn|xbox|steam|slack|roblox|battle ?tag|riot|twitch|viber|signal|kakao|ign|alias)"
    r"(?:[ ](?P<own>handle|id|user|account|name|channel))?"
    r"|(?P<weak>users?|accounts?|用户|用戶|账号|帐号|賬號|帳號|玩家|会员|网友|博主))"
    r"(?P<sign>[\"'`]?[ \t]{0,2}(?:=>|==?|[:：]|是|为|叫做?|搜索?"
    r"|上(?:的|叫做?)|['’]s(?=[ ])|(?:(?:on|for|at"
    r"|in)(?:[ ][a-z]{2,12}){1,3}[ ])?is(?=[ ]))[ \t]{0,2}[\"'`]?|[ \t]{1,2}[\"'`@(（]?|[\"'`「“(（]?)"
    r"(?P<name>@?[A-Za-z0-9_][A-Za-z0-9_.\-]{1,38}[A-Za-z0-9_](?:#[0-9]{4}(?![0-9]))?)(?![A-Za-z0-9_@(])(?![.\-/:][A-Za-z0-9])",
    re.IGNORECASE,
)
_WORDS = table(
    "user users username usernames userid log login logins account accounts accountname handle nick nickname screen screenname "
    "gamer gamertag battle skype discord telegram snap snapchat instagram insta github gitlab twitter tiktok wechat benutzername "
    "utilisateur identifiant usuario utente utilizador gebruikersnaam 用户 用戶 登录名 登入名 账户名 帐户名 昵称 暱稱 "
    "网名 vx v信 ins 账号名 帐号名 微信 抖音号 小红书号 快手号 微博 花名 抖音 小红书 id 加v 豆瓣 知乎 贴吧 楼主 层主 推特 "
    "psn xbox steam slack roblox battletag riot twitch viber signal kakao "
    "ign alias 账号 帐号 賬號 帳號 玩家 会员 网友 博主 ユーザー名 아이디"
)
_NOBODY = frozenset(
    table(
        "admin administrator root guest test tester user users username userid name names null none nil true false "
        "undefined string str int integer number text varchar email mail password required optional default example "
        "anonymous system daemon nobody postgres mysql redis ubuntu debian ec2-user www-data localhost self this new the "
        "and for with from not has was are your our their his her its id uuid current_user user_id user_name account_id "
        "primary key unique index input value field"
    )
)
_NO_NAME = re.compile(
    r"[0-9.\-]+|v?[0-9]+(?:\.[0-9]+)+\S*|[A-Z]{2,5}-[0-9]+|[0-9a-f]{8,}|[a-z]+(?:[A-Z][a-z]+)+|[a-z_]+_(?:id|name|field"
    "|count|type|key|list)"
)


_OWN = re.compile("gamer|nick|handle", re.IGNORECASE)
_TWO_WORDS = re.compile("[A-Z][a-z]+[A-Z][a-z]+")


def _named(text: str, found: re.Match[str]) -> Hit | None:
    name = found["name"]
    bare = name.lstrip("@")
    sign = found["sign"].strip(" \t\"'`@(（「“")
    if not found["sign"] and text[found.start("name") - 1].isascii():
        return None  # `USER_EMAIL`: only Chinese puts no space between
    if bare.lower() in _NOBODY or _NO_NAME.fullmatch(bare) or bare.isdigit():
        return None
    odd = any(letter.isdigit() or letter in "_." for letter in bare) or ("-" in bare and found["service"] is not None)
    if sign and (found["own"] or _OWN.match(found["service"] or "")) and _TWO_WORDS.fullmatch(bare):
        odd = True  # `Steam name is IronBadger`, but `GitHub: TypeScript`
    logged = found["sign"] == "="  # `user=jdoe ip=…`
    if found["weak"] and ((not odd and not logged) or sign in ("s", "’s")):  # `the user's merge.ff`
        return None
    if found["weak"] and not any(letter.isalpha() for letter in bare):
        return None
    if found["service"] and not odd and name[0] != "@":
        return None  # `GitHub: failed`
    if found["signed"] and not (odd and sign):
        return None  # `Steam 2_0`
    if found["strong"] and not odd and (not sign or bare[:1].isupper()):
        return None
    return Hit(found.start("name"), found.end("name"), LIKELY if sign and odd else HINTED)


# What a log says of a login: `Failed password for invalid user jdoe from 192.0.2.7`, `session opened for user jdoe by`.
_LOGGED = re.compile(
    r"(?<![A-Za-z])(?:(?:password|publickey|log[ -]?in|logon|sign[ -]?in|authentication|authenticated)(?:[ ](?:succeeded|success"
    r"|successful|failed|failure"
    r"|attempt|accepted|denied|rejected))?|logged in|signed in|session (?:opened|closed)|sudo)[ ](?:for|by|as)[ ]"
    r"(?:invalid[ ])?(?:user[ ])?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.\-]{1,38}[A-Za-z0-9_])"
    r"(?=[ ](?:from|by|on|at|via|with)[ ]|[;:,]|\(uid|\n|$)",
    re.IGNORECASE,
)


def _logged(_: str, found: re.Match[str]) -> Hit | None:
    name = found["name"]
    odd = any(letter.isdigit() or letter in "_." for letter in name)
    return None if name.lower() in _NOBODY or not odd else Hit(found.start("name"), found.end("name"), LIKELY)


_QQ = re.compile(
    "(?<![A-Za-z])(?:QQ|qq|加[Qq](?![Qq])|扣扣|企鹅号)(?:号码|号|號|群|是|为|加)?[ ]?(?:[:：=]|是"
    r"|为)?[ ]?[\"'(（]?(?P<name>[1-9][0-9]{4,10})(?![0-9A-Za-z@])(?!\.[0-9])"
)
# Names with Chinese in them: after a word and a sign, or with a digit after `@`.
_HAN_NAMED = re.compile(
    "(?:(?:昵称|暱稱|网名|用户名|微信名|微信号|花名|游戏名|ID)[ ]?(?:[:：=]|是|叫做?|为)"
    r"|(?:游戏里|网上|论坛上?|群里|圈里|在(?:B站|b站|抖音|小红书|微博|知乎|豆瓣|贴吧|快手)上?)(?:的?(?:名字|昵称|ID))?(?:我|他|她)?(?:叫做?"
    r"|是)(?=[\u4e00-\u9fffA-Za-z_]{1,12}[0-9]))[ "
    r"]?[\"'“「]?(?P<name>(?=[A-Za-z0-9_]{0,12}[\u4e00-\u9fff])[\u4e00-\u9fffA-Za-z0-9_·]{2,16})"
    r"|(?<![A-Za-z0-9_.@])@(?P<at>(?=[\u4e00-\u9fff]{1,10}[A-Za-z0-9_])[\u4e00-\u9fffA-Za-z0-9_]{2,20})"
)
_NUMBERED = re.compile(
    "(?:抖音号|小红书号|快手号|微信号|微信號|B站(?:ID|UID)?|UID|uid)[ ]?(?:[:：=]|是|为)?[ ]?(?P<name>[1-9][0-9]{5,14})(?![0-9A-Za-z])"
)
_NO_NICK = re.compile("什么|啥|谁|吗|呢|哪|唯一|不|没|请|已|的|错误|为空|或|必填|长度")
_WECHAT = re.compile(r"(?<![A-Za-z0-9_])(?P<name>wxid_[a-z0-9]{6,32})(?![A-Za-z0-9_])")
_HOME = re.compile(
    r"(?:(?<![A-Za-z0-9.\-])/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2}"
    r"|[A-Za-z]:/Users/)(?P<name>[A-Za-z0-9_\u00c0-\u024f\u4e00-\u9fff][A-Za-z0-9_.\u00c0-\u024f\u4e00-\u9fff\-]{0,38})("
    r"?![^\\/\s\"'`:;,)\]}>])"
)
_HOMES = frozenset(
    {"shared", "public", "default", "user", "username", "runner", "ubuntu", "node", "app", "vscode", "admin", "guest", "root"}
)
_REDDIT = re.compile(r"(?<![A-Za-z0-9_/\-])/?u/(?P<name>[A-Za-z0-9_\-]{3,20})(?![A-Za-z0-9_/\-])")
_PROFILE = re.compile(
    r"(?:twitter|x|instagram|t|tiktok|facebook|linkedin|threads|weibo|zhihu)\.(?:com|me|net|io|app|cn)"
    r"/(?:in/|people/|u/|profile/|n/)?(?P<name>@?[A-Za-z0-9_][A-Za-z0-9_.\-]{1,38})(?![A-Za-z0-9_\-]|[./][A-Za-z0-9])"
)
_PAGES = frozenset(table("login signup about explore settings help search home features pricing topics trending docs privacy terms jobs"))


def _han(_: str, found: re.Match[str]) -> Hit | None:
    if found["at"] is not None:
        return Hit(found.start("at") - 1, found.end("at"), HINTED)
    name = found["name"]
    if (cut := name.find("的")) > 1:  # `昵称叫小鱼干的那个`
        name = name[:cut]
    return None if _NO_NICK.search(name) else Hit(found.start("name"), found.start("name") + len(name), HINTED)


def _value(text: str, found: re.Match[str]) -> Hit | None:
    return Hit(found.start("name"), found.end("name"), LIKELY)


def _not_in(names: frozenset[str]) -> Check:
    def check(_: str, found: re.Match[str]) -> Hit | None:
        return None if found["name"].lower() in names else Hit(found.start("name"), found.end("name"), LIKELY)

    return check


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str, what: str, pattern: re.Pattern[str], check: Check,
        *, words: tuple[str, ...] = (), gates: tuple[str, ...] = (), before: int = 0, after: int = 0, led: bool = False,
    ) -> Recognizer:  # fmt: skip
        return Recognizer(
            name=name, type="USERNAME", category="contact", jurisdiction="", what=what, pattern=pattern, check=check, digits=0,
            words=words, gates=gates, before=before, after=after, led=led, contextual=bool(words) or name == "handle",
        )  # fmt: skip

    return (
        unit(
            "handle",
            "`@name` with a digit or underscore, or near a word of social media",
            _HANDLE,
            _handle,
            gates=("@",),
            before=2,
            after=44,
        ),
        unit("username", "the value after `user`, `login`, `用户名`, `微信号` and the like", _NAMED, _named, words=_WORDS, led=True),
        unit(
            "username_logged",
            "who a log says logged in",
            _LOGGED,
            _logged,
            words=("password", "publickey", "login", "logon", "logged", "sign", "signed", "authentication", "session", "sudo"),
            led=True,
        ),
        unit("qq", "QQ numbers", _QQ, _value, gates=("qq", "加q", "扣扣", "企鹅号"), before=1, after=24),
        unit(
            "username_han",
            "names with Chinese after `昵称：`, `用户名：` and the like, or after `@` with a digit",
            _HAN_NAMED,
            _han,
            words=(
                "昵称",
                "暱稱",
                "网名",
                "用户名",
                "微信名",
                "微信号",
                "花名",
                "游戏名",
                "游戏里",
                "网上",
                "论坛",
                "群里",
                "圈里",
                "id",
                "微博",
                "关注",
                "博主",
                "粉丝",
                "抖音",
                "小红书",
                "b站",
                "知乎",
                "豆瓣",
                "贴吧",
                "快手",
            ),
        ),
        unit(
            "username_number",
            "numbers after `抖音号`, `小红书号`, `UID` and the like",
            _NUMBERED,
            _value,
            words=("抖音号", "小红书号", "快手号", "微信号", "微信號", "b站", "uid"),
        ),
        unit("wechat_id", "`wxid_…`", _WECHAT, _value, gates=("wxid_",), before=1, after=44),
        unit(
            "home_directory",
            "whose home directory it is: the name after `home/`, `Users/` or `Users\\`",
            _HOME,
            _not_in(_HOMES),
            gates=("/home/", "/users/", "\\users\\"),
            before=3,
            after=60,
        ),
        unit("reddit", "`u/name`", _REDDIT, _not_in(_PAGES), gates=("u/",), before=2, after=26),
        unit(
            "profile",
            "the name in the address of a profile page",
            _PROFILE,
            _not_in(_PAGES),
            gates=(
                "twitter.com/",
                "x.com/",
                "instagram.com/",
                "t.me/",
                "tiktok.com/",
                "facebook.com/",
                "linkedin.com/",
                "threads.net/",
                "weibo.com/",
                "zhihu.com/",
            ),
            before=12,
            after=80,
        ),
    )
