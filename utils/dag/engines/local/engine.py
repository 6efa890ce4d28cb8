"""The embedded engine: executes a run folder's workflow on this machine.

One loop in one thread: start what is ready and fits, wait for a child, a deadline or a signal, take
in what ended. Each job is a subprocess in a scratch folder that holds its declared inputs only.
"""

import contextlib
import errno
from collections import deque
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from utils import files
from utils.dag.engines.console import Console
from utils.dag.engines.local import machine, strays
from utils.dag.engines.local.attempt import Attempt
from utils.dag.engines.local.attempts import Running
from utils.dag.engines.local.capacity import Capacity
from utils.dag.engines.local.job_files import JobFiles
from utils.dag.engines.local.wakeups import wakeups
from utils.dag.run_folder import SCRATCH, log_path
from utils.dag.run_record import Outcome, RunRecord
from utils.dag.workflow_file import read_workflow
from utils.errors import InputError
from utils.job import EXIT_BAD_INPUT, EXIT_CHECKPOINTED


class LocalEngine:
    """Executes the workflow of one run folder, whose lock the caller holds.

    Parameters
    ----------
    folder
        The run folder.
    cores, memory
        What the jobs may use together (memory in MiB); by default all cores and nine tenths of the
        memory. A job that asks for more than that gets all of it.
    console
        Where to tell what happens.
    """

    def __init__(
        self,
        folder: Path,
        cores: int | None = None,
        memory: int | None = None,
        console: Console | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.workflow = read_workflow(self.folder)
        self.capacity = Capacity(cores or machine.cores(), memory or machine.memory())
        self.files = JobFiles(self.folder, self.workflow)
        self.record = RunRecord(self.folder)
        self.console = console or Console()
        self._sorter = TopologicalSorter(self.workflow.parents)
        self._ready: deque[str] = deque()
        self._crowded = False  # there is no space for another job until one ends
        self._running = Running(self.console)
        self._tries: dict[str, int] = {}
        self._interrupts = 0
        self._stopping = 0

    def run(self) -> bool:
        """Execute what is not done yet; return whether the whole workflow is done.

        What does not depend on a failed job is finished first.

        Raises
        ------
        InputError
            If the jobs wait for each other in a circle.
        OSError
            If something of the run cannot be read or written; no job is left running then.
        KeyboardInterrupt
            After SIGINT, SIGTERM or SIGHUP, once the jobs have saved their checkpoints and ended.
        """
        try:
            self._sorter.prepare()
        except CycleError as error:
            circle = " -> ".join(error.args[1])
            raise InputError(f"{self.folder}: jobs wait for each other: {circle}") from None
        self._take_over()
        try:
            self._execute()
        except BaseException:
            self._give_up()
            raise
        if self._stopping:
            raise KeyboardInterrupt
        return all(self.record.is_done(name) for name in self.workflow.jobs)

    def _execute(self) -> None:
        for name in self.workflow.jobs:
            self.record.update(name, state="waiting")
        self.console.begin(len(self.workflow.jobs))
        with wakeups(self._count_interrupt) as wakeup:
            while True:
                self._start_ready()
                if not self._running:
                    break
                self._running.wait(wakeup)
                self.record.write_if_due()
                self.console.tick()
                interrupted, self._stopping = self._interrupts > self._stopping, self._interrupts
                self._running.stop(everything=interrupted)
                for name, attempt, outcome in self._running.ended():
                    self._end(name, attempt, outcome)
        self._remove(self.folder / SCRATCH)
        self.record.write()
        self.console.end()

    def _count_interrupt(self) -> None:
        self._interrupts += 1

    # --- coming and going -----------------------------------------------------------------------

    def _take_over(self) -> None:
        """End what is left of an engine that was killed here; keep what its jobs had saved."""
        if left := strays.end(self.folder / SCRATCH):
            self.console.note(f"{left} processes of an engine that was killed are ended")
        self.files.salvage()

    def _give_up(self) -> None:
        """Leave no job running; keep what the jobs had saved, here or else where it is."""
        self.console.end()
        self._running.kill()
        with contextlib.suppress(OSError):  # the next engine goes on where this ends
            for name, attempt in self._running.items():
                self.files.keep_checkpoints(name, attempt.work)
                self.record.update(name, state="stopped")
            files.remove_tree(self.folder / SCRATCH)
            self.record.write()

    def _remove(self, scratch: Path) -> None:
        try:
            files.remove_tree(scratch)
        except OSError as error:  # no reason to stop: the next engine here tries again
            self.console.note(f"{scratch} cannot be removed: {error}")

    # --- starting -------------------------------------------------------------------------------

    def _start_ready(self) -> None:
        while new := self._sorter.get_ready():
            for name in new:
                if self.files.recall(name):
                    self._sorter.done(name)
                    self.record.update(name, state="cached")
                    self.console.recalled(name)
                else:
                    self._ready.append(name)
        waiting = []
        while self._ready and not (self._stopping or self._crowded or self.capacity.is_used_up()):
            name = self._ready.popleft()
            if self.capacity.fits(self.workflow.jobs[name]):
                self._start(name)
            else:
                waiting.append(name)
        self._ready.extendleft(reversed(waiting))

    def _start(self, name: str) -> None:
        job, log = self.workflow.jobs[name], log_path(self.folder, name)
        self._tries[name] = self._tries.get(name, 0) + 1
        try:
            attempt = Attempt(
                job,
                self.files.scratch(name),
                log,
                self.files.sources(name),
                self.capacity.cores_for(job),
                self.files.key(name),
            )
        except OSError as error:
            self._could_not_start(name, error)
            return
        self.capacity.take(job)
        self._running[name] = attempt
        self.record.update(name, state="running", tries=self._tries[name])
        self.console.started(name, log)

    def _could_not_start(self, name: str, error: OSError) -> None:
        self._remove(self.files.scratch(name))
        if error.errno == errno.ENOSPC and self._running:
            self._crowded = True  # those that run will give space back
            self._tries[name] -= 1
            self._try_again(name)
        else:
            told = f"{error.filename or self.folder}: {error.strerror or error}"
            self._fail(name, f"could not be started: {told}")

    # --- ending ---------------------------------------------------------------------------------

    def _end(self, name: str, attempt: Attempt, outcome: Outcome) -> None:
        self.capacity.give_back(attempt.job)
        self._crowded = False
        self.record.add_usage(name, outcome)
        self._end_log(name, attempt)
        if outcome.code == 0 and not attempt.missing_outputs():
            self._take_in(name, attempt, outcome)
        else:
            self._end_badly(name, attempt, outcome)
        del self._running[name]
        self._remove(attempt.scratch)

    def _end_log(self, name: str, attempt: Attempt) -> None:
        if attempt.left_behind:
            self._write_log(name, f"left {attempt.left_behind} processes behind, which were ended")
        try:
            attempt.log.close()
        except OSError as error:
            self.console.note(f"{attempt.log.path} could not be shortened: {error.strerror}")

    def _take_in(self, name: str, attempt: Attempt, outcome: Outcome) -> None:
        try:
            self.files.take_in(name, attempt.work)
        except FileNotFoundError as error:  # somebody cleans up under our hands
            self._fail(name, f"made {error.filename}, which then vanished", 0)
            return
        self._sorter.done(name)
        self.record.update(name, state="done", exit_code=0)
        self.console.done(name, outcome)

    def _end_badly(self, name: str, attempt: Attempt, outcome: Outcome) -> None:
        saved = self.files.keep_checkpoints(name, attempt.work)
        if self._stopping:
            self.record.update(name, state="stopped", exit_code=outcome.code)
        elif outcome.code == EXIT_CHECKPOINTED and saved:  # it made console: no try is used up
            self._tries[name] -= 1
            self._try_again(name)
        else:
            self._fail(name, attempt.why(outcome), outcome.code)

    def _fail(self, name: str, reason: str, code: int | None = None) -> None:
        job = self.workflow.jobs[name]
        retries = self.workflow.retries if job.retries is None else job.retries
        # Bad input would be refused again.
        left = 0 if code == EXIT_BAD_INPUT else retries + 1 - self._tries[name]
        self._write_log(name, f"{reason}; tries left: {left}")
        if left > 0:
            self.console.note(f"{name} {reason}; trying again")
            self._try_again(name)
            return
        self.record.update(name, state="failed", exit_code=code, reason=reason)
        self.console.failed(name, reason)

    def _write_log(self, name: str, words: str) -> None:
        with contextlib.suppress(OSError), open(log_path(self.folder, name), "a") as log:
            log.write(f"--- {name} {words} ---\n")  # where that fails: the record tells it too

    def _try_again(self, name: str) -> None:
        self.record.update(name, state="waiting")
        self._ready.append(name)
