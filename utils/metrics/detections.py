"""What a detector says of one photograph."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.dataset.labels import BACKGROUND, CLASS_IDS, CLASSES, TITLES
from utils.errors import InputError, brief

FIELDS = ("box", "class", "confidence", "probabilities")
"""What stands in a record of each face."""

SLACK = 1e-3
"""How far probabilities may be from adding up to 1: they are float32."""


@dataclass(frozen=True)
class Detections:
    """Detected faces of one photograph, by falling confidence.

    Attributes
    ----------
    boxes
        float32, shape (N, 4): x1, y1, x2, y2 in pixels of the upright image, zero-based, half-open.
    labels
        int64, shape (N,): class ids from 1 (see `utils.dataset.labels`), the likeliest of each.
    scores
        float32, shape (N,): confidence in 0..1, never rising along the array; the probability of
        the label.
    probabilities
        float32, shape (N, 4): of "no face" and of each class, by id, adding up to 1.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def above(self, threshold: float) -> "Detections":
        """Return the detections whose confidence is at least `threshold`."""
        return self._at(np.flatnonzero(self.scores >= threshold))

    def by_class(self, least: float) -> "Detections":
        """Return each face once for every class that it is of with probability `least` or more.

        This is what average precision ranks: for each class the boxes, by how likely they are of
        that class. Counting people takes the detections as they are.
        """
        of_class = self.probabilities[:, BACKGROUND + 1 :]
        face, column = np.nonzero(of_class >= least)
        scores = of_class[face, column]
        order = np.argsort(-scores, kind="stable")
        face, labels = face[order], column[order] + BACKGROUND + 1
        return Detections(self.boxes[face], labels, scores[order], self.probabilities[face])

    def as_record(self) -> list[dict[str, Any]]:
        """Return plain values for JSON, one ``{box, class, confidence, probabilities}`` a face.

        Boxes are rounded to hundredths of a pixel. The other numbers are spelled as shortly as
        gives the same float32 back.
        """
        return [
            {
                "box": [round(float(value), 2) for value in box],
                "class": CLASSES[label - 1],
                "confidence": float(str(score)),
                "probabilities": [float(str(value)) for value in probabilities],
            }
            for box, label, score, probabilities in zip(
                self.boxes, self.labels, self.scores, self.probabilities, strict=True
            )
        ]

    @classmethod
    def from_record(cls, faces: Any) -> "Detections":
        """Return what `as_record` gave to a file, apart from the rounding of the boxes.

        Raises
        ------
        InputError
            If `faces` is no such list; the message names the face (from 1) and the field.
        """
        if not isinstance(faces, list):
            raise InputError(f"the faces are {brief(faces, 40)}, expected a list")
        for number, face in enumerate(faces, start=1):
            _check(face, f"face {number}")
        confidences = [face["confidence"] for face in faces]
        if confidences != sorted(confidences, reverse=True):
            raise InputError("field 'confidence' rises from one face to the next; expected to fall")
        return cls(
            np.array([face["box"] for face in faces], np.float32).reshape(-1, 4),
            np.array([CLASS_IDS[face["class"]] for face in faces], np.int64),
            np.array(confidences, np.float32),
            np.array([face["probabilities"] for face in faces], np.float32).reshape(
                -1, len(TITLES)
            ),
        )

    def _at(self, index: np.ndarray) -> "Detections":
        return Detections(
            self.boxes[index], self.labels[index], self.scores[index], self.probabilities[index]
        )


def _check(face: Any, shown: str) -> None:
    """Raise an `InputError` unless `face` is a face of a record."""
    if not isinstance(face, dict):
        raise InputError(f"{shown} is {brief(face, 40)}, expected an object")
    if missing := [name for name in FIELDS if name not in face]:
        raise InputError(f"{shown}: field {missing[0]!r} is missing")
    box, name, confidence, probabilities = (face[field] for field in FIELDS)
    wrong = None
    if not (_numbers(box, 4) and box[0] <= box[2] and box[1] <= box[3]):
        wrong = "box", "[x1, y1, x2, y2] with x1 <= x2 and y1 <= y2"
    elif not (isinstance(name, str) and name in CLASS_IDS):
        wrong = "class", f"one of {', '.join(CLASSES)}"
    elif not (_numbers(probabilities, len(TITLES)) and _is_distribution(probabilities)):
        wrong = "probabilities", f"{len(TITLES)} numbers of 0 or more that add up to 1"
    elif not (_numbers([confidence], 1) and confidence == probabilities[CLASS_IDS[name]]):
        wrong = "confidence", f"the probability of the class, {probabilities[CLASS_IDS[name]]}"
    if wrong:
        field, expected = wrong
        raise InputError(f"{shown}: field {field!r} is {brief(face[field])}, expected {expected}")


def _numbers(values: Any, count: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == count
        and all(type(value) in (int, float) and math.isfinite(value) for value in values)
    )


def _is_distribution(values: Iterable[float]) -> bool:
    return min(values) >= 0 and abs(sum(values) - 1) <= SLACK
