"""What the speed benchmarks share: photographs, the reference, interleaved rounds, a table."""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import BackboneWithFPN, resnet_fpn_backbone
from torchvision.ops import FrozenBatchNorm2d

from utils.dataset.clean import clean_photo
from utils.dataset.intake.dataset import pack_dataset
from utils.dataset.labels import BACKGROUND, CLASSES
from utils.dataset.shards import read_shard, write_shard
from utils.dataset.torch_dataset import FaceDataset
from utils.detector.architectures import architecture, build_model
from utils.detector.fit import fit
from utils.detector.inference import Detector
from utils.detector.model_file import ModelFile
from utils.errors import Checkpointed
from utils.networks.devices import has_bfloat16
from utils.training.plan import Plan

PROJECT = Path(__file__).resolve().parent.parent


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that every speed benchmark takes."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "--data",
        type=Path,
        default=PROJECT / "data" / "sample",
        help="annotated photographs, as workflow.py takes them (default: the bundled sample)",
    )
    made.add_argument("--photos", type=int, help="how many of them to use, spread evenly")
    made.add_argument("--rounds", type=int, help="rounds, each of every workload in turn")
    made.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    return made


def machine() -> str:
    """Return in one line what the numbers were measured on."""
    versions = f"torch {torch.__version__}, torchvision {torchvision.__version__}"
    return f"{processor()}, {torch.get_num_threads()} threads; {versions}"


def processor() -> str:
    """Return what a minute of this machine is one of: equal where minutes can be compared."""
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line.partition(":") for line in info.read_text().splitlines())
        model = next((value.strip() for key, _, value in lines if key.strip() == "model name"), "")
    bfloat16 = "computes" if has_bfloat16("cpu") else "only emulates"
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {bfloat16} bfloat16"


def pack(data: Path, scratch: Path, photos: int | None = None) -> Path:
    """Write a clean shard of `photos` photographs of a data set, spread evenly over their names."""
    whole, chosen = scratch / "dataset.tar", scratch / "photos.tar"
    total = pack_dataset(data, whole)["photos"]
    wanted = min(photos or total, total)
    numbers = {number * total // wanted for number in range(wanted)}
    kept = (clean_photo(one) for n, one in enumerate(read_shard(whole)) if n in numbers)
    write_shard(chosen, kept)
    whole.unlink()
    return chosen


def reference_detector(frozen: bool = True) -> FasterRCNN:
    """Return torchvision's ``fasterrcnn_resnet50_fpn`` of our classes, with its own transform.

    Parameters
    ----------
    frozen
        As torchvision builds it by default, for pretrained weights: the stem and the first stage do
        not learn and batch statistics stay, which makes it faster. Else as it builds it from
        scratch. The weights are random either way; they do not change the time of a step.
    """
    backbone = resnet_fpn_backbone(
        backbone_name="resnet50",
        weights=None,
        norm_layer=FrozenBatchNorm2d if frozen else nn.BatchNorm2d,
        trainable_layers=3 if frozen else 5,
    )
    for name, values in backbone.named_buffers():
        if frozen and name.endswith("bn3.weight"):
            values.fill_(0.2)  # else random features grow from block to block, out of range
    return FasterRCNN(backbone, num_classes=len(CLASSES) + 1)


def untrained_detector(arch: str, shard: Path, image_size: int) -> Detector:
    """Return a detector with random weights that, like a trained one, takes most boxes for none."""
    photos = FaceDataset([shard], image_size)
    anchors = architecture(arch).fit_anchors(photos.faces, photos.sizes, image_size)
    model = build_model(arch, anchors)
    with torch.no_grad():
        model.roi_heads.box_predictor.cls_score.bias[BACKGROUND] = 4.0
    return Detector(
        ModelFile(
            arch=arch,
            anchors=anchors,
            image_size=image_size,
            threshold=0.5,
            state=model.state_dict(),
        ),
        device="cpu",
    )


def timed_steps(
    plan: Plan,
    checkpoint: Path,
    steps: int,
    begin: Callable[[], None] = lambda: None,
    end: Callable[[], None] = lambda: None,
) -> float:
    """Train as planned for a number of steps, with `fit`, and return their seconds.

    `fit` asks before every step whether to stop; the clock is read there. A first step, in which
    the optimiser allocates what it keeps, is not counted.

    Parameters
    ----------
    steps
        Less than an epoch has: an epoch ends with a validation, which must not be timed.
    begin, end
        Called before the first and after the last step that counts.

    Raises
    ------
    ValueError
        If the epoch is too short, or a step was skipped because its loss was not finite.
    """
    asked, done, clock = 0, [0], [0.0, 0.0]

    def stop() -> bool:
        nonlocal asked
        asked += 1
        if asked == 2:
            done.append(0)
            begin()
            clock[0] = time.perf_counter()
        if asked < steps + 2:
            return False
        clock[1] = time.perf_counter()
        end()
        return True

    def count(*unused: object) -> None:
        done[-1] += 1

    hook = register_optimizer_step_post_hook(count)
    try:
        fit(plan, checkpoint, stop)
    except Checkpointed:
        checkpoint.unlink()  # else the next call would go on from it
    finally:
        hook.remove()
    if done[-1] != steps or asked != steps + 2:
        raise ValueError(f"an epoch of {plan.train[0]} is too short to time {steps} steps")
    return clock[1] - clock[0]


class Seen:
    """Counts the images and pixels that any Faster R-CNN computes features of.

    The count is at the backbone, after whatever transform or augmentation, padding included.
    """

    def __init__(self) -> None:
        self.images = self.pixels = 0
        self.largest = 0  # images in one batch

    def __enter__(self) -> "Seen":
        self._hook = nn.modules.module.register_module_forward_pre_hook(self._count)
        return self

    def __exit__(self, *unused: object) -> None:
        self._hook.remove()

    def _count(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if isinstance(module, BackboneWithFPN):
            images, _, height, width = inputs[0].shape
            self.images += images
            self.largest = max(self.largest, images)
            self.pixels += images * height * width


def interleaved(workloads: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Call the workloads in turn, round after round; return what each returned, its times.

    What else the machine does then slows all of them alike. A first, uncounted round warms up.
    """
    times: dict[str, list[float]] = {name: [] for name in workloads}
    for number in range(rounds + 1):
        for name, work in workloads.items():
            seconds = work()
            if number:
                times[name].append(seconds)
    return times


def spread(times: Sequence[float]) -> str:
    """Return the range of `times` around their median, in per cent: ``-3..+8 %``."""
    middle = statistics.median(times)
    low, high = (100 * (edge / middle - 1) for edge in (min(times), max(times)))
    return f"{low:+.0f}..{high:+.0f} %"


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text: the first column to the left, all others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        first, *others = row
        cells = [f"{text:>{width}}" for text, width in zip(others, widths[1:], strict=True)]
        print("  ".join([f"{first:<{widths[0]}}", *cells]), flush=True)
