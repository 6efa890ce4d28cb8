"""Starting the processes that train together, as children of one that watches over them.

``torchrun`` lacks three things that a job needs: it does not pass on the exit code that says
"checkpoint saved", it opens a port, and it ends a process that takes 30 s to save. Over several
nodes there is nothing but ``torchrun``.

A process that dies takes the sums of all with it, so that all are started again and go on from the
checkpoint: on CPUs with the weights, bit for bit, of a training that nobody disturbed.
"""

import logging
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from utils.errors import InputError
from utils.job import EXIT_BAD_INPUT, EXIT_CHECKPOINTED
from utils.training.distributed import STORE, join
from utils.training.replaced import REPLACED, REPLACEMENTS, told

GRACE = 30.0
"""Seconds that the others have to end by themselves after one has failed."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Ended:
    """How processes ended that trained together.

    Attributes
    ----------
    codes
        Their exit codes, below 0 of a signal.
    failed
        Number and code of the one that failed first; None if none did.
    asked
        Whether they were asked to stop.
    """

    codes: list[int]
    failed: tuple[int, int] | None
    asked: bool

    @property
    def code(self) -> int:
        """The exit code of them all."""
        first = self.codes[0]
        if not _is_failure(first) or self.failed is None:
            return first
        code = EXIT_BAD_INPUT if EXIT_BAD_INPUT in self.codes else self.failed[1]
        return code if code > 0 else 128 - code  # what a shell says of a process ended by a signal

    @property
    def lost(self) -> dict[str, Any] | None:
        """The one to replace, as `utils.training.replaced` tells of it; None if there is none.

        Bad input would be as bad the next time.
        """
        if self.failed is None or self.asked or not _is_failure(self.codes[0]):
            return None
        if EXIT_BAD_INPUT in self.codes:
            return None
        number, code = self.failed
        why = f"ended with exit code {code}" if code > 0 else f"was killed by signal {-code}"
        return {"worker": number + 1, "why": why}


def start_together(
    processes: int, stop: Callable[[], bool], replacements: int = REPLACEMENTS
) -> int | None:
    """Let this process train together with others, if there are to be several.

    Returns
    -------
    The exit code of the processes that were started, if this one only watched over them; None if it
    is to train itself: alone, or as one of several that were started here or by ``torchrun``.
    """
    if processes > 1 and "WORLD_SIZE" not in os.environ:
        return launch(processes, stop, replacements=replacements)
    join()
    return None


def launch(
    processes: int,
    stop: Callable[[], bool],
    command: Sequence[str | Path] | None = None,
    replacements: int = 0,
) -> int:
    """Run `command` in several processes, wait for them, and return their exit code.

    Each has a GPU of its own if this machine has any, else its share of the threads. A request to
    stop is handed on; if this process is killed, they end too. If one fails, the others end, and
    all are started again unless that was done too often.

    Parameters
    ----------
    processes
        How many.
    stop
        Asked all the time; once true, every process is sent SIGTERM.
    command
        By default the command line of this process.
    replacements
        How often at most a process that died is replaced. What ends for bad input is not.

    Returns
    -------
    The code of the first process, which writes the files, if it is done or saved its checkpoint;
    else that of bad input, if any process met it; else that of the process that failed first.

    Raises
    ------
    InputError
        If there are GPUs, but not as many as processes.
    """
    gpus = torch.cuda.device_count()
    if 0 < gpus < processes:
        raise InputError(
            f"--processes {processes}: {gpus} GPU(s) are visible, and each process needs its own; "
            f"take {gpus}"
        )
    command = command or [sys.executable, *sys.argv]
    start, replaced = secrets.token_hex(8), []
    with tempfile.TemporaryDirectory() as folder:
        while True:
            shared = {
                STORE: str(Path(folder) / f"store_{len(replaced)}"),
                REPLACED: told(start, replaced),
            }
            ended = _run(command, processes, shared, stop)
            lost = ended.lost
            if lost is None:
                return ended.code
            what = f"worker {lost['worker']} of {processes} {lost['why']}"
            if len(replaced) >= replacements:
                log.error("%s; %d were replaced before, and no more are", what, len(replaced))
                return ended.code
            replaced.append(lost)
            log.warning(
                "%s; it is replaced, and all go on from the checkpoint (time %d of at most %d)",
                *(what, len(replaced), replacements),
            )


def _run(
    command: Sequence[str | Path],
    processes: int,
    shared: dict[str, str],
    stop: Callable[[], bool],
) -> _Ended:
    """Run `command` once in each process, all of which have `shared` in their environment."""
    running: list[subprocess.Popen] = []
    try:
        for rank in range(processes):
            environment = _environment(rank, processes) | shared
            # They end once this pipe is closed, see `utils.training.distributed.join`.
            child = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
            running.append(child)
        return _watch(running, stop)
    finally:
        for child in running:
            child.kill()
            child.wait()
            child.stdin.close()


def _environment(rank: int, processes: int) -> dict[str, str]:
    threads = str(max(1, torch.get_num_threads() // processes))
    return os.environ | {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(processes),
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        # All on one machine, and no port for others to see.
        "GLOO_SOCKET_IFNAME": "lo0" if sys.platform == "darwin" else "lo",
    }


def _watch(running: Sequence[subprocess.Popen], stop: Callable[[], bool]) -> _Ended:
    asked, failed, deadline = False, None, float("inf")
    while True:
        codes = [child.poll() for child in running]
        failures = {n: code for n, code in enumerate(codes) if _is_failure(code)}
        if failures and failed is None:
            # Who is killed takes the others along, not the other way round; of these one may abort.
            number = min(
                failures, key=lambda n: (failures[n] > 0, failures[n] != -signal.SIGKILL, n)
            )
            failed, deadline = (number, failures[number]), time.monotonic() + GRACE
        if None not in codes:
            return _Ended(codes, failed, asked)
        if time.monotonic() > deadline:
            for child in running:
                child.kill()
        if stop() and not asked:
            asked = True
            for child in running:
                child.send_signal(signal.SIGTERM)
        time.sleep(0.05)


def _is_failure(code: int | None) -> bool:
    return code not in (None, 0, EXIT_CHECKPOINTED)
