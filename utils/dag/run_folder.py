"""The run folder: its layout and its lock."""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from utils import files
from utils.dag.code_bundle import PROJECT
from utils.errors import InputError
from utils.signals import handled

CACHE = ".cache"  # beside the run folders
OUTPUT = "output"
LOGS = "logs"
SCRATCH = "scratch"
LOCK = ".lock"

_ENDING = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2),
    *(signal.SIGXCPU, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF),
)
"""Signals that end a process that does not handle them, and that can be handled."""


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
        run = (folder / "workflow.yml").exists()
        raise InputError(
            f"--run-dir: {folder} exists and is not empty; name another folder"
            + (f", or go on with that run: --resume {folder}" if run else "")
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOGS).mkdir()  # of two who found the folder empty, one makes this
        (folder / OUTPUT).mkdir()
    except OSError as error:
        with contextlib.suppress(OSError):
            folder.rmdir()  # where there is nothing in it
        raise InputError(f"--run-dir: {folder} cannot be made: {error.strerror}") from None
    return folder


@contextlib.contextmanager
def filling(wanted: Path | None, name: str) -> Iterator[Path]:
    """Yield a new run folder to fill; whatever goes wrong meanwhile, none is left behind.

    A signal that would end the process raises `KeyboardInterrupt` (SIGINT) or `SystemExit`, so that
    the folder is removed first; a second one does not disturb that.

    Raises
    ------
    InputError
        As `new_folder`.
    """
    came: list[int] = []
    awaited = False

    def arrive(number: int, frame: object) -> None:
        came.append(number)
        if awaited and len(came) == 1:
            raise _end(number)

    ignored = [number for number in _ENDING if signal.getsignal(number) == signal.SIG_IGN]  # nohup
    with handled({number: arrive for number in _ENDING if number not in ignored}):
        folder = new_folder(wanted, name)
        try:
            awaited = True
            if came:
                raise _end(came[0])
            yield folder
            awaited = False
            if came:
                raise _end(came[0])
        except BaseException:
            awaited = False
            files.remove_tree(folder)
            raise


def _end(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)


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
    """Open and lock a file; wait a little, because `holder` looks at the lock by sharing it."""
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


def log_path(folder: Path, job: str) -> Path:
    """Return where a job's log lies in a run folder."""
    return folder / LOGS / f"{quote(job, safe='')}.log"
