#!/usr/bin/env python3
"""The whole workflow on a pool of pilots that vanish, against the same on this machine.

A real HTCondor runs on imitated hosts (tests/condor/pool.py; needs root). The sample's workflow
runs three times with one seed: by the local engine; on two pilots that are left alone; and on
pilots of which one is cut off from the network in the middle of a trial and one is killed in the
middle of the final training, while the submit host (schedd, DAGMan, collector) goes down and up in
between. What the runs give is compared, and the epochs that were lost are counted.

    python benchmarks/pool_faults.py
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # .venv has a `tests`, too

from benchmarks.common import PROJECT, machine, print_table
from tests.condor.pilot import Pilot
from tests.condor.pool import Pool
from utils.records import digest_of

OPTIONS = ["--trials", "2", "--hpo-width", "2", "--seed", "3"]
EQUAL = ("split.json", "train_aug_0.tar", "val_clean.tar", "test_clean.tar")
"""Files that must be equal byte for byte."""

BEGUN = re.compile(r"INFO going on from epoch (\d+),")
EPOCH = re.compile(r"INFO epoch (\d+)/\d+: loss")

VALUES: dict[str, Callable[[Path], float]] = {
    "last training loss": lambda f: record(f, "training.json")["epochs"][-1]["loss"]["total"],
    "test mAP at 0.5": lambda f: record(f, "evaluation.json")["average_precision"]["map_50"],
    "faces found on new photographs": lambda f: sum(
        len(photo["faces"]) for photo in record(f, "predictions_0.json")["photos"]
    ),
    "share of properly masked": lambda f: record(f, "prevalence.json")["corrected"]["with_mask"][
        "share"
    ],
}
"""Numbers that must be equal to rounding."""

PATIENCE = 1200.0
"""Seconds to wait for something before giving up."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=6, help="of the final training")
    parser.add_argument("--trial-epochs", type=int, default=4, help="of a trial")
    parser.add_argument("--image-size", type=int, default=96)
    args = parser.parse_args(argv)
    options = [*OPTIONS, "--epochs", str(args.epochs), "--trial-epochs", str(args.trial_epochs)]
    options += ["--image-size", str(args.image_size)]
    print(machine())
    with tempfile.TemporaryDirectory() as scratch, Pool() as pool:
        local = Path(scratch) / "local"
        command = [sys.executable, "workflow.py", "--engine", "local"]
        run = [*command, "--run-dir", str(local), *options]
        subprocess.run(run, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
        print("local run done", flush=True)
        pilots = [pool.start_pilot(name, memory=9000, idle=7200) for name in ("north", "south")]
        calm = condor(pool, "calm", options, lambda folder: None)
        print("undisturbed run done", flush=True)
        hit: list[tuple] = []
        rough = condor(
            pool, "rough", options, lambda folder: hit.extend(disturb(pool, pilots, folder))
        )
        rows = [
            (f"{fault}: {job}", str(epoch), *loss(rough, job, epoch, when), f"{seconds:.0f}")
            for fault, job, epoch, when, seconds in hit
        ]
        head = ("fault", "in epoch", "went on with", "whole epochs lost", "s until elsewhere")
        print_table(head, rows)
        print()
        compare({"local": local, "two pilots": calm, "vanishing pilots": rough})


def condor(pool: Pool, name: str, options: list[str], meanwhile: Callable[[Path], object]) -> Path:
    """Run the workflow on the pool, doing something meanwhile; return its run folder."""
    front = ["python", str(PROJECT / "workflow.py")]
    start = ["--engine", "condor", "--run-dir", f"runs/{name}", "--checkpoint-minutes", "0"]
    pool.run([*front, *start, *options, "--no-wait"], check=True, timeout=120)
    folder = pool.home / "runs" / name
    meanwhile(folder)
    done = pool.run([*front, "wait", str(folder)], timeout=2 * PATIENCE)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    print(pool.run([*front, "statistics", str(folder)]).stdout)
    return folder


def disturb(pool: Pool, pilots: list[Pilot], folder: Path) -> list[tuple[str, ...]]:
    """Cut one pilot off, take the submit host down and up, kill another pilot.

    Returns
    -------
    For each of the two jobs that were hit: the fault, the job, the epoch under way, the time of the
    fault, and the seconds until the job ran elsewhere.
    """
    hit = []
    trial, pilot = until(lambda: training(pilots, "hpo_trial"), "a trial in its second epoch")
    epoch, when = under_way(pilot, trial), time.time()
    pilot.cut()
    spare = pool.start_pilot("east", memory=9000, idle=7200)
    rest = [*(one for one in pilots if one is not pilot), spare]
    until(lambda: any(trial in one.running() for one in rest), f"{trial} elsewhere")
    hit.append(("pilot cut off", trial, epoch, when, time.time() - when))
    pool.stop_submit_side(crash=True)
    time.sleep(5)
    pool.start_submit_side()
    job, pilot = until(lambda: training(rest, "train_model"), "the training in its second epoch")
    epoch, when = under_way(pilot, job), time.time()
    pilot.kill()
    rest = [one for one in rest if one is not pilot]
    until(lambda: any(job in one.running() for one in rest), f"{job} elsewhere")
    hit.append(("pilot killed", job, epoch, when, time.time() - when))
    return hit


def training(pilots: list[Pilot], kind: str) -> tuple[str, Pilot] | None:
    """Return a job of a kind that is beyond its first epoch, and its pilot, if there is one."""
    for pilot in pilots:
        for job in pilot.running():
            if job.startswith(kind) and under_way(pilot, job) > 1:
                return job, pilot
    return None


def under_way(pilot: Pilot, job: str) -> int:
    """Return the epoch that a job on a pilot went on with last, after handing over; else 1."""
    begun = [1]
    for ad in pilot.folder.glob("execute/dir_*/.job.ad"):
        if f'DAGNodeName = "{job}"' not in ad.read_text():
            continue
        for log in ad.parent.glob("_condor_std*"):
            begun += [int(number) for number in BEGUN.findall(log.read_text(errors="replace"))]
    return max(begun)


def loss(folder: Path, job: str, epoch: int, when: float) -> tuple[str, str]:
    """Return the epoch that a job went on with after a fault, and how many whole ones were lost."""
    (log,) = (folder / "logs").glob(f"{job}.*.log")
    for line in log.read_text().splitlines():
        found = EPOCH.search(line)
        if found and datetime.fromisoformat(line[:19]).timestamp() > when:
            return found[1], str(epoch - int(found[1]))
    raise SystemExit(f"{log}: no epoch after the fault")


def until(holds: Callable[[], Any], what: str) -> Any:
    """Wait until something holds, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := holds()):
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.5)
    return found


def compare(runs: dict[str, Path]) -> None:
    """Print what the runs gave, and what of it is equal."""
    made = {name: contents(folder) for name, folder in runs.items()}
    first, *others = made
    rows = []
    for file in EQUAL:
        equal = ("yes" if made[name][file] == made[first][file] else "NO" for name in others)
        rows.append((f"{file}, byte for byte", "", *equal))
    for title, value in VALUES.items():
        found = [value(folder) for folder in runs.values()]
        rows.append((title, *(f"{number:.6g}" for number in found)))
    print_table(("", *runs), rows)


def record(folder: Path, name: str) -> dict[str, Any]:
    """Return a record of a run's output."""
    return json.loads((folder / "output" / name).read_text())


def contents(folder: Path) -> dict[str, str]:
    """Return the digests of the files that must be equal, wherever the engine keeps them."""
    cache, digests = folder.parent / ".cache" / "results", {}
    for result in cache.glob("*.json"):
        digests |= {name: item[0] for name, item in json.loads(result.read_text()).items()}
    for part in ("output", "condor/files"):
        digests |= {
            file: digest_of(folder / part / file)
            for file in EQUAL
            if (folder / part / file).exists()
        }
    return digests


if __name__ == "__main__":
    main()
