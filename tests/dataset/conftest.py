"""Small photographs and annotations, made as a test asks for them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.labels import CLASS_IDS
from utils.dataset.shards import Photo, write_shard


def textured(seed: int, height: int = 90, width: int = 120) -> np.ndarray:
    """An image with structure at several scales; different seeds look nothing alike."""
    rng = np.random.default_rng(seed)
    image = np.zeros((height, width, 3))
    for cells in (3, 6, 12, 24):
        coarse = rng.random((cells, cells, 3))
        rows = np.arange(height) * cells // height
        columns = np.arange(width) * cells // width
        image += coarse[rows][:, columns] / 4
    return (image * 255).astype(np.uint8)


def annotated(
    name: str, classes: Sequence[str] = ("with_mask",), image: np.ndarray | None = None
) -> Photo:
    """A photograph with one 20 x 30 pixel face for each of `classes`."""
    image = np.full((60, 200, 3), 128, np.uint8) if image is None else image
    boxes = [[20 * i, 5, 20 * i + 20, 35] for i in range(len(classes))]
    faces = Faces(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([CLASS_IDS[name] for name in classes], np.int64),
    )
    height, width = image.shape[:2]
    filename = f"{name}.png"
    voc = write_voc(filename, width, height, faces)
    return Photo(name, filename, encode_png(image), voc)


@pytest.fixture
def make_image() -> Callable[..., np.ndarray]:
    return textured


@pytest.fixture
def make_photo() -> Callable[..., Photo]:
    return annotated


@pytest.fixture
def make_shard(tmp_path: Path) -> Callable[..., Path]:
    """Write photographs to a shard called `name`."""

    def make(photos: Sequence[Photo], name: str = "shard.tar") -> Path:
        path = tmp_path / name
        write_shard(path, sorted(photos, key=lambda photo: photo.name))
        return path

    return make


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write photographs to ``images/`` and ``annotations/`` in a folder called `name`."""

    def make(photos: Sequence[Photo], name: str = "dataset") -> Path:
        root = tmp_path / name
        for photo in photos:
            for folder, file, data in (
                ("images", photo.filename, photo.image),
                ("annotations", f"{photo.name}.xml", photo.annotation),
            ):
                (root / folder).mkdir(parents=True, exist_ok=True)
                if data is not None:
                    (root / folder / file).write_bytes(data)
        return root

    return make
