# SPDX-License-Identifier: Apache-2.0
"""Step 1: what is said of a person is understood whole, or refused; who may say it is checked; nothing is guessed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from comity.config import Config, ControllerConfig, Defaults, IssuerConfig, KeyConfig, SubjectDefaults
from comity.errors import CallerError, OperatorError
from comity.gateway.callers import LOCAL
from comity.gateway.issuers import Issuers, load_issuers
from comity.gateway.locate import Locator, Nexus
from comity.gateway.subject import members, said
from comity.jurisdictions.vocab import load_vocabulary
from tests.fakes import FakeClock

KEY = b"k" * 32
UNTRUSTED = KeyConfig(id="app", sha256="", may_assert_subject=False)


def locator(
    config: Config | None = None, *, issuers: Issuers | None = None, clock: FakeClock | None = None, secret: bytes = KEY
) -> Locator:
    return Locator(
        config=config or Config(),
        vocabulary=load_vocabulary(),
        issuers=issuers or Issuers({}),
        clock=clock or FakeClock(),
        pseudonym_key=secret,
    )


def locate(value: str, key: KeyConfig = LOCAL, **more: Any) -> Nexus:
    return locator(**more).locate({"comity-subject": value}, key)


def test_the_table_of_the_design_is_understood() -> None:
    found = locate('id="u-81", location="CN", residence="US", age=35, consent=(general separate_cross_border), collected="CN"')
    assert (found.subject.location, found.subject.residence, found.subject.age) == ("CN", "US", 35)
    assert found.consent == {"general", "separate_cross_border"} and found.collected_in == "CN"
    assert found.pseudonym is not None and "u-81" not in found.pseudonym


def test_nothing_said_is_nothing_known() -> None:
    found = locator().locate({}, LOCAL)
    assert found == Nexus() and found.pseudonym is None


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("", None),  # an empty dictionary says nothing
        ("id", "comity-subject.id"),
        ("id=", "comity-subject"),
        ('location="XX"', "comity-subject.location"),
        ('location=""', "comity-subject.location"),
        ("age=35.5", "comity-subject.age"),
        ("age=-1", "comity-subject.age"),
        ('age="35"', "comity-subject.age"),
        ("consent=general", "comity-subject.consent"),
        ("consent=(general everything)", "comity-subject.consent"),
        ('name="Ana"', "comity-subject.name"),
        ('location="CN", location="US"', "comity-subject.location"),
        ('id=""', "comity-subject.id"),
        ('id="' + "x" * 300 + '"', "comity-subject.id"),
        ('id="' + "x" * 9000 + '"', "comity-subject"),
        ('id="ünder"', "comity-subject"),
        ('token="a.b.c", location="CN"', "comity-subject.token"),
        ("token=(a b)", "comity-subject.token"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(value: str, field: str | None) -> None:
    if field is None:
        assert locate(value) == Nexus()
        return
    with pytest.raises(CallerError) as raised:
        locate(value)
    assert raised.value.field == field and raised.value.status == 400 and raised.value.hint


def test_an_error_never_repeats_what_was_said() -> None:
    for value in ('location="my secret"', 'id=""; "my secret"', "consent=(my_secret)", 'age="my secret"'):
        with pytest.raises(CallerError) as raised:
            locate(value)
        assert "secret" not in str(raised.value) + raised.value.hint


@given(st.text(max_size=60) | st.text("idlocaten=\"(), ;:?@token\\'%*1A", max_size=40))
def test_any_header_is_understood_or_refused(value: str) -> None:
    with contextlib.suppress(CallerError):
        said(members(value))


PARTS = (
    'id="a"',
    'id="b"',
    "id=7",
    "id=x",
    'id="\\""',
    'location="CN"',
    'location="DE"',
    "age=3",
    "age=-3",
    'token="t"',
    "consent=(general)",
    "",
)
_warm = locator()


def understood(by: Locator, value: str, key: KeyConfig) -> Nexus | tuple[str, str, str]:
    try:
        return by.locate({"comity-subject": value}, key)
    except CallerError as error:
        return error.code, error.field, str(error)


@given(
    st.lists(st.sampled_from(PARTS), max_size=4), st.sampled_from((", ", ",", " , ", ";", "")), st.sampled_from((LOCAL, UNTRUSTED)),
)  # fmt: skip
def test_what_was_understood_before_changes_nothing(parts: list[str], between: str, key: KeyConfig) -> None:
    """What is kept of an earlier header is never taken for what another says."""
    value = between.join(parts)
    assert understood(_warm, value, key) == understood(locator(), value, key)
    assert understood(_warm, value, key) == understood(locator(), value, key)


def test_nobody_s_name_is_kept() -> None:
    by = locator()
    by.locate({"comity-subject": 'id="somebody-81", location="CN"'}, LOCAL)
    assert "somebody" not in repr(by.__dict__) and by.locate({"comity-subject": 'location="CN"'}, LOCAL).pseudonym is None


def test_a_key_that_may_not_assert_cannot() -> None:
    with pytest.raises(CallerError) as raised:
        locate('location="US"', UNTRUSTED)
    assert raised.value.status == 403 and raised.value.code == "request.subject_not_trusted"


def test_defaults_fill_in_what_was_not_said_and_a_key_s_before_the_rest() -> None:
    config = Config(
        defaults=Defaults(task="travel_booking", subject=SubjectDefaults(location="DE", residence="GB", consent=frozenset({"general"})))
    )
    found = locate('location="FR"', config=config)
    assert (found.subject.location, found.subject.residence) == ("FR", "UK")  # GB is an alias of UK
    assert found.consent == {"general"} and found.feature == "travel_booking" and found.purpose == "assist"
    assert locate("consent=()", config=config).consent == frozenset()
    keyed = msgspec.structs.replace(LOCAL, task="writing_assistant")
    assert locator(config).locate({}, keyed).feature == "writing_assistant"
    assert locator(config).locate({"comity-task": "hiring"}, keyed).feature == "hiring"


@pytest.mark.parametrize("header", ["comity-purpose", "comity-task"])
def test_an_unknown_word_is_refused_and_the_known_ones_are_named(header: str) -> None:
    with pytest.raises(CallerError) as raised:
        locator().locate({header: "my secret"}, LOCAL)
    assert raised.value.field == header and "secret" not in str(raised.value) and "one of" in raised.value.hint


@pytest.mark.parametrize(
    "config",
    [
        Config(defaults=Defaults(purpose="mischief")),
        Config(defaults=Defaults(task="mischief")),
        Config(defaults=Defaults(legal_basis="whim")),
        Config(controller=ControllerConfig(sector="hippa")),
        Config(defaults=Defaults(subject=SubjectDefaults(location="Narnia"))),
        Config(defaults=Defaults(subject=SubjectDefaults(consent=frozenset({"all"})))),
        Config(keys=(KeyConfig(id="k", sha256="0" * 64, task="mischief"),)),
    ],
)
def test_a_default_that_is_no_word_is_refused_at_the_start(config: Config) -> None:
    with pytest.raises(OperatorError) as raised:
        locator(config)
    assert raised.value.code == "config.invalid" and raised.value.field


def test_a_pseudonym_is_the_same_here_and_different_elsewhere() -> None:
    here = [locate('id="u-81"').pseudonym for _ in range(2)]
    assert here[0] == here[1] != locate('id="u-81"', secret=b"other" * 7).pseudonym
    assert locate('id="u-82"').pseudonym != here[0]


def test_a_decision_does_not_depend_on_who_it_is() -> None:
    one, two = locate('id="a", location="CN"'), locate('id="b", location="CN"')
    assert one.rules == two.rules and hash(one.rules) == hash(two.rules)


# -- signed tokens ------------------------------------------------------------------------------------------------

ED, P256 = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())


def issuer(tmp_path: Path, key: Any = ED, algorithm: Any = "EdDSA", iss: str = "https://id.example") -> IssuerConfig:
    path = tmp_path / f"{algorithm}.pem"
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return IssuerConfig(iss=iss, aud="comity", algorithm=algorithm, public_key=str(path))


def claims(clock: FakeClock, **more: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    made = {
        "iss": "https://id.example",
        "aud": "comity",
        "iat": now,
        "exp": now + 600,
        "jti": "1",
        "sub": "u-81",
        "location": "CN",
        "consent": ["general"],
    }
    return {name: value for name, value in (made | more).items() if value is not ...}


@pytest.mark.parametrize(("key", "algorithm"), [(ED, "EdDSA"), (P256, "ES256")])
def test_a_good_token_says_who_the_person_is(tmp_path: Path, clock: FakeClock, key: Any, algorithm: str) -> None:
    issuers = load_issuers([issuer(tmp_path, key, algorithm)])
    token = jwt.encode(claims(clock), key, algorithm)
    found = locate(f'token="{token}"', UNTRUSTED, issuers=issuers, clock=clock)
    assert found.subject.location == "CN" and found.consent == {"general"}
    # the same name from another source is another person
    assert found.pseudonym not in (None, locate('id="u-81"').pseudonym)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"exp": ...}, "`exp`"),
        ({"jti": ...}, "`jti`"),
        ({"iat": ...}, "`iat`"),
        ({"exp": 1}, "expired"),
        ({"exp": "soon"}, "not a number"),
        ({"exp": True}, "not a number"),
        ({"iat": 1}, "lives"),
        ({"nbf": 9_999_999_999}, "not valid yet"),
    ],
)
def test_each_fault_of_a_token_is_refused(tmp_path: Path, clock: FakeClock, change: dict[str, Any], why: str) -> None:
    issuers = load_issuers([issuer(tmp_path)])
    token = jwt.encode(claims(clock, **change), ED, "EdDSA")
    with pytest.raises(CallerError) as raised:
        issuers.subject(token, clock.now())
    assert raised.value.status == 401 and why in str(raised.value)


def test_a_token_can_not_choose_its_algorithm_or_its_key(tmp_path: Path, clock: FakeClock) -> None:
    issuers = load_issuers([issuer(tmp_path)])
    stranger = ed25519.Ed25519PrivateKey.generate()
    for token in (
        jwt.encode(claims(clock), stranger, "EdDSA"),
        jwt.encode(claims(clock), P256, "ES256"),
        jwt.encode(claims(clock), "x" * 32, "HS256"),
        jwt.encode(claims(clock), None, "none"),
        "a.b.c", "", "x" * 100,
    ):  # fmt: skip
        with pytest.raises(CallerError) as raised:
            issuers.subject(token, clock.now())
        assert raised.value.status == 401


def test_a_claim_that_is_not_understood_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    issuers = load_issuers([issuer(tmp_path)])
    with pytest.raises(CallerError) as raised:
        issuers.subject(jwt.encode(claims(clock, mood="good"), ED, "EdDSA"), clock.now())
    assert raised.value.field == "comity-subject.mood"


def test_the_clock_that_ages_a_token_is_ours(tmp_path: Path, clock: FakeClock) -> None:
    issuers = load_issuers([issuer(tmp_path)])
    token = jwt.encode(claims(clock), ED, "EdDSA")
    assert issuers.subject(token, clock.now()).location == "CN"
    clock.advance(601)
    with pytest.raises(CallerError):
        issuers.subject(token, clock.now())


def test_issuers_are_checked_at_the_start(tmp_path: Path) -> None:
    good = issuer(tmp_path)
    (tmp_path / "broken.pem").write_text("not a key")
    for bad in (
        [good, good],
        [msgspec.structs.replace(good, public_key=str(tmp_path / "absent.pem"))],
        [msgspec.structs.replace(good, public_key=str(tmp_path / "broken.pem"))],
        [msgspec.structs.replace(good, algorithm="ES256")],
    ):
        with pytest.raises(OperatorError) as raised:
            load_issuers(bad)
        assert raised.value.field.startswith("issuers[")
