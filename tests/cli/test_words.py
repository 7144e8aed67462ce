# SPDX-License-Identifier: Apache-2.0
"""What can be typed, and what is said to what cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from comity.cli.main import COMMANDS, Parser, Program, file_of
from tests.cli.conftest import Cli

LINES_MAX, COLUMNS = 24, 80


def every(made: Parser, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Parser]]:
    """Each command and each command of a command, by the words that name it."""
    yield words, made
    for name, inner in made._commands.items():
        yield from every(inner, (*words, name))


EVERY = list(every(Program()))
OPTIONS = [(words, option) for words, made in EVERY for option in made._option_string_actions if option.startswith("--")]


def test_there_are_commands_inside_commands() -> None:
    assert {words[0] for words, _ in EVERY if words} == set(COMMANDS)
    assert ("evidence", "add") in dict(EVERY)


@pytest.mark.parametrize("words", [words for words, _ in EVERY], ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_fits_a_screen(cli: Cli, words: tuple[str, ...], flag: str) -> None:
    done = cli(*words, flag)
    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert lines[0].startswith(f"usage: {' '.join(('comity', *words))} ")
    assert len(lines) <= LINES_MAX and max(map(len, lines)) <= COLUMNS, done.out


def test_help_names_every_command_with_what_it_does(cli: Cli) -> None:
    told = cli("--help").out
    also = told.partition("\n  also: ")[2].replace("\n", "").replace(" ", "").split(",")
    for name in COMMANDS:
        assert re.search(rf"^  {name} +{re.escape(file_of(name).ABOUT)}$", told, re.M) or name in also


def test_the_bare_program_tells_what_there_is_and_that_nothing_was_done(cli: Cli) -> None:
    done = cli()
    assert (done.code, done.out) == (2, "")
    assert done.err == cli("--help").out


@pytest.mark.parametrize("name", COMMANDS)
def test_a_misspelt_command_is_answered_with_the_one_meant(cli: Cli, name: str) -> None:
    assert f"hint: did you mean `{name}`?" in cli(name + "s").refused(2, "usage")


@pytest.mark.parametrize(("words", "option"), OPTIONS, ids=lambda each: each if isinstance(each, str) else " ".join(each))
def test_a_misspelt_option_is_answered_with_the_one_meant(cli: Cli, words: tuple[str, ...], option: str) -> None:
    misspelt = option + option[-1]
    said = cli(*words, misspelt, "1").refused(2, "usage")
    assert said == f"comity: error[usage]: `{misspelt}` is no option of `{' '.join(('comity', *words))}`\nhint: did you mean `{option}`?\n"


SHORTENED = [(words, option) for words, option in OPTIONS if (words, option[:-1]) not in OPTIONS]


@pytest.mark.parametrize(("words", "option"), SHORTENED, ids=lambda each: each if isinstance(each, str) else " ".join(each))
def test_an_option_is_written_out(cli: Cli, words: tuple[str, ...], option: str) -> None:
    """One letter short, argparse would by itself take it for the option."""
    assert f"`{option[:-1]}` is no option" in cli(*words, option[:-1], "1").refused(2, "usage")


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        ("--version", "`--version` is no option of `comity`", "did you mean `version`?"),
        ("log tial", "`tial` is none of: tail, prove, verify, key", "did you mean `tail`?"),
        ("keys make", "`make` is none of: new, hash, list, rotate, revoke", "comity keys --help"),
        ("log tail 1 2", "`2` is more than `comity log` takes", "comity log --help"),
        ("log tail --n=3", "`--n` is no option of `comity log`", "did you mean `-n`?"),
        ("log tail -n 0", "argument -n: `0` is not a number above zero", "comity log --help"),
        ("log tail -n ten", "argument -n: `ten` is not a number above zero", "comity log --help"),
        ("log tail -n 99999999999999999999", "argument -n: `99999999999999999999` is not a number above zero", "comity log --help"),
        ("up --port x", "argument --port: invalid int value: `x`", "comity up --help"),
        ("up --port", "argument --port: expected one argument", "comity up --help"),
        ("ask", "the following arguments are required: TEXT", "comity ask --help"),
        ("--home", "argument --home: expected one argument", "comity --help"),
        ("--homee x log tail", "`--homee` is no option of `comity`", "did you mean `--home`?"),
        ("evidence lst", "`lst` is none of: add, list, withdraw, verify", "did you mean `list`?"),
        ("models add", "no model is named", "comity models add --default, or a name of comity models"),
    ],
)
def test_what_cannot_be_understood(cli: Cli, words: str, said: str, hint: str) -> None:
    assert cli(*words.split()).refused(2, "usage") == f"comity: error[usage]: {said}\nhint: {hint}\n"


@pytest.mark.parametrize("words", ["", "logg", "log tail --jso", "ask", "log tail -n 0", "models add"])
def test_usage_errors_are_json_too_where_json_is_asked(cli: Cli, words: str) -> None:
    done = cli("--json", *words.split())
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert json.loads(line)["error"]["code"] == "usage"


def test_flags_stand_before_or_after_the_command(cli: Cli) -> None:
    words = [("--json", "version"), ("version", "--json"), ("--json", "evidence", "list"), ("evidence", "list", "--json")]
    assert [type(cli(*each).json()) for each in words] == [dict, dict, list, list]
    for each in (("--home", "elsewhere", "log", "tail"), ("log", "tail", "--home", "elsewhere")):
        assert "no records at `elsewhere/comity.db`" in cli(*each).refused(1, "storage.absent")


def test_a_question_may_begin_like_an_option(cli: Cli) -> None:
    """It gets as far as being asked: the model is named, and is none."""
    for words in (["--why is that so?"], ["--", "--json"]):
        cli("ask", "--model", "nobody", *words).refused(3, "request.unknown_model")
