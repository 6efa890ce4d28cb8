"""Few new photographs, or one scene: how rarely it alarms without cause, how surely with one."""

import numpy as np
import pytest

from utils.drift.features import Album
from utils.drift.few import compare_means, group_means

NAMES = ("side", "confidence", "boxes", "brightness", "sharpness")


def scenes(rng, number, frames=1, moved=0.0, of_a_scene=1.0) -> Album:
    """Scenes of a place each, with frames whose deviations last for about ten of them."""
    rows = []
    for _ in range(number):
        place = of_a_scene * rng.standard_normal(len(NAMES)) + moved
        lasting = rng.standard_normal(len(NAMES))
        for _ in range(frames):
            lasting = 0.9 * lasting + np.sqrt(1 - 0.9**2) * rng.standard_normal(len(NAMES))
            rows.append(place + lasting)
    return Album(NAMES, np.array(rows), np.repeat(np.arange(number), frames))


@pytest.mark.parametrize("of_a_scene", [1.0, 0.0])
@pytest.mark.parametrize(("number", "frames"), [(1, 1), (1, 60), (4, 1), (4, 30)])
def test_it_alarms_as_rarely_as_it_says_however_many_frames_there_are(number, frames, of_a_scene):
    """Of 200, 5 % and chance: more than 20 would come once in a thousand."""
    rng, alarms = np.random.default_rng((number, frames)), 0
    for seed in range(200):
        known = scenes(rng, 60, of_a_scene=of_a_scene)
        new = scenes(rng, number, frames, of_a_scene=of_a_scene)
        alarms += compare_means(known, new, seed, 199).differ
    assert alarms <= 20


def test_frames_that_counted_for_themselves_would_alarm_without_cause():
    rng = np.random.default_rng(1)
    alarms = 0
    for seed in range(20):
        known, new = scenes(rng, 60), scenes(rng, 1, 60)
        each = Album(new.names, new.values, np.arange(len(new)))
        alarms += compare_means(known, each, seed, 199).differ
    assert alarms > 12


@pytest.mark.parametrize("number", [1, 3])
def test_what_is_far_out_is_told_and_in_what(number):
    rng = np.random.default_rng(2)
    known, new = scenes(rng, 60), scenes(rng, number, 30)
    new.values[:, 3] -= 12
    told = compare_means(known, new, 0)
    assert told.differ and told.groups == (60, number)
    assert [one.name for one in told.differing()] == ["brightness"]
    assert told.features[0].deviations < -3


def test_of_too_few_test_photographs_nothing_is_told():
    rng = np.random.default_rng(3)
    assert not compare_means(scenes(rng, 10), scenes(rng, 1, 30, moved=50), 0).differ


def test_the_order_and_what_does_not_tell_change_nothing():
    rng = np.random.default_rng(4)
    known, new = scenes(rng, 40), scenes(rng, 1, 5)
    known.values[::3, 0] = np.nan
    whole = compare_means(known, new, 0)
    assert whole == compare_means(known.of(np.arange(40)[::-1]), new, 0)
    new.values[:, 0] = np.nan
    (side,) = (one for one in compare_means(known, new, 0).features if one.name == "side")
    assert side.p == 1.0 and side.new is None and side.deviations == 0


def test_a_group_counts_by_its_mean():
    album = Album(("side",), np.array([[1.0], [3.0], [np.nan], [7.0]]), np.array([0, 0, 1, 2]))
    np.testing.assert_array_equal(group_means(album)[:, 0], [2.0, np.nan, 7.0])
