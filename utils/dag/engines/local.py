"""The embedded engine: executes a run folder's workflow on this machine.

One loop in one thread: start what is ready and fits, wait for a child, a deadline or a signal, take
in what ended. Each job is a subprocess in a scratch folder that holds its declared inputs only.
"""

import select
import signal
import socket
import time
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from urllib.parse import quote

from utils.dag.engines import files, machine
from utils.dag.engines.attempt import Attempt, Outcome
from utils.dag.engines.cache import Cache
from utils.dag.engines.capacity import Capacity
from utils.dag.engines.progress import Progress
from utils.dag.engines.wakeups import wakeups
from utils.dag.run_folder import CACHE, OUTPUT, SCRATCH, RunRecord, log_path
from utils.dag.workflow_file import read_workflow
from utils.errors import InputError
from utils.job import EXIT_CHECKPOINTED


class LocalEngine:
    """Executes the workflow of one run folder, whose lock the caller holds.

    Parameters
    ----------
    folder
        The run folder.
    cores, memory
        What the jobs may use together (memory in MiB); by default all cores and nine tenths of the
        memory. A job that asks for more than that gets all of it.
    progress
        Where to tell what happens.
    """

    def __init__(
        self,
        folder: Path,
        cores: int | None = None,
        memory: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.workflow = read_workflow(self.folder)
        self.capacity = Capacity(cores or machine.cores(), memory or machine.memory())
        self.cache = Cache(self.folder.parent / CACHE)
        self.record = RunRecord(self.folder)
        self.progress = progress or Progress()
        self._sorter = TopologicalSorter(self.workflow.parents)
        self._ready: list[str] = []
        self._running: dict[str, Attempt] = {}
        self._tries: dict[str, int] = {}
        self._keys: dict[str, str] = {}
        self._made: dict[str, str] = {}  # digest of each file that a job made, by LFN
        self._digests: dict[Path, str] = {}  # of files that no job made
        self._interrupts = 0
        self._stopping = 0

    def run(self) -> bool:
        """Execute what is not done yet; tell whether the whole workflow is done.

        What does not depend on a failed job is finished first.

        Raises
        ------
        InputError
            If the jobs wait for each other in a circle.
        KeyboardInterrupt
            After SIGINT or SIGTERM, once the jobs have saved their checkpoints and ended.
        """
        try:
            self._sorter.prepare()
        except CycleError as error:
            circle = " -> ".join(error.args[1])
            raise InputError(f"{self.folder}: jobs wait for each other: {circle}") from None
        for name in self.workflow.jobs:
            self.record.update(name, state="waiting")
        self._salvage_checkpoints()
        self.progress.begin(len(self.workflow.jobs))
        with wakeups(self._count_interrupt) as wakeup:
            while True:
                self._start_ready()
                if not self._running:
                    break
                self._wait(wakeup)
                self._stop_overdue()
                for name, attempt in list(self._running.items()):
                    if outcome := attempt.poll():
                        self._end(name, attempt, outcome)
        files.remove_tree(self.folder / SCRATCH)
        self.record.write()
        self.progress.end()
        if self._stopping:
            raise KeyboardInterrupt
        return all(self.record.is_done(name) for name in self.workflow.jobs)

    # --- starting -------------------------------------------------------------------------------

    def _start_ready(self) -> None:
        while new := self._sorter.get_ready():
            for name in new:
                if not self._recall(name):
                    self._ready.append(name)
        waiting = []
        for name in self._ready:
            if not self._stopping and self.capacity.fits(self.workflow.jobs[name]):
                self._start(name)
            else:
                waiting.append(name)
        self._ready = waiting

    def _recall(self, name: str) -> bool:
        """Take a job's outputs from the cache; tell whether they are there."""
        job = self.workflow.jobs[name]
        inputs = {lfn: self._input_digest(lfn) for lfn in job.inputs}
        key = self.cache.key(job, self._digest(job.executable), inputs)
        self._keys[name] = key
        outputs = self.cache.find(key)
        if outputs is None:
            return False
        self._publish(name, outputs)
        self.record.update(name, state="cached")
        self.progress.recalled(name)
        return True

    def _start(self, name: str) -> None:
        job, key = self.workflow.jobs[name], self._keys[name]
        self._tries[name] = self._tries.get(name, 0) + 1
        sources = {lfn: self._source(lfn) for lfn in job.inputs}
        for lfn in job.checkpoints:
            kept = self.cache.checkpoint(key, lfn)
            if kept.exists():
                sources[lfn] = kept
            elif lfn in self.workflow.replicas:
                sources[lfn] = self.workflow.replicas[lfn]
        cores = self.capacity.cores_for(job)
        try:
            attempt = Attempt(job, self._scratch(name), log_path(self.folder, name), sources, cores)
            (attempt.scratch / "key").write_text(key)
        except OSError as error:
            self._fail(name, f"could not be started: {error}")
            return
        self.capacity.take(job)
        self._running[name] = attempt
        self.record.update(name, state="running", tries=self._tries[name])
        self.progress.started(name, log_path(self.folder, name))

    def _input_digest(self, lfn: str) -> str:
        return self._made.get(lfn) or self._digest(self.workflow.replicas[lfn])

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            try:
                self._digests[path] = files.digest(path)
            except OSError as error:
                raise InputError(f"{path}: {error.strerror}; {self.folder} needs it") from None
        return self._digests[path]

    def _source(self, lfn: str) -> Path:
        made = self._made.get(lfn)
        return self.cache.object(made) if made else self.workflow.replicas[lfn]

    # --- waiting --------------------------------------------------------------------------------

    def _wait(self, wakeup: socket.socket) -> None:
        deadlines = [a.deadline for a in self._running.values() if a.deadline is not None]
        limits = [max(0.0, min(deadlines) - time.monotonic())] if deadlines else []
        if self.progress.interval:
            limits.append(self.progress.interval)
        if self.record.changed:
            limits.append(1.0)
        if select.select([wakeup], [], [], min(limits, default=None))[0]:
            wakeup.recv(4096)
        self.record.write_if_due()
        self.progress.tick()

    def _stop_overdue(self) -> None:
        """Stop the jobs that ran out of time; on each interrupt, all of them."""
        interrupted, self._stopping = self._interrupts > self._stopping, self._interrupts
        for name, attempt in self._running.items():
            overdue = attempt.deadline is not None and time.monotonic() >= attempt.deadline
            if interrupted or overdue:
                self.progress.note(f"{name}: {'stopping' if interrupted else 'out of time'}")
                attempt.stop()

    def _count_interrupt(self) -> None:
        self._interrupts += 1

    # --- ending ---------------------------------------------------------------------------------

    def _end(self, name: str, attempt: Attempt, outcome: Outcome) -> None:
        del self._running[name]
        self.capacity.give_back(attempt.job)
        self.record.add_usage(name, outcome)
        missing = attempt.missing_outputs()
        if outcome.code == 0 and not missing:
            made = {lfn: attempt.work / lfn for lfn in attempt.job.outputs}
            self._publish(name, self.cache.keep(self._keys[name], made))
            self.record.update(name, state="done", exit_code=0)
            self.progress.done(name, outcome)
        else:
            self._end_badly(name, attempt, outcome, missing)
        files.remove_tree(attempt.scratch)

    def _end_badly(self, name: str, attempt: Attempt, outcome: Outcome, missing: list[str]) -> None:
        saved = False
        for lfn in attempt.job.checkpoints:
            saved |= self.cache.keep_checkpoint(self._keys[name], lfn, attempt.work / lfn)
        if self._stopping:
            self.record.update(name, state="stopped", exit_code=outcome.code)
            return
        if outcome.code == EXIT_CHECKPOINTED and saved:  # it made progress: no try is used up
            self._tries[name] -= 1
            self._try_again(name)
            return
        if outcome.code == 0:
            reason = f"made no {', '.join(missing)}, which it declares as output"
        elif outcome.code < 0:
            reason = f"was ended by signal {-outcome.code} ({signal.Signals(-outcome.code).name})"
        else:
            reason = f"ended with exit code {outcome.code}"
        self._fail(name, reason, outcome.code)

    def _fail(self, name: str, reason: str, code: int | None = None) -> None:
        job = self.workflow.jobs[name]
        retries = self.workflow.retries if job.retries is None else job.retries
        left = retries + 1 - self._tries[name]
        with open(log_path(self.folder, name), "a") as record:
            record.write(f"--- {name} {reason}; tries left: {left} ---\n")
        if left > 0:
            self.progress.note(f"{name} {reason}; trying again")
            self._try_again(name)
            return
        self.record.update(name, state="failed", exit_code=code, reason=reason)
        self.progress.failed(name, reason)

    def _try_again(self, name: str) -> None:
        self.record.update(name, state="waiting")
        self._ready.append(name)

    def _publish(self, name: str, outputs: dict[str, str]) -> None:
        """Make a finished job's files known to its children, and copy what is kept."""
        self._made |= outputs
        for lfn in self.workflow.jobs[name].kept:
            target, source = self.folder / OUTPUT / lfn, self.cache.object(outputs[lfn])
            if not target.exists() or files.digest(target) != outputs[lfn]:
                files.copy(source, target)
        self._sorter.done(name)

    def _scratch(self, name: str) -> Path:
        return self.folder / SCRATCH / quote(name, safe="")

    def _salvage_checkpoints(self) -> None:
        """Keep the checkpoints of jobs that were running when an engine was killed here."""
        for name, job in self.workflow.jobs.items():
            scratch = self._scratch(name)
            if job.checkpoints and (scratch / "key").exists():
                for lfn in job.checkpoints:
                    key = (scratch / "key").read_text()
                    self.cache.keep_checkpoint(key, lfn, scratch / "work" / lfn)
        files.remove_tree(self.folder / SCRATCH)
