#!/usr/bin/env python3
"""Ours beside other detectors: the same photographs, the same cores, the same minutes.

    yolo        a current YOLO nano (Ultralytics), from scratch
    mobilenet   torchvision's fasterrcnn_mobilenet_v3_large_fpn by our recipe, from scratch
    scratch     our compact_resnet18_fpn, from scratch
    pretrained  ours with --arch and --weights

Photographs are split by group, and minutes counted, as in benchmarks/quality.py: processor time of
all threads by the cores. A few steps (of YOLO: epochs) are timed first, and the training has the
epochs that fit, its validations included. What each finds on the test photographs is judged by our
evaluation. YOLO is installed into a virtual environment outside the repository, which is removed
afterwards, and only called by its command line; its settings are its own defaults, at 640 pixels,
with its own end of training scaled to the epochs, and the weights that its validation found best.

A finished row is kept (--keep) and not made again; a training of ours that was stopped goes on.
The milliseconds a photograph are measured at the end on all test photographs, one at a time, the
detectors in turn: decoding left out, resizing counted. Where peers' weights can be had,
--peer-weights starts from them.

    python benchmarks/peers.py --data face-mask-detection.zip --minutes 5 20 90
"""

import argparse
import hashlib
import json
import logging
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks import quality, yolo
from benchmarks.common import PROJECT, interleaved, machine, print_table
from utils.analysis.evaluation.on_photographs import score
from utils.dataset.labels import TITLES
from utils.dataset.shards import read_shard
from utils.detector.inference import Detector
from utils.detector.names import ARCHITECTURES, COMPACT, MOBILENET
from utils.detector.pretrained import choose_weights
from utils.records import digest_of, read_record, write_record
from utils.training.plan import Plan
from utils.training.recipe import Recipe
from utils.training.recipe_words import read_recipe

ROWS = ("yolo", "mobilenet", "scratch", "pretrained")
SIZES = {"yolo": 640, "mobilenet": 480, "scratch": 480, "pretrained": 480}
"""Pixels of a photograph's longer side: YOLO's own default, and ours."""


@dataclass(frozen=True)
class Peer:
    """A row before its minutes: one of `ROWS`, its network, size, and weights to start from."""

    name: str
    arch: str
    image_size: int
    weights: Path | None
    told: str  # where the weights come from
    recipe: Recipe = field(default_factory=Recipe)

    def __str__(self) -> str:
        return f"{self.arch}, {self.told}"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--data", type=Path, default=PROJECT / "data" / "sample")
    made.add_argument("--minutes", type=float, nargs="+", default=[5.0, 20.0, 90.0])
    made.add_argument("--only", choices=ROWS, nargs="+", default=list(ROWS), metavar="ROW")
    made.add_argument("--arch", default=ARCHITECTURES[0], help="of the row 'pretrained'")
    made.add_argument("--weights", default="auto", help="of the row 'pretrained'")
    made.add_argument(
        "--recipe", nargs="+", default=[], metavar="NAME=VALUE", help="of the row 'pretrained'"
    )
    made.add_argument(
        "--peer-weights",
        type=assignment,
        nargs="+",
        default=[],
        metavar="ROW=WEIGHTS",
        help="yolo=FILE, or mobilenet=coco, imagenet or a file, to start from instead of nothing",
    )
    made.add_argument(
        "--size",
        type=assignment,
        nargs="+",
        default=[],
        metavar="ROW=PIXELS",
        help="of a photograph's longer side, where not 640 (yolo) and 480",
    )
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--keep", type=Path, default=PROJECT / "runs" / "peers", metavar="FOLDER")
    made.add_argument("--environment", type=Path, help="keep YOLO's environment in this folder")
    made.add_argument("--rounds", type=int, default=3, help="of the timing of detection")
    return made


def assignment(text: str) -> tuple[str, str]:
    """Read ``ROW=VALUE``."""
    row, _, value = text.partition("=")
    if row not in ROWS or not value:
        raise argparse.ArgumentTypeError(f"{text!r}: expected ROW=VALUE, ROW of {', '.join(ROWS)}")
    return row, value


def main(argv: Sequence[str] | None = None) -> None:
    args = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    print(machine())
    chosen = peers(args)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shards = quality.split(args.data, scratch, args.seed)
        bench = Bench(shards, scratch, args.environment or scratch / "yolo", args.seed)
        kept = {
            (peer, minutes): bench.row(peer, minutes, args.keep)
            for peer in chosen
            for minutes in args.minutes
        }
        longest = {peer: kept[peer, max(args.minutes)] for peer in chosen}
        bench.time_detection(longest, args.rounds)
    rows = []
    for (peer, minutes), folder in kept.items():
        record = read_record(folder / "row.json")
        timed = read_record(longest[peer] / "speed.json")["ms"] if args.rounds else None
        rows.append(table_row(peer, minutes, record, timed))
    print(f"\nTest photographs of {args.data.name}, split by group, seed {args.seed}\n")
    head = ("", "pixels", "ms", "epochs", "min", "wall min", "mAP .5:.95", "mAP .5")
    print_table((*head, *TITLES[1:]), rows)


def peers(args: argparse.Namespace) -> list[Peer]:
    """Return the peers that were asked for; weights are settled before anything is trained."""
    sizes = SIZES | {row: int(value) for row, value in args.size}
    given = {"mobilenet": "none", "scratch": "none", "pretrained": args.weights}
    given |= dict(args.peer_weights)
    archs = {"mobilenet": MOBILENET, "scratch": COMPACT, "pretrained": args.arch}
    chosen = []
    for name in args.only:
        if name == "yolo":
            weights = Path(given["yolo"]).absolute() if "yolo" in given else None
            told = f"from {weights.name}" if weights else "from scratch"
            chosen.append(Peer(name, yolo.MODEL, sizes[name], weights, told))
        else:
            settled = choose_weights(archs[name], given[name], print)
            told = f"from {Path(settled.taken).name}" if settled.file else "from scratch"
            words = args.recipe if name == "pretrained" else []
            recipe = Recipe.from_params(read_recipe(words))
            chosen.append(Peer(name, archs[name], sizes[name], settled.file, told, recipe))
    return chosen


class Bench:
    """The shards of one split, on which every peer is trained, judged and timed."""

    def __init__(
        self, shards: dict[str, Path], scratch: Path, environment: Path, seed: int
    ) -> None:
        self.shards, self.scratch, self.seed = shards, scratch, seed
        self._environment = environment
        self._layout: Path | None = None

    def row(self, peer: Peer, minutes: float, keep: Path) -> Path:
        """Train and judge a peer unless that was done; return the folder with its ``row.json``."""
        identity = self.identity(peer, minutes)
        name = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:10]
        folder = keep / f"{peer.name}_{minutes:g}_{name}"
        if (folder / "row.json").exists():
            print(f"{peer}, {minutes:g} min: kept in {folder}", flush=True)
            return folder
        if not (folder / quality.MINUTES).exists():  # a part whose time nobody knows
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        make = self._yolo if peer.name == "yolo" else self._ours
        write_record(folder / "row.json", {"of": identity, **make(peer, minutes, folder)})
        return folder

    def identity(self, peer: Peer, minutes: float) -> dict[str, Any]:
        """Return what decides a row: equal for equal rows, whatever files are called."""
        ours = {"recipe": peer.recipe.as_params(), "torch": torch.__version__}
        return {
            "arch": peer.arch,
            "image size": peer.image_size,
            "weights": digest_of(peer.weights) if peer.weights else None,
            "minutes": minutes,
            "seed": self.seed,
            "data": {side: digest_of(shard) for side, shard in self.shards.items()},
            **({"version": yolo.VERSION} if peer.name == "yolo" else ours),
        }

    def _ours(self, peer: Peer, minutes: float, folder: Path) -> dict[str, Any]:
        plan = Plan(
            arch=peer.arch,
            recipe=peer.recipe,
            epochs=10**6,
            seed=self.seed,
            train=[self.shards["train"]],
            validation=[self.shards["val"]],
            image_size=peer.image_size,
            weights=peer.weights,
        )
        record, epochs, spent, took = quality.run(plan, minutes, self.shards, folder)
        return {
            "epochs": epochs,
            "minutes": spent,
            "wall_minutes": took,
            "average_precision": record["average_precision"],
        }

    def _yolo(self, peer: Peer, minutes: float, folder: Path) -> dict[str, Any]:
        command, data = self._command(), self._yolo_data()
        each, start = command.epoch_cost(data, self.scratch, peer.image_size, peer.weights)
        epochs = epochs_within(minutes, each, start)
        print(f"{peer}: {each:.2f} min an epoch, {epochs} epochs", flush=True)
        output = folder / "training"
        spent, took = command.train(data, output, epochs, peer.image_size, self.seed, peer.weights)
        best = folder / "best.pt"
        (output / "weights" / "best.pt").rename(best)
        names, faces, sizes = [], [], []
        for photo in read_shard(self.shards["test"]):
            sizes.append(photo.decode().shape[:2])
            names.append(photo.name)
            faces.append(photo.read_annotation(*sizes[-1][::-1]).faces)
        command.predict(best, data.parent / "images" / "test", folder / "found", peer.image_size)
        found = yolo.read_found(folder / "found" / "labels", sizes)
        record = score(names, faces, found, 0.5, self.seed)
        return {
            "epochs": epochs,
            "minutes": spent,
            "wall_minutes": took,
            "average_precision": record["average_precision"],
        }

    def time_detection(self, folders: dict[Peer, Path], rounds: int) -> None:
        """Write the milliseconds a photograph of each peer into its ``speed.json``."""
        if not rounds:
            return
        images = [photo.decode() for photo in read_shard(self.shards["test"])]
        works: dict[str, Callable[[], float]] = {}
        for peer, folder in folders.items():
            if peer.name == "yolo":
                command, photos = self._command(), self._yolo_data().parent / "images" / "test"
                works[peer.name] = lambda c=command, p=photos, f=folder, s=peer.image_size: (
                    c.predict(f / "best.pt", p, self.scratch / "timing", s)
                )
            else:
                detector = Detector.load(folder / "model.pth", device="cpu")
                works[peer.name] = lambda d=detector: one_by_one(d, images)
        times = interleaved(works, rounds)
        for peer, folder in folders.items():
            write_record(
                folder / "speed.json",
                {"ms": statistics.median(times[peer.name]), "machine": machine()},
            )

    def _command(self) -> yolo.Yolo:
        return yolo.Yolo(self._environment)

    def _yolo_data(self) -> Path:
        if self._layout is None:
            self._layout = yolo.write_layout(self.shards, self.scratch / "photographs")
        return self._layout


def one_by_one(detector: Detector, images: Sequence[np.ndarray]) -> float:
    """Return the milliseconds that the detector takes for one of the photographs."""
    start = time.perf_counter()
    for image in images:
        detector.predict([image])
    return 1000 * (time.perf_counter() - start) / len(images)


def epochs_within(minutes: float, each: float, start: float) -> int:
    """Return how many epochs fit.

    Parameters
    ----------
    each, start
        Minutes of an epoch, and of what a training takes besides.
    """
    return max(1, int((minutes - start) / each))


def table_row(peer: Peer, minutes: float, record: dict[str, Any], ms: float | None) -> list[str]:
    name, *cells = quality.row(
        f"{peer}, {minutes:g} min",
        record,
        record["epochs"],
        record["minutes"],
        record["wall_minutes"],
    )
    return [name, str(peer.image_size), "-" if ms is None else f"{ms:.0f}", *cells]


if __name__ == "__main__":
    main()
