"""The whole of it, on photographs whose faces and light are known."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from tests.analysis.report.test_shift import photographs
from utils.analysis.prediction.merged import Predictions
from utils.analysis.prevalence.box_features import feature_sums
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.drift import features
from utils.drift.features import FEATURES, seen
from utils.drift.watching import album_of_test, watch
from utils.drift.words import lines

BEGAN = datetime(2026, 3, 1, 8)


def the_test(rng, count=60):
    """Return ``evaluation`` and ``split`` of a test that found everybody."""
    per_photo = []
    for n, (one, looks) in enumerate(photographs(rng, count, 2)):
        table = np.diag([0, *np.bincount(one.labels, minlength=4)[1:]]).tolist()
        sums = feature_sums([one], 0.5, [Faces(one.boxes, one.labels)])[0].tolist()
        per_photo.append({"name": f"t{n}", "confusion": table, "expected": table, "looks": looks})
        per_photo[-1]["features"] = sums
    split = {"photos": {f"t{n}": {"group": n} for n in range(count)}}
    return {"per_photo": per_photo}, split


def predictions(new, timed=False):
    summaries = [
        {
            "counts": dict(
                zip(CLASSES, np.bincount(one.labels, minlength=4)[1:].tolist(), strict=True)
            ),
            "group": n,
            "file": f"n{n}.jpg",
            "looks": looks,
            "taken": (BEGAN + timedelta(hours=n)).isoformat() if timed else None,
        }
        for n, (one, looks) in enumerate(new)
    ]
    return Predictions(0.5, summaries, [one for one, _ in new], [])


def told(new, timed=False):
    return watch(*the_test(np.random.default_rng(0)), predictions(new, timed), 0)


def test_photographs_like_those_of_the_test():
    record = told(photographs(np.random.default_rng(1), 40, 2))
    assert not record["differ"] and record["trust"] == "yes" and record["since"] is None
    assert record["photos"] == {"new": 40, "groups": 40, "test": 60, "test_groups": 60}
    assert "No difference beyond chance" in lines(record)[1]


@pytest.mark.parametrize(
    ("change", "feature", "words", "trust"),
    [
        ({"light": 0.2}, "brightness", "darker photographs", "with care"),
        ({"side": 0.75}, "side", "smaller faces", "with care"),
        ({"side": 0.2}, "side", "smaller faces", "no"),
    ],
)
def test_what_differs_is_named_and_whether_the_answer_may_be_trusted(change, feature, words, trust):
    record = told(photographs(np.random.default_rng(1), 60, **{"crowd": 2, **change}))
    assert record["differ"] and record["features"][0]["name"] == feature
    assert record["trust"] == trust
    text = "\n".join(lines(record))
    assert words in text and "suggest" in lines(record)[-1]
    assert ("SHOULD NO LONGER BE TRUSTED" in text) == (trust == "no")


def test_since_when_is_told_with_what_was_before():
    rng = np.random.default_rng(3)
    new = photographs(rng, 25, 2) + photographs(rng, 25, 2, light=0.1)
    since = told(new, timed=True)["since"]
    assert since["time"] == (BEGAN + timedelta(hours=25)).isoformat()
    assert since["photograph"] == "n25.jpg" and since["features"][0] == "brightness"
    assert not since["before"]["differ"] and since["after"]["differ"]
    assert "Since 2026-03-02 09:00:00 (n25.jpg)" in "\n".join(lines(told(new, timed=True)))


def test_too_few_to_tell_is_said_and_a_dark_one_is_least_alike():
    new = photographs(np.random.default_rng(4), 3, 2)
    assert told(new)["trust"] == "unknown"
    new[1] = (new[1][0], {"brightness": 0.0, "sharpness": 5.0})
    record = told(new)
    assert record["least_alike"][0]["photograph"] == "n1.jpg"
    assert record["least_alike"][0]["features"][0]["name"] == "brightness"


@pytest.mark.parametrize(
    ("change", "trust"), [({"light": -0.2}, "with care"), ({"side": 0.05}, "no")]
)
def test_few_that_are_far_out_are_not_trusted(change, trust):
    record = told(photographs(np.random.default_rng(4), 2, **{"crowd": 2, **change}))
    assert record["trust"] == trust and record["differ"]
    assert "standard deviations (p = " in "\n".join(lines(record))
    few = the_test(np.random.default_rng(0), 8)
    far = predictions(photographs(np.random.default_rng(4), 2, **{"crowd": 2, **change}))
    assert watch(*few, far, 0)["trust"] == "unknown", "of so few test photographs"


def test_features_of_the_test_are_those_of_the_same_photographs_as_new():
    rng = np.random.default_rng(0)
    evaluation, split = the_test(np.random.default_rng(0))
    again = photographs(rng, 60, 2)
    known = album_of_test(evaluation, split)
    new = seen([one for one, _ in again], 0.5, [looks for _, looks in again])
    assert known.names == new.names == FEATURES
    np.testing.assert_allclose(known.values, new.values, rtol=1e-5)


def test_a_photograph_without_faces_tells_its_light_and_that_there_are_none():
    one = {"confusion": np.zeros((4, 4), int), "features": np.zeros((4, 2))}
    album = features.tested([one | {"looks": {"brightness": 0.25, "sharpness": 5.0}}], [0])
    row = dict(zip(album.names, album.values[0], strict=True))
    assert row["boxes"] == 0 and row["brightness"] == 0.25
    assert np.isnan([row["side"], row["confidence"], *(row[name] for name in CLASSES)]).all()
