"""When a training has diverged: its losses say so, in an epoch of few batches as of many."""

import logging

from utils.training.progress import Progress

PATIENCE = 10
"""So many lost batches in a row end a training; more than half an epoch, where that is less."""

EXPLODED = 100.0
"""A loss so many times that of the first batch (or 1, if that is more) is of no use."""

log = logging.getLogger(__name__)


def check_loss(progress: Progress, loss: float | None, batches: int, is_last: bool) -> str | None:
    """Take note of the loss of a batch; return why the training has diverged, if it has.

    A batch is lost if its loss is not finite, or has exploded: a network that has learnt nothing
    has a loss near that of the first batch. One lost batch alone may be an accident.

    Parameters
    ----------
    loss
        Of the whole batch; None if it is not finite.
    batches
        Of an epoch.
    is_last
        Whether this is the last batch of the training. Nothing comes after it that would bring an
        exploded loss down again.
    """
    if loss is not None and progress.first_loss is None:
        progress.first_loss = loss
    exploded = loss is not None and loss > EXPLODED * max(1.0, progress.first_loss)
    if loss is not None and not exploded:
        progress.lost_in_a_row = 0
        return None
    progress.lost_in_a_row += 1
    found = "was not finite"
    if exploded:
        found = f"rose from {progress.first_loss:.3g} to {loss:.3g}"
        log.warning("the loss %s", found)
    if progress.lost_in_a_row >= min(PATIENCE, batches // 2 + 1):
        return f"the loss {found}; {progress.lost_in_a_row} batches in a row were lost"
    return f"the loss {found} at the end of the training" if exploded and is_last else None
