"""What every command of ``workflow.py`` does with its words and options."""

import re

import pytest

import workflow
from utils.commands.command import Command, Option
from utils.dag.options.readers import flag, whole
from utils.errors import InputError


def test_a_command_gets_what_its_readers_make_of_the_options():
    got = []
    command = Command(
        "count",
        "how many",
        lambda words, given, tell: got.append((words, given)) or tell("done") or 3,
        options={"number": Option(whole(1), "how many"), "json": Option(flag, "print JSON")},
    )
    told = []
    assert command.do(["a", "b"], {"number": "7", "json": True}, told.append) == 3
    assert (got, told) == ([(["a", "b"], {"number": 7, "json": True})], ["done"])
    with pytest.raises(InputError, match="--number: takes a whole number from 1, not '0'"):
        command.do([], {"number": "0"}, print)
    with pytest.raises(InputError, match="--epochs: is not for `count`, which takes --number"):
        command.do([], {"epochs": "3"}, print)


@pytest.mark.parametrize("name", workflow.COMMANDS)
def test_every_command_tells_of_itself_and_of_each_of_its_options(name, capsys):
    with pytest.raises(SystemExit) as left:
        workflow.main([name, "--help"])
    told = capsys.readouterr().out
    assert left.value.code == 0
    assert f"workflow.py {name} " in told
    command = workflow.COMMANDS[name]
    options = {f"--{one.replace('_', '-')}" for one in command.options}
    assert set(re.findall(r"^  (--[a-z-]+)", told, re.MULTILINE)) == options


def test_an_option_of_a_command_is_refused_by_a_run_with_the_command_that_takes_it(capsys):
    assert workflow.main(["--number", "3"]) == 2
    assert "--number: is for `suggest`" in capsys.readouterr().err
    assert workflow.main(["run", "--json"]) == 2
    assert "--json: is for `runs` and `compare`" in capsys.readouterr().err
