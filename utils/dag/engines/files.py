"""Files between the cache, the jobs' scratch folders and the output folder."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

_FICLONE = 0x40049409  # linux/fs.h


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(source: Path, target: Path) -> None:
    """Copy a file's content and permissions; `target` appears whole or not at all.

    Blocks are shared where the file system can do that. A link would be quicker elsewhere, but a
    job that changes its input in place would change it for all.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".tmp")
    with open(source, "rb") as old, open(temporary, "wb") as new:
        if not _clone(old.fileno(), new.fileno()):
            shutil.copyfileobj(old, new, 1 << 20)
    shutil.copymode(source, temporary)
    os.replace(temporary, target)


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


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it; that it is not there is no error."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)
