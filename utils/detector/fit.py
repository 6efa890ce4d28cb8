"""From shards and hyper-parameters to a trained network: what a trial and the final model share."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torchvision.models.detection import FasterRCNN

from utils.dataset.torch_dataset import FaceDataset
from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.fine_tuning import pretrained_rates
from utils.detector.task import FaceDetection
from utils.detector.validation import detections_of
from utils.detector.weights import load_weights
from utils.metrics.detections import Detections
from utils.networks.devices import best_device, has_bfloat16
from utils.seed import derive_seed
from utils.training.carry_out import carry_out
from utils.training.distributed import is_first, processes
from utils.training.plan import Plan
from utils.training.progress import EpochRecord

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fitted:
    """A trained network and what came about on the way.

    Attributes
    ----------
    found
        What the network finds on `validation`; None in processes that write no files.
    replaced
        The workers that were replaced on the way (`utils.training.carry_out`).
    """

    model: FasterRCNN
    anchors: Anchors
    epochs: list[EpochRecord]
    photos: FaceDataset
    validation: FaceDataset
    found: list[Detections] | None
    replaced: list[dict[str, Any]]


def fit(
    plan: Plan,
    checkpoint: Path,
    stop: Callable[[], bool] = lambda: False,
    after_epoch: Callable[[EpochRecord], None] = lambda record: None,
    tries: int | None = None,
) -> Fitted:
    """Train as planned, going on from `checkpoint` where it belongs to this plan.

    Features are computed in bfloat16 where the device has it: half as long again an epoch without,
    at losses that agree within a per cent or two.

    Raises
    ------
    InputError
        If a shard or the weights cannot be used, or the training shards hold no faces.
    Checkpointed, TrainingDiverged, KilledTooOften
        See `Plan`, `train` and `Checkpoint.start`.
    """
    device = best_device()
    bfloat16 = has_bfloat16(device)
    task, epochs, replaced = carry_out(
        plan,
        checkpoint,
        lambda saved: _begin(plan, device, bfloat16),
        stop,
        after_epoch,
        tries,
    )
    found = task.found
    if found is None and is_first():  # the last epoch had been validated before this start
        found = detections_of(task.model, task.validation, bfloat16=bfloat16)
    return Fitted(task.model, task.anchors, epochs, task.photos, task.validation, found, replaced)


def _begin(plan: Plan, device: str, bfloat16: bool) -> FaceDetection:
    """Return the detector to train, with the weights that it starts from."""
    cache_mb = plan.cache_mb / processes()  # each keeps its own
    photos = FaceDataset(plan.train, plan.image_size, cache_mb=cache_mb)
    left = cache_mb - photos.cached_mb
    validation = FaceDataset(plan.validation, plan.image_size, cache_mb=left)
    anchors = architecture(plan.arch).fit_anchors(photos.faces, photos.sizes, plan.image_size)
    torch.manual_seed(derive_seed(plan.seed, "initial weights"))
    model = build_model(plan.arch, anchors)
    pretrained = load_weights(model, plan.weights, plan.arch) if plan.weights else None
    model = model.to(device, memory_format=torch.channels_last)
    log.info(
        "%s on %s with %d threads in %s: %d photographs, %d to validate, anchors %s",
        plan.arch,
        device,
        torch.get_num_threads(),
        "bfloat16" if bfloat16 else "float32",
        len(photos),
        len(validation),
        anchors.sizes,
    )
    frozen = pretrained.normalised if pretrained else frozenset()
    rates = pretrained_rates(model, plan.recipe, pretrained.names) if pretrained else {}
    return FaceDetection(
        model, photos, validation, plan.recipe, frozen, bfloat16, rates, plan.seed, anchors
    )
