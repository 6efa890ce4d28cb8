import io
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from utils.dataset.capture_time import taken


def stored(kind: str, tags: dict[int, str], where: int | None = 0x8769) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "maker"  # without a tag of its own, Pillow writes none
    (exif.get_ifd(where) if where else exif).update(tags)
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, kind, exif=exif.tobytes())
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_time_of_the_exposure_is_read(kind) -> None:
    data = stored(kind, {0x9003: "2021:03:04 05:06:07"})
    assert taken(data) == datetime(2021, 3, 4, 5, 6, 7)


def test_the_first_part_of_a_jpeg_is_enough() -> None:
    data = stored("JPEG", {0x9004: "2021:03:04 05:06:07"})
    assert taken(data[:2000]) == datetime(2021, 3, 4, 5, 6, 7)


@pytest.mark.parametrize(
    "word", ["0000:00:00 00:00:00", "1970:01:01 00:00:00", "    :  :     :  :  ", "noon", ""]
)
def test_a_clock_that_was_not_set_tells_no_time(word) -> None:
    assert taken(stored("JPEG", {0x9003: word})) is None


def test_the_time_of_an_edit_is_not_that_of_the_exposure() -> None:
    assert taken(stored("JPEG", {0x0132: "2021:03:04 05:06:07"}, None)) is None


def test_what_is_no_photograph_has_no_time() -> None:
    good = stored("JPEG", {0x9003: "2021:03:04 05:06:07"})
    for data in (b"", b"no image", good[:20], good[:4] + b"\xff" * 60 + good[64:]):
        assert taken(data) is None
