"""The benchmark of tracks counts what is there."""

import numpy as np

from benchmarks.tracks import PUBLISHED, count, film
from data.painter.moving import Scene, Walker
from utils.video.watch import settings_for


def test_people_who_walk_apart_are_counted_once_and_own_their_tracks():
    walkers = tuple(
        Walker(k, 1, np.array([0.0, 3.0]), np.array([20.0, 300.0]), 45.0 * k, (16, 16))
        for k in (1, 2, 3)
    )
    one = film(Scene((320, 180), 3, walkers), 30)
    for settings, looks in ((settings_for(0.5), True), (PUBLISHED, False)):
        told = count(one, 1, settings, looks)
        assert told.there == 3
        assert told.lost == 0
        assert told.own > 0.9
    assert count(one, 4, settings_for(0.5), True).counted in (3, 4)
