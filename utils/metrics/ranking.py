"""All detections of a class by falling confidence, and what each found: what AP is made of.

Matching is done once. Average precision of any resample of the photographs follows from it by
counting each photograph's detections and faces as often as it was drawn, which makes a bootstrap
of a thousand resamples a matter of seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections
from utils.metrics.matching import assign, pairwise_iou

RECALLS = np.linspace(0, 1, 101)
"""Where COCO reads the curve of precision over recall."""

LEAST = 0.001
"""A box less likely than this to be of a class is not ranked in it."""

_BLOCK = 2_000_000  # numbers in an array at a time


@dataclass(frozen=True)
class Ranking:
    """The detections of one class on all photographs, by falling confidence.

    Attributes
    ----------
    photo
        int64, shape (D,): the index of each detection's photograph.
    scores
        float32, shape (D,).
    right
        bool, shape (T, D): whether it found a face of its class, at each least overlap.
    counted
        bool, shape (T, D): False where it counts neither as right nor as wrong, since what it found
        (or its own size, if it found nothing) is not asked for.
    faces
        int64, shape (photos,): how many faces there are to find on each photograph.
    """

    photo: np.ndarray
    scores: np.ndarray
    right: np.ndarray
    counted: np.ndarray
    faces: np.ndarray

    def average_precision(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Return COCO's average precision, the mean of the best precision at `RECALLS` or beyond.

        Parameters
        ----------
        weights
            int, shape (R, photos): how often each resample holds each photograph; without it, each
            photograph once, as a single resample.

        Returns
        -------
        float64, shape (R, T): for each resample and least overlap; NaN where there is no face. It
        is what pycocotools returns for a data set that repeats the photographs so.
        """
        if weights is None:
            weights = np.ones((1, len(self.faces)), np.int64)
        size = max(1, _BLOCK // max(len(self.photo), 1))
        blocks = [self._block(weights[k : k + size]) for k in range(0, len(weights), size)]
        return np.concatenate(blocks or [np.zeros((0, len(self.right)))])

    def _block(self, weights: np.ndarray) -> np.ndarray:
        faces = (weights @ self.faces)[:, None]
        drawn = weights[:, self.photo]
        result = np.zeros((len(weights), len(self.right)))
        for t, (right, counted) in enumerate(zip(self.right, self.counted, strict=True)):
            hits = np.flatnonzero(right & counted)  # precision falls between them
            seen = (drawn * counted).cumsum(axis=1)[:, hits]
            found = drawn[:, hits].cumsum(axis=1)
            precision = found / np.maximum(seen, 1)
            best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
            reached = np.searchsorted(RECALLS, found / np.maximum(faces, 1), side="right")
            result[:, t] = (best * np.diff(reached, axis=1, prepend=0)).sum(axis=1)
        return np.where(faces > 0, result / len(RECALLS), np.nan)


def rank(
    detections: Sequence[Detections],
    faces: Sequence[Faces],
    ious: np.ndarray,
    sides: tuple[float, float] | None = None,
) -> list[Ranking]:
    """Match detections to faces of their class at each least overlap; return a ranking per class.

    Parameters
    ----------
    detections, faces
        One entry a photograph, in the same order. A detection is ranked in every class that it is
        of with probability `LEAST` or more (see `Detections.by_class`).
    ious
        Shape (T,).
    sides
        Only faces whose side (square root of the area, in pixels) is from the first up and below
        the second are to be found; by default, all.

    Raises
    ------
    ValueError
        If the two sequences differ in length.
    """
    if len(detections) != len(faces):
        raise ValueError(f"{len(detections)} detections for {len(faces)} photographs")
    ranked = [found.by_class(LEAST) for found in detections]
    outcomes = [_outcome(*pair, ious, sides) for pair in zip(ranked, faces, strict=True)]
    photo = np.repeat(np.arange(len(ranked)), [len(found) for found in ranked])
    labels = np.concatenate([found.labels for found in ranked] or [np.zeros(0, np.int64)])
    scores = np.concatenate([found.scores for found in ranked] or [np.zeros(0, np.float32)])
    none = [np.zeros((len(ious), 0), bool)]
    right = np.concatenate([one[0] for one in outcomes] or none, axis=1)
    counted = np.concatenate([one[1] for one in outcomes] or none, axis=1)
    result = []
    for k in range(1, len(CLASSES) + 1):
        index = np.flatnonzero(labels == k)
        index = index[np.argsort(-scores[index], kind="stable")]
        there = np.array([(f.labels[_asked_for(f, sides)] == k).sum() for f in faces], np.int64)
        parts = photo[index], scores[index], right[:, index], counted[:, index]
        result.append(Ranking(*parts, there))
    return result


def face_sides(faces: Faces | Detections) -> np.ndarray:
    """Return the side of each box in pixels: the square root of its area, float64, shape (N,)."""
    boxes = np.asarray(faces.boxes, np.float64)
    return np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))


def _outcome(
    found: Detections, real: Faces, ious: np.ndarray, sides: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Which detections of one photograph are right, and which count at all: bool, (T, D)."""
    overlap = pairwise_iou(found.boxes, real.boxes)
    overlap[found.labels[:, None] != real.labels[None, :]] = 0
    asked = _asked_for(real, sides)
    face_of = assign(overlap, ious, None if sides is None else ~asked)
    right = face_of >= 0
    matched = np.append(asked, False)[face_of]  # of those without a face, the last entry
    return right, np.where(right, matched, _asked_for(found, sides))


def _asked_for(boxes: Faces | Detections, sides: tuple[float, float] | None) -> np.ndarray:
    if sides is None:
        return np.ones(len(boxes), bool)
    side = face_sides(boxes)
    return (side >= sides[0]) & (side < sides[1])


def rankings_record(rankings: Sequence[Ranking]) -> dict[str, dict[str, list[int]]]:
    """Return plain values from which average precision can be had again, also of resamples.

    Parameters
    ----------
    rankings
        One a class, with all that was found counted (`rank` without `sides`).

    Returns
    -------
    By class ``photo`` (the index of each detection's photograph, by falling confidence) and
    ``right`` (a bit for each least overlap at which it is right, the first overlap the lowest bit).
    What comes after the last that is right changes no average precision, and is left out.
    """
    record = {}
    for name, ranking in zip(CLASSES, rankings, strict=True):
        bits = (ranking.right * (1 << np.arange(len(ranking.right)))[:, None]).sum(axis=0)
        last = np.flatnonzero(bits).max(initial=-1) + 1
        record[name] = {"photo": ranking.photo[:last].tolist(), "right": bits[:last].tolist()}
    return record


def rankings_of(
    record: dict[str, dict[str, list[int]]], faces: np.ndarray, kept: np.ndarray, overlaps: int
) -> list[Ranking]:
    """Return the rankings of some photographs from what `rankings_record` returned.

    They are enough for average precision; scores are not known any more, and are NaN.

    Parameters
    ----------
    faces
        int64, shape (kept, classes): the faces of each of them.
    kept
        int64: the indices of the photographs among all, in the order that they are to have.
    overlaps
        How many least overlaps there are.

    Raises
    ------
    ValueError
        If the record is not as `rankings_record` returns it.
    """
    result = []
    for name, there in zip(CLASSES, np.asarray(faces).T, strict=True):
        photo = np.array(record[name]["photo"], np.int64)
        bits = np.array(record[name]["right"], np.int64)
        if photo.shape != bits.shape or photo.ndim != 1:
            raise ValueError(f"{name}: {len(photo)} photographs for {len(bits)} detections")
        place = np.full(max(photo.max(initial=-1), kept.max(initial=-1)) + 1, -1)
        place[kept] = np.arange(len(kept))
        here = place[photo] >= 0
        right = (bits[here] >> np.arange(overlaps)[:, None] & 1).astype(bool)
        scores = np.full(int(here.sum()), np.nan, np.float32)
        result.append(Ranking(place[photo[here]], scores, right, np.ones_like(right), there))
    return result
