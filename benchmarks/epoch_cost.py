#!/usr/bin/env python3
"""What an epoch costs as the photographs grow in number: time, and peak memory.

The photographs are those of the bundled sample, repeated under new names. Every number is measured
in a process of its own. Time is that of the second epoch of a training on small images, because the
first one also warms up. Memory is that of the data set alone, read through once with photographs
enlarged to 1,024 pixels, because the network's part does not depend on their number: with all
images decoded in memory, and with a cache of a given size, beyond which photographs are decoded at
each use.
"""

import argparse
import logging
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

PROJECT = Path(__file__).resolve().parent.parent
SIZE_IN_MEMORY = 1024
CACHE_MB = 64
Measure = Callable[[str, int, float], float]  # what, photographs, image size or cache: its value


def main(argv: Sequence[str] | None = None) -> None:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    made.add_argument("--image-size", type=int, default=128, help="of the timed training")
    made.add_argument("--measure", choices=MEASURES, help=argparse.SUPPRESS)
    made.add_argument("--photos", type=int, help=argparse.SUPPRESS)
    made.add_argument("--setting", type=float, help=argparse.SUPPRESS)
    args = made.parse_args(argv)
    if args.measure:
        print(MEASURES[args.measure](args.photos, args.setting))
    elif args.quick:
        compare((2, 4), 64, lambda what, photos, setting: MEASURES[what](photos, setting))
    else:
        compare((50, 100, 200, 400), args.image_size, in_a_process)


def compare(counts: Sequence[int], size: int, measure: Measure) -> None:
    """Print a row for each number of photographs."""
    from benchmarks.common import machine, print_table

    rows = []
    for photos in counts:
        seconds = measure("epoch", photos, size)
        everything = measure("memory", photos, 1e9)
        bounded = measure("memory", photos, CACHE_MB)
        each = f"{1000 * seconds / photos:.1f}"
        rows.append((f"{photos:,}", f"{seconds:.2f}", each, f"{everything:.0f}", f"{bounded:.0f}"))
    print(f"{machine()}\n")
    head = ("photographs", "epoch, s", "ms a photograph", "peak MiB, all decoded")
    print_table((*head, f"peak MiB, cache of {CACHE_MB}"), rows)


def in_a_process(what: str, photos: int, setting: float) -> float:
    """Run this script for one number, in a process of its own."""
    options = ("--measure", what, "--photos", str(photos), "--setting", str(setting))
    done = subprocess.run(
        [sys.executable, __file__, *options], stdout=subprocess.PIPE, check=True, text=True
    )
    return float(done.stdout)


def epoch_seconds(photos: int, size: float) -> float:
    """Train two epochs and return the seconds of the second."""
    from utils.detector.fit import fit
    from utils.training.plan import Plan
    from utils.training.recipe import Recipe

    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        train = repeat_sample(scratch / "train.tar", photos)
        validation = repeat_sample(scratch / "val.tar", 2)
        plan = Plan("compact_resnet18_fpn", Recipe(), 2, 0, [train], [validation], int(size))
        told = _EpochSeconds()
        logger = logging.getLogger("utils.training.loop")
        logger.addHandler(told)
        logger.setLevel(logging.INFO)
        fit(plan, scratch / "checkpoint.pth")
        return told.seconds[1]


class _EpochSeconds(logging.Handler):
    """Keeps what the log of a training says of its epochs; its record holds no clock."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("epoch %d/%d: loss"):
            self.seconds.append(record.args[-1])


def peak_of_data_set(photos: int, cache_mb: float) -> float:
    """Read a data set through once; return by how many MiB that raised the process's memory."""
    from utils.dataset.torch_dataset import FaceDataset

    with tempfile.TemporaryDirectory() as folder:
        shard = repeat_sample(Path(folder) / "photos.tar", photos)
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak of what was before
        before = peak_mb()
        data = FaceDataset([shard], SIZE_IN_MEMORY, cache_mb=cache_mb)
        for number in range(len(data)):
            data[number]
        return peak_mb() - before


def peak_mb() -> float:
    """Return the peak of this process's memory. `getrusage` would count its parent's, too."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[1]) / 1024


def repeat_sample(path: Path, photos: int) -> Path:
    """Write a shard of the sample's photographs, over and over under new names."""
    from benchmarks.common import pack
    from utils.dataset.shards import Photo, read_shard, write_shard

    sample = list(read_shard(pack(PROJECT / "data" / "sample", path.parent, photos)))
    rounds = range(-(-photos // len(sample)))
    named = (
        Photo(f"{turn:05}_{one.name}", f"{turn:05}_{one.filename}", one.image, one.annotation)
        for turn in rounds
        for one in sample
    )
    write_shard(path, islice(named, photos))
    return path


MEASURES = {"epoch": epoch_seconds, "memory": peak_of_data_set}

if __name__ == "__main__":
    main()
