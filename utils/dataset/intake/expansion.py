"""Compressed tars, expanded to an unnamed file within bounds of size and memory."""

import bz2
import contextlib
import lzma
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from utils.dataset.archive_limits import ArchiveError, check_expansion
from utils.errors import is_full_disk

_MAX_DICTIONARY = 256 * 1024**2  # xz -9 takes 64 MiB
_BLOCK = 2**18


def expanded(file: BinaryIO) -> BinaryIO | None:
    """Return what a gzip, bzip2 or xz file holds, as an unnamed file; None if it is none of them.

    Raises
    ------
    ArchiveError
        If it holds too much, or the folder for temporary files (``$TMPDIR``) is full.
    zlib.error, OSError, EOFError, ValueError, lzma.LZMAError
        If it is damaged or cut off.
    """
    new_decoder = _decoder_of(file)
    if new_decoder is None:
        return None
    own, held = file.seek(0, os.SEEK_END), 0
    file.seek(0)
    output = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    try:
        for block in _decompressed(file, new_decoder):
            held += len(block)
            check_expansion(held, own)
            output.write(block)
        output.seek(0)
    except BaseException as error:
        with contextlib.suppress(OSError):  # of bytes that it could not write
            output.close()
        if is_full_disk(error):
            folder = tempfile.gettempdir()
            why = f"no space to expand it in {folder}"
            raise ArchiveError(why, "free some, or set TMPDIR") from error
        raise
    return output


class _Gunzip:
    """zlib's decompressor with the methods that those of bz2 and lzma have."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    def decompress(self, data: bytes, most: int) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, most)

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail and not self.eof

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data


_DECODERS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": _Gunzip,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(memlimit=_MAX_DICTIONARY),
}


def _decoder_of(file: BinaryIO) -> Callable[[], Any] | None:
    start = file.read(6)
    file.seek(0)
    return next((new for magic, new in _DECODERS.items() if start.startswith(magic)), None)


def _decompressed(file: BinaryIO, new_decoder: Callable[[], Any]) -> Iterator[bytes]:
    """Yield blocks of what one stream holds, or several end to end, as parallel packers write."""
    data = file.read(_BLOCK)
    while data:
        decoder = new_decoder()
        while not decoder.eof:
            yield decoder.decompress(data, _BLOCK)
            data = b""
            if decoder.needs_input:
                data = file.read(_BLOCK)
                if not data:
                    raise EOFError("cut off before its end")
        data = decoder.unused_data.lstrip(b"\0")
        while not data and (more := file.read(_BLOCK)):  # zeros pad it
            data = more.lstrip(b"\0")
