"""Starting the processes that train together, as children of one that watches over them.

``torchrun`` lacks three things that a job needs: it does not pass on the exit code that says
"checkpoint saved", it opens a port, and it ends a process that takes 30 s to save.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from utils.errors import InputError
from utils.job import EXIT_CHECKPOINTED
from utils.training.distributed import STORE, join

GRACE = 30.0
"""Seconds that the others have to end by themselves after one has failed."""


def start_together(processes: int, stop: Callable[[], bool]) -> int | None:
    """Let this process train together with others, if there are to be several.

    Returns
    -------
    The exit code of the processes that were started, if this one only watched over them; None if it
    is to train itself: alone, or as one of several that were started here or by ``torchrun``.
    """
    if processes > 1 and "WORLD_SIZE" not in os.environ:
        return launch(processes, stop)
    join()
    return None


def launch(
    processes: int, stop: Callable[[], bool], command: Sequence[str | Path] | None = None
) -> int:
    """Run `command` in several processes, wait for them, and return their exit code.

    Each has a GPU of its own if this machine has any. A request to stop is handed on; if one
    fails, the others end; if this process is killed, they end too.

    Parameters
    ----------
    processes
        How many.
    stop
        Asked all the time; once true, every process is sent SIGTERM.
    command
        By default the command line of this process.

    Returns
    -------
    The code of the first process, which writes the files, if it is done or saved its checkpoint;
    else that of the process that failed first.

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
    running: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for rank in range(processes):
                environment = _environment(rank, processes, Path(folder) / "store")
                # They end once this pipe is closed, see `utils.training.distributed.join`.
                child = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
                running.append(child)
            return _watch(running, stop)
        finally:
            for child in running:
                child.kill()
                child.wait()
                child.stdin.close()


def _environment(rank: int, processes: int, store: Path) -> dict[str, str]:
    threads = str(max(1, torch.get_num_threads() // processes))
    return os.environ | {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(processes),
        STORE: str(store),
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        # All on one machine, and no port for others to see.
        "GLOO_SOCKET_IFNAME": "lo0" if sys.platform == "darwin" else "lo",
    }


def _watch(running: Sequence[subprocess.Popen], stop: Callable[[], bool]) -> int:
    asked, failed, deadline = False, 0, float("inf")
    while None in (codes := [child.poll() for child in running]):
        if not failed and (failures := [code for code in codes if _is_failure(code)]):
            failed, deadline = failures[0], time.monotonic() + GRACE
        if time.monotonic() > deadline:
            for child in running:
                child.kill()
        if stop() and not asked:
            asked = True
            for child in running:
                child.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    if not _is_failure(codes[0]):
        return codes[0]
    code = failed or next(code for code in codes if _is_failure(code))
    return code if code > 0 else 128 - code  # what a shell says of a process ended by a signal


def _is_failure(code: int | None) -> bool:
    return code not in (None, 0, EXIT_CHECKPOINTED)
