# SPDX-License-Identifier: Apache-2.0
"""Vaults over time: one a conversation, erased when idle, bounded in number; and sealed, where any flipped bit fails."""

from __future__ import annotations

import pickle
from datetime import timedelta

import pytest

from comity.errors import TrustFailure
from comity.privacy.findings import Finding
from comity.privacy.keeping import Vaults, seal, unseal
from comity.privacy.pseudonym import Pseudonyms, Vault
from comity.privacy.surrogate import SurrogateVault
from comity.privacy.surrogates.lexicon import chinese
from comity.privacy.tags import ForeignTags
from tests.fakes import FakeClock, SeededRandom

KEY = bytes(range(32))
MAIL = "lena@vogel.io"


def hide(vault: Pseudonyms, text: str = MAIL, kind: str = "EMAIL") -> str:
    return vault.protect(text, [Finding(type=kind, category=None, start=0, end=len(text), recognizer="given")])


def vaults(clock: FakeClock, **limits: float) -> Vaults:
    random = SeededRandom()
    return Vaults(lambda: Vault(random.token(8)), clock=clock, key=KEY, **limits)  # type: ignore[arg-type]


class TestVaults:
    def test_a_conversation_keeps_its_tokens_and_shares_them_with_no_other(self) -> None:
        kept = vaults(FakeClock())
        with kept.lent("a") as vault:
            first = hide(vault)
        with kept.lent("a") as vault:
            assert hide(vault) == first and vault.restore(first) == MAIL
        with kept.lent("b") as vault:
            assert vault.restore(first) == first and hide(vault) != first
        assert len(kept) == 2 and repr(kept) == "Vaults(2 kept)"

    def test_an_idle_hour_erases(self) -> None:
        clock = FakeClock()
        kept = vaults(clock)
        with kept.lent("a") as vault:
            token = hide(vault)
        clock.advance(3599)
        assert kept.sweep() == 0
        with kept.lent("a") as same:
            assert same is vault
        clock.advance(3599)
        assert kept.sweep() == 0
        clock.advance(1)
        assert kept.sweep() == 1 and len(kept) == len(vault) == 0 and vault.restore(token) == token

    def test_lending_sweeps(self) -> None:
        clock = FakeClock()
        kept = vaults(clock, idle_seconds_max=10)
        with kept.lent("a") as vault:
            hide(vault)
        clock.advance(11)
        with kept.lent("b"):
            assert len(vault) == 0 and len(kept) == 1

    def test_what_is_lent_is_not_erased_by_time_or_by_number(self) -> None:
        clock = FakeClock()
        kept = vaults(clock, vaults_max=1)
        with kept.lent("a") as vault:
            token = hide(vault)
            clock.advance(days=1)
            with kept.lent("b"), kept.lent("a") as same:
                assert same is vault
            assert kept.sweep() == 0 and vault.restore(token) == MAIL
        clock.advance(3601)
        assert kept.sweep() == 2

    def test_the_longest_idle_makes_room(self) -> None:
        kept = vaults(FakeClock(), vaults_max=2)
        held = {}
        for name in ("a", "b", "a", "c"):
            with kept.lent(name) as held[name]:
                hide(held[name])
        assert len(kept) == 2 and [len(held[name]) for name in "abc"] == [1, 0, 1]

    def test_to_forget_is_at_once_or_when_it_is_given_back(self) -> None:
        kept = vaults(FakeClock())
        with kept.lent("a") as vault:
            hide(vault)
        assert kept.forget("a") and len(vault) == 0 and not kept.forget("a")
        with kept.lent("b") as vault:
            hide(vault)
            assert kept.forget("b") and len(vault) == 1
            with kept.lent("b") as other:
                assert other is not vault
        assert len(vault) == 0 and len(kept) == 1

    def test_an_error_gives_back_too(self) -> None:
        clock = FakeClock()
        kept = vaults(clock)
        with pytest.raises(KeyError), kept.lent("a"):
            raise KeyError
        clock.advance(3600)
        assert kept.sweep() == 1

    def test_an_opened_vault_is_kept_again(self) -> None:
        kept, opened = vaults(FakeClock()), Vault(bytes(8))
        token = hide(opened)
        with kept.lent("a") as before:
            hide(before)
            with pytest.raises(ValueError, match="in use"):
                kept.put("a", opened)
        kept.put("a", opened)
        with kept.lent("a") as vault:
            assert vault.restore(token) == MAIL and len(before) == 0
        kept.erase()
        assert len(kept) == len(opened) == 0

    def test_they_name_no_conversation_and_do_not_travel(self) -> None:
        kept = vaults(FakeClock())
        with kept.lent("thread-lena"):
            assert b"lena" not in b"".join(kept._kept)
        with pytest.raises(TypeError):
            pickle.dumps(kept)


def filled(vault: Pseudonyms) -> dict[str, str]:
    said = [
        ("PERSON", "Lena Vogel"),
        ("PHONE", "+86 138 1234 5678"),
        ("PERSON", "张伟民"),
        ("ADDRESS", "12 Baker Street, London"),
        ("EMAIL", MAIL),
    ]
    return {hide(vault, original, kind): original for kind, original in said}


@pytest.mark.parametrize("make", [Vault, SurrogateVault])
class TestSealed:
    def sealed(self, vault: Pseudonyms, clock: FakeClock) -> bytes:
        return seal(vault, KEY, conversation="a", expires=clock.now() + timedelta(hours=1), random=SeededRandom())

    def test_what_is_opened_is_the_same_vault(self, make: type[Vault] | type[SurrogateVault]) -> None:
        clock, vault = FakeClock(), make(bytes(range(8)))
        made = filled(vault)
        opened = unseal(self.sealed(vault, clock), KEY, conversation="a", clock=clock)
        assert type(opened) is make and len(opened) == len(vault)
        assert {stand_in: opened.restore(stand_in) for stand_in in made} == made
        assert filled(opened) == made
        for text in (" ".join(made), " ".join(made).upper(), "x 8615 " + next(iter(made))[:7]):
            assert opened.restore(text) == vault.restore(text)
        assert hide(opened, "Otto Vogel", "PERSON") == hide(vault, "Otto Vogel", "PERSON")

    def test_nothing_of_it_can_be_read(self, make: type[Vault] | type[SurrogateVault]) -> None:
        vault = make(bytes(8))
        made = filled(vault)
        sealed = self.sealed(vault, FakeClock())
        for word in (*made, *made.values(), "Lena", "138", "PERSON"):
            assert word.encode() not in sealed
        assert "Lena" not in repr(vault.kept())

    def test_any_flipped_bit_fails(self, make: type[Vault] | type[SurrogateVault]) -> None:
        vault, clock = make(bytes(8)), FakeClock()
        filled(vault)
        sealed = self.sealed(vault, clock)
        for bit in range(len(sealed) * 8):
            flipped = bytearray(sealed)
            flipped[bit // 8] ^= 1 << bit % 8
            with pytest.raises(TrustFailure) as raised:
                unseal(bytes(flipped), KEY, conversation="a", clock=clock)
            assert raised.value.code == "trust.vault"

    def test_a_part_of_it_is_nothing(self, make: type[Vault] | type[SurrogateVault]) -> None:
        clock = FakeClock()
        sealed = self.sealed(make(bytes(8)), clock)
        for size in range(len(sealed)):
            with pytest.raises(TrustFailure):
                unseal(sealed[:size], KEY, conversation="a", clock=clock)

    def test_it_opens_for_its_conversation_with_its_key_in_its_time(self, make: type[Vault] | type[SurrogateVault]) -> None:
        clock = FakeClock()
        sealed = self.sealed(make(bytes(8)), clock)
        for key, conversation in ((KEY[::-1], "a"), (KEY, "b")):
            with pytest.raises(TrustFailure, match="altered"):
                unseal(sealed, key, conversation=conversation, clock=clock)
        clock.advance(3599)
        assert len(unseal(sealed, KEY, conversation="a", clock=clock)) == 0
        clock.advance(1)
        with pytest.raises(TrustFailure, match="expired"):
            unseal(sealed, KEY, conversation="a", clock=clock)

    def test_a_short_key_is_refused(self, make: type[Vault] | type[SurrogateVault]) -> None:
        clock = FakeClock()
        with pytest.raises(ValueError, match="32 bytes"):
            seal(make(bytes(8)), KEY[:16], conversation="a", expires=clock.now(), random=SeededRandom())


def test_an_opened_vault_gives_nobody_the_stand_in_of_another() -> None:
    clock, vault = FakeClock(), SurrogateVault(bytes(8))
    families = sorted(chinese().families)[:120]
    half = len(families) // 2
    made = [hide(vault, family + "伟", "PERSON") for family in families[:half]]
    sealed = seal(vault, KEY, conversation="a", expires=clock.now() + timedelta(hours=1), random=SeededRandom())
    opened = unseal(sealed, KEY, conversation="a", clock=clock)
    made += [hide(opened, family + "伟", "PERSON") for family in families[half:]]
    assert len({name[:-1] for name in made}) == len(families)


def test_what_somebody_else_made_is_not_sealed() -> None:
    for vault in (ForeignTags({"<A_1>": "x"}), SurrogateVault.of({"Anna": "Lena"})):
        with pytest.raises(TypeError):
            seal(vault, KEY, conversation="a", expires=FakeClock().now(), random=SeededRandom())
