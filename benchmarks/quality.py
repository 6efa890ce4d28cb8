#!/usr/bin/env python3
"""How good a detector becomes in so many minutes: average precision per class, with intervals.

The photographs are split by group as the workflow does (bin/split_data.py), and the detector is
trained from scratch, or from --weights, on the training side alone (bin/train_model.py), without
noise copies. A minute is one of a machine that does nothing else: the processor time of all threads
divided by the number of cores. A few steps are timed first, and the training has the epochs that
fit. Validation after each epoch is part of it. Intervals are 95 % bootstrap intervals over the test
photographs.

    python benchmarks/quality.py --data face-mask-detection.zip --minutes 20 90
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import PROJECT, machine, print_table, timed_steps
from utils.analysis.evaluation.evaluate import evaluate
from utils.dataset.clean import clean_shard
from utils.dataset.intake.dataset import pack_dataset
from utils.dataset.labels import CLASSES, TITLES
from utils.dataset.shards import read_shard
from utils.dataset.splitting import SIDES
from utils.dataset.splitting.split import split_dataset
from utils.detector.final import train_final
from utils.detector.inference import Detector
from utils.detector.names import ARCHITECTURES
from utils.records import read_record, write_record
from utils.training.plan import Plan
from utils.training.recipe import Recipe
from utils.video.options import positive

VALIDATION_SHARE = 0.12
"""Of the time goes to validation, as measured on 69 photographs after every 485."""

MINUTES = "minutes.json"
KEPT_EVERY = 10.0  # seconds


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--data", type=Path, default=PROJECT / "data" / "sample")
    made.add_argument("--minutes", type=positive, nargs="+", default=[20.0])
    made.add_argument("--arch", choices=ARCHITECTURES, nargs="+", default=["compact_resnet18_fpn"])
    made.add_argument("--image-size", type=int, default=480)
    made.add_argument("--weights", type=Path, help="file of pretrained weights")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--keep", type=Path, help="folder to keep models and records in")
    return made


def main(argv: Sequence[str] | None = None) -> None:
    args = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        shards = split(args.data, scratch, args.seed)
        rows = []
        for arch in args.arch:
            plan = Plan(
                arch,
                Recipe(),
                10**6,
                args.seed,
                [shards["train"]],
                [shards["val"]],
                args.image_size,
                args.weights,
            )
            for minutes in args.minutes:
                kept = (args.keep or scratch) / f"{arch}_{minutes:g}"
                kept.mkdir(parents=True, exist_ok=True)
                rows.append(row(f"{arch}, {minutes:g} min", *run(plan, minutes, shards, kept)))
    print(f"\nTest photographs of {args.data.name}, split by group, seed {args.seed}\n")
    head = ("", "epochs", "min", "wall min", "mAP .5:.95", "mAP .5", *(TITLES[1:]))
    print_table(head, rows)


def split(data: Path, scratch: Path, seed: int) -> dict[str, Path]:
    """Split a data set as the workflow does; return a clean shard of each side."""
    dataset = scratch / "dataset.tar"
    pack_dataset(data, dataset)
    raw = {side: scratch / f"raw_{side}.tar" for side in SIDES}
    split_dataset(dataset, raw, scratch / "split.json", seed)
    clean = {side: scratch / f"{side}.tar" for side in SIDES}
    for side in SIDES:
        clean_shard(raw[side], clean[side])
        raw[side].unlink()
    return clean


def run(
    plan: Plan, minutes: float, shards: dict[str, Path], kept: Path
) -> tuple[dict[str, Any], int, float, float]:
    """Train for `minutes` and evaluate; return the record, the epochs, and the minutes taken.

    A training that was interrupted goes on where `kept` is the same folder, and what it took until
    then counts, the steps since its checkpoint among it.
    """
    length = kept / "epochs.json"
    if not length.exists():
        chips, seconds = epoch_cost(plan, kept / "timing.pth")
        epochs = max(1, int(60 * minutes * (1 - VALIDATION_SHARE) / seconds))
        print(f"{plan.arch}: {chips / seconds:.1f} chips/s, {epochs} epochs of {chips}", flush=True)
        write_record(length, {"epochs": epochs})
    epochs = read_record(length)["epochs"]
    meter = Meter(kept / MINUTES)
    model = kept / "model.pth"
    checkpoint = kept / "checkpoint.pth"
    train_final(replace(plan, epochs=epochs), checkpoint, model, kept / "training.json", meter)
    spent, took = meter.read()
    return evaluate(Detector.load(model), shards["test"], plan.seed), epochs, spent, took


class Meter:
    """Minutes of a training that may be interrupted: of the processor by cores, and by the clock.

    A training asks it before each step whether to stop, which it never says.

    Parameters
    ----------
    file
        Where they are kept, every `KEPT_EVERY` seconds.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._before = read_record(file) if file.exists() else {"processor": 0.0, "wall": 0.0}
        self._started = self._kept = time.perf_counter()
        self._processor = time.process_time()

    def __call__(self) -> bool:
        if time.perf_counter() - self._kept >= KEPT_EVERY:
            self.read()
        return False

    def read(self) -> tuple[float, float]:
        """Return minutes of the processor and by the clock, and keep them."""
        self._kept = time.perf_counter()
        cores = len(os.sched_getaffinity(0))
        spent = self._before["processor"] + (time.process_time() - self._processor) / 60 / cores
        took = self._before["wall"] + (self._kept - self._started) / 60
        write_record(self._file, {"processor": spent, "wall": took})
        return spent, took


def epoch_cost(
    plan: Plan, checkpoint: Path, steps: int = 30, cores: int | None = None
) -> tuple[int, float]:
    """Return the chips of an epoch, and its seconds of `cores` (by default all), unvalidated."""
    chips = sum(1 for shard in plan.train for _ in read_shard(shard))
    clock: list[float] = []

    def read() -> None:
        clock.append(time.process_time())

    steps = min(steps, chips // plan.recipe.batch_size - 3)
    timed_steps(plan, checkpoint, steps, read, read)
    step = (clock[1] - clock[0]) / steps / (cores or len(os.sched_getaffinity(0)))
    return chips, step * chips / plan.recipe.batch_size


def row(name: str, record: dict[str, Any], epochs: int, spent: float, took: float) -> list[str]:
    precision = record["average_precision"]
    parts = [precision["classes"][label] for label in CLASSES]
    return [
        name,
        str(epochs),
        f"{spent:.1f}",
        f"{took:.1f}",
        cell(precision, "map"),
        cell(precision, "map_50"),
        *(cell(part, "map_50") for part in parts),
    ]


def cell(part: dict[str, Any], key: str) -> str:
    value, interval = part[key], part["intervals"][key]
    if value is None:
        return "-"
    return f"{value:.3f} [{interval[0]:.2f} {interval[1]:.2f}]" if interval else f"{value:.3f}"


if __name__ == "__main__":
    main()
