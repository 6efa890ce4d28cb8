"""Files of a folder, a zip or a tar, listed once and read one at a time, in any order.

Nothing is extracted to disk under a name of its own. Only the standard library is used, as packing
is part of starting the workflow.
"""

import io
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from utils.dataset.archive_limits import ArchiveError
from utils.dataset.intake.expansion import expanded
from utils.dataset.intake.folders import Walk
from utils.dataset.intake.kinds import (
    FIXES,
    HEAD,
    IMAGE_SUFFIXES,
    JUNK,
    fixes,
    is_photograph,
    kind_by_bytes,
    suffix,
    unread_photograph,
)
from utils.dataset.intake.zip_reader import ZipReader
from utils.dataset.shards import MAX_MEMBER_BYTES
from utils.dataset.tar_reader import Member, tar_members
from utils.errors import InputError, brief

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

_NO_ARCHIVES = ("HTML page", "empty file", "Git LFS pointer", "PDF")
_PART = re.compile(r"\.(?:z\d\d|\d\d\d|part\d+)$")
_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST = 4096  # bytes of a path on Linux
_DAMAGED = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,  # names that are not in their own encoding, places before the start
    IndexError,
    OverflowError,
    MemoryError,  # of a size that is a lie
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""What the standard library raises on damaged and hostile archives; tests/fuzz/ looks for more."""


class Source:
    """A folder, an archive or a single photograph; use it in a ``with`` statement.

    Parameters
    ----------
    path
        Where it lies, or what an archive or photograph in memory is called.
    data
        The bytes of the latter. Nothing is read from disk then, and nothing written, unless it is a
        compressed tar, which is expanded into an unnamed file.

    Attributes
    ----------
    path
        What was opened.
    files
        Path inside the source, with ``/`` between its parts, to what `read` finds the file by.
        Hidden files and those that macOS and Windows add are not listed.
    folders
        Folders inside the source, each ending in ``/``; of an archive those that it lists.
    links_not_followed
        How many links to folders were left out (see `Walk`).
    is_photograph
        Whether it is a single photograph itself.

    Raises
    ------
    InputError
        If the path does not exist, is of no known kind, or is damaged.
    """

    def __init__(self, path: Path, data: bytes | None = None) -> None:
        self.path, self._data = Path(path), data
        self._open = ExitStack()
        self.files: dict[str, Any] = {}
        self.folders: list[str] = []
        self.links_not_followed = 0
        self.is_photograph = False
        try:
            self._list()
        except BaseException as error:
            self._open.close()
            if isinstance(error, ArchiveError):
                raise InputError(f"{path}: cannot be read: {error}") from error
            if isinstance(error, _DAMAGED):
                raise InputError(f"{path}: cannot be read ({_why(error)}); replace it") from error
            raise

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def __str__(self) -> str:
        return str(self.path)

    def head(self, name: str, most: int = HEAD) -> bytes:
        """Return the first bytes of one of `files`, at most `most`; errors as `read`."""
        return self._checked(name, most)

    def read(self, name: str) -> bytes:
        """Return the bytes of one of `files`.

        Raises
        ------
        InputError
            If it is damaged, encrypted, or larger than `MAX_MEMBER_BYTES`.
        """
        data = self._checked(name, MAX_MEMBER_BYTES + 1)
        if len(data) > MAX_MEMBER_BYTES:
            raise InputError(
                f"{self.where(name)}: has more than {MAX_MEMBER_BYTES} bytes; remove it"
            )
        return data

    def where(self, name: str) -> str:
        """Return what to call one of `files` in an error."""
        return f"{self.path}: {brief(name, 200)}"

    def _checked(self, name: str, most: int) -> bytes:
        try:
            return self._read(self.files[name], most)
        except _DAMAGED as error:
            raise InputError(
                f"{self.where(name)}: cannot be read ({_why(error)}); replace or remove it"
            ) from error

    def _list(self) -> None:
        lower = self.path.name.lower()
        if self._data is None and self.path.is_dir():
            self._read = _read_file
            walk = Walk(self.path)
            self._keep(walk.files())
            self.folders = walk.folders
            self.links_not_followed = walk.links_not_followed
        elif self._data is None and not self.path.exists():
            raise InputError(f"{self.path}: no such file or folder")
        elif is_photograph(lower):
            self.is_photograph = True
            self._read = _read_file if self._data is None else _read_bytes
            place = str(self.path) if self._data is None else self._data
            self.files[self.path.name] = place  # also a hidden one: somebody named it
        elif not lower.endswith(ARCHIVE_SUFFIXES):
            raise InputError(f"{self.path}: {_instead(lower)}")
        else:
            file = self._open.enter_context(self._opened())
            kind = kind_by_bytes(file.read(HEAD))
            file.seek(0)
            if kind in _NO_ARCHIVES:
                fix = FIXES[kind].replace("them", "it").replace("they are", "it is")
                raise InputError(f"{self.path}: cannot be read, as it is of kind {kind}; {fix}")
            if lower.endswith(".zip"):
                archive = self._open.enter_context(ZipReader(file))
                self._read = archive.read
                # Some programs on Windows write \\ between folders.
                names = [(m.orig_filename.replace("\\", "/"), m) for m in archive.members]
                self._keep(_inside((name, m) for name, m in names if not name.endswith("/")))
                self.folders = archive.folders + [name for name, _ in names if name[-1:] == "/"]
            else:
                tar = self._open.enter_context(expanded(file) or file)
                self._read = lambda member, most: _read_slice(tar, member, most)
                self._keep(_inside((m.name, m) for m in tar_members(tar, self.folders)))
                self.folders = [f"{name.rstrip('/')}/" for name in self.folders]

    def _opened(self) -> io.BufferedReader:
        return _open_plain(self.path) if self._data is None else in_memory(self._data)

    def _keep(self, listing: Iterable[tuple[str, Any]]) -> None:
        for name, place in listing:
            parts = PurePosixPath(name).parts
            if any(part.startswith(".") or part == "__MACOSX" for part in parts):
                continue
            if parts[-1].lower() in JUNK:
                continue
            name = "/".join(parts)
            if name in self.files:
                raise InputError(f"{self.path}: holds '{brief(name, 200)}' twice; pack it again")
            self.files[name] = place


def _inside(members: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Pass on the members of an archive; a name that leads out of it is an error."""
    for name, place in members:
        if "\0" in name or "\\" in name or not name.strip("/") or len(name) > _LONGEST:
            why = "is not a name of folders and a file with / between them"
        elif name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
            why = "leads out of the archive"
        else:
            yield name, place
            continue
        raise ArchiveError(f"'{brief(name, 200)}' {why}", "pack the folder itself, from beside it")


def _why(error: BaseException) -> str:
    return brief(str(error) or type(error).__name__, 200)  # zipfile quotes names of 65,535 bytes


def _instead(name: str) -> str:
    """Say what a file that is neither archive nor photograph is, and what to give instead."""
    kind = suffix(name)
    if _PART.search(name):
        return "a part of an archive; join and unpack all parts, as `7z x` does; give the folder"
    if kind in (".rar", ".7z", ".gz", ".bz2", ".xz", ".zst", ".cab", ".iso"):
        return f"{kind} archives are not read; unpack it and give the folder, or pack it as .zip"
    if kind in (".json", ".xml", ".csv", ".txt"):
        return (
            "a single file of text or annotations; give photographs, or the folder that holds them "
            "together with their annotations"
        )
    if unread := unread_photograph(name):
        return f"is {unread}, which is not read; {fixes([unread])}"
    return (
        f"expected a folder, an archive ({' '.join(ARCHIVE_SUFFIXES)}) "
        f"or a photograph ({' '.join(IMAGE_SUFFIXES)})"
    )


def in_memory(data: bytes) -> io.BufferedReader:
    """Return a file of bytes that are in memory."""
    return io.BufferedReader(io.BytesIO(data))


def _open_plain(path: str | Path) -> io.BufferedReader:
    """Open a file for reading; a named pipe or a device, which may never end, is an OSError."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError("no plain file")
    return file


def _read_file(path: str, most: int) -> bytes:
    with _open_plain(path) as file:
        return file.read(most)


def _read_bytes(data: bytes, most: int) -> bytes:
    return data[:most]


def _read_slice(file: BinaryIO, member: Member, most: int) -> bytes:
    size = min(member.size, most)
    file.seek(member.offset)
    data = file.read(size)
    if len(data) < size:
        raise EOFError("the archive ends too early")
    return data
