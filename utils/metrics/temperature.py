"""The calibration of a classifier, which is never asked whether there is a face.

Temperature scaling (Guo, Pleiss, Sun & Weinberger, ICML 2017).
"""

import logging
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from utils.metrics.calibration import Calibration
from utils.metrics.detections import Detections

BOUNDS = (0.1, 10.0)
"""Of the temperature; beyond, no number of faces would do."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Temperature(Calibration):
    """A calibration that leaves what is impossible impossible: "no face", classes never learnt."""

    def apply(self, found: Detections) -> Detections:
        """Return detections with calibrated probabilities, by falling confidence; labels stay."""
        if self.temperature == 1 or not len(found):
            return found
        probabilities = self.of_probabilities(found.probabilities)
        scores = probabilities[np.arange(len(found)), found.labels]
        order = np.argsort(-scores, kind="stable")
        return Detections(
            found.boxes[order], found.labels[order], scores[order], probabilities[order]
        )

    def of_probabilities(self, probabilities: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities, float32 (N, ...), whose rows add up to 1."""
        with np.errstate(divide="ignore"):
            logits = np.log(probabilities.astype(np.float64)) / self.temperature
        logits -= logsumexp(logits, axis=1, keepdims=True)
        return np.exp(logits).astype(np.float32)

    def inverse(self) -> "Temperature":
        """Return the calibration that undoes this one."""
        return Temperature(1 / self.temperature)


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> Temperature:
    """Return the temperature of the least negative log-likelihood.

    Fit on validation faces, never on the test set. A prior worth less than one face keeps a handful
    of faces from claiming certainty.

    Parameters
    ----------
    logits
        (N, classes), float; minus infinity where a class is impossible.
    truth
        The column of each face's class, (N,). A face of an impossible class is left out, since no
        temperature makes it likelier.
    """
    from scipy.optimize import minimize_scalar  # who only applies one saves the import

    logits = np.asarray(logits, np.float64)
    possible = np.isfinite(logits[np.arange(len(truth)), truth])
    logits, truth = logits[possible], truth[possible]
    if not len(truth):
        log.warning("no face of validation is of a class that was learnt; confidences stay")
        return Temperature()

    def loss(logarithm: float) -> float:  # convex in the inverse temperature: one minimum
        scaled = logits * np.exp(-logarithm)
        chosen = scaled[np.arange(len(truth)), truth]
        return float((logsumexp(scaled, axis=1) - chosen).sum() + logarithm**2 / 2)

    best = minimize_scalar(loss, bounds=tuple(np.log(BOUNDS)), method="bounded")
    return Temperature(float(np.exp(best.x)))
