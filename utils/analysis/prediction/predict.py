"""A detector on new photographs: every box as JSON, and every photograph with its boxes drawn."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.analysis.evaluation.evaluate import batched
from utils.dataset.images import encode_jpeg
from utils.dataset.labels import CLASS_IDS, CLASSES, TITLES
from utils.dataset.shards import Photo, read_shard, write_shard
from utils.drawing.faces import draw_detections
from utils.errors import InputError
from utils.metrics.detections import Detections
from utils.records import write_record

if TYPE_CHECKING:
    from utils.detector.inference import Detector

SCHEMA = 2
"""Of ``predictions_<p>.json``."""

log = logging.getLogger(__name__)


def predict_shard(
    detector: "Detector", photos: Path, predictions: Path, images: Path
) -> dict[str, Any]:
    """Write the detections on a shard of photographs, and the photographs with them drawn.

    A photograph that cannot be decoded is left out, logged, and listed under ``skipped``.

    Parameters
    ----------
    photos
        The shard; annotations in it are not looked at.
    predictions
        The record to write: ``threshold``, ``model`` ({arch, digest}), ``photos`` ([{name, file,
        width, height, faces: [{box, class, confidence, probabilities}]}]) with every box that the
        detector returns, by falling confidence, and ``skipped`` ([{file, reason}]). The four
        probabilities are of "no face" and of the classes by id.
    images
        The shard of drawings (JPEG, named after the photographs) to write.

    Returns
    -------
    The record.
    """
    record: dict[str, Any] = {
        "threshold": float(detector.threshold),
        "model": {"arch": detector.arch, "digest": detector.digest},
        "photos": [],
        "skipped": [],
    }
    write_shard(images, _drawings(detector, photos, record))
    write_record(predictions, record, SCHEMA)
    return record


def detections_of(faces: list[dict[str, Any]]) -> Detections:
    """Return the ``faces`` of one photograph of the record as `Detections`."""
    return Detections(
        np.array([face["box"] for face in faces], np.float32).reshape(-1, 4),
        np.array([CLASS_IDS[face["class"]] for face in faces], np.int64),
        np.array([face["confidence"] for face in faces], np.float32),
        np.array([face["probabilities"] for face in faces], np.float32).reshape(-1, len(TITLES)),
    )


def _drawings(detector: "Detector", shard: Path, record: dict[str, Any]) -> Iterator[Photo]:
    for batch in batched(_decoded(read_shard(shard), record)):
        found = detector.predict([image for _, image in batch])
        for (photo, image), detections in zip(batch, found, strict=True):
            record["photos"].append(
                {
                    "name": photo.name,
                    "file": photo.filename,
                    "width": image.shape[1],
                    "height": image.shape[0],
                    "faces": _faces(detections),
                }
            )
            drawing = draw_detections(image, detections, detector.threshold)
            yield Photo(photo.name, f"{photo.name}.jpg", encode_jpeg(drawing))
        log.info("%d photographs", len(record["photos"]))


def _decoded(photos: Iterator[Photo], record: dict[str, Any]) -> Iterator[tuple[Photo, np.ndarray]]:
    for photo in photos:
        try:
            image = photo.decode()
        except InputError as error:
            log.warning("left out: %s", error)
            record["skipped"].append({"file": photo.filename, "reason": str(error)})
            continue
        yield photo, image


def _faces(detections: Detections) -> list[dict[str, Any]]:
    return [
        {
            "box": [round(float(value), 2) for value in box],
            "class": CLASSES[label - 1],
            # float32's shortest spelling gives it back exactly
            "confidence": float(str(score)),
            "probabilities": [float(str(value)) for value in probabilities],
        }
        for box, label, score, probabilities in zip(
            *(detections.boxes, detections.labels, detections.scores, detections.probabilities),
            strict=True,
        )
    ]
