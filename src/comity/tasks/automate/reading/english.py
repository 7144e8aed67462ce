# SPDX-License-Identifier: Apache-2.0
"""How triggers and conditions are said in English.  Each pattern's groups: `lead` (when, if), `place`, `device` …"""

from __future__ import annotations

SUB = (
    r"(?P<lead>\b(?:but\s+)?(?:and\s+)?(?:only\s+)?(?:when(?:ever)?|if|once|as soon as|every time(?: that)?|each time(?: that)?|any ?time|"
    r"the (?:moment|minute|second|instant)(?: that)?|after|in case|should|provided(?: that)?|as long as|so long as|while|where|upon|on))\s+"
)
AND = r"(?P<lead>\b(?:but\s+)?(?:only\s+)?(?:and(?: only)?(?: if| when| while)?|if|while|when(?:ever)?|provided(?: that)?|as long as|so long as|only if|only when|unless))\s+"  # noqa: E501
END = r"(?=$|[\s,.;:?!\x00])"
LENGTH = r"(?P<length>(?:(?:about|a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|forty-five|sixty|ninety|half|quarter|couple|of|and|\d+(?:\.\d+)?)[\s-]+)*(?:an?\s+)?(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|quarters? of an hour|min|h))"  # noqa: E501
DARK = (
    r"(?:"
    + SUB[:-3]
    + r"\s+)?(?:it\s*(?:'s|’s|is|gets|has got|goes)?\s*(?:already\s+|still\s+)?(?:dark|night ?time)(?:\s+out(?:side|doors)?)?)"
    + END
    + r"|\b(?:after|in the)\s+dark\b|\bonly in the dark\b|\b(?:at|by|during the) night(?:-?time)?\b"
)
SUNSET = r"(?:sun ?set|sun ?down|dusk|nightfall|the sun (?:goes down|sets|has set|is down|has gone down))"
SUNRISE = r"(?:sun ?rise|sun ?up|dawn|daybreak|the sun (?:comes up|rises|is up|has risen))"
SUN = (
    r"(?:(?:every day|each day|daily|every (?:evening|morning))\s+)?(?:" + LENGTH + r"\s+(?P<side>before|after|past|ahead of|prior to)\s+|"
    r"(?:at|upon|on|when|once|as soon as|whenever|just at|after)\s+)(?:(?:the )?(?:(?P<set>"
    + SUNSET
    + r")|(?P<rise>"
    + SUNRISE
    + r")))"
    + END
)
BATTERY = (
    r"(?:"
    + SUB
    + r")(?:the |my )?(?:phone(?:'s)?|tablet(?:'s)?|laptop(?:'s)?|device(?:'s)?)?\s*(?:battery|charge|power|phone)(?:\s+(?:level|charge))?\s*"  # noqa: E501
    r"(?:is|has|gets|goes|drops|falls|sinks|runs|dips|rises|climbs|charged|reaches|hits|passes)?\s*(?:down|up)?\s*(?:to|at)?\s*"
    r"(?:(?P<below>below|under|less than|lower than|beneath)|(?P<above>above|over|more than|higher than|past|exceeds|beyond))\s+"
    r"(?P<number>[\w\s-]+?\s*(?:%|per ?cent))" + END
)
DAY = r"(?P<day>today|tomorrow|the next day|the following day|next day|that day|the day)"
WEATHER = (
    r"(?:"
    + SUB
    + r")(?:the (?:forecast|weather forecast|weather) (?:says|shows|has|calls for|is for|predicts)\s+|there(?:'s| is| will be)\s+|it(?:'s| is)?\s*(?:going to|will|'ll)?\s*)?"  # noqa: E501
    r"(?:"
    + DAY
    + r"(?:'s)?\s+)?(?:the )?(?:(?P<rain>rain(?:s|y|ing)?(?: showers)?)|(?P<snow>snow(?:s|y|ing)?))(?:['’]s|\s+(?:is|are))?(?:\s+(?:forecast|expected|predicted|due|likely|coming|on the way))?"  # noqa: E501
    r"(?:\s+(?:for|on)?\s*(?P<day2>today|tomorrow|the next day|the following day|next day|that day|the day))?" + END
)
MEASURED = (
    r"(?:" + SUB + r"|^)(?:the (?:forecast|weather) (?:says|has|shows|predicts)\s+)?(?:" + DAY + r"'s\s+)?(?:the )?(?:forecast\s+)?"
    r"(?:(?P<low>lowest(?: temperature)?|low|minimum(?: temperature)?|overnight low)|(?P<high>highest(?: temperature)?|high|maximum(?: temperature)?|temperature)|(?P<wind>winds?(?: speed)?))"  # noqa: E501
    r"(?:\s+(?P<day3>today|tomorrow))?(?:\s+is)?(?:\s+(?:forecast|expected|due|going|set|predicted))?(?:\s+to)?\s*(?:is|be|goes|go|drops?|falls?|gets|rises?|will be|will go|stays?)?\s*"  # noqa: E501
    r"(?:(?P<below>below|under|less than|lower than)|(?P<above>above|over|more than|higher than|exceeds?|stronger than))\s+"
    r"(?P<number>(?:minus\s+|-)?[\w.]+(?:[\s-]+(?:degrees?(?: celsius)?|°\s?c?|km/?h|km per hour|kilomet(?:re|er)s (?:an|per) hour|kph|celsius|\w+ degrees))?)"  # noqa: E501
    r"(?:\s+(?P<day2>today|tomorrow|the next day|the following day))?" + END
)
ABOUT = (
    r"(?:\s+(?:mentioning|mentions|contains|about|containing|that (?:mentions|contains|says)|with the words?|saying|which mentions|and mentions|including)\s+(?P<text>[\"“][^\"”]*[\"”]|[\w' -]+?)"  # noqa: E501
    + END
    + r"(?=\s*(?:,|$|:|\x00|\.)))?"
)


def message(people: str) -> str:
    who = r"(?:my |the )?(?:" + people + r")(?:'s)?"
    kinds = r"(?:a |an |any |new |another )*(?:text message|message|text|sms|mail|email|e-mail|word)s?"
    edge = r"(?=\s*(?:$|[,.:;?!\x00]))"
    free = r"[\w'’-]+(?: [\w'’-]+){0,3}?"
    return (
        r"(?:"
        + SUB
        + r")(?:(?:(?:I|you)\s+(?:get|receive|have|got|see|hear)\s+|there(?:'s| is)\s+)?(?:"
        + kinds
        + r"\s+)?(?:(?:comes?(?: in)?|arrives?)\s+)?from\s+"
        r"(?:(?P<who>" + who + r")|(?P<who2>" + free + edge + r"))(?:\s+(?:arrives?|comes? in|turns up))?"
        r"|(?:(?P<who3>"
        + who
        + r")|(?P<who4>"
        + free
        + r"))\s+(?:messages|texts|writes to|writes|emails|mails|pings|contacts|sends?(?: (?:me|you))? (?:a |an )?(?:new )?(?:message|text|something|mail|email)|message|text|gets in touch)"  # noqa: E501
        r"(?:\s+(?:me|you|to me|with me))?)" + ABOUT + END
    )


CALENDAR = (
    r"(?:(?:"
    + LENGTH
    + r"\s+(?P<side>before|ahead of|prior to|after)\s+)|"
    + SUB
    + r")(?P<what>(?:(?:the|my|a|an|any|every|each|our)\s+)?[^,.;:\x00]{1,60}?)"
    r"(?:\s+(?:(?P<starts>starts?|begins?|is (?:about to|due to) (?:start|begin)|takes off|departs|leaves|kicks off)|(?P<ends>ends?|finish(?:es)?|is (?:over|done|finished)|wraps up))"  # noqa: E501
     + END + r"|" + END + r"(?=\s*(?:[,:.;\x00]|$)))"
)
REMINDER = (
    r"(?:"
    + SUB
    + r")(?:(?:I|you)(?:'ve| have)?\s+)?(?:(?:tick|check|cross|mark)(?:ed)?(?:\s+off)?|complete[d]?|finish(?:ed)?|am done with|done with|do|done)\s+"  # noqa: E501
    r"(?:off\s+)?(?P<what>[^,.;:\x00]{2,60}?)(?:\s+(?:off|as done|as complete|is done))?(?=\s*(?:[,:;\x00]|\.|$))"
    r"|(?:"
    + SUB.replace("?P<lead>", "?P<lead2>")
    + r")(?:the )?(?:reminder\s+)(?P<what2>[^,.;:\x00]{2,60}?)\s+(?:is (?:ticked off|done|completed?|checked off|marked (?:as )?done))"
    + END
)


def device(device_: str, states: str) -> str:
    return (
        r"(?:" + SUB + r"|(?P<still>(?=\b)))(?:the |my |our )?(?P<device>" + device_ + r")(?:'s)?\s+(?:" + states + r")"
        r"(?:\s+for(?:\s+(?:more than|over|at least|longer than))?\s+" + LENGTH + r")?" + END
    )


def motion(room: str) -> str:
    return (
        r"(?:"
        + SUB
        + r")(?:(?:something|somebody|someone|anybody|anyone|anything)(?:'s)?\s+(?:moves?|is moving|walks?|moving|is|passes)\s+(?:in|through|into|around)\s+(?:the )?(?P<room>"  # noqa: E501
        + room
        + r")"
        r"|(?:there(?:'s| is)\s+)?(?:any )?(?:motion|movement)(?:\s+is)?(?:\s+(?:detected|seen))?\s+in\s+(?:the )?(?P<room2>"
        + room
        + r")(?:\s+(?:is |gets )?(?:detected|seen))?)"
        + END
    )


def light(room: str, states: str) -> str:
    return (
        r"(?:" + SUB + r")(?:the |my )?(?:(?P<room>" + room + r")\s+(?:lights?|lamps?)|(?:lights?|lamps?) in (?:the )?(?P<room2>" + room + r"))\s+(?:" + states + r")"  # noqa: E501
        r"(?:\s+for(?:\s+(?:more than|over|at least|longer than))?\s+" + LENGTH + r")?" + END
    )  # fmt: skip


def arrive(place: str) -> str:
    go = r"(?:get|gets|got|arrive|arrives|arrived|come|came|reach|reached|walk|enter|entered|return|returned|make it)"
    return (
        r"(?:" + SUB + r")(?:(?:I|you)(?:'ve| have)?\s+)(?:just\s+)?(?:" + go + r"\s+(?:(?:back|in|into|to|at|inside|up|through)\s+)*(?:the |my |our )?(?P<place>" + place + r")"  # noqa: E501
        r"|(?:(?:get|come|walk|arrive|am|'m|step)\s+(?:back|in|inside|through the (?:front )?door|in the (?:front )?door))(?!\s+(?:to|into|at|touch|from)\b)|" + go + r"\s+(?:(?:back|in|into|to|at|inside)\s+)*(?P<unknown>(?:the|my|our)\s+[\w']+(?:\s(?!turn|set|play|remind|switch|tell)[\w']+)?))" + END  # noqa: E501
        + r"|\b(?:on|upon|when)\s+(?:arriv(?:al|ing)|getting|coming|reaching)\s+(?:back\s+)?(?:at |to |in )?(?:the |my |our )?(?P<place2>" + place + r")" + END  # noqa: E501
    )  # fmt: skip


def leave(place: str) -> str:
    return (
        r"(?:" + SUB + r")(?:(?:I|you)(?:'ve| have)?\s+)(?:just\s+)?(?:(?:leave|leaves|left|exit|depart|set off|go out of|head out of|walk out of|am out of|head off|drive away)\s*(?:from\s+)?(?:the |my |our )?(?P<place>" + place + r")"  # noqa: E501
        r"|(?:leave|left|exit)\s+(?P<unknown>(?:the|my|our)\s+[\w']+)|leave|(?:go|head|am|'m|step|walk|pop)\s+out(?: (?:of )?the (?:front )?door| of the house)?)" + END  # noqa: E501
        + r"|\b(?:on|upon|when)\s+leaving\s+(?:the |my |our )?(?P<place2>" + place + r")" + END
    )  # fmt: skip


def at_place(place: str) -> str:
    return (
        r"(?:" + AND + r"|(?P<bare>(?=\b)))(?:I(?:'m| am)|you(?:'re| are)|I’m|nobody is|no one is)\s+(?:still\s+)?(?P<not>not\s+|away from\s+|out of\s+)?(?:at|in|inside)?\s*(?:the |my |our )?(?P<place>"  # noqa: E501
        + place + r")" + END + r"|(?:" + AND.replace("?P<lead>", "?P<lead2>") + r")(?:I(?:'m| am)|you(?:'re| are))\s+(?P<out>out|away|elsewhere)" + END  # noqa: E501
    )  # fmt: skip


WEEKDAY_NAMES = {
    1: r"mon(?:days?)?\.?", 2: r"tues?(?:days?)?\.?", 3: r"wed(?:nesdays?|s)?\.?", 4: r"thu(?:rs?(?:days?)?)?\.?", 5: r"fri(?:days?)?\.?",
    6: r"sat(?:urdays?)?\.?", 7: r"sun(?:days?)?\.?",
}  # fmt: skip
_NAME = "(?:" + "|".join(f"{each}" for each in WEEKDAY_NAMES.values()) + r")(?![a-z])"
LIST = r"(?:" + _NAME + r"(?:\s*(?:,\s*and|,|and|&|or|to|through|till|until|[-–])\s*(?:on\s+)?(?=" + _NAME + r"))?\s*)+"
WEEKDAYS = (
    r"(?:but\s+)?(?:only\s+)?(?:(?:every|each)\s+(?:single\s+)?(?:day|night|evening|morning|afternoon)|daily|nightly)\s+(?:apart from|except(?: for| on)?|but not(?: on)?|other than|excluding|save for)\s+(?P<but>" + LIST + r"|weekends?|weekdays)"  # noqa: E501
    r"|(?:but\s+)?(?:(?:and\s+)?(?:only\s+|if it's |if it is |if today is )?(?:on\s+)?(?:a\s+)?(?:(?:every|each)\s+)?(?P<work>week ?days?|work(?:ing)? ?days?)|(?:only\s+)?(?:on|at|over)?\s*(?:the\s+)?(?:(?:every|each)\s+)?(?P<end>weekends?))(?![a-z])(?:\s+only)?"  # noqa: E501
    r"|(?:but\s+)?(?:only\s+)?(?:if it's |if it is )?(?:on\s+)?(?P<every>every|each)\s+(?!other)(?P<days>" + LIST + r")"
    r"|(?:but\s+)?(?:only\s+)?(?:if it's |if it is )?(?:on\s+)?(?P<plural>" + LIST.replace("days?", "days") + r")"
)  # fmt: skip
DAILY = r"\b(?:(?:every|each)\s+(?:single\s+)?(?:day|night|evening|morning|afternoon)|daily|nightly)\b"
OTHER = r"\b(?:every|each)\s+(?:other|second|third|fourth|two weeks|fortnight)\b|\b(?:biweekly|fortnightly|alternate)\b"
LAST_DAY = r"\bon\s+the\s+last\s+day\s+of\s+(?:each|every|the)\s+month\b"
YEARLY = r"(?:\bevery year\s+on|\b(?:each|every)\s+year,?(?:\s+on)?)\s+(?P<when>(?:the\s+)?[\w ]+?)(?=\s+at\b|[,:])"
WORDS_LEFT = r"^(?:and|then|so|please|but|only|also|just|do|,|\s|at|on|the|in|if|when|to|for|from|by|is|it|it's|it’s)*$"
NOTIFY = r"\b(?:please\s+)?(?:remind|tell|warn|alert|notify|inform|nag|prod|buzz|prompt)\s+me\b|\blet me know\b|\bping me\b|\bgive me a (?:nudge|shout|heads[- ]up|reminder)\b|\bshow (?:me )?a (?:notice|notification|reminder)\b|\bsend me a (?:notice|notification|reminder)\b|\bnudge me\b|\bpop up a (?:notice|notification|reminder)\b"  # noqa: E501
