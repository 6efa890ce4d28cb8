import numpy as np
import pytest
from scipy.stats import ks_2samp

from utils.drift.features import Album
from utils.drift.two_samples import LEVEL, compare, weights_of

NAMES = ("a", "b", "c")


def album(rng, number, shift=0.0, burst=1, names=NAMES):
    """Photographs in bursts of nearly equal ones; the first feature is shifted."""
    rows = np.repeat(rng.normal(size=(number, len(names))), burst, axis=0)
    rows += rng.normal(0, 0.01, rows.shape)
    rows[:, 0] += shift
    return Album(names, rows, np.repeat(np.arange(number), burst))


@pytest.mark.parametrize("burst", [1, 5])
def test_alike_photographs_are_called_different_as_often_as_is_said(burst):
    """Also where the new ones come in bursts, which tell no more than one photograph each."""
    rng, sets = np.random.default_rng(1), 200
    alarms = sum(
        compare(album(rng, 40), album(rng, 15, burst=burst), seed, 99).differ
        for seed in range(sets)
    )
    # of 200 with 5 % there are 2 to 20 with a chance of 999 in 1,000
    assert 2 <= alarms <= 20


def test_bursts_that_nobody_knows_of_would_raise_false_alarms():
    rng = np.random.default_rng(1)
    told = []
    for seed in range(40):
        new = album(rng, 15, burst=5)
        alone = Album(new.names, new.values, np.arange(len(new)))
        told.append(compare(album(rng, 40), alone, seed, 99).differ)
    assert np.mean(told) > 4 * LEVEL


def test_what_differs_is_found_and_named_alone():
    rng = np.random.default_rng(2)
    told = compare(album(rng, 60), album(rng, 40, shift=1.5), 0)
    assert told.p == pytest.approx(0.001) and told.groups == (60, 40)
    (one,) = told.differing()
    assert (one.name, one.p) == ("a", told.p)
    assert one.deviations == pytest.approx(1.5, abs=0.4)
    assert one.new - one.known == pytest.approx(1.5, abs=0.4)


def test_a_spread_is_seen_that_no_mean_tells():
    rng = np.random.default_rng(3)
    known, new = album(rng, 100), album(rng, 100)
    new.values[:, 1] *= 4
    (one,) = compare(known, new, 0).differing()
    assert one.name == "b" and abs(one.deviations) < 1


def test_the_distance_is_that_of_kolmogorov_and_smirnov_ties_and_gaps_included():
    rng = np.random.default_rng(4)
    known, new = album(rng, 50), album(rng, 20)
    for one in (known, new):
        one.values[:, 1] = np.round(one.values[:, 1])
        one.values[::4, 2] = np.nan
    told = {one.name: one.distance for one in compare(known, new, 0, 9).features}
    for k, name in enumerate(NAMES):
        sides = (one.values[np.isfinite(one.values[:, k]), k] for one in (known, new))
        assert told[name] == pytest.approx(ks_2samp(*sides).statistic)


def test_a_group_has_the_weight_of_one_photograph_however_many_of_it_tell():
    values = np.array([[1.0], [np.nan], [2.0], [3.0]])
    assert weights_of(Album(("a",), values, np.array([7, 7, 7, 9])), 0).tolist() == [0.5, 0, 0.5, 1]


def test_one_photograph_tells_nothing_and_three_that_are_far_out_do():
    rng = np.random.default_rng(5)
    known = album(rng, 60)
    assert not compare(known, album(rng, 1, shift=50), 0).differ
    assert not compare(known, album(rng, 3), 0).differ
    assert compare(known, album(rng, 3, shift=50), 0).differ


def test_what_no_photograph_tells_differs_in_nothing():
    rng = np.random.default_rng(7)
    new = album(rng, 20)
    new.values[:, 0] = np.nan
    told = {one.name: one for one in compare(album(rng, 20), new, 0).features}
    assert told["a"].distance is None and told["a"].new is None and told["a"].p == 1


def test_the_same_seed_tells_the_same():
    rng = np.random.default_rng(8)
    sides = album(rng, 30), album(rng, 30, shift=0.5)
    assert compare(*sides, 3) == compare(*sides, 3)
