"""Where the results go: a folder in which nothing is overwritten."""

import fcntl
import os
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

from utils.errors import InputError

RUNS = Path(__file__).resolve().parents[2] / "runs"


def results_folder(wanted: Path | None, sources: Sequence[Path]) -> Path:
    """Return the folder to write to, which is new or empty.

    Parameters
    ----------
    wanted
        By default one of its own in ``runs`` of the project.
    sources
        What photographs are looked for in.

    Raises
    ------
    InputError
        If there is something in it, or it lies in one of `sources`.
    """
    folder = wanted or _of_its_own()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--output {folder}: is a file; name a folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(
            f"--output {folder}: there are files in it, and none is overwritten; name another, or "
            "remove it"
        )
    real = folder.resolve()
    for source in sources:
        if source.is_dir() and real.is_relative_to(source.resolve()):
            raise InputError(
                f"--output {folder}: lies in {source}, where its pictures would be taken for "
                "photographs the next time; name a folder outside"
            )
    return folder


class Claim:
    """A results folder, made, into which nobody else writes as long as this is kept.

    Two that are started at the same time would both find it empty.

    Parameters
    ----------
    goes_on
        Whether there may be something in it.

    Raises
    ------
    InputError
        If another one writes into it, or there is something in it by now.
    """

    def __init__(self, folder: Path, goes_on: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder.absolute()
        self._descriptor = descriptor = os.open(folder, os.O_RDONLY)
        self.release = weakref.finalize(self, os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"--output {folder}: another run writes into it; name a folder of its own"
            ) from None
        except OSError:  # a file system without locks
            return
        if not goes_on and any(folder.iterdir()):
            raise InputError(
                f"--output {folder}: another run wrote into it; name a folder of its own"
            )

    def is_there(self) -> bool:
        """Return whether the folder is still where it was, and the same."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._folder.stat())
        except FileNotFoundError:
            return False


def _of_its_own() -> Path:
    folder = RUNS / f"detect-{time.strftime('%Y%m%d-%H%M%S')}"
    number = 1
    while (named := folder if number == 1 else Path(f"{folder}-{number}")).exists():
        number += 1
    here = Path.cwd()
    return named.relative_to(here) if named.is_relative_to(here) else named
