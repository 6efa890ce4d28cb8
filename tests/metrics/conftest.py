"""Detections and faces from short lists, and at random."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from utils.dataset.faces import Faces
from utils.metrics.detections import Detections

Box = Sequence[float]


@pytest.fixture
def faces() -> Callable[..., Faces]:
    def make(*items: tuple[Box, int]) -> Faces:
        boxes = np.array([box for box, _ in items], np.float32).reshape(-1, 4)
        return Faces(boxes, np.array([label for _, label in items], np.int64))

    return make


@pytest.fixture
def found() -> Callable[..., Detections]:
    """Detections from (box, label, score), in any order."""

    def make(*items: tuple[Box, int, float]) -> Detections:
        items = sorted(items, key=lambda item: -item[2])
        boxes = np.array([box for box, _, _ in items], np.float32).reshape(-1, 4)
        labels = np.array([label for _, label, _ in items], np.int64)
        return Detections(boxes, labels, np.array([s for _, _, s in items], np.float32))

    return make


@pytest.fixture
def random_photos() -> Callable[..., tuple[list[Detections], list[Faces]]]:
    """Photographs with noisy, missed, confused and invented detections."""

    def make(photos: int, seed: int = 0) -> tuple[list[Detections], list[Faces]]:
        rng = np.random.default_rng(seed)
        detections, truth = [], []
        for _ in range(photos):
            count = int(rng.integers(0, 7))
            corners = rng.uniform(0, 250, (count, 2))
            boxes = np.hstack([corners, corners + rng.uniform(10, 70, (count, 2))])
            labels = rng.choice([1, 2, 3], count, p=[0.6, 0.25, 0.15])
            truth.append(Faces(boxes.astype(np.float32), labels))
            keep = rng.random(count) < 0.85
            near = boxes[keep] + rng.uniform(-4, 4, (keep.sum(), 4))
            called = np.where(rng.random(keep.sum()) < 0.8, labels[keep], 1)
            extra = int(rng.integers(0, 4))
            corners = rng.uniform(0, 250, (extra, 2))
            far = np.hstack([corners, corners + rng.uniform(10, 70, (extra, 2))])
            scores = np.concatenate([rng.uniform(0.3, 1, len(near)), rng.uniform(0.05, 0.6, extra)])
            order = np.argsort(-scores)
            detections.append(
                Detections(
                    np.vstack([near, far])[order].astype(np.float32),
                    np.concatenate([called, rng.integers(1, 4, extra)])[order],
                    scores[order].astype(np.float32),
                )
            )
        return detections, truth

    return make
