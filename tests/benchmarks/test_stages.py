"""What `benchmarks/stages.py` counts of stages and of faces."""

import numpy as np
import pytest

from benchmarks import stages
from utils.dataset.faces import Faces
from utils.metrics.detections import Detections


def sure(boxes: np.ndarray, labels: np.ndarray, confidence: float = 0.99) -> Detections:
    """Return detections that are nearly certain of their classes."""
    probabilities = np.full((len(labels), 4), (1 - confidence) / 3, np.float32)
    probabilities[np.arange(len(labels)), labels] = confidence
    return Detections(boxes, labels, np.full(len(labels), confidence, np.float32), probabilities)


@pytest.fixture
def photographs() -> stages.Photographs:
    """Return photographs of five people each, of whom about two in three are masked."""
    rng = np.random.default_rng(0)
    corners = np.array([(20 * k, 5) for k in range(5)], np.float32)
    boxes = np.hstack([corners, corners + 15])
    faces = [Faces(boxes, rng.choice([1, 2, 3], 5, p=[0.65, 0.25, 0.1])) for _ in range(60)]
    images = [np.zeros((30, 120, 3), np.uint8)] * len(faces)
    return stages.Photographs(images, faces, np.arange(len(faces)))


def test_a_finder_that_misses_masked_faces_biases_what_is_counted_and_not_what_is_corrected(
    photographs,
):
    rng = np.random.default_rng(1)
    found = []
    for real in photographs.faces:
        seen = (real.labels != 1) | (rng.random(len(real)) < 0.5)
        found.append(sure(real.boxes[seen], real.labels[seen]))
    labels = np.concatenate([real.labels for real in photographs.faces])
    true = np.mean(labels == 1)
    counted = np.mean(np.concatenate([one.labels for one in found]) == 1)
    assert counted < true - 0.1
    assert stages.corrected(found, photographs, 0.5) == pytest.approx(true, abs=0.07)


def test_a_row_tells_what_a_model_does(photographs):
    class Perfect:
        threshold = 0.5

        def predict(self, images):
            return [sure(real.boxes, real.labels) for real in photographs.faces]

    name, precision, *rest = stages.row("perfect", Perfect(), photographs)
    assert (name, precision) == ("perfect", "1.000")
    assert rest[:6] == ["1.000"] * 6  # found and rightly named, of each class
    labels = np.concatenate([real.labels for real in photographs.faces])
    assert rest[6] == f"{np.mean(labels == 1):.3f}"
