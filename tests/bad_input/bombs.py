"""Small picture files that ask for hours or gigabytes, and large ones that ask for little."""

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.bad_input.pictures import png, png_chunk, saved

TIFF_NUMBERS = {"<H": 3, "<I": 4}


def picture_bombs() -> Iterator[tuple[str, bytes]]:
    """Yield a name and the bytes of each."""
    yield from _pngs()
    yield from _jpegs()
    yield from _tiffs()
    yield from _webps()
    yield "bmp that says 2,000,000,000 x 2,000,000,000", _bmp(2_000_000_000, 2_000_000_000)
    yield "bmp that says 9,000 x 9,000 and ends", _bmp(9_000, 9_000)


def _pngs() -> Iterator[tuple[str, bytes]]:
    yield "png that says 100,000 x 100,000", png(100_000, 100_000, b"\0" * 100)
    yield "png that says 0 x 0", png(0, 0, b"")
    yield "png that is 20,000 x 20,000", png(20_000, 20_000, bytes(20_000 * 2_501), 1, 0)
    yield "png with too much inside", png(8, 8, bytes(50_000_000))
    whole = png(8, 8, bytes(8 * 25))
    text = b"x\0\0" + zlib.compress(bytes(50_000_000))
    for kind, what in ((b"zTXt", "text"), (b"iCCP", "profile")):
        yield f"png with a {what} of 50 MB", whole[:33] + png_chunk(kind, text) + whole[33:]
    yield "png of 300,000 chunks", whole[:33] + png_chunk(b"prVt", b"") * 300_000 + whole[33:]
    tags = png_chunk(b"eXIf", overlapping_tags(3000, 2**20))
    yield "png with EXIF that overlaps", whole[:33] + tags + whole[33:]


def _jpegs() -> Iterator[tuple[str, bytes]]:
    whole = saved(Image.new("RGB", (8, 8)), "JPEG")
    start, rest = whole[:2], whole[2:]
    frame = whole.index(b"\xff\xc0")
    size = struct.pack(">HH", 65_000, 65_000)
    yield "jpg that says 65,000 x 65,000", whole[: frame + 5] + size + whole[frame + 9 :]
    yield "jpg that says 9,000 x 9,000 and ends", _progressive(9_000, 0)[:400]
    yield "jpg of 4,000 scans", _progressive(5_000, 4_000)
    yield "jpg of 1,000,000 segments", start + b"\xff\xe5\0\2" * 1_000_000 + rest
    yield "jpg after 20 MB of padding", start + b"\xff" * 20_000_000 + rest
    exif = b"Exif\0\0" + overlapping_tags(2_000, 30_000)
    yield "jpg with EXIF that overlaps", start + _segment(exif) + rest
    much = _segment(b"Exif\0\0" + bytes(65_000)) * 300
    yield "jpg with EXIF of 20 MB", start + much + rest


def _tiffs() -> Iterator[tuple[str, bytes]]:
    for side in (100_000, 2**31):
        tags = _shape(side, side) | {273: ("<I", [8]), 279: ("<I", [20])}
        yield f"tif that says {side} x {side}", tiff(tags)
    yield (
        "tif in tiles of 60,000 x 60,000",
        tiff({**_shape(10, 10), 322: ("<I", [60_000]), 323: ("<I", [60_000]), 324: ("<I", [8])}),
    )
    for number, what in ((1, "raw"), (5, "LZW"), (8, "deflate")):
        tags = _shape(9_000, 9_000, number) | {273: ("<I", [8]), 279: ("<I", [20])}
        yield f"tif of 9,000 x 9,000 in 20 bytes, {what}", tiff(tags)
    yield "tif whose tags overlap", overlapping_tags(3000, 2**20)
    inner = overlapping_tags(3000, 2**20)
    yield (
        "tif whose EXIF overlaps",
        tiff(_shape(2, 2) | {273: ("<I", [8]), 279: ("<I", [12]), 0x8769: ("<I", [0])}, inner),
    )
    strips = 2_500_000
    places = {273: ("<I", range(8, 8 + strips)), 279: ("<I", np.ones(strips, "<u4"))}
    yield "tif of 2,500,000 strips", tiff(_shape(1, strips) | {278: ("<I", [1])} | places)


def _webps() -> Iterator[tuple[str, bytes]]:
    still = saved(Image.new("RGB", (8, 8)), "WEBP", lossless=True)[12:]
    for width, height in ((16_384, 16_384), (65_536, 65_535)):
        canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        place = b"\0" * 6 + b"\x07\0\0" * 2 + b"\1\0\0\0"
        body = _riff(b"VP8X", b"\2\0\0\0" + canvas) + _riff(b"ANIM", bytes(6))
        body += _riff(b"ANMF", place + still)
        yield f"webp that says {width} x {height}", _riff(b"RIFF", b"WEBP" + body)
    exif = {"overlaps": overlapping_tags(3000, 2**20), "repeats": b"Exif\0\0" * 300_000}
    for what, data in exif.items():
        image = saved(Image.new("RGB", (8, 8)), "WEBP", lossless=True, exif=b"Exif\0\0II*\0")
        head = image[12 : image.index(b"EXIF")]
        body = b"WEBP" + head + _riff(b"EXIF", data)
        yield f"webp with EXIF that {what}", _riff(b"RIFF", body)


def overlapping_tags(number: int, size: int) -> bytes:
    """A TIFF, or EXIF, of `number` tags of `size` bytes each, which are the same bytes."""
    tags = (struct.pack("<HHII", tag, 7, size, 8) for tag in range(1000, 1000 + number))
    directory = struct.pack("<H", number) + b"".join(tags) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + size) + bytes(size) + directory


def tiff(tags: dict[int, tuple[str, object]], exif: bytes = b"") -> bytes:
    """A TIFF of these tags, and after them the directory of `exif`, to which tag 0x8769 points."""
    values, entries = b"", b""
    after = 8 + 2 + 12 * len(tags) + 4
    room = sum(len(data) for _, data in tags.values() if len(data) > 1)
    for tag, (kind, data) in sorted(tags.items()):
        place = after + len(values)
        if len(data) > 1:
            values += np.asarray(data, kind).tobytes()
        elif tag == 0x8769:  # the offsets inside `exif` are meant for a file of its own
            place = after + 4 * room + struct.unpack("<I", exif[4:8])[0]
        else:
            place = data[0]
        entries += struct.pack("<HHII", tag, TIFF_NUMBERS[kind], len(data), place)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + values + exif


def _shape(width: int, height: int, compression: int = 1) -> dict[int, tuple[str, object]]:
    values = {256: width, 257: height, 258: 8, 259: compression, 262: 1, 277: 1}
    return {tag: ("<I", [value]) for tag, value in values.items()}


def _progressive(side: int, scans: int) -> bytes:
    """A grey progressive JPEG whose second scan, of few bytes, is repeated."""
    data = saved(Image.new("L", (side, side)), "JPEG", progressive=True, quality=50)
    first = data.index(b"\xff\xda")
    table = data.index(b"\xff\xc4", first)
    end = data.index(b"\xff\xc4", data.index(b"\xff\xda", table))
    return data[:end] + data[table:end] * scans + data[end:]


def _segment(data: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


def _riff(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _bmp(width: int, height: int) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (2, 2)).save(data, "BMP")
    return data.getvalue()[:18] + struct.pack("<ii", width, height) + data.getvalue()[26:]
