import numpy as np
import pytest

from utils.metrics.matching import match
from utils.metrics.operating_point import OperatingPoint, choose_threshold

LEFT, RIGHT, FAR = (0, 0, 10, 10), (20, 0, 30, 10), (50, 50, 60, 60)


def test_the_best_cut_computed_by_hand(found, faces) -> None:
    # keeping 1, 2, 3 boxes: F1 2/3, 1 and 4/5; the best cut lies between 0.6 and 0.2
    detections = found((LEFT, 1, 0.9), (RIGHT, 2, 0.6), (FAR, 1, 0.2))
    point = choose_threshold([detections], [faces((LEFT, 1), (RIGHT, 2))])
    assert point == OperatingPoint(pytest.approx(0.4), 1.0, 1.0, 1.0)


def test_a_box_of_the_wrong_class_is_wrong(found, faces) -> None:
    point = choose_threshold(
        [found((LEFT, 2, 0.9), (RIGHT, 1, 0.8))], [faces((LEFT, 1), (RIGHT, 1))]
    )
    assert (point.precision, point.recall) == (0.5, 0.5)


@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_is_better(random_photos, seed: int) -> None:
    detections, truth = random_photos(15, seed)
    point = choose_threshold(detections, truth)

    def f1(threshold: float) -> float:
        kept = [photo.above(threshold) for photo in detections]
        right = sum(match(*pair).hits.sum() for pair in zip(kept, truth, strict=True))
        return 2 * right / (sum(map(len, kept)) + sum(map(len, truth)))

    scores = np.concatenate([photo.scores for photo in detections])
    assert point.f1 == pytest.approx(max(map(f1, scores)))
    assert f1(point.threshold) == pytest.approx(point.f1)


def test_equal_confidences_stay_together(found, faces) -> None:
    detections = found((LEFT, 1, 0.7), (FAR, 1, 0.7), (RIGHT, 1, 0.7))
    point = choose_threshold([detections], [faces((LEFT, 1), (RIGHT, 1))])
    assert point.threshold == pytest.approx(0.7)
    assert point.precision == pytest.approx(2 / 3)


def test_of_equally_good_thresholds_the_highest_is_taken(found, faces) -> None:
    # keeping 1 box and keeping 4 give F1 2/3 alike
    detections = found((LEFT, 1, 0.9), (FAR, 1, 0.5), (FAR, 1, 0.4), (RIGHT, 1, 0.3))
    point = choose_threshold([detections], [faces((LEFT, 1), (RIGHT, 1))])
    assert point.threshold == pytest.approx(0.7)


def test_neighbouring_floats_are_told_apart(found, faces) -> None:
    high = np.float32(0.5)
    low = np.nextafter(high, np.float32(0))
    detections = found((LEFT, 1, high), (FAR, 1, low))
    point = choose_threshold([detections], [faces((LEFT, 1))])
    assert len(detections.above(point.threshold)) == 1


def test_without_a_right_detection_it_is_one_half(found, faces) -> None:
    nothing = OperatingPoint(0.5, 0.0, 0.0, 0.0)
    assert choose_threshold([], []) == nothing
    assert choose_threshold([found()], [faces((LEFT, 1))]) == nothing
    assert choose_threshold([found((FAR, 1, 0.9))], [faces((LEFT, 1))]) == nothing
    assert choose_threshold([found((FAR, 1, 0.9))], [faces()]) == nothing
