"""A detector on new photographs: every box as JSON, and every photograph with its boxes drawn."""

import logging
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.dataset.capture_time import taken
from utils.dataset.images import encode_jpeg
from utils.dataset.looks import looks
from utils.dataset.shards import Photo, read_shard, write_shard
from utils.dataset.splitting.fingerprint_index import FingerprintIndex, FingerprintWriter
from utils.dataset.splitting.fingerprints import fingerprint
from utils.drawing.faces import draw_detections
from utils.errors import InputError
from utils.records import write_record

if TYPE_CHECKING:
    from utils.detector.inference import Detector

SCHEMA = 2
"""Of ``predictions_<p>.json``."""

EVERY = 50
"""Photographs between two lines in the log."""

_QUALITY = 60  # of the grey pictures in the fingerprints of new photographs

log = logging.getLogger(__name__)


def predict_shard(
    detector: "Detector",
    photos: Path,
    predictions: Path,
    images: Path,
    fingerprints: Path | None = None,
    own_fingerprints: Path | None = None,
) -> dict[str, Any]:
    """Write the detections on a shard of photographs, and the photographs with them drawn.

    A photograph that cannot be decoded is left out, logged, and listed under ``skipped``.

    Parameters
    ----------
    photos
        The shard; annotations in it are not looked at.
    predictions
        The record to write: ``threshold``, ``model`` ({arch, digest}), ``photos`` ([{name, file,
        width, height, taken, looks, faces: [{box, class, confidence, probabilities}]}]) with every
        box that the detector returns, by falling confidence, and ``skipped`` ([{file, reason}]).
        The four probabilities are of "no face" and of the classes by id; ``taken`` is the EXIF time
        or None, ``looks`` are those of `utils.dataset.looks`. With `fingerprints`, each
        photograph has ``resembles``: the file of a training photograph that it is a near-duplicate
        of, or None.
    images
        The shard of drawings (JPEG, named after the photographs) to write.
    fingerprints
        Of the training side, a file of `utils.dataset.splitting.fingerprint_index`.
    own_fingerprints
        Such a file of these photographs to write, about 50 KB each, for the report to find bursts
        by.

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
    learnt = FingerprintIndex.read(fingerprints) if fingerprints else None
    own = FingerprintWriter(_QUALITY) if own_fingerprints else None
    write_shard(images, _drawings(detector, photos, record, learnt, own))
    write_record(predictions, record, SCHEMA)
    if own and own_fingerprints:
        own.write(own_fingerprints)
    return record


def _drawings(
    detector: "Detector",
    shard: Path,
    record: dict[str, Any],
    learnt: FingerprintIndex | None,
    own: FingerprintWriter | None,
) -> Iterator[Photo]:
    waiting: deque[tuple[Photo, np.ndarray]] = deque()  # no more than a batch of the stream

    def images() -> Iterator[np.ndarray]:
        for photo, image in _decoded(read_shard(shard), record):
            waiting.append((photo, image))
            yield image

    for detections in detector.stream(images()):
        photo, image = waiting.popleft()
        time = taken(photo.image)
        told = {
            "name": photo.name,
            "file": photo.filename,
            "width": image.shape[1],
            "height": image.shape[0],
            "taken": time and time.isoformat(),
            "looks": looks(image),
            "faces": detections.as_record(),
        }
        if learnt is not None or own is not None:
            looked = fingerprint(image)
        if learnt is not None:
            told["resembles"] = learnt.resembling(looked)
        if own is not None:
            own.add(photo.filename, looked)
        record["photos"].append(told)
        drawing = draw_detections(image, detections, detector.threshold)
        yield Photo(photo.name, f"{photo.name}.jpg", encode_jpeg(drawing))
        if len(record["photos"]) % EVERY == 0:
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
