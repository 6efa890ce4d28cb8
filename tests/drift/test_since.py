from datetime import datetime, timedelta

import numpy as np

from tests.drift.test_two_samples import album
from utils.drift.features import Album
from utils.drift.since import LEAST, find_change

BEGAN = datetime(2026, 3, 1, 8)


def hours(number):
    return [BEGAN + timedelta(hours=n) for n in range(number)]


def test_the_time_of_a_change_is_found_whatever_the_order_of_the_names():
    rng = np.random.default_rng(0)
    parts = album(rng, 30), album(rng, 20, shift=3.0)
    rows = np.concatenate([one.values for one in parts])
    mixed = rng.permutation(50)
    times = [hours(50)[n] for n in mixed]
    told = find_change(Album(parts[0].names, rows[mixed], np.arange(50)), times, 0)
    assert abs(told.time - hours(50)[30]) <= timedelta(hours=1)
    assert told.features == ("a",) and told.p < 0.01
    assert times[told.photograph] == told.time
    assert len(told.before) + len(told.after) == 50
    assert all(times[n] < told.time for n in told.before)


def test_where_nothing_changes_a_change_is_told_as_seldom_as_is_said():
    rng = np.random.default_rng(1)
    alarms = sum(
        find_change(album(rng, 30), hours(30), seed, 99) is not None for seed in range(100)
    )
    assert alarms <= 12  # of 100 with 5 %, exceeded with a chance of 1 in 1,000


def test_a_burst_is_one_moment_and_no_change():
    rng = np.random.default_rng(2)
    one = album(rng, 12)
    rows = np.concatenate([one.values, np.repeat(one.values[:1] + 9, 40, axis=0)])
    groups = np.concatenate([np.arange(12), np.full(40, 12)])
    assert find_change(Album(one.names, rows, groups), hours(52), 0) is None


def test_photographs_without_a_time_are_left_out_and_few_tell_nothing():
    rng = np.random.default_rng(3)
    far = Album(
        ("a",), np.repeat([0.0, 9.0], 10)[:, None] + rng.normal(size=(20, 1)), np.arange(20)
    )
    times = [time if n % 2 else None for n, time in enumerate(hours(20))]
    told = find_change(far, times, 0)
    assert len(told.before) == len(told.after) == LEAST
    assert find_change(far, [*times[:18], None, None], 0) is None
    assert find_change(far, [None] * 20, 0) is None
