"""Both recipes install what jobs import and nothing else, check it, and hold no code of ours."""

import re
import shlex
from pathlib import Path

import pytest

INSTALLED = "/opt/mask-detection"
LISTS = ["requirements.txt", "requirements-video.txt"]
COPIED = [*LISTS, "docker/check.py"]


@pytest.fixture(scope="module")
def dockerfile(docker) -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, each with its arguments."""
    text = re.sub(r"^\s*#.*\n", "", (docker / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


@pytest.fixture(scope="module")
def definition(docker) -> dict[str, str]:
    """Return the header (under "") and the sections of Apptainer's definition, without comments."""
    text = re.sub(r"^\s*#.*\n", "", (docker / "mask-detection.def").read_text(), flags=re.MULTILINE)
    header, *sections = re.split(r"^%(\w+)\n", text.replace("\\\n", " "), flags=re.MULTILINE)
    return {"": header, **dict(zip(sections[::2], sections[1::2], strict=True))}


def values(dockerfile, instruction: str) -> list[str]:
    return [arguments for name, arguments in dockerfile if name == instruction]


def commands(script: str) -> list[list[str]]:
    return [
        shlex.split(one) for line in script.splitlines() for one in line.split("&&") if one.strip()
    ]


def is_install(command: list[str]) -> bool:
    return "pip" in command


def test_dockerfile_starts_from_a_base_of_ones_choice(dockerfile):
    assert dockerfile[:2] == [("ARG", "BASE=python:3.11-slim"), ("FROM", "${BASE}")]
    assert len(values(dockerfile, "FROM")) == 1


def test_definition_starts_from_the_same_base_of_ones_choice(definition, dockerfile):
    assert definition[""].split("\n")[:2] == ["Bootstrap: {{ BOOTSTRAP }}", "From: {{ BASE }}"]
    arguments = definition["arguments"].split()
    assert arguments == ["BOOTSTRAP=docker", values(dockerfile, "ARG")[0]]


def test_both_install_the_requirements_and_nothing_else(dockerfile, definition):
    installs = [
        one for run in values(dockerfile, "RUN") for one in commands(run) if is_install(one)
    ]
    assert installs == [one for one in commands(definition["post"]) if is_install(one)]
    (install,) = installs
    assert install[:4] == ["python3", "-m", "pip", "install"]
    wanted = [word for name in LISTS for word in ("--requirement", f"{INSTALLED}/{name}")]
    assert install[-4:] == wanted
    assert all(argument.startswith("--") for argument in install[4:-4])


def test_pip_leaves_no_cache_in_a_layer(dockerfile):
    assert all("--no-cache-dir" in run for run in values(dockerfile, "RUN") if "pip" in run)


def test_both_hold_the_requirements_and_the_check_alone(dockerfile, definition):
    assert values(dockerfile, "COPY") == [" ".join([*COPIED, f"{INSTALLED}/"])]
    assert not values(dockerfile, "ADD")
    assert [line.split() for line in definition["files"].strip().splitlines()] == [
        [path, f"{INSTALLED}/{Path(path).name}"] for path in COPIED
    ]


def test_only_what_is_copied_travels_to_the_engine(docker):
    lines = (docker / "Dockerfile.dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns == ["*", *(f"!{path}" for path in COPIED)]


def test_both_import_everything_once_it_is_installed(dockerfile, definition):
    check = ["python3", f"{INSTALLED}/check.py"]
    (run,) = (run for run in values(dockerfile, "RUN") if "pip" in run)
    assert commands(run)[-1] == check
    assert commands(definition["post"])[-1] == check


def test_container_is_not_run_by_root(dockerfile):
    user = values(dockerfile, "USER")[-1]
    assert user not in ("root", "0")
    assert any(
        run.split() == ["useradd", "--create-home", user] for run in values(dockerfile, "RUN")
    )


def test_health_check_imports_everything(dockerfile):
    (health,) = values(dockerfile, "HEALTHCHECK")
    assert health.partition(" CMD ")[2] == f'["python3", "{INSTALLED}/check.py"]'


def test_what_htcondor_runs_before_every_job_imports_nothing(definition):
    assert commands(definition["test"]) == [["python3", f"{INSTALLED}/check.py", "--versions"]]


def test_packages_of_a_mounted_home_folder_are_not_seen(dockerfile, definition):
    assert "PYTHONNOUSERSITE=1" in values(dockerfile, "ENV")
    assert ["export", "PYTHONNOUSERSITE=1"] in commands(definition["environment"])


@pytest.mark.parametrize("recipe", ["Dockerfile", "mask-detection.def", "build.py"])
def test_no_registry_is_named(docker, recipe):
    assert "://" not in (docker / recipe).read_text().replace("docker://REGISTRY", "")
