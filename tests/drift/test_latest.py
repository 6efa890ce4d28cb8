import numpy as np

from tests.analysis.report.test_shift import photographs
from tests.drift.test_watching import the_test
from utils.drift import latest
from utils.drift.features import OF_FACES
from utils.drift.latest import FEWEST, RECENT, Latest


def watched(monkeypatch, new):
    monkeypatch.setattr(latest, "unpacked", lambda evaluation, where: evaluation)
    watching = Latest(the_test(np.random.default_rng(0)), 0.5)
    for one, _ in new:
        watching.add(one)
    return watching


def faces(rng, number, **change):
    return photographs(rng, number, **{"crowd": 2, **change})


def test_like_photographs_are_seldom_called_different(monkeypatch):
    told = []
    for seed in range(30):
        new = faces(np.random.default_rng(seed + 100), 100)
        told.append(watched(monkeypatch, new).compared().differ)
    assert sum(told) <= 5


def test_frames_of_one_scene_after_the_other_raise_no_alarm_by_their_number(monkeypatch):
    told = []
    for seed in range(30):
        scenes = faces(np.random.default_rng(seed + 100), 10)
        frames = [scene for scene in scenes for _ in range(30)]
        told.append(watched(monkeypatch, frames).compared().differ)
    assert sum(told) <= 6


def test_smaller_faces_are_told_until_the_old_ones_come_again(monkeypatch):
    rng = np.random.default_rng(1)
    watching = watched(monkeypatch, faces(rng, 200, side=0.4))
    compared = watching.compared()
    assert compared.differ and compared.features[0].name == "side"
    assert {one.name for one in compared.features} == set(OF_FACES)
    for one, _ in faces(rng, RECENT):
        watching.add(one)
    assert not watching.compared().differ


def test_of_few_photographs_and_of_no_test_nothing_is_told(monkeypatch):
    new = faces(np.random.default_rng(2), FEWEST)
    watching = watched(monkeypatch, new[1:])
    assert watching.compared() is None
    watching.add(new[0][0])
    assert watching.compared() is watching.compared() is not None
    untested = Latest(None, 0.5)
    untested.add(new[0][0])
    assert untested.compared() is None
