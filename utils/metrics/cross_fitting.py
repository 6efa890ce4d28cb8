"""What counts on validation photographs, without their having had a say in it.

Calibration and threshold are chosen on the validation photographs, so a detector looks better on
them than it is. Cross-fitted, each part of them is calibrated and counted as the others alone would
have chosen, and is then as good as a test (Chernozhukov et al., Econom. J. 21 (2018) C1).
``benchmarks/cross_fitting.py`` measures what optimism that leaves.
"""

from collections.abc import Callable, Sequence

import numpy as np

from utils.dataset.faces import Faces
from utils.metrics.calibration import Calibration, fit_calibration
from utils.metrics.detections import Detections
from utils.metrics.operating_point import choose_threshold

FOLDS = 5

LEAST = 10
"""Groups of photographs below which the others would choose too badly."""


def cross_fitted(
    detections: Sequence[Detections],
    faces: Sequence[Faces],
    groups: Sequence[int],
    choose: Callable[..., tuple[Calibration, float]] | None = None,
) -> list[Detections] | None:
    """Return the detections that count, calibrated, as the photographs of other folds choose.

    Parameters
    ----------
    detections, faces
        One entry a photograph, in the same order; detections as the network gives them.
    groups
        Equal numbers for near-duplicates, which are in one fold.
    choose
        From detections and faces of the other folds to the calibration, and the threshold; by
        default that of a detector.

    Returns
    -------
    One entry a photograph; None where there are fewer than `LEAST` groups.
    """
    labels, place = np.unique(np.asarray(groups), return_inverse=True)
    if len(labels) < LEAST:
        return None
    fold = place % FOLDS
    result = list(detections)
    for k in range(FOLDS):
        others = np.flatnonzero(fold != k)
        real = [faces[n] for n in others]
        raw = [detections[n] for n in others]
        calibration, threshold = (choose or _of_a_detector)(raw, real)
        for n in np.flatnonzero(fold == k):
            result[n] = calibration.apply(detections[n]).above(threshold)
    return result


def _of_a_detector(
    detections: Sequence[Detections], faces: Sequence[Faces]
) -> tuple[Calibration, float]:
    calibration = fit_calibration(detections, faces)
    found = [calibration.apply(one) for one in detections]
    return calibration, choose_threshold(found, faces).threshold
