"""No pickle, no eval, no shell in the source; safe settings wherever a library offers others."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.security.rules import offences

PROJECT = Path(__file__).parents[2]
ROOMS = ("service", "utils", "bin", "benchmarks", "data", "docker")
SOURCES = [PROJECT / "workflow.py", *(p for room in ROOMS for p in (PROJECT / room).rglob("*.py"))]


def test_the_source_does_none_of_it():
    assert len(SOURCES) > 100
    found = [
        f"{path.relative_to(PROJECT)}:{line}: {words}"
        for path in SOURCES
        for line, words in offences(path.read_text())
    ]
    assert found == []


def test_only_the_fetching_of_weights_speaks_to_a_network():
    """It is done where the workflow is submitted; no executable imports it.

    The service listens to one; what it asks there itself is in one file. Its benchmark asks it, and
    the app's asks the app. Alerts are posted to the address that is given for them, and whether
    a cluster answers at the address that is given for it is asked before it is handed work.
    """
    speaking = re.compile(
        r"^\s*(?:import|from) (?:ssl|http|urllib\.request|requests|ftplib|smtplib|asyncio)\b"
        r"|socket\.(?:socket|create_connection|create_server)\(",
        re.M,
    )
    found = [path.relative_to(PROJECT) for path in SOURCES if speaking.search(path.read_text())]
    outside = {str(path) for path in found if path.parts[0] != "service"}
    utils = {"utils/networks/pretrained.py", "utils/video/receivers.py", "utils/spark/checks.py"}
    assert outside == {*utils, "benchmarks/service.py", "benchmarks/app_sessions.py"}
    asking = re.compile(
        r"open_connection|create_connection|getaddrinfo|urlopen|^import (?:http|requests)", re.M
    )
    service = [path for path in SOURCES if path.relative_to(PROJECT).parts[0] == "service"]
    assert [path.name for path in service if asking.search(path.read_text())] == ["fetching.py"]
    importing = [path for path in SOURCES if "pretrained import" in path.read_text()]
    assert not [path for path in importing if path.parent.name == "bin"]
    in_use = {path for path in importing if path.parent.name != "benchmarks"}
    rooms = ("classifier/pretrained", "detector/pretrained", "submission")
    assert in_use == {PROJECT / "utils" / f"{name}.py" for name in rooms}


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "from os import system",
        "eval('1')",
        "exec(code)",
        "os.system('ls')",
        "os.execvp('ls', [])",
        "subprocess.run('ls', shell=True)",
        "Popen(command, shell=wanted)",
        "subprocess.getoutput('ls')",
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.Loader)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=wanted)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "jinja2.Environment()",
        "etree.XMLParser(resolve_entities=False)",
        "etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)",
        "tempfile.mktemp()",
        "path.chmod(0o666)",
        "os.chmod(path, 0o777)",
    ],
)
def test_each_is_found(line):
    assert list(offences(line))


@pytest.mark.parametrize(
    "line",
    [
        "torch.load(path, weights_only=True)",
        "yaml.load(text, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))",
        "subprocess.run(['ls'], shell=False)",
        "model.eval()",
        "re.compile('x')",
        "path.chmod(0o755)",
    ],
)
def test_what_is_safe_is_not(line):
    assert not list(offences(line))


def test_bandit_s_rules_are_on_and_every_excuse_says_why():
    lint = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert {"S", "RUF", "BLE"} <= set(lint["select"])  # RUF100 finds excuses that are not needed
    assert {rule for rule in lint["ignore"] if rule.startswith("S")} <= {"S101", "S603"}
    rooms = {place.split("/")[0]: rules for place, rules in lint["per-file-ignores"].items()}
    outside = [rule for room, rules in rooms.items() if room != "tests" for rule in rules]
    assert not [rule for rule in outside if re.fullmatch(r"S\d*", rule)]
    for path in SOURCES:
        for line in path.read_text().splitlines():
            if excuse := re.search(r"# noqa: S\d+(.*)", line):
                assert len(excuse[1]) > 5, f"{path}: {line.strip()}: say why"
