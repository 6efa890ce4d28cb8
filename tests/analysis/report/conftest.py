"""The answer of a good detector."""

import numpy as np
import pytest

from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.report.estimates import bursts

GOOD = np.array([[0, 1, 0, 0], [1, 40, 1, 0], [1, 0, 40, 0], [1, 0, 0, 40]])

ALIKE = {"p": 0.4, "shifted": False, "level": 0.99, "features": {}, "words": [], "broken": False}


@pytest.fixture
def fine() -> dict:
    """The answer of a good detector on many photographs."""
    new = np.tile([[3, 1, 1]], (50, 1))
    record = estimate_prevalence(np.repeat(GOOD[None], 40, 0), new, 0, 100)
    return record | {"bursts": bursts(range(50)), "shift": ALIKE}
