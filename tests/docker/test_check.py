"""The check knows every dependency, and names what is missing, broken or of another version."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement


def pinned(requirements: Path) -> list[Requirement]:
    lines = [line.partition("#")[0].strip() for line in requirements.read_text().splitlines()]
    return [Requirement(line) for line in lines if line]


@pytest.fixture
def check(docker):
    """Run the check, with packages of the test's own beside the real ones."""

    def run(*arguments: str | Path, packages: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, docker / "check.py", *arguments],
            env={**os.environ, "PYTHONPATH": packages, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=600,
        )

    return run


@pytest.fixture
def packages(tmp_path):
    """Return a folder with a distribution `made` 1.0+cpu, and one, `broken` 1.0, of no use."""
    for name, version, code in (
        ("made", "1.0+cpu", ""),
        ("broken", "1.0", "raise OSError('libGL.so.1: cannot open shared object file')"),
    ):
        (tmp_path / f"{name}.py").write_text(code)
        information = tmp_path / f"{name}-{version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    return str(tmp_path)


def test_every_dependency_of_this_environment_is_imported(check, requirements):
    done = check(requirements)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{len(pinned(requirements))} dependencies imported as pinned")
    assert "PyTorch for" in done.stdout


def test_all_lists_beside_it_are_checked(docker, requirements, tmp_path):
    image = tmp_path / "image"
    image.mkdir()
    shutil.copy(docker / "check.py", image)
    command = [sys.executable, image / "check.py"]
    none = subprocess.run(command, capture_output=True, text=True)
    assert none.returncode == 1
    assert "no requirements*.txt beside it" in none.stderr
    shutil.copy(requirements.with_name("requirements-video.txt"), image)
    (image / "requirements.txt").write_text("no-such-thing==3.0\n")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stderr.splitlines() == ["no-such-thing: not installed, 3.0 is pinned"]


def test_pins_are_those_that_pip_reads(docker, requirements):
    read_pins = runpy.run_path(docker / "check.py")["read_pins"]
    assert read_pins(requirements) == {
        one.name: str(one.specifier).removeprefix("==") for one in pinned(requirements)
    }


def test_a_build_for_cpus_counts_as_the_pinned_version(check, packages, tmp_path):
    pins = tmp_path / "pins.txt"
    pins.write_text('made==1.0; sys_platform == "linux"  # a comment\n\n')
    done = check(pins, packages=packages)
    assert (done.returncode, done.stderr) == (0, "")


def test_each_fault_is_named(check, packages, tmp_path):
    pins = tmp_path / "pins.txt"
    pins.write_text("made==2.0\nbroken==1.0\nno-such-thing==3.0\n")
    done = check(pins, packages=packages)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "made: 1.0+cpu is installed, 2.0 is pinned",
        "broken: `import broken` fails: libGL.so.1: cannot open shared object file",
        "no-such-thing: not installed, 3.0 is pinned",
    ]


def test_versions_alone_import_nothing(check, packages, tmp_path):
    pins = tmp_path / "pins.txt"
    pins.write_text("broken==1.0\n")
    done = check("--versions", pins, packages=packages)
    assert done.returncode == 0
    assert done.stdout.startswith("1 dependencies installed as pinned")


def test_what_is_not_pinned_is_refused(check, tmp_path):
    pins = tmp_path / "pins.txt"
    pins.write_text("torch>=2\n")
    done = check(pins)
    assert done.returncode == 1
    assert "'torch>=2': pin it as NAME==VERSION" in done.stderr
