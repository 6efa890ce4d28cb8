"""Size and turn from the header alone, as decoding finds them."""

import io
import subprocess
import sys

import pytest
from PIL import Image

from tests.bad_input.pictures import READ, REFUSED, pictures
from utils.dataset.image_header import read_header
from utils.dataset.images import decode

WHOLE = {n: d for n, d in pictures().items() if n.split()[0] in READ and n not in REFUSED}


def turned(format: str, orientation: int) -> bytes:
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.effect_noise((300, 200), 90).convert("RGB").save(file, format, exif=exif, quality=99)
    return file.getvalue()


@pytest.mark.parametrize("name", WHOLE)
def test_the_size_is_that_of_the_decoded_picture(name):
    height, width = decode(WHOLE[name], name).shape[:2]
    assert read_header(WHOLE[name], name)[:2] == (width, height)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_stored_size_is_that_before_the_turn(format):
    header = read_header(turned(format, 6), "a")
    assert (header.width, header.height, header.orientation) == (200, 300, 6)
    assert header.stored_size == (300, 200)
    assert read_header(turned(format, 3), "a").stored_size == (300, 200)


def test_exif_after_the_pixels_of_a_png_counts():
    data = turned("PNG", 8)
    place = data.index(b"eXIf") - 4
    end = place + 12 + int.from_bytes(data[place : place + 4], "big")
    moved = data[:place] + data[end:-12] + data[place:end] + data[-12:]
    assert read_header(moved, "a") == (200, 300, 8)
    assert decode(moved, "a").shape == (300, 200, 3)


def test_the_first_part_of_a_jpeg_is_enough():
    data = turned("JPEG", 6)
    assert read_header(data[:1000], "a") == read_header(data, "a")


def test_no_pixel_is_decoded(monkeypatch):
    def decoded(*_: object) -> None:
        raise AssertionError("decodes")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    for format in ("JPEG", "PNG", "WEBP", "TIFF"):
        assert read_header(turned(format, 1), "a")[:2] == (300, 200)


def test_reading_headers_imports_no_numpy():
    code = "import sys, utils.dataset.image_header; print({'numpy', 'cv2'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
