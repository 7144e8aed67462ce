# SPDX-License-Identifier: Apache-2.0
"""Contacts in `contacts.vcf` (vCard 3.0), drafts of mail and messages in `drafts/` (Maildir), notes in `notes/` (text)."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

from comity.errors import CallerError
from comity.tasks.assist.keeping.folder import Change, Folder
from comity.tasks.assist.plan import Thing

FILE = "contacts.vcf"
FIELDS = {"phone": "tel", "email": "email", "address": "note", "birthday": "bday"}
"""An address is kept as a note: what was said has no parts."""


class Contacts:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def _cards(self) -> list[Any]:
        import vobject  # type: ignore[import-untyped]  # it ships no types

        raw = self._folder.read(FILE)
        if raw is None:
            return []
        try:
            return list(vobject.readComponents(raw.decode()))
        except (UnicodeDecodeError, vobject.base.ParseError):
            raise CallerError(f"`{FILE}` is no vCard file", code="assist.unreadable", field=FILE, hint="mend or move it") from None

    def _save(self, cards: list[Any]) -> Change:
        return self._folder.write(FILE, "".join(card.serialize() for card in cards).encode())

    def things(self) -> list[Thing]:
        return [_thing(card) for card in self._cards()]

    def field(self, uid: str, name: str) -> str:
        card = _card(self._cards(), uid)
        found = getattr(card, FIELDS[name], None)
        return str(found.value) if found is not None else ""

    def add(self, uid: str, name: str, *, relation: str = "", **fields: str) -> Change:
        import vobject

        cards, card = self._cards(), vobject.vCard()
        card.add("uid").value = uid
        card.add("fn").value = name
        card.add("n").value = vobject.vcard.Name(given=name)
        if relation:
            card.add("role").value = relation
        for field, value in fields.items():
            if value:
                card.add(FIELDS[field]).value = value
        cards.append(card)
        return self._save(cards)

    def change(self, uid: str, name: str, value: str) -> Change:
        cards = self._cards()
        card = _card(cards, uid)
        found = getattr(card, FIELDS[name], None)
        (found if found is not None else card.add(FIELDS[name])).value = value
        return self._save(cards)


def _card(cards: list[Any], uid: str) -> Any:
    for card in cards:
        if _id(card) == uid:
            return card
    raise CallerError("that contact is no longer there", code="assist.gone", field="contact", hint="say who it is")


def _id(card: Any) -> str:
    return str(card.uid.value) if hasattr(card, "uid") else str(card.fn.value)


def _thing(card: Any) -> Thing:
    nick = [str(each.value) for each in getattr(card, "nickname_list", [])]
    roles = [part for each in getattr(card, "role_list", []) for part in re.split(r"[,，;；]\s*", str(each.value)) if part]
    name = str(card.fn.value)
    first = name.split()[0] if " " in name else ""
    return Thing(id=_id(card), names=tuple(dict.fromkeys(one for one in (name, *nick, first) if one)), relations=tuple(roles))


class Drafts:
    """Never sent: nothing in this program can."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def add(self, uid: str, *, to: str, subject: str, body: str, kind: str = "mail") -> Change:
        for part in ("cur", "new", "tmp"):
            (self._folder.path / "drafts" / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        message = EmailMessage()
        message["To"], message["Subject"] = _line(to), _line(subject)
        message["X-Comity-Kind"] = kind
        message.set_content(body)
        return self._folder.write(f"drafts/cur/{uid}:2,D", bytes(message))


def _line(text: str) -> str:
    """Headers end where a line does: what was said must not begin another."""
    return " ".join(text.split())


class Notes:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def _names(self) -> list[str]:
        return sorted(each.name for each in (self._folder.path / "notes").glob("*.txt"))

    def things(self) -> list[Thing]:
        return [Thing(id=name, names=(self.title(name),)) for name in self._names()]

    def title(self, name: str) -> str:
        return self.text(name).partition("\n")[0]

    def text(self, name: str) -> str:
        return (self._folder.read(f"notes/{name}") or b"").decode(errors="replace")

    def add(self, uid: str, title: str, text: str) -> Change:
        return self._folder.write(f"notes/{uid}.txt", f"{title}\n\n{text}\n".encode())

    def append(self, name: str, text: str) -> Change:
        if name not in self._names():
            raise CallerError("that note is no longer there", code="assist.gone", field="note", hint="say which note")
        return self._folder.write(f"notes/{name}", (self.text(name).rstrip("\n") + f"\n{text}\n").encode())

    def find(self, words: str) -> list[str]:
        wanted = words.lower().split()
        return [self.text(name) for name in self._names() if any(word in self.text(name).lower() for word in wanted)]
