import numpy as np
import pytest

from utils.metrics.detections import Detections


@pytest.fixture
def two() -> Detections:
    probabilities = np.array([[0.1, 0.6, 0.3, 0.0], [0.5, 0.1, 0.35, 0.05]], np.float32)
    boxes = np.array([[0, 0, 9, 9], [20, 0, 29, 9]], np.float32)
    return Detections(boxes, np.array([1, 2]), np.array([0.6, 0.35], np.float32), probabilities)


def test_a_threshold_keeps_what_reaches_it_with_its_probabilities(two) -> None:
    kept = two.above(0.6)
    assert (len(kept), kept.probabilities.tolist()) == (1, two.probabilities[:1].tolist())
    assert len(two.above(0.61)) == 0


def test_by_class_ranks_each_face_in_every_class_it_may_be_of(two) -> None:
    ranked = two.by_class(0.06)
    assert ranked.labels.tolist() == [1, 2, 2, 1]
    assert ranked.scores == pytest.approx([0.6, 0.35, 0.3, 0.1])
    assert ranked.boxes[:, 0].tolist() == [0, 20, 0, 20]
    assert len(two.by_class(0.0)) == 6
