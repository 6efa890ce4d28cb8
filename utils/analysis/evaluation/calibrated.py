"""Whether confidences mean what they say, before and after they were calibrated."""

from dataclasses import asdict
from typing import Any

from utils.dataset.faces import Faces
from utils.metrics.calibration import Calibration, reliability
from utils.metrics.detections import Detections


def calibration_record(
    detections: list[Detections], faces: list[Faces], calibration: Calibration
) -> dict[str, Any]:
    """Return ``temperature`` and ``background``, and `reliability` ``before`` and ``after`` them.

    Parameters
    ----------
    detections
        As the model returns them, calibrated.
    """
    raw = [calibration.inverse().apply(found) for found in detections]
    return {
        **asdict(calibration),
        "before": reliability(raw, faces),
        "after": reliability(detections, faces),
    }
