#!/usr/bin/env python3
"""How much faster an epoch is by two workers than by one process: strong scaling on one node.

Each row trains the same batches with the real executable. *cores* is what the job asks for, which
its workers share as threads. Times are of whole epochs, less the first, as the training logs them,
validation included, which the first worker does alone; the fastest of each row counts, because what
else the machine does only adds to it. Trainings start as those of the workflow do, from the weights
that ``--weights auto`` finds, or from none.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import PROJECT, machine, pack, print_table
from utils.detector.names import ARCHITECTURES
from utils.detector.pretrained import choose_weights

ROWS = ((1, 1), (1, 2), (2, 2))
"""Workers and cores."""

EPOCH = re.compile(r"epoch (\d+)/\d+: .* ([\d.]+) s$", re.MULTILINE)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=PROJECT / "data" / "sample")
    parser.add_argument("--photos", type=int, default=96, help="to learn from (default: 96)")
    parser.add_argument("--epochs", type=int, default=3, help="of which the first warms up")
    parser.add_argument("--image-size", type=int, default=320)
    parser.add_argument("--arch", default=ARCHITECTURES[0])
    parser.add_argument("--weights", nargs="+", default=["auto", "none"], help="one table of each")
    parser.add_argument("--recipe", nargs="+", default=["batch_size=16"])
    parser.add_argument(
        "--workers", type=int, nargs="+", help="on as many cores (default: 1 and 2)"
    )
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    args = parser.parse_args(argv)
    if args.quick:
        args.photos, args.epochs, args.image_size = 8, 2, 64
    rows = ROWS if args.workers is None else [(1, 1), *((n, n) for n in args.workers)]
    if args.quick:
        rows = rows[:1] + rows[-1:]
    print(machine())
    print(f"{args.photos} photographs of {args.data.name} at {args.image_size} pixels")
    with tempfile.TemporaryDirectory() as scratch:
        shards = []
        for name, photos in (("train", args.photos), ("val", 4)):
            folder = Path(scratch) / name
            folder.mkdir()
            shards.append(pack(args.data, folder, photos))
        for asked in args.weights:
            weights = choose_weights(args.arch, asked)
            print(f"\n{args.arch}, {weights}\n")
            table(Path(scratch) / asked, shards, rows, weights.file, args)


def table(
    folder: Path,
    shards: Sequence[Path],
    rows: Sequence[tuple[int, int]],
    weights: Path | None,
    args: argparse.Namespace,
) -> None:
    """Print what each row's workers and cores take for an epoch."""
    told = []
    for workers, cores in rows:
        place = folder / f"{workers}_{cores}"
        place.mkdir(parents=True)
        told.append((workers, cores, min(epochs(place, shards, workers, cores, weights, args))))
    base = told[0][2]
    print_table(
        ("workers", "cores", "s an epoch", "speed-up", "of the cores' ideal"),
        [
            (str(n), str(cores), f"{s:.1f}", f"{base / s:.2f}", f"{base / s / cores:.2f}")
            for n, cores, s in told
        ],
    )


def epochs(
    folder: Path,
    shards: Sequence[Path],
    workers: int,
    cores: int,
    weights: Path | None,
    args: argparse.Namespace,
) -> list[float]:
    """Train, and return the seconds of each epoch but the first."""
    train, val = shards
    command = [
        *(sys.executable, PROJECT / "bin" / "train_model.py", "--train", train, "--val", val),
        *("--epochs", args.epochs, "--image-size", args.image_size, "--recipe", *args.recipe),
        *("--processes", workers, "--checkpoint", "c.ckpt", "--model", "model.pth"),
        *("--log", "training.json", "--curves", "curves.png", "--arch", args.arch),
        *(("--weights", weights) if weights else ()),
    ]
    threads = {"OMP_NUM_THREADS": str(cores), "MKL_NUM_THREADS": str(cores)}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=os.environ | threads | {"OMP_WAIT_POLICY": "PASSIVE"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return [float(seconds) for number, seconds in EPOCH.findall(done.stderr) if number != "1"]


if __name__ == "__main__":
    main()
