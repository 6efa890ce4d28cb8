#!/usr/bin/env python3
"""What it saves that a training keeps the memory that it frees (`utils.training.memory`).

The same steps of the default architecture from its weights, each time in a fresh process, with and
without in turn. Processor seconds and page faults are of all threads of the process in those steps
alone; memory is the most that the process had. Medians over the rounds.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import machine, pack, parser, print_table, timed_steps
from utils.detector.names import ARCHITECTURES
from utils.detector.pretrained import choose_weights
from utils.training.plan import Plan
from utils.training.recipe import Recipe

WAYS = ("given back", "kept")


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--image-size", type=int, default=400, help="longer side in pixels")
    options.add_argument("--of", nargs=2, metavar=("WAY", "SHARD"), help="one process of them")
    args = options.parse_args(argv)
    size = 64 if args.quick else args.image_size
    if args.of:
        way, shard = args.of
        print(json.dumps(measured(way, Path(shard), size, 1 if args.quick else 20, args.quick)))
        return
    print(machine())
    told = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as scratch:
        shard = pack(args.data, Path(scratch), args.photos or (16 if args.quick else 240))
        for _ in range(args.rounds or (1 if args.quick else 5)):
            for way in WAYS:
                told[way].append(apart(way, shard, size, args.quick))
    rows = [(way, *cells(told[way], told[WAYS[0]])) for way in WAYS]
    print_table(("memory", "s a step", "processor s", "ratio", "faults a step", "MiB"), rows)


def apart(way: str, shard: Path, size: int, quick: bool) -> list[float]:
    """Return what a process of its own measures."""
    command = [sys.executable, __file__, "--of", way, str(shard), "--image-size", str(size)]
    command += ["--quick"] if quick else []
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measured(way: str, shard: Path, size: int, steps: int, quick: bool) -> list[float]:
    """Return seconds, processor seconds and page faults of a step, and the process's most MiB."""
    start = choose_weights(ARCHITECTURES[0], "none" if quick else "auto").file
    plan = Plan(ARCHITECTURES[0], Recipe(), 2, 0, [shard], [shard], size, weights=start)
    marks = []

    def mark() -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        marks.append((time.perf_counter(), time.process_time(), usage.ru_minflt))

    as_before = patch("utils.training.carry_out.keep_freed", lambda: None)
    with tempfile.TemporaryDirectory() as scratch, nullcontext() if way == "kept" else as_before:
        timed_steps(plan, Path(scratch) / "checkpoint.pth", steps, mark, mark)
    spent = [(after - before) / steps for before, after in zip(*marks, strict=True)]
    return [*spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]


def cells(told: Sequence[Sequence[float]], first: Sequence[Sequence[float]]) -> tuple[str, ...]:
    wall, processor, faults, most = (statistics.median(one) for one in zip(*told, strict=True))
    ratio = processor / statistics.median(one[1] for one in first)
    return f"{wall:.3f}", f"{processor:.3f}", f"{ratio:.2f}", f"{faults:,.0f}", f"{most:.0f}"


if __name__ == "__main__":
    main()
