"""The comparison with a drawn truth, by detectors whose mistakes are known."""

from itertools import islice

import numpy as np
import pytest

from benchmarks.drawn_truth import compare, look, looked_at
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


def test_a_detector_without_mistakes_counts_right(pictures):
    test, new = (look(Told(some, 0.0), some) for some in pictures)
    people = sum(len(picture.faces) for picture in pictures[1])
    masked = sum(int((picture.faces.labels == 1).sum()) for picture in pictures[1])
    assert new.truth == masked / people
    told = compare([test], [new])
    assert (told["answers"], told["coverage"]) == (1, 1)
    assert told["raw_bias"] == pytest.approx(0)
    assert told["bias"] == pytest.approx(0, abs=0.05)
    assert 0.1 < told["width"] == told["widest"] < 0.7
    assert told["here"] == told["people"] == 1
    assert told["here_width"] < told["width"]


def test_annotated_photographs_tell_of_faces_that_no_test_set_knows_to_be_missed(pictures):
    """The detector errs on the new photographs only: what the test set says of it is wrong."""
    whole = list(islice(new_photographs(8), 40))
    test, new = look(Told(pictures[0], 0.0), pictures[0]), look(Told(whole, 0.6), whole)
    told = compare([test], [new])
    assert told["bias"] > 0.05
    assert told["annotated"] == 1
    assert 0 < told["annotated_width"] < 0.6


def test_faces_that_are_missed_bias_the_count_and_not_the_answer(pictures):
    test, new = (look(Told(some, 0.6), some) for some in pictures)
    told = compare([test], [new])
    assert told["raw_bias"] > 0.05
    assert abs(told["bias"]) < 0.6 * told["raw_bias"]
    assert told["coverage"] == 1


def test_a_set_that_is_done_is_neither_drawn_nor_looked_at_again(pictures, tmp_path):
    path = tmp_path / "sets" / "one.npz"
    seen = looked_at(path, lambda: pictures[0], Told(pictures[0], 0.0))
    again = looked_at(path, lambda: pytest.fail("drawn again"), None)
    for name, value in vars(seen).items():
        assert np.array_equal(getattr(again, name), value)
    assert [file.name for file in path.parent.iterdir()] == ["one.npz"]
