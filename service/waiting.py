"""What waits to be worked off: jobs, and the queue that they stand in."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service.running import Task

PAUSE = 0.2
"""Seconds that one who takes a job waits for it at most."""


@dataclass(eq=False)
class Job:
    """A task with who waits for its result, and what became of it so far.

    Attributes
    ----------
    came, waited
        When it was put into the queue, on the monotonic clock; the seconds that it waited there.
    tries
        How often it was begun.
    when_over
        Called once it is settled.
    """

    task: Task
    future: "asyncio.Future[Any]"
    came: float = field(default_factory=time.monotonic)
    waited: float = 0.0
    tries: int = 0
    settled: bool = False
    when_over: Callable[[], None] | None = None


class Queue:
    """What waits; any thread may put, take and discard."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._ready = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: Job, first: bool = False) -> None:
        """Add a job, behind all others or before them."""
        with self._ready:
            (self._jobs.appendleft if first else self._jobs.append)(job)
            self._ready.notify()

    def take(self, most: int) -> list[Job] | None:
        """Wait for a job; return it with up to `most` - 1 others that can be done with it.

        An empty list where none comes for a while, None once the queue is closed.
        """
        with self._ready:
            if not self._jobs and not self._closed:
                self._ready.wait(PAUSE)
            if self._closed:
                return None
            if not self._jobs:
                return []
            taken = [self._jobs.popleft()]
            together = taken[0].task.together
            for job in list(self._jobs) if most > 1 else ():
                if len(taken) == most:
                    break
                if job.task.together == together:
                    self._jobs.remove(job)
                    taken.append(job)
            return taken

    def discard(self, job: Job) -> bool:
        """Take a job out; return whether it still waited."""
        with self._ready:
            if job not in self._jobs:
                return False
            self._jobs.remove(job)
            return True

    def close(self) -> None:
        """Let nobody take anything any more; wake those who wait for a job."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
