# SPDX-License-Identifier: Apache-2.0
"""User names where no word for one stands before them: in chat, forums, tickets, on command lines, at the head of a column.

All but the last must look like no word: with a digit, an underscore, or a dot between letters.
"""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import HINTED, LIKELY, Check, Hit, Recognizer, table
from comity.privacy.recognizers.labels import head_of

_NAME = r"(?P<name>@?[A-Za-z_](?:[A-Za-z0-9_.\-]{1,38}[A-Za-z0-9_])(?![A-Za-z0-9_@(/\\])(?![.\-:][A-Za-z0-9]))"
_NOBODY = frozenset(
    table(
        "root admin administrator guest test nobody ubuntu debian git postgres mysql centos core pi ec2-user www-data user "
        "username user1 backup data traffic requests request activity access sessions session logins login input connections "
        "connection agent events team "
        "user_name your_name deploy app ci jenkins azureuser opc fedora vagrant oracle nginx redis null none sa"
    )
)
# `team_7`, `session_id`, `item2`, `script.py`, `example.com`: things, not people.
_THING = re.compile(
    r"(?:team|group|sprint|queue|role|var|node|host|server|pool|bot|task|item|slot|shard|worker|batch|phase|tier|level|class|type|room|desk"
    r"|ward|unit|id|key|version|rev|release|build|step|case|issue|bug|pr|commit|cluster|agent|job|stage|device|table|column|field|file|page"
    r"|chapter|module|test|user|customer|client|windows|route|project|python|model|docs?|app|option|part|label|area|default|value"
    r"|name|param|arg|total|score|sum|max|min|avg|foo|bar|x|y|v|h|int|float|uint|utf|sha|md|base|mp|web|log)[_.\-]?[0-9.]+"
    r"|[a-z0-9_]*_(?:id|name|field|count|type|key|list|json|modules|tag|map|set|table|at|by|on|log|file|path|data|test|team|bot"
    r"|group|service|server|handler|lead|beta|alpha|text|field|manager|owner|admin)"
    r"|.*\.(?:com|org|net|io|gov|edu|uk|de|fr|cn|dev|app|co|ai|info|py|js|ts|go|rs|c|h|cpp|java|rb|sh|md|txt|json|ya?ml|toml|ini"
    r"|cfg|csv|xml"
    r"|html?|css|png|jpe?g|gif|pdf|docx?|xlsx?|pptx?|zip|tar|gz|exe|dll|so|jar|log|sql|lock|conf|js|lib)",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"[a-z]{1,15}\.[a-z]{2,20}[0-9]{0,4}")


def _odd(name: str) -> bool:
    """It looks like a name made for a machine, and like no thing's."""
    bare = name.lstrip("@")
    if bare.lower() in _NOBODY or _THING.fullmatch(bare) or not any(map(str.islower, bare)):
        return False
    return any(c.isdigit() or c == "_" for c in bare) or _DOTTED.fullmatch(bare) is not None


_PLACES = (
    r"discord|steam|reddit|twitter|instagram|insta|telegram|twitch|slack|snapchat|tiktok|youtube|mastodon|threads|skype|signal"
    r"|irc|psn|xbox|roblox|fortnite|minecraft|valorant|strava|duolingo|ebay|etsy|spotify|venmo|bluesky|tumblr|wechat|whatsapp|line"
    r"|kakao|viber"
)
_HOSTS = "github|gitlab|gitea|bitbucket"
# A name made for a machine, wherever it stands; what is before or after it decides.
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_.@/\\\-])(?P<name>@?[A-Za-z_](?=[A-Za-z\-]{0,38}(?:[0-9_]|\.[a-z]))[A-Za-z0-9_.\-]{1,38}[A-Za-z0-9_])"
    r"(?![A-Za-z0-9_@(/\\])(?![.\-:][A-Za-z0-9])"
)
_LEAD = re.compile(
    r"(?<![A-Za-z_])(?:a\.?k\.?a\.?|also known as|better known as|known (?:online|there|here) as"
    r"|(?:goes|go|going|went) by(?: the (?:name|handle|nick))?(?: of)?"
    r"|(?:posts?|posting|posted|plays?|playing|streams?|streaming|writes|writing|registered"
    r"|know[ns]? (?:me|him|her|them)|(?:ssh(?:ed|ing)?|log(?:ged|ging)?|sign(?:ed|ing)?)[ -]?(?:in|on|up)) as"
    r"|under the (?:name|handle|nick|nickname|alias|username)"
    r"|(?:opened|reported|posted|written|raised|submitted|filed|closed|edited|merged|approved|pushed|locked|created|authored"
    r"|uploaded|resolved"
    r"|requested|modified|committed|commented|updated)[ -]by|commit by|repl(?:y|ying|ied) to|assigned to|assignee|reporter"
    r"|reviewer|committer"
    r"|user\.name"
    rf"|(?:on|in|at)[ ](?:{_PLACES}|{_HOSTS})[ ](?:as|under|it's|i'm|i am|he's|she's|they're))"
    r"[ ]?[:=]?[ ]?(?:user[ ])?[\"'`“(]?$",
    re.IGNORECASE,
)
_ON = re.compile(rf"[\"'`”)]?[ ](?:on|in|@)[ ](?:{_PLACES})(?![A-Za-z])", re.IGNORECASE)
_WHO = re.compile(
    r"(?:(?:i'm|i am|me|is|it's|he's|she's|am|add|dm|message|ping|find|follow|as|him|her|called|named)[ ]|[:(][ ]?|^|\n)[\"'`“]?$",
    re.IGNORECASE,
)
_WROTE = re.compile(r"[\"'`”)]?[ ]?(?:(?:wrote|writes|schrieb|a écrit|escribió)[ ]?(?=:|\n|$)|写道|说道|回复|发表于)", re.IGNORECASE)
# `modified by file_mapper`: of code rather than of somebody.
_BY = re.compile(
    r"(?:opened|created|updated|modified|resolved|requested|closed|locked)[ -]by[ :=\"'`]{0,3}$|assigned to[ :=\"'`]{0,3}$", re.IGNORECASE
)
_SNAKE = re.compile(r"[a-z]{3,}(?:_[a-z]{3,})+")
_CALLED = re.compile(
    r"[\"'`”)]?,?[ ](?:as|is|was)[ ](?:my|the|his|her|their|your|a)[ ](?:[a-z]{2,10}[ ])?"
    r"(?:user[ -]?(?:name|id)|login|handle|nick(?:name)?|gamer[ -]?tag|screen[ ]?name)(?![A-Za-z])",
    re.IGNORECASE,
)
_BEFORE = 48


def _told(text: str, found: re.Match[str]) -> Hit | None:
    """`aka name`, `name on Discord`, `name wrote:`"""
    start, end = found.start(), found.end()
    if not _odd(found["name"]):
        return None
    low = max(0, start - _BEFORE)
    if _SNAKE.fullmatch(found["name"]) and _BY.search(text, low, start):
        return None
    after = _WROTE.match(text, end) or _CALLED.match(text, end)
    ours = after or _LEAD.search(text, low, start) or (_ON.match(text, end) and _WHO.search(text[low:start]))
    return Hit(start, end, HINTED) if ours else None


# IRC and what imitates it: `<name> text` at the beginning of a line, `name!user@host`.
_LINE = re.compile(
    r"(?:(?m:^)(?:[\[(]?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?[\])]?[ ]{1,2})?(?P<open><)[@+%& ]?|(?i:quote from):?[ ][\"“]?)"
    rf"{_NAME}(?(open)>[ ](?=\S))"
)
_MASK = re.compile(r"(?<![A-Za-z0-9_.@/!\-])(?P<name>[A-Za-z_][A-Za-z0-9_\-|^]{1,30})!~?[A-Za-z0-9_.\-]{1,20}@[A-Za-z0-9]")
# Command lines and the logs of machines.
_REMOTE = re.compile(
    r"(?<![A-Za-z])(?:ssh|scp|sftp|rsync|mosh|ssh-copy-id)[ ](?:[^\n@;"
    r"|]{0,80}[ ])?(?P<name>[A-Za-z_][A-Za-z0-9_.\-]{2,38})@(?=[A-Za-z0-9\[])"
)
_COMMAND = re.compile(
    r"(?<![A-Za-z])(?:psql|pg_dump|mysql|mysqldump|mariadb|mongosh?|redis-cli|ldapsearch|smbclient|docker login|kinit|sudo|ssh"
    r"|htpasswd|net use)"
    rf"[ ](?:[^\n;|]{{0,60}}[ ])?(?:-[UulD][ ]?|--user(?:name)?[= ]|/user:)[\"']?{_NAME}"
)
_MACHINE = re.compile(
    r"sudo(?:\[[0-9]{1,7}\])?:[ ]{1,4}(?P<sudo>[A-Za-z_][A-Za-z0-9_.\-]{1,38})[ ]:[ ]"
    r"|(?<![A-Za-z])uid=[0-9]{1,7}\((?P<uid>[A-Za-z_][A-Za-z0-9_.\-]{1,38})\)"
    r"|(?<![A-Za-z])(?:user|account|login)(?:[ ]by)?[ ]?[:=]?[ ]?(?P<from>[a-z_][a-z0-9_.\-]{2,38})[ ](?=from[ ][0-9a-f]{1,4}[.:][0-9a-f:])"
    r"|(?<![A-Za-z])(?:user|account|login|用户)(?:[ ](?:for|by"
    r"|as))?[ ]?[:=：]?[ ]?[A-Z][A-Z0-9\-]{1,14}\\{1,2}(?P<domain>[A-Za-z][A-Za-z0-9_.\-]{1,38}[A-Za-z0-9])",
    re.IGNORECASE,
)
_CELL = re.compile(
    r"(?:(?<=[,;|\t\n，])|^)[ ]{0,8}[\"@]?(?P<name>[A-Za-z_][A-Za-z0-9_.\-]{1,38}[A-Za-z0-9_])[\"']?[ ]{0,8}(?=[,;|\t\n\r，]|$)"
)
_ARGUMENT = re.compile(r"[ ]{0,8},[ \t]*(?:\n|$)")
_HEAD = re.compile(
    r"(?:(?:author|owner|reporter|reviewer|assigned|created|the|system|unix)[ _-])?(?:user[ _-]?name|user[ _-]?id|user"
    r"|login(?:[ _-]?name)?|handle|nick(?:[ _-]?name)?|screen[ _-]?name"
    r"|account[ _-]?name|gamertag)"
    r"|(?:登录|登入)?(?:用户名|账号|帐号|登录名)|昵称|网名",
    re.IGNORECASE,
)


def _if_odd(sure: int) -> Check:
    def check(_: str, found: re.Match[str]) -> Hit | None:
        return Hit(found.start("name"), found.end("name"), sure) if _odd(found["name"]) else None

    return check


def _line(text: str, found: re.Match[str]) -> Hit | None:
    """Not the tag of a page: that is closed somewhere."""
    name = found["name"]
    return Hit(found.start("name"), found.end("name"), LIKELY) if _odd(name) and f"</{name}>" not in text else None


def _somebody(_: str, found: re.Match[str]) -> Hit | None:
    group = found.lastgroup or "name"
    return None if found[group].lower() in _NOBODY else Hit(found.start(group), found.end(group), LIKELY)


def _cell(text: str, found: re.Match[str]) -> Hit | None:
    name = found["name"]
    odd = _odd(name) or ("_" not in name and re.fullmatch(r"[a-z]{1,20}[.\-][a-z]{2,20}", name) is not None)
    if not odd or _ARGUMENT.match(text, found.end()) or _HEAD.fullmatch(head_of(text, found.start("name"))) is None:
        return None
    return Hit(found.start("name"), found.end("name"), HINTED)


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str, what: str, pattern: re.Pattern[str], check: Check, words: str = "",
        *, gates: tuple[str, ...] = (), before: int = 0, after: int = 0,
    ) -> Recognizer:  # fmt: skip
        return Recognizer(
            name=name, type="USERNAME", category="contact", jurisdiction="", what=what, pattern=pattern, check=check, words=table(words),
            gates=gates, before=before, after=after, digits=0, contextual=True,
        )  # fmt: skip

    return (
        unit("alias", "who somebody is elsewhere, and who opened, wrote or was assigned something: `aka`, `on Discord`, `assigned "
                      "to`", _TOKEN,
             _told,
             "aka k know knows known ssh goes go going went login log logging sign signing user username handle nick nickname "
             "gamertag posts posted posting plays playing streams streaming registered signed logged under "
             "opened reported written raised submitted filed closed edited merged approved pushed locked created authored uploaded "
             "resolved "
             "requested modified committed commented updated assigned assignee reporter reviewer committer commit replying replied git "
             "wrote writes schrieb écrit escribió 写道 说道 回复 发表于 " + f"{_PLACES}|{_HOSTS}".replace("|", " ")),
        unit("alias_line", "`<name> text` in a log of a chat, `Quote from: name` in a forum", _LINE, _line,
             gates=("> ", "quote from"), before=64, after=56),
        unit("alias_mask", "`name!user@host` of IRC", _MASK, _if_odd(LIKELY), gates=("!",), before=32, after=40),
        unit("login_remote", "`name@host` after `ssh`, `scp` and the like", _REMOTE, _somebody, "ssh scp sftp rsync mosh"),
        unit("login_command", "who a command line says to log in as: `psql -U`, `--user`", _COMMAND, _if_odd(HINTED),
             "psql pg mysql mysqldump mariadb mongo mongosh redis ldapsearch smbclient docker kinit sudo ssh htpasswd net"),
        unit("login_machine", "`user name from 192.0.2.7`, `DOMAIN\\name`, what `sudo` writes", _MACHINE, _somebody,
             "user account login sudo uid 用户", before=1, after=120),
        unit("login_column", "a name in a column headed `user`, `login`, `用户名`", _CELL, _cell,
             "user username userid login handle nick nickname screen account gamertag 用户名 账号 帐号 登录名 昵称 网名"),
    )  # fmt: skip
