"""Waiting for what other processes and threads do, for as long as a busy machine may take."""

import subprocess
import time
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds after which what is waited for is taken never to be: no measure of how long it takes."""


def until(
    true: Callable[[], object], doing: subprocess.Popen | None = None, seconds: float = PATIENCE
) -> None:
    """Wait until something is true.

    Parameters
    ----------
    doing
        The process that brings it about, which must not end before.

    Raises
    ------
    AssertionError
        If it does not come to be.
    """
    end = time.monotonic() + seconds
    while not true():
        ended = doing is not None and doing.poll() is not None
        # What a process does last may be true by now.
        assert not ended or true(), f"the process ended before, with {doing.returncode}"
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)
