#!/usr/bin/env python3
"""What it saves to keep the features of faces while the trunk of a classifier is frozen.

An epoch over the faces of a data set, cut as the workflow cuts them, is timed twice on one thread:
with the trunk asked about a new view of each face, and with kept features (`utils.classifier`).
Both train the same head by `utils.training.loop`, validation left out. Beside them, what computing
the features takes, once. The weights are random; they do not change the time.

    python benchmarks/feature_cost.py --data FOLDER
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import machine, pack, parser, print_table
from utils.classifier.architectures import build_network
from utils.classifier.faces import FacePictures
from utils.classifier.features import VIEWS, KeptFeatures
from utils.classifier.inference import prepared
from utils.classifier.names import ARCHITECTURES, CENTERFACE, IMAGE_SIZE, MARGIN, VGG16
from utils.classifier.plan import CLASSIFIER
from utils.classifier.task import FaceTask, HeadTask
from utils.dataset.cut_faces import cut_shard
from utils.dataset.cutting import Cutting
from utils.networks.devices import has_bfloat16
from utils.training.checkpoint import Checkpoint
from utils.training.loop import train

HEAD = ("network", "faces", "s: trunk asked", "s: features kept", "times", "s: features, once")


def main(argv: Sequence[str] | None = None) -> None:
    made = parser(__doc__)
    made.add_argument("--archs", nargs="+", choices=ARCHITECTURES, default=[CENTERFACE, VGG16])
    made.add_argument("--size", type=int, default=IMAGE_SIZE, help="pixels of a face's sides")
    args = made.parse_args(argv)
    torch.set_num_threads(1)
    print(f"{machine()}\n{args.size} pixels, {VIEWS} views of each face\n")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        photos = 4 if args.quick else args.photos
        shard = pack(args.data or Path("data/sample"), folder, photos)
        cut_shard(shard, folder / "faces.tar", Cutting(MARGIN, 8))
        faces = FacePictures([folder / "faces.tar"], args.size)
        rows = [row(arch, faces, folder) for arch in args.archs]
    print_table(HEAD, rows)


def row(arch: str, faces: FacePictures, folder: Path) -> list[str]:
    """Return a row of the table."""
    bfloat16 = has_bfloat16("cpu")
    recipe = replace(CLASSIFIER.recipe, backbone_rate=0.0)
    network = build_network(arch).to(memory_format=torch.channels_last)
    trunk = {f"trunk.{name}": 0.0 for name, _ in network.trunk.named_parameters()}
    norms = {name for name, it in network.named_modules() if isinstance(it, nn.BatchNorm2d)}
    checkpoint = Checkpoint(folder / f"{arch}.ckpt", {"arch": arch})
    started = time.perf_counter()
    kept = KeptFeatures(prepared(network, bfloat16), checkpoint, lambda: False)
    features = kept.to_learn_from(faces, recipe, seed=0)
    once = time.perf_counter() - started
    head = Unvalidated(HeadTask, network, faces, faces, recipe, features, features[:, :1])
    whole = Unvalidated(FaceTask, network, faces, faces, recipe, frozenset(norms), trunk, bfloat16)
    cheap, dear = epoch(head, recipe), epoch(whole, recipe)
    numbers = (f"{dear:.2f}", f"{cheap:.3f}", f"{dear / cheap:.0f}", f"{once:.1f}")
    return [arch, str(len(faces)), *numbers]


class Unvalidated:
    """A task that is not validated, which would be timed, too."""

    def __init__(self, of: Callable[..., Any], *arguments: Any) -> None:
        self._task = of(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def validate(self, *unused: Any) -> dict[str, Any]:
        return {}


def epoch(task: Any, recipe: Any) -> float:
    """Return the seconds of the processor of an epoch, the second of two: others slow it less."""
    ends = [time.process_time()]
    train(task, recipe, 2, 0, Nothing(), after_epoch=lambda _: ends.append(time.process_time()))
    return ends[2] - ends[1]


class Nothing:
    """A checkpoint that holds nothing and writes nothing: its time is not that of an epoch."""

    state = None

    def save(self, *unused: Any, **options: Any) -> None:
        pass


if __name__ == "__main__":
    main()
