"""Disks that fill up, are read-only, or lose a folder while the engine and its jobs use them."""

import contextlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.faults.kills import plan_sample, started, system_points
from tests.faults.small_disk import MANY, CannotMount, SmallDisk, small_disk
from tests.faults.stage import PATIENCE, Stage, processes
from tests.faults.table import Row
from tests.faults.toys import disturbed

SEED = 6

ROOM = 64.0
"""MiB that are enough for everything."""


def rows(quick: bool) -> Iterator[Row]:
    """Let the engine run out of space, give it space, resume and compare."""
    chance = random.Random(SEED)  # noqa: S311
    print(f"disk: seed {SEED}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        toy = Stage(Path(scratch, "toy"), disturbed)
        span = toy.undisturbed()
        points = system_points(toy)
        for fault in ("full", "full-on", "read-only"):
            yield failing_calls(toy, chance, 1 if quick else 30, points, fault)
        yield vanishing_scratch(toy, chance, 2 if quick else 20, span)
        try:
            with small_disk(Path(scratch, "disk"), ROOM) as disk:
                stage = Stage(disk.place / "toy", disturbed)
                span = stage.undisturbed()
                yield filling(stage, disk, chance, 2 if quick else 30, span, "toy")
                yield no_more_files(stage, disk, chance, 1 if quick else 15)
                yield read_only(stage, disk)
            if not quick:
                with small_disk(Path(scratch, "larger"), 400) as disk:
                    stage = Stage(disk.place / "real", plan_sample)
                    span = stage.undisturbed()
                    yield filling(stage, disk, chance, 3, span, "the sample")
        except CannotMount as reason:
            print(f"disk: left out what needs a mounted file system: {reason}", file=sys.stderr)


def ends_clearly(stage: Stage, engine: subprocess.Popen) -> int:
    """Wait for an engine whose disk gives out; return its exit code, which must come clearly."""
    code = engine.wait(timeout=PATIENCE)
    told = stage.told()
    assert code in (0, 1, 2), f"exit code {code}:\n{told}"
    assert not re.search("^Traceback", told, re.MULTILINE), told  # a job's is indented
    assert code != 2 or re.search("No space left|Read-only", told), told
    assert code != 1 or "--resume" in told, f"no way on is told:\n{told}"
    left = processes(stage.place)
    assert not left, f"the engine has ended, and not {left}"
    return code


def failing_calls(stage: Stage, chance: random.Random, times: int, points: int, fault: str) -> Row:
    """Let single system calls of the engine fail, or all from one on."""
    codes = []
    for number in chance.choices(range(1, points), k=times):
        codes.append(ends_clearly(stage, stage.start(hook=(fault, number))))
        stage.finish()
        stage.renew()
    words = {
        "full": "one call of the engine finds no space",
        "full-on": "from one call on the engine finds no space",
        "read-only": "from one call on all is read-only to the engine",
    }
    seen = f"{codes.count(0)} coped, the others said why; --resume: same output"
    return Row(f"{words[fault]}, of {points} calls", times, seen, "what ran then")


def vanishing_scratch(stage: Stage, chance: random.Random, times: int, span: float) -> Row:
    """Remove the scratch folder at random instants, several times in a run."""
    hit, failed = 0, 0
    while hit < times:
        engine = started(stage)
        while engine.poll() is None and hit < times:
            with contextlib.suppress(subprocess.TimeoutExpired):
                engine.wait(timeout=chance.uniform(0, span / 3))
            hit += (stage.folder / "scratch").exists()
            shutil.rmtree(stage.folder / "scratch", ignore_errors=True)
        failed += ends_clearly(stage, engine) != 0
        stage.finish()
        stage.renew()
    seen = f"jobs tried again; {failed} runs needed --resume; same output"
    return Row("the scratch folder vanishes", hit, seen, "what ran then")


def filling(
    stage: Stage, disk: SmallDisk, chance: random.Random, times: int, span: float, name: str
) -> Row:
    """Fill the disk at random instants, more or less, then resume with space again."""
    full, hit = 0, 0
    while hit < times:
        engine = started(stage)
        with contextlib.suppress(subprocess.TimeoutExpired):
            engine.wait(timeout=chance.uniform(0, span))
        if engine.poll() is None:
            hit += 1
            disk.fill(leave=chance.choice([0, 0, 2**12, 2**15, 2**18]))
        full += ends_clearly(stage, engine) != 0
        disk.empty()
        stage.finish()
        stage.renew()
    seen = f"{full} runs ended and said why, the others coped; --resume: same output"
    return Row(f"the disk fills up, random instant, {name}", times, seen, "what ran then")


def no_more_files(stage: Stage, disk: SmallDisk, chance: random.Random, times: int) -> Row:
    """Run where the disk has room for a few more files only."""
    codes = []
    for _ in range(times):
        disk.limit_files(disk.files() + chance.randrange(4, 60))
        codes.append(ends_clearly(stage, stage.start()))
        disk.limit_files(MANY)
        stage.finish()
        stage.renew()
    seen = f"{codes.count(0)} coped, the others said why; --resume: same output"
    return Row("no inode is left on the disk", times, seen, "what ran then")


def read_only(stage: Stage, disk: SmallDisk) -> Row:
    """Resume in a run folder that cannot be written to."""
    disk.read_only(True)
    start = time.monotonic()
    engine = subprocess.run(
        stage.command(), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert time.monotonic() - start < 300
    disk.read_only(False)
    assert engine.returncode == 2, engine
    assert "Read-only file system" in engine.stderr, engine.stderr
    assert "Traceback" not in engine.stderr, engine.stderr
    stage.finish()
    stage.renew()
    return Row("a read-only run folder", 1, "refused, exit code 2, says why", "nothing")
