"""Train one model by several workers, kill some, and compare: ``python -m tests.workers``.

Takes some ten minutes on two quiet cores, and root for the two nodes. Needs Linux.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import children
from tests.workers.nodes import NodesUnavailable, on_two_nodes
from tests.workers.training import EPOCHS, Inputs, Result, begin, result, trained

ROUNDING = 0.01
"""Relative difference of losses that rounding makes in so many epochs, at most: features may be
computed in bfloat16. In double precision it is a millionth (`tests/training/test_distributed.py`).
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 if every promise was kept, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.workers", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="(default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        inputs = Inputs(Path(scratch))
        one = trained(inputs, "one", 1)
        started = time.monotonic()
        two = trained(inputs, "two", 2)
        took = time.monotonic() - started
        kept = [curves(one, two, trained(inputs, "threads", 1, threads=2))]
        kept.append(killed(inputs, two, args.kills, took, random.Random(args.seed)))  # noqa: S311
        kept.append(nodes(inputs, two))
    return 0 if all(kept) else 1


def curves(one: Result, two: Result, threads: Result) -> bool:
    """Print the curves, and return whether those of one and of two are one within rounding.

    Two threads round in another order than one, too.
    """
    print(f"{'loss after epoch':<34}" + "".join(f"{n:>12}" for n in range(1, EPOCHS + 1)))
    for name, it in (
        ("one process", one),
        ("two workers", two),
        ("one process with two threads", threads),
    ):
        print(f"{name:<34}" + "".join(f"{loss:>12.7f}" for loss in it.losses()))
    pairs = zip(one.losses(), two.losses(), strict=True)
    apart = max(abs(first - second) / first for first, second in pairs)
    print(f"one and two workers differ by {apart:.1e} of the loss at most\n", flush=True)
    return apart < ROUNDING


def killed(
    inputs: Inputs, undisturbed: Result, kills: int, span: float, chance: random.Random
) -> bool:
    """Kill workers at random moments, several in a training; print and return what came of it."""
    done, tries, trainings, same, recorded, anew = 0, 0, 0, 0, 0, 0
    while done < kills:
        tries += 1
        folder = inputs.folder(f"killed_{tries}")
        started = time.monotonic()
        with open(folder / "log", "w") as log:
            job = begin(folder, 2, log, ["--replacements", "1000"])
            here = 0
            while job.poll() is None and done + here < kills:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    job.wait(timeout=chance.uniform(0, 1.2 * span))
                if workers := children(job.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(chance.choice(workers), signal.SIGKILL)
                        here += 1
            code = job.wait()
        assert code == 0, (folder / "log").read_text()
        found = result(folder)
        if not here:  # the machine is quicker than it was
            span = time.monotonic() - started
            continue
        trainings, done = trainings + 1, done + here
        same += found.model == undisturbed.model
        same_record = found.apart_from_workers() == undisturbed.apart_from_workers()
        # Fewer than were killed: of two at once, or after the first worker had written all.
        starts = (folder / "log").read_text().count("it is replaced, and all go on from")
        recorded += same_record and len(found.record["replaced"]) == starts <= here
        anew += starts
        print(f"killed {done} of {kills}", file=sys.stderr, flush=True)
    print(f"{'kill -9 of a worker, random moment':<40}{done:>4} times in {trainings} trainings")
    print(f"{'all were started anew':<40}{anew:>4} times")
    print(f"{'the same model file, byte for byte':<40}{same:>4} of {trainings}")
    print(
        f"{'the same record, and who was replaced':<40}{recorded:>4} of {trainings}\n", flush=True
    )
    return same == recorded == trainings


def nodes(inputs: Inputs, two: Result) -> bool:
    """Train on two nodes, and again while a worker is killed; print and return what came of it."""
    try:
        rows = {
            "two nodes, by torchrun": on_two_nodes(inputs, "nodes"),
            "the same, a worker killed": on_two_nodes(inputs, "nodes_killed", kill_after=1),
        }
    except NodesUnavailable as why:
        print(f"two nodes: not tried, because {why}")
        return False
    for name, it in rows.items():
        words = "the model file of two workers on one node" if it.model == two.model else "ANOTHER"
        print(f"{name:<40}{words}; started anew: {len(it.record['replaced'])}")
    return all(it.model == two.model for it in rows.values())


if __name__ == "__main__":
    sys.exit(main())
