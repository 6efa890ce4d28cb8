"""One small picture of every format and mode that people have, made in memory."""

import io
import struct
import zlib
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image

WIDTH, HEIGHT = 24, 16

READ = ("png", "jpg", "webp", "bmp", "tif")
"""Suffixes of the formats that the workflow reads; the others must be refused by name."""

REFUSED = {"tif float", "tif 32-bit", "tif float colour", "tif double"}
"""Pictures in those formats that are refused, most as their pixels have no 8-bit meaning."""


def pictures() -> dict[str, bytes]:
    """Return the bytes of each picture by ``<suffix> <what it is>``."""
    made: dict[str, bytes] = {}
    for name, data in (*_png(), *_jpeg(), *_webp(), *_bmp(), *_tiff(), *_others()):
        if name in made:
            raise ValueError(f"two pictures are called {name}")
        made[name] = data
    return made


def colours(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """A gradient that differs in every corner and channel."""
    y, x = np.mgrid[:height, :width].astype(float)
    across, down = x / max(width - 1, 1), y / max(height - 1, 1)
    pixels = np.stack([255 * across, 255 * down, 255 * (1 - across * down)], axis=2)
    return Image.fromarray(pixels.astype(np.uint8))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of an image as Pillow writes it."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, rows: bytes, depth: int = 8, colour: int = 2, interlaced: int = 0
) -> bytes:
    """A PNG of filtered `rows`, which need not be what the header says."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + body + png_chunk(b"IEND", b"")


def _png() -> Iterator[tuple[str, bytes]]:
    image = colours()
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        yield f"png {mode}", saved(image.convert(mode), "PNG")
    yield "png palette with transparency", saved(image.convert("P"), "PNG", transparency=3)
    yield "png colour key", saved(image, "PNG", transparency=(0, 0, 255))
    yield "png animated", saved(image, "PNG", save_all=True, append_images=[image.rotate(180)])
    yield "png 16-bit grey", _encoded(".png", (np.asarray(image)[..., 0].astype(np.uint16) * 257))
    yield "png 16-bit colour", _encoded(".png", np.asarray(image).astype(np.uint16) * 257)
    yield "png EXIF", saved(image, "PNG", exif=_turned(6))
    yield "png interlaced", _interlaced(np.asarray(image))


def _jpeg() -> Iterator[tuple[str, bytes]]:
    image = colours()
    for mode in ("L", "RGB", "CMYK"):
        yield f"jpg {mode}", saved(image.convert(mode), "JPEG")
    yield "jpg progressive", saved(image, "JPEG", progressive=True)
    yield "jpg 4:4:4", saved(image, "JPEG", subsampling=0, quality=100)
    for orientation in (3, 6, 9):
        yield f"jpg EXIF {orientation}", saved(image, "JPEG", exif=_turned(orientation))
    yield "jpg thumbnail", saved(image, "JPEG", icc_profile=b"no profile" * 9, comment=b"\xff\xd9")
    yield "jpg several", saved(image, "MPO", save_all=True, append_images=[image])


def _webp() -> Iterator[tuple[str, bytes]]:
    image = colours()
    for mode in ("RGB", "RGBA"):
        yield f"webp {mode}", saved(image.convert(mode), "WEBP")
        yield f"webp {mode} lossless", saved(image.convert(mode), "WEBP", lossless=True)
    yield "webp animated", saved(image, "WEBP", save_all=True, append_images=[image.rotate(180)])
    yield "webp EXIF", saved(image, "WEBP", exif=_turned(8))


def _bmp() -> Iterator[tuple[str, bytes]]:
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        yield f"bmp {mode}", saved(colours().convert(mode), "BMP")


def _tiff() -> Iterator[tuple[str, bytes]]:
    image = colours()
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"):
        yield f"tif {mode}", saved(image.convert(mode), "TIFF")
    grey = np.asarray(image)[..., 0]
    yield "tif 16-bit", saved(Image.fromarray(grey.astype(np.uint16) * 257), "TIFF")
    yield "tif 32-bit", saved(Image.fromarray(grey.astype(np.int32) * 2**20), "TIFF")
    yield "tif float", saved(Image.fromarray(grey.astype(np.float32)), "TIFF")
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield f"tif {compression}", saved(image, "TIFF", compression=compression)
    yield "tif fax", saved(image.convert("1"), "TIFF", compression="group4")
    yield "tif several", saved(image, "TIFF", save_all=True, append_images=[image])
    yield "tif big", saved(image, "TIFF", big_tiff=True)
    yield "tif EXIF", saved(image, "TIFF", exif=_turned(5))
    yield "tif EXIF lzw", saved(image, "TIFF", exif=_turned(6), compression="tiff_lzw")
    yield "tif 16-bit colour", _encoded(".tiff", np.asarray(image).astype(np.uint16) * 257)
    yield "tif float colour", _encoded(".tiff", np.float32(image))
    yield "tif double", _encoded(".tiff", np.float64(grey))


def _others() -> Iterator[tuple[str, bytes]]:
    """What OpenCV reads and the workflow does not."""
    image = colours()
    yield "gif one", saved(image, "GIF")
    yield "gif animated", saved(image, "GIF", save_all=True, append_images=[image.rotate(180)])
    yield "jp2 JPEG 2000", saved(image, "JPEG2000")
    pixels = np.asarray(image)
    for suffix in ("pbm", "pgm", "ppm", "pam", "ras"):
        grey = pixels[..., :1] if suffix in ("pbm", "pgm") else pixels
        yield f"{suffix} {suffix}", _encoded(f".{suffix}", grey)
    yield "pfm float", _encoded(".pfm", np.float32(image))
    yield "hdr float", _encoded(".hdr", np.float32(image))
    header = b"\x76\x2f\x31\x01\x02\0\0\0"  # OpenCV writes none unless its environment says so
    yield "exr float", header + b"channels\0chlist\0"
    yield "avif RGB", _encoded(".avif", pixels)


def _encoded(suffix: str, pixels: np.ndarray) -> bytes:
    done, data = cv2.imencode(suffix, pixels)
    assert done, suffix
    return data.tobytes()


def _turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    return exif


def _interlaced(pixels: np.ndarray) -> bytes:
    """An Adam7 PNG, which Pillow does not write."""
    height, width = pixels.shape[:2]
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)]
    passes += [(2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b""
    for top, left, down, across in passes:
        part = pixels[top::down, left::across]
        rows += b"".join(b"\0" + row.tobytes() for row in part if part.shape[1])
    return png(width, height, rows, interlaced=1)
