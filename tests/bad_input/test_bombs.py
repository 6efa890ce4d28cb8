"""Pictures and annotations that ask for hours or gigabytes cost seconds and little memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.bad_input.bombs import picture_bombs
from tests.bad_input.bounded import Outcome, read_all
from tests.bad_input.pictures import saved

SECONDS, MEGABYTES = 6, 700

READ = {
    "png with too much inside",  # what goes beyond the last row is not looked at
    "jpg with EXIF that overlaps",  # one segment can hold no bomb
    "tif whose EXIF overlaps",  # what is beyond the file's own size is left out
}
"""What is harmless, and so may be read."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> dict[str, Outcome]:
    folder = tmp_path_factory.mktemp("bombs")
    return read_all(list(_written(folder)))


def _written(folder: Path) -> Iterator[Path]:
    for name, data in picture_bombs():
        path = folder / f"{name}.{name.split()[0]}"
        path.write_bytes(data)
        yield path


def test_all_are_refused_with_a_reason_and_a_fix(outcomes):
    for name, outcome in outcomes.items():
        if outcome.error is None:
            assert name in READ
            continue
        assert outcome.error.startswith(f"{name}."), outcome.error
        assert any(fix in outcome.error for fix in ("make it smaller", "replace or remove it"))
        assert "MemoryError" not in outcome.error, outcome.error


def test_none_takes_long(outcomes):
    assert {name: o.seconds for name, o in outcomes.items() if o.seconds > SECONDS} == {}


def test_none_takes_much_memory(outcomes):
    assert {name: o.megabytes for name, o in outcomes.items() if o.megabytes > MEGABYTES} == {}


def test_a_large_photograph_takes_little_more_than_its_pixels(tmp_path):
    width, height = 6000, 5000
    for name, image in {
        "16-bit": Image.fromarray(np.zeros((height, width), np.uint16)),
        "transparent": Image.new("RGBA", (width, height)),
    }.items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(saved(image, "PNG", compress_level=1))
        outcome = read_all([path])[name]
        assert outcome.error is None
        assert outcome.megabytes * 2**20 < 10 * width * height, name
