"""``kill -9`` of the engine and of jobs, at random instants and between two system calls."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.processes import children
from tests.faults.stage import HOOKED, PROJECT, Stage
from tests.faults.table import Row
from tests.faults.toys import disturbed
from utils.dag.workflow_file import read_workflow
from utils.errors import InputError

SEED = 5

TARGETS = {
    "engine": "the engine",
    "both": "the engine and its jobs at once",
    "job": "a job alone",
    "group": "a job's process group",
}


def rows(quick: bool) -> Iterator[Row]:
    """Kill, resume and compare; see `Stage.finish` for what is promised."""
    chance = random.Random(SEED)  # noqa: S311
    print(f"kills: seed {SEED}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        toy = Stage(Path(scratch, "toy"), disturbed)
        span = toy.undisturbed()
        points = system_points(toy)
        yield from at_random_instants(toy, chance, 4 if quick else 100, span / 3, "toy")
        yield between_system_calls(toy, chance, 3 if quick else 60, points)
        if not quick:
            yield while_planning(Path(scratch, "plans"), chance, 12)
            real = Stage(Path(scratch, "real"), plan_sample)
            yield from at_random_instants(real, chance, 40, real.undisturbed() / 4, "the sample")


def at_random_instants(
    stage: Stage, chance: random.Random, times: int, span: float, name: str
) -> Iterator[Row]:
    """Kill something at `times` instants, several in a run, each up to `span` s after the last."""
    hit: Counter[str] = Counter()
    engine = None
    while hit.total() < times:
        if engine is None:
            engine = started(stage)
        with contextlib.suppress(subprocess.TimeoutExpired):
            engine.wait(timeout=chance.uniform(0, span))
        if engine.poll() is not None:
            assert engine.returncode in (0, 1), f"exit code {engine.returncode}:\n{stage.told()}"
            stage.finish()
            stage.renew()
            engine = None
            continue
        target = chance.choice(list(TARGETS))
        hit[target] += strike(engine, target, chance)
        if engine.poll() is not None:
            stage.settle()
            engine = None
    if engine:
        engine.wait()
    stage.finish()
    stage.renew()
    for target, words in TARGETS.items():
        seen = "--resume: same output as undisturbed"
        yield Row(f"kill -9 of {words}, random instant, {name}", hit[target], seen, LOST)


LOST = "what ran then; nothing finished"


def started(stage: Stage) -> subprocess.Popen:
    """Start an engine and return it once it has the lock, from which the instants count."""
    engine = stage.start()
    while engine.poll() is None and not (stage.folder / ".lock").exists():
        time.sleep(0.005)
    return engine


def strike(engine: subprocess.Popen, target: str, chance: random.Random) -> int:
    """Kill; return how many targets were hit, one or none."""
    jobs = children(engine.pid)
    if target in ("engine", "both"):
        engine.kill()
        for job in jobs if target == "both" else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(job, signal.SIGKILL)
        return int(engine.wait() == -signal.SIGKILL)
    if not jobs:
        return 0
    send: Callable[[int, int], None] = os.killpg if target == "group" else os.kill
    try:
        send(chance.choice(jobs), signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return 0
    return 1


def system_points(stage: Stage) -> int:
    """Return how many system calls of interest an undisturbed run makes."""
    assert stage.start(hook=("count", 0)).wait() == 0
    stage.renew()
    return len(Path(f"{stage.folder.parent}.calls").read_text().splitlines())


def between_system_calls(stage: Stage, chance: random.Random, times: int, points: int) -> Row:
    """Kill the engine just before `times` of its system calls that change something."""
    done = 0
    for number in chance.choices(range(1, points), k=times):
        code = stage.start(hook=("kill", number)).wait()
        assert code in (0, -signal.SIGKILL), stage.told()
        done += code != 0
        stage.finish()
        stage.renew()
    seen = f"of {points} points such as rename, fsync, lock, fork; --resume: same output"
    return Row("kill -9 of the engine between two system calls, toy", done, seen, LOST)


def plan_sample(folder: Path) -> None:
    """Plan the real workflow on a fifth of the bundled sample, as small as it can be."""
    data = folder.parent.parent / "data"
    for part in ("images", "annotations"):
        (data / part).mkdir(parents=True)
        for path in sorted((PROJECT / "data" / "sample" / part).iterdir())[::5]:
            (data / part / path.name).write_bytes(path.read_bytes())
    photos = sorted((PROJECT / "data" / "predict").iterdir())[:2]
    small = ["--epochs", "1", "--trials", "2", "--trial-epochs", "1", "--image-size", "64"]
    command = [*small, "--data", str(data), "--predict", *map(str, photos)]
    plan(folder, *command)


def plan(folder: Path, *words: str, hook: tuple[str, int] | None = None) -> int:
    """Plan a run by the command line; return the exit code."""
    program = [str(PROJECT / "workflow.py")]
    if hook:
        program = [str(HOOKED), hook[0], str(folder.parent), str(hook[1])]
    command = [sys.executable, *program, "--dry-run", "--engine", "local", "--run-dir", str(folder)]
    return subprocess.run([*command, *words], stdout=subprocess.DEVNULL, check=not hook).returncode


def while_planning(place: Path, chance: random.Random, times: int) -> Row:
    """Kill the planning of a run; the folder must then be complete, or refused."""
    place.mkdir()
    assert plan(place / "whole", hook=("count", 0)) == 0
    jobs = read_workflow(place / "whole").jobs.keys()
    points = len(Path(f"{place}.calls").read_text().splitlines())
    refused = 0
    for turn, number in enumerate(chance.choices(range(1, points), k=times)):
        folder = place / str(turn)
        assert plan(folder, hook=("kill", number)) == -signal.SIGKILL
        command = [sys.executable, str(PROJECT / "workflow.py"), "status", str(folder)]
        status = subprocess.run(command, capture_output=True, text=True)
        if status.returncode == 2:
            assert "not planned to the end" in status.stderr
            refused += 1
            continue
        with contextlib.suppress(InputError):
            assert read_workflow(folder).jobs.keys() == jobs
    seen = f"{refused} folders refused as not planned to the end, the others complete"
    return Row("kill -9 while a run is planned", times, seen, "the folder")
