"""Two stages become a detector: calibrated on validation photographs, and with its threshold.

What is chosen there: how the finder's boxes are framed, so that faces are cut as those were that
the classifier learnt from, and overlap annotations; how likely a box of some score is a face; the
calibration of both stages together; the threshold.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from utils.classifier.finders.finder import FaceFinder, Found, Frame
from utils.classifier.inference import FaceClassifier
from utils.classifier.two_stage import TwoStageDetector, framed
from utils.classifier.two_stage_file import (
    AS_THEY_ARE,
    FinderRecord,
    Sureness,
    TwoStageFile,
    logits,
)
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASS_IDS
from utils.dataset.shards import Photo, read_shard
from utils.dataset.splitting.learnt import learnt_by_all
from utils.errors import InputError
from utils.metrics.average_precision import average_precision
from utils.metrics.calibration import fit_calibration
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU, assign, match, pairwise_iou
from utils.metrics.operating_point import choose_threshold
from utils.networks.model_file import write_model

NEAR = 0.3
"""Intersection over union from which a box is of a face, but for its framing."""

LEAST = 20
"""Faces below which the framing stays as it is."""

LIKELY = {
    "haar": Sureness(0.9, -0.35),
    "lbp": Sureness(1.0, 0.25),
    "yunet": Sureness(1.99, -1.15),
    "centerface": Sureness(2.78, 0.61),
}
"""How likely boxes are faces where there are no validation photographs to learn it from: as
`fit_sureness` has it on 250 photographs of the public *Face Mask Detection* data set."""

log = logging.getLogger(__name__)


def put_together(classifier: FaceClassifier, finder: FaceFinder) -> TwoStageDetector:
    """Return two stages as a detector without validation photographs: nothing is fitted to them."""
    file = TwoStageFile(
        FinderRecord.of(finder),
        classifier.file,
        LIKELY.get(finder.name, Sureness()),
        fingerprints=learnt_by_all(classifier.learnt, getattr(finder, "learnt", None)),
    )
    return TwoStageDetector(file, finder, classifier, classifier.digest)


def fit_two_stage(
    classifier: FaceClassifier, finder: FaceFinder, photographs: Sequence[Path]
) -> TwoStageFile:
    """Return the file of a detector of two stages.

    Parameters
    ----------
    photographs
        Clean shards of the validation side: neither stage learnt from them.

    Raises
    ------
    InputError
        If there is no photograph, or one cannot be read.
    """
    found: list[Found] = []
    faces: list[Faces] = []
    sizes: list[tuple[int, int]] = []
    for photo in _photos(photographs):
        image = photo.decode()
        height, width = image.shape[:2]
        sizes.append((width, height))
        faces.append(photo.read_annotation(width, height).faces)
        found.append(finder.find(image))
    if not sizes:
        raise InputError(f"no photographs in {', '.join(map(str, photographs))}")
    frame = fit_frame([boxes for boxes, _ in found], faces)
    found = [framed(*one, frame, size) for one, size in zip(found, sizes, strict=True)]
    sureness = fit_sureness(found, faces, LIKELY.get(finder.name, Sureness()))
    file = replace(put_together(classifier, finder).file, sureness=sureness, frame=frame)

    detector = TwoStageDetector(file, finder, classifier)
    detections = list(detector.stream(photo.decode() for photo in _photos(photographs)))
    judged = [_judgeable(*one, classifier.absent) for one in zip(detections, faces, strict=True)]
    calibration = fit_calibration(judged, faces)
    detections = [calibration.apply(one) for one in detections]
    point = choose_threshold(detections, faces)
    precision = average_precision(detections, faces)
    log.info(
        "%s: frame %s, %s, %s, threshold %.2f, validation mAP at 0.5 %s",
        *(file.arch, np.round(frame, 3), sureness, calibration, point.threshold),
        precision["map_50"],
    )
    return replace(
        file,
        calibration=calibration,
        threshold=point.threshold,
        metrics={
            "validation": precision,
            "operating_point": {
                "threshold": point.threshold,
                "f1": point.f1,
                "precision": point.precision,
                "recall": point.recall,
            },
        },
    )


def make_two_stage(model: Path, finder: FaceFinder, photographs: Sequence[Path]) -> TwoStageFile:
    """Write, in place of the file of a classifier, that of it and a finder; return what it holds.

    Raises
    ------
    InputError
        As `fit_two_stage`; or if `model` is no file of a classifier.
    """
    file = fit_two_stage(FaceClassifier.load(model), finder, photographs)
    write_model(model, file)
    return file


def fit_frame(boxes: Sequence[np.ndarray], faces: Sequence[Faces]) -> Frame:
    """Return what brings boxes of a finder closest to annotations: medians over faces.

    Parameters
    ----------
    boxes, faces
        One entry a photograph; boxes by falling score.

    Returns
    -------
    As `finders.finder.reframed` takes it; `AS_THEY_ARE` where fewer than `LEAST` faces were found.
    """
    pairs = []
    for mine, real in zip(boxes, faces, strict=True):
        face_of = assign(pairwise_iou(mine, real.boxes), np.array([NEAR]))[0]
        near = np.flatnonzero(face_of >= 0)
        pairs.append(np.concatenate([mine[near], real.boxes[face_of[near]]], axis=1))
    ours, theirs = np.split(np.concatenate([np.zeros((0, 8)), *pairs]), 2, axis=1)
    if len(ours) < LEAST:
        return AS_THEY_ARE
    sides, true = ours[:, 2:] - ours[:, :2], theirs[:, 2:] - theirs[:, :2]
    moved = (theirs[:, :2] + true / 2 - ours[:, :2] - sides / 2) / sides
    return tuple(float(it) for it in np.median(np.hstack([moved, true / sides]), axis=0))


def fit_sureness(found: Sequence[Found], faces: Sequence[Faces], before: Sureness) -> Sureness:
    """Return how likely a box of a score is a face.

    Two boxes of the mean score, of which one is a face, are counted with those that were found, so
    that a few boxes that are all faces, or none, claim no certainty.

    Parameters
    ----------
    found, faces
        One entry a photograph; boxes framed.
    before
        What is returned where nothing was found.
    """
    from sklearn.linear_model import LogisticRegression  # who only applies it saves the import

    told = np.concatenate([scores for _, scores in found])
    if not len(told):
        log.warning("no face was found on the validation photographs; the finder's scores stay")
        return before
    hits = np.concatenate([_hits(*one, real) for one, real in zip(found, faces, strict=True)])
    x = logits(told)
    x, y = np.append(x, [x.mean()] * 2), np.append(hits, [True, False])
    fitted = LogisticRegression().fit(x[:, None], y)
    return Sureness(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


def _hits(boxes: np.ndarray, scores: np.ndarray, faces: Faces) -> np.ndarray:
    """Return which boxes, by falling score, are of a face of their own, whatever its class."""
    return assign(pairwise_iou(boxes, faces.boxes), np.array([IOU]))[0] >= 0


def _judgeable(found: Detections, faces: Faces, absent: Sequence[str]) -> Detections:
    """Leave out detections of faces of classes that were not learnt: none could be right."""
    true = match(found, faces, class_aware=False).true_labels(faces)
    kept = ~np.isin(true, [CLASS_IDS[name] for name in absent])
    return Detections(
        found.boxes[kept], found.labels[kept], found.scores[kept], found.probabilities[kept]
    )


def _photos(shards: Sequence[Path]) -> Iterator[Photo]:
    for shard in shards:
        yield from read_shard(shard)
