"""Where the files of what was seen go: a folder of the disk, or memory with a bound."""

import errno
import io
import math
import os
from pathlib import Path
from typing import BinaryIO, Protocol

from utils.records import atomic_file


class Folder(Protocol):
    """Files by name.

    Attributes
    ----------
    full
        Why nothing more fits, in words.
    """

    full: str

    def open(self, name: str) -> BinaryIO:
        """Return a new file that grows, unbuffered."""
        ...

    def target(self, name: str) -> Path | BinaryIO:
        """Return what a library is given that opens, or writes, a new file itself."""
        ...

    def write(self, name: str, data: bytes, to_disk: bool = True) -> None:
        """Write a file whole, or not at all."""
        ...

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        ...


class DiskFolder:
    """A folder of the disk; it is made."""

    full = "the disk is full"

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def open(self, name: str) -> BinaryIO:
        """Return a new file that grows, unbuffered."""
        return open(self.path / name, "wb", buffering=0)

    def target(self, name: str) -> Path:
        """Return what a library is given that opens a new file itself."""
        return self.path / name

    def write(self, name: str, data: bytes, to_disk: bool = True) -> None:
        """Write a file whole, or not at all."""
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        with atomic_file(path, to_disk) as file:
            file.write(data)

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        return (self.path / name).read_bytes()


class MemoryFolder:
    """Files in memory, which are gone with it; no file is on the disk.

    Parameters
    ----------
    most
        Bytes that all of them have together, at most: what would be more is an `OSError` as that of
        a full disk.
    """

    full = "it grew larger than is kept in memory"

    def __init__(self, most: int) -> None:
        self._most: float = most
        self.files: dict[str, _MemoryFile] = {}

    def __str__(self) -> str:
        return "memory"

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files.values())

    def open(self, name: str) -> BinaryIO:
        """Return a new file that grows."""
        self.files[name] = _MemoryFile(self)
        return self.files[name]

    def target(self, name: str) -> BinaryIO:
        """Return what a library is given that writes a new file."""
        return self.open(name)

    def write(self, name: str, data: bytes, to_disk: bool = True) -> None:
        """Write a file whole, or not at all."""
        before = self.files.pop(name, None)
        try:
            self.open(name).write(data)
        except OSError:
            del self.files[name]
            if before is not None:
                self.files[name] = before
            raise

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        if name not in self.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return self.files[name].getvalue()

    def widen(self) -> None:
        """Let everything fit from now on: what is left to be written is small."""
        self._most = math.inf

    def check(self, more: int) -> None:
        """Raise an `OSError` if so many bytes more do not fit."""
        if self.size + more > self._most:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _MemoryFile(io.BytesIO):
    def __init__(self, folder: MemoryFolder) -> None:
        super().__init__()
        self._folder = folder

    @property
    def size(self) -> int:
        return self.getbuffer().nbytes

    def write(self, data: bytes) -> int:
        self._folder.check(max(0, self.tell() + len(data) - self.size))
        return super().write(data)

    def close(self) -> None:
        """Keep the content: it is gone with the folder."""
