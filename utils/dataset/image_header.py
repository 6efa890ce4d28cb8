"""What the header of a photograph tells: its size and how it is to be turned, without its pixels.

The submit side reads 100,000 of them, so nothing here decodes pixels or imports NumPy.
"""

import io
import struct
import zlib
from typing import Any, NamedTuple

from PIL import Image, UnidentifiedImageError

from utils.dataset.image_limits import (
    MAX_PIXELS,
    MAX_SIDE,
    check_exif,
    check_structure,
    pillow_limits,
)
from utils.errors import InputError, brief

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")

_ORIENTATION = 0x0112  # EXIF tag
_PNG = b"\x89PNG\r\n\x1a\n"
_NO_PIXELS = b"\0\0\0\0IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big")

UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow raises on damaged files of these formats, beside its own errors."""


class Header(NamedTuple):
    """Size of the upright photograph in pixels, and the EXIF orientation (1..8) of what is stored.

    An orientation of 5 to 8 means that the stored picture is a quarter turn away.
    """

    width: int
    height: int
    orientation: int

    @property
    def stored_size(self) -> tuple[int, int]:
        """Width and height of the picture as stored, before its EXIF turn."""
        turned = self.orientation >= 5
        return (self.height, self.width) if turned else (self.width, self.height)


def read_header(data: bytes, name: str) -> Header:
    """Read the header of a photograph; of a JPEG, its first part is enough.

    Parameters
    ----------
    data
        The bytes of a PNG, JPEG, WebP, BMP or TIFF file.
    name
        What to call the file in an error.

    Raises
    ------
    InputError
        If the bytes are no such file, or hold more than `MAX_PIXELS` pixels.
    """
    image = open_image(data, name)
    turned = orientation_of(open_exif(data, name) if data.startswith(_PNG) else image)
    width, height = image.size
    if image.format == "TIFF" or turned < 5:  # Pillow tells a TIFF's upright
        return Header(width, height, turned)
    return Header(height, width, turned)


def turn(corners: Any, orientation: int, width: int, height: int) -> tuple[Any, ...]:
    """Take a box on a stored image (height x width) to the upright one (width x height).

    Parameters
    ----------
    corners
        x1, y1, x2, y2: numbers, or arrays of such.
    orientation
        5 to 8, those that are a quarter turn away.
    """
    x1, y1, x2, y2 = corners
    return {
        5: (y1, x1, y2, x2),  # mirrored along the main diagonal
        6: (width - y2, x1, width - y1, x2),  # a quarter turn clockwise
        7: (width - y2, height - x2, width - y1, height - x1),
        8: (y1, height - x2, y2, height - x1),  # a quarter turn anticlockwise
    }[orientation]


def upright_size(data: bytes, name: str) -> tuple[int, int]:
    """Return (width, height) in pixels after EXIF rotation, from the header alone."""
    return read_header(data, name)[:2]


def orientation(data: bytes, name: str) -> int:
    """Return the EXIF orientation, 1..8; 1 (upright) where there is none."""
    return read_header(data, name).orientation


@pillow_limits()
def open_image(data: bytes, name: str) -> Image.Image:
    """Open a photograph with Pillow, which decodes no pixel yet; errors as `read_header`."""
    try:
        check_structure(data)
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        check_exif(len(image.info.get("exif", b"")))
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{name}: has far more than {MAX_PIXELS:,} pixels; make it smaller"
        ) from error
    except UNREADABLE as error:
        reason = why(error) if data else "empty file"
        raise InputError(
            f"{name}: not a readable image ({reason}); "
            f"expected {', '.join(FORMATS)}, replace or remove it"
        ) from error
    width, height = image.size
    if max(width, height) > MAX_SIDE:
        raise InputError(
            f"{name}: {width} x {height} pixels, of which a side has more than {MAX_SIDE}; "
            "make it smaller"
        )
    if width * height > MAX_PIXELS:
        raise InputError(
            f"{name}: {width} x {height} pixels are more than {MAX_PIXELS:,}; make it smaller"
        )
    return image


@pillow_limits()
def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation that Pillow has read so far; of a PNG, some may come later."""
    try:
        value = Image.Image.getexif(image).get(_ORIENTATION, 1)  # a PNG's own would decode it
    except UNREADABLE:  # damaged EXIF says nothing about the pixels
        return 1
    return value if value in range(1, 9) else 1


def why(error: BaseException) -> str:
    """Say what Pillow said; an address in memory says nothing, and is another one in each run."""
    if isinstance(error, UnidentifiedImageError):
        return "it does not begin as such files do"
    kind, text = type(error).__name__, str(error)
    return brief(text) if text and "object at 0x" not in text else kind


def open_exif(data: bytes, name: str) -> Image.Image:
    """Open a photograph as `open_image`, for its EXIF, which in a PNG may follow the pixels."""
    return open_image(_without_pixels(data) if data.startswith(_PNG) else data, name)


def _without_pixels(png: bytes) -> bytes:
    place, parts = len(_PNG), [_PNG]
    while (end := place + 12 + int.from_bytes(png[place : place + 4], "big")) <= len(png):
        if png[place + 4 : place + 8] == b"IEND":
            break
        if png[place + 4 : place + 8] != b"IDAT":
            parts.append(png[place:end])
        place = end
    return b"".join([*parts, _NO_PIXELS])
