"""The training loop.

Every random number in it is a function of the seed, the epoch and the step, so a checkpoint needs
no state of random generators, and a resumed training goes on bit for bit (on a CPU with as many
threads) as if it had never been interrupted.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN

from utils.dataset.torch_dataset import FaceDataset
from utils.detector.augmentation import Augmentation, epoch_batches
from utils.detector.checkpoint import Checkpoint
from utils.detector.forward import losses
from utils.detector.optimization import learning_rate_at, make_optimizer
from utils.detector.recipe import Recipe
from utils.detector.step_progress import tell_progress
from utils.detector.validation import detections_of, validation_record
from utils.errors import Checkpointed, TrainingDiverged
from utils.seed import derive_seed

PATIENCE = 10
"""So many batches in a row with a loss that is not finite end the training."""

log = logging.getLogger(__name__)

EpochRecord = dict[str, Any]


@dataclass
class Progress:
    """Where a training stands between two steps."""

    epoch: int = 0
    step: int = 0
    skipped_in_a_row: int = 0
    skipped: int = 0  # in this epoch
    sums: dict[str, float] = field(default_factory=dict)  # of losses in this epoch
    seconds: float = 0.0  # of this epoch
    epochs: list[EpochRecord] = field(default_factory=list)


def train(
    model: FasterRCNN,
    photos: FaceDataset,
    validation: FaceDataset,
    recipe: Recipe,
    epochs: int,
    seed: int,
    checkpoint: Checkpoint,
    stop: Callable[[], bool] = lambda: False,
    after_epoch: Callable[[EpochRecord], None] = lambda record: None,
    frozen_statistics: bool = False,
    bfloat16: bool = False,
) -> list[EpochRecord]:
    """Train `model` in place, from where `checkpoint` left off, and return a record per epoch.

    Parameters
    ----------
    photos, validation
        Data sets at the scale of the network.
    checkpoint
        Started (see `Checkpoint.start`).
    stop
        Asked after every step; once true, the checkpoint is saved and `Checkpointed` raised.
    after_epoch
        Called with each epoch's record, those of the checkpoint included; may raise to end the
        training.
    frozen_statistics
        Batch normalisation keeps its statistics, as is usual with pretrained weights.
    bfloat16
        Compute features in bfloat16; boxes and losses stay in float32.

    Raises
    ------
    Checkpointed
        After `stop` asked for it.
    TrainingDiverged
        If the loss or its gradient is not finite in `PATIENCE` batches in a row.
    """
    trainer = _Trainer(model, photos, recipe, epochs, seed, frozen_statistics, bfloat16)
    trainer.restore(checkpoint.state)
    progress = trainer.progress
    for record in progress.epochs:
        after_epoch(record)
    while progress.epoch < epochs:
        started = time.monotonic()
        finished = trainer.finish_epoch(stop)
        found = detections_of(model, validation, stop) if finished else None
        progress.seconds += time.monotonic() - started
        if found is None:
            checkpoint.save(trainer.state())
            raise Checkpointed(
                f"stopped in epoch {progress.epoch + 1} after step {progress.step}; "
                f"the checkpoint is {checkpoint.path}"
            )
        record = trainer.close_epoch(validation_record(found, validation))
        checkpoint.save(trainer.state())
        after_epoch(record)
    return progress.epochs


class _Trainer:
    """The parts of a training that a checkpoint holds, and the step that changes them."""

    def __init__(
        self,
        model: FasterRCNN,
        photos: FaceDataset,
        recipe: Recipe,
        epochs: int,
        seed: int,
        frozen_statistics: bool,
        bfloat16: bool,
    ) -> None:
        self.model, self.photos, self.recipe = model, photos, recipe
        self.epochs, self.seed = epochs, seed
        self.frozen_statistics, self.bfloat16 = frozen_statistics, bfloat16
        self.device = next(model.parameters()).device
        self.augment = Augmentation(recipe.augmentation, photos.image_size)
        self.optimizer = make_optimizer(model, recipe)
        self.progress = Progress()

    def state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": dict(vars(self.progress)),
        }

    def restore(self, state: dict[str, Any] | None) -> None:
        if state is None:
            return
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])
        log.info("going on from epoch %d, step %d", self.progress.epoch + 1, self.progress.step + 1)

    def finish_epoch(self, stop: Callable[[], bool]) -> bool:
        """Do the steps left in this epoch; return False if asked to stop before its end."""
        progress = self.progress
        batches = epoch_batches(len(self.photos), self.recipe.batch_size, self.seed, progress.epoch)
        self._to_training_mode()
        what = f"epoch {progress.epoch + 1}/{self.epochs}"
        for batch in tell_progress(batches, progress.step, what):
            if stop():
                return False
            place = progress.epoch * len(batches) + progress.step
            self._step(batch, learning_rate_at(place, self.epochs * len(batches), self.recipe))
            progress.step += 1
        return True

    def close_epoch(self, validation: dict[str, Any]) -> EpochRecord:
        """Turn the sums of the epoch into its record and move on to the next."""
        progress = self.progress
        counted = progress.step - progress.skipped
        record = {
            "epoch": progress.epoch + 1,
            "loss": {name: total / counted for name, total in progress.sums.items()},
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "seconds": round(progress.seconds, 3),
            "skipped_batches": progress.skipped,
            "validation": validation,
        }
        log.info(
            "epoch %d/%d: loss %.4f, validation mAP %s (%s at IoU 0.5), %.1f s",
            record["epoch"],
            self.epochs,
            record["loss"].get("total", math.nan),
            _rounded(validation["map"]),
            _rounded(validation["map_50"]),
            progress.seconds,
        )
        progress.epochs.append(record)
        progress.epoch, progress.step, progress.skipped = progress.epoch + 1, 0, 0
        progress.sums, progress.seconds = {}, 0.0
        return record

    def _step(self, batch: list[int], learning_rate: float) -> None:
        images, targets = zip(*self._samples(batch), strict=True)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        before = [buffer.clone() for buffer in self.model.buffers()]
        # Faster R-CNN samples anchors and proposals at random.
        torch.manual_seed(derive_seed(self.seed, "step", self.progress.epoch, self.progress.step))
        parts = losses(self.model, images, targets, self.bfloat16)
        total = sum(parts.values())
        if not (math.isfinite(total.item()) and self._gradients_are_finite(total)):
            self._skip(batch, before)
            return
        self.optimizer.step()
        self.progress.skipped_in_a_row = 0
        for name, loss in {"total": total, **parts}.items():
            self.progress.sums[name] = self.progress.sums.get(name, 0.0) + loss.item()

    def _gradients_are_finite(self, total: Tensor) -> bool:
        """Compute and clip the gradients."""
        self.optimizer.zero_grad()
        total.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        return math.isfinite(norm.item())

    def _samples(self, batch: list[int]) -> Iterator[tuple[Tensor, dict[str, Any]]]:
        for number in batch:
            seed = derive_seed(self.seed, "augment", self.progress.epoch, number)
            image, target = self.augment(*self.photos[number], seed)
            boxes, labels = target["boxes"].to(self.device), target["labels"].to(self.device)
            yield image.to(self.device), {"boxes": boxes, "labels": labels}

    def _skip(self, batch: list[int], before: list[Tensor]) -> None:
        """Leave a batch out whose loss is not finite, and undo what it did to batch statistics."""
        with torch.no_grad():
            for buffer, value in zip(self.model.buffers(), before, strict=True):
                buffer.copy_(value)
        self.progress.skipped += 1
        self.progress.skipped_in_a_row += 1
        names = ", ".join(self.photos.names[number] for number in batch)
        log.warning("the loss is not finite; skipped the batch of %s", names)
        if self.progress.skipped_in_a_row >= PATIENCE:
            raise TrainingDiverged(
                f"the loss was not finite in {PATIENCE} batches in a row, in epoch "
                f"{self.progress.epoch + 1}; try a lower learning rate than "
                f"{self.recipe.learning_rate:g}"
            )

    def _to_training_mode(self) -> None:
        self.model.train()
        if self.frozen_statistics:
            for module in self.model.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()


def _rounded(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
