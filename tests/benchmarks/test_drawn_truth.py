"""The comparison with a drawn truth, by detectors whose mistakes are known."""

from itertools import islice

import numpy as np
import pytest

from benchmarks import drawn_truth
from benchmarks.drawn_truth import Seen, compare, found_by_crowd, look, looked_at
from data.painter.sample import annotated_photographs, new_photographs
from utils.metrics.detections import Detections


class Told:
    """A detector that knows the faces of the photographs, and misses some of class 2."""

    threshold = 0.5

    def __init__(self, pictures, missed):
        self.faces = {picture.image.tobytes(): picture.faces for picture in pictures}
        self.missed, self.rng = missed, np.random.default_rng(0)

    def stream(self, images):
        for image in images:
            faces = self.faces[image.tobytes()]
            kept = (faces.labels != 2) | (self.rng.random(len(faces)) >= self.missed)
            labels = faces.labels[kept]
            probabilities = np.eye(4, dtype=np.float32)[labels]
            scores = np.ones(len(labels), np.float32)
            yield Detections(faces.boxes[kept], labels, scores, probabilities)


@pytest.fixture(scope="module")
def pictures():
    return list(islice(annotated_photographs(7), 8)), list(islice(new_photographs(7), 12))


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(drawn_truth, "DRAWS", 100)


SIZES = 20, 30
REPETITIONS = 20


def both(pictures, missed_at_test: float, missed_of_new: float) -> tuple[Seen, Seen]:
    test, new = pictures
    return look(Told(test, missed_at_test), test), look(Told(new, missed_of_new), new)


def test_a_detector_without_mistakes_counts_right(pictures):
    test, new = both(pictures, 0, 0)
    people = sum(len(picture.faces) for picture in pictures[1])
    masked = sum(int((picture.faces.labels == 1).sum()) for picture in pictures[1])
    assert new.truth == masked / people
    told = compare(test, new, SIZES, REPETITIONS, 0)
    assert (told["answers"], told["here"], told["people"]) == (1, 1, 1)
    assert told["place"] >= 0.8
    assert told["raw_bias"] == pytest.approx(0)
    assert told["bias"] == pytest.approx(0, abs=0.05)
    assert told["people_bias"] == pytest.approx(0, abs=0.02)
    assert 0.1 < told["place_width"] < 0.7
    assert told["here_width"] < told["place_width"]


def test_annotated_photographs_tell_of_faces_that_no_test_set_knows_to_be_missed(pictures):
    """The detector errs on the new photographs only: what the test set says of it is wrong."""
    told = compare(*both(pictures, 0, 0.6), (20, 40), REPETITIONS, 0)
    assert told["bias"] > 0.05 and told["people_bias"] < -0.1
    assert told["annotated"] >= 0.8
    assert 0 < told["annotated_width"] < 0.6


def test_faces_that_are_missed_bias_the_count_and_not_the_answer(pictures):
    told = compare(*both(pictures, 0.6, 0.6), SIZES, REPETITIONS, 0)
    assert told["raw_bias"] > 0.05
    assert abs(told["bias"]) < 0.6 * told["raw_bias"]
    assert told["place"] >= 0.8


def test_photographs_are_taken_and_put_together_as_they_are(pictures):
    test, new = both(pictures, 0, 0)
    all_of_it = Seen.of_all([test, new])
    assert len(all_of_it.people) == 20
    some = all_of_it.taken(np.array([8, 8, 0]))
    assert np.array_equal(some.people[:2], new.people[[0, 0]])
    assert np.array_equal(some.confusion[2], test.confusion[0])


def test_what_is_found_is_told_by_how_many_there_are(pictures):
    _, new = both(pictures, 0, 0)
    found = found_by_crowd(new)
    assert found["1 to 4"] == 1 and set(found.values()) == {1.0}
    crowd = int(new.people.sum(axis=1).argmax())
    new.confusion[crowd, 1, 0] += new.confusion[crowd, 1, 1]
    new.confusion[crowd, 1, 1] = 0
    assert sum(share < 1 for share in found_by_crowd(new).values()) == 1


def test_a_set_that_is_done_is_neither_drawn_nor_looked_at_again(pictures, tmp_path):
    path = tmp_path / "sets" / "one.npz"
    seen = looked_at(path, lambda: pictures[0], lambda: Told(pictures[0], 0.0))
    again = looked_at(path, lambda: pytest.fail("drawn"), lambda: pytest.fail("loaded"))
    for name, value in vars(seen).items():
        assert np.array_equal(getattr(again, name), value)
    assert [file.name for file in path.parent.iterdir()] == ["one.npz"]
