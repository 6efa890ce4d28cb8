"""Detections and faces from short lists, and at random."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from utils.dataset.faces import Faces
from utils.metrics.detections import Detections
from utils.metrics.ranking import LEAST

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
        scores = np.array([s for _, _, s in items], np.float32)
        return Detections(boxes, labels, scores, sure_of_one(labels, scores))

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
            labels = np.concatenate([called, rng.integers(1, 4, extra)])[order]
            scores = scores[order].astype(np.float32)
            probabilities = sure_of_one(labels, scores)
            for k in (1, 2, 3):  # the other classes get a part of what is left
                part = rng.random(len(labels)) * np.minimum(scores, (1 - scores) / 2)
                probabilities[:, k] += np.where(labels == k, 0, part)
                probabilities[:, 0] -= np.where(labels == k, 0, part)
            boxes = np.vstack([near, far])[order].astype(np.float32)
            detections.append(Detections(boxes, labels, scores, probabilities))
        return detections, truth

    return make


def sure_of_one(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Probabilities of nothing but the label and "no face"."""
    probabilities = np.zeros((len(labels), 4), np.float32)
    probabilities[:, 0] = 1 - scores
    probabilities[np.arange(len(labels)), labels] = scores
    return probabilities


@pytest.fixture
def coco_precision() -> Callable[..., np.ndarray]:
    """Average precision by pycocotools, each class ranking all boxes: (10 IoUs, 3 classes)."""

    def compute(
        detections: Sequence[Detections],
        faces: Sequence[Faces],
        sides: tuple[float, float] = (0, 1e5),
    ) -> np.ndarray:
        truth, found = COCO(), COCO()
        fill(truth, faces)
        fill(found, [photo.by_class(LEAST) for photo in detections])
        evaluation = COCOeval(truth, found, "bbox")
        low, high = sides
        # half-open bins: COCO's are closed at both ends
        evaluation.params.areaRng = [[low**2, np.nextafter(min(high, 1e5) ** 2, 0)]]
        evaluation.params.areaRngLbl = ["all"]
        evaluation.params.maxDets = [10_000]
        evaluation.evaluate()
        evaluation.accumulate()
        precision = evaluation.eval["precision"][..., 0, 0]
        return np.where(precision > -1, precision, np.nan).mean(axis=1)

    return compute


def fill(coco: COCO, photos: Sequence[Faces] | Sequence[Detections]) -> None:
    annotations = []
    for number, photo in enumerate(photos):
        scores = getattr(photo, "scores", np.ones(len(photo)))
        boxes = np.asarray(photo.boxes, np.float64).tolist()
        for (x1, y1, x2, y2), label, score in zip(boxes, photo.labels, scores, strict=True):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": int(label),
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "score": float(score),
                    "iscrowd": 0,
                }
            )
    coco.dataset = {
        "images": [{"id": number} for number in range(len(photos))],
        "categories": [{"id": k} for k in (1, 2, 3)],
        "annotations": annotations,
    }
    coco.createIndex()
