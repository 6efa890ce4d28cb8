"""The training loop, which knows no network: a `Task` gives it losses and a validation.

Every random number in it is a function of the seed, the epoch, the step and the place in the batch,
so a checkpoint needs no state of random generators, a resumed training goes on bit for bit (on a
CPU with as many threads) as if it had never been interrupted, and several processes that share the
batches do what one would, apart from rounding.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from torch import nn

from utils.errors import Checkpointed, InputError, TrainingDiverged
from utils.seed import derive_seed
from utils.training.checkpoint import Checkpoint
from utils.training.distributed import anywhere, from_first, is_first, own_places, processes
from utils.training.divergence import check_loss
from utils.training.prefetching import ahead
from utils.training.progress import EpochRecord, Progress, tell_progress
from utils.training.recipe import Recipe
from utils.training.sampling import epoch_batches
from utils.training.step import Losses, Step

log = logging.getLogger(__name__)


class Task(Protocol):
    """What is trained, as far as the loop must know it.

    Attributes
    ----------
    model
        The network, on its device and ready for several processes to train together.
    names
        Of the samples, for the log.
    weights
        How often an epoch shows each sample (see `utils.training.sampling.epoch_batches`).
    frozen
        Names of the normalisation layers that keep their statistics.
    pretrained
        Names of the parameters that came with weights and learn by another rate, or later, than the
        others, each with its factor of the rate.
    """

    model: nn.Module
    names: Sequence[str]
    weights: Sequence[float]
    frozen: frozenset[str]
    pretrained: Mapping[str, float]

    def sample(self, number: int, seed: int) -> Any:
        """Return sample `number` as an epoch shows it; called in a thread, a batch ahead."""

    def losses(self, samples: Sequence[Any], seeds: Sequence[int]) -> Losses:
        """Pass this process's samples through the network, with a seed for each."""

    def validate(self, network: nn.Module, stop: Callable[[], bool]) -> dict[str, Any] | None:
        """Return numbers (or None) by name that say how good `network` is; None if stopped.

        By ``loss`` it may return what `losses` does: the losses by name, with their ``total``.
        """


def train(
    task: Task,
    recipe: Recipe,
    epochs: int,
    seed: int,
    checkpoint: Checkpoint,
    stop: Callable[[], bool] = lambda: False,
    after_epoch: Callable[[EpochRecord], None] = lambda record: None,
    hand_over: Callable[[], bool] = lambda: False,
) -> list[EpochRecord]:
    """Train ``task.model`` in place, from where `checkpoint` left off; return a record per epoch.

    With ``recipe.ema``, the averaged weights are validated, and are what the model has in the end.
    Processes that train together (see `utils.training.distributed`) all call this alike.

    Parameters
    ----------
    checkpoint
        Started (see `Checkpoint.start`).
    stop
        Asked after every step; once true, the checkpoint is saved and `Checkpointed` raised.
    after_epoch
        Called with each epoch's record, those of the checkpoint included; may raise to end the
        training.
    hand_over
        Asked after every epoch but the last; once true, `Checkpointed` is raised when the epoch is
        in the checkpoint. Each start thus gets on by an epoch at least.

    Raises
    ------
    Checkpointed
        After `stop` or `hand_over` asked for it.
    TrainingDiverged
        If losses are not finite or explode (see `utils.training.divergence`), or weights are not
        finite at the end of an epoch. The checkpoint stays that of the epoch before.
    InputError
        If the checkpoint, though of this job, does not fit the network: the code has changed.
    """
    trainer = _Trainer(task, recipe, epochs, seed)
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
        validated = trainer.validate(stop) if finished else None
        progress.seconds += time.monotonic() - started
        if validated is None:
            checkpoint.save(trainer.state())
            raise Checkpointed(
                f"stopped in epoch {progress.epoch + 1} after step {progress.step}; "
                f"the checkpoint is {checkpoint.path}"
            )
        record = trainer.close_epoch(validated)
        goes_on = progress.epoch < epochs
        leaves = goes_on and anywhere(hand_over())
        checkpoint.save(trainer.state(), may_wait=goes_on and not leaves)
        after_epoch(record)
        if leaves:
            raise Checkpointed(
                f"handing over after epoch {progress.epoch}; the checkpoint is {checkpoint.path}"
            )
    if trainer.step.result is not task.model:
        task.model.load_state_dict(trainer.step.result.state_dict())
    return progress.epochs


class _Trainer:
    """Where a training stands, and how it gets on from one epoch to the next."""

    def __init__(self, task: Task, recipe: Recipe, epochs: int, seed: int) -> None:
        self.task, self.recipe, self.epochs, self.seed = task, recipe, epochs, seed
        self.step = Step(task.model, recipe, task.pretrained)
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
        batches = epoch_batches(
            self.task.weights, self.recipe.batch_size, self.seed, progress.epoch
        )
        self._to_training_mode()
        what = f"epoch {progress.epoch + 1}/{self.epochs}"
        left = range(progress.step, len(batches))
        prepared = ahead(lambda step: self._samples(batches[step], step), left)
        for batch in tell_progress(batches, progress.step, what):
            if stop():
                return False
            place = progress.epoch * len(batches) + progress.step
            steps = self.epochs * len(batches)
            draws = self._seeds("draw", progress.step, len(batch))
            samples = next(prepared)
            losses = self.step(lambda s=samples, d=draws: self.task.losses(s, d), place, steps)
            self._count(batch, losses, len(batches))
            progress.step += 1
        if not self.step.is_finite():
            raise TrainingDiverged(
                f"weights are not finite after epoch {progress.epoch + 1}; {self._advice()}"
            )
        return True

    def validate(self, stop: Callable[[], bool]) -> dict[str, Any] | None:
        """Measure the network to be kept, in the first process; None when asked to stop."""
        return from_first(self.task.validate(self.step.result, stop) if is_first() else None)

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
            "epoch %d/%d: loss %s, validation %s, %.1f s",
            record["epoch"],
            self.epochs,
            _rounded(record["loss"].get("total")),
            ", ".join(f"{name} {_rounded(value)}" for name, value in _numbers(validation)),
            progress.seconds,
        )
        progress.epochs.append(record)
        progress.epoch, progress.step, progress.skipped = progress.epoch + 1, 0, 0
        progress.sums, progress.seconds = {}, 0.0
        return record

    def _samples(self, batch: list[int], step: int) -> list[Any]:
        """Return this process's samples of a batch, a function of seed, epoch and step."""
        seeds = self._seeds("augment", step, len(batch))
        own = [batch[place] for place in own_places(len(batch))]
        return [self.task.sample(number, seed) for number, seed in zip(own, seeds, strict=True)]

    def _seeds(self, purpose: str, step: int, size: int) -> list[int]:
        """Return a seed for each of this process's places in a batch of `size`."""
        epoch = self.progress.epoch
        return [derive_seed(self.seed, purpose, epoch, step, place) for place in own_places(size)]

    def _count(self, batch: list[int], losses: dict[str, float] | None, batches: int) -> None:
        """Add up the losses of a step, or note that there were none to go by."""
        progress = self.progress
        if losses is None:
            progress.skipped += 1
            names = ", ".join(self.task.names[number] for number in batch)
            log.warning("the loss is not finite; skipped the batch of %s", names)
        else:
            for name, loss in losses.items():
                progress.sums[name] = progress.sums.get(name, 0.0) + loss
        is_last = progress.epoch + 1 == self.epochs and progress.step + 1 == batches
        why = check_loss(progress, losses and losses["total"], batches, is_last)
        if why:
            raise TrainingDiverged(f"{why}, in epoch {progress.epoch + 1}; {self._advice()}")

    def _advice(self) -> str:
        return f"try a lower learning rate than {self.recipe.learning_rate:g}"

    def _to_training_mode(self) -> None:
        self.task.model.train()
        for name, module in self.task.model.named_modules():
            if name in self.task.frozen:
                module.eval()


def _rounded(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _numbers(validation: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Yield what of a validation goes into the log: of losses, the total."""
    for name, value in validation.items():
        yield name, value["total"] if isinstance(value, dict) else value
