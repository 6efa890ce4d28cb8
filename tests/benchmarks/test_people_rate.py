"""The benchmark of the rate by people: what it watches, and what its test knows."""

import numpy as np

from benchmarks import people_rate
from utils.dataset.labels import CLASSES


def test_people_are_seen_and_the_test_knows_how_they_are_confused():
    people = people_rate.watched(3, 12, 6.0, 7.5)
    assert 6 <= len(people) <= 18
    assert {person.title for person in people} <= set(CLASSES)
    correction = people_rate.tested(3, 30)
    table = correction.expected.sum(axis=0)[1:, 1:]
    assert table.sum() > 60
    assert (np.diag(table) / table.sum(axis=1) > 0.4).all()
    assert correction.good
