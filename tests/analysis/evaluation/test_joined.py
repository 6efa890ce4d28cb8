"""Validation photographs that join the test photographs, each counted as the others choose."""

import numpy as np
import pytest

from utils.analysis.evaluation.evaluate import evaluate, write_evaluation
from utils.analysis.evaluation.joined import correcting_photos, joined_photographs
from utils.errors import InputError
from utils.metrics.calibration import Calibration


def known(detector, photo, count: int, sure: float = 0.8, start: int = 0) -> list:
    """Photographs with a face that is found and a box, less sure, where none is."""
    photos = [photo(f"v{n:02d}", 1) for n in range(start, start + count)]
    for n, one in enumerate(photos):
        detector.knows(one, [1, 1], [sure + 0.001 * n, 0.3])
    return photos


def split_of(photos: list) -> dict:
    rows = {one.name: {"side": "val", "group": n} for n, one in enumerate(photos)}
    return {"photos": rows | {"t": {"side": "train", "group": 99}}}


def test_they_are_counted_at_thresholds_of_their_own_folds(detector, photo, shard) -> None:
    photos = known(detector, photo, 12)
    detector.threshold = 0.1  # at which what is invented would count
    rows, told = joined_photographs(detector, shard("val.tar", *photos), split_of(photos))
    assert told == {"photos": 12, "joined": 12, "learnt": 0}
    assert [row["name"] for row in rows] == [one.name for one in photos]
    tables = np.array([row["confusion"] for row in rows])
    assert tables.sum(axis=0).tolist() == [[0] * 4, [0, 12, 0, 0], [0] * 4, [0] * 4]
    assert all(row["looks"]["brightness"] > 0 for row in rows)


def test_the_calibration_of_the_model_is_taken_off_first(detector, photo, shard) -> None:
    """Else the folds would calibrate what all of them together had calibrated before."""
    photos = known(detector, photo, 12)
    plain, _ = joined_photographs(detector, shard("val.tar", *photos), split_of(photos))
    calibration = Calibration(2.0, 1.0)
    detector.answers = {key: calibration.apply(one) for key, one in detector.answers.items()}
    detector.calibration = calibration
    other, _ = joined_photographs(detector, shard("val.tar", *photos), split_of(photos))
    for one, two in zip(plain, other, strict=True):
        assert np.array(one["features"]) == pytest.approx(np.array(two["features"]), abs=1e-2)


def test_near_duplicates_of_training_photographs_do_not_join(detector, photo, shard) -> None:
    photos = known(detector, photo, 13)
    split = split_of(photos)
    split["photos"]["v03"]["group"] = 99
    rows, told = joined_photographs(detector, shard("val.tar", *photos), split)
    assert told == {"photos": 13, "joined": 12, "learnt": 1}
    assert "v03" not in {row["name"] for row in rows}


def test_none_join_where_the_weights_may_have_learnt_from_them(detector, photo, shard) -> None:
    photos = known(detector, photo, 12)
    split = split_of(photos) | {"learnt": {"photos": 900, "here": 5, "off_train": 1}}
    rows, told = joined_photographs(detector, shard("val.tar", *photos), split)
    assert rows == [] and told == {"photos": 12, "joined": 0, "learnt": 12}


def test_too_few_do_not_join_and_strangers_are_refused(detector, photo, shard) -> None:
    photos = known(detector, photo, 9)
    rows, told = joined_photographs(detector, shard("val.tar", *photos), split_of(photos))
    assert rows == [] and told == {"photos": 9, "joined": 0, "learnt": 0}
    with pytest.raises(InputError, match="does not hold the validation photograph 'v08'"):
        joined_photographs(detector, shard("val.tar", *photos), split_of(photos[:-1]))


def test_they_stand_beside_the_test_photographs_and_in_no_number_of_these(
    detector, photo, shard, tmp_path
) -> None:
    validation = known(detector, photo, 12)
    test = known(detector, photo, 3, start=50)
    shards = shard("test.tar", *test), shard("val.tar", *validation)
    alone = evaluate(detector, shards[0], 0)
    both = evaluate(detector, shards[0], 0, shards[1], split_of(validation))
    assert alone["validation"] is None and both["validation"]["joined"] == 12
    for name in alone.keys() - {"per_photo", "validation"}:
        assert both[name] == alone[name]
    assert both["per_photo"][:3] == alone["per_photo"]
    assert [row["validation"] for row in both["per_photo"]] == [False] * 3 + [True] * 12
    assert len(correcting_photos(both)) == 15
    assert correcting_photos(both, join_validation=False) == alone["per_photo"]
    files = {"json": tmp_path / "e.json", "text": tmp_path / "e.txt"}
    with pytest.raises(InputError, match=r"give split\.json"):
        write_evaluation(detector, shards[0], 0, validation=shards[1], **files)
