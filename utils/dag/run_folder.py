"""The run folder: its layout, its lock, and ``run.json``, the record of what was run and how."""

import contextlib
import fcntl
import logging
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from utils.dag.code_bundle import PROJECT
from utils.errors import InputError
from utils.records import read_record, write_record

CACHE = ".cache"  # beside the run folders
OUTPUT = "output"
LOGS = "logs"
SCRATCH = "scratch"
RECORD = "run.json"
LOCK = ".lock"

log = logging.getLogger(__name__)


def new_folder(wanted: Path | None, name: str) -> Path:
    """Make and return an empty run folder: `wanted`, or ``runs/<name>-<time>``.

    Raises
    ------
    InputError
        If `wanted` exists and is not empty, or cannot be made; or if the path, also the part of
        it that nobody typed, holds what catalogues, properties and submit files cannot name.
    """
    folder = wanted or PROJECT / "runs" / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    if wanted is None:
        while folder.exists():  # two runs in one second
            folder = folder.with_name(folder.name + "x")
    if not (whole := str(folder.resolve())).isprintable() or "%" in whole:
        raise InputError(
            f"--run-dir: takes a path of printable characters without '%', not {whole!a}; "
            "name a folder elsewhere"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"--run-dir: {folder} exists and is not empty; name another folder, "
            f"or go on with that run: --resume {folder}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOGS).mkdir()  # of two who found the folder empty, one makes this
        (folder / OUTPUT).mkdir()
    except OSError as error:
        raise InputError(f"--run-dir: {folder} cannot be made: {error.strerror}") from None
    return folder


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder; the file is there as long as it is held, or by a kill.

    The kernel releases the lock of a process that ends, however it ends.

    Raises
    ------
    InputError
        If another process holds it, which the message names; or if there can be no lock.
    """
    path = folder / LOCK
    with _open_lock(path) as file:
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                path.unlink()


def _open_lock(path: Path, patience: float = 0.5) -> TextIO:
    """Open and lock a file; wait a little, for `holder` looks at the lock by sharing it."""
    deadline = time.monotonic() + patience
    while True:
        try:
            file = open(path, "a+")  # noqa: SIM115
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return file
            except FileNotFoundError:
                pass  # who held it has removed it meanwhile
            except BlockingIOError:
                if time.monotonic() > deadline:
                    file.seek(0)
                    raise InputError(
                        f"{path.parent}: in use by another run (process {file.read().strip()}); "
                        "wait for it, or stop it"
                    ) from None
            file.close()
        except OSError as error:
            raise InputError(
                f"{path}: cannot be locked: {error.strerror}; a run needs a folder that it can "
                "write to, on a file system with locks"
            ) from None
        time.sleep(0.02)


def holder(folder: Path) -> int | None:
    """Return the process that holds the lock of a run folder, or None if none does."""
    try:
        with open(folder / LOCK) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0) or None
    except OSError:  # there is no lock, or there can be none
        pass
    return None


def git_commit(project: Path = PROJECT) -> str | None:
    """Return the commit of the code, with ``+`` if it was changed since; None outside git."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"],  # noqa: S607 (the git of the user's PATH)
            cwd=project,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def log_path(folder: Path, job: str) -> Path:
    """Return where a job's log lies in a run folder."""
    return folder / LOGS / f"{quote(job, safe='')}.log"


class RunRecord:
    """``run.json``: what was asked for, with what code, and how each job went.

    Written at most once a second, less often where that takes long, and at the end.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / RECORD
        self._content = read_record(self._path) if self._path.exists() else {}
        self._content.pop("schema", None)
        self._jobs: dict[str, dict[str, Any]] = self._content.setdefault("jobs", {})
        self._due = 0.0
        self._trouble = False
        self.changed = False
        """Whether there is something to write."""

    def __getitem__(self, field: str) -> Any:
        return self._content[field]

    def get(self, field: str) -> Any:
        """Return a fact about the run as a whole, or None if it is not known."""
        return self._content.get(field)

    def describe(self, **fields: Any) -> None:
        """Record facts about the run as a whole."""
        self._content |= fields
        self.write()

    def update(self, job: str, **fields: Any) -> None:
        """Record facts about one job."""
        self._jobs.setdefault(job, {}).update(fields, changed=_now())
        self.changed = True
        self.write_if_due()

    def write_if_due(self) -> None:
        """Write the record if it has changed, and was not written just now."""
        if self.changed and time.monotonic() >= self._due:
            try:
                self.write()
            except OSError as error:  # no reason to stop the jobs; it is written again at the end
                self._due = time.monotonic() + 1
                if not self._trouble:
                    log.warning("%s: %s; trying again", self._path, error.strerror)
                self._trouble = True

    def add_usage(self, job: str, outcome: Any) -> None:
        """Add the resources that one try of a job used (an `Outcome`)."""
        used = self._jobs.setdefault(job, {})
        used["seconds"] = round(used.get("seconds", 0) + outcome.seconds, 3)
        used["cpu_seconds"] = round(used.get("cpu_seconds", 0) + outcome.cpu_seconds, 3)
        used["peak_mib"] = round(max(used.get("peak_mib", 0), outcome.peak_mib), 1)

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """What is known of each job, by its name."""
        return self._jobs

    def is_done(self, job: str) -> bool:
        """Tell whether a job succeeded, now or earlier."""
        return self._jobs.get(job, {}).get("state") in ("done", "cached")

    def failed(self) -> dict[str, str]:
        """Return the reasons of the jobs that failed for good, by job."""
        failed = {n: j for n, j in self._jobs.items() if j.get("state") == "failed"}
        return {name: job["reason"] for name, job in failed.items()}

    def write(self) -> None:
        """Write the record to the run folder."""
        start = time.monotonic()
        write_record(self._path, self._content)
        self.changed = self._trouble = False
        now = time.monotonic()
        self._due = now + max(1.0, 20 * (now - start))  # of thousands of jobs it is large


def open_record(folder: Path) -> RunRecord:
    """Return the record of an existing run.

    Raises
    ------
    InputError
        If `folder` is no run folder, or was not planned to the end.
    """
    missing = [name for name in (RECORD, "workflow.yml") if not (folder / name).exists()]
    if missing:
        raise InputError(
            f"{folder}: not a run folder, or not planned to the end (it has no "
            f"{' and no '.join(missing)}); remove it and start a new run"
        )
    return RunRecord(folder)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
