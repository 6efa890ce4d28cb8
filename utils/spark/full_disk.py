"""A disk that is full: which one it is, and how to go on."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from utils.errors import InputError, is_full_disk
from utils.spark.words import DiskFull, in_words

_LITTLE, _SHARE = 64e6, 0.02
"""Bytes, and share of a disk: with less than either it is taken for the one that is full, because
what could not be written whole is removed by then."""

AGAIN = "make room and give the same command again{}: it goes on where it stopped"


@contextlib.contextmanager
def full_disk_told(folders: Mapping[str, str | Path], named: str = "") -> Iterator[None]:
    """Turn an error that says that a disk is full into one that says which, and what to do.

    Parameters
    ----------
    folders
        What is written to on this machine, by the option that names it.
    named
        What the same command needs besides to go on.

    Raises
    ------
    InputError
        It names the folder, and its option.
    """
    try:
        with in_words():
            yield
    except (DiskFull, OSError) as error:
        if not isinstance(error, DiskFull) and not is_full_disk(error):
            raise
        raise InputError(_told(folders, named)) from error


def _told(folders: Mapping[str, str | Path], named: str) -> str:
    again = AGAIN.format(named)
    free = {}
    for option, folder in folders.items():
        with contextlib.suppress(OSError):
            free[option] = shutil.disk_usage(_there(Path(folder)))
    full = [
        f"{option} {folders[option]}: its disk is full ({usage.free / 1e6:,.1f} of "
        f"{usage.total / 1e6:,.1f} MB are free)"
        for option, usage in sorted(free.items(), key=lambda item: item[1].free)
        if usage.free < max(_LITTLE, _SHARE * usage.total)
    ]
    if full:
        return f"{full[0]}; {again}"
    named_all = ", ".join(f"{option} {folder}" for option, folder in folders.items())
    return f"a disk is full, or somebody's share of it ({named_all}, or one of a worker); {again}"


def _there(folder: Path) -> Path:
    """Return a folder, or the nearest above it that is there."""
    return next(one for one in (folder, *folder.absolute().parents) if one.exists())


def local_folder(conf: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """Return where Spark keeps what it works with on this machine."""
    given = conf.get("spark.local.dir") or environment.get("SPARK_LOCAL_DIRS")
    return (given or tempfile.gettempdir()).split(",")[0]
