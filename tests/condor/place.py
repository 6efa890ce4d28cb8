"""Where a pool keeps its files while it runs, and how those of a killed one are found."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# On disk: /tmp may be memory, and what jobs write there need not fit.
PARENT = Path("/var/tmp")  # noqa: S108
PREFIX = "mask-detection-pool-"


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """Make a folder, locked while it is in use and removed afterwards."""
    new = Path(tempfile.mkdtemp(prefix="." + PREFIX, dir=PARENT))
    folder = PARENT / new.name[1:]
    lock = os.open(new / "lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        new.chmod(0o755)
        new.rename(folder)  # only now: what has this name and is not locked, is stale
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def clean_stale() -> None:
    """Remove the folders of pools whose Python has ended; their processes ended with it."""
    for folder in PARENT.glob(PREFIX + "*"):
        with contextlib.suppress(OSError), open(folder / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
