import numpy as np

from utils.dataset.faces import Faces
from utils.detector.validation import standard_error
from utils.metrics.detections import Detections

BOX = np.float32([[10, 10, 30, 30]])


class Photos:
    """Photographs of one masked face each."""

    def __init__(self, count):
        self.faces = [Faces(BOX, np.array([1]))] * count

    def __len__(self):
        return len(self.faces)


def found(right):
    """Return the face itself, or a box somewhere else."""
    probabilities = np.float32([[0.1, 0.9, 0, 0]])
    box = BOX if right else BOX + np.float32(50)
    return Detections(box, np.array([1]), np.float32([0.9]), probabilities)


def test_error_falls_with_the_number_of_photographs_and_is_none_without_doubt():
    few, many = (
        standard_error([found(k % 2 == 0) for k in range(n)], Photos(n), 1) for n in (8, 128)
    )
    assert few > 3 * many > 0
    assert standard_error([found(True)] * 8, Photos(8), 1) == 0
