#!/usr/bin/env python3
"""What one GPU gives: images/s in training and in detection, and whether it finds the same faces.

Training steps are those of `utils.detector.fit` on chips of the photographs, from packaged weights,
in batches of several sizes; the reference is torchvision's ``fasterrcnn_resnet50_fpn_v2`` as we
train it, on whole photographs. Detection is of decoded photographs with the model in the box.
Workloads take turns; medians over the rounds. The last line counts the faces above the threshold
that the processor finds and the GPU, too: same class, IoU at least 0.9.

How good a detector becomes is told by the training itself, of three splits side by side:

    python benchmarks/gpu.py --data face-mask-detection.zip
    make pretrained DATA=face-mask-detection.zip ARGS="--config configs/gpu.toml --at-once 3"
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import interleaved, machine, pack, parser, print_table, spread
from benchmarks.inference_speed import agreement, clocked
from benchmarks.training_speed import Steps, ours
from utils.dataset.shards import read_shard
from utils.detector.inference import Detector
from utils.detector.names import ARCHITECTURES, IN_THE_BOX, RESNET50_V2
from utils.detector.pretrained import choose_weights
from utils.errors import InputError
from utils.metrics.detections import Detections
from utils.networks.devices import best_device
from utils.training.plan import Plan
from utils.training.recipe import Recipe

BATCH_SIZES = (8, 16, 32)


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--image-size", type=int, default=576, help="longer side of photographs")
    options.add_argument("--chip", type=float, default=256, help="pixels of a chip's sides")
    options.add_argument("--device", default=best_device())
    options.add_argument("--only", choices=("training", "detection"), help="of the two tables")
    args = options.parse_args(argv)
    if args.device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: no GPU is to be had here")
    print(machine())
    print(torch.cuda.get_device_name() if args.device == "cuda" else args.device)
    with tempfile.TemporaryDirectory() as scratch:
        shard = pack(args.data, Path(scratch), args.photos or (16 if args.quick else 256))
        if args.only != "detection":
            works = trainings(shard, Path(scratch) / "checkpoint.pth", args)
            steps = {name: Steps(work, 14 if args.quick else 256) for name, work in works.items()}
            table("training", steps, args)
        if args.only != "training":
            images = [photo.decode() for photo in read_shard(shard)][: 4 if args.quick else 64]
            detection(images, args)


def table(what: str, works: dict[str, Callable[[], float]], args: argparse.Namespace) -> None:
    """Let workloads take turns, and print the images/s of each."""
    times = interleaved(works, args.rounds or (1 if args.quick else 3))
    rows = [
        (name, f"{1 / statistics.median(seconds):.1f}", spread(seconds))
        for name, seconds in times.items()
    ]
    print()
    print_table((what, "images/s", "spread"), rows)


def detection(images: Sequence[np.ndarray], args: argparse.Namespace) -> None:
    """Print how fast the model in the box finds faces, and whether the processor finds the same."""
    there, here = Detector.load(IN_THE_BOX, args.device), Detector.load(IN_THE_BOX, "cpu")
    calls = {
        "one at a time": lambda: [there.predict([image]) for image in images],
        f"{there.batch} at a time": lambda: there.predict(images),
    }
    clocks = {name: clocked(call, len(images)) for name, call in calls.items()}
    table("detection, the model in the box", clocks, args)
    some = images[:16]
    same = agreement(as_found(here, some), as_found(there, some), here.threshold)
    print(f"\nfaces that the processor finds, and the GPU too: {same}")


def trainings(
    shard: Path, checkpoint: Path, args: argparse.Namespace
) -> dict[str, Callable[[int], float]]:
    """Return what trains for a number of steps and returns their seconds, by name."""
    quick = args.quick
    start = choose_weights(ARCHITECTURES[0], "none" if quick else "auto").file
    size = 64 if quick else args.image_size
    recipe = Recipe(chip=args.chip)
    plan = Plan(ARCHITECTURES[0], recipe, 10**6, 0, [shard], [shard], size, weights=start)
    works = {}
    for size in BATCH_SIZES[:1] if quick else BATCH_SIZES:
        recipe = replace(plan.recipe, batch_size=2 if quick else size)
        works[f"{plan.arch}, {recipe.batch_size} chips"] = ours(
            replace(plan, recipe=recipe), checkpoint
        )
    if not quick:
        whole = replace(plan.recipe, chip=1.0, augmentation=0.0, batch_size=8)
        works[f"{RESNET50_V2}, 8 photographs"] = ours(
            replace(plan, arch=RESNET50_V2, recipe=whole, weights=None), checkpoint
        )
    return works


def as_found(detector: Detector, images: Sequence[np.ndarray]) -> list[dict[str, torch.Tensor]]:
    """Return what a detector finds, as tensors."""
    return [_tensors(found) for found in detector.predict(images)]


def _tensors(found: Detections) -> dict[str, torch.Tensor]:
    names = ("boxes", "labels", "scores")
    return {name: torch.from_numpy(getattr(found, name)) for name in names}


if __name__ == "__main__":
    main()
