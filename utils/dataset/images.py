"""Photographs of any common kind become upright 8-bit RGB arrays, and arrays become files."""

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from utils.dataset.image_limits import MAX_SIDE, check_exif, check_structure
from utils.errors import InputError, brief

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
MAX_PIXELS = 100_000_000
"""More than a 100-megapixel camera gives: a decompression bomb, or not a photograph."""

_ORIENTATION = 0x0112  # EXIF tag
# What Pillow raises on damaged files of these formats, beside its own errors.
_UNREADABLE = (
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
_BAND = 2**22  # pixels worked on at a time: much takes several times the memory of an image

# The bound on pixels is MAX_PIXELS, checked before decoding; Pillow's own would warn below it.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def decode(data: bytes, name: str) -> np.ndarray:
    """Decode a photograph.

    Transparent pixels are laid on white, as browsers and viewers show them. 16-bit grey is scaled
    to 8 bits. Colour profiles are ignored, as detectors are trained without them.

    Parameters
    ----------
    data
        The bytes of a PNG, JPEG, WebP, BMP or TIFF file (the first picture of several).
    name
        What to call the file in an error.

    Returns
    -------
    np.ndarray
        uint8, shape (H, W, 3), RGB, turned upright as its EXIF orientation says, writable.

    Raises
    ------
    InputError
        If the bytes are no such file, are damaged, or hold more than `MAX_PIXELS` pixels.
    """
    image = _open(data, name)
    try:
        image.load()
        turned = _orientation_of(image)  # of a TIFF 1 by now: Pillow has turned it
        pixels = _pixels(image)
    except _UNREADABLE as error:
        raise InputError(
            f"{name}: the image cannot be decoded ({_why(error)}); replace or remove it"
        ) from error
    del image  # else three copies of it are in memory
    return np.ascontiguousarray(_upright(pixels, turned))


def upright_size(data: bytes, name: str) -> tuple[int, int]:
    """Return (width, height) in pixels after EXIF rotation, from the header alone."""
    image = _open(data, name)
    width, height = image.size
    if image.format == "TIFF" or _orientation_of(image) < 5:  # Pillow tells a TIFF's upright
        return width, height
    return height, width


def orientation(data: bytes, name: str) -> int:
    """Return the EXIF orientation, 1..8; 1 (upright) where there is none."""
    return _orientation_of(_open(data, name))


def is_plain(data: bytes, name: str) -> bool:
    """Tell whether the file is an upright 8-bit RGB JPEG or PNG, which any decoder reads alike."""
    image = _open(data, name)
    if image.mode != "RGB" or "transparency" in image.info or _orientation_of(image) != 1:
        return False
    # Pillow shows 16-bit RGB PNGs as "RGB" too; the bit depth is the 25th byte of the file.
    return image.format in ("JPEG", "MPO") or (image.format == "PNG" and data[24] == 8)


def bands(height: int, width: int) -> Iterator[slice]:
    """Yield the rows of an image, from above, in parts of some four million pixels."""
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def encode_png(image: np.ndarray) -> bytes:
    """Encode a uint8 (H, W, 3) RGB image without loss; equal pixels give equal bytes."""
    return _encode(image, format="PNG", compress_level=6)


def encode_jpeg(image: np.ndarray, quality: int = 92) -> bytes:
    """Encode a uint8 (H, W, 3) RGB image as a baseline JPEG; equal pixels give equal bytes."""
    options = {"format": "JPEG", "quality": quality, "subsampling": "4:2:0"}
    try:
        return _encode(image, optimize=True, **options)
    except OSError:  # Pillow's buffer for this is too small for narrow and for very noisy images
        return _encode(image, **options)


def _open(data: bytes, name: str) -> Image.Image:
    try:
        check_structure(data)
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        check_exif(len(image.info.get("exif", b"")))
    except _UNREADABLE as error:
        reason = _why(error) if data else "empty file"
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
            f"{name}: {width} x {height} pixels are more than {MAX_PIXELS}; make it smaller"
        )
    return image


def _orientation_of(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _UNREADABLE:  # damaged EXIF says nothing about the pixels
        return 1
    return value if value in range(1, 9) else 1


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror the pixels of a stored image as its EXIF orientation says."""
    if orientation in (3, 4, 7):
        pixels = pixels[::-1]
    if orientation in (2, 3, 7):
        pixels = pixels[:, ::-1]
    if orientation in (5, 7):
        return pixels.swapaxes(0, 1)
    return np.rot90(pixels, {6: -1, 8: 1}.get(orientation, 0))


def _pixels(image: Image.Image) -> np.ndarray:
    if image.mode == "RGB" and "transparency" not in image.info:
        return np.array(image)
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    for rows in bands(height, width):
        pixels[rows] = np.asarray(_rgb(image.crop((0, rows.start, width, rows.stop))))
    return pixels


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey; "I" holds it in 32 bits
        pixels = np.asarray(image).astype(np.int64)
        if pixels.min() < 0 or pixels.max() > 65535:
            raise ValueError("32-bit pixels")
        grey = ((pixels * 255 + 32767) // 65535).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.mode == "F":
        raise ValueError("floating-point pixels")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _why(error: BaseException) -> str:
    """Say what Pillow said; an address in memory says nothing, and is another one in each run."""
    kind, text = type(error).__name__, str(error)
    return brief(text) if text and "object at 0x" not in text else kind


def _encode(image: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(file, **options)
    return file.getvalue()
