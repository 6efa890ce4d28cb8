"""The model of tests/bin, and data sets with any names."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from tests.bin.conftest import execute, model, photographs  # noqa: F401 (fixtures)
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png

BOXES = np.array([[0, 0, 9, 9], [10, 0, 19, 9], [20, 0, 29, 9]], np.float32)


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[..., Path]:
    """Write a data set of photographs with these stems, as bytes or text, each with all classes."""

    def make(stems: Iterable[str | bytes], folder: str = "data") -> Path:
        root = tmp_path / folder
        for name in ("images", "annotations"):
            (root / name).mkdir(parents=True)
        voc = write_voc("x.png", 48, 32, Faces(BOXES, np.array([1, 2, 3])))
        for number, stem in enumerate(stems):
            pixels = np.random.default_rng(number).integers(0, 255, (32, 48, 3), np.uint8)
            files = (("images", b".png", encode_png(pixels)), ("annotations", b".xml", voc))
            for name, suffix, data in files:
                path = os.fsencode(root / name) + b"/" + os.fsencode(stem) + suffix
                with open(path, "wb") as file:
                    file.write(data)
        return root

    return make
