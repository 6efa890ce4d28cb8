"""The estimate from the records of the jobs before, where the truth is known."""

from typing import Any

import numpy as np
import pytest

from utils.analysis.prediction.merged import Predictions
from utils.analysis.report.estimates import bursts, estimates
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections

SEEN = [[3, 0, 0], [1, 2, 0], [0, 3, 0], [2, 1, 0], [3, 1, 0], [1, 1, 0]]


def found(counts: list[int]) -> Detections:
    """Detections of so many faces of each class, all sure."""
    labels = np.repeat([1, 2, 3], counts)
    boxes = np.array([[30 * k, 0, 30 * k + 20, 20] for k in range(len(labels))], np.float32)
    probabilities = np.eye(4, dtype=np.float32)[labels]
    scores = np.ones(len(labels), np.float32)
    return Detections(boxes.reshape(-1, 4), labels, scores, probabilities)


def look(number: int) -> dict[str, float]:
    return {"brightness": 0.4 + 0.01 * (number * 7 % 20), "sharpness": 4 + 0.1 * (number * 3 % 11)}


def evaluation(photos: int = 60) -> dict[str, Any]:
    table = np.diag([0, 2, 2, 1])
    photo = {"confusion": table.tolist(), "expected": table.tolist()}
    photo["features"] = (np.diag(table)[:, None] * [4.3, 6.9]).tolist()
    return {"per_photo": [{"name": f"t{n}", **photo, "looks": look(n)} for n in range(photos)]}


def split(photos: int = 60, each: int = 1) -> dict[str, Any]:
    return {
        "photos": {f"t{n}": {"group": n // each} for n in range(photos)},
        "sides": {"test": {"faces": dict.fromkeys(CLASSES, 60)}},
    }


def predictions(each: int, group: int) -> Predictions:
    """So many photographs of each of six scenes, in groups of so many."""
    counts = [row for row in SEEN for _ in range(each)]
    summaries = [
        {"counts": dict(zip(CLASSES, row, strict=True)), "group": n // group, "looks": look(n)}
        for n, row in enumerate(counts)
    ]
    return Predictions(0.5, summaries, [found(row) for row in counts], [])


def width(record: dict[str, Any]) -> float:
    low, high = record["properly_masked"]["interval"]
    return high - low


def test_ten_photographs_of_the_same_people_tell_no_more_than_one() -> None:
    once = estimates(evaluation(), predictions(1, 1), split(), 0)
    burst = estimates(evaluation(), predictions(10, 10), split(), 0)
    apart = estimates(evaluation(), predictions(10, 1), split(), 0)
    assert (burst["photos"]["new"], burst["photos"]["groups"]) == (60, 6)
    assert burst["bursts"] == {"photos": 60, "groups": 6, "largest": 10}
    assert burst["properly_masked"]["share"] == pytest.approx(once["properly_masked"]["share"])
    assert width(burst) == pytest.approx(width(once), rel=0.15)
    assert width(apart) < 0.5 * width(once)


def test_near_duplicates_among_the_test_photographs_are_one_observation_too() -> None:
    apart = estimates(evaluation(), predictions(10, 1), split(), 0)
    grouped = estimates(evaluation(), predictions(10, 1), split(each=6), 0)
    assert apart["photos"]["effective"]["test"] == pytest.approx(60)
    assert grouped["photos"]["effective"]["test"] == pytest.approx(10)


def test_groups_of_one_are_no_bursts() -> None:
    assert bursts([0, 1, 2]) == {"photos": 0, "groups": 0, "largest": 0}
    assert bursts([0, 1, 0, 2, 2, 0]) == {"photos": 5, "groups": 2, "largest": 3}
