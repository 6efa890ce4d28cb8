"""Processes that jobs leave behind: found by a mark in their environment, and ended.

The mark is inherited by whatever a job starts, into whatever session or process group it goes;
HTCondor follows families of processes in the same way. A process that empties its environment is
not found, and neither is any where there is no ``/proc``.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "WORKFLOW_JOB_SCRATCH"
"""Environment variable of every job: its scratch folder."""

PATIENCE = 10.0
"""Seconds for processes to go after SIGKILL."""

_PROC = Path("/proc")


def end(scratch: Path) -> int:
    """Kill the processes of jobs whose scratch folder is, or lies in, `scratch`; return how many.

    Raises
    ------
    OSError
        If one does not go.
    """
    found: set[int] = set()
    deadline = time.monotonic() + PATIENCE
    while pids := list(_marked(os.fsencode(scratch))):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        found.update(pids)
        if time.monotonic() > deadline:
            raise OSError(f"process {pids[0]} of a job in {scratch} does not end after SIGKILL")
        time.sleep(0.002)
    return len(found)


def _marked(scratch: bytes) -> Iterator[int]:
    begin = os.fsencode(MARK) + b"=" + scratch
    try:
        entries = os.listdir(_PROC)  # noqa: PTH208 -- names, thousands of them
    except OSError:
        return
    for entry in entries:
        if not entry.isdecimal():
            continue
        try:
            environment = (_PROC / entry / "environ").read_bytes()
        except OSError:  # somebody else's, or gone
            continue
        at = (b"\0" + environment).find(b"\0" + begin)
        if at >= 0 and environment[at + len(begin) : at + len(begin) + 1] in (b"\0", b"/", b""):
            yield int(entry)
