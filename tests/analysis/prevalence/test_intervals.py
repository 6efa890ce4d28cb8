import numpy as np
import pytest

from utils.analysis.prevalence.intervals import (
    Photos,
    count_interval,
    share_here,
    share_interval,
)

DRAWN = np.clip(np.random.default_rng(0).normal(0.5, 0.05, 20_000), 0, 1)
STILL = np.full(20_000, 0.5)


def width(photos: Photos, tested: np.ndarray = STILL) -> float:
    low, high = share_interval(np.float64(0.5), np.float64(0.5), DRAWN, tested, photos)
    return float(high - low)


def of(test: float, new: float) -> Photos:
    return Photos(np.float64(test), np.float64(new), np.int64(test), np.int64(new))


def test_photographs_are_counted_as_crowds() -> None:
    test = np.zeros((4, 4, 4))
    test[:, 1, 1] = 2
    photos = Photos.of(test, np.array([[6, 0, 0], [0, 2, 0], [0, 0, 0]]))
    assert photos.test == pytest.approx(4)
    assert photos.new == pytest.approx(64 / 40)  # one crowd of six and two others
    assert (photos.tests, photos.crowds) == (4, 2)


def test_the_set_that_spreads_decides_how_far_percentiles_go() -> None:
    assert width(of(1000, 1000)) == pytest.approx(4 * 0.05 * 0.98, rel=0.03)
    assert width(of(1000, 8)) == pytest.approx(2 * 2.365 * 1.069 * 0.05, rel=0.06)
    assert width(of(8, 1000)) == pytest.approx(width(of(1000, 1000)))
    assert width(of(8, 1000), tested=DRAWN) == pytest.approx(width(of(1000, 8)))


def test_satterthwaites_degrees_of_freedom() -> None:
    photos = Photos(np.float64(11), np.float64(21), np.int64(11), np.int64(21))
    half = 0.5 + (DRAWN - DRAWN.mean()) * np.sqrt(0.5)
    expected = 1 / (0.25 / 10 + 0.25 / 20)
    assert photos.behind(DRAWN, half) == pytest.approx(1 + expected, rel=0.01)


def test_a_crowd_counts_half_way_between_one_photograph_and_several() -> None:
    """The degrees of freedom of the place are of the geometric mean of both numbers."""
    crowded = Photos(np.float64(1000), np.float64(4), np.int64(1000), np.int64(16))
    assert crowded.behind(DRAWN, STILL) == pytest.approx(8, rel=0.01)
    assert width(crowded) == pytest.approx(width(of(1000, 8)), rel=0.01)


def test_the_interval_holds_the_estimate_and_exact_bounds_at_the_ends() -> None:
    few, one, none = np.full(1000, 0.98), np.float64(1), np.float64(0)
    low, high = share_interval(one, one, few, few, of(1000, 10))
    assert (low, high) == pytest.approx((0.025**0.1, 1))
    low, high = share_interval(none, none, 1 - few, 1 - few, of(1000, 10))
    assert (low, high) == pytest.approx((0, 1 - 0.025**0.1))
    low, high = share_interval(np.float64(0.9), np.float64(0.8), few, few, of(1000, 10))
    assert (low, high) == pytest.approx((0.9, 0.98))


def test_a_share_corrected_to_all_is_no_exact_count() -> None:
    """Somebody else was found, if by mistake: resamples tell how often, and no bound is needed."""
    low, high = share_interval(np.float64(1), np.float64(0.9), DRAWN, STILL, of(1000, 1000))
    assert (low, high) == pytest.approx((0.402, 1), abs=0.003)


def test_draws_without_a_solution_widen_it() -> None:
    broken = DRAWN.copy()
    broken[::4] = np.nan
    low, high = share_interval(np.float64(0.5), np.float64(0.5), broken, STILL, of(1000, 1000))
    assert high - low > 3 * width(of(1000, 1000))


def test_many_at_once_are_each_as_alone() -> None:
    photos = Photos(*map(np.array, ([9.0, 50], [30.0, 7], [9, 50], [30, 7])))
    drawn = np.stack([DRAWN, DRAWN - 0.2])
    low, high = share_interval(np.array([0.5, 0.3]), np.array([0.5, 0.4]), drawn, drawn, photos)
    alone = share_interval(np.float64(0.3), np.float64(0.4), drawn[1], drawn[1], of(50, 7))
    assert (low[1], high[1]) == pytest.approx(alone)


def test_of_these_very_photographs_only_the_test_photographs_count() -> None:
    low, high = share_here(np.float64(0.5), DRAWN, of(1000, 2))
    assert (low, high) == pytest.approx((0.5 - 0.098, 0.5 + 0.098), abs=0.004)
    few = np.subtract(*share_here(np.float64(0.5), DRAWN, of(8, 1000))[::-1])
    assert few == pytest.approx(2 * 2.365 * 1.069 * 0.05, rel=0.06)


def test_a_number_of_people_is_a_multiple_of_the_estimate() -> None:
    drawn = 100 * np.exp(np.random.default_rng(0).normal(0, 0.2, 50_000))
    low, high = count_interval(np.float64(100), drawn, drawn, of(1e6, 1))
    assert (low, high) == pytest.approx((100 * np.exp(-0.392), 100 * np.exp(0.392)), rel=0.02)
    low, high = count_interval(np.float64(100), drawn, drawn, of(8, 1))
    half = 0.2 * 2.365 * 1.069
    assert (low, high) == pytest.approx((100 * np.exp(-half), 100 * np.exp(half)), rel=0.02)


def test_what_the_prior_adds_to_all_draws_is_not_taken_for_people() -> None:
    drawn = 100 * np.exp(np.random.default_rng(0).normal(0, 0.2, 50_000))
    expected = count_interval(np.float64(100), drawn, drawn, of(50, 1))
    more = 1.1 * drawn
    assert count_interval(np.float64(100), more, more, of(50, 1)) == pytest.approx(expected)


def test_crowds_that_may_be_missed_are_people() -> None:
    drawn = 100 * np.exp(np.random.default_rng(0).normal(0, 0.2, 50_000))
    low, high = count_interval(np.float64(100), drawn, drawn, of(50, 1))
    with_crowds = count_interval(np.float64(100), drawn, 1.1 * drawn, of(50, 1))
    stretch = np.log(high / 100) / (1.96 * 0.2)
    assert with_crowds[1] == pytest.approx(high * 1.1**stretch, rel=0.02)
    assert with_crowds[0] == pytest.approx(low * 1.1**stretch, rel=0.02)


def test_draws_without_a_solution_could_be_any_number_of_people() -> None:
    drawn = 100 * np.exp(np.random.default_rng(0).normal(0, 0.2, 50_000))
    few = np.concatenate([drawn, [-1e6, np.nan, np.inf, 0] * 200])
    low, high = count_interval(np.float64(100), drawn, drawn, of(1e6, 1))
    wider = count_interval(np.float64(100), few, few, of(1e6, 1))
    assert wider[0] == pytest.approx(low, rel=0.01)
    assert 1.05 * high < wider[1] < 2 * high
    many = np.concatenate([drawn, [-1e6, np.nan, np.inf, 0] * 400])
    assert count_interval(np.float64(100), many, many, of(1e6, 1))[1] == np.inf
    low, high = count_interval(np.float64(3), *[np.full(10, -1.0)] * 2, of(50, 1))
    assert (low, high) == (3, np.inf)


def test_an_upper_end_far_beyond_the_estimate_is_none() -> None:
    drawn = 100 * np.exp(np.random.default_rng(0).normal(0, 0.2, 50_000))
    low, high = count_interval(np.float64(100), drawn, drawn, of(1.2, 1))
    assert high == np.inf
    assert 0 <= low < 50
