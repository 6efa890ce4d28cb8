"""What the Python workers of this process's Spark hold in memory, while they work."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import processes


@dataclass
class Watcher:
    """Looks at the memory of the Python workers of this process, once in `every` seconds."""

    every: float = 0.5
    readings: list[tuple[float, int]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Read until it is stopped."""
        while not self.stopped.wait(self.every):
            if largest := max(map(resident, worker_pids()), default=0):
                self.readings.append((time.perf_counter(), largest))

    @contextmanager
    def watching(self) -> Iterator["Watcher"]:
        """Read in a thread of its own meanwhile."""
        thread = threading.Thread(target=self.watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stopped.set()
            thread.join()

    def at(self, first: float, last: float) -> int:
        """Return the most MB in a stretch of the time, from a share of it to another."""
        if not self.readings:
            return 0
        begin, end = self.readings[0][0], self.readings[-1][0]
        stretch = [
            size
            for when, size in self.readings
            if first <= (when - begin) / max(end - begin, 1e-9) <= last
        ]
        return max(stretch, default=0)


def worker_pids() -> list[int]:
    """Return the Python workers of this process's Spark."""
    found = []
    for pid in processes(os.getpid()):
        with suppress(OSError):  # it has ended
            if b"pyspark.daemon" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def resident(pid: int) -> int:
    """Return the MB of memory that a process holds; 0 if it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    sizes = [line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:")]
    return int(sizes[0]) // 1024 if sizes else 0
