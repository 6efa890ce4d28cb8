import numpy as np
import pytest
from scipy.stats import binomtest

from utils.metrics.ratios import mean_ratio_interval, ratio_interval, wilson


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


def test_the_interval_of_a_mean_of_ratios_holds_the_truth_as_often_as_it_says() -> None:
    """Photographs of three classes, on which all faces are judged better or worse together."""
    rng = np.random.default_rng(0)
    sets, photos, rates = 1500, 60, np.array([[0.95], [0.8], [0.6]])
    hard = rng.normal(0, 0.08, (sets, 1, photos))
    below = rng.poisson([[2.0], [1.0], [0.5]], (sets, 3, photos)) + 0
    below[..., 0] += below.sum(axis=-1) == 0  # no ratio without a denominator
    above = rng.binomial(below, np.clip(rates + hard, 0, 1))
    low, high = mean_ratio_interval(above, below)
    truth = np.mean([np.clip(rate + rng.normal(0, 0.08, 10**5), 0, 1).mean() for rate in rates])
    held = ((low <= truth) & (truth <= high)).mean()
    assert 0.935 <= held <= 0.975


def test_a_mean_of_one_ratio_is_that_ratio() -> None:
    above, below = np.array([1, 0, 2, 1, 0, 3]), np.array([1, 1, 3, 1, 2, 4])
    assert mean_ratio_interval(above[None], below[None]) == ratio_interval(above, below)


def test_a_class_of_few_faces_that_are_all_right_keeps_the_mean_uncertain() -> None:
    above, below = np.zeros((2, 103)), np.zeros((2, 103))
    above[0, :100] = below[0, :100] = 1
    above[1, 100:] = below[1, 100:] = 1  # three of three
    low, high = mean_ratio_interval(above, below)
    assert low < 0.7 and high == 1
    many = mean_ratio_interval(np.repeat(above, 100, axis=1), np.repeat(below, 100, axis=1))
    assert many[0] > 0.99
