import json

import numpy as np
import pytest
from PIL import Image

from tests.analysis.conftest import LOSSES
from utils.analysis.evaluation.evaluate import evaluate, write_evaluation
from utils.analysis.evaluation.photographs import spread
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.errors import InputError
from utils.metrics.average_precision import class_precision, mean
from utils.metrics.calibration import Calibration
from utils.metrics.ranking import rankings_of


def test_a_detector_that_is_always_right_scores_one(detector, photo, shard) -> None:
    photos = [photo("a", 1, 2), photo("b", 3), photo("c")]
    detector.knows(photos[0], [1, 2], [0.9, 0.8])
    detector.knows(photos[1], [3], [0.7])
    detector.knows(photos[2], [], [])
    record = evaluate(detector, shard("test.tar", *photos), seed=0)
    assert record["average_precision"]["map"] == pytest.approx(1)
    assert record["operating_point"]["overall"]["f1"] == 1
    assert record["operating_point"]["overall"]["intervals"]["recall"][1] == 1
    assert record["average_precision"]["intervals"]["map"] is None, "three photographs are few"
    assert record["mistakes"] == []
    assert record["faces"] == {"with_mask": 1, "without_mask": 1, "mask_weared_incorrect": 1}
    assert record["counted"]["side"] == pytest.approx([20, 20, 20])
    assert record["model"]["digest"] == detector.digest


def test_mistakes_stand_in_the_cell_and_photograph_they_belong_to(detector, photo, shard) -> None:
    photos = [photo("a", 1, 1), photo("b", 2), photo("c")]
    detector.knows(photos[0], [1], [0.9])  # the second is missed
    detector.knows(photos[1], [3], [0.8])  # confused
    detector.knows(photos[2], [2, 1], [0.7, 0.3])  # one invented, one under the threshold
    record = evaluate(detector, shard("test.tar", *photos), seed=0)
    assert record["confusion"] == [[0, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert [p["name"] for p in record["per_photo"]] == ["a", "b", "c"]
    assert record["per_photo"][2]["confusion"] == [[0, 0, 1, 0], *[[0] * 4] * 3]
    assert record["operating_point"]["any_class"]["recall"] == pytest.approx(2 / 3)
    assert record["operating_point"]["overall"]["recall"] == pytest.approx(1 / 3)


def test_average_precision_can_be_had_again_from_the_record(detector, photo, shard) -> None:
    photos = [photo("a", 1, 1), photo("b", 2), photo("c")]
    detector.knows(photos[0], [1], [0.9])
    detector.knows(photos[1], [3], [0.8])
    detector.knows(photos[2], [2, 1], [0.7, 0.95])
    record = evaluate(detector, shard("test.tar", *photos), seed=0)
    faces = np.array([one["confusion"] for one in record["per_photo"]])[:, 1:].sum(axis=2)
    kept = record["rankings"]
    again = rankings_of(kept["classes"], faces, np.arange(3), len(kept["iou"]))
    assert mean(class_precision(again))[0] == pytest.approx(record["average_precision"]["map"])
    assert 0 < record["average_precision"]["map"] < 1


PICTURES = ("confusion_matrix", "precision_recall", "calibration", "mistakes")


@pytest.fixture
def paths(tmp_path) -> dict:
    pictures = [tmp_path / f"{name}.png" for name in PICTURES]
    return {"json": tmp_path / "e.json", "text": tmp_path / "e.txt", "pictures": pictures}


def test_files_are_written_and_agree(detector, photo, shard, paths) -> None:
    photos = [photo("a", 1, 2), photo("b", 3)]
    detector.knows(photos[0], [1, 2], [0.9, 0.3])
    detector.knows(photos[1], [3], [0.7])
    record = write_evaluation(detector, shard("test.tar", *photos), 0, **paths)
    assert json.loads(paths["json"].read_text()) == {"schema": 2, **record}
    rows = [" ".join(row.split()) for row in paths["text"].read_text().split("\n")]
    assert "2 test photographs, 3 faces" in rows
    assert record["loss"] == {"total": 0.9375, **LOSSES}
    assert [row for row in rows if row.startswith("objectness")] == ["objectness 0.125"]
    assert "no mask 1 0 - 0.000 0.000" in rows, "one photograph is no interval"
    assert "class of the faces found 2 2 1.000 [0.012 1.000]" in rows, "two are next to none"
    for picture in paths["pictures"]:
        assert Image.open(picture).width > 700


def test_a_picture_that_an_evaluation_does_not_draw_is_refused(detector, shard, paths) -> None:
    paths["pictures"].append(paths["json"].with_name("training_curves.png"))
    with pytest.raises(InputError, match="it draws confusion_matrix, precision_recall"):
        write_evaluation(detector, shard("test.tar"), 0, **paths)


def test_confidences_are_judged_before_and_after_calibration(detector, photo, shard) -> None:
    photos = [photo("a", 1, 1, 1), photo("b", 1, 1, 1)]
    detector.calibration = Calibration(2.0, 0.5)
    for one in photos:
        detector.knows(one, [1, 1, 1], [0.9, 0.8, 0.7])
    told = evaluate(detector, shard("test.tar", *photos), seed=0)["calibration"]
    assert (told["temperature"], told["background"]) == (2.0, 0.5)
    assert told["after"]["ece"] == pytest.approx(1 - np.mean([0.9, 0.8, 0.7]))
    before = [1 / (1 + np.exp(-2 * (np.log(c / (1 - c)) + 0.5))) for c in (0.9, 0.8, 0.7)]
    assert told["before"]["ece"] == pytest.approx(1 - np.mean(before))


def test_a_test_set_without_faces_can_be_evaluated(detector, photo, shard, paths) -> None:
    empty = photo("a")
    detector.knows(empty, [1], [0.9])
    record = write_evaluation(detector, shard("test.tar", empty), 0, **paths)
    assert record["average_precision"]["map"] is None
    assert record["average_precision"]["intervals"] == {"map": None, "map_50": None}
    assert record["operating_point"]["overall"]["recall"] is None
    assert [mistake["kind"] for mistake in record["mistakes"]] == ["invented"]


def test_a_detector_that_finds_nothing_can_be_evaluated(detector, photo, shard, paths) -> None:
    photos = [photo("a", 1), photo("b")]
    for one in photos:
        detector.knows(one, [], [])
    record = write_evaluation(detector, shard("test.tar", *photos), 0, **paths)
    assert record["average_precision"]["map"] == 0
    assert record["calibration"]["after"]["ece"] is None
    assert record["operating_point"]["matched"]["intervals"]["accuracy"] is None


def test_a_shard_without_photographs_is_refused(detector, shard) -> None:
    with pytest.raises(InputError, match="nothing to evaluate"):
        evaluate(detector, shard("test.tar"), seed=0)


def test_the_spread_of_nothing_is_none() -> None:
    assert spread([]) is None


def test_photographs_that_the_model_has_learnt_from_are_told(
    detector, photo, shard, paths, caplog
) -> None:
    photos = [photo("a", 1), photo("b", 2), photo("c", 3)]
    for one, label in zip(photos, (1, 2, 3), strict=True):
        detector.knows(one, [label], [0.9])
    tar = shard("test.tar", *photos)
    detector.learnt = LearntPhotographs.of([fingerprint(one.decode()) for one in photos[1:]])
    record = write_evaluation(detector, tar, 0, **paths)
    assert record["remembered"] == 2
    assert "has learnt from 2 of 3 photographs" in caplog.text
    assert "The model has learnt from 2 of them: so far they" in paths["text"].read_text()
    detector.learnt = LearntPhotographs.of([])
    assert "remembered" not in write_evaluation(detector, tar, 0, **paths)
    assert "has learnt" not in paths["text"].read_text()
