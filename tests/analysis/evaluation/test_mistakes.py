import numpy as np
import pytest

from utils.analysis.evaluation.mistakes import worst_mistakes
from utils.dataset.faces import Faces
from utils.metrics.confusion import confusion_counts
from utils.metrics.detections import Detections


def faces(*items: tuple[tuple, int]) -> Faces:
    boxes = np.array([box for box, _ in items], np.float32).reshape(-1, 4)
    return Faces(boxes, np.array([label for _, label in items], np.int64))


def found(*items: tuple[tuple, int, float]) -> Detections:
    boxes = np.array([box for box, _, _ in items], np.float32).reshape(-1, 4)
    scores = np.array([score for _, _, score in items], np.float32)
    labels = np.array([label for _, label, _ in items], np.int64)
    return Detections(boxes, labels, scores, np.zeros((len(items), 4), np.float32))


LEFT, RIGHT, BIG = (0, 0, 10, 10), (40, 0, 50, 10), (100, 0, 140, 40)


def test_each_kind_is_told_with_what_was_there_and_what_was_said() -> None:
    photo = found((RIGHT, 2, 0.9), ((0, 60, 9, 69), 3, 0.8), (BIG, 1, 0.3))
    truth = faces((RIGHT, 1), (BIG, 3))
    worst = worst_mistakes(["a"], [photo], [truth], 0.5)
    by_kind = {mistake.kind: mistake for mistake in worst}
    assert len(worst) == len(by_kind) == 3
    confused, invented, missed = (by_kind[k] for k in ("confused", "invented", "missed"))
    assert (confused.truth, confused.claim) == ("with_mask", "without_mask")
    assert (confused.box, confused.face, confused.overlap) == (list(RIGHT), list(RIGHT), 1.0)
    assert (invented.truth, invented.claim, invented.face) == (None, "mask_weared_incorrect", None)
    assert (missed.truth, missed.confidence) == ("mask_weared_incorrect", pytest.approx(0.3))
    assert missed.face == list(BIG)


def test_the_surest_and_the_plainest_of_each_kind_come_first_in_turn() -> None:
    photos = [found((LEFT, 2, 0.7)), found((LEFT, 2, 0.95)), found()]
    truth = [faces(), faces(), faces((LEFT, 1), (RIGHT, 1), (BIG, 1))]
    worst = worst_mistakes(["a", "b", "c"], photos, truth, 0.5)
    assert [(m.photo, m.badness) for m in worst] == [
        ("b", pytest.approx(0.95)),
        ("c", pytest.approx(2 / 3, abs=1e-4)),  # two of three faces are smaller
        ("a", pytest.approx(0.7)),
        *[("c", 0.0)] * 2,
    ]
    assert worst[1].face == list(BIG)
    assert worst_mistakes(["a", "b", "c"], photos, truth, 0.5, shown=2) == worst[:2]


def test_a_box_beside_its_face_and_a_second_one_are_told_apart() -> None:
    photo = found((LEFT, 1, 0.9), ((1, 0, 11, 10), 1, 0.8), ((40, 7, 50, 17), 1, 0.7))
    worst = worst_mistakes(["a"], [photo], [faces((LEFT, 1), (RIGHT, 1))], 0.5)
    assert [(m.kind, m.overlap > 0.5) for m in worst] == [
        ("invented", True),
        ("missed", False),
        ("invented", False),
    ]
    assert worst[2].overlap == pytest.approx(3 / 17, abs=1e-4)


def test_they_are_the_mistakes_of_the_confusion_matrix() -> None:
    rng = np.random.default_rng(4)
    photos, truth = [], []
    for _ in range(40):
        count = int(rng.integers(0, 6))
        corner = rng.uniform(0, 60, (count, 2))
        boxes = np.hstack([corner, corner + rng.uniform(8, 40, (count, 2))]).astype(np.float32)
        truth.append(Faces(boxes, rng.integers(1, 4, count)))
        moved = (boxes + rng.uniform(-6, 6, boxes.shape)).astype(np.float32)
        scores = -np.sort(-rng.random(count)).astype(np.float32)
        none = np.zeros((count, 4), np.float32)
        photos.append(Detections(moved, rng.integers(1, 4, count), scores, none))
    names = [str(k) for k in range(40)]
    table = confusion_counts(photos, truth, 0.4).sum(axis=0)
    worst = worst_mistakes(names, photos, truth, 0.4, shown=10_000)
    kinds = [mistake.kind for mistake in worst]
    assert kinds.count("missed") == table[1:, 0].sum()
    assert kinds.count("invented") == table[0, 1:].sum()
    assert kinds.count("confused") == table[1:, 1:].sum() - table.trace()
    assert all(0 <= mistake.badness <= 1 for mistake in worst)


def test_without_mistakes_or_photographs_there_are_none() -> None:
    right = ([found((LEFT, 1, 0.9))], [faces((LEFT, 1))])
    assert worst_mistakes(["a"], *right, 0.5) == []
    assert worst_mistakes([], [], [], 0.5) == []
