"""The build takes the tool that works, tells what it does and how to use the result."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench(tmp_path, docker):
    """A PATH that holds the stand-ins which a test makes, and the build that sees nothing else."""
    return Bench(tmp_path, docker / "build.py")


class Bench:
    def __init__(self, folder: Path, script: Path):
        self.folder, self.script = folder, script

    def put(self, tool: str, version: str | None = "1.2.3", builds: bool = True) -> None:
        """Put a tool on the PATH; without a version, one whose engine does not answer."""
        answer = f"echo {version}" if version else "echo no engine answers >&2; exit 1"
        stand_in = self.folder / tool
        stand_in.write_text(
            f'#!/bin/sh\nif [ "$1" = version ]; then {answer}; exit; fi\n'
            f'{{ pwd; printf "%s\\n" "$@"; }} > "{self.folder}/arguments"\n'
            f'{shutil.which("env")} > "{self.folder}/environment"\nexit {0 if builds else 9}\n'
        )
        stand_in.chmod(0o755)

    def build(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, self.script, *arguments],
            env={"PATH": f"{self.folder}", **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def told(self) -> list[str]:
        """Return the working folder and the arguments that the tool was called with."""
        return (self.folder / "arguments").read_text().splitlines()

    def environment(self) -> list[str]:
        return (self.folder / "environment").read_text().splitlines()


def test_without_a_tool_it_says_so_in_one_line(bench):
    done = bench.build()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "build.py: error: no tool can build here (apptainer: not on the PATH; "
        "docker: not on the PATH; podman: not on the PATH)\n"
    )


def test_apptainer_is_preferred_and_its_image_is_ready_for_use(bench):
    for tool in ("podman", "docker", "apptainer"):
        bench.put(tool)
    done = bench.build()
    image = bench.folder / "mask-detection.sif"
    assert done.returncode == 0
    assert bench.told() == [str(ROOT), "build", str(image), "docker/mask-detection.def"]
    assert done.stdout.startswith("Tool: apptainer 1.2.3\n")
    assert f"$ apptainer build {image} docker/mask-detection.def" in done.stdout
    assert f"python workflow.py --container {image}" in done.stdout


def test_a_client_without_its_engine_is_passed_over(bench):
    bench.put("docker", version=None)
    bench.put("podman")
    done = bench.build()
    assert done.returncode == 0
    assert bench.told()[1:4] == ["build", "--file", "docker/Dockerfile"]
    assert "docker: no engine answers" in done.stdout
    assert "$ podman build" in done.stdout


def test_docker_sends_only_the_project_as_context_and_says_how_to_push(bench):
    bench.put("docker")
    done = bench.build("--base", "debian:13")
    assert bench.told() == [
        *(str(ROOT), "build", "--file", "docker/Dockerfile", "--tag", "mask-detection"),
        *("--build-arg", "BASE=debian:13", "."),
    ]
    assert "docker push REGISTRY/mask-detection" in done.stdout
    assert "python workflow.py --container docker://REGISTRY/mask-detection" in done.stdout


def test_podman_keeps_the_health_check_and_the_ignore_file(bench):
    bench.put("podman")
    bench.build()
    told = bench.told()
    assert told[told.index("--format") + 1] == "docker"
    assert (ROOT / told[told.index("--ignorefile") + 1]).exists()


def test_the_tool_can_be_named(bench):
    bench.put("apptainer")
    bench.put("docker")
    assert "$ docker build" in bench.build("--tool", "docker").stdout
    assert bench.build("--tool", "podman").returncode == 2


def test_settings_of_pip_reach_the_build_and_not_its_command_line(bench):
    index = {"PIP_EXTRA_INDEX_URL": "file:///wheels"}
    bench.put("docker")
    done = bench.build(**index)
    told = bench.told()
    assert told[told.index("--build-arg") + 1] == "PIP_EXTRA_INDEX_URL"
    assert "PIP_EXTRA_INDEX_URL=file:///wheels" in bench.environment()
    assert "file:///wheels" not in done.stdout

    bench.put("apptainer")
    done = bench.build(**index)
    assert "APPTAINERENV_PIP_EXTRA_INDEX_URL=file:///wheels" in bench.environment()
    assert "file:///wheels" not in done.stdout


def test_apptainer_starts_from_a_folder_where_no_registry_is_reached(bench):
    bench.put("apptainer")
    (bench.folder / "base").mkdir()
    bench.build("--base", "base")
    told = bench.told()
    assert told[2:6] == [
        *("--build-arg", "BOOTSTRAP=localimage"),
        *("--build-arg", f"BASE={bench.folder / 'base'}"),
    ]
    bench.build("--base", "debian:13")
    assert bench.told()[2:4] == ["--build-arg", "BASE=debian:13"]


def test_an_image_is_not_written_over(bench):
    bench.put("apptainer")
    image = bench.folder / "mine.sif"
    image.touch()
    done = bench.build("--output", "mine.sif")
    assert done.returncode == 2
    assert f"{image} exists" in done.stderr
    assert not (bench.folder / "arguments").exists()


def test_a_failed_build_is_not_called_built(bench):
    bench.put("apptainer", builds=False)
    done = bench.build()
    assert done.returncode == 1
    assert "apptainer ended with 9" in done.stderr
    assert "Use it" not in done.stdout


def test_make_image_builds():
    # As called by hand, and not by the make that runs the tests.
    environment = {name: os.environ[name] for name in os.environ if not name.startswith("MAKE")}
    made = subprocess.run(
        [shutil.which("make"), "--dry-run", "image", "PYTHON=python3", "ARGS=--tool podman"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.split() == ["python3", "docker/build.py", "--tool", "podman"]
