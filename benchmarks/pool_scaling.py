#!/usr/bin/env python3
"""How a round of trials spreads over the slots of a pool: strong scaling of the condor engine.

Eight jobs, each of which computes and sleeps for a fixed time, on 1, 2, 4 and 8 slots of a pilot on
a real HTCondor (tests/condor/pool.py; needs root). The ideal is the work divided by the slots. What
DAGMan and the negotiator take by themselves is measured by the event log: from handing the run over
until the first job runs, and from the end of the last job until DAGMan has ended. Efficiency is the
ideal divided by the time beside that; between the two stands all else: one job ending and the next
one starting in its slot, and the transfer of files.

    python benchmarks/pool_scaling.py
"""

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # .venv has a `tests`, too

from benchmarks.common import machine, print_table
from tests.condor.pool import Pool
from tests.condor.toy_run import ToyRun

JOBS = 8
SLOTS = (1, 2, 4, 8)
SCRIPT = """
    import pathlib, sys, time
    end = time.monotonic() + float(sys.argv[2])
    sum(n * n for n in range(10**6))
    time.sleep(end - time.monotonic())
    pathlib.Path(sys.argv[1]).write_text("done")
"""


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="of each job")
    args = parser.parse_args(argv)
    print(machine())
    with Pool() as pool:
        rows = [measure(pool, slots, args.seconds) for slots in SLOTS]
    print(f"\n{JOBS} jobs of {args.seconds:g} s\n")
    head = ("slots", "ideal s", "whole run s", "before the first s", "after the last s")
    print_table((*head, "between s", "efficiency"), rows)


def measure(pool: Pool, slots: int, seconds: float) -> tuple[str, ...]:
    """Run the jobs on so many slots; return a row of the table."""
    annex = f"scaling{slots}"
    pilot = pool.start_pilot(annex, annex=annex, cpus=slots, memory=2000 * slots, idle=900)
    run = ToyRun(pool, annex, annex)
    for number in range(JOBS):
        out = f"out{number}.txt"
        run.toy.job(f"job{number}", SCRIPT, out, str(seconds)).add_outputs(out)
    run.write().resume("--no-wait")
    run.wait(timeout=60 + 2 * JOBS * seconds)
    jobs = times(run.folder / "condor" / "jobs.log")
    dag = times(run.folder / "condor" / "workflow.dag.dagman.log")
    first, last = min(jobs["001"]), max(jobs["005"])
    begun, ended = dag["000"][0], dag["005"][0]
    pilot.kill()
    ideal = JOBS * seconds / slots
    row = (ideal, ended - begun, first - begun, ended - last, last - first)
    return str(slots), *(f"{value:.0f}" for value in row), f"{ideal / (last - first):.2f}"


def times(log: Path) -> dict[str, list[float]]:
    """Return when each kind of event was written to an event log, in seconds."""
    found: dict[str, list[float]] = {}
    pattern = re.compile(r"^(\d{3}) \([\d.]+\) (\S+ [\d:]+)", re.MULTILINE)
    for kind, stamp in pattern.findall(log.read_text()):
        found.setdefault(kind, []).append(datetime.fromisoformat(stamp).timestamp())
    return found


if __name__ == "__main__":
    main()
