from collections.abc import Callable

import numpy as np
import pytest

from utils.analysis.evaluation.intervals import (
    add_intervals,
    operating_intervals,
    precision_intervals,
)
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.metrics.average_precision import IOUS, average_precision
from utils.metrics.bootstrap import draws_of
from utils.metrics.confusion import operating_metrics
from utils.metrics.detections import Detections
from utils.metrics.ranking import rank

BOX = np.array([[0, 0, 10, 10]], np.float32)


def photographs(right: int, wrong: int) -> tuple[list[Detections], list[Faces]]:
    """Photographs of one face each, found or not, of class 1."""
    sure = np.array([[0.1, 0.9, 0, 0]], np.float32)
    found = Detections(BOX, np.array([1]), sure[:, 1], sure)
    missed = Detections(BOX + 50, np.array([1]), sure[:, 1] / 2, sure / 2)
    return [found] * right + [missed] * wrong, [Faces(BOX, np.array([1]))] * (right + wrong)


def test_the_interval_of_a_share_is_that_of_theory() -> None:
    tables = np.zeros((400, 4, 4), int)
    tables[:300, 1, 1] = tables[300:, 1, 0] = 1  # recall 3/4
    told = operating_intervals(tables)
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert told["overall"]["recall"] == pytest.approx([0.75 - half, 0.75 + half], abs=0.006)
    low, high = told["overall"]["precision"]
    assert low == pytest.approx(1 - 3.8 / 304, abs=0.001) and high == 1, "300 of 300, by Wilson"
    assert told["classes"]["without_mask"]["recall"] is None
    assert told["matched"]["accuracy"] == told["overall"]["precision"]


def test_each_operating_interval_is_of_the_number_it_stands_beside() -> None:
    tables = np.random.default_rng(0).poisson(2, (60, 4, 4))
    tables[:, 0, 0] = 0
    told, point = operating_intervals(tables), operating_metrics(tables.sum(axis=0))
    weights = draws_of(60, 1000, np.random.default_rng(1))
    drawn = [operating_metrics(np.einsum("p,pij->ij", w, tables)) for w in weights]

    def spans(part: Callable[[dict], float], span: list[float]) -> bool:
        low, high = np.quantile([part(one) for one in drawn], [0.025, 0.975])
        return span[0] < part(point) < span[1] and np.diff(span) == pytest.approx(
            high - low, rel=0.3
        )

    for key in ("precision", "recall", "f1"):
        for part in ("overall", "any_class"):
            assert spans(lambda one, part=part, key=key: one[part][key], told[part][key])
        for name in CLASSES:
            span = told["classes"][name][key]
            assert spans(lambda one, name=name, key=key: one["classes"][name][key], span)
    assert spans(lambda one: one["matched"]["accuracy"], told["matched"]["accuracy"])


def test_a_few_perfect_photographs_prove_little() -> None:
    tables = np.zeros((4, 4, 4), int)
    tables[:, 1, 1] = 1
    low, high = operating_intervals(tables)["classes"]["with_mask"]["precision"]
    assert low < 0.4 and high == 1
    assert operating_intervals(tables[:1])["overall"]["precision"] is None


def test_the_interval_of_average_precision_is_that_of_a_share_where_it_is_one() -> None:
    detections, faces = photographs(300, 100)  # each found face ranks above all that is wrong
    told = precision_intervals(
        rank(detections, faces, IOUS), draws_of(400, 1000, np.random.default_rng(0))
    )
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert told["map_50"] == pytest.approx([0.75 - half, 0.75 + half], abs=0.015)
    assert told["classes"]["with_mask"]["map"] == told["map"]
    assert told["classes"]["without_mask"] == {"map": None, "map_50": None}


@pytest.mark.parametrize(("photos", "told"), [(39, False), (40, True)])
def test_average_precision_on_few_photographs_has_no_interval(photos: int, told: bool) -> None:
    detections, faces = photographs(photos - 5, 5)
    made = precision_intervals(
        rank(detections, faces, IOUS), draws_of(photos, 100, np.random.default_rng(0))
    )
    assert (made["map_50"] is not None) == told
    assert (made["classes"]["with_mask"]["map_50"] is not None) == told


@pytest.mark.parametrize(("rare", "of_class", "of_mean"), [(9, 0, 0), (29, 0, 1), (30, 1, 1)])
def test_average_precision_of_few_faces_has_no_interval(rare, of_class, of_mean) -> None:
    detections, faces = photographs(50, 10)
    sure = np.array([[0.1, 0, 0.9, 0]], np.float32)
    found = Detections(BOX, np.array([2]), sure[:, 2], sure)
    detections += [found] * (rare - 2) + [found.above(0.95)] * 2
    faces += [Faces(BOX, np.array([2]))] * rare
    weights = draws_of(len(faces), 100, np.random.default_rng(0))
    made = precision_intervals(rank(detections, faces, IOUS), weights)
    assert (made["classes"]["without_mask"]["map"] is not None) == of_class
    assert (made["map"] is not None) == of_mean


def test_perfect_photographs_bound_average_precision_as_so_many_trials() -> None:
    detections, faces = photographs(50, 0)
    told = precision_intervals(
        rank(detections, faces, IOUS), draws_of(50, 100, np.random.default_rng(0))
    )
    assert told["map_50"] == pytest.approx([0.025 ** (1 / 50), 1])


def test_each_class_has_the_interval_of_its_own_precision() -> None:
    detections, faces = [], []
    for label, right in ((1, 90), (2, 60), (3, 30)):  # of a hundred faces each
        sure = np.eye(4, dtype=np.float32)[[label]] * 0.9
        found = Detections(BOX, np.array([label]), sure[:, label], sure)
        detections += [found] * right + [found.above(0.95)] * (100 - right)
        faces += [Faces(BOX, np.array([label]))] * 100
    told = precision_intervals(
        rank(detections, faces, IOUS), draws_of(300, 1000, np.random.default_rng(0))
    )
    for name, share in zip(CLASSES, (0.9, 0.6, 0.3), strict=True):
        low, high = told["classes"][name]["map_50"]
        assert share - 0.13 < low < share < high < share + 0.13


def test_intervals_stand_beside_their_numbers() -> None:
    detections, faces = photographs(50, 30)
    record = average_precision(detections, faces, by_size=False)
    rankings, weights = rank(detections, faces, IOUS), draws_of(80, 1000, np.random.default_rng(0))
    add_intervals(record, precision_intervals(rankings, weights))
    low, high = record["intervals"]["map_50"]
    assert low < record["map_50"] < high
    assert set(record["classes"]["with_mask"]["intervals"]) == {"map", "map_50"}
    tables = np.ones((8, 4, 4), int)
    point = operating_metrics(tables.sum(axis=0))
    add_intervals(point, operating_intervals(tables))
    assert set(point["matched"]["intervals"]) == {"accuracy"}
    assert set(point["overall"]["intervals"]) == {"precision", "recall", "f1"}
    assert "intervals" not in point
