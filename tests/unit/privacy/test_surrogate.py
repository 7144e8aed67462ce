# SPDX-License-Identifier: Apache-2.0
"""Surrogates: what they keep of an original, what they never are, and how they are found again."""

from __future__ import annotations

import copy
import json
import pickle
import re
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.privacy.findings import Finding
from comity.privacy.normalise import is_json
from comity.privacy.restore import Restorer
from comity.privacy.scan import scan
from comity.privacy.surrogate import SurrogateVault
from comity.privacy.surrogates.index import plain
from comity.privacy.surrogates.lexicon import FAMILY, FEMALE, MALE, chinese, pool
from comity.privacy.surrogates.people import parts
from tests.hiding import NONCE, marked, one, sent

NONCES = st.binary(min_size=8, max_size=8)


def streamed(vault: SurrogateVault, pieces: list[str], *, in_json: bool = False) -> tuple[str, int]:
    """What a reader sees, and the most that waited."""
    out = waits = before = ""
    most = 0
    for piece in pieces:
        text = waits + piece
        given_out, waits = vault.restore_part(text, before=before, in_json=in_json)
        before = (before + text[: len(text) - len(waits)])[-32:]
        out, most = out + given_out, max(most, len(waits))
    return out + vault.restore_part(waits, before=before, in_json=in_json, last=True)[0], most


class TestNames:
    def test_a_person_is_one_person_in_every_form(self) -> None:
        vault = SurrogateVault(NONCE)
        first = sent(vault, "{PERSON:Lena Vogel} rang.")
        given_name, family = first.removesuffix(" rang.").split(" ")
        assert sent(vault, "Ms. {PERSON:Vogel}'s bag") == f"Ms. {family}'s bag"
        assert sent(vault, "{PERSON:LENA VOGEL}, {PERSON:Vogel, Lena} and {PERSON:lena}") == (
            f"{given_name.upper()} {family.upper()}, {family}, {given_name} and {given_name.lower()}"
        )
        assert sent(vault, "{PERSON:Otto Vogel} is of the {PERSON:Vogel}s").endswith(f"{family} is of the {family}s")
        assert len(vault) == 6

    def test_parts_come_back_that_never_left_alone(self) -> None:
        vault = SurrogateVault(NONCE)
        given_name, family = sent(vault, "{PERSON:Lena Vogel}").split(" ")
        assert vault.restore(f"Dear Ms. {family}, or {given_name}: the {family}s' and {given_name}'s, {family.upper()}") == (
            "Dear Ms. Vogel, or Lena: the Vogels' and Lena's, VOGEL"
        )

    def test_part_of_a_word_is_no_name(self) -> None:
        vault = SurrogateVault.of({"Anna": "Lena", "Mark Rose": "Otto Vogel"}, {"Mark": "Otto", "Rose": "Vogel"})
        for text in ("Annabel", "Hannah", "mark a rose", "Marks and", "Annas' is", "xAnna", "Ännchen Anna1", "éAnna", "яAnna"):
            if text not in ("Marks and", "Annas' is"):
                assert vault.restore(text) == text
        assert vault.restore("Anna, ANNA, Mr. Rose, MARK ROSE and mark rose") == "Lena, LENA, Mr. Vogel, OTTO VOGEL and otto vogel"

    @pytest.mark.parametrize(
        ("original", "language", "role"),
        [("Katrin Müller", "de", FEMALE), ("Jürgen Schmidt", "de", MALE), ("Deborah Smith", "en", FEMALE), ("Kevin Jones", "en", MALE),
         ("Giuseppina Rossi", "it", FEMALE), ("Guillaume Durand", "fr", MALE), ("Светлана Иваненко", "ru", FEMALE)],
    )  # fmt: skip
    def test_language_and_gender_are_kept(self, original: str, language: str, role: str) -> None:
        for nonce in range(20):
            given_name, family = one("PERSON", original, nonce.to_bytes(8, "big")).split(" ")
            assert given_name in pool(language, role) and family in pool(language, FAMILY)

    def test_titles_particles_and_initials_stay(self) -> None:
        assert re.fullmatch(r"Dr\. J\. von \w+-\w+ Jr\.", one("PERSON", "Dr. J. von Humboldt-Maier Jr."))

    @pytest.mark.parametrize(
        ("name", "families"),
        [
            ("Xaver Zörbig-Quast", ["Zörbig", "Quast"]),
            ("Marie-Luise von Berg", ["Berg"]),
            ("Anna-Lena", []),
            ("Müller-Zörbig", ["Müller", "Zörbig"]),
            ("José García López", ["García", "López"]),
            ("Vogel, Lena", ["Vogel"]),
            ("Zhang Jianguo", ["Zhang"]),
            ("欧阳娜娜", ["欧阳"]),
            ("“张伟民先生”", ["张"]),
            ("小李", ["李"]),
            ("김민준", ["김"]),
        ],
    )
    def test_which_part_is_the_family_s(self, name: str, families: list[str]) -> None:
        assert [name[part.start : part.end] for part in parts(name) if part.role == FAMILY] == families

    def test_order_of_pinyin(self) -> None:
        family, _ = one("PERSON", "Zhang Jianguo").split(" ")
        assert family in pool("zh_latin", FAMILY)

    def test_chinese_names(self) -> None:
        vault = SurrogateVault(NONCE)
        out = sent(
            vault, "{PERSON:张伟}、{PERSON:张伟民}、{PERSON:张}先生、老{PERSON:张}，{PERSON:伟民}也来了。{PERSON:欧阳娜娜}和{PERSON:王静}"
        )
        wei, weimin, mister, old, rest = re.split("[、，]", out)
        family = wei[0]
        assert len(wei) == 2 and len(weimin) == 3 and weimin[0] == family and mister == family + "先生" and old == "老" + family
        assert rest.startswith(weimin[1:] + "也来了。") and family in chinese().stand_ins
        assert rest.split("。")[1][:2] in chinese().compounds
        assert rest[-1] in chinese().female, "静 is a woman's name"
        assert vault.restore(f"{family}女士说{weimin}和{wei}都在，小{family}呢") == "张女士说张伟民和张伟都在，小张呢"

    @pytest.mark.parametrize("seed", range(60))
    def test_no_chinese_stand_in_begins_another(self, seed: int) -> None:
        vault = SurrogateVault(seed.to_bytes(8, "big"))
        people = ["张伟", "张伟民", "张伟明", "张民", "李伟", "李伟民", "王小明", "王小", "王明", "欧阳伟", "欧阳伟民"]
        out = [sent(vault, f"{{PERSON:{name}}}说").removesuffix("说") for name in people]
        assert len(set(out)) == len(out)
        assert not any(a != b and b.startswith(a) for a in out for b in out)
        whole = "".join(out)
        assert vault.restore(whole) == "".join(people)

    @pytest.mark.parametrize("seed", range(3))
    def test_nor_where_a_family_is_large(self, seed: int) -> None:
        lists, vault = chinese(), SurrogateVault(seed.to_bytes(8, "big"))
        letters = sorted(set(lists.female + lists.male))
        longer = [f"张{a}{b}" for a, b in zip(letters, reversed(letters), strict=True) if a != b]
        shorter = [f"张{a}" for a in letters[:100]]
        names = [*shorter, *longer] if seed else [*longer, *shorter]
        out = [sent(vault, f"{{PERSON:{name}}}。").removesuffix("。") for name in names]
        assert len(set(out)) == len(names) and not any(a != b and b.startswith(a) for a in out for b in out)

    def test_a_lone_surname_is_a_certain_somebody(self) -> None:
        vault = SurrogateVault(NONCE)
        assert sent(vault, "姓{PERSON:张}的").endswith("某的")

    def test_names_written_together_with_a_title_in_the_finding(self) -> None:
        assert one("PERSON", "张先生").endswith("先生") and one("PERSON", "小张").startswith("小")

    def test_more_people_than_a_list_has(self) -> None:
        vault = SurrogateVault(NONCE)
        names = [f"Given{chr(97 + n // 26)}{chr(97 + n % 26)} Family{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(520)]
        out = {sent(vault, f"{{PERSON:{name}}}") for name in names}
        assert len(out) == len(names)

    def test_more_families_than_a_list_has(self) -> None:
        vault = SurrogateVault(NONCE)
        names = [family + given for family in sorted(chinese().families) for given in ("伟", "伟民")]
        out = [sent(vault, f"{{PERSON:{name}}}。") for name in names]
        assert len(set(out)) == len(names) > 600 and vault.restore("".join(out)) == "".join(f"{name}。" for name in names)


class TestWhatACallerWrote:
    def test_a_stand_in_of_the_text_itself_is_not_chosen(self) -> None:
        taken = SurrogateVault(NONCE).protect(*marked("{PERSON:Lena Vogel}"))
        for text in (f"{taken} met {{PERSON:Lena Vogel}}", f"{{PERSON:Lena Vogel}} met {taken}"):
            out = sent(SurrogateVault(NONCE), text)
            assert taken in out and out.count(taken.split(" ")[0]) == 1

    def test_a_later_text_that_holds_a_stand_in_is_hidden_there(self) -> None:
        vault = SurrogateVault(NONCE)
        taken = sent(vault, "{PERSON:Lena Vogel}")
        out = sent(vault, f"My name is {taken}.")
        assert taken not in out and vault.restore(f"{out} {taken}") == f"My name is {taken}. Lena Vogel"

    def test_an_earlier_text_counts_too(self) -> None:
        taken = SurrogateVault(NONCE).protect(*marked("{PHONE:13812345678}"))
        vault = SurrogateVault(NONCE)
        assert vault.protect(f"ring {taken[:3]} {taken[3:]}", []) == f"ring {taken[:3]} {taken[3:]}"
        assert sent(vault, "{PHONE:13812345678}") != taken

    def test_half_a_word_is_hidden_whole(self) -> None:
        assert len(sent(SurrogateVault(NONCE), "x{PERSON:Lena}y {SECRET:ab}{SECRET:cd}e").split(" ")) == 2

    def test_nonces_choose(self) -> None:
        assert len({one("PERSON", "Lena Vogel", n.to_bytes(8, "big")) for n in range(50)}) > 45
        assert one("PERSON", "Lena Vogel") == one("PERSON", "Lena Vogel")
        with pytest.raises(ValueError, match="8 bytes"):
            SurrogateVault(b"short")


class TestJson:
    def test_in_and_out_of_json(self) -> None:
        vault = SurrogateVault(NONCE)
        text = '{"to":"Zo\\u00eb \\"Z\\" Vogel","n":13812345678,"s":"x\\nLena"}'
        at = text.index("Lena")
        findings = [
            Finding(type="PERSON", category=None, start=7, end=28, recognizer="given"),
            Finding(type="PHONE", category=None, start=text.index("138"), end=text.index("138") + 11, recognizer="given"),
            Finding(type="PERSON", category=None, start=at, end=at + 4, recognizer="given"),
        ]
        out = vault.protect(text, findings)
        assert json.loads(out)["to"] != "Zoë" and "Vogel" not in out and "Lena" not in out and "\\n" in out
        assert json.loads(vault.restore(out, in_json=True)) == json.loads(text) | {"n": "13812345678"}

    def test_escaped_stand_ins_come_back(self) -> None:
        vault = SurrogateVault(NONCE)
        made = sent(vault, "{PERSON:张伟民}")
        written = json.dumps({"name": f"{made}，\n{made}"})
        assert "\\u" in written
        assert json.loads(vault.restore(written, in_json=True)) == {"name": "张伟民，\n张伟民"}
        for pieces in ([written[:at], written[at:]] for at in range(len(written))):
            assert json.loads(streamed(vault, pieces, in_json=True)[0]) == {"name": "张伟民，\n张伟民"}
        assert json.loads(streamed(vault, list(written), in_json=True)[0]) == {"name": "张伟民，\n张伟民"}

    def test_an_escape_is_no_part_of_a_name(self) -> None:
        vault = SurrogateVault.of({"Anna": 'Le"na'})
        assert json.loads(vault.restore('{"a":"\\nAnna\\tAnna"}', in_json=True)) == {"a": '\nLe"na\tLe"na'}
        assert vault.restore_part("Anna.", before='{"a":"\\n', in_json=True, last=True)[0] == 'Le\\"na.'
        assert vault.restore_part("Anna.", before='{"a":"\\\\n', in_json=True, last=True)[0] == "Anna."

    def test_through_a_restorer_of_arguments_however_they_are_cut(self) -> None:
        vault = SurrogateVault(NONCE)
        made = sent(vault, '{PERSON:张伟民}、{PERSON:Zoë Vogel}、{PHONE:+49 30 1234567}、{SECRET:a"b\\c d}')
        wanted = vault.restore(made)
        inner = json.dumps({"said": f"\n{made}\t{made.upper()}"})
        for written in (json.dumps({"a": made}), json.dumps({"a": made}, ensure_ascii=False), json.dumps({"a": inner})):
            for pieces in [list(written), *([written[:at], written[at:]] for at in range(len(written)))]:
                restorer = Restorer(vault, in_json=True)
                read = json.loads("".join(map(restorer.feed, pieces)) + restorer.flush())["a"]
                if read.startswith("{"):
                    assert json.loads(read)["said"].startswith(f"\n{wanted}\t")
                else:
                    assert read == wanted


class TestForeign:
    def test_a_mapping_of_somebody_else(self) -> None:
        vault = SurrogateVault.of(
            {"林涛": "张伟", "林志强": "张伟民", "555-0142 99": "138 0000", "a.k@example.com": "lena@vogel.io", "192.0.2.7": "8.8.8.8"},
            {"林志强": {"志强": "伟民", "林": "张"}},
        )
        assert vault.restore("林涛、林志强、志强，林先生在森林里。A.K@Example.com 192.0.2.7 192027 555 014299") == (
            "张伟、张伟民、伟民，张先生在森林里。lena@vogel.io 8.8.8.8 192027 138 0000"
        )
        with pytest.raises(TypeError):
            vault.protect("x", [])

    def test_flat_parts(self) -> None:
        assert SurrogateVault.of({"Anna Keller": "Lena Vogel"}, {"Keller": "Vogel"}).restore("Ms. Keller, Anna") == "Ms. Vogel, Anna"


class TestStreams:
    def test_only_what_may_go_on_waits(self) -> None:
        vault = SurrogateVault.of({"Anna Keller": "Lena Vogel", "林涛": "张伟"})
        for text, waits in [("hello", ""), ("An", "An"), ("Anna", "Anna"), ("Anna K", "Anna K"), ("Anna b", ""),
                            ("Anna Keller", "Anna Keller"),
                            ("Anna Kellers", "Anna Kellers"), ("林", "林"), ("林涛", ""), ("banan", ""), ("Anna  ", "Anna  ")]:  # fmt: skip
            assert vault.restore_part(text)[1] == waits
        assert vault.restore_part("Anna Keller.") == ("Lena Vogel.", "")
        assert SurrogateVault(NONCE).restore_part("Anna") == ("Anna", "")

    def test_a_long_stream_is_bounded(self) -> None:
        vault = SurrogateVault(NONCE)
        made = sent(vault, "{PERSON:Lena Vogel} {PHONE:+49 30 1234567} {EMAIL:lena@vogel.io} {PERSON:张伟民}")
        text = f"{made[:9]} nothing {made} 12 ( + . " * 300
        out, most = streamed(vault, [text[at : at + 7] for at in range(0, len(text), 7)])
        assert out == vault.restore(text) and most < 40


def test_a_vault_shows_and_hands_out_nothing() -> None:
    vault = SurrogateVault(NONCE)
    sent(vault, "{PERSON:Lena Vogel}")
    assert repr(vault) == str(vault) == "SurrogateVault(1 held)"
    with pytest.raises(TypeError):
        pickle.dumps(vault)
    with pytest.raises(TypeError):
        copy.deepcopy(vault)


def test_a_full_vault_lets_nothing_out() -> None:
    vault = SurrogateVault(NONCE, originals_max=2)
    sent(vault, "{PERSON:Lena} {SECRET:abcdefgh}")
    sent(vault, "{PERSON:Lena} again")
    with pytest.raises(CallerError) as raised:
        vault.protect(*marked("{PERSON:Otto}"))
    assert raised.value.code == "request.too_large" and "Otto" not in str(raised.value)


def test_erased_is_erased() -> None:
    vault = SurrogateVault(NONCE)
    made = sent(vault, "{PERSON:Lena Vogel}")
    vault.erase()
    assert len(vault) == 0 and vault.restore(made) == made


# Laws, over texts made of names inside names, numbers, escapes and this very conversation's stand-ins.

PEOPLE = [
    "Lena",
    "Vogel",
    "Lena Vogel",
    "Vogels",
    "Anna-Lena",
    "O'Brien",
    "张伟",
    "张伟民",
    "伟民",
    "张",
    "欧阳娜",
    "김민준",
    "Иван",
    "x",
    "Zhang Wei",
]
OTHERS = [("PHONE", "+49 30 1234567"), ("PHONE", "13812345678"), ("EMAIL", "lena@vogel.io"), ("SECRET", 'a"b\\c'), ("SECRET", "7"),
          ("NATIONAL_ID", "11010519491231002X"), ("IP", "8.8.8.8"), ("USERNAME", "@lena"), ("ADDRESS", "12 Baker St, London")]  # fmt: skip
BETWEEN = [
    " ",
    "",
    "s",
    "'s",
    "老",
    "先生",
    "，",
    ".",
    "\n",
    "an",
    "-",
    "(",
    ")",
    "+",
    "1",
    "\\",
    '"',
    "森",
    "  ",
    "the ",
    "\t",
    "总",
    "İ",
    "ｘ",
    "\u200b",
]


@st.composite
def written(draw: st.DrawFn, vault: SurrogateVault) -> tuple[str, list[Finding]]:
    text, findings = "", []
    known = ["", *[part for entry in vault._index for part in (entry.stand_in, entry.stand_in[: len(entry.stand_in) // 2 + 1])]]
    for _ in range(draw(st.integers(0, 7))):
        text += draw(st.sampled_from(BETWEEN)) + draw(st.one_of(st.just(""), st.sampled_from(known)))
        kind, original = draw(st.one_of(st.sampled_from(PEOPLE).map(lambda name: ("PERSON", name)), st.sampled_from(OTHERS)))
        if draw(st.booleans()):
            findings.append(Finding(type=kind, category=None, start=len(text), end=len(text) + len(original), recognizer="given"))
        text += original
    return text + draw(st.sampled_from(BETWEEN)), findings


@given(st.data(), NONCES)
def test_what_was_hidden_comes_back_in_every_text_of_a_conversation(data: st.DataObject, nonce: bytes) -> None:
    vault = SurrogateVault(nonce)
    for _ in range(3):
        text, findings = data.draw(written(vault))
        out = vault.protect(text, findings)
        if not is_json(text):
            assert vault.restore(out) == text
            pieces = [out[a:b] for a, b in pairwise([0, *sorted(data.draw(st.sets(st.integers(0, len(out)), max_size=4))), len(out)])]
            assert streamed(vault, pieces)[0] == text
        again = vault.protect(text, findings)
        assert is_json(text) or vault.restore(again) == text


@given(st.data(), NONCES)
def test_no_original_leaves_and_no_stand_in_was_in_the_text(data: st.DataObject, nonce: bytes) -> None:
    vault = SurrogateVault(nonce)
    originals = data.draw(
        st.lists(st.sampled_from([("PERSON", name) for name in PEOPLE if len(name) > 1] + OTHERS), min_size=1, unique=True)
    )
    noise = data.draw(st.lists(st.sampled_from(["Greta", "Konrad", "an", "192.0.2.7", "岳", "伟", "555-0142"]), max_size=4))
    text, findings = marked("、".join([*noise, *[f"{{{kind}:{original}}}" for kind, original in originals]]))
    out = vault.protect(text, findings)
    assert vault.protect(text, findings) == out, "the same text, the same stand-ins"
    for _, original in originals:
        if len(original) > 1:
            assert not re.search(rf"(?<!\w){re.escape(plain(original))}(?!\w)", plain(out))
    runs = {re.sub(r"\D", "", run) for run in re.findall(r"\d[\d ().+/-]*", out)}
    assert runs.isdisjoint(re.sub(r"\D", "", original) for kind, original in originals if kind in ("PHONE", "NATIONAL_ID", "IP"))
    for entry in vault._index:
        assert entry.rule == "surname" or not re.search(rf"(?<!\w){re.escape(entry.stand_in)}(?!\w)", text)


def test_two_spellings_of_one_name_come_back_each_as_it_was() -> None:
    vault = SurrogateVault(bytes(8))
    text, findings = marked("{PERSON:LenaLena}, {PERSON:Lenalena}, {PERSON:lenalena} and {PERSON:LENALENA}")
    out = vault.protect(text, findings)
    assert "lena" not in out.lower()
    assert vault.restore(out) == text


@given(st.data(), NONCES)
def test_arguments_stay_json_and_come_back(data: st.DataObject, nonce: bytes) -> None:
    vault = SurrogateVault(nonce)
    values = data.draw(st.lists(written(vault).map(lambda each: each[0]), max_size=3))
    names = [each for each in PEOPLE if len(each) > 1]
    text = json.dumps({f"k{n}": value for n, value in enumerate(values)}, ensure_ascii=data.draw(st.booleans()))
    spans = sorted({(found.start(), found.end()) for name in names for found in re.finditer(re.escape(json.dumps(name)[1:-1]), text)})
    findings, done = [], 0
    for start, end in spans:
        if start >= done:
            findings.append(Finding(type="PERSON", category=None, start=start, end=end, recognizer="given"))
            done = end
    out = vault.protect(text, findings)
    assert json.loads(vault.restore(out, in_json=True)) == json.loads(text)
    again = json.dumps(json.loads(out), ensure_ascii=data.draw(st.booleans()))
    assert json.loads(vault.restore(again, in_json=True)) == json.loads(text)
    assert streamed(vault, list(again), in_json=True)[0] == vault.restore(again, in_json=True)


@given(st.text(max_size=40), st.data(), NONCES)
def test_any_text_with_any_places_comes_back(text: str, data: st.DataObject, nonce: bytes) -> None:
    assume(not is_json(text))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    kinds = st.sampled_from(["PERSON", "SECRET", "USERNAME", "ADDRESS"])
    findings = [
        Finding(type=data.draw(kinds), category=None, start=a, end=b, recognizer="given")
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    vault = SurrogateVault(nonce)
    assert vault.restore(vault.protect(text, findings)) == text


@given(st.text(max_size=30))
def test_parts_of_a_name_are_in_order_and_in_range(name: str) -> None:
    done = 0
    for part in parts(name):
        assert done <= part.start < part.end <= len(name)
        done = part.end


def test_what_a_scan_finds_is_hidden() -> None:
    text = "Write to lena@vogel.io or call +49 30 1234567."
    vault = SurrogateVault(NONCE)
    out = vault.protect(text, scan(text))
    assert "lena" not in out and "1234567" not in out and vault.restore(out) == text
