"""How far a training has come, and telling it: a bar on a terminal, plain lines in a log."""

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tqdm import tqdm

from utils.training.distributed import is_first

EVERY = 30.0
"""Seconds between two lines in a log."""

Step = TypeVar("Step")

EpochRecord = dict[str, Any]

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """Where a training stands between two steps."""

    epoch: int = 0
    step: int = 0
    first_loss: float | None = None  # of the first batch whose loss is finite
    lost_in_a_row: int = 0  # batches (see `utils.training.divergence`)
    skipped: int = 0  # in this epoch
    sums: dict[str, float] = field(default_factory=dict)  # of losses in this epoch
    seconds: float = 0.0  # of this epoch
    epochs: list[EpochRecord] = field(default_factory=list)


def tell_progress(steps: Sequence[Step], done: int, what: str) -> Iterator[Step]:
    """Yield the steps from number `done` on, and tell now and then how many are done.

    Parameters
    ----------
    steps
        All steps of the epoch.
    done
        How many of them an interrupted run did before.
    what
        The epoch, in words.
    """
    left = steps[done:]
    if sys.stderr.isatty() and is_first():
        yield from tqdm(left, what, initial=done, total=len(steps), unit="batch", leave=False)
        return
    told = time.monotonic()
    for number, step in enumerate(left, start=done + 1):
        yield step
        if time.monotonic() - told >= EVERY:
            log.info("%s: %d of %d batches", what, number, len(steps))
            told = time.monotonic()
