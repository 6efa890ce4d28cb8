"""Groups to sides: whole groups, near shares, rare classes everywhere."""

import itertools

import numpy as np
import pytest

from utils.dataset.splitting.stratified_groups import LARGE, assign_groups

FRACTIONS = (0.7, 0.1, 0.2)


def crowd(seed: int, photos: int = 300):
    """Groups of 1 to 5 photographs; classes about 79, 18 and 3 per cent of the faces."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(photos), rng.choice([1, 1, 1, 2, 5], photos))[:photos]
    return groups, rng.poisson([3.5, 0.8, 0.13], (photos, 3))


@pytest.mark.parametrize("seed", range(3))
def test_groups_stay_whole_and_shares_come_near(seed):
    groups, faces = crowd(seed)
    sides = assign_groups(groups, faces, FRACTIONS, seed)
    for group in np.unique(groups):
        assert len(set(sides[groups == group])) == 1
    for side, fraction in enumerate(FRACTIONS):
        here = sides == side
        assert here.mean() == pytest.approx(fraction, abs=0.01)
        shares = faces[here].sum(axis=0) / faces.sum(axis=0)
        np.testing.assert_allclose(shares, fraction, atol=0.02)


@pytest.mark.parametrize("seed", range(8))
def test_of_all_ways_to_deal_out_ten_groups_it_finds_one_of_the_best(seed):
    rng = np.random.default_rng(seed)
    faces = rng.poisson([2.5, 0.8], (10, 2)) + np.eye(10, 2, dtype=int)
    amounts = np.c_[np.ones(10), faces, faces > 0]
    shares = amounts / amounts.sum(axis=0)
    target = np.array(FRACTIONS)[:, None]

    def deviations(ways):
        """Return how far each way of dealing, integers of shape (W, 10), is from the shares."""
        sums = (ways[:, None] == np.arange(3)[:, None]) @ shares
        return ((sums - target) ** 2 / target + 10 * (sums == 0)).sum(axis=(1, 2))

    every = np.sort(deviations(np.array(list(itertools.product(range(3), repeat=10)))))
    found = assign_groups(range(10), faces, FRACTIONS, seed)
    assert deviations(np.array([found])) < every[len(every) // 500]


def test_same_seed_same_sides_other_seed_other_sides():
    groups, faces = crowd(0)
    first = assign_groups(groups, faces, FRACTIONS, 1)
    np.testing.assert_array_equal(first, assign_groups(groups, faces, FRACTIONS, 1))
    assert (first != assign_groups(groups, faces, FRACTIONS, 2)).any()


def test_a_class_on_three_photographs_gets_to_every_side():
    faces = np.zeros((60, 2), int)
    faces[:, 0] = 1
    faces[[5, 17, 40], 1] = [9, 1, 1]
    for seed in range(5):
        sides = assign_groups(range(60), faces, FRACTIONS, seed)
        assert sorted(sides[[5, 17, 40]]) == [0, 1, 2]


def test_a_group_that_would_fill_a_side_goes_to_the_largest():
    groups = np.r_[np.zeros(9, int), 1 + np.arange(91)]
    faces = np.ones((100, 1), int)
    for seed in range(5):
        sides = assign_groups(groups, faces, FRACTIONS, seed)
        assert (sides[:9] == 0).all()
        assert LARGE * 20 < 9  # the rule, not luck, keeps it out of the test side


def test_three_photographs_fill_three_sides():
    sides = assign_groups([4, 2, 9], np.ones((3, 1), int), FRACTIONS, 0)
    assert sorted(sides) == [0, 1, 2]


def test_a_class_without_faces_does_not_disturb():
    groups, faces = crowd(0)
    with_empty = np.c_[faces, np.zeros(len(faces), int)]
    np.testing.assert_array_equal(
        assign_groups(groups, with_empty, FRACTIONS, 0), assign_groups(groups, faces, FRACTIONS, 0)
    )


def test_fewer_groups_than_sides_is_an_error():
    with pytest.raises(ValueError, match="2 groups cannot fill 3 sides"):
        assign_groups([0, 0, 1], np.ones((3, 1), int), FRACTIONS, 0)
