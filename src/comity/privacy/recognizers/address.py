# SPDX-License-Identifier: Apache-2.0
"""Postal addresses in Latin letters.  Each is found from its house number: a street beside it, then unit, town and postcode after it."""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import HINTED, LIKELY, Check, Hit, Recognizer

_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR"
    "|PA|PR|RI|SC|SD|TN|TX|UT"
    "|VT|VA|WA|WV|WI|WY|AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT|NSW|VIC|QLD|SA|TAS|ACT"
)
_UK = r"(?:GIR[ ]?0AA|[A-PR-UWYZ][A-HK-Y]?[0-9][A-Z0-9]?[ ]?[0-9][A-Z]{2})"  # behind a street also with letters that none has
_CA = r"[ABCEGHJ-NPRSTVXY][0-9][A-Z][ \-]?[0-9][A-Z][0-9]"
_POST = (
    "(?:[0-9]{5}(?:-[0-9]{3,4})?|[0-9]{3}[ ][0-9]{2,3}|[0-9]{2}-[0-9]{3}"
    "|[0-9]{4}(?:-[0-9]{3})?(?:[ ]?[A-Z]{2}(?=[ ]))?|[0-9]{6}|[0-9]{3}-[0-9]{4}"
    rf"|[AC-FHKNPRTV-Y][0-9][0-9W][ ]?[AC-FHKNPRTV-Y0-9]{{4}}|{_UK}|{_CA})(?![A-Za-z0-9])(?![.\-,/:]?[0-9])"
)
_CAP = r"[A-ZÀ-ÞŁŚŻŠČŽ](?:[\w'’]{0,3}\.(?=[ ])|[\w'’]*(?:-(?:ku|shi|cho|chome|machi|dori|dong|gu|si|ro|gil)(?![a-z]))?)"
_SMALL = (
    "(?:de|la|le|les|du|des|del|della|dei|degli|delle|di|da|do|dos|das|el|los|sur|sous|en|am|an|der|den|dem|im|in|bei"
    r"|ob|van|von|of|the|and|upon|on|by|na|nad|y|e|og|i)(?![\w])"
)
_TOKEN = rf"(?:{_POST}|{_CAP}|{_SMALL}|d'{_CAP}|l'{_CAP}|[0-9]{{1,2}}(?=[,\n]))"  # `LS6 3HV` before the word `LS6`
_NOT_PLACE = (
    "(?!(?:Tel|Tél|Phone|Telephone|Mobile|Cell|Fax|Email|E-mail|Mail|Order|Invoice|Ref|Attn|Attention|Steuer|SSN|DOB"
    "|Born|Please|Date|Account|IBAN|NIR|Mr|Mrs"
    "|Ms|Dr|Hi|Hello|Thanks|Regards|He|She|They|We|You|My|Our|Can|Could|What|How|Is|Are|Do|Does|The|This|That|Then|But"
    "|Call|Contact|Name|Passport|License|Licence"
    "|Handy|Telefon|Mob|Username|User|Password|DNI|BSN|NRIC|PAN|Aadhaar|VAT|Customer|Client|Subject|From|To|Cc|Age|Sex"
    "|Gender|Nationality)(?![a-zà-ÿ]))"
)
_UNIT = (
    "(?:(?:(?i:apt|apartment|suite|ste|unit|floor|fl|room|rm|bldg|building|flat|lot|trlr|level|tower|block|blk|box|shop"
    "|office|stair|door|étage|bât|bâtiment"
    "|appt|piso|planta|puerta|puerta|esc|interno|int|scala|wohnung|whg|hinterhaus|top|bus|lok"
    r"|m)\.?[ ]?(?:no\.?[ ]?)?#?(?:[0-9]+[A-Za-z]?(?:[\-/][0-9A-Za-z]+)?|[A-Za-z](?![a-z])[0-9]{0,4}))"
    r"|#[ ]?[0-9A-Za-z][\w\-]{0,6}|[0-9]{1,3}(?:st|nd|rd|th)[ ](?i:floor|fl)\.?|[0-9]{1,2}\.?[ ]?(?:OG|UG|EG|Stock|étage"
    "|º|ª|°)(?:[ ]?[A-Za-z0-9]{1,4}(?![a-z]))?)(?![A-Za-z])"
)
_SEP = r"(?:,[ ]{0,2}\n?[ ]{0,4}|[ ]?\r?\n[ ]{0,4}|[ ][\-–][ ]|\\n)"
_MORE_UNIT = re.compile(rf"(?:{_SEP}|[ ]){_UNIT}")
_SEGMENT = re.compile(rf"{_SEP}{_NOT_PLACE}(?P<said>{_TOKEN}(?:[ \-]{_TOKEN}){{0,5}})(?![A-Za-z])")
_TOWN = re.compile(
    f"[ ](?:{_CAP}[ ]){{1,3}}(?:{_STATES}),?[ ][0-9]{{5}}(?:-[0-9]{{4}})?(?![0-9A-Za-z])|[ ]{_UK}(?![A-Za-z0-9])"
    f"|[ ](?:{_CAP}[ ]){{1,2}}{_UK}(?![A-Za-z0-9])"
)
_HAS_POST = re.compile(rf"(?<![A-Za-z0-9]){_POST}|^(?:{_STATES})$")
_LETTERED = re.compile(r"[^\W\d_]{2}")
_COUNTRY = re.compile(
    rf"{_SEP}(?:USA|U\.S\.A\.|US|UK|U\.K\.|United States(?: of America)?|United Kingdom|England|Scotland|Wales|Ireland"
    "|Canada|Australia|New Zealand|Germany|Deutschland"
    "|France|Spain|España|Italy|Italia|Netherlands|Nederland|Belgium|Belgique|België|Switzerland|Schweiz|Suisse|Austria"
    "|Österreich|Portugal|Poland|Polska|Sweden|Sverige"
    r"|Norway|Norge|Denmark|Danmark|Finland|Suomi|India|Singapore|Japan|China|Hong Kong|Brazil|Brasil|Mexico|México)(?![A-Za-z])"
)
_CEDEX = re.compile(r"(?:[ ]CEDEX)?(?<=CEDEX)[ ][0-9]{1,2}(?![0-9])", re.IGNORECASE)
_END = re.compile(r"[ ]?(?:[.;)\]\"'<|\n]|$)")


def _tail(text: str, at: int) -> tuple[int, bool]:
    """Where the address ends that has its street up to ``at``, and whether anything of it followed."""
    end = at
    for _ in range(3):
        found = _MORE_UNIT.match(text, end)
        if found is None:
            break
        end = found.end()
    if found := _TOWN.match(text, end):
        end = found.end()
    place, maybe = end, 0
    for count in range(5):
        found = _SEGMENT.match(text, place)
        if found is None:
            break
        place = found.end()
        said = found["said"]
        post = _HAS_POST.search(said)
        if post is not None and (_LETTERED.search(said) or count):
            end = found.start("said") + post.end() if post.start() else place  # `OH 45402` ends it, `75020 Paris` does not
            if post.start():
                break
        elif not maybe and _END.match(text, place):
            maybe = place
    if end == at or end < maybe:
        end = max(end, maybe)
    for after in (_CEDEX, _COUNTRY):
        if found := after.match(text, end):
            end = found.end()
    return end, end > at


_FIRST = r"[0-9](?<![A-Za-z0-9_$€£¥@%+./:\-].)(?<![0-9][, ].)"  # a digit leads, for `re` finds it fast; then what stands before it
_HOUSE = (
    rf"(?P<house>{_FIRST}[0-9]{{0,5}}(?:[ ]?[A-Za-z](?![A-Za-z'’.]))?(?:[\-/–](?:[0-9]{{1,5}}[A-Za-z]?"
    "|[A-Za-z](?![A-Za-z]))){0,2}(?:[ ](?:bis|ter|quater|1/2|½))?)"
)
_SURE = (  # suffixes that are seldom anything else after capitalised words
    "street|st|avenue|ave|av|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|terrace|ter|highway|hwy|parkway|pkwy"
    "|circle|cir|trail|trl|crescent|cres|close"
    "|square|sq|alley|mews|expressway|expy|turnpike|tpke|causeway|esplanade|parade|broadway|marg|nagar|lorong"
)
_UNSURE = (  # … and those that need a town, a unit or a word before the number
    "way|place|pl|gardens|gdns|grove|row|walk|path|park|point|pt|run|pass|bend|hill|hills|view|loop|ridge|rise|green"
    "|quay|wharf|crossing|xing|plaza|plz|vale|heights|hts|landing|cove|creek|farm|common|yard|gate|end"
)


def _cases(words: str) -> str:
    """Capitalised and in capitals: the words of a street, without the cost of ignoring case."""
    return "|".join(form for word in words.split("|") for form in (word.capitalize(), word.upper()))


_ORDINAL = r"[0-9]{1,3}(?:st|nd|rd|th|ST|ND|RD|TH)"
_STREET_EN = (
    rf"(?:(?:{_CAP}|{_ORDINAL}|of|the|and|de|la|del)[ \-]){{1,5}}(?:(?P<sure>{_cases(_SURE)})"
    rf"|(?P<unsure>{_cases(_UNSURE)}))(?![A-Za-z'’])(?<!Dr(?=\.?[ ][A-Z][a-z]))\.?(?:[ ](?:N|S|E|W|NE|NW|SE|SW|North"
    "|South|East|West)(?![A-Za-z]))?"
    r"(?:[ ](?:No\.?[ ]?)?[0-9]{1,3}(?![0-9A-Za-z\-/:.]))?"
)
_KIND = (
    "rue|avenue|av|boulevard|bd|blvd|place|pl|impasse|allée|allées|chemin|quai|cours|route|square|passage|sentier"
    "|ruelle|villa|cité|résidence|lotissement|faubourg|esplanade"
    "|promenade|rond-point|hameau|lieu-dit|calle|avenida|plaza|paseo|via|viale|piazza|corso|rua|travessa|praça|chaussée|montée"
)
_STREET_FR = (
    rf"(?:{_KIND}|{_cases(_KIND)})\.?(?:[ ](?:d'|l'|de[ ]l')?(?:{_CAP}|{_SMALL}"
    rf"|[0-9]{{1,2}}(?:er)?(?=[ ][A-Za-zÀ-ÿ]))(?:[\-]{_CAP}|-{_SMALL}(?=-))*){{1,6}}"
)
_NUMBERED = re.compile(rf"{_HOUSE},?[ ](?=[A-Z0-9À-Þ]){_STREET_EN}")
_NUMBERED_FR = re.compile(rf"{_HOUSE},?[ ](?=[A-Za-zÀ-ÿ]){_STREET_FR}")
_NUMBERED_BARE = re.compile(rf"{_HOUSE},?[ ](?=[A-ZÀ-Þ]|{_ORDINAL})")
_BARE = re.compile(
    rf"(?:{_CAP}|{_ORDINAL}|[a-z]{{1,3}}(?=[ ][A-Z]))(?:[ \-](?:{_TOKEN}|[0-9]{{1,3}}|V"
    rf"|I{{1,3}}))*?(?:,[ ]{{0,2}}(?:{_UNIT}|{_TOKEN}(?:[ \-]{_TOKEN}"
    r"|[ ](?:No\.?[ ]?)?[0-9]{1,3}(?=,)){0,4})){0,4}?"
    f",?[ ](?:(?:{_STATES}),?[ ](?:[0-9]{{5}}(?:-[0-9]{{4}})?|{_CA}|[0-9]{{4}})"
    rf"|{_CAP}[ ]?[\-–]?[ ]?(?:[0-9]{{3}}[ ]?[0-9]{{3}}|[0-9]{{3}}-[0-9]{{4}})|{_UK})(?![A-Za-z0-9])"
)
_FRONT = re.compile(
    r"(?:(?:(?i:flat|plot|house|h\.?[ ]?no|door|unit|apt|apartment|suite|ste|room|rm|shop|block|blk|tower|level|floor"
    r"|lot|villa|survey|office|no)\.?"
    r"(?:[ ]?(?i:no)\.?)?[ ]?#?(?:[0-9A-Z\-/]{1,6}(?:,?[ ]))?){1,3}"
    r"(?:(?:[A-Z][\w']*[ ]?){1,3},[ ]|(?:[A-Z][\w']*[ ]){1,3}(?:House|Court|Apartments|Towers?|Heights|Residency"
    "|Mansions?|Building|Lodge)[ ])?)$"
)
_HINT_BEFORE = re.compile(
    r"(?:\bat|\bto|\bon|\bfrom|\bof|address|addr\.?|lives?|living|lived|located|resid\w*|home|moved|ship\w*|deliver\w*"
    r"|send|mail\w*|visit\w*|street|location|rents?|property|adresse)(?:[ ](?:is|was|in|at|now"
    r"|to))?[ ]?[:：\"'(\[=-]{0,3}[ ]?[\"']?$",
    re.IGNORECASE,
)
_YEARLY = re.compile(r"(?:19|20)[0-9]{2}")
_COUNTED = re.compile(
    r"\b(?:in|since|during|by|until|the|top|of|about|over|around|after|before|nearly|almost|these|those|all|late|early"
    "|mid|for|only|had|have|has|with|and|or|chapter|section|figure|table|lesson|EUR|USD|GBP|CNY|RMB|JPY|CHF)[ ]$",
    re.IGNORECASE,
)
_MONTH = re.compile(
    "(?i:(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?,?[ ]['0-9]"
    r"|(?:minutes?|mins?|hours?|days?|miles?|years?|weeks?|months?)(?![A-Za-z]))"
)


def _numbered(text: str, found: re.Match[str]) -> Hit | None:
    start = found.start()
    before = text[max(0, start - 40) : start]
    if _MONTH.match(text, found.end("house") + 1):
        return None
    tail, more = _tail(text, found.end())
    front = _front(text, start)
    hinted = front < start or _HINT_BEFORE.search(before) is not None
    counted = _YEARLY.fullmatch(found["house"]) or _COUNTED.search(before)
    if not more and ((counted and not (hinted and found["sure"])) or (found["unsure"] is not None and not hinted)):
        return None
    return Hit(front, tail, LIKELY if more else HINTED)


def _numbered_fr(text: str, found: re.Match[str]) -> Hit | None:
    return Hit(_front(text, found.start()), _tail(text, found.end())[0], LIKELY)


_POSTAL = re.compile("[0-9]{3}|[0-9][A-Z]{2}|[A-Z][0-9][A-Z]")  # a cheap look for a postcode ahead


def _numbered_bare(text: str, found: re.Match[str]) -> Hit | None:
    """No word for a street: then the region and its postcode must follow."""
    if not _POSTAL.search(text, found.end(), found.end() + 160):
        return None
    rest = _BARE.match(text, found.end(), found.end() + 160)
    if rest is None or _MONTH.match(text, found.end()):
        return None
    country = _COUNTRY.match(text, rest.end())
    return Hit(_front(text, found.start()), country.end() if country is not None else rest.end(), LIKELY)


def _front(text: str, start: int) -> int:
    """`Flat 3, ` ahead of the house number."""
    found = _FRONT.search(text, max(0, start - 60), start)
    if found is None or (found.start() and text[found.start() - 1].isalnum()):
        return start
    return found.start()


# Chat: `at 123 main street`.
_LOWER = re.compile(
    rf"{_FIRST}[0-9]{{0,4}}[a-z]?(?:[ ](?:n|s|e|w|north|south|east|west)\.?)?(?:[ ](?:[a-z]{{2,16}}"
    f"|{_ORDINAL})){{1,3}}?[ ](?:street|st|avenue|ave|blvd|boulevard|road|rd|lane|ln|drive|dr|court|ct|terrace|parkway"
    r"|pkwy)(?![A-Za-z'’])\.?"
    rf"(?:,?[ ](?i:{_UNIT}))?(?:,?[ ][a-z]{{3,14}}(?:[ ][a-z]{{3,14}})?,?[ ](?i:{_STATES})[ ][0-9]{{5}}(?![0-9]))?"
)
_PLAIN_WORDS = re.compile(
    r"\b(?:minutes?|mins?|hours?|days?|miles?|km|blocks?|meters?|years?|lanes?|way|the|a|an|of|off|down|from|other|new"
    r"|more|people|cars|main[ ]roads)\b"
)


def _lower(text: str, found: re.Match[str]) -> Hit | None:
    if _PLAIN_WORDS.search(found[0]) or not _HINT_BEFORE.search(text, max(0, found.start() - 40), found.start()):
        return None
    return Hit(found.start(), found.end(), HINTED)


# The number after the street, as on the Continent.
_AFTER = re.compile(
    r"(?P<house>[0-9](?<=[ ].)(?:(?<=[^\W\d_][ ].)"
    r"|(?<=[.,][ ].))[0-9]{0,3}(?:[ ]?[a-zA-Z](?![A-Za-z]))?(?:[ ]?[\-/–][ ]?(?:[0-9]{1,4}[a-zA-Z]?"
    r"|[a-zA-Z](?![A-Za-z])))?)(?=[,.](?![0-9])|[\n;)\"']|[ ][\-–][ ]|[ ]in[ ]|[ ][0-9]{4,5}[ ]|$|[ ][a-z])"
)
_ENDING = (
    "straße|strasse|str\\.|weg|platz|allee|gasse|damm|ufer|steig|chaussee|gracht|straat|laan|plein|singel|dijk|gatan"
    "|vägen|gränd|vej|gata|veien|katu|utca"
)
_ENDINGS = tuple(_ENDING.replace("\\", "").split("|"))
_PREFIX = (
    r"Calle|C/|C\.|Cl\.|Avenida|Avda\.?|Av\.|Paseo|P\.º|Plaza|Pza\.?|Carrer|Camino|Ronda|Via|Viale|V\.le|Piazza|P\.za"
    r"|Corso|Largo|Vicolo|Strada|Rua|R\.|Travessa|Praça|Alameda|ul\.|ulica|al\.|aleja|os\."
    r"|plac|pl\.|Rue|Avenue|Chaussée|Boulevard|Jalan|Jl\.|Jln\.?|Straße|Platz|Strada|Str\.|Bulevardul|Bd\."
)
_NAME = rf"(?:{_CAP}|{_SMALL}|[0-9]{{1,2}}\.?(?=[ ][A-Za-z]))(?:[\-]{_CAP})*"
_EARLIER = (
    "Alte|Alter|Altes|Neue|Neuer|Obere|Oberer|Untere|Unterer|Große|Großer|Kleine|Kleiner|Lange|Hohe|Breite|Erste|Zweite"
    "|Innere|Äußere|Am|An der|An den|Im|In der"
    "|Auf der|Auf dem|Zum|Zur|Vor dem|Hinter der|Nieuwe|Oude|Korte|Grote|Tweede|Eerste|Stora|Gamla|Lilla|Norra|Södra"
    "|Östra|Västra|Ny|Gammel|Store|Lille"
)
_MARKED = re.compile(
    rf"(?:(?:(?:(?:{_EARLIER})[ ]|(?:{_CAP}-){{1,3}})?(?:[A-ZÄÖÜÅÆØ][\w'’\-]*(?:{_ENDING})|(?:{_CAP}[ "
    r"\-]){1,3}(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Markt)))"
    rf"|(?<![A-Za-z])(?:{_PREFIX})[ ]?{_NAME}(?:[ ]{_NAME}){{0,4}}),?[ ]$"
)
_UNMARKED = re.compile(rf"(?:{_CAP}(?:-{_CAP})*(?:[ ]{_SMALL})?[ ]){{1,4}}$|{_CAP},[ ]$")
_POST_TOWN = re.compile(
    r"(?:,[ ]{0,2}\n?|[ ]?\n|[ ][\-–][ ]|[ ](?=[0-9]{4,5}[ ][A-Z]))[ ]{0,4}(?:[A-Z]{1,3}[\-–][ ]?)?(?:[0-9]{4,5"
    "}|[0-9]{3}[ ][0-9]{2}|[0-9]{2}-[0-9]{3}|[0-9]{4}[ ]?[A-Z]{2}|[0-9]{4,5}-[0-9]{3})[ ]"
    rf"{_CAP}(?:[ \-](?:{_CAP}|{_SMALL}(?=[ \-][A-Z]))){{0,4}}(?:[ ][0-9]{{1,2}}(?![0-9]))?(?:[ ]?\([A-Z]{{2}}\)"
    "|[ ]CEDEX(?:[ ][0-9]{1,2})?)?"
)
_LEADING = re.compile(rf"^(?:(?:{_SMALL}|Herr|Frau|Mr|Mrs|Ms|In|At|Address|Adresse|Anschrift|Wohnhaft|Wohnort|To|From)[ ])+")


def _after(text: str, found: re.Match[str]) -> Hit | None:
    start = found.start()
    low = max(0, start - 70)
    word = text.rfind(" ", low, start - 2) + 1
    if not (text[word].isupper() or text[word:start].rstrip(" ,").lower().endswith(_ENDINGS)):
        return None
    low = max(low, text.rfind("\n", low, start) + 1)
    left = text[low:start]
    marked = _MARKED.search(left)
    town = _POST_TOWN.match(text, found.end())
    if marked is None:
        street = _UNMARKED.search(left) if town is not None else None
        if street is None:
            return None
    else:
        street = marked
    begin = low + street.start()
    if lead := _LEADING.match(text[begin:start]):
        begin += lead.end()
    if town is not None:
        end = town.end()
        if country := _COUNTRY.match(text, end):
            end = country.end()
        return Hit(begin, end, LIKELY)
    end, more = _tail(text, found.end())
    return Hit(begin, end, LIKELY if more else HINTED)


_BOX = re.compile(
    r"(?<![A-Za-z])(?:P\.?[ ]?O\.?[ ]?Box|PO[ ]Box|Post Office Box|GPO Box|Postfach|Postbus|Boîte postale|B\.?P\."
    "|Apartado(?: de correos)?|Casella postale|Caixa postal)[ ]#?[0-9]{1,6}(?:[ ][0-9]{2,3}(?![0-9])){0,2}",
    re.IGNORECASE,
)


def _box(text: str, found: re.Match[str]) -> Hit | None:
    town = _POST_TOWN.match(text, found.end())
    return Hit(found.start(), town.end() if town is not None else _tail(text, found.end())[0], LIKELY)


# A British postcode names some fifteen homes.  What stands before it, comma by comma, is the rest of the address.
_POSTCODE = re.compile(r"[0-9][A-Z0-9]?[ ]?[0-9][ABD-HJLNP-UW-Z]{2}(?![A-Za-z0-9_])(?![\-/.][A-Za-z0-9])")
_POSTCODE_HEAD = re.compile(r"(?<![A-Za-z0-9_\-/.])[A-PR-UWYZ][A-HK-Y]?$")
_LEFT = re.compile(
    rf"(?:(?:{_UNIT}|[0-9]{{1,4}}[A-Za-z]?[ ])?{_CAP}(?:[ \-](?:{_CAP}|{_SMALL})){{0,4}},[ ]\n?){{0,4}}(?:{_CAP}(?:[ "
    rf"\-]{_CAP}){{0,3}},?[ ]\n?)$"
)
_POSTCODE_WORD = re.compile(r"(?i:post[ ]?code|postal|zip)\W{0,4}(?:is[ ])?$")
_HOMELY = re.compile(
    r"(?i:cottage|house|lane|road|street|farm|close|avenue|manor|lodge|hall|barn|mill|court|drive|terrace|way|hill|row|flat)"
)


def _postcode(text: str, found: re.Match[str]) -> Hit | None:
    head = _POSTCODE_HEAD.search(text, max(0, found.start() - 4), found.start())
    if head is None:
        return None
    start = head.start()
    before = text[max(0, start - 90) : start]
    left = _LEFT.search(before)
    if left is not None and (_HOMELY.search(left[0]) or any(map(str.isdigit, left[0]))):
        return Hit(start - len(before) + left.start(), found.end(), LIKELY)
    if " " in found[0] and (left is not None or _POSTCODE_WORD.search(before)):
        return Hit(start, found.end(), HINTED)
    return None


# `Address: …` to the end of its field, for the countries whose forms are not known here.
_FIELD = re.compile(
    "(?<![A-Za-z])(?<!ip )(?<!ip_)(?<!mac )(?<!mail )(?<!mail_)(?<!web )(?:(?:home|street|postal|mailing|shipping"
    "|billing|delivery|residential|current|permanent|work)[ _]?)?"
    "(?:address(?:[ _]?line[ _]?[12]|1|2)?|adresse|anschrift|wohnanschrift|dirección|direccion|indirizzo|endereço"
    "|domicilio|adres|osoite|residence)"
    r"[\"']?[ \t]{0,2}[:=][ \t]{0,2}(?:\"(?P<quoted>[^\"\n]{8,160})\"|(?P<plain>[^\n\"{}<>|;\t]{8,160}))",
    re.IGNORECASE,
)
_NUMERAL = re.compile(r"(?<![A-Za-z])[0-9]")
_NO_FIELD = re.compile(r"@|://|[(){}]|[0-9a-f]{2}:[0-9a-f]{2}:|^[0-9.:]+$|^0x|\$\{|%s|\(\)|^[a-z_.]+$", re.IGNORECASE)
_FIELD_END = re.compile(
    r"\.(?:\s+[A-Z]|\s*$)|(?:,|\.)?\s+(?:(?i:phone|tel|telephone|mobile|cell|e-?mail|dob|date of birth|ssn|fax|contact"
    r"|passport|order|id|name|attn|attention|mobil|handy|telefon|tél)[ .:#]|\+[0-9])"
)


def _field(_: str, found: re.Match[str]) -> Hit | None:
    group = "quoted" if found["quoted"] is not None else "plain"
    value = found[group]
    if group == "plain" and (stop := _FIELD_END.search(value)):
        value = value[: stop.start()]
    value = value.rstrip(" ,.;)")
    if _NO_FIELD.search(value) or " " not in value or not _NUMERAL.search(value) or not any(map(str.isupper, value)) or len(value) < 8:
        return None
    return Hit(found.start(group), found.start(group) + len(value), HINTED)


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str,
        where: str,
        what: str,
        pattern: re.Pattern[str],
        check: Check,
        words: str = "",
        gates: tuple[str, ...] = (),
        before: int = 0,
        after: int = 0,
    ) -> Recognizer:
        return Recognizer(
            name=name, type="ADDRESS", category="contact", jurisdiction=where, what=what, pattern=pattern, check=check, digits=0,
            words=tuple(words.split()), gates=gates, before=before, after=after, contextual=True,
            numbered=bool(words) and name != "address_field",
        )  # fmt: skip

    return (
        unit(
            "address_numbered",
            "",
            "house number, street, unit, town and postcode: US, GB, IE, CA, AU, NZ, ZA …",
            _NUMBERED,
            _numbered,
            f"{_SURE} {_UNSURE}".replace("|", " "),
            before=140,
            after=40,
        ),
        unit(
            "address_numbered_fr",
            "",
            "house number, kind of street, its name, postcode and town: FR, BE, CH, LU, CA …",
            _NUMBERED_FR,
            _numbered_fr,
            _KIND.replace("|", " ").replace("-", " "),
            before=24,
            after=160,
        ),
        unit(
            "address_region",
            "",
            "house number and names before a region with its postcode: US, CA, AU, GB, IN, SG",
            _NUMBERED_BARE,
            _numbered_bare,
        ),
        unit(
            "address_lower",
            "",
            "the same in small letters, after `at`, `to`, `address` and the like",
            _LOWER,
            _lower,
            "street st avenue ave blvd boulevard road rd lane ln drive dr court ct terrace parkway pkwy",
            before=90,
            after=90,
        ),
        unit(
            "address_street_first",
            "",
            "street, house number, postcode and town: DE, AT, CH, NL, ES, IT, PT, PL, SE, NO, DK …",
            _AFTER,
            _after,
        ),
        unit("address_box", "", "post office boxes", _BOX, _box, "box postfach postbus postale apartado postal b bp", before=20, after=48),
        unit("address_gb_postcode", "GB", "postcode, and the house and street before it", _POSTCODE, _postcode),
        unit(
            "address_field",
            "",
            "what stands in a field named `address`, if a number is in it",
            _FIELD,
            _field,
            "address address1 address2 adresse anschrift wohnanschrift dirección direccion indirizzo endereço domicilio adres "
            "osoite residence",
            before=16,
            after=200,
        ),
    )
