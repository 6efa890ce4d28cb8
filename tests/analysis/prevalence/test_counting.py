import numpy as np
import pytest

from utils.analysis.prevalence.counting import class_shares, expected_confusion, expected_counts
from utils.dataset.faces import Faces
from utils.metrics.confusion import confusion_counts
from utils.metrics.detections import Detections

FACES = Faces(
    np.array([[0, 0, 10, 10], [50, 0, 60, 10], [90, 0, 99, 9]], np.float32), np.array([2, 1, 3])
)


def found(probabilities: list[list[float]]) -> Detections:
    """Boxes on the first face, the second one, and where there is none."""
    boxes = np.array([[0, 0, 10, 10], [50, 0, 60, 10], [20, 20, 30, 30]], np.float32)
    values = np.array(probabilities, np.float32)
    return Detections(boxes, values[:, 1:].argmax(1) + 1, values[:, 1:].max(1), values)


def test_expected_counts_are_shares_of_what_counts() -> None:
    one = found([[0.1, 0.81, 0.09, 0], [0.2, 0.1, 0.6, 0.1], [0.5, 0.3, 0.1, 0.1]])
    assert class_shares(one)[0] == pytest.approx([0.9, 0.1, 0])
    assert expected_counts([one], 0.5)[0] == pytest.approx([1.025, 0.85, 0.125])
    confusion = expected_confusion([one], [FACES], 0.5)[0]
    assert confusion[2] == pytest.approx([0, 0.9, 0.1, 0])
    assert confusion[1] == pytest.approx([0, 0.125, 0.75, 0.125])
    assert confusion[3] == pytest.approx([1, 0, 0, 0])
    invented = expected_confusion([one], [FACES], 0.2)[0][0]
    assert invented == pytest.approx([0, 0.6, 0.2, 0.2])


def test_certain_probabilities_give_the_confusion_counts() -> None:
    one = found([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    expected = confusion_counts([one], [FACES], 0.5)
    assert expected_confusion([one], [FACES], 0.5) == pytest.approx(expected)
