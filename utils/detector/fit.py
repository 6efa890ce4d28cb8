"""From shards and hyper-parameters to a trained network: what a trial and the final model share."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torchvision.models.detection import FasterRCNN

from utils.dataset.torch_dataset import FaceDataset
from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.inference import best_device, has_bfloat16
from utils.detector.training import EpochRecord, train
from utils.detector.weights import load_weights
from utils.seed import derive_seed
from utils.training.checkpoint import Checkpoint, digest_files
from utils.training.distributed import processes
from utils.training.recipe import Recipe

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """All that decides what a training gives.

    Attributes
    ----------
    arch
        Name in `utils.detector.architectures`.
    recipe, epochs, seed
        How to train, for how long, with which random numbers.
    train, validation
        Shards of clean photographs.
    image_size
        Pixels of the longer side of a photograph as the network sees it.
    weights
        File of pretrained weights, or None to train from scratch.
    cache_mb
        MiB of decoded photographs that are kept, training before validation; decides the speed
        and not the result.
    checkpoint_minutes
        Of training, after which the next epoch to end ends with `Checkpointed`, for an engine that
        carries the checkpoint to where the training goes on; None: never.
    """

    arch: str
    recipe: Recipe
    epochs: int
    seed: int
    train: Sequence[Path]
    validation: Sequence[Path]
    image_size: int
    weights: Path | None = None
    cache_mb: float = 2048
    checkpoint_minutes: float | None = None

    def identity(self) -> dict[str, Any]:
        """Return plain values that are equal for equal plans, whatever their files are called."""
        return {
            "arch": self.arch,
            "params": self.recipe.as_params(),
            "epochs": self.epochs,
            "seed": self.seed,
            "training data": digest_files(self.train),
            "validation data": digest_files(self.validation),
            "image size": self.image_size,
            "weights": digest_files([self.weights]) if self.weights else None,
        }


@dataclass(frozen=True)
class Fitted:
    """A trained network and what came about on the way."""

    model: FasterRCNN
    anchors: Anchors
    epochs: list[EpochRecord]
    photos: FaceDataset
    validation: FaceDataset
    bfloat16: bool


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
    minutes = plan.checkpoint_minutes
    due = None if minutes is None else time.monotonic() + 60 * minutes
    arch = architecture(plan.arch)
    saved = Checkpoint(checkpoint, plan.identity())
    saved.start(tries)
    cache_mb = plan.cache_mb / processes()  # each keeps its own
    photos = FaceDataset(plan.train, plan.image_size, cache_mb=cache_mb)
    left = cache_mb - photos.cached_mb
    validation = FaceDataset(plan.validation, plan.image_size, cache_mb=left)
    anchors = arch.fit_anchors(photos.faces, photos.sizes, plan.image_size)
    torch.manual_seed(derive_seed(plan.seed, "initial weights"))
    model = build_model(plan.arch, anchors)
    pretrained = load_weights(model, plan.weights, plan.arch) if plan.weights else None
    device = best_device()
    bfloat16 = has_bfloat16(device)
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
    epochs = train(
        model,
        photos,
        validation,
        plan.recipe,
        plan.epochs,
        plan.seed,
        saved,
        stop,
        after_epoch,
        hand_over=lambda: due is not None and time.monotonic() >= due,
        frozen_statistics=pretrained.normalised if pretrained else frozenset(),
        bfloat16=bfloat16,
    )
    return Fitted(model, anchors, epochs, photos, validation, bfloat16)
