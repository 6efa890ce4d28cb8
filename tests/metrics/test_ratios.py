import numpy as np
import pytest
from scipy.stats import binomtest

from utils.metrics.ratios import ratio_interval, wilson


def test_many_photographs_of_one_face_each_give_wilsons_interval() -> None:
    above = np.repeat([1, 0], [300, 700])
    low, high = ratio_interval(above, np.ones(1000))
    expected = binomtest(300, 1000).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=5e-4)
    exact = wilson(np.float64(0.3), np.float64(1000), np.float64(1e9))
    assert exact == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_faces_that_are_alike_count_as_one() -> None:
    crowds = ratio_interval(np.repeat([8, 0], [30, 70]), np.full(100, 8))
    alone = ratio_interval(np.repeat([1, 0], [30, 70]), np.ones(100))
    assert crowds == pytest.approx(alone, abs=1e-9)
    mixed = ratio_interval(np.full(100, 4), np.full(100, 8))
    assert mixed[1] - mixed[0] == pytest.approx(2 * 0.98 / np.sqrt(800), rel=0.03), "at most faces"


def test_four_of_four_boxes_are_not_a_certainty() -> None:
    low, high = ratio_interval(np.array([1, 1, 1, 1]), np.array([1, 1, 1, 1]))
    assert low < 0.4 and high == 1
    low, high = ratio_interval(np.array([4, 0]), np.array([4, 0]))
    assert low < 0.05, "one photograph tells next to nothing"
    low, high = ratio_interval(np.zeros(50), np.ones(50))
    assert low == 0 and 0.05 < high < 0.1


def test_nothing_to_divide_by_is_nan_and_rows_are_each_as_alone() -> None:
    above, below = np.array([[0, 0], [1, 2]]), np.array([[0, 0], [2, 3]])
    low, high = ratio_interval(above, below)
    assert np.isnan(low[0]) and np.isnan(high[0])
    assert (low[1], high[1]) == pytest.approx(ratio_interval(above[1], below[1]))


def test_it_covers_crowded_photographs() -> None:
    rng, covered = np.random.default_rng(0), []
    for _ in range(20):
        crowd = np.ceil(rng.lognormal(1.2, 0.95, (100, 40)))
        share = rng.beta(0.9 * 3, 0.1 * 3, crowd.shape)
        low, high = ratio_interval(rng.binomial(crowd.astype(int), share), crowd)
        covered.append((low <= 0.9) & (high >= 0.9))
    assert 0.92 < np.mean(covered) < 0.98
