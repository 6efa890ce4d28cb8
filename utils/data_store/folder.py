"""A store in a folder: files appear whole or not at all, and locks are the kernel's."""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from utils import files
from utils.errors import InputError, is_full_disk
from utils.records import atomic_file

LOCK = ".lock"
PATIENCE = 30.0
"""Seconds that who adds waits for who removes, and the other way round."""


class FolderPlace:
    """A folder on this machine, or mounted; it need not be there before something is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = str(folder)
        self._made: set[Path] = set()

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        try:
            return (self._folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(name) from error
        except OSError as error:
            raise self._trouble(error, "read") from error

    def write(self, name: str, data: bytes) -> None:
        """Write a file, flushed to disk under another name and then renamed."""
        path = self._folder / name
        try:
            self._make(path.parent)
            with atomic_file(path) as file:
                file.write(data)
        except OSError as error:
            raise self._trouble(error, "written") from error

    def settle(self) -> None:
        """Flush the folders that were written to, so that the names in them outlive a crash."""
        with contextlib.suppress(OSError):  # a file system that cannot
            for folder in self._made:
                files.sync(folder)

    def sizes(self, folder: str = "") -> dict[str, int]:
        """Return the size of each file by its name."""
        found: dict[str, int] = {}
        waiting = [(self._folder / folder, f"{folder}/" if folder else "")]
        try:
            while waiting:
                path, before = waiting.pop()
                with contextlib.suppress(FileNotFoundError), os.scandir(path) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((path / entry.name, f"{before}{entry.name}/"))
                        elif f"{before}{entry.name}" != LOCK:
                            with contextlib.suppress(FileNotFoundError):  # renamed meanwhile
                                found[f"{before}{entry.name}"] = entry.stat().st_size
        except OSError as error:
            raise self._trouble(error, "read") from error
        return found

    def remove(self, name: str) -> None:
        """Remove a file, and the folder that it was the last of."""
        path = self._folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise self._trouble(error, "written") from error
        with contextlib.suppress(OSError):  # it is not empty
            path.parent.rmdir()
            self._made.discard(path.parent)

    def move(self, name: str, to: str) -> None:
        """Give a file another name."""
        try:
            self._make((self._folder / to).parent)
            os.replace(self._folder / name, self._folder / to)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._trouble(error, "written") from error

    @contextlib.contextmanager
    def adding(self) -> Iterator[None]:
        """Hold off those who remove; others may add at the same time."""
        with self._locked(fcntl.LOCK_SH):
            yield
            self.settle()

    @contextlib.contextmanager
    def removing(self) -> Iterator[None]:
        """Hold off all others."""
        with self._locked(fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        """Hold the lock, which the kernel releases when a process ends, however it ends."""
        self._made.clear()  # of folders, others may have removed some meanwhile
        try:
            self._make(self._folder)
            file = open(self._folder / LOCK, "a")  # noqa: SIM115
        except OSError as error:
            raise self._trouble(error, "written") from error
        with file:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    fcntl.flock(file, kind | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise InputError(
                            f"{self.address}: somebody else adds to this store, or removes from "
                            "it; wait for that, and try again"
                        ) from None
                    time.sleep(0.05)
                except OSError as error:
                    raise InputError(
                        f"{self.address}: cannot be locked ({error.strerror}); a store needs a "
                        "file system with locks"
                    ) from error
            yield

    def _make(self, folder: Path) -> None:
        if folder not in self._made:
            folder.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)

    def _trouble(self, error: OSError, what: str) -> InputError:
        if is_full_disk(error):
            return InputError(
                f"{self.address}: the disk is full; free some space and do it again, which goes on "
                "where this stopped, or name another store with --store"
            )
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            return InputError(
                f"{self.address}: cannot be {what} ({error.strerror}); change its permissions, or "
                "name another store with --store"
            )
        return InputError(f"{error.filename or self.address}: cannot be {what}: {error.strerror}")
