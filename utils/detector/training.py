"""The training loop.

Every random number in it is a function of the seed, the epoch, the step and the place in the batch,
so a checkpoint needs no state of random generators, a resumed training goes on bit for bit (on a
CPU with as many threads) as if it had never been interrupted, and several processes that share the
batches do what one would, but for rounding.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torchvision.models.detection import FasterRCNN

from utils.dataset.torch_dataset import FaceDataset
from utils.detector.augmentation import Augmentation, chip_side
from utils.detector.step import Step
from utils.detector.validation import detections_of, validation_record
from utils.errors import Checkpointed, InputError, TrainingDiverged
from utils.seed import derive_seed
from utils.training.checkpoint import Checkpoint
from utils.training.distributed import anywhere, from_first, is_first, own_places, processes
from utils.training.optimization import learning_rate_at
from utils.training.prefetching import ahead
from utils.training.progress import EpochRecord, Progress, tell_progress
from utils.training.recipe import Recipe
from utils.training.sampling import epoch_batches, repeat_factors

PATIENCE = 10
"""So many batches in a row with a loss that is not finite end the training."""

log = logging.getLogger(__name__)


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
    hand_over: Callable[[], bool] = lambda: False,
    frozen_statistics: frozenset[str] = frozenset(),
    bfloat16: bool = False,
) -> list[EpochRecord]:
    """Train `model` in place, from where `checkpoint` left off, and return a record per epoch.

    With ``recipe.ema``, the averaged weights are validated, and are what `model` has in the end.
    Processes that train together (see `utils.training.distributed`) all call this alike.

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
    hand_over
        Asked after every epoch but the last, once it is in the checkpoint; once true,
        `Checkpointed` is raised. Each start thus gets on by an epoch at least.
    frozen_statistics
        Names of the normalisation layers that keep their statistics, as is usual with those that
        came with pretrained weights.
    bfloat16
        Compute features in bfloat16; boxes and losses stay in float32.

    Raises
    ------
    Checkpointed
        After `stop` or `hand_over` asked for it.
    TrainingDiverged
        If the loss or its gradient is not finite in `PATIENCE` batches in a row.
    InputError
        If the checkpoint, though of this job, does not fit the network: the code has changed.
    """
    trainer = _Trainer(model, photos, recipe, epochs, seed, frozen_statistics, bfloat16)
    try:
        trainer.restore(checkpoint.state)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise InputError(
            f"{checkpoint.path}: is of other code, it does not fit this network "
            f"({(str(error) or type(error).__name__).splitlines()[0]}); remove it to start afresh"
        ) from error
    progress = trainer.progress
    for record in progress.epochs:
        after_epoch(record)
    while progress.epoch < epochs:
        started = time.monotonic()
        finished = trainer.finish_epoch(lambda: anywhere(stop()))
        validated = trainer.validate(validation, stop) if finished else None
        progress.seconds += time.monotonic() - started
        if validated is None:
            checkpoint.save(trainer.state())
            raise Checkpointed(
                f"stopped in epoch {progress.epoch + 1} after step {progress.step}; "
                f"the checkpoint is {checkpoint.path}"
            )
        record = trainer.close_epoch(validated)
        checkpoint.save(trainer.state())
        after_epoch(record)
        if progress.epoch < epochs and anywhere(hand_over()):
            raise Checkpointed(
                f"handing over after epoch {progress.epoch}; the checkpoint is {checkpoint.path}"
            )
    if trainer.step.result is not model:
        model.load_state_dict(trainer.step.result.state_dict())
    return progress.epochs


class _Trainer:
    """Where a training stands, and how it gets on from one epoch to the next."""

    def __init__(
        self,
        model: FasterRCNN,
        photos: FaceDataset,
        recipe: Recipe,
        epochs: int,
        seed: int,
        frozen_statistics: frozenset[str],
        bfloat16: bool,
    ) -> None:
        self.model, self.photos, self.recipe = model, photos, recipe
        self.epochs, self.seed, self.frozen_statistics = epochs, seed, frozen_statistics
        self.augment = Augmentation(recipe.augmentation, chip_side(recipe.chip, photos.image_size))
        self.weights = repeat_factors(photos.faces, recipe.rare)
        self.step, self.bfloat16 = Step(model, recipe, bfloat16), bfloat16
        self.progress = Progress()
        if recipe.batch_size < processes():
            log.warning(
                "%d processes cannot share batches of %d photographs, so each does all of them; "
                "take fewer processes or a larger 'batch_size'",
                processes(),
                recipe.batch_size,
            )

    def state(self) -> dict[str, Any]:
        return {**self.step.state(), "progress": dict(vars(self.progress))}

    def restore(self, state: dict[str, Any] | None) -> None:
        if state is None:
            return
        self.step.restore(state)
        self.progress = Progress(**state["progress"])
        log.info("going on from epoch %d, step %d", self.progress.epoch + 1, self.progress.step + 1)

    def finish_epoch(self, stop: Callable[[], bool]) -> bool:
        """Do the steps left in this epoch; return False if asked to stop before its end."""
        progress = self.progress
        batches = epoch_batches(self.weights, self.recipe.batch_size, self.seed, progress.epoch)
        self._to_training_mode()
        what = f"epoch {progress.epoch + 1}/{self.epochs}"
        left = range(progress.step, len(batches))
        samples = ahead(lambda step: self._samples(batches[step], step), left)
        for batch in tell_progress(batches, progress.step, what):
            if stop():
                return False
            place = progress.epoch * len(batches) + progress.step
            rate = learning_rate_at(place, self.epochs * len(batches), self.recipe)
            draws = self._seeds("draw", progress.step, len(batch))
            images, targets = zip(*next(samples), strict=True)
            self._count(batch, self.step(images, targets, draws, rate))
            progress.step += 1
        return True

    def validate(self, photos: FaceDataset, stop: Callable[[], bool]) -> dict[str, Any] | None:
        """Measure the network to be kept, in the first process; None when asked to stop."""
        found = detections_of(self.step.result, photos, stop, self.bfloat16) if is_first() else None
        return from_first(None if found is None else validation_record(found, photos))

    def close_epoch(self, validation: dict[str, Any]) -> EpochRecord:
        """Turn the sums of the epoch into its record and move on to the next."""
        progress = self.progress
        counted = progress.step - progress.skipped
        record = {
            "epoch": progress.epoch + 1,
            "loss": {name: total / counted for name, total in progress.sums.items()},
            "learning_rate": self.step.optimizer.param_groups[0]["lr"],
            "skipped_batches": progress.skipped,
            "validation": validation,
        }
        log.info(
            "epoch %d/%d: loss %s, validation mAP %s (%s at IoU 0.5), %.1f s",
            record["epoch"],
            self.epochs,
            _rounded(record["loss"].get("total")),
            _rounded(validation["map"]),
            _rounded(validation["map_50"]),
            progress.seconds,
        )
        progress.epochs.append(record)
        progress.epoch, progress.step, progress.skipped = progress.epoch + 1, 0, 0
        progress.sums, progress.seconds = {}, 0.0
        return record

    def _samples(self, batch: list[int], step: int) -> list[tuple[Tensor, dict[str, Any]]]:
        """Return this process's chips of a batch, a function of seed, epoch and step."""
        seeds = self._seeds("augment", step, len(batch))
        own = [batch[place] for place in own_places(len(batch))]
        return [self.augment(*self.photos[n], seed) for n, seed in zip(own, seeds, strict=True)]

    def _seeds(self, purpose: str, step: int, size: int) -> list[int]:
        """Return a seed for each of this process's places in a batch of `size`."""
        epoch = self.progress.epoch
        return [derive_seed(self.seed, purpose, epoch, step, place) for place in own_places(size)]

    def _count(self, batch: list[int], losses: dict[str, float] | None) -> None:
        """Add up the losses of a step, or note that there were none to go by."""
        progress = self.progress
        if losses is not None:
            progress.skipped_in_a_row = 0
            for name, loss in losses.items():
                progress.sums[name] = progress.sums.get(name, 0.0) + loss
            return
        progress.skipped += 1
        progress.skipped_in_a_row += 1
        names = ", ".join(self.photos.names[number] for number in batch)
        log.warning("the loss is not finite; skipped the batch of %s", names)
        if progress.skipped_in_a_row >= PATIENCE:
            raise TrainingDiverged(
                f"the loss was not finite in {PATIENCE} batches in a row, in epoch "
                f"{progress.epoch + 1}; try a lower learning rate than "
                f"{self.recipe.learning_rate:g}"
            )

    def _to_training_mode(self) -> None:
        self.model.train()
        for name, module in self.model.named_modules():
            if name in self.frozen_statistics:
                module.eval()


def _rounded(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
