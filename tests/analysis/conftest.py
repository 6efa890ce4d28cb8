"""Photographs with flat coloured faces, and a detector that knows them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, write_shard
from utils.detector.photo_losses import PhotoLosses
from utils.metrics.calibration import Calibration
from utils.metrics.detections import Detections

LOSSES = {
    "classification": 0.5,
    "box_regression": 0.25,
    "objectness": 0.125,
    "rpn_box_regression": 0.0625,
}
"""Of a `KnowingDetector`."""


def make_photo(name: str, faces: Faces, width: int = 160, height: int = 120) -> Photo:
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    image = np.random.default_rng(seed).integers(90, 160, (height, width, 3)).astype(np.uint8)
    for box, label in zip(faces.boxes.astype(int), faces.labels, strict=True):
        image[box[1] : box[3], box[0] : box[2]] = 40 * label
    filename = f"{name}.png"
    return Photo(name, filename, encode_png(image), write_voc(filename, width, height, faces))


def faces_in_a_row(*labels: int, side: int = 20) -> Faces:
    boxes = [(30 * k + 5, 30, 30 * k + 5 + side, 30 + side) for k in range(len(labels))]
    return Faces(np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64))


def as_detections(boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray) -> Detections:
    """Detections that are of their class or nothing."""
    probabilities = np.zeros((len(labels), 4), np.float32)
    probabilities[:, 0] = 1 - scores
    probabilities[np.arange(len(labels)), labels] = scores
    return Detections(boxes, labels, scores, probabilities)


class KnowingDetector:
    """Answers by the image's pixels, with what it was told to answer."""

    arch, digest, image_size, threshold = "compact_resnet18_fpn", "d" * 64, 320, 0.5
    calibration = Calibration()
    learnt = data_version = None

    def __init__(self) -> None:
        self.answers: dict[str, Detections] = {}

    def knows(self, photo: Photo, labels: Sequence[int], scores: Sequence[float]) -> None:
        """Answer `photo` with the boxes of a row of faces, these labels and confidences."""
        order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
        boxes = faces_in_a_row(*labels).boxes[order]
        self.answers[self._key(photo.decode())] = as_detections(
            boxes, np.array(labels, np.int64)[order], np.array(scores, np.float32)[order]
        )

    def stream(self, images: Iterable[np.ndarray]) -> Iterator[Detections]:
        """Answer two photographs behind, as a detector does that takes several at a time."""
        waiting: list[Detections] = []
        for image in images:
            waiting.append(self.answers[self._key(image)])
            if len(waiting) == 3:
                yield from waiting
                waiting = []
        yield from waiting

    def losses(self, seed: int) -> PhotoLosses:
        return PhotoLosses(seed)

    def add_losses(self, losses: PhotoLosses, name: str, image: np.ndarray, faces: Faces) -> None:
        """Lose as much on every photograph."""
        losses.add({name: np.float64(loss) for name, loss in LOSSES.items()}, 64, 16)

    @staticmethod
    def _key(image: np.ndarray) -> str:
        return hashlib.sha256(image.tobytes()).hexdigest()


@pytest.fixture(scope="session")
def new_detector() -> Callable[[], KnowingDetector]:
    return KnowingDetector


@pytest.fixture
def detector() -> KnowingDetector:
    return KnowingDetector()


@pytest.fixture(scope="session")
def photo() -> Callable[..., Photo]:
    """A photograph with faces of the given classes in a row."""

    def make(name: str, *labels: int) -> Photo:
        return make_photo(name, faces_in_a_row(*labels))

    return make


@pytest.fixture
def shard(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str, *photos: Photo) -> Path:
        path = tmp_path / name
        write_shard(path, sorted(photos, key=lambda photo: photo.name))
        return path

    return make
