"""One try of one job: its scratch folder, its process, what it left behind."""

import contextlib
import ctypes
import os
import signal
import site
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from utils.dag.abstract_workflow import AbstractJob
from utils.dag.engines import files

KILL_AFTER = 60.0
"""Seconds between SIGTERM and SIGKILL."""

_PASSED = ("LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Outcome:
    """How a try ended: exit code (negative: signal), seconds, CPU seconds, peak memory in MiB.

    The peak is at least the engine's own memory, which the kernel counts as the child's until the
    child has started its executable.
    """

    code: int
    seconds: float
    cpu_seconds: float
    peak_mib: float


class Attempt:
    """A started try. The process is a direct child, in a process group of its own."""

    def __init__(
        self, job: AbstractJob, scratch: Path, log: Path, sources: dict[str, Path], cores: int
    ) -> None:
        """Lay `sources` (by LFN) into an empty scratch folder and start the job there.

        Raises
        ------
        OSError
            If the scratch folder cannot be filled or the executable cannot be started.
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
        self.started = time.monotonic()
        self.deadline = None if job.seconds is None else self.started + job.seconds
        self._signals = [signal.SIGTERM, signal.SIGKILL]
        self._process = self._start(log, cores)
        self.pid = self._process.pid

    def _start(self, log: Path, cores: int) -> subprocess.Popen:
        def stream(name: str | None, mode: str) -> int:
            return os.open(self.work / name, _MODES[mode], 0o644) if name else -1

        streams = [
            stream(self.job.stdin, "r"),
            stream(self.job.stdout, "w"),
            stream(self.job.stderr, "w"),
        ]
        record = os.open(log, _MODES["a"], 0o644)
        try:
            os.write(record, f"--- {time.strftime('%F %T')} {self.job.id} ---\n".encode())
            return subprocess.Popen(
                [str(self.job.executable), *self.job.arguments],
                cwd=self.work,
                env=self._environment(cores),
                stdin=streams[0] if self.job.stdin else subprocess.DEVNULL,
                stdout=streams[1] if self.job.stdout else record,
                stderr=streams[2] if self.job.stderr else record,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # safe: the engine has no threads
            )
        finally:
            for handle in (*streams, record):
                if handle >= 0:
                    os.close(handle)

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
        return environment | self.job.environment

    def stop(self) -> None:
        """Send SIGTERM, which lets the job save its checkpoint; the next time SIGKILL."""
        number = self._signals.pop(0) if self._signals else signal.SIGKILL
        send: Callable[[int, int], None] = os.kill if number == signal.SIGTERM else os.killpg
        with contextlib.suppress(ProcessLookupError):
            send(self.pid, number)
        self.deadline = time.monotonic() + KILL_AFTER

    def poll(self) -> Outcome | None:
        """Return the outcome if the process has ended; then its whole process group ends too."""
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.returncode = code = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
        cpu = usage.ru_utime + usage.ru_stime
        return Outcome(code, time.monotonic() - self.started, cpu, peak)

    def missing_outputs(self) -> list[str]:
        """Return the declared outputs that the job did not leave behind."""
        return [lfn for lfn in self.job.outputs if not (self.work / lfn).is_file()]


_MODES = {
    "r": os.O_RDONLY,
    "w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
}


def _die_with_parent() -> None:
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
