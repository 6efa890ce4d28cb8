import numpy as np

from utils.drift.features import Album
from utils.drift.least_alike import least_alike

KNOWN = Album(("a", "b"), np.stack([np.arange(99.0), np.arange(99.0)], axis=1), np.arange(99))


def told(rows, groups=None):
    values = np.array(rows, float)
    groups = np.arange(len(values)) if groups is None else np.array(groups)
    return least_alike(KNOWN, Album(("a", "b"), values, groups), 3)


def test_the_farthest_comes_first_with_what_is_unusual_of_it():
    first, second = told([[50, 50], [200, 50], [-1, 200]])
    assert (first.photograph, second.photograph) == (2, 1)
    assert first.features == (("a", False, 0.01), ("b", True, 0.01))
    assert second.features == (("a", True, 0.01),)


def test_one_of_a_group_is_told_and_nothing_of_what_is_usual():
    assert [one.photograph for one in told([[200, 200], [200, 200], [30, 60]], [0, 0, 1])] == [0]


def test_what_a_photograph_does_not_tell_is_no_distance():
    (one,) = told([[np.nan, 200], [np.nan, np.nan]])
    assert one.photograph == 0 and one.features == (("b", True, 0.01),)
