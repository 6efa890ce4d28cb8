import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)

from utils.metrics.confusion import confusion_counts, operating_metrics
from utils.metrics.matching import match

LEFT, RIGHT, FAR = (0, 0, 10, 10), (20, 0, 30, 10), (50, 50, 60, 60)


def test_right_confused_missed_and_invented_each_have_their_cell(found, faces) -> None:
    detections = [found((LEFT, 1, 0.9), (RIGHT, 3, 0.8), (FAR, 2, 0.7)), found()]
    truth = [faces((LEFT, 1), (RIGHT, 2)), faces((LEFT, 3))]
    counts = confusion_counts(detections, truth, 0.5)
    expected = np.zeros((2, 4, 4), int)
    expected[0, 1, 1] = expected[0, 2, 3] = expected[0, 0, 2] = expected[1, 3, 0] = 1
    assert (counts == expected).all()


def test_a_detection_under_the_threshold_does_not_count(found, faces) -> None:
    photo = ([found((LEFT, 1, 0.4))], [faces((LEFT, 1))])
    assert confusion_counts(*photo, 0.4)[0, 1, 1] == 1
    assert confusion_counts(*photo, 0.41)[0, 1].tolist() == [1, 0, 0, 0]


def test_rows_sum_to_the_faces_and_columns_to_the_detections(random_photos) -> None:
    detections, truth = random_photos(30)
    counts = confusion_counts(detections, truth, 0.4)
    for table, photo, real in zip(counts, detections, truth, strict=True):
        assert table[1:].sum(axis=1).tolist() == [(real.labels == k).sum() for k in (1, 2, 3)]
        kept = photo.above(0.4).labels
        assert table[:, 1:].sum(axis=0).tolist() == [(kept == k).sum() for k in (1, 2, 3)]
    assert (counts[:, 0, 0] == 0).all()


def pairs(detections, truth, threshold: float) -> tuple[list[int], list[int]]:
    """True and predicted class of every face and every invented box, one by one."""
    true, said = [], []
    for photo, real in zip(detections, truth, strict=True):
        kept = photo.above(threshold)
        matching = match(kept, real, class_aware=False)
        for face, label in enumerate(real.labels):
            box = matching.detection_of[face]
            true.append(int(label))
            said.append(int(kept.labels[box]) if box >= 0 else 0)
        for box in np.flatnonzero(~matching.hits):
            true.append(0)
            said.append(int(kept.labels[box]))
    return true, said


def test_counts_and_ratios_agree_with_scikit_learn(random_photos) -> None:
    detections, truth = random_photos(80, seed=2)
    counts = confusion_counts(detections, truth, 0.4).sum(axis=0)
    true, said = pairs(detections, truth, 0.4)
    assert (counts == confusion_matrix(true, said, labels=range(4))).all()
    result = operating_metrics(counts)
    for k, part in enumerate(result["classes"].values(), start=1):
        only = {"labels": [k], "average": "micro"}
        assert part["precision"] == pytest.approx(precision_score(true, said, **only))
        assert part["recall"] == pytest.approx(recall_score(true, said, **only))
        assert part["f1"] == pytest.approx(f1_score(true, said, **only))
    micro = {"labels": [1, 2, 3], "average": "micro"}
    assert result["overall"]["precision"] == pytest.approx(precision_score(true, said, **micro))
    assert result["overall"]["recall"] == pytest.approx(recall_score(true, said, **micro))
    faces, boxes = [t > 0 for t in true], [s > 0 for s in said]
    assert result["any_class"]["recall"] == pytest.approx(recall_score(faces, boxes))
    assert result["any_class"]["precision"] == pytest.approx(precision_score(faces, boxes))
    found = [pair for pair in zip(true, said, strict=True) if min(pair) > 0]
    assert result["matched"]["faces"] == len(found)
    assert result["matched"]["accuracy"] == pytest.approx(
        accuracy_score(*map(list, zip(*found, strict=True)))
    )


def test_ratios_of_a_detector_that_is_right_are_one() -> None:
    overall = operating_metrics(np.diag([0, 3, 2, 1]))["overall"]
    assert [overall[name] for name in ("precision", "recall", "f1")] == [1, 1, 1]


def test_ratios_of_nothing_are_none() -> None:
    assert operating_metrics(np.zeros((4, 4), int))["overall"] == {
        "faces": 0,
        "detections": 0,
        "precision": None,
        "recall": None,
        "f1": None,
    }
    assert operating_metrics(np.zeros((4, 4), int))["matched"]["accuracy"] is None


def test_of_a_class_without_faces_nothing_is_told_though_boxes_are_called_so() -> None:
    table = np.array([[0, 0, 1, 0], [0, 5, 2, 0], [0, 0, 0, 0], [0, 1, 0, 3]])
    told = operating_metrics(table)["classes"]["without_mask"]
    assert (told["faces"], told["detections"]) == (0, 3)
    assert (told["precision"], told["recall"], told["f1"]) == (None, None, None)
