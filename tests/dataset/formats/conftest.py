"""Faces as hypothesis makes them, and a folder of pictures that other readers can read."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import strategies as st
from PIL import Image

from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.labels import CLASSES


@st.composite
def raw_annotations(draw, decimals: int = 0, least: float = 0) -> RawAnnotation:
    """Boxes inside an image of a size up to a camera's, on a grid of so many decimals.

    Their sides have `least` pixels or more.
    """
    width, height = draw(st.integers(1, 6000)), draw(st.integers(1, 6000))
    scale = 10**decimals
    least = max(1, round(least * scale))
    names, boxes = [], []
    for _ in range(draw(st.integers(0, 6))):
        names.append(draw(st.sampled_from(CLASSES)))
        corners = []
        for length in (width, height):
            start = draw(st.integers(0, length * scale - least))
            corners.append((start, draw(st.integers(start + least, length * scale))))
        (x1, x2), (y1, y2) = corners
        boxes.append((x1 / scale, y1 / scale, x2 / scale, y2 / scale))
    return RawAnnotation(tuple(names), tuple(boxes), (width, height))


@pytest.fixture
def dataset() -> dict[str, RawAnnotation]:
    """Three photographs; one without faces."""
    return {
        "a.png": RawAnnotation(
            ("with_mask", "without_mask", "with_mask"),
            ((0.0, 0.0, 10.0, 20.0), (3.0, 5.0, 100.0, 80.0), (99.0, 79.0, 100.0, 80.0)),
            (100, 80),
        ),
        "b.png": RawAnnotation((), (), (33, 47)),
        "c.png": RawAnnotation(
            ("mask_weared_incorrect", "with_mask"),
            ((1.25, 2.5, 30.75, 40.125), (10.0, 10.0, 11.0, 12.0)),
            (33, 47),
        ),
    }


def write_pictures(folder: Path, dataset: Mapping[str, RawAnnotation]) -> Path:
    """Write a black picture of the right size for each annotation."""
    folder.mkdir()
    for name, raw in dataset.items():
        Image.new("RGB", raw.size).save(folder / name)
    return folder
