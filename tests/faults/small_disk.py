"""A small file system in memory, which can be filled, emptied and made read-only."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

MANY = 1_000_000
"""Files that are as good as no limit; without one the system would not count them."""


class CannotMount(Exception):
    """This process may not mount a file system (it needs root, with all its capabilities)."""


class SmallDisk:
    """A tmpfs, mounted at `place`."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def limit_files(self, count: int) -> None:
        """Let it hold so many files and folders."""
        self._remount(f"nr_inodes={count}")

    def read_only(self, yes: bool) -> None:
        """Make it read-only, or writable again."""
        self._remount("ro" if yes else "rw")

    def _remount(self, option: str) -> None:
        command = ["mount", "-o", f"remount,{option}", str(self.place)]
        subprocess.run(command, check=True, capture_output=True)

    def files(self) -> int:
        """Return how many files and folders there are."""
        disk = os.statvfs(self.place)
        return disk.f_files - disk.f_ffree

    def fill(self, leave: int = 0) -> None:
        """Fill it with a file, but for `leave` bytes."""
        with contextlib.suppress(OSError), open(self.place / "ballast", "wb", buffering=0) as file:
            while True:
                disk = os.statvfs(self.place)
                free = disk.f_bavail * disk.f_frsize - leave
                if free <= 0 or not file.write(bytes(min(free, 2**20))):
                    break

    def empty(self) -> None:
        """Remove what filled it."""
        (self.place / "ballast").unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(place: Path, mib: float) -> Iterator[SmallDisk]:
    """Mount a file system of so many MiB at a folder, which is made; unmount it at the end.

    Raises
    ------
    CannotMount
        Where that is not allowed.
    """
    place.mkdir(parents=True)
    options = f"size={int(mib * 1024)}k,mode=755"
    mount = ["mount", "-t", "tmpfs", "-o", options, "faults", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotMount(str(error)) from error
    try:
        yield SmallDisk(place)
    finally:
        unmount = ["umount", "--lazy", str(place)]
        subprocess.run(unmount, check=True)
