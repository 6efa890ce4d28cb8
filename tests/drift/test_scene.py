import numpy as np
import pytest

from tests.analysis.report.test_shift import photographs
from tests.drift.test_watching import the_test
from utils.drift.scene import FEWEST, Scene
from utils.drift.watching import album_of_test

KNOWN = album_of_test(*the_test(np.random.default_rng(0)))


def scene(number=20, gap=1.0, **change):
    watched = Scene(KNOWN, 0.5)
    rows = photographs(np.random.default_rng(1), number, **{"crowd": 2, **change})
    for n, (one, _) in enumerate(rows):
        watched.add(one, gap * n)
    return watched


def test_a_usual_scene_raises_no_doubt_however_long_it_is_watched():
    assert scene(200).unlike() == [] and scene(200).doubts() == []


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [({"side": 0.2}, "side", "smaller faces"), ({"crowd": 40}, "boxes", "more people")],
)
def test_an_unusual_scene_is_told_with_how_unusual_it_is(change, name, words):
    watched = scene(**change)
    first = watched.unlike()[0]
    assert first["name"] == name and first["share"] < 0.05
    (text,) = watched.doubts()
    assert words in text and "suggest" in text


def test_few_frames_and_frames_of_one_second_tell_nothing():
    assert scene(FEWEST, side=0.2).unlike()
    assert not scene(FEWEST - 1, side=0.2).unlike()
    assert not scene(100, gap=0.01, side=0.2).unlike()
