#!/usr/bin/env python3
"""What a training gains by where it starts: the compact detectors, from packaged weights or none.

Each start is trained for as many minutes of this machine's processors (see benchmarks/quality.py)
on as many splits of the photographs, and judged by mAP at IoU 0.5 on the validation photographs, by
which starts are chosen, and on the test photographs: the mean over the splits, and the spread
(standard deviation) between them. What stands in the folder of results, of the same photographs,
image size and kind of processor, is not trained again, and a training that was interrupted goes on.

A start is the name of an architecture with ``--weights auto``, or ``NAME:none`` for one from
scratch. Several can be in one go: results of other runs in the same folder are in the table, too.

    python benchmarks/starts.py --data face-mask-detection.zip --minutes 20 --seeds 0 1 2
"""

import argparse
import hashlib
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import PROJECT, machine, print_table, processor
from benchmarks.quality import run, split
from utils.analysis.evaluation.evaluate import evaluate
from utils.dataset.intake.dataset import pack_dataset
from utils.dataset.labels import CLASSES, TITLES
from utils.detector.inference import Detector
from utils.detector.names import ARCHITECTURES
from utils.detector.pretrained import choose_weights
from utils.networks.pretrained import Weights
from utils.records import digest_of, read_record, write_record
from utils.tasks import DETECTOR
from utils.training.plan import Plan
from utils.training.recipe import Recipe
from utils.training.recipe_words import read_recipe
from utils.video.options import positive

SIDES = ("val", "test")
HEAD = ("start", "minutes", "splits", "epochs")
HEAD += tuple(f"{side} {what}" for side in SIDES for what in ("mAP .5", *TITLES[1:]))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--data", type=Path, default=PROJECT / "data" / "sample")
    made.add_argument("--minutes", type=positive, default=20.0)
    made.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the splits")
    made.add_argument(
        "--start",
        nargs="+",
        metavar="ARCH[:none]",
        default=[name for name in ARCHITECTURES if name.startswith("compact_")],
    )
    made.add_argument("--image-size", type=int, default=480)
    made.add_argument("--recipe", nargs="*", default=[], metavar="NAME=VALUE", help="of all runs")
    made.add_argument("--keep", type=Path, default=Path("runs/starts"), help="folder of results")
    return made


def main(argv: Sequence[str] | None = None) -> None:
    args = parser().parse_args(argv)
    print(machine())
    recipe = Recipe.from_params(read_recipe(args.recipe))
    weights = {start: settled(start) for start in args.start}
    keep = of_same(args.keep, args.data, args.image_size)
    for seed in args.seeds:
        with tempfile.TemporaryDirectory() as scratch:
            shards: dict[str, Path] = {}
            for start in args.start:
                words = "".join(f"_{word}" for word in args.recipe)
                kept = keep / f"{start.replace(':', '_')}_{args.minutes:g}_{seed}{words}"
                if (kept / "result.json").exists():
                    continue
                shards = shards or split(args.data, Path(scratch), seed)
                chosen = weights[start]
                print(f"{start}, split {seed}: {chosen}", flush=True)
                plan = Plan(
                    start.partition(":")[0],
                    recipe,
                    10**6,
                    seed,
                    [shards["train"]],
                    [shards["val"]],
                    args.image_size,
                    chosen.file,
                )
                kept.mkdir(parents=True, exist_ok=True)
                name = " ".join([start, *args.recipe])
                write_record(kept / "result.json", result(name, plan, args.minutes, shards, kept))
    print(f"\n{args.data.name}, split by group; of several splits mean and standard deviation\n")
    print_table(HEAD, rows([read_record(path) for path in sorted(keep.glob("*/result.json"))]))


def settled(start: str) -> Weights:
    """Return the weights of a start; an `InputError` if there is no such network, or no weights."""
    arch, _, weights = start.partition(":")
    DETECTOR.check({"arch": arch})
    return choose_weights(arch, weights or "auto", tell=print)


def of_same(keep: Path, data: Path, image_size: int) -> Path:
    """Return the folder in `keep` of trainings on these photographs, at this size, like here."""
    with tempfile.TemporaryDirectory() as scratch:
        dataset = Path(scratch, "dataset.tar")
        pack_dataset(data, dataset)
        same = f"{digest_of(dataset)} {image_size} {processor()}"
        return keep / hashlib.sha256(same.encode()).hexdigest()[:8]


def result(
    name: str, plan: Plan, minutes: float, shards: dict[str, Path], kept: Path
) -> dict[str, Any]:
    """Train, evaluate on both sides, and return what the table tells."""
    test, epochs, spent, took = run(plan, minutes, shards, kept)
    records = {"val": evaluate(Detector.load(kept / "model.pth"), shards["val"], plan.seed)}
    precision = {side: one["average_precision"] for side, one in {**records, "test": test}.items()}
    told = {
        side: [one["map_50"], *(one["classes"][label]["map_50"] for label in CLASSES)]
        for side, one in precision.items()
    }
    length = {"minutes": minutes, "epochs": epochs, "spent": spent, "wall": took}
    print(f"{name}, split {plan.seed}: mAP 0.5 {told['val'][0]:.3f} on validation", flush=True)
    return {"start": name, "seed": plan.seed, **length, **told}


def rows(results: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return a row for each start and length, the best on validation first."""
    table = []
    for key in dict.fromkeys((one["start"], one["minutes"]) for one in results):
        mine = [one for one in results if (one["start"], one["minutes"]) == key]
        epochs = statistics.mean(one["epochs"] for one in mine)
        cells = [cell(column) for side in SIDES for column in columns(mine, side)]
        best = statistics.mean(one["val"][0] or 0 for one in mine)
        table.append((best, [key[0], f"{key[1]:g}", str(len(mine)), f"{epochs:.0f}", *cells]))
    return [row for _, row in sorted(table, key=lambda one: -one[0])]


def columns(results: Sequence[dict[str, Any]], side: str) -> list[tuple[float | None, ...]]:
    """Return what the results tell of a side: of all classes, and of each."""
    return list(zip(*(one[side] for one in results), strict=True))


def cell(values: Sequence[float | None]) -> str:
    """Return the mean of the values of several splits and their spread."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    mean = f"{statistics.mean(known):.3f}"
    return f"{mean} ±{statistics.stdev(known):.3f}" if len(known) > 1 else mean


if __name__ == "__main__":
    main()
