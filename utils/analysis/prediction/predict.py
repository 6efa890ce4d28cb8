"""A detector on new photographs: every box as JSON, and every photograph with its boxes drawn."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.analysis.prediction.looking import Unread, look
from utils.dataset.images import encode_jpeg
from utils.dataset.shards import Photo, read_shard, write_shard
from utils.dataset.splitting.fingerprint_index import FingerprintIndex, FingerprintWriter
from utils.dataset.splitting.fingerprints import Fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.records import write_record

if TYPE_CHECKING:
    from utils.detector.inference import Detector

SCHEMA = 2
"""Schema of ``predictions_<p>.json``."""

EVERY = 50
"""Photographs between two lines in the log."""

GREY_QUALITY = 60
"""JPEG quality of the grey pictures in the fingerprints of new photographs."""

EARLIER = "one that the weights were learnt from before this training"
"""Stands for a photograph that only the model file knows."""

log = logging.getLogger(__name__)


def predict_shard(
    detector: "Detector",
    photos: Path,
    predictions: Path,
    images: Path,
    fingerprints: Path | None = None,
    own_fingerprints: Path | None = None,
    hide: bool = False,
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
        Of the training side, a file of `utils.dataset.splitting.fingerprint_index`. What the
        weights that training started from had learnt from is known from the model file, which names
        no photograph: `EARLIER` stands for it.
    own_fingerprints
        Such a file of these photographs to write, about 50 KB each, for the report to find bursts
        by.
    hide
        Whether faces are hidden on the drawings.

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
    learnt = _Memory(detector, FingerprintIndex.read(fingerprints)) if fingerprints else None
    own = FingerprintWriter(GREY_QUALITY) if own_fingerprints else None
    write_shard(images, _drawings(detector, photos, record, learnt, own, hide))
    write_record(predictions, record, SCHEMA)
    if own and own_fingerprints:
        own.write(own_fingerprints)
    return record


class _Memory:
    """The photographs that a detector has learnt from, in this training or before it."""

    def __init__(self, detector: "Detector", index: FingerprintIndex) -> None:
        self._index = index
        here = LearntPhotographs.of(index[number] for number in range(len(index)))
        self._earlier = detector.learnt.beyond(here) if detector.learnt else None

    def resembling(self, one: Fingerprint) -> str | None:
        """Return which of them a photograph is a near-duplicate of, or None."""
        if file := self._index.resembling(one):
            return file
        return EARLIER if self._earlier and self._earlier.resemble(one) else None


def _drawings(
    detector: "Detector",
    shard: Path,
    record: dict[str, Any],
    learnt: "_Memory | None",
    own: FingerprintWriter | None,
    hide: bool,
) -> Iterator[Photo]:
    for one in look(detector, read_shard(shard)):
        if isinstance(one, Unread):
            log.warning("left out: %s", one.reason)
            record["skipped"].append({"file": one.file, "reason": one.reason})
            continue
        told = one.record()
        if learnt is not None or own is not None:
            looked = one.fingerprint()
        if learnt is not None:
            told["resembles"] = learnt.resembling(looked)
        if own is not None:
            own.add(one.photo.filename, looked)
        record["photos"].append(told)
        yield Photo(one.photo.name, f"{one.photo.name}.jpg", encode_jpeg(one.drawn(hide)))
        if len(record["photos"]) % EVERY == 0:
            log.info("%d photographs", len(record["photos"]))
