"""Files between the cache, the jobs' scratch folders and the output folder."""

import contextlib
import errno
import fcntl
import os
import shutil
import stat
import sys
import time
from pathlib import Path

from utils.records import atomic_file

_FICLONE = 0x40049409  # linux/fs.h


def copy(source: Path, target: Path) -> None:
    """Copy a file's content and permissions; `target` appears whole or not at all.

    Blocks are shared where the file system can do that. A link would be quicker elsewhere, but a
    job that changes its input in place would change it for all.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(source, "rb") as old, atomic_file(target, to_disk=False) as new:
        if not _clone(old.fileno(), new.fileno()):
            shutil.copyfileobj(old, new, 1 << 20)
        os.fchmod(new.fileno(), stat.S_IMODE(os.fstat(old.fileno()).st_mode))


def move(source: Path, target: Path) -> None:
    """Move a file, flushed to disk; `target` appears whole or not at all."""
    sync(source)
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy(source, target)  # the run folder is a file system of its own
        sync(target)
        source.unlink()


def _clone(source: int, target: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def sync(path: Path) -> None:
    """Flush a file or a folder to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def last_lines(path: Path, count: int, within: int = 2**20) -> list[str]:
    """Return the last lines of a file, of its last `within` bytes; none if there is no file."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - within))
            text = file.read()
    except OSError:
        return []
    return text.decode(errors="replace").splitlines()[-count:]


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it, also what a job made read-only; it need not be there.

    Raises
    ------
    OSError
        If something cannot be removed.
    """
    for patience in (0.0, 0.01, 0.1, 1.0, None):
        try:
            shutil.rmtree(path)
        except OSError:  # something in it vanished or was made meanwhile, or is read-only
            if not path.exists():
                return
            if patience is None:
                raise
            _make_writable(path)
            time.sleep(patience)


def _make_writable(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.chmod(0o700)
        for folder, names, _ in os.walk(path):
            for name in names:
                if not os.path.islink(inner := os.path.join(folder, name)):  # noqa: PTH114, PTH118
                    os.chmod(inner, 0o700)  # noqa: PTH101
