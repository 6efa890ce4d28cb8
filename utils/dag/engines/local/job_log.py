"""The log of a job, bounded: of what one try writes, the beginning and the end are kept.

A job writes to its log itself, with nothing of ours in between. When it has written too much, the
middle is cut out of the file where it lies (the blocks are given back, the job goes on appending);
when the job has ended, the file is written anew, with a line that says how much is left out.
"""

import contextlib
import ctypes
import os
import shutil
import sys
import time
from pathlib import Path

from utils.records import atomic_file

HEAD = TAIL = 8 * 2**20
"""Bytes of a try that are kept."""

_KEEP_SIZE, _PUNCH_HOLE = 1, 2  # linux/falloc.h
_BLOCK = 2**20
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class JobLog:
    """The part of a log that one try writes, after what is there already.

    Parameters
    ----------
    path
        The log; it need not exist.
    job
        The job's name, for the line that says that a try begins.
    """

    def __init__(self, path: Path, job: str) -> None:
        self.path = path
        self.handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        """For the job to write to; `release` it once the job has it."""
        try:
            os.write(self.handle, f"--- {time.strftime('%F %T')} {job} ---\n".encode())
            self._begin = os.fstat(self.handle).st_size
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Close the handle."""
        os.close(self.handle)

    def bound(self) -> None:
        """Give back the blocks of the middle, if there is much of it; where that cannot be, none.

        The size stays, and what is cut out reads as zeros.
        """
        if _libc is None:
            return
        cut = self._middle()
        first, last = -(-cut.start // _BLOCK) * _BLOCK, cut.stop // _BLOCK * _BLOCK
        if last - first < _BLOCK:
            return
        with contextlib.suppress(OSError), open(self.path, "r+b") as file:
            _libc.fallocate(
                file.fileno(),
                _PUNCH_HOLE | _KEEP_SIZE,
                ctypes.c_int64(first),
                ctypes.c_int64(last - first),
            )

    def close(self) -> None:
        """Cut the middle out for good, now that nobody writes any more.

        Raises
        ------
        OSError
            If the shortened log cannot be written; the log is then as it was.
        """
        cut = self._middle()
        if not cut:
            return
        with open(self.path, "rb") as old, atomic_file(self.path, to_disk=False) as new:
            _copy(old, new, cut.start)
            new.write(f"\n--- {len(cut):,} bytes are left out here ---\n".encode())
            old.seek(cut.stop)
            shutil.copyfileobj(old, new)

    def _middle(self) -> range:
        """Return what is to be left out, as offsets."""
        try:
            size = self.path.stat().st_size
        except OSError:  # somebody removed it
            return range(0)
        cut = range(self._begin + HEAD, size - TAIL)
        return cut if cut else range(0)


def _copy(old, new, size: int) -> None:
    while size > 0 and (data := old.read(min(size, 1 << 20))):
        new.write(data)
        size -= len(data)
