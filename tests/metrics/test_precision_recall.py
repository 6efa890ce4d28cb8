import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from utils.metrics.precision_recall import precision_recall

LEFT, RIGHT, FAR = (0, 0, 10, 10), (20, 0, 30, 10), (50, 50, 60, 60)


def test_a_curve_computed_by_hand(found, faces) -> None:
    detections = found((LEFT, 1, 0.9), (FAR, 1, 0.8), (RIGHT, 1, 0.7), (FAR, 2, 0.6))
    curves = precision_recall([detections], [faces((LEFT, 1), (RIGHT, 1))])
    curve = curves["with_mask"]
    assert curve.recall.tolist() == [0.5, 0.5, 1.0]
    assert curve.precision == pytest.approx([1, 1 / 2, 2 / 3])
    assert curve.threshold == pytest.approx([0.9, 0.8, 0.7])
    assert curve.faces == 2
    assert curves["without_mask"].precision.tolist() == [0.0]  # invented: there is no such face


def test_the_envelope_is_the_best_precision_at_a_recall_or_more(found, faces) -> None:
    detections = found((FAR, 1, 0.9), (LEFT, 1, 0.8))
    curve = precision_recall([detections], [faces((LEFT, 1), (RIGHT, 1))])["with_mask"]
    envelope = curve.envelope()
    assert envelope[:51].tolist() == [0.5] * 51
    assert envelope[51:].tolist() == [0.0] * 50


def test_equal_confidences_make_one_point(found, faces) -> None:
    detections = found((LEFT, 1, 0.5), (FAR, 1, 0.5))
    curve = precision_recall([detections], [faces((LEFT, 1))])["with_mask"]
    assert (curve.recall.tolist(), curve.precision.tolist()) == ([1.0], [0.5])


def test_it_agrees_with_scikit_learn_where_every_face_is_found(found, faces) -> None:
    rng = np.random.default_rng(0)
    boxes = [(20 * k, 0, 20 * k + 10, 10) for k in range(40)]
    scores = rng.uniform(0.1, 1, 40).round(2)  # with ties
    real = rng.random(40) < 0.6
    detections = found(*((box, 1, s) for box, s in zip(boxes, scores, strict=True)))
    truth = faces(*((box, 1) for box, r in zip(boxes, real, strict=True) if r))
    curve = precision_recall([detections], [truth])["with_mask"]
    precision, recall, threshold = precision_recall_curve(real, scores)
    assert curve.precision[::-1] == pytest.approx(precision[:-1])
    assert curve.recall[::-1] == pytest.approx(recall[:-1])
    assert curve.threshold[::-1] == pytest.approx(threshold, abs=1e-6)


def test_no_photographs_give_empty_curves() -> None:
    curve = precision_recall([], [])["with_mask"]
    assert (len(curve.recall), curve.faces, curve.envelope().sum()) == (0, 0, 0)
