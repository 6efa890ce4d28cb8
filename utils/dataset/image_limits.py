"""What a picture file may ask for beyond its pixels, checked before Pillow reads it.

The number of pixels bounds neither time nor memory alone: a JPEG of 1 MB can hold thousands of
scans of 100 megapixels, a PNG or JPEG millions of empty parts, and the tags of a TIFF of 1 MB can
each point at that whole megabyte. Damage that decoders pass over, in the data of a PNG, is found
here, too.
"""

import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partialmethod
from threading import Lock
from typing import BinaryIO

from PIL import Image, TiffImagePlugin

MAX_PIXELS = 100_000_000
"""More than a 100-megapixel camera gives: a decompression bomb, or not a photograph."""

MAX_SIDE = 65_500
"""Pixels of a side: what a JPEG can have, which copies and drawings are written as."""

MAX_PARTS = 100_000
"""Segments of a JPEG, chunks of a PNG. A PNG of 512 MiB in libpng's chunks of 8 KiB has 65,536."""

MAX_SCANS = 100
"""Passes over the picture in a progressive JPEG; encoders write about ten."""

MAX_JUNK = 2**16
"""Bytes between the segments of a JPEG that belong to none."""

MAX_EXIF = 2**18
"""Bytes of EXIF; a camera's fit into one JPEG segment of 65,535."""

MAX_TAG_BYTES = 2**22
"""Most bytes of all numbers in a TIFF directory; 100 megapixels in tiles of 16 x 16 have 3 MB of
places."""

_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")  # of a segment that has a length, or EOI
_EOI, _SOS, _APP1 = 0xD9, 0xDA, 0xE1
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_NO_NUMBERS = {1, 2, 7}  # types of TIFF tags that stay bytes or text: BYTE, ASCII, UNDEFINED
_PLACES = {273, 324}  # of strips and tiles, whatever their type


def check_structure(data: bytes) -> None:
    """Walk through the parts of a PNG or JPEG.

    Raises
    ------
    ValueError
        If they are more than any camera or program writes, or a PNG's data are damaged.
    """
    if data.startswith(_PNG):
        _check_png(data)
    elif data.startswith(_JPEG):
        _check_jpeg(data)


def check_exif(size: int) -> None:
    """Raise ValueError if the EXIF of a picture has too many bytes."""
    if size > MAX_EXIF:
        raise ValueError(f"its EXIF has {size} bytes, more than {MAX_EXIF}")


def _check_png(data: bytes) -> None:
    view, place = memoryview(data), len(_PNG)
    for _ in range(MAX_PARTS):
        kind, end = data[place + 4 : place + 8], place + 8 + _number(data, place, 4)
        if kind == b"IEND" or end + 4 > len(data):
            return  # that the end is missing is for the decoder to say
        # Pillow checks the sums of all other chunks.
        if kind == b"IDAT" and zlib.crc32(view[place + 4 : end]) != _number(data, end, 4):
            raise ValueError(f"the checksum of its data at byte {place} is wrong")
        place = end + 4
    raise ValueError(f"it has more than {MAX_PARTS} chunks")


def _check_jpeg(data: bytes) -> None:
    place, scans, junk, exif = len(_JPEG), 0, 0, 0
    for _ in range(MAX_PARTS):
        found = _MARKER.search(data, place)
        if not scans:
            junk += (found.start() if found else len(data)) - place
        if junk > MAX_JUNK:
            raise ValueError(f"it has more than {MAX_JUNK} bytes that belong to no segment")
        if found is None or data[found.end() - 1] == _EOI:
            return
        kind, place = data[found.end() - 1], found.end()
        size = max(2, _number(data, place, 2))
        scans += kind == _SOS
        if scans > MAX_SCANS:
            raise ValueError(f"it has more than {MAX_SCANS} scans")
        if kind == _APP1 and data.startswith(b"Exif\0\0", place + 2):
            exif += size
            check_exif(exif)
        place += size
    raise ValueError(f"it has more than {MAX_PARTS} segments")


def _number(data: bytes, place: int, size: int) -> int:
    return int.from_bytes(data[place : place + size], "big")


@contextmanager
def pillow_limits() -> Iterator[None]:
    """Let Pillow read within our bounds, and only as long as this lasts.

    Pillow takes such bounds from its own modules alone. Several threads may be in here at a time:
    the first sets them, the last puts back what was there.
    """
    with _lock:
        if not _Entered.threads:
            _set_limits(_Entered.scope)
        _Entered.threads += 1
    try:
        yield
    finally:
        with _lock:
            _Entered.threads -= 1
            if not _Entered.threads:
                _Entered.scope.close()


class _Entered:
    threads = 0
    scope = ExitStack()


_lock = Lock()


def _set_limits(scope: ExitStack) -> None:
    directory = TiffImagePlugin.ImageFileDirectory_v2
    scope.callback(setattr, directory, "load", directory.load)
    scope.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    scope.enter_context(warnings.catch_warnings())
    # Pillow reads all tags before it tells the size of a picture, and those of EXIF wherever it
    # meets them; there is no other place to stand in between.
    directory.load = partialmethod(_load_bounded, directory.load)
    # `MAX_PIXELS` is checked before decoding; Pillow's own bound would warn below it, and above it
    # besides the error that says so.
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    # Tags that overlap, and so are larger than their file, Pillow leaves out, with a line for each
    # of up to 65,535.
    warnings.filterwarnings("ignore", "Tag data larger than file", UserWarning)


def _load_bounded(
    self: TiffImagePlugin.ImageFileDirectory_v2, load: Callable[..., None], file: BinaryIO
) -> None:
    load(self, file)
    numbers = (
        len(data)
        for tag, data in self._tagdata.items()
        if self.tagtype[tag] not in _NO_NUMBERS or tag in _PLACES
    )
    if sum(numbers) > MAX_TAG_BYTES:
        raise ValueError(f"its tags hold more than {MAX_TAG_BYTES} bytes of numbers")
