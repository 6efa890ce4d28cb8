"""From a plan to a trained network, whatever the task: checkpoint, loop, handing over."""

import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from utils.training.checkpoint import Checkpoint
from utils.training.loop import Task, train
from utils.training.memory import keep_freed
from utils.training.plan import Plan
from utils.training.progress import EpochRecord

Trained = TypeVar("Trained", bound=Task)


def carry_out(
    plan: Plan,
    checkpoint: Path,
    begin: Callable[[Checkpoint], Trained],
    stop: Callable[[], bool] = lambda: False,
    after_epoch: Callable[[EpochRecord], None] = lambda record: None,
    tries: int | None = None,
) -> tuple[Trained, list[EpochRecord], list[dict[str, Any]]]:
    """Train as planned, going on from `checkpoint` where it belongs to this plan.

    From here on the process keeps the memory that it frees (`utils.training.memory`).

    Parameters
    ----------
    begin
        Makes what is trained, once it is known where the checkpoint stands.

    Returns
    -------
    What `begin` made, its network trained; a record per epoch; and the workers that were replaced
    on the way, in their order (`utils.training.replaced`).

    Raises
    ------
    Checkpointed, TrainingDiverged, KilledTooOften
        See `Plan`, `train` and `Checkpoint.start`.
    """
    minutes = plan.checkpoint_minutes
    due = None if minutes is None else time.monotonic() + 60 * minutes
    saved = Checkpoint(checkpoint, plan.identity())
    saved.start(tries)
    keep_freed()
    task = begin(saved)
    epochs = train(
        task,
        plan.recipe,
        plan.epochs,
        plan.seed,
        saved,
        stop,
        after_epoch,
        hand_over=lambda: due is not None and time.monotonic() >= due,
    )
    return task, epochs, list(chain.from_iterable(saved.replaced.values()))
