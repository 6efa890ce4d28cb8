"""Photographs of any common kind become upright 8-bit RGB arrays, and arrays become files."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from utils.dataset.image_header import UNREADABLE, open_image, orientation, orientation_of, why
from utils.dataset.image_limits import pillow_limits
from utils.errors import InputError

_BAND = 2**22  # pixels worked on at a time: much takes several times the memory of an image


@pillow_limits()
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
    image = open_image(data, name)
    try:
        image.load()
        turned = orientation_of(image)  # of a TIFF 1 by now: Pillow has turned it
        pixels = _pixels(image)
    except UNREADABLE as error:
        raise InputError(
            f"{name}: the image cannot be decoded ({why(error)}); replace or remove it"
        ) from error
    del image  # else three copies of it are in memory
    return np.ascontiguousarray(_upright(pixels, turned))


def is_plain(data: bytes, name: str) -> bool:
    """Return whether a file is an upright 8-bit RGB JPEG or PNG, which any decoder reads alike."""
    image = open_image(data, name)
    if image.mode != "RGB" or "transparency" in image.info or orientation(data, name) != 1:
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


def _encode(image: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(file, **options)
    return file.getvalue()
