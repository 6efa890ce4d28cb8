"""Processes that jobs leave behind: found by a mark in their environment, and ended.

The mark is inherited by whatever a job starts, into whatever session or process group it goes;
HTCondor follows families of processes in the same way. A process that empties its environment is
not found, and neither is any where there is no ``/proc``.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

MARK = "WORKFLOW_JOB_SCRATCH"
"""Environment variable of every job: its scratch folder."""

PATIENCE = 10.0
"""Seconds for processes to go after SIGKILL."""

_PROC = Path("/proc")
_OF_THE_KERNEL = 0x200000  # PF_KTHREAD


def end(scratch: Path) -> int:
    """Kill the processes of jobs whose scratch folder is, or lies in, `scratch`; return how many.

    Raises
    ------
    OSError
        If one does not go.
    """
    found: set[int] = set()
    deadline = time.monotonic() + PATIENCE
    while True:
        pids, unseen = _marked(os.fsencode(scratch))
        late = time.monotonic() > deadline
        if not pids and (late or not unseen):
            return len(found)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        found.update(pids)
        if late:
            raise OSError(f"process {pids[0]} of a job in {scratch} does not end after SIGKILL")
        time.sleep(0.002)


def _marked(scratch: bytes) -> tuple[list[int], bool]:
    """Return the processes with the mark, and whether one may have it that does not show it yet."""
    begin = os.fsencode(MARK) + b"=" + scratch
    marked, unseen = [], False
    try:
        entries = os.listdir(_PROC)  # noqa: PTH208 -- names, thousands of them
    except OSError:
        return [], False
    for entry in entries:
        if not entry.isdecimal():
            continue
        try:
            environment = (_PROC / entry / "environ").read_bytes()
            if not environment and not (begins := _begins(entry)):
                environment = (_PROC / entry / "environ").read_bytes()  # it has begun just then
            unseen |= not environment and begins
        except OSError:  # somebody else's, or gone
            continue
        at = (b"\0" + environment).find(b"\0" + begin)
        if at >= 0 and environment[at + len(begin) : at + len(begin) + 1] in (b"\0", b"/", b""):
            marked.append(int(entry))
    return marked, unseen


def _begins(pid: str) -> bool:
    """Return whether a process is within ``execve``, where it has no environment for a moment."""
    words = (_PROC / pid / "stat").read_bytes().rpartition(b")")[2].split()
    state, flags, environment = words[0], int(words[6]), int(words[48])  # 3, 9 and 51 of proc(5)
    return not environment and state not in (b"Z", b"X") and not flags & _OF_THE_KERNEL
