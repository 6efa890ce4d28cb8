"""The estimate from the records of the jobs before, where the truth is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.analysis.prediction.merged import Predictions
from utils.analysis.report.estimates import bursts, estimates
from utils.analysis.report.places import Given
from utils.dataset.labels import CLASSES
from utils.errors import InputError
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
        {
            "counts": dict(zip(CLASSES, row, strict=True)),
            "group": n // group,
            "looks": look(n),
            "file": f"n{n}.jpg",
        }
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


def given(sites: list[str], weights: list[float] | None = None) -> Given:
    files = [f"n{n}.jpg" for n in range(len(sites))]
    none = [None] * len(files)
    told = [[{"site": site} for site in sites], none, weights or none]
    told = [dict(zip(files, row, strict=True)) for row in told]
    return Given(["site"], None, *told, Path("groups.json"))


def test_places_are_told_apart_and_compared_with_shared_test_photographs() -> None:
    sites = ["north"] * 10 + ["south"] * 20 + ["east"] * 30
    record = estimates(evaluation(), predictions(10, 1), split(), 0, given(sites))["places"]
    [by_site] = record["breakdowns"]
    shares = {row["place"]: row["share"] for row in by_site["places"]}
    # of SEEN, the first scene is the north's, the next two the south's
    assert shares == pytest.approx({"north": 1, "south": 1 / 6, "east": 6 / 9}, abs=0.03)
    assert [row["photos"] for row in by_site["places"]] == [30, 10, 20]
    assert [row["people"] for row in by_site["places"]] == [90, 30, 60]
    assert all(row["differ"] for row in by_site["differences"])
    assert by_site["by"] == "site" and not record["weighted"]


def test_weights_count_in_the_share_of_all_and_in_its_plan() -> None:
    sites, weights = ["a"] * 10 + ["b"] * 50, [1000.0] * 10 + [1.0] * 50
    record = estimates(evaluation(), predictions(10, 1), split(), 0, given(sites, weights))
    assert record["properly_masked"]["share"] > 0.97, "the first scene's people all wear one"
    assert record["weighted"] and record["places"]["weighted"]
    assert [row["people"] for row in record["places"]["breakdowns"][0]["places"]] == [30, 150]
    rates = [4.0, 1.0] * 30
    plain, weighted = (
        estimates(evaluation(), predictions(10, 1), split(), 0, given(sites, one))["plan"]
        for one in (None, rates)
    )
    assert weighted["now"] > 1.05 * plain["now"], "unequal weights cost"


def test_without_an_answer_places_have_counts_alone() -> None:
    blind = evaluation()
    for photo in blind["per_photo"]:
        photo["confusion"] = photo["expected"] = np.eye(4, k=-1, dtype=int).tolist()
    record = estimates(blind, predictions(1, 1), split(), 0, given(["a"] * 2 + ["b"] * 4))
    assert not record["reliable"]
    [by_site] = record["places"]["breakdowns"]
    assert [(row["photos"], row["people"]) for row in by_site["places"]] == [(2, 6), (4, 12)]
    assert [row["raw_share"] for row in by_site["places"]] == pytest.approx([4 / 6, 6 / 12])
    assert not any(row["share"] for row in by_site["places"]) and not by_site["differences"]


def test_one_place_has_its_share_and_a_photograph_without_a_row_is_named() -> None:
    one = estimates(evaluation(), predictions(1, 1), split(), 0, given(["a"] * 6))
    [by_site] = one["places"]["breakdowns"]
    assert by_site["places"][0]["share"] == pytest.approx(one["properly_masked"]["share"])
    assert by_site["differences"] == []
    with pytest.raises(InputError, match=r"groups\.json: tells nothing of n5\.jpg"):
        estimates(evaluation(), predictions(1, 1), split(), 0, given(["a"] * 5))
