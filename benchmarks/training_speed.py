#!/usr/bin/env python3
"""Training images/s on the same photographs: the reference recipe, and ours.

The reference is what Pegasus's example and torchvision's references/detection do: ResNet-50-FPN on
photographs enlarged to 800 pixels, one at a time, in float32, with SGD. Ours runs through
`utils.detector.fit`, as bin/train_model.py does, from the weights that ``--weights auto`` takes,
whose normalisations are frozen. Workloads take turns; medians over the rounds.

An image is one sample of a batch. The reference sees whole photographs, enlarged; our recipe
sees chips, cut out of them: therefore the megapixels that the network sees stand beside the images.
An epoch is taken as one sample of every photograph; a recipe may show rare classes oftener.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import torch
from torchvision.models.detection import FasterRCNN
from torchvision.transforms.v2.functional import to_dtype

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import (
    Seen,
    interleaved,
    machine,
    pack,
    parser,
    print_table,
    reference_detector,
    spread,
    timed_steps,
)
from utils.dataset.shards import read_shard
from utils.dataset.torch_dataset import to_tensor
from utils.detector.names import ARCHITECTURES
from utils.detector.pretrained import choose_weights
from utils.training.plan import Plan
from utils.training.recipe import Recipe

ROUND_SECONDS = 4.0
REFERENCE = "ResNet-50-FPN, reference"
Sample = tuple[torch.Tensor, dict[str, torch.Tensor]]


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--image-size", type=int, help="of ours (default: as most photographs)")
    options.add_argument("--arch", default=ARCHITECTURES[0], help="of ours, from its weights")
    options.add_argument("--reference-size", type=int, default=800, help="its shorter side")
    args = options.parse_args(argv)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as scratch:
        shard = pack(args.data, Path(scratch), args.photos or (16 if args.quick else 48))
        samples = list(read_samples(shard))
        own = statistics.median_high(max(image.shape[1:]) for image, _ in samples)
        size = args.image_size or own
        if args.quick:
            args.reference_size, own, size = 64, 64, 64
        works = {REFERENCE: reference(reference_detector(), samples, args.reference_size)}
        start = choose_weights(args.arch, "none" if args.quick else "auto").file
        plan = Plan(args.arch, Recipe(), 10**6, 0, [shard], [shard], size, weights=start)
        whole = replace(plan, recipe=replace(plan.recipe, chip=1.0, augmentation=0.0))
        checkpoint = Path(scratch) / "checkpoint.pth"
        if not args.quick:
            works["the same, all layers learn"] = reference(
                reference_detector(frozen=False), samples, args.reference_size
            )
            resnet50 = replace(whole, arch="fasterrcnn_resnet50_fpn", image_size=own, weights=None)
            works[f"ResNet-50-FPN, ours, whole photographs at {own}"] = ours(resnet50, checkpoint)
            works[f"{args.arch}, whole photographs at {size}"] = ours(whole, checkpoint)
        works[f"{args.arch}, our recipe at {size}"] = ours(plan, checkpoint)
        most = 1 if args.quick else len(samples)
        steps = {name: Steps(work, most) for name, work in works.items()}
        times = interleaved(steps, args.rounds or (1 if args.quick else 5))
    print(machine())
    print(f"{len(samples)} photographs of {args.data.name}\n")
    base = statistics.median(times[REFERENCE])
    rows = []
    for name, seconds in times.items():
        one, step = statistics.median(seconds), steps[name]
        rows.append(
            (
                name,
                str(step.batch),
                f"{1 / one:.2f}",
                f"{base / one:.1f}x",
                f"{step.megapixels:.3f}",
                f"{step.megapixels / one:.2f}",
                f"{len(samples) * one:.1f}",
                spread(seconds),
            )
        )
    epoch = f"s an epoch of {len(samples)}"
    head = ("", "batch", "images/s", "ratio", "MP an image", "MP/s", epoch, "spread")
    print_table(head, rows)


class Steps:
    """One round of a workload, ready for `interleaved`: seconds of one image.

    Parameters
    ----------
    work
        ``work(steps)`` trains for so many steps and returns their seconds.
    most
        Images in a round at most; less than an epoch, because an epoch ends with a validation.
    """

    def __init__(self, work: Callable[[int], float], most: int) -> None:
        self.work, self.most = work, most
        self.steps = 1
        self.batch = 0
        self.megapixels = 0.0  # of an image

    def __call__(self) -> float:
        with Seen() as seen:
            seconds = self.work(self.steps)
        self.batch, self.megapixels = seen.largest, seen.pixels / seen.images / 1e6
        one = seconds / self.steps
        self.steps = max(1, min(round(ROUND_SECONDS / one), self.most // self.batch - 2))
        return one / self.batch


def read_samples(shard: Path) -> Iterator[Sample]:
    """Yield photographs and boxes as they are, decoded once, as the reference trains on them."""
    for photo in read_shard(shard):
        image = to_tensor(photo.decode())
        faces = photo.read_annotation(image.shape[2], image.shape[1]).faces
        boxes, labels = torch.from_numpy(faces.boxes), torch.from_numpy(faces.labels)
        yield image, {"boxes": boxes, "labels": labels}


def reference(model: FasterRCNN, samples: list[Sample], size: int) -> Callable[[int], float]:
    """Return the loop of references/detection/engine.py, batch 1, for a number of steps."""
    model.train()
    model.transform.min_size = (size,)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    # The reference's rate, 0.02 for batches of 16, scaled to batches of one.
    optimizer = torch.optim.SGD(trained, lr=0.02 / 16, momentum=0.9, weight_decay=1e-4)
    photos = cycle(samples)

    def work(steps: int) -> float:
        start = time.perf_counter()
        for _, (image, target) in zip(range(steps), photos, strict=False):
            losses = model([to_dtype(image, torch.float32, scale=True)], [target])
            optimizer.zero_grad()
            sum(losses.values()).backward()
            optimizer.step()
        return time.perf_counter() - start

    return work


def ours(plan: Plan, checkpoint: Path) -> Callable[[int], float]:
    """Return our loop, for a number of steps."""
    return lambda steps: timed_steps(plan, checkpoint, steps)


if __name__ == "__main__":
    main()
