"""The images of the app and the service: slim, not of root, whole when they are built."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAGES = {"app": "requirements-app.txt", "serve": "requirements-service.txt"}


@pytest.fixture(scope="module")
def stages(docker) -> dict[str, list[tuple[str, str]]]:
    """Return the instructions of each stage, each with its arguments."""
    text = re.sub(r"^\s*#.*\n", "", (docker / "Dockerfile.web").read_text(), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    found: dict[str, list[tuple[str, str]]] = {"": []}
    for line in lines:
        name, arguments = line.split(maxsplit=1)
        if name == "FROM":
            found[arguments.split(" AS ")[1]] = []
        list(found.values())[-1].append((name, " ".join(arguments.split())))
    return found


def of(stage, instruction: str) -> list[str]:
    return [arguments for name, arguments in stage if name == instruction]


def test_both_start_from_the_same_slim_base_of_ones_choice(stages):
    assert of(stages[""], "ARG") == ["BASE=python:3.11-slim"]
    assert of(stages["base"], "FROM") == ["${BASE} AS base"]
    assert stages.keys() == {"", "base", *STAGES}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_holds_what_it_imports_and_runs_as_nobody(stages, name):
    stage = stages[name]
    assert of(stage, "FROM") == [f"base AS {name}"]
    assert f"{STAGES[name]} ./" in of(stage, "COPY")
    assert of(stage, "RUN")[0].endswith(f"--requirement {STAGES[name]}")
    assert of(stage, "USER") == ["worker"]
    assert of(stages["base"], "RUN")[0] == "useradd --create-home worker"
    assert not of(stage, "ADD")
    assert all("--no-cache-dir" in run for run in of(stage, "RUN"))


def test_the_model_is_put_in_when_it_is_built(stages):
    assert {"data/models data/models", "utils utils"} <= set(of(stages["base"], "COPY"))
    environment = of(stages["base"], "ENV")[0].split()
    assert {"HOME=/home/worker", "PORT=8080", "PYTHONNOUSERSITE=1"} <= set(environment)


@pytest.mark.parametrize("name", STAGES)
def test_it_is_started_by_exec_and_asked_how_it_is(stages, name):
    stage = stages[name]
    (start,) = of(stage, "CMD") + of(stage, "ENTRYPOINT")
    words = json.loads(start)
    assert words[0] == "python3" or words[2].startswith("exec ")
    (health,) = of(stage, "HEALTHCHECK")
    command = json.loads(health.partition(" CMD ")[2])
    compile(command[2], "health", "exec")
    assert "os.environ['PORT']" in command[2]


def test_only_what_is_copied_travels_to_the_engine(docker, stages):
    lines = (docker / "Dockerfile.web.dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    copied = {word.split()[0] for stage in stages.values() for word in of(stage, "COPY")}
    assert patterns[0] == "*"
    assert {line[1:] for line in patterns if line.startswith("!")} == copied


def make(*words: str, **environment: str) -> str:
    known = {name: os.environ[name] for name in os.environ if not name.startswith("MAKE")}
    done = subprocess.run(
        [shutil.which("make"), "--dry-run", *words],
        cwd=ROOT,
        env={**known, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return " ".join(done.stdout.replace("\\\n", " ").split())


def test_make_builds_names_and_pushes_them():
    assert make("serve-image", "TAG=v1", "BASE=debian:13") == (
        "docker build --file docker/Dockerfile.web --target serve --tag mask-detection-serve:v1 "
        "--build-arg BASE=debian:13 ."
    )
    assert "--target app --tag mask-detection-app:latest" in make("app-image")
    assert "--ignorefile docker/Dockerfile.web.dockerignore" in make("app-image", "DOCKER=podman")
    secret = make("serve-image", PIP_INDEX_URL="file:///wheels")
    assert "--build-arg PIP_INDEX_URL ." in secret
    assert "file:///wheels" not in secret
    words = ("REGISTRYPREFIX=host/p/", "TAG=v1")
    there = "host/p/mask-detection-$name:v1"
    assert f"docker tag mask-detection-$name:v1 {there} " in make("image-tag", *words)
    assert f"docker push {there} " in make("image-push", *words)
    tried = make("image-try", "DOCKER=podman --root x", "TAG=v1")
    assert "docker/try_web.py $name --tag v1 --docker 'podman --root x' " in tried
