"""Whether a confidence of 80 % is right four times of five, and how to make it so.

Temperature scaling (Guo et al. 2017) with one bias, that of "no face", as in bias-corrected
temperature scaling (Alexandari et al. 2020). The temperature alone cannot mend a detector: its box
head learns from proposals of which a fixed share are faces, but is asked about what is left after
suppression, of which quite another share are. One temperature for both errors makes the many boxes
that are nothing look right, and the few that count worse than before.

Sources: Guo, Pleiss, Sun & Weinberger, ICML (2017); Alexandari, Kundaje & Shrikumar, ICML (2020);
Naeini, Cooper & Hauskrecht, AAAI (2015).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp, softmax

from utils.dataset.faces import Faces
from utils.dataset.labels import BACKGROUND
from utils.metrics.detections import Detections
from utils.metrics.matching import match

BINS = 10
BOUNDS = ((0.1, 10.0), (-10.0, 10.0))
"""Of the inverse temperature and the bias; beyond, no number of photographs would do."""

_LEAST = 1e-12  # a probability that float32 rounded to 0 has a logarithm, too

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Calibration:
    """What makes probabilities mean what they say.

    Attributes
    ----------
    temperature
        What all logits are divided by: above 1 where the detector is too sure of the class.
    background
        What is then added to the logit of "no face": above 0 where it sees faces too often.
    """

    temperature: float = 1.0
    background: float = 0.0

    def apply(self, found: Detections) -> Detections:
        """Return detections with calibrated probabilities, by falling confidence.

        A logarithm of a probability is its logit up to what all classes share, so the logits
        themselves are not needed. Labels stay.
        """
        if self == Calibration() or not len(found):
            return found
        logits = _logits(found) / self.temperature
        logits[:, BACKGROUND] += self.background
        probabilities = softmax(logits, axis=1).astype(np.float32)
        scores = probabilities[np.arange(len(found)), found.labels]
        order = np.argsort(-scores, kind="stable")
        return Detections(
            found.boxes[order], found.labels[order], scores[order], probabilities[order]
        )

    def inverse(self) -> "Calibration":
        """Return the calibration that undoes this one."""
        return Calibration(1 / self.temperature, -self.background * self.temperature)


def fit_calibration(detections: Sequence[Detections], faces: Sequence[Faces]) -> Calibration:
    """Return the calibration of the least negative log-likelihood.

    The truth of a detection is the class of the face it overlaps (see `match`, whatever its class),
    "no face" without one. Fit on validation photographs, never on the test set. A prior worth less
    than one detection keeps a handful of photographs from claiming certainty.

    Parameters
    ----------
    detections, faces
        One entry a photograph, in the same order; detections as the network gives them.

    Returns
    -------
    `Calibration()`, which changes nothing, if no detection found a face.
    """
    from scipy.optimize import minimize  # a quarter of a second that who only applies one saves

    truth = true_classes(detections, faces)
    if not truth.any():
        log.warning("no detection on the validation photographs is a face; confidences stay")
        return Calibration()
    logits = np.concatenate([_logits(found) for found in detections])
    hits = np.eye(logits.shape[1])[truth]

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:  # convex: one minimum
        inverse, bias = point
        scaled = logits * inverse
        scaled[:, BACKGROUND] += bias
        wrong = softmax(scaled, axis=1) - hits
        slope = np.array([(wrong * logits).sum(), wrong[:, BACKGROUND].sum()])
        prior = np.array([inverse - 1, bias / 4])  # slopes of normal distributions, sd 1 and 2
        value = len(truth) * _log_loss(scaled, truth) + (prior**2 * [1, 4]).sum() / 2
        return value / len(truth), (slope + prior) / len(truth)

    best = minimize(loss, np.array([1.0, 0.0]), jac=True, bounds=BOUNDS, method="L-BFGS-B")
    return Calibration(float(1 / best.x[0]), float(best.x[1]))


def true_classes(detections: Sequence[Detections], faces: Sequence[Faces]) -> np.ndarray:
    """Return the class of the face that each detection found, `BACKGROUND` for none: int64, (N,).

    The detections of all photographs, one photograph after the other.
    """
    result = [np.zeros(0, np.int64)]
    for found, real in zip(detections, faces, strict=True):
        result.append(match(found, real, class_aware=False).true_labels(real))
    return np.concatenate(result)


def reliability(detections: Sequence[Detections], faces: Sequence[Faces]) -> dict[str, Any]:
    """Compare confidence with how often it is right, in bins of equal width.

    A detection is right if it found a face and named its class.

    Returns
    -------
    ``bins`` ([{from, below, count, confidence, right}]: mean confidence and share of right ones,
    None in an empty bin; a bin holds its upper end and not its lower one), ``ece`` (expected
    calibration error: the mean distance of the two, weighted by count; Naeini et al. 2015),
    ``ece_by_chance`` (what a perfectly calibrated detector would show on as many boxes of these
    confidences, were each right or wrong on its own), ``log_loss`` (mean negative log-likelihood
    of the true class) and ``brier`` (mean squared distance of the probabilities from the truth,
    summed over the classes: Brier 1950); all None without detections.
    """
    scores = np.concatenate([found.scores for found in detections] or [np.zeros(0)])
    labels = np.concatenate([found.labels for found in detections] or [np.zeros(0, np.int64)])
    truth = true_classes(detections, faces)
    edges = np.linspace(0, 1, BINS + 1)
    place = np.searchsorted(edges[1:-1], scores)
    count = np.bincount(place, minlength=BINS)
    mean = np.bincount(place, scores, BINS) / np.maximum(count, 1)
    right = np.bincount(place, labels == truth, BINS) / np.maximum(count, 1)
    # the mean distance of a sum of coins from its expectation, near enough normal
    spread = np.bincount(place, np.asarray(scores, np.float64) * (1 - scores), BINS)
    chance = np.sqrt(spread * 2 / np.pi)
    logits = np.concatenate([_logits(f) for f in detections] or [np.zeros((0, 1))])
    return {
        "ece": float((count * abs(mean - right)).sum() / count.sum()) if count.any() else None,
        "ece_by_chance": float(chance.sum() / count.sum()) if count.any() else None,
        "log_loss": _log_loss(logits, truth) if count.any() else None,
        "brier": _brier(logits, truth) if count.any() else None,
        "bins": [
            {
                "from": round(float(edges[k]), 6),
                "below": round(float(edges[k + 1]), 6),
                "count": int(count[k]),
                "confidence": float(mean[k]) if count[k] else None,
                "right": float(right[k]) if count[k] else None,
            }
            for k in range(BINS)
        ],
    }


def _logits(found: Detections) -> np.ndarray:
    """Return the logits of (N, 4) probabilities, up to a constant of each row, in float64."""
    return np.log(np.maximum(found.probabilities.astype(np.float64), _LEAST))


def _log_loss(logits: np.ndarray, truth: np.ndarray) -> float:
    chosen = logits[np.arange(len(truth)), truth]
    return float((logsumexp(logits, axis=1) - chosen).mean())


def _brier(logits: np.ndarray, truth: np.ndarray) -> float:
    hits = np.eye(logits.shape[1])[truth]
    return float(((softmax(logits, axis=1) - hits) ** 2).sum(axis=1).mean())
