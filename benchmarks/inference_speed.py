#!/usr/bin/env python3
"""Detection images/s on a CPU, of the same photographs: the reference, and ours.

The reference is torchvision's ``fasterrcnn_resnet50_fpn`` as it is called: 800 pixels, float32, one
photograph at a time. Photographs are decoded beforehand; resizing is part of the time. Workloads
take turns; medians over the rounds.

The last column counts the faces above the threshold that float32, one at a time, finds and the
workload finds too: same class, IoU at least 0.9.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torchvision.models.detection import FasterRCNN
from torchvision.ops import box_iou

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import (
    interleaved,
    machine,
    pack,
    parser,
    print_table,
    reference_detector,
    spread,
    untrained_detector,
)
from utils.dataset.shards import read_shard
from utils.dataset.torch_dataset import resize, to_tensor
from utils.detector.forward import detect
from utils.detector.inference import Detector
from utils.detector.names import ARCHITECTURES, IN_THE_BOX

REFERENCE = "ResNet-50-FPN, reference"
EXACT = "ours, float32, 1 at a time"
SAME_BOX = 0.9
Found = list[dict[str, torch.Tensor]]


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--model", type=Path, help="model file (default: the one in the box)")
    options.add_argument("--compile", action="store_true", help="torch.compile too; needs g++")
    args = options.parse_args(argv)
    torch.manual_seed(0)
    reference_size = 64 if args.quick else 800
    with tempfile.TemporaryDirectory() as scratch:
        shard = pack(args.data, Path(scratch), args.photos or (2 if args.quick else 8))
        images = [photo.decode() for photo in read_shard(shard)]
        if args.quick:
            ours = untrained_detector(ARCHITECTURES[0], shard, 64)
        else:
            ours = Detector.load(args.model or IN_THE_BOX, device="cpu")
    works: dict[str, Callable[[], Found]] = {}
    for batch in (1, 8):
        for bfloat16, precision in ((False, "float32"), (True, "bfloat16")):
            model = Detector(ours.file, device="cpu", bfloat16=bfloat16)._model
            works[f"ours, {precision}, {batch} at a time"] = batches(
                model, images, ours.image_size, batch, bfloat16
            )
    if args.compile:
        with torch.backends.mkldnn.flags(enabled=False):  # packs nothing; the compiler does
            compiled = Detector(ours.file, device="cpu", bfloat16=True)._model
        compiled.backbone = torch.compile(compiled.backbone, dynamic=True)
        works["ours, bfloat16, backbone compiled"] = batches(
            compiled, images, ours.image_size, 1, True
        )
    calls = {
        REFERENCE: reference(images, reference_size),
        "ours, Detector.predict": lambda: ours.predict(images),
        **works,
    }
    timed = {name: clocked(call, len(images)) for name, call in calls.items()}
    times = interleaved(timed, args.rounds or (1 if args.quick else 5))
    print(machine())
    print(
        f"{len(images)} photographs of {args.data.name}; {ours.arch} at {ours.image_size} pixels\n"
    )
    base, exact = statistics.median(times[REFERENCE]), works[EXACT]()
    rows = []
    for name, seconds in times.items():
        one = statistics.median(seconds)
        same = agreement(exact, works[name](), ours.threshold) if name in works else ""
        speed = (f"{1 / one:.2f}", f"{1000 * one:.0f}", f"{base / one:.1f}x")
        rows.append((name, *speed, same, spread(seconds)))
    print_table(("", "images/s", "ms", "ratio", "as float32", "spread"), rows)


def reference(images: Sequence[np.ndarray], size: int) -> Callable[[], None]:
    """Return torchvision's forward pass over the images, one at a time."""
    model = reference_detector().eval()
    model.transform.min_size = (size,)

    @torch.inference_mode()
    def call() -> None:
        for image in images:
            model([to_tensor(image).float() / 255])

    return call


def batches(
    model: FasterRCNN, images: Sequence[np.ndarray], size: int, batch: int, bfloat16: bool
) -> Callable[[], Found]:
    """Return our forward pass over the images, `batch` at a time."""

    def call() -> Found:
        found = []
        for start in range(0, len(images), batch):
            tensors = [to_tensor(resize(one, size)) for one in images[start : start + batch]]
            found += detect(model, tensors, bfloat16)
        return found

    return call


def clocked(call: Callable[[], object], images: int) -> Callable[[], float]:
    """Return a function that makes the call and returns its seconds an image."""

    def timed() -> float:
        start = time.perf_counter()
        call()
        return (time.perf_counter() - start) / images

    return timed


def agreement(exact: Found, other: Found, threshold: float) -> str:
    """Return how many of the faces in `exact` are in `other`: ``55 of 56``."""
    same = faces = 0
    for mine, its in zip(exact, other, strict=True):
        kept = mine["scores"] >= threshold
        faces += int(kept.sum())
        near = box_iou(mine["boxes"][kept], its["boxes"]) >= SAME_BOX
        alike = mine["labels"][kept][:, None] == its["labels"][None]
        same += int((near & alike).any(dim=1).sum())
    return f"{same} of {faces}"


if __name__ == "__main__":
    main()
