import numpy as np
import pytest

from tests.detector.conftest import COLOURS, SIZE
from utils.detector.augmentation import Augmentation
from utils.detector.pasting import ENLARGED, MOST, SMALLEST, FaceDonors
from utils.training.recipe import Recipe


@pytest.fixture
def donors(photos):
    return FaceDonors(photos)


def overlap(boxes):
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            yield (np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])).min() > 0


def test_a_copy_shows_a_face_of_its_class_where_its_box_is(donors):
    seen = []
    for seed in range(60):
        chip = np.full((128, 160, 3), 115, np.uint8)
        none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
        pasted, boxes, labels = donors.paste(np.random.default_rng(seed), chip, *none)
        assert (chip == 115).all(), "the chip given stays as it is"
        assert 1 <= len(boxes) == len(labels) <= MOST
        assert boxes.dtype == np.float32 and labels.dtype == np.int64
        assert (boxes >= 0).all() and (boxes[:, [0, 2]] <= 160).all() and (boxes[:, 3] <= 128).all()
        assert not any(overlap(boxes))
        for box, label in zip(boxes, labels, strict=True):
            x1, y1, x2, y2 = box.round().astype(int)
            inside = pasted[y1 + 2 : y2 - 2, x1 + 2 : x2 - 2].reshape(-1, 3)
            assert np.abs(inside - np.array(COLOURS[label - 1])).max() <= 3
        seen += labels.tolist()
    counts = np.bincount(seen)[1:]
    assert counts.min() > 0.2 * len(seen), "classes come alike"


def test_copies_cover_no_face_and_are_as_large_as_those_there(donors):
    there = np.array([[10, 10, 24, 24], [60, 50, 78, 68], [100, 90, 115, 104]], np.float32)
    sides = []
    for seed in range(60):
        given = np.full((128, 128, 3), 115, np.uint8), there, np.ones(3, np.int64)
        pasted, boxes, _ = donors.paste(np.random.default_rng(seed), *given)
        assert np.array_equal(boxes[:3], there)
        assert not any(overlap(boxes))
        for x1, y1, x2, y2 in there.astype(int):
            assert (pasted[y1:y2, x1:x2] == 115).all()
        sides += np.sqrt((boxes[3:, 2:] - boxes[3:, :2]).prod(axis=1)).tolist()
    assert min(sides) >= 14 / 2**0.5 - 1
    assert max(sides) <= 18 * 2**0.5 + 1
    assert np.std(sides) > 2


def test_where_there_is_no_room_nothing_is_pasted(donors):
    full = np.array([[0, 0, 40, 40]], np.float32)
    given = np.zeros((40, 40, 3), np.uint8), full, np.ones(1, np.int64)
    pasted, boxes, labels = donors.paste(np.random.default_rng(0), *given)
    assert not pasted.any()
    assert len(boxes) == len(labels) == 1


def test_a_face_comes_little_enlarged(donors):
    largest = max(donors.sides)
    given = np.array([[0, 0, 200, 200]], np.float32), np.ones(1, np.int64)
    for seed in range(20):
        chip = np.zeros((480, 480, 3), np.uint8)
        _, boxes, _ = donors.paste(np.random.default_rng(seed), chip, *given)
        for x1, y1, x2, y2 in boxes[1:]:
            assert SMALLEST - 1 <= ((x2 - x1) * (y2 - y1)) ** 0.5 <= ENLARGED * largest + 1


def test_a_share_of_chips_gets_copies_and_the_rest_is_as_without(photos):
    with_it, without = (
        Augmentation(Recipe(augmentation=0.0, copy_paste=share), photos, SIZE)
        for share in (0.5, 0.0)
    )
    more = 0
    for seed in range(60):
        chip, target = with_it(2, seed)
        plain, fewer = without(2, seed)
        again, same = with_it(2, seed)
        assert (chip == again).all() and (target["boxes"] == same["boxes"]).all()
        if len(target["boxes"]) == len(fewer["boxes"]):
            assert (chip == plain).all()
        more += len(target["boxes"]) > len(fewer["boxes"])
    assert 5 < more < 45
