"""A classifier that answers what it was told to, and photographs with the faces cut from them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tests.analysis.conftest import faces_in_a_row, make_photo
from utils.dataset.cut_faces import cut_shard
from utils.dataset.cutting import Cutting
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard, write_shard
from utils.metrics.detections import Detections
from utils.metrics.temperature import Temperature
from utils.training.class_loss import MeanLoss

LOSS = 0.25
"""What a `KnowingClassifier` loses on a face that it is sure and right of, and each other."""


class TinyNetwork(nn.Module):
    """Looks at colours: two channels of 4 x 4 places, whose means give three classes."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 2, 4, 4), nn.ReLU())
        self.head = nn.Linear(2, 3)
        self.looked_at, self.head.centre = {"1"}, torch.zeros(4)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.head(self.trunk(pictures.float() / 255).mean(dim=(2, 3)))


class KnowingClassifier:
    """Answers by a picture's pixels, with the probabilities that it was told."""

    arch, digest, image_size, threshold, margin = "centerface", "c" * 64, 16, 0.0, 0.2
    device, classes = "cpu", CLASSES

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.calibration = Temperature()
        self.absent: tuple[str, ...] = ()
        self.learnt = None
        self.network = TinyNetwork()
        self.answers: dict[str, np.ndarray] = {}

    def knows(self, image: np.ndarray, probabilities: Sequence[float]) -> None:
        self.answers[self._key(image)] = np.array(probabilities, np.float32)

    def judge(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        return np.array([self.answers[self._key(face)] for face in faces]).reshape(-1, 3)

    def stream(self, images: Iterable[np.ndarray]) -> Iterator[Detections]:
        for image in images:
            told = self.judge([image])
            height, width = image.shape[:2]
            yield Detections(
                np.array([[0, 0, width, height]], np.float32),
                told.argmax(axis=1) + 1,
                told.max(axis=1),
                np.concatenate([np.zeros((1, 1), np.float32), told], axis=1),
            )

    def losses(self, seed: int) -> MeanLoss:
        return MeanLoss()

    def add_losses(self, losses: MeanLoss, name: str, image: np.ndarray, faces: Faces) -> None:
        losses._losses.append(LOSS)

    @staticmethod
    def _key(image: np.ndarray) -> str:
        return hashlib.sha256(image.tobytes()).hexdigest()


def judged_photographs(
    folder: Path,
    classifier: KnowingClassifier,
    photographs: Mapping[str, Sequence[tuple[int, Sequence[float]]]],
    side: str = "test",
    smallest: float = 8,
) -> tuple[Path, Path]:
    """Write photographs and the faces cut from them; return both shards.

    Parameters
    ----------
    photographs
        By name, in order of names: of each face its class and what the classifier is to say of it.
    """
    clean, faces = folder / f"{side}_clean.tar", folder / f"{side}_faces.tar"
    made = [
        make_photo(name, faces_in_a_row(*(label for label, _ in some)))
        for name, some in sorted(photographs.items())
    ]
    write_shard(clean, made)
    cut_shard(clean, faces, Cutting(classifier.margin, smallest))
    for photo in read_shard(faces):
        name, _, number = photo.name.rpartition("_face")
        classifier.knows(photo.decode(), photographs[name][int(number) - 1][1])
    return clean, faces


def split_of(photographs: Iterable[str], side: str = "test") -> dict:
    """The record ``split.json`` of photographs that are no near-duplicates."""
    rows = {name: {"side": side, "group": n} for n, name in enumerate(photographs)}
    return {"photos": rows, "sides": {side: {"faces": {"with_mask": 1, "without_mask": 1}}}}
