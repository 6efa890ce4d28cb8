import numpy as np
import pytest
from scipy.stats import bootstrap, gamma

from utils.metrics.bootstrap import (
    MOST,
    draws_of,
    effective_photos,
    expanded_percentiles,
    imaginary,
    interval,
    resample,
)


def test_draws_hold_as_many_photographs_as_there_are() -> None:
    drawn, again, other = (draws_of(30, 200, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert drawn.shape == (200, 30) and (drawn.sum(axis=1) == 30).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(30), abs=0.3)
    assert drawn.var(axis=0).mean() == pytest.approx(29 / 30, rel=0.1)
    assert (again == drawn).all() and (other != drawn).any()


def test_draws_have_the_mean_and_spread_of_resampled_photographs() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 5, (50, 2))
    drawn = resample(rows, 20_000, rng)
    by_hand = np.array([rows[rng.integers(0, 50, 50)].sum(axis=0) for _ in range(20_000)])
    assert drawn.mean(axis=0) == pytest.approx(rows.sum(axis=0), rel=0.01)
    assert np.cov(drawn.T) == pytest.approx(np.cov(by_hand.T), rel=0.08, abs=2)


def test_photographs_stay_whole() -> None:
    drawn = resample(np.array([[1, 10], [2, 20], [3, 30]]), 100, np.random.default_rng(0))
    assert (drawn[:, 1] == 10 * drawn[:, 0]).all()


def test_no_photographs_add_up_to_nothing() -> None:
    assert resample(np.zeros((0, 3), int), 4, np.random.default_rng(0)).tolist() == [[0, 0, 0]] * 4


def test_with_many_photographs_it_is_the_percentile_interval_of_scipy() -> None:
    rng = np.random.default_rng(1)
    data = rng.integers(0, 4, 2000)
    expected = bootstrap((data,), np.mean, method="percentile", rng=rng, n_resamples=4000)
    drawn = resample(data[:, None], 4000, rng)[:, 0] / len(data)
    ours = interval(drawn, len(data))
    assert ours == pytest.approx(list(expected.confidence_interval), abs=0.006)


def test_few_photographs_widen_it() -> None:
    values = np.random.default_rng(0).normal(size=100_000)
    low, high = interval(values, 8)
    # Student's t with 7 degrees of freedom at 97.5 %, times the square root of 8/7
    assert (low, high) == pytest.approx((-2.365 * 1.069, 2.365 * 1.069), abs=0.08)


def test_what_cannot_be_told_is_none() -> None:
    assert interval(np.array([0.1, 0.2]), 1) is None
    assert interval(np.array([np.nan]), 10) is None
    assert interval(np.array([np.nan, 0.5]), 10) == [0.5, 0.5]


def test_fractions_are_resampled_as_counts_are() -> None:
    rows = np.array([[1, 10], [2, 20], [3, 30]])
    drawn, halved = (resample(r, 50, np.random.default_rng(0)) for r in (rows, rows / 2))
    assert halved == pytest.approx(drawn / 2)


def test_with_what_was_not_seen_it_is_jeffreys_interval_of_a_count() -> None:
    """Three events on a thousand photographs: Gamma(3.5), where plain resamples go down to 0."""
    rows = np.zeros((1000, 1))
    rows[:3] = 1
    rng = np.random.default_rng(0)
    drawn = (resample(rows, 20_000, rng) + imaginary(rows, 20_000, rng))[:, 0]
    assert drawn.mean() == pytest.approx(3.5, abs=0.06)
    assert drawn.var() == pytest.approx(3.5, abs=0.15)
    assert np.quantile(drawn, 0.975) == pytest.approx(gamma.ppf(0.975, 3.5), rel=0.06)


def test_events_that_come_together_count_as_one() -> None:
    rng = np.random.default_rng(0)
    rows = np.zeros((100, 2))
    rows[0] = [1, 8]
    half = imaginary(rows, 20_000, rng)
    assert half.mean(axis=0) == pytest.approx([0.5, 4], rel=0.05)
    several = imaginary(np.stack([rows, 2 * rows]), 10, rng)
    assert several.shape == (2, 10, 2)


def test_effective_photographs() -> None:
    assert effective_photos(np.array([3, 3, 3, 0])) == pytest.approx(3)
    assert effective_photos(np.array([[96, 1, 1, 1, 1], [0, 0, 0, 0, 0]]))[1] == 0
    assert effective_photos(np.array([96, 1, 1, 1, 1])) == pytest.approx(1.085, abs=0.001)


@pytest.mark.parametrize("count", [2, 5, 8])
def test_percentiles_of_few_draws_lie_between_them_as_numpys_do(count) -> None:
    values = np.random.default_rng(count).normal(size=count)
    # With so many photographs Student's t is normal and nothing is expanded.
    low, high = expanded_percentiles(values, np.array(1e9), level=0.5)
    assert [low, high] == pytest.approx(np.quantile(values, [0.25, 0.75]))


def test_percentiles_of_many_rows_are_those_of_each() -> None:
    values = np.random.default_rng(2).normal(size=(3, 500))
    low, high = expanded_percentiles(values, np.array([5.0, 50, 5000]))
    assert [low[1], high[1]] == pytest.approx(interval(values[1], 50))
    assert [low[2], high[2]] == pytest.approx(np.quantile(values[2], [0.025, 0.975]), abs=0.01)


def test_more_photographs_than_are_drawn_one_by_one_spread_as_they_should() -> None:
    rng = np.random.default_rng(0)
    rows = rng.gamma(2, size=(4 * MOST + 3, 2))  # no two alike
    drawn = resample(rows, 6000, rng)
    assert drawn.mean(axis=0) == pytest.approx(rows.sum(axis=0), rel=0.001)
    share = drawn[:, 0] / drawn.sum(axis=1)
    total = rows.sum()
    residuals = rows[:, 0] - rows[:, 0].sum() / total * rows.sum(axis=1)
    assert share.std() == pytest.approx(np.sqrt((residuals**2).sum()) / total, rel=0.08)


def test_data_sets_of_one_size_share_the_weights_of_each_draw() -> None:
    rows = np.random.default_rng(0).poisson(2, (3, 40, 2))
    drawn = resample(rows, 500, np.random.default_rng(1))
    assert drawn.shape == (3, 500, 2)
    for number, one in enumerate(rows):
        alone = resample(one[None], 500, np.random.default_rng(1))[0]
        assert (drawn[number] == alone).all()
        assert drawn[number].std(axis=0) == pytest.approx(one.std(axis=0) * np.sqrt(40), rel=0.15)
    assert resample(rows[:, :0], 4, np.random.default_rng(0)).shape == (3, 4, 2)


def test_a_prior_of_fewer_events_adds_less() -> None:
    rng = np.random.default_rng(0)
    quarter = imaginary(np.zeros((50, 3)), 40_000, rng, 0.25)
    assert quarter.mean() == pytest.approx(0.25, abs=0.01)
    assert quarter.var() == pytest.approx(0.25, abs=0.02)
