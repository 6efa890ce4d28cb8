import numpy as np
import pytest

from benchmarks import cross_fitting
from benchmarks.cross_fitting import best_threshold, compare, cross_fitted, quality, tables

BOXES = (
    np.array([0, 0, 1, 1, 2]),
    np.array([1, 2, 0, 1, 0]),
    np.array([1, 1, 1, 1, 2]),
    np.array([3.0, 2.0, 1.0, 2.5, -1.0]),
)


def test_the_threshold_is_that_of_the_best_f1() -> None:
    assert best_threshold(BOXES) == 2.0


def test_the_table_counts_what_is_missed_confused_and_invented() -> None:
    told = tables(BOXES, 0.0, 3).sum(axis=0)
    assert told[1, 1] == 2 and told[2, 1] == 1 and told[0, 1] == 1 and told.sum() == 4
    assert quality(tables(BOXES, 2.2, 3).sum(axis=0)) == pytest.approx([2 / 3, 1])
    assert tables(BOXES, 0.0, 3).sum(axis=(1, 2)).tolist() == [2, 2, 0]


def test_each_fold_is_counted_at_the_threshold_of_the_others(monkeypatch) -> None:
    monkeypatch.setattr(cross_fitting, "best_threshold", lambda boxes: len(np.unique(boxes[0])))
    assert cross_fitted(BOXES, 3).tolist() == tables(BOXES, 2.0, 3).tolist()


def test_cross_fitting_takes_off_most_of_what_seems_too_good_and_keeps_coverage(
    monkeypatch,
) -> None:
    monkeypatch.setattr(cross_fitting, "POOL", 4000)
    seem, _, folded, *rest = compare("middling", (35, 70), 120, 1, 0)
    alone, wide, both, narrow, biased, counted, still, also = rest[-8:]
    assert seem > 0.7
    assert abs(folded) < 0.6 * seem
    assert min(alone, both, counted, also) > 85 and narrow < wide
    assert max(abs(biased), abs(still)) < 3


def test_a_search_flatters_the_detector_that_it_keeps(monkeypatch) -> None:
    monkeypatch.setattr(cross_fitting, "POOL", 4000)
    one, many = (compare("middling", (10, 20), 40, trials, 0)[0] for trials in (1, 8))
    assert many > one
