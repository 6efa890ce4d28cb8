#!/usr/bin/env python3
"""A long run of short jobs: whether an engine's memory and open files stay as they are.

Jobs that copy a small file, in layers of 100, each of which waits for one of the layer above, run
by the embedded engine; or with ``--engine condor`` by DAGMan, on a pilot of a real HTCondor
(tests/condor/pool.py; needs root). Meanwhile the resident memory and the open file descriptors are
taken of the process that the user has started, and on the pool of DAGMan's too. What grows is told
by a straight line through all samples after the first fifth of the jobs.

    python benchmarks/long_run.py --figure long_run.png
"""

import argparse
import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # .venv has a `tests`, too

from Pegasus.api import Job, Transformation

from benchmarks.common import PROJECT, machine, print_table
from tests.condor.pool import Pool
from tests.condor.toy_run import ToyRun
from tests.dag.toy import Toy
from tests.faults.toys import described
from utils.analysis.plots.style import ACCENT, INK, figure, legend_below, save, styled

WIDTH = 100
"""Jobs of a layer."""

INTERVAL = 0.5
"""Seconds between two samples."""

_COUNT = re.compile(r"\[ *(\d+)/\d+\]")


class Sample(NamedTuple):
    """What was seen of one process after so many jobs."""

    done: int
    mib: float
    descriptors: int


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", choices=("local", "condor"), default="local")
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--slots", type=int, default=16, help="of the pool")
    parser.add_argument("--figure", type=Path, help="where to draw it (PNG)")
    args = parser.parse_args(argv)
    print(machine(), flush=True)
    with local(args.jobs) if args.engine == "local" else condor(args.jobs, args.slots) as run:
        start = time.monotonic()
        samples = during(watch(*run), args.jobs)
        seconds = time.monotonic() - start
    tell(samples, args.jobs)
    print(f"\n{args.jobs} jobs by the {args.engine} engine: {args.jobs / seconds:.1f} jobs/s")
    if args.figure:
        draw(samples, args.figure)


def add_jobs(toy: Toy, count: int) -> None:
    """Add jobs that copy what another one has copied, in layers."""
    toy.file("given.txt", "a small file\n")
    copy = Transformation("copy", site="local", pfn="/bin/cp", is_stageable=True)
    toy.transformations.add_transformations(copy)
    for number in range(count):
        source = "given.txt" if number < WIDTH else f"out{number - WIDTH}.txt"
        job = Job("copy", _id=f"job{number}").add_args(source, f"out{number}.txt")
        job.add_inputs(source).add_outputs(f"out{number}.txt", stage_out=False)
        toy.workflow.add_jobs(job)


@contextlib.contextmanager
def local(count: int) -> Iterator[tuple]:
    """Start a run of the embedded engine; yield it, its output, and how to find its processes."""
    with tempfile.TemporaryDirectory() as scratch:
        toy = Toy(Path(scratch) / "run")
        add_jobs(toy, count)
        described(toy.write())
        command = [sys.executable, str(PROJECT / "workflow.py"), "--resume", str(toy.folder)]
        said = Path(scratch) / "said"
        with open(said, "wb") as output:
            run = subprocess.Popen(command, stdout=output)
        yield run, said, lambda: {"workflow.py": run.pid}


@contextlib.contextmanager
def condor(count: int, slots: int) -> Iterator[tuple]:
    """Start a run by DAGMan on a pool; as `local`."""
    with Pool() as pool, tempfile.TemporaryDirectory() as scratch:
        pool.start_pilot("long", annex="long", cpus=slots, memory=500 * slots, idle=3600)
        toy = ToyRun(pool, "long", "long")
        add_jobs(toy.toy, count)
        toy.write()
        command = ["python", str(PROJECT / "workflow.py"), "--resume", str(toy.folder)]
        said = Path(scratch) / "said"
        with open(said, "wb") as output:
            run = pool.popen(command, stdout=output)
        yield run, said, lambda: condor_processes(toy.folder)


def condor_processes(folder: Path) -> dict[str, int]:
    """Return the numbers of our process and of DAGMan's that have to do with a run folder."""
    found = {}
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # gone meanwhile
            words = (process / "cmdline").read_bytes().split(b"\0")
            if (process / "comm").read_text() == "condor_dagman\n":
                found["condor_dagman"] = int(process.name)
            elif words[0].endswith(b"python") and str(folder).encode() in words:
                found["workflow.py"] = int(process.name)
    return found


def watch(
    run: subprocess.Popen, said: Path, find: Callable[[], dict[str, int]]
) -> dict[str, list[Sample]]:
    """Take samples until the run has ended; return them by the name of the process."""
    samples = defaultdict(list)
    while run.poll() is None:
        counts = _COUNT.findall(said.read_text()[-4000:])
        for name, process in find().items() if counts else ():
            with contextlib.suppress(OSError, TypeError):  # it has ended just now
                samples[name].append(sample(process, int(counts[-1])))
        time.sleep(INTERVAL)
    if run.returncode != 0:
        raise SystemExit(said.read_text()[-4000:])
    return samples


def sample(process: int, done: int) -> Sample:
    """Return the resident memory and the number of open files of a process."""
    status = Path(f"/proc/{process}/status").read_text()
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024
    return Sample(done, resident, len(list(Path(f"/proc/{process}/fd").iterdir())))


def during(samples: dict[str, list[Sample]], jobs: int) -> dict[str, list[Sample]]:
    """Return the samples of the run, without those of its end, when much is given back."""
    return {name: [one for one in seen if one.done < jobs] for name, seen in samples.items()}


def tell(samples: dict[str, list[Sample]], jobs: int) -> None:
    """Print what was seen at every tenth of the jobs, and how it grew after the first fifth."""
    head = ["jobs done", *(f"{name} {what}" for name in samples for what in ("MiB", "files"))]
    rows = []
    for tenth in range(1, 11):
        row = [f"{jobs * tenth // 10}"]
        for seen in samples.values():
            near = min(seen, key=lambda one: abs(one.done - jobs * tenth // 10))
            row += [f"{near.mib:.1f}", str(near.descriptors)]
        rows.append(row)
    growth = ["growth per 1000"]
    for seen in samples.values():
        late = [one for one in seen if one.done >= jobs / 5]
        for values in ([one.mib for one in late], [one.descriptors for one in late]):
            line = statistics.linear_regression([one.done for one in late], values)
            growth.append(f"{1000 * line.slope:+.2f}")
    print()
    print_table(head, [*rows, growth])


@styled
def draw(samples: dict[str, list[Sample]], output: Path) -> None:
    """Draw memory and open files over the jobs done."""
    fig, (left, right) = figure(12, 5.2, panels=2)
    for (name, seen), colour in zip(sorted(samples.items())[::-1], (ACCENT, INK), strict=False):
        done = [one.done for one in seen]
        left.plot(done, [one.mib for one in seen], color=colour, label=name)
        most: dict[int, int] = {}  # of each hundredth of the run: they open and close all the time
        for one in seen:
            part = one.done * 100 // max(done)
            most[part] = max(one.descriptors, most.get(part, 0))
        hundredths = [part * max(done) / 100 for part in most]
        right.plot(hundredths, list(most.values()), color=colour, label=name)
    left.set_title("Resident memory")
    right.set_title("Open file descriptors, at most")
    left.set(xlabel="jobs done", ylabel="MiB")
    right.set(xlabel="jobs done", ylabel="descriptors")
    for panel in (left, right):
        panel.set_ylim(0, 1.1 * panel.get_ylim()[1])
        legend_below(panel, 2)
    save(fig, output)


if __name__ == "__main__":
    main()
