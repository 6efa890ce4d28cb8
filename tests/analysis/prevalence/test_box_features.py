import numpy as np
import pytest

from utils.analysis.prevalence.box_features import feature_sums
from utils.dataset.faces import Faces
from utils.metrics.detections import Detections


def test_sums_are_of_what_counts_by_true_class() -> None:
    boxes = np.array([[0, 0, 16, 16], [50, 0, 58, 8], [90, 0, 94, 4]], np.float32)
    scores = np.array([0.9, 0.8, 0.3], np.float32)
    found = Detections(boxes, np.array([1, 1, 1]), scores, np.eye(4, dtype=np.float32)[[1, 1, 1]])
    sums = feature_sums([found], 0.5, [Faces(boxes[:1], np.array([3]))])
    logits = np.log([9, 4])
    assert sums[0, 3] == pytest.approx([4, logits[0]], rel=1e-5)
    assert sums[0, 0] == pytest.approx([3, logits[1]], rel=1e-5)
    assert feature_sums([found], 0.5)[0] == pytest.approx(sums[0].sum(axis=0))


def test_without_photographs_there_are_no_sums() -> None:
    assert feature_sums([], 0.5).shape == (0, 2)
