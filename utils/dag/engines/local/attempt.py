"""One try of one job: its scratch folder, its process, what it left behind."""

import contextlib
import ctypes
import os
import re
import signal
import site
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from utils import files
from utils.dag.abstract_workflow import AbstractJob
from utils.dag.engines.local import machine, reasons, strays
from utils.dag.engines.local.job_files import KEY
from utils.dag.engines.local.job_log import JobLog
from utils.dag.job_words import own_error
from utils.dag.run_record import Outcome

KILL_AFTER = 60.0
"""Seconds between SIGTERM and SIGKILL."""

_PASSED = ("LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


class Attempt:
    """A started try. The process is a direct child, in a process group of its own."""

    def __init__(
        self,
        job: AbstractJob,
        scratch: Path,
        log: Path,
        sources: dict[str, Path],
        cores: int,
        key: str,
    ) -> None:
        """Lay `sources` (by LFN) into an empty scratch folder and start the job there.

        Raises
        ------
        OSError
            If the scratch folder cannot be filled or the executable cannot be started; then
            nothing was started.
        """
        self.job = job
        self.scratch = scratch
        self.work = scratch / "work"
        files.remove_tree(scratch)
        for folder in (self.work, scratch / "tmp", log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        for lfn, source in sources.items():
            files.copy(source, self.work / lfn)
        for lfn in (*job.outputs, *job.checkpoints):
            (self.work / lfn).parent.mkdir(parents=True, exist_ok=True)
        (scratch / KEY).write_text(key)  # before it starts: what it saves must be found again
        self.started = time.monotonic()
        self.deadline = None if job.seconds is None else self.started + job.seconds
        self._signals = [signal.SIGTERM, signal.SIGKILL]
        self._overdue = False
        self._oom_kills = machine.oom_kills()
        self.left_behind = 0
        """How many processes the job left behind, known when it has ended."""
        self.log = JobLog(log, job.id)
        self._process = self._start(cores)
        self.pid = self._process.pid

    def _start(self, cores: int) -> subprocess.Popen:
        with contextlib.ExitStack() as stack:
            stack.callback(self.log.release)

            def stream(name: str | None, flags: int, otherwise: int) -> int:
                if name is None:
                    return otherwise
                handle = os.open(self.work / name, flags, 0o644)
                stack.callback(os.close, handle)
                return handle

            written = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            return subprocess.Popen(
                [*started_by(self.job.executable), *self.job.arguments],
                cwd=self.work,
                env=self._environment(cores),
                stdin=stream(self.job.stdin, os.O_RDONLY, subprocess.DEVNULL),
                stdout=stream(self.job.stdout, written, self.log.handle),
                stderr=stream(self.job.stderr, written, self.log.handle),
                start_new_session=True,
                preexec_fn=partial(_die_with, os.getpid()),  # safe: the engine has no threads
            )

    def _environment(self, cores: int) -> dict[str, str]:
        """Return the job's whole environment: nothing else of the submitter's reaches it."""
        tools = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
        private = str(self.scratch / "tmp")
        environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
        environment |= {"PATH": os.pathsep.join(tools), "HOME": private, "TMPDIR": private}
        environment |= {"OMP_NUM_THREADS": str(cores), "PYTHONUNBUFFERED": "1"}
        environment["PYTHONUSERBASE"] = site.getuserbase()  # it would follow HOME
        if self.job.gpus == 0:
            environment["CUDA_VISIBLE_DEVICES"] = ""
        elif "CUDA_VISIBLE_DEVICES" in os.environ:
            environment["CUDA_VISIBLE_DEVICES"] = os.environ["CUDA_VISIBLE_DEVICES"]
        return environment | self.job.environment | {strays.MARK: str(self.scratch)}

    def stop(self, overdue: bool = False) -> None:
        """Send SIGTERM, which lets the job save its checkpoint; the next time SIGKILL."""
        self._overdue |= overdue
        number = self._signals.pop(0) if self._signals else signal.SIGKILL
        send: Callable[[int, int], None] = os.kill if number == signal.SIGTERM else os.killpg
        with contextlib.suppress(ProcessLookupError):
            send(self.pid, number)
        self.deadline = time.monotonic() + KILL_AFTER

    def kill(self) -> None:
        """End the job at once, and all that it started."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._reap(0)

    def poll(self) -> Outcome | None:
        """Return the outcome if the process has ended; then all that it started ends too."""
        return self._reap(os.WNOHANG)

    def _reap(self, options: int) -> Outcome | None:
        pid, status, usage = os.wait4(self.pid, options)
        if pid == 0:
            return None
        self._process.returncode = code = os.waitstatus_to_exitcode(status)
        self.left_behind = strays.end(self.scratch)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # where `strays` finds none
        # At least our own memory, which the kernel counts as the child's until it has started its
        # executable.
        peak = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
        cpu = usage.ru_utime + usage.ru_stime
        return Outcome(code, time.monotonic() - self.started, cpu, peak)

    def why(self, outcome: Outcome) -> str:
        """Say why the try failed, and what to do about it."""
        if self._overdue:
            return reasons.overtime(self.job, killed=outcome.code == -signal.SIGKILL)
        if outcome.code == 0:
            missing = ", ".join(self.missing_outputs())
            return f"made no {missing}, which it declares as output"
        ran_out = machine.oom_kills() > self._oom_kills
        told = reasons.ended(self.job, outcome.code, outcome.peak_mib, ran_out)
        if outcome.code > 0 and (error := own_error(self.log.path)):
            told += f": {error}"
        return told + reasons.full_disk(self.scratch.parent.parent)

    def missing_outputs(self) -> list[str]:
        """Return the declared outputs that the job did not leave behind."""
        return [lfn for lfn in self.job.outputs if not (self.work / lfn).is_file()]


def started_by(executable: Path) -> list[str]:
    """Return the words that start an executable: its interpreter, if it is a script, and its path.

    So a script needs no permission to be executed, which a copy may have lost and some disks give
    to none. A script for ``python3`` runs on the Python that runs the engine.
    """
    with open(executable, "rb") as file:
        first = file.readline(256)
    if not first.startswith(b"#!"):
        return [str(executable)]
    interpreter, _, argument = first[2:].decode(errors="replace").strip().partition(" ")
    words = [interpreter, *([argument.strip()] if argument else [])]
    if Path(interpreter).name == "env":
        words = argument.split()
    if not words or words[0].startswith("-") or "=" in words[0]:  # an option of env
        return [str(executable)]
    if re.fullmatch(r"python(3(\.\d+)?)?", Path(words[0]).name):
        words[0] = sys.executable
    return [*words, str(executable)]


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, even by SIGKILL."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it has ended already
            os.kill(os.getpid(), signal.SIGKILL)
