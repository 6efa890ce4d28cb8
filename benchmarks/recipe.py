#!/usr/bin/env python3
"""What a change of the recipe is worth: paired trainings with and without it, on validation alone.

The photographs are split by group as the workflow does, and the test side is put away. The rest is
dealt, by group, to folds; a pair of trainings learns from all folds but one, with and without the
change, from the same seed, and is judged by mAP at IoU 0.5 on that one. Told is the mean of the
differences over the pairs with its standard error, of all classes, of each, and of tiny and small
faces.

A change is ``NAME=VALUE``, or several with commas between them that are made together. A NAME is a
parameter of the recipe, or one of ``arch``, ``image_size``, ``weights``. Each training is a process
of one thread, so two of them fill two cores. Its epochs are those that ``--minutes`` of one core's
time allow, measured on its first steps, or as many as ``--epochs`` says. Results are kept in a
folder; what stands there is not trained again.

    python benchmarks/recipe.py --data face-mask-detection.zip --minutes 10 \\
        --change copy_paste=0.5 --change chip=0.4,batch_size=12
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import PROJECT, machine, print_table, processor
from benchmarks.quality import epoch_cost
from utils.apply.options import number as from_one
from utils.dataset.clean import clean_photo
from utils.dataset.intake.dataset import pack_dataset
from utils.dataset.labels import CLASSES, TITLES
from utils.dataset.shards import read_shard, write_shard
from utils.dataset.splitting import SIDES
from utils.dataset.splitting.split import split_dataset
from utils.dataset.splitting.stratified_groups import assign_groups
from utils.dataset.torch_dataset import FaceDataset
from utils.detector.fit import fit
from utils.detector.names import ARCHITECTURES
from utils.detector.validation import detections_of
from utils.metrics.average_precision import average_precision
from utils.networks.devices import best_device, has_bfloat16
from utils.records import digest_of, read_record, write_record
from utils.seed import derive_seed
from utils.tasks import DETECTOR
from utils.training.plan import BESIDES, Plan
from utils.training.recipe import Recipe
from utils.training.recipe_words import read_recipe, read_value
from utils.video.options import positive

BASE = "as it is"
OF_PLAN = {
    "arch": str,
    "image_size": lambda text: read_value(text, 0, "--change: image_size"),
    "weights": lambda text: Path(text) if text else None,
}
"""What a change can name besides the recipe's parameters."""

JUDGED = ("all", *TITLES[1:], "tiny", "small")
HEAD = ("", "pairs", "epochs", "min", "mAP .5", *JUDGED)


@dataclass(frozen=True)
class Run:
    """One training: `name` is its change, `pair` what it has in common with another."""

    name: str
    pair: str
    plan: Plan
    minutes: float | None
    folder: Path

    def identity(self) -> dict[str, Any]:
        """Return plain values that are equal for runs that would give the same.

        Parameters that are off are left out, so that one more that is off changes nothing.
        """
        whole = {**self.plan.identity(), "minutes": self.minutes, "processor": processor()}
        return {**whole, "params": {name: it for name, it in whole["params"].items() if it}}

    @property
    def file(self) -> Path:
        """Where the result is kept."""
        text = json.dumps(self.identity(), sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--data", type=Path, default=PROJECT / "data" / "sample")
    made.add_argument("--arch", choices=ARCHITECTURES, default=ARCHITECTURES[0])
    made.add_argument("--weights", type=Path, help="file of pretrained weights")
    made.add_argument("--image-size", type=int, default=480)
    made.add_argument("--base", nargs="*", default=[], metavar="NAME=VALUE", help="of all runs")
    made.add_argument("--change", action="append", default=[], metavar="NAME=VALUE[,...]")
    length = made.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=positive, default=10.0, help="of one core, a training")
    length.add_argument("--epochs", type=from_one)
    made.add_argument("--split", type=int, default=0, help="seed of the split")
    made.add_argument("--folds", type=from_one, default=4)
    made.add_argument("--pairs", type=from_one, help="how many folds to judge on (default: all)")
    made.add_argument("--jobs", type=from_one, default=2, help="trainings at a time")
    made.add_argument("--keep", type=Path, default=Path("runs/recipes"), help="folder of results")
    return made


def main(argv: Sequence[str] | None = None) -> None:
    made = parser()
    args = made.parse_args(argv)
    if args.folds < max(2, args.pairs or 0):
        made.error("--folds: takes 2 or more, as many as --pairs at least")
    planned(args, [Path(str(number)) for number in range(args.folds)])  # refused before it is dealt
    os.environ["OMP_NUM_THREADS"] = "1"  # read by the processes that train
    print(machine())
    args.keep.mkdir(parents=True, exist_ok=True)
    folds = deal(args.data, args.keep / f"folds_{args.split}_{args.folds}", args.split, args.folds)
    runs = planned(args, folds)
    results = carry_out(runs, args.jobs)
    told = f"{args.minutes:g} minutes of a core" if args.epochs is None else f"{args.epochs} epochs"
    print(f"\n{args.arch}, {told}, split {args.split}, {args.pairs or args.folds} folds judged\n")
    print_table(HEAD, rows(results))


def deal(data: Path, folder: Path, seed: int, folds: int) -> list[Path]:
    """Deal all but the test side to `folds` shards, by group; return them.

    Their names tell which photographs they are of.
    """
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        dataset, shards = scratch / "dataset.tar", {side: scratch / f"{side}.tar" for side in SIDES}
        pack_dataset(data, dataset)
        paths = [folder / f"{digest_of(dataset)[:8]}_{number}.tar" for number in range(folds)]
        if all(path.exists() for path in paths):
            return paths
        folder.mkdir(parents=True, exist_ok=True)
        photos = split_dataset(dataset, shards, folder / "split.json", seed)["photos"]
        learnt = [name for name, photo in photos.items() if photo["side"] != "test"]
        groups = [photos[name]["group"] for name in learnt]
        faces = np.array([[photos[n]["classes"].get(c, 0) for c in CLASSES] for n in learnt])
        dealt = assign_groups(groups, faces, [1 / folds] * folds, derive_seed(seed, "folds"))
        fold_of = dict(zip(learnt, dealt.tolist(), strict=True))
        for number, path in enumerate(paths):
            chosen = (one for one in read_shard(dataset) if fold_of.get(one.name) == number)
            write_shard(path, (clean_photo(one) for one in chosen))
    return paths


def planned(args: argparse.Namespace, folds: Sequence[Path]) -> list[Run]:
    """Return the runs, pair by pair, so that the first pairs are whole before the last begin."""
    runs = []
    for number in range(args.pairs or args.folds):
        others = [path for path in folds if path != folds[number]]
        for name in dict.fromkeys([BASE, *args.change]):
            plan = Plan(
                args.arch,
                Recipe(),
                args.epochs or 10**6,
                derive_seed(args.split, "fold", number),
                others,
                [folds[number]],
                args.image_size,
                args.weights,
            )
            plan = changed(plan, args.base, [] if name == BASE else name.split(","))
            minutes = args.minutes if args.epochs is None else None
            runs.append(Run(name, f"{args.split}.{number}", plan, minutes, args.keep))
    return runs


def changed(plan: Plan, base: Sequence[str], change: Sequence[str]) -> Plan:
    """Return the plan with the words of a change, which win over those of the base.

    Raises
    ------
    InputError
        If no training takes it.
    """
    words = {word.partition("=")[0]: word for word in (*base, *change)}
    own = {name: words.pop(name).partition("=")[2] for name in OF_PLAN if name in words}
    recipe = Recipe.from_params(read_recipe(list(words.values()), "--change"))
    besides = {name: OF_PLAN[name](text) for name, text in own.items()}
    DETECTOR.check({name: besides[name] for name in BESIDES if name in besides})
    return replace(plan, recipe=recipe, **besides)


def carry_out(runs: Sequence[Run], jobs: int) -> list[dict[str, Any]]:
    """Train what has no result yet, `jobs` at a time; return all results, in the order of runs."""
    waiting = [run for run in runs if not run.file.exists()]
    with ProcessPoolExecutor(jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        futures = {pool.submit(train_and_judge, run): run for run in waiting}
        for number, future in enumerate(as_completed(futures), start=1):
            record, run = future.result(), futures[future]
            print(
                f"{number} of {len(waiting)}: {run.name}, pair {run.pair}: {record['epochs']} "
                f"epochs, {record['minutes']:.1f} min, mAP 0.5 {record['map_50']:.3f}",
                flush=True,
            )
    return [{"name": run.name, "pair": run.pair, **read_record(run.file)} for run in runs]


def train_and_judge(run: Run) -> dict[str, Any]:
    """Train as planned, judge on the validation shard, write the result and return it.

    Each epoch is validated on one photograph only, because nothing is chosen by it.
    """
    import torch

    torch.set_num_threads(1)
    checkpoint, little = run.file.with_suffix(".ckpt"), run.file.with_suffix(".tar")
    write_shard(little, islice(read_shard(run.plan.validation[0]), 1))
    plan = replace(run.plan, validation=[little])
    if run.minutes:
        _, seconds = epoch_cost(plan, checkpoint, cores=1)
        plan = replace(plan, epochs=max(1, int(60 * run.minutes / seconds)))
    checkpoint.unlink(missing_ok=True)
    begun = time.process_time()
    fitted = fit(plan, checkpoint)
    minutes = (time.process_time() - begun) / 60
    photos = FaceDataset(run.plan.validation, plan.image_size)
    found = detections_of(
        fitted.model,
        photos,
        bfloat16=has_bfloat16(best_device()),
        mirrored=plan.recipe.mirrored,
    )
    precision = average_precision(found, photos.faces)
    record = {"epochs": plan.epochs, "minutes": minutes, "run": run.identity(), **precision}
    write_record(run.file, record)
    for path in (checkpoint, little):
        path.unlink()
    return record


def rows(results: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return a row for the base and for each change: differences with their standard errors."""
    base = {one["pair"]: one for one in results if one["name"] == BASE}
    table = []
    for name in dict.fromkeys(one["name"] for one in results):
        mine = {one["pair"]: one for one in results if one["name"] == name}
        pairs = sorted(mine.keys() & base.keys())
        average = {
            key: np.mean([mine[pair][key] for pair in pairs]) for key in ("epochs", "minutes")
        }
        values = np.array([judged(mine[pair]) for pair in pairs])
        less = np.array([judged(base[pair]) for pair in pairs])
        cells = (
            [f"{mean:.3f}" for mean in values.mean(axis=0)]
            if name == BASE
            else [difference(*both) for both in zip(values.T, less.T, strict=True)]
        )
        first = [str(len(pairs)), f"{average['epochs']:.0f}", f"{average['minutes']:.1f}"]
        table.append([name, *first, f"{values[:, 0].mean():.3f}", *cells])
    return table


def judged(record: dict[str, Any]) -> list[float]:
    """Return what a result is judged by, in the order of `JUDGED`; NaN where there is no face."""
    parts = [record, *(record["classes"][name] for name in CLASSES)]
    parts += [record["sizes"][name] for name in ("tiny", "small")]
    return [np.nan if part["map_50"] is None else part["map_50"] for part in parts]


def difference(with_it: np.ndarray, without: np.ndarray) -> str:
    """Return the mean difference of the pairs and its standard error, of pairs with a number."""
    by_pair = with_it - without
    by_pair = by_pair[np.isfinite(by_pair)]
    if not len(by_pair):
        return "-"
    if len(by_pair) == 1:
        return f"{by_pair[0]:+.3f}"
    return f"{by_pair.mean():+.3f} ±{by_pair.std(ddof=1) / len(by_pair) ** 0.5:.3f}"


if __name__ == "__main__":
    main()
