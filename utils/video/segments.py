"""When a job that watches videos saves how far it is.

What it watched since it last did is a segment: all that a kill costs.
"""

import logging
import time as clock
from collections.abc import Callable
from typing import Any

from utils.errors import Checkpointed
from utils.training.checkpoint import Checkpoint

SEGMENT = 30.0
"""Seconds of work between two checkpoints, at least."""

_COST = 20  # times as long as writing a checkpoint takes, a segment lasts at least

log = logging.getLogger(__name__)


class Saving:
    """Writes the checkpoint at the end of each segment.

    Parameters
    ----------
    file
        The checkpoint.
    stop
        Asked after every frame; once true, all is saved and `Checkpointed` raised.
    minutes
        After which the same is done at the end of a segment, for an engine that keeps checkpoints
        only of jobs that end.
    segment
        Seconds of work between two checkpoints, at least; 0 for each frame.
    """

    def __init__(
        self, file: Checkpoint, stop: Callable[[], bool], minutes: float | None, segment: float
    ) -> None:
        self._file, self._stop, self._segment = file, stop, segment
        self._due = None if minutes is None else clock.monotonic() + 60 * minutes
        self._last = clock.monotonic()

    def at_frame(self, state: Callable[[], dict[str, Any]], where: str) -> None:
        """Save after a frame, or a video, where a segment ends with it.

        Parameters
        ----------
        state
            Returns what is saved.
        where
            What to call the place.

        Raises
        ------
        Checkpointed
            If the job is to end here.
        """
        stopped = self._stop()
        if not stopped and clock.monotonic() - self._last < self._segment:
            return
        began = clock.monotonic()
        self._file.save(state())
        self._last = clock.monotonic()
        if self._segment:
            self._segment = max(self._segment, _COST * (self._last - began))
        if stopped:
            raise Checkpointed(f"stopped at {where}; the checkpoint is {self._file.path}")
        if self._due is not None and self._last >= self._due:
            raise Checkpointed(f"handing over at {where}; the checkpoint is {self._file.path}")
        log.info("%s", where)
