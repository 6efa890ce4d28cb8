"""Files of a folder, a zip or a tar, listed once and read one at a time, in any order.

Nothing is extracted to disk, so names such as ``../x`` are harmless. Only the standard library is
used, as packing is part of starting the workflow.
"""

import bz2
import gzip
import lzma
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any

from utils.dataset.shards import MAX_MEMBER_BYTES
from utils.errors import InputError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
"""Suffixes (lower case) by which photographs are found in folders and archives."""

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

_COMPRESSIONS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}

_DAMAGED = (
    OSError,
    EOFError,
    RuntimeError,  # zipfile's for an encrypted file
    NotImplementedError,  # zipfile's for an unknown compression
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


class Source:
    """A folder, an archive or a single photograph; use it in a ``with`` statement.

    Attributes
    ----------
    path
        What was opened.
    files
        Path inside the source, with ``/`` between its parts, to what `read` finds the file by.
        Hidden files and those that macOS adds to archives are not listed.

    Raises
    ------
    InputError
        If the path does not exist, is of no known kind, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._open = ExitStack()
        self.files: dict[str, Any] = {}
        try:
            self._list()
        except _DAMAGED as error:
            self._open.close()
            raise InputError(f"{path}: cannot be read ({error}); replace it") from error
        except InputError:
            self._open.close()
            raise

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def read(self, name: str) -> bytes:
        """Return the bytes of one of `files`.

        Raises
        ------
        InputError
            If it is damaged, encrypted, or larger than `MAX_MEMBER_BYTES`.
        """
        try:
            data = self._read(self.files[name])
        except _DAMAGED as error:
            raise InputError(f"{self.path}: {name}: cannot be read ({error})") from error
        if len(data) > MAX_MEMBER_BYTES:
            raise InputError(f"{self.path}: {name}: has more than {MAX_MEMBER_BYTES} bytes")
        return data

    def _list(self) -> None:
        lower = self.path.name.lower()
        if self.path.is_dir():
            self._read = _read_file
            listing = _walk(self.path, "")
        elif not self.path.exists():
            raise InputError(f"{self.path}: no such file or folder")
        elif lower.endswith(IMAGE_SUFFIXES):
            self._read = _read_file
            listing = iter([(self.path.name, str(self.path))])
        elif lower.endswith(".zip"):
            archive = self._open.enter_context(zipfile.ZipFile(self.path))
            self._read = lambda member: _read_zipped(archive, member)
            listing = ((m.filename, m) for m in archive.infolist() if not m.is_dir())
        elif lower.endswith(ARCHIVE_SUFFIXES):
            file = self._open.enter_context(_uncompressed(self.path))
            self._read = lambda place: _read_slice(file, *place)
            listing = _walk_tar(file, self.path)
        else:
            raise InputError(
                f"{self.path}: expected a folder, an archive ({' '.join(ARCHIVE_SUFFIXES)}) "
                f"or a photograph ({' '.join(IMAGE_SUFFIXES)})"
            )
        for name, place in listing:
            parts = PurePosixPath(name).parts
            if not any(part.startswith(".") or part == "__MACOSX" for part in parts):
                self.files["/".join(parts)] = place


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield the regular files under `folder`; links to files count, links to folders do not."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    yield from _walk(entry.path, f"{prefix}{entry.name}/")
            elif entry.is_file():
                yield f"{prefix}{entry.name}", entry.path


def _walk_tar(file: Any, path: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    with tarfile.open(fileobj=file, mode="r:") as tar:
        while (member := tar.next()) is not None:
            if member.isreg() and not member.issparse():
                yield member.name, (member.offset_data, member.size)
            elif not member.isdir():
                raise InputError(
                    f"{path}: {member.name!r} is a link or device; "
                    "pack the files themselves (tar --dereference)"
                )
            tar.members.clear()  # else 100,000 headers stay in memory


def _uncompressed(path: Path) -> Any:
    """Open a tar for reading at any place; a compressed one is expanded to an unnamed file."""
    file = open(path, "rb")  # noqa: SIM115 (the caller closes it)
    start = file.read(6)
    file.seek(0)
    for magic, opener in _COMPRESSIONS.items():
        if start.startswith(magic):
            expanded = tempfile.TemporaryFile()  # noqa: SIM115
            with file, opener(file) as stream:
                shutil.copyfileobj(stream, expanded, 2**20)
            expanded.seek(0)
            return expanded
    return file


def _read_file(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(MAX_MEMBER_BYTES + 1)


def _read_zipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        return file.read(MAX_MEMBER_BYTES + 1)


def _read_slice(file: Any, offset: int, size: int) -> bytes:
    file.seek(offset)
    data = file.read(min(size, MAX_MEMBER_BYTES + 1))
    if len(data) < min(size, MAX_MEMBER_BYTES + 1):
        raise EOFError("the archive ends too early")
    return data
