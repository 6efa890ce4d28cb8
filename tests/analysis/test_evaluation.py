import json

import pytest
from PIL import Image

from utils.analysis.evaluation import evaluate, spread, write_evaluation
from utils.errors import InputError


def test_a_detector_that_is_always_right_scores_one(detector, photo, shard) -> None:
    photos = [photo("a", 1, 2), photo("b", 3), photo("c")]
    detector.knows(photos[0], [1, 2], [0.9, 0.8])
    detector.knows(photos[1], [3], [0.7])
    detector.knows(photos[2], [], [])
    record = evaluate(detector, shard("test.tar", *photos), seed=0)
    assert record["average_precision"]["map"] == pytest.approx(1)
    assert record["operating_point"]["overall"]["f1"] == 1
    assert record["operating_point"]["overall"]["intervals"]["recall"] == [1, 1]
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


def test_files_are_written_and_agree(detector, photo, shard, tmp_path) -> None:
    photos = [photo("a", 1, 2), photo("b", 3)]
    detector.knows(photos[0], [1, 2], [0.9, 0.3])
    detector.knows(photos[1], [3], [0.7])
    paths = {
        "json": tmp_path / "e.json",
        "text": tmp_path / "e.txt",
        "confusion_picture": tmp_path / "c.png",
        "precision_recall_picture": tmp_path / "p.png",
    }
    record = write_evaluation(detector, shard("test.tar", *photos), 0, **paths)
    assert json.loads(paths["json"].read_text()) == {"schema": 1, **record}
    text = paths["text"].read_text()
    assert "2 test photographs, 3 faces" in text
    assert ["no", "mask", "1", "0", "-", "0.000", "0.000"] in [
        row.split() for row in text.split("\n")
    ]
    for picture in ("confusion_picture", "precision_recall_picture"):
        assert Image.open(paths[picture]).width > 1000


def test_a_test_set_without_faces_can_be_evaluated(detector, photo, shard, tmp_path) -> None:
    empty = photo("a")
    detector.knows(empty, [1], [0.9])
    paths = [tmp_path / name for name in ("e.json", "e.txt", "c.png", "p.png")]
    record = write_evaluation(
        detector,
        shard("test.tar", empty),
        0,
        json=paths[0],
        text=paths[1],
        confusion_picture=paths[2],
        precision_recall_picture=paths[3],
    )
    assert record["average_precision"]["map"] is None
    assert record["operating_point"]["overall"]["recall"] is None


def test_a_shard_without_photographs_is_refused(detector, shard) -> None:
    with pytest.raises(InputError, match="nothing to evaluate"):
        evaluate(detector, shard("test.tar"), seed=0)


def test_the_spread_of_nothing_is_none() -> None:
    assert spread([]) is None
