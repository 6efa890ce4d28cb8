"""The members of a tar, read strictly: what is cut off, damaged or hostile is an error.

The standard library's reader takes a tar that ends between two members for a whole one, so a cut
copy would lose photographs without a word; and some headers make it loop or take memory without
limit (CVE-2024-6232, CVE-2025-8194). This one knows the formats in use (ustar, GNU, PAX), reads
headers only, and ends in time that grows with the file alone.
"""

import os
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from utils.dataset.archive_limits import ArchiveError, check_entries
from utils.errors import brief

BLOCK = 512
MAX_EXTENSION = 1024**2
"""Bytes of a long name or of PAX records, which hold names, times and attributes."""

_FILE, _FOLDER = (b"0", b"\0", b"7"), b"5"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL, _PAX_SOLARIS = b"L", b"K", b"x", b"g", b"X"
_EXTENSIONS = (_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL, _PAX_SOLARIS)
_KINDS = {
    b"1": "a link",
    b"2": "a link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a named pipe",
    b"S": "a sparse file",
}
_SPARSE = b"GNU.sparse."
_USED = {b"path", b"size", _SPARSE}
_PLAIN = "pack the files themselves (tar --dereference)"
_RECORD = re.compile(rb"([1-9][0-9]{0,9}) ([^=\n]+)=")


class Member(NamedTuple):
    """A file in a tar: its name, where its bytes begin, and how many there are."""

    name: str
    offset: int
    size: int


class _Header(NamedTuple):
    name: bytes
    size: int
    kind: bytes


def tar_members(file: BinaryIO, folders: list[str] | None = None) -> Iterator[Member]:
    """Yield the files of an uncompressed tar in their order.

    The names of folders are appended to `folders`. A name that is not UTF-8 comes with surrogates,
    as names of files do in Python.

    Raises
    ------
    ArchiveError
        If the file is no tar, a header is damaged, the end is missing or is not the end, or a
        member is a link, a device or the like.
    """
    total = file.seek(0, os.SEEK_END)
    place = entries = 0
    shared: dict[bytes, bytes] = {}
    own: dict[bytes, bytes] = {}
    while True:
        block = _read(file, place, BLOCK, total)
        if not any(block):
            return _check_end(file, place, total)
        entries += 1
        check_entries(entries)
        header = _header(block, place)
        place += BLOCK
        if header.kind in _EXTENSIONS:
            if header.size > MAX_EXTENSION:
                raise ArchiveError(f"a header of {header.size} bytes at byte {place}")
            data = _read(file, place, header.size, total)
            if header.kind == _LONG_NAME:
                own[b"path"] = data.partition(b"\0")[0]
            elif header.kind != _LONG_LINK:
                records = shared if header.kind == _PAX_GLOBAL else own
                records.update(_records(data, place))
        else:
            header = _extended(header, {**shared, **own}, place)
            own = {}
            if header.kind == _FOLDER:
                if folders is not None:
                    folders.append(header.name.decode("utf-8", "surrogateescape"))
                continue  # some have a size, but none has bytes
            if header.kind not in _FILE:
                what = _KINDS.get(header.kind, f"of type {header.kind!r}")
                raise ArchiveError(f"{_shown(header.name)} is {what}", _PLAIN)
            if place + header.size > total:
                raise ArchiveError(f"{_shown(header.name)} goes beyond the file, which was cut off")
            yield Member(header.name.decode("utf-8", "surrogateescape"), place, header.size)
        place += -(-header.size // BLOCK) * BLOCK


def _read(file: BinaryIO, place: int, size: int, total: int) -> bytes:
    if place + size > total:
        raise ArchiveError("empty" if not total else f"cut off at byte {total}, before its end")
    file.seek(place)
    return file.read(size)


def _check_end(file: BinaryIO, place: int, total: int) -> None:
    """Two blocks of zeros end a tar, and nothing but zeros may follow."""
    if total < place + 2 * BLOCK:
        raise ArchiveError(f"cut off at byte {total}, before its end")
    file.seek(place)
    while block := file.read(2**20):
        if block.count(0) != len(block):
            raise ArchiveError("there is more after its end; are these several archives in one?")


def _header(block: bytes, place: int) -> _Header:
    told = _number(block[148:156], place)
    if told != sum(block) - sum(block[148:156]) + 8 * ord(" "):
        raise _no_header(place)
    name = block[:100].partition(b"\0")[0]
    kind = block[156:157]
    prefix = block[345:500].partition(b"\0")[0]
    if prefix and block[257:263] == b"ustar\0":  # GNU's, "ustar ", has times there
        name = prefix + b"/" + name
    if kind == b"\0" and name.endswith(b"/"):  # from before there was a type
        kind = _FOLDER
    return _Header(name, _number(block[124:136], place), kind)


def _no_header(place: int) -> ArchiveError:
    if place:
        return ArchiveError(f"no header, or a damaged one, at byte {place}")
    return ArchiveError("it does not begin as a tar does; is its suffix right?")


def _number(field: bytes, place: int) -> int:
    if field[0] == 0x80:  # GNU's binary numbers, for more than 8 GiB
        return int.from_bytes(field[1:])
    digits = field.partition(b"\0")[0].strip(b" ")
    if not re.fullmatch(rb"[0-7]*", digits):
        raise _no_header(place)
    return int(digits or b"0", 8)


def _records(data: bytes, place: int) -> dict[bytes, bytes]:
    """Return the PAX records that are of use; each is "length keyword=value" and a line break."""
    records, start = {}, 0
    while start < len(data):
        found = _RECORD.match(data, start)
        end = start + int(found[1]) if found else 0
        if not found or not found.end() < end <= len(data) or data[end - 1 : end] != b"\n":
            raise ArchiveError(f"damaged PAX records at byte {place + start}")
        keyword = _SPARSE if found[2].startswith(_SPARSE) else found[2]
        if keyword in _USED:  # the others could be many, and are kept for nothing
            records[keyword] = data[found.end() : end - 1]
        start = end
    return records


def _extended(header: _Header, records: dict[bytes, bytes], place: int) -> _Header:
    """Return a header with what PAX records or a long name before it say."""
    name, size = records.get(b"path", header.name), records.get(b"size")
    kind = b"S" if _SPARSE in records else header.kind
    if size is not None and not re.fullmatch(rb"[0-9]{1,18}", size):
        raise ArchiveError(f"damaged PAX records before byte {place}")
    return _Header(name, header.size if size is None else int(size), kind)


def _shown(name: bytes) -> str:
    return f"'{brief(name[:201].decode('utf-8', 'backslashreplace'), 200)}'"
