# SPDX-License-Identifier: Apache-2.0
"""A fault planted in `comity.toml` is refused with file, line, field, reason and mend; a good file is read as it is written."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from comity.config import AnyExceptConfig, Config
from comity.config.file import exposed, load_config, parse_config
from comity.errors import OperatorError

GOOD = """\
evidence = ["assessment:cn_pipia"]

[controller]
name = "Example Ltd"
established = ["SG"]

[service]
public = true
placed_on_market = 2026-09-01

[defaults]
legal_basis = "consent"
subject = { location = "DE", age = 35 }

[volumes]
cn_ytd_pi = 5
us_12mo.covered_identifiers = 7

[server]
port = 9000

[limits]
idle_seconds_max = 30

[[keys]]
id = "app"
sha256 = "ab{hash}"
models = ["own"]

[[keys]]
id = "lab"
sha256 = "cd{hash}"

[[deployments]]
id = "own"
provider = "self-hosted"
api_key = { env = "OWN_KEY" }
processing = { any_except = ["CN"] }

[[deployments]]
id = "other"
provider = "self-hosted"
processing = ["SG"]
""".replace("{hash}", "0" * 62)

FAULTS = {
    # name: (what stood there, what is planted, field, reason, mend)
    "unknown field": ('name = "Example Ltd"', 'nane = "Example Ltd"', "controller.nane", "unknown field", "did you mean `name`?"),
    "unknown in an array": ('provider = "self-hosted"\nprocessing', 'provider = "x"\nworkspaces = "w"\nprocessing',
                            "deployments[1].workspaces", "unknown field", "did you mean `workspace`?"),
    "unknown in an inline table": ("age = 35", "aeg = 35", "defaults.subject.aeg", "unknown field", "did you mean `age`?"),
    "of another table": ("[server]\n", "[server]\nestablished = []\n", "server.established", "unknown field", "it belongs in controller"),
    "of two other tables": ("[server]\n", "[server]\npurpose = 'assist'\n", "server.purpose", "unknown field", "defaults or keys"),
    "of the top": ("[paths]", "deployments = []", "server.deployments", "unknown field", "it belongs in the top of the file"),
    "of nowhere": ("[server]\n", "[server]\nzzzz = 1\n", "server.zzzz", "unknown field", "configuration.md"),
    "wrong type": ("port = 9000", 'port = "9000"', "server.port", "expected `int`, got `str`", "configuration.md"),
    "wrong type in a list": ('established = ["SG"]', 'established = [\n  "SG",\n  3,\n]', "controller.established[1]",
                             "expected `str`, got `int`", "configuration.md"),
    "wrong type of a place": ('processing = ["SG"]', "processing = 3", "deployments[1].processing", "got `int`", "configuration.md"),
    "missing": ('id = "other"\n', "", "deployments[1]", "missing required field `id`", "configuration.md"),
    "wrong word": ('id = "lab"', 'id = "lab"\nunknown_fields = "ignore"', "keys[1].unknown_fields", "not one of the values",
                   "configuration.md"),
    "no port": ("port = 9000", "port = 65536", "server.port", "65536 is not a port", "0 to 65535"),
    "negative port": ("port = 9000", "port = -1", "server.port", "-1 is not a port", "0 to 65535"),
    "workers": ("port = 9000", "workers = 2", "server.workers", "share one database", "storage.url"),
    "no workers": ("port = 9000", "workers = 0", "server.workers", "above zero", "leave it out"),
    "limit of zero": ("idle_seconds_max = 30", "idle_seconds_max = 0", "limits.idle_seconds_max", "above zero", "default"),
    "limit without end": ("idle_seconds_max = 30", "idle_seconds_max = inf", "limits.idle_seconds_max", "above zero", "default"),
    "limit that is no number": ("idle_seconds_max = 30", "idle_seconds_max = nan", "limits.idle_seconds_max", "above zero", "default"),
    "a session's name": ('id = "lab"', 'id = "console:admin"', "keys[1].id", "no id of a key", "letters, digits"),
    "a person's name": ('id = "lab"', 'id = "subject"', "keys[1].id", "no id of a key", "letters, digits"),
    "bad hash": ("cd" + "0" * 62, "cd" + "0" * 61, "keys[1].sha256", "64 hexadecimal digits", "comity keys new"),
    "a key for its hash": ("cd" + "0" * 62, "ck-" + "0" * 61, "keys[1].sha256", "64 hexadecimal digits", "comity keys new"),
    "two keys": ('id = "lab"', 'id = "app"', "keys[1].id", "`app` stands twice", "rename"),
    "two deployments": ('id = "other"', 'id = "own"', "deployments[1].id", "`own` stands twice", "rename"),
    "unknown model": ('models = ["own"]', 'models = ["own", "owl"]', "keys[0].models", "`owl` is no deployment", "one of: other, own"),
    "both sources": ('{ env = "OWN_KEY" }', '{ env = "OWN_KEY", file = "key" }', "deployments[0].api_key", "exactly one", "never"),
    "no source": ('{ env = "OWN_KEY" }', "{ }", "deployments[0].api_key", "exactly one", "never the secret itself"),
    "negative volume": ("cn_ytd_pi = 5", "cn_ytd_pi = -5", "volumes.cn_ytd_pi", "below zero", "persons"),
    "negative dotted volume": ("covered_identifiers = 7", "covered_identifiers = -7", "volumes.us_12mo.covered_identifiers", "below zero",
                               "persons"),
}  # fmt: skip


def planted(before: str, after: str) -> tuple[str, int]:
    """The file with the fault, and the line on which it begins."""
    if before not in GOOD:  # at the end of [server]
        before, after = "port = 9000", "port = 9000\n" + after
    text = GOOD.replace(before, after)
    assert text != GOOD
    return text, GOOD[: GOOD.index(before)].count("\n") + 1


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named(name: str) -> None:
    before, after, field, reason, mend = FAULTS[name]
    text, first = planted(before, after)
    with pytest.raises(OperatorError) as refused:
        parse_config(text, "some.toml")
    error = refused.value
    said = re.fullmatch(r"some\.toml:(\d+): (\S+): (.+)", str(error))
    assert said is not None, str(error)
    leaf = re.split(r"[.\[]", field.removesuffix("]"))[-1]
    lines = text.splitlines()
    if leaf.isdecimal():  # an element, or a whole table
        expected = first + 2 if "established" in field else lines.index("[[deployments]]", lines.index("[[deployments]]") + 1) + 1
    else:
        expected = next(number for number, line in enumerate(lines, 1) if number >= first and leaf in line)
    assert (int(said[1]), said[2], error.field) == (expected, field, field)
    assert reason in said[3]
    assert mend in error.hint
    assert (error.code, error.exit_code) == ("config.invalid", 3)


def test_a_host_that_others_reach_needs_keys() -> None:
    text = '[server]\nport = 1\nhost = "0.0.0.0"\n'
    with pytest.raises(OperatorError, match=r"^c\.toml:3: server\.host: `0\.0\.0\.0` is reachable from other machines") as refused:
        parse_config(text, "c.toml")
    assert "comity keys new" in refused.value.hint
    key = f'[[keys]]\nid = "a"\nsha256 = "{"0" * 64}"\n'
    assert parse_config(text + key, "c.toml").server.host == "0.0.0.0"


@pytest.mark.parametrize(
    ("host", "reachable"),
    [("127.0.0.1", False), ("127.9.9.9", False), ("::1", False), ("localhost", False),
     ("0.0.0.0", True), ("::", True), ("192.168.1.2", True), ("example.com", True), ("", True)],
)  # fmt: skip
def test_what_is_reachable(host: str, reachable: bool) -> None:
    assert exposed(host) is reachable


@pytest.mark.parametrize(
    ("text", "line"),
    [('a = "b\n', 1), ("\n\n[server\n", 3), ("[server]\nport = 1\nport = 2\n", 3), ("[server]\nport =\n", 2), ('x = """', 1)],
)
def test_what_is_not_toml_names_its_line(text: str, line: int) -> None:
    with pytest.raises(OperatorError, match=rf"^c\.toml:{line}: not TOML: ") as refused:
        parse_config(text, "c.toml")
    assert refused.value.hint


def test_a_file_that_nests_without_end_is_refused() -> None:
    with pytest.raises(OperatorError, match=r"^c\.toml: nests too deeply"):
        parse_config("a = " + "[" * 5000 + "]" * 5000, "c.toml")


def test_a_key_may_name_the_model_of_this_machine_when_no_deployment_stands() -> None:
    key = f'[[keys]]\nid = "a"\nsha256 = "{"0" * 64}"\n'
    assert parse_config(key + 'models = ["device"]\n', "c.toml").keys[0].models == ("device",)
    with pytest.raises(OperatorError, match="`qwen` is no deployment"):
        parse_config(key + 'models = ["qwen"]\n', "c.toml")


def test_no_secret_and_no_value_stands_in_an_error() -> None:
    with pytest.raises(OperatorError) as refused:
        parse_config('[[deployments]]\nid = "a"\nprovider = "openai"\napi_key = "sk-very-secret"\n', "c.toml")
    assert str(refused.value).startswith("c.toml:4: deployments[0].api_key: ")
    assert "very-secret" not in str(refused.value) + refused.value.hint


def test_a_good_file_is_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "comity.toml"
    for start in ("", "\ufeff"):  # some editors begin a file with a byte order mark
        path.write_text(start + GOOD, encoding="utf-8")
        config = load_config(path)
        assert config.service.placed_on_market == date(2026, 9, 1)
        assert config.defaults.subject.age == 35
        assert config.volumes.us_12mo.covered_identifiers == 7
        assert config.limits.idle_seconds_max == 30
        assert [key.id for key in config.keys] == ["app", "lab"]
        assert config.deployments[0].processing == AnyExceptConfig(any_except=frozenset({"CN"}))
        assert config.deployments[1].processing == frozenset({"SG"})


def test_no_file_means_the_defaults() -> None:
    assert load_config(None) == parse_config("", "c.toml") == Config()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"^cannot read `.*none\.toml`: No such file") as refused:
        load_config(tmp_path / "none.toml")
    assert (refused.value.code, refused.value.hint) == ("config.unreadable", "name another: comity --config FILE …")
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe9"')
    with pytest.raises(OperatorError, match="it is not UTF-8"):
        load_config(tmp_path / "latin.toml")
