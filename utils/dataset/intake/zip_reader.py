"""The members of a zip, checked before any is read."""

import io
import os
import stat
import sys
import zipfile

from utils.dataset.archive_limits import (
    MAX_ENTRIES,
    UNPACK,
    ArchiveError,
    check_entries,
    check_expansion,
)
from utils.errors import brief

MAX_DIRECTORY_BYTES = 134 * MAX_ENTRIES
"""Most bytes of a zip's list of its files, which zipfile reads as a whole."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ENCRYPTED = 1
_LONGEST_END = 22 + 2**16
_IN_ZIP64 = 2**16 - 1  # the number stands elsewhere


class _InPieces(io.BufferedReader):
    """A file that refuses to be read in larger pieces than `most`, whatever a header says."""

    most = MAX_DIRECTORY_BYTES

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > self.most:
            raise ArchiveError(f"its list of files takes {size} bytes", UNPACK)
        return super().read(size)


class ZipReader:
    """A zip in an open file.

    Attributes
    ----------
    members
        Its files, in its order.
    folders
        The names of its folders, as far as it lists them.

    Raises
    ------
    ArchiveError
        If a member is encrypted, compressed by an unknown method, a link or the like, or if the
        zip has too many members or claims to hold far more than its own size.
    zipfile.BadZipFile, OSError, ValueError, ...
        If it is damaged.
    """

    def __init__(self, file: io.BufferedReader) -> None:
        pieces = _InPieces(file.raw)
        self._zip = zipfile.ZipFile(pieces)
        pieces.most = sys.maxsize
        listed = self._zip.infolist()
        check_entries(len(listed))
        _check_count(file, len(listed))
        check_expansion(sum(m.file_size for m in listed), file.seek(0, os.SEEK_END))
        self.members = [member for member in listed if not member.is_dir()]
        self.folders = [member.filename for member in listed if member.is_dir()]
        for member in self.members:
            _check(member)

    def __enter__(self) -> "ZipReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def read(self, member: zipfile.ZipInfo, most: int) -> bytes:
        """Return the bytes of a member, the first `most` of them where it is larger."""
        with self._zip.open(member) as file:
            data = file.read(most)
        if len(data) != min(member.file_size, most):
            raise EOFError(f"has {len(data)} bytes, should have {member.file_size}")
        return data


def _check_count(file: io.BufferedReader, listed: int) -> None:
    """Hold the list against the number of files at the end, which zipfile does not look at.

    A damaged length makes one entry of the list swallow the next.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_END))
    tail = file.read()
    told = int.from_bytes(tail[tail.rfind(b"PK\5\6") :][10:12], "little")
    if told not in (listed % 2**16, _IN_ZIP64):
        raise ArchiveError(f"it lists {listed} files, and says that it has {told}")


def _check(member: zipfile.ZipInfo) -> None:
    shown = f"'{brief(member.orig_filename, 200)}'"
    if member.flag_bits & _ENCRYPTED:
        raise ArchiveError(f"{shown} is encrypted", UNPACK)
    if member.compress_type not in _METHODS:
        method = zipfile.compressor_names.get(member.compress_type, member.compress_type)
        raise ArchiveError(f"{shown} is compressed by the method {method}, not by deflate", UNPACK)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        what = "a link" if kind == stat.S_IFLNK else "no plain file"
        raise ArchiveError(f"{shown} is {what}", "pack the files themselves")
