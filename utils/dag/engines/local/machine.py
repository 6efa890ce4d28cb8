"""What this machine has for the jobs: cores and memory, as containers and schedulers limit them."""

import contextlib
import os
from pathlib import Path


def cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory(cgroup: Path = Path("/sys/fs/cgroup/memory.max")) -> int:
    """Return nine tenths of the machine's memory, or of its control group's limit, in MiB."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):  # no control group, or "max"
        total = min(total, int(cgroup.read_text()))
    return total * 9 // 10 // 2**20


def oom_kills(statistics: Path = Path("/proc/vmstat")) -> int:
    """Return how often the kernel has killed a process for want of memory; 0 if it does not say."""
    with contextlib.suppress(OSError):
        for line in statistics.read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
