"""The threads that work off a bounded queue.

A network on a CPU gains nothing from batches, and little or less from threads that wait for each
other, so there is a worker a core. On a GPU one call takes all that waits. Who finds no place is
refused at once, who waits too long leaves the queue, and a worker that dies is replaced: the work
that it had goes to another once more. One whose process hangs is made to die.

A worker is a thread, and what it runs tasks with: itself, or a process (`service.running`).
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from service.problems import Problem
from service.running import FAILED, Here, NewRunner, Runner, Task, failure
from service.waiting import Job, Queue

STUCK = 60.0
"""Seconds after which a worker that works on one thing is taken for hung."""

TRIES = 3
"""How often work is begun whose worker dies."""

_PAUSE = 0.2  # seconds between two looks at the threads
_LONGEST_PAUSE = 1.0

log = logging.getLogger(__name__)


class _Worker:
    """A thread, what it runs tasks with, and what it works on."""

    def __init__(self, work: Callable[["_Worker"], None], name: str) -> None:
        self.jobs: list[Job] = []
        self.runner: Runner | None = None
        self.since, self.buried = 0.0, False
        self.thread = threading.Thread(target=work, args=(self,), name=name, daemon=True)

    @property
    def is_alive(self) -> bool:
        """Whether both can work; where the thread alone lives, it soon sees that it cannot."""
        return self.thread.is_alive() and (self.runner is None or self.runner.is_alive)

    @property
    def is_stuck(self) -> bool:
        return bool(self.jobs) and time.monotonic() - self.since > STUCK


class Lane:
    """One of the places that were admitted; use it for one task after the other, then close it."""

    def __init__(self, workers: "Workers") -> None:
        self._workers = workers
        self._job: Job | None = None

    async def run(self, task: Task, deadline: float) -> tuple[Any, float]:
        """Return the result of a task, and the seconds that it waited.

        Parameters
        ----------
        deadline
            On the clock of the event loop.

        Raises
        ------
        Problem
            504 if it comes to nothing before that; 500 if it failed in a way that nobody foresaw.
        """
        job = self._job = Job(task, asyncio.get_running_loop().create_future())
        self._workers.queue.put(job)
        try:
            async with asyncio.timeout_at(deadline):
                return await job.future, job.waited
        except TimeoutError:
            raise Problem(
                504,
                "late",
                "there was no answer in time",
                fix="try again later, or with fewer photographs",
                headers={"Retry-After": "1"},
            ) from None

    def close(self) -> None:
        """Give the place back; if a thread still works for it, once that has ended."""
        job = self._job
        if job is None or job.settled or self._workers.queue.discard(job):
            self._workers.give_back()
        else:
            job.when_over = self._workers.give_back


class Workers:
    """Workers that work off a queue of so many places.

    Parameters
    ----------
    number
        Of workers.
    places
        Tasks that wait or are worked on.
    batch
        Tasks that are done in one call at most.
    new_runner
        Called in each thread before its first task.

    Attributes
    ----------
    taken
        Places that are taken.
    restarts
        Workers that were replaced.
    failures
        Tasks that failed in a way that nobody foresaw, one after the other.
    """

    def __init__(
        self,
        number: int,
        places: int,
        batch: int = 1,
        new_runner: NewRunner = Here,
    ) -> None:
        self.number, self.places = number, places
        self.queue = Queue()
        self.restarts = self.taken = self.failures = 0
        self._batch, self._new_runner = batch, new_runner
        self._workers: list[_Worker] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: asyncio.Task | None = None
        self._pause, self._not_before = 0.0, -_LONGEST_PAUSE  # of replacing the dead

    def start(self) -> None:
        """Start the threads; to be called in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._workers = [self._new(number) for number in range(self.number)]
        self._watch = self._loop.create_task(self._replace_the_dead())

    async def stop(self, seconds: float = 1.0) -> None:
        """End the threads, with what they work on, if that takes no longer than so many seconds."""
        if self._watch:
            self._watch.cancel()
        self.queue.close()
        end = time.monotonic() + seconds
        while any(worker.is_alive for worker in self._workers) and time.monotonic() < end:
            await asyncio.sleep(0.01)

    @property
    def alive(self) -> int:
        """How many workers live and are not hung."""
        return sum(worker.is_alive and not worker.is_stuck for worker in self._workers)

    @property
    def hung(self) -> int:
        """How many workers hang."""
        return sum(worker.is_stuck for worker in self._workers)

    @property
    def is_full(self) -> bool:
        return self.taken >= self.places

    def admit(self, number: int) -> list[Lane]:
        """Return so many places, or as many as there are threads, if that is less.

        Raises
        ------
        Problem
            429 if there are not so many.
        """
        number = min(number, self.number)
        if self.taken + number > self.places:
            raise self.overload()
        self.taken += number
        return [Lane(self) for _ in range(number)]

    def give_back(self) -> None:
        self.taken -= 1

    def overload(self) -> Problem:
        """Return the refusal of one for whom there is no place."""
        return Problem(
            429,
            "overload",
            "the queue is full",
            fix="try again later",
            headers={"Retry-After": "1"},
        )

    def _new(self, number: int) -> _Worker:
        worker = _Worker(self._work, f"worker-{number}")
        worker.thread.start()
        return worker

    def _work(self, worker: _Worker) -> None:
        try:
            worker.runner = self._new_runner()
            while (jobs := self.queue.take(self._batch)) is not None:
                if jobs:
                    self._do(worker, worker.runner, jobs)
                else:
                    worker.runner.tend()
        except BaseException:  # it ends here; `_replace_the_dead` sees it
            log.exception("%s died", worker.thread.name)
        finally:
            if worker.runner:
                worker.runner.close()

    def _do(self, worker: _Worker, runner: Runner, jobs: list[Job]) -> None:
        worker.since, worker.jobs = time.monotonic(), jobs
        for job in jobs:
            job.tries += 1
            job.waited = worker.since - job.came
        results = runner.run([job.task for job in jobs])
        for job, result in zip(jobs, results, strict=True):
            self._settle(job, result)
        worker.jobs = []

    def _settle(self, job: Job, result: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(self._settled, job, result)
        except RuntimeError:  # the loop has ended, and with it who waited
            log.debug("a result came after the end")

    def _settled(self, job: Job, result: Any) -> None:
        job.settled = True
        failed = isinstance(result, Problem) and result.reason == FAILED
        self.failures = self.failures + 1 if failed else 0
        if not job.future.done():
            if isinstance(result, BaseException):
                job.future.set_exception(result)
            else:
                job.future.set_result(result)
        if job.when_over:
            job.when_over()

    async def _replace_the_dead(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            for number, worker in enumerate(self._workers):
                if worker.is_stuck and worker.runner:
                    worker.runner.kill()
                if worker.thread.is_alive():
                    continue
                self._bury(worker)
                if time.monotonic() >= self._not_before:
                    self._workers[number] = self._new(number)
                    self.restarts += 1

    def _bury(self, worker: _Worker) -> None:
        """Hand on what a dead thread worked on; the next to die soon is replaced more slowly."""
        if worker.buried:
            return
        worker.buried, now = True, time.monotonic()
        soon = now < self._not_before + _LONGEST_PAUSE
        self._pause = min(2 * self._pause or _PAUSE, _LONGEST_PAUSE) if soon else 0.0
        self._not_before = now + self._pause
        for job in worker.jobs:
            if job.settled:
                continue
            if job.future.done():  # nobody waits any more
                self._settled(job, None)
            elif job.tries < TRIES:
                self.queue.put(job, first=True)
            else:
                self._settled(job, failure())
