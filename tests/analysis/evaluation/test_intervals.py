import numpy as np
import pytest

from utils.analysis.evaluation.intervals import (
    add_intervals,
    draw_photographs,
    operating_intervals,
    precision_intervals,
)
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.metrics.average_precision import IOUS, average_precision
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


def test_draws_hold_as_many_photographs_and_follow_the_seed() -> None:
    drawn = draw_photographs(30, 5, 200)
    assert drawn.shape == (200, 30) and (drawn.sum(axis=1) == 30).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(30), abs=0.3)
    assert (draw_photographs(30, 5, 200) == drawn).all()
    assert (draw_photographs(30, 6, 200) != drawn).any()


def test_the_interval_of_a_share_is_that_of_theory() -> None:
    tables = np.zeros((400, 4, 4), int)
    tables[:300, 1, 1] = tables[300:, 1, 0] = 1  # recall 3/4
    told = operating_intervals(tables, draw_photographs(400, 0, 4000))
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert told["overall"]["recall"] == pytest.approx([0.75 - half, 0.75 + half], abs=0.006)
    assert told["overall"]["precision"] == [1, 1]
    assert told["classes"]["without_mask"]["recall"] is None
    assert told["matched"]["accuracy"] == [1, 1]


def test_each_operating_interval_is_of_the_number_it_stands_beside() -> None:
    tables = np.random.default_rng(0).integers(0, 5, (25, 4, 4))
    tables[:, 0, 0] = 0
    weights = draw_photographs(25, 1, 300)
    told = operating_intervals(tables, weights)
    drawn = [operating_metrics(np.einsum("p,pij->ij", w, tables)) for w in weights]

    def spans(values: list[float], span: list[float]) -> bool:
        low, middle, high = np.quantile(values, [0.02, 0.5, 0.98])
        return span[0] <= low < middle < high <= span[1] < 1.2 * max(values)

    for key in ("precision", "recall", "f1"):
        for part in ("overall", "any_class"):
            assert spans([one[part][key] for one in drawn], told[part][key])
        for name in CLASSES:
            values = [one["classes"][name][key] for one in drawn]
            assert spans(values, told["classes"][name][key])
    assert spans([one["matched"]["accuracy"] for one in drawn], told["matched"]["accuracy"])


def test_the_interval_of_average_precision_is_that_of_a_share_where_it_is_one() -> None:
    detections, faces = photographs(300, 100)  # each found face ranks above all that is wrong
    told = precision_intervals(rank(detections, faces, IOUS), draw_photographs(400, 0))
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert told["map_50"] == pytest.approx([0.75 - half, 0.75 + half], abs=0.015)
    assert told["classes"]["with_mask"]["map"] == told["map"]
    assert told["classes"]["without_mask"] == {"map": None, "map_50": None}


def test_each_class_has_the_interval_of_its_own_precision() -> None:
    detections, faces = [], []
    for label, right in ((1, 90), (2, 60), (3, 30)):  # of a hundred faces each
        sure = np.eye(4, dtype=np.float32)[[label]] * 0.9
        found = Detections(BOX, np.array([label]), sure[:, label], sure)
        detections += [found] * right + [found.above(0.95)] * (100 - right)
        faces += [Faces(BOX, np.array([label]))] * 100
    told = precision_intervals(rank(detections, faces, IOUS), draw_photographs(300, 0))
    for name, share in zip(CLASSES, (0.9, 0.6, 0.3), strict=True):
        low, high = told["classes"][name]["map_50"]
        assert share - 0.13 < low < share < high < share + 0.13


def test_intervals_stand_beside_their_numbers() -> None:
    detections, faces = photographs(5, 3)
    record = average_precision(detections, faces, by_size=False)
    rankings, weights = rank(detections, faces, IOUS), draw_photographs(8, 0)
    add_intervals(record, precision_intervals(rankings, weights))
    low, high = record["intervals"]["map_50"]
    assert low < record["map_50"] < high
    assert set(record["classes"]["with_mask"]["intervals"]) == {"map", "map_50"}
    tables = np.ones((8, 4, 4), int)
    point = operating_metrics(tables.sum(axis=0))
    add_intervals(point, operating_intervals(tables, weights))
    assert set(point["matched"]["intervals"]) == {"accuracy"}
    assert set(point["overall"]["intervals"]) == {"precision", "recall", "f1"}
    assert "intervals" not in point
