"""What a detector finds on annotated photographs, and what the rate needs of each of them."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.analysis.prevalence.box_features import feature_sums
from utils.analysis.prevalence.counting import expected_confusion
from utils.dataset.faces import Faces
from utils.dataset.looks import looks
from utils.dataset.shards import read_shard
from utils.metrics.confusion import confusion_counts
from utils.metrics.detections import Detections
from utils.metrics.ranking import face_sides

if TYPE_CHECKING:
    from utils.detector.inference import Detector
    from utils.detector.photo_losses import PhotoLosses

EVERY = 50
"""Photographs between two lines in the log."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Photographs:
    """Annotated photographs and what was found on them, one entry each.

    Attributes
    ----------
    looks
        Brightness and sharpness (`utils.dataset.looks`).
    detections
        As the detector returns them, calibrated.
    """

    names: list[str]
    faces: list[Faces]
    looks: list[dict[str, float]]
    detections: list[Detections]


def look_at(detector: "Detector", shard: Path, losses: "PhotoLosses | None" = None) -> Photographs:
    """Run a detector over a clean shard: photographs with annotations.

    Its losses are added to `losses` on the way.

    Raises
    ------
    InputError
        If a photograph cannot be read.
    """
    names: list[str] = []
    faces: list[Faces] = []
    seen: list[dict[str, float]] = []

    def images() -> Iterator[np.ndarray]:
        for photo in read_shard(shard):
            image = photo.decode()
            height, width = image.shape[:2]
            names.append(photo.name)
            seen.append(looks(image))
            faces.append(photo.read_annotation(width, height).faces)
            if losses:
                detector.add_losses(losses, photo.name, image, faces[-1])
            yield image
            if len(names) % EVERY == 0:
                log.info("%d photographs", len(names))

    return Photographs(names, faces, seen, list(detector.stream(images())))


def photo_records(
    names: list[str], faces: list[Faces], detections: list[Detections], threshold: float
) -> list[dict[str, Any]]:
    """Return ``name``, ``confusion``, ``expected`` and ``features`` of each photograph.

    They are what the rate needs: see `confusion_counts`, `expected_confusion`, `feature_sums`.
    """
    return [
        {
            "name": name,
            "confusion": table.tolist(),
            "expected": expected.round(6).tolist(),
            "features": features.round(6).tolist(),
        }
        for name, table, expected, features in zip(
            names,
            confusion_counts(detections, faces, threshold),
            expected_confusion(detections, faces, threshold),
            feature_sums(detections, threshold, faces),
            strict=True,
        )
    ]


def counted(detections: list[Detections], threshold: float) -> dict[str, list[float] | None]:
    """Return the 10th, 50th and 90th percentile of ``side`` and ``confidence`` of what counts."""
    kept = [found.above(threshold) for found in detections]
    return {
        "side": spread([face_sides(found) for found in kept]),
        "confidence": spread([found.scores for found in kept]),
    }


def spread(values: list[np.ndarray]) -> list[float] | None:
    """Return the 10th, 50th and 90th percentile of arrays taken together; None if all are empty."""
    together = np.concatenate(values) if values else np.zeros(0)
    return np.quantile(together, [0.1, 0.5, 0.9]).tolist() if together.size else None
