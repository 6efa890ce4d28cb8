"""Differences of two, measured on the same photographs."""

import numpy as np
import pytest

from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.metrics.average_precision import IOUS, class_precision
from utils.metrics.bootstrap import draws_of
from utils.metrics.confusion import operating_metrics
from utils.metrics.detections import Detections
from utils.metrics.paired import (
    paired_precision,
    paired_ratios,
    ratios_of_faces,
    ratios_of_photographs,
)
from utils.metrics.ranking import Ranking, rank, rankings_of, rankings_record

ALL = dict.fromkeys(CLASSES, 1)


def weights(number: int, seed: int = 0) -> np.ndarray:
    return draws_of(number, 400, np.random.default_rng(seed))


def tables(right: np.ndarray, faces: int = 4) -> np.ndarray:
    """Photographs of so many faces of class 1 each, of which some are right, the rest missed."""
    result = np.zeros((len(right), 4, 4), np.int64)
    result[:, 1, 1], result[:, 1, 0] = right, faces - right
    return result


def test_values_are_those_of_the_confusion_matrix():
    rng = np.random.default_rng(1)
    both = tuple(rng.integers(0, 5, (30, 4, 4)) * (1 - np.eye(4, dtype=int)[0]) for _ in range(2))
    for one in both:
        one[:, 0, 0] = 0
    found = paired_ratios(both, weights(30), ratios_of_photographs(ALL))
    for which, one in zip(("first", "second"), both, strict=True):
        point = operating_metrics(one.sum(axis=0))
        told = {name: getattr(measure, which) for name, measure in found.items()}
        for ratio in ("precision", "recall", "f1"):
            assert told[ratio] == pytest.approx(point["overall"][ratio])
        assert told["found"] == pytest.approx(point["any_class"]["recall"])
        assert told["class_of_found"] == pytest.approx(point["matched"]["accuracy"])
        for name in CLASSES:
            assert told[f"recall:{name}"] == pytest.approx(point["classes"][name]["recall"])
    judged = paired_ratios(both, weights(30), ratios_of_faces(ALL))
    recalls = [found[f"recall:{name}"].second for name in CLASSES]
    assert judged["balanced_accuracy"].second == pytest.approx(np.mean(recalls))


def test_what_makes_both_fail_on_hard_photographs_does_not_hide_the_difference():
    rng = np.random.default_rng(0)
    hard = rng.integers(0, 5, 60)  # how many of four faces are found, by both
    better = np.minimum(hard + (rng.random(60) < 0.3), 4)
    found = paired_ratios((tables(hard), tables(better)), weights(60), ratios_of_photographs(ALL))
    recall = found["recall"]
    assert recall.verdict == "higher"
    assert recall.interval[0] <= recall.difference <= recall.interval[1]
    assert recall.differ == (hard != better).sum()
    again = paired_ratios((tables(better), tables(hard)), weights(60), ratios_of_photographs(ALL))
    assert again["recall"].verdict == "lower"
    apart = tables(rng.permutation(better))  # the same numbers, on other photographs
    unpaired = paired_ratios((tables(hard), apart), weights(60), ratios_of_photographs(ALL))
    width = np.ptp(unpaired["recall"].interval)
    assert width > 2 * np.ptp(recall.interval)


def test_where_both_do_the_same_it_says_so_and_a_few_photographs_prove_nothing():
    same = tables(np.full(50, 2))
    found = paired_ratios((same, same.copy()), weights(50), ratios_of_photographs(ALL))
    assert (found["recall"].verdict, found["recall"].interval) == ("equal", None)
    assert found["recall"].difference == 0
    for number in (1, 2, 4):
        other = tables(np.where(np.arange(50) < number, 3, 2))
        found = paired_ratios((same, other), weights(50), ratios_of_photographs(ALL))
        assert found["recall"].verdict == "open"  # an eighth of such pairs of equals look so
        assert found["recall"].differ == number
    other = tables(np.where(np.arange(50) < 9, 3, 2))
    found = paired_ratios((same, other), weights(50), ratios_of_photographs(ALL))
    assert found["recall"].verdict == "higher"


def test_what_cannot_be_counted_is_none():
    nothing = np.zeros((50, 4, 4), np.int64)
    found = paired_ratios((nothing, nothing), weights(50), ratios_of_photographs({}))
    assert {one.first for one in found.values()} == {None}
    assert {one.verdict for one in found.values()} == {"open"}
    assert not any(":" in name for name in found)


@pytest.mark.parametrize("photos", [25, 100])
def test_equal_models_are_seldom_called_different(photos):
    rng = np.random.default_rng(photos)
    called = 0
    for number in range(200):
        ease = rng.beta(2, 1, photos)  # of a photograph; what both share
        both = tuple(tables(rng.binomial(4, ease)) for _ in range(2))
        drawn = weights(photos, number)
        one = paired_ratios(both, drawn, {"recall": ratios_of_photographs(ALL)["recall"]})
        called += one["recall"].verdict in ("higher", "lower")
    assert called <= 20  # of 200, ten are expected; more than twenty come once in five hundred


def a_ranking(photos: int, rng: np.random.Generator, skill: float) -> list[Ranking]:
    faces, found = [], []
    for _ in range(photos):
        number = int(rng.integers(1, 4))
        boxes = np.stack([[30 * k, 0, 30 * k + 20, 20] for k in range(number)]).astype(np.float32)
        labels = rng.integers(1, 4, number)
        faces.append(Faces(boxes, labels))
        said = np.where(rng.random(number) < skill, labels, labels % 3 + 1)
        scores = np.sort(rng.random(number).astype(np.float32))[::-1]
        probabilities = np.zeros((number, 4), np.float32)
        probabilities[np.arange(number), said] = scores
        probabilities[:, 0] = 1 - scores
        shift = rng.uniform(0, 8, number).astype(np.float32)[:, None] * np.array([1, 0, 1, 0])
        found.append(Detections((boxes + shift).astype(np.float32), said, scores, probabilities))
    return rank(found, faces, IOUS)


def test_average_precision_is_had_again_from_what_is_kept_also_of_some_photographs():
    full = a_ranking(30, np.random.default_rng(3), 0.7)
    faces = np.stack([one.faces for one in full], axis=1)
    drawn = weights(30)
    record = rankings_record(full)
    again = rankings_of(record, faces, np.arange(30), len(IOUS))
    assert np.array_equal(class_precision(again, drawn), class_precision(full, drawn))
    kept = np.array([7, 3, 20, 21, 22])
    some = rankings_of(record, faces[kept], kept, len(IOUS))
    once = np.zeros((1, 30), np.int64)
    once[0, kept] = 1
    assert class_precision(some) == pytest.approx(class_precision(full, once), nan_ok=True)
    for one in record.values():
        assert one["right"][-1]  # what changes nothing is not kept


def test_a_damaged_ranking_is_refused():
    record = {name: {"photo": [0], "right": []} for name in CLASSES}
    with pytest.raises(ValueError, match="1 photographs for 0 detections"):
        rankings_of(record, np.ones((1, 3), int), np.arange(1), 10)


def test_a_better_ranking_has_a_higher_average_precision_beyond_chance():
    pair = tuple(a_ranking(60, np.random.default_rng(5), skill) for skill in (0.4, 0.9))
    found = paired_precision(pair, weights(60), 60)
    assert list(found) == ["map", "map_50", *(f"map_50:{name}" for name in CLASSES)]
    assert found["map_50"].verdict == "higher"
    assert found["map_50"].second == pytest.approx(class_precision(pair[1])[:, 0, 0].mean())
