"""What a process, with all that came of it, holds and uses (Linux)."""

import os
from contextlib import suppress
from pathlib import Path


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and not waited for; none if it is gone."""
    found: list[int] = []
    with suppress(FileNotFoundError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended
                found += map(int, (task / "children").read_text().split())
    return found


def processes(pid: int) -> list[int]:
    """Return a process and all that came of it."""
    found = [pid]
    for child in children(pid):
        found += processes(child)
    return found


def resident(pid: int) -> int:
    """Return the MiB that processes hold of their own, what they share counted once.

    Not the files that they map: of those, other processes of the machine take their share.
    """
    kilobytes = 0
    for one in processes(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
            kilobytes += int(rollup.partition("Pss_Anon:")[2].split()[0])
    return kilobytes // 1024


def processor_seconds(pid: int) -> float:
    """Return what processes have used of the cores, those that they waited for included."""
    ticks = 0
    for one in processes(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            words = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, words[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
